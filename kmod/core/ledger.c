// SPDX-License-Identifier: GPL-2.0
/*
 * Books plans and releases them. The two are exact inverses, and cost in
 * proportion to the plan.
 */
#include "ledger.h"
#include "plan.h"
#include "request.h"

static size_t layout(struct core_ledger *ledger, void *mem, u32 nodes, u32 cpus)
{
	size_t used = 0;

	ledger->node = core_carve(mem, &used, nodes * sizeof(*ledger->node));
	ledger->group = core_carve(mem, &used, cpus * sizeof(*ledger->group));
	ledger->owner = core_carve(mem, &used, cpus * sizeof(*ledger->owner));
	ledger->core_used = core_carve(mem, &used, cpus);
	return used;
}

/**
 * core_ledger_bytes - memory that a ledger needs
 * @nr_nodes: nodes of its topology
 * @nr_cpus: CPUs of its topology
 *
 * Return: bytes to pass to core_ledger_init()
 */
size_t core_ledger_bytes(u32 nr_nodes, u32 nr_cpus)
{
	struct core_ledger ledger;

	return layout(&ledger, NULL, nr_nodes, nr_cpus);
}

/**
 * core_ledger_init - an empty ledger
 * @ledger: to set
 * @mem: core_ledger_bytes() of memory, zeroed, aligned to 8 bytes
 * @topo: the host; must outlive the ledger
 *
 * The caller then sets overcommit, mem_total and mem_avail of each node.
 */
void core_ledger_init(struct core_ledger *ledger, void *mem,
		      const struct core_topology *topo)
{
	u32 i;

	memset(ledger, 0, sizeof(*ledger));
	layout(ledger, mem, topo->nr_nodes, topo->nr_cpus);
	ledger->topo = topo;

	for (i = 0; i < topo->nr_cpus; i++) {
		ledger->node[topo->cpu[i].node].cpus.pool++;
		ledger->group[topo->cpu[i].group].pool++;
	}
	for (i = 0; i < topo->nr_cores; i++) {
		const struct core_topo_cpu *cpu = &topo->cpu[topo->core[i].cpu];
		u32 threads = topo->core[i].nr_cpus;

		ledger->node[cpu->node].cpus.whole[threads - 1]++;
		ledger->group[cpu->group].whole[threads - 1]++;
	}
}

/**
 * core_ledger_copy - a ledger like another, to decide on
 * @to: to set
 * @mem: as much memory as @from has
 * @from: ledger; its topology must outlive the copy too
 */
void core_ledger_copy(struct core_ledger *to, void *mem,
		      const struct core_ledger *from)
{
	const struct core_topology *topo = from->topo;
	size_t bytes = layout(to, mem, topo->nr_nodes, topo->nr_cpus);

	to->topo = topo;
	to->generation = from->generation;
	/* The nodes come first in its memory. */
	memcpy(mem, from->node, bytes);
}

static void count_core(struct core_ledger *ledger, u32 cpu, int whole)
{
	const struct core_topo_cpu *c = &ledger->topo->cpu[cpu];
	u32 threads = ledger->topo->core[c->core].nr_cpus;

	ledger->node[c->node].cpus.whole[threads - 1] += whole;
	ledger->group[c->group].whole[threads - 1] += whole;
}

static void take_cpu(struct core_ledger *ledger, u32 cpu, u32 owner)
{
	const struct core_topo_cpu *c = &ledger->topo->cpu[cpu];

	ledger->owner[cpu] = owner;
	ledger->node[c->node].cpus.pool--;
	ledger->group[c->group].pool--;
	if (!ledger->core_used[c->core]++)
		count_core(ledger, cpu, -1);
}

static void give_cpu(struct core_ledger *ledger, u32 cpu)
{
	const struct core_topo_cpu *c = &ledger->topo->cpu[cpu];

	ledger->owner[cpu] = 0;
	ledger->node[c->node].cpus.pool++;
	ledger->group[c->group].pool++;
	if (!--ledger->core_used[c->core])
		count_core(ledger, cpu, 1);
}

