/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hosts to test on: described in a line, or random.
 */
#ifndef HOST_H
#define HOST_H

#include "check.h"
#include "place.h"
#include "repack.h"

/**
 * struct host - a host with its ledger
 * @topo: topology
 * @ledger: what is booked
 * @work: scratch memory
 * @plan: where a decision is made
 * @memory: to free
 */
struct host {
	struct core_topology topo;
	struct core_ledger ledger;
	struct core_work work;
	struct core_plan *plan;
	void *memory[3];
};

/**
 * struct shape - a host described
 * @nodes: nodes
 * @cpus: CPUs of a node
 * @smt: threads of a core
 * @llc: CPUs of an LLC; 0: one for all
 * @mem: memory of a node
 * @overcommit: per cent
 * @near: distance of neighbours; each node farther adds @hop
 * @hop: see there
 */
struct shape {
	u32 nodes;
	u32 cpus;
	u32 smt;
	u32 llc;
	u64 mem;
	u32 overcommit;
	u32 near;
	u32 hop;
};

void host_make(struct host *host, const struct shape *shape);
void host_random(struct host *host, u32 max_nodes, u32 max_cpus);
void host_free(struct host *host);

struct core_plan *plan_new(u32 vcpus, u32 chunks);
struct core_plan *plan_keep(const struct core_plan *from);
void plan_free(struct core_plan *plan);

struct core_request request(u32 vcpus, u64 mem, u32 policy);
/* Anything, also nonsense, with sets in static memory */
struct core_request request_random(const struct host *host, u32 owner);

/* Repeatable: xorshift64* */
extern u64 rng_state;
u32 rng(u32 below);

#endif /* HOST_H */
