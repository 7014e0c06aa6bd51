// SPDX-License-Identifier: GPL-2.0
/*
 * What the host has: nodes, CPUs, memory, distances; from the kernel's own
 * tables, so that it is right for one node, for ids with gaps, for nodes
 * without CPUs and nodes without memory.
 */
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmstat.h>

#include "cmd.h"
#include "nodes.h"
#include "pool.h"

/** node_valid - is there a node @node, online? */
bool node_valid(u32 node)
{
	return node < nr_node_ids && node_online(node);
}

/**
 * node_cpus - the CPUs of a node that are online
 * @node: an id below nr_node_ids
 * @cpus: filled
 *
 * Under cpus_read_lock() if they are to stay so.
 */
void node_cpus(u32 node, struct cpumask *cpus)
{
	cpumask_and(cpus, cpumask_of_node(node), cpu_online_mask);
}

static unsigned long node_pages(const struct pglist_data *node,
				enum node_stat_item item)
{
	return max(atomic_long_read(&node->vm_stat[item]), 0L);
}

/**
 * node_mem - memory of a node now
 * @node: a node that is valid
 *
 * As available counts, as for MemAvailable of /proc/meminfo, what is free above
 * the watermarks, and half of the page cache; and the warm pool.
 */
struct node_mem node_mem(u32 node)
{
	const struct pglist_data *data = NODE_DATA(node);
	unsigned long total = 0, free = 0, kept = 0, spare, cache;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[i];

		total += zone_managed_pages(zone);
		free += zone_page_state(zone, NR_FREE_PAGES);
		kept += high_wmark_pages(zone);
	}
	cache = node_pages(data, NR_ACTIVE_FILE) +
		node_pages(data, NR_INACTIVE_FILE);
	spare = free - min(free, kept);
	return (struct node_mem) {
		.total = (u64)total << PAGE_SHIFT,
		.free = (u64)free << PAGE_SHIFT,
		.spare = (u64)spare << PAGE_SHIFT,
		.available = ((u64)(spare + cache / 2) << PAGE_SHIFT) +
			     pool_bytes(node),
	};
}

/** cpu_core - lowest id of the threads of the core that @cpu belongs to */
u32 cpu_core(u32 cpu)
{
	return cpumask_first(topology_sibling_cpumask(cpu));
}

/** cpus_node - the node of all of @cpus, or VCPUNUMA_NONE if it is not one */
u32 cpus_node(const struct cpumask *cpus)
{
	u32 cpu, node = VCPUNUMA_NONE;

	for_each_cpu(cpu, cpus) {
		if (node != VCPUNUMA_NONE && node != cpu_to_node(cpu))
			return VCPUNUMA_NONE;
		node = cpu_to_node(cpu);
	}
	return node;
}

/** cpus_single - the only one of @cpus, or VCPUNUMA_NONE if they are several */
u32 cpus_single(const struct cpumask *cpus)
{
	u32 cpu = cpumask_first(cpus);

	return cpu < nr_cpu_ids && cpu == cpumask_last(cpus) ? cpu :
	       VCPUNUMA_NONE;
}

/**
 * struct snapshot - nodes and CPUs at one moment
 * @nodes: nodes online, in order of id
 * @nr_nodes: how many
 * @cpus: CPUs online, in order of id
 * @nr_cpus: how many
 */
struct snapshot {
	struct vcpunuma_node *nodes;
	u32 nr_nodes;
	struct vcpunuma_cpu *cpus;
	u32 nr_cpus;
};

static struct vcpunuma_node snapshot_node(u32 node, struct cpumask *scratch)
{
	struct node_mem mem = node_mem(node);
	struct vcpunuma_node n = {
		.node = node,
		.flags = VCPUNUMA_NODE_ONLINE,
		.mem_total = mem.total,
		.mem_free = mem.free,
	};

