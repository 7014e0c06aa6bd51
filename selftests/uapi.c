// SPDX-License-Identifier: GPL-2.0
/*
 * The rules that all commands have in common, checked for each of them; and
 * every field of every command with values out of range. After a failed call
 * nothing has changed.
 */
#include "kselftest_harness.h"
#include "fields.h"
#include "lib.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define MAX_ELEMENTS	64

/* An array: where its pointer, number and element size are */
struct array {
	struct field pointer;
	struct field nr;
	struct field size;
	unsigned int known;
};

#define ARRAY(type, name, nr, size, element) \
	{ F64(type, name), F32(type, nr), F32(type, size), \
	  sizeof(struct vcpunuma_ ## element) }

/* A command and what may stand in it */
struct command {
	unsigned long nr;
	size_t size;
	size_t born;		/* its size then, if it has grown since */
	__u32 flags;		/* those there are */
	struct field reserved;
	struct field out[9];
	struct array array[2];
};

struct vm {
	int fd;
	int mem;
	int node;
	int cpu;
	int spare;		/* another VM */
	int reserved;		/* one with a reservation */
	struct vn_child child;	/* bound as vCPU 0 */
	char *page;		/* where commands are, between two holes */
	char *array;		/* where arrays are */
};

FIXTURE(uapi) {
	struct vm vm;
};

FIXTURE_VARIANT(uapi) {
	struct command c;
};

FIXTURE_VARIANT_ADD(uapi, info) {
	.c = {
		.nr = VCPUNUMA_INFO,
		.size = sizeof(struct vcpunuma_cmd_info),
		.out = {
			F64(cmd_info, out_features),
			F32(cmd_info, out_abi),
			F32(cmd_info, out_max_vcpus),
			F32(cmd_info, out_max_mems),
			F32(cmd_info, out_page_shifts),
			F32(cmd_info, out_max_node),
			F32(cmd_info, out_max_cpu),
			F64(cmd_info, out_max_length),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, topology) {
	.c = {
		.nr = VCPUNUMA_TOPOLOGY,
		.size = sizeof(struct vcpunuma_cmd_topology),
		.reserved = F32(cmd_topology, __reserved),
		.array = {
			ARRAY(cmd_topology, nodes, nr_nodes, node_size, node),
			ARRAY(cmd_topology, cpus, nr_cpus, cpu_size, cpu),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, configure) {
	.c = {
		.nr = VCPUNUMA_CONFIGURE,
		.size = sizeof(struct vcpunuma_cmd_configure),
		.flags = VCPUNUMA_CONFIGURE_NODES,
		.reserved = F32(cmd_configure, __reserved),
		.array = {
			ARRAY(cmd_configure, places, nr_places, place_size, place),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, bind) {
	.c = {
		.nr = VCPUNUMA_BIND,
		.size = sizeof(struct vcpunuma_cmd_bind),
		.flags = VCPUNUMA_BIND_PIDFD,
		.out = {
			F32(cmd_bind, out_node),
			F32(cmd_bind, out_cpu),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, unbind) {
	.c = {
		.nr = VCPUNUMA_UNBIND,
		.size = sizeof(struct vcpunuma_cmd_unbind),
		.reserved = F32(cmd_unbind, __reserved),
	},
};

FIXTURE_VARIANT_ADD(uapi, query) {
	.c = {
		.nr = VCPUNUMA_QUERY,
		.size = sizeof(struct vcpunuma_cmd_query),
		.out = {
			F32(cmd_query, out_state),
			F32(cmd_query, out_node),
			F32(cmd_query, out_cpu),
			F32(cmd_query, out_last_cpu),
			F32(cmd_query, out_last_node),
			F32(cmd_query, out_tid),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, distribution) {
	.c = {
		.nr = VCPUNUMA_DISTRIBUTION,
		.size = sizeof(struct vcpunuma_cmd_distribution),
		.out = {
			F32(cmd_distribution, out_bound),
			F32(cmd_distribution, out_spread),
			F32(cmd_distribution, out_configured),
			F32(cmd_distribution, out_exited),
		},
		.array = {
			ARRAY(cmd_distribution, shares, nr_shares, share_size, share),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, mem_create) {
	.c = {
		.nr = VCPUNUMA_MEM_CREATE,
		.size = sizeof(struct vcpunuma_cmd_mem_create),
		.born = offsetof(struct vcpunuma_cmd_mem_create, ranges),
		.flags = VCPUNUMA_MEM_POPULATE | VCPUNUMA_MEM_VCPU |
			 VCPUNUMA_MEM_SMALL,
		.out = {
			F32(cmd_mem_create, out_fd),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, mem_query) {
	.c = {
		.nr = VCPUNUMA_MEM_QUERY,
		.size = sizeof(struct vcpunuma_cmd_mem_query),
		.born = offsetof(struct vcpunuma_cmd_mem_query, out_remote),
		.out = {
			F64(cmd_mem_query, out_length),
			F64(cmd_mem_query, out_populated),
			F32(cmd_mem_query, out_node),
			F32(cmd_mem_query, out_page_shift),
			F64(cmd_mem_query, out_remote),
			F64(cmd_mem_query, out_small),
			F64(cmd_mem_query, out_lost),
		},
		.array = {
			ARRAY(cmd_mem_query, bytes, nr_bytes, bytes_size, node_bytes),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, mem_populate_range) {
	.c = {
		.nr = VCPUNUMA_MEM_POPULATE_RANGE,
		.size = sizeof(struct vcpunuma_cmd_mem_populate_range),
		.reserved = F32(cmd_mem_populate_range, __reserved),
	},
};

FIXTURE_VARIANT_ADD(uapi, reserve) {
	.c = {
		.nr = VCPUNUMA_RESERVE,
		.size = sizeof(struct vcpunuma_cmd_reserve),
		.born = offsetof(struct vcpunuma_cmd_reserve, grace),
		.flags = VCPUNUMA_RESERVE_DRY_RUN | VCPUNUMA_RESERVE_STRICT |
			 VCPUNUMA_RESERVE_BEYOND | VCPUNUMA_RESERVE_REQUIRED |
			 VCPUNUMA_RESERVE_NEAR_NODE | VCPUNUMA_RESERVE_NEAR_PCI,
		.out = {
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
			ARRAY(cmd_reserve, places, nr_places, place_size, place),
			ARRAY(cmd_reserve, chunks, nr_chunks, chunk_size, chunk),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, release) {
	.c = {
		.nr = VCPUNUMA_RELEASE,
		.size = sizeof(struct vcpunuma_cmd_release),
	},
};

FIXTURE_VARIANT_ADD(uapi, bind_many) {
	.c = {
		.nr = VCPUNUMA_BIND_MANY,
		.size = sizeof(struct vcpunuma_cmd_bind_many),
		.flags = VCPUNUMA_BIND_PIDFD,
		.reserved = F32(cmd_bind_many, __reserved),
		.out = {
			F32(cmd_bind_many, out_failed),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, ledger) {
	.c = {
		.nr = VCPUNUMA_LEDGER,
		.size = sizeof(struct vcpunuma_cmd_ledger),
		.out = { F64(cmd_ledger, out_generation) },
		.array = {
			ARRAY(cmd_ledger, nodes, nr_nodes, node_size, ledger_node),
			ARRAY(cmd_ledger, cpus, nr_cpus, cpu_size, ledger_cpu),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, explain) {
	.c = {
		.nr = VCPUNUMA_EXPLAIN,
		.size = sizeof(struct vcpunuma_cmd_explain),
		.flags = VCPUNUMA_EXPLAIN_NEXT,
		.reserved = F32(cmd_explain, __reserved),
		.out = { FIELDS_TO(cmd_explain, out_vm, out_vcpus_short) },
		.array = {
			ARRAY(cmd_explain, nodes, nr_nodes, node_size,
			      explain_node),
			ARRAY(cmd_explain, candidates, nr_candidates,
			      candidate_size, candidate),
		},
	},
};

FIXTURE_VARIANT_ADD(uapi, restriction) {
	.c = {
		.nr = VCPUNUMA_RESTRICT,
		.size = sizeof(struct vcpunuma_cmd_restrict),
		.flags = VCPUNUMA_RESTRICT_COMMANDS | VCPUNUMA_RESTRICT_NODES |
			 VCPUNUMA_RESTRICT_CPUS | VCPUNUMA_RESTRICT_VCPUS |
			 VCPUNUMA_RESTRICT_MEM | VCPUNUMA_RESTRICT_GRANT,
		.reserved = F32(cmd_restrict, __reserved),
	},
};

static int reserve(int fd)
{
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1, .mem = PAGE_2M };

	return __vn_reserve(fd, &cmd, NULL, 0, NULL, 0);
}

FIXTURE_SETUP(uapi)
{
	struct vm *vm = &self->vm;
	char *at;

	vm->cpu = vn_set_first(&vn_host()->cpus);
	vm->node = vn_set_first(&vn_host()->has_memory);
	vn_child_start(&vm->child);
	vm->fd = vn_open();
	vm->spare = vn_open();
	vm->reserved = vn_open();
	ASSERT_EQ(0, reserve(vm->reserved));
	ASSERT_EQ(0, __vn_configure(vm->fd, 2, 0, NULL));
	vn_bind_cpu(vm->fd, 0, vm->cpu, vm->child.pid);
	vm->mem = vn_mem_create(vm->fd, VCPUNUMA_MEM_POPULATE, PAGE_2M,
				vm->node, 0);
	at = mmap(NULL, 3 * PAGE_4K, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, mprotect(at, PAGE_4K, PROT_NONE));
	ASSERT_EQ(0, mprotect(at + 2 * PAGE_4K, PAGE_4K, PROT_NONE));
	vm->page = at + PAGE_4K;
	vm->array = calloc(4, PAGE_4K);
	ASSERT_NE(NULL, vm->array);
}

FIXTURE_TEARDOWN(uapi)
{
	vn_child_kill(&self->vm.child);
	close(self->vm.mem);
	close(self->vm.reserved);
	close(self->vm.spare);
	close(self->vm.fd);
	free(self->vm.array);
}

static __u32 get32(const void *cmd, struct field field)
{
	__u32 value;

	memcpy(&value, (const char *)cmd + field.at, sizeof(value));
	return value;
}

static void set32(void *cmd, struct field field, __u32 value)
{
	memcpy((char *)cmd + field.at, &value, sizeof(value));
}

static void set64(void *cmd, struct field field, __u64 value)
{
	memcpy((char *)cmd + field.at, &value, sizeof(value));
}

/* A command that succeeds. */
static void *fill(struct vm *vm, const struct command *c)
{
	char *arrays = vm->array;
	void *cmd = vm->page;

	memset(cmd, 0, PAGE_4K);
	*(__u32 *)cmd = c->size;
	for (size_t i = 0; i < ARRAY_SIZE(c->array); i++) {
		const struct array *a = &c->array[i];

		if (!a->known)
			continue;
		set64(cmd, a->pointer, (uintptr_t)arrays);
		set32(cmd, a->nr, MAX_ELEMENTS);
		set32(cmd, a->size, a->known);
		arrays += 2 * PAGE_4K;
	}
	if (c->nr == VCPUNUMA_CONFIGURE) {
		((struct vcpunuma_cmd_configure *)cmd)->nr_vcpus = 2;
	} else if (c->nr == VCPUNUMA_BIND) {
		struct vcpunuma_cmd_bind *bind = cmd;

		bind->vcpu = 2;
		bind->to = VCPUNUMA_BIND_CPU;
		bind->target = vm->cpu;
	} else if (c->nr == VCPUNUMA_BIND_MANY) {
		struct vcpunuma_cmd_bind_many *many = cmd;

		*(struct vcpunuma_bind_entry *)arrays =
			(struct vcpunuma_bind_entry) {
				.vcpu = 2,
				.to = VCPUNUMA_BIND_CPU,
				.target = vm->cpu,
			};
		many->entries = (uintptr_t)arrays;
		many->nr_entries = 1;
		many->entry_size = sizeof(struct vcpunuma_bind_entry);
	} else if (c->nr == VCPUNUMA_MEM_CREATE) {
		struct vcpunuma_cmd_mem_create *create = cmd;

		create->length = PAGE_4K;
		create->page_shift = 12;
		create->node = vm->node;
	} else if (c->nr == VCPUNUMA_MEM_POPULATE_RANGE) {
		((struct vcpunuma_cmd_mem_populate_range *)cmd)->length = PAGE_2M;
	} else if (c->nr == VCPUNUMA_RESERVE) {
		struct vcpunuma_cmd_reserve *wanted = cmd;

		wanted->nr_vcpus = 2;
		wanted->mem = 2 * PAGE_2M;
	}
	return cmd;
}

/* Is it a command of memory objects? */
static bool on_mem(const struct command *c)
{
	return c->nr == VCPUNUMA_MEM_QUERY ||
	       c->nr == VCPUNUMA_MEM_POPULATE_RANGE;
}

static int call(struct vm *vm, const struct command *c, void *cmd)
{
	int fd = vm->fd;

	if (on_mem(c))
		fd = vm->mem;
	else if (c->nr == VCPUNUMA_RESERVE)
		fd = vm->spare;
	else if (c->nr == VCPUNUMA_RELEASE || c->nr == VCPUNUMA_EXPLAIN)
		fd = vm->reserved;
	return __vn_ioctl(fd, c->nr, cmd);
}

/* After a success: as it was before. */
static void undo(struct vm *vm, const struct command *c, void *cmd)
{
	if (c->nr == VCPUNUMA_BIND || c->nr == VCPUNUMA_BIND_MANY)
		__vn_unbind(vm->fd, 2);
	else if (c->nr == VCPUNUMA_UNBIND)
		__vn_bind(vm->fd, 0, VCPUNUMA_BIND_CPU, vm->cpu,
			  vm->child.pid, NULL);
	else if (c->nr == VCPUNUMA_MEM_CREATE)
		close(((struct vcpunuma_cmd_mem_create *)cmd)->out_fd);
	else if (c->nr == VCPUNUMA_RESERVE)
		__vn_release(vm->spare);
	else if (c->nr == VCPUNUMA_RELEASE)
		reserve(vm->reserved);
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* All there is to see of the VM and the threads, as text. */
static const char *state(struct vm *vm)
{
	static char text[2][2048];
	static int turn;
	char *buf = text[turn++ % 2];
	struct vcpunuma_cmd_distribution d;
	struct vcpunuma_share share[MAX_ELEMENTS];
	struct vcpunuma_cmd_query q;
	unsigned long long bytes = 0;
	int len = 0;

	len += sprintf(buf + len, "self %s, ", vn_affinity(0));
	len += sprintf(buf + len, "child %s, ", vn_affinity(vm->child.pid));
	for (int i = 0; i < 4; i++) {
		int err = __vn_query(vm->fd, i, &q, NULL);

		if (err)
			len += sprintf(buf + len, "vCPU %d: %d, ", i, err);
		else
			len += sprintf(buf + len,
				       "vCPU %d: %u on %u %u, tid %d, ", i,
				       q.out_state, q.out_node, q.out_cpu,
				       q.out_tid);
	}
	len += sprintf(buf + len, "spare: %d, reserved: %d, ",
		       vn_state(vm->spare, 0), vn_state(vm->reserved, 0));
	if (!__vn_distribution(vm->fd, &d, share, MAX_ELEMENTS))
		for (unsigned int i = 0; i < d.nr_shares; i++)
			bytes += share[i].mem_bytes;
	sprintf(buf + len, "%u %u %u %u, %llu bytes, %lld, descriptors %d",
		d.out_bound, d.out_spread, d.out_configured, d.out_exited,
		bytes, vn_populated(vm->mem), count_descriptors());
	return buf;
}

/* What is wrong if the call does not fail with @err and leave all as it was. */
static const char *fails(struct vm *vm, const struct command *c, void *cmd,
			 int err)
{
	static char text[5000];
	const char *before = state(vm);
	const char *after;
	char copy[256];
	int ret;

	memcpy(copy, cmd, c->size);
	ret = call(vm, c, cmd);
	if (ret != err) {
		snprintf(text, sizeof(text), "%s instead of %s",
			 ret < 0 ? strerror(-ret) : "success", strerror(-err));
		return text;
	}
	after = state(vm);
	if (strcmp(before, after)) {
		snprintf(text, sizeof(text), "it failed, but what was\n%s is\n%s",
			 before, after);
		return text;
	}
	if (memcmp(copy, cmd, c->size))
		return "it failed, but the structure has changed";
	return "";
}

#define EXPECT_FAILS(err, cmd) \
	EXPECT_STREQ("", fails(&self->vm, &variant->c, cmd, err))

TEST_F(uapi, works)
{
	const char *before = state(&self->vm);
	void *cmd = fill(&self->vm, &variant->c);

	ASSERT_EQ(0, call(&self->vm, &variant->c, cmd));
	undo(&self->vm, &variant->c, cmd);
	EXPECT_STREQ(before, state(&self->vm));
}

TEST_F(uapi, too_small)
{
	size_t born = variant->c.born ?: variant->c.size;
	size_t sizes[] = { 0, 1, 4, 8, born - 8, born - 4, born - 1 };
	void *cmd = fill(&self->vm, &variant->c);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] >= born)
			continue;
		*(__u32 *)cmd = sizes[i];
		EXPECT_FAILS(-EINVAL, cmd);
	}
}

/* Programs of then */
TEST_F(uapi, born)
{
	const char *before = state(&self->vm);
	void *cmd = fill(&self->vm, &variant->c);

	*(__u32 *)cmd = variant->c.born ?: variant->c.size;
	ASSERT_EQ(0, call(&self->vm, &variant->c, cmd));
	undo(&self->vm, &variant->c, cmd);
	EXPECT_STREQ(before, state(&self->vm));
}

TEST_F(uapi, larger)
{
	size_t more[] = { 1, 4, 8, 64, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		char *cmd = fill(&self->vm, &variant->c);

		*(__u32 *)cmd = variant->c.size + more[i];
		/* What lies beyond does not count. */
		memset(cmd + variant->c.size + more[i], 0xff, 16);
		EXPECT_EQ(0, call(&self->vm, &variant->c, cmd));
		undo(&self->vm, &variant->c, cmd);
		EXPECT_EQ(variant->c.size + more[i], *(__u32 *)cmd);
		for (size_t k = 0; k < more[i]; k++)
			EXPECT_EQ(0, cmd[variant->c.size + k]);
		EXPECT_EQ((char)0xff, cmd[variant->c.size + more[i]]);
	}
}

TEST_F(uapi, larger_and_not_zero)
{
	char *cmd = fill(&self->vm, &variant->c);

	for (size_t i = 0; i < 17; i++) {
		*(__u32 *)cmd = variant->c.size + 17;
		cmd[variant->c.size + i] = 1;
		EXPECT_FAILS(-E2BIG, cmd);
		EXPECT_EQ(1, cmd[variant->c.size + i]);
		cmd[variant->c.size + i] = 0;
	}
	*(__u32 *)cmd = variant->c.size + 1000;
	cmd[variant->c.size + 999] = 1;
	EXPECT_FAILS(-E2BIG, cmd);
}

TEST_F(uapi, huge)
{
	__u32 sizes[] = { PAGE_4K + 8, 1 << 20, 1U << 31, ~0U };
	char *cmd = fill(&self->vm, &variant->c);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		*(__u32 *)cmd = sizes[i];
		cmd[variant->c.size] = 1;
		EXPECT_FAILS(-E2BIG, cmd);
	}
}

TEST_F(uapi, at_end_of_memory)
{
	char *cmd = self->vm.page + PAGE_4K - variant->c.size;

	fill(&self->vm, &variant->c);
	memmove(cmd, self->vm.page, variant->c.size);
	EXPECT_EQ(0, call(&self->vm, &variant->c, cmd));
	undo(&self->vm, &variant->c, cmd);

	/* Eight bytes more are not there. */
	fill(&self->vm, &variant->c);
	memmove(cmd, self->vm.page, variant->c.size);
	*(__u32 *)cmd = variant->c.size + 8;
	EXPECT_FAILS(-EFAULT, cmd);

	/* Nor is anything after the size. */
	cmd = self->vm.page + PAGE_4K - sizeof(__u32);
	*(__u32 *)cmd = variant->c.size;
	EXPECT_EQ(-EFAULT, call(&self->vm, &variant->c, cmd));
	cmd = self->vm.page + PAGE_4K - 2;
	EXPECT_EQ(-EFAULT, call(&self->vm, &variant->c, cmd));
}

TEST_F(uapi, bad_pointers)
{
	static const unsigned long bad[] = {
		0, 8, ~0UL, ~0UL - 1000, 1UL << (sizeof(long) * 8 - 1),
	};
	const char *before = state(&self->vm);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, call(&self->vm, &variant->c, (void *)bad[i])) {
			TH_LOG("%lx", bad[i]);
		}
	}
	EXPECT_EQ(-EFAULT, call(&self->vm, &variant->c, self->vm.page - PAGE_4K));
	EXPECT_STREQ(before, state(&self->vm));
}

/* What cannot be told has not happened. */
TEST_F(uapi, read_only)
{
	void *cmd = fill(&self->vm, &variant->c);

	/* Nothing to tell */
	if (variant->c.nr == VCPUNUMA_UNBIND ||
	    variant->c.nr == VCPUNUMA_MEM_POPULATE_RANGE)
		return;
	ASSERT_EQ(0, mprotect(self->vm.page, PAGE_4K, PROT_READ));
	EXPECT_FAILS(-EFAULT, cmd);
	ASSERT_EQ(0, mprotect(self->vm.page, PAGE_4K, PROT_READ | PROT_WRITE));
}

TEST_F(uapi, unknown_flags)
{
	static const struct field flags = { 4, 4 };
	void *cmd = fill(&self->vm, &variant->c);

	for (int bit = 0; bit < 32; bit++) {
		if (variant->c.flags & 1U << bit)
			continue;
		set32(cmd, flags, 1U << bit);
		EXPECT_FAILS(-EOPNOTSUPP, cmd);
		/* Beside those there are, no less */
		set32(cmd, flags, 1U << bit | variant->c.flags);
		EXPECT_FAILS(-EOPNOTSUPP, cmd);
	}
}

TEST_F(uapi, reserved)
{
	void *cmd = fill(&self->vm, &variant->c);

	if (!variant->c.reserved.size)
		return;
	for (int bit = 0; bit < 32; bit++) {
		set32(cmd, variant->c.reserved, 1U << bit);
		EXPECT_FAILS(-EOPNOTSUPP, cmd);
	}
}

/* Results are ignored on input, and overwritten wholly. */
TEST_F(uapi, results)
{
	static const unsigned char poison[] = { 0xa5, 0x5a };
	unsigned char seen[2][256];

	for (int round = 0; round < 2; round++) {
		unsigned char *cmd = fill(&self->vm, &variant->c);

		for (size_t i = 0; i < ARRAY_SIZE(variant->c.out); i++)
			memset(cmd + variant->c.out[i].at, poison[round],
			       variant->c.out[i].size);
		ASSERT_EQ(0, call(&self->vm, &variant->c, cmd));
		memcpy(seen[round], cmd, variant->c.size);
		EXPECT_EQ(variant->c.size, *(__u32 *)cmd);
		EXPECT_EQ(0, *(__u32 *)(cmd + 4));
		undo(&self->vm, &variant->c, cmd);
	}
	for (size_t i = 0; i < variant->c.size; i++) {
		EXPECT_FALSE(seen[0][i] == poison[0] &&
			     seen[1][i] == poison[1]) {
			TH_LOG("byte %zu was not written", i);
		}
	}
}

TEST_F(uapi, elements)
{
	static const unsigned char poison[] = { 0xa5, 0x5a };
	unsigned char *cmd;

	for (size_t k = 0; k < ARRAY_SIZE(variant->c.array); k++) {
		const struct array *a = &variant->c.array[k];
		unsigned char *at = (unsigned char *)self->vm.array +
				    2 * k * PAGE_4K;
		unsigned char seen[2][PAGE_4K] = {};
		size_t bytes = 0;

		if (!a->known)
			continue;
		for (int round = 0; round < 2; round++) {
			cmd = fill(&self->vm, &variant->c);
			memset(at, poison[round], 2 * PAGE_4K);
			ASSERT_EQ(0, call(&self->vm, &variant->c, cmd));
			bytes = get32(cmd, a->nr) * a->known;
			ASSERT_GT(sizeof(seen[0]), bytes);
			memcpy(seen[round], at, sizeof(seen[0]));
			undo(&self->vm, &variant->c, cmd);
		}
		for (size_t i = 0; i < bytes; i++) {
			EXPECT_FALSE(seen[0][i] == poison[0] &&
				     seen[1][i] == poison[1]) {
				TH_LOG("byte %zu was not written", i);
			}
		}
		for (size_t i = bytes; i < sizeof(seen[0]); i++)
			ASSERT_EQ(poison[0], seen[0][i]);
	}
}

TEST_F(uapi, element_size)
{
	for (size_t k = 0; k < ARRAY_SIZE(variant->c.array); k++) {
		const struct array *a = &variant->c.array[k];
		/* Both what they were born with and 4096 are limits. */
		__u32 sizes[] = { 0, 1, 4, a->known - 8, a->known - 1,
				  PAGE_4K + 1, 1U << 31, ~0U };
		void *cmd = fill(&self->vm, &variant->c);

		if (!a->known)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			set32(cmd, a->size, sizes[i]);
			EXPECT_FAILS(-EINVAL, cmd);
		}
	}
}

TEST_F(uapi, bad_arrays)
{
	for (size_t k = 0; k < ARRAY_SIZE(variant->c.array); k++) {
		const struct array *a = &variant->c.array[k];
		__u64 bad[] = { 0, 8, (uintptr_t)(self->vm.page - PAGE_4K),
				1ULL << 63, ~0ULL };

		if (!a->known)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			const char *before = state(&self->vm);
			void *cmd = fill(&self->vm, &variant->c);

			set64(cmd, a->pointer, bad[i]);
			EXPECT_EQ(-EFAULT, call(&self->vm, &variant->c, cmd)) {
				TH_LOG("%llx", bad[i]);
			}
			EXPECT_STREQ(before, state(&self->vm));
		}
	}
}

TEST_F(uapi, wrong_file)
{
	int wrong = on_mem(&variant->c) ? self->vm.fd : self->vm.mem;
	const char *before = state(&self->vm);
	void *cmd = fill(&self->vm, &variant->c);

	EXPECT_EQ(-ENOTTY, __vn_ioctl(wrong, variant->c.nr, cmd));
	EXPECT_EQ(-ENOTTY, __vn_ioctl(wrong, variant->c.nr, NULL));
	EXPECT_STREQ(before, state(&self->vm));
}

/* The number alone says what it is; another direction or size is another. */
TEST_F(uapi, similar_numbers)
{
	unsigned int nr = _IOC_NR(variant->c.nr);
	unsigned long numbers[] = {
		_IOC(_IOC_READ, VCPUNUMA_IOC_MAGIC, nr, variant->c.size),
		_IOC(_IOC_WRITE, VCPUNUMA_IOC_MAGIC, nr, variant->c.size),
		_IOC(_IOC_READ | _IOC_WRITE, VCPUNUMA_IOC_MAGIC, nr, 8),
		_IO(VCPUNUMA_IOC_MAGIC + 1, nr),
	};
	int fd = on_mem(&variant->c) ? self->vm.mem : self->vm.fd;
	const char *before = state(&self->vm);
	void *cmd = fill(&self->vm, &variant->c);

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		EXPECT_EQ(-ENOTTY, __vn_ioctl(fd, numbers[i], cmd));
	EXPECT_STREQ(before, state(&self->vm));
}

/* Single commands */

FIXTURE(field) {
	int fd;
	int cpu;
	int node;
	struct vn_set all;
	__u32 max_vcpus;
	__u32 max_cpu;
	__u32 max_node;
};

FIXTURE_SETUP(field)
{
	struct vcpunuma_cmd_info info;

	vn_getaffinity(0, &self->all);
	self->cpu = vn_set_first(&self->all);
	self->node = vn_set_first(&vn_host()->has_memory);
	self->fd = vn_open();
	vn_info(self->fd, &info);
	self->max_vcpus = info.out_max_vcpus;
	self->max_cpu = info.out_max_cpu;
	self->max_node = info.out_max_node;
	ASSERT_EQ(0, __vn_configure(self->fd, 1, 0, NULL));
}

FIXTURE_TEARDOWN(field)
{
	close(self->fd);
}

/* BIND fails with @err, and neither thread nor vCPU 0 are bound. */
#define EXPECT_NOT_BOUND(err, ...) do {					\
	struct vcpunuma_cmd_bind __cmd = {				\
		.size = sizeof(__cmd), __VA_ARGS__			\
	};								\
									\
	EXPECT_EQ(err, __vn_ioctl(self->fd, VCPUNUMA_BIND, &__cmd)) {	\
		TH_LOG("%s", #__VA_ARGS__);				\
	}								\
	EXPECT_AFFINITY(&self->all, 0);					\
	EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, 0));	\
} while (0)

TEST_F(field, unknown_commands)
{
	int mem = vn_mem_create(self->fd, 0, PAGE_2M, self->node, 0);
	char cmd[256] = {};

	*(__u32 *)cmd = 64;
	for (unsigned int nr = 0; nr < 256; nr++) {
		if (nr > _IOC_NR(VCPUNUMA_RESTRICT))
			EXPECT_EQ(-ENOTTY,
				  __vn_ioctl(self->fd,
					     _IO(VCPUNUMA_IOC_MAGIC, nr),
					     cmd));
		if (nr != _IOC_NR(VCPUNUMA_MEM_QUERY) &&
		    nr != _IOC_NR(VCPUNUMA_MEM_POPULATE_RANGE))
			EXPECT_EQ(-ENOTTY,
				  __vn_ioctl(mem, _IO(VCPUNUMA_IOC_MAGIC, nr),
					     cmd));
	}
	EXPECT_EQ(-ENOTTY, __vn_ioctl(self->fd, 0, cmd));
	EXPECT_EQ(-ENOTTY, __vn_ioctl(self->fd, ~0U, cmd));
	EXPECT_EQ(-ENOTTY, __vn_ioctl(mem, ~0U, cmd));
	close(mem);
}

TEST_F(field, bind_to)
{
	EXPECT_NOT_BOUND(-EINVAL, .to = 4);
	EXPECT_NOT_BOUND(-EINVAL, .to = 5);
	EXPECT_NOT_BOUND(-EINVAL, .to = 1U << 31);
	EXPECT_NOT_BOUND(-EINVAL, .to = ~0U);
}

TEST_F(field, bind_vcpu)
{
	EXPECT_NOT_BOUND(-EINVAL, .vcpu = self->max_vcpus,
			 .to = VCPUNUMA_BIND_CPU, .target = self->cpu);
	EXPECT_NOT_BOUND(-EINVAL, .vcpu = 1U << 31, .to = VCPUNUMA_BIND_CPU,
			 .target = self->cpu);
	EXPECT_NOT_BOUND(-EINVAL, .vcpu = ~0U, .to = VCPUNUMA_BIND_CPU,
			 .target = self->cpu);
	EXPECT_NOT_BOUND(-EINVAL, .vcpu = self->max_vcpus,
			 .to = VCPUNUMA_BIND_PLACE);
}

TEST_F(field, bind_target)
{
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_PLACE, .target = 1);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPU,
			 .target = self->max_cpu);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPU, .target = 1U << 31);
	EXPECT_NOT_BOUND(-ENODEV, .to = VCPUNUMA_BIND_NODE,
			 .target = self->max_node);
	EXPECT_NOT_BOUND(-ENODEV, .to = VCPUNUMA_BIND_NODE,
			 .target = 1U << 31);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPUS, .target = 1,
			 .nr_bits = VN_CPUS, .cpus = (uintptr_t)&self->all);
}

/* Negative numbers are those of no thread. */
TEST_F(field, bind_tid)
{
	static const int tids[] = { -1, -2, INT32_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(tids); i++) {
		int err = __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->cpu,
				    tids[i], NULL);

		EXPECT_TRUE(err == -EINVAL || err == -ESRCH) {
			TH_LOG("tid %d: %d", tids[i], err);
		}
	}
	EXPECT_AFFINITY(&self->all, 0);
}

/* Fields that are not for what is asked */
TEST_F(field, bind_unused)
{
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPU, .target = self->cpu,
			 .pidfd = 1);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPU, .target = self->cpu,
			 .pidfd = -1);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPU, .target = self->cpu,
			 .nr_bits = 64);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPU, .target = self->cpu,
			 .cpus = (uintptr_t)&self->all);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_NODE,
			 .target = vn_set_first(&vn_host()->has_cpu),
			 .nr_bits = 64, .cpus = (uintptr_t)&self->all);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_PLACE,
			 .cpus = (uintptr_t)&self->all);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_PLACE, .nr_bits = 1);
}

TEST_F(field, bind_cpus)
{
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPUS, .nr_bits = 0,
			 .cpus = (uintptr_t)&self->all);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPUS,
			 .nr_bits = VN_CPUS + 1,
			 .cpus = (uintptr_t)&self->all);
	EXPECT_NOT_BOUND(-EINVAL, .to = VCPUNUMA_BIND_CPUS, .nr_bits = ~0U,
			 .cpus = (uintptr_t)&self->all);
	EXPECT_NOT_BOUND(-EFAULT, .to = VCPUNUMA_BIND_CPUS, .nr_bits = 64,
			 .cpus = 0);
	EXPECT_NOT_BOUND(-EFAULT, .to = VCPUNUMA_BIND_CPUS, .nr_bits = 64,
			 .cpus = 8);
	EXPECT_NOT_BOUND(-EFAULT, .to = VCPUNUMA_BIND_CPUS, .nr_bits = 64,
			 .cpus = ~0ULL);
	EXPECT_NOT_BOUND(-EFAULT, .to = VCPUNUMA_BIND_CPUS, .nr_bits = 64,
			 .cpus = 1ULL << 63);
}

