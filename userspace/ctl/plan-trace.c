// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl plan - the events of a trace, and their answers
 */
#include <inttypes.h>
#include <string.h>

#include "plan.h"

static const char *const policies[CORE_CPU_POLICIES] = {
	[CORE_SHARED] = "shared",
	[CORE_PREFER] = "prefer",
	[CORE_ISOLATE] = "isolate",
	[CORE_REQUIRE] = "require",
};

const char *plan_reason(uint32_t reason)
{
	static const char *const text[CORE_REASONS] = {
		[CORE_FITS] = "nothing",
		[CORE_NO_CPUS] = "CPUs",
		[CORE_NO_MEMORY] = "memory",
		[CORE_SPAN] = "room within the span",
		[CORE_STRICT] = "nodes for whole virtual nodes",
		[CORE_REMOTE] = "local memory",
		[CORE_SETS] = "nodes that are allowed",
		[CORE_CORES] = "whole cores",
		[CORE_TOO_MANY] = "room for the answer",
	};

	return text[reason];
}

static void print_place(const struct plan_vms *vms, uint32_t place)
{
	uint32_t where = place & ~CORE_ON_MASK;

	switch (place & CORE_ON_MASK) {
	case CORE_ON_NODE:
		printf("n%u", where);
		break;
	case CORE_ON_GROUP:
		printf("l%u", vms->topo.group[where].llc);
		break;
	default:
		printf("%u", vms->topo.cpu[where].id);
	}
}

void plan_print(const struct plan_vms *vms, const char *verb, const char *id,
		const struct core_plan *plan)
{
	uint32_t i, vnode = 0;
	const char *sep = "";

	printf("%s %s cpu:", verb, id);
	for (i = 0; i < plan->vcpus; i++) {
		if (i)
			putchar(',');
		print_place(vms, plan->place[i]);
	}
	printf(" mem ");
	for (i = 0; i < plan->nr_chunks; i++) {
		if (plan->chunk[i].vnode != vnode) {
			vnode = plan->chunk[i].vnode;
			sep = "/";
		}
		if (!plan->chunk[i].mem)
			continue;
		printf("%s%u=%" PRIu64, sep, plan->chunk[i].node,
		       plan->chunk[i].mem);
		sep = ",";
	}
	putchar('\n');
}

static void print_moves(struct plan_vms *vms)
{
	const struct core_repack *r = &vms->repack;
	uint32_t i;

	for (i = 0; i < r->nr_moves; i++)
		plan_print(vms, "move", vms->id[r->move[i].vm],
			   r->move[i].plan);
	plan_vms_settle(vms);
}

static int read_option(struct plan_vms *vms, struct plan_input *in,
		       const char *word, struct core_request *req)
{
	uint64_t value;
	uint32_t i;

	if (!strcmp(word, "strict")) {
		req->strict = true;
		return 0;
	}
	if (!strncmp(word, "span=", 5)) {
		if (!plan_number(word + 5, UINT32_MAX, &value) || !value)
			return plan_bad(in, "not a span: %.40s", word);
		req->span = value;
		return 0;
	}
	if (!strncmp(word, "dev=", 4)) {
		/* Being near is a wish: without the device all nodes are. */
		for (i = 0; i < vms->host->nr_devices; i++)
			if (!strcmp(vms->host->device[i].name, word + 4))
				req->near = vms->host->device[i].node;
		return 0;
	}
	return plan_bad(in, "what is this: %.40s", word);
}

static int read_request(struct plan_vms *vms, struct plan_input *in,
			struct core_request *req)
{
	uint64_t vcpus, mem, vnodes;
	uint32_t i, policy;

	if (in->nr_words < 6)
		return plan_bad(in, "expected: arrive ID VCPUS MIB VNODES POLICY");
	if (!plan_number(in->word[2], CORE_MAX_VCPUS, &vcpus) || !vcpus)
		return plan_bad(in, "not a number of vCPUs of 1 to %d: %.40s",
				CORE_MAX_VCPUS, in->word[2]);
	if (!plan_number(in->word[3], CORE_MAX_MEM - 1, &mem) || !mem)
		return plan_bad(in, "not an amount of memory: %.40s",
				in->word[3]);
	if (!plan_number(in->word[4], CORE_MAX_VNODES, &vnodes) ||
	    vnodes > vcpus || vnodes > mem)
		return plan_bad(in, "not a number of virtual nodes: %.40s",
				in->word[4]);
	for (policy = 0; policy < CORE_CPU_POLICIES; policy++)
		if (!strcmp(in->word[5], policies[policy]))
			break;
	if (policy == CORE_CPU_POLICIES)
		return plan_bad(in, "not a policy: %.40s", in->word[5]);

	*req = plan_vms_request(vms);
	req->vcpus = vcpus;
	req->mem = mem;
	req->vnodes = vnodes ? vnodes : 1;
	req->cpu_policy = policy;
	for (i = 6; i < in->nr_words; i++)
		if (read_option(vms, in, in->word[i], req))
			return -1;
	return 0;
}

static int arrive(struct plan_vms *vms, struct plan_input *in)
{
	struct core_request req;
	const char *id;

	if (read_request(vms, in, &req))
		return -1;
	id = in->word[1];
	if (plan_vms_find(vms, id) >= 0)
		return plan_bad(in, "%.40s runs already", id);
	if (plan_vms_arrive(vms, id, &req)) {
		print_moves(vms);
		plan_print(vms, "place", id, vms->plan);
	} else {
		printf("reject %s\n", id);
	}
	return 0;
}

static int event(struct plan_vms *vms, struct plan_input *in)
{
	const char *what = in->word[0];
	uint64_t budget;
	int index;

	if (!strcmp(what, "arrive"))
		return arrive(vms, in);
	if (!strcmp(what, "depart")) {
		if (in->nr_words != 2)
			return plan_bad(in, "expected: depart ID");
		index = plan_vms_find(vms, in->word[1]);
		if (index >= 0)
			plan_vms_depart(vms, index);
		return 0;
	}
	if (!strcmp(what, "rebalance")) {
		if (in->nr_words != 2 ||
		    !plan_number(in->word[1], UINT64_MAX / 16, &budget))
			return plan_bad(in, "expected: rebalance MIB");
		plan_vms_rebalance(vms, budget);
		print_moves(vms);
		puts("done");
		return 0;
	}
	return plan_bad(in, "what is this: %.40s", what);
}

int plan_trace(struct plan_vms *vms, struct plan_input *in)
{
	unsigned int nr = 0;
	int ret;

	while ((ret = plan_read(in)) > 0) {
		/* A trace may have the line that separates it on stdin. */
		if (!nr++ && !strcmp(in->word[0], "trace"))
			continue;
		if (event(vms, in))
			return -1;
		if (fflush(stdout))
			return 0;	/* main() reports it */
	}
	return ret;
}
