// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_QUERY and VCPUNUMA_DISTRIBUTION.
 */
#include "kselftest_harness.h"
#include "lib.h"

#define MAX_SHARES	64

FIXTURE(query) {
	int fd;
	const struct vn_host *host;
	struct vn_set all;	/* affinity at the beginning */
	int nr;			/* CPUs in it */
	int a;			/* the first and the last of them */
	int b;
	struct vn_set set_a;
	struct vn_set set_b;
};

FIXTURE_SETUP(query)
{
	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	self->nr = vn_set_weight(&self->all);
	self->a = vn_set_first(&self->all);
	self->b = vn_set_nth(&self->all, self->nr - 1);
	self->set_a = vn_set_of(self->a);
	self->set_b = vn_set_of(self->b);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(query)
{
	close(self->fd);
}

TEST_F(query, unknown)
{
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	vn_bind_cpu(self->fd, 1, self->a, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 2));
}

TEST_F(query, configured)
{
	struct vcpunuma_cmd_query cmd;
	struct vcpunuma_place place;
	struct vn_set set;

	vn_configure(self->fd, 1, 0, &place);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, cmd.out_state);
	EXPECT_EQ(place.node, cmd.out_node);
	EXPECT_EQ(place.cpu, cmd.out_cpu);
	EXPECT_EQ(VCPUNUMA_NONE, cmd.out_last_cpu);
	EXPECT_EQ(VCPUNUMA_NONE, cmd.out_last_node);
	EXPECT_EQ(0, cmd.out_tid);
	EXPECT_EQ(0, vn_set_weight(&set));

	vn_configure(self->fd, 1, VCPUNUMA_CONFIGURE_NODES, &place);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, cmd.out_state);
	EXPECT_EQ(place.node, cmd.out_node);
	EXPECT_EQ(vn_set_weight(&self->host->node_cpus[place.node]) > 1 ?
		  VCPUNUMA_NONE : cmd.out_cpu, cmd.out_cpu);
}

TEST_F(query, bound)
{
	struct vcpunuma_cmd_query cmd;
	struct vn_set set;

	vn_bind_cpu(self->fd, 0, self->b, 0);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, cmd.out_state);
	EXPECT_EQ(self->b, cmd.out_cpu);
	EXPECT_EQ(self->host->node_of[self->b], cmd.out_node);
	EXPECT_EQ(self->b, cmd.out_last_cpu);
	EXPECT_EQ(self->host->node_of[self->b], cmd.out_last_node);
	EXPECT_EQ(getpid(), cmd.out_tid);
	EXPECT_SET(&self->set_b, &set);
}

TEST_F(query, bound_to_node)
{
	int node = self->host->node_of[self->b];
	struct vcpunuma_cmd_query cmd;
	struct vn_set set, expected;

	expected = vn_set_and(&self->all, &self->host->node_cpus[node]);
	vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE, node, 0, NULL);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, cmd.out_state);
	EXPECT_EQ(node, cmd.out_node);
	EXPECT_EQ(vn_set_weight(&expected) > 1 ? VCPUNUMA_NONE :
		  (__u32)self->b, cmd.out_cpu);
	EXPECT_TRUE(vn_set_has(&expected, cmd.out_last_cpu));
	EXPECT_EQ(node, cmd.out_last_node);
	EXPECT_SET(&expected, &set);
}

TEST_F(query, bound_to_several_nodes)
{
	struct vcpunuma_cmd_query cmd;
	struct vn_set set, expected;

	if (self->host->node_of[self->a] == self->host->node_of[self->b])
		SKIP(return, "CPUs on one node only");
	expected = vn_set_or(&self->set_a, &self->set_b);
	vn_bind_set(self->fd, 0, &expected, 0, NULL);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, cmd.out_state);
	EXPECT_EQ(VCPUNUMA_NONE, cmd.out_node);
	EXPECT_EQ(VCPUNUMA_NONE, cmd.out_cpu);
	EXPECT_TRUE(vn_set_has(&expected, cmd.out_last_cpu));
	EXPECT_SET(&expected, &set);
}

static long get_cpu(void *unused)
{
	(void)unused;
	return sched_getcpu();
}

