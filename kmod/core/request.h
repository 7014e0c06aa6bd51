/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a VM asks for.
 */
#ifndef VCPUNUMA_CORE_REQUEST_H
#define VCPUNUMA_CORE_REQUEST_H

#include "types.h"

#define CORE_MAX_VCPUS	8192
#define CORE_MAX_VNODES	1024
/* Units of memory of a node or a VM are below this: 1 MiB or more is a unit. */
#define CORE_MAX_MEM	0x10000000000ULL

/**
 * enum core_cpu_policy - how vCPUs get CPUs
 * @CORE_SHARED: they float over the CPUs of a node or an LLC that nobody owns,
 *	up to the node's overcommit
 * @CORE_PREFER: a CPU each; whole free cores first, no core shared with
 *	another VM if avoidable
 * @CORE_ISOLATE: a core each, of which one thread is used
 * @CORE_REQUIRE: whole cores, all threads used; one used in part if the number
 *	of vCPUs is no multiple
 * @CORE_CPU_POLICIES: how many there are
 */
enum core_cpu_policy {
	CORE_SHARED,
	CORE_PREFER,
	CORE_ISOLATE,
	CORE_REQUIRE,
	CORE_CPU_POLICIES
};

/**
 * enum core_placement - which places are good
 * @CORE_COMPACT: near each other, and filling up what is begun
 * @CORE_SPREAD: likewise, but rather not where shared vCPUs outnumber CPUs
 * @CORE_ROUND_ROBIN: vCPUs (or virtual nodes) dealt over the nodes in turn
 * @CORE_PLACEMENTS: how many there are
 */
enum core_placement {
	CORE_COMPACT,
	CORE_SPREAD,
	CORE_ROUND_ROBIN,
	CORE_PLACEMENTS
};

/**
 * struct core_request - a VM to place
 * @owner: names the VM in the ledger, 1 to CORE_OWNER_MAX
 * @vcpus: 1 to CORE_MAX_VCPUS
 * @vnodes: virtual nodes, at most @vcpus; 0: choose. vCPU i is of virtual node
 *	i * @vnodes / @vcpus
 * @cpu_policy: see there
 * @placement: see there
 * @strict: each virtual node wholly on a node of its own
 * @float_llc: shared vCPUs may float over an LLC rather than the node
 * @pack_cores: CORE_PREFER fills half used cores first: gives whole cores back
 * @min_local: per cent of a virtual node's memory that must be on nodes where
 *	it has vCPUs: 100 is strict, 0 prefers by distance
 * @span: most nodes that CPUs and memory together may touch; 0: any number
 * @near: node to be near to, CORE_NONE
 * @first: CORE_ROUND_ROBIN: node to begin with
 * @mem: memory in units, split over the virtual nodes, the first of which get
 *	the remainder
 * @allowed: nodes it may use; NULL: all
 * @required: nodes it must use, each; NULL: none
 * @avoid: nodes it must not use (anti-affinity); NULL: none
 * @prefer: nodes to prefer (affinity); NULL: none
 * @cpus: CPUs it may use, by the caller's ids below CORE_MAX_IDS that the
 *	topology has (a cpumask serves); NULL: all
 */
struct core_request {
	u32 owner;
	u32 vcpus;
	u32 vnodes;
	u8 cpu_policy;
	u8 placement;
	bool strict;
	bool float_llc;
	bool pack_cores;
	u8 min_local;
	u32 span;
	u32 near;
	u32 first;
	u64 mem;
	const unsigned long *allowed;
	const unsigned long *required;
	const unsigned long *avoid;
	const unsigned long *prefer;
	const unsigned long *cpus;
};

/* The first vCPU of virtual node @v of @k; of @v = @k: the end */
static inline u32 core_vnode_first(u32 vcpus, u32 k, u32 v)
{
	return ((u64)v * vcpus + k - 1) / k;
}

static inline u32 core_vnode_vcpus(u32 vcpus, u32 k, u32 v)
{
	return core_vnode_first(vcpus, k, v + 1) - core_vnode_first(vcpus, k, v);
}

static inline u64 core_vnode_mem(u64 mem, u32 k, u32 v)
{
	u64 share = div64_u64(mem, k);

	return share + (v < mem - share * k);
}

#endif /* VCPUNUMA_CORE_REQUEST_H */
