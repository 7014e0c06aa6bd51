// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_MEM_CREATE and VCPUNUMA_MEM_QUERY: where the pages are, what they
 * hold, how they are mapped, what they are charged to, and what happens if
 * there are none.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static sigjmp_buf bus_jump;
static void *bus_at;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	bus_at = info->si_addr;
	siglongjmp(bus_jump, 1);
}

static void catch_sigbus(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGBUS, &action, NULL);
}

/* Touches until SIGBUS; how many bytes could be touched. */
static size_t touch_until_sigbus(char *at, size_t length, size_t step)
{
	static size_t done;

	done = 0;
	bus_at = NULL;
	if (sigsetjmp(bus_jump, 1))
		return done;
	while (done < length) {
		vn_touch(at + done, 1);
		done += step;
	}
	return done;
}

/* Each test with either size of pages, on demand and in advance. */

FIXTURE(memory) {
	int fd;
	const struct vn_host *host;
	size_t page;
	size_t length;
};

FIXTURE_VARIANT(memory) {
	unsigned int shift;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(memory, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(memory, small_populated) {
	.shift = 12,
	.flags = VCPUNUMA_MEM_POPULATE,
};

FIXTURE_VARIANT_ADD(memory, large) {
	.shift = 21,
};

FIXTURE_VARIANT_ADD(memory, large_populated) {
	.shift = 21,
	.flags = VCPUNUMA_MEM_POPULATE,
};

FIXTURE_SETUP(memory)
{
	self->host = vn_host();
	self->page = 1UL << variant->shift;
	self->length = 4 * PAGE_2M;
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(memory)
{
	close(self->fd);
}

/* On every node that has memory, from whichever CPU it is touched. */
TEST_F(memory, on_node)
{
	struct vn_set all;
	int node, cpu;

	vn_getaffinity(0, &all);
	for (node = -1; vn_set_step(&self->host->has_memory, &node);) {
		int mem = vn_mem_create(self->fd, variant->flags, self->length,
					node, variant->shift);
		char *at = vn_map(mem, self->length);
		char *p = at;

		for (cpu = -1; vn_set_step(&all, &cpu);) {
			struct vn_set one = vn_set_of(cpu);

			vn_setaffinity(0, &one);
			vn_touch(p, self->page);
			p += self->page;
			if (p == at + self->length)
				break;
		}
		vn_setaffinity(0, &all);
		EXPECT_TRUE(vn_is_zero(p, at + self->length - p));
		vn_touch(at, self->length);
		EXPECT_ON_NODE(at, self->length, node);
		EXPECT_EQ(0x55 * self->length / PAGE_4K,
			  vn_sum(at, self->length));
		munmap(at, self->length);
		close(mem);
	}
}

TEST_F(memory, figures)
{
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, variant->flags, self->length, node,
				variant->shift);
	unsigned int there = !!(variant->flags & VCPUNUMA_MEM_POPULATE);
	struct vcpunuma_cmd_mem_query cmd;
	struct vcpunuma_node_bytes bytes[4];
	char *at;

	memset(bytes, 0xa5, sizeof(bytes));
	vn_mem_query(mem, &cmd, bytes, ARRAY_SIZE(bytes));
	EXPECT_EQ(self->length, cmd.out_length);
	EXPECT_EQ(node, cmd.out_node);
	EXPECT_EQ(variant->shift, cmd.out_page_shift);
	EXPECT_EQ(there ? self->length : 0, cmd.out_populated);
	EXPECT_EQ(there, cmd.nr_bytes);
	EXPECT_EQ(0xa5a5a5a5, bytes[there].node);

	/* Mapping it takes no page; touching it does. */
	at = vn_map(mem, self->length);
	EXPECT_EQ(there ? self->length : 0, vn_populated(mem));
	vn_touch(at, self->page);
	EXPECT_EQ(there ? self->length : self->page, vn_populated(mem));
	/* Reading as well. */
	EXPECT_EQ(0, vn_sum(at + self->length - self->page, self->page));
	EXPECT_EQ(there ? self->length : 2 * self->page, vn_populated(mem));
	vn_touch(at, self->length);

	vn_mem_query(mem, &cmd, bytes, ARRAY_SIZE(bytes));
	EXPECT_EQ(self->length, cmd.out_populated);
	EXPECT_EQ(1, cmd.nr_bytes);
	EXPECT_EQ(node, bytes[0].node);
	EXPECT_EQ(0, bytes[0].__reserved);
	EXPECT_EQ(self->length, bytes[0].bytes);
	EXPECT_EQ(0xa5a5a5a5, bytes[1].node);

	/* Unmapped it keeps its pages and what they hold. */
	munmap(at, self->length);
	EXPECT_EQ(self->length, vn_populated(mem));
	at = vn_map(mem, self->length);
	EXPECT_EQ(0x55 * self->length / PAGE_4K, vn_sum(at, self->length));
	munmap(at, self->length);
	close(mem);
}

TEST_F(memory, zeroed)
{
	int node = vn_set_first(&self->host->has_memory);

	/* What one leaves behind the next must not see. */
	for (int round = 0; round < 4; round++) {
		int mem = vn_mem_create(self->fd, variant->flags,
					4 * self->length, node,
					variant->shift);
		char *at = vn_map(mem, 4 * self->length);

		ASSERT_TRUE(vn_is_zero(at, 4 * self->length));
		memset(at, 0xa5 + round, 4 * self->length);
		munmap(at, 4 * self->length);
		close(mem);
	}
}

TEST_F(memory, two_mappings)
{
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, variant->flags, self->length, node,
				variant->shift);
	char *at = vn_map(mem, self->length);
	char *again, *part;

	again = vn_map(mem, self->length);
	EXPECT_NE(at, again);
	at[PAGE_2M + 5] = 1;
	EXPECT_EQ(1, again[PAGE_2M + 5]);
	part = mmap(NULL, PAGE_2M, PROT_READ, MAP_SHARED, mem, PAGE_2M);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(1, part[5]);
	again[PAGE_2M + 5] = 2;
	EXPECT_EQ(2, part[5]);
	munmap(at, self->length);
	EXPECT_EQ(2, part[5]);
	munmap(again, self->length);
	munmap(part, PAGE_2M);
	close(mem);
}

/* An offset and an address that are no multiple of 2 MiB do as well. */
TEST_F(memory, askew)
{
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, variant->flags, self->length, node,
				variant->shift);
	size_t length = self->length - PAGE_4K;
	char *whole, *at;

	whole = vn_map(mem, self->length);
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, mem,
		  PAGE_4K);
	ASSERT_NE(MAP_FAILED, at);
	for (size_t i = 0; i < length; i += PAGE_4K)
		at[i] = i / PAGE_4K % 100;
	for (size_t i = 0; i < length; i += PAGE_4K)
		ASSERT_EQ(i / PAGE_4K % 100, whole[i + PAGE_4K]);
	EXPECT_ON_NODE(at, length, node);
	munmap(at, length);

	/* Part of it goes, the rest stays. */
	ASSERT_EQ(0, munmap(whole + PAGE_2M + PAGE_4K, PAGE_4K));
	EXPECT_EQ(511 % 100, whole[PAGE_2M]);
	EXPECT_EQ((511 + 2) % 100, whole[PAGE_2M + 2 * PAGE_4K]);
	ASSERT_EQ(0, mprotect(whole, PAGE_4K, PROT_READ));
	EXPECT_EQ(0, whole[PAGE_4K]);
	munmap(whole, self->length);
	close(mem);
}

