// SPDX-License-Identifier: GPL-2.0
/*
 * The decision. Nearly all VMs fit one node: that is looked at first, and costs
 * a look at each node and at the CPUs of the one chosen.
 */
#include "capacity.h"
#include "search.h"

static size_t layout(struct core_work *work, void *mem, u32 nodes, u32 cpus)
{
	u32 chunks = 2 * CORE_MAX_VNODES + nodes;
	size_t used = 0;

	work->max_chunks = chunks;
	work->cap = core_carve(mem, &used, nodes * sizeof(u32));
	work->mem = core_carve(mem, &used, nodes * sizeof(u64));
	work->rest_cap = core_carve(mem, &used, nodes * sizeof(u32));
	work->rest_mem = core_carve(mem, &used, nodes * sizeof(u64));
	work->set = core_carve(mem, &used, (nodes + 1) * sizeof(u16));
	work->set_cpu = core_carve(mem, &used, nodes * sizeof(u32));
	work->set_mem = core_carve(mem, &used, nodes * sizeof(u64));
	work->keep_cpu = core_carve(mem, &used, nodes * sizeof(u32));
	work->keep_mem = core_carve(mem, &used, nodes * sizeof(u64));
	work->key = core_carve(mem, &used, max(nodes, 64u) * sizeof(u64));
	work->member = core_carve(mem, &used, nodes);
	work->seed = core_carve(mem, &used, 65 * sizeof(u16));
	work->cpus = core_carve(mem, &used, cpus * sizeof(u16));
	work->cursor = core_carve(mem, &used, nodes * sizeof(u32));
	work->layout[0].chunk = core_carve(mem, &used, chunks *
					   sizeof(struct core_chunk));
	work->layout[1].chunk = core_carve(mem, &used, chunks *
					   sizeof(struct core_chunk));
	return used;
}

/**
 * core_work_bytes - scratch memory that decisions need
 * @nr_nodes: nodes of the topology
 * @nr_cpus: CPUs of the topology
 *
 * Return: bytes to pass to core_work_init()
 */
size_t core_work_bytes(u32 nr_nodes, u32 nr_cpus)
{
	struct core_work work;

	return layout(&work, NULL, nr_nodes, nr_cpus);
}

/**
 * core_work_init - divide scratch memory
 * @work: to set
 * @mem: core_work_bytes() of memory, aligned to 8 bytes
 * @nr_nodes: nodes of the topology
 * @nr_cpus: CPUs of the topology
 */
void core_work_init(struct core_work *work, void *mem, u32 nr_nodes,
		    u32 nr_cpus)
{
	memset(work, 0, sizeof(*work));
	layout(work, mem, nr_nodes, nr_cpus);
}

/* Nonsense; what merely cannot be fulfilled is refused, with a reason. */
static bool valid(const struct core_search *s)
{
	const struct core_request *req = s->req;

	return req->vcpus && req->vcpus <= CORE_MAX_VCPUS &&
	       req->vnodes <= req->vcpus && req->vnodes <= CORE_MAX_VNODES &&
	       req->cpu_policy < CORE_CPU_POLICIES &&
	       req->placement < CORE_PLACEMENTS && req->min_local <= 100 &&
	       req->mem < CORE_MAX_MEM && req->owner &&
	       req->owner <= CORE_OWNER_MAX &&
	       (req->near == CORE_NONE || req->near < s->topo->nr_nodes);
}

static bool forbidden(const struct core_request *req, u32 node)
{
	return (req->allowed && !core_in_set(req->allowed, node)) ||
	       (req->avoid && core_in_set(req->avoid, node));
}

/* What each node could take; false: a node that must be used cannot be. */
static bool find_room(struct core_search *s)
{
	const struct core_request *req = s->req;
	struct core_work *w = s->work;
	u32 i;

	for (i = 0; i < s->topo->nr_nodes; i++) {
		bool required = req->required && core_in_set(req->required, i);

		w->cap[i] = 0;
		w->mem[i] = 0;
		if (!forbidden(req, i)) {
			w->cap[i] = core_node_capacity(s->ledger, req, i);
			w->mem[i] = core_mem_free(&s->ledger->node[i]);
		}
		s->nr_required += required;
		if (required && !w->cap[i] && !w->mem[i])
			return false;
		s->cap_sum += w->cap[i];
		s->mem_sum += w->mem[i];
	}
	return s->nr_required <= s->span;
}

static void record_misfit(struct core_search *s, u32 node,
			  struct core_candidate *cand)
{
	const struct core_request *req = s->req;
	const struct core_work *w = s->work;

	if (!s->decision)
		return;
	cand->vcpus_short = req->vcpus - min(req->vcpus, w->cap[node]);
	cand->mem_short = req->mem - min(req->mem, w->mem[node]);
	if (forbidden(req, node))
		cand->verdict = CORE_FORBIDDEN;
	else if (cand->vcpus_short && cand->mem_short)
		cand->verdict = CORE_LACKS_BOTH;
	else
		cand->verdict = cand->vcpus_short ? CORE_LACKS_CPUS :
						    CORE_LACKS_MEMORY;
	cand->cost = cand->vcpus_short * 1024 / req->vcpus;
	if (req->mem)
		cand->cost += div64_u64(cand->mem_short << 10, req->mem);
	if (cand->verdict == CORE_FORBIDDEN)
		cand->cost = U32_MAX;
	core_record(s->decision, cand);
}

