/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many vCPUs a node or a group could take more, by policy. Exact: a VM with
 * CPUs of its own never squeezes the pool of shared ones.
 */
#ifndef VCPUNUMA_CORE_CAPACITY_H
#define VCPUNUMA_CORE_CAPACITY_H

#include "ledger.h"
#include "request.h"

void core_group_counts(const struct core_ledger *ledger,
		       const struct core_request *req, u32 group,
		       struct core_counts *counts);
u32 core_group_capacity(const struct core_ledger *ledger,
			const struct core_request *req, u32 group);
u32 core_node_capacity(const struct core_ledger *ledger,
		       const struct core_request *req, u32 node);

/* CPUs that leave the pool for @vcpus vCPUs; 0 for shared ones */
static inline u32 core_cpus_taken(const struct core_topology *topo, u32 policy,
				  u32 vcpus)
{
	switch (policy) {
	case CORE_SHARED:
		return 0;
	case CORE_PREFER:
		return vcpus;
	case CORE_ISOLATE:
		return vcpus * topo->smt;
	default:
		return (vcpus + topo->smt - 1) / topo->smt * topo->smt;
	}
}

#endif /* VCPUNUMA_CORE_CAPACITY_H */
