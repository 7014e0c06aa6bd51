// SPDX-License-Identifier: GPL-2.0
/*
 * Placing the threads of a VM: one after the other as a user can do it without
 * us, and with us. All are put on CPU 0, the only one there is, and had more of
 * them in their affinity before. The threads sleep.
 */
#include <numa.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "bench.h"
#include "lib.h"

#define THREADS	64
#define RUNS	7
#define UNIT	"instructions per thread"
#define GROUP	"/sys/fs/cgroup/bench"

static struct vn_thread threads[THREADS];

/* Ways to place all threads; @prepared by the same way's function */
struct way {
	const char *what;
	const char *who;
	void (*prepare)(void);
	void (*place)(void);
	void (*finish)(void);
};

static void by_setaffinity(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	for (int i = 0; i < THREADS; i++)
		bench_must(!sched_setaffinity(threads[i].tid, sizeof(set), &set));
}

static struct bitmask *bits;

static void libnuma_prepare(void)
{
	bits = numa_allocate_cpumask();
	bench_must(!!bits);
	numa_bitmask_setbit(bits, 0);
}

static void by_libnuma(void)
{
	for (int i = 0; i < THREADS; i++)
		bench_must(!numa_sched_setaffinity(threads[i].tid, bits));
}

static void libnuma_finish(void)
{
	numa_bitmask_free(bits);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	bench_must(fd >= 0);
	bench_must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void write_in(int i, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), GROUP "/%d/%s", i, file);
	write_file(path, text);
}

/* A group for each thread, which must be threaded, below one for the process */
static void group_prepare(void)
{
	char text[32];

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset");
	bench_must(!mkdir(GROUP, 0755));
	snprintf(text, sizeof(text), "%d", getpid());
	write_file(GROUP "/cgroup.procs", text);
}

static void group_make(int i)
{
	char path[64];

	snprintf(path, sizeof(path), GROUP "/%d", i);
	bench_must(!mkdir(path, 0755));
	write_in(i, "cgroup.type", "threaded");
}

static void groups_prepare(void)
{
	group_prepare();
	for (int i = 0; i < THREADS; i++)
		group_make(i);
	write_file(GROUP "/cgroup.subtree_control", "+cpuset");
	for (int i = 0; i < THREADS; i++)
		write_in(i, "cpuset.cpus", "0");
}

static void by_cgroup(void)
{
	char tid[16];

	for (int i = 0; i < THREADS; i++) {
		snprintf(tid, sizeof(tid), "%d", threads[i].tid);
		write_in(i, "cgroup.threads", tid);
	}
}

static void by_cgroup_set(void)
{
	for (int i = 0; i < THREADS; i++)
		write_in(i, "cpuset.cpus", "0");
	by_cgroup();
}

static void groups_prepare_unset(void)
{
	group_prepare();
	for (int i = 0; i < THREADS; i++)
		group_make(i);
	write_file(GROUP "/cgroup.subtree_control", "+cpuset");
}

/* The threads go to their process's group by being in none below it. */
static void group_finish(void)
{
	char path[64], text[32];

	snprintf(text, sizeof(text), "%d", getpid());
	write_file("/sys/fs/cgroup/cgroup.procs", text);
	for (int i = 0; i < THREADS; i++) {
		snprintf(path, sizeof(path), GROUP "/%d", i);
		bench_must(!rmdir(path));
	}
	bench_must(!rmdir(GROUP));
}

/* A VM, and what it has of the places of its vCPUs */
static int vm;
static struct vcpunuma_bind_entry entries[THREADS];

static void vm_prepare(void)
{
	vm = __vn_open();
	bench_must(vm >= 0);
	for (int i = 0; i < THREADS; i++)
		entries[i] = (struct vcpunuma_bind_entry) {
			.vcpu = i,
			.tid = threads[i].tid,
			.to = VCPUNUMA_BIND_CPU,
		};
}

static void vm_prepare_places(void)
{
	vm_prepare();
	bench_must(!__vn_configure(vm, THREADS, 0, NULL));
	for (int i = 0; i < THREADS; i++)
		entries[i].to = VCPUNUMA_BIND_PLACE;
}

static void by_bind(void)
{
	for (int i = 0; i < THREADS; i++) {
		struct vcpunuma_cmd_bind cmd = {
			.size = sizeof(cmd),
			.vcpu = i,
			.to = entries[i].to,
			.tid = entries[i].tid,
		};

		bench_must(!ioctl(vm, VCPUNUMA_BIND, &cmd));
	}
}

static void by_bind_many(void)
{
	struct vcpunuma_cmd_bind_many cmd = {
		.size = sizeof(cmd),
		.entries = (uintptr_t)entries,
		.nr_entries = THREADS,
		.entry_size = sizeof(entries[0]),
	};

	bench_must(!ioctl(vm, VCPUNUMA_BIND_MANY, &cmd));
	bench_must(cmd.first == THREADS && !cmd.out_failed);
}

static void vm_prepare_bound(void)
{
	vm_prepare_places();
	by_bind_many();
}

static void vm_finish(void)
{
	close(vm);
}

static const struct way ways[] = {
	{ "first", "sched_setaffinity", NULL, by_setaffinity, NULL },
	{ "first", "libnuma", libnuma_prepare, by_libnuma, libnuma_finish },
	{ "first", "cgroup v2 cpuset, set before", groups_prepare, by_cgroup,
	  group_finish },
	{ "first", "cgroup v2 cpuset, set and moved", groups_prepare_unset,
	  by_cgroup_set, group_finish },
	{ "first, to a CPU", "BIND", vm_prepare, by_bind, vm_finish },
	{ "first, to a CPU", "BIND_MANY", vm_prepare, by_bind_many, vm_finish },
	{ "first, to a place", "BIND", vm_prepare_places, by_bind, vm_finish },
	{ "first, to a place", "BIND_MANY", vm_prepare_places, by_bind_many,
	  vm_finish },
	{ "again", "BIND", vm_prepare_bound, by_bind, vm_finish },
	{ "again", "BIND_MANY", vm_prepare_bound, by_bind_many, vm_finish },
};

/* Once, with new threads. They are in the affinity that all begin with. */
static __u64 run(const struct way *way)
{
	__u64 begin, end;

	for (int i = 0; i < THREADS; i++)
		bench_must(!__vn_thread_start(&threads[i]));
	if (way->prepare)
		way->prepare();
	begin = bench_ticks();
	way->place();
	end = bench_ticks();
	for (int i = 0; i < THREADS; i++) {
		struct vn_set set, zero = vn_set_of(0);

		bench_must(!__vn_getaffinity(threads[i].tid, &set));
		bench_must(vn_set_equal(&set, &zero));
	}
	if (way->finish)
		way->finish();
	for (int i = 0; i < THREADS; i++)
		vn_thread_stop(&threads[i]);
	return end - begin;
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct bench_least least = {};

		while (least.runs < RUNS)
			bench_run(&least, run(&ways[i]));
		bench_result("place 64 threads", ways[i].what, ways[i].who,
			     (double)least.ticks / THREADS, UNIT);
	}
	return 0;
}
