// SPDX-License-Identifier: GPL-2.0
/*
 * No thread gets out of its cpuset, whatever becomes of the cpuset while it is
 * bound, and no memory comes from a node that it forbids.
 */
#include "kselftest_harness.h"
#include "memory.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

struct mem_arg {
	unsigned int flags;
	unsigned int node;
	unsigned int shift;
};

FIXTURE(cpuset) {
	int fd;
	const struct vn_host *host;
	struct vn_set all;
	int a, b;		/* two CPUs */
	struct vn_set set_a, set_b, set_ab;
	struct vn_cgroup cg;
	struct vn_child child;	/* the thread to be bound */
	struct mem_arg *arg;	/* shared with it */
	const char *missing;	/* why there can be no test */
};

FIXTURE_SETUP(cpuset)
{
	int n, err;

	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	n = vn_set_weight(&self->all);
	self->a = vn_set_first(&self->all);
	self->b = vn_set_nth(&self->all, n - 1);
	self->set_a = vn_set_of(self->a);
	self->set_b = vn_set_of(self->b);
	self->set_ab = vn_set_or(&self->set_a, &self->set_b);
	self->fd = vn_open();
	self->arg = vn_shared(sizeof(*self->arg));
	ASSERT_NE(MAP_FAILED, self->arg);
	vn_child_start(&self->child);
	if (n < 2)
		self->missing = "one CPU: no cpuset can be smaller";
	err = __vn_cgroup_make(&self->cg, "cpuset", "+cpuset");
	if (err == -ENOTSUP)
		self->missing = "no cpuset controller";
	else
		ASSERT_EQ(0, err);
	/* On this version of the harness SKIP must be in the test itself. */
	if (self->missing)
		return;
	ASSERT_EQ(0, __vn_cgroup_cpus(&self->cg, &self->set_ab));
	ASSERT_EQ(0, __vn_cgroup_move(&self->cg, self->child.pid));
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
}

FIXTURE_TEARDOWN(cpuset)
{
	vn_child_kill(&self->child);
	close(self->fd);
	vn_cgroup_remove(&self->cg);
}

#define set_cpus(set) \
	ASSERT_EQ(0, __vn_cgroup_cpus(&self->cg, set))

#define bind_child(cpu) \
	vn_bind_cpu(self->fd, 0, cpu, self->child.pid)

/* The thread may run on some of @set and nowhere else. */
#define EXPECT_WITHIN(set, tid) do {					\
	struct vn_set __now;						\
									\
	EXPECT_EQ(0, __vn_getaffinity(tid, &__now));			\
	EXPECT_TRUE(vn_set_within(&__now, set)) {			\
		TH_LOG("allowed: %s", vn_str(&__now));			\
	}								\
	EXPECT_LE(1, vn_set_weight(&__now));				\
} while (0)

TEST_F(cpuset, outside)
{
	struct vn_set rest;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	set_cpus(&self->set_a);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b,
				     self->child.pid, NULL));
	rest = self->all;
	vn_set_del(&rest, self->a);
	EXPECT_EQ(-ENOSPC, __vn_bind_set(self->fd, 0, &rest, self->child.pid,
					 NULL));
	if (self->host->node_of[self->a] != self->host->node_of[self->b])
		EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE,
					     self->host->node_of[self->b],
					     self->child.pid, NULL));
	EXPECT_AFFINITY(&self->set_a, self->child.pid);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

TEST_F(cpuset, partly_outside)
{
	struct vcpunuma_cmd_bind cmd;
	struct vn_set asked;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	asked = self->all;
	vn_set_del(&asked, self->a);
	vn_bind_set(self->fd, 0, &asked, self->child.pid, &cmd);
	EXPECT_AFFINITY(&self->set_b, self->child.pid);
	EXPECT_EQ(self->b, cmd.out_cpu);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
	/* All there is, less what it may not have. */
	vn_bind_set(self->fd, 0, &self->all, self->child.pid, NULL);
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
}

TEST_F(cpuset, place)
{
	struct vcpunuma_place place;
	struct vn_set one;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	vn_configure(self->fd, 1, 0, &place);
	one = vn_set_of(place.cpu);
	set_cpus(&one);
	vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, self->child.pid, NULL);
	EXPECT_AFFINITY(&one, self->child.pid);
	vn_unbind(self->fd, 0);
	set_cpus(place.cpu == (__u32)self->a ? &self->set_b : &self->set_a);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0,
				     self->child.pid, NULL));
}

