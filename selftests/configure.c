// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_CONFIGURE: the places chosen, and what becomes of them.
 */
#include "kselftest_harness.h"
#include "lib.h"

#define MAX_PLACES	64

FIXTURE(configure) {
	int fd;
	const struct vn_host *host;
	struct vn_set all;	/* affinity at the beginning */
	int nr_cpus;
	int nr_nodes;		/* with CPUs of @all */
	struct vn_set nodes;
	struct vcpunuma_place place[MAX_PLACES];
	struct vcpunuma_place other[MAX_PLACES];
};

/* The nodes that have CPUs of a set. */
static struct vn_set nodes_of(const struct vn_set *cpus)
{
	struct vn_set nodes = {};
	int cpu;

	for (cpu = -1; vn_set_step(cpus, &cpu);)
		vn_set_add(&nodes, vn_host()->node_of[cpu]);
	return nodes;
}

FIXTURE_SETUP(configure)
{
	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	self->nr_cpus = vn_set_weight(&self->all);
	self->nodes = nodes_of(&self->all);
	self->nr_nodes = vn_set_weight(&self->nodes);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(configure)
{
	close(self->fd);
}

/*
 * What is wrong with the places of one VM, alone on a host on which the caller
 * may run on @cpus; "" if nothing is.
 */
static const char *wrong(const struct vcpunuma_place *place, unsigned int nr,
			 const struct vn_set *cpus)
{
	static char text[128];
	const struct vn_host *host = vn_host();
	struct vn_set nodes = nodes_of(cpus);
	int used[VN_CPUS] = {};
	int n = vn_set_weight(&nodes);
	int node;

	for (unsigned int i = 0; i < nr; i++) {
		int expected = vn_set_nth(&nodes, i % n);
		__u32 cpu = place[i].cpu;

		snprintf(text, sizeof(text),
			 "vCPU %u of %u: id %u, node %u (expected %d), CPU %u",
			 i, nr, place[i].vcpu, place[i].node, expected, cpu);
		if (place[i].vcpu != i || place[i].node != (__u32)expected ||
		    place[i].__reserved || !vn_set_has(cpus, cpu) ||
		    host->node_of[cpu] != expected)
			return text;
		used[cpu]++;
	}

	/* On each node: each CPU as often as any other, or once more. */
	for (node = -1; vn_set_step(&nodes, &node);) {
		struct vn_set local = vn_set_and(cpus, &host->node_cpus[node]);
		struct vn_set taken = {};
		int cores = vn_cores(&local);
		int least = INT32_MAX, most = 0, count = 0, cpu;

		for (cpu = -1; vn_set_step(&local, &cpu);) {
			if (used[cpu])
				vn_set_add(&taken, cpu);
			if (used[cpu] < least)
				least = used[cpu];
			if (used[cpu] > most)
				most = used[cpu];
			count += used[cpu];
		}
		snprintf(text, sizeof(text),
			 "node %d: %d to %d of %d vCPUs on a CPU, CPUs %s",
			 node, least, most, count, vn_str(&taken));
		if (most > least + 1)
			return text;
		/* Whole cores first. */
		if (vn_cores(&taken) < (count < cores ? count : cores))
			return text;
	}
	return "";
}

TEST_F(configure, round_robin)
{
	unsigned int nr;

	for (nr = 1; nr <= MAX_PLACES && (int)nr <= 3 * self->nr_cpus; nr++) {
		vn_configure(self->fd, nr, 0, self->place);
		EXPECT_STREQ("", wrong(self->place, nr, &self->all));
	}
}

/* In order: a VM with fewer vCPUs gets what one with more begins with. */
TEST_F(configure, each_cpu_once)
{
	struct vn_set used = {};
	int nr = 0, node, least = INT32_MAX;

	/* As many on each node as the smallest has CPUs. */
	for (node = -1; vn_set_step(&self->nodes, &node);) {
		struct vn_set local = vn_set_and(&self->all,
						 &self->host->node_cpus[node]);

		if (vn_set_weight(&local) < least)
			least = vn_set_weight(&local);
	}
	nr = least * self->nr_nodes;
	ASSERT_LE(nr, MAX_PLACES);
	vn_configure(self->fd, nr, 0, self->place);
	for (int i = 0; i < nr; i++) {
		EXPECT_FALSE(vn_set_has(&used, self->place[i].cpu)) {
			TH_LOG("CPU %u twice", self->place[i].cpu);
		}
		vn_set_add(&used, self->place[i].cpu);
	}
}

TEST_F(configure, whole_cores_first)
{
	struct vn_set used = {};
	int cores = vn_cores(&self->host->cpus);
	int nr = 0, node, least = INT32_MAX;

	if (cores == self->nr_cpus)
		SKIP(return, "each core has one thread");
	for (node = -1; vn_set_step(&self->nodes, &node);) {
		int n = vn_cores(&self->host->node_cpus[node]);

		if (n < least)
			least = n;
	}
	nr = least * self->nr_nodes;
	ASSERT_LE(nr, MAX_PLACES);
	vn_configure(self->fd, nr, 0, self->place);
	for (int i = 0; i < nr; i++)
		vn_set_add(&used, self->place[i].cpu);
	EXPECT_EQ(nr, vn_cores(&used)) {
		TH_LOG("CPUs %s", vn_str(&used));
	}
}

/* The CPUs another VM has are the last to be taken. */
TEST_F(configure, two_vms)
{
	int second = vn_open();
	int nr = self->nr_nodes;

	vn_configure(self->fd, nr, 0, self->place);
	vn_configure(second, nr, 0, self->other);
	for (int i = 0; i < nr; i++) {
		int node = self->place[i].node;
		struct vn_set local = vn_set_and(&self->all,
						 &self->host->node_cpus[node]);

		EXPECT_EQ(node, self->other[i].node);
		if (vn_set_weight(&local) > 1)
			EXPECT_NE(self->place[i].cpu, self->other[i].cpu);
		if (vn_cores(&local) > 1)
			EXPECT_NE(self->host->core_of[self->place[i].cpu],
				  self->host->core_of[self->other[i].cpu]);
	}

	/* Once the first is gone its CPUs are the free ones. */
	close(self->fd);
	self->fd = vn_open();
	vn_configure(self->fd, nr, 0, self->place);
	for (int i = 0; i < nr; i++) {
		int node = self->place[i].node;

		if (vn_set_weight(&self->host->node_cpus[node]) > 1)
			EXPECT_NE(self->place[i].cpu, self->other[i].cpu);
	}
	close(second);
}

/* All CPUs are used by several VMs before any is used twice. */
TEST_F(configure, many_vms)
{
	int used[VN_CPUS] = {};
	int fds[MAX_PLACES];
	int rounds, cpu, node;

	/* One vCPU per node and VM. */
	for (rounds = 0; rounds < 8; rounds++) {
		fds[rounds] = vn_open();
		vn_configure(fds[rounds], self->nr_nodes, 0, self->place);
		for (int i = 0; i < self->nr_nodes; i++)
			used[self->place[i].cpu]++;
	}
	for (node = -1; vn_set_step(&self->nodes, &node);) {
		const struct vn_set *cpus = &self->host->node_cpus[node];
		int n = vn_set_weight(cpus);

		for (cpu = -1; vn_set_step(cpus, &cpu);) {
			EXPECT_LE(rounds / n, used[cpu]) {
				TH_LOG("CPU %d", cpu);
			}
			EXPECT_GE((rounds + n - 1) / n, used[cpu]) {
				TH_LOG("CPU %d", cpu);
			}
		}
	}
	while (rounds--)
		close(fds[rounds]);
}

/* A vCPU bound to a CPU without a place counts as well. */
TEST_F(configure, beside_a_bound_one)
{
	int other = vn_open();
	int node = vn_set_first(&self->nodes);
	int cpu;

	if (vn_set_weight(&self->host->node_cpus[node]) < 2)
		SKIP(goto out, "one CPU on the node");
	vn_configure(self->fd, 1, 0, self->place);
	cpu = self->place[0].cpu;
	vn_configure(self->fd, 0, 0, NULL);
	vn_bind_cpu(other, 0, cpu, 0);
	vn_setaffinity(0, &self->all);
	vn_configure(self->fd, 1, 0, self->place);
	EXPECT_EQ(node, self->place[0].node);
	EXPECT_NE(cpu, self->place[0].cpu);
out:
	close(other);
}

TEST_F(configure, nodes_only)
{
	unsigned int nr = 2 * self->nr_nodes + 1;

	vn_configure(self->fd, nr, VCPUNUMA_CONFIGURE_NODES, self->place);
	for (unsigned int i = 0; i < nr; i++) {
		struct vcpunuma_cmd_bind cmd;
		struct vn_set set;
		int node;

		node = vn_set_nth(&self->nodes, i % self->nr_nodes);
		EXPECT_EQ(i, self->place[i].vcpu);
		EXPECT_EQ(node, self->place[i].node);
		EXPECT_EQ(VCPUNUMA_NONE, self->place[i].cpu);
		EXPECT_EQ(0, self->place[i].__reserved);
		vn_bind(self->fd, i, VCPUNUMA_BIND_PLACE, 0, 0, &cmd);
		set = vn_set_and(&self->all, &self->host->node_cpus[node]);
		EXPECT_AFFINITY(&set, 0);
		EXPECT_EQ(node, cmd.out_node);
		vn_unbind(self->fd, i);
	}
}

TEST_F(configure, bind_places)
{
	struct vn_thread t[8];
	unsigned int nr = ARRAY_SIZE(t);

	/* Before there is any thread. */
	vn_configure(self->fd, nr, 0, self->place);
	for (unsigned int i = 0; i < nr; i++) {
		struct vn_set one = vn_set_of(self->place[i].cpu);
		struct vcpunuma_cmd_bind cmd;

		vn_thread_start(&t[i]);
		vn_bind(self->fd, i, VCPUNUMA_BIND_PLACE, 0, t[i].tid, &cmd);
		EXPECT_AFFINITY(&one, t[i].tid);
		EXPECT_EQ(self->place[i].cpu, cmd.out_cpu);
		EXPECT_EQ(self->place[i].node, cmd.out_node);
	}
	for (unsigned int i = 0; i < nr; i++)
		vn_thread_stop(&t[i]);
}

/* A place where the thread may not run. */
TEST_F(configure, place_not_allowed)
{
	struct vn_set rest = self->all;

	if (self->nr_cpus < 2)
		SKIP(return, "one CPU");
	vn_configure(self->fd, 1, 0, self->place);
	vn_set_del(&rest, self->place[0].cpu);
	vn_setaffinity(0, &rest);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, 0,
				     NULL));
	EXPECT_AFFINITY(&rest, 0);
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 0));
}

