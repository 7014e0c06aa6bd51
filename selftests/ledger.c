// SPDX-License-Identifier: GPL-2.0
/*
 * What is booked on the host: VCPUNUMA_LEDGER, against sysfs and against what the
 * test booked itself.
 */
#include <kselftest_harness.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include "lib.h"

#define MAX_NODES	64
#define MAX_CPUS	256
/* Processes that book and release, and how often the ledger is read meanwhile */
#define RACERS		4
#define READS		300

struct ledger {
	struct vcpunuma_cmd_ledger cmd;
	struct vcpunuma_ledger_node node[MAX_NODES];
	struct vcpunuma_ledger_cpu cpu[MAX_CPUS];
};

static int read_ledger(int fd, struct ledger *l)
{
	memset(l, 0, sizeof(*l));
	return __vn_ledger(fd, &l->cmd, l->node, MAX_NODES, l->cpu, MAX_CPUS);
}

/* What is told of a node; of one that is not there, what nobody expects */
static struct vcpunuma_ledger_node *node_of(struct ledger *l, unsigned int node)
{
	static struct vcpunuma_ledger_node none;

	for (unsigned int i = 0; i < l->cmd.nr_nodes; i++)
		if (l->node[i].node == node)
			return &l->node[i];
	memset(&none, 0xee, sizeof(none));
	return &none;
}

static struct vcpunuma_ledger_cpu *cpu_of(struct ledger *l, unsigned int cpu)
{
	static struct vcpunuma_ledger_cpu none;

	for (unsigned int i = 0; i < l->cmd.nr_cpus; i++)
		if (l->cpu[i].cpu == cpu)
			return &l->cpu[i];
	memset(&none, 0xee, sizeof(none));
	return &none;
}

static unsigned int vm_id(int fd)
{
	struct vcpunuma_cmd_explain cmd;

	return __vn_explain(fd, 0, 0, &cmd, NULL, 0, NULL, 0) ? 0 : cmd.out_vm;
}

FIXTURE(ledger) {
	int vm;
	struct ledger before;
	struct ledger now;
	struct vcpunuma_place place[MAX_CPUS];
	struct vcpunuma_chunk chunk[MAX_NODES];
};

FIXTURE_SETUP(ledger)
{
	self->vm = vn_open();
	ASSERT_EQ(0, read_ledger(self->vm, &self->before));
}

FIXTURE_TEARDOWN(ledger)
{
	close(self->vm);
}

#define reserve(cmd) \
	ASSERT_EQ(0, __vn_reserve(self->vm, cmd, self->place, MAX_CPUS, \
				  self->chunk, MAX_NODES))
#define look(l)		ASSERT_EQ(0, read_ledger(self->vm, l))

/* What is booked, without memory that changes by itself */
static bool same_booking(const struct ledger *a, const struct ledger *b)
{
	if (a->cmd.nr_nodes != b->cmd.nr_nodes ||
	    a->cmd.nr_cpus != b->cmd.nr_cpus ||
	    memcmp(a->cpu, b->cpu, sizeof(a->cpu)))
		return false;
	for (unsigned int i = 0; i < a->cmd.nr_nodes; i++)
		if (a->node[i].nr_owned != b->node[i].nr_owned ||
		    a->node[i].nr_blocked != b->node[i].nr_blocked ||
		    a->node[i].nr_shared != b->node[i].nr_shared ||
		    a->node[i].max_shared != b->node[i].max_shared ||
		    a->node[i].nr_unreserved != b->node[i].nr_unreserved ||
		    a->node[i].mem_reserved != b->node[i].mem_reserved)
			return false;
	return true;
}

/* CPUs that share the last level cache with @cpu, by sysfs; none: it has none */
static struct vn_set cache_of(int cpu)
{
	struct vn_set cpus = {};
	char path[96];

	for (int index = 9; index > 1; index--) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/cache/index%d/shared_cpu_list",
			 cpu, index);
		if (!__vn_read_set(path, &cpus))
			return cpus;
	}
	return cpus;
}