/* The rest of the core of @cpu: blocked from the pool, or given back. */
static void block_core(struct core_ledger *ledger, u32 cpu, u32 owner)
{
	const struct core_topo_core *core =
		&ledger->topo->core[ledger->topo->cpu[cpu].core];
	u32 i;

	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++)
		if (!ledger->owner[i])
			take_cpu(ledger, i, owner | CORE_BLOCKED);
}

static void unblock_core(struct core_ledger *ledger, u32 cpu, u32 owner)
{
	const struct core_topo_core *core =
		&ledger->topo->core[ledger->topo->cpu[cpu].core];
	u32 i;

	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++)
		if (ledger->owner[i] == (owner | CORE_BLOCKED))
			give_cpu(ledger, i);
}

static bool owns_cores(const struct core_plan *plan)
{
	return plan->cpu_policy == CORE_ISOLATE ||
	       plan->cpu_policy == CORE_REQUIRE;
}

/* Books shared vCPUs that float over what @place says, or releases them. */
static void count_shared(struct core_ledger *ledger, u32 place, int nr)
{
	u32 where = place & ~CORE_ON_MASK;

	if ((place & CORE_ON_MASK) == CORE_ON_GROUP) {
		ledger->group[where].bound += nr;
		where = ledger->topo->group[where].node;
		ledger->node[where].cpus.bound += nr;
	}
	ledger->node[where].shared += nr;
}

static void apply(struct core_ledger *ledger, const struct core_plan *plan)
{
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		ledger->node[plan->chunk[i].node].mem_booked +=
			plan->chunk[i].mem;
	for (i = 0; i < plan->vcpus; i++) {
		if (plan->place[i] & CORE_ON_MASK)
			count_shared(ledger, plan->place[i], 1);
		else
			take_cpu(ledger, plan->place[i], plan->owner);
	}
	for (i = 0; owns_cores(plan) && i < plan->vcpus; i++)
		block_core(ledger, plan->place[i], plan->owner);
	ledger->generation++;
}

/* All that a vCPU needs is there; sums are looked at once all is booked. */
static bool place_free(const struct core_ledger *ledger, u32 place, u32 policy)
{
	const struct core_topology *topo = ledger->topo;
	u32 where = place & ~CORE_ON_MASK;

	switch (place & CORE_ON_MASK) {
	case CORE_ON_NODE:
		return policy == CORE_SHARED && where < topo->nr_nodes;
	case CORE_ON_GROUP:
		return policy == CORE_SHARED && where < topo->nr_groups &&
		       topo->group[where].whole;
	case 0:
		return policy != CORE_SHARED && where < topo->nr_cpus &&
		       !ledger->owner[where] &&
		       (policy == CORE_PREFER ||
			!ledger->core_used[topo->cpu[where].core]);
	default:
		return false;
	}
}

static bool pool_suffices(u32 shared, const struct core_node_state *node,
			  u32 pool)
{
	return (u64)shared * 100 <= (u64)node->overcommit * pool;
}

static bool sums_hold(const struct core_ledger *ledger,
		      const struct core_plan *plan)
{
	const struct core_topology *topo = ledger->topo;
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++) {
		const struct core_chunk *chunk = &plan->chunk[i];
		const struct core_node_state *node = &ledger->node[chunk->node];

		if (chunk->mem && node->mem_booked > node->mem_avail)
			return false;
		if (chunk->vcpus &&
		    !pool_suffices(node->shared, node, node->cpus.pool))
			return false;
	}
	for (i = 0; i < plan->vcpus; i++) {
		u32 where = plan->place[i] & ~CORE_ON_MASK;
		u32 kind = plan->place[i] & CORE_ON_MASK;
		const struct core_counts *group;

		if (kind == CORE_ON_NODE)
			continue;
		if (!kind)
			where = topo->cpu[where].group;
		group = &ledger->group[where];
		if (!pool_suffices(group->bound,
				   &ledger->node[topo->group[where].node],
				   group->pool))
			return false;
	}
	return true;
}

