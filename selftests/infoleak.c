// SPDX-License-Identifier: GPL-2.0
/*
 * What commands write back: documented results and nothing else. Each byte of
 * a structure or an array that is no result stays as it was, or is 0 where the
 * interface says so; and no result holds what nobody wrote there.
 *
 * Kernel memory that nobody wrote to is recognised by what was in it before.
 * The tests fill stack and heap themselves before each call, with the patterns
 * that the debug kernel uses for it (CONFIG_INIT_STACK_ALL_PATTERN,
 * slub_debug=P, page_poison=1): so they also say something of a kernel that
 * fills nothing.
 *
 * The list of commands is made from the uAPI header. A command without a row
 * here does not compile.
 */
#include "kselftest_harness.h"
#include "fields.h"
#include "lib.h"

#include <poll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>

#define ROOM		64		/* elements there is room for */
#define BUFFER		(2 * PAGE_4K)	/* for a structure, and what follows */
#define ARRAY		((ROOM + 1) * PAGE_4K)
#define STACK_PATTERN	0xfe
#define SLAB_FREE	0x6b
#define ABSENT_VCPU	77

/* What buffers are filled with; not a pattern of the kernel's */
static const unsigned char fills[] = { 0x3c, 0xc3 };

/* An array: fields of the command, and what an element is */
struct array {
	struct field pointer;
	struct field nr;
	struct field size;	/* .size 0: the size is fixed */
	unsigned int element;
	struct field reserved;	/* in the element: 0 */
	bool bits;		/* nr counts bits, and the set is filled up */
};

struct vm {
	int fd;
	int mem;
	int node;
	int cpu;
	struct vn_child child;	/* bound as vCPU 0 */
};

struct row {
	const char *name;
	unsigned long nr;
	unsigned int size;
	bool on_mem;
	struct field result[11];	/* numbers of elements included */
	struct array array[3];
	/* Inputs of a call that succeeds, and of one that fails for them */
	void (*succeed)(struct vm *vm, void *cmd);
	void (*fail)(struct vm *vm, void *cmd);
	void (*undo)(struct vm *vm, void *cmd);
};

/* Of a flag that there is not */
static void fail_flags(struct vm *vm, void *cmd)
{
	(void)vm;
	((struct vcpunuma_cmd_info *)cmd)->flags = 1U << 31;
}

static const struct row row_INFO = {
	.name = "INFO",
	.nr = VCPUNUMA_INFO,
	.size = sizeof(struct vcpunuma_cmd_info),
	.result = {
		F64(cmd_info, out_features),
		F32(cmd_info, out_abi),
		F32(cmd_info, out_max_vcpus),
		F32(cmd_info, out_max_mems),
		F32(cmd_info, out_page_shifts),
		F32(cmd_info, out_max_node),
		F32(cmd_info, out_max_cpu),
		F64(cmd_info, out_max_length),
	},
	.fail = fail_flags,
};

static const struct row row_TOPOLOGY = {
	.name = "TOPOLOGY",
	.nr = VCPUNUMA_TOPOLOGY,
	.size = sizeof(struct vcpunuma_cmd_topology),
	.result = {
		F32(cmd_topology, nr_nodes),
		F32(cmd_topology, nr_cpus),
		F32(cmd_topology, nr_distances),
	},
	.array = {
		{
			.pointer = F64(cmd_topology, nodes),
			.nr = F32(cmd_topology, nr_nodes),
			.size = F32(cmd_topology, node_size),
			.element = sizeof(struct vcpunuma_node),
			.reserved = F32(node, __reserved),
		}, {
			.pointer = F64(cmd_topology, cpus),
			.nr = F32(cmd_topology, nr_cpus),
			.size = F32(cmd_topology, cpu_size),
			.element = sizeof(struct vcpunuma_cpu),
			.reserved = F32(cpu, flags),
		}, {
			.pointer = F64(cmd_topology, distances),
			.nr = F32(cmd_topology, nr_distances),
			.element = sizeof(__u32),
		},
	},
	.fail = fail_flags,
};

