// SPDX-License-Identifier: GPL-2.0
/*
 * Calls about nodes: where pages are, the policy of a mapping, moving pages.
 * (Where pages are by policies: memmodel.c.)
 */
#include "kselftest_harness.h"
#include "calls.h"

#include <linux/mempolicy.h>
#include <stdlib.h>

CALLS_FIXTURE;

/* Nodes as these calls want them */
struct nodes {
	unsigned long mask[VN_NODES / 64];
};

static struct nodes node_mask(int node)
{
	struct nodes n = {};

	n.mask[node / 64] = 1UL << node % 64;
	return n;
}

static int other_node(int node)
{
	int first = vn_set_first(&vn_host()->has_memory);

	return first == node ? -1 : first;
}

static void saw_where(struct calls_on *on, const char *call)
{
	const char *wrong = vn_misplaced(on->at, CALLS_LENGTH, on->node);

	saw_text(on, call, "%s", *wrong ? wrong : "its node");
}

static long move(void *at, int node, int flags, int *status)
{
	*status = -1000;
	return RESULT(syscall(__NR_move_pages, 0, 1, &at,
			      node < 0 ? NULL : &node, status, flags));
}

static void saw_status(struct calls_on *on, const char *call, long ret,
		       int status)
{
	saw_text(on, call, "%ld, %s", ret, status == on->node ? "its node" :
		 status >= 0 ? "another node" : status == -1000 ? "unknown" :
		 strerrorname_np(-status));
}

