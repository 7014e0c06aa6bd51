// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - how a VM lies over the nodes
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct vcpunuma_distribution {
	unsigned int bound;
	unsigned int spread;
	unsigned int configured;
	unsigned int exited;
	unsigned int nr_shares;
	struct vcpunuma_share *shares;	/* in order of node id */
};

static int fill(struct vcpunuma_distribution *dist, int fd)
{
	struct vcpunuma_cmd_distribution cmd = {
		.size = sizeof(cmd),
		.share_size = sizeof(struct vcpunuma_share),
	};
	int tries = MAX_RETRIES;

	/* The number alone, at first */
	if (vn_ioctl(fd, VCPUNUMA_DISTRIBUTION, &cmd) < 0)
		return -1;

	for (;;) {
		free(dist->shares);
		dist->shares = calloc(cmd.nr_shares, sizeof(*dist->shares));
		if (!dist->shares)
			return -1;
		cmd.shares = (uintptr_t)dist->shares;
		if (!vn_ioctl(fd, VCPUNUMA_DISTRIBUTION, &cmd))
			break;
		if (errno != EMSGSIZE || !--tries)
			return -1;
	}

	dist->nr_shares = cmd.nr_shares;
	dist->bound = cmd.out_bound;
	dist->spread = cmd.out_spread;
	dist->configured = cmd.out_configured;
	dist->exited = cmd.out_exited;
	return 0;
}

VCPUNUMA_API struct vcpunuma_distribution *
vcpunuma_distribution_get(const struct vcpunuma_vm *vm)
{
	struct vcpunuma_distribution *dist = calloc(1, sizeof(*dist));

	if (!dist)
		return NULL;
	if (fill(dist, vm->fd) < 0) {
		int err = errno;

		vcpunuma_distribution_free(dist);
		errno = err;
		return NULL;
	}
	return dist;
}

VCPUNUMA_API void
vcpunuma_distribution_free(struct vcpunuma_distribution *dist)
{
	if (!dist)
		return;
	free(dist->shares);
	free(dist);
}

static int cmp_share(const void *key, const void *elem)
{
	unsigned int node = *(const unsigned int *)key;
	const struct vcpunuma_share *s = elem;

	return node < s->node ? -1 : node > s->node;
}

static const struct vcpunuma_share *
find_share(const struct vcpunuma_distribution *dist, unsigned int node)
{
	return bsearch(&node, dist->shares, dist->nr_shares,
		       sizeof(*dist->shares), cmp_share);
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_num_nodes(const struct vcpunuma_distribution *dist)
{
	return dist->nr_shares;
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_node(const struct vcpunuma_distribution *dist,
			   unsigned int index)
{
	return index < dist->nr_shares ? dist->shares[index].node :
					 VCPUNUMA_NONE;
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_vcpus(const struct vcpunuma_distribution *dist,
			    unsigned int node)
{
	const struct vcpunuma_share *s = find_share(dist, node);

	return s ? s->nr_vcpus : 0;
}

VCPUNUMA_API uint64_t
vcpunuma_distribution_mem(const struct vcpunuma_distribution *dist,
			  unsigned int node)
{
	const struct vcpunuma_share *s = find_share(dist, node);

	return s ? s->mem_bytes : 0;
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_bound(const struct vcpunuma_distribution *dist)
{
	return dist->bound;
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_spread(const struct vcpunuma_distribution *dist)
{
	return dist->spread;
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_configured(const struct vcpunuma_distribution *dist)
{
	return dist->configured;
}

VCPUNUMA_API unsigned int
vcpunuma_distribution_exited(const struct vcpunuma_distribution *dist)
{
	return dist->exited;
}
