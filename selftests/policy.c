// SPDX-License-Identifier: GPL-2.0
/*
 * Where the pages of a memory object come from: the policies of its ranges, and
 * what it takes of a reservation. (What is else with nodes that are full: full.c.)
 */
#include "kselftest_harness.h"
#include "memory.h"

FIXTURE(policy) {
	const struct vn_host *host;
	int fd;
	size_t page;
	int nodes;		/* with memory */
	int first;
	int last;
	struct vn_set all;
};

FIXTURE_VARIANT(policy) {
	unsigned int shift;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(policy, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(policy, small_populated) {
	.shift = 12,
	.flags = VCPUNUMA_MEM_POPULATE,
};

FIXTURE_VARIANT_ADD(policy, large) {
	.shift = 21,
};

FIXTURE_VARIANT_ADD(policy, large_populated) {
	.shift = 21,
	.flags = VCPUNUMA_MEM_POPULATE,
};

FIXTURE_SETUP(policy)
{
	self->host = vn_host();
	self->fd = vn_open();
	self->page = 1UL << variant->shift;
	self->nodes = vn_set_weight(&self->host->has_memory);
	self->first = vn_set_first(&self->host->has_memory);
	self->last = vn_set_nth(&self->host->has_memory, self->nodes - 1);
	vn_getaffinity(0, &self->all);
	vn_catch_sigbus();
}

FIXTURE_TEARDOWN(policy)
{
	close(self->fd);
}

#define need_two_nodes()						\
	do {								\
		if (self->nodes < 2)					\
			SKIP(return, "one node with memory");		\
	} while (0)

/* Has all pages that are not there yet: like POPULATE, or by touching. */
static size_t have_all(char *at, size_t length, size_t step)
{
	return vn_touch_until_sigbus(at, length, step);
}

static size_t length_of(const struct vcpunuma_mem_range *range, unsigned int nr)
{
	size_t length = 0;

	while (nr--)
		length += range[nr].length;
	return length;
}

/* An object of these ranges with all its pages, mapped. */
struct made {
	int mem;
	char *at;
	size_t length;
};

#define make(range, nr) ({						\
	struct made __m = { .length = length_of(range, nr) };		\
									\
	__m.mem = vn_mem_create_ranges(self->fd, variant->flags,	\
				       variant->shift, range, nr);	\
	__m.at = vn_map(__m.mem, __m.length);				\
	ASSERT_EQ(__m.length, have_all(__m.at, __m.length, self->page)) {\
		TH_LOG("%s", vn_mem_text(__m.mem));			\
	}								\
	__m;								\
})

static void unmake(struct made *m)
{
	munmap(m->at, m->length);
	close(m->mem);
}

/* k ranges are k virtual nodes. */
TEST_F(policy, strict)
{
	struct vcpunuma_mem_range range[16];
	struct vcpunuma_cmd_mem_query cmd;
	unsigned int nr = 0;
	size_t offset = 0;
	struct made m;
	int node;

	for (node = -1; nr < ARRAY_SIZE(range) &&
	     vn_set_step(&self->host->has_memory, &node); nr++)
		range[nr] = (struct vcpunuma_mem_range)
			RANGE((nr + 1) * self->page, STRICT, .node = node);
	m = make(range, nr);
	for (unsigned int i = 0; i < nr; i++) {
		EXPECT_PART_ON_NODE(m.at + offset, range[i].length,
				    range[i].node);
		EXPECT_EQ(range[i].length, vn_mem_on(m.mem, range[i].node));
		offset += range[i].length;
	}
	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_EQ(nr == 1 ? range[0].node : VCPUNUMA_NONE, cmd.out_node);
	EXPECT_EQ(0, cmd.out_remote);
	EXPECT_EQ(0, cmd.out_small);
	EXPECT_EQ(0, cmd.out_lost);
	unmake(&m);
}

/* Ranges that all name one node are as if there was one. */
TEST_F(policy, same_node)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(self->page, STRICT, .node = self->last),
		RANGE(self->page, PREFERRED, .node = self->last),
		RANGE(self->page, BOUNDED, .node = self->last,
		      .min_local = 100),
	};
	struct vcpunuma_cmd_mem_query cmd;
	struct made m = make(range, ARRAY_SIZE(range));

	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_EQ(self->last, cmd.out_node);
	EXPECT_ON_NODE(m.at, m.length, self->last);
	unmake(&m);
}

