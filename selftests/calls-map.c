// SPDX-License-Identifier: GPL-2.0
/*
 * What can be done with a mapping: mmap and its rules, moving it, taking parts
 * of it away, protecting them, fork, core dumps. (Advice: calls-advice.c.)
 */
#include "kselftest_harness.h"
#include "calls.h"

#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define RW	(PROT_READ | PROT_WRITE)

CALLS_FIXTURE;

/* mmap, unmapped again; 0 or -errno. */
static long try_map(int fd, void *at, size_t length, int prot, int flags,
		    off_t offset)
{
	char *p = mmap(at, length, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	/* hugetlbfs maps, and unmaps, nothing but whole pages. */
	if (munmap(p, length))
		munmap(p, (length + PAGE_2M - 1) & -PAGE_2M);
	return 0;
}

/* Room for @length bytes that begin at a multiple of 2 MiB. */
static char *room(size_t length)
{
	char *p = mmap(NULL, length + PAGE_2M, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p + (-(uintptr_t)p & (PAGE_2M - 1));
}

CALLS(mmap)
{
	char *at = room(2 * CALLS_LENGTH);

	saw(on, "mmap: address modulo 2 MiB", (uintptr_t)on->at % PAGE_2M);
	saw(on, "mmap(MAP_PRIVATE)",
	    try_map(on->fd, NULL, CALLS_LENGTH, RW, MAP_PRIVATE, 0));
	saw(on, "mmap(MAP_PRIVATE) to read",
	    try_map(on->fd, NULL, CALLS_LENGTH, PROT_READ, MAP_PRIVATE, 0));
	saw(on, "mmap(PROT_EXEC)",
	    try_map(on->fd, NULL, CALLS_LENGTH, RW | PROT_EXEC, MAP_SHARED,
		    0));
	saw(on, "mmap(PROT_NONE)",
	    try_map(on->fd, NULL, CALLS_LENGTH, PROT_NONE, MAP_SHARED, 0));
	saw(on, "mmap(MAP_SHARED_VALIDATE)",
	    try_map(on->fd, NULL, CALLS_LENGTH, RW, MAP_SHARED_VALIDATE, 0));
	saw(on, "mmap(MAP_SYNC)",
	    try_map(on->fd, NULL, CALLS_LENGTH, RW,
		    MAP_SHARED_VALIDATE | MAP_SYNC, 0));
	saw(on, "mmap(MAP_LOCKED)",
	    try_map(on->fd, NULL, CALLS_LENGTH, RW, MAP_SHARED | MAP_LOCKED,
		    0));
	saw(on, "mmap(MAP_NORESERVE)",
	    try_map(on->fd, NULL, CALLS_LENGTH, RW,
		    MAP_SHARED | MAP_NORESERVE, 0));
	saw(on, "mmap of 4 KiB",
	    try_map(on->fd, NULL, PAGE_4K, RW, MAP_SHARED, 0));
	saw(on, "mmap at offset 2 MiB",
	    try_map(on->fd, NULL, PAGE_2M, RW, MAP_SHARED, PAGE_2M));
	saw(on, "mmap at offset 4 KiB",
	    try_map(on->fd, NULL, PAGE_2M, RW, MAP_SHARED, PAGE_4K));
	saw(on, "mmap(MAP_FIXED) to a multiple of 2 MiB",
	    try_map(on->fd, at, PAGE_2M, RW, MAP_SHARED | MAP_FIXED, 0));
	saw(on, "mmap(MAP_FIXED) to a multiple of 4 KiB",
	    try_map(on->fd, at + PAGE_2M + PAGE_4K, PAGE_2M, RW,
		    MAP_SHARED | MAP_FIXED, 0));
	saw(on, "mmap beyond the end, to read",
	    try_map(on->fd, NULL, PAGE_2M, PROT_READ, MAP_SHARED,
		    CALLS_LENGTH));
	saw(on, "mmap over the end, to read",
	    try_map(on->fd, NULL, 2 * PAGE_2M, PROT_READ, MAP_SHARED,
		    CALLS_LENGTH - PAGE_2M));
}

/* The larger half of what the kernel counts while @at is written. */
static long faults_of(char *at, size_t length)
{
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	vn_touch(at, length);
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_minflt - before.ru_minflt +
	       after.ru_majflt - before.ru_majflt;
}

CALLS(faults)
{
	char *at;

	saw(on, "faults to write all", faults_of(on->at, CALLS_LENGTH));
	munmap(on->at, CALLS_LENGTH);
	at = mmap(NULL, CALLS_LENGTH, RW, MAP_SHARED | MAP_POPULATE, on->fd,
		  0);
	saw(on, "faults to write all after mmap(MAP_POPULATE)",
	    faults_of(at, CALLS_LENGTH));
	munmap(at, CALLS_LENGTH);
	at = mmap(NULL, CALLS_LENGTH, RW, MAP_SHARED, on->fd, 0);
	saw(on, "MADV_POPULATE_WRITE",
	    RESULT(madvise(at, CALLS_LENGTH, MADV_POPULATE_WRITE)));
	saw(on, "faults to write all after MADV_POPULATE_WRITE",
	    faults_of(at, CALLS_LENGTH));
}

CALLS(populate_takes_pages)
{
	saw(on, "pages before", calls_allocated(on));
	saw(on, "mmap(MAP_POPULATE)",
	    try_map(on->fd, NULL, PAGE_2M, RW, MAP_SHARED | MAP_POPULATE, 0));
	saw(on, "pages after mmap(MAP_POPULATE)", calls_allocated(on));
	saw(on, "MADV_POPULATE_READ",
	    RESULT(madvise(on->at + PAGE_2M, PAGE_2M, MADV_POPULATE_READ)));
	saw(on, "pages after MADV_POPULATE_READ", calls_allocated(on));
}

/* mremap: where to, and what is there then */

CALLS(mremap_moves)
{
	char *to = room(2 * CALLS_LENGTH);

	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "mremap to a multiple of 2 MiB",
	    SUCCESS(mremap(on->at, CALLS_LENGTH, CALLS_LENGTH,
			   MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw_text(on, "mremap to a multiple of 2 MiB: content", "%s",
		 calls_content(to, CALLS_LENGTH));
	saw_text(on, "mremap to a multiple of 2 MiB: where it was", "%s",
		 calls_read(on->at));
}

CALLS(mremap_moves_askew)
{
	char *to = room(2 * CALLS_LENGTH) + PAGE_4K;
	long ret;

	calls_fill(on->at, CALLS_LENGTH);
	ret = SUCCESS(mremap(on->at, CALLS_LENGTH, CALLS_LENGTH,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw(on, "mremap to a multiple of 4 KiB", ret);
	saw_text(on, "mremap to a multiple of 4 KiB: content", "%s",
		 calls_content(ret ? on->at : to, CALLS_LENGTH));
}

CALLS(mremap_moves_part)
{
	char *to = room(PAGE_2M);
	long ret;

	calls_fill(on->at, PAGE_2M);
	ret = SUCCESS(mremap(on->at + PAGE_4K, PAGE_4K, PAGE_4K,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw(on, "mremap of 4 KiB", ret);
}

CALLS(mremap_shrinks)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "mremap to less",
	    SUCCESS(mremap(on->at, CALLS_LENGTH, CALLS_LENGTH - PAGE_2M, 0)));
	saw_text(on, "mremap to less: content", "%s",
		 calls_content(on->at, CALLS_LENGTH - PAGE_2M));
	saw_text(on, "mremap to less: what was cut off", "%s",
		 calls_read(on->at + CALLS_LENGTH - PAGE_2M));
	saw(on, "mremap to 4 KiB less",
	    SUCCESS(mremap(on->at, CALLS_LENGTH - PAGE_2M,
			   CALLS_LENGTH - PAGE_2M - PAGE_4K, 0)));
	saw_text(on, "mremap to 4 KiB less: what was cut off", "%s",
		 calls_read(on->at + CALLS_LENGTH - PAGE_2M - PAGE_4K));
}

CALLS(mremap_grows)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "mremap beyond the end of the file",
	    SUCCESS(mremap(on->at, CALLS_LENGTH, 2 * CALLS_LENGTH,
			   MREMAP_MAYMOVE)));
	munmap(on->at + PAGE_2M, CALLS_LENGTH - PAGE_2M);
	saw(on, "mremap to more",
	    SUCCESS(mremap(on->at, PAGE_2M, 2 * PAGE_2M, 0)));
	saw(on, "mremap(MREMAP_MAYMOVE) to more",
	    SUCCESS(mremap(on->at, PAGE_2M, 2 * PAGE_2M, MREMAP_MAYMOVE)));
	saw(on, "mremap of length 0",
	    SUCCESS(mremap(on->at, 0, PAGE_2M, MREMAP_MAYMOVE)));
	saw(on, "mremap(MREMAP_DONTUNMAP)",
	    SUCCESS(mremap(on->at, PAGE_2M, PAGE_2M,
			   MREMAP_MAYMOVE | MREMAP_DONTUNMAP)));
}

/* A part of it */

CALLS(munmap_part)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "munmap of 2 MiB in the middle",
	    RESULT(munmap(on->at + PAGE_2M, PAGE_2M)));
	saw_text(on, "munmap of 2 MiB: there", "%s",
		 calls_read(on->at + PAGE_2M));
	saw_text(on, "munmap of 2 MiB: before it", "%s",
		 calls_content(on->at, PAGE_2M));
	saw(on, "munmap of 4 KiB in the middle",
	    RESULT(munmap(on->at + PAGE_4K, PAGE_4K)));
	saw_text(on, "munmap of 4 KiB: there", "%s",
		 calls_read(on->at + PAGE_4K));
	saw_text(on, "munmap of 4 KiB: after it", "%s",
		 calls_read(on->at + 2 * PAGE_4K));
	saw(on, "pages after munmap", calls_allocated(on));
}

CALLS(mprotect_part)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "mprotect of 2 MiB",
	    RESULT(mprotect(on->at + PAGE_2M, PAGE_2M, PROT_READ)));
	saw_text(on, "mprotect of 2 MiB: writing there", "%s",
		 calls_write(on->at + PAGE_2M));
	saw_text(on, "mprotect of 2 MiB: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
	saw(on, "mprotect of 4 KiB",
	    RESULT(mprotect(on->at + PAGE_4K, PAGE_4K, PROT_READ)));
	saw_text(on, "mprotect of 4 KiB: writing there", "%s",
		 calls_write(on->at + PAGE_4K));
	saw_text(on, "mprotect of 4 KiB: writing beside it", "%s",
		 calls_write(on->at + 2 * PAGE_4K + 8));
	saw(on, "mprotect(PROT_NONE)",
	    RESULT(mprotect(on->at, PAGE_2M, PROT_NONE)));
	saw_text(on, "mprotect(PROT_NONE): reading", "%s",
		 calls_read(on->at));
	saw(on, "mprotect(PROT_EXEC)",
	    RESULT(mprotect(on->at, PAGE_2M, RW | PROT_EXEC)));
	saw(on, "mprotect to read and write",
	    RESULT(mprotect(on->at, CALLS_LENGTH, RW)));
	saw_text(on, "mprotect to read and write: writing", "%s",
		 calls_write(on->at + 8));
}

CALLS(remap_file_pages)
{
	saw(on, "remap_file_pages",
	    RESULT(syscall(__NR_remap_file_pages, on->at, PAGE_2M, 0,
			   PAGE_2M / PAGE_4K, 0)));
}

/* Locked memory, and writing back what is nowhere to go */

static long locked(void)
{
	char text[8192], *line;

	if (__vn_read_file("/proc/self/status", text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "VmLck:");
	return line ? atol(line + 6) : -1;
}

CALLS(mlock)
{
	saw(on, "mlock of 2 MiB", RESULT(mlock(on->at, PAGE_2M)));
	saw(on, "pages after mlock", calls_allocated(on));
	saw(on, "VmLck after mlock", locked());
	saw(on, "mlock2(MLOCK_ONFAULT)",
	    RESULT(syscall(__NR_mlock2, on->at + PAGE_2M, PAGE_2M,
			   MLOCK_ONFAULT)));
	saw(on, "pages after mlock2(MLOCK_ONFAULT)", calls_allocated(on));
	saw(on, "mlock of 4 KiB", RESULT(mlock(on->at + PAGE_4K, PAGE_4K)));
	saw(on, "munlock of 4 KiB",
	    RESULT(munlock(on->at + PAGE_4K, PAGE_4K)));
	saw(on, "munlock", RESULT(munlock(on->at, CALLS_LENGTH)));
	saw_text(on, "writing after munlock", "%s", calls_write(on->at));
}

CALLS(mlockall)
{
	char *at;

	saw(on, "mlockall(MCL_CURRENT | MCL_FUTURE)",
	    RESULT(mlockall(MCL_CURRENT | MCL_FUTURE)));
	saw(on, "pages after mlockall", calls_allocated(on));
	munmap(on->at, CALLS_LENGTH);
	at = __vn_map(on->fd, CALLS_LENGTH);
	saw(on, "faults of a mapping after mlockall(MCL_FUTURE)",
	    faults_of(at, CALLS_LENGTH));
	saw(on, "munlockall", RESULT(munlockall()));
}

CALLS(msync)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "msync(MS_SYNC)",
	    RESULT(msync(on->at, CALLS_LENGTH, MS_SYNC)));
	saw(on, "msync(MS_ASYNC)",
	    RESULT(msync(on->at, CALLS_LENGTH, MS_ASYNC)));
	saw(on, "msync(MS_INVALIDATE)",
	    RESULT(msync(on->at, CALLS_LENGTH, MS_SYNC | MS_INVALIDATE)));
	saw(on, "msync of 4 KiB", RESULT(msync(on->at, PAGE_4K, MS_SYNC)));
	saw_text(on, "msync: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

static int present(char *at, int *of)
{
	unsigned char vec[512];
	int n = 0;

	*of = RESULT(mincore(at, PAGE_2M, vec));
	for (size_t i = 0; !*of && i < ARRAY_SIZE(vec); i++)
		n += vec[i] & 1;
	return n;
}

CALLS(mincore)
{
	int n, err;

	n = present(on->at, &err);
	saw_text(on, "mincore of what was not touched", "%d, %d pages", err, n);
	calls_fill(on->at, PAGE_2M);
	n = present(on->at, &err);
	saw_text(on, "mincore", "%d, %d pages", err, n);
	munmap(on->at, CALLS_LENGTH);
	on->at = __vn_map(on->fd, CALLS_LENGTH);
	n = present(on->at, &err);
	saw_text(on, "mincore of what this mapping did not touch",
		 "%d, %d pages", err, n);
}

/* As procfs shows it */

CALLS(smaps)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "smaps: Size", vn_smaps(on->at, "Size"));
	saw(on, "smaps: KernelPageSize", vn_smaps(on->at, "KernelPageSize"));
	saw(on, "smaps: MMUPageSize", vn_smaps(on->at, "MMUPageSize"));
	saw(on, "smaps: Rss", vn_smaps(on->at, "Rss"));
	saw(on, "smaps: FilePmdMapped", vn_smaps(on->at, "FilePmdMapped"));
	saw(on, "smaps: Private_Hugetlb",
	    vn_smaps(on->at, "Private_Hugetlb"));
	saw(on, "smaps: Swap", vn_smaps(on->at, "Swap"));
	saw(on, "smaps: Locked", vn_smaps(on->at, "Locked"));
	saw(on, "smaps: Anonymous", vn_smaps(on->at, "Anonymous"));
}

