// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl explain - the places that were considered, in words
 */
#include <inttypes.h>
#include <stdio.h>

#include "explain.h"

/* A part of the cost, and what is so bad about it */
struct part {
	const char *name;
	unsigned int cost;
	const char *why;
};

#define NR_PARTS	6

static unsigned int left_over(const struct vcpunuma_candidate *c)
{
	return c->left_cpus + c->left_mem;
}

static void split(const struct vcpunuma_candidate *c, struct part *part)
{
	const struct part parts[NR_PARTS] = {
		{ "distance", c->distance, "its CPUs and memory are farther apart" },
		{ "left over", left_over(c), "more of it would be left unused" },
		{ "load", c->load, "its CPUs have more vCPUs" },
		{ "nearness", c->near, "it is farther from what it is to be near to" },
		{ "caches", c->llc, "it would use more last level caches" },
		{ "affinity", c->affinity, "the VMs it is to be with are elsewhere" },
	};
	unsigned int i;

	for (i = 0; i < NR_PARTS; i++)
		part[i] = parts[i];
}

static void print_cost(const struct vcpunuma_candidate *c)
{
	struct part part[NR_PARTS];
	const char *sep = " =";
	unsigned int i;

	printf("cost %u", c->cost);
	split(c, part);
	for (i = 0; i < NR_PARTS; i++) {
		if (!part[i].cost)
			continue;
		printf("%s %s %u", sep, part[i].name, part[i].cost);
		sep = " +";
	}
}

/* What costs most more than with the chosen one */
static void print_why_worse(const struct vcpunuma_candidate *c,
			    const struct vcpunuma_candidate *chosen)
{
	struct part mine[NR_PARTS], best[NR_PARTS];
	unsigned int i, most = 0, worst = 0;

	if (c->cost <= chosen->cost) {
		printf(": as good as the chosen one, which was found first\n");
		return;
	}
	split(c, mine);
	split(chosen, best);
	for (i = 0; i < NR_PARTS; i++) {
		if (mine[i].cost <= best[i].cost ||
		    mine[i].cost - best[i].cost <= most)
			continue;
		most = mine[i].cost - best[i].cost;
		worst = i;
	}
	printf(": %u more than the chosen one, above all because %s\n",
	       c->cost - chosen->cost, mine[worst].why);
}

static const struct vcpunuma_candidate *
find_chosen(const struct vcpunuma_explanation *e)
{
	const struct vcpunuma_candidate *c;
	unsigned int i;

	for (i = 0; (c = vcpunuma_explanation_candidate(e, i)); i++)
		if (c->verdict == VCPUNUMA_CHOSEN)
			return c;
	return NULL;
}

static unsigned int flags_of(const struct vcpunuma_explanation *e,
			     unsigned int node)
{
	const struct vcpunuma_explain_node *n;
	unsigned int i;

	for (i = 0; (n = vcpunuma_explanation_node(e, i)); i++)
		if (n->node == node)
			return n->flags;
	return 0;
}

static void print_short(const struct vcpunuma_candidate *c)
{
	printf("too small by itself:");
	if (c->vcpus_short)
		printf(" no CPUs for %u vCPUs", c->vcpus_short);
	if (c->vcpus_short && c->mem_short)
		printf(" and");
	if (c->mem_short)
		printf(" %" PRIu64 " MiB short", (uint64_t)c->mem_short >> 20);
	if (!c->vcpus_short && !c->mem_short)
		printf(" other nodes must be used too");
	printf("\n");
}

static void print_candidate(const struct vcpunuma_explanation *e,
			    const struct vcpunuma_candidate *c,
			    const struct vcpunuma_candidate *chosen)
{
	printf("  node %u", c->node);
	if (c->nr_nodes > 1)
		printf(" and %u more", c->nr_nodes - 1);
	printf(": ");
	if (c->verdict == VCPUNUMA_FORBIDDEN) {
		printf(flags_of(e, c->node) & VCPUNUMA_EXPLAIN_APART ?
		       "not allowed, a VM to be apart from is there\n" :
		       "not allowed by the request or the cpuset\n");
	} else if (!c->nr_nodes) {
		print_short(c);
	} else if (c->verdict == VCPUNUMA_CHOSEN) {
		printf("chosen, ");
		print_cost(c);
		printf("\n");
	} else {
		print_cost(c);
		if (chosen)
			print_why_worse(c, chosen);
		else
			printf(": large enough, but CPUs do not divide as asked\n");
	}
}

void print_candidates(const struct vcpunuma_explanation *e)
{
	const struct vcpunuma_candidate *chosen = find_chosen(e);
	const struct vcpunuma_candidate *c;
	unsigned int i;

	for (i = 0; (c = vcpunuma_explanation_candidate(e, i)); i++)
		print_candidate(e, c, chosen);
}
