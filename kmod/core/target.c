// SPDX-License-Identifier: GPL-2.0
/*
 * Which nodes to make room on, and whether to do so at all.
 */
#include "capacity.h"
#include "target.h"

/* From this share of vCPUs refused on, in 1/1024, moving has to be worth it, */
#define RATE_LOW	102
/* and all the more the higher it is. */
#define RATE_SLOPE	3

/* What a VM takes of the host, CPUs and memory, in 1/2^20 */
static u64 host_share(const struct core_repack *r,
		      const struct core_request *req, u64 mem)
{
	const struct core_topology *topo = r->ledger->topo;
	u32 overcommit = max(r->ledger->node[0].overcommit, 1u);
	u64 cpus = req->cpu_policy == CORE_SHARED ?
		   (u64)req->vcpus * 10000 / overcommit :
		   (u64)core_cpus_taken(topo, req->cpu_policy, req->vcpus) *
		   100;

	return div64_u64(cpus << 20, 100 * (u64)max(topo->nr_cpus, 1u)) +
	       (mem ? div64_u64(req->mem << 20, mem) : 0) + 1;
}

static u64 host_mem(const struct core_repack *r)
{
	u64 mem = 0;
	u32 i;

	for (i = 0; i < r->ledger->topo->nr_nodes; i++)
		mem += r->ledger->node[i].mem_total;
	return mem;
}

/**
 * core_most_to_move - how much memory it may cost to make room for a VM
 * @r: VMs that may be moved
 * @req: the VM
 *
 * A few VMs would have as much moved as all others together.
 *
 * Return: as much as the VM has, or half of what the host has for as many CPUs
 */
u64 core_most_to_move(const struct core_repack *r,
		      const struct core_request *req)
{
	u64 cpus = max(r->ledger->topo->nr_cpus, 1u);

	return max(req->mem, div64_u64(host_mem(r) * req->vcpus, 2 * cpus));
}

/**
 * core_worth_moving - whether VMs should be moved for a request
 * @r: VMs that may be moved, and what was refused of late
 * @req: the request, refused
 *
 * A host that has to refuse many has no room for all: what one VM takes others
 * will not get. Then VMs are moved only for one that takes no more for each vCPU
 * than those that run do, the less the more is refused.
 *
 * Return: whether they should
 */
bool core_worth_moving(const struct core_repack *r,
		       const struct core_request *req)
{
	u64 mem = host_mem(r), vcpus = 0, shares = 0;
	u32 i, rate;

	if (!r->offered || r->refused > r->offered)
		return true;
	rate = (u32)div64_u64(r->refused << 10, r->offered);
	if (rate <= RATE_LOW)
		return true;
	for (i = 0; i < r->nr_vms; i++) {
		vcpus += r->vm[i].req.vcpus;
		shares += host_share(r, &r->vm[i].req, mem);
	}
	return req->vcpus * shares << 10 >=
	       RATE_SLOPE * (rate - RATE_LOW) * vcpus *
	       host_share(r, req, mem);
}

/* Room for @req on nodes without any VM, as a share in 1/1024 */
static u32 empty_share(const struct core_repack *r,
		       const struct core_request *req, u32 node, bool mem)
{
	const struct core_topo_node *n = &r->ledger->topo->node[node];
	const struct core_node_state *state = &r->ledger->node[node];
	u64 cpus = n->nr_cpus;

	if (mem)
		return req->mem ? min(div64_u64(state->mem_avail << 10,
						req->mem), (u64)4096) : 4096;
	if (req->cpu_policy == CORE_SHARED)
		cpus = cpus * state->overcommit / 100;
	else if (req->cpu_policy == CORE_ISOLATE)
		cpus = n->nr_cores;
	return min((u32)(cpus * 1024 / req->vcpus), 4096u);
}

static bool may_use(const struct core_request *req, u32 node)
{
	return (!req->allowed || core_in_set(req->allowed, node)) &&
	       (!req->avoid || !core_in_set(req->avoid, node));
}

/* Share of @req that fits a node now */
static u32 share_now(const struct core_repack *r,
		     const struct core_request *req, u32 node)
{
	u32 cap = core_node_capacity(r->ledger, req, node);
	u64 mem = core_mem_free(&r->ledger->node[node]);
	u32 share = min(cap, req->vcpus) * 1024 / req->vcpus;

	if (req->mem)
		share += div64_u64(min(mem, req->mem) << 10, req->mem);
	return share;
}

/**
 * core_find_target - nodes to make room on
 * @r: VMs that may be moved
 * @req: for whom
 * @seed: one of the nodes
 * @nr: how many
 * @t: set to @seed and those which have most room
 *
 * Return: false: there are too few, or they are too small
 */
bool core_find_target(const struct core_repack *r,
		      const struct core_request *req, u32 seed, u32 nr,
		      struct core_target *t)
{
	u32 cpus = 0, mem = 0, i;

	memset(t, 0, sizeof(*t));
	if (!may_use(req, seed))
		return false;
	t->node[t->nr++] = seed;
	core_set_add(t->set, seed);
	while (t->nr < nr) {
		u32 best = CORE_NONE, most = 0;

		for (i = 0; i < r->ledger->topo->nr_nodes; i++) {
			u32 room;

			if (core_in_set(t->set, i) || !may_use(req, i))
				continue;
			room = 1 + share_now(r, req, i) +
			       min(empty_share(r, req, i, false), 1024u) +
			       min(empty_share(r, req, i, true), 1024u);
			if (room > most) {
				most = room;
				best = i;
			}
		}
		if (best == CORE_NONE)
			return false;
		t->node[t->nr++] = best;
		core_set_add(t->set, best);
	}
	for (i = 0; i < t->nr; i++) {
		cpus += empty_share(r, req, t->node[i], false);
		mem += empty_share(r, req, t->node[i], true);
	}
	return cpus >= 1023 && mem >= 1023;
}

/**
 * core_target_sizes - how many nodes to make room on
 * @r: VMs that may be moved
 * @req: for whom
 * @least: set to the least number
 * @most: set to the most: few, as others have to leave
 */
void core_target_sizes(const struct core_repack *r,
		       const struct core_request *req, u32 *least, u32 *most)
{
	u32 nodes = r->ledger->topo->nr_nodes;

	*most = req->span && req->span < nodes ? req->span : nodes;
	*least = req->strict && req->vnodes > 1 ? req->vnodes : 1;
	*most = min(min(*most, CORE_MAX_TARGET), *least + 2);
}
