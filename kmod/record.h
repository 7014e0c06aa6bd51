/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is remembered of the last decision made for a VM.
 */
#ifndef VCPUNUMA_RECORD_H
#define VCPUNUMA_RECORD_H

#include <linux/nodemask.h>
#include <linux/types.h>
#include <linux/vcpunuma.h>

#include "core/plan.h"

struct booking;
struct cmd_call;
union cmd_buffer;

/**
 * struct record_share - what an answer gives of a node
 * @vcpus: vCPUs
 * @mem: bytes
 */
struct record_share {
	u32 vcpus;
	u64 mem;
};

/**
 * struct record - a decision
 * @asked: the request as it was given
 * @near: kernel's id of the node to be near to, or VCPUNUMA_NONE
 * @allowed: nodes it might use
 * @with: nodes of VMs to be near to
 * @apart: nodes of VMs to be apart from
 * @nodes: nodes the host had
 * @id: of the decision
 * @time: when it was made, CLOCK_REALTIME
 * @tries: how often it was made
 * @refused: there was no room
 * @refusal: then why, with the kernel's id of the node, or VCPUNUMA_NONE
 * @vnodes: virtual nodes of the answer
 * @distance: see struct core_plan
 * @local: likewise
 * @decision: how it was found; candidates have the kernel's ids of nodes
 * @share: what the answer gives, by node id
 *
 * Filled while only who decides knows of it; constant once it is the VM's, whose
 * lock guards it.
 */
struct record {
	struct vcpunuma_cmd_reserve asked;
	u32 near;
	nodemask_t allowed;
	nodemask_t with;
	nodemask_t apart;
	nodemask_t nodes;
	u64 id;
	u64 time;
	u32 tries;
	bool refused;
	struct core_refusal refusal;
	u32 vnodes;
	u32 distance;
	u32 local;
	struct core_decision decision;
	struct record_share share[];
};

struct record *record_create(const struct vcpunuma_cmd_reserve *asked);
void record_answer(struct record *r, const struct booking *b, bool refused);
void record_free(struct record *r);

int record_cmd_explain(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_RECORD_H */
