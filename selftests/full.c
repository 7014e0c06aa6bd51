// SPDX-License-Identifier: GPL-2.0
/*
 * Memory objects and a node that has no memory left, or none in pages of 2 MiB:
 * what then comes from elsewhere, what does not, and what is told of it.
 */
#include "kselftest_harness.h"
#include "memory.h"

/*
 * The last node with memory is filled once, before the tests, each of which then
 * gives back as much of it as it needs to.
 */
static struct vn_hog hog = { .vm = -1, .mem = -1, .large = -1 };
static int hog_err;

static void __attribute__((constructor)) fill_last_node(void)
{
	const struct vn_set *has = &vn_host()->has_memory;

	/* On one node alone the kernel would have nothing to run on. */
	if (vn_set_weight(has) > 1)
		hog_err = __vn_hog(&hog, vn_set_nth(has, vn_set_weight(has) - 1));
}

FIXTURE(full) {
	const struct vn_host *host;
	int fd;
	size_t page;
	int first;
	int last;		/* has no memory left */
	int near;		/* the nearest to it */
	struct vn_set to_last;
};

FIXTURE_VARIANT(full) {
	unsigned int shift;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(full, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(full, large) {
	.shift = 21,
};

FIXTURE_VARIANT_ADD(full, large_populated) {
	.shift = 21,
	.flags = VCPUNUMA_MEM_POPULATE,
};

FIXTURE_SETUP(full)
{
	self->host = vn_host();
	self->fd = vn_open();
	self->page = 1UL << variant->shift;
	self->first = vn_set_first(&self->host->has_memory);
	self->last = vn_set_nth(&self->host->has_memory,
				vn_set_weight(&self->host->has_memory) - 1);
	self->near = vn_near_memory(self->last, 0);
	self->to_last = vn_set_of(self->last);
	vn_catch_sigbus();
	ASSERT_EQ(0, hog_err);
	if (hog.mem >= 0)
		vn_hog_refill(&hog);
}

FIXTURE_TEARDOWN(full)
{
	close(self->fd);
}

#define need_two_nodes()						\
	do {								\
		if (hog.mem < 0)					\
			SKIP(return, "one node with memory");		\
	} while (0)

#define leave(bytes)	ASSERT_EQ(0, __vn_hog_leave(&hog, bytes))

/* An object of one range with all its pages, mapped */
struct made {
	int mem;
	char *at;
	size_t length;
};

static size_t have_all(const struct made *m, size_t step)
{
	return vn_touch_until_sigbus(m->at, m->length, step);
}

/* Fails the test if it cannot be made, as populating in advance may. */
#define make(_range) ({							\
	struct made __m = { .length = (_range)->length };		\
									\
	__m.mem = vn_mem_create_ranges(self->fd, variant->flags,	\
				       variant->shift, _range, 1);	\
	__m.at = vn_map(__m.mem, __m.length);				\
	__m;								\
})
#define make_all(_range) ({						\
	struct made __all = make(_range);				\
									\
	ASSERT_EQ(__all.length, have_all(&__all, self->page)) {		\
		TH_LOG("%s", vn_mem_text(__all.mem));			\
	}								\
	__all;								\
})

static void unmake(struct made *m)
{
	munmap(m->at, m->length);
	close(m->mem);
}

/* With pages in advance it cannot be made; this is what else is tried then. */
#define cannot_be_made(_range)						\
	do {								\
		if (variant->flags) {					\
			EXPECT_EQ(-ENOMEM, __vn_mem_create_ranges(	\
				  self->fd, variant->flags,		\
				  variant->shift, _range, 1));		\
			return;						\
		}							\
	} while (0)

/* What is not on the last node is on the nearest, and is told. */
#define EXPECT_SPILLED(mem, length) do {				\
	long long __there = vn_mem_on(mem, self->last);			\
	long long __length = length;					\
	struct vcpunuma_cmd_mem_query __cmd;				\
									\
	vn_mem_query(mem, &__cmd, NULL, 0);				\
	EXPECT_EQ(__length - __there, vn_mem_on(mem, self->near)) {	\
		TH_LOG("%s", vn_mem_text(mem));				\
	}								\
	EXPECT_EQ(__length - __there, (long long)__cmd.out_remote);	\
} while (0)

