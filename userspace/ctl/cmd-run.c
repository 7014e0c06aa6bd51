// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl run - run a program as a VM
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "run.h"

/* parse() showed the help, and there is nothing to do. */
#define PARSED_HELP	(-1)

static int parse_node(const char *text, unsigned int *node)
{
	if (!strcmp(text, "auto")) {
		*node = VCPUNUMA_NONE;
		return 0;
	}
	return parse_uint(text, node) ? 0 : -1;
}

static int parse_policy(const char *text, unsigned int *policy)
{
	static const char *const names[] = {
		[VCPUNUMA_CPU_SHARED] = "shared",
		[VCPUNUMA_CPU_PREFER] = "own",
		[VCPUNUMA_CPU_ISOLATE] = "isolated",
		[VCPUNUMA_CPU_REQUIRE] = "cores",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]))
			continue;
		*policy = i;
		return 0;
	}
	return -1;
}

/* A number of @most at most, in hexadecimal, that ends before @end */
static bool parse_hex(const char **text, char end, unsigned int most,
		      unsigned int *value)
{
	unsigned long number;
	char *after;

	/* strtoul() would take signs, blanks and 0x as well. */
	if (!isxdigit((unsigned char)**text) || (*text)[1] == 'x' ||
	    (*text)[1] == 'X')
		return false;
	number = strtoul(*text, &after, 16);
	if (*after != end || number > most)
		return false;
	*value = number;
	*text = after + 1;
	return true;
}

/* A PCI device as lspci(8) has it: [DOMAIN:]BUS:DEVICE.FUNCTION */
static bool parse_pci(const char *text, unsigned int *address)
{
	unsigned int domain = 0, bus, device, function;
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':') &&
	    !parse_hex(&text, ':', 0xffff, &domain))
		return false;
	if (!parse_hex(&text, ':', 0xff, &bus) ||
	    !parse_hex(&text, '.', 0x1f, &device) ||
	    !parse_hex(&text, 0, 7, &function))
		return false;
	*address = domain << 16 | bus << 8 | device << 3 | function;
	return true;
}

static int parse_near(const char *text, struct run_request *req)
{
	req->near_flag = VCPUNUMA_RESERVE_NEAR_NODE;
	if (parse_uint(text, &req->near))
		return 0;
	req->near_flag = VCPUNUMA_RESERVE_NEAR_PCI;
	return parse_pci(text, &req->near) ? 0 : -1;
}

/* Options that belong to a reservation; returns 0 or an exit status. */
static int parse_reserve(const struct command *cmd, int opt, char *arg,
			 struct run_request *req)
{
	switch (opt) {
	case 'R':
		req->reserve = true;
		if (parse_policy(arg, &req->cpu_policy) < 0)
			return error_usage(cmd, "not a policy: %s", arg);
		return 0;
	case 'N':
		if (parse_near(arg, req) < 0)
			return error_usage(cmd, "not a node or a PCI device: %s",
					   arg);
		return 0;
	default:
		req->name = arg;
		return 0;
	}
}

