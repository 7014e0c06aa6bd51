// SPDX-License-Identifier: GPL-2.0
/*
 * A VM or a virtual node over several nodes: compact sets of nodes are grown
 * from many nodes to begin at, and in each set vCPUs and memory are placed in
 * turn, each as near to the other as there is room. No subsets are enumerated.
 */
#include "search.h"

/* How many nodes a search begins at */
#define MAX_SEEDS	64
/* How much work it may be once something was found, in instructions, roughly */
#define MAX_EFFORT	900000
#define MAX_EXCHANGE	400000
/* More improved sets than this are not looked for. */
#define MAX_ROUNDS	4

/**
 * core_add_chunk - add to the layout being made
 * @s: the search
 * @vnode: virtual node, not less than those added before
 * @node: node
 * @vcpus: vCPUs there
 * @mem: memory there
 *
 * Return: false: there is no room for another chunk
 */
bool core_add_chunk(struct core_search *s, u32 vnode, u32 node, u32 vcpus,
		    u64 mem)
{
	struct core_layout *cur = s->cur;

	if (!vcpus && !mem)
		return true;
	if (cur->nr_chunks == s->work->max_chunks)
		return false;
	cur->chunk[cur->nr_chunks++] = (struct core_chunk) {
		.vnode = vnode,
		.node = node,
		.vcpus = vcpus,
		.mem = mem,
	};
	return true;
}

/* The one of @nr with the least key, CORE_NONE if all are done (U64_MAX) */
static u32 least_key(const u64 *key, u32 nr)
{
	u32 i, best = CORE_NONE;
	u64 least = U64_MAX;

	for (i = 0; i < nr; i++) {
		if (key[i] < least) {
			least = key[i];
			best = i;
		}
	}
	return best;
}

/* Memory where it is nearest to the vCPUs as they are placed */
static void fill_mem(struct core_search *s, u32 nr, u64 mem, const u64 *avail)
{
	struct core_work *w = s->work;
	u32 i, j;

	for (j = 0; j < nr; j++) {
		u64 sum = 0;

		for (i = 0; i < nr; i++)
			sum += (u64)w->set_cpu[i] *
			       core_distance(s->topo, w->set[i], w->set[j]);
		if (s->req->min_local && !w->set_cpu[j])
			sum += 1ULL << 40;
		w->key[j] = sum;
		w->set_mem[j] = 0;
	}
	while (mem && (j = least_key(w->key, nr)) != CORE_NONE) {
		w->set_mem[j] = min(mem, avail[w->set[j]]);
		mem -= w->set_mem[j];
		w->key[j] = U64_MAX;
	}
}

/*
 * vCPUs where they are nearest to the memory as it is placed, and to each
 * other. Among equals the larger first.
 */
static void fill_cpu(struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		     const u32 *cap)
{
	struct core_work *w = s->work;
	u32 i, j, rest = vcpus;

	for (i = 0; i < nr; i++) {
		w->key[i] = CORE_MAX_VCPUS - min(cap[w->set[i]], vcpus);
		w->set_cpu[i] = 0;
	}
	for (j = 0; j < nr && mem; j++) {
		u64 part = div64_u64(w->set_mem[j] << 20, mem);

		for (i = 0; i < nr && part; i++)
			w->key[i] += 3 * part *
				core_distance(s->topo, w->set[i], w->set[j]);
	}
	while (rest && (i = least_key(w->key, nr)) != CORE_NONE) {
		u64 part;

		w->set_cpu[i] = core_part(s, rest, cap[w->set[i]]);
		rest -= w->set_cpu[i];
		w->key[i] = U64_MAX;
		part = div64_u64((u64)w->set_cpu[i] << 20, vcpus);
		for (j = 0; j < nr && part; j++)
			if (w->key[j] != U64_MAX)
				w->key[j] += part * core_distance2(s->topo,
							w->set[i], w->set[j]);
	}
}

/* All is placed: cores of several sizes may not add up in each order. */
static bool filled(const struct core_work *w, u32 nr, u32 vcpus, u64 mem)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		vcpus -= w->set_cpu[i];
		mem -= w->set_mem[i];
	}
	return !vcpus && !mem;
}

