// SPDX-License-Identifier: GPL-2.0
/*
 * Who else uses the memory: the kernel's ways to read and write it for devices,
 * pipes, debuggers, other processes and guests.
 */
#include "kselftest_harness.h"
#include "calls.h"
#include "machine.h"

#include <arpa/inet.h>
#include <linux/aio_abi.h>
#include <linux/errqueue.h>
#include <linux/falloc.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

CALLS_FIXTURE;

#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* Direct I/O: a loop device, or else the share of the guest */

#define SHARE_FILE	"/run/share/direct"

static int loop_device(void)
{
	int control, backing, loop, nr, direct = -1;
	char path[32];

	if (system("modprobe -q loop"))
		return -1;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	backing = memfd_create("loop", MFD_CLOEXEC);
	if (control < 0 || backing < 0 || ftruncate(backing, CALLS_LENGTH))
		return -1;
	nr = ioctl(control, LOOP_CTL_GET_FREE);
	snprintf(path, sizeof(path), "/dev/loop%d", nr);
	loop = open(path, O_RDWR | O_CLOEXEC);
	if (loop < 0)
		return -1;
	if (!ioctl(loop, LOOP_SET_FD, backing)) {
		direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
		/* Once nobody has it open. */
		ioctl(loop, LOOP_CLR_FD, 0);
	}
	close(loop);
	close(control);
	close(backing);
	return direct;
}

static int direct_file(void)
{
	int fd = loop_device();

	if (fd >= 0)
		return fd;
	fd = open(SHARE_FILE, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	unlink(SHARE_FILE);
	return fd;
}

CALLS(direct_io)
{
	int fd = direct_file();

	if (fd < 0) {
		saw_text(on, "O_DIRECT", "nothing to try it on");
		return;
	}
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "O_DIRECT: write of 4 MiB",
	    RESULT(pwrite(fd, on->at, 2 * PAGE_2M, 0)));
	memset(on->at, 0, 2 * PAGE_2M);
	saw(on, "O_DIRECT: read of 4 MiB",
	    RESULT(pread(fd, on->at, 2 * PAGE_2M, 0)));
	saw_text(on, "O_DIRECT: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
	/* Into pages that are not there yet, and not from their beginning */
	munmap(on->at, CALLS_LENGTH);
	fallocate(on->fd, PUNCH, 0, CALLS_LENGTH);
	on->at = __vn_map(on->fd, CALLS_LENGTH);
	saw(on, "O_DIRECT: read at an odd place",
	    RESULT(pread(fd, on->at + PAGE_2M - 512, 2 * 512, PAGE_4K - 512)));
	saw(on, "O_DIRECT: what it read", *(long *)(on->at + PAGE_2M) & 0xff);
	close(fd);
}

static long submit(aio_context_t ctx, int fd, void *at, struct io_event *event)
{
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)at,
		.aio_nbytes = PAGE_2M,
	};
	struct iocb *list = &cb;
	long ret = RESULT(syscall(__NR_io_submit, ctx, 1, &list));

	if (ret == 1)
		syscall(__NR_io_getevents, ctx, 1, 1, event, NULL);
	return ret;
}

CALLS(aio)
{
	struct io_event event = {};
	aio_context_t ctx = 0;
	int fd = direct_file();

	if (fd < 0 || syscall(__NR_io_setup, 4, &ctx)) {
		saw_text(on, "aio", "nothing to try it on");
		return;
	}
	calls_fill(on->at, PAGE_2M);
	saw(on, "aio: O_DIRECT write", RESULT(pwrite(fd, on->at, PAGE_2M, 0)));
	saw(on, "io_submit", submit(ctx, fd, on->at + PAGE_2M, &event));
	saw(on, "io_submit: read", event.res);
	saw_text(on, "io_submit: content", "%s",
		 calls_content(on->at + PAGE_2M, PAGE_2M));
	saw(on, "io_submit of a read of the file itself",
	    submit(ctx, on->fd, on->at + 2 * PAGE_2M, &event));
	saw(on, "io_submit of a read of the file itself: read", event.res);
	close(fd);
}