static long pagemap_of(const char *at)
{
	__u64 entry;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long n = pread(fd, &entry, sizeof(entry),
		       (uintptr_t)at / PAGE_4K * sizeof(entry));

	close(fd);
	/* Present, and a page of a file */
	return n == sizeof(entry) ? (long)(entry >> 61 & 5) : -errno;
}

CALLS(pagemap)
{
	saw(on, "pagemap of what is not there", pagemap_of(on->at));
	calls_fill(on->at, PAGE_2M);
	saw(on, "pagemap: present, of a file",
	    pagemap_of(on->at + 3 * PAGE_4K));
}

/* Children */

static long child_reads(struct calls_on *on)
{
	return strcmp(calls_content(on->at, CALLS_LENGTH), "kept");
}

static long child_writes(struct calls_on *on)
{
	memset(on->at, 0, PAGE_4K);
	calls_fill(on->at + PAGE_2M, PAGE_2M);
	return 0;
}

CALLS(fork)
{
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "fork: the child reads", calls_child(on, child_reads));
	saw(on, "fork: the child writes", calls_child(on, child_writes));
	saw(on, "fork: what it wrote", *(long *)on->at);
	saw(on, "fork: what it wrote, 2 MiB on",
	    *(long *)(on->at + PAGE_2M) & 0xffff);
	saw(on, "pages after fork", calls_allocated(on));
}

