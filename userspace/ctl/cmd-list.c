// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl list - list the VMs
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <vcpunuma.h>

#include "ctl.h"
#include "explain.h"
#include "words.h"

static int print(const struct vcpunuma_explanation *e, void *heading)
{
	const struct vcpunuma_cmd_explain *r = vcpunuma_explanation_record(e);
	bool *first = heading;

	if (*first)
		printf("%8s %8s %6s %10s  %-9s %s\n", "VM", "pid", "vCPUs",
		       "MiB", "request", "name");
	*first = false;
	printf("%8u %8d ", r->out_vm, r->out_pid);
	if (r->out_outcome == VCPUNUMA_OUTCOME_NONE)
		printf("%6s %10s  -\n", "-", "-");
	else
		printf("%6u %10" PRIu64 "  %-9s %s\n", r->out_nr_vcpus,
		       (uint64_t)r->out_mem >> 20,
		       word_for_outcome(r->out_outcome), r->out_name);
	return 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct vcpunuma_vm *vm;
	bool first = true;
	int status;

	if (argc > 1)
		return error_usage(cmd, "unexpected argument: %s", argv[1]);
	vm = open_vm();
	if (!vm)
		return EXIT_ERROR;
	status = for_each_vm(vm, print, &first);
	vcpunuma_vm_close(vm);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "list the VMs",
	.help =
"Usage: vcpunumactl list\n"
"\n"
"Lists the VMs of the user, or all of them for root: the id, the process that made\n"
"the VM (0 if it cannot be seen from here), and the last request for a reservation\n"
"with what became of it (- if there was none). 'vcpunumactl explain VM' says why.\n"
"\n"
"      --help   this text\n",
	.run = run,
};