/* All on one node */
static void search_single(struct core_search *s)
{
	const struct core_request *req = s->req;
	const struct core_work *w = s->work;
	u32 i, best = CORE_NONE, least = U32_MAX;

	for (i = 0; i < s->topo->nr_nodes; i++) {
		struct core_candidate cand = { .node = i };

		if (req->vcpus > w->cap[i] || req->mem > w->mem[i] ||
		    (s->nr_required && !core_in_set(req->required, i))) {
			record_misfit(s, i, &cand);
			continue;
		}
		core_score_node(s, i, &cand);
		cand.nr_nodes = 1;
		cand.verdict = CORE_WORSE;
		core_record(s->decision, &cand);
		if (cand.cost < least) {
			least = cand.cost;
			best = i;
		}
	}
	if (best == CORE_NONE)
		return;
	s->best->seed = best;
	s->best->cost = least;
	s->best->nr_chunks = 1;
	s->best->chunk[0] = (struct core_chunk) {
		.node = best,
		.vcpus = req->vcpus,
		.mem = req->mem,
	};
	s->found = true;
}

/* The place on one node, with virtual nodes: each has its part there. */
static bool cut_single(struct core_search *s)
{
	u32 node = s->best->chunk[0].node;
	u32 v;

	s->cur->nr_chunks = 0;
	for (v = 0; v < s->vnodes; v++)
		if (!core_add_chunk(s, v, node,
				    core_vnode_vcpus(s->req->vcpus, s->vnodes,
						     v),
				    core_vnode_mem(s->req->mem, s->vnodes, v)))
			return false;
	s->cur->seed = s->best->seed;
	s->cur->cost = s->best->cost;
	s->best = s->cur;
	return true;
}

/* Nodes that a layout touches; whole cores but for one, if it must be so */
static u32 count_nodes(const struct core_search *s,
		       const struct core_layout *layout, bool *odd)
{
	u32 *vcpus = s->work->cursor;
	u32 i, nr = 0, parts = 0;

	for (i = 0; i < layout->nr_chunks; i++)
		vcpus[layout->chunk[i].node] = CORE_NONE;
	for (i = 0; i < layout->nr_chunks; i++) {
		const struct core_chunk *chunk = &layout->chunk[i];

		if (vcpus[chunk->node] == CORE_NONE) {
			vcpus[chunk->node] = 0;
			nr++;
		}
		vcpus[chunk->node] += chunk->vcpus;
	}
	for (i = 0; i < layout->nr_chunks; i++) {
		u32 *there = &vcpus[layout->chunk[i].node];

		parts += *there % s->topo->smt != 0;
		*there = 0;
	}
	*odd = parts > 1 && s->req->cpu_policy == CORE_REQUIRE;
	return nr;
}

/* Enough memory on nodes that have vCPUs of the same virtual node */
static bool local_enough(const struct core_search *s,
			 const struct core_layout *layout)
{
	u64 local = 0, mem = 0;
	u32 i;

	if (!s->req->min_local)
		return true;
	for (i = 0; i < layout->nr_chunks; i++) {
		const struct core_chunk *chunk = &layout->chunk[i];

		mem += chunk->mem;
		local += chunk->vcpus ? chunk->mem : 0;
		if (i + 1 < layout->nr_chunks && chunk[1].vnode == chunk->vnode)
			continue;
		if (local * 100 < mem * s->req->min_local)
			return false;
		local = 0;
		mem = 0;
	}
	return true;
}

/* Gives node @node, which must be used, a unit of memory or a vCPU. */
static bool touch(struct core_search *s, u32 node)
{
	struct core_layout *cur = s->cur;
	u32 i, from = 0;
	bool mem = s->work->mem[node];

	for (i = 0; i < cur->nr_chunks; i++) {
		if (cur->chunk[i].node == node)
			return true;
		if (mem ? cur->chunk[i].mem > cur->chunk[from].mem :
			  cur->chunk[i].vcpus > cur->chunk[from].vcpus)
			from = i;
	}
	if (s->req->strict || cur->nr_chunks == s->work->max_chunks ||
	    (mem ? cur->chunk[from].mem < 2 :
		   cur->chunk[from].vcpus < 2 ||
		   s->req->cpu_policy == CORE_REQUIRE))
		return false;
	memmove(cur->chunk + from + 1, cur->chunk + from,
		(cur->nr_chunks++ - from) * sizeof(*cur->chunk));
	cur->chunk[from + 1].node = node;
	cur->chunk[from + 1].mem = mem;
	cur->chunk[from + 1].vcpus = !mem;
	cur->chunk[from].mem -= mem;
	cur->chunk[from].vcpus -= !mem;
	return true;
}

