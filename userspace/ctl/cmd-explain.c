// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl explain - why a VM is where it is, or nowhere
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <vcpunuma.h>

#include "ctl.h"
#include "explain.h"
#include "words.h"

int for_each_vm(const struct vcpunuma_vm *vm,
		int (*each)(const struct vcpunuma_explanation *e, void *arg),
		void *arg)
{
	unsigned int own = 0, id = 0;
	int status = 0;

	while (!status) {
		struct vcpunuma_explanation *e =
			vcpunuma_explain(vm, id, id ? VCPUNUMA_EXPLAIN_NEXT : 0);

		if (!e && errno == ENOENT)
			return 0;
		if (!e)
			return error_errno(errno, explain(errno), "list VMs");
		/* The first is the own one: it only asks. */
		if (!own) {
			own = vcpunuma_explanation_record(e)->out_vm;
			id = 1;
		} else {
			id = vcpunuma_explanation_record(e)->out_vm + 1;
			if (id != own + 1)
				status = each(e, arg);
		}
		vcpunuma_explanation_free(e);
	}
	return status;
}

static void print_head(const struct vcpunuma_cmd_explain *r)
{
	time_t seconds = (time_t)(r->out_time / 1000000000);
	char when[32] = "?";
	struct tm tm;

	printf("VM %u", r->out_vm);
	if (*r->out_name)
		printf(" (%s)", r->out_name);
	if (r->out_pid)
		printf(", pid %d", r->out_pid);
	if (r->out_outcome == VCPUNUMA_OUTCOME_NONE) {
		printf(": no reservation has been asked for\n");
		return;
	}
	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf(": %s\n", word_for_outcome(r->out_outcome));
	printf("Decision %" PRIu64 ", %s, on generation %" PRIu64
	       " of the ledger, made %u time%s\n",
	       (uint64_t)r->out_decision, when, (uint64_t)r->out_generation,
	       r->out_tries, r->out_tries == 1 ? "" : "s");
}

static void print_near(const struct vcpunuma_cmd_explain *r)
{
	unsigned int at = r->out_near;

	if (r->out_flags & VCPUNUMA_RESERVE_NEAR_NODE) {
		printf(", near node %u", at);
		return;
	}
	if (!(r->out_flags & VCPUNUMA_RESERVE_NEAR_PCI))
		return;
	printf(", near PCI device %04x:%02x:%02x.%x", at >> 16, at >> 8 & 0xff,
	       at >> 3 & 0x1f, at & 7);
	if (r->out_near_node != VCPUNUMA_NONE)
		printf(" (node %u)", r->out_near_node);
	else
		printf(" (which is near no node)");
}

/* ", what: 0,2-3": the nodes whose flags have, or have not, one */
static void print_nodes(const struct vcpunuma_explanation *e, const char *what,
			unsigned int flag)
{
	unsigned int i, first = VCPUNUMA_NONE, last = VCPUNUMA_NONE;
	const struct vcpunuma_explain_node *n;
	const char *sep = " ";

	for (i = 0; (n = vcpunuma_explanation_node(e, i)); i++) {
		if (!(n->flags & flag))
			continue;
		if (first != VCPUNUMA_NONE && n->node == last + 1) {
			last = n->node;
			continue;
		}
		if (first == VCPUNUMA_NONE)
			printf(", %s", what);
		else if (last != first)
			printf("-%u", last);
		printf("%s%u", sep, n->node);
		sep = ",";
		first = n->node;
		last = n->node;
	}
	if (first != VCPUNUMA_NONE && last != first)
		printf("-%u", last);
}

static void print_request(const struct vcpunuma_explanation *e)
{
	const struct vcpunuma_cmd_explain *r = vcpunuma_explanation_record(e);

	printf("Asked for: %u vCPUs with %s, %" PRIu64 " MiB, %s",
	       r->out_nr_vcpus, word_for_cpu_policy(r->out_cpu_policy),
	       (uint64_t)r->out_mem >> 20, word_for_policy(r->out_policy));
	if (r->out_nr_vnodes)
		printf(", %u virtual nodes", r->out_nr_vnodes);
	if (r->out_flags & VCPUNUMA_RESERVE_STRICT)
		printf(", each whole on a node of its own");
	if (r->out_min_local)
		printf(", at least %u %% of memory local", r->out_min_local);
	if (r->out_max_nodes)
		printf(", at most %u nodes", r->out_max_nodes);
	print_near(r);
	print_nodes(e, r->out_flags & VCPUNUMA_RESERVE_REQUIRED ?
		    "on each of nodes" : "on nodes", VCPUNUMA_EXPLAIN_ALLOWED);
	print_nodes(e, "with VMs on nodes", VCPUNUMA_EXPLAIN_WITH);
	print_nodes(e, "apart from VMs on nodes", VCPUNUMA_EXPLAIN_APART);
	if (r->out_flags & VCPUNUMA_RESERVE_BEYOND)
		printf(", free to have more than that");
	printf("\n");
}

