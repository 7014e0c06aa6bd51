// SPDX-License-Identifier: GPL-2.0
/*
 * The device itself, mapped: memory of the VM without a command.
 */
#include "kselftest_harness.h"
#include "memory.h"

#include <sys/resource.h>
#include <sys/wait.h>

#define LENGTH		(8 * PAGE_2M)

FIXTURE(direct) {
	const struct vn_host *host;
	int fd;
	int first;
	int last;
	struct vn_set all;
};

FIXTURE_SETUP(direct)
{
	int nodes;

	self->host = vn_host();
	nodes = vn_set_weight(&self->host->has_memory);
	self->first = vn_set_first(&self->host->has_memory);
	self->last = vn_set_nth(&self->host->has_memory, nodes - 1);
	self->fd = vn_open();
	vn_getaffinity(0, &self->all);
	vn_catch_sigbus();
}

FIXTURE_TEARDOWN(direct)
{
	close(self->fd);
}

/* 0, or -errno; unmapped again. */
static int try_map(int fd, size_t length, int flags, off_t offset)
{
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, fd,
			offset);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, length);
	return 0;
}

/* Bytes of memory objects the VM has, by DISTRIBUTION */
static long long bytes_of(int fd)
{
	struct vcpunuma_cmd_distribution cmd;
	struct vcpunuma_share share[64];
	int err = __vn_distribution(fd, &cmd, share, ARRAY_SIZE(share));
	long long sum = 0;

	for (unsigned int i = 0; !err && i < cmd.nr_shares; i++)
		sum += share[i].mem_bytes;
	return err ? err : sum;
}

TEST_F(direct, large_pages)
{
	char *at = vn_map(self->fd, LENGTH);

	EXPECT_EQ(0, (uintptr_t)at % PAGE_2M);
	EXPECT_EQ(0, bytes_of(self->fd));
	EXPECT_TRUE(vn_is_zero(at, LENGTH));
	vn_touch(at, LENGTH);
	EXPECT_EQ(LENGTH, vn_smaps(at, "FilePmdMapped"));
	EXPECT_EQ(LENGTH, bytes_of(self->fd));
	munmap(at, LENGTH);
}

/* On the node of who touches */
TEST_F(direct, local)
{
	struct vn_set both = vn_set_and(&self->host->has_cpu,
					&self->host->has_memory);
	char *at = vn_map(self->fd, LENGTH), *p = at;
	int node;

	for (node = -1; vn_set_step(&both, &node) && p < at + LENGTH;) {
		vn_setaffinity(0, &self->host->node_cpus[node]);
		vn_touch(p, PAGE_2M);
		EXPECT_PART_ON_NODE(p, PAGE_2M, node);
		p += PAGE_2M;
	}
	vn_setaffinity(0, &self->all);
	munmap(at, LENGTH);
}

TEST_F(direct, mbind)
{
	struct vn_set first = vn_set_of(self->first);
	struct vn_set last = vn_set_of(self->last), set;
	char *at = vn_map(self->fd, LENGTH);

	EXPECT_EQ(MPOL_DEFAULT, vn_policy_at(at, &set));
	vn_mbind(at, LENGTH / 2, MPOL_BIND, &first);
	vn_mbind(at + LENGTH / 2, LENGTH / 2, MPOL_BIND, &last);
	vn_touch(at, LENGTH);
	EXPECT_PART_ON_NODE(at, LENGTH / 2, self->first);
	EXPECT_PART_ON_NODE(at + LENGTH / 2, LENGTH / 2, self->last);
	EXPECT_EQ(MPOL_BIND, vn_policy_at(at + LENGTH / 2, &set));
	EXPECT_SET(&last, &set);
	munmap(at, LENGTH);
}

/* There is one: whoever maps it, and however often. */
TEST_F(direct, the_same_again)
{
	char *at = vn_map(self->fd, LENGTH), *again;
	int other = vn_open();

	at[PAGE_2M + 1] = 5;
	again = vn_map(self->fd, LENGTH);
	EXPECT_NE(at, again);
	EXPECT_EQ(5, again[PAGE_2M + 1]);
	/* Less of it */
	munmap(again, LENGTH);
	again = vn_map(self->fd, 2 * PAGE_2M);
	EXPECT_EQ(5, again[PAGE_2M + 1]);
	munmap(again, 2 * PAGE_2M);
	/* It has the length it has. */
	EXPECT_EQ(-EINVAL, try_map(self->fd, LENGTH + PAGE_2M, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->fd, LENGTH + PAGE_4K, MAP_SHARED, 0));
	/* Nor does it go with its last mapping. */
	munmap(at, LENGTH);
	at = vn_map(self->fd, LENGTH);
	EXPECT_EQ(5, at[PAGE_2M + 1]);
	munmap(at, LENGTH);
	EXPECT_EQ(-EINVAL, try_map(self->fd, 2 * LENGTH, MAP_SHARED, 0));
	/* Another VM has its own. */
	at = vn_map(other, LENGTH);
	EXPECT_EQ(0, at[PAGE_2M + 1]);
	munmap(at, LENGTH);
	close(other);
}

