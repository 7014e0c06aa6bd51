// SPDX-License-Identifier: GPL-2.0
/*
 * Tells how a decision came about: its candidates, and why there was none.
 */
#include "search.h"

/* Those that fit first, by cost; then those that lack least. */
static bool precedes(const struct core_candidate *a,
		     const struct core_candidate *b)
{
	if (!a->nr_nodes != !b->nr_nodes)
		return a->nr_nodes;
	return a->cost < b->cost;
}

/**
 * core_record - record a candidate, if it is among the best
 * @decision: the record; NULL: do nothing
 * @cand: candidate; if it does not fit, cost is how much it lacks
 */
void core_record(struct core_decision *decision,
		 const struct core_candidate *cand)
{
	u32 at;

	if (!decision)
		return;
	decision->considered++;
	at = decision->nr_candidates;
	if (at == CORE_MAX_CANDIDATES) {
		if (!precedes(cand, &decision->candidate[at - 1]))
			return;
		at--;
	} else {
		decision->nr_candidates++;
	}
	for (; at && precedes(cand, &decision->candidate[at - 1]); at--)
		decision->candidate[at] = decision->candidate[at - 1];
	decision->candidate[at] = *cand;
}

/**
 * core_record_drop - drop what fits: none of it can be the answer as it is
 * @decision: the record; NULL: do nothing
 */
void core_record_drop(struct core_decision *decision)
{
	u32 i, nr = 0;

	for (i = 0; decision && i < decision->nr_candidates; i++)
		if (!decision->candidate[i].nr_nodes)
			decision->candidate[nr++] = decision->candidate[i];
	if (decision)
		decision->nr_candidates = nr;
}

/**
 * core_record_choice - mark the candidate that was chosen
 * @decision: the record; NULL: do nothing
 * @layout: what it became
 */
void core_record_choice(struct core_decision *decision,
			const struct core_layout *layout)
{
	u32 i;

	for (i = 0; decision && i < decision->nr_candidates; i++) {
		struct core_candidate *cand = &decision->candidate[i];

		if (cand->nr_nodes && cand->node == layout->seed &&
		    cand->cost == layout->cost) {
			cand->verdict = CORE_CHOSEN;
			return;
		}
	}
}

/* Finds the node that lacks least, as a share of what is wanted. */
static void find_nearest(const struct core_search *s, u32 vcpus, u64 mem,
			 struct core_refusal *refusal)
{
	const struct core_work *w = s->work;
	u64 lack, least = U64_MAX;
	u32 i;

	for (i = 0; i < s->topo->nr_nodes; i++) {
		u32 cpus_short = vcpus - min(vcpus, w->cap[i]);
		u64 mem_short = mem - min(mem, w->mem[i]);

		if (!w->cap[i] && !w->mem[i])
			continue;
		lack = div64_u64((u64)cpus_short << 20, vcpus);
		if (mem)
			lack += div64_u64(mem_short << 20, mem);
		if (lack >= least)
			continue;
		least = lack;
		refusal->node = i;
		refusal->vcpus_short = cpus_short;
		refusal->mem_short = mem_short;
	}
}

/**
 * core_refuse - say why nothing fits
 * @s: the search
 * @plan: refusal is set
 */
void core_refuse(const struct core_search *s, struct core_plan *plan)
{
	const struct core_request *req = s->req;
	struct core_refusal *refusal = &plan->refusal;
	u32 k = req->strict ? s->vnodes : 1;

	find_nearest(s, core_vnode_vcpus(req->vcpus, k, 0),
		     core_vnode_mem(req->mem, k, 0), refusal);
	if (refusal->reason != CORE_FITS)
		return;
	if (!s->cap_sum && !s->mem_sum) {
		refusal->reason = CORE_SETS;
	} else if (s->cap_sum < req->vcpus) {
		refusal->reason = CORE_NO_CPUS;
		refusal->vcpus_short = req->vcpus - (u32)s->cap_sum;
		refusal->mem_short = req->mem - min(req->mem, s->mem_sum);
	} else if (s->mem_sum < req->mem) {
		refusal->reason = CORE_NO_MEMORY;
		refusal->vcpus_short = 0;
		refusal->mem_short = req->mem - s->mem_sum;
	} else if (req->strict) {
		refusal->reason = CORE_STRICT;
	} else if (s->remote) {
		refusal->reason = CORE_REMOTE;
	} else if (s->nr_required > 1 && s->nr_required > s->span) {
		refusal->reason = CORE_SETS;
	} else if (s->span < s->topo->nr_nodes) {
		refusal->reason = CORE_SPAN;
	} else if (req->cpu_policy == CORE_REQUIRE) {
		refusal->reason = CORE_CORES;
	} else {
		refusal->reason = CORE_TOO_MANY;
	}
}