/* What the filled set costs: like core_measure(), in 4/2^20 */
static u64 fill_cost(const struct core_search *s, u32 nr, u32 vcpus, u64 mem)
{
	const struct core_work *w = s->work;
	u64 distance = 0, spread = 0;
	u32 i, j;

	for (j = 0; j < nr; j++) {
		u64 part = mem ? div64_u64(w->set_mem[j] << 20, mem) : 0;
		u64 near = 0, pairs = 0;

		for (i = 0; i < nr; i++) {
			u32 there = core_distance(s->topo, w->set[i],
						  w->set[j]);

			near += (u64)w->set_cpu[i] * there;
			pairs += (u64)w->set_cpu[i] * there;
		}
		distance += near * part;
		pairs -= w->set_cpu[j] ?
			 core_distance(s->topo, w->set[j], w->set[j]) : 0;
		spread += w->set_cpu[j] * pairs;
	}
	distance = div64_u64(3 * distance, vcpus);
	if (vcpus > 1)
		distance += div64_u64(spread << 20, (u64)vcpus * (vcpus - 1));
	return distance;
}

/* Fills the set in its order: CPUs, or memory */
static void begin_fill(struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		       const u32 *cap, const u64 *avail)
{
	struct core_work *w = s->work;
	u32 i;

	for (i = 0; i < nr; i++) {
		w->set_cpu[i] = core_part(s, vcpus, cap[w->set[i]]);
		vcpus -= w->set_cpu[i];
		w->set_mem[i] = min(mem, avail[w->set[i]]);
		mem -= w->set_mem[i];
	}
}

static bool set_holds(const struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		      const u32 *cap, const u64 *avail)
{
	u32 i;

	for (i = 0; i < nr && (vcpus || mem); i++) {
		vcpus -= core_part(s, vcpus, cap[s->work->set[i]]);
		mem -= min(mem, avail[s->work->set[i]]);
	}
	return !vcpus && !mem;
}

/**
 * core_fill_set - divide vCPUs and memory over a set of nodes
 * @s: the search; the set is the first @nr of s->work->set
 * @nr: how many nodes
 * @vcpus: vCPUs
 * @mem: memory
 * @cap: vCPUs that fit, by node
 * @avail: memory that fits, by node
 *
 * Sets s->work->set_cpu and set_mem.
 *
 * Return: false: the set is too small
 */
bool core_fill_set(struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		   const u32 *cap, const u64 *avail)
{
	struct core_work *w = s->work;
	u64 cost, least = U64_MAX;
	u32 start, round;

	if (!set_holds(s, nr, vcpus, mem, cap, avail))
		return false;
	for (start = 0; start < 2; start++) {
		begin_fill(s, nr, vcpus, mem, cap, avail);
		for (round = 0; round < 4; round++) {
			if (round || start)
				fill_cpu(s, nr, vcpus, mem, cap);
			fill_mem(s, nr, mem, avail);
			if (!filled(w, nr, vcpus, mem))
				break;
			cost = fill_cost(s, nr, vcpus, mem);
			if (cost >= least)
				break;
			least = cost;
			memcpy(w->keep_cpu, w->set_cpu, nr * sizeof(u32));
			memcpy(w->keep_mem, w->set_mem, nr * sizeof(u64));
		}
	}
	if (least == U64_MAX)
		return false;
	memcpy(w->set_cpu, w->keep_cpu, nr * sizeof(u32));
	memcpy(w->set_mem, w->keep_mem, nr * sizeof(u64));
	return true;
}

/* Share of the wanted that a node has, 0 to 2048 */
static u32 contribution(u32 vcpus, u64 mem, u32 cap, u64 avail)
{
	u32 sum = 0;

	if (vcpus)
		sum += min(cap, vcpus) * 1024 / vcpus;
	if (mem)
		sum += div64_u64(min(avail, mem) << 10, mem);
	return sum;
}

/*
 * The node to add: so large, if only @slots may be added, that as many like it
 * would suffice; then the nearest; then the largest.
 */
static u32 next_node(const struct core_search *s, u32 vcpus, u64 mem,
		     const u32 *cap, const u64 *avail, const u32 *far,
		     u32 slots)
{
	u32 j, best = CORE_NONE, best_size = 0;
	bool best_large = false;

	for (j = 0; j < s->topo->nr_nodes; j++) {
		u32 gets = min(cap[j], vcpus);
		u64 gets_mem = min(avail[j], mem);
		bool large;
		u32 size;

		if (s->work->member[j] || (!gets && !gets_mem))
			continue;
		large = (u64)gets * slots >= vcpus && gets_mem * slots >= mem;
		if (best != CORE_NONE) {
			if (large < best_large)
				continue;
			if (large == best_large && far[j] > far[best])
				continue;
		}
		size = contribution(vcpus, mem, cap[j], avail[j]);
		if (best != CORE_NONE && large == best_large &&
		    far[j] == far[best] && size <= best_size)
			continue;
		best = j;
		best_large = large;
		best_size = size;
	}
	return best;
}

