// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl report - show what the module says about all VMs
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ctl.h"

#define DEBUGFS	"/sys/kernel/debug"
#define REPORT	DEBUGFS "/vcpunuma/report"
#define MODULE	"/sys/module/vcpunuma"

static const char *explain_report(int err)
{
	struct statfs fs;

	if (access(MODULE, F_OK))
		return "the module vcpunuma is not loaded";
	if (statfs(DEBUGFS, &fs) || fs.f_type != DEBUGFS_MAGIC)
		return "debugfs is not mounted there: mount -t debugfs none "
		       DEBUGFS;
	if (err == EACCES || err == EPERM)
		return "only root may read it";
	return strerror(err);
}

static int copy(int fd)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (fwrite(buf, 1, n, stdout) != (size_t)n)
			break;	/* main() reports it */
	}
	if (n < 0)
		return error_errno(errno, explain_report(errno), "read %s",
				   REPORT);
	return 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	int fd, status;

	if (argc > 1)
		return error_usage(cmd, "unexpected argument: %s", argv[1]);

	fd = open(REPORT, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(errno, explain_report(errno), "open %s",
				   REPORT);
	status = copy(fd);
	close(fd);
	return status;
}

const struct command cmd_report = {
	.name = "report",
	.summary = "show where all VMs and their memory are",
	.help =
"Usage: vcpunumactl report\n"
"\n"
"Copies " REPORT " to standard output: the nodes of\n"
"the host, and all VMs with their vCPUs and memory. Needs root and debugfs. The\n"
"text is for people and may change; programs use the library.\n"
"\n"
"      --help   this text\n",
	.run = run,
};