TEST_F(query, thread)
{
	struct vcpunuma_cmd_query cmd;
	struct vn_thread t;

	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	/* Asleep it is still where it fell asleep. */
	EXPECT_EQ(self->a, vn_thread_run(&t, get_cpu, NULL));
	vn_query(self->fd, 0, &cmd, NULL);
	EXPECT_EQ(t.tid, cmd.out_tid);
	EXPECT_EQ(self->a, cmd.out_last_cpu);
	EXPECT_EQ(self->host->node_of[self->a], cmd.out_last_node);
	vn_thread_stop(&t);
}

/* Somebody else changed the affinity; and changed it back. */
TEST_F(query, drifted)
{
	struct vcpunuma_cmd_query cmd;
	struct vn_thread t;
	struct vn_set set;

	if (self->nr < 2)
		SKIP(return, "one CPU: no other affinity to change to");
	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	vn_setaffinity(t.tid, &self->set_b);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_DRIFTED, cmd.out_state);
	EXPECT_EQ(t.tid, cmd.out_tid);
	EXPECT_SET(&self->set_b, &set);
	/* Seen, not undone. */
	EXPECT_AFFINITY(&self->set_b, t.tid);

	vn_setaffinity(t.tid, &self->all);
	vn_query(self->fd, 0, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_DRIFTED, cmd.out_state);
	EXPECT_SET(&self->all, &set);

	/* Bound again it is where it should be. */
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	EXPECT_AFFINITY(&self->set_a, t.tid);
	vn_thread_stop(&t);
}

TEST_F(query, cpu_went_offline)
{
	struct vn_thread t;
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 self->b);
	if (self->nr < 2 || access(path, W_OK))
		SKIP(return, "no second CPU that can be taken offline");
	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->b, t.tid);
	ASSERT_EQ(0, __vn_write_file(path, "0"));
	/* The kernel looks for another CPU when the thread next runs. */
	EXPECT_TRUE(vn_eventually(vn_thread_run(&t, get_cpu, NULL) !=
				  self->b));
	EXPECT_EQ(VCPUNUMA_VCPU_DRIFTED, vn_state(self->fd, 0));
	EXPECT_EQ(0, __vn_write_file(path, "1"));
	vn_thread_stop(&t);
}

TEST_F(query, exited)
{
	struct vcpunuma_cmd_query cmd;
	struct vcpunuma_place place[2];
	struct vn_thread t;
	struct vn_child c;
	struct vn_set set;

	vn_thread_start(&t);
	vn_child_start(&c);
	vn_configure(self->fd, 2, 0, place);
	vn_bind_cpu(self->fd, 5, self->a, t.tid);
	vn_bind(self->fd, 1, VCPUNUMA_BIND_PLACE, 0, c.pid, NULL);
	vn_thread_stop(&t);
	vn_child_kill(&c);

	vn_query(self->fd, 5, &cmd, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_EXITED, cmd.out_state);
	EXPECT_EQ(0, cmd.out_tid);
	EXPECT_EQ(0, vn_set_weight(&set));
	EXPECT_EQ(VCPUNUMA_VCPU_EXITED, vn_state(self->fd, 1));

	/* The end of the binding is the end of it all, but for a place. */
	vn_unbind(self->fd, 5);
	vn_unbind(self->fd, 1);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 5));
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 1));
}

/* A process that nobody has waited for has exited all the same. */
TEST_F(query, zombie)
{
	struct vn_child c;
	siginfo_t info;

	vn_child_start(&c);
	vn_bind_cpu(self->fd, 0, self->a, c.pid);
	kill(c.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, c.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(VCPUNUMA_VCPU_EXITED, vn_state(self->fd, 0));
	vn_child_stop(&c);
	EXPECT_EQ(VCPUNUMA_VCPU_EXITED, vn_state(self->fd, 0));
}

TEST_F(query, after_unbind)
{
	struct vcpunuma_cmd_query cmd;
	struct vcpunuma_place place;

	vn_configure(self->fd, 1, 0, &place);
	vn_bind_cpu(self->fd, 0, self->b, 0);
	vn_query(self->fd, 0, &cmd, NULL);
	EXPECT_EQ(self->b, cmd.out_cpu);
	vn_unbind(self->fd, 0);
	vn_query(self->fd, 0, &cmd, NULL);
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, cmd.out_state);
	EXPECT_EQ(place.cpu, cmd.out_cpu);
	EXPECT_EQ(0, cmd.out_tid);
}

