// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts to test on, and requests.
 */
#include <stdlib.h>

#include "host.h"

u64 rng_state = 88172645463325252ULL;

u32 rng(u32 below)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return (u32)((rng_state * 2685821657736338717ULL) >> 33) % below;
}

static void *zalloc(size_t size)
{
	void *mem = calloc(1, size ? size : 1);

	if (!mem)
		abort();
	return mem;
}

static void begin(struct host *host, u32 nodes, u32 cpus)
{
	memset(host, 0, sizeof(*host));
	host->memory[0] = zalloc(core_topology_bytes(nodes, cpus));
	host->memory[1] = zalloc(core_ledger_bytes(nodes, cpus));
	host->memory[2] = zalloc(core_work_bytes(nodes, cpus));
	if (core_topology_init(&host->topo, host->memory[0], nodes, cpus))
		abort();
}

static void end(struct host *host)
{
	struct core_topology *topo = &host->topo;

	if (core_topology_build(topo))
		abort();
	core_ledger_init(&host->ledger, host->memory[1], topo);
	core_work_init(&host->work, host->memory[2], topo->nr_nodes,
		       topo->nr_cpus);
	host->plan = plan_new(CORE_MAX_VCPUS, host->work.max_chunks);
}

void host_make(struct host *host, const struct shape *s)
{
	u32 i, j, cpus = s->nodes * s->cpus;

	begin(host, s->nodes, cpus);
	/* In an order that is not the one wanted */
	for (i = 0; i < cpus; i++) {
		u32 id = cpus - 1 - i;

		host->topo.cpu[i] = (struct core_topo_cpu) {
			.id = id,
			.node = id / s->cpus,
			.llc = s->llc ? id / s->llc : 0,
			.core_id = id / s->smt,
		};
	}
	for (i = 0; i < s->nodes; i++)
		for (j = 0; j < s->nodes; j++) {
			u32 apart = i > j ? i - j : j - i;

			host->topo.distance[i * s->nodes + j] = apart ?
				s->near + (apart - 1) * s->hop : 10;
		}
	end(host);
	for (i = 0; i < s->nodes; i++) {
		host->ledger.node[i].overcommit = s->overcommit;
		host->ledger.node[i].mem_total = s->mem;
		host->ledger.node[i].mem_avail = s->mem;
	}
}

/* Nodes without CPUs or memory, one-way distances, cores of several sizes */
void host_random(struct host *host, u32 max_nodes, u32 max_cpus)
{
	u32 nodes = 1 + rng(max_nodes), cpus = rng(max_cpus * nodes) + 1;
	u32 smt = 1 << rng(3), llc = smt << rng(4);
	bool one_way = !rng(4), mixed = !rng(4), holes = !rng(3);
	u32 i, j, node = 0, core = 0, in_core = 0, in_llc = 0, cache = 0;
	u32 split = rng(4);

	begin(host, nodes, cpus);
	for (i = 0; i < cpus; i++) {
		host->topo.cpu[i] = (struct core_topo_cpu) {
			.id = i * 3 + 1,
			.node = holes && !(node % 3) ? (node + 1) % nodes : node,
			.llc = split ? cache : node / 2,
			.core_id = core,
		};
		if (++in_core < smt && !(mixed && !rng(4)))
			continue;
		in_core = 0;
		core++;
		in_llc += smt;
		if (in_llc >= llc || !rng(9)) {
			in_llc = 0;
			cache++;
			node = rng(nodes);
		}
	}
	for (i = 0; i < nodes; i++)
		for (j = 0; j < nodes; j++)
			host->topo.distance[i * nodes + j] = i == j ? 10 :
				!one_way && j < i ?
				host->topo.distance[j * nodes + i] :
				11 + rng(40);
	end(host);
	for (i = 0; i < nodes; i++) {
		struct core_node_state *state = &host->ledger.node[i];

		state->overcommit = rng(20) ? 100 * (1 + rng(5)) : rng(250);
		state->mem_total = rng(6) ? 1 + rng(4000) : 0;
		state->mem_avail = state->mem_total;
	}
}

void host_free(struct host *host)
{
	u32 i;

	plan_free(host->plan);
	for (i = 0; i < 3; i++)
		free(host->memory[i]);
}

struct core_plan *plan_new(u32 vcpus, u32 chunks)
{
	struct core_plan *plan = zalloc(sizeof(*plan));

	plan->place = zalloc(vcpus * sizeof(*plan->place));
	plan->chunk = zalloc(chunks * sizeof(*plan->chunk));
	plan->max_chunks = chunks;
	return plan;
}

struct core_plan *plan_keep(const struct core_plan *from)
{
	struct core_plan *plan = plan_new(from->vcpus, from->nr_chunks);
	struct core_plan memory = *plan;

	*plan = *from;
	plan->place = memory.place;
	plan->chunk = memory.chunk;
	plan->max_chunks = from->nr_chunks;
	memcpy(plan->place, from->place, from->vcpus * sizeof(*plan->place));
	memcpy(plan->chunk, from->chunk, from->nr_chunks * sizeof(*plan->chunk));
	return plan;
}

void plan_free(struct core_plan *plan)
{
	free(plan->place);
	free(plan->chunk);
	free(plan);
}

struct core_request request(u32 vcpus, u64 mem, u32 policy)
{
	return (struct core_request) {
		.owner = 1,
		.vcpus = vcpus,
		.mem = mem,
		.vnodes = 1,
		.cpu_policy = policy,
		.near = CORE_NONE,
	};
}

static const unsigned long *random_set(unsigned long *set, u32 bits, u32 odds)
{
	u32 i;

	memset(set, 0, CORE_LONGS(bits) * sizeof(*set));
	for (i = 0; i < bits; i++)
		if (rng(100) < odds)
			core_set_add(set, i);
	return set;
}

struct core_request request_random(const struct host *host, u32 owner)
{
	static unsigned long sets[4][CORE_LONGS(CORE_MAX_NODES)];
	static unsigned long cpus[CORE_LONGS(CORE_MAX_IDS)];
	u32 nodes = host->topo.nr_nodes;
	struct core_request req = request(1 + rng(rng(3) ? 6 : 40),
					  rng(rng(3) ? 700 : 6000),
					  rng(CORE_CPU_POLICIES));

	req.owner = owner;
	req.vnodes = rng(2) ? 1 : rng(min(req.vcpus, 5u) + 1);
	req.placement = rng(3) ? CORE_COMPACT : rng(CORE_PLACEMENTS);
	req.strict = !rng(4);
	req.float_llc = rng(2);
	req.pack_cores = !rng(5);
	req.min_local = rng(4) ? 0 : rng(101);
	req.span = rng(2) ? 0 : 1 + rng(nodes + 1);
	req.near = rng(4) ? CORE_NONE : rng(nodes);
	req.first = rng(nodes);
	if (!rng(5))
		req.allowed = random_set(sets[0], nodes, 70);
	if (!rng(8))
		req.required = random_set(sets[1], nodes, 20);
	if (!rng(8))
		req.avoid = random_set(sets[2], nodes, 25);
	if (!rng(6))
		req.prefer = random_set(sets[3], nodes, 40);
	if (!rng(6))
		req.cpus = random_set(cpus, 3 * host->topo.nr_cpus + 64, 70);
	return req;
}
