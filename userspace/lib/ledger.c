// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - what is booked on the host
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct vcpunuma_ledger {
	uint64_t generation;
	unsigned int nr_nodes;
	unsigned int nr_cpus;
	struct vcpunuma_ledger_node *nodes;	/* in order of id */
	struct vcpunuma_ledger_cpu *cpus;	/* likewise */
};

static int make_room(struct vcpunuma_ledger *l, struct vcpunuma_cmd_ledger *cmd)
{
	free(l->nodes);
	free(l->cpus);
	l->nodes = calloc(cmd->nr_nodes, sizeof(*l->nodes));
	l->cpus = calloc(cmd->nr_cpus, sizeof(*l->cpus));
	cmd->nodes = (uintptr_t)l->nodes;
	cmd->cpus = (uintptr_t)l->cpus;
	return l->nodes && l->cpus ? 0 : -1;
}

static int fill(struct vcpunuma_ledger *l, int fd)
{
	struct vcpunuma_cmd_ledger cmd = {
		.size = sizeof(cmd),
		.node_size = sizeof(*l->nodes),
		.cpu_size = sizeof(*l->cpus),
	};
	int tries = MAX_RETRIES;

	/* The numbers alone, at first */
	if (vn_ioctl(fd, VCPUNUMA_LEDGER, &cmd) < 0)
		return -1;

	for (;;) {
		if (make_room(l, &cmd) < 0)
			return -1;
		if (!vn_ioctl(fd, VCPUNUMA_LEDGER, &cmd))
			break;
		if (errno != EMSGSIZE || !--tries)
			return -1;
	}
	l->generation = cmd.out_generation;
	l->nr_nodes = cmd.nr_nodes;
	l->nr_cpus = cmd.nr_cpus;
	return 0;
}

VCPUNUMA_API struct vcpunuma_ledger *
vcpunuma_ledger_get(const struct vcpunuma_vm *vm)
{
	struct vcpunuma_ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (fill(l, vm->fd) < 0) {
		int err = errno;

		vcpunuma_ledger_free(l);
		errno = err;
		return NULL;
	}
	return l;
}

VCPUNUMA_API void vcpunuma_ledger_free(struct vcpunuma_ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->nodes);
	free(ledger->cpus);
	free(ledger);
}

VCPUNUMA_API uint64_t
vcpunuma_ledger_generation(const struct vcpunuma_ledger *ledger)
{
	return ledger->generation;
}

VCPUNUMA_API const struct vcpunuma_ledger_node *
vcpunuma_ledger_node(const struct vcpunuma_ledger *ledger, unsigned int index)
{
	return index < ledger->nr_nodes ? &ledger->nodes[index] : NULL;
}

VCPUNUMA_API const struct vcpunuma_ledger_cpu *
vcpunuma_ledger_cpu(const struct vcpunuma_ledger *ledger, unsigned int index)
{
	return index < ledger->nr_cpus ? &ledger->cpus[index] : NULL;
}
