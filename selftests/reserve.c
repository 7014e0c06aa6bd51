// SPDX-License-Identifier: GPL-2.0
/*
 * Room for whole VMs: VCPUNUMA_RESERVE and VCPUNUMA_RELEASE.
 */
#include <kselftest_harness.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib.h"

#define MAX_VCPUS	64
#define MAX_CHUNKS	64
/* Processes that want CPUs at the same time, and how often each */
#define RACERS		8
#define ROUNDS		20

struct answer {
	struct vcpunuma_place place[MAX_VCPUS];
	struct vcpunuma_chunk chunk[MAX_CHUNKS];
};

static int reserve(int fd, struct vcpunuma_cmd_reserve *cmd, struct answer *a)
{
	return __vn_reserve(fd, cmd, a->place, MAX_VCPUS, a->chunk, MAX_CHUNKS);
}

static int reserve_cpus(int fd, unsigned int nr, struct answer *a)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = nr,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};

	return reserve(fd, &cmd, a);
}

static struct vn_set places_set(const struct answer *a, unsigned int nr)
{
	struct vn_set set = {};

	for (unsigned int i = 0; i < nr; i++)
		vn_set_add(&set, a->place[i].cpu);
	return set;
}

/* A node with CPUs and memory, and not the only one with CPUs if there are more */
static int some_node(void)
{
	const struct vn_host *h = vn_host();
	struct vn_set both = vn_set_and(&h->has_cpu, &h->has_memory);

	return vn_set_first(&both);
}

FIXTURE(reserve) {
	int vm;
	int other;
	struct answer a;
	struct vn_thread thread;
};

FIXTURE_SETUP(reserve)
{
	self->vm = vn_open();
	self->other = vn_open();
	vn_thread_start(&self->thread);
}

FIXTURE_TEARDOWN(reserve)
{
	vn_thread_stop(&self->thread);
	close(self->other);
	close(self->vm);
}

TEST_F(reserve, shared_on_one_node)
{
	const struct vn_host *h = vn_host();
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = 4 * PAGE_2M,
	};
	int node;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	ASSERT_EQ(1, cmd.nr_places);
	ASSERT_EQ(1, cmd.nr_chunks);
	node = self->a.place[0].node;
	EXPECT_EQ(VCPUNUMA_NONE, self->a.place[0].cpu);
	EXPECT_EQ(node, self->a.chunk[0].node);
	EXPECT_EQ(4 * PAGE_2M, self->a.chunk[0].mem);
	EXPECT_EQ(1, self->a.chunk[0].nr_vcpus);
	EXPECT_EQ(10000, cmd.out_distance);
	EXPECT_EQ(100, cmd.out_local);
	EXPECT_EQ(VCPUNUMA_FITS, cmd.out_reason);
	EXPECT_TRUE(vn_set_has(&h->has_cpu, node));
	EXPECT_TRUE(vn_set_has(&h->has_memory, node));
	vn_bind(self->vm, 0, VCPUNUMA_BIND_PLACE, 0, self->thread.tid, NULL);
	EXPECT_AFFINITY(&h->node_cpus[node], self->thread.tid);
}

TEST_F(reserve, owned_cpu)
{
	const struct vn_host *h = vn_host();
	struct vn_set mine, rest;

	ASSERT_EQ(0, reserve_cpus(self->vm, 1, &self->a));
	mine = places_set(&self->a, 1);
	vn_bind(self->vm, 0, VCPUNUMA_BIND_PLACE, 0, self->thread.tid, NULL);
	EXPECT_AFFINITY(&mine, self->thread.tid);
	vn_unbind(self->vm, 0);

	/* Nobody else gets it, neither alone nor among others. */
	EXPECT_EQ(-ENOSPC, __vn_bind(self->other, 0, VCPUNUMA_BIND_CPU,
				     self->a.place[0].cpu, self->thread.tid,
				     NULL));
	if (vn_set_weight(&h->cpus) == 1)
		return;
	vn_bind_set(self->other, 0, &h->cpus, self->thread.tid, NULL);
	rest = h->cpus;
	vn_set_del(&rest, self->a.place[0].cpu);
	EXPECT_AFFINITY(&rest, self->thread.tid);
}

