/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpunumactl - what its commands share
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses; run() adds those of the program it runs */
#define EXIT_ERROR	1
#define EXIT_USAGE	2

/**
 * struct command - a command of vcpunumactl
 * @name: first argument that selects it
 * @summary: a line for the list of commands
 * @help: text of --help, printed as it is
 * @run: does it; returns the exit status
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(const struct command *cmd, int argc, char **argv);
};

extern const struct command cmd_explain;
extern const struct command cmd_ledger;
extern const struct command cmd_list;
extern const struct command cmd_topology;
extern const struct command cmd_report;
extern const struct command cmd_run;
extern const struct command cmd_plan;

/* "vcpunumactl: <what>: <why> (<ERRNO>)" to stderr; returns EXIT_ERROR. */
int error_errno(int err, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "vcpunumactl: <what>" and a hint to stderr; returns EXIT_USAGE. */
int error_usage(const struct command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What an errno of the library means, as a sentence without a full stop. */
const char *explain(int err);

/* vcpunuma_vm_open(), which says why if it fails: then EXIT_ERROR it is. */
struct vcpunuma_vm *open_vm(void);

/* Numbers: the whole text, decimal; sizes with K, M, G. False if it is none. */
bool parse_uint(const char *text, unsigned int *value);
bool parse_size(const char *text, uint64_t *bytes);

#endif /* CTL_H */