TEST_F(field, unbind_and_query)
{
	EXPECT_EQ(-EINVAL, __vn_unbind(self->fd, self->max_vcpus));
	EXPECT_EQ(-EINVAL, __vn_unbind(self->fd, 1U << 31));
	EXPECT_EQ(-EINVAL, __vn_unbind(self->fd, ~0U));
	EXPECT_EQ(-EINVAL, vn_state(self->fd, self->max_vcpus));
	EXPECT_EQ(-EINVAL, vn_state(self->fd, ~0U));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, self->max_vcpus - 1));
}

#define EXPECT_NO_MEMORY(err, ...) do {					\
	struct vcpunuma_cmd_mem_create __cmd = {			\
		.size = sizeof(__cmd), __VA_ARGS__			\
	};								\
									\
	EXPECT_EQ(err, __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE,	\
				  &__cmd)) {				\
		TH_LOG("%s", #__VA_ARGS__);				\
	}								\
} while (0)

TEST_F(field, mem_create)
{
	int before = count_descriptors();

	EXPECT_NO_MEMORY(-EINVAL, .length = 0, .node = self->node);
	EXPECT_NO_MEMORY(-EINVAL, .length = PAGE_4K, .node = self->node);
	EXPECT_NO_MEMORY(-EINVAL, .length = 1ULL << 63, .node = self->node);
	EXPECT_NO_MEMORY(-EINVAL, .length = PAGE_2M, .node = self->node,
			 .vcpu = 1);
	EXPECT_NO_MEMORY(-EINVAL, .flags = VCPUNUMA_MEM_VCPU,
			 .length = PAGE_2M, .node = 1, .vcpu = 0);
	EXPECT_NO_MEMORY(-EINVAL, .flags = VCPUNUMA_MEM_VCPU,
			 .length = PAGE_2M, .vcpu = self->max_vcpus);
	EXPECT_NO_MEMORY(-EINVAL, .length = PAGE_2M, .node = self->node,
			 .page_shift = 20);
	EXPECT_NO_MEMORY(-EINVAL, .length = 1ULL << 30, .node = self->node,
			 .page_shift = 30);
	EXPECT_NO_MEMORY(-ENODEV, .length = PAGE_2M, .node = self->max_node);
	EXPECT_NO_MEMORY(-ENODEV, .length = PAGE_2M, .node = ~0U);
	EXPECT_EQ(before, count_descriptors());
}

