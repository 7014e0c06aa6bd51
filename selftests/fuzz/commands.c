// SPDX-License-Identifier: GPL-2.0
/*
 * Ops that are commands of the module: their arguments are the fields of the
 * command's structure.
 *
 * The list of commands is made from the uAPI header. A command without
 * fields_NAME and settle_NAME here does not compile.
 */
#include <errno.h>
#include <linux/vcpunuma.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fail.h"
#include "state.h"
#include "trap.h"

/* All arguments of a command: some that each has, then its structure's fields */
#define FIELDS(_slot, ...)						\
	{								\
		ARG("fd", KIND_SLOT, _slot),				\
		ARG("at", KIND_POINTER, 0),				\
		ARG("tail", KIND_RESERVED, 0),				\
		__VA_ARGS__						\
	}
enum { ARG_FD, ARG_AT, ARG_TAIL, ARG_SIZE, ARGS_COMMON = ARG_SIZE };

#define FIELD(_struct, _field, _kind, _value)				\
	{ .name = #_field, .kind = (_kind), .value = (_value),		\
	  .offset = offsetof(struct _struct, _field),			\
	  .bytes = sizeof(((struct _struct *)0)->_field) }
#define SIZE_FIELD(_struct)						\
	FIELD(_struct, size, KIND_SIZE, sizeof(struct _struct))

static const struct arg_desc fields_INFO[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_info),
	FIELD(vcpunuma_cmd_info, flags, KIND_FLAGS, 0));

#define settle_INFO	NULL

static const struct arg_desc fields_TOPOLOGY[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_topology),
	FIELD(vcpunuma_cmd_topology, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_topology, nodes, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_topology, nr_nodes, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_topology, node_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_node)),
	FIELD(vcpunuma_cmd_topology, cpus, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_topology, nr_cpus, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_topology, cpu_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_cpu)),
	FIELD(vcpunuma_cmd_topology, distances, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_topology, nr_distances, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_topology, __reserved, KIND_RESERVED, 0));

#define settle_TOPOLOGY	NULL

static const struct arg_desc fields_CONFIGURE[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_configure),
	FIELD(vcpunuma_cmd_configure, flags, KIND_FLAGS, VCPUNUMA_CONFIGURE_NODES),
	FIELD(vcpunuma_cmd_configure, nr_vcpus, KIND_NR_VCPUS, 0),
	FIELD(vcpunuma_cmd_configure, place_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_place)),
	FIELD(vcpunuma_cmd_configure, places, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_configure, nr_places, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_configure, __reserved, KIND_RESERVED, 0));

#define settle_CONFIGURE	NULL

static const struct arg_desc fields_BIND[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_bind),
	FIELD(vcpunuma_cmd_bind, flags, KIND_FLAGS, VCPUNUMA_BIND_PIDFD),
	FIELD(vcpunuma_cmd_bind, vcpu, KIND_VCPU, 0),
	FIELD(vcpunuma_cmd_bind, to, KIND_NUMBER, VCPUNUMA_BIND_CPUS + 2),
	FIELD(vcpunuma_cmd_bind, target, KIND_CPU, 0),
	FIELD(vcpunuma_cmd_bind, tid, KIND_TASK, 0),
	FIELD(vcpunuma_cmd_bind, pidfd, KIND_PIDFD, 0),
	FIELD(vcpunuma_cmd_bind, nr_bits, KIND_BITS, 0),
	FIELD(vcpunuma_cmd_bind, cpus, KIND_SET, 0));

enum {
	BIND_FLAGS = ARGS_COMMON + 1, BIND_VCPU, BIND_TO, BIND_TARGET, BIND_TID,
	BIND_PIDFD, BIND_BITS, BIND_CPUS,
};