/* A set with too little room; one with just enough; one with more. */
TEST_F(query, set_size)
{
	struct vcpunuma_cmd_query cmd = { .size = sizeof(cmd) };
	struct vcpunuma_cmd_info info;
	struct vn_set set;
	__u32 need;

	vn_info(self->fd, &info);
	vn_bind_cpu(self->fd, 0, self->b, 0);
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
	need = cmd.nr_bits;
	EXPECT_LT(self->b, need);
	EXPECT_GE(VN_CPUS, need);

	if (need > 1) {
		cmd.nr_bits = 1;
		cmd.cpus = (uintptr_t)&set;
		EXPECT_EQ(-EMSGSIZE,
			  __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
		EXPECT_EQ(need, cmd.nr_bits);
	}

	memset(&set, 0xff, sizeof(set));
	cmd.nr_bits = need;
	cmd.cpus = (uintptr_t)&set;
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
	EXPECT_EQ(need, cmd.nr_bits);
	EXPECT_TRUE(vn_set_has(&set, self->b));
	if (self->b > 0)
		EXPECT_FALSE(vn_set_has(&set, 0));
	/* Words beyond are left alone. */
	EXPECT_EQ(~0ULL, set.word[(need + 63) / 64]);

	/* What the caller has room for is filled, and what it has not is not. */
	memset(&set, 0xff, sizeof(set));
	cmd.nr_bits = (need + 63) / 64 * 64 + 64;
	ASSERT_GT(VCPUNUMA_MAX_BITS, cmd.nr_bits);
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
	EXPECT_EQ(need, cmd.nr_bits);
	EXPECT_EQ(0, set.word[(need + 63) / 64]);
	EXPECT_EQ(~0ULL, set.word[(need + 63) / 64 + 1]);

	cmd.nr_bits = VCPUNUMA_MAX_BITS;
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
	EXPECT_SET(&self->set_b, &set);
	cmd.nr_bits = VCPUNUMA_MAX_BITS + 1;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
}

TEST_F(query, bad_set)
{
	struct vcpunuma_cmd_query cmd = {
		.size = sizeof(cmd),
		.nr_bits = VN_CPUS,
		.cpus = 8,
	};

	vn_bind_cpu(self->fd, 0, self->b, 0);
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_QUERY, &cmd));
}

TEST_F(query, vcpu_out_of_range)
{
	struct vcpunuma_cmd_info info;

	vn_info(self->fd, &info);
	EXPECT_EQ(-EINVAL, vn_state(self->fd, info.out_max_vcpus));
	EXPECT_EQ(-EINVAL, vn_state(self->fd, ~0U));
	EXPECT_EQ(-EINVAL, __vn_unbind(self->fd, info.out_max_vcpus));
}

/* The same from another process that has the file. */
static long child_query(void *result, int fd)
{
	return __vn_query(fd, 0, result, NULL);
}

TEST_F(query, from_elsewhere)
{
	struct vcpunuma_cmd_query *cmd = vn_shared(sizeof(*cmd));
	struct vn_child c;

	ASSERT_NE(MAP_FAILED, cmd);
	vn_child_start(&c);
	vn_bind_cpu(self->fd, 0, self->b, 0);
	EXPECT_EQ(0, vn_child_call(&c, child_query, cmd, self->fd));
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, cmd->out_state);
	EXPECT_EQ(getpid(), cmd->out_tid);
	vn_child_stop(&c);
}

/* Distribution */

FIXTURE(distribution) {
	int fd;
	const struct vn_host *host;
	struct vn_set all;
	int nr_nodes;
	struct vcpunuma_cmd_distribution cmd;
	struct vcpunuma_share share[MAX_SHARES];
};

