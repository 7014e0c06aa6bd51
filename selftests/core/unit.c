// SPDX-License-Identifier: GPL-2.0
/*
 * What the core promises, one promise a test.
 */
#include <stdlib.h>

#include "host.h"
#include "tap.h"

unsigned int tap_tests, tap_failed;

static struct host host;

static int place(struct core_request req)
{
	return core_place(&host.ledger, &req, &host.work, host.plan, NULL);
}

/* Places and books; the plan stays in host.plan. */
static int settle(struct core_request req)
{
	int err = place(req);

	return err ? err : core_ledger_book(&host.ledger, host.plan);
}

static u32 core_of(u32 vcpu)
{
	return host.topo.cpu[host.plan->place[vcpu]].core;
}

static bool test_order(void)
{
	u32 i;

	EXPECT(host.topo.nr_nodes == 4 && host.topo.nr_cores == 32);
	for (i = 0; i < host.topo.nr_cpus; i++)
		EXPECT(host.topo.cpu[i].id == i && host.topo.cpu[i].node == i / 16);
	EXPECT(host.topo.near[1 * 4] == 1 && host.topo.near[0 * 4 + 3] == 3);
	return true;
}

static bool test_shared(void)
{
	u32 i;

	/* 16 CPUs at 4:1 hold 64, on one node; then the next is taken. */
	EXPECT(!settle(request(64, 10, CORE_SHARED)));
	EXPECT(host.plan->nr_chunks == 1);
	for (i = 0; i < 64; i++)
		EXPECT(host.plan->place[i] ==
		       (CORE_ON_NODE | host.plan->chunk[0].node));
	EXPECT(!settle(request(1, 1, CORE_SHARED)));
	EXPECT(host.ledger.node[0].shared + host.ledger.node[1].shared +
	       host.ledger.node[2].shared + host.ledger.node[3].shared == 65);
	return true;
}

static bool test_no_squeeze(void)
{
	struct core_request req = request(1, 0, CORE_PREFER);
	u32 first, nr;

	EXPECT(!settle(request(33, 1, CORE_SHARED)));
	first = host.plan->chunk[0].node;
	/* 33 shared vCPUs need 9 of 16 CPUs: 7 may be taken, not 8. */
	for (nr = 0; nr < 20; nr++) {
		unsigned long only = 1UL << first;

		req.owner = nr + 2;
		req.allowed = &only;
		if (settle(req))
			break;
	}
	EXPECT(nr == 7);
	EXPECT(host.plan->refusal.node == first);
	EXPECT(host.plan->refusal.vcpus_short == 1);
	return true;
}

static bool test_isolate(void)
{
	u32 i;

	EXPECT(!settle(request(8, 1, CORE_ISOLATE)));
	for (i = 1; i < 8; i++)
		EXPECT(core_of(i) != core_of(i - 1));
	EXPECT(!host.ledger.node[host.plan->chunk[0].node].cpus.pool);
	return true;
}

static bool test_require(void)
{
	EXPECT(!settle(request(5, 1, CORE_REQUIRE)));
	EXPECT(core_of(0) == core_of(1) && core_of(2) == core_of(3));
	EXPECT(core_of(4) != core_of(3));
	/* The half used core is blocked: 6 CPUs have left the pool. */
	EXPECT(host.ledger.node[host.plan->chunk[0].node].cpus.pool == 10);
	return true;
}

static bool test_prefer(void)
{
	struct core_request one = request(1, 0, CORE_PREFER);
	u32 core;

	EXPECT(!settle(one));
	core = core_of(0);
	one.owner = 2;
	EXPECT(!settle(one));
	EXPECT(core_of(0) != core);
	one.owner = 3;
	one.pack_cores = true;
	EXPECT(!settle(one));
	EXPECT(host.ledger.core_used[core_of(0)] == 2);
	return true;
}

static bool test_llc(void)
{
	u32 i;

	/* An LLC has 8 CPUs: 6 fit one, and 2 more fill it. */
	EXPECT(!settle(request(6, 1, CORE_PREFER)));
	for (i = 1; i < 6; i++)
		EXPECT(host.topo.cpu[host.plan->place[i]].group ==
		       host.topo.cpu[host.plan->place[0]].group);
	i = host.topo.cpu[host.plan->place[0]].group;
	EXPECT(!settle(request(2, 1, CORE_PREFER)));
	EXPECT(host.topo.cpu[host.plan->place[0]].group == i);
	return true;
}

static bool test_float_llc(void)
{
	struct core_request req = request(8, 1, CORE_SHARED);

	req.float_llc = true;
	EXPECT(!settle(req));
	EXPECT((host.plan->place[0] & CORE_ON_MASK) == CORE_ON_GROUP);
	EXPECT(!settle(req));
	EXPECT(!settle(req));
	EXPECT((host.plan->place[0] & CORE_ON_MASK) == CORE_ON_NODE);
	return true;
}

