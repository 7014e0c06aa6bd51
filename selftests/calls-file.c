// SPDX-License-Identifier: GPL-2.0
/*
 * What can be done with the file: its size and pages, read and write, locks and
 * seals, and handing it to other processes.
 */
#include "kselftest_harness.h"
#include "calls.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

CALLS_FIXTURE;

CALLS(fstat)
{
	struct statfs fs;
	struct stat st;

	calls_fill(on->at, PAGE_2M);
	saw(on, "fstat", RESULT(fstat(on->fd, &st)));
	saw_text(on, "fstat: type", "%s", S_ISREG(st.st_mode) ? "regular file" :
		 "something else");
	saw_text(on, "fstat: permissions", "%04o", st.st_mode & 07777);
	saw(on, "fstat: st_size", st.st_size);
	saw(on, "fstat: st_blksize", st.st_blksize);
	saw(on, "fstat: st_blocks of a page of 2 MiB", st.st_blocks);
	saw(on, "fstat: st_nlink", st.st_nlink);
	saw(on, "fstat: st_uid", st.st_uid);
	saw(on, "fstatfs", RESULT(fstatfs(on->fd, &fs)));
	saw_text(on, "fstatfs: f_type", "%s", fs.f_type == 0x958458f6 ?
		 "hugetlbfs" : "another");
	saw(on, "fstatfs: f_bsize", fs.f_bsize);
}

CALLS(lseek)
{
	saw(on, "lseek(SEEK_END)", RESULT(lseek(on->fd, 0, SEEK_END)));
	saw(on, "lseek(SEEK_SET)", RESULT(lseek(on->fd, 4096, SEEK_SET)));
	saw(on, "lseek(SEEK_CUR)", RESULT(lseek(on->fd, 4096, SEEK_CUR)));
	saw(on, "lseek(SEEK_SET) beyond the end",
	    RESULT(lseek(on->fd, 2 * CALLS_LENGTH, SEEK_SET)));
	saw(on, "lseek(SEEK_SET) before the beginning",
	    RESULT(lseek(on->fd, -1, SEEK_SET)));
	saw(on, "lseek(SEEK_DATA)", RESULT(lseek(on->fd, 0, SEEK_DATA)));
	saw(on, "lseek(SEEK_HOLE)", RESULT(lseek(on->fd, 0, SEEK_HOLE)));
	saw(on, "lseek(SEEK_DATA) at the end",
	    RESULT(lseek(on->fd, CALLS_LENGTH, SEEK_DATA)));
}

CALLS(ftruncate)
{
	struct stat st;

	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "ftruncate to the same",
	    RESULT(ftruncate(on->fd, CALLS_LENGTH)));
	saw(on, "ftruncate to more",
	    RESULT(ftruncate(on->fd, 2 * CALLS_LENGTH)));
	saw(on, "ftruncate to less",
	    RESULT(ftruncate(on->fd, CALLS_LENGTH - PAGE_2M)));
	saw(on, "ftruncate to 1 byte less",
	    RESULT(ftruncate(on->fd, CALLS_LENGTH - 1)));
	saw(on, "ftruncate to 0", RESULT(ftruncate(on->fd, 0)));
	fstat(on->fd, &st);
	saw(on, "ftruncate: the size then", st.st_size);
	saw(on, "ftruncate: pages then", calls_allocated(on));
	saw_text(on, "ftruncate: reading what was cut off", "%s",
		 calls_read(on->at));
}

/* fallocate: what it returned, what is there then, and pages the file has */
static void allocate(struct calls_on *on, const char *call, int mode,
		     off_t offset, off_t length)
{
	long ret = RESULT(fallocate(on->fd, mode, offset, length));

	saw_text(on, call, "%s, %ld pages",
		 ret < 0 ? strerrorname_np(-ret) : "0", calls_allocated(on));
}

#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

CALLS(fallocate)
{
	allocate(on, "fallocate of a page", 0, 0, PAGE_2M);
	allocate(on, "fallocate of a page that is there", 0, 0, PAGE_2M);
	allocate(on, "fallocate of a part", 0, PAGE_2M + PAGE_4K, PAGE_4K);
	allocate(on, "fallocate beyond the end", 0, CALLS_LENGTH, PAGE_2M);
}

