// SPDX-License-Identifier: GPL-2.0
/*
 * Memory in which the hardware found an error, by MADV_HWPOISON: nobody reads
 * it, everybody who touches it is told, and nothing else of the object is lost.
 */
#include "kselftest_harness.h"
#include "machine.h"
#include "memory.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef MADV_HWPOISON
#define MADV_HWPOISON	100
#endif

FIXTURE(poison) {
	int fd;
	int mem;
	char *at;
	size_t page;
	size_t length;
	int node;
	const char *missing;	/* why there can be no test */
};

FIXTURE_VARIANT(poison) {
	unsigned int shift;
};

FIXTURE_VARIANT_ADD(poison, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(poison, large) {
	.shift = 21,
};

/* Where it is; part of the third page, and not its beginning */
#define BROKEN(page)	(2 * (page) + ((page) > PAGE_4K ? 5 * PAGE_4K : 0))

FIXTURE_SETUP(poison)
{
	void *ours;

	self->node = vn_set_first(&vn_host()->has_memory);
	self->page = 1UL << variant->shift;
	self->length = 8 * self->page;
	self->fd = vn_open();
	self->mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, self->length,
				  self->node, variant->shift);
	self->at = vn_map(self->mem, self->length);
	vn_catch_sigbus();
	/* Does the kernel have it at all? Of memory that is not touched again. */
	ours = mmap(NULL, PAGE_4K, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, ours);
	if (madvise(ours, 0, MADV_HWPOISON) && errno == EINVAL)
		self->missing = "this kernel has no MADV_HWPOISON";
	munmap(ours, PAGE_4K);
}

FIXTURE_TEARDOWN(poison)
{
	munmap(self->at, self->length);
	close(self->mem);
	close(self->fd);
}

#define need_hwpoison()							\
	do {								\
		if (self->missing)					\
			SKIP(return, "%s", self->missing);		\
	} while (0)

static long long lost(int mem)
{
	struct vcpunuma_cmd_mem_query cmd;
	int err = __vn_mem_query(mem, &cmd, NULL, 0);

	return err ? err : (long long)cmd.out_lost;
}

/* Tell who looks whether all memory came back: not this. */
static void note_lost(int node, size_t page)
{
	const char *name = getenv("LOST_MEMORY");
	int fd = name ? open(name, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%d %zu\n", node, page / KIB);
	close(fd);
}

/*
 * What madvise() says of it is the kernel's word on whether it could recover. The
 * module learns of it a moment later, as of errors of hardware.
 */
#define break_at(address) do {						\
	long long __before = lost(self->mem);				\
									\
	if (madvise(address, PAGE_4K, MADV_HWPOISON))			\
		vn_note("MADV_HWPOISON: %s", strerror(errno));		\
	note_lost(self->node, self->page);				\
	ASSERT_TRUE(vn_eventually(lost(self->mem) ==			\
				  __before + PAGE_4K)) {		\
		TH_LOG("%lld bytes lost", lost(self->mem));		\
	}								\
} while (0)

/* Fails for the error alone, and just there. */
#define EXPECT_BROKEN(address) do {					\
	char *__at = (address);						\
									\
	EXPECT_FALSE(vn_can_read(__at + 100));				\
	EXPECT_EQ(__at, (char *)((uintptr_t)vn_sigbus.at & -PAGE_4K));	\
	EXPECT_EQ(BUS_MCEERR_AR, vn_sigbus.code);			\
} while (0)

/* Number of pages of 4 KiB that cannot be read, and whether that is @broken. */
static int unreadable(char *at, size_t length, size_t broken, char value)
{
	int n = 0;

	for (size_t i = 0; i < length; i += PAGE_4K) {
		if (!vn_can_read(at + i)) {
			n += i == broken ? 1 : 1000;
			continue;
		}
		if (at[i] != value)
			n += 1000000;
	}
	return n;
}

static char *child_at;

static long child_map(void *length, int fd)
{
	child_at = __vn_map(fd, (long)length);
	if (child_at == MAP_FAILED)
		return -errno;
	vn_catch_sigbus();
	vn_sum(child_at, (long)length);
	return 0;
}