TEST_F(direct, rounded_up)
{
	char *at = vn_map(self->fd, PAGE_2M + PAGE_4K);

	vn_touch(at, PAGE_2M + PAGE_4K);
	EXPECT_EQ(2 * PAGE_2M, bytes_of(self->fd));
	munmap(at, PAGE_2M + PAGE_4K);
	at = vn_map(self->fd, 2 * PAGE_2M);
	EXPECT_EQ(0x55, at[PAGE_2M]);
	EXPECT_EQ(-EINVAL, try_map(self->fd, 2 * PAGE_2M + PAGE_4K, MAP_SHARED,
				   0));
	munmap(at, 2 * PAGE_2M);
}

TEST_F(direct, wrong)
{
	EXPECT_EQ(-EINVAL, try_map(self->fd, LENGTH, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, try_map(self->fd, LENGTH, MAP_SHARED, PAGE_2M));
	EXPECT_EQ(-EINVAL, try_map(self->fd, LENGTH, MAP_SHARED, PAGE_4K));
	EXPECT_GT(0, try_map(self->fd, LENGTH, MAP_SHARED, 1LL << 62));
	EXPECT_EQ(0, bytes_of(self->fd));
	/* None of that has made one: it has the length that is asked for now. */
	EXPECT_EQ(0, try_map(self->fd, LENGTH, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->fd, 2 * LENGTH, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->fd, LENGTH, MAP_SHARED, PAGE_2M));
	EXPECT_EQ(-EINVAL, try_map(self->fd, PAGE_2M, MAP_SHARED, LENGTH));
}

/* Beside objects, and one of those the VM may have */
TEST_F(direct, beside_objects)
{
	int mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, PAGE_2M,
				self->first, 0);
	char *at = vn_map(self->fd, PAGE_2M), *object = vn_map(mem, PAGE_2M);

	at[0] = 1;
	object[0] = 2;
	EXPECT_EQ(1, at[0]);
	EXPECT_EQ(2 * PAGE_2M, bytes_of(self->fd));
	munmap(object, PAGE_2M);
	close(mem);
	EXPECT_TRUE(vn_eventually(bytes_of(self->fd) == PAGE_2M));
	munmap(at, PAGE_2M);
}

/* Limits of a VM that was handed on */

static int restrict_vm(int fd, struct vcpunuma_cmd_restrict cmd)
{
	cmd.size = sizeof(cmd);
	return __vn_ioctl(fd, VCPUNUMA_RESTRICT, &cmd);
}

TEST_F(direct, restricted_commands)
{
	ASSERT_EQ(0, restrict_vm(self->fd, (struct vcpunuma_cmd_restrict) {
		.flags = VCPUNUMA_RESTRICT_COMMANDS,
		.commands = ~VCPUNUMA_COMMAND_BIT(VCPUNUMA_MEM_CREATE),
	}));
	EXPECT_EQ(-EACCES, try_map(self->fd, LENGTH, MAP_SHARED, 0));
}

TEST_F(direct, restricted_nodes)
{
	struct vn_set only = vn_set_of(self->first);
	struct vn_set last = vn_set_of(self->last);
	char *at;

	if (self->first == self->last)
		SKIP(return, "one node with memory");
	ASSERT_EQ(0, restrict_vm(self->fd, (struct vcpunuma_cmd_restrict) {
		.flags = VCPUNUMA_RESTRICT_NODES,
		.nodes = (uintptr_t)&only,
		.nr_node_bits = VN_NODES,
	}));
	at = vn_map(self->fd, LENGTH);
	if (vn_set_has(&self->host->has_cpu, self->last))
		vn_setaffinity(0, &self->host->node_cpus[self->last]);
	vn_touch(at, LENGTH);
	EXPECT_PART_ON_NODE(at, LENGTH, self->first);
	EXPECT_EQ(-EACCES, __vn_mbind(at, LENGTH, MPOL_BIND, &last));
	munmap(at, LENGTH);
}

TEST_F(direct, restricted_bytes)
{
	ASSERT_EQ(0, restrict_vm(self->fd, (struct vcpunuma_cmd_restrict) {
		.flags = VCPUNUMA_RESTRICT_MEM,
		.max_mem = LENGTH,
	}));
	EXPECT_EQ(-EDQUOT, try_map(self->fd, LENGTH + PAGE_2M, MAP_SHARED, 0));
	EXPECT_EQ(0, try_map(self->fd, LENGTH, MAP_SHARED, 0));
}

static long child_map(void *length, int fd)
{
	return try_map(fd, (long)length, MAP_SHARED, 0);
}