static void settle_BIND(__u64 *arg, struct rng *r)
{
	if (rng_percent(r, 80))
		arg[BIND_FLAGS] = 0;
	if (!arg[BIND_FLAGS]) {
		arg[BIND_PIDFD] = 0;
	} else {
		arg[BIND_PIDFD] = 1 + SLOT_PIDFD + rng_below(r, 2);
		arg[BIND_TID] = TASK_BASE + rng_below(r, TASKS / 2);
	}
	if (arg[BIND_TO] != VCPUNUMA_BIND_CPUS) {
		arg[BIND_BITS] = 0;
		arg[BIND_CPUS] = 0;
	} else {
		arg[BIND_TARGET] = 0;
	}
	if (arg[BIND_TO] == VCPUNUMA_BIND_NODE)
		arg[BIND_TARGET] %= 5;
	else if (arg[BIND_TO] == VCPUNUMA_BIND_PLACE)
		arg[BIND_TARGET] = 0;
}

static const struct arg_desc fields_UNBIND[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_unbind),
	FIELD(vcpunuma_cmd_unbind, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_unbind, vcpu, KIND_VCPU, 0),
	FIELD(vcpunuma_cmd_unbind, __reserved, KIND_RESERVED, 0));

#define settle_UNBIND	NULL

static const struct arg_desc fields_QUERY[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_query),
	FIELD(vcpunuma_cmd_query, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_query, vcpu, KIND_VCPU, 0),
	FIELD(vcpunuma_cmd_query, nr_bits, KIND_BITS, 0),
	FIELD(vcpunuma_cmd_query, cpus, KIND_POINTER, 0));

#define settle_QUERY	NULL

static const struct arg_desc fields_DISTRIBUTION[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_distribution),
	FIELD(vcpunuma_cmd_distribution, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_distribution, shares, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_distribution, nr_shares, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_distribution, share_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_share)));

#define settle_DISTRIBUTION	NULL

static const __u64 page_shifts[] = { 0, 0, 12, 12, 21, 1, 11, 13, 30, 63, 64 };

static const struct arg_desc fields_MEM_CREATE[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_mem_create),
	FIELD(vcpunuma_cmd_mem_create, flags, KIND_FLAGS,
	      VCPUNUMA_MEM_POPULATE | VCPUNUMA_MEM_VCPU | VCPUNUMA_MEM_SMALL),
	FIELD(vcpunuma_cmd_mem_create, length, KIND_LENGTH, 0),
	FIELD(vcpunuma_cmd_mem_create, node, KIND_NODE, 0),
	FIELD(vcpunuma_cmd_mem_create, vcpu, KIND_VCPU, 0),
	FIELD(vcpunuma_cmd_mem_create, page_shift, KIND_NUMBER, 64),
	FIELD(vcpunuma_cmd_mem_create, out_fd, KIND_NEW_FD, SLOT_MEM),
	FIELD(vcpunuma_cmd_mem_create, ranges, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_mem_create, nr_ranges, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_mem_create, range_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_mem_range)));

enum {
	CREATE_FLAGS = ARGS_COMMON + 1, CREATE_LENGTH, CREATE_NODE, CREATE_VCPU,
	CREATE_SHIFT, CREATE_OUT_FD, CREATE_RANGES, CREATE_NR_RANGES,
	CREATE_RANGE_SIZE,
};

static void settle_MEM_CREATE(__u64 *arg, struct rng *r)
{
	arg[CREATE_SHIFT] = page_shifts[rng_below(r, ARRAY_SIZE(page_shifts))];
	if (rng_percent(r, 70)) {
		arg[CREATE_RANGES] = 0;
		arg[CREATE_NR_RANGES] = 0;
		arg[CREATE_RANGE_SIZE] = 0;
	} else if (rng_percent(r, 80)) {
		/* As the op "ranges" puts them there */
		arg[CREATE_RANGES] = AT_RANGES;
		arg[CREATE_NR_RANGES] = 1 + rng_below(r, RANGES);
		arg[CREATE_RANGE_SIZE] = sizeof(struct vcpunuma_mem_range);
		arg[CREATE_LENGTH] = arg[CREATE_NR_RANGES] * RANGE_BYTES;
		arg[CREATE_FLAGS] &= ~VCPUNUMA_MEM_VCPU;
		arg[CREATE_NODE] = 0;
	}
	if (rng_percent(r, 60))
		arg[CREATE_FLAGS] &= ~VCPUNUMA_MEM_VCPU;
	if (arg[CREATE_FLAGS] & VCPUNUMA_MEM_VCPU)
		arg[CREATE_NODE] = 0;
	else
		arg[CREATE_VCPU] = 0;
	/* Filling a node takes seconds. */
	if (arg[CREATE_LENGTH] > (64 << 20) && rng_percent(r, 99))
		arg[CREATE_FLAGS] &= ~VCPUNUMA_MEM_POPULATE;
}

