// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - where a memory object is
 */
#include <errno.h>
#include <stdlib.h>

#include "mem.h"

struct vcpunuma_mem_usage {
	uint64_t length;
	uint64_t populated;
	uint64_t page_size;
	uint64_t remote;
	uint64_t small;
	uint64_t lost;
	unsigned int target;
	unsigned int nr_nodes;
	struct vcpunuma_node_bytes *nodes;	/* in order of node id */
};

static int fill(struct vcpunuma_mem_usage *usage, int fd)
{
	struct vcpunuma_cmd_mem_query cmd = {
		.size = sizeof(cmd),
		.bytes_size = sizeof(struct vcpunuma_node_bytes),
		.nr_bytes = 1,	/* enough as a rule */
	};
	int tries = MAX_RETRIES;

	for (;;) {
		free(usage->nodes);
		usage->nodes = calloc(cmd.nr_bytes, sizeof(*usage->nodes));
		if (!usage->nodes)
			return -1;
		cmd.bytes = (uintptr_t)usage->nodes;
		if (!vn_ioctl(fd, VCPUNUMA_MEM_QUERY, &cmd))
			break;
		if (errno != EMSGSIZE || !--tries)
			return -1;
	}

	usage->length = cmd.out_length;
	usage->populated = cmd.out_populated;
	usage->page_size = UINT64_C(1) << cmd.out_page_shift;
	usage->remote = cmd.out_remote;
	usage->small = cmd.out_small;
	usage->lost = cmd.out_lost;
	usage->target = cmd.out_node;
	usage->nr_nodes = cmd.nr_bytes;
	return 0;
}

VCPUNUMA_API struct vcpunuma_mem_usage *
vcpunuma_mem_query(const struct vcpunuma_mem *mem)
{
	struct vcpunuma_mem_usage *usage = calloc(1, sizeof(*usage));

	if (!usage)
		return NULL;
	if (fill(usage, mem->fd) < 0) {
		int err = errno;

		vcpunuma_mem_usage_free(usage);
		errno = err;
		return NULL;
	}
	return usage;
}

VCPUNUMA_API void vcpunuma_mem_usage_free(struct vcpunuma_mem_usage *usage)
{
	if (!usage)
		return;
	free(usage->nodes);
	free(usage);
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_length(const struct vcpunuma_mem_usage *usage)
{
	return usage->length;
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_populated(const struct vcpunuma_mem_usage *usage)
{
	return usage->populated;
}

VCPUNUMA_API unsigned int
vcpunuma_mem_usage_target(const struct vcpunuma_mem_usage *usage)
{
	return usage->target;
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_page_size(const struct vcpunuma_mem_usage *usage)
{
	return usage->page_size;
}

VCPUNUMA_API unsigned int
vcpunuma_mem_usage_num_nodes(const struct vcpunuma_mem_usage *usage)
{
	return usage->nr_nodes;
}

VCPUNUMA_API unsigned int
vcpunuma_mem_usage_node(const struct vcpunuma_mem_usage *usage,
			unsigned int index)
{
	return index < usage->nr_nodes ? usage->nodes[index].node :
					 VCPUNUMA_NONE;
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_bytes(const struct vcpunuma_mem_usage *usage,
			 unsigned int node)
{
	unsigned int i;

	for (i = 0; i < usage->nr_nodes; i++) {
		if (usage->nodes[i].node == node)
			return usage->nodes[i].bytes;
	}
	return 0;
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_remote(const struct vcpunuma_mem_usage *usage)
{
	return usage->remote;
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_small(const struct vcpunuma_mem_usage *usage)
{
	return usage->small;
}

VCPUNUMA_API uint64_t
vcpunuma_mem_usage_lost(const struct vcpunuma_mem_usage *usage)
{
	return usage->lost;
}