static long child_configure(void *places, int fd)
{
	return __vn_configure(fd, 8, 0, places);
}

/* Places are chosen from what the caller may have. */
TEST_F(cpuset, configure)
{
	struct vcpunuma_place *places;
	struct vn_child caller;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	places = vn_shared(8 * sizeof(*places));
	ASSERT_NE(MAP_FAILED, places);
	vn_child_start(&caller);
	EXPECT_EQ(0, __vn_cgroup_move(&self->cg, caller.pid));
	EXPECT_EQ(0, vn_child_call(&caller, child_configure, places,
				   self->fd));
	for (int i = 0; i < 8; i++) {
		EXPECT_TRUE(vn_set_has(&self->set_ab, places[i].cpu)) {
			TH_LOG("CPU %u", places[i].cpu);
		}
	}
	vn_child_stop(&caller);
}

/* The cpuset loses the CPU the thread is bound to. */
TEST_F(cpuset, shrunk)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_b);
	EXPECT_EQ(VCPUNUMA_VCPU_DRIFTED, vn_state(self->fd, 0));
	EXPECT_WITHIN(&self->set_b, self->child.pid);
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->set_b, self->child.pid);
}

TEST_F(cpuset, shrunk_then_closed)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_b);
	close(self->fd);
	self->fd = -1;
	EXPECT_WITHIN(&self->set_b, self->child.pid);
}

/*
 * The cpuset shrinks to just what the thread is bound to: to look at, its
 * affinity has not changed, but what it had before is now too much.
 */
TEST_F(cpuset, shrunk_to_the_binding)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_a);
	EXPECT_AFFINITY(&self->set_a, self->child.pid);
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->set_a, self->child.pid);
}

TEST_F(cpuset, shrunk_to_the_binding_then_closed)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_a);
	close(self->fd);
	self->fd = -1;
	EXPECT_WITHIN(&self->set_a, self->child.pid);
}

TEST_F(cpuset, shrunk_to_the_binding_then_bound_again)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_a);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b,
				     self->child.pid, NULL));
	EXPECT_WITHIN(&self->set_a, self->child.pid);
	vn_bind_set(self->fd, 0, &self->all, self->child.pid, NULL);
	EXPECT_WITHIN(&self->set_a, self->child.pid);
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->set_a, self->child.pid);
}

/* Another thread takes the vCPU over; the first gets back what it may have. */
TEST_F(cpuset, shrunk_to_the_binding_then_taken_over)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_a);
	vn_bind_cpu(self->fd, 0, self->b, 0);
	EXPECT_WITHIN(&self->set_a, self->child.pid);
	EXPECT_AFFINITY(&self->set_b, 0);
}

TEST_F(cpuset, shrunk_then_bound_again)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_b);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a,
				     self->child.pid, NULL));
	EXPECT_WITHIN(&self->set_b, self->child.pid);
	bind_child(self->b);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	EXPECT_AFFINITY(&self->set_b, self->child.pid);
}

/* The cpuset grows: the kernel gives the thread all of it. */
TEST_F(cpuset, grown)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	set_cpus(&self->set_a);
	bind_child(self->a);
	set_cpus(&self->set_ab);
	EXPECT_WITHIN(&self->set_ab, self->child.pid);
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->set_ab, self->child.pid);
}

/* The kernel knows of no change if the same is written again. */
TEST_F(cpuset, written_again)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	bind_child(self->a);
	set_cpus(&self->set_ab);
	EXPECT_WITHIN(&self->set_ab, self->child.pid);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
}

/* Into another cpuset while bound, with and without the CPU it is bound to */
TEST_F(cpuset, moved)
{
	struct vn_cgroup other;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, __vn_cgroup_make(&other, "other", "+cpuset"));
	EXPECT_EQ(0, __vn_cgroup_cpus(&other, &self->set_b));
	bind_child(self->a);
	EXPECT_EQ(0, __vn_cgroup_move(&other, self->child.pid));
	EXPECT_EQ(VCPUNUMA_VCPU_DRIFTED, vn_state(self->fd, 0));
	EXPECT_WITHIN(&self->set_b, self->child.pid);
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->set_b, self->child.pid);
	EXPECT_EQ(0, __vn_cgroup_move(&self->cg, self->child.pid));
	vn_cgroup_remove(&other);
}

