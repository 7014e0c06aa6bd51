// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl ledger - show what is booked on the host
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include <vcpunuma.h>

#include "ctl.h"
#include "json.h"
#include "words.h"

static void print_node(const struct vcpunuma_ledger_node *n)
{
	printf("%4u %5u %6u %8u %4u/%-5u %10u %9" PRIu64 " %9" PRIu64
	       " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
	       n->node, n->nr_cpus, n->nr_owned, n->nr_blocked, n->nr_shared,
	       n->max_shared, n->nr_unreserved,
	       (uint64_t)n->mem_total >> 20, (uint64_t)n->mem_reserved >> 20,
	       (uint64_t)n->mem_populated >> 20,
	       (uint64_t)n->mem_allocated >> 20, (uint64_t)n->mem_others >> 20,
	       (uint64_t)n->mem_room >> 20);
}

static void print_cpu(const struct vcpunuma_ledger_cpu *c)
{
	printf("%4u %5u %5u %5u  %-8s", c->cpu, c->node, c->core, c->llc,
	       word_for_state(c->state));
	if (c->owner != VCPUNUMA_NONE)
		printf(" %5u", c->owner);
	else
		printf(" %5s", "-");
	printf(" %10u\n", c->nr_unreserved);
}

static void print_tables(const struct vcpunuma_ledger *ledger)
{
	const struct vcpunuma_ledger_node *node;
	const struct vcpunuma_ledger_cpu *cpu;
	unsigned int i;

	printf("Generation %" PRIu64 "; memory in MiB\n\n",
	       vcpunuma_ledger_generation(ledger));
	printf("%4s %5s %6s %8s %10s %10s %9s %9s %9s %9s %9s %9s\n", "node",
	       "CPUs", "owned", "blocked", "shared", "unreserved", "total",
	       "reserved", "populated", "allocated", "others", "room");
	for (i = 0; (node = vcpunuma_ledger_node(ledger, i)); i++)
		print_node(node);
	printf("\n%4s %5s %5s %5s  %-8s %5s %10s\n", "CPU", "node", "core",
	       "cache", "state", "VM", "unreserved");
	for (i = 0; (cpu = vcpunuma_ledger_cpu(ledger, i)); i++)
		print_cpu(cpu);
}

static json_object *json_node(const struct vcpunuma_ledger_node *n)
{
	json_object *obj = json_object_new_object();

	json_add_uint(obj, "node", n->node);
	json_add_uint(obj, "nr_cpus", n->nr_cpus);
	json_add_uint(obj, "nr_owned", n->nr_owned);
	json_add_uint(obj, "nr_blocked", n->nr_blocked);
	json_add_uint(obj, "nr_shared", n->nr_shared);
	json_add_uint(obj, "max_shared", n->max_shared);
	json_add_uint(obj, "nr_unreserved", n->nr_unreserved);
	json_add_uint(obj, "mem_total", n->mem_total);
	json_add_uint(obj, "mem_free", n->mem_free);
	json_add_uint(obj, "mem_available", n->mem_available);
	json_add_uint(obj, "mem_reserved", n->mem_reserved);
	json_add_uint(obj, "mem_populated", n->mem_populated);
	json_add_uint(obj, "mem_allocated", n->mem_allocated);
	json_add_uint(obj, "mem_others", n->mem_others);
	json_add_uint(obj, "mem_headroom", n->mem_headroom);
	json_add_uint(obj, "mem_room", n->mem_room);
	return obj;
}

static json_object *json_cpu(const struct vcpunuma_ledger_cpu *c)
{
	json_object *obj = json_object_new_object();

	json_add_uint(obj, "cpu", c->cpu);
	json_add_uint(obj, "node", c->node);
	json_add_uint(obj, "core", c->core);
	json_add_uint(obj, "llc", c->llc);
	json_add_string(obj, "state", word_for_state(c->state));
	if (c->owner != VCPUNUMA_NONE)
		json_add_uint(obj, "owner", c->owner);
	json_add_uint(obj, "nr_unreserved", c->nr_unreserved);
	return obj;
}

static int print_json(const struct vcpunuma_ledger *ledger)
{
	json_object *root = json_object_new_object();
	json_object *nodes = json_object_new_array();
	json_object *cpus = json_object_new_array();
	const struct vcpunuma_ledger_node *node;
	const struct vcpunuma_ledger_cpu *cpu;
	unsigned int i;

	json_add_uint(root, "generation", vcpunuma_ledger_generation(ledger));
	for (i = 0; (node = vcpunuma_ledger_node(ledger, i)); i++)
		json_object_array_add(nodes, json_node(node));
	for (i = 0; (cpu = vcpunuma_ledger_cpu(ledger, i)); i++)
		json_object_array_add(cpus, json_cpu(cpu));
	json_object_object_add(root, "nodes", nodes);
	json_object_object_add(root, "cpus", cpus);
	return json_print(root);
}

static int show(bool json)
{
	struct vcpunuma_ledger *ledger;
	struct vcpunuma_vm *vm;
	int status = 0;

	vm = open_vm();
	if (!vm)
		return EXIT_ERROR;

	ledger = vcpunuma_ledger_get(vm);
	if (!ledger)
		status = error_errno(errno, explain(errno), "read ledger");
	else if (json)
		status = print_json(ledger);
	else
		print_tables(ledger);

	vcpunuma_ledger_free(ledger);
	vcpunuma_vm_close(vm);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+j", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(cmd->help, stdout);
			return 0;
		default:
			return error_usage(cmd, "wrong option: %s",
					   argv[optind - 1]);
		}
	}
	if (optind < argc)
		return error_usage(cmd, "unexpected argument: %s",
				   argv[optind]);
	return show(json);
}

const struct command cmd_ledger = {
	.name = "ledger",
	.summary = "show what is booked on the nodes and CPUs",
	.help =
"Usage: vcpunumactl ledger [--json]\n"
"\n"
"Shows what is booked on the host, all of one moment. Of each node: CPUs that VMs\n"
"own, and those blocked by who owns the rest of their core; vCPUs that share the\n"
"others, and how many may; vCPUs of VMs without a reservation that have a CPU for\n"
"themselves; memory in total, reserved by VMs, populated of that, allocated to\n"
"memory objects in all, used by others than VMs, and what could still be reserved.\n"
"Of each CPU: its core and last level cache, by the lowest CPU in it; whose it is;\n"
"the VM, if it belongs to the caller or root asks. The generation grows with each\n"
"change.\n"
"\n"
"  -j, --json   as JSON; memory in bytes\n"
"      --help   this text\n",
	.run = run,
};
