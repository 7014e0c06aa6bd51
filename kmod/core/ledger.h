/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is booked: the state that decisions are made on. Sums for nodes, LLCs
 * and cores are kept up to date, so that no decision looks at all VMs or CPUs.
 * The caller serializes.
 */
#ifndef VCPUNUMA_CORE_LEDGER_H
#define VCPUNUMA_CORE_LEDGER_H

#include "topology.h"

struct core_plan;

/* Owners: 0 is nobody. */
#define CORE_OWNER_MAX	0x7ffffffeu
/* The host itself: CPUs that are offline, or not for VMs */
#define CORE_OWNER_HOST	0x7fffffffu
/* Set with an owner who does not run there but keeps others away */
#define CORE_BLOCKED	0x80000000u

/**
 * struct core_counts - CPUs of a node or a group
 * @pool: that nobody owns or blocks: shared vCPUs float over these
 * @bound: shared vCPUs that float over a group
 * @whole: cores of which all threads are in the pool, by threads - 1
 */
struct core_counts {
	u32 pool;
	u32 bound;
	u16 whole[CORE_MAX_SMT];
};

/**
 * struct core_node_state - a node
 * @cpus: its CPUs; bound is the sum over the groups
 * @shared: shared vCPUs on it, bound ones included
 * @overcommit: most shared vCPUs for 100 CPUs of the pool; set by the caller
 * @mem_total: units of memory it has; set by the caller
 * @mem_avail: units that VMs may have in all: less the head-room and what others
 *	use; set by the caller, at any time
 * @mem_booked: units that VMs have
 */
struct core_node_state {
	struct core_counts cpus;
	u32 shared;
	u32 overcommit;
	u64 mem_total;
	u64 mem_avail;
	u64 mem_booked;
};

/**
 * struct core_ledger - what is booked on a host
 * @topo: the host
 * @generation: counts changes
 * @node: by node
 * @group: by group
 * @core_used: by core: threads that are not in the pool
 * @owner: by CPU: who owns or blocks it, 0: in the pool
 */
struct core_ledger {
	const struct core_topology *topo;
	u64 generation;
	struct core_node_state *node;
	struct core_counts *group;
	u8 *core_used;
	u32 *owner;
};

/* The VM that owns a CPU or blocks it; 0: none does */
static inline u32 core_cpu_owner(const struct core_ledger *ledger, u32 cpu)
{
	u32 owner = ledger->owner[cpu] & ~CORE_BLOCKED;

	return owner == CORE_OWNER_HOST ? 0 : owner;
}

size_t core_ledger_bytes(u32 nr_nodes, u32 nr_cpus);
void core_ledger_init(struct core_ledger *ledger, void *mem,
		      const struct core_topology *topo);
void core_ledger_copy(struct core_ledger *to, void *mem,
		      const struct core_ledger *from);
int core_ledger_book(struct core_ledger *ledger, const struct core_plan *plan);
void core_ledger_release(struct core_ledger *ledger,
			 const struct core_plan *plan);
void core_ledger_rename(struct core_ledger *ledger, struct core_plan *plan,
			u32 owner);
int core_ledger_withdraw(struct core_ledger *ledger, u32 cpu);
int core_ledger_restore(struct core_ledger *ledger, u32 cpu);

static inline u64 core_mem_free(const struct core_node_state *state)
{
	return state->mem_avail > state->mem_booked ?
	       state->mem_avail - state->mem_booked : 0;
}

#endif /* VCPUNUMA_CORE_LEDGER_H */
