// SPDX-License-Identifier: GPL-2.0
/*
 * Chooses the CPUs once the nodes are known: the tightest LLC that holds all
 * vCPUs on a node, or as few as possible; whole cores first.
 */
#include "capacity.h"
#include "search.h"

/**
 * struct picker - CPUs of a node being chosen
 * @s: the search
 * @cpu: where the next goes
 * @left: how many are wanted still
 */
struct picker {
	const struct core_search *s;
	u16 *cpu;
	u32 left;
};

static bool usable(const struct core_search *s, u32 cpu)
{
	return !s->ledger->owner[cpu] &&
	       (!s->req->cpus ||
		core_in_set(s->req->cpus, s->topo->cpu[cpu].id));
}

static u32 count_usable(const struct core_search *s,
			const struct core_topo_core *core)
{
	u32 i, nr = 0;

	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++)
		nr += usable(s, i);
	return nr;
}

static void pick_core(struct picker *p, const struct core_topo_core *core,
		      u32 most)
{
	u32 i;

	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++) {
		if (!most || !p->left)
			return;
		if (usable(p->s, i)) {
			*p->cpu++ = i;
			p->left--;
			most--;
		}
	}
}

static void pick_isolate(struct picker *p, u32 group)
{
	const struct core_search *s = p->s;
	const struct core_topo_group *g = &s->topo->group[group];
	u32 threads, i;

	/* Those with fewest threads take least from the pool. */
	for (threads = s->topo->mixed ? 1 : s->topo->smt;
	     threads <= s->topo->smt; threads++) {
		for (i = g->core; i < (u32)g->core + g->nr_cores; i++) {
			if (!p->left)
				return;
			if (!s->ledger->core_used[i] &&
			    s->topo->core[i].nr_cpus == threads)
				pick_core(p, &s->topo->core[i], 1);
		}
	}
}

/* Cores that nobody uses, all threads, the largest first that are not too big */
static void pick_whole(struct picker *p, u32 group)
{
	const struct core_search *s = p->s;
	const struct core_topo_group *g = &s->topo->group[group];
	bool all = s->req->cpu_policy == CORE_REQUIRE;
	u32 least = s->topo->mixed || s->req->cpus ? 1 : s->topo->smt;
	u32 threads, i;

	for (threads = s->topo->smt; threads >= least; threads--) {
		for (i = g->core; i < (u32)g->core + g->nr_cores; i++) {
			const struct core_topo_core *core = &s->topo->core[i];

			if (p->left < threads)
				break;
			if (!s->ledger->core_used[i] &&
			    (!all || core->nr_cpus == threads) &&
			    count_usable(s, core) == threads)
				pick_core(p, core, threads);
		}
	}
}

/* What is left, less than a core, on a core not used and not picked since */
static void pick_part(struct picker *p, u32 group, const u16 *begin)
{
	const struct core_search *s = p->s;
	const struct core_topo_group *g = &s->topo->group[group];
	bool all = s->req->cpu_policy == CORE_REQUIRE;
	const u16 *c;
	u32 i;

	for (i = g->core; i < (u32)g->core + g->nr_cores && p->left; i++) {
		const struct core_topo_core *core = &s->topo->core[i];
		u32 nr = count_usable(s, core);

		if (s->ledger->core_used[i] || nr <= p->left ||
		    (all && nr != core->nr_cpus))
			continue;
		for (c = begin; c < p->cpu && s->topo->cpu[*c].core != i; c++)
			;
		if (c == p->cpu)
			pick_core(p, core, p->left);
	}
}

/* Single threads of cores that somebody uses, the fullest first */
static void pick_used(struct picker *p, u32 group)
{
	const struct core_search *s = p->s;
	const struct core_topo_group *g = &s->topo->group[group];
	u32 free, i;

	for (free = 1; free < s->topo->smt; free++) {
		for (i = g->core; i < (u32)g->core + g->nr_cores; i++) {
			if (!p->left)
				return;
			if (s->ledger->core_used[i] &&
			    count_usable(s, &s->topo->core[i]) == free)
				pick_core(p, &s->topo->core[i], free);
		}
	}
}

/* @nr of those wanted, from one group */
static void pick_group(struct picker *p, u32 group, u32 nr)
{
	const u16 *begin = p->cpu;
	u32 rest = p->left - nr;

	p->left = nr;
	if (p->s->req->cpu_policy == CORE_ISOLATE) {
		pick_isolate(p, group);
	} else {
		if (p->s->req->pack_cores)
			pick_used(p, group);
		pick_whole(p, group);
		pick_part(p, group, begin);
		if (p->s->req->cpu_policy == CORE_PREFER &&
		    !p->s->req->pack_cores)
			pick_used(p, group);
	}
	p->left += rest;
}

/* How many threads of cores that nobody uses a group has for it */
static u32 unshared(const struct core_search *s, u32 group)
{
	struct core_counts counts;
	u32 threads, sum = 0;

	core_group_counts(s->ledger, s->req, group, &counts);
	for (threads = 1; threads <= s->topo->smt; threads++)
		sum += counts.whole[threads - 1] * threads;
	return sum;
}