static void succeed_configure(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_configure *cmd = arg;

	(void)vm;
	cmd->nr_vcpus = 3;
}

static void fail_configure(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_configure *cmd = arg;

	(void)vm;
	cmd->nr_vcpus = ~0U;
}

static const struct row row_CONFIGURE = {
	.name = "CONFIGURE",
	.nr = VCPUNUMA_CONFIGURE,
	.size = sizeof(struct vcpunuma_cmd_configure),
	.result = { F32(cmd_configure, nr_places) },
	.array = {
		{
			.pointer = F64(cmd_configure, places),
			.nr = F32(cmd_configure, nr_places),
			.size = F32(cmd_configure, place_size),
			.element = sizeof(struct vcpunuma_place),
			.reserved = F32(place, __reserved),
		},
	},
	.succeed = succeed_configure,
	.fail = fail_configure,
};

static void succeed_bind(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_bind *cmd = arg;

	cmd->vcpu = 2;
	cmd->to = VCPUNUMA_BIND_CPU;
	cmd->target = vm->cpu;
}

static void fail_bind(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_bind *cmd = arg;

	succeed_bind(vm, cmd);
	cmd->to = VCPUNUMA_BIND_NODE;
	cmd->target = vn_absent_node();
}

static void undo_bind(struct vm *vm, void *arg)
{
	(void)arg;
	__vn_unbind(vm->fd, 2);
}

static const struct row row_BIND = {
	.name = "BIND",
	.nr = VCPUNUMA_BIND,
	.size = sizeof(struct vcpunuma_cmd_bind),
	.result = {
		F32(cmd_bind, out_node),
		F32(cmd_bind, out_cpu),
	},
	.succeed = succeed_bind,
	.fail = fail_bind,
	.undo = undo_bind,
};

static void fail_unbind(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_unbind *cmd = arg;

	(void)vm;
	cmd->vcpu = ABSENT_VCPU;
}

static void undo_unbind(struct vm *vm, void *arg)
{
	(void)arg;
	__vn_bind(vm->fd, 0, VCPUNUMA_BIND_CPU, vm->cpu, vm->child.pid, NULL);
}

static const struct row row_UNBIND = {
	.name = "UNBIND",
	.nr = VCPUNUMA_UNBIND,
	.size = sizeof(struct vcpunuma_cmd_unbind),
	.fail = fail_unbind,
	.undo = undo_unbind,
};

static void fail_query(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_query *cmd = arg;

	(void)vm;
	cmd->vcpu = ABSENT_VCPU;
}

static const struct row row_QUERY = {
	.name = "QUERY",
	.nr = VCPUNUMA_QUERY,
	.size = sizeof(struct vcpunuma_cmd_query),
	.result = {
		F32(cmd_query, out_state),
		F32(cmd_query, out_node),
		F32(cmd_query, out_cpu),
		F32(cmd_query, out_last_cpu),
		F32(cmd_query, out_last_node),
		F32(cmd_query, out_tid),
		F32(cmd_query, nr_bits),
	},
	.array = {
		{
			.pointer = F64(cmd_query, cpus),
			.nr = F32(cmd_query, nr_bits),
			.element = sizeof(__u64),
			.bits = true,
		},
	},
	.fail = fail_query,
};

static const struct row row_DISTRIBUTION = {
	.name = "DISTRIBUTION",
	.nr = VCPUNUMA_DISTRIBUTION,
	.size = sizeof(struct vcpunuma_cmd_distribution),
	.result = {
		F32(cmd_distribution, nr_shares),
		F32(cmd_distribution, out_bound),
		F32(cmd_distribution, out_spread),
		F32(cmd_distribution, out_configured),
		F32(cmd_distribution, out_exited),
	},
	.array = {
		{
			.pointer = F64(cmd_distribution, shares),
			.nr = F32(cmd_distribution, nr_shares),
			.size = F32(cmd_distribution, share_size),
			.element = sizeof(struct vcpunuma_share),
		},
	},
	.fail = fail_flags,
};

