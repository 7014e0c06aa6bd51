/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a VM goes: the answer to a request.
 */
#ifndef VCPUNUMA_CORE_PLAN_H
#define VCPUNUMA_CORE_PLAN_H

#include "types.h"

/* The place of a vCPU: a CPU, or one of these and the number of what it is on */
#define CORE_ON_NODE	0x40000000u
#define CORE_ON_GROUP	0x80000000u
#define CORE_ON_MASK	0xc0000000u

/**
 * struct core_chunk - what a virtual node has on a node
 * @vnode: virtual node
 * @node: node
 * @vcpus: how many of its vCPUs
 * @mem: units of its memory
 */
struct core_chunk {
	u16 vnode;
	u16 node;
	u32 vcpus;
	u64 mem;
};

/**
 * enum core_reason - why a request was refused
 * @CORE_FITS: it was not
 * @CORE_NO_CPUS: all nodes that it may use together lack CPUs
 * @CORE_NO_MEMORY: they lack memory
 * @CORE_SPAN: only more nodes than its span would have both
 * @CORE_STRICT: there are no nodes that have room for whole virtual nodes
 * @CORE_REMOTE: too much memory would be remote
 * @CORE_SETS: the sets leave no node, or those required cannot all be used
 * @CORE_CORES: the number of vCPUs does not divide into whole cores
 * @CORE_TOO_MANY: the answer has more chunks than there is room for
 * @CORE_REASONS: how many there are
 */
enum core_reason {
	CORE_FITS,
	CORE_NO_CPUS,
	CORE_NO_MEMORY,
	CORE_SPAN,
	CORE_STRICT,
	CORE_REMOTE,
	CORE_SETS,
	CORE_CORES,
	CORE_TOO_MANY,
	CORE_REASONS
};

/**
 * struct core_refusal - a refusal
 * @reason: why
 * @node: node that came nearest, CORE_NONE
 * @vcpus_short: vCPUs for which there was no CPU: there, or for CORE_NO_CPUS on
 *	all nodes together
 * @mem_short: units of memory missing, likewise
 */
struct core_refusal {
	u32 reason;
	u32 node;
	u32 vcpus_short;
	u64 mem_short;
};

/**
 * struct core_plan - an answer
 * @owner: of the request
 * @vcpus: of the request
 * @vnodes: virtual nodes, also if the core chose the number
 * @cpu_policy: of the request
 * @nr_chunks: how many there are
 * @max_chunks: set by the caller: how many @chunk can hold
 * @chunk: set by the caller; by virtual node
 * @place: set by the caller, at least @vcpus long; place of each vCPU
 * @distance: mean distance of vCPUs to their memory, in 1/1024
 * @spread: mean distance between vCPUs, in 1/1024
 * @local: share of memory accesses on the vCPU's own node, if they are even, in
 *	1/1024
 * @refusal: set if nothing fits
 */
struct core_plan {
	u32 owner;
	u32 vcpus;
	u32 vnodes;
	u32 cpu_policy;
	u32 nr_chunks;
	u32 max_chunks;
	struct core_chunk *chunk;
	u32 *place;
	u32 distance;
	u32 spread;
	u32 local;
	struct core_refusal refusal;
};

/* What the score counts: lower is better, 10240 is all local. */
static inline u32 core_plan_eff(const struct core_plan *plan)
{
	return (3 * plan->distance + plan->spread) / 4;
}

/**
 * enum core_verdict - what became of a candidate
 * @CORE_CHOSEN: it was the best
 * @CORE_WORSE: another had less cost
 * @CORE_LACKS_CPUS: too few CPUs on this node
 * @CORE_LACKS_MEMORY: too little memory on this node
 * @CORE_LACKS_BOTH: both
 * @CORE_FORBIDDEN: the node is not in the sets of the request
 */
enum core_verdict {
	CORE_CHOSEN,
	CORE_WORSE,
	CORE_LACKS_CPUS,
	CORE_LACKS_MEMORY,
	CORE_LACKS_BOTH,
	CORE_FORBIDDEN,
};

/**
 * struct core_candidate - a place considered
 * @node: the node; of several the one the search began at
 * @nr_nodes: how many nodes it takes, 0: it does not fit
 * @verdict: what became of it
 * @cost: sum of the following, each in 1/1024
 * @distance: for distance and spread beyond local
 * @left_cpu: for CPUs that would be left unused there
 * @left_mem: for memory left unused
 * @load: for shared vCPUs beyond one a CPU
 * @near: for the distance from the node to be near to
 * @llc: for more LLCs than needed
 * @affinity: for nodes that are not preferred, if some are
 * @vcpus_short: what it lacks
 * @mem_short: what it lacks
 */
struct core_candidate {
	u32 node;
	u32 nr_nodes;
	u32 verdict;
	u32 cost;
	u32 distance;
	u32 left_cpu;
	u32 left_mem;
	u32 load;
	u32 near;
	u32 llc;
	u32 affinity;
	u32 vcpus_short;
	u64 mem_short;
};

#define CORE_MAX_CANDIDATES	16

/**
 * struct core_decision - how an answer was found; filled on request
 * @nr_candidates: how many of the best are recorded
 * @considered: how many there were
 * @generation: of the ledger
 * @candidate: the best, in order; those that do not fit come last
 */
struct core_decision {
	u32 nr_candidates;
	u32 considered;
	u64 generation;
	struct core_candidate candidate[CORE_MAX_CANDIDATES];
};

#endif /* VCPUNUMA_CORE_PLAN_H */