TEST_F(ledger, host)
{
	const struct vn_host *h = vn_host();
	struct ledger *l = &self->before;
	int i = 0, node, cpu;

	for (node = -1; vn_set_step(&h->online, &node); i++) {
		struct vcpunuma_ledger_node *n = &l->node[i];

		ASSERT_LT(i, l->cmd.nr_nodes);
		EXPECT_EQ(node, n->node);
		EXPECT_EQ(vn_set_weight(&h->node_cpus[node]), n->nr_cpus);
		EXPECT_EQ(0, n->nr_owned + n->nr_blocked + n->nr_shared);
		EXPECT_EQ(4 * n->nr_cpus, n->max_shared);
		EXPECT_EQ(vn_meminfo(node, "MemTotal"), n->mem_total);
		EXPECT_GE(n->mem_total, n->mem_free);
		EXPECT_GE(n->mem_total, n->mem_available);
		EXPECT_EQ(n->mem_total - n->mem_free - n->mem_allocated,
			  n->mem_others);
		EXPECT_EQ(n->mem_total * 2 / 100, n->mem_headroom);
		EXPECT_GE(n->mem_available, n->mem_room);
		EXPECT_EQ(0, n->mem_reserved + n->mem_populated);
	}
	EXPECT_EQ(i, l->cmd.nr_nodes);
	i = 0;
	for (cpu = -1; vn_set_step(&h->cpus, &cpu); i++) {
		struct vcpunuma_ledger_cpu *c = &l->cpu[i];

		ASSERT_LT(i, l->cmd.nr_cpus);
		EXPECT_EQ(cpu, c->cpu);
		EXPECT_EQ(h->node_of[cpu], c->node);
		EXPECT_EQ(h->core_of[cpu], c->core);
		EXPECT_EQ(VCPUNUMA_LEDGER_FREE, c->state);
		EXPECT_EQ(VCPUNUMA_NONE, c->owner);
	}
	EXPECT_EQ(i, l->cmd.nr_cpus);
}

/* Which CPUs share a last level cache, as sysfs tells it */
TEST_F(ledger, caches)
{
	const struct vn_host *h = vn_host();
	struct ledger *l = &self->before;
	int groups = 0;

	for (unsigned int i = 0; i < l->cmd.nr_cpus; i++) {
		const struct vcpunuma_ledger_cpu *c = &l->cpu[i];
		struct vn_set cache = cache_of(c->cpu);

		if (!vn_set_weight(&cache))
			SKIP(return, "sysfs does not know the caches");
		cache = vn_set_and(&cache, &h->node_cpus[c->node]);
		EXPECT_EQ(vn_set_first(&cache), c->llc) {
			TH_LOG("CPU %u shares its cache with %s", c->cpu,
			       vn_str(&cache));
		}
		groups += c->cpu == c->llc;
	}
	vn_note("%d last level caches on %u nodes", groups, l->cmd.nr_nodes);
}

TEST_F(ledger, owned)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	struct vcpunuma_ledger_cpu *c;

	reserve(&cmd);
	look(&self->now);
	EXPECT_LT(self->before.cmd.out_generation,
		  self->now.cmd.out_generation);
	c = cpu_of(&self->now, self->place[0].cpu);
	EXPECT_EQ(VCPUNUMA_LEDGER_OWNED, c->state);
	EXPECT_EQ(vm_id(self->vm), c->owner);
	EXPECT_EQ(1, node_of(&self->now, c->node)->nr_owned);
	EXPECT_EQ(0, node_of(&self->now, c->node)->nr_blocked);
	EXPECT_EQ(4 * (node_of(&self->now, c->node)->nr_cpus - 1),
		  node_of(&self->now, c->node)->max_shared);

	vn_release(self->vm);
	EXPECT_FALSE(same_booking(&self->before, &self->now));
	look(&self->before);
	EXPECT_LT(self->now.cmd.out_generation,
		  self->before.cmd.out_generation);
	EXPECT_EQ(VCPUNUMA_LEDGER_FREE,
		  cpu_of(&self->before, self->place[0].cpu)->state);
}