static void succeed_mem_create(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_mem_create *cmd = arg;

	cmd->length = PAGE_4K;
	cmd->page_shift = 12;
	cmd->node = vm->node;
}

static void fail_mem_create(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_mem_create *cmd = arg;

	succeed_mem_create(vm, cmd);
	cmd->node = vn_absent_node();
}

static void undo_mem_create(struct vm *vm, void *arg)
{
	(void)vm;
	close(((struct vcpunuma_cmd_mem_create *)arg)->out_fd);
}

static const struct row row_MEM_CREATE = {
	.name = "MEM_CREATE",
	.nr = VCPUNUMA_MEM_CREATE,
	.size = sizeof(struct vcpunuma_cmd_mem_create),
	.result = { F32(cmd_mem_create, out_fd) },
	.succeed = succeed_mem_create,
	.fail = fail_mem_create,
	.undo = undo_mem_create,
};

static const struct row row_MEM_QUERY = {
	.name = "MEM_QUERY",
	.nr = VCPUNUMA_MEM_QUERY,
	.size = sizeof(struct vcpunuma_cmd_mem_query),
	.on_mem = true,
	.result = {
		F64(cmd_mem_query, out_length),
		F64(cmd_mem_query, out_populated),
		F32(cmd_mem_query, out_node),
		F32(cmd_mem_query, out_page_shift),
		F32(cmd_mem_query, nr_bytes),
		F64(cmd_mem_query, out_remote),
		F64(cmd_mem_query, out_small),
		F64(cmd_mem_query, out_lost),
	},
	.array = {
		{
			.pointer = F64(cmd_mem_query, bytes),
			.nr = F32(cmd_mem_query, nr_bytes),
			.size = F32(cmd_mem_query, bytes_size),
			.element = sizeof(struct vcpunuma_node_bytes),
			.reserved = F32(node_bytes, __reserved),
		},
	},
	.fail = fail_flags,
};

/* What is there already */
static void succeed_mem_populate_range(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_mem_populate_range *cmd = arg;

	(void)vm;
	cmd->length = PAGE_2M;
}

static void fail_mem_populate_range(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_mem_populate_range *cmd = arg;

	(void)vm;
	cmd->offset = PAGE_2M;
}

static const struct row row_MEM_POPULATE_RANGE = {
	.name = "MEM_POPULATE_RANGE",
	.nr = VCPUNUMA_MEM_POPULATE_RANGE,
	.size = sizeof(struct vcpunuma_cmd_mem_populate_range),
	.on_mem = true,
	.succeed = succeed_mem_populate_range,
	.fail = fail_mem_populate_range,
};

static void succeed_reserve(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_reserve *cmd = arg;

	(void)vm;
	cmd->nr_vcpus = 2;
	cmd->mem = PAGE_2M;
}

static void fail_reserve(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_reserve *cmd = arg;

	(void)vm;
	cmd->nr_vcpus = ~0U;
}

static void undo_reserve(struct vm *vm, void *arg)
{
	(void)arg;
	__vn_release(vm->fd);
}

static const struct row row_RESERVE = {
	.name = "RESERVE",
	.nr = VCPUNUMA_RESERVE,
	.size = sizeof(struct vcpunuma_cmd_reserve),
	.result = {
		F32(cmd_reserve, nr_places),
		F32(cmd_reserve, nr_chunks),
		F32(cmd_reserve, out_vnodes),
		F32(cmd_reserve, out_distance),
		F64(cmd_reserve, out_decision),
		F32(cmd_reserve, out_local),
		F32(cmd_reserve, out_reason),
		F32(cmd_reserve, out_node),
		F32(cmd_reserve, out_vcpus_short),
		F64(cmd_reserve, out_mem_short),
		F32(cmd_reserve, out_resumed),
	},
	.array = {
		{
			.pointer = F64(cmd_reserve, places),
			.nr = F32(cmd_reserve, nr_places),
			.size = F32(cmd_reserve, place_size),
			.element = sizeof(struct vcpunuma_place),
			.reserved = F32(place, __reserved),
		}, {
			.pointer = F64(cmd_reserve, chunks),
			.nr = F32(cmd_reserve, nr_chunks),
			.size = F32(cmd_reserve, chunk_size),
			.element = sizeof(struct vcpunuma_chunk),
			.reserved = F32(chunk, __reserved),
		},
	},
	.succeed = succeed_reserve,
	.fail = fail_reserve,
	.undo = undo_reserve,
};

