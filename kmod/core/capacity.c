// SPDX-License-Identifier: GPL-2.0
/*
 * How many vCPUs fit.
 */
#include "capacity.h"

/* CPUs that may leave a pool over which @shared vCPUs float */
static u32 slack(u32 pool, u32 shared, u32 overcommit)
{
	u64 need = (u64)shared * 100;

	if (!shared)
		return pool;
	if (need > (u64)overcommit * pool)
		return 0;
	return pool - (u32)div64_u64(need + overcommit - 1, overcommit);
}

static u32 shared_room(u32 pool, u32 shared, u32 overcommit)
{
	u64 most = div64_u64((u64)pool * overcommit, 100);

	return most > shared ? min(most - shared, (u64)CORE_MAX_VCPUS) : 0;
}

/* Whole cores, those with fewest threads first, cost the pool least. */
static u32 isolate_room(const struct core_counts *counts, u32 left, u32 smt)
{
	u32 threads, nr, room = 0;

	for (threads = 1; threads <= smt; threads++) {
		nr = min((u32)counts->whole[threads - 1], left / threads);
		room += nr;
		left -= nr * threads;
	}
	return room;
}

static u32 require_room(const struct core_counts *counts, u32 left, u32 smt)
{
	u32 threads, nr, room = 0;

	for (threads = smt; threads; threads--) {
		nr = min((u32)counts->whole[threads - 1], left / threads);
		room += nr * threads;
		left -= nr * threads;
	}
	return room;
}

/* Room for vCPUs with CPUs of their own, if @left CPUs may leave the pool */
static u32 dedicated_room(const struct core_counts *counts, u32 left,
			  u32 policy, u32 smt)
{
	switch (policy) {
	case CORE_PREFER:
		return min(counts->pool, left);
	case CORE_ISOLATE:
		return isolate_room(counts, left, smt);
	default:
		return require_room(counts, left, smt);
	}
}

/* Counts a core with only the CPUs that the request may use. */
static void count_allowed(const struct core_ledger *ledger,
			  const struct core_request *req, u32 c,
			  struct core_counts *counts)
{
	const struct core_topology *topo = ledger->topo;
	const struct core_topo_core *core = &topo->core[c];
	u32 i, usable = 0;

	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++)
		usable += !ledger->owner[i] &&
			  core_in_set(req->cpus, topo->cpu[i].id);
	counts->pool += usable;
	if (ledger->core_used[c] || !usable)
		return;
	if (req->cpu_policy != CORE_REQUIRE || usable == core->nr_cpus)
		counts->whole[core->nr_cpus - 1]++;
}

/**
 * core_group_counts - CPUs of a group that a request may use
 * @ledger: what is booked
 * @req: the request
 * @group: the group
 * @counts: set
 */
void core_group_counts(const struct core_ledger *ledger,
		       const struct core_request *req, u32 group,
		       struct core_counts *counts)
{
	const struct core_topo_group *g = &ledger->topo->group[group];
	u32 i;

	if (!req->cpus) {
		*counts = ledger->group[group];
		return;
	}
	memset(counts, 0, sizeof(*counts));
	counts->bound = ledger->group[group].bound;
	for (i = g->core; i < (u32)g->core + g->nr_cores; i++)
		count_allowed(ledger, req, i, counts);
}

/**
 * core_group_capacity - how many vCPUs of a request fit into a group
 * @ledger: what is booked
 * @req: the request
 * @group: the group
 *
 * Shared vCPUs: such as float over this group.
 *
 * Return: how many, as far as the group is concerned: the node may allow less
 */
u32 core_group_capacity(const struct core_ledger *ledger,
			const struct core_request *req, u32 group)
{
	const struct core_topology *topo = ledger->topo;
	u32 overcommit = ledger->node[topo->group[group].node].overcommit;
	const struct core_counts *state = &ledger->group[group];
	struct core_counts masked;
	const struct core_counts *counts = state;

	if (req->cpus) {
		core_group_counts(ledger, req, group, &masked);
		counts = &masked;
	}
	if (req->cpu_policy == CORE_SHARED)
		return topo->group[group].whole ?
		       shared_room(counts->pool, state->bound, overcommit) : 0;
	return dedicated_room(counts, slack(state->pool, state->bound,
					    overcommit),
			      req->cpu_policy, topo->smt);
}

/* What the groups together can take, each keeping its own pool */
static u32 groups_room(const struct core_ledger *ledger,
		       const struct core_request *req, u32 node, u32 left)
{
	const struct core_topo_node *n = &ledger->topo->node[node];
	u32 smt = ledger->topo->smt;
	u32 g, room = 0;

	for (g = n->group; g < (u32)n->group + n->nr_groups; g++)
		room += core_group_capacity(ledger, req, g);
	switch (req->cpu_policy) {
	case CORE_PREFER:
		return min(room, left);
	case CORE_ISOLATE:
		return min(room, left / smt);
	default:
		return min(room, left / smt * smt);
	}
}

/* The CPUs of a node that a request may use, looked at one by one */
static void allowed_counts(const struct core_ledger *ledger,
			   const struct core_request *req, u32 node,
			   struct core_counts *counts)
{
	const struct core_topo_node *n = &ledger->topo->node[node];
	u32 i;

	memset(counts, 0, sizeof(*counts));
	for (i = n->core; i < (u32)n->core + n->nr_cores; i++)
		count_allowed(ledger, req, i, counts);
}

/**
 * core_node_capacity - how many vCPUs of a request fit on a node
 * @ledger: what is booked
 * @req: the request
 * @node: the node
 *
 * Return: how many
 */
u32 core_node_capacity(const struct core_ledger *ledger,
		       const struct core_request *req, u32 node)
{
	const struct core_node_state *state = &ledger->node[node];
	struct core_counts masked;
	const struct core_counts *counts = &state->cpus;
	u32 left, room;

	if (req->cpus) {
		allowed_counts(ledger, req, node, &masked);
		counts = &masked;
	}
	if (req->cpu_policy == CORE_SHARED) {
		room = shared_room(state->cpus.pool, state->shared,
				   state->overcommit);
		if (counts == &masked)
			room = min(room, shared_room(masked.pool, 0,
						     state->overcommit));
		return room;
	}
	left = slack(state->cpus.pool, state->shared, state->overcommit);
	if (!left)
		return 0;
	if (state->cpus.bound)
		return groups_room(ledger, req, node, left);
	return dedicated_room(counts, left, req->cpu_policy, ledger->topo->smt);
}