/* io_uring, with one entry at a time */

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_mask;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
};

static bool ring_open(struct ring *r)
{
	struct io_uring_params p = {};
	char *sq, *cq;

	r->fd = syscall(__NR_io_uring_setup, 4, &p);
	if (r->fd < 0)
		return false;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(int),
		  PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*r->cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		  IORING_OFF_CQ_RING);
	r->sqe = mmap(NULL, p.sq_entries * sizeof(*r->sqe),
		      PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || r->sqe == MAP_FAILED)
		return false;
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = (void *)(sq + p.sq_off.ring_mask);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_mask = (void *)(cq + p.cq_off.ring_mask);
	r->cqe = (void *)(cq + p.cq_off.cqes);
	return true;
}

static long ring_do(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, at = tail & *r->sq_mask;
	long ret;

	r->sqe[at] = *sqe;
	r->sq_array[at] = at;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	ret = RESULT(syscall(__NR_io_uring_enter, r->fd, 1, 1,
			     IORING_ENTER_GETEVENTS, NULL, 0));
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	ret = r->cqe[*r->cq_head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
	return ret;
}

CALLS(io_uring)
{
	struct iovec all = { on->at, CALLS_LENGTH };
	struct io_uring_sqe sqe = {};
	struct ring r;
	int fd = memfd_create("other", MFD_CLOEXEC);

	if (!ring_open(&r)) {
		saw_text(on, "io_uring", "nothing to try it on");
		return;
	}
	calls_fill(on->at, PAGE_2M);
	sqe.opcode = IORING_OP_WRITE;
	sqe.fd = fd;
	sqe.addr = (uintptr_t)on->at;
	sqe.len = PAGE_2M;
	saw(on, "io_uring: write", ring_do(&r, &sqe));
	sqe.opcode = IORING_OP_READ;
	sqe.addr += PAGE_2M;
	saw(on, "io_uring: read", ring_do(&r, &sqe));
	saw_text(on, "io_uring: content", "%s",
		 calls_content(on->at + PAGE_2M, PAGE_2M));
	sqe.fd = on->fd;
	sqe.addr += PAGE_2M;
	saw(on, "io_uring: read of the file itself", ring_do(&r, &sqe));
	saw(on, "io_uring: fixed buffers",
	    RESULT(syscall(__NR_io_uring_register, r.fd,
			   IORING_REGISTER_BUFFERS, &all, 1)));
	sqe.opcode = IORING_OP_READ_FIXED;
	sqe.fd = fd;
	sqe.addr = (uintptr_t)on->at + 3 * PAGE_2M;
	saw(on, "io_uring: read into a fixed buffer", ring_do(&r, &sqe));
	close(r.fd);
}

/* Pipes hold pages, whatever becomes of the mapping and of the file. */

CALLS(vmsplice)
{
	static char buf[4 * 4096];
	struct iovec vec = { on->at + PAGE_2M, sizeof(buf) };
	int p[2];

	if (pipe(p))
		return;
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "vmsplice", RESULT(vmsplice(p[1], &vec, 1, 0)));
	*(long *)vec.iov_base = 0x99;
	saw(on, "vmsplice: a page that is in a pipe, punched",
	    RESULT(fallocate(on->fd, PUNCH, PAGE_2M, PAGE_2M)));
	saw(on, "vmsplice: pages then", calls_allocated(on));
	saw(on, "vmsplice: content of the file then",
	    *(long *)(on->at + PAGE_2M));
	munmap(on->at, CALLS_LENGTH);
	close(on->fd);
	saw(on, "vmsplice: read from the pipe then",
	    RESULT(read(p[0], buf, sizeof(buf))));
	saw(on, "vmsplice: what was read", *(long *)buf);
	saw(on, "vmsplice: what was read, a page on",
	    *(long *)(buf + PAGE_4K) & 0xffff);
}