/* Ranges: two that would do, but for what is changed in one of them */

struct ranges {
	struct vcpunuma_cmd_mem_create cmd;
	struct vcpunuma_mem_range range[2];
	struct vcpunuma_node_weight weight[3];
};

static void ranges_fill(struct ranges *r, int node)
{
	*r = (struct ranges) {
		.cmd = {
			.size = sizeof(r->cmd),
			.length = 8 * PAGE_4K,
			.page_shift = 12,
			.ranges = (uintptr_t)r->range,
			.nr_ranges = 2,
			.range_size = sizeof(r->range[0]),
		},
		.range = {
			{
				.length = 6 * PAGE_4K,
				.policy = VCPUNUMA_MEM_INTERLEAVE,
				.nodes = (uintptr_t)r->weight,
				.nr_nodes = 1,
				.weight_size = sizeof(r->weight[0]),
			}, {
				.length = 2 * PAGE_4K,
				.policy = VCPUNUMA_MEM_STRICT,
				.node = node,
			},
		},
		.weight = { { node, 1 }, { node, 1 }, { node, 1 } },
	};
}

/* Fails with @err when @change is made to the ranges r, and takes nothing. */
#define EXPECT_BAD_RANGES(err, change) do {				\
	struct ranges r;						\
	int __ret;							\
									\
	ranges_fill(&r, self->node);					\
	change;								\
	__ret = __vn_ioctl(self->fd, VCPUNUMA_MEM_CREATE, &r.cmd);	\
	EXPECT_EQ(err, __ret) {						\
		TH_LOG("%s", #change);					\
	}								\
	if (!__ret)							\
		close(r.cmd.out_fd);					\
} while (0)