static bool test_two_nodes(void)
{
	/* Neither CPUs nor memory of a node suffice: two that are neighbours. */
	EXPECT(!settle(request(20, 1500, CORE_PREFER)));
	EXPECT(host.plan->nr_chunks == 2);
	EXPECT(core_distance(&host.topo, host.plan->chunk[0].node,
			     host.plan->chunk[1].node) == 12);
	return true;
}

static bool test_strict(void)
{
	struct core_request req = request(8, 100, CORE_SHARED);

	req.strict = true;
	req.vnodes = 4;
	EXPECT(!place(req));
	EXPECT(host.plan->nr_chunks == 4);
	req.vnodes = 5;
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_STRICT);
	return true;
}

static bool test_choose_vnodes(void)
{
	struct core_request req = request(8, 100, CORE_SHARED);

	req.vnodes = 0;
	EXPECT(!place(req) && host.plan->vnodes == 1);
	req.mem = 2500;
	EXPECT(!place(req) && host.plan->vnodes == 3);
	EXPECT(host.plan->distance == 10 * 1024);
	return true;
}

static bool test_reasons(void)
{
	struct core_request req = request(257, 1, CORE_SHARED);
	unsigned long none = 0, all = 15;

	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_NO_CPUS);
	EXPECT(host.plan->refusal.vcpus_short == 1);
	req = request(1, 4001, CORE_SHARED);
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_NO_MEMORY);
	EXPECT(host.plan->refusal.mem_short == 1);
	req = request(1, 1001, CORE_SHARED);
	req.span = 1;
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_SPAN);
	EXPECT(host.plan->refusal.mem_short == 1);
	req.span = 0;
	req.allowed = &none;
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_SETS);
	/* Anti-affinity to all */
	req.allowed = NULL;
	req.avoid = &all;
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_SETS);
	return true;
}

static bool test_remote(void)
{
	struct core_request req = request(4, 1200, CORE_PREFER);
	unsigned long two = 3;
	u32 i;

	for (i = 1; i < 16; i++)
		EXPECT(!core_ledger_withdraw(&host.ledger, 16 + i));
	for (i = 0; i < 12; i++)
		EXPECT(!core_ledger_withdraw(&host.ledger, i));
	req.allowed = &two;
	EXPECT(!place(req));
	req.cpu_policy = CORE_ISOLATE;
	req.vcpus = 2;
	/* CPU of node 1 is half a core: all CPUs are on node 0. */
	req.min_local = 80;
	EXPECT(!place(req));
	req.min_local = 90;
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_REMOTE);
	EXPECT(core_ledger_withdraw(&host.ledger, 0) == -EBUSY);
	EXPECT(core_ledger_restore(&host.ledger, 15) == -EINVAL);
	EXPECT(!core_ledger_restore(&host.ledger, 0));
	return true;
}

static bool test_sets(void)
{
	struct core_request req = request(4, 100, CORE_SHARED);
	unsigned long required = 1 << 1 | 1 << 3, near = 1 << 2;
	u32 i, seen = 0;

	req.required = &required;
	EXPECT(!place(req));
	for (i = 0; i < host.plan->nr_chunks; i++)
		seen |= 1 << host.plan->chunk[i].node;
	EXPECT((seen & required) == required);
	req.span = 1;
	EXPECT(place(req) == -ENOSPC);
	EXPECT(host.plan->refusal.reason == CORE_SETS);
	req = request(4, 100, CORE_SHARED);
	req.prefer = &near;
	EXPECT(!place(req) && host.plan->chunk[0].node == 2);
	req.prefer = NULL;
	req.near = 3;
	EXPECT(!place(req) && host.plan->chunk[0].node == 3);
	return true;
}

static bool test_cpus(void)
{
	unsigned long cpus = 3UL << 20 | 1UL << 40;
	struct core_request req = request(3, 1, CORE_PREFER);

	req.cpus = &cpus;
	EXPECT(!place(req) && host.plan->nr_chunks == 2);
	req.vcpus = 2;
	EXPECT(!place(req) && host.plan->chunk[0].node == 1);
	req.cpu_policy = CORE_REQUIRE;
	EXPECT(!place(req));
	req.vcpus = 4;
	EXPECT(place(req) == -ENOSPC);
	return true;
}

static bool test_robin(void)
{
	struct core_request req = request(8, 80, CORE_SHARED);
	u32 i;

	req.placement = CORE_ROUND_ROBIN;
	req.first = 2;
	EXPECT(!place(req) && host.plan->nr_chunks == 4);
	for (i = 0; i < 4; i++)
		EXPECT(host.plan->chunk[i].vcpus == 2 &&
		       host.plan->chunk[i].mem == 20);
	return true;
}

static bool test_spread(void)
{
	struct core_request req = request(16, 10, CORE_SHARED);
	u32 first;

	req.placement = CORE_SPREAD;
	EXPECT(!settle(req));
	first = host.plan->chunk[0].node;
	EXPECT(!settle(req));
	EXPECT(host.plan->chunk[0].node != first);
	return true;
}

