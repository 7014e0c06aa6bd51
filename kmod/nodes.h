/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host has: nodes, CPUs, memory.
 */
#ifndef VCPUNUMA_NODES_H
#define VCPUNUMA_NODES_H

#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/types.h>

struct cmd_call;
union cmd_buffer;

/**
 * struct node_mem - memory of a node, in bytes
 * @total: that the kernel manages
 * @free: that is free
 * @spare: of that, above the kernel's watermarks
 * @available: that could be had: free, or easily freed
 */
struct node_mem {
	u64 total;
	u64 free;
	u64 spare;
	u64 available;
};

bool node_valid(u32 node);
void node_cpus(u32 node, struct cpumask *cpus);
struct node_mem node_mem(u32 node);
u32 cpu_core(u32 cpu);
u32 cpus_node(const struct cpumask *cpus);
u32 cpus_single(const struct cpumask *cpus);

int nodes_cmd_topology(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_NODES_H */
