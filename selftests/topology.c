// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_TOPOLOGY against sysfs.
 */
#include "kselftest_harness.h"
#include "lib.h"

/* More elements than there are, to see what is left alone. */
#define SPARE	3
#define POISON	0xa5

FIXTURE(topology) {
	int fd;
	const struct vn_host *host;
	unsigned int nr_nodes;
	unsigned int nr_cpus;
	struct vcpunuma_cmd_topology cmd;
	struct vcpunuma_node *nodes;
	struct vcpunuma_cpu *cpus;
	__u32 *distances;
};

FIXTURE_SETUP(topology)
{
	self->fd = vn_open();
	self->host = vn_host();
	self->nr_nodes = vn_set_weight(&self->host->online);
	self->nr_cpus = vn_set_weight(&self->host->cpus);

	self->nodes = malloc((self->nr_nodes + SPARE) * sizeof(*self->nodes));
	self->cpus = malloc((self->nr_cpus + SPARE) * sizeof(*self->cpus));
	self->distances = malloc((self->nr_nodes * self->nr_nodes + SPARE) *
				 sizeof(*self->distances));
	ASSERT_TRUE(self->nodes && self->cpus && self->distances);
	memset(self->nodes, POISON,
	       (self->nr_nodes + SPARE) * sizeof(*self->nodes));
	memset(self->cpus, POISON,
	       (self->nr_cpus + SPARE) * sizeof(*self->cpus));
	memset(self->distances, POISON,
	       (self->nr_nodes * self->nr_nodes + SPARE) *
	       sizeof(*self->distances));

	self->cmd = (struct vcpunuma_cmd_topology){
		.size = sizeof(self->cmd),
		.nodes = (uintptr_t)self->nodes,
		.nr_nodes = self->nr_nodes,
		.node_size = sizeof(*self->nodes),
		.cpus = (uintptr_t)self->cpus,
		.nr_cpus = self->nr_cpus,
		.cpu_size = sizeof(*self->cpus),
		.distances = (uintptr_t)self->distances,
		.nr_distances = self->nr_nodes * self->nr_nodes,
	};
}

FIXTURE_TEARDOWN(topology)
{
	free(self->nodes);
	free(self->cpus);
	free(self->distances);
	close(self->fd);
}

#define topology_get() \
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &self->cmd))

/* A number of 0 asks for the number and does not fail. */
TEST_F(topology, numbers)
{
	struct vcpunuma_cmd_topology cmd = {
		.size = sizeof(cmd),
		.node_size = sizeof(struct vcpunuma_node),
		.cpu_size = sizeof(struct vcpunuma_cpu),
	};

	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &cmd));
	EXPECT_EQ(self->nr_nodes, cmd.nr_nodes);
	EXPECT_EQ(self->nr_cpus, cmd.nr_cpus);
	EXPECT_EQ(self->nr_nodes * self->nr_nodes, cmd.nr_distances);
}

TEST_F(topology, nodes)
{
	unsigned int i = 0;
	int node;

	topology_get();
	ASSERT_EQ(self->nr_nodes, self->cmd.nr_nodes);
	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		__u32 flags = VCPUNUMA_NODE_ONLINE;

		if (vn_set_has(&self->host->has_cpu, node))
			flags |= VCPUNUMA_NODE_CPU;
		if (vn_set_has(&self->host->has_memory, node))
			flags |= VCPUNUMA_NODE_MEMORY;
		EXPECT_EQ(node, self->nodes[i].node);
		EXPECT_EQ(flags, self->nodes[i].flags) {
			TH_LOG("node %d", node);
		}
		EXPECT_EQ(vn_set_weight(&self->host->node_cpus[node]),
			  self->nodes[i].nr_cpus) {
			TH_LOG("node %d", node);
		}
		EXPECT_EQ(0, self->nodes[i].__reserved);
	}
}

TEST_F(topology, memory)
{
	const long long slack = 24 * MIB;
	unsigned int i = 0;
	int node;

	topology_get();
	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		long long total = self->nodes[i].mem_total;
		long long free = self->nodes[i].mem_free;

		EXPECT_EQ(vn_meminfo(node, "MemTotal"), total) {
			TH_LOG("node %d", node);
		}
		EXPECT_LE(free, total);
		EXPECT_GT(slack, llabs(vn_meminfo(node, "MemFree") - free)) {
			TH_LOG("node %d: MemFree %lld, reported %lld", node,
			       vn_meminfo(node, "MemFree"), free);
		}
	}
}

