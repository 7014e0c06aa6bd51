// SPDX-License-Identifier: GPL-2.0
/*
 * mbind(2) on mappings of memory objects: where pages go from then on, whoever
 * touches them, and what the kernel tells of it.
 */
#include "kselftest_harness.h"
#include "memory.h"

FIXTURE(mbind) {
	const struct vn_host *host;
	int fd;
	int mem;
	char *at;
	size_t page;
	size_t length;
	int nodes;
	int first;
	int last;
	struct vn_set to_last;
};

FIXTURE_VARIANT(mbind) {
	unsigned int shift;
};

FIXTURE_VARIANT_ADD(mbind, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(mbind, large) {
	.shift = 21,
};

/* An object wholly on the first node, by its own policy */
FIXTURE_SETUP(mbind)
{
	self->host = vn_host();
	self->fd = vn_open();
	self->page = 1UL << variant->shift;
	self->length = 16 * self->page;
	self->nodes = vn_set_weight(&self->host->has_memory);
	self->first = vn_set_first(&self->host->has_memory);
	self->last = vn_set_nth(&self->host->has_memory, self->nodes - 1);
	self->to_last = vn_set_of(self->last);
	self->mem = vn_mem_create(self->fd, 0, self->length, self->first,
				  variant->shift);
	self->at = vn_map(self->mem, self->length);
	vn_catch_sigbus();
}

FIXTURE_TEARDOWN(mbind)
{
	munmap(self->at, self->length);
	close(self->mem);
	close(self->fd);
}

#define need_two_nodes()						\
	do {								\
		if (self->nodes < 2)					\
			SKIP(return, "one node with memory");		\
	} while (0)

/* For pages that are not there yet */
TEST_F(mbind, bind)
{
	size_t half = self->length / 2;

	need_two_nodes();
	vn_touch(self->at, self->page);
	vn_mbind(self->at, self->length, MPOL_BIND, &self->to_last);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->page, self->first);
	EXPECT_PART_ON_NODE(self->at + self->page, self->length - self->page,
			    self->last);
	/* And for pages that went */
	vn_mbind(self->at, self->length, MPOL_DEFAULT, NULL);
	ASSERT_EQ(0, __vn_mem_punch(self->mem, half, half));
	vn_touch(self->at + half, half);
	EXPECT_PART_ON_NODE(self->at + half, half, self->first);
	EXPECT_PART_ON_NODE(self->at + self->page, half - self->page,
			    self->last);
}

/* POPULATE_RANGE and fallocate(2) do the same. */
TEST_F(mbind, allocated)
{
	size_t half = self->length / 2;

	need_two_nodes();
	vn_mbind(self->at, self->length, MPOL_BIND, &self->to_last);
	ASSERT_EQ(0, __vn_mem_populate(self->mem, 0, half, 0));
	ASSERT_EQ(0, fallocate(self->mem, 0, half, half));
	EXPECT_EQ(self->length, (size_t)vn_mem_on(self->mem, self->last));
}

/* A part; what is around it stays as it was. */
TEST_F(mbind, part)
{
	size_t part = 4 * self->page;

	need_two_nodes();
	vn_mbind(self->at + part, part, MPOL_BIND, &self->to_last);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, part, self->first);
	EXPECT_PART_ON_NODE(self->at + part, part, self->last);
	EXPECT_PART_ON_NODE(self->at + 2 * part, self->length - 2 * part,
			    self->first);
}

/* A page of 2 MiB goes where its first byte belongs. */
TEST_F(mbind, part_of_page)
{
	need_two_nodes();
	if (variant->shift == 12)
		SKIP(return, "there is no smaller part");
	vn_mbind(self->at + PAGE_2M / 2, PAGE_2M, MPOL_BIND, &self->to_last);
	vn_touch(self->at + PAGE_2M / 2, 1);
	vn_touch(self->at + 2 * PAGE_2M - PAGE_4K, 1);
	EXPECT_EQ(2 * PAGE_2M, vn_populated(self->mem));
	vn_touch(self->at, 2 * PAGE_2M);
	EXPECT_PART_ON_NODE(self->at, PAGE_2M, self->first);
	EXPECT_PART_ON_NODE(self->at + PAGE_2M, PAGE_2M, self->last);
}

/* By offset in the object, not by address */
TEST_F(mbind, mapped_elsewhere)
{
	size_t half = self->length / 2;
	char *upper;

	need_two_nodes();
	upper = mmap(NULL, half, PROT_READ | PROT_WRITE, MAP_SHARED, self->mem,
		     half);
	ASSERT_NE(MAP_FAILED, upper);
	vn_mbind(upper, half, MPOL_BIND, &self->to_last);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, half, self->first);
	EXPECT_PART_ON_NODE(self->at + half, half, self->last);
	munmap(upper, half);
}

