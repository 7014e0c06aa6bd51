// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl - NUMA placement of virtual machines from the command line
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vcpunuma.h>

#include "ctl.h"

static const struct command *const commands[] = {
	&cmd_topology,
	&cmd_ledger,
	&cmd_list,
	&cmd_explain,
	&cmd_report,
	&cmd_run,
	&cmd_plan,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	size_t i;

	puts("Usage: vcpunumactl COMMAND [OPTION]...\n"
	     "       vcpunumactl --help | --version\n"
	     "\n"
	     "NUMA placement of virtual machines by the kernel module vcpunuma.\n"
	     "\n"
	     "Commands:");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "'vcpunumactl COMMAND --help' tells more about a command.\n"
	     "Exit status: 0 success, 1 failure, 2 wrong usage.");
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	int status;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		fputs(cmd->help, stdout);
		status = 0;
	} else {
		status = cmd->run(cmd, argc, argv);
	}

	/* Output that did not arrive, on a full disk say, is a failure. */
	if (fflush(stdout) || ferror(stdout))
		return error_errno(errno, strerror(errno), "write to stdout");
	return status;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return error_usage(NULL, "a command is missing");

	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help();
		return 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("vcpunumactl %s\n", vcpunuma_version());
		return 0;
	}

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i]->name))
			return run_command(commands[i], argc - 1, argv + 1);
	}
	return error_usage(NULL, "no such command: %s", argv[1]);
}
