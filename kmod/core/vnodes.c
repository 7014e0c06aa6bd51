// SPDX-License-Identifier: GPL-2.0
/*
 * VMs with virtual nodes. Each is placed whole, as near to the others as there
 * is room; only what cannot be whole is divided.
 */
#include "search.h"

#define MAX_EFFORT	100000
#define MAX_STRICT	40000

static u32 vnode_vcpus(const struct core_search *s, u32 v)
{
	return core_vnode_vcpus(s->req->vcpus, s->vnodes, v);
}

static u64 vnode_mem(const struct core_search *s, u32 v)
{
	return core_vnode_mem(s->req->mem, s->vnodes, v);
}

static bool whole_cores(const struct core_search *s, u32 vcpus)
{
	return s->req->cpu_policy != CORE_REQUIRE || !(vcpus % s->topo->smt);
}

static void take(struct core_search *s, u32 node, u32 vcpus, u64 mem)
{
	struct core_work *w = s->work;

	w->member[node] = 1;
	w->rest_mem[node] -= mem;
	w->rest_cap[node] -= vcpus;
}

static void begin(struct core_search *s)
{
	struct core_work *w = s->work;
	u32 nodes = s->topo->nr_nodes;

	memcpy(w->rest_cap, w->cap, nodes * sizeof(*w->cap));
	memcpy(w->rest_mem, w->mem, nodes * sizeof(*w->mem));
	memset(w->member, 0, nodes);
	s->cur->nr_chunks = 0;
}

/*
 * The node for a virtual node of a strict VM that costs least beside those
 * chosen so far: near to them, and with little left over. Among nodes that must
 * be used, if @required.
 */
