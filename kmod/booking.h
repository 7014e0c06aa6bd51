/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reservations: room that is kept for a whole VM.
 */
#ifndef VCPUNUMA_BOOKING_H
#define VCPUNUMA_BOOKING_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "core/plan.h"
#include "core/request.h"

struct cpumask;
struct vcpunuma_chunk;
struct vcpunuma_place;

/* The core counts memory in units of this many bytes. */
#define BOOKING_UNIT	SZ_2M

/**
 * struct booking_request - what a VM asks for
 * @core: for the core; its sets but for @cpus, and @near and @first, are set
 *	here from those below, which have the kernel's ids of nodes
 * @near: node to be near to, or VCPUNUMA_NONE
 * @allowed: nodes it may use
 * @required: must it use all of these?
 * @prefer: nodes to prefer
 * @avoid: nodes it must not use
 */
struct booking_request {
	struct core_request core;
	u32 near;
	nodemask_t allowed;
	bool required;
	nodemask_t prefer;
	nodemask_t avoid;
};

/**
 * struct booking - what a VM has reserved, or was refused
 * @ref: of the VM whose it is, and of who made it while he reads the answer
 * @id: of the decision
 * @link: in the list of all; empty: not in force
 * @plan: the core's answer, in the numbers of the host as it is now; guarded by
 *	the ledger's lock while it is in force
 * @decision: how it was found; candidates have the kernel's ids of nodes
 * @refused_node: kernel's id of the node that came nearest, if it was refused
 * @places: place of each vCPU
 * @chunks: as many as the plan has
 */
struct booking {
	struct kref ref;
	u64 id;
	struct list_head link;
	struct core_plan plan;
	struct core_decision decision;
	u32 refused_node;
	struct vcpunuma_place *places;
	struct vcpunuma_chunk *chunks;
};

int booking_init(void);
void booking_exit(void);
int booking_update(void);

struct booking *booking_create(u32 owner, u32 vcpus);
int booking_decide(struct booking *b, struct booking_request *req,
		   const struct cpumask *allowed, bool dry_run);
void booking_release(struct booking *b);
void booking_get(struct booking *b);
void booking_put(struct booking *b);

void booking_lock(void);
int booking_lock_killable(void);
void booking_unlock(void);

bool booking_owns(const struct booking *b);
u64 booking_mem(const struct booking *b, u32 node);
void booking_foreign(const struct booking *own, struct cpumask *cpus);
void booking_populate(u32 node, s64 bytes);
bool booking_spares(u32 node, u64 bytes);

#endif /* VCPUNUMA_BOOKING_H */
