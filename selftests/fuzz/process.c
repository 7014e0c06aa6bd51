// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on processes and threads. Those that make one (fork, thread) are in
 * exec.c, as what they make makes calls too.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <linux/vcpunuma.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "exec.h"
#include "fail.h"
#include "state.h"
#include "trap.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif

static const struct arg_desc calls_args[] = {
	ARG("calls", KIND_NUMBER, 6),
};

static long run_fork(const struct op *op, const __u64 *arg)
{
	(void)op;
	return exec_fork(arg[0]);
}

static long run_thread(const struct op *op, const __u64 *arg)
{
	(void)op;
	return exec_thread(arg[0]);
}

static const __u64 naps[] = { 0, 1, 1, 5, 20 };

static const struct arg_desc nap_args[] = {
	ARG_LIST("ms", naps),
};

/* Become another program, that sleeps a little: threads go, files may stay. */
static long run_exec(const struct op *op, const __u64 *arg)
{
	char ms[16];

	(void)op;
	snprintf(ms, sizeof(ms), "%u", (unsigned int)arg[0] % 64);
	execl("/proc/self/exe", "fuzz", "--sleep", ms, NULL);
	return -errno;
}

static const struct arg_desc exit_args[] = {
	ARG("process", KIND_NUMBER, 2),
};

static long run_exit(const struct op *op, const __u64 *arg)
{
	(void)op;
	syscall(arg[0] ? SYS_exit_group : SYS_exit, 0);
	return 0;
}

static long run_nap(const struct op *op, const __u64 *arg)
{
	struct timespec t = { .tv_nsec = arg[0] % 64 * 1000000 };

	(void)op;
	return nanosleep(&t, NULL) ? -errno : 0;
}

static const __u64 signals[] = { SIGKILL, SIGUSR1, SIGUSR1, SIGTERM, 0 };

static const struct arg_desc kill_args[] = {
	ARG("tid", KIND_TASK, 0),
	ARG_LIST("signal", signals),
};

/* Only tasks of the program: not those a number happens to name. */
static int own_tid(__u64 task)
{
	if (task && task < TASK_BASE)
		return -1;
	if (task >= TASK_BASE + TASKS)
		return -1;
	return task ? state_tid(task) : (int)syscall(SYS_gettid);
}

static long run_kill(const struct op *op, const __u64 *arg)
{
	int tid = own_tid(arg[0]);

	(void)op;
	if (tid <= 1)
		return -ESRCH;
	return syscall(SYS_tkill, tid, (int)arg[1]) ? -errno : 0;
}

static const struct arg_desc affinity_args[] = {
	ARG("tid", KIND_TASK, 0),
	ARG("cpus", KIND_MASK, 0),
};

static long run_affinity(const struct op *op, const __u64 *arg)
{
	unsigned long cpus = arg[1];
	int tid = own_tid(arg[0]);

	(void)op;
	if (tid <= 1)
		return -ESRCH;
	if (syscall(SYS_sched_setaffinity, tid, sizeof(cpus), &cpus))
		return -errno;
	return 0;
}

static const struct arg_desc pidfd_args[] = {
	ARG("fd", KIND_SLOT, SLOT_PIDFD),
	ARG("tid", KIND_TASK, 0),
};

static long run_pidfd(const struct op *op, const __u64 *arg)
{
	int tid = own_tid(arg[1]);

	(void)op;
	return slot_put(arg[0], syscall(SYS_pidfd_open, tid, 0));
}

static const struct arg_desc limit_args[] = {
	ARG("memlock", KIND_LENGTH, 0),
};