/* As many as there may be, each of one page, there and back */
TEST_F(policy, many_ranges)
{
	struct vcpunuma_mem_range *range;
	struct made m;

	if (variant->shift == 21)
		SKIP(return, "more than a node has");
	range = calloc(VCPUNUMA_MAX_RANGES, sizeof(*range));
	ASSERT_NE(NULL, range);
	for (int i = 0; i < VCPUNUMA_MAX_RANGES; i++)
		range[i] = (struct vcpunuma_mem_range)
			RANGE(self->page, STRICT,
			      .node = i % 2 ? self->last : self->first);
	m = make(range, VCPUNUMA_MAX_RANGES);
	for (int i = 0; i < VCPUNUMA_MAX_RANGES; i += 97)
		EXPECT_PART_ON_NODE(m.at + i * self->page, self->page,
				    range[i].node);
	if (self->first != self->last)
		EXPECT_EQ(m.length / 2, vn_mem_on(m.mem, self->first));
	EXPECT_EQ(-EINVAL,
		  __vn_mem_create_ranges(self->fd, 0, variant->shift, range,
					 VCPUNUMA_MAX_RANGES + 1));
	unmake(&m);
	free(range);
}

/* An element of a later version, whose rest is 0 */
TEST_F(policy, longer_elements)
{
	struct {
		struct vcpunuma_mem_range known;
		__u64 unknown;
	} range[2] = {
		{ RANGE(self->page, STRICT, .node = self->first), 0 },
		{ RANGE(self->page, STRICT, .node = self->last), 0 },
	};
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.length = 2 * self->page,
		.page_shift = variant->shift,
		.ranges = (uintptr_t)range,
		.nr_ranges = 2,
		.range_size = sizeof(range[0]),
	};

	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE, &cmd));
	close(cmd.out_fd);
	range[1].unknown = 1;
	EXPECT_EQ(-E2BIG, __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE, &cmd));
}

/* Where there is memory, preferring is having. */
TEST_F(policy, preferred)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(4 * self->page, PREFERRED, .node = self->last),
		RANGE(4 * self->page, PREFERRED, .node = self->first),
	};
	struct vcpunuma_cmd_mem_query cmd;
	struct made m = make(range, ARRAY_SIZE(range));

	EXPECT_PART_ON_NODE(m.at, m.length / 2, self->last);
	EXPECT_PART_ON_NODE(m.at + m.length / 2, m.length / 2, self->first);
	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_remote);
	unmake(&m);
}

/* Dealt out in the order given, from the first page of the range on */
TEST_F(policy, interleave)
{
	struct vcpunuma_node_weight weight[16];
	unsigned int nr = 0, pages = 0, round;
	struct vcpunuma_mem_range range[2];
	struct vcpunuma_cmd_mem_query cmd;
	struct made m;
	int node;

	for (node = -1; vn_set_step(&self->host->has_memory, &node) && nr < 8;) {
		memmove(weight + 1, weight, nr * sizeof(weight[0]));
		weight[0] = (struct vcpunuma_node_weight) { node, 1 };
		nr++;
	}
	pages = 3 * nr;
	range[0] = (struct vcpunuma_mem_range)
		RANGE(self->page, STRICT, .node = self->first);
	range[1] = (struct vcpunuma_mem_range)
		RANGE(pages * self->page, INTERLEAVE, WEIGHTS(weight, nr));
	m = make(range, 2);
	for (round = 0; round < pages; round++)
		EXPECT_PART_ON_NODE(m.at + (1 + round) * self->page, self->page,
				    weight[round % nr].node);
	EXPECT_EQ(4 * self->page, vn_mem_on(m.mem, self->first));
	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_remote);
	EXPECT_EQ(nr == 1 ? (__u32)self->first : VCPUNUMA_NONE, cmd.out_node);
	unmake(&m);
}

TEST_F(policy, weighted)
{
	struct vcpunuma_node_weight weight[] = {
		{ self->first, 5 }, { self->last, 2 },
	};
	struct vcpunuma_mem_range range[] = {
		RANGE(24 * self->page, INTERLEAVE, WEIGHTS(weight, 2)),
	};
	struct made m;

	need_two_nodes();
	m = make(range, 1);
	/* Three rounds of seven, and three more of the first */
	EXPECT_EQ(18 * self->page, vn_mem_on(m.mem, self->first));
	EXPECT_EQ(6 * self->page, vn_mem_on(m.mem, self->last));
	for (int i = 0; i < 24; i++)
		EXPECT_PART_ON_NODE(m.at + i * self->page, self->page,
				    i % 7 < 5 ? self->first : self->last);
	unmake(&m);
}