TEST_F(cpuset, moved_to_the_binding)
{
	struct vn_cgroup other;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, __vn_cgroup_make(&other, "other", "+cpuset"));
	EXPECT_EQ(0, __vn_cgroup_cpus(&other, &self->set_a));
	bind_child(self->a);
	EXPECT_EQ(0, __vn_cgroup_move(&other, self->child.pid));
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->set_a, self->child.pid);
	EXPECT_EQ(0, __vn_cgroup_move(&self->cg, self->child.pid));
	vn_cgroup_remove(&other);
}

/* Bound with no cpuset of its own, then put into one. */
TEST_F(cpuset, moved_in)
{
	struct vn_child late;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	vn_child_start(&late);
	vn_bind_cpu(self->fd, 1, self->a, late.pid);
	set_cpus(&self->set_a);
	EXPECT_EQ(0, __vn_cgroup_move(&self->cg, late.pid));
	close(self->fd);
	self->fd = -1;
	EXPECT_WITHIN(&self->set_a, late.pid);
	vn_child_stop(&late);
}

/* Out of the cpuset: it gets back no more than it had, nor nothing. */
TEST_F(cpuset, moved_out)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	set_cpus(&self->set_a);
	bind_child(self->a);
	EXPECT_EQ(0, __vn_cgroup_leave(self->child.pid));
	vn_unbind(self->fd, 0);
	EXPECT_WITHIN(&self->all, self->child.pid);
	EXPECT_EQ(0, __vn_cgroup_move(&self->cg, self->child.pid));
}

/* An affinity of its own within the cpuset is what it gets back. */
TEST_F(cpuset, own_affinity)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	set_cpus(&self->all);
	vn_setaffinity(self->child.pid, &self->set_ab);
	bind_child(self->a);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
}

static int move_thread(struct vn_cgroup *cg, pid_t tid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", tid);
	return __vn_cgroup_write(cg, "cgroup.threads", number);
}

/*
 * Threads of one process in different cpusets: what one of them had before it
 * was bound is not for the other, although it looks like one that it created.
 */
TEST_F(cpuset, threads_apart)
{
	struct vn_cgroup other;
	pid_t tid;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	tid = vn_child_call(&self->child, vn_child_thread, NULL, -1);
	ASSERT_LT(0, tid);
	EXPECT_EQ(0, __vn_cgroup_leave(self->child.pid));
	ASSERT_EQ(0, __vn_cgroup_write(&self->cg, "cgroup.type", "threaded"));
	ASSERT_EQ(0, __vn_cgroup_make(&other, "other", "+cpuset"));
	EXPECT_EQ(0, __vn_cgroup_write(&other, "cgroup.type", "threaded"));
	EXPECT_EQ(0, __vn_cgroup_cpus(&other, &self->set_a));
	EXPECT_EQ(0, move_thread(&self->cg, self->child.pid));
	EXPECT_EQ(0, move_thread(&other, tid));
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
	EXPECT_AFFINITY(&self->set_a, tid);

	bind_child(self->a);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 1, VCPUNUMA_BIND_CPU, self->b,
				     tid, NULL));
	EXPECT_EQ(0, __vn_bind_set(self->fd, 1, &self->set_ab, tid, NULL));
	EXPECT_AFFINITY(&self->set_a, tid);
	vn_unbind(self->fd, 1);
	EXPECT_AFFINITY(&self->set_a, tid);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->set_ab, self->child.pid);
	vn_child_kill(&self->child);
	vn_cgroup_remove(&other);
	vn_child_start(&self->child);
}

/* Memory */

static long child_create(void *arg, int fd)
{
	const struct mem_arg *a = arg;
	int mem = __vn_mem_create(fd, a->flags, 2 * PAGE_2M, a->node,
				  a->shift);

	if (mem >= 0)
		close(mem);
	return mem < 0 ? mem : 0;
}

static sigjmp_buf bus_jump;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(bus_jump, 1);
}

/* How many of the pages of 4 KiB could be touched, all on the node; or -errno. */
static long child_touch(void *arg, int fd)
{
	struct mem_arg *a = arg;
	size_t there, elsewhere;
	char *at = __vn_map(fd, 2 * PAGE_2M);
	int err;

	if (at == MAP_FAILED)
		return -errno;
	signal(SIGBUS, on_sigbus);
	if (!sigsetjmp(bus_jump, 1))
		vn_touch(at, 2 * PAGE_2M);
	err = __vn_pages(at, 2 * PAGE_2M, a->node, &there, &elsewhere);
	munmap(at, 2 * PAGE_2M);
	close(fd);
	if (!err && elsewhere)
		return -EXDEV;
	return err ? err : (long)there;
}

