/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that move VMs share.
 */
#ifndef VCPUNUMA_CORE_TARGET_H
#define VCPUNUMA_CORE_TARGET_H

#include "repack.h"

#define CORE_NODE_LONGS	CORE_LONGS(CORE_MAX_NODES)
/* Nodes that room is made on for one VM */
#define CORE_MAX_TARGET	8U

/**
 * struct core_target - nodes that a VM is to fit
 * @nr: how many
 * @node: the nodes
 * @set: the same
 */
struct core_target {
	u32 nr;
	u16 node[CORE_MAX_TARGET];
	unsigned long set[CORE_NODE_LONGS];
};

u64 core_most_to_move(const struct core_repack *r,
		      const struct core_request *req);
bool core_worth_moving(const struct core_repack *r,
		       const struct core_request *req);
bool core_find_target(const struct core_repack *r,
		      const struct core_request *req, u32 seed, u32 nr,
		      struct core_target *t);
void core_target_sizes(const struct core_repack *r,
		       const struct core_request *req, u32 *least, u32 *most);

#endif /* VCPUNUMA_CORE_TARGET_H */