static void succeed_release(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1 };

	(void)arg;
	__vn_reserve(vm->fd, &cmd, NULL, 0, NULL, 0);
}

/* Without this the next row would find a reservation. */
static void fail_release(struct vm *vm, void *arg)
{
	__vn_release(vm->fd);
	fail_flags(vm, arg);
}

static const struct row row_RELEASE = {
	.name = "RELEASE",
	.nr = VCPUNUMA_RELEASE,
	.size = sizeof(struct vcpunuma_cmd_release),
	.succeed = succeed_release,
	.fail = fail_release,
};

static void succeed_bind_many(struct vm *vm, void *arg)
{
	static struct vcpunuma_bind_entry entry;
	struct vcpunuma_cmd_bind_many *cmd = arg;

	entry = (struct vcpunuma_bind_entry) {
		.vcpu = 2,
		.to = VCPUNUMA_BIND_CPU,
		.target = vm->cpu,
	};
	cmd->entries = (uintptr_t)&entry;
	cmd->nr_entries = 1;
	cmd->entry_size = sizeof(entry);
	cmd->first = 0;
}

static void fail_bind_many(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_bind_many *cmd = arg;

	succeed_bind_many(vm, cmd);
	cmd->nr_entries = ~0U;
}

/* Elements are both read and written: the test batch looks at them. */
static const struct row row_BIND_MANY = {
	.name = "BIND_MANY",
	.nr = VCPUNUMA_BIND_MANY,
	.size = sizeof(struct vcpunuma_cmd_bind_many),
	.result = {
		F32(cmd_bind_many, first),
		F32(cmd_bind_many, out_failed),
	},
	.succeed = succeed_bind_many,
	.fail = fail_bind_many,
	.undo = undo_bind,
};

static const struct row row_LEDGER = {
	.name = "LEDGER",
	.nr = VCPUNUMA_LEDGER,
	.size = sizeof(struct vcpunuma_cmd_ledger),
	.result = {
		F64(cmd_ledger, out_generation),
		F32(cmd_ledger, nr_nodes),
		F32(cmd_ledger, nr_cpus),
	},
	.array = {
		{
			.pointer = F64(cmd_ledger, nodes),
			.nr = F32(cmd_ledger, nr_nodes),
			.size = F32(cmd_ledger, node_size),
			.element = sizeof(struct vcpunuma_ledger_node),
			.reserved = F32(ledger_node, __reserved),
		}, {
			.pointer = F64(cmd_ledger, cpus),
			.nr = F32(cmd_ledger, nr_cpus),
			.size = F32(cmd_ledger, cpu_size),
			.element = sizeof(struct vcpunuma_ledger_cpu),
			.reserved = F32(ledger_cpu, __reserved),
		},
	},
	.fail = fail_flags,
};

/* Of something that was decided */
static void succeed_explain(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_DRY_RUN,
		.nr_vcpus = 1,
	};

	(void)arg;
	__vn_reserve(vm->fd, &cmd, NULL, 0, NULL, 0);
}

static void fail_explain(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_explain *cmd = arg;

	(void)vm;
	cmd->vm = ~0U;
}

static const struct row row_EXPLAIN = {
	.name = "EXPLAIN",
	.nr = VCPUNUMA_EXPLAIN,
	.size = sizeof(struct vcpunuma_cmd_explain),
	.result = {
		FIELDS_TO(cmd_explain, out_vm, out_vcpus_short),
		F32(cmd_explain, nr_nodes),
		F32(cmd_explain, nr_candidates),
	},
	.array = {
		{
			.pointer = F64(cmd_explain, nodes),
			.nr = F32(cmd_explain, nr_nodes),
			.size = F32(cmd_explain, node_size),
			.element = sizeof(struct vcpunuma_explain_node),
			.reserved = F32(explain_node, __reserved),
		}, {
			.pointer = F64(cmd_explain, candidates),
			.nr = F32(cmd_explain, nr_candidates),
			.size = F32(cmd_explain, candidate_size),
			.element = sizeof(struct vcpunuma_candidate),
		},
	},
	.succeed = succeed_explain,
	.fail = fail_explain,
};

