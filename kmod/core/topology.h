/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a host looks like. An immutable snapshot: a host that changes gets a new
 * one.
 *
 * Nodes have the caller's dense numbers, 0 to nr_nodes - 1; a kernel whose node
 * ids have gaps keeps the map. CPUs are sorted by node, LLC and core, and
 * numbered in this order, so that those of a node, an LLC or a core follow each
 * other. struct core_topo_cpu has the number the caller knows a CPU by.
 */
#ifndef VCPUNUMA_CORE_TOPOLOGY_H
#define VCPUNUMA_CORE_TOPOLOGY_H

#include "types.h"

#define CORE_MAX_NODES	1024
#define CORE_MAX_CPUS	8192
#define CORE_MAX_SMT	8

/**
 * struct core_topo_cpu - a CPU
 * @id: the caller's number of it, below CORE_MAX_IDS
 * @node: its node
 * @llc: the caller's id of its last level cache
 * @core_id: the caller's id of its core
 * @core: its core, as numbered here
 * @group: its group, as numbered here
 */
struct core_topo_cpu {
	u32 id;
	u32 node;
	u32 llc;
	u32 core_id;
	u32 core;
	u32 group;
};

/* CPU ids of the caller are below this; sets of CPUs may be as long. */
#define CORE_MAX_IDS	65536

/**
 * struct core_topo_core - CPUs that share a core, on one node
 * @cpu: the first
 * @nr_cpus: how many threads
 */
struct core_topo_core {
	u16 cpu;
	u16 nr_cpus;
};

/**
 * struct core_topo_group - the CPUs of one last level cache on one node
 * @node: the node
 * @cpu: the first CPU
 * @nr_cpus: how many
 * @core: the first core
 * @nr_cores: how many
 * @llc: the caller's id of the cache
 * @whole: no other node has CPUs of this cache
 */
struct core_topo_group {
	u16 node;
	u16 cpu;
	u16 nr_cpus;
	u16 core;
	u16 nr_cores;
	bool whole;
	u32 llc;
};

/**
 * struct core_topo_node - a node
 * @cpu: the first CPU
 * @nr_cpus: how many, 0: memory only
 * @core: the first core
 * @nr_cores: how many
 * @group: the first group
 * @nr_groups: how many
 */
struct core_topo_node {
	u16 cpu;
	u16 nr_cpus;
	u16 core;
	u16 nr_cores;
	u16 group;
	u16 nr_groups;
};

/**
 * struct core_topology - a host
 * @nr_nodes: nodes
 * @nr_cpus: CPUs
 * @nr_cores: cores
 * @nr_groups: parts of last level caches, each on one node
 * @smt: most threads that a core has
 * @mixed: there are cores with fewer
 * @cpu: filled by the caller but for core and group; core_topology_build()
 *	sorts them
 * @core: made by core_topology_build()
 * @group: likewise
 * @node: likewise
 * @distance: filled by the caller: from the CPUs of node i to the memory of
 *	node j, at [i * nr_nodes + j]
 * @near: made by core_topology_build(): for each node all nodes, nearest first,
 *	itself foremost
 */
struct core_topology {
	u32 nr_nodes;
	u32 nr_cpus;
	u32 nr_cores;
	u32 nr_groups;
	u32 smt;
	bool mixed;
	struct core_topo_cpu *cpu;
	struct core_topo_core *core;
	struct core_topo_group *group;
	struct core_topo_node *node;
	u8 *distance;
	u16 *near;
};

size_t core_topology_bytes(u32 nr_nodes, u32 nr_cpus);
int core_topology_init(struct core_topology *topo, void *mem, u32 nr_nodes,
		       u32 nr_cpus);
int core_topology_build(struct core_topology *topo);

/* From the CPUs of node @i to the memory of node @j; 10 is local. */
static inline u32 core_distance(const struct core_topology *topo, u32 i, u32 j)
{
	return topo->distance[i * topo->nr_nodes + j];
}

/* There and back */
static inline u32 core_distance2(const struct core_topology *topo, u32 i, u32 j)
{
	return core_distance(topo, i, j) + core_distance(topo, j, i);
}

#endif /* VCPUNUMA_CORE_TOPOLOGY_H */