FIXTURE_SETUP(distribution)
{
	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	self->nr_nodes = vn_set_weight(&self->host->online);
	ASSERT_GE(MAX_SHARES, self->nr_nodes);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(distribution)
{
	close(self->fd);
}

#define distribution_get() \
	vn_distribution(self->fd, &self->cmd, self->share, MAX_SHARES)

/* A VM with nothing: all nodes, all 0. */
TEST_F(distribution, nothing)
{
	int node, i = 0;

	memset(self->share, 0xa5, sizeof(self->share));
	distribution_get();
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_shares);
	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		EXPECT_EQ(node, self->share[i].node);
		EXPECT_EQ(0, self->share[i].nr_vcpus);
		EXPECT_EQ(0, self->share[i].mem_bytes);
	}
	EXPECT_EQ(0xa5a5a5a5, self->share[i].node);
	EXPECT_EQ(0, self->cmd.out_bound);
	EXPECT_EQ(0, self->cmd.out_spread);
	EXPECT_EQ(0, self->cmd.out_configured);
	EXPECT_EQ(0, self->cmd.out_exited);
}

TEST_F(distribution, vcpus)
{
	struct vn_thread t[8];
	struct vcpunuma_place place[12];
	int i, node, n = ARRAY_SIZE(t);

	/* 8 with threads on nodes in turn, 4 with a place only */
	vn_configure(self->fd, ARRAY_SIZE(place), 0, place);
	for (i = 0; i < n; i++) {
		vn_thread_start(&t[i]);
		vn_bind(self->fd, i, VCPUNUMA_BIND_PLACE, 0, t[i].tid, NULL);
	}
	distribution_get();
	EXPECT_EQ(n, self->cmd.out_bound);
	EXPECT_EQ(0, self->cmd.out_spread);
	EXPECT_EQ(4, self->cmd.out_configured);
	EXPECT_EQ(0, self->cmd.out_exited);
	i = 0;
	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		unsigned int expected = 0;

		for (int k = 0; k < n; k++)
			expected += place[k].node == (__u32)node;
		EXPECT_EQ(expected, self->share[i].nr_vcpus) {
			TH_LOG("node %d", node);
		}
	}

	/* One ends, one is unbound, one moves. */
	vn_thread_stop(&t[0]);
	vn_unbind(self->fd, 1);
	vn_bind(self->fd, 2, VCPUNUMA_BIND_NODE, place[3].node, t[2].tid,
		NULL);
	distribution_get();
	EXPECT_EQ(n - 2, self->cmd.out_bound);
	EXPECT_EQ(5, self->cmd.out_configured);
	EXPECT_EQ(1, self->cmd.out_exited);
	i = 0;
	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		unsigned int expected = place[3].node == (__u32)node;

		for (int k = 3; k < n; k++)
			expected += place[k].node == (__u32)node;
		EXPECT_EQ(expected, self->share[i].nr_vcpus) {
			TH_LOG("node %d", node);
		}
	}
	for (i = 1; i < n; i++)
		vn_thread_stop(&t[i]);
}

TEST_F(distribution, spread)
{
	struct vn_thread t;
	int i;

	if (vn_set_weight(&self->host->has_cpu) < 2)
		SKIP(return, "CPUs on one node only");
	vn_thread_start(&t);
	vn_bind_set(self->fd, 0, &self->all, t.tid, NULL);
	vn_bind_cpu(self->fd, 1, vn_set_first(&self->all), 0);
	distribution_get();
	EXPECT_EQ(2, self->cmd.out_bound);
	EXPECT_EQ(1, self->cmd.out_spread);
	for (i = 0; i < self->nr_nodes; i++)
		EXPECT_EQ(self->host->node_of[vn_set_first(&self->all)] ==
			  (int)self->share[i].node, self->share[i].nr_vcpus);
	vn_thread_stop(&t);
}

TEST_F(distribution, drifted_is_bound)
{
	struct vn_thread t;

	if (vn_set_weight(&self->all) < 2)
		SKIP(return, "one CPU");
	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, vn_set_first(&self->all), t.tid);
	vn_setaffinity(t.tid, &self->all);
	EXPECT_EQ(VCPUNUMA_VCPU_DRIFTED, vn_state(self->fd, 0));
	distribution_get();
	EXPECT_EQ(1, self->cmd.out_bound);
	EXPECT_EQ(0, self->cmd.out_exited);
	vn_thread_stop(&t);
}