/* It has no result. */
static void succeed_restrict(struct vm *vm, void *arg)
{
	struct vcpunuma_cmd_restrict *cmd = arg;

	(void)vm;
	cmd->flags = VCPUNUMA_RESTRICT_VCPUS | VCPUNUMA_RESTRICT_MEM;
	cmd->max_vcpus = ~0U;
	cmd->max_mem = ~0ULL;
}

static const struct row row_RESTRICT = {
	.name = "RESTRICT",
	.nr = VCPUNUMA_RESTRICT,
	.size = sizeof(struct vcpunuma_cmd_restrict),
	.succeed = succeed_restrict,
	.fail = fail_flags,
};

#define VN_COMMAND(_name)	{ &row_##_name },

static const struct {
	const struct row *row;
} rows[] = {
#include "commands.h"
};

/* Filling the kernel's memory */

static int queue = -1;

/*
 * A message lies in an object of the heap with a header of 48 bytes before it,
 * and in those accounted to the group, as the module's do.
 */
static void fill_heap(void)
{
	static struct {
		/* cppcheck-suppress unusedStructMember ; msgsnd(2) reads it */
		long type;
		char text[PAGE_4K - 48];
	} m = { .type = 1 };

	for (size_t size = 64; size <= PAGE_4K; size *= 2) {
		memset(m.text, SLAB_FREE, sizeof(m.text));
		for (int i = 0; i < 3; i++)
			msgsnd(queue, &m, size - 48, IPC_NOWAIT);
		while (msgrcv(queue, &m, sizeof(m.text), 0, IPC_NOWAIT) > 0)
			;
	}
}

/* poll(2) keeps some of these on the stack. */
static void fill_stack(void)
{
	struct pollfd fds[30];

	memset(fds, STACK_PATTERN, sizeof(fds));
	poll(fds, ARRAY_SIZE(fds), 0);
}

/* Looking at what came back */

