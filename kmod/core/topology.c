// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a topology from what the caller knows: sorts the CPUs, finds cores and
 * groups, orders the nodes by distance.
 */
#include "topology.h"

/* As firmware tells it */
#define MAX_DISTANCE	255

static size_t layout(struct core_topology *topo, void *mem, u32 nodes, u32 cpus)
{
	size_t used = 0;

	topo->cpu = core_carve(mem, &used, cpus * sizeof(*topo->cpu));
	topo->core = core_carve(mem, &used, cpus * sizeof(*topo->core));
	topo->group = core_carve(mem, &used, cpus * sizeof(*topo->group));
	topo->node = core_carve(mem, &used, nodes * sizeof(*topo->node));
	topo->distance = core_carve(mem, &used, (size_t)nodes * nodes);
	topo->near = core_carve(mem, &used, (size_t)nodes * nodes * sizeof(u16));
	return used;
}

/**
 * core_topology_bytes - memory that a topology needs
 * @nr_nodes: nodes, 1 to CORE_MAX_NODES
 * @nr_cpus: CPUs, 0 to CORE_MAX_CPUS
 *
 * Return: bytes to pass to core_topology_init(); 0: too many
 */
size_t core_topology_bytes(u32 nr_nodes, u32 nr_cpus)
{
	struct core_topology topo;

	if (!nr_nodes || nr_nodes > CORE_MAX_NODES || nr_cpus > CORE_MAX_CPUS)
		return 0;
	return layout(&topo, NULL, nr_nodes, nr_cpus);
}

/**
 * core_topology_init - begin a topology
 * @topo: to set
 * @mem: core_topology_bytes() of memory, zeroed, aligned to 8 bytes; the caller
 *	frees it in the end
 * @nr_nodes: nodes
 * @nr_cpus: CPUs
 *
 * The caller then fills cpu[] (id, node, llc, core_id) and distance[], and
 * calls core_topology_build().
 *
 * Return: 0; -EINVAL: too many
 */
int core_topology_init(struct core_topology *topo, void *mem, u32 nr_nodes,
		       u32 nr_cpus)
{
	memset(topo, 0, sizeof(*topo));
	if (!core_topology_bytes(nr_nodes, nr_cpus))
		return -EINVAL;
	topo->nr_nodes = nr_nodes;
	topo->nr_cpus = nr_cpus;
	layout(topo, mem, nr_nodes, nr_cpus);
	return 0;
}

static bool before(const struct core_topo_cpu *a, const struct core_topo_cpu *b)
{
	if (a->node != b->node)
		return a->node < b->node;
	if (a->llc != b->llc)
		return a->llc < b->llc;
	if (a->core_id != b->core_id)
		return a->core_id < b->core_id;
	return a->id < b->id;
}

/* Lets the CPU at @root of a heap of @nr sink to where it belongs. */
static void sink(struct core_topo_cpu *cpu, u32 root, u32 nr)
{
	struct core_topo_cpu moved = cpu[root];
	u32 child;

	while ((child = 2 * root + 1) < nr) {
		if (child + 1 < nr && before(&cpu[child], &cpu[child + 1]))
			child++;
		if (!before(&moved, &cpu[child]))
			break;
		cpu[root] = cpu[child];
		root = child;
	}
	cpu[root] = moved;
}

/* A heap sort: the order of the input costs nothing, however hostile. */
static void sort_cpus(struct core_topo_cpu *cpu, u32 nr)
{
	u32 i;

	for (i = nr / 2; i--; )
		sink(cpu, i, nr);
	for (i = nr; i-- > 1; ) {
		struct core_topo_cpu last = cpu[i];

		cpu[i] = cpu[0];
		cpu[0] = last;
		sink(cpu, 0, i);
	}
}

