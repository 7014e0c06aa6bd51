// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on the whole machine: cgroups, CPUs and memory online.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "state.h"

#define CGROUP	"/sys/fs/cgroup"
#define CPU	"/sys/devices/system/cpu"
#define MEMORY	"/sys/devices/system/memory"

/* CPU 0 stays; so do all beyond this. */
#define CPUS		8
#define MEMORY_BLOCKS	16

static long write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void group_path(char *path, size_t size, __u64 group, const char *file)
{
	snprintf(path, size, CGROUP "/fuzz-%u/%s",
		 (unsigned int)(group % GROUPS), file);
}

static long write_group(__u64 group, const char *file, const char *text)
{
	char path[96];

	group_path(path, sizeof(path), group, file);
	return write_file(path, text);
}

/* "0,2,3" of a mask */
static void print_list(char *text, __u64 mask)
{
	unsigned int i;

	*text = '\0';
	for (i = 0; i < 64; i++)
		if (mask >> i & 1)
			text += sprintf(text, "%s%u", mask & ((1ULL << i) - 1) ?
					"," : "", i);
}

static const __u64 cpusets[] = {
	0xff, 0xff, 1, 2, 3, 0xc, 0x30, 0x0f, 0xf0, 0xfe, 0, 0x100,
};

static const struct arg_desc cpus_args[] = {
	ARG("group", KIND_NUMBER, GROUPS),
	ARG_LIST("cpus", cpusets),
};

static long run_cpus(const struct op *op, const __u64 *arg)
{
	char text[256];

	(void)op;
	print_list(text, arg[1]);
	return write_group(arg[0], "cpuset.cpus", text);
}

static const __u64 memsets[] = { 0xf, 0xf, 1, 2, 4, 8, 3, 0xc, 0xe, 0, 0x10 };

static const struct arg_desc mems_args[] = {
	ARG("group", KIND_NUMBER, GROUPS),
	ARG_LIST("mems", memsets),
};

static long run_mems(const struct op *op, const __u64 *arg)
{
	char text[256];

	(void)op;
	print_list(text, arg[1]);
	return write_group(arg[0], "cpuset.mems", text);
}

static const struct arg_desc join_args[] = {
	ARG("group", KIND_NUMBER, GROUPS),
};

static long run_join(const struct op *op, const __u64 *arg)
{
	(void)op;
	return write_group(arg[0], "cgroup.procs", "0");
}

static long run_leave(const struct op *op, const __u64 *arg)
{
	char path[96];

	(void)op;
	group_path(path, sizeof(path), arg[0], "");
	write_file(CGROUP "/cgroup.procs", "0");
	if (!rmdir(path))
		mkdir(path, 0755);
	return 0;
}

static const __u64 limits[] = { 0, 1 << 20, 4 << 20, 64 << 20 };

static const struct arg_desc memory_args[] = {
	ARG("group", KIND_NUMBER, GROUPS),
	ARG_LIST("max", limits),
};

static long run_memory(const struct op *op, const __u64 *arg)
{
	char text[32] = "max";

	(void)op;
	if (arg[1])
		snprintf(text, sizeof(text), "%llu", arg[1]);
	return write_group(arg[0], "memory.max", text);
}

static long set_cpu(unsigned int cpu, bool on)
{
	char path[96];

	snprintf(path, sizeof(path), CPU "/cpu%u/online", cpu);
	return write_file(path, on ? "1" : "0");
}

static const struct arg_desc cpu_args[] = {
	ARG("cpu", KIND_NUMBER, CPUS),
	ARG("online", KIND_NUMBER, 2),
};

static long run_cpu(const struct op *op, const __u64 *arg)
{
	(void)op;
	return arg[0] % CPUS ? set_cpu(arg[0] % CPUS, arg[1]) : -EINVAL;
}

static long set_block(unsigned int block, bool on)
{
	char path[96];

	snprintf(path, sizeof(path), MEMORY "/memory%u/state", block);
	return write_file(path, on ? "online" : "offline");
}

static const struct arg_desc block_args[] = {
	ARG("block", KIND_NUMBER, MEMORY_BLOCKS),
	ARG("online", KIND_NUMBER, 2),
};

/* Not of the first node, which the rest of the system lives on. */
static long run_block(const struct op *op, const __u64 *arg)
{
	(void)op;
	return set_block(4 + arg[0] % (MEMORY_BLOCKS - 4), arg[1]);
}

static const struct op ops[] = {
	OP("cpuset_cpus", 4, cpus_args, run_cpus),
	OP("cpuset_mems", 2, mems_args, run_mems),
	OP_WILD("group_join", 3, join_args, run_join),
	OP_WILD("group_leave", 1, join_args, run_leave),
	OP("group_memory", 1, memory_args, run_memory),
	OP("cpu", 1, cpu_args, run_cpu),
	OP("memory_block", 1, block_args, run_block),
};

const struct op_table host_ops = { ops, ARRAY_SIZE(ops) };

/** host_init - make the cgroups that programs use */
void host_init(void)
{
	char path[96];
	unsigned int i;

	write_file(CGROUP "/cgroup.subtree_control", "+cpuset +memory");
	for (i = 0; i < GROUPS; i++) {
		group_path(path, sizeof(path), i, "");
		mkdir(path, 0755);
	}
}

/** host_restore - all CPUs and memory online again, cgroups as new */
void host_restore(void)
{
	char path[96];
	unsigned int i;

	for (i = 1; i < CPUS; i++)
		set_cpu(i, true);
	for (i = 4; i < MEMORY_BLOCKS; i++)
		set_block(i, true);
	for (i = 0; i < GROUPS; i++) {
		group_path(path, sizeof(path), i, "");
		rmdir(path);
	}
}