TEST_F(ledger, blocked)
{
	const struct vn_host *h = vn_host();
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.cpu_policy = VCPUNUMA_CPU_ISOLATE,
	};
	unsigned int blocked = 0;
	int cpu = -1, mine;

	reserve(&cmd);
	look(&self->now);
	mine = self->place[0].cpu;
	while (vn_set_step(&h->cpus, &cpu)) {
		struct vcpunuma_ledger_cpu *c = cpu_of(&self->now, cpu);

		if (cpu == mine) {
			EXPECT_EQ(VCPUNUMA_LEDGER_OWNED, c->state);
		} else if (h->core_of[cpu] == h->core_of[mine]) {
			EXPECT_EQ(VCPUNUMA_LEDGER_BLOCKED, c->state);
			EXPECT_EQ(vm_id(self->vm), c->owner);
			blocked++;
		} else {
			EXPECT_EQ(VCPUNUMA_LEDGER_FREE, c->state);
		}
	}
	EXPECT_EQ(blocked,
		  node_of(&self->now, self->place[0].node)->nr_blocked);
}

TEST_F(ledger, shared)
{
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 2 };
	struct vcpunuma_ledger_node *n;

	reserve(&cmd);
	look(&self->now);
	n = node_of(&self->now, self->place[0].node);
	EXPECT_EQ(2, n->nr_shared);
	EXPECT_EQ(4 * n->nr_cpus, n->max_shared);
	for (unsigned int i = 0; i < self->now.cmd.nr_cpus; i++) {
		EXPECT_EQ(self->now.cpu[i].node == n->node ?
			  VCPUNUMA_LEDGER_SHARED : VCPUNUMA_LEDGER_FREE,
			  self->now.cpu[i].state);
		EXPECT_EQ(VCPUNUMA_NONE, self->now.cpu[i].owner);
	}
}

TEST_F(ledger, not_reserved)
{
	int cpu = vn_set_first(&vn_host()->cpus);
	struct vcpunuma_ledger_cpu *c;
	struct vn_thread thread;

	vn_thread_start(&thread);
	vn_bind_cpu(self->vm, 0, cpu, thread.tid);
	look(&self->now);
	EXPECT_LT(self->before.cmd.out_generation,
		  self->now.cmd.out_generation);
	c = cpu_of(&self->now, cpu);
	EXPECT_EQ(1, c->nr_unreserved);
	EXPECT_EQ(VCPUNUMA_LEDGER_FREE, c->state);
	EXPECT_EQ(1, node_of(&self->now, c->node)->nr_unreserved);
	vn_unbind(self->vm, 0);
	look(&self->before);
	EXPECT_LT(self->now.cmd.out_generation,
		  self->before.cmd.out_generation);
	EXPECT_EQ(0, cpu_of(&self->before, cpu)->nr_unreserved);
	vn_thread_stop(&thread);
}

/* All places of a VM are chosen at once: it is never booked twice. */
static int read_enough;

static long configure_again(void *arg)
{
	int fd = *(int *)arg, err = 0;

	while (!err && !__atomic_load_n(&read_enough, __ATOMIC_RELAXED))
		err = __vn_configure(fd, 64, 0, NULL);
	return err;
}

static unsigned int sum_unreserved(const struct ledger *l)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < l->cmd.nr_cpus; i++)
		sum += l->cpu[i].nr_unreserved;
	return sum;
}

TEST_F(ledger, configured_once)
{
	struct vn_thread thread;
	unsigned int most = 0;

	vn_thread_start(&thread);
	vn_thread_post(&thread, configure_again, &self->vm);
	for (int i = 0; i < READS; i++) {
		unsigned int sum;

		look(&self->now);
		sum = sum_unreserved(&self->now);
		most = sum > most ? sum : most;
	}
	__atomic_store_n(&read_enough, 1, __ATOMIC_RELAXED);
	EXPECT_EQ(0, vn_thread_wait(&thread));
	EXPECT_GE(64, most);
	vn_thread_stop(&thread);
	look(&self->now);
	EXPECT_EQ(64, sum_unreserved(&self->now));
}

