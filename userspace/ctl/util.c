// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl - errors and numbers
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vcpunuma.h>

#include "ctl.h"

int error_errno(int err, const char *why, const char *fmt, ...)
{
	const char *name = strerrorname_np(err);
	va_list args;

	fputs("vcpunumactl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s (%s)\n", why, name ? name : "?");
	return EXIT_ERROR;
}

int error_usage(const struct command *cmd, const char *fmt, ...)
{
	va_list args;

	fputs("vcpunumactl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nTry 'vcpunumactl %s%s--help'.\n",
		cmd ? cmd->name : "", cmd ? " " : "");
	return EXIT_USAGE;
}

const char *explain(int err)
{
	switch (err) {
	case ENOTTY:
		return "the kernel module does not know this command";
	case E2BIG:
	case EOPNOTSUPP:
		return "the kernel module is older than this program";
	case ENOENT:
		return "the vCPU has no place";
	case ESRCH:
		return "no such thread, or it has exited";
	case ENOTCONN:
		return "the vCPU is not bound";
	case EPERM:
		return "not permitted, or the cpuset forbids that node";
	case ENODEV:
		return "no such node, or it has no CPUs or no memory";
	case ENOSPC:
		return "none of the CPUs is online and allowed to this thread";
	case ENOMEM:
		return "the node or the kernel has no memory left";
	case EDQUOT:
		return "RLIMIT_MEMLOCK or a limit of the module is reached";
	case EBUSY:
		return "the thread is bound already or has a deadline schedule";
	default:
		return strerror(err);
	}
}

/* Why the device cannot be opened */
static const char *explain_open(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "the module vcpunuma is not loaded";
	case EACCES:
	case EPERM:
		return "no permission to use the device";
	default:
		return strerror(err);
	}
}

struct vcpunuma_vm *open_vm(void)
{
	struct vcpunuma_vm *vm = vcpunuma_vm_open();

	if (!vm)
		error_errno(errno, explain_open(errno), "open %s",
			    VCPUNUMA_DEVICE);
	return vm;
}

bool parse_uint(const char *text, unsigned int *value)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || number > UINT_MAX)
		return false;
	*value = number;
	return true;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "kmg";
	unsigned long long number;
	unsigned int shift = 0;
	const char *suffix;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		return false;

	if (*end) {
		suffix = strchr(suffixes, tolower((unsigned char)*end));
		if (!suffix || end[1])
			return false;
		shift = 10 * (suffix - suffixes + 1);
	}
	if (number > ULLONG_MAX >> shift)
		return false;
	*bytes = number << shift;
	return true;
}