/* Sets @req from the command line; returns 0, an exit status or PARSED_HELP. */
static int parse(const struct command *cmd, int argc, char **argv,
		 struct run_request *req)
{
	static const struct option options[] = {
		{ "vcpus", required_argument, NULL, 'v' },
		{ "mem", required_argument, NULL, 'm' },
		{ "node", required_argument, NULL, 'n' },
		{ "no-bind", no_argument, NULL, 'B' },
		{ "reserve", required_argument, NULL, 'R' },
		{ "near", required_argument, NULL, 'N' },
		{ "name", required_argument, NULL, 'M' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, status;

	opterr = 0;
	/* "+": options after the program's name are the program's. */
	while ((opt = getopt_long(argc, argv, "+:v:m:n:", options, NULL)) != -1) {
		switch (opt) {
		case 'v':
			if (!parse_uint(optarg, &req->nr_vcpus) ||
			    !req->nr_vcpus)
				return error_usage(cmd, "not a number of vCPUs: %s",
						   optarg);
			break;
		case 'm':
			if (!parse_size(optarg, &req->mem_bytes))
				return error_usage(cmd, "not a size: %s",
						   optarg);
			break;
		case 'n':
			if (parse_node(optarg, &req->node) < 0)
				return error_usage(cmd, "not a node: %s",
						   optarg);
			break;
		case 'B':
			req->no_bind = true;
			break;
		case 'R':
		case 'N':
		case 'M':
			status = parse_reserve(cmd, opt, optarg, req);
			if (status)
				return status;
			break;
		case 'h':
			fputs(cmd->help, stdout);
			return PARSED_HELP;
		case ':':
			return error_usage(cmd, "%s needs an argument",
					   argv[optind - 1]);
		default:
			return error_usage(cmd, "wrong option: %s",
					   argv[optind - 1]);
		}
	}

	if (!req->nr_vcpus)
		return error_usage(cmd, "--vcpus is missing");
	if (!req->reserve && (req->near_flag || req->name))
		return error_usage(cmd, "--near and --name go with --reserve");
	if (optind == argc)
		return error_usage(cmd, "the program is missing");
	req->argv = argv + optind;
	return 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct run_request req = { .node = VCPUNUMA_NONE };
	struct run_vm vm;
	int status;

	status = parse(cmd, argc, argv, &req);
	if (status)
		return status == PARSED_HELP ? 0 : status;

	status = run_vm_create(&vm, &req);
	if (!status)
		status = run_vm_export(&vm, &req);
	if (!status)
		status = run_child(&vm, &req);
	run_vm_destroy(&vm);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.summary = "run a program with vCPUs and memory placed on nodes",
	.help =
"Usage: vcpunumactl run --vcpus N [--mem SIZE] [--node NODE|auto] [--no-bind]\n"
"                       [--reserve POLICY [--near NODE|DEVICE] [--name NAME]]\n"
"                       [--] PROGRAM [ARGUMENT]...\n"
"\n"
"Opens a VM, chooses a node for each of its N vCPUs, allocates SIZE bytes on\n"
"these nodes, and runs the program with them. When the program ends the VM is\n"
"undone, and its exit status is returned.\n"
"\n"
"  -v, --vcpus N    number of vCPUs\n"
"  -m, --mem SIZE   memory in bytes, or with suffix K, M, G; split over the nodes\n"
"                   in proportion to their vCPUs, in pages of 2 MiB, rounded up;\n"
"                   for a node without memory on the nearest that has some\n"
"  -n, --node NODE  all on that node; auto (default): round-robin over the nodes\n"
"                   on which vcpunumactl may run\n"
"      --no-bind    do not bind the program's main thread\n"
"      --reserve POLICY  reserve room for all of it first, or fail: vCPUs share CPUs\n"
"                   (shared), have a CPU each (own), a core each (isolated), or all\n"
"                   threads of their cores (cores)\n"
"      --near NODE|DEVICE  near a node, or a PCI device, as 0000:3b:00.0\n"
"      --name NAME  a name for reports and 'vcpunumactl explain'\n"
"      --help       this text\n"
"\n"
"The program inherits the VM and its memory objects as file descriptors, and\n"
"finds them by these environment variables (vcpunuma_vm_from_fd() and\n"
"vcpunuma_mem_from_fd() of the library take them over):\n"
"\n"
"  VCPUNUMA_FD       the VM\n"
"  VCPUNUMA_VCPUS    N\n"
"  VCPUNUMA_MEM_FDS  NODE:FD:BYTES of each memory object, separated by commas\n"
"\n"
"Only the main thread of the program is bound: as vCPU 0, to the CPUs of the\n"
"node chosen for it, or to what is reserved for it. Threads that the program\n"
"creates are not followed: they inherit the CPUs of their creator, as always in\n"
"Linux, until the program binds them as vCPUs 1 to N - 1. With --no-bind the main\n"
"thread is not bound either. Memory that the program does not take from the memory\n"
"objects is not placed.\n"
"\n"
"SIGTERM, SIGHUP, SIGINT and SIGQUIT are passed on to the program. Exit status:\n"
"that of the program, 128 + number if a signal killed it, 126 if it could not be\n"
"run, 127 if it was not found, 1 if the placement failed, 2 wrong usage. A child\n"
"that outlives the program and inherited the descriptors keeps the memory.\n",
	.run = run,
};
