// SPDX-License-Identifier: GPL-2.0
/*
 * What a VM may do and have: VCPUNUMA_RESTRICT, for a broker who opens the
 * device and hands it on.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <linux/capability.h>
#include <sys/resource.h>

#define RESTRICT(fd, ...) ({						\
	struct vcpunuma_cmd_restrict __cmd = {				\
		.size = sizeof(__cmd), __VA_ARGS__			\
	};								\
									\
	__vn_ioctl(fd, VCPUNUMA_RESTRICT, &__cmd);			\
})
#define RESTRICT_NODES(fd, set) \
	RESTRICT(fd, .flags = VCPUNUMA_RESTRICT_NODES,			\
		 .nodes = (uintptr_t)(set), .nr_node_bits = VN_NODES)
#define RESTRICT_CPUS(fd, set) \
	RESTRICT(fd, .flags = VCPUNUMA_RESTRICT_CPUS,			\
		 .cpus = (uintptr_t)(set), .nr_cpu_bits = VN_CPUS)
#define RESTRICT_COMMANDS(fd, bits) \
	RESTRICT(fd, .flags = VCPUNUMA_RESTRICT_COMMANDS, .commands = (bits))
#define RESTRICT_VCPUS(fd, nr) \
	RESTRICT(fd, .flags = VCPUNUMA_RESTRICT_VCPUS, .max_vcpus = (nr))
#define RESTRICT_MEM(fd, bytes) \
	RESTRICT(fd, .flags = VCPUNUMA_RESTRICT_MEM, .max_mem = (bytes))

FIXTURE(restriction) {
	const struct vn_host *host;
	int vm;
	struct vn_set both;	/* nodes with CPUs and memory */
	int node;		/* the first of them */
	int other;		/* the second, or -1 */
	struct vn_set nodes;	/* @node alone */
	struct vn_set all;
};

FIXTURE_SETUP(restriction)
{
	self->host = vn_host();
	self->vm = vn_open();
	vn_getaffinity(0, &self->all);
	self->both = vn_set_and(&self->host->has_cpu, &self->host->has_memory);
	self->node = vn_set_first(&self->both);
	self->other = vn_set_nth(&self->both, 1);
	self->nodes = vn_set_of(self->node);
}

FIXTURE_TEARDOWN(restriction)
{
	close(self->vm);
}

#define need_other()							\
	do {								\
		if (self->other < 0)					\
			SKIP(return, "one node with CPUs and memory");	\
	} while (0)

static int reserve(int vm, unsigned int nr, __u64 mem, unsigned int flags)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = nr, .mem = mem, .flags = flags,
	};

	return __vn_reserve(vm, &cmd, NULL, 0, NULL, 0);
}

static int bind_self(int vm, unsigned int to, unsigned int target)
{
	return __vn_bind(vm, 0, to, target, 0, NULL);
}

TEST_F(restriction, commands)
{
	struct vcpunuma_cmd_info info;

	ASSERT_EQ(0, RESTRICT_COMMANDS(self->vm,
				       VCPUNUMA_COMMAND_BIT(VCPUNUMA_INFO) |
				       VCPUNUMA_COMMAND_BIT(VCPUNUMA_RESTRICT)));
	EXPECT_EQ(0, __vn_info(self->vm, &info));
	EXPECT_EQ(-EACCES, __vn_configure(self->vm, 1, 0, NULL));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_NODE, self->node));
	EXPECT_EQ(-EACCES, __vn_mem_create(self->vm, 0, PAGE_2M, self->node, 0));
	EXPECT_EQ(-EACCES, reserve(self->vm, 1, 0, 0));
	/* Not to be had again */
	EXPECT_EQ(0, RESTRICT_COMMANDS(self->vm, ~0ULL));
	EXPECT_EQ(-EACCES, __vn_configure(self->vm, 1, 0, NULL));
	EXPECT_EQ(0, __vn_info(self->vm, &info));
	/* Nor by who may restrict no more */
	EXPECT_EQ(0, RESTRICT_COMMANDS(self->vm, 0));
	EXPECT_EQ(-EACCES, RESTRICT_COMMANDS(self->vm, ~0ULL));
	EXPECT_EQ(-EACCES, __vn_info(self->vm, &info));
}

TEST_F(restriction, other_vms_are_free)
{
	int other = vn_open();

	ASSERT_EQ(0, RESTRICT_COMMANDS(self->vm, 0));
	EXPECT_EQ(0, __vn_configure(other, 1, 0, NULL));
	close(other);
}

