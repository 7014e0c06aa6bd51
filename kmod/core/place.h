/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision: from a ledger and a request to a plan. Changes neither; the
 * caller books the plan with core_ledger_book().
 */
#ifndef VCPUNUMA_CORE_PLACE_H
#define VCPUNUMA_CORE_PLACE_H

#include "ledger.h"
#include "plan.h"
#include "request.h"

/**
 * struct core_layout - a place for a VM, before its CPUs are chosen
 * @nr_chunks: how many chunks
 * @chunk: by virtual node
 * @distance: see struct core_plan
 * @spread: likewise
 * @local: likewise
 * @seed: node the search began at
 * @cost: what is compared
 */
struct core_layout {
	u32 nr_chunks;
	struct core_chunk *chunk;
	u32 distance;
	u32 spread;
	u32 local;
	u32 seed;
	u64 cost;
};

/**
 * struct core_work - scratch memory of a decision, of no meaning in between
 * @max_chunks: that a layout can hold
 * @cap: by node: vCPUs it could take
 * @mem: by node: memory it could give
 * @rest_cap: by node: what of @cap virtual nodes placed before left
 * @rest_mem: likewise
 * @set: nodes being filled
 * @set_cpu: vCPUs on each of @set
 * @set_mem: memory on each of @set
 * @keep_cpu: the best of @set_cpu
 * @keep_mem: the best of @set_mem
 * @key: to sort @set by
 * @member: by node: whether it is in a set
 * @seed: nodes to begin a search at, in order
 * @cpus: CPUs chosen, node after node
 * @cursor: by node: its next of @cpus
 * @layout: being made, and the best
 */
struct core_work {
	u32 max_chunks;
	u32 *cap;
	u64 *mem;
	u32 *rest_cap;
	u64 *rest_mem;
	u16 *set;
	u32 *set_cpu;
	u64 *set_mem;
	u32 *keep_cpu;
	u64 *keep_mem;
	u64 *key;
	u8 *member;
	u16 *seed;
	u16 *cpus;
	u32 *cursor;
	struct core_layout layout[2];
};

size_t core_work_bytes(u32 nr_nodes, u32 nr_cpus);
void core_work_init(struct core_work *work, void *mem, u32 nr_nodes,
		    u32 nr_cpus);
int core_place(const struct core_ledger *ledger,
	       const struct core_request *req, struct core_work *work,
	       struct core_plan *plan, struct core_decision *decision);

#endif /* VCPUNUMA_CORE_PLACE_H */