TEST_F(memory, mmap_rules)
{
	const int rw = PROT_READ | PROT_WRITE;
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, variant->flags, self->length, node,
				variant->shift);
	long long before = vn_populated(mem);

	errno = 0;
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->length, rw, MAP_PRIVATE, mem,
				   0));
	EXPECT_EQ(EINVAL, errno);
	errno = 0;
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->length, PROT_READ, MAP_PRIVATE,
				   mem, 0));
	EXPECT_EQ(EINVAL, errno);
	/* Beyond the end, wholly and by a page */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE_4K, rw, MAP_SHARED, mem,
				   self->length));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->length + PAGE_4K, rw,
				   MAP_SHARED, mem, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->length, rw, MAP_SHARED, mem,
				   PAGE_4K));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE_4K, rw, MAP_SHARED, mem,
				   (off_t)1 << 62));
	errno = 0;
	EXPECT_EQ(-1, syscall(__NR_mmap, NULL, PAGE_4K, rw, MAP_SHARED, mem,
			      100));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(before, vn_populated(mem));
	close(mem);
}

/* A mapping cannot be made to reach beyond the object afterwards. */
TEST_F(memory, mremap)
{
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, variant->flags, self->length, node,
				variant->shift);
	char *at = vn_map(mem, self->length);
	char *moved;

	at[PAGE_4K] = 7;
	EXPECT_EQ(MAP_FAILED, mremap(at, self->length, 2 * self->length,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(7, at[PAGE_4K]);
	moved = mmap(NULL, self->length, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, moved);
	ASSERT_EQ(moved, mremap(at, self->length, self->length,
				MREMAP_MAYMOVE | MREMAP_FIXED, moved));
	EXPECT_EQ(7, moved[PAGE_4K]);
	vn_touch(moved, self->length);
	EXPECT_ON_NODE(moved, self->length, node);
	munmap(moved, self->length);
	close(mem);
}

/* "never swapped or moved" */
TEST_F(memory, stays)
{
	int nodes = vn_set_weight(&self->host->has_memory);
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, variant->flags, self->length, node,
				variant->shift);
	char *at = vn_map(mem, self->length);
	int other = vn_set_nth(&self->host->has_memory, nodes - 1);
	unsigned long from[VN_NODES / 64] = {}, to[VN_NODES / 64] = {};
	int target[4], status[4];
	void *page[4];

	vn_touch(at, self->length);
	for (int i = 0; i < 4; i++) {
		page[i] = at + i * PAGE_2M + PAGE_4K;
		target[i] = other;
	}
	syscall(__NR_move_pages, 0, 4, page, target, status,
		MPOL_MF_MOVE_ALL);
	EXPECT_ON_NODE(at, self->length, node);
	from[node / 64] = 1UL << (node % 64);
	to[other / 64] = 1UL << (other % 64);
	syscall(__NR_migrate_pages, 0, VN_NODES, from, to);
	EXPECT_ON_NODE(at, self->length, node);
#ifdef MADV_PAGEOUT
	madvise(at, self->length, MADV_PAGEOUT);
#endif
	madvise(at, self->length, MADV_DONTNEED);
	EXPECT_EQ(self->length, vn_populated(mem));
	EXPECT_EQ(0x55 * self->length / PAGE_4K, vn_sum(at, self->length));
	EXPECT_ON_NODE(at, self->length, node);
	munmap(at, self->length);
	close(mem);
}

/* The node's own figures show it, and show it given back. */
TEST_F(memory, seen_on_node)
{
	size_t length = 32 * MIB;
	int node;

	for (node = -1; vn_set_step(&self->host->has_memory, &node);) {
		long long before = vn_free(node);
		int mem = vn_mem_create(self->fd, variant->flags, length,
					node, variant->shift);
		char *at = vn_map(mem, length);
		long long with;

		vn_touch(at, length);
		with = vn_free(node);
		/* Some of it may have been free in a list of a CPU's. */
		EXPECT_LT(8 * MIB, before - with) {
			TH_LOG("node %d: %lld, then %lld", node, before, with);
		}
		munmap(at, length);
		close(mem);
		EXPECT_TRUE(vn_eventually(vn_free(node) - with >
					  8 * MIB)) {
			TH_LOG("node %d: %lld, then %lld, then %lld", node,
			       before, with, vn_free(node));
		}
	}
}