static const struct arg_desc fields_MEM_QUERY[] = FIELDS(SLOT_MEM,
	SIZE_FIELD(vcpunuma_cmd_mem_query),
	FIELD(vcpunuma_cmd_mem_query, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_mem_query, bytes, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_mem_query, nr_bytes, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_mem_query, bytes_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_node_bytes)));

#define settle_MEM_QUERY	NULL

static const struct arg_desc fields_MEM_POPULATE_RANGE[] = FIELDS(SLOT_MEM,
	SIZE_FIELD(vcpunuma_cmd_mem_populate_range),
	FIELD(vcpunuma_cmd_mem_populate_range, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_mem_populate_range, offset, KIND_OFFSET, 0),
	FIELD(vcpunuma_cmd_mem_populate_range, length, KIND_BYTES, 0),
	FIELD(vcpunuma_cmd_mem_populate_range, workers, KIND_NUMBER, 5),
	FIELD(vcpunuma_cmd_mem_populate_range, __reserved, KIND_RESERVED, 0));

#define settle_MEM_POPULATE_RANGE	NULL

static const __u64 few_vcpus[] = { 1, 1, 1, 2, 2, 3, 4, 8, 9, 0, 64, 4096, 4097 };
static const __u64 some_mem[] = {
	0, 0, 2 << 20, 4 << 20, 64 << 20, 500 << 20, 1ULL << 31, 1ULL << 46,
	4096, 1ULL << 63,
};

static const struct arg_desc fields_RESERVE[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_reserve),
	FIELD(vcpunuma_cmd_reserve, flags, KIND_FLAGS, 0x3f),
	FIELD(vcpunuma_cmd_reserve, nr_vcpus, KIND_NR_VCPUS, 0),
	FIELD(vcpunuma_cmd_reserve, nr_vnodes, KIND_NUMBER, 5),
	FIELD(vcpunuma_cmd_reserve, mem, KIND_LENGTH, 0),
	FIELD(vcpunuma_cmd_reserve, policy, KIND_NUMBER, 4),
	FIELD(vcpunuma_cmd_reserve, cpu_policy, KIND_NUMBER, 5),
	FIELD(vcpunuma_cmd_reserve, min_local, KIND_NUMBER, 102),
	FIELD(vcpunuma_cmd_reserve, max_nodes, KIND_NUMBER, 6),
	FIELD(vcpunuma_cmd_reserve, near, KIND_NODE, 0),
	FIELD(vcpunuma_cmd_reserve, nr_node_bits, KIND_BITS, 0),
	FIELD(vcpunuma_cmd_reserve, nodes, KIND_SET, 0),
	FIELD(vcpunuma_cmd_reserve, with, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_reserve, apart, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_reserve, nr_with, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_reserve, nr_apart, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_reserve, name, KIND_RESERVED, 0),
	FIELD(vcpunuma_cmd_reserve, places, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_reserve, nr_places, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_reserve, place_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_place)),
	FIELD(vcpunuma_cmd_reserve, chunks, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_reserve, nr_chunks, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_reserve, chunk_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_chunk)),
	FIELD(vcpunuma_cmd_reserve, grace, KIND_NUMBER, 3));

enum {
	RESERVE_FLAGS = ARGS_COMMON + 1, RESERVE_VCPUS, RESERVE_VNODES,
	RESERVE_MEM, RESERVE_POLICY, RESERVE_CPU_POLICY, RESERVE_LOCAL,
	RESERVE_SPAN, RESERVE_NEAR, RESERVE_BITS, RESERVE_NODES, RESERVE_WITH,
	RESERVE_APART, RESERVE_NR_WITH, RESERVE_NR_APART, RESERVE_NAME,
	RESERVE_GRACE = RESERVE_NAME + 7,
};