/* A thread that is bound already makes way, and comes back. */
TEST_F(reserve, bound_thread_makes_way)
{
	const struct vn_host *h = vn_host();
	struct vn_set rest = h->cpus;

	vn_bind_set(self->other, 0, &h->cpus, self->thread.tid, NULL);
	ASSERT_EQ(0, reserve_cpus(self->vm, 1, &self->a));
	vn_set_del(&rest, self->a.place[0].cpu);
	EXPECT_AFFINITY(&rest, self->thread.tid);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->other, 0));
	vn_release(self->vm);
	EXPECT_AFFINITY(&h->cpus, self->thread.tid);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->other, 0));
	/* The same if the VM ends. */
	ASSERT_EQ(0, reserve_cpus(self->vm, 1, &self->a));
	rest = h->cpus;
	vn_set_del(&rest, self->a.place[0].cpu);
	EXPECT_AFFINITY(&rest, self->thread.tid);
	close(self->vm);
	EXPECT_AFFINITY(&h->cpus, self->thread.tid);
	vn_unbind(self->other, 0);
	self->vm = vn_open();
}

/* A CPU that a vCPU without a reservation is bound to alone is not given away. */
TEST_F(reserve, bound_cpu_is_kept)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus), cpu = vn_set_first(&h->cpus);
	struct vn_set taken;

	vn_bind_cpu(self->other, 0, cpu, self->thread.tid);
	EXPECT_EQ(-ENOSPC, reserve_cpus(self->vm, all, &self->a));
	if (all == 1)
		return;
	ASSERT_EQ(0, reserve_cpus(self->vm, all - 1, &self->a));
	taken = places_set(&self->a, all - 1);
	EXPECT_EQ(all - 1, vn_set_weight(&taken));
	EXPECT_FALSE(vn_set_has(&taken, cpu));
}

/* Nor is the core of it: who owns that keeps others away from all its threads. */
TEST_F(reserve, core_of_bound_cpu_is_kept)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus), cores = vn_cores(&h->cpus);
	int cpu = vn_set_nth(&h->cpus, all - 1);
	struct vn_set bound = vn_set_of(cpu), taken;
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = cores,
		.cpu_policy = VCPUNUMA_CPU_ISOLATE,
	};

	vn_bind_cpu(self->other, 0, cpu, self->thread.tid);
	EXPECT_EQ(-ENOSPC, reserve(self->vm, &cmd, &self->a));
	EXPECT_AFFINITY(&bound, self->thread.tid);
	if (cores == 1)
		return;
	cmd.nr_vcpus = cores - 1;
	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	EXPECT_AFFINITY(&bound, self->thread.tid);
	taken = places_set(&self->a, cores - 1);
	for (int i = -1; vn_set_step(&taken, &i);)
		EXPECT_NE(h->core_of[cpu], h->core_of[i]);
}

/*
 * A thread that may have none of what is left of the CPUs it was bound to goes
 * where else it may run.
 */
TEST_F(reserve, bound_thread_makes_way_elsewhere)
{
	const struct vn_host *h = vn_host();
	int node = some_node(), nr = vn_set_weight(&h->node_cpus[node]);
	struct vn_set mine = h->node_cpus[node], before;
	struct vn_set nodes = vn_set_of(node), rest = {};
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = nr,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.nodes = (uintptr_t)&nodes,
		.nr_node_bits = 64,
	};
	int cpu = -1;

	while (vn_set_step(&h->cpus, &cpu) && !vn_set_weight(&rest))
		if (!vn_set_has(&mine, cpu))
			vn_set_add(&rest, cpu);
	if (nr < 2 || vn_set_weight(&h->cpus) < nr + 2)
		SKIP(return, "needs a node of two CPUs, and two more");
	/* It has the node's and one more; it asks for all but that one. */
	before = vn_set_or(&mine, &rest);
	vn_setaffinity(self->thread.tid, &before);
	before = h->cpus;
	vn_set_del(&before, vn_set_first(&rest));
	vn_bind_set(self->other, 0, &before, self->thread.tid, NULL);
	EXPECT_AFFINITY(&mine, self->thread.tid);
	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	EXPECT_AFFINITY(&rest, self->thread.tid);
	vn_release(self->vm);
	EXPECT_AFFINITY(&mine, self->thread.tid);
}