/* The vCPU's node, wherever the caller runs. */
TEST_F(memory, vcpu)
{
	struct vcpunuma_cmd_mem_query cmd;
	struct vn_set both;
	struct vn_thread t;
	int node;

	vn_thread_start(&t);
	both = vn_set_and(&self->host->has_cpu, &self->host->has_memory);
	for (node = -1; vn_set_step(&both, &node);) {
		char *at;
		int mem;

		vn_bind(self->fd, 7, VCPUNUMA_BIND_NODE, node, t.tid, NULL);
		mem = vn_mem_create_vcpu(self->fd, variant->flags,
					 self->length, 7, variant->shift);
		vn_mem_query(mem, &cmd, NULL, 0);
		EXPECT_EQ(node, cmd.out_node);
		at = vn_map(mem, self->length);
		vn_touch(at, self->length);
		EXPECT_ON_NODE(at, self->length, node);
		/* It stays there when the vCPU goes. */
		vn_unbind(self->fd, 7);
		vn_mem_query(mem, &cmd, NULL, 0);
		EXPECT_EQ(node, cmd.out_node);
		EXPECT_ON_NODE(at, self->length, node);
		munmap(at, self->length);
		close(mem);
	}
	vn_thread_stop(&t);
}

/* Charged to the control group of the caller, page by page. */

struct mem_arg {
	unsigned int flags;
	unsigned int shift;
	unsigned int node;
	size_t length;
};

static int child_mem = -1;
static char *child_at;

/* Create an object and map it. */
static long child_create(void *arg, int fd)
{
	const struct mem_arg *a = arg;
	int vm = fd >= 0 ? fd : __vn_open();

	if (vm < 0)
		return vm;
	child_mem = __vn_mem_create(vm, a->flags, a->length, a->node,
				    a->shift);
	if (fd < 0)
		close(vm);
	if (child_mem < 0)
		return child_mem;
	child_at = __vn_map(child_mem, a->length);
	return child_at == MAP_FAILED ? -errno : 0;
}

static long child_send_mem(void *unused, int fd)
{
	(void)unused;
	return vn_child_send((void *)(long)child_mem, fd);
}

static long child_touch(void *arg, int fd)
{
	const struct mem_arg *a = arg;

	(void)fd;
	catch_sigbus();
	return touch_until_sigbus(child_at, a->length, 1UL << a->shift);
}

/*
 * In a group that is full, a process that needs a page for itself is killed. So
 * let it have all it needs before: its own memory, and page tables.
 */
static long child_settle(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return mlockall(MCL_CURRENT) ? -errno : 0;
}

static long child_touch_tables(void *arg, int fd)
{
	const struct mem_arg *a = arg;

	(void)fd;
	if (a->shift == 12)
		for (size_t i = 0; i < a->length; i += PAGE_2M)
			vn_touch(child_at + i, 1);
	return 0;
}

static long child_destroy(void *arg, int fd)
{
	const struct mem_arg *a = arg;

	(void)fd;
	if (munmap(child_at, a->length) || close(child_mem))
		return -errno;
	return 0;
}

/*
 * It may not tell how far it came as long as the group is full: sending takes
 * memory too.
 */
static long child_touch_and_destroy(void *arg, int fd)
{
	long done = child_touch(arg, fd);
	long err = child_destroy(arg, fd);

	return err ? err : done;
}

TEST_F(memory, charged)
{
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	long long before, with, after;
	struct vn_cgroup cg;
	struct vn_child c;
	int err;

	ASSERT_NE(MAP_FAILED, arg);
	err = __vn_cgroup_make(&cg, "charged", "+memory");
	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	*arg = (struct mem_arg) {
		.flags = variant->flags,
		.shift = variant->shift,
		.node = vn_set_first(&self->host->has_memory),
		.length = 32 * MIB,
	};
	vn_child_start(&c);
	EXPECT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	before = vn_cgroup_charged(&cg);
	EXPECT_EQ(0, vn_child_call(&c, child_create, arg, -1));
	EXPECT_EQ(32 * MIB, vn_child_call(&c, child_touch, arg, -1));
	with = vn_cgroup_charged(&cg);
	EXPECT_LE(32 * MIB, with - before) {
		TH_LOG("%lld before, %lld with", before, with);
	}
	EXPECT_GE(36 * MIB, with - before);
	EXPECT_EQ(0, vn_child_call(&c, child_destroy, arg, -1));
	EXPECT_TRUE(vn_eventually((after = vn_cgroup_charged(&cg)) <
				  before + 4 * MIB)) {
		TH_LOG("%lld before, %lld with, %lld after", before, with,
		       after);
	}
	vn_child_stop(&c);
	vn_cgroup_remove(&cg);
}