CALLS(fallocate_rules)
{
	saw(on, "fallocate(KEEP_SIZE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_KEEP_SIZE, 0, PAGE_2M)));
	saw(on, "fallocate(KEEP_SIZE) beyond the end",
	    RESULT(fallocate(on->fd, FALLOC_FL_KEEP_SIZE, CALLS_LENGTH,
			     PAGE_2M)));
	saw(on, "fallocate of length 0", RESULT(fallocate(on->fd, 0, 0, 0)));
	saw(on, "fallocate at offset -1",
	    RESULT(fallocate(on->fd, 0, -1, PAGE_2M)));
	saw(on, "fallocate(PUNCH_HOLE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE_2M)));
	saw(on, "fallocate(ZERO_RANGE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_ZERO_RANGE, 0, PAGE_2M)));
	saw(on, "fallocate(ZERO_RANGE | KEEP_SIZE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_ZERO_RANGE |
			     FALLOC_FL_KEEP_SIZE, 0, PAGE_2M)));
	saw(on, "fallocate(COLLAPSE_RANGE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE_2M)));
	saw(on, "fallocate(INSERT_RANGE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_INSERT_RANGE, 0, PAGE_2M)));
	saw(on, "fallocate(UNSHARE_RANGE)",
	    RESULT(fallocate(on->fd, FALLOC_FL_UNSHARE_RANGE, 0, PAGE_2M)));
	saw(on, "fallocate of an unknown mode",
	    RESULT(fallocate(on->fd, 0x100, 0, PAGE_2M)));
}

static void punch(struct calls_on *on, const char *call, off_t offset,
		  off_t length)
{
	char text[80];

	calls_fill(on->at, CALLS_LENGTH);
	allocate(on, call, PUNCH, offset, length);
	snprintf(text, sizeof(text), "%s: before it", call);
	saw_text(on, text, "%s", offset >= (off_t)PAGE_4K ?
		 calls_content(on->at, PAGE_4K) : "");
	snprintf(text, sizeof(text), "%s: bytes that are not 0", call);
	if (offset + length <= (off_t)CALLS_LENGTH)
		saw_text(on, text, "%s", vn_is_zero(on->at + offset, length) ?
			 "none" : "some");
	snprintf(text, sizeof(text), "%s: the last page", call);
	saw(on, text, *(long *)(on->at + CALLS_LENGTH - PAGE_4K) & 0xffff);
}

CALLS(punch_holes)
{
	punch(on, "hole of 2 MiB", PAGE_2M, PAGE_2M);
	punch(on, "hole of 4 KiB", PAGE_2M + PAGE_4K, PAGE_4K);
	punch(on, "hole of 100 bytes", PAGE_2M + 100, 100);
	punch(on, "hole from 1 MiB to 5 MiB", PAGE_2M / 2, 2 * PAGE_2M);
	punch(on, "hole beyond the end", CALLS_LENGTH, PAGE_2M);
	punch(on, "hole over the end", CALLS_LENGTH - PAGE_4K, 2 * PAGE_2M);
	punch(on, "hole of all", 0, CALLS_LENGTH);
}

/* What is mapped elsewhere, or was not touched, is punched as well. */
static long child_sees_hole(struct calls_on *on)
{
	return strcmp(calls_content(on->at + PAGE_2M, PAGE_2M), "zero");
}

CALLS(punch_for_all)
{
	char *again = __vn_map(on->fd, CALLS_LENGTH);

	calls_fill(on->at, CALLS_LENGTH);
	calls_content(again, CALLS_LENGTH);
	saw(on, "hole in two mappings",
	    RESULT(fallocate(on->fd, PUNCH, PAGE_2M, PAGE_2M)));
	saw(on, "hole in two mappings: pages", calls_allocated(on));
	saw_text(on, "hole in two mappings: the other", "%s",
		 calls_content(again + PAGE_2M, PAGE_2M));
	saw(on, "hole in two mappings: a child",
	    calls_child(on, child_sees_hole));
	again[PAGE_2M] = 5;
	saw(on, "hole in two mappings: written anew", on->at[PAGE_2M]);
}

/* read, write and their kind */

static char buf[PAGE_2M];

CALLS(read)
{
	calls_fill(on->at, PAGE_2M);
	saw(on, "read", RESULT(read(on->fd, buf, PAGE_2M)));
	saw_text(on, "read: content", "%s", calls_content(buf, PAGE_2M));
	saw(on, "read of a hole", RESULT(read(on->fd, buf, PAGE_2M)));
	saw_text(on, "read of a hole: content", "%s",
		 vn_is_zero(buf, PAGE_2M) ? "zero" : "something");
	saw(on, "pages after read", calls_allocated(on));
	saw(on, "pread", RESULT(pread(on->fd, buf, 100, 8 * PAGE_4K)));
	saw(on, "pread: content", *(long *)buf & 0xffff);
	saw(on, "pread over 2 MiB",
	    RESULT(pread(on->fd, buf, 2000, PAGE_2M - 1000)));
	saw(on, "pread at the end",
	    RESULT(pread(on->fd, buf, 100, CALLS_LENGTH)));
	saw(on, "pread over the end",
	    RESULT(pread(on->fd, buf, 200, CALLS_LENGTH - 100)));
	saw(on, "pread beyond the end",
	    RESULT(pread(on->fd, buf, 100, 2 * CALLS_LENGTH)));
	saw(on, "pread at offset -1", RESULT(pread(on->fd, buf, 100, -1)));
	saw(on, "pread to nowhere",
	    RESULT(syscall(__NR_pread64, on->fd, 16L, 100, 0)));
	saw(on, "pread of itself into itself",
	    RESULT(pread(on->fd, on->at + PAGE_4K, 100, 0)));
	saw(on, "pread of itself into what is not there",
	    RESULT(pread(on->fd, on->at + 3 * PAGE_2M, 100, 0)));
}

CALLS(readv)
{
	struct iovec vec[2] = { { buf, 100 }, { buf + 4096, PAGE_4K } };

	calls_fill(on->at, PAGE_2M);
	saw(on, "readv", RESULT(readv(on->fd, vec, 2)));
	saw(on, "readv: content", *(long *)buf & 0xffff);
	saw(on, "preadv2(RWF_NOWAIT)",
	    RESULT(preadv2(on->fd, vec, 2, 0, RWF_NOWAIT)));
	saw(on, "preadv2(RWF_HIPRI)",
	    RESULT(preadv2(on->fd, vec, 2, 0, RWF_HIPRI)));
}

CALLS(write)
{
	struct iovec vec[2] = { { buf, 100 }, { buf + 4096, PAGE_4K } };

	saw(on, "write", RESULT(write(on->fd, buf, 100)));
	saw(on, "write of nothing", RESULT(write(on->fd, buf, 0)));
	saw(on, "pwrite", RESULT(pwrite(on->fd, buf, 100, 0)));
	saw(on, "writev", RESULT(writev(on->fd, vec, 2)));
	saw(on, "pages after write", calls_allocated(on));
}

CALLS(sendfile)
{
	int other = memfd_create("other", MFD_CLOEXEC);
	loff_t from = 0, to = 0;
	off_t offset = 0;
	int p[2];

	calls_fill(on->at, PAGE_2M);
	if (pipe(p) || ftruncate(other, PAGE_4K))
		return;
	saw(on, "sendfile from it to a pipe",
	    RESULT(sendfile(p[1], on->fd, &offset, PAGE_4K)));
	if (offset)
		saw(on, "sendfile: content",
		    read(p[0], buf, PAGE_4K) == PAGE_4K &&
		    !memcmp(buf, on->at, PAGE_4K));
	else
		saw_text(on, "sendfile: content", "none");
	offset = 0;
	saw(on, "sendfile into it",
	    RESULT(sendfile(on->fd, other, &offset, PAGE_4K)));
	saw(on, "splice from it",
	    RESULT(splice(on->fd, &from, p[1], NULL, PAGE_4K, 0)));
	saw(on, "splice into it",
	    write(p[1], buf, PAGE_4K) == PAGE_4K ?
	    RESULT(splice(p[0], NULL, on->fd, &to, PAGE_4K, 0)) : -EPIPE);
	from = 0;
	to = 0;
	saw(on, "copy_file_range from it",
	    RESULT(copy_file_range(on->fd, &from, other, &to, PAGE_4K, 0)));
	from = 0;
	to = 0;
	saw(on, "copy_file_range into it",
	    RESULT(copy_file_range(other, &from, on->fd, &to, PAGE_4K, 0)));
	from = 0;
	to = PAGE_2M;
	saw(on, "copy_file_range within it",
	    RESULT(copy_file_range(on->fd, &from, on->fd, &to, PAGE_4K, 0)));
}

CALLS(sync)
{
	calls_fill(on->at, PAGE_2M);
	saw(on, "fsync", RESULT(fsync(on->fd)));
	saw(on, "fdatasync", RESULT(fdatasync(on->fd)));
	saw(on, "syncfs", RESULT(syncfs(on->fd)));
	saw(on, "sync_file_range",
	    RESULT(sync_file_range(on->fd, 0, PAGE_2M,
				   SYNC_FILE_RANGE_WRITE)));
	saw(on, "readahead", RESULT(readahead(on->fd, 0, PAGE_2M)));
	saw(on, "posix_fadvise(WILLNEED)",
	    -posix_fadvise(on->fd, 0, PAGE_2M, POSIX_FADV_WILLNEED));
	saw(on, "posix_fadvise(DONTNEED)",
	    -posix_fadvise(on->fd, 0, PAGE_2M, POSIX_FADV_DONTNEED));
	saw_text(on, "content after sync", "%s",
		 calls_content(on->at, PAGE_2M));
}

/* Seals, locks, flags */

CALLS(seals)
{
	saw(on, "fcntl(F_GET_SEALS)", RESULT(fcntl(on->fd, F_GET_SEALS)));
	saw(on, "fcntl(F_ADD_SEALS, F_SEAL_SHRINK)",
	    RESULT(fcntl(on->fd, F_ADD_SEALS, F_SEAL_SHRINK)));
}

CALLS(locks)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = PAGE_2M };

	saw(on, "flock(LOCK_EX)", RESULT(flock(on->fd, LOCK_EX | LOCK_NB)));
	saw(on, "flock(LOCK_UN)", RESULT(flock(on->fd, LOCK_UN)));
	saw(on, "fcntl(F_SETLK)", RESULT(fcntl(on->fd, F_SETLK, &lock)));
	lock.l_type = F_UNLCK;
	saw(on, "fcntl(F_SETLK, F_UNLCK)",
	    RESULT(fcntl(on->fd, F_SETLK, &lock)));
	lock = (struct flock) { .l_type = F_RDLCK };
	saw(on, "fcntl(F_OFD_SETLK)",
	    RESULT(fcntl(on->fd, F_OFD_SETLK, &lock)));
	saw(on, "fcntl(F_SETLEASE, F_WRLCK)",
	    RESULT(fcntl(on->fd, F_SETLEASE, F_WRLCK)));
	saw(on, "fcntl(F_SETLEASE, F_RDLCK)",
	    RESULT(fcntl(on->fd, F_SETLEASE, F_RDLCK)));
}

CALLS(flags)
{
	int flags = fcntl(on->fd, F_GETFL);
	int number = 0;

	saw(on, "fcntl(F_GETFL): access", flags & O_ACCMODE);
	saw(on, "fcntl(F_GETFD)", RESULT(fcntl(on->fd, F_GETFD)));
	saw(on, "fcntl(F_SETFL, O_NONBLOCK)",
	    RESULT(fcntl(on->fd, F_SETFL, flags | O_NONBLOCK)));
	saw(on, "fcntl(F_SETFL, O_APPEND)",
	    RESULT(fcntl(on->fd, F_SETFL, flags | O_APPEND)));
	saw(on, "fcntl(F_SETFL, O_DIRECT)",
	    RESULT(fcntl(on->fd, F_SETFL, flags | O_DIRECT)));
	saw(on, "fcntl(F_SETPIPE_SZ)",
	    RESULT(fcntl(on->fd, F_SETPIPE_SZ, 4096)));
	saw(on, "ioctl(FIONREAD)", RESULT(ioctl(on->fd, FIONREAD, &number)));
	saw(on, "ioctl(FIGETBSZ)", RESULT(ioctl(on->fd, FIGETBSZ, &number)));
	saw(on, "ioctl(FIGETBSZ): bytes", number);
	saw(on, "ioctl(FS_IOC_GETFLAGS)",
	    RESULT(ioctl(on->fd, FS_IOC_GETFLAGS, &number)));
	saw(on, "ioctl(TCGETS)", RESULT(ioctl(on->fd, 0x5401, buf)));
}

CALLS(owner)
{
	struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

	saw(on, "fchmod", RESULT(fchmod(on->fd, 0600)));
	saw(on, "fchown", RESULT(fchown(on->fd, 0, 0)));
	saw(on, "futimens", RESULT(futimens(on->fd, times)));
	saw(on, "fgetxattr",
	    RESULT(fgetxattr(on->fd, "user.test", buf, sizeof(buf))));
	saw(on, "fsetxattr",
	    RESULT(fsetxattr(on->fd, "user.test", "1", 1, 0)));
	saw(on, "flistxattr", RESULT(flistxattr(on->fd, buf, sizeof(buf))));
}

CALLS(waiting)
{
	struct pollfd p = { .fd = on->fd, .events = POLLIN | POLLOUT };
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int in = inotify_init1(IN_CLOEXEC);
	char path[32];

	saw(on, "poll", RESULT(poll(&p, 1, 0)));
	saw(on, "poll: events", p.revents);
	saw(on, "epoll_ctl", RESULT(epoll_ctl(ep, EPOLL_CTL_ADD, on->fd,
					      &event)));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", on->fd);
	saw(on, "inotify_add_watch",
	    SUCCESS(inotify_add_watch(in, path, IN_MODIFY)));
}

/* Other descriptors, other processes */

CALLS(reopen)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", on->fd);
	saw(on, "open of /proc/self/fd/N",
	    SUCCESS(open(path, O_RDWR | O_CLOEXEC)));
	saw(on, "open of /proc/self/fd/N to read",
	    SUCCESS(open(path, O_RDONLY | O_CLOEXEC)));
	saw(on, "open(O_PATH) of /proc/self/fd/N",
	    SUCCESS(open(path, O_PATH | O_CLOEXEC)));
	saw(on, "truncate of /proc/self/fd/N",
	    RESULT(truncate(path, CALLS_LENGTH)));
	saw(on, "truncate of /proc/self/fd/N to less",
	    RESULT(truncate(path, PAGE_2M)));
	saw(on, "linkat of it",
	    RESULT(linkat(on->fd, "", AT_FDCWD, "/tmp/vcpunuma-link",
			  AT_EMPTY_PATH)));
	saw(on, "execveat of it",
	    RESULT(execveat(on->fd, "", (char *[]){ "x", NULL },
			    (char *[]){ NULL }, AT_EMPTY_PATH)));
}