TEST_F(ledger, memory)
{
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_BEYOND,
		.nr_vcpus = 1,
		.mem = 8 * PAGE_2M,
	};
	struct vcpunuma_ledger_node *n, *was;
	int node, mine, more;

	reserve(&cmd);
	node = self->chunk[0].node;
	was = node_of(&self->before, node);
	mine = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, 2 * PAGE_2M, node,
			     0);
	more = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, 7 * PAGE_2M, node,
			     0);
	look(&self->now);
	n = node_of(&self->now, node);
	EXPECT_EQ(8 * PAGE_2M, n->mem_reserved);
	EXPECT_EQ(2 * PAGE_2M, n->mem_populated);
	EXPECT_EQ(was->mem_allocated + 9 * PAGE_2M, n->mem_allocated);
	/* What is allocated is not used by others, though it is used. */
	EXPECT_GT(n->mem_total - n->mem_free, n->mem_others);
	EXPECT_EQ(n->mem_total, n->mem_free + n->mem_allocated + n->mem_others);
	EXPECT_GT(was->mem_room, n->mem_room);
	close(more);
	close(mine);
	look(&self->now);
	n = node_of(&self->now, node);
	EXPECT_EQ(was->mem_allocated, n->mem_allocated);
	EXPECT_EQ(0, n->mem_populated);
	vn_release(self->vm);
	look(&self->now);
	EXPECT_EQ(0, node_of(&self->now, node)->mem_reserved);
}

/* What is to be had can be had, and not more. */
TEST_F(ledger, room)
{
	struct vn_set both = vn_set_and(&vn_host()->has_cpu,
					&vn_host()->has_memory);
	int node = vn_set_first(&both);
	struct vn_set set = vn_set_of(node);
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.nodes = (uintptr_t)&set,
		.nr_node_bits = 64,
	};
	__u64 room = node_of(&self->before, node)->mem_room;

	/* Others use some more, or less, from one moment to the next. */
	cmd.mem = room + 16 * PAGE_2M;
	EXPECT_EQ(-ENOSPC, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	cmd.mem = room - 16 * PAGE_2M;
	EXPECT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	look(&self->now);
	EXPECT_GE(32 * PAGE_2M, node_of(&self->now, node)->mem_room);
}

/* Nothing happens: nothing changes. */
TEST_F(ledger, quiet)
{
	look(&self->now);
	EXPECT_EQ(self->before.cmd.out_generation, self->now.cmd.out_generation);
	EXPECT_TRUE(same_booking(&self->before, &self->now));
}

static long child_owner(void *cpu, int fd)
{
	static struct ledger l;
	struct vcpunuma_ledger_cpu *c;

	(void)fd;
	if (read_ledger(vn_child_vm, &l))
		return 0;
	c = cpu_of(&l, (long)cpu);
	return c->state == VCPUNUMA_LEDGER_OWNED ? c->owner : 0;
}

TEST_F(ledger, owners_are_not_for_all)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	struct vn_caps none = { .uid = 0, .mask = 0 };
	struct vn_caps nobody = { .uid = VN_NOBODY, .mask = 0 };
	struct vn_caps nice = { .uid = VN_NOBODY, .mask = 1U << CAP_SYS_NICE };
	struct vn_caps *who[] = { &none, &nobody, &nice };
	unsigned int seen[] = { 0, VCPUNUMA_NONE, 0 };
	void *cpu;

	reserve(&cmd);
	cpu = (void *)(long)self->place[0].cpu;
	seen[0] = vm_id(self->vm);
	seen[2] = seen[0];
	for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
		struct vn_child c;

		vn_child_start(&c);
		ASSERT_LE(0, vn_child_call(&c, vn_child_open, NULL, -1));
		ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, who[i], -1));
		EXPECT_EQ(seen[i],
			  (__u32)vn_child_call(&c, child_owner, cpu, -1));
		vn_child_stop(&c);
	}
}

