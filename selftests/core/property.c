// SPDX-License-Identifier: GPL-2.0
/*
 * Properties that hold on any host, for any request, tried on thousands of random
 * ones. property [ROUNDS [SEED]]
 */
#include <stdlib.h>

#include "oracle.h"
#include "tap.h"

#define MAX_VMS	64

unsigned int tap_tests, tap_failed;
static u32 rounds = 400;

static struct oracle oracle;

static bool same_books(const struct core_ledger *a, const struct core_ledger *b)
{
	const struct core_topology *topo = a->topo;

	return !memcmp(a->node, b->node, topo->nr_nodes * sizeof(*a->node)) &&
	       !memcmp(a->group, b->group, topo->nr_groups * sizeof(*a->group)) &&
	       !memcmp(a->owner, b->owner, topo->nr_cpus * sizeof(*a->owner)) &&
	       !memcmp(a->core_used, b->core_used, topo->nr_cores);
}

static bool well_formed_refusal(const struct core_refusal *refusal,
				const struct host *host)
{
	return refusal->reason > CORE_FITS && refusal->reason < CORE_REASONS &&
	       (refusal->node == CORE_NONE ||
		refusal->node < host->topo.nr_nodes);
}

static bool well_formed_decision(const struct core_decision *d, bool placed)
{
	u32 i, chosen = 0;

	for (i = 0; i < d->nr_candidates; i++) {
		const struct core_candidate *c = &d->candidate[i];

		chosen += c->verdict == CORE_CHOSEN;
		EXPECT(!c->nr_nodes == (c->verdict > CORE_WORSE));
		EXPECT(!c->nr_nodes ||
		       c->cost == c->distance +
				  c->left_cpu + c->left_mem + c->load +
				  c->near + c->llc + c->affinity);
		if (i) {
			EXPECT(c[-1].nr_nodes || !c->nr_nodes);
			EXPECT(!c[-1].nr_nodes != !c->nr_nodes ||
			       c[-1].cost <= c->cost);
		}
	}
	EXPECT(d->nr_candidates <= d->considered);
	EXPECT(chosen == placed);
	return true;
}

/* VMs come and go on one host; all books agree after each event. */
static bool come_and_go(u32 max_nodes, u32 max_cpus)
{
	struct core_plan *plans[MAX_VMS] = { NULL };
	u32 event, nr = 0, placed = 0, refused = 0, owner = 0;
	static struct core_decision decision;
	struct host host;
	void *before;

	host_random(&host, max_nodes, max_cpus);
	memset(&oracle, 0, sizeof(oracle));
	oracle.host = &host;
	for (event = 0; event < 120; event++) {
		struct core_request req = request_random(&host, ++owner);
		const char *wrong, *checked;
		int err;

		if (nr && (!rng(3) || nr == MAX_VMS)) {
			u32 i = rng(nr);

			core_ledger_release(&host.ledger, plans[i]);
			oracle_release(&oracle, plans[i]);
			plan_free(plans[i]);
			plans[i] = plans[--nr];
		}
		err = core_place(&host.ledger, &req, &host.work, host.plan,
				 &decision);
		EXPECT(err == 0 || err == -ENOSPC);
		EXPECT(well_formed_decision(&decision, !err));
		if (err) {
			refused++;
			EXPECT(well_formed_refusal(&host.plan->refusal, &host));
			continue;
		}
		checked = core_check_plan(&host.ledger, &req, host.plan);
		if (checked)
			printf("# core_check_plan: %s (policy %u, %u vCPUs, %u vnodes)\n",
			       checked, req.cpu_policy, req.vcpus, req.vnodes);
		EXPECT(!checked);
		EXPECT(!core_ledger_book(&host.ledger, host.plan));
		wrong = oracle_book(&oracle, &req, host.plan);
		if (wrong)
			printf("# policy %u: %s\n", req.cpu_policy, wrong);
		EXPECT(!wrong);
		/* It is there now: not a second time. */
		if (req.cpu_policy != CORE_SHARED)
			EXPECT(core_ledger_book(&host.ledger, host.plan) ==
			       -EBUSY);
		wrong = oracle_compare(&oracle, &host.ledger);
		if (wrong)
			printf("# books differ: %s\n", wrong);
		EXPECT(!wrong);
		plans[nr++] = plan_keep(host.plan);
		placed++;
	}
	while (nr) {
		core_ledger_release(&host.ledger, plans[--nr]);
		oracle_release(&oracle, plans[nr]);
		plan_free(plans[nr]);
	}
	EXPECT(!oracle_compare(&oracle, &host.ledger));
	/* Empty again: as it was when it was new, but for the generation. */
	before = calloc(1, core_ledger_bytes(host.topo.nr_nodes,
					     host.topo.nr_cpus));
	if (before) {
		struct core_ledger fresh;
		u32 i;

		core_ledger_init(&fresh, before, &host.topo);
		for (i = 0; i < host.topo.nr_nodes; i++) {
			fresh.node[i].overcommit = host.ledger.node[i].overcommit;
			fresh.node[i].mem_total = host.ledger.node[i].mem_total;
			fresh.node[i].mem_avail = host.ledger.node[i].mem_avail;
		}
		EXPECT(same_books(&fresh, &host.ledger));
		free(before);
	}
	host_free(&host);
	return true;
}