CALLS(dup)
{
	int other = dup(on->fd);
	char *at = __vn_map(other, CALLS_LENGTH);

	saw(on, "dup", SUCCESS(other));
	calls_fill(on->at, CALLS_LENGTH);
	close(on->fd);
	on->fd = other;
	saw_text(on, "dup: content", "%s", calls_content(at, CALLS_LENGTH));
	munmap(on->at, CALLS_LENGTH);
	munmap(at, CALLS_LENGTH);
	on->at = __vn_map(on->fd, CALLS_LENGTH);
	saw_text(on, "dup: content of a new mapping", "%s",
		 calls_content(on->at, CALLS_LENGTH));
	close(on->fd);
	saw_text(on, "close: content of the mapping", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

/* A program that was given descriptor 0 writes what it reads to 1. */
static long child_execs(struct calls_on *on)
{
	int out = open("/tmp/vcpunuma-exec", O_RDWR | O_CREAT | O_TRUNC, 0600);

	dup2(on->fd, 0);
	dup2(out, 1);
	execlp("cat", "cat", NULL);
	return 1;
}

CALLS(exec)
{
	int out;

	calls_fill(on->at, PAGE_2M);
	saw(on, "exec: cat reads it", calls_child(on, child_execs));
	out = open("/tmp/vcpunuma-exec", O_RDONLY | O_CLOEXEC);
	saw(on, "exec: bytes it read", RESULT(lseek(out, 0, SEEK_END)));
	saw(on, "exec: they are right", pread(out, buf, PAGE_2M, 0) ==
	    (ssize_t)PAGE_2M && !memcmp(buf, on->at, PAGE_2M));
	close(out);
	unlink("/tmp/vcpunuma-exec");
}

/* Another process maps what it was sent, and writes to it. */
static long child_maps(void *unused, int fd)
{
	char *at = __vn_map(fd, CALLS_LENGTH);

	(void)unused;
	if (at == MAP_FAILED)
		return -errno;
	if (strcmp(calls_content(at, PAGE_2M), "kept"))
		return -EINVAL;
	at[3 * PAGE_2M] = 0x12;
	return 0;
}

CALLS(sent)
{
	struct vn_child c;
	int pidfd, ret;

	calls_fill(on->at, PAGE_2M);
	if (__vn_child_start(&c))
		return;
	saw(on, "SCM_RIGHTS: the other maps it",
	    vn_child_call(&c, child_maps, NULL, on->fd));
	saw(on, "SCM_RIGHTS: what it wrote", on->at[3 * PAGE_2M]);
	vn_child_kill(&c);
	saw(on, "SCM_RIGHTS: it is killed, what it wrote",
	    on->at[3 * PAGE_2M]);
	pidfd = vn_pidfd_open(getpid());
	ret = syscall(__NR_pidfd_getfd, pidfd, on->fd, 0);
	saw(on, "pidfd_getfd", SUCCESS(ret));
	saw(on, "pidfd_getfd: read", RESULT(pread(ret, buf, 100, 0)));
}

TEST_HARNESS_MAIN