static void racer(int wanted)
{
	struct vcpunuma_cmd_reserve cmd;

	for (;;) {
		int fd = __vn_open();

		cmd = (struct vcpunuma_cmd_reserve) {
			.nr_vcpus = wanted,
			.cpu_policy = VCPUNUMA_CPU_PREFER,
		};
		if (!__vn_reserve(fd, &cmd, NULL, 0, NULL, 0))
			sched_yield();
		close(fd);
	}
}

/* While VMs come and go, each has all of its CPUs or none. */
TEST_F(ledger, one_moment)
{
	int all = vn_set_weight(&vn_host()->cpus);
	int wanted = all > 2 ? all / 3 : 1;
	int owned = 0, torn = 0, back = 0;
	pid_t pid[RACERS];

	for (int i = 0; i < RACERS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			racer(wanted);
	}
	for (int i = 0; i < READS; i++) {
		int sum = 0;

		look(&self->now);
		for (unsigned int k = 0; k < self->now.cmd.nr_nodes; k++)
			sum += self->now.node[k].nr_owned;
		torn += sum % wanted != 0;
		owned += sum;
		back += self->before.cmd.out_generation >
			self->now.cmd.out_generation;
		if (self->before.cmd.out_generation ==
		    self->now.cmd.out_generation)
			torn += !same_booking(&self->before, &self->now);
		self->before = self->now;
	}
	for (int i = 0; i < RACERS; i++) {
		kill(pid[i], SIGKILL);
		ASSERT_EQ(pid[i], waitpid(pid[i], NULL, 0));
	}
	EXPECT_EQ(0, torn);
	EXPECT_EQ(0, back);
	EXPECT_LT(0, owned);
}

TEST_F(ledger, offline)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus), last = vn_set_nth(&h->cpus, all - 1);
	unsigned int nr = node_of(&self->before, h->node_of[last])->nr_cpus;
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 last);
	if (all == 1 || __vn_write_file(path, "0"))
		SKIP(return, "no CPU can go offline");
	look(&self->now);
	EXPECT_EQ(VCPUNUMA_LEDGER_OFFLINE, cpu_of(&self->now, last)->state);
	EXPECT_EQ(nr - 1, node_of(&self->now, h->node_of[last])->nr_cpus);
	/* It is told at once, and booked a little later. */
	EXPECT_TRUE(vn_eventually(!read_ledger(self->vm, &self->now) &&
				  self->now.cmd.out_generation >
				  self->before.cmd.out_generation));
	EXPECT_EQ(4 * (nr - 1),
		  node_of(&self->now, h->node_of[last])->max_shared);
	ASSERT_EQ(0, __vn_write_file(path, "1"));
	EXPECT_TRUE(vn_eventually(!read_ledger(self->vm, &self->now) &&
				  same_booking(&self->before, &self->now)));
}

TEST_F(ledger, too_little_room)
{
	struct vcpunuma_cmd_ledger *cmd = &self->now.cmd;
	unsigned int nodes = self->before.cmd.nr_nodes;
	unsigned int cpus = self->before.cmd.nr_cpus;

	EXPECT_EQ(0, __vn_ledger(self->vm, cmd, NULL, 0, NULL, 0));
	EXPECT_EQ(nodes, cmd->nr_nodes);
	EXPECT_EQ(cpus, cmd->nr_cpus);
	EXPECT_EQ(0, __vn_ledger(self->vm, cmd, self->now.node, nodes, NULL, 0));
	if (nodes > 1)
		EXPECT_EQ(-EMSGSIZE, __vn_ledger(self->vm, cmd, self->now.node,
						 nodes - 1, NULL, 0));
	if (cpus > 1)
		EXPECT_EQ(-EMSGSIZE, __vn_ledger(self->vm, cmd, NULL, 0,
						 self->now.cpu, cpus - 1));
	EXPECT_EQ(nodes, cmd->nr_nodes);
	EXPECT_EQ(cpus, cmd->nr_cpus);
	EXPECT_EQ(-EFAULT, __vn_ledger(self->vm, cmd, (void *)16, nodes, NULL,
				       0));
}

TEST_HARNESS_MAIN