static bool is_required(const struct core_search *s, u32 node)
{
	return s->req->required && core_in_set(s->req->required, node);
}

/* Takes nodes out that are not needed, those added last first. */
static u32 shrink_set(struct core_search *s, u32 nr, u32 fixed, u32 vcpus,
		      u64 mem, const u32 *cap, const u64 *avail)
{
	u16 *set = s->work->set;
	u32 i = nr;

	while (i-- > fixed && nr > 1) {
		u16 out = set[i];

		memmove(set + i, set + i + 1, (nr - i - 1) * sizeof(*set));
		if (set_holds(s, nr - 1, vcpus, mem, cap, avail)) {
			nr--;
			continue;
		}
		memmove(set + i + 1, set + i, (nr - i - 1) * sizeof(*set));
		set[i] = out;
	}
	return nr;
}

/**
 * core_grow_set - add nodes to a set until it can hold vCPUs and memory
 * @s: the search; the set is the first @nr of s->work->set
 * @nr: how many nodes it has, 1 at least; these stay
 * @vcpus: vCPUs
 * @mem: memory
 * @cap: vCPUs that fit, by node
 * @avail: memory that fits, by node
 * @most: how many nodes the set may have
 *
 * Return: how many nodes it has; 0: it cannot be
 */
u32 core_grow_set(struct core_search *s, u32 nr, u32 vcpus, u64 mem,
		  const u32 *cap, const u64 *avail, u32 most)
{
	struct core_work *w = s->work;
	u32 nodes = s->topo->nr_nodes;
	u32 *far = w->cursor;
	u32 i, j, need = vcpus, fixed = nr;
	u64 need_mem = mem;

	memset(w->member, 0, nodes);
	memset(far, 0, nodes * sizeof(*far));
	for (i = 0; i < nr; i++) {
		w->member[w->set[i]] = 1;
		need -= core_part(s, need, cap[w->set[i]]);
		need_mem -= min(need_mem, avail[w->set[i]]);
		for (j = 0; j < nodes; j++)
			far[j] += core_distance2(s->topo, w->set[i], j);
	}
	while (need || need_mem) {
		u32 next;

		if (nr >= most)
			return 0;
		next = next_node(s, need, need_mem, cap, avail, far,
				 min(most, nodes) - nr);
		if (next == CORE_NONE)
			return 0;
		w->set[nr++] = next;
		w->member[next] = 1;
		need -= core_part(s, need, cap[next]);
		need_mem -= min(need_mem, avail[next]);
		for (j = 0; j < nodes; j++)
			far[j] += core_distance2(s->topo, next, j);
	}
	return nr > fixed ? shrink_set(s, nr, fixed, vcpus, mem, cap, avail) :
			    nr;
}

/* How far the nearest node with room is */
static u32 nearest_other(const struct core_search *s, u32 node)
{
	const u16 *near = s->topo->near + (size_t)node * s->topo->nr_nodes;
	u32 i;

	for (i = 1; i < s->topo->nr_nodes; i++)
		if (s->work->cap[near[i]] || s->work->mem[near[i]])
			return core_distance2(s->topo, node, near[i]);
	return 2 * 255;
}

/**
 * core_order_seeds - nodes to begin a search at, the most promising first
 * @s: the search; sets s->work->seed, ended by 0xffff
 */
void core_order_seeds(struct core_search *s)
{
	struct core_work *w = s->work;
	u32 i, at, nr = 0;

	for (i = 0; i < s->topo->nr_nodes; i++) {
		u64 key;
		u32 has;

		if (!w->cap[i] && !w->mem[i])
			continue;
		has = contribution(s->req->vcpus, s->req->mem, w->cap[i],
				   w->mem[i]);
		key = (2049 - min(has, 2048u)) *
		      (u64)max(nearest_other(s, i), 21u);
		if (nr == MAX_SEEDS && key >= w->key[nr - 1])
			continue;
		at = nr < MAX_SEEDS ? nr++ : nr - 1;
		for (; at && w->key[at - 1] > key; at--) {
			w->key[at] = w->key[at - 1];
			w->seed[at] = w->seed[at - 1];
		}
		w->key[at] = key;
		w->seed[at] = i;
	}
	w->seed[nr] = 0xffff;
}