/* A full group is an error of the caller, not the end of its processes. */
TEST_F(memory, group_is_full)
{
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	struct vn_cgroup cg;
	struct vn_child c;
	long done;
	int err;

	ASSERT_NE(MAP_FAILED, arg);
	err = __vn_cgroup_make(&cg, "full", "+memory");
	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	*arg = (struct mem_arg) {
		.flags = variant->flags,
		.shift = variant->shift,
		.node = vn_set_first(&self->host->has_memory),
		.length = 48 * MIB,
	};
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_settle, NULL, -1));
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", "24M"));
	EXPECT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	if (variant->flags & VCPUNUMA_MEM_POPULATE) {
		EXPECT_EQ(-ENOMEM, vn_child_call(&c, child_create, arg, -1));
	} else {
		EXPECT_EQ(0, vn_child_call(&c, child_create, arg, -1));
		EXPECT_EQ(0, vn_child_call(&c, child_touch_tables, arg, -1));
		done = vn_child_call(&c, child_touch_and_destroy, arg, -1);
		EXPECT_LT(0, done);
		EXPECT_GE(24 * MIB, done);
	}
	EXPECT_EQ(0, vn_cgroup_read(&cg, "memory.events", "oom_kill"));
	EXPECT_EQ(c.pid, vn_child_call(&c, vn_child_gettid, NULL, -1));
	/* What had been taken is given back: there is room for 12 MiB. */
	arg->length = 12 * MIB;
	EXPECT_EQ(0, vn_child_call(&c, child_create, arg, -1));
	EXPECT_EQ(12 * MIB, vn_child_call(&c, child_touch, arg, -1));
	vn_child_stop(&c);
	vn_cgroup_remove(&cg);
}

/* RLIMIT_MEMLOCK */

static long child_limit(void *bytes, int fd)
{
	struct rlimit limit = { (long)bytes, (long)bytes };

	(void)fd;
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

TEST_F(memory, memlock)
{
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	struct vn_child c, d;

	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct mem_arg) {
		.flags = variant->flags,
		.shift = variant->shift,
		.node = vn_set_first(&self->host->has_memory),
		.length = 8 * MIB,
	};
	vn_child_start(&c);
	vn_child_start(&d);
	ASSERT_EQ(0, vn_child_call(&c, child_limit, (void *)(14 * MIB), -1));
	ASSERT_EQ(0, vn_child_call(&d, child_limit, (void *)(14 * MIB), -1));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1));
	ASSERT_EQ(0, vn_child_call(&d, vn_child_drop, (void *)VN_NOBODY, -1));

	EXPECT_EQ(0, vn_child_call(&c, child_create, arg, self->fd));
	/* The limit is the user's, not the process's. */
	EXPECT_EQ(-EDQUOT, vn_child_call(&d, child_create, arg, self->fd));
	arg->length = 6 * MIB;
	EXPECT_EQ(0, vn_child_call(&d, child_create, arg, self->fd));
	EXPECT_EQ(0, vn_child_call(&d, child_destroy, arg, -1));
	EXPECT_EQ(0, vn_child_call(&d, child_create, arg, self->fd));
	EXPECT_EQ(0, vn_child_call(&d, child_destroy, arg, -1));
	arg->length = 6 * MIB + self->page;
	EXPECT_EQ(-EDQUOT, vn_child_call(&d, child_create, arg, self->fd));

	/* Killed, the first gives back exactly what it had. */
	vn_child_kill(&c);
	arg->length = 14 * MIB;
	EXPECT_TRUE(vn_eventually(!vn_child_call(&d, child_create, arg,
						 self->fd)));
	EXPECT_EQ(0, vn_child_call(&d, child_destroy, arg, -1));
	arg->length = 14 * MIB + self->page;
	EXPECT_EQ(-EDQUOT, vn_child_call(&d, child_create, arg, self->fd));
	vn_child_stop(&d);
}

/* A failed creation has not counted. */
TEST_F(memory, memlock_failed)
{
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	struct vn_child c;

	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct mem_arg) {
		.flags = variant->flags,
		.shift = variant->shift,
		.node = vn_absent_node(),
		.length = 8 * MIB,
	};
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_limit, (void *)(8 * MIB), -1));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(-ENODEV, vn_child_call(&c, child_create, arg,
						 self->fd));
	arg->node = vn_set_first(&self->host->has_memory);
	EXPECT_EQ(0, vn_child_call(&c, child_create, arg, self->fd));
	vn_child_stop(&c);
}

/* The last reference may be dropped by somebody else. */
TEST_F(memory, memlock_freed_elsewhere)
{
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	struct vn_child c, d;

	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct mem_arg) {
		.flags = variant->flags,
		.shift = variant->shift,
		.node = vn_set_first(&self->host->has_memory),
		.length = 8 * MIB,
	};
	vn_child_start(&c);
	vn_child_start(&d);
	ASSERT_EQ(0, vn_child_call(&c, child_limit, (void *)(8 * MIB), -1));
	ASSERT_EQ(0, vn_child_call(&d, child_limit, (void *)(8 * MIB), -1));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1));
	ASSERT_EQ(0, vn_child_call(&d, vn_child_drop, (void *)VN_NOBODY, -1));
	ASSERT_EQ(0, vn_child_call(&c, child_create, arg, self->fd));
	ASSERT_EQ(0, vn_child_call(&c, child_send_mem, NULL, -1));
	ASSERT_LE(0, c.reply);
	EXPECT_LE(0, vn_populated(c.reply));
	vn_child_kill(&c);
	EXPECT_EQ(-EDQUOT, vn_child_call(&d, child_create, arg, self->fd));
	close(c.reply);
	EXPECT_TRUE(vn_eventually(!vn_child_call(&d, child_create, arg,
						 self->fd)));
	vn_child_stop(&d);
}

/*
 * What was created with CAP_IPC_LOCK has not counted, and must not be taken off
 * when it goes.
 */