/* Wherever one begins: where a page is does not depend on the order. */
TEST_F(policy, interleave_by_place)
{
	struct vcpunuma_node_weight weight[] = {
		{ self->first, 1 }, { self->last, 3 },
	};
	struct vcpunuma_mem_range range[] = {
		RANGE(16 * self->page, INTERLEAVE, WEIGHTS(weight, 2)),
	};
	char *at;
	int mem;

	need_two_nodes();
	mem = vn_mem_create_ranges(self->fd, 0, variant->shift, range, 1);
	at = vn_map(mem, range[0].length);
	for (int i = 15; i >= 0; i--) {
		vn_touch(at + i * self->page, 1);
		EXPECT_PART_ON_NODE(at + i * self->page, self->page,
				    i % 4 ? self->last : self->first);
	}
	munmap(at, range[0].length);
	close(mem);
}

/* The CPU's that touches, or that has it allocated; or near that. */
TEST_F(policy, local)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(4 * self->page, LOCAL),
	};
	struct vcpunuma_cmd_mem_query cmd;
	int node;

	for (node = -1; vn_set_step(&self->host->has_cpu, &node);) {
		bool has = vn_set_has(&self->host->has_memory, node);
		int want = has ? node : vn_near_memory(node, 0);
		struct made m;

		vn_setaffinity(0, &self->host->node_cpus[node]);
		m = make(range, 1);
		vn_setaffinity(0, &self->all);
		EXPECT_ON_NODE(m.at, m.length, want);
		vn_mem_query(m.mem, &cmd, NULL, 0);
		EXPECT_EQ(VCPUNUMA_NONE, cmd.out_node);
		EXPECT_EQ(0, cmd.out_remote);
		unmake(&m);
	}
}

/* As it is bound when the object is made */
TEST_F(policy, vcpu)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(2 * self->page, STRICT,
		      .flags = VCPUNUMA_MEM_RANGE_VCPU, .vcpu = 3),
		RANGE(2 * self->page, PREFERRED,
		      .flags = VCPUNUMA_MEM_RANGE_VCPU, .vcpu = 4),
	};
	struct vn_set both = vn_set_and(&self->host->has_cpu,
					&self->host->has_memory);
	int a = vn_set_first(&both);
	int b = vn_set_nth(&both, vn_set_weight(&both) - 1);
	struct vn_thread t[2];
	struct made m;

	vn_thread_start(&t[0]);
	vn_thread_start(&t[1]);
	EXPECT_EQ(-ENOTCONN,
		  __vn_mem_create_ranges(self->fd, 0, variant->shift, range, 2));
	vn_bind(self->fd, 3, VCPUNUMA_BIND_NODE, a, t[0].tid, NULL);
	EXPECT_EQ(-ENOTCONN,
		  __vn_mem_create_ranges(self->fd, 0, variant->shift, range, 2));
	vn_bind(self->fd, 4, VCPUNUMA_BIND_NODE, b, t[1].tid, NULL);
	m.length = 4 * self->page;
	m.mem = vn_mem_create_ranges(self->fd, variant->flags, variant->shift,
				     range, 2);
	vn_bind(self->fd, 3, VCPUNUMA_BIND_NODE, b, t[0].tid, NULL);
	vn_unbind(self->fd, 4);
	m.at = vn_map(m.mem, m.length);
	EXPECT_EQ(m.length, have_all(m.at, m.length, self->page));
	EXPECT_PART_ON_NODE(m.at, m.length / 2, a);
	EXPECT_PART_ON_NODE(m.at + m.length / 2, m.length / 2, b);
	unmake(&m);
	if (vn_set_weight(&self->host->has_cpu) > 1) {
		vn_bind_set(self->fd, 4, &self->all, t[1].tid, NULL);
		EXPECT_EQ(-ENODEV,
			  __vn_mem_create_ranges(self->fd, 0, variant->shift,
						 range, 2));
	}
	vn_thread_stop(&t[0]);
	vn_thread_stop(&t[1]);
}

/* Reservations */

FIXTURE(reserved) {
	const struct vn_host *host;
	int fd;
	int other;
	struct vn_set both;
	int a;
	int b;
};

#define RESERVED	(4 * PAGE_2M)

