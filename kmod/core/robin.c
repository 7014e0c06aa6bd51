// SPDX-License-Identifier: GPL-2.0
/*
 * CORE_ROUND_ROBIN: vCPUs, or virtual nodes, dealt over the nodes in turn.
 */
#include "search.h"

static u32 next_in(const struct core_search *s, u32 node)
{
	return node + 1 < s->topo->nr_nodes ? node + 1 : 0;
}

/* Virtual nodes whole, one on each node in turn */
static bool deal_vnodes(struct core_search *s)
{
	struct core_work *w = s->work;
	u32 node = s->req->first % s->topo->nr_nodes;
	u32 v, tried;

	for (v = 0; v < s->vnodes; v++) {
		u32 vcpus = core_vnode_vcpus(s->req->vcpus, s->vnodes, v);
		u64 mem = core_vnode_mem(s->req->mem, s->vnodes, v);

		for (tried = 0; tried < s->topo->nr_nodes; tried++) {
			if (w->rest_cap[node] >= vcpus &&
			    w->rest_mem[node] >= mem)
				break;
			node = next_in(s, node);
		}
		if (tried == s->topo->nr_nodes ||
		    !core_add_chunk(s, v, node, vcpus, mem))
			return false;
		w->rest_cap[node] = s->req->strict ?
				    0 : w->rest_cap[node] - vcpus;
		w->rest_mem[node] -= mem;
		node = next_in(s, node);
	}
	return true;
}

/* The nodes to go round: as many as the span allows, those with CPUs */
static u32 find_ring(struct core_search *s)
{
	struct core_work *w = s->work;
	u32 node = s->req->first % s->topo->nr_nodes;
	u32 i, nr = 0;

	for (i = 0; i < s->topo->nr_nodes && nr < s->span; i++) {
		if (w->cap[node] >= (s->req->cpu_policy == CORE_REQUIRE ?
				     s->topo->smt : 1)) {
			w->set_cpu[nr] = 0;
			w->set[nr++] = node;
		}
		node = next_in(s, node);
	}
	return nr;
}

static bool deal_vcpus(struct core_search *s, u32 nr)
{
	struct core_work *w = s->work;
	u32 at_once = s->req->cpu_policy == CORE_REQUIRE ? s->topo->smt : 1;
	u32 rest = s->req->vcpus;
	u32 i, full = 0;

	for (i = 0; rest && full < nr; i = i + 1 < nr ? i + 1 : 0) {
		u32 node = w->set[i];

		if (w->rest_cap[node] < at_once) {
			full++;
			continue;
		}
		full = 0;
		w->rest_cap[node] -= at_once;
		w->set_cpu[i] += min(rest, at_once);
		rest -= min(rest, at_once);
	}
	return !rest;
}

/* Memory in proportion to the vCPUs; what does not fit goes where it does. */
static bool deal_mem(struct core_search *s, u32 nr)
{
	struct core_work *w = s->work;
	u64 rest = s->req->mem;
	u32 i;

	for (i = 0; i < nr; i++) {
		w->set_mem[i] = min(div64_u64(s->req->mem, s->req->vcpus) *
				    w->set_cpu[i], w->mem[w->set[i]]);
		rest -= w->set_mem[i];
	}
	for (i = 0; i < nr; i++) {
		u64 more = min(rest, w->mem[w->set[i]] - w->set_mem[i]);

		w->set_mem[i] += more;
		rest -= more;
	}
	return !rest;
}

/**
 * core_search_robin - place a VM round-robin
 * @s: the search
 */
void core_search_robin(struct core_search *s)
{
	struct core_work *w = s->work;
	u32 i, nr, nodes = s->topo->nr_nodes;

	memcpy(w->rest_cap, w->cap, nodes * sizeof(*w->cap));
	memcpy(w->rest_mem, w->mem, nodes * sizeof(*w->mem));
	s->cur->nr_chunks = 0;
	if (s->vnodes > 1) {
		if (deal_vnodes(s))
			core_offer(s, s->cur->chunk[0].node);
		return;
	}
	nr = find_ring(s);
	if (!nr || !deal_vcpus(s, nr) || !deal_mem(s, nr))
		return;
	for (i = 0; i < nr; i++)
		if (!core_add_chunk(s, 0, w->set[i], w->set_cpu[i],
				    w->set_mem[i]))
			return;
	core_offer(s, w->set[0]);
}