static bool test_come_and_go(void)
{
	u32 i;

	for (i = 0; i < rounds; i++) {
		u64 seed = rng_state;

		if (!come_and_go(i % 4 ? 8 : 40, i % 4 ? 24 : 6)) {
			printf("# with seed %llu\n", (unsigned long long)seed);
			return false;
		}
	}
	return true;
}

/* A busy small host without the odd: what the exact search understands */
static void busy_host(struct host *host, struct core_plan **plans, u32 *nr)
{
	struct shape shape = {
		.nodes = 1 + rng(5),
		.cpus = 4 << rng(2),
		.smt = 1 + rng(2),
		.mem = 100 + rng(200),
		.overcommit = 100 * (1 + rng(3)),
		.near = 12 + rng(10),
		.hop = rng(10),
	};
	u32 i, wanted = rng(14);

	host_make(host, &shape);
	for (i = 0; i < shape.nodes; i++)
		if (!rng(4))
			host->ledger.node[i].mem_avail = rng(150);
	for (i = 0, *nr = 0; i < wanted; i++) {
		struct core_request req = request(1 + rng(5), rng(80),
						  rng(CORE_CPU_POLICIES));
		req.owner = i + 1;
		if (core_place(&host->ledger, &req, &host->work, host->plan,
			       NULL) ||
		    core_ledger_book(&host->ledger, host->plan))
			continue;
		plans[(*nr)++] = plan_keep(host->plan);
	}
}

struct tally {
	u32 refused;
	u32 refused_wrongly;
	u32 placed;
	u32 several;
	double ratio;
	double worst;
};

static void compare(struct host *host, struct tally *tally)
{
	struct core_request req = request(1 + rng(8), rng(260),
					  rng(CORE_CPU_POLICIES));
	struct exact exact;
	int err;

	req.owner = 1000;
	if (!rng(3) && req.vcpus > 1) {
		req.vnodes = 2 + rng(min(req.vcpus - 1, 2u));
		req.strict = true;
	}
	if (rng(2))
		req.span = 1 + rng(4);
	err = core_place(&host->ledger, &req, &host->work, host->plan, NULL);
	exact = exact_place(host, &req);
	if (err) {
		tally->refused++;
		tally->refused_wrongly += exact.fits;
		return;
	}
	tally->placed++;
	if (!exact.fits) {
		tally->worst = 1e9;	/* cannot be */
		return;
	}
	if (host->plan->nr_chunks > 1 && !req.strict) {
		double ratio = (double)host->plan->distance / exact.distance;

		tally->several++;
		tally->ratio += ratio;
		if (ratio > tally->worst)
			tally->worst = ratio;
	}
}

static bool test_exact(void)
{
	struct core_plan *plans[16];
	struct tally tally = { 0 };
	u32 i, j, nr;

	for (i = 0; i < rounds * 5; i++) {
		struct host host;

		busy_host(&host, plans, &nr);
		for (j = 0; j < 4; j++)
			compare(&host, &tally);
		while (nr)
			plan_free(plans[--nr]);
		host_free(&host);
	}
	printf("# %u placed, %u refused, %u of them wrongly\n", tally.placed,
	       tally.refused, tally.refused_wrongly);
	printf("# %u on several nodes: distance %.4f of the optimum, at worst %.3f\n",
	       tally.several, tally.several ? tally.ratio / tally.several : 1,
	       tally.worst);
	EXPECT(tally.refused > 100 && tally.several > 100);
	EXPECT(!tally.refused_wrongly);
	EXPECT(tally.worst < 1.35);
	EXPECT(tally.ratio / tally.several < 1.02);
	return true;
}

