/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host as the placement core sees it: an immutable snapshot.
 */
#ifndef VCPUNUMA_HOST_H
#define VCPUNUMA_HOST_H

#include <linux/kref.h>
#include <linux/nodemask.h>
#include <linux/types.h>

#include "core/topology.h"

/**
 * struct host - nodes and CPUs that are or were online, numbered densely
 * @ref: who uses it, decides on it outside of the ledger's lock
 * @topo: for the core, whose numbers of nodes are ours; CPUs go by their ids
 * @nodes: the nodes
 * @id: kernel's id of a node by number
 * @number: the reverse, by kernel's id; CORE_NONE: not online
 * @mem: what @topo points into
 */
struct host {
	struct kref ref;
	struct core_topology topo;
	nodemask_t nodes;
	u32 *id;
	u32 *number;
	void *mem;
};

struct host *host_create(const struct host *before);
bool host_current(const struct host *host);
void host_get(struct host *host);
void host_put(struct host *host);

#endif /* VCPUNUMA_HOST_H */