#define STRICT	r.range[1]
#define DEALT	r.range[0]

TEST_F(field, ranges)
{
	int before = count_descriptors();

	EXPECT_BAD_RANGES(0, (void)0);
	/* Numbers and sizes of them */
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.nr_ranges = 0);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.nr_ranges = 1);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.nr_ranges = VCPUNUMA_MAX_RANGES + 1);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.nr_ranges = 1U << 31);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.nr_ranges = ~0U);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.range_size = 0);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.range_size = 8);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.range_size--);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.range_size = PAGE_4K + 1);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.range_size = ~0U);
	/* What follows is then part of the first, and no 0. */
	EXPECT_BAD_RANGES(-E2BIG, r.cmd.range_size *= 2);
	EXPECT_BAD_RANGES(-EFAULT, r.cmd.ranges = 8);
	EXPECT_BAD_RANGES(-EFAULT, r.cmd.ranges = 1ULL << 63);
	EXPECT_BAD_RANGES(-EFAULT, r.cmd.ranges = ~0ULL);
	/* What they take the place of */
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.node = 1);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.vcpu = 1);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.flags = VCPUNUMA_MEM_VCPU);
	EXPECT_EQ(before, count_descriptors());
}

TEST_F(field, range_lengths)
{
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.length += PAGE_4K);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.length -= PAGE_4K);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.length = 0);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.page_shift = 0);
	EXPECT_BAD_RANGES(-EINVAL, r.cmd.page_shift = 21);
	EXPECT_BAD_RANGES(-EINVAL, STRICT.length = 0);
	EXPECT_BAD_RANGES(-EINVAL, STRICT.length++);
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.length++, DEALT.length--));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.length += 2048,
				    DEALT.length -= 2048));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.length = 0,
				    DEALT.length = 8 * PAGE_4K));
	/* Sums that are right but for what they lose */
	EXPECT_BAD_RANGES(-EINVAL, STRICT.length = ~0ULL);
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.length = -16 * PAGE_4K,
				    DEALT.length = 24 * PAGE_4K));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.length = 1ULL << 63,
				    DEALT.length = (1ULL << 63) + 8 * PAGE_4K));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.length = 1ULL << 62,
				    DEALT.length = 1ULL << 62,
				    r.cmd.length = 1ULL << 63));
}