/* Also when the mapping has gone by which it was set */
TEST_F(mbind, unmapped)
{
	need_two_nodes();
	vn_mbind(self->at, self->length, MPOL_BIND, &self->to_last);
	munmap(self->at, self->length);
	self->at = vn_map(self->mem, self->length);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->length, self->last);
}

/* Another process */

struct mbind_arg {
	size_t length;
	int node;
	int mode;
};

static long child_mbind(void *arg, int fd)
{
	const struct mbind_arg *a = arg;
	struct vn_set set = vn_set_of(a->node);
	void *at = __vn_map(fd, a->length);

	if (at == MAP_FAILED)
		return -errno;
	return __vn_mbind(at, a->length, a->mode,
			  a->mode == MPOL_DEFAULT ? NULL : &set);
}

static long child_touch(void *length, int fd)
{
	void *at = __vn_map(fd, (long)length);

	if (at == MAP_FAILED)
		return -errno;
	vn_touch(at, (long)length);
	return 0;
}

TEST_F(mbind, another_process)
{
	struct mbind_arg *arg = vn_shared(sizeof(*arg));
	struct vn_set first = vn_set_of(self->first);
	size_t half = self->length / 2;
	struct vn_child c;

	need_two_nodes();
	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct mbind_arg) { self->length, self->last, MPOL_BIND };
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_mbind, arg, self->mem));
	vn_touch(self->at, half);
	EXPECT_PART_ON_NODE(self->at, half, self->last);
	/* Ours it heeds, though it has a mapping of its own. */
	vn_mbind(self->at, self->length, MPOL_BIND, &first);
	ASSERT_EQ(0, vn_child_call(&c, child_touch, (void *)self->length,
				   self->mem));
	EXPECT_EQ(self->length, (size_t)vn_populated(self->mem));
	vn_sum(self->at + half, half);
	EXPECT_PART_ON_NODE(self->at + half, half, self->first);
	vn_child_stop(&c);
	/* What the other one set outlives it. */
	ASSERT_EQ(0, __vn_mem_punch(self->mem, 0, self->length));
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_mbind, arg, self->mem));
	vn_child_stop(&c);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->length, self->last);
}

TEST_F(mbind, preferred)
{
	need_two_nodes();
	vn_mbind(self->at, self->length, MPOL_PREFERRED, &self->to_last);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->length, self->last);
}

TEST_F(mbind, preferred_many)
{
	enum { MANY = 5 };	/* MPOL_PREFERRED_MANY */
	int err;

	need_two_nodes();
	err = __vn_mbind(self->at, self->length, MANY, &self->to_last);
	if (err == -EINVAL)
		SKIP(return, "this kernel does not have it");
	ASSERT_EQ(0, err);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->length, self->last);
}

TEST_F(mbind, local)
{
	struct vn_set both = vn_set_and(&self->host->has_cpu,
					&self->host->has_memory);
	int other = vn_set_nth(&both, vn_set_weight(&both) - 1);

	if (other == self->first)
		SKIP(return, "one node with CPUs and memory");
	vn_setaffinity(0, &self->host->node_cpus[other]);
	vn_mbind(self->at, self->length, MPOL_LOCAL, NULL);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->length, other);
}

TEST_F(mbind, interleave)
{
	struct vn_set set = self->to_last;

	need_two_nodes();
	vn_set_add(&set, self->first);
	vn_mbind(self->at, self->length, MPOL_INTERLEAVE, &set);
	vn_touch(self->at, self->length);
	EXPECT_EQ(self->length / 2,
		  (size_t)vn_mem_on(self->mem, self->first));
	EXPECT_EQ(self->length / 2, (size_t)vn_mem_on(self->mem, self->last));
	for (size_t i = 0; i < self->length; i += 2 * self->page) {
		size_t there, elsewhere;

		ASSERT_EQ(0, __vn_pages(self->at + i, 2 * self->page,
					self->last, &there, &elsewhere));
		EXPECT_EQ(there, elsewhere);
	}
}

/* What was set last holds; the counts follow what was wanted then. */
TEST_F(mbind, remote)
{
	struct vcpunuma_cmd_mem_query cmd;

	need_two_nodes();
	vn_touch(self->at, self->page);
	vn_mbind(self->at, self->length, MPOL_BIND, &self->to_last);
	vn_touch(self->at, self->length);
	vn_mem_query(self->mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_remote);
	EXPECT_EQ(self->first, cmd.out_node);
}

