// SPDX-License-Identifier: GPL-2.0
/*
 * A model of memory objects, see model.h.
 */
#include "model.h"

void model_init(struct model *m, int shift, int nr_pages)
{
	memset(m, 0, sizeof(*m));
	m->shift = shift;
	m->nr_pages = nr_pages;
	m->unit = 1 << (shift - 12);
	for (int u = 0; u < model_units(m); u++)
		m->node[u] = -1;
}

int model_units(const struct model *m)
{
	return m->nr_pages / m->unit;
}

size_t model_at(int page, int w)
{
	return page * PAGE_4K + (w ? 8 + page * 37 % 510 * 8 : 0);
}

int model_nearest(__u64 nodes, int local)
{
	const struct vn_set *online = &vn_host()->online;
	unsigned int distance[MODEL_NODES];
	unsigned int best_distance = 0;
	int node, i = 0, best = -1;

	if (nodes >> local & 1)
		return local;
	vn_distances(local, distance, MODEL_NODES);
	for (node = -1; vn_set_step(online, &node); i++) {
		if (!(nodes >> node & 1))
			continue;
		if (best < 0 || distance[i] < best_distance) {
			best = node;
			best_distance = distance[i];
		}
	}
	return best;
}

static int turn_of(const struct model *m, const struct model_policy *p,
		   int page)
{
	int nr = (page - p->first) / m->unit;

	for (int i = 0; p->nr_turns; i = (i + 1) % p->nr_turns) {
		if (nr < p->turn[i].weight)
			return p->turn[i].node;
		nr -= p->turn[i].weight;
	}
	return -1;
}

int model_home(const struct model *m, int page, int local)
{
	/* The first byte of what is allocated says where. */
	const struct model_page *of = &m->page[page / m->unit * m->unit];
	const struct model_policy *p = of->has_mbind ? &of->mbind :
				       &of->created;

	switch (p->home) {
	case MODEL_NODE:
		return __builtin_ctzll(p->nodes);
	case MODEL_NEAR:
		return model_nearest(p->nodes, local);
	default:
		return turn_of(m, p, page / m->unit * m->unit);
	}
}

void model_allocate(struct model *m, int from, int to, int local)
{
	for (int u = from / m->unit; u * m->unit < to; u++)
		if (m->node[u] < 0)
			m->node[u] = model_home(m, u * m->unit, local);
}

void model_punch(struct model *m, size_t from, size_t to)
{
	size_t unit = m->unit * PAGE_4K;

	for (int page = 0; page < m->nr_pages; page++)
		for (int w = 0; w < 2; w++)
			if (model_at(page, w) >= from &&
			    model_at(page, w) + sizeof(__u64) <= to)
				m->page[page].word[w] = 0;
	for (int u = 0; u < model_units(m); u++)
		if (from <= u * unit && (u + 1) * unit <= to)
			m->node[u] = -1;
}

__u64 model_bytes(const struct model *m, int node)
{
	__u64 bytes = 0;

	for (int u = 0; u < model_units(m); u++)
		if (m->node[u] == node)
			bytes += 1ULL << m->shift;
	return bytes;
}
