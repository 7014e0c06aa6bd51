// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on mappings.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fail.h"
#include "state.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#define MPOL_MF_MOVE		2

/* What follows each range must stay unusable for others: see state_range(). */
static void reserve(void *at, size_t bytes)
{
	(void)mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		   MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

static const __u64 protections[] = {
	PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
	PROT_WRITE, PROT_READ | PROT_WRITE | PROT_EXEC,
};

static const __u64 map_flags[] = {
	MAP_SHARED, MAP_SHARED, MAP_SHARED, MAP_SHARED, MAP_PRIVATE,
	MAP_SHARED_VALIDATE, MAP_SHARED | MAP_POPULATE, MAP_SHARED | MAP_LOCKED,
	MAP_SHARED | MAP_NORESERVE,
};

static const struct arg_desc map_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("fd", KIND_SLOT, SLOT_MEM),
	ARG("bytes", KIND_BYTES, 0),
	ARG("offset", KIND_OFFSET, 0),
	ARG_LIST("prot", protections),
	ARG_LIST("flags", map_flags),
	ARG("place", KIND_NUMBER, 6),
};

/* Where the kernel likes, or fixed: 2 MiB aligned, 4 KiB off, in the middle */
static long run_mmap(const struct op *op, const __u64 *arg)
{
	static const unsigned long shift[] = { 0, 4096, 2 << 20 };
	__u64 place = arg[6] % 6, room = WINDOW_ROOM;
	char *at = NULL;
	int flags = arg[5];

	(void)op;
	if (place >= 3) {
		at = me.rooms + arg[0] % WINDOWS * WINDOW_ROOM + shift[place - 3];
		room -= shift[place - 3];
		flags |= MAP_FIXED;
	}
	if (flags & MAP_FIXED && arg[2] > room)
		return -EINVAL;
	fail_begin();
	at = mmap(at, arg[2], arg[4], flags, slot_fd(arg[1]), arg[3]);
	fail_end();
	if (at == MAP_FAILED)
		return -errno;
	me.windows[arg[0] % WINDOWS] = (struct window) { at, arg[2] };
	return 0;
}

static const struct arg_desc map_device_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("fd", KIND_SLOT, SLOT_VM),
	ARG("bytes", KIND_BYTES, 0),
	ARG("offset", KIND_OFFSET, 0),
	ARG_LIST("prot", protections),
	ARG_LIST("flags", map_flags),
	ARG("place", KIND_NUMBER, 6),
};

static const struct arg_desc range_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
};

static long run_munmap(const struct op *op, const __u64 *arg)
{
	__u64 bytes = arg[2];
	char *at;

	(void)op;
	if (!state_range(arg[0], arg[1] & ~4095ULL, &bytes, &at))
		return -EINVAL;
	if (munmap(at, bytes))
		return -errno;
	reserve(at, bytes);
	return 0;
}

static const struct arg_desc remap_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
	ARG("to", KIND_NUMBER, WINDOWS),
	ARG("new", KIND_BYTES, 0),
	ARG("flags", KIND_NUMBER, 8),
};

static long run_mremap(const struct op *op, const __u64 *arg)
{
	char *at, *to = me.rooms + arg[3] % WINDOWS * WINDOW_ROOM;
	__u64 bytes = arg[2];

	(void)op;
	if (!state_range(arg[0], arg[1] & ~4095ULL, &bytes, &at) ||
	    arg[4] > WINDOW_ROOM)
		return -EINVAL;
	/* Length 0 asks for a second mapping of the same. */
	to = mremap(at, arg[2] ? bytes : 0, arg[4], arg[5] & 7, to);
	if (to == MAP_FAILED)
		return -errno;
	if (to != at)
		reserve(at, bytes);
	me.windows[arg[3] % WINDOWS] = (struct window) { to, arg[4] };
	return 0;
}

static const struct arg_desc protect_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
	ARG_LIST("prot", protections),
};

static long run_mprotect(const struct op *op, const __u64 *arg)
{
	__u64 bytes = arg[2];
	char *at;

	(void)op;
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	return mprotect(at, bytes, arg[3]) ? -errno : 0;
}

static const __u64 advices[] = {
	MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_WILLNEED, MADV_DONTFORK,
	MADV_DOFORK, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP,
	MADV_WIPEONFORK, MADV_MERGEABLE, MADV_COLD, MADV_PAGEOUT,
	MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_COLLAPSE,
};

static const struct arg_desc advise_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
	ARG_LIST("advice", advices),
};

static long run_madvise(const struct op *op, const __u64 *arg)
{
	__u64 bytes = arg[2];
	char *at;

	(void)op;
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	return madvise(at, bytes, arg[3]) ? -errno : 0;
}

static const __u64 strides[] = { 4096, 4096, 2 << 20, 1 << 20, 64 };

static const struct arg_desc touch_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
	ARG("write", KIND_NUMBER, 2),
	ARG_LIST("stride", strides),
};

static long run_touch(const struct op *op, const __u64 *arg)
{
	__u64 bytes = arg[2], stride = arg[4] ?: 4096, i;
	unsigned int left = 64;
	char *at;

	(void)op;
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	for (i = 0; i < bytes && left--; i += stride) {
		if (arg[3])
			__atomic_store_n(at + i, i >> 12, __ATOMIC_RELAXED);
		else
			(void)__atomic_load_n(at + i, __ATOMIC_RELAXED);
	}
	return 0;
}

static const struct arg_desc lock_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
	ARG("what", KIND_NUMBER, 4),
};

