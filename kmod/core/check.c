// SPDX-License-Identifier: GPL-2.0
/*
 * Constraints as they are defined, checked the plain way: slow, for tests and
 * for debugging.
 */
#include "check.h"

static u32 place_node(const struct core_topology *topo, u32 place)
{
	u32 where = place & ~CORE_ON_MASK;

	switch (place & CORE_ON_MASK) {
	case CORE_ON_NODE:
		return where;
	case CORE_ON_GROUP:
		return topo->group[where].node;
	default:
		return topo->cpu[where].node;
	}
}

/* The places exist and are of the kind that the policy wants. */
static const char *check_places(const struct core_ledger *ledger,
				const struct core_request *req,
				const struct core_plan *plan)
{
	const struct core_topology *topo = ledger->topo;
	u32 i, j;

	for (i = 0; i < plan->vcpus; i++) {
		u32 where = plan->place[i] & ~CORE_ON_MASK;
		u32 kind = plan->place[i] & CORE_ON_MASK;

		if (kind == CORE_ON_MASK ||
		    (kind == CORE_ON_NODE && where >= topo->nr_nodes) ||
		    (kind == CORE_ON_GROUP && where >= topo->nr_groups) ||
		    (!kind && where >= topo->nr_cpus))
			return "a vCPU is nowhere";
		if (kind ? req->cpu_policy != CORE_SHARED :
			   req->cpu_policy == CORE_SHARED)
			return "a vCPU's place does not fit the policy";
		if (kind == CORE_ON_GROUP && !topo->group[where].whole)
			return "a vCPU floats over an LLC of several nodes";
		if (kind)
			continue;
		if (ledger->owner[where])
			return "a CPU is taken";
		if (req->cpus && !core_in_set(req->cpus, topo->cpu[where].id))
			return "a CPU is not allowed";
		for (j = 0; j < i; j++)
			if (plan->place[j] == plan->place[i])
				return "a CPU is given twice";
	}
	return NULL;
}

/* Threads of core @c that the plan uses */
static u32 core_use(const struct core_topology *topo,
		    const struct core_plan *plan, u32 c)
{
	u32 i, nr = 0;

	for (i = 0; i < plan->vcpus; i++)
		nr += topo->cpu[plan->place[i]].core == c;
	return nr;
}

static const char *check_cores(const struct core_ledger *ledger,
			       const struct core_request *req,
			       const struct core_plan *plan)
{
	const struct core_topology *topo = ledger->topo;
	u32 i, j, parts = 0;

	if (req->cpu_policy != CORE_ISOLATE && req->cpu_policy != CORE_REQUIRE)
		return NULL;
	for (i = 0; i < plan->vcpus; i++) {
		u32 c = topo->cpu[plan->place[i]].core;
		const struct core_topo_core *core = &topo->core[c];
		u32 use = core_use(topo, plan, c);

		for (j = core->cpu; j < (u32)core->cpu + core->nr_cpus; j++)
			if (ledger->owner[j])
				return "a core is not free";
		if (req->cpu_policy == CORE_ISOLATE && use != 1)
			return "a core is used twice";
		if (req->cpu_policy == CORE_REQUIRE && use < core->nr_cpus)
			parts += use == 1 ? 1 : i && topo->cpu[plan->place[i - 1]].core != c;
	}
	if (parts > 1 || (parts && !(plan->vcpus % topo->smt)))
		return "cores are used in part";
	return NULL;
}

/* CPUs of a node, or of a group of it, that leave the pool */
static u32 leave_pool(const struct core_ledger *ledger,
		      const struct core_plan *plan, u32 node, u32 group)
{
	const struct core_topology *topo = ledger->topo;
	bool cores = plan->cpu_policy == CORE_ISOLATE ||
		     plan->cpu_policy == CORE_REQUIRE;
	u32 i, j, nr = 0;

	for (i = 0; i < plan->vcpus; i++) {
		const struct core_topo_cpu *cpu;

		if (plan->place[i] & CORE_ON_MASK)
			continue;
		cpu = &topo->cpu[plan->place[i]];
		if (cpu->node != node ||
		    (group != CORE_NONE && cpu->group != group))
			continue;
		if (!cores) {
			nr++;
			continue;
		}
		/* A core counts once. */
		for (j = 0; j < i; j++)
			if (topo->cpu[plan->place[j]].core == cpu->core)
				break;
		if (j == i)
			nr += topo->core[cpu->core].nr_cpus;
	}
	return nr;
}

