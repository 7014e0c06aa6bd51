// SPDX-License-Identifier: GPL-2.0
/*
 * A VM that fits nowhere is given some nodes to fit, from which others are moved
 * away: those first that relieve most for each unit of memory moved. A VM moved
 * never gets more remote. Those nodes are taken for which least is moved.
 */
#include "capacity.h"
#include "target.h"

/* A VM to be moved may need room made for it, but no further. */
#define MAX_DEPTH	1
/* What a move costs besides its memory, in units */
#define MOVE_COST	512
/* VMs that are left where they are, of those moved first */
#define MAX_LEFT	16U

/* Memory that moving from @old to @plan brings to nodes that had less */
static u64 growth(const struct core_plan *old, const struct core_plan *plan)
{
	u64 sum = 0;
	u32 i, j;

	for (i = 0; i < plan->nr_chunks; i++) {
		u32 node = plan->chunk[i].node;
		u64 now = 0, before = 0;

		for (j = 0; j < plan->nr_chunks; j++) {
			if (plan->chunk[j].node != node)
				continue;
			if (j < i)
				break;
			now += plan->chunk[j].mem;
		}
		if (j < i)
			continue;	/* counted already */
		for (j = 0; j < old->nr_chunks; j++)
			if (old->chunk[j].node == node)
				before += old->chunk[j].mem;
		sum += now > before ? now - before : 0;
	}
	return sum;
}

static bool touches(const struct core_plan *plan, const unsigned long *set)
{
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		if (core_in_set(set, plan->chunk[i].node))
			return true;
	return false;
}

/**
 * core_undo_moves - take moves back
 * @r: the moves
 * @nr: how many to keep
 */
void core_undo_moves(struct core_repack *r, u32 nr)
{
	while (r->nr_moves > nr) {
		struct core_move *move = &r->move[--r->nr_moves];
		struct core_vm *vm = &r->vm[move->vm];

		core_ledger_release(r->ledger, move->plan);
		r->moved -= growth(move->old, move->plan);
		vm->plan = move->old;
		r->spare[r->nr_moves] = move->plan;
		core_ledger_book(r->ledger, vm->plan);
	}
}

/*
 * Places VM @v anew, as @req says; false, and nothing has changed, if that is
 * nowhere or too much to move, or its cost is not below @limit.
 */
static bool move_vm(struct core_repack *r, u32 v,
		    const struct core_request *req, u32 limit)
{
	struct core_vm *vm = &r->vm[v];
	struct core_plan *old = vm->plan;
	struct core_plan *plan;
	u64 moved;

	if (r->nr_moves == r->max_moves || !r->tries)
		return false;
	r->tries--;
	plan = r->spare[r->nr_moves];
	core_ledger_release(r->ledger, old);
	if (core_place(r->ledger, req, r->work, plan, NULL) ||
	    core_plan_eff(plan) > limit)
		goto none;
	moved = growth(old, plan);
	if (moved > r->budget - r->moved ||
	    core_ledger_book(r->ledger, plan))
		goto none;
	r->moved += moved;
	r->move[r->nr_moves++] = (struct core_move) {
		.vm = v,
		.plan = plan,
		.old = old,
	};
	vm->plan = plan;
	return true;
none:
	core_ledger_book(r->ledger, old);
	return false;
}

/* Whether @req fits the nodes of @t now */
static bool fits(struct core_repack *r, const struct core_request *req,
		 const struct core_target *t, struct core_plan *plan)
{
	struct core_request there = *req;

	if (!r->tries)
		return false;
	r->tries--;
	there.allowed = t->set;
	return !core_place(r->ledger, &there, r->work, plan, NULL);
}