static long child_limit(void *bytes, int fd)
{
	struct rlimit limit = { (long)bytes, (long)bytes };

	(void)fd;
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

TEST_F(direct, memlock)
{
	struct vn_child c;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_limit, (void *)LENGTH, -1));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1));
	EXPECT_EQ(-EDQUOT, vn_child_call(&c, child_map,
					 (void *)(LENGTH + PAGE_2M), self->fd));
	EXPECT_EQ(0, vn_child_call(&c, child_map, (void *)LENGTH, self->fd));
	vn_child_stop(&c);
}

/* A VM with a reservation has no node for it. */
TEST_F(direct, reserved)
{
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1, .mem = LENGTH };

	ASSERT_EQ(0, __vn_reserve(self->fd, &cmd, NULL, 0, NULL, 0));
	EXPECT_EQ(-ENOSPC, try_map(self->fd, LENGTH, MAP_SHARED, 0));
	vn_release(self->fd);
	EXPECT_EQ(0, try_map(self->fd, LENGTH, MAP_SHARED, 0));
}

/* How long it lives */

TEST_F(direct, closed)
{
	long long before = vn_free(self->last);
	struct vn_set last = vn_set_of(self->last);
	size_t length = 32 * PAGE_2M;
	char *at = vn_map(self->fd, length);

	vn_mbind(at, length, MPOL_BIND, &last);
	vn_touch(at, length / 2);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0x55, at[length / 2 - PAGE_4K]);
	/* What is not there yet still comes, as wanted. */
	vn_touch(at, length);
	EXPECT_PART_ON_NODE(at, length, self->last);
	munmap(at, length);
	EXPECT_TRUE(vn_eventually(vn_free(self->last) > before - 24 * MIB)) {
		TH_LOG("%lld free, then %lld", before, vn_free(self->last));
	}
}

TEST_F(direct, forked)
{
	char *at = vn_map(self->fd, LENGTH);
	int status;
	pid_t pid;

	at[0] = 1;
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (at[0] != 1)
			_exit(1);
		at[PAGE_2M] = 2;
		/* By the file as well */
		if (((char *)__vn_map(self->fd, LENGTH))[PAGE_2M] != 2)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(2, at[PAGE_2M]);
	munmap(at, LENGTH);
}

/* First mapped by somebody who dies: it is the VM's. */
static long child_map_and_write(void *length, int fd)
{
	char *at = __vn_map(fd, (long)length);

	if (at == MAP_FAILED)
		return -errno;
	at[0] = 9;
	return 0;
}

TEST_F(direct, killed)
{
	struct vn_child c;
	char *at;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_map_and_write, (void *)LENGTH,
				   self->fd));
	vn_child_kill(&c);
	EXPECT_EQ(PAGE_2M, bytes_of(self->fd));
	at = vn_map(self->fd, LENGTH);
	EXPECT_EQ(9, at[0]);
	munmap(at, LENGTH);
}

/* Many at once, the first time: there is one object all the same. */
static long child_map_once(void *length, int fd)
{
	char *at = __vn_map(fd, (long)length);

	if (at == MAP_FAILED)
		return -errno;
	__atomic_fetch_add(at, 1, __ATOMIC_RELAXED);
	return 0;
}

TEST_F(direct, at_once)
{
	struct vn_child c[4];

	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		vn_child_start(&c[i]);
	for (int round = 0; round < 20; round++) {
		int vm = vn_open();
		char *at;

		for (size_t i = 0; i < ARRAY_SIZE(c); i++)
			ASSERT_EQ(0, vn_child_post(&c[i], child_map_once,
						   (void *)LENGTH, vm));
		for (size_t i = 0; i < ARRAY_SIZE(c); i++)
			EXPECT_EQ(0, vn_child_wait(&c[i]));
		at = vn_map(vm, LENGTH);
		EXPECT_EQ(ARRAY_SIZE(c), (size_t)at[0]);
		EXPECT_EQ(PAGE_2M, bytes_of(vm));
		munmap(at, LENGTH);
		close(vm);
	}
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		vn_child_stop(&c[i]);
}

/* Pages of 4 KiB where there are none of 2 MiB */
TEST_F(direct, small_pages)
{
	struct vn_set last = vn_set_of(self->last);
	struct vn_hog hog;
	char *at;

	if (self->first == self->last)
		SKIP(return, "one node with memory");
	vn_hog(&hog, self->last);
	ASSERT_EQ(0, __vn_hog_fragment(&hog, 96 * MIB));
	at = vn_map(self->fd, LENGTH);
	vn_mbind(at, LENGTH, MPOL_BIND, &last);
	EXPECT_EQ((size_t)LENGTH, vn_touch_until_sigbus(at, LENGTH, PAGE_4K));
	EXPECT_GT(LENGTH, vn_smaps(at, "FilePmdMapped"));
	EXPECT_EQ(LENGTH, bytes_of(self->fd));
	munmap(at, LENGTH);
	vn_hog_end(&hog);
}

TEST_HARNESS_MAIN
