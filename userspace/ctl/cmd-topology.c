// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl topology - show the nodes and CPUs of the host
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <vcpunuma.h>

#include "ctl.h"
#include "json.h"
#include "plan.h"

/* The interface has CPU ids below 8192. */
#define CPU_BYTES	(8192 / 8)

/* Number of physical cores with a CPU online on @node */
static unsigned int count_cores(const struct vcpunuma_topology *topo,
				unsigned int node)
{
	unsigned char seen[CPU_BYTES] = { 0 };
	unsigned int i, cores = 0;

	for (i = 0; i < vcpunuma_topology_num_cpus(topo); i++) {
		unsigned int cpu = vcpunuma_topology_cpu(topo, i);
		unsigned int core = vcpunuma_topology_cpu_core(topo, cpu);

		if (vcpunuma_topology_cpu_node(topo, cpu) != node ||
		    core / 8 >= sizeof(seen) ||
		    seen[core / 8] & 1U << core % 8)
			continue;
		seen[core / 8] |= 1U << core % 8;
		cores++;
	}
	return cores;
}

/* Prints the CPUs of @node as ranges: 0-3,8 */
static void print_cpu_list(const struct vcpunuma_topology *topo,
			   unsigned int node)
{
	unsigned int first = VCPUNUMA_NONE, last = VCPUNUMA_NONE;
	const char *sep = "";
	unsigned int i;

	for (i = 0; i <= vcpunuma_topology_num_cpus(topo); i++) {
		unsigned int cpu = vcpunuma_topology_cpu(topo, i);

		if (cpu != VCPUNUMA_NONE &&
		    vcpunuma_topology_cpu_node(topo, cpu) != node)
			continue;
		if (first != VCPUNUMA_NONE && cpu == last + 1) {
			last = cpu;
			continue;
		}
		if (first != VCPUNUMA_NONE) {
			printf("%s%u", sep, first);
			if (last != first)
				printf("-%u", last);
			sep = ",";
		}
		first = cpu;
		last = cpu;
	}
	puts(*sep ? "" : "-");
}

static void print_distances(const struct vcpunuma_topology *topo)
{
	unsigned int nr_nodes = vcpunuma_topology_num_nodes(topo);
	unsigned int i, j;

	puts("\nDistances");
	printf("%4s", "node");
	for (j = 0; j < nr_nodes; j++)
		printf(" %4u", vcpunuma_topology_node(topo, j));
	putchar('\n');

	for (i = 0; i < nr_nodes; i++) {
		unsigned int from = vcpunuma_topology_node(topo, i);

		printf("%4u", from);
		for (j = 0; j < nr_nodes; j++) {
			unsigned int to = vcpunuma_topology_node(topo, j);

			printf(" %4u",
			       vcpunuma_topology_distance(topo, from, to));
		}
		putchar('\n');
	}
}

static void print_table(const struct vcpunuma_topology *topo)
{
	unsigned int i;

	printf("%4s %5s %6s %10s %10s  %s\n", "node", "CPUs", "cores",
	       "total MiB", "free MiB", "CPU ids");
	for (i = 0; i < vcpunuma_topology_num_nodes(topo); i++) {
		unsigned int node = vcpunuma_topology_node(topo, i);

		printf("%4u %5u %6u %10" PRIu64 " %10" PRIu64 "  ", node,
		       vcpunuma_topology_node_num_cpus(topo, node),
		       count_cores(topo, node),
		       vcpunuma_topology_node_mem_total(topo, node) >> 20,
		       vcpunuma_topology_node_mem_free(topo, node) >> 20);
		print_cpu_list(topo, node);
	}
	print_distances(topo);
}

static json_object *json_node(const struct vcpunuma_topology *topo,
			      unsigned int node)
{
	unsigned int flags = vcpunuma_topology_node_flags(topo, node);
	json_object *distances = json_object_new_array();
	json_object *obj = json_object_new_object();
	unsigned int i;

	json_add_uint(obj, "node", node);
	json_add_bool(obj, "has_cpu", flags & VCPUNUMA_NODE_CPU);
	json_add_bool(obj, "has_memory", flags & VCPUNUMA_NODE_MEMORY);
	json_add_uint(obj, "nr_cpus", vcpunuma_topology_node_num_cpus(topo, node));
	json_add_uint(obj, "nr_cores", count_cores(topo, node));
	json_add_uint(obj, "mem_total",
		 vcpunuma_topology_node_mem_total(topo, node));
	json_add_uint(obj, "mem_free", vcpunuma_topology_node_mem_free(topo, node));

	for (i = 0; i < vcpunuma_topology_num_nodes(topo); i++) {
		unsigned int to = vcpunuma_topology_node(topo, i);
		json_object *entry = json_object_new_object();

		json_add_uint(entry, "node", to);
		json_add_uint(entry, "distance",
			 vcpunuma_topology_distance(topo, node, to));
		json_object_array_add(distances, entry);
	}
	json_object_object_add(obj, "distances", distances);
	return obj;
}

static int print_json(const struct vcpunuma_topology *topo)
{
	json_object *root = json_object_new_object();
	json_object *nodes = json_object_new_array();
	json_object *cpus = json_object_new_array();
	unsigned int i;

	for (i = 0; i < vcpunuma_topology_num_nodes(topo); i++) {
		unsigned int node = vcpunuma_topology_node(topo, i);

		json_object_array_add(nodes, json_node(topo, node));
	}
	for (i = 0; i < vcpunuma_topology_num_cpus(topo); i++) {
		unsigned int cpu = vcpunuma_topology_cpu(topo, i);
		json_object *obj = json_object_new_object();

		json_add_uint(obj, "cpu", cpu);
		json_add_uint(obj, "node", vcpunuma_topology_cpu_node(topo, cpu));
		json_add_uint(obj, "core", vcpunuma_topology_cpu_core(topo, cpu));
		json_object_array_add(cpus, obj);
	}
	json_object_object_add(root, "nodes", nodes);
	json_object_object_add(root, "cpus", cpus);

	return json_print(root);
}

static int show(bool json)
{
	struct vcpunuma_topology *topo;
	struct vcpunuma_vm *vm;
	int status = 0;

	vm = open_vm();
	if (!vm)
		return EXIT_ERROR;

	topo = vcpunuma_topology_get(vm);
	if (!topo)
		status = error_errno(errno, explain(errno), "read topology");
	else if (json)
		status = print_json(topo);
	else
		print_table(topo);

	vcpunuma_topology_free(topo);
	vcpunuma_vm_close(vm);
	return status;
}

/* This host as a topology file, which needs no module */
static int export(void)
{
	struct plan_host host;

	if (plan_host_this(&host))
		return EXIT_ERROR;
	plan_host_write(&host, stdout);
	plan_host_free(&host);
	return 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "export", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, as_file = false;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+j", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'e':
			as_file = true;
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
	return as_file ? export() : show(json);
}

const struct command cmd_topology = {
	.name = "topology",
	.summary = "show the nodes and CPUs of the host",
	.help =
"Usage: vcpunumactl topology [--json|--export]\n"
"\n"
"Shows the online nodes of the host as the kernel sees them: number of online\n"
"CPUs and of physical cores, memory in total and free now, ids of the CPUs, and\n"
"the distances between the nodes (10: a node to itself).\n"
"\n"
"  -j, --json    as JSON; memory in bytes\n"
"      --export  as a file for 'vcpunumactl plan', read from sysfs: needs no module\n"
"      --help    this text\n",
	.run = run,
};