/* What others use of a node's memory only lowers what is left. */
static bool test_outside_use(void)
{
	EXPECT(!settle(request(1, 900, CORE_SHARED)));
	host.ledger.node[host.plan->chunk[0].node].mem_avail = 500;
	EXPECT(!core_mem_free(&host.ledger.node[host.plan->chunk[0].node]));
	core_ledger_release(&host.ledger, host.plan);
	EXPECT(core_mem_free(&host.ledger.node[host.plan->chunk[0].node]) == 500);
	return true;
}

static bool test_late(void)
{
	struct core_plan *late;
	bool busy;

	/* Two decided at the same moment: the second gets nothing. */
	EXPECT(!place(request(12, 600, CORE_PREFER)));
	late = plan_keep(host.plan);
	EXPECT(!core_ledger_book(&host.ledger, host.plan));
	busy = core_ledger_book(&host.ledger, late) == -EBUSY;
	plan_free(late);
	EXPECT(busy);
	EXPECT(!core_check_ledger(&host.ledger));
	EXPECT(!place(request(64, 600, CORE_SHARED)));
	late = plan_keep(host.plan);
	EXPECT(!core_ledger_book(&host.ledger, host.plan));
	busy = core_ledger_book(&host.ledger, late) == -EBUSY;
	plan_free(late);
	EXPECT(busy);
	return true;
}

static bool test_decision(void)
{
	static struct core_decision decision;
	struct core_request req = request(4, 500, CORE_SHARED);
	unsigned long avoid = 1;
	u32 i;

	host.ledger.node[1].mem_avail = 100;
	req.avoid = &avoid;
	EXPECT(!core_place(&host.ledger, &req, &host.work, host.plan, &decision));
	EXPECT(decision.considered == 4 && decision.nr_candidates == 4);
	EXPECT(decision.candidate[0].verdict == CORE_CHOSEN);
	EXPECT(decision.candidate[0].node == host.plan->chunk[0].node);
	for (i = 1; i < 4; i++) {
		const struct core_candidate *c = &decision.candidate[i];

		EXPECT(c->node != 0 || c->verdict == CORE_FORBIDDEN);
		EXPECT(c->node != 1 || (c->verdict == CORE_LACKS_MEMORY &&
					c->mem_short == 400));
		EXPECT(c->node < 2 || c->verdict == CORE_WORSE);
	}
	return true;
}

static bool test_bad_topology(void)
{
	struct core_topology topo;
	void *mem = calloc(1, core_topology_bytes(1, 9));
	u32 i;
	int err;

	EXPECT(mem);
	EXPECT(!core_topology_bytes(0, 1) && !core_topology_bytes(1025, 1) &&
	       !core_topology_bytes(1, 8193));
	EXPECT(!core_topology_init(&topo, mem, 1, 9));
	topo.distance[0] = 10;
	for (i = 0; i < 9; i++)
		topo.cpu[i].id = i;
	/* Nine threads in a core */
	err = core_topology_build(&topo);
	free(mem);
	EXPECT(err == -EINVAL);
	return true;
}

static const struct {
	bool (*run)(void);
	const char *name;
} tests[] = {
	{ test_order, "CPUs are sorted, nodes ordered by distance" },
	{ test_shared, "shared vCPUs up to the overcommit" },
	{ test_no_squeeze, "a VM with CPUs of its own leaves the pool enough" },
	{ test_isolate, "isolate: a core each" },
	{ test_require, "require: whole cores, one in part" },
	{ test_prefer, "prefer: fresh cores first, or packed" },
	{ test_llc, "the tightest LLC" },
	{ test_float_llc, "floating over an LLC while it has CPUs" },
	{ test_two_nodes, "two nodes that are neighbours" },
	{ test_strict, "strict virtual nodes" },
	{ test_choose_vnodes, "the number of virtual nodes is chosen" },
	{ test_reasons, "reasons of refusals" },
	{ test_remote, "bounded remote memory; CPUs withdrawn" },
	{ test_sets, "required, preferred, near" },
	{ test_cpus, "a set of CPUs" },
	{ test_robin, "round robin" },
	{ test_spread, "spread" },
	{ test_outside_use, "memory that others use" },
	{ test_late, "a plan that comes too late" },
	{ test_decision, "the record of a decision" },
	{ test_bad_topology, "a topology that cannot be" },
	{ NULL, NULL }
};

int main(void)
{
	static const struct shape shape = {
		.nodes = 4, .cpus = 16, .smt = 2, .llc = 8, .mem = 1000,
		.overcommit = 400, .near = 12, .hop = 10,
	};
	u32 i;

	for (i = 0; tests[i].run; i++) {
		host_make(&host, &shape);
		tap_result(tests[i].run(), tests[i].name);
		host_free(&host);
	}
	return tap_end();
}
