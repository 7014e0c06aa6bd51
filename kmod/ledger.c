// SPDX-License-Identifier: GPL-2.0
/*
 * What VMs without a reservation have booked: for each CPU, how many of their
 * vCPUs are placed on it or bound to it alone. New ones go where there are
 * fewest.
 */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include <linux/vcpunuma.h>

#include "ledger.h"
#include "nodes.h"

/* See ledger.h */
DEFINE_MUTEX(ledger_lock);
/* vCPUs by CPU id; guarded by ledger_lock */
static u32 *ledger_vcpus;
/* How often they have changed; likewise */
static u64 changes;
/* For the one choice being made: too large for the stack */
static nodemask_t ledger_nodes;

int __init ledger_init(void)
{
	ledger_vcpus = kvcalloc(nr_cpu_ids, sizeof(*ledger_vcpus), GFP_KERNEL);
	return ledger_vcpus ? 0 : -ENOMEM;
}

void ledger_exit(void)
{
	u32 cpu;

	for_each_possible_cpu(cpu)
		WARN_ON_ONCE(ledger_vcpus[cpu]);
	kvfree(ledger_vcpus);
}

/** ledger_move_on - ledger_move(), to another CPU */
void ledger_move_on(u32 *booked, u32 cpu)
{
	mutex_lock(&ledger_lock);
	changes++;
	if (*booked != VCPUNUMA_NONE)
		ledger_vcpus[*booked]--;
	if (cpu != VCPUNUMA_NONE)
		ledger_vcpus[cpu]++;
	mutex_unlock(&ledger_lock);
	*booked = cpu;
}

/** ledger_vcpus_on - vCPUs booked on a CPU; under ledger_lock */
u32 ledger_vcpus_on(u32 cpu)
{
	lockdep_assert_held(&ledger_lock);
	return ledger_vcpus[cpu];
}

/** ledger_changes - grows when vCPUs are booked or not any more; under ledger_lock */
u64 ledger_changes(void)
{
	lockdep_assert_held(&ledger_lock);
	return changes;
}

static u32 core_vcpus(u32 cpu)
{
	u32 sibling, sum = 0;

	for_each_cpu(sibling, topology_sibling_cpumask(cpu))
		sum += ledger_vcpus[sibling];
	return sum;
}

/*
 * The CPU with the fewest vCPUs; among equals one whose core has the fewest,
 * so that whole cores go before second threads; among equals the first.
 */
static u32 emptiest_cpu(const struct cpumask *cpus)
{
	u32 cpu, best = VCPUNUMA_NONE, best_core = 0;

	for_each_cpu(cpu, cpus) {
		u32 core;

		if (best != VCPUNUMA_NONE &&
		    ledger_vcpus[cpu] > ledger_vcpus[best])
			continue;
		core = core_vcpus(cpu);
		if (best == VCPUNUMA_NONE ||
		    ledger_vcpus[cpu] < ledger_vcpus[best] ||
		    core < best_core) {
			best = cpu;
			best_core = core;
		}
	}
	return best;
}

/* The CPUs of a node to choose from; false: it has none. */
static bool node_choice(u32 node, const struct cpumask *allowed,
			struct cpumask *cpus)
{
	node_cpus(node, cpus);
	return cpumask_and(cpus, cpus, allowed);
}

/* The nodes to go round; all have CPUs to choose from. */
static void find_nodes(nodemask_t *nodes, const struct cpumask *allowed,
		       struct cpumask *cpus)
{
	u32 node;

	nodes_clear(*nodes);
	for_each_online_node(node)
		if (node_choice(node, allowed, cpus))
			node_set(node, *nodes);
}

/* Returns how many were placed: less than @nr after a fatal signal. */
static u32 place_all(const struct cpumask *allowed, bool nodes_only,
		     struct vcpunuma_place *places, u32 nr,
		     struct cpumask *cpus)
{
	u32 i, node = MAX_NUMNODES - 1;

	for (i = 0; i < nr && !fatal_signal_pending(current); i++) {
		node = next_node_in(node, ledger_nodes);
		node_choice(node, allowed, cpus);
		places[i] = (struct vcpunuma_place) {
			.vcpu = i,
			.node = node,
			.cpu = VCPUNUMA_NONE,
		};
		if (!nodes_only) {
			places[i].cpu = emptiest_cpu(cpus);
			ledger_vcpus[places[i].cpu]++;
		}
		cond_resched();
	}
	return i;
}

/**
 * ledger_place - choose places for vCPUs, and book them
 * @allowed: CPUs to choose from
 * @nodes_only: choose nodes, and no CPUs
 * @places: filled
 * @nr: how many
 *
 * Round-robin over the nodes that have some of @allowed. Under
 * cpus_read_lock().
 *
 * Return: 0; -ENOSPC: none of @allowed is online; -ENOMEM; -EINTR: a fatal
 * signal. On error nothing is booked.
 */
int ledger_place(const struct cpumask *allowed, bool nodes_only,
		 struct vcpunuma_place *places, u32 nr)
{
	cpumask_var_t cpus;
	u32 done = 0;
	int err;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	mutex_lock(&ledger_lock);
	find_nodes(&ledger_nodes, allowed, cpus);
	if (!nodes_empty(ledger_nodes))
		done = place_all(allowed, nodes_only, places, nr, cpus);
	err = done == nr ? 0 : nodes_empty(ledger_nodes) ? -ENOSPC : -EINTR;
	changes += !err && !nodes_only;
	while (err && done--)
		if (places[done].cpu != VCPUNUMA_NONE)
			ledger_vcpus[places[done].cpu]--;
	mutex_unlock(&ledger_lock);
	free_cpumask_var(cpus);
	return err;
}