TEST_F(restriction, nodes_of_threads)
{
	const struct vn_set *cpus = self->host->node_cpus;
	struct vn_set both;

	need_other();
	both = vn_set_or(&cpus[self->node], &cpus[self->other]);
	ASSERT_EQ(0, RESTRICT_NODES(self->vm, &self->nodes));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_NODE, self->other));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_CPU,
				     vn_set_first(&cpus[self->other])));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->vm, 0));
	EXPECT_EQ(0, bind_self(self->vm, VCPUNUMA_BIND_NODE, self->node));
	EXPECT_AFFINITY(&cpus[self->node], 0);
	/* Cut down to what it may use */
	EXPECT_EQ(0, __vn_bind_set(self->vm, 0, &both, 0, NULL));
	EXPECT_AFFINITY(&cpus[self->node], 0);
	vn_unbind(self->vm, 0);
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_F(restriction, nodes_of_places)
{
	struct vcpunuma_place place[8];

	need_other();
	ASSERT_EQ(0, RESTRICT_NODES(self->vm, &self->nodes));
	ASSERT_EQ(0, __vn_configure(self->vm, 8, 0, place));
	for (int i = 0; i < 8; i++)
		EXPECT_EQ((__u32)self->node, place[i].node);
}

TEST_F(restriction, nodes_of_memory)
{
	int mem;

	need_other();
	ASSERT_EQ(0, RESTRICT_NODES(self->vm, &self->nodes));
	EXPECT_EQ(-EACCES, __vn_mem_create(self->vm, 0, PAGE_2M, self->other, 0));
	mem = vn_mem_create(self->vm, 0, PAGE_2M, self->node, 0);
	close(mem);
}

TEST_F(restriction, nodes_of_reservations)
{
	struct vn_set other;
	struct vcpunuma_chunk chunk[4];
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 2,
		.mem = 2 * PAGE_2M,
		.policy = VCPUNUMA_ROUND_ROBIN,
		.nr_vnodes = 2,
	};

	need_other();
	other = vn_set_of(self->other);
	ASSERT_EQ(0, RESTRICT_NODES(self->vm, &self->nodes));
	ASSERT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, chunk, 4));
	for (unsigned int i = 0; i < cmd.nr_chunks; i++)
		EXPECT_EQ((__u32)self->node, chunk[i].node);
	vn_release(self->vm);
	/* More than the node has, less than the host has */
	cmd = (struct vcpunuma_cmd_reserve) {
		.nr_vcpus = 1,
		.mem = (vn_meminfo(self->node, "MemTotal") / PAGE_2M + 1) * PAGE_2M,
	};
	EXPECT_EQ(-ENOSPC, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	EXPECT_EQ(VCPUNUMA_NO_MEMORY, cmd.out_reason);
	/* The other alone: no node is left. */
	cmd = (struct vcpunuma_cmd_reserve) {
		.nr_vcpus = 1,
		.nodes = (uintptr_t)&other,
		.nr_node_bits = VN_NODES,
	};
	EXPECT_EQ(-ENOSPC, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	EXPECT_EQ(VCPUNUMA_NO_NODES, cmd.out_reason);
	cmd.flags = VCPUNUMA_RESERVE_REQUIRED;
	EXPECT_EQ(-EACCES, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	cmd.flags |= VCPUNUMA_RESERVE_DRY_RUN;
	EXPECT_EQ(-EACCES, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->vm, 0));
}

TEST_F(restriction, cpus)
{
	const struct vn_set *cpus = &self->host->node_cpus[self->node];
	int cpu = vn_set_first(cpus), next = vn_set_nth(cpus, 1);
	struct vcpunuma_place place[3];
	struct vn_set one = vn_set_of(cpu);

	if (next < 0)
		SKIP(return, "one CPU on the node");
	ASSERT_EQ(0, RESTRICT_CPUS(self->vm, &one));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_CPU, next));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(0, bind_self(self->vm, VCPUNUMA_BIND_NODE, self->node));
	EXPECT_AFFINITY(&one, 0);
	vn_unbind(self->vm, 0);
	ASSERT_EQ(0, __vn_configure(self->vm, 3, 0, place));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ((__u32)cpu, place[i].cpu);
}

