// SPDX-License-Identifier: GPL-2.0
/*
 * A VM on two nodes. The best division fills one of them with vCPUs and one of
 * them with memory, which leaves four to compare for each pair.
 */
#include "search.h"

/* Pairs looked at: all, up to 90 nodes; beyond that the nearest of each node */
#define MAX_PAIRS	4096
#define MAX_SCANNED	16384

/**
 * struct division - of a VM over two nodes
 * @cpu: vCPUs on the first
 * @mem: memory on the first
 */
struct division {
	u32 cpu;
	u64 mem;
};

/* In 1/1024, as core_plan_eff() */
static u32 division_eff(const struct core_search *s, u32 a, u32 b,
			const struct division *d)
{
	const struct core_topology *topo = s->topo;
	u64 v = s->req->vcpus, ca = d->cpu, cb = v - ca;
	u64 ma = s->req->mem ? div64_u64(d->mem << 20, s->req->mem) : 1 << 20;
	u64 mb = (1 << 20) - ma;
	u64 sum, spread = 10 * 1024;

	sum = ca * (ma * core_distance(topo, a, a) +
		    mb * core_distance(topo, a, b)) +
	      cb * (ma * core_distance(topo, b, a) +
		    mb * core_distance(topo, b, b));
	sum = div64_u64(sum, v) >> 10;
	if (v > 1) {
		spread = ca * (ca - 1) * core_distance(topo, a, a) +
			 ca * cb * core_distance2(topo, a, b);
		if (cb)
			spread += cb * (cb - 1) * core_distance(topo, b, b);
		spread = div64_u64(spread << 10, v * (v - 1));
	}
	return (3 * sum + spread) / 4;
}

static bool offer_division(struct core_search *s, u32 a, u32 b,
			   const struct division *d)
{
	s->cur->nr_chunks = 0;
	return core_add_chunk(s, 0, a, d->cpu, d->mem) &&
	       core_add_chunk(s, 0, b, s->req->vcpus - d->cpu,
			      s->req->mem - d->mem) &&
	       core_offer(s, a);
}

/* Best first; all of them, if the best ones may be refused. */
static void offer_best(struct core_search *s, u32 a, u32 b, struct division *d,
		       u32 nr)
{
	u32 i, best, eff, least;
	u32 limit = U32_MAX;

	/* Much less near: what is left over hardly makes up for that. */
	if (s->found)
		limit = (3 * s->best->distance + s->best->spread) / 4 + 1024;
	while (nr) {
		best = 0;
		least = U32_MAX;
		for (i = 0; i < nr; i++) {
			eff = division_eff(s, a, b, &d[i]);
			if (eff < least) {
				least = eff;
				best = i;
			}
		}
		if (least > limit)
			return;
		offer_division(s, a, b, &d[best]);
		if (!s->req->min_local)
			return;
		d[best] = d[--nr];
	}
}

static void try_pair(struct core_search *s, u32 a, u32 b)
{
	const struct core_work *w = s->work;
	u32 v = s->req->vcpus;
	u64 m = s->req->mem;
	struct division d[4];
	u32 cpu[2], nr = 0, i, j;
	u64 mem[2];

	cpu[0] = core_part(s, v, w->cap[a]);
	cpu[1] = v - core_part(s, v, w->cap[b]);
	mem[0] = min(m, w->mem[a]);
	mem[1] = m - min(m, w->mem[b]);
	for (i = 0; i < 2; i++) {
		if (cpu[i] > w->cap[a] || v - cpu[i] > w->cap[b] ||
		    (i && cpu[1] == cpu[0]))
			continue;
		for (j = 0; j < 2; j++) {
			if (j && mem[1] == mem[0])
				continue;
			d[nr++] = (struct division) {
				.cpu = cpu[i],
				.mem = mem[j],
			};
		}
	}
	if (nr)
		offer_best(s, a, b, d, nr);
}

static bool pair_required(const struct core_search *s, u32 a, u32 b)
{
	u32 nr;

	if (!s->nr_required)
		return true;
	nr = core_in_set(s->req->required, a) +
	     core_in_set(s->req->required, b);
	return nr == s->nr_required;
}

/* Of each node up to @most pairs that hold it, among the @scan nearest */
static void scan_pairs(struct core_search *s, u32 most, u32 scan)
{
	const struct core_work *w = s->work;
	u32 nodes = s->topo->nr_nodes;
	u32 a, i, nr;

	for (a = 0; a < nodes; a++) {
		const u16 *near = s->topo->near + (size_t)a * nodes;

		if (!w->cap[a] && !w->mem[a])
			continue;
		for (i = 1, nr = 0; i < scan && nr < most; i++) {
			u32 b = near[i];

			if ((u64)w->cap[a] + w->cap[b] < s->req->vcpus ||
			    w->mem[a] + w->mem[b] < s->req->mem ||
			    !pair_required(s, a, b))
				continue;
			nr++;
			/* The other way round it is the same pair. */
			if (a < b || most < nodes || scan < nodes)
				try_pair(s, a, b);
		}
	}
}

/**
 * core_search_pairs - place a VM without virtual nodes on two nodes
 * @s: the search
 */
void core_search_pairs(struct core_search *s)
{
	u32 nodes = s->topo->nr_nodes;
	u32 scan = min(nodes, max(MAX_SCANNED / nodes, 16u));

	scan_pairs(s, max(2 * MAX_PAIRS / nodes, 2u), scan);
	/* Far apart rather than refused */
	if (!s->found && scan < nodes)
		scan_pairs(s, 1, nodes);
}