static u32 cheapest_node(const struct core_search *s, u32 vcpus, u64 mem,
			 bool required)
{
	const struct core_work *w = s->work;
	u32 square = s->vnodes * s->vnodes;
	u32 i, best = CORE_NONE;
	u64 least = U64_MAX;

	for (i = 0; i < s->topo->nr_nodes; i++) {
		u64 cost;

		if (w->member[i] || w->cap[i] < vcpus || w->mem[i] < mem ||
		    (required && !core_in_set(s->req->required, i)))
			continue;
		cost = w->key[i] + (u64)w->cursor[i] *
		       (1024 * CORE_WEIGHT_DISTANCE / 40) / square;
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

/* Each on a node of its own: required ones first, then from @seed on */
static bool deal_strict(struct core_search *s, u32 seed)
{
	struct core_work *w = s->work;
	u32 *far = w->cursor;
	bool odd = false;
	u32 v, i;

	begin(s);
	memset(far, 0, s->topo->nr_nodes * sizeof(*far));
	for (v = 0; v < s->vnodes; v++) {
		u32 vcpus = vnode_vcpus(s, v), node = CORE_NONE;
		u64 mem = vnode_mem(s, v);

		/* One core may be used in part, not one on each node. */
		if (!whole_cores(s, vcpus)) {
			if (odd)
				return false;
			odd = true;
		}
		if (s->nr_required)
			node = cheapest_node(s, vcpus, mem, true);
		if (node == CORE_NONE && !v)
			node = w->cap[seed] >= vcpus && w->mem[seed] >= mem ?
			       seed : CORE_NONE;
		else if (node == CORE_NONE)
			node = cheapest_node(s, vcpus, mem, false);
		if (node == CORE_NONE)
			return false;
		take(s, node, vcpus, mem);
		if (!core_add_chunk(s, v, node, vcpus, mem))
			return false;
		for (i = 0; i < s->topo->nr_nodes; i++)
			far[i] += core_distance2(s->topo, node, i);
	}
	return true;
}

/**
 * core_search_strict - virtual nodes that must be on different nodes, whole
 * @s: the search; core_order_seeds() was called
 */
void core_search_strict(struct core_search *s)
{
	u32 nodes = s->topo->nr_nodes;
	u32 i, vcpus = vnode_vcpus(s, 0);
	u64 mem = vnode_mem(s, 0), effort = 0;

	if (s->span < s->vnodes)
		return;
	/* Virtual nodes are of one size, nearly. */
	for (i = 0; i < nodes; i++)
		s->work->key[i] = core_left_over(s, i, vcpus, mem);
	for (i = 0; i < nodes; i++) {
		if (effort > MAX_STRICT && s->found)
			break;
		effort += s->vnodes * (u64)nodes;
		if (deal_strict(s, i))
			core_offer(s, i);
	}
}

/* The nearest node to @seed that holds it whole; @more may be touched */
static u32 find_whole(const struct core_search *s, u32 seed, u32 vcpus, u64 mem,
		      bool more)
{
	const struct core_work *w = s->work;
	u32 nodes = s->topo->nr_nodes;
	const u16 *near = s->topo->near + (size_t)seed * nodes;
	u32 i;

	for (i = 0; i < nodes; i++)
		if (w->rest_cap[near[i]] >= vcpus &&
		    w->rest_mem[near[i]] >= mem &&
		    (more || w->member[near[i]]))
			return near[i];
	return CORE_NONE;
}

static u32 nr_members(const struct core_search *s)
{
	u32 i, nr = 0;

	for (i = 0; i < s->topo->nr_nodes; i++)
		nr += s->work->member[i];
	return nr;
}

/* The nodes to divide a virtual node over, from @seed on; returns how many. */
static u32 find_set(struct core_search *s, u32 seed, u32 vcpus, u64 mem)
{
	struct core_work *w = s->work;
	u32 nodes = s->topo->nr_nodes;
	u32 used = nr_members(s);
	u8 *members = (u8 *)w->keep_cpu;
	u32 i, nr = 0;

	w->set[nr++] = seed;
	if (used >= s->span) {
		for (i = 0; i < nodes; i++)
			if (w->member[i] && i != seed)
				w->set[nr++] = i;
		return nr;
	}
	/* Growing a set uses the marks too. */
	memcpy(members, w->member, nodes);
	nr = core_grow_set(s, nr, vcpus, mem, w->rest_cap, w->rest_mem,
			   s->span - used + members[seed]);
	memcpy(w->member, members, nodes);
	return nr;
}

static bool divide(struct core_search *s, u32 v, u32 seed, u32 vcpus, u64 mem)
{
	struct core_work *w = s->work;
	u32 nr = find_set(s, seed, vcpus, mem);
	u32 i;

	if (!nr ||
	    !core_fill_set(s, nr, vcpus, mem, w->rest_cap, w->rest_mem))
		return false;
	for (i = 0; i < nr; i++) {
		if (!w->set_cpu[i] && !w->set_mem[i])
			continue;
		if (!core_add_chunk(s, v, w->set[i], w->set_cpu[i],
				    w->set_mem[i]))
			return false;
		take(s, w->set[i], w->set_cpu[i], w->set_mem[i]);
	}
	return true;
}

/* All virtual nodes, from @seed on */
static bool deal(struct core_search *s, u32 seed, u32 *effort)
{
	const u16 *near = s->topo->near + (size_t)seed * s->topo->nr_nodes;
	struct core_work *w = s->work;
	u32 v, i, node, used = 0;

	begin(s);
	for (v = 0; v < s->vnodes; v++) {
		u32 vcpus = vnode_vcpus(s, v);
		u64 mem = vnode_mem(s, v);

		*effort += 4;
		node = find_whole(s, seed, vcpus, mem, used < s->span);
		if (node != CORE_NONE) {
			used += !w->member[node];
			take(s, node, vcpus, mem);
			if (!core_add_chunk(s, v, node, vcpus, mem))
				return false;
			continue;
		}
		for (i = 0; i < s->topo->nr_nodes; i++)
			if ((w->rest_cap[near[i]] || w->rest_mem[near[i]]) &&
			    (used < s->span || w->member[near[i]]))
				break;
		*effort += s->topo->nr_nodes;
		if (i == s->topo->nr_nodes ||
		    !divide(s, v, near[i], vcpus, mem))
			return false;
		used = nr_members(s);
	}
	return true;
}

/*
 * The best place without virtual nodes, cut into them: vCPUs and memory in the
 * same order of nodes.
 */
static void cut(struct core_search *s)
{
	struct core_work *w = s->work;
	struct core_layout *whole = s->best;
	u32 v, i = 0, j = 0, t, begin_at;

	if (!s->found)
		return;
	core_record_drop(s->decision);
	memcpy(w->rest_cap, w->cap, s->topo->nr_nodes * sizeof(*w->cap));
	s->cur->nr_chunks = 0;
	for (v = 0; v < s->vnodes; v++) {
		u32 vcpus = vnode_vcpus(s, v);
		u64 mem = vnode_mem(s, v);

		begin_at = s->cur->nr_chunks;
		while (vcpus) {
			u32 part = min(vcpus, whole->chunk[i].vcpus);

			if (!core_add_chunk(s, v, whole->chunk[i].node, part, 0))
				goto none;
			vcpus -= part;
			whole->chunk[i].vcpus -= part;
			if (vcpus)
				i++;
		}
		while (mem) {
			u64 part = min(mem, whole->chunk[j].mem);
			struct core_chunk *chunk = s->cur->chunk;

			for (t = begin_at; t < s->cur->nr_chunks; t++)
				if (chunk[t].node == whole->chunk[j].node)
					break;
			if (t < s->cur->nr_chunks)
				chunk[t].mem += part;
			else if (!core_add_chunk(s, v, whole->chunk[j].node, 0,
						 part))
				goto none;
			mem -= part;
			whole->chunk[j].mem -= part;
			if (mem)
				j++;
		}
	}
	s->found = false;
	core_offer(s, s->cur->chunk[0].node);
	return;
none:
	s->found = false;
}

/**
 * core_search_vnodes - virtual nodes that may share nodes and be divided
 * @s: the search; core_order_seeds() was called
 */
void core_search_vnodes(struct core_search *s)
{
	struct core_work *w = s->work;
	u32 i, effort = 0;

	for (i = 0; w->seed[i] != 0xffff; i++) {
		if (effort > MAX_EFFORT && s->found)
			break;
		effort += s->vnodes * s->vnodes / 8;
		if (deal(s, w->seed[i], &effort))
			core_offer(s, w->seed[i]);
	}
	if (s->found)
		return;
	core_search_pairs(s);
	if (s->span > 2)
		core_search_sets(s);
	cut(s);
}