TEST_F(full, preferred)
{
	struct vcpunuma_mem_range range =
		RANGE(32 * MIB, PREFERRED, .node = self->last);
	struct vcpunuma_cmd_mem_query cmd;
	struct made m;

	need_two_nodes();
	m = make_all(&range);
	EXPECT_SPILLED(m.mem, m.length);
	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_LE((__u64)(8 * MIB), cmd.out_remote);
	/* What goes is taken off, wherever it is. */
	for (size_t i = 0; i < m.length; i += 8 * MIB) {
		ASSERT_EQ(0, __vn_mem_punch(m.mem, i, 8 * MIB));
		EXPECT_SPILLED(m.mem, m.length - i - 8 * MIB);
	}
	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_populated);
	EXPECT_EQ(0, cmd.out_remote);
	/* And comes back as wanted when there is room. */
	leave(160 * MIB);
	EXPECT_EQ(m.length, have_all(&m, self->page));
	EXPECT_EQ((long long)m.length, vn_mem_on(m.mem, self->last));
	vn_mem_query(m.mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_remote);
	unmake(&m);
}

/* As far as it can be had, and the rest is a signal. */
TEST_F(full, strict)
{
	struct vcpunuma_mem_range range =
		RANGE(32 * MIB, STRICT, .node = self->last);
	struct made m;
	size_t done;

	need_two_nodes();
	cannot_be_made(&range);
	m = make(&range);
	done = have_all(&m, self->page);
	EXPECT_GT(m.length, done);
	EXPECT_EQ(m.at + done, vn_sigbus.at);
	EXPECT_EQ(BUS_ADRERR, vn_sigbus.code);
	EXPECT_EQ((long long)done, vn_mem_on(m.mem, self->last));
	EXPECT_EQ((long long)done, vn_populated(m.mem));
	unmake(&m);
}

/* Local enough, or not at all */
TEST_F(full, bounded)
{
	struct vcpunuma_mem_range range =
		RANGE(96 * MIB, BOUNDED, .node = self->last, .min_local = 25);
	struct made m;

	need_two_nodes();
	leave(64 * MIB);
	m = make_all(&range);
	EXPECT_SPILLED(m.mem, m.length);
	EXPECT_LE((long long)m.length / 4, vn_mem_on(m.mem, self->last));
	EXPECT_GT((long long)m.length, vn_mem_on(m.mem, self->last));
	unmake(&m);
}

/* Allocations on a node, as the kernel counts them */
static long long hits(int node)
{
	char path[64], text[512], *at;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/numastat",
		 node);
	if (__vn_read_file(path, text, sizeof(text)))
		return -1;
	at = strstr(text, "numa_hit ");
	return at ? atoll(at + 9) : -1;
}

/* It fails before a page is taken: there would be thousands. */
TEST_F(full, bounded_in_advance)
{
	struct vcpunuma_mem_range range =
		RANGE(96 * MIB, BOUNDED, .node = self->last, .min_local = 75);
	long long before;
	int mem;

	need_two_nodes();
	leave(32 * MIB);
	before = hits(self->last);
	mem = __vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 12,
				     &range, 1);
	EXPECT_EQ(-ENOMEM, mem);
	EXPECT_GT(2000, hits(self->last) - before);
}

/*
 * So it does if each of two would be local enough by itself. What counts as
 * available is less than what is left by what the kernel keeps, now more, now less.
 */
TEST_F(full, bounded_twice)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(120 * MIB, BOUNDED, .node = self->last, .min_local = 25),
		RANGE(120 * MIB, BOUNDED, .node = self->last, .min_local = 25),
	};
	long long before;
	int mem;

	need_two_nodes();
	leave(128 * MIB);
	before = hits(self->last);
	mem = __vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 12,
				     range, 2);
	EXPECT_EQ(-ENOMEM, mem);
	EXPECT_GT(2000, hits(self->last) - before);
	/* As they would be. */
	mem = __vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 12,
				     range, 1);
	EXPECT_LE(0, mem);
	close(mem);
}