TEST_F(configure, again)
{
	unsigned int nr = self->nr_cpus;

	ASSERT_LE(nr, MAX_PLACES);
	for (int round = 0; round < 3; round++) {
		/* Its own earlier places are not in the way. */
		vn_configure(self->fd, nr, 0, self->place);
		EXPECT_STREQ("", wrong(self->place, nr, &self->all));
	}
	/* Fewer: the others are forgotten. */
	vn_configure(self->fd, 1, 0, self->place);
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 1));
	EXPECT_EQ(-ENOENT, __vn_bind(self->fd, 1, VCPUNUMA_BIND_PLACE, 0, 0,
				     NULL));
}

TEST_F(configure, forget)
{
	vn_configure(self->fd, 2, 0, self->place);
	vn_configure(self->fd, 0, 0, NULL);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 1));
	EXPECT_EQ(-ENOENT, __vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, 0,
				     NULL));
	EXPECT_AFFINITY(&self->all, 0);
}

/* What is bound stays where it is until it is bound again. */
TEST_F(configure, bound_stays)
{
	struct vcpunuma_cmd_query query;
	struct vn_set one;

	vn_configure(self->fd, 2, 0, self->place);
	vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL);
	one = vn_set_of(self->place[0].cpu);
	vn_configure(self->fd, 3, VCPUNUMA_CONFIGURE_NODES, self->other);
	EXPECT_AFFINITY(&one, 0);
	vn_query(self->fd, 0, &query, NULL);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, query.out_state);
	EXPECT_EQ(self->place[0].cpu, query.out_cpu);

	vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL);
	one = vn_set_and(&self->all,
			 &self->host->node_cpus[self->other[0].node]);
	EXPECT_AFFINITY(&one, 0);

	vn_configure(self->fd, 0, 0, NULL);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	EXPECT_AFFINITY(&one, 0);
	vn_unbind(self->fd, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	EXPECT_AFFINITY(&self->all, 0);
}