/* Neither more nodes than the VM may have, nor others. */
TEST_F(mbind, restricted)
{
	struct vn_set only = vn_set_of(self->first), set = self->to_last;
	struct vcpunuma_cmd_restrict cmd = {
		.size = sizeof(cmd),
		.flags = VCPUNUMA_RESTRICT_NODES,
		.nodes = (uintptr_t)&only,
		.nr_node_bits = VN_NODES,
	};
	struct vcpunuma_mem_range range[] = {
		RANGE(self->page, STRICT, .node = self->first),
		RANGE(self->page, STRICT, .node = self->last),
	};

	need_two_nodes();
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_RESTRICT, &cmd));
	EXPECT_EQ(-EACCES, __vn_mbind(self->at, self->length, MPOL_BIND, &set));
	EXPECT_EQ(-EACCES, __vn_mbind(self->at, self->length, MPOL_PREFERRED,
				      &set));
	vn_set_add(&set, self->first);
	EXPECT_EQ(-EACCES, __vn_mbind(self->at, self->length, MPOL_INTERLEAVE,
				      &set));
	vn_mbind(self->at, self->length, MPOL_BIND, &only);
	vn_touch(self->at, self->length);
	EXPECT_PART_ON_NODE(self->at, self->length, self->first);
	EXPECT_EQ(-EACCES, __vn_mem_create_ranges(self->fd, 0, variant->shift,
						  range, 2));
	/* Which may prefer what they may have, and need not name others. */
	range[0].policy = VCPUNUMA_MEM_PREFERRED;
	close(vn_mem_create_ranges(self->fd, 0, variant->shift, range, 1));
}

/* What the kernel tells of mappings */

TEST_F(mbind, told)
{
	struct vn_set first = vn_set_of(self->first), set;
	char text[32];

	/* Of creation: strictly there */
	EXPECT_EQ(MPOL_BIND, vn_policy_at(self->at, &set));
	EXPECT_SET(&first, &set);
	snprintf(text, sizeof(text), "bind:%d", self->first);
	EXPECT_STREQ(text, vn_numa_maps_policy(self->at));
	need_two_nodes();
	vn_mbind(self->at, self->length, MPOL_BIND, &self->to_last);
	EXPECT_EQ(MPOL_BIND, vn_policy_at(self->at, &set));
	EXPECT_SET(&self->to_last, &set);
	snprintf(text, sizeof(text), "bind:%d", self->last);
	EXPECT_STREQ(text, vn_numa_maps_policy(self->at));
	vn_mbind(self->at, self->length, MPOL_PREFERRED, &self->to_last);
	EXPECT_EQ(MPOL_PREFERRED, vn_policy_at(self->at, &set));
	EXPECT_SET(&self->to_last, &set);
	vn_set_add(&set, self->first);
	vn_mbind(self->at, self->length, MPOL_INTERLEAVE, &set);
	EXPECT_EQ(MPOL_INTERLEAVE, vn_policy_at(self->at, &set));
	vn_mbind(self->at, self->length, MPOL_DEFAULT, NULL);
	EXPECT_EQ(MPOL_BIND, vn_policy_at(self->at, &set));
	EXPECT_SET(&first, &set);
	/* Where pages are */
	vn_touch(self->at, self->length);
	EXPECT_ON_NODE(self->at, self->length, self->first);
}

/* A mapping does not tell what is no longer so. */
TEST_F(mbind, told_when_outdated)
{
	struct mbind_arg *arg = vn_shared(sizeof(*arg));
	struct vn_set first = vn_set_of(self->first), set;
	struct vn_child c;

	need_two_nodes();
	ASSERT_NE(MAP_FAILED, arg);
	vn_mbind(self->at, self->length, MPOL_BIND, &self->to_last);
	*arg = (struct mbind_arg) { self->length, self->first, MPOL_BIND };
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_mbind, arg, self->mem));
	EXPECT_EQ(MPOL_BIND, vn_policy_at(self->at, &set));
	EXPECT_SET(&first, &set);
	vn_child_stop(&c);
}

TEST_F(mbind, told_of_ranges)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(4 * self->page, STRICT, .node = self->first),
		RANGE(4 * self->page, PREFERRED, .node = self->first),
		RANGE(4 * self->page, STRICT, .node = self->last),
		RANGE(4 * self->page, LOCAL),
	};
	size_t part = range[0].length;
	struct vn_set first = vn_set_of(self->first), set;
	char *at;
	int mem;

	mem = vn_mem_create_ranges(self->fd, 0, variant->shift, range, 4);
	at = vn_map(mem, self->length);
	EXPECT_EQ(MPOL_BIND, vn_policy_at(at + part - 1, &set));
	EXPECT_SET(&first, &set);
	EXPECT_EQ(MPOL_DEFAULT, vn_policy_at(at + part, &set));
	EXPECT_EQ(MPOL_BIND, vn_policy_at(at + 2 * part, &set));
	EXPECT_SET(&self->to_last, &set);
	EXPECT_EQ(MPOL_DEFAULT, vn_policy_at(at + 3 * part, &set));
	munmap(at, self->length);
	close(mem);
}

