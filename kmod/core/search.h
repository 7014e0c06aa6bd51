/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the search share.
 */
#ifndef VCPUNUMA_CORE_SEARCH_H
#define VCPUNUMA_CORE_SEARCH_H

#include "place.h"

/**
 * struct core_search - a decision being made
 * @topo: the host
 * @ledger: what is booked
 * @req: what is asked for
 * @work: scratch memory
 * @decision: record, may be NULL
 * @vnodes: virtual nodes
 * @span: most nodes to touch
 * @nr_required: nodes that must be touched
 * @cap_sum: vCPUs that fit on all nodes together
 * @mem_sum: memory of all nodes together
 * @cur: layout being made
 * @best: layout with the least cost
 * @found: there is a best one
 * @remote: something was found but for req->min_local
 */
struct core_search {
	const struct core_topology *topo;
	const struct core_ledger *ledger;
	const struct core_request *req;
	struct core_work *work;
	struct core_decision *decision;
	u32 vnodes;
	u32 span;
	u32 nr_required;
	u64 cap_sum;
	u64 mem_sum;
	struct core_layout *cur;
	struct core_layout *best;
	bool found;
	bool remote;
};

/* A layout of the search has come to be: keep it if it is the best. */
bool core_offer(struct core_search *s, u32 seed);

/* score.c */
/*
 * Distance counts most, as 1 % more of it costs a VM 1 % of its speed for as
 * long as it runs. What is left over decides between places as near.
 */
#define CORE_WEIGHT_DISTANCE	24
u32 core_left_over(const struct core_search *s, u32 node, u32 vcpus, u64 mem);
void core_score_node(const struct core_search *s, u32 node,
		     struct core_candidate *cand);
void core_measure(const struct core_search *s, struct core_layout *layout);
u64 core_cost(const struct core_search *s, const struct core_layout *layout,
	      struct core_candidate *cand);

/* explain.c */
void core_record(struct core_decision *decision,
		 const struct core_candidate *cand);
void core_record_drop(struct core_decision *decision);
void core_record_choice(struct core_decision *decision,
			const struct core_layout *layout);
void core_refuse(const struct core_search *s, struct core_plan *plan);

/* set.c */
bool core_add_chunk(struct core_search *s, u32 vnode, u32 node, u32 vcpus,
		    u64 mem);
bool core_fill_set(struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		   const u32 *cap, const u64 *avail);
u32 core_grow_set(struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		  const u32 *cap, const u64 *avail, u32 most);
void core_order_seeds(struct core_search *s);
void core_search_sets(struct core_search *s);

/* pair.c */
void core_search_pairs(struct core_search *s);

/* vnodes.c */
void core_search_strict(struct core_search *s);
void core_search_vnodes(struct core_search *s);

/* robin.c */
void core_search_robin(struct core_search *s);

/* cpus.c */
int core_choose_cpus(const struct core_search *s,
		     const struct core_layout *layout, struct core_plan *plan);

/* How many of @want vCPUs to put on a node with room for @cap: all, or cores. */
static inline u32 core_part(const struct core_search *s, u32 want, u32 cap)
{
	if (want <= cap)
		return want;
	if (s->req->cpu_policy == CORE_REQUIRE)
		cap -= cap % s->topo->smt;
	return cap;
}

#endif /* VCPUNUMA_CORE_SEARCH_H */