TEST_F(cpuset, memory)
{
	int node = vn_set_first(&self->host->has_memory);
	struct vn_set mems = vn_set_of(node);
	struct mem_arg *arg = self->arg;
	int other;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (vn_set_weight(&self->host->has_memory) < 2)
		SKIP(return, "memory on one node only");
	ASSERT_EQ(0, __vn_cgroup_mems(&self->cg, &mems));
	for (int i = 0; i < 4; i++) {
		arg->flags = i & 1 ? VCPUNUMA_MEM_POPULATE : 0;
		arg->shift = i & 2 ? 12 : 21;
		arg->node = node;
		EXPECT_EQ(0, vn_child_call(&self->child, child_create, arg,
					   self->fd));
		other = node;
		while (vn_set_step(&self->host->has_memory, &other)) {
			arg->node = other;
			EXPECT_EQ(-EPERM, vn_child_call(&self->child,
							child_create, arg,
							self->fd)) {
				TH_LOG("node %d, flags %u, shift %u", other,
				       arg->flags, arg->shift);
			}
		}
	}
}

static long child_create_vcpu(void *arg, int fd)
{
	const struct mem_arg *a = arg;
	int mem = __vn_mem_create_vcpu(fd, a->flags, 2 * PAGE_2M, 0, a->shift);

	if (mem >= 0)
		close(mem);
	return mem < 0 ? mem : 0;
}

/* A child that shares what was mapped since the first was started */
#define start_sharer() do {						\
	vn_child_kill(&self->child);					\
	vn_child_start(&self->child);					\
	ASSERT_EQ(0, __vn_cgroup_move(&self->cg, self->child.pid));	\
} while (0)

static long child_reserve(void *arg, int fd)
{
	return __vn_reserve(fd, arg, NULL, 0, NULL, 0);
}

/* Who may use one thread of a core cannot keep others off the other thread. */
TEST_F(cpuset, part_of_a_core)
{
	const int *core_of = self->host->core_of;
	struct vcpunuma_cmd_reserve *cmd = vn_shared(sizeof(*cmd));
	struct vn_set core = {};

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_NE(MAP_FAILED, (void *)cmd);
	start_sharer();
	for (int cpu = -1; vn_set_step(&self->all, &cpu);)
		if (core_of[cpu] == core_of[self->a])
			vn_set_add(&core, cpu);
	set_cpus(&self->set_a);
	cmd->nr_vcpus = 1;
	cmd->cpu_policy = VCPUNUMA_CPU_ISOLATE;
	EXPECT_EQ(vn_set_weight(&core) > 1 ? -ENOSPC : 0,
		  vn_child_call(&self->child, child_reserve, cmd, self->fd));
	__vn_release(self->fd);
	cmd->cpu_policy = VCPUNUMA_CPU_PREFER;
	EXPECT_EQ(0, vn_child_call(&self->child, child_reserve, cmd, self->fd));
	vn_release(self->fd);
	if (vn_set_weight(&core) < vn_set_weight(&self->all)) {
		set_cpus(&core);
		cmd->cpu_policy = VCPUNUMA_CPU_ISOLATE;
		EXPECT_EQ(0, vn_child_call(&self->child, child_reserve, cmd,
					   self->fd));
	}
	munmap(cmd, sizeof(*cmd));
}

/* Nodes that a VM must use, one of them forbidden: not just the others. */
TEST_F(cpuset, required_nodes)
{
	struct vn_set both = vn_set_and(&self->host->has_cpu,
					&self->host->has_memory), mems, two;
	struct vcpunuma_cmd_reserve *cmd = vn_shared(sizeof(*cmd) + sizeof(two));
	struct vn_set *nodes = (struct vn_set *)(cmd + 1);

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (vn_set_weight(&both) < 2)
		SKIP(return, "one node");
	ASSERT_NE(MAP_FAILED, (void *)cmd);
	start_sharer();
	mems = vn_set_of(vn_set_nth(&both, 0));
	two = vn_set_of(vn_set_nth(&both, 1));
	two = vn_set_or(&mems, &two);
	set_cpus(&self->all);
	ASSERT_EQ(0, __vn_cgroup_mems(&self->cg, &mems));
	*nodes = two;
	cmd->flags = VCPUNUMA_RESERVE_REQUIRED;
	cmd->nr_vcpus = 2;
	cmd->mem = 2 * PAGE_2M;
	cmd->nodes = (uintptr_t)nodes;
	cmd->nr_node_bits = 64;
	EXPECT_EQ(-ENOSPC, vn_child_call(&self->child, child_reserve, cmd,
					 self->fd));
	EXPECT_EQ(VCPUNUMA_NO_NODES, cmd->out_reason);
	*nodes = mems;
	EXPECT_EQ(0, vn_child_call(&self->child, child_reserve, cmd,
				   self->fd));
	munmap(cmd, sizeof(*cmd) + sizeof(two));
}

