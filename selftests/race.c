// SPDX-License-Identifier: GPL-2.0
/*
 * Things that happen at the same time. Each test here runs a number of rounds,
 * not a length of time, and looks at the state they end in.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ROUNDS	2000

FIXTURE(race) {
	struct vn_set all;		/* affinity at the beginning */
	int cpu[2];
};

FIXTURE_SETUP(race)
{
	vn_getaffinity(0, &self->all);
	self->cpu[0] = vn_set_first(&self->all);
	self->cpu[1] = vn_set_nth(&self->all, vn_set_weight(&self->all) - 1);
}

FIXTURE_TEARDOWN(race)
{
}

/* One of those who do something again and again. */
struct actor {
	pthread_t thread;
	int vm;
	int cpu;
	pid_t tid;		/* to bind; 0: itself */
	const bool *stop;	/* NULL: ROUNDS times */
	long done;
	long busy;
	long other;
	int err;		/* the last of the other ones */
};

static void bind_and_unbind(struct actor *a)
{
	int err = __vn_bind(a->vm, 0, VCPUNUMA_BIND_CPU, a->cpu, a->tid, NULL);

	if (!err)
		err = __vn_unbind(a->vm, 0);
	if (!err) {
		a->done++;
	} else if (err == -EBUSY) {
		a->busy++;
	} else {
		a->other++;
		a->err = err;
	}
}

static void *binder(void *arg)
{
	struct actor *a = arg;
	int i;

	for (i = 0; a->stop ? !__atomic_load_n(a->stop, __ATOMIC_RELAXED) :
			      i < ROUNDS; i++)
		bind_and_unbind(a);
	return NULL;
}

/* Two VMs want one thread: it is one's or the other's, and whole in the end. */
TEST_F(race, two_vms_one_thread)
{
	struct actor a[2] = {};
	struct vn_thread t;
	int i;

	vn_thread_start(&t);
	for (i = 0; i < 2; i++) {
		a[i].vm = vn_open();
		a[i].cpu = self->cpu[i];
		a[i].tid = t.tid;
		ASSERT_EQ(0, pthread_create(&a[i].thread, NULL, binder, &a[i]));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(a[i].thread, NULL);
		EXPECT_EQ(0, a[i].other) {
			TH_LOG("the last: %s", strerror(-a[i].err));
		}
	}
	/* One of them may have come too late each time. */
	EXPECT_LT(0, a[0].done + a[1].done);
	EXPECT_AFFINITY(&self->all, t.tid);
	for (i = 0; i < 2; i++)
		close(a[i].vm);
	EXPECT_AFFINITY(&self->all, t.tid);
	vn_thread_stop(&t);
}

/* A thread that changes its affinity, again and again */
struct mover {
	pthread_t thread;
	pid_t tid;
	struct vn_set set[2];
	const bool *stop;
};

static void *mover(void *arg)
{
	struct mover *m = arg;
	int i;

	__atomic_store_n(&m->tid, gettid(), __ATOMIC_RELEASE);
	for (i = 0; !__atomic_load_n(m->stop, __ATOMIC_RELAXED); i++)
		__vn_setaffinity(0, &m->set[i % 2]);
	return NULL;
}

/*
 * What a thread's affinity is said to be is one that it had, not a part of one
 * and a part of the next. The kernel may copy masks byte by byte, so this can tell
 * only where there are more than eight CPUs.
 */