/* The caller's affinity says which nodes and CPUs there are. */
TEST_F(configure, affinity)
{
	int node, cpu;

	for (node = -1; vn_set_step(&self->nodes, &node);) {
		struct vn_set set = vn_set_and(&self->all,
					       &self->host->node_cpus[node]);

		vn_setaffinity(0, &set);
		vn_configure(self->fd, 5, 0, self->place);
		EXPECT_STREQ("", wrong(self->place, 5, &set));
	}
	for (cpu = -1; vn_set_step(&self->all, &cpu);) {
		struct vn_set one = vn_set_of(cpu);

		vn_setaffinity(0, &one);
		vn_configure(self->fd, 3, 0, self->place);
		EXPECT_STREQ("", wrong(self->place, 3, &one));
	}
}

TEST_F(configure, affinity_leaves_out)
{
	struct vn_set set = self->all;

	if (self->nr_cpus < 2)
		SKIP(return, "one CPU");
	/* All but the one that would have been the first. */
	vn_configure(self->fd, 1, 0, self->place);
	vn_set_del(&set, self->place[0].cpu);
	vn_setaffinity(0, &set);
	vn_configure(self->fd, 8, 0, self->place);
	EXPECT_STREQ("", wrong(self->place, 8, &set));
}

TEST_F(configure, room_too_small)
{
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.nr_vcpus = 4,
		.place_size = sizeof(self->place[0]),
		.places = (uintptr_t)self->other,
		.nr_places = 3,
	};
	struct vcpunuma_cmd_query before, after;

	vn_configure(self->fd, 2, 0, self->place);
	vn_query(self->fd, 1, &before, NULL);
	EXPECT_EQ(-EMSGSIZE, __vn_ioctl(self->fd, VCPUNUMA_CONFIGURE, &cmd));
	EXPECT_EQ(4, cmd.nr_places);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 2));
	vn_query(self->fd, 1, &after, NULL);
	EXPECT_EQ(before.out_state, after.out_state);
	EXPECT_EQ(before.out_node, after.out_node);
	EXPECT_EQ(before.out_cpu, after.out_cpu);
	/* The number written back does. */
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_CONFIGURE, &cmd));
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 3));
}

