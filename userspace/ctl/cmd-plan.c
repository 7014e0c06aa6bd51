// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl plan - where VMs would go, on this host or on another
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "plan.h"

/* parse() showed the help, and there is nothing to do. */
#define PARSED_HELP	(-1)

/**
 * struct plan_options - command line
 * @topology: file, NULL: stdin
 * @this_host: the host itself
 * @trace: file, NULL: stdin
 * @may_migrate: move VMs rather than refuse one
 * @placement: enum core_placement
 * @capacity: shape, NULL: none
 */
struct plan_options {
	const char *topology;
	bool this_host;
	const char *trace;
	bool may_migrate;
	uint8_t placement;
	char *capacity;
};

static int parse(const struct command *cmd, int argc, char **argv,
		 struct plan_options *o)
{
	static const struct option options[] = {
		{ "topology", required_argument, NULL, 't' },
		{ "this-host", no_argument, NULL, 'H' },
		{ "trace", required_argument, NULL, 'r' },
		{ "may-migrate", no_argument, NULL, 'm' },
		{ "policy", required_argument, NULL, 'p' },
		{ "capacity", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (opt) {
		case 't':
			o->topology = optarg;
			break;
		case 'H':
			o->this_host = true;
			break;
		case 'r':
			o->trace = optarg;
			break;
		case 'm':
			o->may_migrate = true;
			break;
		case 'p':
			if (!strcmp(optarg, "compact"))
				o->placement = CORE_COMPACT;
			else if (!strcmp(optarg, "spread"))
				o->placement = CORE_SPREAD;
			else
				return error_usage(cmd, "not a policy: %s",
						   optarg);
			break;
		case 'c':
			o->capacity = optarg;
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
	if (optind < argc)
		return error_usage(cmd, "unexpected argument: %s",
				   argv[optind]);
	if (o->this_host && o->topology)
		return error_usage(cmd, "--topology and --this-host exclude each other");
	return 0;
}

/* One key=value of a shape */
static bool shape_word(struct core_request *req, const char *key,
		       const char *value)
{
	static const char *const policies[] = { "shared", "prefer", "isolate",
						"require" };
	uint64_t number;
	uint32_t i;

	if (!strcmp(key, "policy")) {
		for (i = 0; i < CORE_CPU_POLICIES; i++) {
			if (!strcmp(value, policies[i])) {
				req->cpu_policy = i;
				return true;
			}
		}
		return false;
	}
	if (!plan_number(value, CORE_MAX_MEM - 1, &number))
		return false;
	if (!strcmp(key, "mem"))
		req->mem = number;
	else if (number > CORE_MAX_VCPUS)
		return false;
	else if (!strcmp(key, "vcpus"))
		req->vcpus = number;
	else if (!strcmp(key, "vnodes"))
		req->vnodes = number ? number : 1;
	else if (!strcmp(key, "span"))
		req->span = number;
	else
		return false;
	return true;
}

static int read_shape(const struct command *cmd, char *shape,
		      struct core_request *req)
{
	char *word, *value, *save;

	for (word = strtok_r(shape, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		if (!strcmp(word, "strict") && !value)
			req->strict = true;
		else if (!value || !shape_word(req, word, value))
			return error_usage(cmd, "not part of a shape: %s", word);
	}
	if (!req->vcpus || !req->mem || req->vnodes > req->vcpus ||
	    req->vnodes > req->mem || req->vnodes > CORE_MAX_VNODES)
		return error_usage(cmd, "a shape needs vcpus=N and mem=MIB");
	return 0;
}

/* How many more of a shape fit, and what runs out first */
static int capacity(const struct command *cmd, struct plan_vms *vms, char *shape)
{
	struct core_request req = plan_vms_request(vms);
	const struct core_refusal *refusal = &vms->plan->refusal;
	uint64_t nr = 0;
	char id[32];
	int status;

	status = read_shape(cmd, shape, &req);
	if (status)
		return status;
	for (;;) {
		snprintf(id, sizeof(id), " %" PRIu64, nr);
		if (!plan_vms_arrive(vms, id, &req))
			break;
		nr++;
		req.owner = plan_vms_request(vms).owner;
	}
	printf("%" PRIu64 " more fit; then %s run%s out", nr,
	       plan_reason(refusal->reason),
	       refusal->reason == CORE_NO_CPUS ||
	       refusal->reason == CORE_STRICT ? "" : "s");
	if (refusal->vcpus_short)
		printf(", %u vCPUs short", refusal->vcpus_short);
	if (refusal->mem_short)
		printf(", %" PRIu64 " MiB short", refusal->mem_short);
	if (refusal->node != CORE_NONE)
		printf(" (nearest: node %u)", refusal->node);
	putchar('\n');
	return 0;
}

static void summary(const struct plan_vms *vms)
{
	const struct plan_stats *s = &vms->stats;
	double vcpus = s->vcpus ? (double)s->vcpus : 1;
	uint32_t i;

	fprintf(stderr, "%" PRIu64 " VMs arrived, %" PRIu64 " placed, %" PRIu64
		" on several nodes; vCPUs placed %.1f %%\n", s->arrived,
		s->accepted, s->several,
		100 * (double)s->vcpus_accepted / vcpus);
	for (i = 0; i < CORE_REASONS; i++)
		if (s->reasons[i])
			fprintf(stderr, "%" PRIu64 " refused for lack of %s\n",
				s->reasons[i], plan_reason(i));
	fprintf(stderr, "mean memory distance %.3f, score %.2f, %" PRIu64
		" moves of %" PRIu64 " MiB\n",
		s->vcpus_accepted ?
		s->distance / (double)s->vcpus_accepted : 10.0,
		100 * s->score / vcpus, s->moves, s->moved);
}

static int plan(const struct command *cmd, const struct plan_options *o,
		const struct plan_host *host, struct plan_input *in)
{
	struct plan_vms vms;
	int status = 0;

	if (plan_vms_init(&vms, host)) {
		plan_vms_free(&vms);
		return error_errno(EINVAL, "a core has more than 8 threads",
				   "use this host");
	}
	vms.may_migrate = o->may_migrate;
	vms.placement = o->placement;
	if (in && plan_trace(&vms, in))
		status = EXIT_USAGE;
	if (!status && o->capacity)
		status = capacity(cmd, &vms, o->capacity);
	else if (!status)
		summary(&vms);
	plan_vms_free(&vms);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct plan_options o = { 0 };
	struct plan_input topology = { 0 }, trace = { 0 };
	struct plan_input *events = NULL;
	struct plan_host host = { 0 };
	int status;

	status = parse(cmd, argc, argv, &o);
	if (status)
		return status == PARSED_HELP ? 0 : status;

	status = EXIT_ERROR;
	if (o.this_host) {
		if (plan_host_this(&host))
			goto out;
	} else {
		if (!plan_open(&topology, o.topology))
			goto out;
		status = EXIT_USAGE;
		if (plan_host_read(&host, &topology))
			goto out;
	}
	status = EXIT_ERROR;
	if (o.trace || (!o.capacity && (o.topology || o.this_host))) {
		if (!plan_open(&trace, o.trace))
			goto out;
		events = &trace;
	} else if (!o.capacity || !o.topology) {
		/* The rest of what the topology came from */
		events = topology.file ? &topology : NULL;
	}
	status = plan(cmd, &o, &host, events);
out:
	plan_host_free(&host);
	plan_close(&topology);
	plan_close(&trace);
	return status;
}

const struct command cmd_plan = {
	.name = "plan",
	.summary = "tell where VMs would go, on this host or another",
	.help =
"Usage: vcpunumactl plan [--topology FILE|--this-host] [--trace FILE]\n"
"                        [--may-migrate] [--policy compact|spread]\n"
"       vcpunumactl plan [--topology FILE|--this-host] [--trace FILE]\n"
"                        --capacity SHAPE\n"
"\n"
"Places the VMs of a trace on a host, as the kernel module would, and answers each\n"
"arrival on standard output with where the VM goes. Needs no module. Without\n"
"options it reads a topology, a line \"trace\", and events from standard input, and\n"
"answers one by one. A summary goes to standard error.\n"
"\n"
"      --topology FILE   host, as 'vcpunumactl topology --export' writes it\n"
"      --this-host       this host, empty\n"
"      --trace FILE      events, one a line:\n"
"                          arrive ID VCPUS MIB VNODES POLICY [span=S] [strict]\n"
"                                 [dev=NAME]\n"
"                          depart ID\n"
"                          rebalance MIB\n"
"                        POLICY: shared, prefer, isolate, require\n"
"      --may-migrate     move VMs rather than refuse one: lines \"move\"\n"
"      --policy compact  fill up nodes that are in use (default)\n"
"      --policy spread   rather nodes where vCPUs need not share CPUs\n"
"      --capacity SHAPE  how many more VMs of this shape fit (after the trace, if\n"
"                        one is given), and what runs out first. SHAPE:\n"
"                          vcpus=N,mem=MIB[,policy=POLICY][,vnodes=K][,span=S]\n"
"                          [,strict]\n"
"      --help            this text\n"
"\n"
"Exit status: 0, also if VMs were refused; 2 wrong usage or a mistake in a file.\n",
	.run = run,
};