static long child_touches(struct calls_on *on)
{
	return !strcmp(calls_read(on->at), "SIGSEGV") ? 11 :
	       !strcmp(calls_read(on->at + PAGE_2M), "SIGSEGV") ? 12 : 0;
}

CALLS(dontfork)
{
	calls_fill(on->at, CALLS_LENGTH);
	madvise(on->at, PAGE_2M, MADV_DONTFORK);
	saw(on, "MADV_DONTFORK: the child touches",
	    calls_child(on, child_touches));
	madvise(on->at, PAGE_2M, MADV_DOFORK);
	saw(on, "MADV_DOFORK: the child touches",
	    calls_child(on, child_touches));
}

/* A core dump has it, or has not */

#define PATTERN_FILE	"/proc/sys/kernel/core_pattern"
#define CORE		"/tmp/vcpunuma-core"

static const char *filter;

static long child_dumps(struct calls_on *on)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)on;
	setrlimit(RLIMIT_CORE, &all);
	if (filter)
		__vn_write_file("/proc/self/coredump_filter", filter);
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* How many of the pages that calls_fill() marked are in the file. */
static long marks_in(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long page[PAGE_4K / sizeof(long)];
	long n = 0;

	if (fd < 0)
		return -errno;
	while (read(fd, page, sizeof(page)) == sizeof(page))
		n += page[0] >> 24 == 0x6d61726b00;
	close(fd);
	return n;
}

