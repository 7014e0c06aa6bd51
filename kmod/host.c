// SPDX-License-Identifier: GPL-2.0
/*
 * The host as the placement core sees it.
 */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "compat.h"
#include "host.h"
#include "nodes.h"

static void host_release(struct kref *ref)
{
	struct host *host = container_of(ref, struct host, ref);

	kvfree(host->mem);
	kvfree(host->number);
	kvfree(host->id);
	kfree(host);
}

void host_get(struct host *host)
{
	kref_get(&host->ref);
}

void host_put(struct host *host)
{
	if (host)
		kref_put(&host->ref, host_release);
}

/* The kernel's tables hold distances that fit a byte. */
static void fill_distances(struct host *host)
{
	u32 nr = host->topo.nr_nodes, i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < nr; j++)
			host->topo.distance[i * nr + j] =
				node_distance(host->id[i], host->id[j]);
}

/* Numbers for the nodes, in the order of the kernel's ids. */
static void fill_nodes(struct host *host)
{
	u32 node, nr = 0;

	for (node = 0; node < nr_node_ids; node++) {
		host->number[node] = CORE_NONE;
		if (!node_isset(node, host->nodes))
			continue;
		host->id[nr] = node;
		host->number[node] = nr++;
	}
}

/*
 * The core of a CPU that is offline. The kernel has forgotten which it shared it
 * with, and names a core after the first thread that is online: ask for the name
 * it has today one of those it shared it with when all were there.
 */
static u32 core_before(const struct host *before, u32 core_id)
{
	u32 i;

	for (i = 0; i < before->topo.nr_cpus; i++) {
		const struct core_topo_cpu *cpu = &before->topo.cpu[i];

		if (cpu->core_id == core_id && cpu_online(cpu->id))
			return cpu_core(cpu->id);
	}
	return core_id;
}

/*
 * All CPUs online, and those the host had before: of a CPU that is offline the
 * kernel has forgotten what it shares with others.
 */
static void fill_cpus(struct host *host, const struct host *before)
{
	struct core_topo_cpu *to = host->topo.cpu;
	u32 cpu, i;

	for_each_online_cpu(cpu) {
		to->id = cpu;
		to->node = host->number[cpu_to_node(cpu)];
		to->llc = cpu_llc(cpu);
		to->core_id = cpu_core(cpu);
		to++;
	}
	for (i = 0; before && i < before->topo.nr_cpus; i++) {
		const struct core_topo_cpu *from = &before->topo.cpu[i];

		if (cpu_online(from->id))
			continue;
		*to = *from;
		to->node = host->number[before->id[from->node]];
		to->core_id = core_before(before, from->core_id);
		to++;
	}
}

static u32 count_cpus(const struct host *before)
{
	u32 i, nr = num_online_cpus();

	for (i = 0; before && i < before->topo.nr_cpus; i++)
		nr += !cpu_online(before->topo.cpu[i].id);
	return nr;
}

static int host_fill(struct host *host, const struct host *before)
{
	u32 nr_nodes, nr_cpus = count_cpus(before);
	int err;

	/* A copy: nodes may come online meanwhile. */
	host->nodes = node_online_map;
	if (before)
		nodes_or(host->nodes, host->nodes, before->nodes);
	nr_nodes = nodes_weight(host->nodes);
	host->id = kvcalloc(nr_nodes, sizeof(*host->id), GFP_KERNEL);
	host->number = kvcalloc(nr_node_ids, sizeof(*host->number), GFP_KERNEL);
	host->mem = kvzalloc(core_topology_bytes(nr_nodes, nr_cpus), GFP_KERNEL);
	if (!host->id || !host->number || !host->mem)
		return -ENOMEM;
	err = core_topology_init(&host->topo, host->mem, nr_nodes, nr_cpus);
	if (err)
		return err;
	fill_nodes(host);
	fill_cpus(host, before);
	fill_distances(host);
	return core_topology_build(&host->topo);
}

/**
 * host_create - take a snapshot of the host
 * @before: the last one, or NULL
 *
 * Under cpus_read_lock(). The node of a CPU that is online is online.
 *
 * Return: the snapshot with one reference, or ERR_PTR().
 */
struct host *host_create(const struct host *before)
{
	struct host *host = kzalloc(sizeof(*host), GFP_KERNEL);
	int err;

	if (!host)
		return ERR_PTR(-ENOMEM);
	kref_init(&host->ref);
	err = host_fill(host, before);
	if (err) {
		host_put(host);
		return ERR_PTR(err);
	}
	return host;
}

/** host_current - has the snapshot all that is online? */
bool host_current(const struct host *host)
{
	u32 i, nr = 0;

	if (!nodes_subset(node_online_map, host->nodes))
		return false;
	for (i = 0; i < host->topo.nr_cpus; i++)
		nr += cpu_online(host->topo.cpu[i].id);
	return nr == num_online_cpus();
}