/* Most of what chance puts together makes no sense. */
static void settle_RESERVE(__u64 *arg, struct rng *r)
{
	arg[RESERVE_VCPUS] = few_vcpus[rng_below(r, ARRAY_SIZE(few_vcpus))];
	arg[RESERVE_MEM] = some_mem[rng_below(r, ARRAY_SIZE(some_mem))];
	if (rng_percent(r, 70))
		arg[RESERVE_FLAGS] &= VCPUNUMA_RESERVE_STRICT |
				      VCPUNUMA_RESERVE_BEYOND;
	if (!(arg[RESERVE_FLAGS] & VCPUNUMA_RESERVE_NEAR_NODE))
		arg[RESERVE_NEAR] = 0;
	/* Two names, so that the same comes back */
	if (rng_percent(r, 50))
		arg[RESERVE_NAME] = 'a' + rng_below(r, 2);
	else
		arg[RESERVE_GRACE] = 0;
	if (rng_percent(r, 80)) {
		arg[RESERVE_BITS] = 0;
		arg[RESERVE_NODES] = 0;
	}
	if (rng_percent(r, 90)) {
		arg[RESERVE_WITH] = 0;
		arg[RESERVE_NR_WITH] = 0;
		arg[RESERVE_APART] = 0;
		arg[RESERVE_NR_APART] = 0;
	}
}

static const struct arg_desc fields_RELEASE[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_release),
	FIELD(vcpunuma_cmd_release, flags, KIND_FLAGS, 0));

#define settle_RELEASE	NULL

static const struct arg_desc fields_BIND_MANY[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_bind_many),
	FIELD(vcpunuma_cmd_bind_many, flags, KIND_FLAGS, VCPUNUMA_BIND_PIDFD),
	FIELD(vcpunuma_cmd_bind_many, entries, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_bind_many, nr_entries, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_bind_many, entry_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_bind_entry)),
	FIELD(vcpunuma_cmd_bind_many, first, KIND_RESERVED, 0),
	FIELD(vcpunuma_cmd_bind_many, pidfd, KIND_PIDFD, 0),
	FIELD(vcpunuma_cmd_bind_many, __reserved, KIND_RESERVED, 0));

enum { MANY_FLAGS = ARGS_COMMON + 1, MANY_PIDFD = MANY_FLAGS + 5 };

static void settle_BIND_MANY(__u64 *arg, struct rng *r)
{
	if (rng_percent(r, 80))
		arg[MANY_FLAGS] = 0;
	if (!arg[MANY_FLAGS])
		arg[MANY_PIDFD] = 0;
	else
		arg[MANY_PIDFD] = 1 + SLOT_PIDFD + rng_below(r, 2);
}

static const struct arg_desc fields_LEDGER[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_ledger),
	FIELD(vcpunuma_cmd_ledger, flags, KIND_FLAGS, 0),
	FIELD(vcpunuma_cmd_ledger, nodes, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_ledger, nr_nodes, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_ledger, node_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_ledger_node)),
	FIELD(vcpunuma_cmd_ledger, cpus, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_ledger, nr_cpus, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_ledger, cpu_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_ledger_cpu)));

#define settle_LEDGER	NULL

static const struct arg_desc fields_EXPLAIN[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_explain),
	FIELD(vcpunuma_cmd_explain, flags, KIND_FLAGS, VCPUNUMA_EXPLAIN_NEXT),
	FIELD(vcpunuma_cmd_explain, vm, KIND_NUMBER, 1000),
	FIELD(vcpunuma_cmd_explain, __reserved, KIND_RESERVED, 0),
	FIELD(vcpunuma_cmd_explain, nodes, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_explain, nr_nodes, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_explain, node_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_explain_node)),
	FIELD(vcpunuma_cmd_explain, candidates, KIND_POINTER, 0),
	FIELD(vcpunuma_cmd_explain, nr_candidates, KIND_COUNT, 0),
	FIELD(vcpunuma_cmd_explain, candidate_size, KIND_STRIDE,
	      sizeof(struct vcpunuma_candidate)));

enum { EXPLAIN_FLAGS = ARGS_COMMON + 1, EXPLAIN_VM };