TEST_F(distribution, memory)
{
	unsigned long long expected[MAX_SHARES] = {};
	int mem[MAX_SHARES], n = 0, i = 0, node;

	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		if (!vn_set_has(&self->host->has_memory, node))
			continue;
		expected[i] = (n + 1) * PAGE_2M;
		mem[n++] = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE,
					 expected[i], node, 0);
	}
	distribution_get();
	for (i = 0; i < self->nr_nodes; i++) {
		EXPECT_EQ(expected[i], self->share[i].mem_bytes) {
			TH_LOG("node %u", self->share[i].node);
		}
	}
	while (n--)
		close(mem[n]);
	distribution_get();
	for (i = 0; i < self->nr_nodes; i++)
		EXPECT_EQ(0, self->share[i].mem_bytes);
}

/* A page counts once it is there. */
TEST_F(distribution, memory_on_fault)
{
	int node = vn_set_first(&self->host->has_memory);
	int mem = vn_mem_create(self->fd, 0, 4 * PAGE_2M, node, 0);
	unsigned long long sum;
	char *at;

	distribution_get();
	for (int i = 0; i < self->nr_nodes; i++)
		EXPECT_EQ(0, self->share[i].mem_bytes);
	at = vn_map(mem, 4 * PAGE_2M);
	vn_touch(at, PAGE_2M);
	distribution_get();
	sum = 0;
	for (int i = 0; i < self->nr_nodes; i++) {
		sum += self->share[i].mem_bytes;
		if ((int)self->share[i].node == node)
			EXPECT_EQ(PAGE_2M, self->share[i].mem_bytes);
	}
	EXPECT_EQ(PAGE_2M, sum);
	/* Mapped, it lives, and counts, without its descriptor. */
	close(mem);
	distribution_get();
	sum = 0;
	for (int i = 0; i < self->nr_nodes; i++)
		sum += self->share[i].mem_bytes;
	EXPECT_EQ(PAGE_2M, sum);
	munmap(at, 4 * PAGE_2M);
}

TEST_F(distribution, numbers)
{
	struct vcpunuma_cmd_distribution cmd;

	vn_bind_cpu(self->fd, 0, vn_set_first(&self->all), 0);
	vn_distribution(self->fd, &cmd, NULL, 0);
	EXPECT_EQ(self->nr_nodes, cmd.nr_shares);
	EXPECT_EQ(1, cmd.out_bound);
}

TEST_F(distribution, room_too_small)
{
	if (self->nr_nodes < 2)
		SKIP(return, "one node: no number is too small but 0");
	EXPECT_EQ(-EMSGSIZE, __vn_distribution(self->fd, &self->cmd,
					       self->share,
					       self->nr_nodes - 1));
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_shares);
}

TEST_F(distribution, larger_elements)
{
	struct {
		struct vcpunuma_share known;
		__u64 unknown;
	} share[MAX_SHARES];
	struct vcpunuma_cmd_distribution cmd = {
		.size = sizeof(cmd),
		.shares = (uintptr_t)share,
		.nr_shares = MAX_SHARES,
		.share_size = sizeof(share[0]),
	};

	memset(share, 0xa5, sizeof(share));
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_DISTRIBUTION, &cmd));
	ASSERT_EQ(self->nr_nodes, cmd.nr_shares);
	for (int i = 0; i < self->nr_nodes; i++) {
		EXPECT_EQ(vn_set_nth(&self->host->online, i),
			  share[i].known.node);
		EXPECT_EQ(0, share[i].known.mem_bytes);
		EXPECT_EQ(0, share[i].unknown);
	}
}

TEST_F(distribution, bad_array)
{
	struct vcpunuma_cmd_distribution cmd = {
		.size = sizeof(cmd),
		.shares = 8,
		.nr_shares = MAX_SHARES,
		.share_size = sizeof(struct vcpunuma_share),
	};

	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_DISTRIBUTION, &cmd));
}

TEST_HARNESS_MAIN
