// SPDX-License-Identifier: GPL-2.0
/*
 * The rules, as they are written down, over plain books.
 */
#include "oracle.h"

static const struct core_topology *topo_of(const struct oracle *o)
{
	return &o->host->topo;
}

static u32 node_of(const struct core_topology *topo, u32 place)
{
	u32 n = place & 0x3fffffff;

	if (place >> 30 == 1)
		return n;
	return place >> 30 == 2 ? topo->group[n].node : topo->cpu[n].node;
}

/* Free CPUs of a node (group: CORE_NONE) or a group */
static u32 pool(const struct oracle *o, u32 node, u32 group)
{
	const struct core_topology *topo = topo_of(o);
	u32 i, nr = 0;

	for (i = 0; i < topo->nr_cpus; i++)
		nr += topo->cpu[i].node == node && !o->owner[i] &&
		      (group == CORE_NONE || topo->cpu[i].group == group);
	return nr;
}

static const char *book_cpus(struct oracle *o, const struct core_request *req,
			     const struct core_plan *plan)
{
	const struct core_topology *topo = topo_of(o);
	u32 i, j, parts = 0;

	for (i = 0; i < plan->vcpus; i++) {
		u32 place = plan->place[i], n = place & 0x3fffffff;

		if (place >> 30) {
			if (req->cpu_policy != CORE_SHARED)
				return "floats, but should not";
			o->shared[node_of(topo, place)]++;
			if (place >> 30 == 2)
				o->floating[n]++;
			continue;
		}
		if (req->cpu_policy == CORE_SHARED)
			return "has a CPU of its own, but should not";
		if (o->owner[n])
			return "a CPU has two owners";
		if (req->cpus &&
		    !core_in_set(req->cpus, topo->cpu[n].id))
			return "a CPU outside those allowed";
		o->owner[n] = plan->owner;
	}
	if (req->cpu_policy != CORE_ISOLATE && req->cpu_policy != CORE_REQUIRE)
		return NULL;
	for (i = 0; i < topo->nr_cores; i++) {
		u32 first = topo->core[i].cpu, nr = topo->core[i].nr_cpus;
		u32 mine = 0, free = 0;

		for (j = first; j < first + nr; j++) {
			mine += o->owner[j] == plan->owner;
			free += !o->owner[j];
		}
		if (!mine)
			continue;
		if (mine + free != nr)
			return "a core is shared with another VM";
		if (req->cpu_policy == CORE_ISOLATE && mine != 1)
			return "two vCPUs on an isolated core";
		parts += mine != nr;
		for (j = first; j < first + nr; j++)
			o->owner[j] = plan->owner;
	}
	if (req->cpu_policy == CORE_REQUIRE &&
	    parts > (plan->vcpus % topo->smt != 0))
		return "cores used in part";
	return NULL;
}

static const char *check_pools(const struct oracle *o,
			       const struct core_plan *plan)
{
	const struct core_topology *topo = topo_of(o);
	u32 i, j;

	for (i = 0; i < topo->nr_nodes; i++) {
		u32 overcommit = o->host->ledger.node[i].overcommit;
		bool touched = false;

		for (j = 0; j < plan->vcpus; j++)
			touched |= node_of(topo, plan->place[j]) == i;
		if (touched &&
		    o->shared[i] * 100 > overcommit * pool(o, i, CORE_NONE))
			return "too many shared vCPUs on a node";
		for (j = 0; touched && j < topo->nr_groups; j++)
			if (topo->group[j].node == i && o->floating[j] &&
			    o->floating[j] * 100 > overcommit * pool(o, i, j))
				return "too many shared vCPUs on an LLC";
	}
	return NULL;
}

