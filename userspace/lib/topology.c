// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - topology of the host
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct vcpunuma_topology {
	unsigned int nr_nodes;
	unsigned int nr_cpus;
	struct vcpunuma_node *nodes;	/* in order of id */
	struct vcpunuma_cpu *cpus;	/* in order of id */
	uint32_t *distances;		/* nr_nodes * nr_nodes */
};

/* Makes room for the numbers @cmd has, and lets @cmd point to it. */
static int make_room(struct vcpunuma_topology *topo,
		     struct vcpunuma_cmd_topology *cmd)
{
	free(topo->nodes);
	free(topo->cpus);
	free(topo->distances);
	topo->nodes = calloc(cmd->nr_nodes, sizeof(*topo->nodes));
	topo->cpus = calloc(cmd->nr_cpus, sizeof(*topo->cpus));
	topo->distances = calloc(cmd->nr_distances, sizeof(*topo->distances));
	if (!topo->nodes || !topo->cpus || !topo->distances)
		return -1;

	cmd->nodes = (uintptr_t)topo->nodes;
	cmd->cpus = (uintptr_t)topo->cpus;
	cmd->distances = (uintptr_t)topo->distances;
	return 0;
}

static int fill(struct vcpunuma_topology *topo, int fd)
{
	struct vcpunuma_cmd_topology cmd = {
		.size = sizeof(cmd),
		.node_size = sizeof(struct vcpunuma_node),
		.cpu_size = sizeof(struct vcpunuma_cpu),
	};
	int tries = MAX_RETRIES;

	/* The numbers alone, at first */
	if (vn_ioctl(fd, VCPUNUMA_TOPOLOGY, &cmd) < 0)
		return -1;

	for (;;) {
		if (make_room(topo, &cmd) < 0)
			return -1;
		if (!vn_ioctl(fd, VCPUNUMA_TOPOLOGY, &cmd))
			break;
		if (errno != EMSGSIZE || !--tries)
			return -1;
	}

	topo->nr_nodes = cmd.nr_nodes;
	topo->nr_cpus = cmd.nr_cpus;
	return 0;
}

VCPUNUMA_API struct vcpunuma_topology *
vcpunuma_topology_get(const struct vcpunuma_vm *vm)
{
	struct vcpunuma_topology *topo = calloc(1, sizeof(*topo));

	if (!topo)
		return NULL;
	if (fill(topo, vm->fd) < 0) {
		int err = errno;

		vcpunuma_topology_free(topo);
		errno = err;
		return NULL;
	}
	return topo;
}

VCPUNUMA_API void vcpunuma_topology_free(struct vcpunuma_topology *topo)
{
	if (!topo)
		return;
	free(topo->nodes);
	free(topo->cpus);
	free(topo->distances);
	free(topo);
}

static int cmp_node(const void *key, const void *elem)
{
	unsigned int node = *(const unsigned int *)key;
	const struct vcpunuma_node *n = elem;

	return node < n->node ? -1 : node > n->node;
}

static int cmp_cpu(const void *key, const void *elem)
{
	unsigned int cpu = *(const unsigned int *)key;
	const struct vcpunuma_cpu *c = elem;

	return cpu < c->cpu ? -1 : cpu > c->cpu;
}

static const struct vcpunuma_node *
find_node(const struct vcpunuma_topology *topo, unsigned int node)
{
	return bsearch(&node, topo->nodes, topo->nr_nodes,
		       sizeof(*topo->nodes), cmp_node);
}

static const struct vcpunuma_cpu *
find_cpu(const struct vcpunuma_topology *topo, unsigned int cpu)
{
	return bsearch(&cpu, topo->cpus, topo->nr_cpus, sizeof(*topo->cpus),
		       cmp_cpu);
}