TEST_F(race, affinity_changes)
{
	bool stop = false;
	struct mover m = { .stop = &stop };
	struct vcpunuma_cmd_query query;
	int vm = vn_open();
	struct vn_set set;
	int i;

	/* The first CPU or the last; and one it can stay on, so that it is quick. */
	for (i = 0; i < 2; i++) {
		m.set[i] = vn_set_of(self->cpu[i]);
		vn_set_add(&m.set[i], vn_set_nth(&self->all,
						 vn_set_weight(&self->all) / 2));
	}
	ASSERT_EQ(0, pthread_create(&m.thread, NULL, mover, &m));
	while (!__atomic_load_n(&m.tid, __ATOMIC_ACQUIRE))
		;
	ASSERT_EQ(0, __vn_bind_set(vm, 0, &self->all, m.tid, NULL));
	for (i = 0; i < 10 * ROUNDS; i++) {
		vn_query(vm, 0, &query, &set);
		EXPECT_TRUE(vn_set_equal(&set, &m.set[0]) ||
			    vn_set_equal(&set, &m.set[1]) ||
			    vn_set_equal(&set, &self->all)) {
			TH_LOG("query %d: CPUs %s", i, vn_str(&set));
		}
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(m.thread, NULL);
	close(vm);
}

/*
 * The cpuset hierarchy changes its owner, from cgroup v2 to v1 and back, while
 * it is asked what it allows.
 */
TEST_F(race, cpuset_mounted)
{
	char dir[] = "/tmp/cpuset.XXXXXX";
	struct actor a[2] = {};
	bool stop = false;
	int i, mounted = 0;

	ASSERT_NE(NULL, mkdtemp(dir));
	for (i = 0; i < 2; i++) {
		a[i].vm = vn_open();
		a[i].cpu = self->cpu[i];
		a[i].stop = &stop;
		ASSERT_EQ(0, pthread_create(&a[i].thread, NULL, binder, &a[i]));
	}
	for (i = 0; i < 40; i++) {
		if (mount("none", dir, "cgroup", 0, "cpuset"))
			continue;
		mounted++;
		EXPECT_EQ(0, umount2(dir, 0));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		pthread_join(a[i].thread, NULL);
		EXPECT_EQ(0, a[i].other) {
			TH_LOG("the last: %s", strerror(-a[i].err));
		}
		close(a[i].vm);
	}
	rmdir(dir);
	EXPECT_AFFINITY(&self->all, 0);
	if (!mounted)
		SKIP(return, "cpusets of version 1 cannot be had");
}

static void *exit_at_once(void *arg)
{
	*(pid_t *)arg = gettid();
	return NULL;
}

/* Threads exit while they are being bound. */
TEST_F(race, bind_exiting)
{
	int vm = vn_open();
	int i, bound = 0, gone = 0;

	for (i = 0; i < ROUNDS / 4; i++) {
		pid_t tid = 0;
		pthread_t t;
		int err;

		ASSERT_EQ(0, pthread_create(&t, NULL, exit_at_once, &tid));
		while (!__atomic_load_n(&tid, __ATOMIC_RELAXED))
			;
		err = __vn_bind(vm, i % 16, VCPUNUMA_BIND_CPU, self->cpu[0],
				tid, NULL);
		if (!err)
			bound++;
		else if (err == -ESRCH)
			gone++;
		else
			ASSERT_EQ(0, err);
		pthread_join(t, NULL);
	}
	EXPECT_EQ(ROUNDS / 4, bound + gone);
	for (i = 0; i < 16; i++) {
		int state = vn_state(vm, i);

		EXPECT_TRUE(state == -ENOENT || state == VCPUNUMA_VCPU_EXITED) {
			TH_LOG("vCPU %d: state %d", i, state);
		}
	}
	close(vm);
	EXPECT_AFFINITY(&self->all, 0);
}

/* The VM is closed while its vCPU is bound, unbound and asked for. */
TEST_F(race, close_while_used)
{
	struct vn_thread t;
	int i;

	vn_thread_start(&t);
	for (i = 0; i < 200; i++) {
		struct actor a = {
			.vm = vn_open(),
			.cpu = self->cpu[i % 2],
			.tid = t.tid,
		};
		bool stop = false;

		a.stop = &stop;
		ASSERT_EQ(0, pthread_create(&a.thread, NULL, binder, &a));
		sched_yield();
		close(a.vm);
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(a.thread, NULL);
		/* The file lives until the last call on it returns. */
		EXPECT_AFFINITY(&self->all, t.tid);
	}
	vn_thread_stop(&t);
}

static void *toucher(void *arg)
{
	char *at = arg;
	size_t i;

	for (i = 0; i < 8 * PAGE_2M; i += PAGE_4K)
		__atomic_store_n(&at[i], 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Many threads touch the same new pages: none is there twice, none is lost. */
TEST_F(race, touch_together)
{
	int node = vn_set_first(&vn_host()->has_memory);
	int vm = vn_open();
	int round, i, shift;

	for (round = 0; round < 8; round++) {
		pthread_t t[4];
		int mem;
		char *at;

		shift = round % 2 ? 12 : 21;
		mem = vn_mem_create(vm, 0, 8 * PAGE_2M, node, shift);
		at = vn_map(mem, 8 * PAGE_2M);
		for (i = 0; i < 4; i++)
			ASSERT_EQ(0, pthread_create(&t[i], NULL, toucher, at));
		for (i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
		EXPECT_EQ(8 * PAGE_2M, vn_populated(mem));
		EXPECT_ON_NODE(at, 8 * PAGE_2M, node);
		for (i = 0; i < (int)(8 * PAGE_2M / PAGE_4K); i++)
			ASSERT_EQ(1, at[i * PAGE_4K]);
		munmap(at, 8 * PAGE_2M);
		close(mem);
	}
	close(vm);
}

static int report_once(void)
{
	static char text[1 << 16];
	ssize_t got;
	int fd, err = 0;

	fd = open("/sys/kernel/debug/vcpunuma/report", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		got = read(fd, text, 1 + rand() % 300);
	while (got > 0);
	if (got < 0)
		err = -errno;
	close(fd);
	return err;
}

/* VMs, vCPUs and memory come and go under a reader of the report. */
TEST_F(race, report)
{
	pid_t child = fork();
	int i, status;

	ASSERT_LE(0, child);
	if (!child) {
		for (;;) {
			int vm = __vn_open();

			for (i = 0; i < 8; i++) {
				__vn_configure(vm, i, 0, NULL);
				__vn_bind(vm, i, VCPUNUMA_BIND_CPU,
					  self->cpu[0], 0, NULL);
				close(__vn_mem_create(vm, 0, PAGE_2M, 0, 12));
				__vn_unbind(vm, i);
			}
			close(vm);
		}
	}
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, report_once());
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
}

/* A CPU comes and goes while threads are bound to it and its node. */
TEST_F(race, cpu_hotplug)
{
	struct actor a = { .tid = 0 };
	bool stop = false;
	int i, off = 0;

	if (self->cpu[0] == self->cpu[1])
		SKIP(return, "one CPU");
	a.vm = vn_open();
	a.cpu = self->cpu[1];
	a.stop = &stop;
	ASSERT_EQ(0, pthread_create(&a.thread, NULL, binder, &a));
	for (i = 0; i < 10; i++) {
		off += !__vn_cpu_online(self->cpu[1], false);
		EXPECT_EQ(0, __vn_cpu_online(self->cpu[1], true));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(a.thread, NULL);
	EXPECT_TRUE(!a.other || a.err == -ENOSPC) {
		TH_LOG("%s", strerror(-a.err));
	}
	close(a.vm);
	if (!off)
		SKIP(return, "this kernel cannot take CPU %d offline",
		     self->cpu[1]);
}

TEST_HARNESS_MAIN