/**
 * core_ledger_book - book what a plan says
 * @ledger: to change
 * @plan: by core_place() on this ledger, which may have changed since
 *
 * Return: 0; -EBUSY: something in the plan is taken by now, and nothing changed
 */
int core_ledger_book(struct core_ledger *ledger, const struct core_plan *plan)
{
	u64 generation = ledger->generation;
	u32 i;

	for (i = 0; i < plan->vcpus; i++)
		if (!place_free(ledger, plan->place[i], plan->cpu_policy))
			return -EBUSY;
	for (i = 0; i < plan->nr_chunks; i++)
		if (plan->chunk[i].node >= ledger->topo->nr_nodes)
			return -EBUSY;
	apply(ledger, plan);
	if (sums_hold(ledger, plan))
		return 0;
	core_ledger_release(ledger, plan);
	ledger->generation = generation;
	return -EBUSY;
}

/**
 * core_ledger_release - undo core_ledger_book()
 * @ledger: to change
 * @plan: that was booked
 */
void core_ledger_release(struct core_ledger *ledger,
			 const struct core_plan *plan)
{
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		ledger->node[plan->chunk[i].node].mem_booked -=
			plan->chunk[i].mem;
	for (i = 0; i < plan->vcpus; i++) {
		if (plan->place[i] & CORE_ON_MASK)
			count_shared(ledger, plan->place[i], -1);
		else
			give_cpu(ledger, plan->place[i]);
	}
	for (i = 0; owns_cores(plan) && i < plan->vcpus; i++)
		unblock_core(ledger, plan->place[i], plan->owner);
	ledger->generation++;
}

/**
 * core_ledger_rename - what is booked is another VM's
 * @ledger: to change
 * @plan: that was booked
 * @owner: whose it is from now on
 */
void core_ledger_rename(struct core_ledger *ledger, struct core_plan *plan,
			u32 owner)
{
	const struct core_topology *topo = ledger->topo;
	u32 i, cpu;

	for (i = 0; i < plan->vcpus; i++) {
		const struct core_topo_core *core;

		if (plan->place[i] & CORE_ON_MASK)
			continue;
		core = &topo->core[topo->cpu[plan->place[i]].core];
		for (cpu = core->cpu; cpu < (u32)core->cpu + core->nr_cpus; cpu++)
			if (core_cpu_owner(ledger, cpu) == plan->owner)
				ledger->owner[cpu] = owner |
					(ledger->owner[cpu] & CORE_BLOCKED);
	}
	plan->owner = owner;
	ledger->generation++;
}

/**
 * core_ledger_withdraw - take a CPU from VMs: it goes offline, or is the host's
 * @ledger: to change
 * @cpu: a CPU, as numbered in the topology
 *
 * Shared vCPUs may be more than the overcommit allows then: no more are placed
 * until they are fewer.
 *
 * Return: 0; -EBUSY: a VM has it
 */
int core_ledger_withdraw(struct core_ledger *ledger, u32 cpu)
{
	if (ledger->owner[cpu])
		return -EBUSY;
	take_cpu(ledger, cpu, CORE_OWNER_HOST);
	ledger->generation++;
	return 0;
}

/**
 * core_ledger_restore - undo core_ledger_withdraw()
 * @ledger: to change
 * @cpu: a CPU, as numbered in the topology
 *
 * Return: 0; -EINVAL: it was not withdrawn
 */
int core_ledger_restore(struct core_ledger *ledger, u32 cpu)
{
	if (ledger->owner[cpu] != CORE_OWNER_HOST)
		return -EINVAL;
	give_cpu(ledger, cpu);
	ledger->generation++;
	return 0;
}