/* The node of a vCPU that somebody else has bound is no way around. */
TEST_F(cpuset, memory_of_a_vcpu)
{
	struct vn_set may = vn_set_and(&self->host->has_memory,
				       &self->host->has_cpu);
	struct vn_set mems = vn_set_of(vn_set_first(&may));
	struct mem_arg *arg = self->arg;
	int node = vn_set_nth(&may, 1);

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (node < 0)
		SKIP(return, "one node with both CPUs and memory");
	ASSERT_EQ(0, __vn_cgroup_mems(&self->cg, &mems));
	vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE, node, 0, NULL);
	for (int i = 0; i < 4; i++) {
		arg->flags = i & 1 ? VCPUNUMA_MEM_POPULATE : 0;
		arg->shift = i & 2 ? 12 : 21;
		EXPECT_EQ(-EPERM, vn_child_call(&self->child,
						child_create_vcpu, arg,
						self->fd));
	}
	vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE, vn_set_first(&may), 0, NULL);
	EXPECT_EQ(0, vn_child_call(&self->child, child_create_vcpu, arg,
				   self->fd));
}

/*
 * An object made by one who may, touched by one who may not: SIGBUS, unless the
 * page is there already.
 */
TEST_F(cpuset, memory_of_another)
{
	int node = vn_set_first(&self->host->has_memory);
	struct vn_set mems = vn_set_of(node);
	struct mem_arg *arg = self->arg;
	char *at;
	int mem;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (vn_set_weight(&self->host->has_memory) < 2)
		SKIP(return, "memory on one node only");
	ASSERT_EQ(0, __vn_cgroup_mems(&self->cg, &mems));
	for (int i = 0; i < 2; i++) {
		arg->node = vn_set_nth(&self->host->has_memory, 1);
		arg->shift = i ? 12 : 21;
		mem = vn_mem_create(self->fd, 0, 2 * PAGE_2M, arg->node,
				    arg->shift);
		EXPECT_EQ(0, vn_child_call(&self->child, child_touch, arg,
					   mem));
		EXPECT_EQ(0, vn_populated(mem));
		at = vn_map(mem, 2 * PAGE_2M);
		vn_touch(at, PAGE_2M);
		EXPECT_EQ(PAGE_2M / PAGE_4K,
			  vn_child_call(&self->child, child_touch, arg, mem));
		EXPECT_EQ(PAGE_2M, vn_populated(mem));
		munmap(at, 2 * PAGE_2M);
		close(mem);
	}
}

/* Who must not have what mbind(2) prefers has another: that is what it says. */
TEST_F(cpuset, memory_preferred)
{
	int node = vn_set_first(&self->host->has_memory);
	int other = vn_set_nth(&self->host->has_memory, 1);
	static const int modes[] = {
		MPOL_PREFERRED, 5 /* MPOL_PREFERRED_MANY */,
	};
	struct vn_set mems = vn_set_of(node), others;
	struct vcpunuma_cmd_mem_query cmd;
	struct mem_arg *arg = self->arg;
	char *at;
	int mem;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (other < 0)
		SKIP(return, "memory on one node only");
	others = vn_set_of(other);
	ASSERT_EQ(0, __vn_cgroup_mems(&self->cg, &mems));
	arg->node = node;
	for (int i = 0; i < 4; i++) {
		mem = vn_mem_create(self->fd, 0, 2 * PAGE_2M, other,
				    i & 1 ? 12 : 21);
		at = vn_map(mem, 2 * PAGE_2M);
		vn_mbind(at, 2 * PAGE_2M, modes[i / 2], &others);
		EXPECT_EQ(2 * PAGE_2M / PAGE_4K,
			  vn_child_call(&self->child, child_touch, arg, mem)) {
			TH_LOG("mode %d", modes[i / 2]);
		}
		/* And it is told. */
		vn_mem_query(mem, &cmd, NULL, 0);
		EXPECT_EQ((__u64)(2 * PAGE_2M), cmd.out_remote);
		munmap(at, 2 * PAGE_2M);
		close(mem);
	}
}

TEST_HARNESS_MAIN