TEST_F(memory, memlock_exempt_for_a_time)
{
	static const struct vn_caps lock = { VN_NOBODY, 1U << CAP_IPC_LOCK };
	static const struct vn_caps none = { 0, 0 };
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	struct vn_child c;

	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct mem_arg) {
		.flags = variant->flags,
		.shift = variant->shift,
		.node = vn_set_first(&self->host->has_memory),
		.length = 8 * MIB,
	};
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_limit, (void *)(8 * MIB), -1));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, (void *)&lock, -1));
	EXPECT_EQ(0, vn_child_call(&c, child_create, arg, self->fd));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, (void *)&none, -1));
	EXPECT_EQ(0, vn_child_call(&c, child_destroy, arg, -1));

	EXPECT_EQ(0, vn_child_call(&c, child_create, arg, self->fd));
	arg->length = self->page;
	EXPECT_EQ(-EDQUOT, vn_child_call(&c, child_create, arg, self->fd));
	vn_child_stop(&c);
}

/* CAP_IPC_LOCK is not limited. */
TEST_F(memory, memlock_exempt)
{
	int node = vn_set_first(&self->host->has_memory);
	struct rlimit limit = {};
	int mem;

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	mem = vn_mem_create(self->fd, variant->flags, self->length, node,
			    variant->shift);
	close(mem);
}

/* A node with too little memory, with either size of pages */

FIXTURE(shortage) {
	int fd;
	const struct vn_host *host;
};

FIXTURE_VARIANT(shortage) {
	unsigned int shift;
};

FIXTURE_VARIANT_ADD(shortage, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(shortage, large) {
	.shift = 21,
};

FIXTURE_SETUP(shortage)
{
	self->host = vn_host();
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(shortage)
{
	close(self->fd);
}

/*
 * All of a node's memory and more: ENOMEM, nothing from another node, and
 * what had been taken is given back.
 */
TEST_F(shortage, node_too_small)
{
	int nodes = vn_set_weight(&self->host->has_memory);
	int node = vn_set_nth(&self->host->has_memory, nodes - 1);
	size_t length = (vn_meminfo(node, "MemTotal") + PAGE_2M) & -PAGE_2M;
	long long before[VN_NODES], free;
	int n, fd;

	/* If it comes to the worst, this process is the one to go. */
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	for (n = -1; vn_set_step(&self->host->has_memory, &n);)
		before[n] = vn_free(n);
	fd = __vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, length, node,
			     variant->shift);
	EXPECT_EQ(-ENOMEM, fd);
	for (n = -1; vn_set_step(&self->host->has_memory, &n);) {
		EXPECT_TRUE(vn_eventually((free = vn_free(n)) >
					  before[n] - 24 * MIB)) {
			TH_LOG("node %d: %lld free, then %lld", n, before[n],
			       free);
		}
	}
	/* And can be had again. */
	fd = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, 4 * PAGE_2M, node,
			   variant->shift);
	EXPECT_EQ(4 * PAGE_2M, vn_populated(fd));
	close(fd);
}

TEST_F(shortage, node_runs_out)
{
	int nodes = vn_set_weight(&self->host->has_memory);
	int node = vn_set_nth(&self->host->has_memory, nodes - 1);
	size_t length = (vn_meminfo(node, "MemTotal") + PAGE_2M) & -PAGE_2M;
	long long before = vn_free(node);
	size_t page = 1UL << variant->shift;
	size_t done, there, elsewhere;
	char *at;
	int mem;

	/* Down to the last page, and the program has none to run on. */
	if (nodes == 1 && variant->shift == 12)
		SKIP(return, "there is no other node with memory");
	/* If it comes to the worst, this process is the one to go. */
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	mem = vn_mem_create(self->fd, 0, length, node,
			    variant->shift);
	at = vn_map(mem, length);
	catch_sigbus();
	done = touch_until_sigbus(at, length, page);
	EXPECT_LT(done, length);
	EXPECT_EQ((void *)(at + done), bus_at);
	EXPECT_LT(0, done);
	EXPECT_EQ(done, vn_populated(mem));
	EXPECT_EQ(0, __vn_pages(at, length, node, &there, &elsewhere));
	EXPECT_EQ(done / page, there / (page / PAGE_4K));
	EXPECT_EQ(0, elsewhere);
	munmap(at, length);
	close(mem);
	EXPECT_TRUE(vn_eventually(vn_free(node) >
				  before - 24 * MIB)) {
		TH_LOG("%lld free, then %lld", before,
		       vn_free(node));
	}

	/* There is some again. */
	mem = vn_mem_create(self->fd, 0, 4 * PAGE_2M, node,
			    variant->shift);
	at = vn_map(mem, 4 * PAGE_2M);
	EXPECT_EQ(4 * PAGE_2M, touch_until_sigbus(at, 4 * PAGE_2M, page));
	munmap(at, 4 * PAGE_2M);
	close(mem);
}

/* What all objects have in common, and 2 MiB pages */

FIXTURE(object) {
	int fd;
	const struct vn_host *host;
	int node;
};

FIXTURE_SETUP(object)
{
	self->host = vn_host();
	self->node = vn_set_first(&self->host->has_memory);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(object)
{
	close(self->fd);
}

TEST_F(object, descriptor)
{
	int mem = vn_mem_create(self->fd, 0, PAGE_2M, self->node, 0);

	EXPECT_EQ(FD_CLOEXEC, fcntl(mem, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(mem, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(-1, ftruncate(mem, PAGE_4K));
	EXPECT_EQ(-1, ftruncate(mem, 4 * PAGE_2M));
	close(mem);
}

TEST_F(object, default_page)
{
	struct vcpunuma_cmd_mem_query cmd;
	int mem = vn_mem_create(self->fd, 0, PAGE_2M, self->node, 0);

	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(21, cmd.out_page_shift);
	close(mem);
}

TEST_F(object, page_shifts)
{
	struct vcpunuma_cmd_info info;
	unsigned int shift;

	vn_info(self->fd, &info);
	for (shift = 1; shift < 32; shift++) {
		int mem = __vn_mem_create(self->fd, 0, PAGE_2M, self->node,
					  shift);

		if (info.out_page_shifts & 1U << shift) {
			EXPECT_LE(0, mem);
			close(mem);
		} else {
			EXPECT_EQ(-EINVAL, mem) {
				TH_LOG("page shift %u", shift);
			}
		}
	}
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, PAGE_2M, self->node,
					   32 + 21));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, PAGE_2M, self->node,
					   ~0U));
}