/* 0 if it reads well, else the signal's code */
static long child_read(void *offset, int fd)
{
	(void)fd;
	if (vn_can_read(child_at + (long)offset))
		return 0;
	if ((char *)((uintptr_t)vn_sigbus.at & -PAGE_4K) !=
	    child_at + (long)offset)
		return -ERANGE;
	return vn_sigbus.code;
}

TEST_F(poison, mapped_by_two)
{
	size_t broken = BROKEN(self->page);
	struct vcpunuma_cmd_mem_query cmd;
	struct vn_child c;

	need_hwpoison();
	memset(self->at, 7, self->length);
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_map, (void *)self->length,
				   self->mem));
	ASSERT_EQ(0, vn_child_call(&c, child_read, (void *)broken, -1));
	break_at(self->at + broken);
	EXPECT_BROKEN(self->at + broken);
	EXPECT_EQ(BUS_MCEERR_AR,
		  vn_child_call(&c, child_read, (void *)broken, -1));
	/* Neighbours are as they were, for both. */
	EXPECT_EQ(1, unreadable(self->at, self->length, broken, 7));
	EXPECT_EQ(0, vn_child_call(&c, child_read,
				   (void *)(broken - PAGE_4K), -1));
	EXPECT_EQ(0, vn_child_call(&c, child_read,
				   (void *)(broken + PAGE_4K), -1));
	memset(self->at, 8, broken);
	EXPECT_EQ(0, vn_child_call(&c, child_read, NULL, -1));

	vn_mem_query(self->mem, &cmd, NULL, 0);
	EXPECT_EQ(PAGE_4K, cmd.out_lost);
	EXPECT_EQ(self->length, cmd.out_length);
	/* Again, and by a new mapping */
	EXPECT_BROKEN(self->at + broken);
	munmap(self->at, self->length);
	self->at = vn_map(self->mem, self->length);
	EXPECT_BROKEN(self->at + broken);
	vn_child_stop(&c);
}

/* By the kernel's calls: an error, or less. */
TEST_F(poison, read_by_kernel)
{
	size_t broken = BROKEN(self->page);
	char buf[100];
	int pipefd[2];
	ssize_t n;

	need_hwpoison();
	memset(self->at, 7, self->length);
	break_at(self->at + broken);
	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(-1, write(pipefd[1], self->at + broken, 100));
	EXPECT_TRUE(errno == EFAULT || errno == EHWPOISON) {
		TH_LOG("%s", strerror(errno));
	}
	n = pread(self->mem, buf, sizeof(buf), broken);
	EXPECT_EQ(-1, n);
	EXPECT_TRUE(errno == EIO || errno == EHWPOISON) {
		TH_LOG("%s", strerror(errno));
	}
	n = pread(self->mem, buf, sizeof(buf), broken + PAGE_4K);
	EXPECT_EQ((ssize_t)sizeof(buf), n);
	EXPECT_EQ(7, buf[0]);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void on_guest_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	vn_sigbus = (struct vn_sigbus) { info->si_addr, info->si_code };
}

/*
 * A guest that loads from it: its vCPU's thread is told where, as by hardware, so
 * that a VMM can tell the guest. From beside it a guest loads as ever.
 */
TEST_F(poison, loaded_by_guest)
{
	struct sigaction action = {
		.sa_sigaction = on_guest_sigbus,
		.sa_flags = SA_SIGINFO,
	};
	char *broken = self->at + BROKEN(self->page);
	struct machine m;
	char *low;

	need_hwpoison();
	if (!machine_start(&m))
		SKIP(return, "no KVM");
	sigaction(SIGBUS, &action, NULL);
	low = mmap(NULL, MACHINE_LOAD, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)low);
	memcpy(low, machine_code, machine_code_size);
	memset(self->at, 7, self->length);
	ASSERT_EQ(0, machine_memory(&m, 0, 0, low, MACHINE_LOAD));
	ASSERT_EQ(0, machine_memory(&m, 1, MACHINE_LOAD, broken, PAGE_4K));
	ASSERT_EQ(7, machine_run(&m, 1));

	break_at(broken);
	vn_sigbus = (struct vn_sigbus) {};
	EXPECT_GT(0, machine_run(&m, 2));
	EXPECT_EQ(broken, (char *)((uintptr_t)vn_sigbus.at & -PAGE_4K));
	EXPECT_EQ(BUS_MCEERR_AR, vn_sigbus.code);
	EXPECT_EQ(2, low[MACHINE_STORE]);

	ASSERT_EQ(0, machine_memory(&m, 1, MACHINE_LOAD, broken, 0));
	ASSERT_EQ(0, machine_memory(&m, 1, MACHINE_LOAD, broken + PAGE_4K,
				    PAGE_4K));
	EXPECT_EQ(7, machine_run(&m, 3));
	EXPECT_EQ(3, low[MACHINE_STORE]);
	machine_end(&m);
	munmap(low, MACHINE_LOAD);
}