/* CPUs of the pool that a VM keeps on nodes of @t, in 1/100 */
static u64 pool_use(const struct core_repack *r, const struct core_plan *plan,
		    const struct core_target *t)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++) {
		const struct core_chunk *chunk = &plan->chunk[i];
		u32 overcommit = r->ledger->node[chunk->node].overcommit;

		if (!core_in_set(t->set, chunk->node))
			continue;
		if (plan->cpu_policy == CORE_SHARED)
			sum += (u64)chunk->vcpus * 10000 / max(overcommit, 1u);
		else
			sum += (u64)core_cpus_taken(r->ledger->topo,
						    plan->cpu_policy,
						    chunk->vcpus) * 100;
	}
	return sum;
}

static u64 mem_use(const struct core_plan *plan, const struct core_target *t)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		if (core_in_set(t->set, plan->chunk[i].node))
			sum += plan->chunk[i].mem;
	return sum;
}

/**
 * struct lack - what a VM lacks on nodes
 * @cpus: CPUs of the pool, in 1/100
 * @mem: memory
 */
struct lack {
	u64 cpus;
	u64 mem;
};

static void find_lack(const struct core_repack *r,
		      const struct core_request *req, const struct core_target *t,
		      struct lack *lack)
{
	const struct core_topology *topo = r->ledger->topo;
	u64 cap = 0, mem = 0, vcpus;
	u32 overcommit = 1, i;

	for (i = 0; i < t->nr; i++) {
		const struct core_node_state *state =
			&r->ledger->node[t->node[i]];

		cap += core_node_capacity(r->ledger, req, t->node[i]);
		mem += core_mem_free(state);
		overcommit = max(overcommit, state->overcommit);
	}
	vcpus = req->vcpus > cap ? req->vcpus - cap : 0;
	lack->cpus = req->cpu_policy == CORE_SHARED ?
		     vcpus * 10000 / overcommit :
		     (u64)core_cpus_taken(topo, req->cpu_policy, vcpus) * 100;
	lack->mem = req->mem > mem ? req->mem - mem : 0;
	/* It is the division over the nodes that fails: any relief may help. */
	if (!lack->cpus && !lack->mem) {
		lack->cpus = 100;
		lack->mem = 1;
	}
}

/* The VM on the nodes of @t that relieves most for what it costs to move */
static u32 best_victim(struct core_repack *r, const struct core_target *t,
		       const struct lack *lack, u32 round)
{
	u64 most = 0;
	u32 i, best = CORE_NONE;

	for (i = 0; i < r->nr_vms; i++) {
		struct core_vm *vm = &r->vm[i];
		u64 mem, relief = 0;

		if (vm->fixed || vm->tried == round ||
		    !touches(vm->plan, t->set))
			continue;
		mem = mem_use(vm->plan, t);
		if (mem > r->budget - r->moved)
			continue;
		if (lack->cpus)
			relief += div64_u64(min(pool_use(r, vm->plan, t),
						lack->cpus) << 20, lack->cpus);
		if (lack->mem)
			relief += div64_u64(min(mem, lack->mem) << 20,
					    lack->mem);
		relief = div64_u64(relief << 20, mem + MOVE_COST);
		if (relief > most) {
			most = relief;
			best = i;
		}
	}
	return best;
}

static u32 whole_cores(const struct core_ledger *ledger, const struct core_target *t)
{
	u32 i, threads, sum = 0;

	for (i = 0; i < t->nr; i++)
		for (threads = 0; threads < CORE_MAX_SMT; threads++)
			sum += ledger->node[t->node[i]].cpus.whole[threads];
	return sum;
}

