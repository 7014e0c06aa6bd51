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

#include "core/ledger.h"
#include "core/plan.h"
#include "core/request.h"
#include "nodes.h"

struct cpumask;
struct host;
struct record;
struct vcpunuma_chunk;
struct vcpunuma_place;

/* The core counts memory in units of this many bytes. */
#define BOOKING_UNIT	SZ_2M

/* The core's costs, distances and shares, which are in 1/1024, in 1/@parts */
static inline u32 booking_parts(u32 core, u32 parts)
{
	return (u64)core * parts / 1024;
}

/**
 * struct booking_request - what a VM asks for
 * @core: for the core; its sets but for @cpus, and @near and @first, are set
 *	here from those below, which have the kernel's ids of nodes
 * @near: node to be near to, or VCPUNUMA_NONE
 * @allowed: nodes it may use
 * @required: nodes it must use, each
 * @prefer: nodes to prefer
 * @avoid: nodes it must not use
 */
struct booking_request {
	struct core_request core;
	u32 near;
	nodemask_t allowed;
	nodemask_t required;
	nodemask_t prefer;
	nodemask_t avoid;
};

/**
 * struct booking - what a VM has reserved, or was refused
 * @ref: of the VM whose it is, and of who made it while he reads the answer
 * @id: of the decision
 * @asked: what was asked for, without the sets
 * @link: in the list of all; empty: not in force
 * @plan: the core's answer, in the numbers of the host as it is now; guarded by
 *	the ledger's lock while it is in force
 * @refused_node: kernel's id of the node that came nearest, if it was refused
 * @places: place of each vCPU
 * @chunks: as many as the plan has
 */
struct booking {
	struct kref ref;
	u64 id;
	struct core_request asked;
	struct list_head link;
	struct core_plan plan;
	u32 refused_node;
	struct vcpunuma_place *places;
	struct vcpunuma_chunk *chunks;
};

/**
 * struct books - all that is booked on the host, at one moment
 * @host: its nodes and CPUs, by whose numbers the following go
 * @ledger: what reservations have
 * @vcpus: by CPU: vCPUs of VMs without a reservation
 * @mem: by node: its memory; 0 if it is offline
 * @populated: by node: bytes of what is reserved that are pages
 * @allocated: by node: bytes of the pages of all memory objects
 * @memory: of @ledger
 */
struct books {
	struct host *host;
	struct core_ledger ledger;
	u32 *vcpus;
	struct node_mem *mem;
	u64 *populated;
	u64 *allocated;
	void *memory;
};

int booking_init(void);
void booking_exit(void);
int booking_update(void);

struct booking *booking_create(u32 owner, u32 vcpus);
int booking_decide(struct booking *b, struct booking_request *req,
		   const struct cpumask *allowed, bool dry_run,
		   struct record *record);
bool booking_serves(const struct booking *b, const struct booking_request *req,
		    const struct cpumask *allowed);
void booking_adopt(struct booking *b, u32 owner);
void booking_release(struct booking *b);
void booking_get(struct booking *b);
void booking_put(struct booking *b);

void booking_lock(void);
int booking_lock_killable(void);
void booking_unlock(void);

bool booking_owns(const struct booking *b);
void booking_add_nodes(const struct booking *b, nodemask_t *nodes);
u64 booking_total(const struct booking *b);
u64 booking_mem(const struct booking *b, u32 node);
void booking_foreign(const struct booking *own, struct cpumask *cpus);
void booking_populate(u32 node, s64 bytes);
u64 booking_spare(u32 node);
bool booking_spares(u32 node, u64 bytes);

int books_copy(struct books *copy);
void books_free(struct books *copy);
u64 books_headroom(u64 mem);
void books_allocate(u32 node, s64 bytes);

#endif /* VCPUNUMA_BOOKING_H */