/* Adds CPU @c, which follows those before in the order. */
static int add_cpu(struct core_topology *topo, u32 c)
{
	struct core_topo_cpu *cpu = &topo->cpu[c];
	const struct core_topo_cpu *prev = c ? cpu - 1 : NULL;
	struct core_topo_node *node = &topo->node[cpu->node];
	struct core_topo_group *group;
	struct core_topo_core *core;
	bool new_group = !prev || prev->node != cpu->node ||
			 prev->llc != cpu->llc;

	if (!node->nr_cpus) {
		node->cpu = c;
		node->core = topo->nr_cores;
		node->group = topo->nr_groups;
	}
	if (new_group) {
		topo->group[topo->nr_groups++] = (struct core_topo_group) {
			.node = cpu->node,
			.cpu = c,
			.core = topo->nr_cores,
			.whole = true,
			.llc = cpu->llc,
		};
		node->nr_groups++;
	}
	group = &topo->group[topo->nr_groups - 1];
	if (new_group || prev->core_id != cpu->core_id) {
		topo->core[topo->nr_cores++] = (struct core_topo_core) {
			.cpu = c,
		};
		group->nr_cores++;
		node->nr_cores++;
	}
	core = &topo->core[topo->nr_cores - 1];
	if (++core->nr_cpus > CORE_MAX_SMT)
		return -EINVAL;
	group->nr_cpus++;
	node->nr_cpus++;
	cpu->core = topo->nr_cores - 1;
	cpu->group = topo->nr_groups - 1;
	return 0;
}

static void find_smt(struct core_topology *topo)
{
	u32 i;

	topo->smt = 1;
	for (i = 0; i < topo->nr_cores; i++)
		if (topo->core[i].nr_cpus > topo->smt)
			topo->smt = topo->core[i].nr_cpus;
	for (i = 0; i < topo->nr_cores; i++)
		if (topo->core[i].nr_cpus != topo->smt)
			topo->mixed = true;
}

/* Groups of one cache on several nodes are not whole. */
static void find_split_caches(struct core_topology *topo)
{
	u32 i, j;

	for (i = 0; i < topo->nr_groups; i++)
		for (j = i + 1; j < topo->nr_groups; j++)
			if (topo->group[i].llc == topo->group[j].llc) {
				topo->group[i].whole = false;
				topo->group[j].whole = false;
			}
}

/* A counting sort, as distances are small numbers */
static void sort_near(struct core_topology *topo, u32 from)
{
	u16 *near = topo->near + (size_t)from * topo->nr_nodes;
	u16 start[2 * MAX_DISTANCE + 1] = { 0 };
	u32 i, sum = 1;

	for (i = 0; i < topo->nr_nodes; i++)
		if (i != from)
			start[core_distance2(topo, from, i)]++;
	for (i = 0; i <= 2 * MAX_DISTANCE; i++) {
		u32 nr = start[i];

		start[i] = sum;
		sum += nr;
	}
	near[0] = from;
	for (i = 0; i < topo->nr_nodes; i++)
		if (i != from)
			near[start[core_distance2(topo, from, i)]++] = i;
}

/**
 * core_topology_build - finish a topology
 * @topo: with cpu[] and distance[] filled
 *
 * Return: 0; -EINVAL: a CPU of no node, a CPU id too large, more than
 * CORE_MAX_SMT threads in a core, or a distance of 0
 */
int core_topology_build(struct core_topology *topo)
{
	u32 i;
	int err;

	for (i = 0; i < topo->nr_cpus; i++)
		if (topo->cpu[i].node >= topo->nr_nodes ||
		    topo->cpu[i].id >= CORE_MAX_IDS)
			return -EINVAL;
	for (i = 0; i < topo->nr_nodes * topo->nr_nodes; i++)
		if (!topo->distance[i])
			return -EINVAL;

	sort_cpus(topo->cpu, topo->nr_cpus);
	for (i = 0; i < topo->nr_cpus; i++) {
		err = add_cpu(topo, i);
		if (err)
			return err;
	}
	find_smt(topo);
	find_split_caches(topo);
	for (i = 0; i < topo->nr_nodes; i++)
		sort_near(topo, i);
	return 0;
}