TEST_F(object, lengths)
{
	struct vcpunuma_cmd_info info;
	int mem;

	vn_info(self->fd, &info);
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, 0, self->node, 0));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, 1, self->node, 0));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, PAGE_4K, self->node,
					   0));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, PAGE_2M + PAGE_4K,
					   self->node, 21));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, PAGE_4K + 8,
					   self->node, 12));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, -PAGE_2M, self->node,
					   0));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0, ~0ULL, self->node,
					   12));
	EXPECT_EQ(-EINVAL, __vn_mem_create(self->fd, 0,
					   info.out_max_length + PAGE_2M,
					   self->node, 0));
	mem = vn_mem_create(self->fd, 0, PAGE_4K, self->node, 12);
	EXPECT_EQ(0, vn_populated(mem));
	close(mem);
}

TEST_F(object, longest)
{
	struct vcpunuma_cmd_info info;
	struct vcpunuma_cmd_mem_query cmd;
	int mem;

	vn_info(self->fd, &info);
	mem = __vn_mem_create(self->fd, 0, info.out_max_length & -PAGE_2M,
			      self->node, 0);
	/* As long as allowed, if perhaps not as long as this host can have. */
	if (mem == -ENOMEM)
		return;
	EXPECT_LE(0, mem);
	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(info.out_max_length & -PAGE_2M, cmd.out_length);
	EXPECT_EQ(0, cmd.out_populated);
	close(mem);
}

TEST_F(object, no_such_node)
{
	struct vcpunuma_cmd_info info;
	int node;

	vn_info(self->fd, &info);
	EXPECT_EQ(-ENODEV, __vn_mem_create(self->fd, 0, PAGE_2M,
					   vn_absent_node(), 0));
	EXPECT_EQ(-ENODEV, __vn_mem_create(self->fd, 0, PAGE_2M,
					   info.out_max_node, 0));
	EXPECT_EQ(-ENODEV, __vn_mem_create(self->fd, 0, PAGE_2M,
					   VCPUNUMA_NONE, 0));
	for (node = -1; vn_set_step(&self->host->online, &node);) {
		if (vn_set_has(&self->host->has_memory, node))
			continue;
		EXPECT_EQ(-ENODEV, __vn_mem_create(self->fd, 0, PAGE_2M, node,
						   0));
		EXPECT_EQ(-ENODEV, __vn_mem_create(self->fd,
						   VCPUNUMA_MEM_POPULATE,
						   PAGE_2M, node, 0));
	}
}

TEST_F(object, vcpu_not_bound)
{
	struct vcpunuma_place place;
	struct vn_thread t;

	vn_configure(self->fd, 1, 0, &place);
	EXPECT_EQ(-ENOTCONN, __vn_mem_create_vcpu(self->fd, 0, PAGE_2M, 0, 0));
	EXPECT_EQ(-ENOTCONN, __vn_mem_create_vcpu(self->fd, 0, PAGE_2M, 1, 0));
	vn_thread_start(&t);
	vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, t.tid, NULL);
	vn_thread_stop(&t);
	EXPECT_EQ(-ENOTCONN, __vn_mem_create_vcpu(self->fd, 0, PAGE_2M, 0, 0));
}

TEST_F(object, vcpu_on_several_nodes)
{
	struct vn_set all;

	vn_getaffinity(0, &all);
	if (vn_set_weight(&self->host->has_cpu) < 2)
		SKIP(return, "CPUs on one node only");
	vn_bind_set(self->fd, 0, &all, 0, NULL);
	EXPECT_EQ(-ENODEV, __vn_mem_create_vcpu(self->fd, 0, PAGE_2M, 0, 0));
}

TEST_F(object, vcpu_on_node_without_memory)
{
	bool seen = false;
	int node;

	for (node = -1; vn_set_step(&self->host->has_cpu, &node);) {
		if (vn_set_has(&self->host->has_memory, node))
			continue;
		seen = true;
		vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE, node, 0, NULL);
		EXPECT_EQ(-ENODEV, __vn_mem_create_vcpu(self->fd, 0, PAGE_2M,
							0, 0));
	}
	if (!seen)
		SKIP(return, "each node with CPUs has memory");
}

/* With @node for the vCPU flag, or @vcpu without, one is meant for naught. */
TEST_F(object, node_or_vcpu)
{
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.flags = VCPUNUMA_MEM_VCPU,
		.length = PAGE_2M,
		.node = 1,
	};
	struct vcpunuma_cmd_info info;

	vn_info(self->fd, &info);
	vn_bind_cpu(self->fd, 0, vn_set_first(&self->host->cpus), 0);
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE, &cmd));
	cmd.flags = 0;
	cmd.node = self->node;
	cmd.vcpu = 1;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE, &cmd));
	cmd.flags = VCPUNUMA_MEM_VCPU;
	cmd.node = 0;
	cmd.vcpu = info.out_max_vcpus;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE, &cmd));
}