/* When nobody has it mapped */
TEST_F(poison, touched_later)
{
	size_t broken = BROKEN(self->page);
	pid_t pid;
	int status;

	need_hwpoison();
	memset(self->at, 7, self->length);
	break_at(self->at + broken);
	madvise(self->at, self->length, MADV_DONTNEED);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(unreadable(self->at, self->length, broken, 7) != 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, unreadable(self->at, self->length, broken, 7));
}

/* Given up with the page: a new one can be had, and nothing is lost then. */
TEST_F(poison, punched)
{
	size_t broken = BROKEN(self->page);
	struct vcpunuma_cmd_mem_query cmd;

	need_hwpoison();
	memset(self->at, 7, self->length);
	break_at(self->at + broken);
	EXPECT_BROKEN(self->at + broken);
	ASSERT_EQ(0, __vn_mem_punch(self->mem, 0, self->length));
	vn_mem_query(self->mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_populated);
	EXPECT_TRUE(vn_is_zero(self->at, self->length));
	vn_mem_query(self->mem, &cmd, NULL, 0);
	EXPECT_EQ(self->length, cmd.out_populated);
	vn_note("lost, when punched: %llu", cmd.out_lost);
}

/* Parts of a page are cleared, also of one with an error elsewhere in it. */
TEST_F(poison, punched_in_part)
{
	size_t broken = BROKEN(self->page), from = 2 * self->page;
	size_t length = self->page / 2;
	int left = 0;

	need_hwpoison();
	memset(self->at, 7, self->length);
	break_at(self->at + broken);
	ASSERT_EQ(0, __vn_mem_punch(self->mem, from, length));
	for (size_t i = from; i < from + length; i += PAGE_4K)
		left += i != broken && !vn_is_zero(self->at + i, PAGE_4K);
	EXPECT_EQ(0, left);
	EXPECT_BROKEN(self->at + broken);
	EXPECT_EQ(7, self->at[from - 1]);
	EXPECT_EQ(7, self->at[from + self->page]);
	if (self->page > PAGE_4K)
		EXPECT_EQ(7, self->at[from + length]);
	EXPECT_EQ(PAGE_4K, lost(self->mem));
}

/* Never seen again by anybody, however much of the node is had. */
TEST_F(poison, closed)
{
	size_t broken = BROKEN(self->page), length;
	char *at;
	int mem;

	need_hwpoison();
	memset(self->at, 7, self->length);
	break_at(self->at + broken);
	EXPECT_BROKEN(self->at + broken);
	munmap(self->at, self->length);
	EXPECT_EQ(0, close(self->mem));
	length = (vn_free(self->node) / 3) & -PAGE_2M;
	for (int i = 0; i < 2; i++) {
		mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, length,
				    self->node, i ? 21 : 12);
		at = vn_map(mem, length);
		EXPECT_TRUE(vn_is_zero(at, length));
		munmap(at, length);
		close(mem);
	}
	self->mem = vn_mem_create(self->fd, 0, self->length, self->node,
				  variant->shift);
	self->at = vn_map(self->mem, self->length);
}

/* One after the other; each counts once. */
TEST_F(poison, several)
{
	struct vcpunuma_cmd_mem_query cmd;

	need_hwpoison();
	memset(self->at, 7, self->length);
	for (int i = 0; i < 4; i++) {
		break_at(self->at + i * 2 * self->page);
		EXPECT_BROKEN(self->at + i * 2 * self->page);
		EXPECT_BROKEN(self->at + i * 2 * self->page);
	}
	vn_mem_query(self->mem, &cmd, NULL, 0);
	EXPECT_EQ(4 * PAGE_4K, cmd.out_lost);
	for (int i = 0; i < 4; i++)
		EXPECT_TRUE(vn_can_read(self->at + (2 * i + 1) * self->page));
}

TEST_HARNESS_MAIN