/* What another range would rather have is no reason not to begin. */
TEST_F(full, bounded_before_preferred)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(120 * MIB, BOUNDED, .node = self->last, .min_local = 25),
		RANGE(96 * MIB, PREFERRED, .node = self->last),
	};
	int mem;

	need_two_nodes();
	leave(128 * MIB);
	mem = __vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 12,
				     range, 2);
	ASSERT_LE(0, mem);
	EXPECT_SPILLED(mem, 216 * MIB);
	close(mem);
}

/* Nor is what one would have of another's node, if there are more of them. */
TEST_F(full, bounded_beside_bounded)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(160 * MIB, BOUNDED, .node = self->last),
		RANGE(0, BOUNDED, .node = self->near, .min_local = 100),
	};
	char workers[32];
	int mem;

	need_two_nodes();
	if (vn_set_weight(&self->host->has_memory) < 3)
		SKIP(return, "less than three nodes with memory");
	if (self->near > self->last)
		SKIP(return, "the node that is full comes first");
	/* Then node by node, in order */
	ASSERT_EQ(0, __vn_parameter_read("populate_workers", workers,
					 sizeof(workers)));
	ASSERT_EQ(0, __vn_parameter_write("populate_workers", "0"));
	range[1].length = (vn_free(self->near) - 128 * MIB) & -PAGE_2M;
	mem = __vn_mem_create_ranges(self->fd, VCPUNUMA_MEM_POPULATE, 12,
				     range, 2);
	EXPECT_LE(0, mem);
	EXPECT_LE((long long)range[1].length, vn_mem_on(mem, self->near)) {
		TH_LOG("%s", vn_mem_text(mem));
	}
	close(mem);
	ASSERT_EQ(0, __vn_parameter_write("populate_workers", workers));
}

/* On demand: as many as may be elsewhere are, and no more. */
TEST_F(full, bounded_on_demand)
{
	struct vcpunuma_mem_range range =
		RANGE(96 * MIB, BOUNDED, .node = self->last, .min_local = 75);
	long long elsewhere;
	struct made m;
	size_t done;

	need_two_nodes();
	if (variant->flags)
		SKIP(return, "it is populated");
	leave(32 * MIB);
	m = make(&range);
	done = have_all(&m, self->page);
	EXPECT_GT(m.length, done);
	elsewhere = (long long)done - vn_mem_on(m.mem, self->last);
	EXPECT_EQ((long long)m.length / 4, elsewhere) {
		TH_LOG("%s", vn_mem_text(m.mem));
	}
	/* Who gives some back may have some more. */
	ASSERT_EQ(0, __vn_mem_punch(m.mem, 0, m.length));
	EXPECT_LE((long long)m.length / 4, (long long)have_all(&m, self->page));
	unmake(&m);
}

/* Not beyond a distance: the node itself has nothing, nor who is as near. */
TEST_F(full, bounded_distance)
{
	struct vcpunuma_mem_range range =
		RANGE(32 * MIB, BOUNDED, .node = self->last);
	struct made m;
	size_t done;

	need_two_nodes();
	range.max_distance = vn_distance(self->last, self->near);
	m = make_all(&range);
	EXPECT_SPILLED(m.mem, m.length);
	unmake(&m);

	range.max_distance--;
	cannot_be_made(&range);
	m = make(&range);
	done = have_all(&m, self->page);
	EXPECT_GT(m.length, done);
	EXPECT_EQ((long long)done, vn_mem_on(m.mem, self->last));
	unmake(&m);
}

