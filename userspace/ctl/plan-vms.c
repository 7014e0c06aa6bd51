// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl plan - VMs on a host, placed by the core
 */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* Placements tried before a VM is refused that VMs could be moved for */
#define MAX_TRIES	20000

static struct core_plan *new_plan(uint32_t vcpus, uint32_t chunks)
{
	struct core_plan *plan = plan_alloc(1, sizeof(*plan));

	plan->place = plan_alloc(vcpus, sizeof(*plan->place));
	plan->chunk = plan_alloc(chunks, sizeof(*plan->chunk));
	plan->max_chunks = chunks;
	return plan;
}

static void free_plan(struct core_plan *plan)
{
	free(plan->place);
	free(plan->chunk);
	free(plan);
}

/* A plan of its own size, to keep */
static struct core_plan *copy_plan(const struct core_plan *from)
{
	struct core_plan *plan = new_plan(from->vcpus, from->nr_chunks);
	struct core_plan sized = *plan;

	memcpy(sized.place, from->place, from->vcpus * sizeof(*from->place));
	memcpy(sized.chunk, from->chunk, from->nr_chunks * sizeof(*from->chunk));
	*plan = *from;
	plan->place = sized.place;
	plan->chunk = sized.chunk;
	plan->max_chunks = from->nr_chunks;
	return plan;
}

static void init_repack(struct plan_vms *vms, uint32_t chunks)
{
	struct core_repack *r = &vms->repack;
	uint32_t i;

	r->ledger = &vms->ledger;
	r->work = &vms->work;
	r->max_moves = PLAN_MAX_MOVES;
	r->move = plan_alloc(PLAN_MAX_MOVES, sizeof(*r->move));
	/* Pointers: NOLINTNEXTLINE(bugprone-sizeof-expression) */
	r->spare = plan_alloc(PLAN_MAX_MOVES + 1, sizeof(*r->spare));
	for (i = 0; i <= PLAN_MAX_MOVES; i++)
		r->spare[i] = new_plan(CORE_MAX_VCPUS, chunks);
}

static void fill_topology(struct plan_vms *vms)
{
	const struct plan_host *host = vms->host;
	uint32_t i;

	for (i = 0; i < host->nr_cpus; i++)
		vms->topo.cpu[i] = (struct core_topo_cpu) {
			.id = host->cpu[i].id,
			.node = host->cpu[i].node,
			.llc = host->cpu[i].llc,
			.core_id = host->cpu[i].core,
		};
	memcpy(vms->topo.distance, host->distance,
	       (size_t)host->nr_nodes * host->nr_nodes);
}

int plan_vms_init(struct plan_vms *vms, const struct plan_host *host)
{
	uint32_t nodes = host->nr_nodes, cpus = host->nr_cpus;
	uint32_t i;
	int err;

	*vms = (struct plan_vms) { .host = host, .max = 64 };
	vms->memory[0] = plan_alloc(core_topology_bytes(nodes, cpus), 1);
	vms->memory[1] = plan_alloc(core_ledger_bytes(nodes, cpus), 1);
	vms->memory[2] = plan_alloc(core_work_bytes(nodes, cpus), 1);
	core_topology_init(&vms->topo, vms->memory[0], nodes, cpus);
	fill_topology(vms);
	err = core_topology_build(&vms->topo);
	if (err)
		return err;
	core_ledger_init(&vms->ledger, vms->memory[1], &vms->topo);
	core_work_init(&vms->work, vms->memory[2], nodes, cpus);
	for (i = 0; i < nodes; i++) {
		vms->ledger.node[i].overcommit = host->overcommit;
		vms->ledger.node[i].mem_total = host->mem[i];
		vms->ledger.node[i].mem_avail = host->mem[i];
	}
	vms->vm = plan_alloc(vms->max, sizeof(*vms->vm));
	vms->id = plan_alloc(vms->max, sizeof(*vms->id));
	vms->slot = plan_alloc(2 * (size_t)vms->max, sizeof(*vms->slot));
	vms->plan = new_plan(CORE_MAX_VCPUS, vms->work.max_chunks);
	init_repack(vms, vms->work.max_chunks);
	return 0;
}

void plan_vms_free(struct plan_vms *vms)
{
	uint32_t i;

	for (i = 0; i < vms->nr; i++) {
		free_plan(vms->vm[i].plan);
		free(vms->id[i]);
	}
	for (i = 0; vms->repack.spare && i <= PLAN_MAX_MOVES; i++)
		free_plan(vms->repack.spare[i]);
	if (vms->plan)
		free_plan(vms->plan);
	free(vms->repack.spare);
	free(vms->repack.move);
	free(vms->vm);
	free(vms->id);
	free(vms->slot);
	for (i = 0; i < 3; i++)
		free(vms->memory[i]);
}

/* FNV-1a */
static uint32_t hash(const char *id)
{
	uint32_t sum = 2166136261u;

	for (; *id; id++)
		sum = (sum ^ (unsigned char)*id) * 16777619u;
	return sum;
}

/* The slot of @id, or the free one where it would be */
static uint32_t find_slot(const struct plan_vms *vms, const char *id)
{
	uint32_t mask = 2 * vms->max - 1;
	uint32_t at = hash(id) & mask;

	while (vms->slot[at] && strcmp(vms->id[vms->slot[at] - 1], id))
		at = (at + 1) & mask;
	return at;
}

int plan_vms_find(const struct plan_vms *vms, const char *id)
{
	return (int)vms->slot[find_slot(vms, id)] - 1;
}

static void fill_slots(struct plan_vms *vms)
{
	uint32_t i;

	memset(vms->slot, 0, 2 * sizeof(*vms->slot) * vms->max);
	for (i = 0; i < vms->nr; i++)
		vms->slot[find_slot(vms, vms->id[i])] = i + 1;
}

