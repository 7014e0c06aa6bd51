// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - room for a whole VM, and limits
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static int fill(struct vcpunuma_cmd_reserve *cmd,
		const struct vcpunuma_reserve *r, uint64_t *words)
{
	if (r->nr_nodes) {
		if (vn_set_words(words, MAX_NODE_BITS, r->nodes, r->nr_nodes) < 0)
			return -1;
		cmd->nodes = (uintptr_t)words;
		cmd->nr_node_bits = MAX_NODE_BITS;
	}
	if (r->name) {
		if (strlen(r->name) >= sizeof(cmd->name)) {
			errno = EINVAL;
			return -1;
		}
		memcpy(cmd->name, r->name, strlen(r->name) + 1);
	}
	cmd->flags = r->flags;
	cmd->nr_vcpus = r->nr_vcpus;
	cmd->nr_vnodes = r->nr_vnodes;
	cmd->mem = r->mem;
	cmd->policy = r->policy;
	cmd->cpu_policy = r->cpu_policy;
	cmd->min_local = r->min_local;
	cmd->max_nodes = r->max_nodes;
	cmd->near = r->near;
	cmd->grace = r->grace;
	cmd->nr_with = r->nr_with;
	cmd->with = r->nr_with ? (uintptr_t)r->with : 0;
	cmd->nr_apart = r->nr_apart;
	cmd->apart = r->nr_apart ? (uintptr_t)r->apart : 0;
	cmd->places = (uintptr_t)r->places;
	cmd->nr_places = r->places ? r->nr_vcpus : 0;
	cmd->place_size = sizeof(*r->places);
	cmd->chunks = (uintptr_t)r->chunks;
	cmd->nr_chunks = r->chunks ? r->nr_chunks : 0;
	cmd->chunk_size = sizeof(*r->chunks);
	return 0;
}

VCPUNUMA_API int vcpunuma_reserve(struct vcpunuma_vm *vm,
				  struct vcpunuma_reserve *reserve)
{
	struct vcpunuma_cmd_reserve cmd = { .size = sizeof(cmd) };
	uint64_t words[MAX_NODE_WORDS];
	struct vcpunuma_reserve ours;
	int ret;

	if (vn_sized_in(&ours, sizeof(ours), reserve, VN_MIN_RESERVE) < 0)
		return -1;
	if (fill(&cmd, &ours, words) < 0)
		return -1;

	ret = vn_ioctl(vm->fd, VCPUNUMA_RESERVE, &cmd);
	if (ret < 0 && errno != ENOSPC && errno != EMSGSIZE)
		return -1;
	ours.nr_chunks = cmd.nr_chunks;
	ours.out_decision = cmd.out_decision;
	ours.out_mem_short = cmd.out_mem_short;
	ours.out_vnodes = cmd.out_vnodes;
	ours.out_distance = cmd.out_distance;
	ours.out_local = cmd.out_local;
	ours.out_reason = cmd.out_reason;
	ours.out_node = cmd.out_node;
	ours.out_vcpus_short = cmd.out_vcpus_short;
	ours.out_resumed = cmd.out_resumed;
	vn_sized_out(reserve, &ours, sizeof(ours));
	return ret;
}

VCPUNUMA_API int vcpunuma_release(struct vcpunuma_vm *vm)
{
	struct vcpunuma_cmd_release cmd = { .size = sizeof(cmd) };

	return vn_ioctl(vm->fd, VCPUNUMA_RELEASE, &cmd);
}

VCPUNUMA_API int vcpunuma_restrict(struct vcpunuma_vm *vm,
				   const struct vcpunuma_restrict *restriction)
{
	struct vcpunuma_cmd_restrict cmd = { .size = sizeof(cmd) };
	uint64_t nodes[MAX_NODE_WORDS], cpus[MAX_CPU_WORDS];
	struct vcpunuma_restrict ours;

	if (vn_sized_in(&ours, sizeof(ours), restriction, VN_MIN_RESTRICT) < 0)
		return -1;
	if (vn_set_words(nodes, MAX_NODE_BITS, ours.nodes, ours.nr_nodes) < 0 ||
	    vn_set_words(cpus, MAX_CPU_BITS, ours.cpus, ours.nr_cpus) < 0)
		return -1;

	cmd.flags = ours.flags;
	cmd.commands = ours.commands;
	cmd.max_mem = ours.max_mem;
	cmd.max_vcpus = ours.max_vcpus;
	if (ours.nr_nodes || ours.flags & VCPUNUMA_RESTRICT_NODES) {
		cmd.nodes = (uintptr_t)nodes;
		cmd.nr_node_bits = MAX_NODE_BITS;
	}
	if (ours.nr_cpus || ours.flags & VCPUNUMA_RESTRICT_CPUS) {
		cmd.cpus = (uintptr_t)cpus;
		cmd.nr_cpu_bits = MAX_CPU_BITS;
	}
	return vn_ioctl(vm->fd, VCPUNUMA_RESTRICT, &cmd);
}
