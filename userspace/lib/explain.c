// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - what was decided for a VM, and why
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct vcpunuma_explanation {
	struct vcpunuma_cmd_explain cmd;
	struct vcpunuma_explain_node *nodes;	/* in order of id */
	struct vcpunuma_candidate *candidates;	/* the best first */
};

/* An array of @nr elements; of none, an address all the same */
static void *array(unsigned int nr, size_t size)
{
	return calloc(nr ? nr : 1, size);
}

static int make_room(struct vcpunuma_explanation *e)
{
	struct vcpunuma_cmd_explain *cmd = &e->cmd;

	free(e->nodes);
	free(e->candidates);
	e->nodes = array(cmd->nr_nodes, sizeof(*e->nodes));
	e->candidates = array(cmd->nr_candidates, sizeof(*e->candidates));
	cmd->nodes = (uintptr_t)e->nodes;
	cmd->candidates = (uintptr_t)e->candidates;
	return e->nodes && e->candidates ? 0 : -1;
}

static int fill(struct vcpunuma_explanation *e, int fd)
{
	struct vcpunuma_cmd_explain *cmd = &e->cmd;
	unsigned int nodes, candidates;
	int tries = MAX_RETRIES;

	/* The numbers alone, at first */
	if (vn_ioctl(fd, VCPUNUMA_EXPLAIN, cmd) < 0)
		return -1;

	do {
		if (make_room(e) < 0)
			return -1;
		nodes = cmd->nr_nodes;
		candidates = cmd->nr_candidates;
		if (vn_ioctl(fd, VCPUNUMA_EXPLAIN, cmd) < 0) {
			if (errno != EMSGSIZE)
				return -1;
		} else if (nodes >= cmd->nr_nodes &&
			   candidates >= cmd->nr_candidates) {
			return 0;
		}
		/* Something was decided meanwhile. */
	} while (--tries);
	errno = EMSGSIZE;
	return -1;
}

VCPUNUMA_API struct vcpunuma_explanation *
vcpunuma_explain(const struct vcpunuma_vm *vm, unsigned int id,
		 unsigned int flags)
{
	struct vcpunuma_explanation *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->cmd = (struct vcpunuma_cmd_explain){
		.size = sizeof(e->cmd),
		.flags = flags,
		.vm = id,
		.node_size = sizeof(*e->nodes),
		.candidate_size = sizeof(*e->candidates),
	};
	if (fill(e, vm->fd) < 0) {
		int err = errno;

		vcpunuma_explanation_free(e);
		errno = err;
		return NULL;
	}
	return e;
}

VCPUNUMA_API void vcpunuma_explanation_free(struct vcpunuma_explanation *e)
{
	if (!e)
		return;
	free(e->nodes);
	free(e->candidates);
	free(e);
}

VCPUNUMA_API const struct vcpunuma_cmd_explain *
vcpunuma_explanation_record(const struct vcpunuma_explanation *e)
{
	return &e->cmd;
}

VCPUNUMA_API const struct vcpunuma_explain_node *
vcpunuma_explanation_node(const struct vcpunuma_explanation *e,
			  unsigned int index)
{
	return index < e->cmd.nr_nodes ? &e->nodes[index] : NULL;
}

VCPUNUMA_API const struct vcpunuma_candidate *
vcpunuma_explanation_candidate(const struct vcpunuma_explanation *e,
			       unsigned int index)
{
	return index < e->cmd.nr_candidates ? &e->candidates[index] : NULL;
}