/* Empties a slot; those that were pushed on by it move up. */
static void free_slot(struct plan_vms *vms, uint32_t at)
{
	uint32_t mask = 2 * vms->max - 1;
	uint32_t next = at;

	for (;;) {
		uint32_t home;

		next = (next + 1) & mask;
		if (!vms->slot[next])
			break;
		home = hash(vms->id[vms->slot[next] - 1]) & mask;
		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		vms->slot[at] = vms->slot[next];
		at = next;
	}
	vms->slot[at] = 0;
}

static void add(struct plan_vms *vms, const char *id,
		const struct core_request *req)
{
	if (vms->nr == vms->max) {
		vms->max *= 2;
		vms->vm = plan_grow(vms->vm, vms->max, sizeof(*vms->vm));
		vms->id = plan_grow(vms->id, vms->max, sizeof(*vms->id));
		vms->slot = plan_grow(vms->slot, 2 * (size_t)vms->max,
				      sizeof(*vms->slot));
		fill_slots(vms);
	}
	vms->vm[vms->nr] = (struct core_vm) {
		.req = *req,
		.plan = copy_plan(vms->plan),
	};
	vms->id[vms->nr] = plan_string(id);
	vms->slot[find_slot(vms, id)] = vms->nr + 1;
	vms->nr++;
}

void plan_vms_depart(struct plan_vms *vms, uint32_t index)
{
	uint32_t last = vms->nr - 1;

	core_ledger_release(&vms->ledger, vms->vm[index].plan);
	free_slot(vms, find_slot(vms, vms->id[index]));
	free_plan(vms->vm[index].plan);
	free(vms->id[index]);
	if (index != last) {
		vms->slot[find_slot(vms, vms->id[last])] = index + 1;
		vms->vm[index] = vms->vm[last];
		vms->id[index] = vms->id[last];
	}
	vms->nr--;
}

/* A request with what all have in common */
struct core_request plan_vms_request(struct plan_vms *vms)
{
	if (++vms->next_owner > CORE_OWNER_MAX)
		vms->next_owner = 1;
	return (struct core_request) {
		.owner = vms->next_owner,
		.vnodes = 1,
		.placement = vms->placement,
		.near = CORE_NONE,
		.float_llc = true,
	};
}

static bool on_several(const struct core_plan *plan)
{
	uint32_t i;

	for (i = 1; i < plan->nr_chunks; i++)
		if (plan->chunk[i].node != plan->chunk[0].node)
			return true;
	return false;
}

/* What was offered and refused of late: each arrival counts 2 % less the next. */
static void remember(struct core_repack *r, uint32_t vcpus, bool refused)
{
	r->offered += ((uint64_t)vcpus << 10) - r->offered / 50;
	r->refused += (refused ? (uint64_t)vcpus << 10 : 0) - r->refused / 50;
}

/* The VM's plan is vms->plan if it was placed; moves are in vms->repack. */
bool plan_vms_arrive(struct plan_vms *vms, const char *id,
		     const struct core_request *req)
{
	struct plan_stats *stats = &vms->stats;
	struct core_repack *r = &vms->repack;
	uint32_t reason;
	int err;

	stats->arrived++;
	stats->vcpus += req->vcpus;
	r->nr_moves = 0;
	err = core_place(&vms->ledger, req, &vms->work, vms->plan, NULL);
	reason = vms->plan->refusal.reason;
	if (err && vms->may_migrate) {
		r->vm = vms->vm;
		r->nr_vms = vms->nr;
		r->budget = UINT64_MAX;
		r->tries = MAX_TRIES;
		err = core_make_room(r, req, vms->plan);
	}
	if (!err)
		err = core_ledger_book(&vms->ledger, vms->plan);
	remember(r, req->vcpus, err);
	if (err) {
		core_undo_moves(r, 0);
		stats->reasons[reason]++;
		return false;
	}
	add(vms, id, req);
	stats->accepted++;
	stats->vcpus_accepted += req->vcpus;
	stats->score += req->vcpus * 10240.0 / core_plan_eff(vms->plan);
	stats->distance += req->vcpus * (vms->plan->distance / 1024.0);
	stats->several += on_several(vms->plan);
	return true;
}

void plan_vms_rebalance(struct plan_vms *vms, uint64_t budget)
{
	struct core_repack *r = &vms->repack;

	r->vm = vms->vm;
	r->nr_vms = vms->nr;
	r->budget = budget;
	r->tries = MAX_TRIES;
	core_rebalance(r);
}

/* After moves were told: VMs get plans of their own size again. */
void plan_vms_settle(struct plan_vms *vms)
{
	struct core_repack *r = &vms->repack;
	uint32_t i;

	vms->stats.moves += r->nr_moves;
	if (r->nr_moves)
		vms->stats.moved += r->moved;
	for (i = 0; i < r->nr_moves; i++) {
		struct core_move *move = &r->move[i];
		/* Not r->vm: that of a VM that came since may have moved it. */
		struct core_vm *vm = &vms->vm[move->vm];

		/* Moved again later: that move has its plan. */
		if (vm->plan == move->plan)
			vm->plan = copy_plan(move->plan);
		r->spare[i] = move->plan;
	}
	for (i = 0; i < r->nr_moves; i++) {
		uint32_t j;

		/* A plan that was one of the large ones is kept as such. */
		for (j = 0; j < r->nr_moves; j++)
			if (r->move[i].old == r->move[j].plan)
				break;
		if (j == r->nr_moves)
			free_plan(r->move[i].old);
	}
	r->nr_moves = 0;
}