CALLS(vmsplice_to_user)
{
	struct iovec vec = { on->at + PAGE_2M - 50, 100 };
	char buf[100] = "to memory";
	int p[2];

	if (pipe(p) || write(p[1], buf, 100) != 100)
		return;
	saw(on, "vmsplice from a pipe", RESULT(vmsplice(p[0], &vec, 1, 0)));
	saw_text(on, "vmsplice from a pipe: content", "%s",
		 (char *)vec.iov_base);
}

/* Sent without a copy, over a socket */
CALLS(zerocopy)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int a, one = 1;
	long got = 0;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(s, (void *)&addr, sizeof(addr)) || listen(s, 1) ||
	    getsockname(s, (void *)&addr, &len) ||
	    connect(c, (void *)&addr, len)) {
		saw(on, "MSG_ZEROCOPY", -errno);
		return;
	}
	a = accept(s, NULL, NULL);
	calls_fill(on->at, PAGE_2M);
	saw(on, "SO_ZEROCOPY", RESULT(setsockopt(c, SOL_SOCKET, SO_ZEROCOPY,
						 &one, sizeof(one))));
	saw(on, "MSG_ZEROCOPY",
	    RESULT(send(c, on->at, 8 * PAGE_4K, MSG_ZEROCOPY)));
	while (got < (long)(8 * PAGE_4K)) {
		long n = recv(a, on->at + PAGE_2M + got, 8 * PAGE_4K - got, 0);

		if (n <= 0)
			break;
		got += n;
	}
	saw(on, "MSG_ZEROCOPY: received", got);
	saw_text(on, "MSG_ZEROCOPY: content", "%s",
		 calls_content(on->at + PAGE_2M, 8 * PAGE_4K));
}

/* Another process, or a debugger, reads and writes it. */

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGTERM, SIG_DFL);
		alarm(200);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

CALLS(process_vm)
{
	static char buf[PAGE_2M];
	struct iovec local = { buf, sizeof(buf) };
	struct iovec remote = { on->at, sizeof(buf) };
	pid_t pid = sleeper();

	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "process_vm_readv",
	    RESULT(process_vm_readv(pid, &local, 1, &remote, 1, 0)));
	saw_text(on, "process_vm_readv: content", "%s",
		 calls_content(buf, sizeof(buf)));
	remote.iov_base = on->at + PAGE_2M;
	saw(on, "process_vm_writev",
	    RESULT(process_vm_writev(pid, &local, 1, &remote, 1, 0)));
	saw_text(on, "process_vm_writev: content", "%s",
		 calls_content(on->at + PAGE_2M, PAGE_2M));
	end(pid);
}

CALLS(proc_mem)
{
	static char buf[PAGE_2M];
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	calls_fill(on->at, PAGE_2M);
	saw(on, "/proc/self/mem: read",
	    RESULT(pread(fd, buf, PAGE_2M, (uintptr_t)on->at)));
	saw_text(on, "/proc/self/mem: content", "%s",
		 calls_content(buf, PAGE_2M));
	saw(on, "/proc/self/mem: write",
	    RESULT(pwrite(fd, buf, PAGE_2M, (uintptr_t)on->at + PAGE_2M)));
	saw_text(on, "/proc/self/mem: content after write", "%s",
		 calls_content(on->at + PAGE_2M, PAGE_2M));
	saw(on, "/proc/self/mem: read of what is not there",
	    RESULT(pread(fd, buf, 100, (uintptr_t)on->at + 3 * PAGE_2M)));
	saw(on, "/proc/self/mem: pages then", calls_allocated(on));
	mprotect(on->at, PAGE_2M, PROT_READ);
	saw(on, "/proc/self/mem: write where only reading is allowed",
	    RESULT(pwrite(fd, buf, 100, (uintptr_t)on->at)));
}