static u64 fill_effort(u32 nr)
{
	return 2000 + 250 * (u64)nr * nr;
}

/* Tries the set as it is. */
static bool offer_set(struct core_search *s, u32 nr, u32 seed)
{
	struct core_work *w = s->work;
	u32 i;

	if (!core_fill_set(s, nr, s->req->vcpus, s->req->mem, w->cap, w->mem))
		return false;
	s->cur->nr_chunks = 0;
	for (i = 0; i < nr; i++)
		if (!core_add_chunk(s, 0, w->set[i], w->set_cpu[i],
				    w->set_mem[i]))
			return false;
	return core_offer(s, seed);
}

/* The nodes that must be used begin each set. */
static u32 begin_set(struct core_search *s, u32 seed)
{
	u32 i, nr = 0;

	for (i = 0; s->nr_required && i < s->topo->nr_nodes; i++)
		if (is_required(s, i))
			s->work->set[nr++] = i;
	if (seed != CORE_NONE && !is_required(s, seed) && nr < s->span)
		s->work->set[nr++] = seed;
	return nr;
}

/*
 * The best set with one node exchanged for another that is not farther from
 * the rest; true if that is better.
 */
static bool exchange(struct core_search *s, u64 *effort)
{
	struct core_work *w = s->work;
	u32 nr = s->best->nr_chunks;
	u32 i, j, t, out;

	for (t = 0; t < nr; t++) {
		out = s->best->chunk[t].node;
		if (is_required(s, out))
			continue;
		for (j = 0; j < s->topo->nr_nodes; j++) {
			int nearer = 0;
			bool inside = false;

			if (!w->cap[j] && !w->mem[j])
				continue;
			if (*effort > MAX_EXCHANGE)
				return false;
			*effort += 40 * nr;
			for (i = 0; i < nr; i++) {
				u32 node = s->best->chunk[i].node;

				inside |= node == j;
				w->set[i] = i == t ? j : node;
				if (i != t)
					nearer += core_distance2(s->topo, out,
								 node) -
						  core_distance2(s->topo, j,
								 node);
			}
			if (inside || nearer < 0 ||
			    !set_holds(s, nr, s->req->vcpus, s->req->mem,
				       w->cap, w->mem))
				continue;
			*effort += fill_effort(nr);
			if (offer_set(s, nr, w->set[0]))
				return true;
		}
	}
	return false;
}

/* The nodes that have most of what is wanted, by a price for each of the two */
static void priced_set(struct core_search *s, u32 price)
{
	struct core_work *w = s->work;
	u32 i, nr;

	memset(w->member, 0, s->topo->nr_nodes);
	nr = begin_set(s, CORE_NONE);
	for (i = 0; i < nr; i++)
		w->member[w->set[i]] = 1;
	for (; nr < s->span; nr++) {
		u32 best = CORE_NONE, best_size = 0;

		for (i = 0; i < s->topo->nr_nodes; i++) {
			u32 size = price * contribution(s->req->vcpus, 0,
							w->cap[i], 0) +
				   (16 - price) * contribution(0, s->req->mem,
							       0, w->mem[i]);

			if (!w->member[i] && size > best_size) {
				best = i;
				best_size = size;
			}
		}
		if (best == CORE_NONE)
			break;
		w->member[best] = 1;
		w->set[nr] = best;
	}
	nr = shrink_set(s, nr, s->nr_required, s->req->vcpus, s->req->mem,
			w->cap, w->mem);
	offer_set(s, nr, w->set[0]);
}

/**
 * core_search_sets - place a VM without virtual nodes on several nodes
 * @s: the search; core_order_seeds() was called
 */
void core_search_sets(struct core_search *s)
{
	struct core_work *w = s->work;
	u64 effort = 0;
	u32 i, nr;

	for (i = 0; w->seed[i] != 0xffff; i++) {
		if (effort > MAX_EFFORT && s->found)
			break;
		nr = begin_set(s, w->seed[i]);
		nr = core_grow_set(s, nr, s->req->vcpus, s->req->mem, w->cap,
				   w->mem, s->span);
		effort += fill_effort(nr) + 100 * (u64)nr * s->topo->nr_nodes;
		if (nr)
			offer_set(s, nr, w->seed[i]);
	}
	for (i = 0; i <= 16 && !s->found; i++)
		priced_set(s, i);
	effort = 0;
	for (i = 0; s->found && i < MAX_ROUNDS && exchange(s, &effort); i++)
		;
}
