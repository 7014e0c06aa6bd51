/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moving VMs that run: to make room for one that would be refused, or to bring
 * VMs nearer to their memory. Costs in proportion to the number of VMs, and is
 * for callers that can wait and can move memory; core_place() never does it.
 */
#ifndef VCPUNUMA_CORE_REPACK_H
#define VCPUNUMA_CORE_REPACK_H

#include "place.h"

/**
 * struct core_vm - a VM that runs
 * @req: what it asked for; its sets are NULL or stay valid
 * @plan: where it is, as booked
 * @fixed: it must not be moved
 * @tried: for core_repack()'s own use
 */
struct core_vm {
	struct core_request req;
	struct core_plan *plan;
	bool fixed;
	u32 tried;
};

/**
 * struct core_move - a VM placed anew
 * @vm: its index
 * @plan: where it goes: the VM's plan now
 * @old: where it was
 */
struct core_move {
	u32 vm;
	struct core_plan *plan;
	struct core_plan *old;
};

/**
 * struct core_repack - VMs that may be moved, and how
 * @ledger: what is booked; is changed along
 * @work: scratch memory
 * @vm: VMs that run
 * @nr_vms: how many
 * @move: moves, in the order in which they are to be done
 * @nr_moves: how many there are
 * @max_moves: how many may be
 * @spare: @max_moves + 1 plans with room for any VM, that become the plans of
 *	VMs moved; their former ones take their places
 * @budget: most units of memory to move
 * @moved: units of memory that the moves move
 * @offered: vCPUs that arrived of late, in any unit; 0: moving is always worth it
 * @refused: how many of them were refused
 * @tries: how many more placements may be tried
 * @round: for core_repack()'s own use
 */
struct core_repack {
	struct core_ledger *ledger;
	struct core_work *work;
	struct core_vm *vm;
	u32 nr_vms;
	struct core_move *move;
	u32 nr_moves;
	u32 max_moves;
	struct core_plan **spare;
	u64 budget;
	u64 moved;
	u64 offered;
	u64 refused;
	u32 tries;
	u32 round;
};

int core_make_room(struct core_repack *r, const struct core_request *req,
		   struct core_plan *plan);
void core_rebalance(struct core_repack *r);
void core_undo_moves(struct core_repack *r, u32 nr);

#endif /* VCPUNUMA_CORE_REPACK_H */