/* All of it local is strict; none of it is not. */
TEST_F(full, bounded_wholly)
{
	struct vcpunuma_mem_range range =
		RANGE(32 * MIB, BOUNDED, .node = self->last, .min_local = 100);
	struct made m;

	need_two_nodes();
	EXPECT_EQ(-ENOMEM, __vn_mem_create_ranges(self->fd,
						  VCPUNUMA_MEM_POPULATE,
						  variant->shift, &range, 1));
	range.min_local = 0;
	m = make_all(&range);
	EXPECT_SPILLED(m.mem, m.length);
	unmake(&m);
	range.min_local = 100;
	leave(160 * MIB);
	m = make_all(&range);
	EXPECT_ON_NODE(m.at, m.length, self->last);
	unmake(&m);
}

/* A node that has none is not made up for by another. */
TEST_F(full, interleave)
{
	struct vcpunuma_node_weight weight[] = {
		{ self->first, 1 }, { self->last, 1 },
	};
	struct vcpunuma_mem_range range =
		RANGE(64 * MIB, INTERLEAVE, WEIGHTS(weight, 2));
	struct made m;
	size_t done;

	need_two_nodes();
	cannot_be_made(&range);
	m = make(&range);
	done = have_all(&m, self->page);
	EXPECT_GT(m.length, done);
	EXPECT_EQ(1, done / self->page % 2);
	unmake(&m);
}

/* mbind(2) to several nodes: what is near first, and nothing beyond them */
TEST_F(full, mbind_several)
{
	struct vcpunuma_mem_range range =
		RANGE(32 * MIB, STRICT, .node = self->first);
	struct vn_set set = self->to_last;
	struct made m;

	need_two_nodes();
	if (vn_set_weight(&self->host->has_memory) < 3)
		SKIP(return, "less than three nodes with memory");
	if (!vn_set_has(&self->host->has_cpu, self->last))
		SKIP(return, "no CPU on the last node");
	vn_setaffinity(0, &self->host->node_cpus[self->last]);
	vn_set_add(&set, self->near);
	m = make(&range);
	ASSERT_EQ(0, __vn_mem_punch(m.mem, 0, m.length));
	vn_mbind(m.at, m.length, MPOL_BIND, &set);
	EXPECT_EQ(m.length, have_all(&m, self->page));
	EXPECT_SPILLED(m.mem, m.length);
	ASSERT_EQ(0, __vn_mem_punch(m.mem, 0, m.length));
	leave(160 * MIB);
	EXPECT_EQ(m.length, have_all(&m, self->page));
	EXPECT_EQ((long long)m.length, vn_mem_on(m.mem, self->last));
	unmake(&m);
}

/* To one: that or none; to prefer it is less. */
TEST_F(full, mbind)
{
	struct vcpunuma_mem_range range =
		RANGE(32 * MIB, STRICT, .node = self->first);
	struct made m;
	size_t done;

	need_two_nodes();
	m = make(&range);
	ASSERT_EQ(0, __vn_mem_punch(m.mem, 0, m.length));
	vn_mbind(m.at, m.length, MPOL_BIND, &self->to_last);
	done = have_all(&m, self->page);
	EXPECT_GT(m.length, done);
	EXPECT_EQ((long long)done, vn_mem_on(m.mem, self->last));
	vn_mbind(m.at, m.length, MPOL_PREFERRED, &self->to_last);
	EXPECT_EQ((size_t)PAGE_2M,
		  vn_touch_until_sigbus(m.at + done, PAGE_2M, self->page));
	EXPECT_SPILLED(m.mem, done + PAGE_2M);
	unmake(&m);
}

/* Pages of 4 KiB where there are none of 2 MiB */

FIXTURE(small) {
	const struct vn_host *host;
	int fd;
	int node;
};