/* Moves for a VM that was refused: what is moved is valid, and undone exactly. */
static bool make_room(struct tally *tally)
{
	enum { MOVES = 24 };
	struct core_plan *spare[MOVES + 1], *first[MAX_VMS];
	struct core_move moves[MOVES];
	struct core_vm vms[MAX_VMS];
	struct core_repack r = {
		.work = NULL, .vm = vms, .move = moves, .max_moves = MOVES,
		.spare = spare, .budget = U64_MAX, .tries = 4000,
	};
	struct shape shape = { 1 + rng(6), 16, 2, 8, 100, 300, 12, 8 };
	struct core_request req;
	struct host host;
	u32 i, owner = 0;

	host_make(&host, &shape);
	r.ledger = &host.ledger;
	r.work = &host.work;
	for (i = 0; i <= MOVES; i++)
		spare[i] = plan_new(64, host.work.max_chunks);
	for (i = 0; i < 200 && r.nr_vms < MAX_VMS; i++) {
		req = request(1 + rng(6), 1 + rng(30), rng(CORE_CPU_POLICIES));
		req.owner = ++owner;
		req.span = 1 + rng(2);
		req.placement = CORE_SPREAD;
		if (core_place(&host.ledger, &req, &host.work, host.plan, NULL))
			break;
		EXPECT(!core_ledger_book(&host.ledger, host.plan));
		vms[r.nr_vms] = (struct core_vm) { .req = req };
		vms[r.nr_vms].plan = plan_keep(host.plan);
		first[r.nr_vms] = vms[r.nr_vms].plan;
		r.nr_vms++;
	}
	if (!core_make_room(&r, &req, host.plan)) {
		tally->placed++;
		EXPECT(!core_check_ledger(&host.ledger));
		EXPECT(!core_check_plan(&host.ledger, &req, host.plan));
		for (i = 0; i < r.nr_moves; i++) {
			struct core_vm *vm = &vms[moves[i].vm];

			EXPECT(core_plan_eff(moves[i].plan) <=
			       core_plan_eff(moves[i].old));
			/* As a plan made with it away */
			if (vm->plan != moves[i].plan)
				continue;
			core_ledger_release(&host.ledger, vm->plan);
			EXPECT(!core_check_plan(&host.ledger, &vm->req,
						vm->plan));
			EXPECT(!core_ledger_book(&host.ledger, vm->plan));
		}
	} else {
		tally->refused++;
	}
	core_undo_moves(&r, 0);
	EXPECT(!r.moved);
	EXPECT(!core_check_ledger(&host.ledger));
	while (r.nr_vms--) {
		EXPECT(vms[r.nr_vms].plan == first[r.nr_vms]);
		core_ledger_release(&host.ledger, first[r.nr_vms]);
		plan_free(first[r.nr_vms]);
	}
	for (i = 0; i < host.topo.nr_nodes; i++)
		EXPECT(host.ledger.node[i].cpus.pool == 16 &&
		       !host.ledger.node[i].mem_booked);
	for (i = 0; i <= MOVES; i++)
		plan_free(spare[i]);
	host_free(&host);
	return true;
}

static bool test_make_room(void)
{
	struct tally tally = { 0 };
	u32 i;

	for (i = 0; i < rounds / 2; i++)
		if (!make_room(&tally))
			return false;
	printf("# room was made for %u, not for %u\n", tally.placed,
	       tally.refused);
	EXPECT(tally.placed);
	return true;
}

/* Nonsense gets an error at once, and whatever it gets, no harm is done. */
static bool test_hostile(void)
{
	static const u32 odd[] = { 0, 1, 2, 255, 8192, 8193, 0x7fffffff,
				   0x80000000, U32_MAX };
	struct host host;
	u32 i;

	host_random(&host, 8, 24);
	for (i = 0; i < rounds * 50; i++) {
		struct core_request req = request_random(&host, 1);
		int err;

		if (!rng(3))
			req.vcpus = odd[rng(9)];
		if (!rng(3))
			req.vnodes = odd[rng(9)];
		if (!rng(3))
			req.owner = odd[rng(9)];
		if (!rng(3))
			req.near = odd[rng(9)];
		if (!rng(3))
			req.span = odd[rng(9)];
		if (!rng(3))
			req.first = odd[rng(9)];
		if (!rng(3))
			req.mem = rng(2) ? U64_MAX >> rng(64) : odd[rng(9)];
		if (!rng(5))
			req.cpu_policy = rng(256);
		if (!rng(5))
			req.placement = rng(256);
		if (!rng(5))
			req.min_local = rng(256);
		err = core_place(&host.ledger, &req, &host.work, host.plan, NULL);
		EXPECT(!err || err == -ENOSPC || err == -EINVAL);
		if (!err)
			EXPECT(!core_check_plan(&host.ledger, &req, host.plan));
	}
	EXPECT(!core_check_ledger(&host.ledger));
	host_free(&host);
	return true;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		rng_state = strtoull(argv[2], NULL, 10);
	tap_result(test_come_and_go(), "VMs come and go, all books agree");
	tap_result(test_exact(), "as good as enumeration, none refused that fits");
	tap_result(test_make_room(), "moves are valid and undone exactly");
	tap_result(test_hostile(), "nonsense is refused");
	return tap_end();
}
