/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of guest memory share: ranges, touches that fail, nodes that are
 * full, policies as the kernel tells them.
 */
#ifndef SELFTESTS_MEMORY_H
#define SELFTESTS_MEMORY_H

#include "lib.h"

#include <linux/mempolicy.h>
#include <signal.h>
#include <sys/mman.h>

/* A range of an object, and the nodes of one that interleaves */
#define RANGE(_length, _policy, ...)					\
	{								\
		.length = (_length), .policy = VCPUNUMA_MEM_##_policy,	\
		##__VA_ARGS__						\
	}
#define WEIGHTS(_array, _nr)						\
	.nodes = (uintptr_t)(_array), .nr_nodes = (_nr),		\
	.weight_size = sizeof((_array)[0])

/* As long as all ranges together */
int __vn_mem_create_ranges(int fd, unsigned int flags, unsigned int page_shift,
			   const struct vcpunuma_mem_range *ranges,
			   unsigned int nr);
int __vn_mem_populate(int mem, __u64 offset, __u64 length,
		      unsigned int workers);
/* Gives back the pages of a part. */
int __vn_mem_punch(int mem, __u64 offset, __u64 length);
/* Of a mapping, MPOL_*; several @nodes or none */
int __vn_mbind(void *at, size_t length, int mode, const struct vn_set *nodes);
/* What get_mempolicy(2) says of an address: MPOL_*, or -errno. */
int vn_policy_at(void *at, struct vn_set *nodes);
/* The policy in numa_maps of the mapping that begins at @at: "bind:1"; or "" */
const char *vn_numa_maps_policy(void *at);
/* Bytes of an object on a node by MEM_QUERY, or -errno. */
long long vn_mem_on(int mem, int node);
/* What is wrong, as text, unless all of [at, at + length) is on @node; or "" */
const char *vn_part_misplaced(void *at, size_t length, int node);
/* "length N: node=BYTES ... remote=BYTES small=BYTES lost=BYTES", those not 0 */
const char *vn_mem_text(int mem);

#define vn_mem_create_ranges(...) \
	vn_fd(__vn_mem_create_ranges(__VA_ARGS__))
#define vn_mbind(...)		ASSERT_EQ(0, __vn_mbind(__VA_ARGS__))
#define EXPECT_MEM(text, mem)	EXPECT_STREQ(text, vn_mem_text(mem))
#define EXPECT_PART_ON_NODE(at, length, node) \
	EXPECT_STREQ("", vn_part_misplaced(at, length, node))

/* What the last SIGBUS said, of the thread it came to */
struct vn_sigbus {
	void *at;
	int code;
};

extern __thread struct vn_sigbus vn_sigbus;

void vn_catch_sigbus(void);
/* Touches a byte every @step; how many bytes went by before SIGBUS. */
size_t vn_touch_until_sigbus(char *at, size_t length, size_t step);
/* Reads a byte; false: SIGBUS. */
bool vn_can_read(const char *at);

/*
 * All memory of a node, taken so that nobody else can have it, but for some MiB
 * that CPUs keep in lists of their own. To give back about as much as is said: in
 * pieces as large as can be; or in pages of 4 KiB of which no two are neighbours,
 * and then there are no others. To take that again, as far as it is to be had.
 */
struct vn_hog {
	int node;
	int vm;
	int mem;
	int large;		/* of what the kernel itself keeps for worse times */
	size_t length;
};

int __vn_hog(struct vn_hog *hog, int node);
int __vn_hog_leave(struct vn_hog *hog, size_t bytes);
int __vn_hog_fragment(struct vn_hog *hog, size_t bytes);
void vn_hog_refill(struct vn_hog *hog);
void vn_hog_end(struct vn_hog *hog);

#define vn_hog(...)		ASSERT_EQ(0, __vn_hog(__VA_ARGS__))

/* The nearest other node with memory, or -1; @nth of those, from 0 */
int vn_near_memory(int node, int nth);
/* Distance between two nodes that are online */
unsigned int vn_distance(int from, int to);

/* A parameter of the module */
int __vn_parameter_read(const char *name, char *text, size_t size);
int __vn_parameter_write(const char *name, const char *text);

#endif /* SELFTESTS_MEMORY_H */