static const char *book_mem(struct oracle *o, const struct core_request *req,
			    const struct core_plan *plan)
{
	const struct core_topology *topo = topo_of(o);
	u64 sum[CORE_MAX_VNODES] = { 0 }, local[CORE_MAX_VNODES] = { 0 };
	u32 vcpus[CORE_MAX_VNODES] = { 0 };
	u32 i, j, v;

	for (i = 0; i < plan->nr_chunks; i++) {
		const struct core_chunk *c = &plan->chunk[i];
		const struct core_node_state *state =
			&o->host->ledger.node[c->node];
		u32 there = 0;

		for (j = 0; j < plan->vcpus; j++)
			there += (u64)j * plan->vnodes / plan->vcpus == c->vnode &&
				 node_of(topo, plan->place[j]) == c->node;
		if (there != c->vcpus)
			return "a chunk's vCPUs are not where it says";
		o->mem[c->node] += c->mem;
		if (c->mem && o->mem[c->node] > state->mem_avail)
			return "more memory than a node has";
		sum[c->vnode] += c->mem;
		local[c->vnode] += there ? c->mem : 0;
		vcpus[c->vnode] += there;
	}
	for (v = 0; v < plan->vnodes; v++) {
		u64 want = req->mem / plan->vnodes +
			   (v < req->mem % plan->vnodes);

		for (j = 0; j < plan->vcpus; j++)
			vcpus[v] -= (u64)j * plan->vnodes / plan->vcpus == v;
		if (sum[v] != want || vcpus[v])
			return "a virtual node of another size";
		if (local[v] * 100 < want * req->min_local)
			return "too much remote memory";
	}
	return NULL;
}

static const char *check_nodes(const struct oracle *o,
			       const struct core_request *req,
			       const struct core_plan *plan)
{
	u32 owner[CORE_MAX_NODES] = { 0 };
	u32 i, nr = 0;

	for (i = 0; i < plan->nr_chunks; i++) {
		const struct core_chunk *c = &plan->chunk[i];

		nr += !owner[c->node];
		if (req->strict && plan->vnodes > 1 && owner[c->node])
			return "strict: two virtual nodes on one";
		if (req->strict && i && c[-1].vnode == c->vnode)
			return "strict: a virtual node on two";
		owner[c->node] = 1;
		if ((req->allowed && !core_in_set(req->allowed, c->node)) ||
		    (req->avoid && core_in_set(req->avoid, c->node)))
			return "a node that is not allowed";
	}
	for (i = 0; req->required && i < o->host->topo.nr_nodes; i++)
		if (core_in_set(req->required, i) && !owner[i])
			return "a required node is not used";
	return req->span && nr > req->span ? "too many nodes" : NULL;
}

const char *oracle_book(struct oracle *o, const struct core_request *req,
			const struct core_plan *plan)
{
	const char *wrong = book_cpus(o, req, plan);

	if (!wrong)
		wrong = check_pools(o, plan);
	if (!wrong)
		wrong = book_mem(o, req, plan);
	if (!wrong)
		wrong = check_nodes(o, req, plan);
	return wrong;
}

void oracle_release(struct oracle *o, const struct core_plan *plan)
{
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		o->mem[plan->chunk[i].node] -= plan->chunk[i].mem;
	for (i = 0; i < plan->vcpus; i++) {
		if (!(plan->place[i] >> 30))
			continue;
		o->shared[node_of(topo_of(o), plan->place[i])]--;
		if (plan->place[i] >> 30 == 2)
			o->floating[plan->place[i] & 0x3fffffff]--;
	}
	for (i = 0; i < topo_of(o)->nr_cpus; i++)
		if (o->owner[i] == plan->owner)
			o->owner[i] = 0;
}

const char *oracle_compare(const struct oracle *o,
			   const struct core_ledger *ledger)
{
	const struct core_topology *topo = topo_of(o);
	u32 i;

	for (i = 0; i < topo->nr_cpus; i++)
		if ((ledger->owner[i] & ~CORE_BLOCKED) != o->owner[i])
			return "owner of a CPU";
	for (i = 0; i < topo->nr_nodes; i++) {
		if (ledger->node[i].shared != o->shared[i])
			return "shared vCPUs of a node";
		if (ledger->node[i].cpus.pool != pool(o, i, CORE_NONE))
			return "pool of a node";
		if (ledger->node[i].mem_booked != o->mem[i])
			return "memory of a node";
	}
	for (i = 0; i < topo->nr_groups; i++)
		if (ledger->group[i].bound != o->floating[i])
			return "vCPUs that float over an LLC";
	return core_check_ledger(ledger);
}
