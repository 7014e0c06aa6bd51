// SPDX-License-Identifier: GPL-2.0
/*
 * How good a place is. Costs are in 1/1024; less is better.
 */
#include "capacity.h"
#include "search.h"

/* A device near by, and a single LLC, are worth less than the right size. */
#define DIVIDE_NEAR	2
#define COST_LLC	96
/* Contention: a little, or for CORE_SPREAD a lot. */
#define WEIGHT_LOAD	0
#define WEIGHT_SPREAD	24
/* Affinity: as good as a place that leaves half a node less. */
#define COST_AFFINITY	512

/* Share of a node's CPUs that would be left, @vcpus more taken */
static u32 left_cpu(const struct core_search *s, u32 node, u32 vcpus)
{
	const struct core_node_state *state = &s->ledger->node[node];
	u32 nr_cpus = s->topo->node[node].nr_cpus;
	u32 policy = s->req->cpu_policy;
	u32 per_cpu = max(state->overcommit, 1u);
	u64 have = (u64)state->cpus.pool * per_cpu;
	u64 used = (u64)state->shared * 100;

	if (!nr_cpus)
		return 0;
	if (policy == CORE_SHARED)
		used += (u64)vcpus * 100;
	else
		used += (u64)core_cpus_taken(s->topo, policy, vcpus) * per_cpu;
	return have > used ?
	       div64_u64((have - used) * 1024, (u64)nr_cpus * per_cpu) : 0;
}

static u32 left_mem(const struct core_search *s, u32 node, u64 mem)
{
	u64 total = s->ledger->node[node].mem_total;
	u64 free = s->work->mem[node];

	return total && free > mem ?
	       min(div64_u64((free - mem) * 1024, total), (u64)1024) : 0;
}

/* Shared vCPUs beyond one a CPU */
static u32 load(const struct core_search *s, u32 node, u32 vcpus)
{
	const struct core_node_state *state = &s->ledger->node[node];
	u32 pool = state->cpus.pool;
	u32 shared = state->shared;
	u32 policy = s->req->cpu_policy;

	if (policy == CORE_SHARED)
		shared += vcpus;
	else
		pool -= min(core_cpus_taken(s->topo, policy, vcpus), pool);
	return pool && shared > pool ?
	       div64_u64((u64)(shared - pool) * 1024, pool) : 0;
}

/* Whether vCPUs that an empty LLC could hold have to use several */
static bool splits_llc(const struct core_search *s, u32 node, u32 vcpus)
{
	const struct core_topo_node *n = &s->topo->node[node];
	u32 taken = core_cpus_taken(s->topo, s->req->cpu_policy, vcpus);
	bool large = false;
	u32 g;

	if (n->nr_groups < 2)
		return false;
	if (s->req->cpu_policy == CORE_SHARED) {
		if (!s->req->float_llc)
			return false;
		taken = vcpus;
	}
	for (g = n->group; g < (u32)n->group + n->nr_groups; g++) {
		if (s->topo->group[g].nr_cpus < taken)
			continue;
		large = true;
		if (s->ledger->group[g].pool >= taken &&
		    core_group_capacity(s->ledger, s->req, g) >= vcpus)
			return false;
	}
	return large;
}

static u32 sum_cost(const struct core_search *s, struct core_candidate *cand)
{
	u32 weight = s->req->placement == CORE_SPREAD ? WEIGHT_SPREAD :
							WEIGHT_LOAD;

	cand->load *= weight;
	cand->near /= DIVIDE_NEAR;
	return cand->distance + cand->left_cpu + cand->left_mem + cand->load +
	       cand->near + cand->llc + cand->affinity;
}

/* 0 for the node itself, 1024 for one twice as far as local, and so on */
static u32 near_cost(const struct core_search *s, u32 node)
{
	u32 near = s->req->near;
	u32 far, local;

	if (near == CORE_NONE)
		return 0;
	far = core_distance2(s->topo, near, node);
	local = core_distance2(s->topo, near, near);
	return far > local ? (far - local) * 1024 / local : 0;
}

/**
 * core_left_over - what would be left of a node
 * @s: the search
 * @node: the node
 * @vcpus: vCPUs there
 * @mem: memory there
 *
 * Return: its part of the cost
 */
u32 core_left_over(const struct core_search *s, u32 node, u32 vcpus, u64 mem)
{
	return left_cpu(s, node, vcpus) + left_mem(s, node, mem);
}

/**
 * core_score_node - cost of a node that takes the whole VM
 * @s: the search
 * @node: the node
 * @cand: components of the cost are set
 */