TEST_F(field, range_policies)
{
	for (int bit = 0; bit < 32; bit++) {
		if (1U << bit == VCPUNUMA_MEM_RANGE_VCPU)
			continue;
		EXPECT_BAD_RANGES(-EOPNOTSUPP, STRICT.flags = 1U << bit);
	}
	EXPECT_BAD_RANGES(-EINVAL, STRICT.policy = VCPUNUMA_MEM_LOCAL + 1);
	EXPECT_BAD_RANGES(-EINVAL, STRICT.policy = 1U << 31);
	EXPECT_BAD_RANGES(-EINVAL, STRICT.policy = ~0U);
	EXPECT_BAD_RANGES(-ENODEV, STRICT.node = vn_absent_node());
	EXPECT_BAD_RANGES(-ENODEV, STRICT.node = self->max_node);
	EXPECT_BAD_RANGES(-ENODEV, STRICT.node = 1U << 31);
	EXPECT_BAD_RANGES(-ENODEV, STRICT.node = ~0U);
	EXPECT_BAD_RANGES(-ENODEV, (STRICT.policy = VCPUNUMA_MEM_PREFERRED,
				    STRICT.node = vn_absent_node()));
	EXPECT_BAD_RANGES(-ENODEV, (STRICT.policy = VCPUNUMA_MEM_BOUNDED,
				    STRICT.node = self->max_node));
	/* Of a vCPU or of a node */
	EXPECT_BAD_RANGES(-EINVAL, STRICT.vcpu = 1);
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.flags = VCPUNUMA_MEM_RANGE_VCPU,
				    STRICT.node = 1));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.flags = VCPUNUMA_MEM_RANGE_VCPU,
				    STRICT.node = 0,
				    STRICT.vcpu = self->max_vcpus));
	EXPECT_BAD_RANGES(-ENOTCONN, (STRICT.flags = VCPUNUMA_MEM_RANGE_VCPU,
				      STRICT.node = 0));
	EXPECT_BAD_RANGES(-EINVAL, DEALT.flags = VCPUNUMA_MEM_RANGE_VCPU);
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.policy = VCPUNUMA_MEM_LOCAL,
				    STRICT.flags = VCPUNUMA_MEM_RANGE_VCPU,
				    STRICT.node = 0));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.policy = VCPUNUMA_MEM_LOCAL,
				    STRICT.node = 1));
	EXPECT_BAD_RANGES(-EINVAL, DEALT.node = 1);
	/* What only some of them have */
	EXPECT_BAD_RANGES(-EINVAL, STRICT.min_local = 1);
	EXPECT_BAD_RANGES(-EINVAL, STRICT.max_distance = 10);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.min_local = 1);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.max_distance = 10);
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.policy = VCPUNUMA_MEM_PREFERRED,
				    STRICT.min_local = 50));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.policy = VCPUNUMA_MEM_BOUNDED,
				    STRICT.min_local = 101));
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.policy = VCPUNUMA_MEM_BOUNDED,
				    STRICT.min_local = ~0U));
	EXPECT_BAD_RANGES(0, (STRICT.policy = VCPUNUMA_MEM_BOUNDED,
			      STRICT.min_local = 100, STRICT.max_distance = ~0U));
	EXPECT_BAD_RANGES(-EINVAL, STRICT.nodes = (uintptr_t)r.weight);
	EXPECT_BAD_RANGES(-EINVAL, STRICT.nr_nodes = 1);
	EXPECT_BAD_RANGES(-EINVAL, (STRICT.nodes = (uintptr_t)r.weight,
				    STRICT.nr_nodes = 1, STRICT.weight_size = 8));
}