static __u32 get32(const void *at)
{
	__u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static bool all_are(const unsigned char *at, size_t length, unsigned char value)
{
	while (length--)
		if (at[length] != value)
			return false;
	return true;
}

/* Is this what the kernel fills memory with that nobody has written to? */
static bool is_pattern(const unsigned char *at)
{
	static const unsigned char patterns[] = {
		STACK_PATTERN,
		SLAB_FREE, 0x5a, 0xa5,	/* slab: free, in use, the end */
		0xbb, 0xcc,		/* slab: red zones */
		0xaa,			/* pages */
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (all_are(at, 4, patterns[i]))
			return true;
	return false;
}

/* Where the kernel lives: the upper half, less what VCPUNUMA_NONE looks like */
static bool is_address(const unsigned char *at)
{
	__u32 low = get32(at), high = get32(at + 4);

	if (high < 0xffff8000)
		return false;
	return high != 0xffffffff || (low >= 0x80000000 && low != 0xffffffff);
}

/*
 * What is wrong with a result, or NULL. @filled is what was there before; it
 * may be left only where @may_stay.
 */
static const char *odd(const unsigned char *at, size_t length,
		       unsigned char filled, bool may_stay)
{
	for (size_t i = 0; i + 4 <= length; i += 4) {
		if (all_are(at + i, 4, filled)) {
			if (!may_stay)
				return "not written";
			continue;
		}
		if (is_pattern(at + i))
			return "memory nobody wrote to";
		if (i + 8 <= length && is_address(at + i))
			return "an address of the kernel's";
	}
	return NULL;
}

/* The test */

FIXTURE(infoleak) {
	struct vm vm;
	unsigned char *cmd;
	unsigned char *array[3];
};

FIXTURE_SETUP(infoleak)
{
	struct vm *vm = &self->vm;

	vm->cpu = vn_set_first(&vn_host()->cpus);
	vm->node = vn_set_first(&vn_host()->has_memory);
	vn_child_start(&vm->child);
	vm->fd = vn_open();
	vn_configure(vm->fd, 2, 0, NULL);
	vn_bind_cpu(vm->fd, 0, vm->cpu, vm->child.pid);
	vm->mem = vn_mem_create(vm->fd, VCPUNUMA_MEM_POPULATE, PAGE_2M,
				vm->node, 0);
	queue = msgget(IPC_PRIVATE, 0600);
	ASSERT_LE(0, queue);
	self->cmd = malloc(BUFFER);
	ASSERT_NE(NULL, self->cmd);
	for (int i = 0; i < 3; i++) {
		self->array[i] = malloc(ARRAY);
		ASSERT_NE(NULL, self->array[i]);
	}
}

FIXTURE_TEARDOWN(infoleak)
{
	msgctl(queue, IPC_RMID, NULL);
	vn_child_kill(&self->vm.child);
	close(self->vm.mem);
	close(self->vm.fd);
}

/*
 * A structure of @size bytes: inputs of a call that succeeds, 0 to the end of
 * @size, results and all that follows filled with @fill.
 */
static void prepare(struct vm *vm, const struct row *row, unsigned char *cmd,
		    unsigned int size, unsigned char fill)
{
	memset(cmd, fill, BUFFER);
	memset(cmd, 0, size > row->size ? size : row->size);
	memcpy(cmd, &size, sizeof(size));
	for (size_t i = 0; i < ARRAY_SIZE(row->result); i++)
		memset(cmd + row->result[i].at, fill, row->result[i].size);
	/* Of these, numbers of elements are input as well. */
	for (size_t i = 0; i < ARRAY_SIZE(row->array); i++)
		memset(cmd + row->array[i].nr.at, 0, row->array[i].nr.size);
	if (row->succeed)
		row->succeed(vm, cmd);
}

static int call(struct vm *vm, const struct row *row, void *cmd)
{
	fill_heap();
	fill_stack();
	return __vn_ioctl(row->on_mem ? vm->mem : vm->fd, row->nr, cmd);
}

/* What is wrong with the structure after a call, as text. */
static const char *check_structure(const struct row *row,
				   const unsigned char *before,
				   const unsigned char *after, int err,
				   unsigned char fill)
{
	static unsigned char rest[BUFFER];
	static char text[128];

	memcpy(rest, after, BUFFER);
	for (size_t i = 0; i < ARRAY_SIZE(row->result); i++) {
		const struct field *f = &row->result[i];
		const char *what;

		if (!f->size || (err && err != -EMSGSIZE))
			continue;
		/* The caller's structure may be from before there was it. */
		what = f->at + f->size > get32(before) ? NULL :
		       odd(after + f->at, f->size, fill, err);
		if (what) {
			snprintf(text, sizeof(text), "result at %u: %s", f->at,
				 what);
			return text;
		}
		if (f->at < get32(before))
			memcpy(rest + f->at, before + f->at, f->size);
	}
	for (size_t i = 0; i < BUFFER; i++) {
		if (rest[i] == before[i])
			continue;
		snprintf(text, sizeof(text), "byte %zu was %02x, is %02x", i,
			 before[i], after[i]);
		return text;
	}
	return "";
}

static const char *try_structure(struct vm *vm, const struct row *row,
				 unsigned char *cmd, unsigned int size,
				 unsigned char fill,
				 void (*change)(struct vm *vm, void *cmd),
				 int *err)
{
	static unsigned char before[BUFFER];
	const char *wrong;

	prepare(vm, row, cmd, size, fill);
	if (change)
		change(vm, cmd);
	memcpy(before, cmd, BUFFER);
	*err = call(vm, row, cmd);
	wrong = check_structure(row, before, cmd, *err, fill);
	if (!*err && row->undo)
		row->undo(vm, cmd);
	return wrong;
}

TEST_F(infoleak, structures)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct row *row = rows[i / 2].row;
		unsigned int sizes[] = {
			row->size, row->size + 4, row->size + 8,
			row->size + 100, PAGE_4K,
		};
		int err;

		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			EXPECT_STREQ("", try_structure(&self->vm, row,
						       self->cmd, sizes[k],
						       fills[i % 2], NULL,
						       &err)) {
				TH_LOG("%s, %u bytes", row->name, sizes[k]);
			}
			EXPECT_EQ(0, err) {
				TH_LOG("%s, %u bytes", row->name, sizes[k]);
			}
		}
	}
}

