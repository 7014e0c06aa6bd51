/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of memory objects: what each page holds, whether it is there, and on
 * which node it has to be. In plain user memory, and as simple as can be.
 */
#ifndef SELFTESTS_MODEL_H
#define SELFTESTS_MODEL_H

#include "lib.h"

#define MODEL_UNITS	4		/* pages of 2 MiB of an object, at most */
#define MODEL_PAGES	(MODEL_UNITS * 512)
#define MODEL_RANGES	4
#define MODEL_TURNS	8
#define MODEL_NODES	64

/* Where pages go first: all there is, in this test, as nodes have memory. */
enum model_home {
	MODEL_NODE,		/* the first of the nodes */
	MODEL_NEAR,		/* the nearest of the nodes to the caller */
	MODEL_TURN,		/* the nodes in turn, by weight */
};

struct model_policy {
	enum model_home home;
	__u64 nodes;
	int first;		/* page from which turns are counted */
	int nr_turns;
	struct {
		int node;
		int weight;
	} turn[MODEL_TURNS];
};

/* Two words of each page are looked at. */
struct model_page {
	__u64 word[2];
	struct model_policy created;
	struct model_policy mbind;
	bool has_mbind;
};

/* An object; pages are counted in 4 KiB */
struct model {
	int shift;
	int nr_pages;
	int unit;		/* pages that are allocated at once */
	int node[MODEL_PAGES];	/* by unit: where it is, -1: not there */
	struct model_page page[MODEL_PAGES];
};

void model_init(struct model *m, int shift, int nr_pages);
int model_units(const struct model *m);
/* Byte offset within the object of the word @w of a page. */
size_t model_at(int page, int w);
/* The node a page would be allocated on by a caller that runs on @local. */
int model_home(const struct model *m, int page, int local);
/* Pages [from, to) are touched, or asked for. */
void model_allocate(struct model *m, int from, int to, int local);
/* Bytes [from, to) are punched. */
void model_punch(struct model *m, size_t from, size_t to);
/* The nearest of a set of nodes. */
int model_nearest(__u64 nodes, int local);
/* Bytes that have to be on a node. */
__u64 model_bytes(const struct model *m, int node);

#endif /* SELFTESTS_MODEL_H */