	node_cpus(node, scratch);
	n.nr_cpus = cpumask_weight(scratch);
	if (n.nr_cpus)
		n.flags |= VCPUNUMA_NODE_CPU;
	if (node_state(node, N_MEMORY))
		n.flags |= VCPUNUMA_NODE_MEMORY;
	return n;
}

static int snapshot_take(struct snapshot *s)
{
	cpumask_var_t scratch;
	u32 i;

	if (!alloc_cpumask_var(&scratch, GFP_KERNEL))
		return -ENOMEM;
	s->nodes = kvcalloc(nr_node_ids, sizeof(*s->nodes), GFP_KERNEL_ACCOUNT);
	s->cpus = kvcalloc(nr_cpu_ids, sizeof(*s->cpus), GFP_KERNEL_ACCOUNT);
	if (!s->nodes || !s->cpus) {
		free_cpumask_var(scratch);
		return -ENOMEM;
	}

	cpus_read_lock();
	for_each_online_node(i)
		s->nodes[s->nr_nodes++] = snapshot_node(i, scratch);
	for_each_online_cpu(i)
		s->cpus[s->nr_cpus++] = (struct vcpunuma_cpu) {
			.cpu = i,
			.node = cpu_to_node(i),
			.core = cpu_core(i),
		};
	cpus_read_unlock();
	free_cpumask_var(scratch);
	return 0;
}

static void snapshot_free(struct snapshot *s)
{
	kvfree(s->nodes);
	kvfree(s->cpus);
}

/* Row by row: the whole matrix of a large host is megabytes. */
static int put_distances(const struct cmd_array *distances,
			 const struct snapshot *s)
{
	u32 i, j, *row;
	int err = 0;

	if (!distances->room)
		return 0;
	row = kvcalloc(s->nr_nodes, sizeof(*row), GFP_KERNEL_ACCOUNT);
	if (!row)
		return -ENOMEM;
	for (i = 0; i < s->nr_nodes && !err; i++) {
		for (j = 0; j < s->nr_nodes; j++)
			row[j] = node_distance(s->nodes[i].node,
					       s->nodes[j].node);
		err = cmd_array_put(distances, i * s->nr_nodes, row,
				    s->nr_nodes);
	}
	kvfree(row);
	return err;
}

int nodes_cmd_topology(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_topology *cmd = &buf->topology;
	struct cmd_array nodes, cpus, distances;
	struct snapshot s = {};
	int err;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	err = cmd_array_init(&nodes, cmd->nodes, cmd->nr_nodes, cmd->node_size,
			     sizeof(struct vcpunuma_node),
			     offsetofend(struct vcpunuma_node, mem_free));
	if (err)
		return err;
	err = cmd_array_init(&cpus, cmd->cpus, cmd->nr_cpus, cmd->cpu_size,
			     sizeof(struct vcpunuma_cpu),
			     offsetofend(struct vcpunuma_cpu, flags));
	if (err)
		return err;
	cmd_array_init(&distances, cmd->distances, cmd->nr_distances,
		       sizeof(u32), sizeof(u32), sizeof(u32));

	err = snapshot_take(&s);
	if (err)
		goto out;
	cmd->nr_nodes = s.nr_nodes;
	cmd->nr_cpus = s.nr_cpus;
	cmd->nr_distances = s.nr_nodes * s.nr_nodes;
	if (!cmd_array_fits(&nodes, cmd->nr_nodes) ||
	    !cmd_array_fits(&cpus, cmd->nr_cpus) ||
	    !cmd_array_fits(&distances, cmd->nr_distances))
		err = -EMSGSIZE;
	if (!err)
		err = cmd_array_put(&nodes, 0, s.nodes, s.nr_nodes);
	if (!err)
		err = cmd_array_put(&cpus, 0, s.cpus, s.nr_cpus);
	if (!err)
		err = put_distances(&distances, &s);
out:
	snapshot_free(&s);
	return err;
}