CALLS(ptrace)
{
	pid_t pid = sleeper();
	int status;

	calls_fill(on->at, PAGE_2M);
	if (ptrace(PTRACE_ATTACH, pid, 0, 0)) {
		saw(on, "ptrace", -errno);
		return;
	}
	waitpid(pid, &status, 0);
	saw(on, "ptrace(PTRACE_PEEKDATA)",
	    ptrace(PTRACE_PEEKDATA, pid, on->at + PAGE_4K, 0) & 0xffff);
	saw(on, "ptrace(PTRACE_POKEDATA)",
	    RESULT(ptrace(PTRACE_POKEDATA, pid, on->at + PAGE_4K, 0x1234)));
	saw(on, "ptrace: content", *(long *)(on->at + PAGE_4K));
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, on->at + 3 * PAGE_2M, 0);
	saw(on, "ptrace(PTRACE_PEEKDATA) of what is not there", -errno);
	end(pid);
}

/* System calls that take addresses */

static long futex(char *at, int op, int value)
{
	struct timespec soon = { 0, 1000000 };

	return RESULT(syscall(__NR_futex, at, op, value, &soon, NULL, 0));
}

CALLS(futex)
{
	calls_fill(on->at, PAGE_4K);
	saw(on, "futex(FUTEX_WAKE)", futex(on->at + 64, FUTEX_WAKE, 1));
	saw(on, "futex(FUTEX_WAIT)", futex(on->at + 64, FUTEX_WAIT, 0));
	saw(on, "futex(FUTEX_WAKE_PRIVATE)",
	    futex(on->at + 64, FUTEX_WAKE_PRIVATE, 1));
	saw(on, "futex(FUTEX_WAIT_PRIVATE)",
	    futex(on->at + 64, FUTEX_WAIT_PRIVATE, 0));
}

CALLS(addresses)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	saw(on, "read into it", RESULT(read(fd, on->at + PAGE_2M - 100, 200)));
	saw(on, "getrandom into it",
	    RESULT(getrandom(on->at + 2 * PAGE_2M - 8, 16, 0)));
	strcpy(on->at + PAGE_4K - 4, "/dev/null");
	saw(on, "a path in it",
	    SUCCESS(open(on->at + PAGE_4K - 4, O_RDONLY | O_CLOEXEC)));
	saw(on, "execve with arguments in it", SUCCESS(access(on->at +
	    PAGE_4K - 4, F_OK)));
}

/* A guest of KVM reads and writes it, while it is punched and pinned. */

CALLS(kvm)
{
	struct iovec vec = { on->at + 3 * PAGE_4K, 8 };
	char buf[8] = "";
	struct machine m;
	int p[2];

	if (!machine_start(&m) || machine_memory(&m, 0, 0, on->at, PAGE_2M) ||
	    pipe(p)) {
		saw_text(on, "KVM", "nothing to try it on");
		return;
	}
	memcpy(on->at, machine_code, machine_code_size);
	on->at[MACHINE_LOAD] = 0x44;
	saw(on, "KVM: the guest reads", machine_run(&m, 0x21));
	saw(on, "KVM: what it wrote", on->at[MACHINE_STORE]);
	saw(on, "KVM: vmsplice of what it wrote",
	    RESULT(vmsplice(p[1], &vec, 1, 0)));
	saw(on, "KVM: the page is punched",
	    RESULT(fallocate(on->fd, PUNCH, 0, PAGE_2M)));
	saw(on, "KVM: pages then", calls_allocated(on));
	memcpy(on->at, machine_code, machine_code_size);
	saw(on, "KVM: the guest reads then", machine_run(&m, 0x22));
	saw(on, "KVM: what it wrote then", on->at[MACHINE_STORE]);
	saw(on, "KVM: what the pipe has", read(p[0], buf, 8) == 8 ? buf[0] :
	    -EPIPE);
	on->at[MACHINE_LOAD] = 0x45;
	mprotect(on->at, CALLS_LENGTH, PROT_READ);
	mprotect(on->at, CALLS_LENGTH, PROT_READ | PROT_WRITE);
	saw(on, "KVM: the guest reads what the host wrote",
	    machine_run(&m, 0x23));
	munmap(on->at, CALLS_LENGTH);
	saw(on, "KVM: the mapping is gone", machine_run(&m, 0x24));
	machine_end(&m);
}

TEST_HARNESS_MAIN