static void dump(struct calls_on *on, const char *call, const char *bits)
{
	char before[256];

	filter = bits;
	if (__vn_read_file(PATTERN_FILE, before, sizeof(before)) < 0)
		return;
	__vn_write_file(PATTERN_FILE, CORE);
	__vn_write_file("/proc/sys/kernel/core_uses_pid", "0");
	unlink(CORE);
	calls_child(on, child_dumps);
	saw(on, call, marks_in(CORE));
	unlink(CORE);
	__vn_write_file(PATTERN_FILE, before);
}

CALLS(core_dump)
{
	calls_fill(on->at, PAGE_2M);
	dump(on, "core dump: pages in it", NULL);
	dump(on, "core dump, all that is shared: pages in it", "0x6a");
	dump(on, "core dump, shared files: pages in it", "0x8");
	dump(on, "core dump, shared of hugetlbfs: pages in it", "0x40");
	madvise(on->at, CALLS_LENGTH, MADV_DONTDUMP);
	dump(on, "core dump after MADV_DONTDUMP: pages in it", "0x7f");
	madvise(on->at, CALLS_LENGTH, MADV_DODUMP);
	dump(on, "core dump after MADV_DODUMP: pages in it", "0x7f");
}

/* userfaultfd */

static long uffd_register(struct calls_on *on, int uffd, __u64 mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)on->at, CALLS_LENGTH },
		.mode = mode,
	};
	long ret = RESULT(ioctl(uffd, UFFDIO_REGISTER, &reg));

	if (!ret)
		ioctl(uffd, UFFDIO_UNREGISTER, &reg.range);
	return ret;
}

CALLS(userfaultfd)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_MINOR_HUGETLBFS,
	};
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) {
		saw(on, "userfaultfd", -errno);
		return;
	}
	saw(on, "userfaultfd: missing pages",
	    uffd_register(on, uffd, UFFDIO_REGISTER_MODE_MISSING));
	saw(on, "userfaultfd: write protection",
	    uffd_register(on, uffd, UFFDIO_REGISTER_MODE_WP));
	saw(on, "userfaultfd: minor faults",
	    uffd_register(on, uffd, UFFDIO_REGISTER_MODE_MINOR));
}

TEST_HARNESS_MAIN
