/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Says what the core should say, without using it.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "host.h"

/**
 * struct oracle - books kept plainly: the owner of each CPU, memory of each node
 * @host: the host; of its ledger only what the caller set is looked at
 * @owner: by CPU: who has it, or blocks it
 * @floating: by group, shared vCPUs that float over it
 * @shared: by node, shared vCPUs in all
 * @mem: by node, booked
 */
struct oracle {
	const struct host *host;
	u32 owner[CORE_MAX_CPUS];
	u32 floating[CORE_MAX_CPUS];
	u32 shared[CORE_MAX_NODES];
	u64 mem[CORE_MAX_NODES];
};

/* NULL, or the rule that the plan breaks; books it, or takes it out. */
const char *oracle_book(struct oracle *o, const struct core_request *req,
			const struct core_plan *plan);
void oracle_release(struct oracle *o, const struct core_plan *plan);
/* NULL, or in what the ledger differs from these books */
const char *oracle_compare(const struct oracle *o,
			   const struct core_ledger *ledger);

/**
 * struct exact - the best place by enumeration of all sets of nodes
 * @fits: there is one
 * @distance: least distance from vCPUs to memory, in 1/1024
 */
struct exact {
	bool fits;
	u32 distance;
};

/* Without virtual nodes or with strict ones; a few nodes */
struct exact exact_place(const struct host *host,
			 const struct core_request *req);

#endif /* ORACLE_H */