TEST_F(reserve, all_cpus_once)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus);
	struct vn_set taken;

	ASSERT_EQ(0, reserve_cpus(self->vm, all, &self->a));
	taken = places_set(&self->a, all);
	EXPECT_SET(&h->cpus, &taken);
	EXPECT_EQ(-ENOSPC, reserve_cpus(self->other, 1, &self->a));
	vn_release(self->vm);
	EXPECT_EQ(0, reserve_cpus(self->other, all, &self->a));
}

TEST_F(reserve, refused_for_cpus)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus);
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = all + 3,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	struct vcpunuma_cmd_query query;

	EXPECT_EQ(-ENOSPC, reserve(self->vm, &cmd, &self->a));
	EXPECT_EQ(VCPUNUMA_NO_CPUS, cmd.out_reason);
	EXPECT_EQ(3, cmd.out_vcpus_short);
	EXPECT_EQ(-ENOENT, __vn_query(self->vm, 0, &query, NULL));
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
	EXPECT_EQ(0, reserve_cpus(self->other, all, &self->a));
}

TEST_F(reserve, refused_for_memory)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = 1ULL << 45,
	};

	EXPECT_EQ(-ENOSPC, reserve(self->vm, &cmd, &self->a));
	EXPECT_EQ(VCPUNUMA_NO_MEMORY, cmd.out_reason);
	EXPECT_LT(1ULL << 44, cmd.out_mem_short);
	EXPECT_GT(1ULL << 45, cmd.out_mem_short);
}

TEST_F(reserve, dry_run)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus);
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_DRY_RUN,
		.nr_vcpus = all,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.mem = PAGE_2M,
	};
	struct vcpunuma_cmd_query query;
	struct vn_set taken;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	taken = places_set(&self->a, all);
	EXPECT_SET(&h->cpus, &taken);
	EXPECT_EQ(-ENOENT, __vn_query(self->vm, 0, &query, NULL));
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
	EXPECT_EQ(0, reserve_cpus(self->other, all, &self->a));
}

TEST_F(reserve, once)
{
	ASSERT_EQ(0, reserve_cpus(self->vm, 1, &self->a));
	EXPECT_EQ(-EEXIST, reserve_cpus(self->vm, 1, &self->a));
	EXPECT_EQ(-EEXIST, __vn_configure(self->vm, 1, 0, NULL));
	vn_bind(self->vm, 0, VCPUNUMA_BIND_PLACE, 0, self->thread.tid, NULL);
	EXPECT_EQ(-EBUSY, __vn_release(self->vm));
	vn_unbind(self->vm, 0);
	vn_release(self->vm);
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
	EXPECT_EQ(-ENOENT, __vn_bind(self->vm, 0, VCPUNUMA_BIND_PLACE, 0,
				     self->thread.tid, NULL));
	ASSERT_EQ(0, reserve_cpus(self->vm, 1, &self->a));
}

/* Who has reserved gets that and no more, unless it asked to be free. */
TEST_F(reserve, beyond)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = 2 * PAGE_2M,
	};
	int node, mem, more;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	node = self->a.place[0].node;
	EXPECT_EQ(-ENOSPC, __vn_bind(self->vm, 0, VCPUNUMA_BIND_NODE, node,
				     self->thread.tid, NULL));
	EXPECT_EQ(-ENOSPC, __vn_bind(self->vm, 1, VCPUNUMA_BIND_NODE, node,
				     self->thread.tid, NULL));
	EXPECT_EQ(-ENOSPC, __vn_mem_create(self->vm, 0, 3 * PAGE_2M, node, 0));
	mem = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, 2 * PAGE_2M, node,
			    0);
	EXPECT_EQ(-ENOSPC, __vn_mem_create(self->vm, 0, PAGE_2M, node, 0));
	EXPECT_EQ(-EBUSY, __vn_release(self->vm));
	close(mem);
	vn_release(self->vm);

	cmd.flags = VCPUNUMA_RESERVE_BEYOND;
	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	node = self->a.place[0].node;
	mem = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, 2 * PAGE_2M, node,
			    0);
	more = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, PAGE_2M, node, 0);
	vn_bind(self->vm, 1, VCPUNUMA_BIND_NODE, node, self->thread.tid, NULL);
	vn_unbind(self->vm, 1);
	close(more);
	close(mem);
	vn_release(self->vm);
}