/* A limit of the VM, as told by VCPUNUMA_INFO. */
TEST_F(object, how_many)
{
	struct vcpunuma_cmd_info info;
	struct rlimit limit;
	unsigned int i;
	int first, mem, other;
	void *at;

	vn_info(self->fd, &info);
	limit.rlim_cur = info.out_max_mems + 64;
	limit.rlim_max = limit.rlim_cur;
	if (info.out_max_mems > 100000 || setrlimit(RLIMIT_NOFILE, &limit))
		SKIP(return, "more objects allowed than file descriptors");
	first = vn_mem_create(self->fd, 0, PAGE_4K, self->node, 12);
	for (i = 1; i < info.out_max_mems; i++)
		ASSERT_LE(0, __vn_mem_create(self->fd, 0, PAGE_4K, self->node,
					     12));
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->fd, 0, PAGE_4K, self->node,
					   12));
	/* Another VM has objects of its own. */
	other = vn_open();
	mem = vn_mem_create(other, 0, PAGE_4K, self->node, 12);
	close(mem);
	close(other);
	/* A mapping keeps the object; without it there is room for one. */
	at = vn_map(first, PAGE_4K);
	close(first);
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->fd, 0, PAGE_4K, self->node,
					   12));
	munmap(at, PAGE_4K);
	mem = vn_mem_create(self->fd, 0, PAGE_4K, self->node, 12);
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->fd, 0, PAGE_4K, self->node,
					   12));
	close(mem);
}

TEST_F(object, no_descriptor_left)
{
	struct rlimit limit = { 64, 64 };
	long long before;
	int fd;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	before = vn_free(self->node);
	do {
		fd = dup(self->fd);
	} while (fd >= 0);
	ASSERT_EQ(EMFILE, errno);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(-EMFILE, __vn_mem_create(self->fd,
						   VCPUNUMA_MEM_POPULATE,
						   4 * PAGE_2M, self->node,
						   0));
	close(63);
	/* Nothing was kept. */
	EXPECT_TRUE(vn_eventually(vn_free(self->node) >
				  before - 64 * MIB));
	fd = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, PAGE_2M,
			   self->node, 0);
	EXPECT_EQ(63, fd);
}

/* 2 MiB pages are mapped as such where mmap() chooses the address. */
TEST_F(object, mapped_large)
{
	size_t length = 8 * PAGE_2M;
	int mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, length,
				self->node, 21);
	char *at = vn_map(mem, length);

	EXPECT_EQ(0, (uintptr_t)at % PAGE_2M);
	for (size_t i = 0; i < length; i += PAGE_2M)
		at[i] = 1;
	EXPECT_EQ(length, vn_smaps(at, "FilePmdMapped"));
	EXPECT_EQ(length, vn_smaps(at, "Rss"));
	munmap(at, length);

	/* With an offset as well */
	at = mmap(NULL, length - PAGE_2M, PROT_READ | PROT_WRITE, MAP_SHARED,
		  mem, PAGE_2M);
	ASSERT_NE(MAP_FAILED, at);
	vn_touch(at, length - PAGE_2M);
	EXPECT_EQ(length - PAGE_2M, vn_smaps(at, "FilePmdMapped"));
	munmap(at, length - PAGE_2M);
	close(mem);
}

TEST_F(object, mapped_large_on_fault)
{
	size_t length = 8 * PAGE_2M;
	int mem = vn_mem_create(self->fd, 0, length, self->node, 21);
	char *at = vn_map(mem, length);

	/* One touch anywhere in it brings the whole page. */
	at[3 * PAGE_2M + 12345] = 1;
	EXPECT_EQ(PAGE_2M, vn_populated(mem));
	EXPECT_EQ(PAGE_2M, vn_smaps(at, "FilePmdMapped"));
	vn_touch(at, length);
	EXPECT_EQ(length, vn_smaps(at, "FilePmdMapped"));
	munmap(at, length);
	close(mem);
}

/*
 * Whatever the memory was used for before: a page may still carry marks of that
 * when it is allocated.
 */
TEST_F(object, mapped_large_used_before)
{
	size_t length = (vn_free(self->node) / 4 * 3) & -PAGE_2M;
	struct vn_set nodes = vn_set_of(self->node);
	char *at;
	int mem;

	/* If it comes to the worst, this process is the one to go. */
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	at = mmap(NULL, length, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, syscall(__NR_mbind, at, length, MPOL_BIND, &nodes,
			     VN_NODES, 0));
	ASSERT_EQ(0, madvise(at, length, MADV_NOHUGEPAGE));
	vn_touch(at, length);
	munmap(at, length);

	length = (length / 2) & -PAGE_2M;
	mem = vn_mem_create(self->fd, 0, length, self->node, 21);
	at = vn_map(mem, length);
	vn_touch(at, length);
	EXPECT_EQ(length, vn_smaps(at, "FilePmdMapped"));
	munmap(at, length);
	close(mem);
}

TEST_F(object, mapped_small)
{
	size_t length = 2 * PAGE_2M;
	int mem = vn_mem_create(self->fd, 0, length, self->node, 12);
	char *at = vn_map(mem, length);

	vn_touch(at, length);
	EXPECT_EQ(length, vn_smaps(at, "Rss"));
	EXPECT_EQ(0, vn_smaps(at, "FilePmdMapped"));
	munmap(at, length);
	close(mem);
}

/* The memory is memory to the kernel's other calls. */
TEST_F(object, read_and_written_by_kernel)
{
	int mem = vn_mem_create(self->fd, 0, PAGE_2M, self->node, 0);
	char *at = vn_map(mem, PAGE_2M);
	int pipefd[2];

	ASSERT_EQ(0, pipe(pipefd));
	strcpy(at + 100, "there and back");
	ASSERT_EQ(15, write(pipefd[1], at + 100, 15));
	ASSERT_EQ(15, read(pipefd[0], at + PAGE_2M - 15, 15));
	EXPECT_STREQ("there and back", at + PAGE_2M - 15);
	close(pipefd[0]);
	close(pipefd[1]);
	munmap(at, PAGE_2M);
	close(mem);
}