/* With no room at all it is done, and the number is told. */
TEST_F(configure, no_room)
{
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.nr_vcpus = 4,
		.place_size = sizeof(self->place[0]),
	};

	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_CONFIGURE, &cmd));
	EXPECT_EQ(4, cmd.nr_places);
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 3));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 4));
}

TEST_F(configure, room_to_spare)
{
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.nr_vcpus = 2,
		.place_size = sizeof(self->place[0]),
		.places = (uintptr_t)self->place,
		.nr_places = 4,
	};
	unsigned char *p = (unsigned char *)&self->place[2];

	memset(self->place, 0xa5, sizeof(self->place));
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_CONFIGURE, &cmd));
	EXPECT_EQ(2, cmd.nr_places);
	EXPECT_STREQ("", wrong(self->place, 2, &self->all));
	for (size_t i = 0; i < 2 * sizeof(self->place[0]); i++)
		EXPECT_EQ(0xa5, p[i]);
}

TEST_F(configure, larger_elements)
{
	struct {
		struct vcpunuma_place known;
		__u64 unknown;
	} place[4];
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.nr_vcpus = 4,
		.place_size = sizeof(place[0]),
		.places = (uintptr_t)place,
		.nr_places = 4,
	};

	memset(place, 0xa5, sizeof(place));
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_CONFIGURE, &cmd));
	for (int i = 0; i < 4; i++) {
		self->place[i] = place[i].known;
		EXPECT_EQ(0, place[i].unknown);
	}
	EXPECT_STREQ("", wrong(self->place, 4, &self->all));
}

/* Places that cannot be told are not kept. */
TEST_F(configure, bad_array)
{
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.nr_vcpus = 4,
		.place_size = sizeof(self->place[0]),
		.places = 8,
		.nr_places = 4,
	};

	vn_configure(self->fd, 1, 0, self->place);
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_CONFIGURE, &cmd));
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 1));
}

TEST_F(configure, number_out_of_range)
{
	struct vcpunuma_cmd_info info;

	vn_info(self->fd, &info);
	vn_configure(self->fd, 1, 0, self->place);
	EXPECT_EQ(-EINVAL, __vn_configure(self->fd, info.out_max_vcpus + 1, 0,
					  NULL));
	EXPECT_EQ(-EINVAL, __vn_configure(self->fd, ~0U, 0, NULL));
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 1));
	EXPECT_EQ(0, __vn_configure(self->fd, info.out_max_vcpus, 0, NULL));
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED,
		  vn_state(self->fd, info.out_max_vcpus - 1));
}

TEST_HARNESS_MAIN