TEST_F(topology, cpus)
{
	unsigned int i = 0;
	int cpu;

	topology_get();
	ASSERT_EQ(self->nr_cpus, self->cmd.nr_cpus);
	for (cpu = -1; vn_set_step(&self->host->cpus, &cpu); i++) {
		EXPECT_EQ(cpu, self->cpus[i].cpu);
		EXPECT_EQ(self->host->node_of[cpu], self->cpus[i].node) {
			TH_LOG("CPU %d", cpu);
		}
		EXPECT_EQ(self->host->core_of[cpu], self->cpus[i].core) {
			TH_LOG("CPU %d", cpu);
		}
		EXPECT_EQ(0, self->cpus[i].flags);
	}
}

TEST_F(topology, distances)
{
	unsigned int expected[VN_NODES];
	unsigned int i = 0;
	int node;

	topology_get();
	ASSERT_EQ(self->nr_nodes * self->nr_nodes, self->cmd.nr_distances);
	for (node = -1; vn_set_step(&self->host->online, &node); i++) {
		ASSERT_EQ(self->nr_nodes,
			  vn_distances(node, expected, VN_NODES));
		for (unsigned int j = 0; j < self->nr_nodes; j++) {
			__u32 seen = self->distances[i * self->nr_nodes + j];

			EXPECT_EQ(expected[j], seen) {
				TH_LOG("from node %d to the one at %u",
				       node, j);
			}
			if (i == j)
				EXPECT_EQ(10, seen);
		}
	}
}

/* Room for more than there is: the rest of the arrays is left alone. */
TEST_F(topology, room_to_spare)
{
	const unsigned char *p;
	size_t i;

	self->cmd.nr_nodes += SPARE;
	self->cmd.nr_cpus += SPARE;
	self->cmd.nr_distances += SPARE;
	topology_get();
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_nodes);
	EXPECT_EQ(self->nr_cpus, self->cmd.nr_cpus);
	EXPECT_EQ(self->nr_nodes * self->nr_nodes, self->cmd.nr_distances);

	p = (unsigned char *)(self->nodes + self->nr_nodes);
	for (i = 0; i < SPARE * sizeof(*self->nodes); i++)
		EXPECT_EQ(POISON, p[i]);
	p = (unsigned char *)(self->cpus + self->nr_cpus);
	for (i = 0; i < SPARE * sizeof(*self->cpus); i++)
		EXPECT_EQ(POISON, p[i]);
	p = (unsigned char *)(self->distances +
			      self->nr_nodes * self->nr_nodes);
	for (i = 0; i < SPARE * sizeof(*self->distances); i++)
		EXPECT_EQ(POISON, p[i]);
}

TEST_F(topology, node_room_too_small)
{
	if (self->nr_nodes < 2)
		SKIP(return, "one node: no number is too small but 0");

	self->cmd.nr_nodes--;
	EXPECT_EQ(-EMSGSIZE,
		  __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &self->cmd));
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_nodes);
	EXPECT_EQ(self->nr_cpus, self->cmd.nr_cpus);
	EXPECT_EQ(self->nr_nodes * self->nr_nodes, self->cmd.nr_distances);
	/* The numbers written back are those that do. */
	topology_get();
}

TEST_F(topology, cpu_room_too_small)
{
	if (self->nr_cpus < 2)
		SKIP(return, "one CPU: no number is too small but 0");

	self->cmd.nr_cpus = 1;
	EXPECT_EQ(-EMSGSIZE,
		  __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &self->cmd));
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_nodes);
	EXPECT_EQ(self->nr_cpus, self->cmd.nr_cpus);
	EXPECT_EQ(self->nr_nodes * self->nr_nodes, self->cmd.nr_distances);
	topology_get();
}

TEST_F(topology, distance_room_too_small)
{
	if (self->nr_nodes < 2)
		SKIP(return, "one node: no number is too small but 0");

	self->cmd.nr_distances--;
	EXPECT_EQ(-EMSGSIZE,
		  __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &self->cmd));
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_nodes);
	EXPECT_EQ(self->nr_cpus, self->cmd.nr_cpus);
	EXPECT_EQ(self->nr_nodes * self->nr_nodes, self->cmd.nr_distances);
	topology_get();
}