/* Half used cores are packed, which moves no memory, while @req lacks cores. */
static bool pack_cores(struct core_repack *r, const struct core_request *req,
		       const struct core_target *t, struct core_plan *plan)
{
	u32 i, j, before;

	if (req->cpu_policy != CORE_ISOLATE && req->cpu_policy != CORE_REQUIRE)
		return false;
	for (i = 0; i < r->nr_vms; i++) {
		struct core_vm *vm = &r->vm[i];
		unsigned long own[CORE_NODE_LONGS] = { 0 };
		struct core_request again = vm->req;

		if (vm->fixed || vm->req.cpu_policy != CORE_PREFER ||
		    vm->plan->nr_chunks != 1 || !touches(vm->plan, t->set))
			continue;
		for (j = 0; j < vm->plan->nr_chunks; j++)
			core_set_add(own, vm->plan->chunk[j].node);
		again.allowed = own;
		again.pack_cores = true;
		before = whole_cores(r->ledger, t);
		if (!move_vm(r, i, &again, core_plan_eff(vm->plan)))
			continue;
		if (whole_cores(r->ledger, t) <= before)
			core_undo_moves(r, r->nr_moves - 1);
		else if (fits(r, req, t, plan))
			return true;
	}
	return false;
}

static int make_room(struct core_repack *r, const struct core_request *req,
		     const struct core_target *t, const unsigned long *closed,
		     u32 depth, struct core_plan *plan);

static int make_strict_room(struct core_repack *r,
			    const struct core_request *req,
			    const struct core_target *t, u32 depth,
			    struct core_plan *plan);

/* Moves VM @v away from the nodes of @closed, making room for it if need be. */
static bool move_away(struct core_repack *r, u32 v, const unsigned long *closed,
		      u32 depth)
{
	const struct core_topology *topo = r->ledger->topo;
	struct core_vm *vm = &r->vm[v];
	struct core_request away = vm->req;
	u32 eff = core_plan_eff(vm->plan);
	unsigned long avoid[CORE_NODE_LONGS];
	u32 i, kept = r->nr_moves;

	memcpy(avoid, closed, sizeof(avoid));
	for (i = 0; away.avoid && i < topo->nr_nodes; i++)
		if (core_in_set(away.avoid, i))
			core_set_add(avoid, i);
	away.avoid = avoid;
	if (move_vm(r, v, &away, eff))
		return true;
	if (!depth || (vm->req.strict && vm->req.vnodes > 1) || eff > 10 * 1024)
		return false;

	for (i = 0; i < topo->nr_nodes; i++) {
		struct core_target t = { .nr = 1, .node = { i } };
		bool fixed = vm->fixed;
		int err;

		if (core_in_set(avoid, i))
			continue;
		core_set_add(t.set, i);
		/*
		 * Who leaves this node may go to those of @closed: one lacks
		 * CPUs and the other memory, and VMs change places.
		 */
		vm->fixed = true;
		err = make_room(r, &vm->req, &t, t.set, depth - 1,
				r->spare[r->max_moves]);
		vm->fixed = fixed;
		if (!err && move_vm(r, v, &away, eff))
			return true;
		core_undo_moves(r, kept);
	}
	return false;
}

/*
 * Takes back moves that turned out not to be needed, the last first; false: the
 * plan has to be made again.
 */
static bool trim(struct core_repack *r, const struct core_request *req,
		 const struct core_target *t, u32 kept, struct core_plan *plan)
{
	while (r->nr_moves > kept + 1) {
		struct core_move last = r->move[r->nr_moves - 1];

		core_undo_moves(r, r->nr_moves - 1);
		if (fits(r, req, t, plan))
			continue;
		/* It was needed: do it again, as it was. */
		core_ledger_release(r->ledger, last.old);
		core_ledger_book(r->ledger, last.plan);
		r->vm[last.vm].plan = last.plan;
		r->move[r->nr_moves++] = last;
		r->moved += growth(last.old, last.plan);
		return false;
	}
	return true;
}

/*
 * Moves VMs away from the nodes of @t until @req fits there; none of them to a
 * node of @closed. On failure nothing has changed.
 */