/* Reserved memory is there when it is wanted, whoever came meanwhile. */
TEST_F(reserve, memory_is_kept)
{
	int node = some_node(), mine, theirs, mem;
	long long room = vn_free(node) / 2 / PAGE_2M * PAGE_2M;
	struct vn_set nodes = vn_set_of(node);
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = room,
		.min_local = 100,
		.nodes = (uintptr_t)&nodes,
		.nr_node_bits = 64,
	};

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a)) {
		TH_LOG("reason %u, %lld of %lld short", cmd.out_reason,
		       (long long)cmd.out_mem_short, room);
	}
	/* All that is left, page by page */
	theirs = vn_mem_create(self->other, 0, vn_free(node) / PAGE_2M * PAGE_2M,
			       node, 0);
	mine = __vn_mem_create(self->other, VCPUNUMA_MEM_POPULATE,
			       vn_free(node) / PAGE_2M * PAGE_2M, node, 0);
	EXPECT_EQ(-ENOMEM, mine);
	mem = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, room, node, 0);
	EXPECT_EQ(room, vn_populated(mem));
	close(mem);
	close(theirs);
}

/* An object of a VM that has ended is like one that was never reserved. */
TEST_F(reserve, memory_outlives_the_vm)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = 4 * PAGE_2M,
	};
	char *at;
	int mem;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	mem = vn_mem_create(self->vm, 0, 4 * PAGE_2M, self->a.chunk[0].node, 0);
	at = vn_map(mem, 4 * PAGE_2M);
	vn_touch(at, PAGE_2M);
	close(self->vm);
	vn_touch(at, 4 * PAGE_2M);
	EXPECT_EQ(4 * PAGE_2M, vn_populated(mem));
	munmap(at, 4 * PAGE_2M);
	close(mem);
	self->vm = vn_open();
}

TEST_F(reserve, apart_and_with)
{
	const struct vn_host *h = vn_host();
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.name = "first",
	};
	unsigned int node;
	__u32 id = 0;
	char path[64], link[64] = "";
	int mem;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	node = self->a.chunk[0].node;
	/* Memory objects are named after their VM. */
	mem = vn_mem_create(self->vm, 0, PAGE_2M, node, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mem);
	ASSERT_LT(0, readlink(path, link, sizeof(link) - 1));
	ASSERT_NE(NULL, strstr(link, "vcpunuma:"));
	id = atoi(strstr(link, "vcpunuma:") + 9);
	close(mem);

	memset(&cmd, 0, sizeof(cmd));
	cmd.nr_vcpus = 1;
	cmd.mem = PAGE_2M;
	cmd.apart = (uintptr_t)&id;
	cmd.nr_apart = 1;
	if (vn_set_weight(&h->has_cpu) > 1) {
		ASSERT_EQ(0, reserve(self->other, &cmd, &self->a));
		EXPECT_NE(node, self->a.place[0].node);
		EXPECT_NE(node, self->a.chunk[0].node);
		vn_release(self->other);
	} else {
		EXPECT_EQ(-ENOSPC, reserve(self->other, &cmd, &self->a));
	}
	cmd.with = cmd.apart;
	cmd.nr_with = 1;
	cmd.apart = 0;
	cmd.nr_apart = 0;
	ASSERT_EQ(0, reserve(self->other, &cmd, &self->a));
	EXPECT_EQ(node, self->a.place[0].node);
	vn_release(self->other);
	id = 0xffffff;
	EXPECT_EQ(-ENOENT, reserve(self->other, &cmd, &self->a));
}

TEST_F(reserve, nodes)
{
	const struct vn_host *h = vn_host();
	struct vn_set set, both = vn_set_and(&h->has_cpu, &h->has_memory);
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.nodes = (uintptr_t)&set,
		.nr_node_bits = 64,
	};
	int node = -1;

	while (vn_set_step(&both, &node)) {
		set = vn_set_of(node);
		ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
		EXPECT_EQ(node, self->a.place[0].node);
		EXPECT_EQ(node, self->a.chunk[0].node);
		vn_release(self->vm);
	}
	set = vn_set_of(63);
	EXPECT_NE(0, reserve(self->vm, &cmd, &self->a));
}