/* A command's structure may lie in memory of an object, not yet touched. */
TEST_F(object, commands_in_it)
{
	int mem = vn_mem_create(self->fd, 0, PAGE_2M, self->node, 0);
	struct vcpunuma_cmd_mem_query *cmd = vn_map(mem, PAGE_2M);
	struct vcpunuma_node_bytes *bytes = (void *)cmd + PAGE_2M / 2;

	cmd->size = sizeof(*cmd);
	cmd->bytes = (uintptr_t)bytes;
	cmd->nr_bytes = 4;
	cmd->bytes_size = sizeof(*bytes);
	ASSERT_EQ(0, __vn_ioctl(mem, VCPUNUMA_MEM_QUERY, cmd));
	EXPECT_EQ(PAGE_2M, cmd->out_populated);
	EXPECT_EQ(1, cmd->nr_bytes);
	EXPECT_EQ(PAGE_2M, bytes->bytes);
	munmap(cmd, PAGE_2M);
	close(mem);
}

TEST_F(object, array_of_nodes)
{
	int mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, PAGE_2M,
				self->node, 0);
	struct vcpunuma_cmd_mem_query cmd;
	struct {
		struct vcpunuma_node_bytes known;
		__u64 unknown;
	} bytes;

	/* A number of 0 asks. */
	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(1, cmd.nr_bytes);
	memset(&bytes, 0xa5, sizeof(bytes));
	cmd.bytes = (uintptr_t)&bytes;
	cmd.bytes_size = sizeof(bytes);
	ASSERT_EQ(0, __vn_ioctl(mem, VCPUNUMA_MEM_QUERY, &cmd));
	EXPECT_EQ(self->node, bytes.known.node);
	EXPECT_EQ(PAGE_2M, bytes.known.bytes);
	EXPECT_EQ(0, bytes.unknown);
	cmd.bytes = 8;
	EXPECT_EQ(-EFAULT, __vn_ioctl(mem, VCPUNUMA_MEM_QUERY, &cmd));
	close(mem);
}

/* Many threads touch the same pages at once. */

struct touch_arg {
	char *at;
	size_t length;
};

static long touch(void *arg)
{
	struct touch_arg *a = arg;

	for (size_t i = 0; i < a->length; i += 64)
		__atomic_fetch_add(a->at + i, 1, __ATOMIC_RELAXED);
	return 0;
}

TEST_F(object, touched_by_many)
{
	size_t length = 4 * PAGE_2M;
	int shifts[] = { 12, 21 };

	for (size_t s = 0; s < ARRAY_SIZE(shifts); s++) {
		int mem = vn_mem_create(self->fd, 0, length, self->node,
					shifts[s]);
		struct touch_arg arg = { vn_map(mem, length), length };
		struct vn_thread t[4];
		size_t wrong = 0;

		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			vn_thread_start(&t[i]);
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			vn_thread_post(&t[i], touch, &arg);
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			vn_thread_wait(&t[i]);
		for (size_t i = 0; i < length; i += 64)
			wrong += arg.at[i] != ARRAY_SIZE(t);
		EXPECT_EQ(0, wrong);
		EXPECT_EQ(length, vn_populated(mem));
		EXPECT_ON_NODE(arg.at, length, self->node);
		munmap(arg.at, length);
		close(mem);
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			vn_thread_stop(&t[i]);
	}
}

/*
 * It does not matter whether the last page of the group would have been one of
 * the object or one that the kernel needs to keep track of them.
 */
TEST_F(object, group_is_full_to_the_page)
{
	struct mem_arg *arg = vn_shared(sizeof(*arg));
	struct vn_cgroup cg;
	struct vn_child c;
	int err;

	ASSERT_NE(MAP_FAILED, arg);
	err = __vn_cgroup_make(&cg, "full", "+memory");
	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	*arg = (struct mem_arg) {
		.flags = VCPUNUMA_MEM_POPULATE,
		.shift = 12,
		.node = self->node,
		.length = 8 * MIB,
	};
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_settle, NULL, -1));
	EXPECT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	for (int i = 0; i < 150; i++) {
		char max[32];

		snprintf(max, sizeof(max), "%lld",
			 vn_cgroup_charged(&cg) + 3 * MIB + i * PAGE_4K);
		EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", max));
		ASSERT_EQ(-ENOMEM, vn_child_call(&c, child_create, arg, -1)) {
			TH_LOG("memory.max %s, oom_kill %lld", max,
			       vn_cgroup_read(&cg, "memory.events",
					      "oom_kill"));
			vn_child_kill(&c);
			vn_cgroup_remove(&cg);
		}
	}
	EXPECT_EQ(0, vn_cgroup_read(&cg, "memory.events", "oom_kill"));
	vn_child_stop(&c);
	vn_cgroup_remove(&cg);
}

/* A fatal signal ends a long creation; nothing is left of it. */
static long child_create_forever(void *node, int fd)
{
	for (;;) {
		int mem = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, 64 * MIB,
					  (long)node, 12);

		if (mem < 0)
			return mem;
		close(mem);
	}
}

TEST_F(object, killed_while_creating)
{
	long long before = vn_free(self->node);

	for (int i = 0; i < 8; i++) {
		struct vn_child c;

		vn_child_start(&c);
		ASSERT_EQ(0, vn_child_post(&c, child_create_forever,
					   (void *)(long)self->node,
					   self->fd));
		usleep(1000 + 20000 * i);
		EXPECT_TRUE(WIFSIGNALED(vn_child_kill(&c)));
	}
	EXPECT_TRUE(vn_eventually(vn_free(self->node) >
				  before - 24 * MIB)) {
		TH_LOG("%lld free, then %lld", before,
		       vn_free(self->node));
	}
}

TEST_HARNESS_MAIN