static long run_mlock(const struct op *op, const __u64 *arg)
{
	__u64 bytes = arg[2];
	char *at;
	int err;

	(void)op;
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	switch (arg[3] & 3) {
	case 0:
		err = mlock(at, bytes);
		break;
	case 1:
		err = munlock(at, bytes);
		break;
	case 2:
		err = msync(at, bytes, MS_SYNC);
		break;
	default:
		err = mincore(at, bytes < (64 << 20) ? bytes : 4096,
			      (void *)(me.arena + ARENA_SIZE / 2));
	}
	return err ? -errno : 0;
}

static const struct arg_desc migrate_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("node", KIND_NODE, 0),
	ARG("mbind", KIND_NUMBER, 9),
	ARG("bytes", KIND_BYTES, 0),
};

/* Policies of mbind(2), and of which nodes beside the one that is given */
static const struct {
	int mode;
	unsigned long nodes;
} binds[] = {
	{ 2, 0 },	/* bind, to that alone */
	{ 2, 0x0f },	/* or to several */
	{ 1, 0 },	/* preferred */
	{ 5, 0x06 },	/* preferred, many */
	{ 3, 0x0b },	/* interleave */
	{ 4, 0 },	/* local */
	{ 0, 0 },	/* default */
	{ 0, 0 },
};

static long bind_range(char *at, __u64 bytes, __u64 node, __u64 how)
{
	unsigned long nodes = 1UL << (node & 63) | binds[how].nodes;
	int mode = binds[how].mode;

	if (!mode || mode == 4)
		nodes = 0;
	return syscall(SYS_mbind, at, bytes, mode, &nodes, 64, MPOL_MF_MOVE);
}

static long run_migrate(const struct op *op, const __u64 *arg)
{
	int node = arg[2], status = 0;
	__u64 bytes = arg[4] ?: 4096;
	char *at;
	long err;

	(void)op;
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	if (arg[3])
		err = bind_range(at, bytes, arg[2],
				 (arg[3] - 1) % ARRAY_SIZE(binds));
	else
		err = syscall(SYS_move_pages, 0, 1, &at, &node, &status,
			      MPOL_MF_MOVE);
	return err < 0 ? -errno : status;
}

static const struct arg_desc policy_args[] = {
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("maps", KIND_NUMBER, 2),
};

/* What the kernel tells of policies: of an address, or of all mappings */
static long run_policy(const struct op *op, const __u64 *arg)
{
	char *buf = me.arena + ARENA_SIZE / 2;
	unsigned long nodes[16];
	__u64 bytes = 4096;
	int fd, mode;
	char *at;

	(void)op;
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	if (!arg[2])
		return syscall(SYS_get_mempolicy, &mode, nodes, 1024, at,
			       2 /* of the address */) ? -errno : mode;
	fd = open("/proc/self/numa_maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (read(fd, buf, 4096) > 0)
		;
	close(fd);
	return 0;
}

/* Pages in a pipe are held by it, whatever becomes of the mapping. */
static long run_splice(const struct op *op, const __u64 *arg)
{
	struct iovec iov;
	__u64 bytes = arg[2];
	char *at;
	int pipes[2];

	(void)op;
	if (slot_fd(SLOT_PIPE) < 0) {
		if (pipe2(pipes, O_NONBLOCK))
			return -errno;
		slot_put(SLOT_PIPE, pipes[0]);
		slot_put(SLOT_PIPE + 1, pipes[1]);
	}
	if (!state_range(arg[0], arg[1], &bytes, &at))
		return -EINVAL;
	iov = (struct iovec) { at, bytes };
	if (vmsplice(slot_fd(SLOT_PIPE + 1), &iov, 1, SPLICE_F_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static const struct arg_desc peek_args[] = {
	ARG("tid", KIND_TASK, 0),
	ARG("win", KIND_NUMBER, WINDOWS),
	ARG("offset", KIND_OFFSET, 0),
	ARG("bytes", KIND_BYTES, 0),
	ARG("write", KIND_NUMBER, 2),
};

/* Another process has its windows at the same places, or not. */
static long run_peek(const struct op *op, const __u64 *arg)
{
	int tid = arg[0] ? state_tid(arg[0]) : getpid();
	struct iovec local, remote;
	__u64 bytes = arg[3] < ARENA_SIZE / 2 ? arg[3] : ARENA_SIZE / 2;
	char *at;
	long n;

	(void)op;
	if (!state_range(arg[1], arg[2], &bytes, &at))
		return -EINVAL;
	local = (struct iovec) { me.arena + ARENA_SIZE / 2, bytes };
	remote = (struct iovec) { at, bytes };
	if (arg[4])
		n = process_vm_writev(tid, &local, 1, &remote, 1, 0);
	else
		n = process_vm_readv(tid, &local, 1, &remote, 1, 0);
	return n < 0 ? -errno : 0;
}

static const struct op ops[] = {
	OP("mmap", 12, map_args, run_mmap),
	OP("mmap_device", 3, map_device_args, run_mmap),
	OP("munmap", 4, range_args, run_munmap),
	OP("mremap", 3, remap_args, run_mremap),
	OP("mprotect", 3, protect_args, run_mprotect),
	OP("madvise", 5, advise_args, run_madvise),
	OP("touch", 14, touch_args, run_touch),
	OP("mlock", 2, lock_args, run_mlock),
	OP("migrate", 5, migrate_args, run_migrate),
	OP("policy", 2, policy_args, run_policy),
	OP("splice", 2, range_args, run_splice),
	OP("peek", 2, peek_args, run_peek),
};

const struct op_table memory_ops = { ops, ARRAY_SIZE(ops) };