/* The group that holds @nr with the least room left, CORE_NONE if none does */
static u32 tightest_group(const struct core_search *s, u32 node, u32 nr)
{
	const struct core_topo_node *n = &s->topo->node[node];
	u32 g, best = CORE_NONE, least = U32_MAX;

	for (g = n->group; g < (u32)n->group + n->nr_groups; g++) {
		u32 room = core_group_capacity(s->ledger, s->req, g);
		u32 cost = room - nr;

		if (room < nr)
			continue;
		/* Rather another LLC than a core shared with a stranger */
		if (s->req->cpu_policy == CORE_PREFER && !s->req->pack_cores &&
		    unshared(s, g) < nr)
			cost += CORE_MAX_CPUS;
		if (cost < least) {
			least = cost;
			best = g;
		}
	}
	return best;
}

static u32 roomiest_group(const struct picker *p, u32 node, const u16 *begin,
			  u32 *room)
{
	const struct core_search *s = p->s;
	const struct core_topo_node *n = &s->topo->node[node];
	u32 g, best = CORE_NONE;
	const u16 *c;

	*room = 0;
	for (g = n->group; g < (u32)n->group + n->nr_groups; g++) {
		u32 cap = core_group_capacity(s->ledger, s->req, g);

		if (s->req->cpu_policy == CORE_REQUIRE && p->left > cap)
			cap -= cap % s->topo->smt;
		if (cap <= *room)
			continue;
		for (c = begin; c < p->cpu && s->topo->cpu[*c].group != g; c++)
			;
		if (c < p->cpu)
			continue;
		*room = cap;
		best = g;
	}
	return best;
}

/* As few groups as possible: the largest, and the tightest for the rest */
static bool pick_node(struct picker *p, u32 node)
{
	const u16 *begin = p->cpu;
	u32 group, room, before;

	group = tightest_group(p->s, node, p->left);
	while (p->left) {
		before = p->left;
		if (group == CORE_NONE) {
			group = roomiest_group(p, node, begin, &room);
			if (group == CORE_NONE)
				return false;
			pick_group(p, group, min(room, p->left));
		} else {
			pick_group(p, group, p->left);
		}
		if (p->left == before)
			return false;
		group = CORE_NONE;
	}
	return true;
}

/*
 * What shared vCPUs float over: an LLC, if it has a CPU for each of those bound
 * to it, so that it is never the worse place; else the node.
 */
static u32 float_over(const struct core_search *s, u32 node, u32 nr)
{
	const struct core_topo_node *n = &s->topo->node[node];
	u32 g, best = CORE_NONE, least = U32_MAX;

	if (!s->req->float_llc || n->nr_groups < 2)
		return CORE_ON_NODE | node;
	for (g = n->group; g < (u32)n->group + n->nr_groups; g++) {
		const struct core_counts *state = &s->ledger->group[g];
		u32 left;

		if (!s->topo->group[g].whole || state->pool < state->bound + nr)
			continue;
		left = state->pool - state->bound - nr;
		if (core_group_capacity(s->ledger, s->req, g) >= nr &&
		    left < least) {
			least = left;
			best = g;
		}
	}
	return best == CORE_NONE ? CORE_ON_NODE | node : CORE_ON_GROUP | best;
}

/* vCPUs of each node that the layout touches, summed up in cursor[] */
static void sum_vcpus(const struct core_search *s,
		      const struct core_layout *layout)
{
	u32 *vcpus = s->work->cursor;
	u32 i;

	for (i = 0; i < layout->nr_chunks; i++)
		vcpus[layout->chunk[i].node] = 0;
	for (i = 0; i < layout->nr_chunks; i++)
		vcpus[layout->chunk[i].node] += layout->chunk[i].vcpus;
}

/**
 * core_choose_cpus - places of the vCPUs
 * @s: the search
 * @layout: how many there are on each node
 * @plan: place is set
 *
 * Return: 0; -ENOSPC: cores do not divide as they must
 */
int core_choose_cpus(const struct core_search *s,
		     const struct core_layout *layout, struct core_plan *plan)
{
	struct core_work *w = s->work;
	u32 i, j, vcpu = 0;
	struct picker p = { .s = s, .cpu = w->cpus };

	sum_vcpus(s, layout);
	/* Each node once: its CPUs, and where they begin. */
	for (i = 0; i < s->topo->nr_nodes && layout->nr_chunks > 1; i++)
		w->member[i] = 0;
	w->member[layout->chunk[0].node] = 0;
	for (i = 0; i < layout->nr_chunks; i++) {
		u32 node = layout->chunk[i].node;

		if (w->member[node] || !w->cursor[node])
			continue;
		w->member[node] = 1;
		if (s->req->cpu_policy == CORE_SHARED) {
			w->cursor[node] = float_over(s, node, w->cursor[node]);
			continue;
		}
		p.left = w->cursor[node];
		w->cursor[node] = p.cpu - w->cpus;
		if (!pick_node(&p, node))
			return -ENOSPC;
	}
	for (i = 0; i < layout->nr_chunks; i++) {
		u32 *cursor = &w->cursor[layout->chunk[i].node];

		for (j = 0; j < layout->chunk[i].vcpus; j++)
			plan->place[vcpu++] =
				s->req->cpu_policy == CORE_SHARED ?
				*cursor : w->cpus[(*cursor)++];
	}
	return 0;
}