static long run_limit(const struct op *op, const __u64 *arg)
{
	struct rlimit limit = { .rlim_cur = arg[0], .rlim_max = RLIM_INFINITY };

	(void)op;
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static const __u64 uids[] = { 65534, 65534, 1000, 0 };

static const struct arg_desc setuid_args[] = {
	ARG_LIST("uid", uids),
	ARG("fully", KIND_NUMBER, 2),
};

/* Of the calling thread alone, unlike the library's. */
static long run_setuid(const struct op *op, const __u64 *arg)
{
	int uid = arg[0];

	(void)op;
	return syscall(SYS_setresuid, arg[1] ? uid : -1, uid,
		       arg[1] ? uid : -1) ? -errno : 0;
}

static const __u64 policies[] = {
	SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE,
};

static const struct arg_desc sched_args[] = {
	ARG("tid", KIND_TASK, 0),
	ARG_LIST("policy", policies),
};

static long run_sched(const struct op *op, const __u64 *arg)
{
	/* The library has no such struct yet, and the kernel's clashes with it. */
	struct {
		__u32 size;
		__u32 sched_policy;
		__u64 sched_flags;
		__s32 sched_nice;
		__u32 sched_priority;
		__u64 sched_runtime;
		__u64 sched_deadline;
		__u64 sched_period;
	} attr = {
		.size = sizeof(attr),
		.sched_policy = arg[1],
	};
	int tid = own_tid(arg[0]);

	(void)op;
	if (tid <= 1)
		return -ESRCH;
	if (attr.sched_policy == SCHED_DEADLINE) {
		attr.sched_runtime = 2000000;
		attr.sched_deadline = 100000000;
		attr.sched_period = 100000000;
	}
	return syscall(SYS_sched_setattr, tid, &attr, 0) ? -errno : 0;
}

static const __u64 unshares[] = {
	CLONE_FILES, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_FS,
	CLONE_NEWNS,
};

static const struct arg_desc unshare_args[] = {
	ARG_LIST("flags", unshares),
};

static long run_unshare(const struct op *op, const __u64 *arg)
{
	(void)op;
	return unshare(arg[0]) ? -errno : 0;
}

static const struct arg_desc fail_args[] = {
	ARG("nth", KIND_NUMBER, 12),
};

/* The nth allocation of the next open, mmap or command fails. */
static long run_fail(const struct op *op, const __u64 *arg)
{
	(void)op;
	fail_next(arg[0]);
	return 0;
}

static const struct arg_desc entries_args[] = {
	ARG("at", KIND_POINTER, 0),
	ARG("nr", KIND_NUMBER, 70),
	ARG("vcpu", KIND_VCPU, 0),
	ARG("tid", KIND_TASK, 0),
	ARG("to", KIND_NUMBER, VCPUNUMA_BIND_CPUS + 2),
	ARG("target", KIND_CPU, 0),
	ARG("step", KIND_NUMBER, 4),
};

/* Bindings for VCPUNUMA_BIND_MANY, each @step away from the one before */
static long run_entries(const struct op *op, const __u64 *arg)
{
	struct vcpunuma_bind_entry entry[70] = {};
	unsigned int nr = arg[1] % ARRAY_SIZE(entry);

	(void)op;
	for (unsigned int i = 0; i < nr; i++) {
		__u64 step = i * arg[6];

		entry[i].vcpu = arg[2] + step % 9;
		entry[i].tid = state_tid(arg[3] + (arg[3] ? step % TASKS : 0));
		entry[i].to = arg[4];
		if (arg[4])
			entry[i].target = arg[5] + step % 5;
	}
	return trap_copy(state_pointer(arg[0]), entry, nr * sizeof(entry[0])) ?
	       (long)nr : -EFAULT;
}

static const struct op ops[] = {
	OP("entries", 5, entries_args, run_entries),
	OP_WILD("fork", 4, calls_args, run_fork),
	OP_WILD("thread", 4, calls_args, run_thread),
	OP_WILD("exec", 1, nap_args, run_exec),
	OP_WILD("exit", 1, exit_args, run_exit),
	OP("nap", 1, nap_args, run_nap),
	OP_WILD("kill", 2, kill_args, run_kill),
	OP_WILD("affinity", 4, affinity_args, run_affinity),
	OP("pidfd", 3, pidfd_args, run_pidfd),
	OP_WILD("limit", 1, limit_args, run_limit),
	OP_WILD("setuid", 1, setuid_args, run_setuid),
	OP_WILD("sched", 1, sched_args, run_sched),
	OP_WILD("unshare", 1, unshare_args, run_unshare),
	OP("fail", 3, fail_args, run_fail),
};

const struct op_table process_ops = { ops, ARRAY_SIZE(ops) };