static const char *check_pools(const struct core_ledger *ledger,
			       const struct core_plan *plan)
{
	const struct core_topology *topo = ledger->topo;
	u32 i, j;

	for (i = 0; i < plan->vcpus; i++) {
		u32 node = place_node(topo, plan->place[i]);
		const struct core_node_state *state = &ledger->node[node];
		u32 shared = state->shared;
		u64 pool;

		if (i && place_node(topo, plan->place[i - 1]) == node)
			continue;
		for (j = 0; j < plan->vcpus; j++)
			shared += plan->place[j] & CORE_ON_MASK &&
				  place_node(topo, plan->place[j]) == node;
		pool = state->cpus.pool -
		       leave_pool(ledger, plan, node, CORE_NONE);
		if ((u64)shared * 100 > state->overcommit * pool)
			return "the shared vCPUs of a node are too many";
	}
	for (i = 0; i < topo->nr_groups; i++) {
		const struct core_counts *state = &ledger->group[i];
		u32 node = topo->group[i].node;
		u32 nr = 0;

		for (j = 0; j < plan->vcpus; j++)
			nr += plan->place[j] == (CORE_ON_GROUP | i);
		if (!nr && !state->bound)
			continue;
		if ((u64)(state->bound + nr) * 100 >
		    (u64)ledger->node[node].overcommit *
		    (state->pool - leave_pool(ledger, plan, node, i)) &&
		    (nr || leave_pool(ledger, plan, node, i)))
			return "the shared vCPUs of an LLC are too many";
	}
	return NULL;
}

/* Chunks and places say the same, and sum up to the request. */
static const char *check_sums(const struct core_ledger *ledger,
			      const struct core_request *req,
			      const struct core_plan *plan)
{
	u32 i, j, v = 0, vcpu = 0, vcpus = 0;
	u64 mem = 0, there;

	for (i = 0; i < plan->nr_chunks; i++) {
		const struct core_chunk *chunk = &plan->chunk[i];

		if (chunk->node >= ledger->topo->nr_nodes)
			return "a chunk is nowhere";
		if (chunk->vnode != v) {
			if (chunk->vnode != v + 1)
				return "virtual nodes are not in order";
			if (vcpus != core_vnode_vcpus(req->vcpus, plan->vnodes, v) ||
			    mem != core_vnode_mem(req->mem, plan->vnodes, v))
				return "a virtual node has the wrong size";
			v++;
			vcpus = 0;
			mem = 0;
		}
		vcpus += chunk->vcpus;
		mem += chunk->mem;
		for (j = 0; j < chunk->vcpus; j++)
			if (vcpu >= plan->vcpus ||
			    place_node(ledger->topo, plan->place[vcpu++]) !=
			    chunk->node)
				return "a vCPU is not where its chunk is";
		there = 0;
		for (j = 0; j < plan->nr_chunks; j++)
			if (plan->chunk[j].node == chunk->node)
				there += plan->chunk[j].mem;
		if (chunk->mem &&
		    there > core_mem_free(&ledger->node[chunk->node]))
			return "a node has too little memory";
	}
	if (v + 1 != plan->vnodes || vcpu != req->vcpus ||
	    vcpus != core_vnode_vcpus(req->vcpus, plan->vnodes, v) ||
	    mem != core_vnode_mem(req->mem, plan->vnodes, v))
		return "a virtual node has the wrong size";
	return NULL;
}

static bool touches(const struct core_plan *plan, u32 node)
{
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		if (plan->chunk[i].node == node)
			return true;
	return false;
}

static const char *check_sets(const struct core_ledger *ledger,
			      const struct core_request *req,
			      const struct core_plan *plan)
{
	u32 i, nr = 0;

	for (i = 0; i < ledger->topo->nr_nodes; i++) {
		bool touched = touches(plan, i);

		nr += touched;
		if (touched && ((req->allowed && !core_in_set(req->allowed, i)) ||
				(req->avoid && core_in_set(req->avoid, i))))
			return "a node is not allowed";
		if (!touched && req->required && core_in_set(req->required, i))
			return "a node that is required is not used";
	}
	if (req->span && nr > req->span)
		return "it spans too many nodes";
	return NULL;
}