static void print_refusal(const struct vcpunuma_cmd_explain *r)
{
	printf("Refused: %s", word_for_reason(r->out_reason));
	if (r->out_vcpus_short)
		printf(", no CPUs for %u vCPUs", r->out_vcpus_short);
	if (r->out_mem_short)
		printf(", %" PRIu64 " MiB short",
		       (uint64_t)r->out_mem_short >> 20);
	if (r->out_node != VCPUNUMA_NONE)
		printf("; node %u comes nearest", r->out_node);
	printf("\n");
}

static void print_answer(const struct vcpunuma_explanation *e)
{
	const struct vcpunuma_cmd_explain *r = vcpunuma_explanation_record(e);
	const struct vcpunuma_explain_node *n;
	unsigned int i;

	if (r->out_outcome == VCPUNUMA_OUTCOME_REFUSED) {
		print_refusal(r);
		return;
	}
	printf("Answer: %u virtual node%s, mean distance to memory %u.%u (10 is local), %u %% of memory local\n",
	       r->out_vnodes, r->out_vnodes == 1 ? "" : "s",
	       r->out_distance / 1000, r->out_distance % 1000 / 100,
	       r->out_local);
	for (i = 0; (n = vcpunuma_explanation_node(e, i)); i++)
		if (n->nr_vcpus || n->mem)
			printf("  node %u: %u vCPUs, %" PRIu64 " MiB\n",
			       n->node, n->nr_vcpus, (uint64_t)n->mem >> 20);
}

static void print(const struct vcpunuma_explanation *e)
{
	const struct vcpunuma_cmd_explain *r = vcpunuma_explanation_record(e);

	print_head(r);
	if (r->out_outcome == VCPUNUMA_OUTCOME_NONE)
		return;
	print_request(e);
	print_answer(e);
	printf("Considered: %u place%s, the best %u of them (less cost is better)\n",
	       r->out_considered, r->out_considered == 1 ? "" : "s",
	       r->nr_candidates);
	print_candidates(e);
}

/**
 * struct name - a name to look for
 * @name: it
 * @id: the VM that has it; 0: none yet
 */
struct name {
	const char *name;
	unsigned int id;
};

static int match(const struct vcpunuma_explanation *e, void *arg)
{
	const struct vcpunuma_cmd_explain *r = vcpunuma_explanation_record(e);
	struct name *name = arg;

	if (strcmp(r->out_name, name->name))
		return 0;
	if (name->id)
		return error_errno(EEXIST, "several VMs have this name, take the id",
				   "explain %s", name->name);
	name->id = r->out_vm;
	return 0;
}

static int find(const struct vcpunuma_vm *vm, const char *text, unsigned int *id)
{
	struct name name = { .name = text };
	int status;

	if (parse_uint(text, id) && *id)
		return 0;
	status = for_each_vm(vm, match, &name);
	if (!status && !name.id)
		status = error_errno(ENOENT, "no VM of yours has this name",
				     "explain %s", text);
	*id = name.id;
	return status;
}

static int show(const char *text)
{
	struct vcpunuma_explanation *e;
	struct vcpunuma_vm *vm;
	unsigned int id;
	int status;

	vm = open_vm();
	if (!vm)
		return EXIT_ERROR;
	status = find(vm, text, &id);
	if (!status) {
		e = vcpunuma_explain(vm, id, 0);
		if (e)
			print(e);
		else
			status = error_errno(errno, errno == ENOENT ?
					     "no VM of yours has this id" :
					     explain(errno), "explain %s", text);
		vcpunuma_explanation_free(e);
	}
	vcpunuma_vm_close(vm);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	if (argc < 2 || !*argv[1])
		return error_usage(cmd, "the VM is missing");
	if (argc > 2)
		return error_usage(cmd, "unexpected argument: %s", argv[2]);
	return show(argv[1]);
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "say why a VM is where it is, or was refused",
	.help =
"Usage: vcpunumactl explain VM|NAME\n"
"\n"
"Shows the last decision made for a VM, given by its id ('vcpunumactl list') or by\n"
"the name in its request: what it asked for, what it was given on each node or why\n"
"it was refused, and each place that was considered, with what it costs and why it\n"
"was not taken. Costs are in 1/1000 of what it costs to leave half a node unused.\n"
"VMs of others are explained to root only.\n"
"\n"
"      --help   this text\n",
	.run = run,
};