/* So many parts, and no more, until some are given up. */
TEST_F(mbind, parts)
{
	const size_t max = 4096, length = (2 * max + 2) * PAGE_4K;
	struct vn_set set;
	size_t nr, done = 0;
	char *at;
	int mem;

	if (variant->shift != 12)
		SKIP(return, "once is enough");
	mem = vn_mem_create(self->fd, 0, length, self->first, 12);
	at = vn_map(mem, length);
	for (nr = 0; nr <= max && !done; nr++)
		if (__vn_mbind(at + 2 * nr * PAGE_4K, PAGE_4K, MPOL_BIND,
			       &self->to_last))
			done = nr;
	EXPECT_EQ(max, done);
	EXPECT_EQ(MPOL_BIND, vn_policy_at(at + 2 * (max - 1) * PAGE_4K, &set));
	EXPECT_SET(&self->to_last, &set);
	EXPECT_EQ(0, __vn_mbind(at, PAGE_4K, MPOL_DEFAULT, NULL));
	EXPECT_EQ(0, __vn_mbind(at + 2 * max * PAGE_4K, PAGE_4K, MPOL_BIND,
				&self->to_last));
	EXPECT_EQ(-ENOMEM, __vn_mbind(at, PAGE_4K, MPOL_BIND, &self->to_last));
	/* All of it is one. */
	EXPECT_EQ(0, __vn_mbind(at, length, MPOL_DEFAULT, NULL));
	EXPECT_EQ(0, __vn_mbind(at, length, MPOL_BIND, &self->to_last));
	munmap(at, length);
	close(mem);
}

/* Automatic NUMA balancing */

static long long vm_counter(const char *key)
{
	char text[16384], *at;

	if (__vn_read_file("/proc/vmstat", text, sizeof(text)))
		return -1;
	at = strstr(text, key);
	return at ? atoll(at + strlen(key)) : -1;
}

/* How often this process was scanned; -1: this kernel does not say. */
static long scans(void)
{
	char text[8192], *at;

	if (__vn_read_file("/proc/self/sched", text, sizeof(text)))
		return -1;
	at = strstr(text, "numa_scan_seq");
	at = at ? strchr(at, ':') : NULL;
	return at ? atol(at + 1) : -1;
}

/* PTEs of @at that were made to fault while it was used */
static long long balanced(char *at, size_t length)
{
	long long before = vm_counter("numa_pte_updates ");
	long first = scans();
	time_t end = time(NULL) + 60;

	while (scans() < first + 3 && time(NULL) < end)
		for (size_t i = 0; i < length; i += PAGE_4K)
			__atomic_fetch_add(at + i, 1, __ATOMIC_RELAXED);
	return scans() < first + 3 ? -1 :
		vm_counter("numa_pte_updates ") - before;
}

/*
 * Memory of the last node, used from the first: the kernel leaves alone what is
 * where the one thread of a process is.
 */
TEST(not_balanced)
{
	const struct vn_host *host = vn_host();
	struct vn_set both = vn_set_and(&host->has_cpu, &host->has_memory);
	int here = vn_set_first(&both);
	int there = vn_set_nth(&both, vn_set_weight(&both) - 1);
	size_t length = 32 * MIB;
	long long ours, control;
	char *at, *anonymous;
	int fd, mem;

	if (here == there)
		SKIP(return, "one node with CPUs and memory");
	if (scans() < 0 ||
	    __vn_write_file("/proc/sys/kernel/numa_balancing", "1"))
		SKIP(return, "no automatic NUMA balancing");
	__vn_write_file("/sys/kernel/debug/sched/numa_balancing/scan_delay_ms",
			"1");
	__vn_write_file("/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms",
			"10");
	fd = vn_open();
	mem = vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, length, there, 12);
	at = vn_map(mem, length);
	vn_setaffinity(0, &host->node_cpus[there]);
	anonymous = mmap(NULL, length, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, anonymous);
	madvise(anonymous, length, MADV_NOHUGEPAGE);
	vn_touch(anonymous, length);
	vn_setaffinity(0, &host->node_cpus[here]);
	/* Whether it would have been seen */
	control = balanced(anonymous, length);
	munmap(anonymous, length);
	ours = balanced(at, length);
	munmap(at, length);
	close(mem);
	close(fd);
	vn_note("PTEs made to fault: %lld of ours, %lld of others", ours,
		control);
	if (ours < 0 || control < 1024)
		SKIP(return, "the kernel did not get to it");
	EXPECT_GT(control / 4, ours);
}

TEST_HARNESS_MAIN