/* Each array alone; a pointer that comes with a number of 0 is not used. */
TEST_F(topology, arrays_left_out)
{
	self->cmd.nodes = 8;
	self->cmd.nr_nodes = 0;
	self->cmd.distances = 8;
	self->cmd.nr_distances = 0;
	topology_get();
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_nodes);
	EXPECT_EQ(vn_set_first(&self->host->cpus), self->cpus[0].cpu);

	self->cmd.nr_nodes = 0;
	self->cmd.cpus = 8;
	self->cmd.nr_cpus = 0;
	self->cmd.distances = (uintptr_t)self->distances;
	topology_get();
	EXPECT_EQ(10, self->distances[0]);

	self->cmd.nodes = (uintptr_t)self->nodes;
	self->cmd.nr_cpus = 0;
	self->cmd.distances = 8;
	self->cmd.nr_distances = 0;
	topology_get();
	EXPECT_EQ(vn_set_first(&self->host->online), self->nodes[0].node);
}

/* A caller with larger elements: further apart, and 0 where unknown. */
TEST_F(topology, larger_elements)
{
	struct {
		struct vcpunuma_node known;
		__u64 unknown[2];
	} *nodes;
	struct {
		struct vcpunuma_cpu known;
		__u64 unknown;
	} *cpus;
	unsigned int i;

	nodes = malloc(self->nr_nodes * sizeof(*nodes));
	cpus = malloc(self->nr_cpus * sizeof(*cpus));
	ASSERT_TRUE(nodes && cpus);
	memset(nodes, POISON, self->nr_nodes * sizeof(*nodes));
	memset(cpus, POISON, self->nr_cpus * sizeof(*cpus));

	topology_get();
	self->cmd.nodes = (uintptr_t)nodes;
	self->cmd.node_size = sizeof(*nodes);
	self->cmd.cpus = (uintptr_t)cpus;
	self->cmd.cpu_size = sizeof(*cpus);
	topology_get();
	for (i = 0; i < self->nr_nodes; i++) {
		EXPECT_EQ(self->nodes[i].node, nodes[i].known.node);
		EXPECT_EQ(self->nodes[i].flags, nodes[i].known.flags);
		EXPECT_EQ(self->nodes[i].mem_total, nodes[i].known.mem_total);
		EXPECT_EQ(0, nodes[i].unknown[0]);
		EXPECT_EQ(0, nodes[i].unknown[1]);
	}
	for (i = 0; i < self->nr_cpus; i++) {
		EXPECT_EQ(0, memcmp(&self->cpus[i], &cpus[i].known,
				    sizeof(cpus[i].known)));
		EXPECT_EQ(0, cpus[i].unknown);
	}
	free(nodes);
	free(cpus);
}

TEST_F(topology, bad_arrays)
{
	struct vcpunuma_cmd_topology cmd = self->cmd;

	cmd.nodes = 8;
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &cmd));
	cmd = self->cmd;
	cmd.cpus = 8;
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &cmd));
	cmd = self->cmd;
	cmd.distances = 8;
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &cmd));
}

/* It is the host that is described, not what the caller may use of it. */
TEST_F(topology, whatever_the_affinity)
{
	struct vn_set one = vn_set_of(vn_set_first(&self->host->cpus));

	vn_setaffinity(0, &one);
	topology_get();
	EXPECT_EQ(self->nr_cpus, self->cmd.nr_cpus);
	EXPECT_EQ(self->nr_nodes, self->cmd.nr_nodes);
}

/* A CPU that goes offline is gone from the list, and back with it. */
TEST_F(topology, cpu_offline)
{
	char path[64];
	unsigned int i;
	int cpu, last = -1;

	for (cpu = -1; vn_set_step(&self->host->cpus, &cpu);) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/online", cpu);
		if (!access(path, W_OK))
			last = cpu;
	}
	if (last < 0 || self->nr_cpus < 2)
		SKIP(return, "no CPU can be taken offline");

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 last);
	ASSERT_EQ(0, __vn_write_file(path, "0"));
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_TOPOLOGY, &self->cmd));
	EXPECT_EQ(0, __vn_write_file(path, "1"));
	EXPECT_EQ(self->nr_cpus - 1, self->cmd.nr_cpus);
	for (i = 0; i < self->cmd.nr_cpus; i++)
		EXPECT_NE(last, self->cpus[i].cpu);

	self->cmd.nr_cpus = self->nr_cpus;
	topology_get();
	EXPECT_EQ(self->nr_cpus, self->cmd.nr_cpus);
}

TEST_HARNESS_MAIN
