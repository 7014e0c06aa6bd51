/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands: from the ioctl's argument to a checked structure in the kernel and
 * back. The only place that copies commands from and to user memory.
 */
#ifndef VCPUNUMA_CMD_H
#define VCPUNUMA_CMD_H

#include <linux/nodemask.h>
#include <linux/types.h>
#include <linux/vcpunuma.h>

struct cpumask;
struct file;

/* The largest of all commands fits, so the dispatcher needs no allocation. */
union cmd_buffer {
	struct {
		u32 size;
		u32 flags;
	};
	struct vcpunuma_cmd_info info;
	struct vcpunuma_cmd_topology topology;
	struct vcpunuma_cmd_configure configure;
	struct vcpunuma_cmd_bind bind;
	struct vcpunuma_cmd_unbind unbind;
	struct vcpunuma_cmd_query query;
	struct vcpunuma_cmd_distribution distribution;
	struct vcpunuma_cmd_mem_create mem_create;
	struct vcpunuma_cmd_mem_query mem_query;
	struct vcpunuma_cmd_mem_populate_range mem_populate_range;
	struct vcpunuma_cmd_reserve reserve;
	struct vcpunuma_cmd_release release;
	struct vcpunuma_cmd_bind_many bind_many;
	struct vcpunuma_cmd_ledger ledger;
	struct vcpunuma_cmd_explain explain;
	struct vcpunuma_cmd_restrict restriction;
};

/**
 * struct cmd_call - a command being executed
 * @object: what the command acts on: private_data of the file
 * @new_file: a handler that makes a file leaves it here; the file becomes
 *	visible under @new_fd when nothing can fail any more
 * @new_fd: the number reserved for it
 * @undo: a handler that can undo what it did leaves here how: called if the
 *	caller cannot be told of it
 * @deed: and here what it was, for @undo: others may have undone it already
 */
struct cmd_call {
	void *object;
	struct file *new_file;
	int new_fd;
	void (*undo)(struct cmd_call *call);
	u64 deed;
};

/**
 * struct cmd_op - a command
 * @cmd: its ioctl number
 * @size: size of its structure today
 * @min_size: size of its structure when it was born
 * @flags: flags it knows
 * @execute: the handler; its structure is complete and its flags are known
 */
struct cmd_op {
	unsigned int cmd;
	unsigned int size;
	unsigned int min_size;
	u32 flags;
	int (*execute)(struct cmd_call *call, union cmd_buffer *buf);
};

#define CMD_OP(_cmd, _struct, _last, _flags, _execute)			\
	{								\
		.cmd = (_cmd),						\
		.size = sizeof(struct _struct) +			\
			BUILD_BUG_ON_ZERO(sizeof(union cmd_buffer) <	\
					  sizeof(struct _struct)),	\
		.min_size = offsetofend(struct _struct, _last),		\
		.flags = (_flags),					\
		.execute = (_execute),					\
	}

long cmd_dispatch(const struct cmd_op *ops, unsigned int nr_ops, void *object,
		  unsigned int cmd, unsigned long arg);

/**
 * struct cmd_array - an array of the caller's, to be filled or read
 * @user: where it is
 * @room: elements it has room for; 0: the caller wants no elements
 * @user_size: size of the caller's elements
 * @size: size of ours
 */
struct cmd_array {
	void __user *user;
	u32 room;
	u32 user_size;
	u32 size;
};

int cmd_array_init(struct cmd_array *a, u64 user, u32 room, u32 user_size,
		   u32 size, u32 min_size);
bool cmd_array_fits(const struct cmd_array *a, u32 nr);
int cmd_array_probe(const struct cmd_array *a, u32 nr);
int cmd_array_touch(const struct cmd_array *a, u32 first, u32 nr);
int cmd_array_get(const struct cmd_array *a, u32 first, void *elements, u32 nr);
int cmd_array_put(const struct cmd_array *a, u32 first, const void *elements,
		  u32 nr);

int cmd_get_u32s(u32 *to, u64 user, u32 nr);
int cmd_get_nodes(nodemask_t *nodes, u64 user, u32 nr_bits);
int cmd_get_cpus(struct cpumask *cpus, u64 user, u32 nr_bits);
int cmd_put_cpus(u64 user, u32 nr_bits, const struct cpumask *cpus);

#endif /* VCPUNUMA_CMD_H */
