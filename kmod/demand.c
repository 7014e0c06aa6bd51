// SPDX-License-Identifier: GPL-2.0
/*
 * What the pages of a memory object are going to take, of which nodes, and whether
 * these have it.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vcpunuma.h>

#include "layout.h"

/* Bytes of a range by node, if pages are dealt out */
static void demand_turns(const struct layout *l, const struct mem_policy *p,
			 u64 *by_node)
{
	u64 cycles = (p->end - p->first) >> (l->shift - PAGE_SHIFT);
	u32 i, before = 0, rest;

	rest = do_div(cycles, p->turns[p->nr_turns - 1].below);
	for (i = 0; i < p->nr_turns; i++) {
		u32 weight = p->turns[i].below - before;
		u64 nr = cycles * weight;

		if (rest > before)
			nr += min(rest - before, weight);
		by_node[p->turns[i].node] += nr << l->shift;
		before += weight;
	}
}

/**
 * layout_demand - how much the layout wants of each node
 * @l: the layout, as it was created
 * @by_node: bytes are added to, by node id
 *
 * Return: false: that is not known, because pages are to be where they are used.
 */
bool layout_demand(const struct layout *l, u64 *by_node)
{
	const struct mem_policy *p;
	u32 i;

	for (i = 0; i < l->nr_ranges; i++) {
		p = l->ranges[i];
		switch (p->home) {
		case MEM_HOME_NODE:
			by_node[p->node] += (u64)(p->end - p->first) <<
					    PAGE_SHIFT;
			break;
		case MEM_HOME_TURN:
			demand_turns(l, p, by_node);
			break;
		case MEM_HOME_NEAR:
			return false;
		}
	}
	return true;
}

static void add_homes(const struct layout *l, const struct mem_policy *p,
		      const struct mem_caller *who, nodemask_t *homes)
{
	u32 i, node;

	for (i = 0; i < p->nr_turns; i++)
		node_set(p->turns[i].node, *homes);
	if (p->nr_turns)
		return;
	node = layout_home(l, p, p->first, who);
	if (node != VCPUNUMA_NONE)
		node_set(node, *homes);
}

/**
 * layout_homes - nodes that pages of a part of the object are wanted on first
 * @l: the layout
 * @first: first page in units of PAGE_SIZE
 * @end: page after the last
 * @who: for whom they are
 * @homes: the nodes are added to it
 */
void layout_homes(struct layout *l, pgoff_t first, pgoff_t end,
		  const struct mem_caller *who, nodemask_t *homes)
{
	const struct mem_parts *parts;
	u32 i;

	for (i = 0; i < l->nr_ranges; i++)
		if (l->ranges[i]->first < end && l->ranges[i]->end > first)
			add_homes(l, l->ranges[i], who, homes);
	mutex_lock(&l->lock);
	parts = rcu_dereference_protected(l->parts, lockdep_is_held(&l->lock));
	for (i = 0; parts && i < parts->nr; i++)
		if (parts->part[i].first < end && parts->part[i].end > first)
			add_homes(l, parts->part[i].policy, who, homes);
	mutex_unlock(&l->lock);
}

/** layout_bounded - has any range a bound on what is remote? */
bool layout_bounded(const struct layout *l)
{
	u32 i;

	for (i = 0; i < l->nr_ranges; i++)
		if (l->ranges[i]->room != S64_MAX)
			return true;
	return false;
}

/* Take so much of what a node has, or all it has; returns how much. */
static u64 take(u64 *has, u32 node, u64 bytes)
{
	u64 taken = min(has[node], bytes);

	has[node] -= taken;
	return taken;
}

/* Take what there is of a range's own node; returns how much is still wanted. */
static u64 take_home(const struct mem_policy *p, u64 *has)
{
	u64 bytes = (u64)(p->end - p->first) << PAGE_SHIFT;

	return bytes - take(has, p->node, bytes);
}

/* Take the rest from where the policy goes next; false: it is not to be had. */
static bool take_remote(const struct layout *l, const struct mem_policy *p,
			const struct mem_caller *who, u64 *has, u64 rest)
{
	nodemask_t tried = nodemask_of_node(p->node);
	u32 node;

	while (rest) {
		node = layout_next(l, p, p->node, who, &tried);
		if (node == VCPUNUMA_NONE)
			return false;
		rest -= take(has, node, rest);
	}
	return true;
}

/* May it be nowhere but on its node, and has it no bound to be kept? */
static bool is_strict(const struct mem_policy *p)
{
	return p->home == MEM_HOME_NODE && !p->spills && p->room == S64_MAX;
}

/*
 * As they are populated: each has of its own node what those before it leave, and
 * elsewhere what those who are there leave. @rest has room for a number of each.
 */
static bool take_all(const struct layout *l, const struct mem_caller *who,
		     u64 *has, u64 *rest)
{
	const struct mem_policy *p;
	u32 i;

	for (i = 0; i < l->nr_ranges; i++)
		if (is_strict(l->ranges[i]))
			take_home(l->ranges[i], has);
	for (i = 0; i < l->nr_ranges; i++) {
		p = l->ranges[i];
		if (p->home != MEM_HOME_NODE || is_strict(p))
			continue;
		rest[i] = take_home(p, has);
		if (rest[i] > p->room)
			return false;
	}
	for (i = 0; i < l->nr_ranges; i++) {
		p = l->ranges[i];
		if (p->room != S64_MAX && !take_remote(l, p, who, has, rest[i]))
			return false;
	}
	return true;
}

/**
 * layout_holds - can the bounds on what is remote be kept?
 * @l: the layout of an object that has no pages
 * @who: for whom it is to get all of them
 * @has: bytes that it may have of each node, by id; what it takes is subtracted
 *
 * Strict ranges get what they ask for first: whether they do is seen when they do.
 *
 * Return: false: the nodes do not have the memory, or there is none to find out.
 */
bool layout_holds(const struct layout *l, const struct mem_caller *who,
		  u64 *has)
{
	u64 *rest = kvcalloc(l->nr_ranges, sizeof(*rest), GFP_KERNEL_ACCOUNT);
	bool holds;

	if (!rest)
		return false;
	holds = take_all(l, who, has, rest);
	kvfree(rest);
	return holds;
}

/** layout_add_nodes - nodes that it names are added */
void layout_add_nodes(struct layout *l, nodemask_t *nodes)
{
	const struct mem_policy *p;
	u32 i, t;

	for (i = 0; i < l->nr_ranges; i++) {
		p = l->ranges[i];
		if (p->home == MEM_HOME_NODE)
			node_set(p->node, *nodes);
		for (t = 0; t < p->nr_turns; t++)
			node_set(p->turns[t].node, *nodes);
	}
	mutex_lock(&l->lock);
	list_for_each_entry(p, &l->made, link)
		nodes_or(*nodes, *nodes, p->asked);
	mutex_unlock(&l->lock);
}

static u32 sole_of(const struct mem_policy *p)
{
	return p->nr_turns == 1 ? p->turns[0].node : p->node;
}

/** layout_sole - the node that all is wanted on first, or VCPUNUMA_NONE */
u32 layout_sole(const struct layout *l)
{
	u32 i, node = sole_of(l->ranges[0]);

	for (i = 1; i < l->nr_ranges; i++)
		if (sole_of(l->ranges[i]) != node)
			return VCPUNUMA_NONE;
	return node;
}