/* The own VM, or whatever comes next: a number by chance is rarely a VM. */
static void settle_EXPLAIN(__u64 *arg, struct rng *r)
{
	if (!(arg[EXPLAIN_FLAGS] & VCPUNUMA_EXPLAIN_NEXT) && rng_percent(r, 80))
		arg[EXPLAIN_VM] = 0;
}

static const struct arg_desc fields_RESTRICT[] = FIELDS(SLOT_VM,
	SIZE_FIELD(vcpunuma_cmd_restrict),
	FIELD(vcpunuma_cmd_restrict, flags, KIND_FLAGS, 0x3f),
	FIELD(vcpunuma_cmd_restrict, commands, KIND_NUMBER, 1),
	FIELD(vcpunuma_cmd_restrict, nodes, KIND_SET, 0),
	FIELD(vcpunuma_cmd_restrict, cpus, KIND_SET, 0),
	FIELD(vcpunuma_cmd_restrict, nr_node_bits, KIND_BITS, 0),
	FIELD(vcpunuma_cmd_restrict, nr_cpu_bits, KIND_BITS, 0),
	FIELD(vcpunuma_cmd_restrict, max_mem, KIND_LENGTH, 0),
	FIELD(vcpunuma_cmd_restrict, max_vcpus, KIND_NR_VCPUS, 0),
	FIELD(vcpunuma_cmd_restrict, __reserved, KIND_RESERVED, 0));

enum {
	RESTRICT_FLAGS = ARGS_COMMON + 1, RESTRICT_COMMANDS, RESTRICT_NODES,
	RESTRICT_CPUS, RESTRICT_NODE_BITS, RESTRICT_CPU_BITS, RESTRICT_MEM,
	RESTRICT_VCPUS,
};

/* Fields go with flags; who forbids all commands ends the game. */
static void settle_RESTRICT(__u64 *arg, struct rng *r)
{
	if (rng_percent(r, 95))
		arg[RESTRICT_FLAGS] &= ~(__u64)VCPUNUMA_RESTRICT_COMMANDS;
	if (arg[RESTRICT_FLAGS] & VCPUNUMA_RESTRICT_COMMANDS)
		arg[RESTRICT_COMMANDS] = ~(1ULL << rng_below(r, 16));
	if (!(arg[RESTRICT_FLAGS] & VCPUNUMA_RESTRICT_NODES)) {
		arg[RESTRICT_NODES] = 0;
		arg[RESTRICT_NODE_BITS] = 0;
	}
	if (!(arg[RESTRICT_FLAGS] & VCPUNUMA_RESTRICT_CPUS)) {
		arg[RESTRICT_CPUS] = 0;
		arg[RESTRICT_CPU_BITS] = 0;
	}
	if (!(arg[RESTRICT_FLAGS] & VCPUNUMA_RESTRICT_MEM))
		arg[RESTRICT_MEM] = 0;
	if (!(arg[RESTRICT_FLAGS] & VCPUNUMA_RESTRICT_VCPUS))
		arg[RESTRICT_VCPUS] = 0;
}

static const struct arg_desc range_args[] = {
	ARG("range", KIND_NUMBER, RANGES),
	ARG("policy", KIND_NUMBER, VCPUNUMA_MEM_LOCAL + 2),
	ARG("flags", KIND_FLAGS, VCPUNUMA_MEM_RANGE_VCPU),
	ARG("node", KIND_NODE, 0),
	ARG("vcpu", KIND_VCPU, 0),
	ARG("min_local", KIND_NUMBER, 102),
	ARG("max_distance", KIND_NUMBER, 40),
	ARG("nodes", KIND_NUMBER, RANGE_NODES + 2),
	ARG("weight", KIND_NUMBER, 70000),
	ARG("odd", KIND_RESERVED, 0),
};