/* Limits narrow each other: what both leave. */
TEST_F(restriction, narrower)
{
	struct vn_set two, next;
	int a = vn_set_first(&self->host->cpus);
	int b = vn_set_nth(&self->host->cpus, 1);
	int c = vn_set_nth(&self->host->cpus, 2);

	if (c < 0)
		SKIP(return, "less than three CPUs");
	two = vn_set_of(a);
	vn_set_add(&two, b);
	next = vn_set_of(b);
	vn_set_add(&next, c);
	ASSERT_EQ(0, RESTRICT_CPUS(self->vm, &two));
	ASSERT_EQ(0, RESTRICT_CPUS(self->vm, &next));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_CPU, a));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_CPU, c));
	EXPECT_EQ(0, bind_self(self->vm, VCPUNUMA_BIND_CPU, b));

	ASSERT_EQ(0, RESTRICT_VCPUS(self->vm, 2));
	ASSERT_EQ(0, RESTRICT_VCPUS(self->vm, 5));
	EXPECT_EQ(-EDQUOT, __vn_configure(self->vm, 3, 0, NULL));
	ASSERT_EQ(0, RESTRICT_MEM(self->vm, PAGE_2M));
	ASSERT_EQ(0, RESTRICT_MEM(self->vm, ~0ULL));
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->vm, 0, 2 * PAGE_2M,
					   self->node, 0));
}

TEST_F(restriction, vcpus)
{
	ASSERT_EQ(0, RESTRICT_VCPUS(self->vm, 2));
	EXPECT_EQ(-EDQUOT, __vn_configure(self->vm, 3, 0, NULL));
	EXPECT_EQ(-ENOENT, vn_state(self->vm, 0));
	EXPECT_EQ(-EDQUOT, reserve(self->vm, 3, 0, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->vm, 0));
	EXPECT_EQ(0, __vn_configure(self->vm, 2, 0, NULL));
	/* Any two, by whatever id */
	EXPECT_EQ(-EDQUOT, __vn_bind(self->vm, 7, VCPUNUMA_BIND_NODE,
				     vn_set_first(&self->host->has_cpu), 0,
				     NULL));
	EXPECT_EQ(0, __vn_configure(self->vm, 1, 0, NULL));
	EXPECT_EQ(0, __vn_bind(self->vm, 7, VCPUNUMA_BIND_NODE,
			       vn_set_first(&self->host->has_cpu), 0, NULL));
	EXPECT_EQ(-EDQUOT, __vn_configure(self->vm, 2, 0, NULL));
	/* None at all */
	EXPECT_EQ(-EBUSY, RESTRICT_VCPUS(self->vm, 0));
	vn_unbind(self->vm, 7);
	EXPECT_EQ(0, __vn_configure(self->vm, 0, 0, NULL));
	EXPECT_EQ(0, RESTRICT_VCPUS(self->vm, 0));
	EXPECT_EQ(-EDQUOT, __vn_configure(self->vm, 1, 0, NULL));
}

TEST_F(restriction, memory)
{
	int a, b;

	ASSERT_EQ(0, RESTRICT_MEM(self->vm, 2 * PAGE_2M));
	EXPECT_EQ(-EDQUOT, reserve(self->vm, 1, 3 * PAGE_2M, 0));
	a = vn_mem_create(self->vm, 0, PAGE_2M, self->node, 0);
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->vm, 0, 2 * PAGE_2M,
					   self->node, 0));
	/* What is taken from the reservation counts once. */
	ASSERT_EQ(0, reserve(self->vm, 1, PAGE_2M, VCPUNUMA_RESERVE_BEYOND));
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->vm, 0, 2 * PAGE_2M,
					   self->node, 0));
	close(a);
	vn_release(self->vm);
	a = vn_mem_create(self->vm, 0, PAGE_2M, self->node, 0);
	b = vn_mem_create(self->vm, 0, PAGE_2M, self->node, 0);
	EXPECT_EQ(-EDQUOT, __vn_mem_create(self->vm, 0, PAGE_4K, self->node, 12));
	EXPECT_EQ(-EDQUOT, reserve(self->vm, 1, PAGE_2M, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->vm, 0));
	close(b);
	EXPECT_EQ(0, reserve(self->vm, 1, PAGE_2M, 0));
	close(a);
}

TEST_F(restriction, memory_drawn)
{
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1, .mem = 2 * PAGE_2M };
	struct vcpunuma_chunk chunk;
	int a;

	ASSERT_EQ(0, RESTRICT_MEM(self->vm, 2 * PAGE_2M));
	cmd.max_nodes = 1;
	ASSERT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, &chunk, 1));
	a = vn_mem_create(self->vm, 0, 2 * PAGE_2M, chunk.node, 0);
	EXPECT_EQ(-ENOSPC, __vn_mem_create(self->vm, 0, PAGE_2M, chunk.node, 0));
	close(a);
}

