/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ops: what a call can do. A row of a table each.
 */
#ifndef FUZZ_OPS_H
#define FUZZ_OPS_H

#include <linux/types.h>

#include "prog.h"

/* Slots for file descriptors, by what is usually in them. */
enum slot {
	SLOT_VM = 0,
	SLOT_MEM = 3,
	SLOT_REPORT = 8,
	SLOT_PIDFD = 10,
	SLOT_PIPE = 12,
	SLOTS = 14,
};

/* Windows: places for mappings. */
#define WINDOWS		6
/* Tasks of a program that calls can name. */
#define TASKS		16
/* Cgroups that calls can change. */
#define GROUPS		3

/* Kinds of arguments, and what arg_desc.value means with them */
enum kind {
	KIND_NUMBER,	/* below value */
	KIND_LIST,	/* one of value numbers */
	KIND_FLAGS,	/* of the bits in value */
	KIND_RESERVED,
	KIND_SIZE,	/* of a structure of value bytes */
	KIND_STRIDE,	/* of elements of value bytes */
	KIND_COUNT,	/* of elements */
	KIND_NODE,
	KIND_CPU,
	KIND_VCPU,
	KIND_NR_VCPUS,
	KIND_LENGTH,	/* of a memory object */
	KIND_BITS,	/* of a set of CPUs */
	KIND_MASK,	/* a set of CPUs or nodes */
	KIND_POINTER,
	KIND_SET,	/* pointer to a set of CPUs */
	KIND_TASK,
	KIND_PIDFD,
	KIND_SLOT,	/* value: enum slot */
	KIND_NEW_FD,	/* a result: the slot to put it in; value: enum slot */
	KIND_OFFSET,	/* in a window */
	KIND_BYTES,	/* of a window */
};

/**
 * struct arg_desc - an argument of an op
 * @name: its name
 * @kind: what it is
 * @value: by @kind
 * @list: with KIND_LIST
 * @offset: where it is in the command's structure
 * @bytes: how large it is there
 */
struct arg_desc {
	const char *name;
	enum kind kind;
	__u64 value;
	const __u64 *list;
	unsigned int offset;
	unsigned int bytes;
};

/**
 * struct op - what a call can do
 * @name: its name
 * @weight: how often it is chosen
 * @args: its arguments
 * @nr_args: how many
 * @run: does it; returns -errno or a result that is not negative
 * @wild: changes the process for good, or needs others: a program with it has
 *	a process of its own
 * @settle: makes arguments fit each other, most of the time; or NULL
 * @cmd: for commands, the ioctl number
 */
struct op {
	const char *name;
	unsigned int weight;
	const struct arg_desc *args;
	unsigned int nr_args;
	long (*run)(const struct op *op, const __u64 *arg);
	bool wild;
	void (*settle)(__u64 *arg, struct rng *r);
	unsigned int cmd;
};

/* A table of ops: each file that implements some has one. */
struct op_table {
	const struct op *ops;
	unsigned int nr;
};

extern const struct op_table command_ops, file_ops, memory_ops, process_ops,
			     host_ops;

unsigned int ops_count(void);
const struct op *op_get(unsigned int i);
int op_find(const char *name);
unsigned int op_choose(struct rng *r);
__u64 arg_choose(const struct arg_desc *d, struct rng *r);

#define ARG(_name, _kind, _value)					\
	{ .name = (_name), .kind = (_kind), .value = (_value) }
#define ARG_LIST(_name, _list)						\
	{ .name = (_name), .kind = KIND_LIST, .list = (_list),		\
	  .value = ARRAY_SIZE(_list) }
#define OP(_name, _weight, _args, _run)					\
	{ .name = (_name), .weight = (_weight), .args = (_args),	\
	  .nr_args = ARRAY_SIZE(_args), .run = (_run) }
#define OP_WILD(_name, _weight, _args, _run)				\
	{ .name = (_name), .weight = (_weight), .args = (_args),	\
	  .nr_args = ARRAY_SIZE(_args), .run = (_run), .wild = true }

#endif /* FUZZ_OPS_H */