/* A range that MEM_CREATE is to find: mostly one that makes sense */
static long run_range(const struct op *op, const __u64 *arg)
{
	struct vcpunuma_mem_range *range = (void *)(me.arena + ARENA_RANGES);
	struct vcpunuma_node_weight *weight =
		(void *)(me.arena + ARENA_WEIGHTS);
	struct vcpunuma_mem_range r = {
		.length = RANGE_BYTES + arg[9],
		.policy = arg[1],
		.flags = arg[2],
	};
	__u32 i = arg[0] % RANGES;

	(void)op;
	weight += i * RANGE_NODES;
	if (r.policy == VCPUNUMA_MEM_INTERLEAVE) {
		r.nodes = (unsigned long)weight;
		r.nr_nodes = arg[7];
		r.weight_size = sizeof(*weight);
		weight[0].weight = arg[8];
		weight[1].node = arg[3];
	} else if (r.policy != VCPUNUMA_MEM_LOCAL) {
		r.node = r.flags ? 0 : arg[3];
		r.vcpu = r.flags ? arg[4] : 0;
	}
	if (r.policy == VCPUNUMA_MEM_BOUNDED) {
		r.min_local = arg[5];
		r.max_distance = arg[6];
	}
	range[i] = r;
	return 0;
}

/* What a field holds, given what a program says of it */
static __u64 field_value(const struct arg_desc *d, __u64 arg)
{
	switch (d->kind) {
	case KIND_POINTER:
	case KIND_SET:
		return (unsigned long)state_pointer(arg);
	case KIND_TASK:
		return state_tid(arg);
	case KIND_PIDFD:
		return arg && arg <= SLOTS ? (__u64)slot_fd(arg - 1) : arg;
	case KIND_NEW_FD:
		return -1;
	default:
		return arg;
	}
}

/*
 * Put the structure where the command is to find it. If that can't be written
 * to, the command finds what is there; in the read-only mapping of the arena it
 * finds the structure.
 */
static void put_struct(const struct op *op, const __u64 *arg)
{
	__u32 size = arg[ARG_SIZE], known = op->args[ARG_SIZE].value;
	__u64 at = arg[ARG_AT], value;
	char image[8192];
	unsigned int i;

	/* Results must not count as arguments. */
	memset(image, 0, sizeof(image));
	memset(image, 0x5a, known);
	for (i = ARGS_COMMON; i < op->nr_args; i++) {
		value = field_value(&op->args[i], arg[i]);
		/* The rest of a longer field, a name, is 0. */
		memset(image + op->args[i].offset, 0, op->args[i].bytes);
		memcpy(image + op->args[i].offset, &value,
		       op->args[i].bytes < sizeof(value) ?
		       op->args[i].bytes : sizeof(value));
	}
	if (size < sizeof(image) && size > known)
		image[known + arg[ARG_TAIL] % (size - known)] =
			arg[ARG_TAIL];
	if (size < known)
		size = known;
	if (size > sizeof(image))
		size = sizeof(image);
	if (AT_TAG(at) == AT_READ_ONLY)
		at += AT_ARENA - AT_READ_ONLY;
	trap_copy(state_pointer(at), image, size);
}

static long run_command(const struct op *op, const __u64 *arg)
{
	char *at = state_pointer(arg[ARG_AT]);
	const struct arg_desc *d;
	unsigned int i;
	int fd, err;

	put_struct(op, arg);
	fail_begin();
	err = ioctl(slot_fd(arg[ARG_FD]), op->cmd, at);
	fail_end();
	if (err)
		return -errno;
	for (i = ARGS_COMMON; i < op->nr_args; i++) {
		d = &op->args[i];
		if (d->kind == KIND_NEW_FD &&
		    trap_copy(&fd, at + d->offset, sizeof(fd)))
			slot_put(arg[i], fd);
	}
	return 0;
}

#define WEIGHT_COMMAND	6

/* Does not compile if there are more than a call has room for. */
#define NR_ARGS(_args)							\
	(ARRAY_SIZE(_args) + 0 *					\
	 sizeof(char[1 - 2 * (ARRAY_SIZE(_args) > PROG_ARGS)]))

#define VN_COMMAND(_name)						\
	{ .name = #_name, .weight = WEIGHT_COMMAND,			\
	  .args = fields_##_name, .nr_args = NR_ARGS(fields_##_name),	\
	  .settle = settle_##_name, .run = run_command,			\
	  .cmd = VCPUNUMA_##_name },

static const struct op ops[] = {
#include "commands.h"
	OP("range", 4, range_args, run_range),
};

const struct op_table command_ops = { ops, ARRAY_SIZE(ops) };