/* All nodes that are required, or none: also those that are not there. */
TEST_F(reserve, required_nodes)
{
	const struct vn_host *h = vn_host();
	struct vn_set both = vn_set_and(&h->has_cpu, &h->has_memory), set = both;
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_REQUIRED,
		.nr_vcpus = vn_set_weight(&both),
		.mem = vn_set_weight(&both) * PAGE_2M,
		.nodes = (uintptr_t)&set,
		.nr_node_bits = 64,
	};
	int absent = vn_absent_node(), err;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &self->a));
	EXPECT_LE(vn_set_weight(&both), cmd.nr_chunks);
	vn_release(self->vm);
	vn_set_add(&set, absent);
	err = reserve(self->vm, &cmd, &self->a);
	/* There may be a node of that id, or there can't. */
	if (err != -EINVAL) {
		EXPECT_EQ(-ENOSPC, err);
		EXPECT_EQ(VCPUNUMA_NO_NODES, cmd.out_reason);
	}
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
}

/* A call that can't give its answer undoes what it did, and nothing else. */

struct late {
	int fd;
	void *chunks;
};

static long reserve_late(void *arg)
{
	struct late *late = arg;
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1 };

	return __vn_reserve(late->fd, &cmd, NULL, 0, late->chunks, 1);
}

/* Memory at which who touches it stops, until it is unmapped */
static void *trap_make(int *fault_fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *at = mmap(NULL, PAGE_4K, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*fault_fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (at == MAP_FAILED || *fault_fd < 0)
		return NULL;
	range.range.start = (uintptr_t)at;
	range.range.len = PAGE_4K;
	if (ioctl(*fault_fd, UFFDIO_API, &api) ||
	    ioctl(*fault_fd, UFFDIO_REGISTER, &range))
		return NULL;
	return at;
}

TEST_F(reserve, undo_is_of_its_own)
{
	struct late late = { .fd = self->vm };
	struct uffd_msg msg;
	int fault_fd;

	late.chunks = trap_make(&fault_fd);
	if (!late.chunks)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	/* It has reserved, and stops where it tells so. */
	vn_thread_post(&self->thread, reserve_late, &late);
	ASSERT_EQ(sizeof(msg), read(fault_fd, &msg, sizeof(msg)));
	vn_release(self->vm);
	ASSERT_EQ(0, reserve_cpus(self->vm, 1, &self->a));
	munmap(late.chunks, PAGE_4K);
	close(fault_fd);
	EXPECT_EQ(-EFAULT, vn_thread_wait(&self->thread));
	EXPECT_EQ(-EEXIST, reserve_cpus(self->vm, 1, &self->a));
	EXPECT_EQ(0, __vn_release(self->vm));
}

TEST_F(reserve, wrong_values)
{
	const struct vcpunuma_cmd_reserve good = { .nr_vcpus = 2 };
	const struct {
		const char *what;
		size_t at;
		__u32 value;
		int err;
	} wrong[] = {
#define WRONG(field, value, err) \
	{ #field, offsetof(struct vcpunuma_cmd_reserve, field), value, err }
		WRONG(flags, 0x40, -EOPNOTSUPP),
		WRONG(flags, 0x30, -EINVAL),
		WRONG(flags, VCPUNUMA_RESERVE_REQUIRED, -EINVAL),
		WRONG(nr_vcpus, 0, -EINVAL),
		WRONG(nr_vcpus, 4097, -EINVAL),
		WRONG(nr_vcpus, -1, -EINVAL),
		WRONG(nr_vcpus, 4096, -EMSGSIZE),
		WRONG(nr_vnodes, 3, -EINVAL),
		WRONG(mem, 4096, -EINVAL),
		WRONG(policy, 3, -EINVAL),
		WRONG(cpu_policy, 4, -EINVAL),
		WRONG(min_local, 101, -EINVAL),
		WRONG(near, 1, -EINVAL),
		WRONG(nr_node_bits, 1025, -EINVAL),
		WRONG(nr_node_bits, 64, -EFAULT),
		WRONG(nodes, 16, -EINVAL),
		WRONG(with, 16, -EINVAL),
		WRONG(nr_with, 65, -EINVAL),
		WRONG(nr_with, 1, -EFAULT),
		WRONG(nr_apart, 0x80000000, -EINVAL),
		WRONG(name, 0x00002020, -EINVAL),
		WRONG(name, 0x000000ff, -EINVAL),
	};
	struct vcpunuma_cmd_reserve cmd;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		cmd = good;
		memcpy((char *)&cmd + wrong[i].at, &wrong[i].value, 4);
		EXPECT_EQ(wrong[i].err, reserve(self->vm, &cmd, &self->a)) {
			TH_LOG("%s = %#x", wrong[i].what, wrong[i].value);
		}
	}
	cmd = good;
	memset(cmd.name, 'x', sizeof(cmd.name));
	EXPECT_EQ(-EINVAL, reserve(self->vm, &cmd, &self->a));
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
}

TEST_F(reserve, too_little_room)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 2,
		.nr_vnodes = 2,
		.mem = 2 * PAGE_2M,
	};

	EXPECT_EQ(-EMSGSIZE, __vn_reserve(self->vm, &cmd, self->a.place, 1,
					  self->a.chunk, MAX_CHUNKS));
	EXPECT_EQ(2, cmd.nr_places);
	EXPECT_EQ(-EMSGSIZE, __vn_reserve(self->vm, &cmd, self->a.place, 2,
					  self->a.chunk, 1));
	EXPECT_EQ(2, cmd.nr_chunks);
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
	EXPECT_EQ(-EFAULT, __vn_reserve(self->vm, &cmd, (void *)16, 2, NULL, 0));
	EXPECT_EQ(-EFAULT, __vn_reserve(self->vm, &cmd, NULL, 0, (void *)16, 2));
	EXPECT_EQ(-ENOENT, __vn_release(self->vm));
	vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0);
}