TEST_F(field, range_weights)
{
	EXPECT_BAD_RANGES(-EINVAL, DEALT.nr_nodes = 0);
	/* The same more than once */
	EXPECT_BAD_RANGES(-EINVAL, DEALT.nr_nodes = 2);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.nr_nodes = 3);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.nr_nodes = self->max_node + 1);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.nr_nodes = 1U << 31);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.nr_nodes = ~0U);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.weight_size = 0);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.weight_size = 4);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.weight_size = PAGE_4K + 1);
	EXPECT_BAD_RANGES(-EINVAL, DEALT.weight_size = ~0U);
	EXPECT_BAD_RANGES(-E2BIG, DEALT.weight_size = 16);
	EXPECT_BAD_RANGES(-EFAULT, DEALT.nodes = 0);
	EXPECT_BAD_RANGES(-EFAULT, DEALT.nodes = 8);
	EXPECT_BAD_RANGES(-EFAULT, DEALT.nodes = 1ULL << 63);
	EXPECT_BAD_RANGES(-EFAULT, DEALT.nodes = ~0ULL);
	EXPECT_BAD_RANGES(-EINVAL, r.weight[0].weight = 0);
	EXPECT_BAD_RANGES(-EINVAL, r.weight[0].weight = VCPUNUMA_MAX_WEIGHT + 1);
	EXPECT_BAD_RANGES(-EINVAL, r.weight[0].weight = ~0U);
	EXPECT_BAD_RANGES(0, r.weight[0].weight = VCPUNUMA_MAX_WEIGHT);
	EXPECT_BAD_RANGES(-ENODEV, r.weight[0].node = vn_absent_node());
	EXPECT_BAD_RANGES(-ENODEV, r.weight[0].node = self->max_node);
	EXPECT_BAD_RANGES(-ENODEV, r.weight[0].node = ~0U);
	EXPECT_BAD_RANGES(-ENODEV, (r.weight[1].node = vn_absent_node(),
				    DEALT.nr_nodes = 2));
}

