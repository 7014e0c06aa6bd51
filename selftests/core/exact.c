// SPDX-License-Identifier: GPL-2.0
/*
 * The best place by enumeration: every order in which nodes could be filled with
 * vCPUs, and for each the best place of the memory. For a few nodes.
 */
#include "capacity.h"
#include "oracle.h"

/**
 * struct try - what is being enumerated
 * @host: host
 * @req: request
 * @cap: vCPUs that fit, by node
 * @mem: memory that fits, by node
 * @set: nodes that may be touched
 * @vcpus: on each node
 * @left: vCPUs still to place
 * @best: what was found
 */
struct try {
	const struct host *host;
	const struct core_request *req;
	u32 cap[8];
	u64 mem[8];
	u32 set;
	u32 vcpus[8];
	u32 left;
	struct exact best;
};

/* For vCPUs as they are, memory goes where it is nearest. */
static void place_mem(struct try *t)
{
	u32 n = t->host->topo.nr_nodes;
	u64 sum = 0, left = t->req->mem;
	u32 done = 0, i, j;

	while (left) {
		u64 least = U64_MAX, part;
		u32 best = 0;

		for (j = 0; j < n; j++) {
			u64 far = 0;

			if (!(t->set & ~done & 1 << j) || !t->mem[j])
				continue;
			for (i = 0; i < n; i++)
				far += t->vcpus[i] *
				       core_distance(&t->host->topo, i, j);
			if (far < least) {
				least = far;
				best = j;
			}
		}
		if (least == U64_MAX)
			return;
		part = min(left, t->mem[best]);
		sum += part * least;
		left -= part;
		done |= 1 << best;
	}
	sum = t->req->mem ? (sum << 10) / (t->req->vcpus * t->req->mem) :
			    10 * 1024;
	if (!t->best.fits || sum < t->best.distance)
		t->best.distance = sum;
	t->best.fits = true;
}

/* All numbers of vCPUs on each node */
static void place_cpus(struct try *t, u32 node, bool odd)
{
	u32 smt = t->host->topo.smt, take;

	if (node == t->host->topo.nr_nodes) {
		if (!t->left)
			place_mem(t);
		return;
	}
	for (take = 0; take <= t->left; take++) {
		bool part = t->req->cpu_policy == CORE_REQUIRE && take % smt;

		if (take && (!(t->set & 1 << node) || take > t->cap[node]))
			break;
		if (part && odd)
			continue;
		t->vcpus[node] = take;
		t->left -= take;
		place_cpus(t, node + 1, odd || part);
		t->left += take;
	}
	t->vcpus[node] = 0;
}

/* Strict: virtual nodes on different nodes, tried in all ways */
static bool strict_fits(const struct try *t, u32 v, u32 used, bool odd)
{
	const struct core_request *req = t->req;
	u32 vcpus, i;
	u64 mem;
	bool part;

	if (v == req->vnodes)
		return true;
	vcpus = core_vnode_vcpus(req->vcpus, req->vnodes, v);
	mem = core_vnode_mem(req->mem, req->vnodes, v);
	part = req->cpu_policy == CORE_REQUIRE && vcpus % t->host->topo.smt;
	if (part && odd)
		return false;
	for (i = 0; i < t->host->topo.nr_nodes; i++)
		if (!(used & 1 << i) && t->cap[i] >= vcpus &&
		    t->mem[i] >= mem &&
		    strict_fits(t, v + 1, used | 1 << i, odd || part))
			return true;
	return false;
}

struct exact exact_place(const struct host *host, const struct core_request *req)
{
	struct try t = { .host = host, .req = req, .left = req->vcpus };
	u32 n = host->topo.nr_nodes;
	u32 span = req->span ? req->span : n;
	u32 i;

	for (i = 0; i < n; i++) {
		t.cap[i] = core_node_capacity(&host->ledger, req, i);
		t.mem[i] = core_mem_free(&host->ledger.node[i]);
	}
	if (req->strict && req->vnodes > 1) {
		t.best.fits = span >= req->vnodes && strict_fits(&t, 0, 0, false);
		t.best.distance = 10 * 1024;
		return t.best;
	}
	if (req->strict)
		span = 1;
	for (t.set = 1; t.set < 1u << n; t.set++)
		if ((u32)__builtin_popcount(t.set) <= span)
			place_cpus(&t, 0, false);
	return t.best;
}