static int make_room(struct core_repack *r, const struct core_request *req,
		     const struct core_target *t, const unsigned long *closed,
		     u32 depth, struct core_plan *plan)
{
	u32 kept = r->nr_moves;
	u32 round = ++r->round;
	struct lack lack;
	u32 v;

	if (fits(r, req, t, plan) || pack_cores(r, req, t, plan))
		return 0;
	if (req->strict && req->vnodes > 1) {
		if (!make_strict_room(r, req, t, depth, plan))
			return 0;
		core_undo_moves(r, kept);
		return -ENOSPC;
	}
	while (r->tries) {
		find_lack(r, req, t, &lack);
		v = best_victim(r, t, &lack, round);
		if (v == CORE_NONE)
			break;
		r->vm[v].tried = round;
		if (!move_away(r, v, closed, depth))
			continue;
		if (fits(r, req, t, plan)) {
			if (trim(r, req, t, kept, plan))
				return 0;
			r->tries += 1;
			if (fits(r, req, t, plan))
				return 0;
		}
	}
	core_undo_moves(r, kept);
	return -ENOSPC;
}

/* Room for virtual node @v of @req on a node, moving VMs if @move; then booked */
static bool hold_vnode(struct core_repack *r, const struct core_request *req,
		       const struct core_target *t, u32 v, u32 depth, bool move,
		       struct core_plan *held)
{
	struct core_target one = { .nr = 1, .node = { t->node[v] } };
	struct core_request part = *req;

	core_set_add(one.set, t->node[v]);
	part.vcpus = core_vnode_vcpus(req->vcpus, t->nr, v);
	part.mem = core_vnode_mem(req->mem, t->nr, v);
	part.vnodes = 1;
	part.required = NULL;
	if (move ? make_room(r, &part, &one, one.set, depth, held) != 0 :
		   !fits(r, &part, &one, held))
		return false;
	return !core_ledger_book(r->ledger, held);
}

/*
 * Virtual nodes on nodes of their own: room is made for one after the other, and
 * those that have theirs keep it by being booked. Who leaves a node may go to
 * any other.
 */
static int make_strict_room(struct core_repack *r,
			    const struct core_request *req,
			    const struct core_target *t, u32 depth,
			    struct core_plan *plan)
{
	bool done[CORE_MAX_TARGET] = { false };
	u32 max_moves = r->max_moves;
	struct core_plan **held;
	u32 pass, v, nr = 0;

	if (max_moves < r->nr_moves + 2 * t->nr || t->nr != req->vnodes)
		return -ENOSPC;
	/* Plans at the end are for those booked. */
	r->max_moves -= t->nr;
	held = r->spare + r->max_moves + 1;
	/* First those that need nobody moved */
	for (pass = 0; pass < 2; pass++) {
		for (v = 0; v < t->nr; v++) {
			if (done[v])
				continue;
			done[v] = hold_vnode(r, req, t, v, depth, pass,
					     held[nr]);
			nr += done[v];
			if (pass && !done[v])
				goto out;
		}
	}
out:
	pass = nr;
	while (nr)
		core_ledger_release(r->ledger, held[--nr]);
	r->max_moves = max_moves;
	r->tries++;
	return pass == t->nr && fits(r, req, t, plan) ? 0 : -ENOSPC;
}

/**
 * struct way - how room was made
 * @seed: node the target begins with
 * @nr: nodes of the target
 * @depth: how deep
 * @budget: most to move
 * @cost: what it cost: U64_MAX: there is none
 */
struct way {
	u32 seed;
	u32 nr;
	u32 depth;
	u64 budget;
	u64 cost;
};

/* Makes room in this way; true if that is possible, and @way->cost is set. */
static bool go(struct core_repack *r, const struct core_request *req,
	       struct way *way, u32 tries, struct core_plan *plan)
{
	u64 budget = r->budget;
	struct core_target t;
	int err;

	if (!core_find_target(r, req, way->seed, way->nr, &t))
		return false;
	r->tries = tries;
	r->budget = way->budget;
	err = make_room(r, req, &t, t.set, way->depth, plan);
	r->budget = budget;
	way->cost = err ? U64_MAX : r->moved + r->nr_moves * MOVE_COST;
	return !err;
}