TEST_F(restriction, has_more)
{
	struct vn_set other, one;
	int mem;

	need_other();
	other = vn_set_of(self->other);
	one = vn_set_of(vn_set_first(&self->host->node_cpus[self->node]));
	/* A thread */
	vn_bind(self->vm, 0, VCPUNUMA_BIND_NODE, self->other, 0, NULL);
	EXPECT_EQ(-EBUSY, RESTRICT_NODES(self->vm, &self->nodes));
	EXPECT_EQ(-EBUSY, RESTRICT_CPUS(self->vm, &one));
	vn_unbind(self->vm, 0);
	/* Memory */
	mem = vn_mem_create(self->vm, 0, 2 * PAGE_2M, self->other, 0);
	EXPECT_EQ(-EBUSY, RESTRICT_NODES(self->vm, &self->nodes));
	EXPECT_EQ(-EBUSY, RESTRICT_MEM(self->vm, PAGE_2M));
	/* One that is too narrow, and nothing of it holds. */
	EXPECT_EQ(-EBUSY, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_MEM |
				   VCPUNUMA_RESTRICT_COMMANDS));
	close(mem);
	/* Places */
	vn_configure(self->vm, 2, VCPUNUMA_CONFIGURE_NODES, NULL);
	EXPECT_EQ(-EBUSY, RESTRICT_NODES(self->vm, &self->nodes));
	vn_configure(self->vm, 2, 0, NULL);
	EXPECT_EQ(-EBUSY, RESTRICT_CPUS(self->vm, &one));
	vn_configure(self->vm, 0, 0, NULL);
	/* None of these has limited anything. */
	vn_bind(self->vm, 0, VCPUNUMA_BIND_NODE, self->other, 0, NULL);
	vn_unbind(self->vm, 0);
	/* A reservation, which keeps the two apart from each other */
	ASSERT_EQ(0, RESTRICT_NODES(self->vm, &other));
	ASSERT_EQ(0, reserve(self->vm, 1, PAGE_2M, 0));
	EXPECT_EQ(-EBUSY, RESTRICT_NODES(self->vm, &self->nodes));
	vn_release(self->vm);
	/* Two sets with nothing in common: it may have nothing. */
	EXPECT_EQ(0, RESTRICT_NODES(self->vm, &self->nodes));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_NODE, self->other));
	EXPECT_EQ(-EACCES, bind_self(self->vm, VCPUNUMA_BIND_NODE, self->node));
	EXPECT_EQ(-ENOSPC, __vn_configure(self->vm, 1, 0, NULL));
}

/* A broker reserves, forbids all but using it, and hands the VM on. */
TEST_F(restriction, reserved_before)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1, .mem = PAGE_2M, .max_nodes = 1,
	};
	struct vcpunuma_chunk chunk;
	struct vn_set node;
	int mem;

	ASSERT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, &chunk, 1));
	node = vn_set_of(chunk.node);
	ASSERT_EQ(0, RESTRICT(self->vm,
			      .flags = VCPUNUMA_RESTRICT_COMMANDS |
				       VCPUNUMA_RESTRICT_NODES |
				       VCPUNUMA_RESTRICT_MEM |
				       VCPUNUMA_RESTRICT_VCPUS,
			      .commands = VCPUNUMA_COMMAND_BIT(VCPUNUMA_BIND) |
				VCPUNUMA_COMMAND_BIT(VCPUNUMA_UNBIND) |
				VCPUNUMA_COMMAND_BIT(VCPUNUMA_MEM_CREATE),
			      .nodes = (uintptr_t)&node,
			      .nr_node_bits = VN_NODES,
			      .max_mem = PAGE_2M,
			      .max_vcpus = 1));
	EXPECT_EQ(-EACCES, __vn_release(self->vm));
	EXPECT_EQ(0, __vn_bind(self->vm, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL));
	mem = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, PAGE_2M,
			    chunk.node, 0);
	EXPECT_EQ(-ENOSPC, __vn_mem_create(self->vm, 0, PAGE_2M, chunk.node, 0));
	close(mem);
	EXPECT_EQ(0, __vn_unbind(self->vm, 0));
}

/*
 * All CPUs that a VM may use come to be another's own: its thread stays, rather
 * than go where the VM may not.
 */