/* Smaller ones: whether the kernel takes them or not. */
TEST_F(infoleak, small_structures)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct row *row = rows[i / 2].row;

		for (unsigned int size = 0; size < row->size; size++) {
			int err;

			EXPECT_STREQ("", try_structure(&self->vm, row,
						       self->cmd, size,
						       fills[i % 2], NULL,
						       &err)) {
				TH_LOG("%s, %u bytes", row->name, size);
			}
			EXPECT_TRUE(!err || err == -EINVAL);
		}
	}
}

/* A call that fails writes nothing, early or late. */
TEST_F(infoleak, failed)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct row *row = rows[i / 2].row;
		int err;

		EXPECT_STREQ("", try_structure(&self->vm, row, self->cmd,
					       row->size, fills[i % 2],
					       row->fail, &err)) {
			TH_LOG("%s", row->name);
		}
		EXPECT_GT(0, err) {
			TH_LOG("%s did not fail", row->name);
		}
	}
}

/* How arrays are offered: elements of @odd_one are @more larger than ours. */
struct offer {
	unsigned int room;
	int odd_one;
	int more;
};

static unsigned int element_size(const struct row *row, int i,
				 const struct offer *o)
{
	const struct array *a = &row->array[i];

	return a->element + (i == o->odd_one && a->size.size ? o->more : 0);
}

static void offer_arrays(const struct row *row, unsigned char *cmd,
			 unsigned char *const *at, const struct offer *o,
			 unsigned char fill)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->array); i++) {
		const struct array *a = &row->array[i];
		__u64 pointer = (uintptr_t)at[i];
		__u32 room = a->bits ? o->room * 64 : o->room;
		__u32 size = element_size(row, i, o);

		memset(at[i], fill, ARRAY);
		if (!a->element)
			continue;
		memcpy(cmd + a->pointer.at, &pointer, sizeof(pointer));
		memcpy(cmd + a->nr.at, &room, sizeof(room));
		if (a->size.size)
			memcpy(cmd + a->size.at, &size, sizeof(size));
	}
}

static const char *check_elements(const struct array *a,
				  const unsigned char *at, unsigned int nr,
				  unsigned int size, unsigned char fill)
{
	unsigned int known = size < a->element ? size : a->element;

	for (; nr--; at += size) {
		const char *what = odd(at, known, fill, false);

		if (what)
			return what;
		if (a->reserved.at + a->reserved.size <= known &&
		    !all_are(at + a->reserved.at, a->reserved.size, 0))
			return "a reserved field is not 0";
		if (!all_are(at + known, size - known, 0))
			return "the end of an element is not 0";
	}
	return NULL;
}

/* What is wrong with array @i after a call, as text. */
static const char *check_array(const struct row *row, int i,
			       const unsigned char *cmd,
			       const unsigned char *at, const struct offer *o,
			       int err, unsigned char fill)
{
	const struct array *a = &row->array[i];
	unsigned int size = element_size(row, i, o);
	unsigned int nr = get32(cmd + a->nr.at);
	const char *what;

	if (err) {
		/* Nothing of use, and nothing of anybody's. */
		for (size_t k = 0; k < ARRAY; k++)
			if (at[k] != fill && at[k])
				return "it failed, and the array was written";
		return "";
	}
	if (a->bits)
		nr = o->room;
	if (!o->room)
		nr = 0;
	what = check_elements(a, at, nr, size, fill);
	if (what)
		return what;
	if (!all_are(at + (size_t)nr * size, ARRAY - (size_t)nr * size, fill))
		return "written beyond the last element";
	return "";
}