/* Nodes that are there and have no memory */
TEST_F(field, range_without_memory)
{
	const struct vn_host *h = vn_host();
	bool seen = false;
	int node;

	for (node = -1; vn_set_step(&h->online, &node);) {
		if (vn_set_has(&h->has_memory, node))
			continue;
		seen = true;
		EXPECT_BAD_RANGES(-ENODEV, STRICT.node = node);
		EXPECT_BAD_RANGES(-ENODEV, r.weight[0].node = node);
		EXPECT_BAD_RANGES(-ENODEV,
				  (STRICT.policy = VCPUNUMA_MEM_PREFERRED,
				   STRICT.node = node));
	}
	if (!seen)
		SKIP(return, "each node has memory");
}

/* As long as arguments are bad it does not matter how. */
TEST_F(field, random)
{
	static const unsigned long cmds[] = {
		VCPUNUMA_INFO, VCPUNUMA_TOPOLOGY, VCPUNUMA_CONFIGURE,
		VCPUNUMA_UNBIND, VCPUNUMA_QUERY, VCPUNUMA_DISTRIBUTION,
	};
	int before = count_descriptors();
	unsigned int random = 1;

	for (int i = 0; i < 20000; i++) {
		__u32 cmd[32];
		unsigned long nr = cmds[rand_r(&random) % ARRAY_SIZE(cmds)];

		for (size_t k = 0; k < ARRAY_SIZE(cmd); k++) {
			int kind = rand_r(&random) % 8;

			cmd[k] = 0;
			if (kind == 4 || kind == 5)
				cmd[k] = rand_r(&random) % 64;
			else if (kind == 6)
				cmd[k] = (__u32)rand_r(&random) << 1;
			else if (kind == 7)
				cmd[k] = ~0U;
		}
		cmd[0] = rand_r(&random) % 16 * 8;
		if (rand_r(&random) % 4)
			cmd[1] = 0;
		__vn_ioctl(self->fd, nr, cmd);
	}
	EXPECT_EQ(before, count_descriptors());
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_HARNESS_MAIN