TEST_F(restriction, nowhere_else)
{
	const struct vn_set *cpus = &self->host->node_cpus[self->node];
	struct vcpunuma_cmd_reserve cmd = { .cpu_policy = VCPUNUMA_CPU_PREFER };
	int owner = vn_open();

	if (vn_set_equal(cpus, &self->host->cpus))
		SKIP(return, "all CPUs are on one node");
	if (vn_set_weight(cpus) < 2)
		SKIP(return, "one CPU on the node");
	ASSERT_EQ(0, RESTRICT_CPUS(self->vm, cpus));
	ASSERT_EQ(0, RESTRICT_CPUS(owner, cpus));
	vn_bind(self->vm, 0, VCPUNUMA_BIND_NODE, self->node, 0, NULL);
	EXPECT_AFFINITY(cpus, 0);
	cmd.nr_vcpus = vn_set_weight(cpus);
	ASSERT_EQ(0, __vn_reserve(owner, &cmd, NULL, 0, NULL, 0));
	EXPECT_AFFINITY(cpus, 0);
	close(owner);
	EXPECT_AFFINITY(cpus, 0);
}

TEST_F(restriction, values)
{
	__u64 set[VN_NODES / 64] = { 1 };
	__u64 *end = set + VN_NODES / 64 - 1;

	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .commands = 1));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .nodes = (uintptr_t)set));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .nr_node_bits = 1));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .cpus = (uintptr_t)set));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .nr_cpu_bits = 1));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .max_vcpus = 1));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .max_mem = 1));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_GRANT));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_NODES));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_CPUS));
	EXPECT_EQ(-EFAULT, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_CPUS,
				    .nr_cpu_bits = 64));
	EXPECT_EQ(-EINVAL, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_NODES,
				    .nodes = (uintptr_t)set,
				    .nr_node_bits = VN_NODES + 1));
	*end = 1ULL << 63;
	EXPECT_EQ(vn_set_has(&self->host->online, VN_NODES - 1) ? 0 : -EINVAL,
		  RESTRICT_NODES(self->vm, set));
	/* None of it has limited anything. */
	EXPECT_EQ(0, __vn_configure(self->vm, 2, 0, NULL));
}

/* A jailed VMM: another user, no capability, no locked memory */

static long jail(void *unused, int fd)
{
	struct rlimit none = { 0, 0 };

	(void)unused;
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return -errno;
	if (__vn_drop(VN_NOBODY))
		return -EPERM;
	return fd;
}

static long jailed_create(void *length, int fd)
{
	int mem = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, (long)length,
				  vn_set_first(&vn_host()->has_memory), 12);

	close(fd);
	if (mem < 0)
		return mem;
	close(mem);
	return 0;
}

static long jailed_bind(void *node, int fd)
{
	long err = bind_self(fd, VCPUNUMA_BIND_NODE, (long)node);

	if (!err)
		err = __vn_unbind(fd, 0);
	close(fd);
	return err;
}

static long jailed_bind_parent(void *node, int fd)
{
	long err = __vn_bind(fd, 0, VCPUNUMA_BIND_NODE, (long)node, getppid(),
			     NULL);

	close(fd);
	return err;
}

static long jailed_grant(void *unused, int fd)
{
	(void)unused;
	return RESTRICT(fd, .flags = VCPUNUMA_RESTRICT_MEM |
				     VCPUNUMA_RESTRICT_GRANT,
			.max_mem = ~0ULL);
}

TEST_F(restriction, jailed)
{
	long node = vn_set_first(&self->host->has_cpu);
	struct vn_child vmm;

	vn_child_start(&vmm);
	ASSERT_LE(0, vn_child_call(&vmm, jail, NULL, self->vm));
	EXPECT_EQ(-EDQUOT, vn_child_call(&vmm, jailed_create, (void *)PAGE_4K,
					 self->vm));
	EXPECT_EQ(-EPERM, vn_child_call(&vmm, jailed_grant, NULL, self->vm));
	ASSERT_EQ(0, RESTRICT(self->vm, .flags = VCPUNUMA_RESTRICT_MEM |
						 VCPUNUMA_RESTRICT_GRANT,
			      .max_mem = 2 * PAGE_4K));
	EXPECT_EQ(0, vn_child_call(&vmm, jailed_create, (void *)(2 * PAGE_4K),
				   self->vm));
	EXPECT_EQ(-EDQUOT, vn_child_call(&vmm, jailed_create,
					 (void *)(3 * PAGE_4K), self->vm));
	/* Its own threads, and nobody else's */
	EXPECT_EQ(0, vn_child_call(&vmm, jailed_bind, (void *)node, self->vm));
	EXPECT_EQ(-EPERM, vn_child_call(&vmm, jailed_bind_parent, (void *)node,
					self->vm));
	vn_child_kill(&vmm);
}

TEST_HARNESS_MAIN