static const char *check_local(const struct core_request *req,
			       const struct core_plan *plan)
{
	u64 mem = 0, local = 0;
	u32 i, j;

	for (i = 0; i < plan->nr_chunks; i++) {
		const struct core_chunk *chunk = &plan->chunk[i];

		for (j = 0; req->strict && plan->vnodes > 1 && j < i; j++)
			if (plan->chunk[j].node == chunk->node)
				return "strict virtual nodes share a node";
		if (req->strict && i && chunk[-1].vnode == chunk->vnode)
			return "a strict virtual node is divided";
		mem += chunk->mem;
		local += chunk->vcpus ? chunk->mem : 0;
		if (i + 1 < plan->nr_chunks && chunk[1].vnode == chunk->vnode)
			continue;
		if (local * 100 < mem * req->min_local)
			return "too much memory is remote";
		mem = 0;
		local = 0;
	}
	return NULL;
}

/**
 * core_check_plan - whether a plan keeps all constraints
 * @ledger: what is booked, the plan not yet
 * @req: what was asked for
 * @plan: the answer
 *
 * Return: NULL, or what is wrong
 */
const char *core_check_plan(const struct core_ledger *ledger,
			    const struct core_request *req,
			    const struct core_plan *plan)
{
	const char *wrong;

	if (plan->owner != req->owner || plan->vcpus != req->vcpus ||
	    plan->cpu_policy != req->cpu_policy ||
	    (req->vnodes && plan->vnodes != req->vnodes))
		return "it answers another request";
	wrong = check_places(ledger, req, plan);
	if (!wrong)
		wrong = check_cores(ledger, req, plan);
	if (!wrong)
		wrong = check_pools(ledger, plan);
	if (!wrong)
		wrong = check_sums(ledger, req, plan);
	if (!wrong)
		wrong = check_sets(ledger, req, plan);
	if (!wrong)
		wrong = check_local(req, plan);
	return wrong;
}

static bool same_counts(const struct core_counts *counts, u32 pool,
			const u16 *whole)
{
	return counts->pool == pool &&
	       !memcmp(counts->whole, whole, sizeof(counts->whole));
}

/* Counts cores @first to @end of which all threads are free. */
static u32 recount(const struct core_ledger *ledger, u32 first, u32 end,
		   u16 *whole, bool *wrong)
{
	const struct core_topology *topo = ledger->topo;
	u32 i, j, pool = 0;

	memset(whole, 0, CORE_MAX_SMT * sizeof(*whole));
	for (i = first; i < end; i++) {
		const struct core_topo_core *core = &topo->core[i];
		u32 used = 0;

		for (j = core->cpu; j < (u32)core->cpu + core->nr_cpus; j++)
			used += !!ledger->owner[j];
		*wrong |= used != ledger->core_used[i];
		whole[core->nr_cpus - 1] += !used;
		pool += core->nr_cpus - used;
	}
	return pool;
}

/**
 * core_check_ledger - whether the sums of a ledger are those of its CPUs
 * @ledger: the ledger
 *
 * Return: NULL, or what is wrong
 */
const char *core_check_ledger(const struct core_ledger *ledger)
{
	const struct core_topology *topo = ledger->topo;
	u16 whole[CORE_MAX_SMT];
	bool wrong = false;
	u32 i, g, pool;

	for (i = 0; i < topo->nr_groups; i++) {
		const struct core_topo_group *group = &topo->group[i];

		pool = recount(ledger, group->core,
			       group->core + group->nr_cores, whole, &wrong);
		if (wrong)
			return "a core's count is wrong";
		if (!same_counts(&ledger->group[i], pool, whole))
			return "a group's counts are wrong";
	}
	for (i = 0; i < topo->nr_nodes; i++) {
		const struct core_topo_node *node = &topo->node[i];
		u32 bound = 0;

		pool = recount(ledger, node->core, node->core + node->nr_cores,
			       whole, &wrong);
		if (!same_counts(&ledger->node[i].cpus, pool, whole))
			return "a node's counts are wrong";
		for (g = node->group; g < (u32)node->group + node->nr_groups; g++)
			bound += ledger->group[g].bound;
		if (bound != ledger->node[i].cpus.bound ||
		    bound > ledger->node[i].shared)
			return "a node's shared vCPUs are wrong";
	}
	return NULL;
}