VCPUNUMA_API unsigned int
vcpunuma_topology_num_nodes(const struct vcpunuma_topology *topo)
{
	return topo->nr_nodes;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_node(const struct vcpunuma_topology *topo,
		       unsigned int index)
{
	return index < topo->nr_nodes ? topo->nodes[index].node : VCPUNUMA_NONE;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_node_flags(const struct vcpunuma_topology *topo,
			     unsigned int node)
{
	const struct vcpunuma_node *n = find_node(topo, node);

	return n ? n->flags : 0;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_node_num_cpus(const struct vcpunuma_topology *topo,
				unsigned int node)
{
	const struct vcpunuma_node *n = find_node(topo, node);

	return n ? n->nr_cpus : 0;
}

VCPUNUMA_API int
vcpunuma_topology_node_cpus(const struct vcpunuma_topology *topo,
			    unsigned int node, size_t cpusetsize,
			    cpu_set_t *cpus)
{
	unsigned int i;

	if (!find_node(topo, node)) {
		errno = ENODEV;
		return -1;
	}

	CPU_ZERO_S(cpusetsize, cpus);
	for (i = 0; i < topo->nr_cpus; i++) {
		const struct vcpunuma_cpu *c = &topo->cpus[i];

		if (c->node != node)
			continue;
		if (c->cpu / 8 >= cpusetsize) {
			errno = EMSGSIZE;
			return -1;
		}
		CPU_SET_S(c->cpu, cpusetsize, cpus);
	}
	return 0;
}

VCPUNUMA_API uint64_t
vcpunuma_topology_node_mem_total(const struct vcpunuma_topology *topo,
				 unsigned int node)
{
	const struct vcpunuma_node *n = find_node(topo, node);

	return n ? n->mem_total : 0;
}

VCPUNUMA_API uint64_t
vcpunuma_topology_node_mem_free(const struct vcpunuma_topology *topo,
				unsigned int node)
{
	const struct vcpunuma_node *n = find_node(topo, node);

	return n ? n->mem_free : 0;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_distance(const struct vcpunuma_topology *topo,
			   unsigned int from, unsigned int to)
{
	const struct vcpunuma_node *f = find_node(topo, from);
	const struct vcpunuma_node *t = find_node(topo, to);

	if (!f || !t)
		return 0;
	return topo->distances[(size_t)(f - topo->nodes) * topo->nr_nodes +
			       (size_t)(t - topo->nodes)];
}

VCPUNUMA_API unsigned int
vcpunuma_topology_nearest_memory(const struct vcpunuma_topology *topo,
				 unsigned int node)
{
	const struct vcpunuma_node *n = find_node(topo, node);
	unsigned int nearest = VCPUNUMA_NONE;
	uint32_t best = UINT32_MAX;
	const uint32_t *distances;
	unsigned int i;

	if (!n || n->flags & VCPUNUMA_NODE_MEMORY)
		return n ? node : VCPUNUMA_NONE;

	distances = &topo->distances[(size_t)(n - topo->nodes) *
				     topo->nr_nodes];
	for (i = 0; i < topo->nr_nodes; i++) {
		if (topo->nodes[i].flags & VCPUNUMA_NODE_MEMORY &&
		    distances[i] < best) {
			nearest = topo->nodes[i].node;
			best = distances[i];
		}
	}
	return nearest;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_num_cpus(const struct vcpunuma_topology *topo)
{
	return topo->nr_cpus;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_cpu(const struct vcpunuma_topology *topo, unsigned int index)
{
	return index < topo->nr_cpus ? topo->cpus[index].cpu : VCPUNUMA_NONE;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_cpu_node(const struct vcpunuma_topology *topo,
			   unsigned int cpu)
{
	const struct vcpunuma_cpu *c = find_cpu(topo, cpu);

	return c ? c->node : VCPUNUMA_NONE;
}

VCPUNUMA_API unsigned int
vcpunuma_topology_cpu_core(const struct vcpunuma_topology *topo,
			   unsigned int cpu)
{
	const struct vcpunuma_cpu *c = find_cpu(topo, cpu);

	return c ? c->core : VCPUNUMA_NONE;
}