static const char *try_arrays(struct vm *vm, const struct row *row,
			      unsigned char *cmd, unsigned char *const *at,
			      const struct offer *o, unsigned char fill,
			      int *err)
{
	const char *wrong = "";

	prepare(vm, row, cmd, row->size, fill);
	offer_arrays(row, cmd, at, o, fill);
	*err = call(vm, row, cmd);
	for (int i = 0; i < 3 && row->array[i].element && !*wrong; i++)
		wrong = check_array(row, i, cmd, at[i], o, *err, fill);
	if (!*err && row->undo)
		row->undo(vm, cmd);
	return wrong;
}

TEST_F(infoleak, arrays)
{
	static const int more[] = { 0, 1, 4, 8, 100, -1, -4, -8, -12 };
	static const unsigned int rooms[] = { ROOM, 1, 0 };
	enum { TRIES = ARRAY_SIZE(more) * ARRAY_SIZE(rooms) * 3 * 2 };
	int succeeded = 0, failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows) * TRIES; i++) {
		const struct row *row = rows[i / TRIES].row;
		size_t k = i % TRIES / 6;
		struct offer o = {
			.odd_one = i / 2 % 3,
			.more = more[k % ARRAY_SIZE(more)],
			.room = rooms[k / ARRAY_SIZE(more)],
		};
		int err;

		if (!row->array[o.odd_one].element)
			continue;
		EXPECT_STREQ("", try_arrays(&self->vm, row, self->cmd,
					    self->array, &o, fills[i % 2],
					    &err)) {
			TH_LOG("%s, array %d, room %u, larger by %d: %d",
			       row->name, o.odd_one, o.room, o.more, err);
		}
		EXPECT_TRUE(!err || err == -EMSGSIZE || err == -EINVAL);
		if (err)
			failed++;
		else
			succeeded++;
	}
	EXPECT_LT(0, succeeded);
	EXPECT_LT(0, failed);
}

/* Ranges and what they point to are read: none of it is written. */
TEST_F(infoleak, ranges)
{
	struct vcpunuma_cmd_mem_create *cmd = (void *)self->cmd;
	struct vcpunuma_mem_range *range = (void *)self->array[0];
	struct vcpunuma_node_weight *weight = (void *)self->array[1];
	unsigned char *copy = malloc(2 * ARRAY);

	ASSERT_NE(NULL, copy);
	for (int i = 0; i < 4; i++) {
		memset(range, fills[i % 2], ARRAY);
		memset(weight, fills[i % 2], ARRAY);
		memset(cmd, 0, BUFFER);
		*range = (struct vcpunuma_mem_range) {
			.length = PAGE_4K,
			.policy = VCPUNUMA_MEM_INTERLEAVE,
			.nodes = (uintptr_t)weight,
			.nr_nodes = 1,
			.weight_size = sizeof(*weight),
		};
		*weight = (struct vcpunuma_node_weight) { self->vm.node, 1 };
		cmd->size = sizeof(*cmd);
		cmd->length = PAGE_4K;
		cmd->page_shift = 12;
		cmd->ranges = (uintptr_t)range;
		/* The second makes no sense. */
		cmd->nr_ranges = 1 + i / 2;
		cmd->range_size = sizeof(*range);
		memcpy(copy, range, ARRAY);
		memcpy(copy + ARRAY, weight, ARRAY);
		fill_heap();
		fill_stack();
		EXPECT_EQ(i / 2, !!__vn_ioctl(self->vm.fd, VCPUNUMA_MEM_CREATE,
					      cmd));
		EXPECT_EQ(0, memcmp(copy, range, ARRAY));
		EXPECT_EQ(0, memcmp(copy + ARRAY, weight, ARRAY));
		if (i < 2)
			close(cmd->out_fd);
	}
	free(copy);
}

TEST_HARNESS_MAIN