CALLS(move_pages)
{
	int other = other_node(on->node);
	int status;
	long ret;

	ret = move(on->at, -1, 0, &status);
	saw_status(on, "move_pages asks what is not there", ret, status);
	calls_fill(on->at, CALLS_LENGTH);
	ret = move(on->at, -1, 0, &status);
	saw_status(on, "move_pages asks", ret, status);
	ret = move(on->at + PAGE_2M + 5 * PAGE_4K, -1, 0, &status);
	saw_status(on, "move_pages asks within a page", ret, status);
	ret = move(on->at, on->node, MPOL_MF_MOVE, &status);
	saw_status(on, "move_pages to where it is", ret, status);
	if (other < 0)
		return;
	ret = move(on->at, other, MPOL_MF_MOVE, &status);
	saw_status(on, "move_pages", ret, status);
	ret = move(on->at + PAGE_2M, other, MPOL_MF_MOVE_ALL, &status);
	saw_status(on, "move_pages(MPOL_MF_MOVE_ALL)", ret, status);
	saw_text(on, "move_pages: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

CALLS(migrate_pages)
{
	int other = other_node(on->node);
	struct nodes from = node_mask(on->node), to;
	int status;
	long ret;

	calls_fill(on->at, CALLS_LENGTH);
	if (other < 0)
		return;
	to = node_mask(other);
	syscall(__NR_migrate_pages, 0, VN_NODES, &from, &to);
	ret = move(on->at, -1, 0, &status);
	saw_status(on, "migrate_pages: where it is then", ret, status);
	saw_text(on, "migrate_pages: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

/* get_mempolicy(2) of an address */
static void saw_policy(struct calls_on *on, const char *call, char *at)
{
	struct nodes nodes = {};
	int policy = -1;
	long ret = RESULT(syscall(__NR_get_mempolicy, &policy, &nodes,
				  VN_NODES, at, MPOL_F_ADDR));
	struct nodes own = node_mask(on->node), none = {};

	saw_text(on, call, "%ld, policy %d, %s", ret, policy,
		 !memcmp(&nodes, &own, sizeof(own)) ? "its node" :
		 !memcmp(&nodes, &none, sizeof(none)) ? "no nodes" :
		 "other nodes");
}

CALLS(get_mempolicy)
{
	int node = -1;
	long ret;

	calls_fill(on->at, PAGE_2M);
	ret = RESULT(syscall(__NR_get_mempolicy, &node, NULL, 0, on->at,
			     MPOL_F_NODE | MPOL_F_ADDR));
	saw_status(on, "get_mempolicy(MPOL_F_NODE)", ret, node);
	ret = RESULT(syscall(__NR_get_mempolicy, &node, NULL, 0,
			     on->at + 2 * PAGE_2M, MPOL_F_NODE | MPOL_F_ADDR));
	saw_status(on, "get_mempolicy(MPOL_F_NODE) of what is not there",
		   ret, node);
	saw_policy(on, "get_mempolicy(MPOL_F_ADDR)", on->at);
}

static long bind_to(char *at, size_t length, int policy, int node, int flags)
{
	struct nodes nodes = node_mask(node < 0 ? 0 : node);

	return RESULT(syscall(__NR_mbind, at, length, policy,
			      node < 0 ? NULL : &nodes, node < 0 ? 0 : VN_NODES,
			      flags));
}

CALLS(mbind)
{
	saw(on, "mbind(MPOL_BIND)",
	    bind_to(on->at, CALLS_LENGTH, MPOL_BIND, on->node, 0));
	saw_policy(on, "mbind(MPOL_BIND): get_mempolicy", on->at + PAGE_2M);
	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "mbind(MPOL_BIND): pages", calls_allocated(on));
	saw_where(on, "mbind(MPOL_BIND): where they are");
	saw(on, "mbind(MPOL_PREFERRED)",
	    bind_to(on->at, CALLS_LENGTH, MPOL_PREFERRED, on->node, 0));
	saw_policy(on, "mbind(MPOL_PREFERRED): get_mempolicy", on->at);
	saw(on, "mbind(MPOL_PREFERRED_MANY)",
	    bind_to(on->at, CALLS_LENGTH, 5, on->node, 0));
	saw_policy(on, "mbind(MPOL_PREFERRED_MANY): get_mempolicy", on->at);
	saw(on, "mbind(MPOL_INTERLEAVE)",
	    bind_to(on->at, CALLS_LENGTH, MPOL_INTERLEAVE, on->node, 0));
	saw_policy(on, "mbind(MPOL_INTERLEAVE): get_mempolicy", on->at);
	saw(on, "mbind(MPOL_LOCAL)",
	    bind_to(on->at, CALLS_LENGTH, MPOL_LOCAL, -1, 0));
	saw_policy(on, "mbind(MPOL_LOCAL): get_mempolicy", on->at);
	saw_text(on, "mbind: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

CALLS(mbind_rules)
{
	saw(on, "mbind of 2 MiB",
	    bind_to(on->at + PAGE_2M, PAGE_2M, MPOL_BIND, on->node, 0));
	saw(on, "mbind of 4 KiB",
	    bind_to(on->at + PAGE_4K, PAGE_4K, MPOL_BIND, on->node, 0));
	saw(on, "mbind to no node",
	    bind_to(on->at, PAGE_2M, MPOL_BIND, -1, 0));
	saw(on, "mbind to a node that is not there",
	    bind_to(on->at, PAGE_2M, MPOL_BIND, vn_absent_node(), 0));
	saw(on, "mbind of an unknown policy",
	    bind_to(on->at, PAGE_2M, 100, on->node, 0));
	saw(on, "mbind(MPOL_F_STATIC_NODES)",
	    bind_to(on->at, PAGE_2M, MPOL_BIND | MPOL_F_STATIC_NODES,
		    on->node, 0));
	munmap(on->at + PAGE_2M, PAGE_2M);
	saw(on, "mbind over a hole",
	    bind_to(on->at, CALLS_LENGTH, MPOL_BIND, on->node, 0));
}

/* Of pages that are elsewhere */
CALLS(mbind_moves)
{
	int other = other_node(on->node);

	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "mbind(MPOL_MF_STRICT) to where it is",
	    bind_to(on->at, CALLS_LENGTH, MPOL_BIND, on->node,
		    MPOL_MF_STRICT));
	if (other < 0)
		return;
	saw(on, "mbind(MPOL_MF_STRICT) to another node",
	    bind_to(on->at, CALLS_LENGTH, MPOL_BIND, other, MPOL_MF_STRICT));
	saw(on, "mbind(MPOL_MF_MOVE) to another node",
	    bind_to(on->at, CALLS_LENGTH, MPOL_BIND, other, MPOL_MF_MOVE));
	saw(on, "mbind(MPOL_MF_MOVE and MPOL_MF_STRICT) to another node",
	    bind_to(on->at, CALLS_LENGTH, MPOL_BIND, other,
		    MPOL_MF_MOVE | MPOL_MF_STRICT));
	saw_text(on, "mbind(MPOL_MF_MOVE): content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

/* The first word of the mapping's line, and its pages in all */
static void saw_numa_maps(struct calls_on *on, const char *call)
{
	char start[32], word[64] = "no line";
	FILE *f = fopen("/proc/self/numa_maps", "re");
	char line[1024];
	long pages = 0;

	snprintf(start, sizeof(start), "%lx ", (unsigned long)on->at);
	while (f && fgets(line, sizeof(line), f)) {
		char *p;

		if (strncmp(line, start, strlen(start)))
			continue;
		if (sscanf(line, "%*s %63s", word) != 1)
			continue;
		for (p = strstr(line, " N"); p; p = strstr(p + 1, " N"))
			pages += atol(strchr(p, '=') + 1);
	}
	if (f)
		fclose(f);
	/* The node's number is that of the host. */
	if (strchr(word, ':'))
		strchr(word, ':')[0] = 0;
	saw_text(on, call, "%s, %ld pages", word, pages);
}

CALLS(numa_maps)
{
	saw_numa_maps(on, "numa_maps of what is not there");
	calls_fill(on->at, CALLS_LENGTH);
	saw_numa_maps(on, "numa_maps");
	bind_to(on->at, CALLS_LENGTH, MPOL_PREFERRED, on->node, 0);
	saw_numa_maps(on, "numa_maps after mbind(MPOL_PREFERRED)");
}

CALLS(home_node)
{
	bind_to(on->at, CALLS_LENGTH, MPOL_BIND, on->node, 0);
	saw(on, "set_mempolicy_home_node",
	    RESULT(syscall(450, (unsigned long)on->at, CALLS_LENGTH, on->node,
			   0)));
	saw_policy(on, "set_mempolicy_home_node: get_mempolicy", on->at);
}

/* The process' own policy is not asked where the mapping has one. */
CALLS(set_mempolicy)
{
	struct nodes nodes = node_mask(on->node);

	saw(on, "set_mempolicy",
	    RESULT(syscall(__NR_set_mempolicy, MPOL_BIND, &nodes, VN_NODES)));
	calls_fill(on->at, CALLS_LENGTH);
	saw_where(on, "set_mempolicy: where pages are");
	syscall(__NR_set_mempolicy, MPOL_DEFAULT, NULL, 0);
}

TEST_HARNESS_MAIN