/* Who owns which CPU, as the processes see it */
struct claims {
	int owner[VN_CPUS];
	int twice;
	int won;
	int odd;
};

/* Take CPUs, see that nobody else has them, let go; die now and then. */
static void racer(struct claims *c, int me, int wanted)
{
	struct answer a;

	for (int round = 0; round < ROUNDS; round++) {
		int fd = __vn_open(), err = reserve_cpus(fd, wanted, &a);

		if (err && err != -ENOSPC)
			__atomic_fetch_add(&c->odd, 1, __ATOMIC_RELAXED);
		for (int i = 0; !err && i < wanted; i++)
			if (__atomic_exchange_n(&c->owner[a.place[i].cpu], me,
						__ATOMIC_SEQ_CST))
				__atomic_fetch_add(&c->twice, 1,
						   __ATOMIC_RELAXED);
		if (!err)
			__atomic_fetch_add(&c->won, 1, __ATOMIC_RELAXED);
		if (round % 3)
			sched_yield();
		for (int i = 0; !err && i < wanted; i++)
			__atomic_store_n(&c->owner[a.place[i].cpu], 0,
					 __ATOMIC_SEQ_CST);
		if (round % 2 && !err)
			__vn_release(fd);
		close(fd);
	}
	_exit(0);
}

TEST_F(reserve, many_at_once)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus), wanted = all > 2 ? all / 3 : 1;
	struct claims *c = vn_shared(sizeof(*c));
	pid_t pid[RACERS];
	int status;

	for (int i = 0; i < RACERS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			racer(c, i + 1, wanted);
	}
	for (int i = 0; i < RACERS; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(0, c->twice);
	EXPECT_EQ(0, c->odd);
	EXPECT_LT(0, c->won);
	TH_LOG("%d of %d got %d CPUs", c->won, RACERS * ROUNDS, wanted);
	/* All of it came back. */
	EXPECT_EQ(0, reserve_cpus(self->vm, all, &self->a));
	munmap(c, sizeof(*c));
}

/* A CPU that goes offline is not given to anybody, at once; and comes back. */
TEST_F(reserve, cpu_offline)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus), last = vn_set_nth(&h->cpus, all - 1);
	struct vn_set taken;
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 last);
	if (all == 1)
		SKIP(return, "one CPU");
	for (int round = 0; round < 8; round++) {
		if (__vn_write_file(path, "0"))
			SKIP(return, "no CPU can go offline");
		EXPECT_EQ(-ENOSPC, reserve_cpus(self->vm, all, &self->a));
		EXPECT_EQ(0, reserve_cpus(self->vm, all - 1, &self->a));
		taken = places_set(&self->a, all - 1);
		EXPECT_FALSE(vn_set_has(&taken, last));
		vn_release(self->vm);
		ASSERT_EQ(0, __vn_write_file(path, "1"));
		EXPECT_TRUE(vn_eventually(!reserve_cpus(self->vm, all,
							&self->a)));
		vn_release(self->vm);
	}
}

TEST_HARNESS_MAIN