FIXTURE_SETUP(reserved)
{
	self->host = vn_host();
	self->fd = vn_open();
	self->other = vn_open();
	self->both = vn_set_and(&self->host->has_cpu, &self->host->has_memory);
	self->a = vn_set_first(&self->both);
	self->b = vn_set_nth(&self->both, 1);
}

FIXTURE_TEARDOWN(reserved)
{
	close(self->other);
	close(self->fd);
}

/* RESERVED on each of two nodes */
static int reserve_both(int fd, int a, int b, unsigned int flags)
{
	struct vcpunuma_chunk chunk[8];
	struct vn_set set = vn_set_of(a);
	struct vcpunuma_cmd_reserve cmd = {
		.flags = flags | VCPUNUMA_RESERVE_STRICT |
			 VCPUNUMA_RESERVE_REQUIRED,
		.nr_vcpus = 2,
		.nr_vnodes = 2,
		.mem = 2 * RESERVED,
		.nodes = (uintptr_t)&set,
		.nr_node_bits = VN_NODES,
	};

	vn_set_add(&set, b);
	return __vn_reserve(fd, &cmd, NULL, 0, chunk, ARRAY_SIZE(chunk));
}

/* What of the reserved memory of a node is populated */
static long long drawn(int fd, int node)
{
	struct vcpunuma_ledger_node nodes[64];
	struct vcpunuma_cmd_ledger cmd;
	int err = __vn_ledger(fd, &cmd, nodes, 64, NULL, 0);

	for (unsigned int i = 0; !err && i < cmd.nr_nodes; i++)
		if (nodes[i].node == (__u32)node)
			return nodes[i].mem_populated;
	return err;
}

#define need_both()							\
	do {								\
		if (self->b < 0)					\
			SKIP(return, "one node with CPUs and memory");	\
	} while (0)

TEST_F(reserved, each_node)
{
	struct vcpunuma_node_weight weight[] = {
		{ self->a, 1 }, { self->b, 1 },
	};
	struct vcpunuma_mem_range range[] = {
		RANGE(2 * PAGE_2M, STRICT, .node = self->a),
		RANGE(PAGE_2M, PREFERRED, .node = self->b),
		RANGE(4 * PAGE_2M, INTERLEAVE, WEIGHTS(weight, 2)),
		RANGE(PAGE_2M, BOUNDED, .node = self->b),
	};
	int mem;

	need_both();
	ASSERT_EQ(0, reserve_both(self->fd, self->a, self->b, 0));
	mem = vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 0, range, 4);
	EXPECT_EQ(RESERVED, vn_mem_on(mem, self->a));
	EXPECT_EQ(RESERVED, vn_mem_on(mem, self->b));
	EXPECT_EQ(RESERVED, drawn(self->fd, self->a));
	EXPECT_EQ(RESERVED, drawn(self->fd, self->b));
	/* It was all there was. */
	EXPECT_EQ(-ENOSPC, __vn_mem_create_ranges(self->fd, 0, 0, range, 1));
	EXPECT_EQ(-ENOSPC, __vn_mem_create(self->fd, 0, PAGE_2M, self->b, 0));
	close(mem);
	EXPECT_TRUE(vn_eventually(!drawn(self->fd, self->a)));
	EXPECT_EQ(0, drawn(self->fd, self->b));
	mem = vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 0, range, 4);
	close(mem);
}

/* All of an object or nothing: enough on one node does not do. */
TEST_F(reserved, not_on_one)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(PAGE_2M, STRICT, .node = self->a),
		RANGE(RESERVED + PAGE_2M, STRICT, .node = self->b),
	};
	int mem;

	need_both();
	ASSERT_EQ(0, reserve_both(self->fd, self->a, self->b, 0));
	EXPECT_EQ(-ENOSPC, __vn_mem_create_ranges(self->fd, 0, 0, range, 2));
	range[1].length = RESERVED;
	range[0].length = RESERVED;
	mem = vn_mem_create_ranges(self->fd, 0, 0, range, 2);
	EXPECT_EQ(0, drawn(self->fd, self->a));
	close(mem);
}

TEST_F(reserved, local_names_no_node)
{
	struct vcpunuma_mem_range range[] = { RANGE(PAGE_2M, LOCAL) };

	need_both();
	ASSERT_EQ(0, reserve_both(self->fd, self->a, self->b, 0));
	EXPECT_EQ(-ENOSPC, __vn_mem_create_ranges(self->fd, 0, 0, range, 1));
}