/**
 * core_offer - compare the layout being made with the best
 * @s: the search
 * @seed: the node it began at
 *
 * Return: whether it is the best now
 */
bool core_offer(struct core_search *s, u32 seed)
{
	struct core_candidate cand = { .node = seed };
	struct core_layout *cur = s->cur;
	bool odd;
	u32 i;

	for (i = 0; s->nr_required && i < s->topo->nr_nodes; i++)
		if (core_in_set(s->req->required, i) && !touch(s, i))
			return false;
	cand.nr_nodes = count_nodes(s, cur, &odd);
	if (cand.nr_nodes > s->span || odd)
		return false;
	if (!local_enough(s, cur)) {
		s->remote = true;
		return false;
	}
	core_measure(s, cur);
	cur->seed = seed;
	cur->cost = core_cost(s, cur, &cand);
	cand.verdict = CORE_WORSE;
	core_record(s->decision, &cand);
	if (s->found && cur->cost >= s->best->cost)
		return false;
	s->cur = s->best;
	s->best = cur;
	s->found = true;
	return true;
}

static void search_several(struct core_search *s)
{
	core_order_seeds(s);
	if (s->vnodes > 1) {
		if (s->req->strict)
			core_search_strict(s);
		else
			core_search_vnodes(s);
		return;
	}
	core_search_pairs(s);
	if (s->span > 2)
		core_search_sets(s);
}

/* The caller leaves the number of virtual nodes to us: as few as are whole. */
static void search_vnodes(struct core_search *s)
{
	u32 most = min(min(s->span, s->req->vcpus), 16u);

	core_order_seeds(s);
	for (s->vnodes = 2; s->vnodes <= most; s->vnodes++) {
		core_search_strict(s);
		if (s->found)
			return;
	}
	s->vnodes = 1;
	if (!s->req->strict)
		search_several(s);
}

static void search(struct core_search *s)
{
	bool choose = !s->req->vnodes;
	bool apart = s->req->strict && s->vnodes > 1;

	if (s->req->placement == CORE_ROUND_ROBIN &&
	    (apart || !s->req->strict)) {
		core_search_robin(s);
		if (s->found)
			return;
	}
	if (!apart && s->nr_required < 2) {
		search_single(s);
		if (s->found) {
			s->found = s->vnodes == 1 || cut_single(s);
			core_measure(s, s->best);
			return;
		}
	}
	if (s->span < 2 || s->cap_sum < s->req->vcpus ||
	    s->mem_sum < s->req->mem)
		return;
	if (choose)
		search_vnodes(s);
	else if (apart || !s->req->strict)
		search_several(s);
}

static int answer(struct core_search *s, struct core_plan *plan)
{
	const struct core_layout *best = s->best;
	int err;

	if (s->found && best->nr_chunks > plan->max_chunks) {
		plan->refusal.reason = CORE_TOO_MANY;
		s->found = false;
	}
	if (s->found) {
		memcpy(plan->chunk, best->chunk,
		       best->nr_chunks * sizeof(*best->chunk));
		plan->nr_chunks = best->nr_chunks;
		plan->vnodes = s->vnodes;
		plan->distance = best->distance;
		plan->spread = best->spread;
		plan->local = best->local;
		err = core_choose_cpus(s, best, plan);
		if (!err) {
			core_record_choice(s->decision, best);
			return 0;
		}
		plan->refusal.reason = CORE_CORES;
	}
	core_refuse(s, plan);
	return -ENOSPC;
}

/**
 * core_place - decide where a VM goes
 * @ledger: what is booked; not changed
 * @req: what is asked for
 * @work: scratch memory
 * @plan: chunk, max_chunks and place are set; the rest becomes the answer
 * @decision: record of how it came about; may be NULL
 *
 * Return: 0; -ENOSPC: nothing fits, plan->refusal says why; -EINVAL: the request
 * makes no sense
 */
int core_place(const struct core_ledger *ledger,
	       const struct core_request *req, struct core_work *work,
	       struct core_plan *plan, struct core_decision *decision)
{
	struct core_search s = {
		.topo = ledger->topo,
		.ledger = ledger,
		.req = req,
		.work = work,
		.decision = decision,
		.vnodes = max(req->vnodes, 1u),
		.span = ledger->topo->nr_nodes,
		.cur = &work->layout[0],
		.best = &work->layout[1],
	};

	plan->owner = req->owner;
	plan->vcpus = req->vcpus;
	plan->cpu_policy = req->cpu_policy;
	plan->nr_chunks = 0;
	plan->refusal = (struct core_refusal) { .node = CORE_NONE };
	if (decision) {
		decision->nr_candidates = 0;
		decision->considered = 0;
		decision->generation = ledger->generation;
	}
	if (!valid(&s))
		return -EINVAL;
	if (req->span)
		s.span = min(req->span, s.span);
	if (find_room(&s))
		search(&s);
	else
		plan->refusal.reason = CORE_SETS;
	return answer(&s, plan);
}