FIXTURE_VARIANT(small) {
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(small, touched) {
};

FIXTURE_VARIANT_ADD(small, populated) {
	.flags = VCPUNUMA_MEM_POPULATE,
};

#define ROOM	(96 * MIB)

FIXTURE_SETUP(small)
{
	self->host = vn_host();
	self->fd = vn_open();
	self->node = vn_set_nth(&self->host->has_memory,
				vn_set_weight(&self->host->has_memory) - 1);
	vn_catch_sigbus();
	ASSERT_EQ(0, hog_err);
	if (hog.mem < 0)
		return;
	vn_hog_refill(&hog);
	ASSERT_EQ(0, __vn_hog_fragment(&hog, ROOM));
}

FIXTURE_TEARDOWN(small)
{
	close(self->fd);
}

TEST_F(small, in_the_stead)
{
	size_t length = 16 * MIB;
	struct vcpunuma_cmd_mem_query cmd;
	char *at;
	int mem;

	need_two_nodes();
	mem = vn_mem_create(self->fd, variant->flags | VCPUNUMA_MEM_SMALL,
			    length, self->node, 0);
	at = vn_map(mem, length);
	ASSERT_EQ(length, vn_touch_until_sigbus(at, length, PAGE_4K)) {
		TH_LOG("%s", vn_mem_text(mem));
	}
	EXPECT_EQ(0x55 * length / PAGE_4K, vn_sum(at, length));
	EXPECT_ON_NODE(at, length, self->node);
	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(21, cmd.out_page_shift);
	EXPECT_EQ(length, cmd.out_populated);
	EXPECT_EQ(0, cmd.out_remote);
	EXPECT_LE(length / 2, cmd.out_small);
	/* Each 2 MiB are one page or 512. */
	EXPECT_EQ(length - vn_smaps(at, "FilePmdMapped"), cmd.out_small);

	/* A part of what stands in for one goes, and comes. */
	ASSERT_EQ(0, __vn_mem_punch(mem, 0, length));
	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_populated);
	EXPECT_EQ(0, cmd.out_small);
	ASSERT_EQ(0, __vn_hog_leave(&hog, 160 * MIB));
	EXPECT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(length, cmd.out_populated);
	EXPECT_EQ(0, cmd.out_small);
	munmap(at, length);
	close(mem);
}

/* Each is zeroed, also where the object had something before. */
TEST_F(small, zeroed)
{
	size_t length = 8 * MIB;
	char *at;
	int mem;

	need_two_nodes();
	mem = vn_mem_create(self->fd, variant->flags | VCPUNUMA_MEM_SMALL,
			    length, self->node, 0);
	at = vn_map(mem, length);
	for (int round = 0; round < 3; round++) {
		EXPECT_TRUE(vn_is_zero(at, length));
		memset(at, 0xa5, length);
		ASSERT_EQ(0, __vn_mem_punch(mem, 0, length));
	}
	munmap(at, length);
	close(mem);
}

/* Without the flag there is none. */
TEST_F(small, not_asked_for)
{
	size_t length = 32 * MIB;
	char *at;
	int mem;

	need_two_nodes();
	mem = __vn_mem_create(self->fd, variant->flags, length, self->node, 0);
	if (variant->flags) {
		EXPECT_EQ(-ENOMEM, mem);
		return;
	}
	ASSERT_LE(0, mem);
	at = vn_map(mem, length);
	EXPECT_GT(length, vn_touch_until_sigbus(at, length, PAGE_2M));
	munmap(at, length);
	close(mem);
}

/* The node comes before the size. */
TEST_F(small, preferred)
{
	struct vcpunuma_mem_range range[] = {
		RANGE(16 * MIB, PREFERRED, .node = self->node),
	};
	struct vcpunuma_cmd_mem_query cmd;
	char *at;
	int mem;

	need_two_nodes();
	mem = vn_mem_create_ranges(self->fd,
				   variant->flags | VCPUNUMA_MEM_SMALL, 0,
				   range, 1);
	at = vn_map(mem, range[0].length);
	ASSERT_EQ(range[0].length,
		  vn_touch_until_sigbus(at, range[0].length, PAGE_4K));
	EXPECT_ON_NODE(at, range[0].length, self->node);
	vn_mem_query(mem, &cmd, NULL, 0);
	EXPECT_EQ(0, cmd.out_remote);
	EXPECT_LT(0, cmd.out_small);
	munmap(at, range[0].length);
	close(mem);
}

TEST_HARNESS_MAIN