TEST_F(reserved, beyond)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(PAGE_2M, STRICT, .node = self->a),
		RANGE(RESERVED + PAGE_2M, STRICT, .node = self->b),
	};
	struct vcpunuma_mem_range local[] = { RANGE(PAGE_2M, LOCAL) };
	int mem;

	need_both();
	ASSERT_EQ(0, reserve_both(self->fd, self->a, self->b,
				  VCPUNUMA_RESERVE_BEYOND));
	mem = vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 0, range, 2);
	EXPECT_EQ(0, drawn(self->fd, self->a));
	EXPECT_EQ(0, drawn(self->fd, self->b));
	close(mem);
	mem = vn_mem_create_ranges(self->fd, 0, 0, local, 1);
	close(mem);
}

/* A page that was punched is drawn again. */
TEST_F(reserved, punched)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(RESERVED, STRICT, .node = self->a),
		RANGE(RESERVED, STRICT, .node = self->b),
	};
	int mem;

	need_both();
	ASSERT_EQ(0, reserve_both(self->fd, self->a, self->b, 0));
	mem = vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 0, range, 2);
	ASSERT_EQ(0, __vn_mem_punch(mem, RESERVED - PAGE_2M, 2 * PAGE_2M));
	EXPECT_EQ(RESERVED - PAGE_2M, drawn(self->fd, self->a));
	EXPECT_EQ(RESERVED - PAGE_2M, drawn(self->fd, self->b));
	EXPECT_EQ(-ENOSPC, __vn_mem_create(self->fd, 0, PAGE_2M, self->a, 0));
	ASSERT_EQ(0, __vn_mem_populate(mem, 0, 2 * RESERVED, 0));
	EXPECT_EQ(RESERVED, drawn(self->fd, self->a));
	close(mem);
}

/* At most *@length of a node, and as much of it as there is; *@length says how much. */
static int reserve_most(int fd, int node, size_t *length)
{
	struct vcpunuma_chunk chunk[8];
	struct vn_set set = vn_set_of(node);
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.nodes = (uintptr_t)&set,
		.nr_node_bits = VN_NODES,
	};
	int err = -ENOSPC;

	cmd.mem = *length & -PAGE_2M;
	for (; err == -ENOSPC && cmd.mem > 8 * MIB; cmd.mem -= 8 * MIB) {
		*length = cmd.mem;
		err = __vn_reserve(fd, &cmd, NULL, 0, chunk, ARRAY_SIZE(chunk));
	}
	return err;
}

/* All that can be reserved, and what the kernel gets back meanwhile */
static int reserve_all(int fd, int node)
{
	size_t length = vn_meminfo(node, "MemTotal");
	int err = reserve_most(fd, node, &length);

	for (int i = 0; !err && i < 32; i++) {
		length = 16 * MIB;
		if (reserve_most(__vn_open(), node, &length))
			break;
	}
	return err;
}

/*
 * Who has reserved on one node has nothing of what others have on another, neither
 * by mbind(2) nor because his own node is full.
 */
TEST_F(reserved, of_others)
{
	size_t length = 64 * MIB;
	struct vn_set to_b;
	char *at;
	int mem;

	need_both();
	to_b = vn_set_of(self->b);
	ASSERT_EQ(0, reserve_most(self->fd, self->a, &length));
	mem = vn_mem_create(self->fd, 0, length, self->a, 0);
	at = vn_map(mem, length);
	vn_mbind(at, length, MPOL_BIND, &to_b);
	/* As long as nobody has reserved it, it is there for all. */
	EXPECT_EQ(0, __vn_mem_populate(mem, 0, PAGE_2M, 0));
	EXPECT_EQ(PAGE_2M, vn_mem_on(mem, self->b));
	EXPECT_EQ(0, drawn(self->fd, self->b));
	ASSERT_EQ(0, __vn_mem_punch(mem, 0, length));
	ASSERT_EQ(0, reserve_all(self->other, self->b));
	EXPECT_EQ(-ENOMEM, __vn_mem_populate(mem, 0, length, 0)) {
		TH_LOG("%s", vn_mem_text(mem));
	}
	ASSERT_EQ(0, __vn_mem_punch(mem, 0, length));
	/* Its own is as it was. */
	vn_mbind(at, length, MPOL_DEFAULT, NULL);
	EXPECT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
	EXPECT_EQ((long long)length, vn_mem_on(mem, self->a));
	munmap(at, length);
	close(mem);
}

TEST_HARNESS_MAIN