static struct way cheapest_way(struct core_repack *r,
			       const struct core_request *req, u32 tries,
			       struct core_plan *plan)
{
	struct way way = { 0 }, best = { .cost = U64_MAX };
	u32 nodes = r->ledger->topo->nr_nodes;
	u32 least, most;

	core_target_sizes(r, req, &least, &most);
	for (way.depth = 0; way.depth <= MAX_DEPTH; way.depth++) {
		for (way.nr = least; way.nr <= most; way.nr++) {
			for (way.seed = 0; way.seed < nodes; way.seed++) {
				way.budget = min(r->budget, best.cost);
				if (!go(r, req, &way, tries, plan))
					continue;
				core_undo_moves(r, 0);
				if (way.cost < best.cost)
					best = way;
			}
		}
		if (best.cost != U64_MAX)
			break;
	}
	return best;
}

/*
 * Of the VMs moved some need not have been, or others would have done: finds out
 * by leaving one after the other where it is. @left become fixed.
 */
static u32 leave_some(struct core_repack *r, const struct core_request *req,
		      struct way *best, u32 tries, struct core_plan *plan,
		      u32 *left)
{
	u32 moved[MAX_LEFT], nr_left = 0, nr, i;
	bool better;

	do {
		better = false;
		if (!go(r, req, best, tries, plan))
			break;
		nr = min(r->nr_moves, MAX_LEFT);
		for (i = 0; i < nr; i++)
			moved[i] = r->move[i].vm;
		core_undo_moves(r, 0);
		for (i = 0; i < nr && !better && nr_left < MAX_LEFT; i++) {
			struct core_vm *vm = &r->vm[moved[i]];
			struct way way = *best;

			way.budget = best->cost;
			vm->fixed = true;
			better = go(r, req, &way, tries, plan) &&
				 way.cost < best->cost;
			core_undo_moves(r, 0);
			if (better) {
				left[nr_left++] = moved[i];
				*best = way;
			} else {
				vm->fixed = false;
			}
		}
	} while (better);
	return nr_left;
}

/**
 * core_make_room - move VMs so that a request fits that was refused
 * @r: VMs that may be moved
 * @req: the request
 * @plan: becomes the answer
 *
 * The moves have been made in the ledger on return, the request has not been
 * booked.
 *
 * Return: 0; -ENOSPC: no way was found, or it is not worth it, and nothing has
 * changed
 */
int core_make_room(struct core_repack *r, const struct core_request *req,
		   struct core_plan *plan)
{
	u32 tries = max(r->tries / (r->ledger->topo->nr_nodes * 2), 50u);
	u64 budget = r->budget;
	u32 left[MAX_LEFT], nr_left;
	struct way best;
	bool done;

	r->nr_moves = 0;
	r->moved = 0;
	if (!core_worth_moving(r, req))
		return -ENOSPC;
	r->budget = min(budget, core_most_to_move(r, req));
	best = cheapest_way(r, req, tries, plan);
	nr_left = best.cost == U64_MAX ? 0 :
		  leave_some(r, req, &best, tries, plan, left);
	/* Once more, under the same conditions. */
	done = best.cost != U64_MAX && go(r, req, &best, tries, plan);
	while (nr_left)
		r->vm[left[--nr_left]].fixed = false;
	r->budget = budget;
	return done ? 0 : -ENOSPC;
}

/**
 * core_rebalance - bring VMs nearer to their memory
 * @r: VMs that may be moved, within r->budget
 *
 * The moves have been made in the ledger on return.
 */
void core_rebalance(struct core_repack *r)
{
	u32 i;

	r->nr_moves = 0;
	r->moved = 0;
	for (i = 0; i < r->nr_vms && r->tries; i++) {
		struct core_vm *vm = &r->vm[i];
		u32 eff = core_plan_eff(vm->plan);

		/* Not for a hundredth */
		if (!vm->fixed && eff > 10 * 1024)
			move_vm(r, i, &vm->req, eff - eff / 100);
	}
}