void core_score_node(const struct core_search *s, u32 node,
		     struct core_candidate *cand)
{
	const struct core_request *req = s->req;

	cand->distance = 0;
	cand->left_cpu = left_cpu(s, node, req->vcpus);
	cand->left_mem = left_mem(s, node, req->mem);
	cand->load = load(s, node, req->vcpus);
	cand->near = near_cost(s, node);
	cand->llc = splits_llc(s, node, req->vcpus) ? COST_LLC : 0;
	if (req->prefer && !core_in_set(req->prefer, node))
		cand->affinity = COST_AFFINITY;
	cand->cost = sum_cost(s, cand);
}

/* Share of @mem in @all, in 1/2^20 */
static u64 share(u64 mem, u64 all)
{
	return all ? div64_u64(mem << 20, all) : 0;
}

/* Distance from vCPUs to memory of one virtual node, weighted by both */
static void measure_vnode(const struct core_search *s,
			  const struct core_chunk *chunk, u32 nr,
			  u64 *distance, u64 *local)
{
	u64 mem = 0;
	u32 i, j;

	for (i = 0; i < nr; i++)
		mem += chunk[i].mem;
	for (j = 0; j < nr; j++) {
		u64 part = share(chunk[j].mem, mem);
		u64 sum = 0;

		if (!part)
			continue;
		for (i = 0; i < nr; i++)
			sum += (u64)chunk[i].vcpus *
			       core_distance(s->topo, chunk[i].node,
					     chunk[j].node);
		*distance += sum * part;
		*local += chunk[j].vcpus * part;
	}
}

static u64 pair_distance(const struct core_search *s,
			 const struct core_layout *layout)
{
	u64 sum = 0;
	u32 i, j;

	for (i = 0; i < layout->nr_chunks; i++) {
		const struct core_chunk *a = &layout->chunk[i];
		u64 others = 0;

		if (!a->vcpus)
			continue;
		for (j = 0; j < i; j++)
			others += (u64)layout->chunk[j].vcpus *
				  core_distance2(s->topo, a->node,
						 layout->chunk[j].node);
		sum += a->vcpus * others;
		sum += (u64)a->vcpus * (a->vcpus - 1) *
		       core_distance(s->topo, a->node, a->node);
	}
	return sum;
}

/**
 * core_measure - distance, spread and local share of a layout
 * @s: the search
 * @layout: to measure
 */
void core_measure(const struct core_search *s, struct core_layout *layout)
{
	u64 distance = 0, local = 0;
	u64 vcpus = s->req->vcpus;
	u32 i, begin = 0;

	for (i = 1; i <= layout->nr_chunks; i++) {
		if (i < layout->nr_chunks &&
		    layout->chunk[i].vnode == layout->chunk[begin].vnode)
			continue;
		measure_vnode(s, layout->chunk + begin, i - begin, &distance,
			      &local);
		begin = i;
	}
	layout->distance = s->req->mem ?
			   div64_u64(distance, vcpus) >> 10 : 10 * 1024;
	layout->local = s->req->mem ? div64_u64(local, vcpus) >> 10 : 1024;
	layout->spread = vcpus > 1 ?
			 div64_u64(pair_distance(s, layout) << 10,
				   vcpus * (vcpus - 1)) : 10 * 1024;
}

/**
 * core_cost - cost of a layout
 * @s: the search
 * @layout: measured
 * @cand: components are set; may be NULL
 *
 * Return: the cost
 */
u64 core_cost(const struct core_search *s, const struct core_layout *layout,
	      struct core_candidate *cand)
{
	u32 eff = (3 * layout->distance + layout->spread) / 4;
	struct core_candidate sum = { 0 };
	u32 i;

	for (i = 0; i < layout->nr_chunks; i++) {
		const struct core_chunk *chunk = &layout->chunk[i];

		sum.left_cpu += left_cpu(s, chunk->node, chunk->vcpus);
		sum.left_mem += left_mem(s, chunk->node, chunk->mem);
		sum.load = max(sum.load, load(s, chunk->node, chunk->vcpus));
		sum.near = max(sum.near, near_cost(s, chunk->node));
		if (s->req->prefer &&
		    !core_in_set(s->req->prefer, chunk->node))
			sum.affinity = COST_AFFINITY;
	}
	sum.distance = eff > 10 * 1024 ?
		       (eff - 10 * 1024) * CORE_WEIGHT_DISTANCE / 10 : 0;
	sum.cost = sum_cost(s, &sum);
	if (cand) {
		u32 node = cand->node, nr = cand->nr_nodes;

		*cand = sum;
		cand->node = node;
		cand->nr_nodes = nr;
	}
	return sum.cost;
}
