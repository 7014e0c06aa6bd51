// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_BIND and VCPUNUMA_UNBIND: what a thread's affinity is bound to, and
 * that it gets back what it had however the binding ends.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <signal.h>
#include <sys/syscall.h>

#define MAX_THREADS	16

FIXTURE(bind) {
	int fd;
	const struct vn_host *host;
	struct vn_set all;	/* affinity at the beginning */
	int nr;			/* CPUs in it */
	int a;			/* the first and the last of them: two */
	int b;			/* CPUs, if there are as many */
	struct vn_set set_a;
	struct vn_set set_b;
};

FIXTURE_SETUP(bind)
{
	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	self->nr = vn_set_weight(&self->all);
	self->a = vn_set_first(&self->all);
	self->b = vn_set_nth(&self->all, self->nr - 1);
	self->set_a = vn_set_of(self->a);
	self->set_b = vn_set_of(self->b);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(bind)
{
	close(self->fd);
	/* Threads that were left behind end with the process. */
}

static long get_cpu(void *unused)
{
	(void)unused;
	return sched_getcpu();
}

/* What a thread can be bound to */

TEST_F(bind, cpu)
{
	struct vcpunuma_cmd_bind cmd;
	int cpu;

	for (cpu = -1; vn_set_step(&self->all, &cpu);) {
		struct vn_set one = vn_set_of(cpu);

		vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, cpu, 0, &cmd);
		EXPECT_EQ(cpu, sched_getcpu());
		EXPECT_AFFINITY(&one, 0);
		EXPECT_EQ(cpu, cmd.out_cpu);
		EXPECT_EQ(self->host->node_of[cpu], cmd.out_node);
	}
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_F(bind, node)
{
	struct vcpunuma_cmd_bind cmd;
	int node;

	for (node = -1; vn_set_step(&self->host->has_cpu, &node);) {
		struct vn_set set = vn_set_and(&self->host->node_cpus[node],
					       &self->all);

		vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE, node, 0, &cmd);
		EXPECT_TRUE(vn_set_has(&set, sched_getcpu()));
		EXPECT_AFFINITY(&set, 0);
		EXPECT_EQ(node, cmd.out_node);
		EXPECT_EQ(vn_set_weight(&set) > 1 ? VCPUNUMA_NONE :
			  (__u32)vn_set_first(&set), cmd.out_cpu);
	}
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_F(bind, set_on_one_node)
{
	struct vcpunuma_cmd_bind cmd;
	struct vn_set set;
	int node;

	for (node = -1; vn_set_step(&self->host->has_cpu, &node);) {
		const struct vn_set *cpus = &self->host->node_cpus[node];

		if (vn_set_weight(cpus) < 2)
			continue;
		set = vn_set_of(vn_set_nth(cpus, 0));
		vn_set_add(&set, vn_set_nth(cpus, 1));
		vn_bind_set(self->fd, 0, &set, 0, &cmd);
		EXPECT_TRUE(vn_set_has(&set, sched_getcpu()));
		EXPECT_AFFINITY(&set, 0);
		EXPECT_EQ(node, cmd.out_node);
		EXPECT_EQ(VCPUNUMA_NONE, cmd.out_cpu);
		return;
	}
	SKIP(return, "no node with two CPUs");
}

TEST_F(bind, set_on_two_nodes)
{
	struct vcpunuma_cmd_bind cmd;
	struct vn_set set = vn_set_or(&self->set_a, &self->set_b);

	if (self->host->node_of[self->a] == self->host->node_of[self->b])
		SKIP(return, "CPUs on one node only");
	vn_bind_set(self->fd, 0, &set, 0, &cmd);
	EXPECT_AFFINITY(&set, 0);
	EXPECT_EQ(VCPUNUMA_NONE, cmd.out_node);
	EXPECT_EQ(VCPUNUMA_NONE, cmd.out_cpu);
}

TEST_F(bind, set_of_one)
{
	struct vcpunuma_cmd_bind cmd;

	vn_bind_set(self->fd, 0, &self->set_b, 0, &cmd);
	EXPECT_AFFINITY(&self->set_b, 0);
	EXPECT_EQ(self->b, cmd.out_cpu);
	EXPECT_EQ(self->host->node_of[self->b], cmd.out_node);
}

/* What lies beyond @nr_bits does not count, even in the same word. */
TEST_F(bind, set_size_in_bits)
{
	struct vcpunuma_cmd_bind cmd = {
		.size = sizeof(cmd),
		.to = VCPUNUMA_BIND_CPUS,
		.nr_bits = self->a + 1,
	};
	struct vn_set set;

	memset(&set, 0xff, sizeof(set));
	for (int cpu = 0; cpu < self->a; cpu++)
		vn_set_del(&set, cpu);
	cmd.cpus = (uintptr_t)&set;
	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND, &cmd));
	EXPECT_AFFINITY(&self->set_a, 0);
	EXPECT_EQ(self->a, cmd.out_cpu);
}

/* Only as many words are read as the bits need. */
TEST_F(bind, set_at_end_of_memory)
{
	struct vcpunuma_cmd_bind cmd = {
		.size = sizeof(cmd),
		.to = VCPUNUMA_BIND_CPUS,
		.nr_bits = self->a + 1,
	};
	size_t words = self->a / 64 + 1;
	__u64 *set;
	char *at;

	at = mmap(NULL, 2 * PAGE_4K, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, munmap(at + PAGE_4K, PAGE_4K));
	set = (__u64 *)(at + PAGE_4K) - words;
	set[self->a / 64] = 1ULL << (self->a % 64);
	cmd.cpus = (uintptr_t)set;
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND, &cmd));
	EXPECT_AFFINITY(&self->set_a, 0);
	/* One word more is one too many. */
	cmd.nr_bits = words * 64 + 1;
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_BIND, &cmd));
	EXPECT_AFFINITY(&self->set_a, 0);
	munmap(at, PAGE_4K);
}

/* A set may be as long as it gets, however few CPUs there are. */
TEST_F(bind, set_of_all_bits)
{
	struct vcpunuma_cmd_bind cmd = {
		.size = sizeof(cmd),
		.to = VCPUNUMA_BIND_CPUS,
		.nr_bits = VCPUNUMA_MAX_BITS,
		.cpus = (uintptr_t)&self->set_b,
	};

	ASSERT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND, &cmd));
	EXPECT_AFFINITY(&self->set_b, 0);
}

/* But what it names must be CPUs that there can be. */
TEST_F(bind, set_out_of_range)
{
	struct vcpunuma_cmd_info info;
	struct vn_set set = self->set_b;

	vn_info(self->fd, &info);
	if (info.out_max_cpu >= VCPUNUMA_MAX_BITS)
		SKIP(return, "there can be as many CPUs as a set has bits");
	vn_set_add(&set, info.out_max_cpu);
	EXPECT_EQ(-EINVAL, __vn_bind_set(self->fd, 0, &set, 0, NULL));
	vn_set_del(&set, info.out_max_cpu);
	vn_set_add(&set, VCPUNUMA_MAX_BITS - 1);
	EXPECT_EQ(-EINVAL, __vn_bind_set(self->fd, 0, &set, 0, NULL));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

TEST_F(bind, no_place)
{
	EXPECT_EQ(-ENOENT, __vn_bind(self->fd, 0, VCPUNUMA_BIND_PLACE, 0, 0,
				     NULL));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

TEST_F(bind, place)
{
	struct vcpunuma_place places[2];
	struct vcpunuma_cmd_bind cmd;
	struct vn_set one;

	vn_configure(self->fd, 2, 0, places);
	vn_bind(self->fd, 1, VCPUNUMA_BIND_PLACE, 0, 0, &cmd);
	one = vn_set_of(places[1].cpu);
	EXPECT_AFFINITY(&one, 0);
	EXPECT_EQ(places[1].cpu, cmd.out_cpu);
	EXPECT_EQ(places[1].node, cmd.out_node);
	EXPECT_EQ(-ENOENT, __vn_bind(self->fd, 2, VCPUNUMA_BIND_PLACE, 0, 0,
				     NULL));
}

TEST_F(bind, no_such_node)
{
	struct vcpunuma_cmd_info info;
	__u32 nodes[3];

	vn_info(self->fd, &info);
	nodes[0] = vn_absent_node();
	nodes[1] = info.out_max_node;
	nodes[2] = 0xfffffffe;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		EXPECT_EQ(-ENODEV, __vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE,
					     nodes[i], 0, NULL)) {
			TH_LOG("node %u", nodes[i]);
		}
	}
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

TEST_F(bind, node_without_cpus)
{
	bool seen = false;
	int node;

	for (node = -1; vn_set_step(&self->host->online, &node);) {
		if (vn_set_has(&self->host->has_cpu, node))
			continue;
		seen = true;
		EXPECT_EQ(-ENODEV, __vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE,
					     node, 0, NULL));
		EXPECT_AFFINITY(&self->all, 0);
		EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	}
	if (!seen)
		SKIP(return, "each node has CPUs");
}

TEST_F(bind, cpu_out_of_range)
{
	struct vcpunuma_cmd_info info;

	vn_info(self->fd, &info);
	EXPECT_EQ(-EINVAL, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU,
				     info.out_max_cpu, 0, NULL));
	EXPECT_EQ(-EINVAL, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU,
				     VCPUNUMA_NONE, 0, NULL));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

TEST_F(bind, cpu_absent)
{
	struct vcpunuma_cmd_info info;
	__u32 cpu = 0;

	vn_info(self->fd, &info);
	while (vn_set_has(&self->host->cpus, cpu))
		cpu++;
	if (cpu >= info.out_max_cpu)
		SKIP(return, "each CPU id is online");
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, cpu, 0,
				     NULL));
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_F(bind, cpu_offline)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 self->b);
	if (self->a == self->b || access(path, W_OK))
		SKIP(return, "no second CPU that can be taken offline");

	ASSERT_EQ(0, __vn_write_file(path, "0"));
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b,
				     0, NULL));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	EXPECT_EQ(0, __vn_write_file(path, "1"));
}

TEST_F(bind, vcpu_ids)
{
	struct vcpunuma_cmd_info info;

	vn_info(self->fd, &info);
	vn_bind_cpu(self->fd, info.out_max_vcpus - 1, self->a, 0);
	EXPECT_AFFINITY(&self->set_a, 0);
	vn_unbind(self->fd, info.out_max_vcpus - 1);
	EXPECT_EQ(-EINVAL, __vn_bind(self->fd, info.out_max_vcpus,
				     VCPUNUMA_BIND_CPU, self->a, 0, NULL));
	EXPECT_EQ(-EINVAL, __vn_bind(self->fd, ~0U, VCPUNUMA_BIND_CPU, self->a,
				     0, NULL));
	EXPECT_AFFINITY(&self->all, 0);
}

/* Which thread */

TEST_F(bind, threads)
{
	struct vn_thread t[MAX_THREADS];

	for (int i = 0; i < MAX_THREADS; i++) {
		vn_thread_start(&t[i]);
		vn_bind_cpu(self->fd, i, vn_set_nth(&self->all, i % self->nr),
			    t[i].tid);
	}
	EXPECT_AFFINITY(&self->all, 0);
	for (int i = 0; i < MAX_THREADS; i++) {
		struct vn_set one;

		one = vn_set_of(vn_set_nth(&self->all, i % self->nr));
		EXPECT_AFFINITY(&one, t[i].tid);
		EXPECT_EQ(vn_set_first(&one),
			  vn_thread_run(&t[i], get_cpu, NULL));
	}
	vn_unbind(self->fd, 3);
	EXPECT_AFFINITY(&self->all, t[3].tid);
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	for (int i = 0; i < MAX_THREADS; i++) {
		EXPECT_AFFINITY(&self->all, t[i].tid);
		vn_thread_stop(&t[i]);
	}
}

static long bind_me(void *arg)
{
	int *fd_vcpu_cpu = arg;

	return __vn_bind(fd_vcpu_cpu[0], fd_vcpu_cpu[1], VCPUNUMA_BIND_CPU,
			 fd_vcpu_cpu[2], 0, NULL);
}

/* Each thread binds itself. */
TEST_F(bind, threads_themselves)
{
	struct vn_thread t[MAX_THREADS];
	int arg[MAX_THREADS][3];

	for (int i = 0; i < MAX_THREADS; i++) {
		arg[i][0] = self->fd;
		arg[i][1] = i;
		arg[i][2] = vn_set_nth(&self->all, i % self->nr);
		vn_thread_start(&t[i]);
		vn_thread_post(&t[i], bind_me, arg[i]);
	}
	for (int i = 0; i < MAX_THREADS; i++)
		EXPECT_EQ(0, vn_thread_wait(&t[i]));
	EXPECT_AFFINITY(&self->all, 0);
	for (int i = 0; i < MAX_THREADS; i++) {
		struct vn_set one = vn_set_of(arg[i][2]);

		EXPECT_AFFINITY(&one, t[i].tid);
		vn_thread_stop(&t[i]);
	}
}

/* By its own number, a thread is no other than by 0. */
TEST_F(bind, own_tid)
{
	vn_bind_cpu(self->fd, 0, self->a, getpid());
	EXPECT_AFFINITY(&self->set_a, 0);
	EXPECT_EQ(-EBUSY, __vn_bind(self->fd, 1, VCPUNUMA_BIND_CPU, self->a, 0,
				    NULL));
}

TEST_F(bind, other_process)
{
	struct vn_child c;
	pid_t tid;

	vn_child_start(&c);
	tid = vn_child_call(&c, vn_child_thread, NULL, -1);
	ASSERT_LT(0, tid);

	vn_bind_cpu(self->fd, 0, self->a, c.pid);
	EXPECT_AFFINITY(&self->set_a, c.pid);
	EXPECT_AFFINITY(&self->all, tid);
	vn_bind_cpu(self->fd, 1, self->b, tid);
	EXPECT_AFFINITY(&self->set_a, c.pid);
	EXPECT_AFFINITY(&self->set_b, tid);
	EXPECT_AFFINITY(&self->all, 0);

	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, c.pid);
	EXPECT_AFFINITY(&self->set_b, tid);
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_AFFINITY(&self->all, tid);
	vn_child_stop(&c);
}

TEST_F(bind, pidfd)
{
	struct vn_child c;
	int pidfd;
	pid_t tid;

	vn_child_start(&c);
	tid = vn_child_call(&c, vn_child_thread, NULL, -1);
	ASSERT_LT(0, tid);
	pidfd = vn_fd(vn_pidfd_open(c.pid));

	ASSERT_EQ(0, __vn_bind_pidfd(self->fd, 0, self->a, pidfd, c.pid));
	ASSERT_EQ(0, __vn_bind_pidfd(self->fd, 1, self->b, pidfd, tid));
	EXPECT_AFFINITY(&self->set_a, c.pid);
	EXPECT_AFFINITY(&self->set_b, tid);
	/* A process is not a thread: which one must be said. */
	EXPECT_EQ(-EINVAL, __vn_bind_pidfd(self->fd, 2, self->a, pidfd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 2));
	close(pidfd);

	pidfd = vn_fd(vn_pidfd_open(getpid()));
	ASSERT_EQ(0, __vn_bind_pidfd(self->fd, 2, self->a, pidfd, getpid()));
	EXPECT_AFFINITY(&self->set_a, 0);
	close(pidfd);
	vn_child_stop(&c);
}

TEST_F(bind, pidfd_of_another)
{
	struct vn_child c, d;
	struct vn_thread t;
	int pidfd;

	vn_child_start(&c);
	vn_child_start(&d);
	vn_thread_start(&t);
	pidfd = vn_fd(vn_pidfd_open(c.pid));
	EXPECT_EQ(-ESRCH, __vn_bind_pidfd(self->fd, 0, self->a, pidfd, d.pid));
	EXPECT_EQ(-ESRCH, __vn_bind_pidfd(self->fd, 0, self->a, pidfd,
					  getpid()));
	EXPECT_EQ(-ESRCH, __vn_bind_pidfd(self->fd, 0, self->a, pidfd, t.tid));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_AFFINITY(&self->all, t.tid);
	EXPECT_AFFINITY(&self->all, c.pid);
	EXPECT_AFFINITY(&self->all, d.pid);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));

	/* The process is gone, its descriptor is not. */
	vn_child_kill(&c);
	EXPECT_EQ(-ESRCH, __vn_bind_pidfd(self->fd, 0, self->a, pidfd, c.pid));
	close(pidfd);
	vn_thread_stop(&t);
	vn_child_stop(&d);
}

TEST_F(bind, not_a_pidfd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fds[] = { self->fd, null, dir };

	ASSERT_LE(0, null);
	ASSERT_LE(0, dir);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		EXPECT_EQ(-ESRCH, __vn_bind_pidfd(self->fd, 0, self->a, fds[i],
						  getpid()));
	EXPECT_EQ(-EBADF, __vn_bind_pidfd(self->fd, 0, self->a, 1000,
					  getpid()));
	EXPECT_EQ(-EBADF, __vn_bind_pidfd(self->fd, 0, self->a, -1, getpid()));
	EXPECT_EQ(-EBADF, __vn_bind_pidfd(self->fd, 0, self->a, INT32_MAX,
					  getpid()));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	close(null);
	close(dir);
}

static long exit_now(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	_exit(0);
}

/* A number that no thread has. */
static pid_t unused_tid(void)
{
	pid_t tid;

	for (tid = 30000; tid > 300; tid--)
		if (kill(tid, 0) && errno == ESRCH)
			return tid;
	return -1;
}

TEST_F(bind, no_such_thread)
{
	struct vn_thread t;
	pid_t tid = unused_tid();

	ASSERT_LT(0, tid);
	EXPECT_EQ(-ESRCH, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a,
				    tid, NULL));
	EXPECT_EQ(-ESRCH, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a,
				    INT32_MAX, NULL));
	vn_thread_start(&t);
	vn_thread_stop(&t);
	EXPECT_EQ(-ESRCH, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a,
				    t.tid, NULL));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

/* A process that has exited and that its parent has not yet waited for. */
TEST_F(bind, zombie)
{
	struct vn_child c;
	siginfo_t info;
	int pidfd;

	vn_child_start(&c);
	pidfd = vn_fd(vn_pidfd_open(c.pid));
	EXPECT_EQ(-EPIPE, vn_child_call(&c, exit_now, NULL, -1));
	ASSERT_EQ(0, waitid(P_PID, c.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a,
				    c.pid, NULL));
	EXPECT_EQ(-ESRCH, __vn_bind_pidfd(self->fd, 0, self->a, pidfd, c.pid));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	close(pidfd);
	vn_child_stop(&c);
}

/* Kernel threads are left alone, above all those that must not move. */
TEST_F(bind, kernel_threads)
{
	static const char * const names[] = {
		"kthreadd", "ksoftirqd/0", "migration/0", "cpuhp/0",
		"kcompactd0", "rcu_preempt", "rcu_sched",
	};
	int seen = 0;

	for (pid_t tid = 2; tid < 300; tid++) {
		char path[64], name[64], before[512];
		bool known = false;

		snprintf(path, sizeof(path), "/proc/%d/comm", tid);
		if (__vn_read_file(path, name, sizeof(name)))
			continue;
		name[strcspn(name, "\n")] = 0;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			known |= !strcmp(name, names[i]);
		if (!known)
			continue;
		seen++;
		snprintf(before, sizeof(before), "%s", vn_affinity(tid));
		EXPECT_EQ(-EINVAL, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU,
					     self->b, tid, NULL)) {
			TH_LOG("%s", name);
		}
		EXPECT_EQ(-EINVAL, __vn_bind_set(self->fd, 0, &self->all, tid,
						 NULL)) {
			TH_LOG("%s", name);
		}
		EXPECT_STREQ(before, vn_affinity(tid));
	}
	EXPECT_LE(2, seen);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

struct vn_sched_attr {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

static long set_deadline(void *unused)
{
	struct vn_sched_attr attr = {
		.size = sizeof(attr),
		.policy = 6,	/* SCHED_DEADLINE */
		.runtime = 1000 * 1000,
		.deadline = 1000 * 1000 * 1000,
		.period = 1000 * 1000 * 1000,
	};

	(void)unused;
	return syscall(__NR_sched_setattr, 0, &attr, 0) ? -errno : 0;
}

static long set_fifo(void *unused)
{
	struct sched_param param = { .sched_priority = 1 };

	(void)unused;
	return sched_setscheduler(0, SCHED_FIFO, &param) ? -errno : 0;
}

static long set_normal(void *unused)
{
	struct sched_param param = {};

	(void)unused;
	return sched_setscheduler(0, SCHED_OTHER, &param) ? -errno : 0;
}

TEST_F(bind, deadline)
{
	struct vn_thread t;

	vn_thread_start(&t);
	ASSERT_EQ(0, vn_thread_run(&t, set_deadline, NULL));
	EXPECT_EQ(-EBUSY, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a,
				    t.tid, NULL));
	EXPECT_EQ(-EBUSY, __vn_bind_set(self->fd, 0, &self->all, t.tid, NULL));
	EXPECT_AFFINITY(&self->all, t.tid);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	ASSERT_EQ(0, vn_thread_run(&t, set_normal, NULL));
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	EXPECT_AFFINITY(&self->set_a, t.tid);
	vn_thread_stop(&t);
}

TEST_F(bind, realtime)
{
	struct vn_thread t;

	vn_thread_start(&t);
	ASSERT_EQ(0, vn_thread_run(&t, set_fifo, NULL));
	vn_bind_cpu(self->fd, 0, self->b, t.tid);
	EXPECT_AFFINITY(&self->set_b, t.tid);
	EXPECT_EQ(self->b, vn_thread_run(&t, get_cpu, NULL));
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, t.tid);
	vn_thread_stop(&t);
}

/* One thread, one vCPU */

TEST_F(bind, busy)
{
	int other = vn_open();

	vn_bind_cpu(self->fd, 0, self->a, 0);
	EXPECT_EQ(-EBUSY, __vn_bind(self->fd, 1, VCPUNUMA_BIND_CPU, self->a, 0,
				    NULL));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 1));
	EXPECT_EQ(-EBUSY, __vn_bind(other, 0, VCPUNUMA_BIND_CPU, self->a, 0,
				    NULL));
	EXPECT_EQ(-ENOENT, vn_state(other, 0));
	EXPECT_AFFINITY(&self->set_a, 0);

	/* The end of one binding is the beginning of another. */
	vn_unbind(self->fd, 0);
	vn_bind_cpu(other, 0, self->b, 0);
	EXPECT_AFFINITY(&self->set_b, 0);
	EXPECT_EQ(-EBUSY, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->a, 0,
				    NULL));
	EXPECT_EQ(0, close(other));
	EXPECT_AFFINITY(&self->all, 0);
	vn_bind_cpu(self->fd, 0, self->a, 0);
}

/* If the new thread cannot be had, the old one stays bound. */
TEST_F(bind, busy_keeps_old)
{
	struct vn_thread t;
	int other = vn_open();

	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	vn_bind_cpu(other, 0, self->b, 0);
	EXPECT_EQ(-EBUSY, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b, 0,
				    NULL));
	EXPECT_AFFINITY(&self->set_a, t.tid);
	EXPECT_AFFINITY(&self->set_b, 0);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	EXPECT_EQ(-ESRCH, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b,
				    unused_tid(), NULL));
	EXPECT_EQ(-ENODEV, __vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE,
				     vn_absent_node(), t.tid, NULL));
	EXPECT_AFFINITY(&self->set_a, t.tid);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	/* What it goes back to has not been forgotten either. */
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, t.tid);
	close(other);
	vn_thread_stop(&t);
}

/*
 * A vCPU bound anew moves; what counts is the affinity from before the first
 * binding, not the narrow one between.
 */
TEST_F(bind, again)
{
	for (int i = 0; i < 3; i++) {
		vn_bind_cpu(self->fd, 0, self->a, 0);
		EXPECT_EQ(self->a, sched_getcpu());
		EXPECT_AFFINITY(&self->set_a, 0);
		vn_bind_cpu(self->fd, 0, self->b, 0);
		EXPECT_EQ(self->b, sched_getcpu());
		EXPECT_AFFINITY(&self->set_b, 0);
		vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE,
			self->host->node_of[self->a], 0, NULL);
		vn_bind_set(self->fd, 0, &self->all, 0, NULL);
		EXPECT_AFFINITY(&self->all, 0);
	}
	vn_bind_cpu(self->fd, 0, self->b, 0);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_F(bind, another_thread)
{
	struct vn_thread t, u;

	vn_thread_start(&t);
	vn_thread_start(&u);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	vn_bind_cpu(self->fd, 0, self->b, u.tid);
	EXPECT_AFFINITY(&self->all, t.tid);
	EXPECT_AFFINITY(&self->set_b, u.tid);
	/* The first is free for another vCPU. */
	vn_bind_cpu(self->fd, 1, self->a, t.tid);
	EXPECT_AFFINITY(&self->set_a, t.tid);
	/* Its thread has exited: the vCPU takes a new one. */
	vn_thread_stop(&u);
	vn_bind_cpu(self->fd, 0, self->b, 0);
	EXPECT_AFFINITY(&self->set_b, 0);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, 0);
	vn_thread_stop(&t);
}

/* The affinity a thread had is a ceiling. */

TEST_F(bind, clipped)
{
	struct vcpunuma_cmd_bind cmd;
	struct vn_set had, asked;
	int cpu;

	if (self->nr < 3)
		SKIP(return, "fewer than three CPUs");
	/* Had: all but the last. Asked for: all but the first. */
	had = self->all;
	vn_set_del(&had, self->b);
	asked = self->all;
	vn_set_del(&asked, self->a);
	vn_setaffinity(0, &had);
	vn_bind_set(self->fd, 0, &asked, 0, &cmd);
	asked = vn_set_and(&asked, &had);
	EXPECT_AFFINITY(&asked, 0);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&had, 0);

	/* Of two nodes' CPUs asked for only one's are left. */
	cpu = vn_set_nth(&self->all, 1);
	had = vn_set_of(cpu);
	vn_setaffinity(0, &had);
	vn_bind_set(self->fd, 0, &self->all, 0, &cmd);
	EXPECT_AFFINITY(&had, 0);
	EXPECT_EQ(cpu, cmd.out_cpu);
	EXPECT_EQ(self->host->node_of[cpu], cmd.out_node);
	vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE, self->host->node_of[cpu], 0,
		&cmd);
	EXPECT_AFFINITY(&had, 0);
	EXPECT_EQ(cpu, cmd.out_cpu);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&had, 0);
}

TEST_F(bind, outside_affinity)
{
	struct vn_set not_a = self->all;

	if (self->nr < 2)
		SKIP(return, "one CPU");
	vn_set_del(&not_a, self->a);
	vn_setaffinity(0, &self->set_a);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b,
				     0, NULL));
	EXPECT_EQ(-ENOSPC, __vn_bind_set(self->fd, 0, &not_a, 0, NULL));
	if (self->host->node_of[self->a] != self->host->node_of[self->b])
		EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_NODE,
					     self->host->node_of[self->b], 0,
					     NULL));
	EXPECT_AFFINITY(&self->set_a, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));

	/* Bound already, it stays as it is bound. */
	vn_bind_cpu(self->fd, 0, self->a, 0);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 0, VCPUNUMA_BIND_CPU, self->b,
				     0, NULL));
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	EXPECT_AFFINITY(&self->set_a, 0);
}

TEST_F(bind, empty_set)
{
	struct vn_set none = {};

	EXPECT_EQ(-ENOSPC, __vn_bind_set(self->fd, 0, &none, 0, NULL));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

/*
 * A thread begins with the affinity of the one that created it. If that was
 * bound, the new one's ceiling is all the same what the other had before.
 */

static struct vn_thread created;

static long create_thread(void *unused)
{
	(void)unused;
	return __vn_thread_start(&created);
}

TEST_F(bind, created_by_bound)
{
	struct vn_thread t;
	int other = vn_open();

	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	ASSERT_EQ(0, vn_thread_run(&t, create_thread, NULL));
	EXPECT_AFFINITY(&self->set_a, created.tid);
	vn_bind_cpu(self->fd, 1, self->b, created.tid);
	EXPECT_AFFINITY(&self->set_b, created.tid);
	vn_unbind(self->fd, 1);
	EXPECT_AFFINITY(&self->all, created.tid);
	EXPECT_AFFINITY(&self->set_a, t.tid);

	/* For another VM, that is nothing to do with it. */
	vn_setaffinity(created.tid, &self->set_a);
	if (self->a != self->b)
		EXPECT_EQ(-ENOSPC, __vn_bind(other, 1, VCPUNUMA_BIND_CPU,
					     self->b, created.tid, NULL));
	close(other);
	EXPECT_AFFINITY(&self->set_a, created.tid);

	/* No more than that one had. */
	vn_unbind(self->fd, 0);
	vn_setaffinity(t.tid, &self->set_a);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	vn_setaffinity(created.tid, &self->set_a);
	if (self->a != self->b)
		EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 1, VCPUNUMA_BIND_CPU,
					     self->b, created.tid, NULL));
	EXPECT_AFFINITY(&self->set_a, created.tid);
	vn_thread_stop(&created);
	vn_thread_stop(&t);
}

/* It is a matter of one process: another's affinity is its own. */
TEST_F(bind, like_bound_elsewhere)
{
	struct vn_child c;

	if (self->a == self->b)
		SKIP(return, "one CPU");
	vn_child_start(&c);
	vn_setaffinity(c.pid, &self->set_a);
	vn_bind_cpu(self->fd, 0, self->a, 0);
	EXPECT_EQ(-ENOSPC, __vn_bind(self->fd, 1, VCPUNUMA_BIND_CPU, self->b,
				     c.pid, NULL));
	vn_bind_cpu(self->fd, 1, self->a, c.pid);
	vn_unbind(self->fd, 1);
	EXPECT_AFFINITY(&self->set_a, c.pid);
	vn_child_stop(&c);
}

/* At once, also for a thread that runs */

static struct {
	unsigned int asked;	/* the tester asks for samples */
	unsigned int answered;
	bool stop;
	struct vn_set seen;
} spin;

static long spin_and_look(void *unused)
{
	unsigned int answered = 0;

	(void)unused;
	while (!__atomic_load_n(&spin.stop, __ATOMIC_ACQUIRE)) {
		unsigned int asked = __atomic_load_n(&spin.asked,
						     __ATOMIC_ACQUIRE);

		if (asked == answered)
			continue;
		memset(&spin.seen, 0, sizeof(spin.seen));
		for (int i = 0; i < 1000; i++)
			vn_set_add(&spin.seen, sched_getcpu());
		answered = asked;
		__atomic_store_n(&spin.answered, answered, __ATOMIC_RELEASE);
	}
	return 0;
}

TEST_F(bind, running)
{
	struct vn_thread t;
	int cpu, round;

	vn_thread_start(&t);
	vn_thread_post(&t, spin_and_look, NULL);
	for (round = 0; round < 3; round++) {
		for (cpu = -1; vn_set_step(&self->all, &cpu);) {
			unsigned int asked = spin.asked + 1;
			struct vn_set one = vn_set_of(cpu);

			vn_bind_cpu(self->fd, 0, cpu, t.tid);
			__atomic_store_n(&spin.asked, asked, __ATOMIC_RELEASE);
			ASSERT_TRUE(vn_eventually(asked ==
				__atomic_load_n(&spin.answered,
						__ATOMIC_ACQUIRE)));
			EXPECT_SET(&one, &spin.seen);
		}
	}
	__atomic_store_n(&spin.stop, true, __ATOMIC_RELEASE);
	vn_thread_wait(&t);
	vn_thread_stop(&t);
}

/* How a binding ends */

TEST_F(bind, unbind)
{
	vn_bind_cpu(self->fd, 0, self->a, 0);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	EXPECT_EQ(-ENOTCONN, __vn_unbind(self->fd, 0));
	EXPECT_EQ(-ENOTCONN, __vn_unbind(self->fd, 1));
}

TEST_F(bind, unbind_what_it_had)
{
	struct vn_set had = vn_set_or(&self->set_a, &self->set_b);

	vn_setaffinity(0, &had);
	vn_bind_cpu(self->fd, 0, self->b, 0);
	EXPECT_AFFINITY(&self->set_b, 0);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&had, 0);
}

/* All of it, also the CPUs that are offline. */
TEST_F(bind, unbind_offline)
{
	struct vn_set before, after;

	ASSERT_EQ(0, __vn_status_affinity(0, &before));
	vn_bind_cpu(self->fd, 0, self->a, 0);
	vn_unbind(self->fd, 0);
	ASSERT_EQ(0, __vn_status_affinity(0, &after));
	EXPECT_SET(&before, &after);
	vn_bind_cpu(self->fd, 0, self->a, 0);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, __vn_status_affinity(0, &after));
	EXPECT_SET(&before, &after);
}

TEST_F(bind, unbind_exited)
{
	struct vn_thread t;

	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	vn_thread_stop(&t);
	EXPECT_EQ(0, __vn_unbind(self->fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

TEST_F(bind, close)
{
	struct vn_child c;
	struct vn_thread t;

	vn_child_start(&c);
	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->a, 0);
	vn_bind_cpu(self->fd, 1, self->b, t.tid);
	vn_bind_cpu(self->fd, 2, self->b, c.pid);
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_AFFINITY(&self->all, t.tid);
	EXPECT_AFFINITY(&self->all, c.pid);
	vn_thread_stop(&t);
	vn_child_stop(&c);
}

/* Somebody else has changed the affinity: it is no longer ours to restore. */
TEST_F(bind, changed_behind)
{
	struct vn_thread t, u;

	if (self->nr < 2)
		SKIP(return, "one CPU: no other affinity to change to");
	vn_thread_start(&t);
	vn_thread_start(&u);
	vn_bind_cpu(self->fd, 0, self->a, t.tid);
	vn_bind_cpu(self->fd, 1, self->a, u.tid);
	vn_setaffinity(t.tid, &self->set_b);
	vn_setaffinity(u.tid, &self->set_b);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->set_b, t.tid);
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_AFFINITY(&self->set_b, t.tid);
	EXPECT_AFFINITY(&self->set_b, u.tid);
	vn_thread_stop(&t);
	vn_thread_stop(&u);
}

static long child_bind(void *tid_cpu, int fd)
{
	const int *arg = tid_cpu;
	int vm = fd >= 0 ? fd : __vn_open();

	if (vm < 0)
		return vm;
	return __vn_bind(vm, 0, VCPUNUMA_BIND_CPU, arg[1], arg[0], NULL);
}

/* The owner dies without a word; those it has bound get theirs back. */
TEST_F(bind, owner_killed)
{
	int *arg = vn_shared(PAGE_4K);
	struct vn_child owner, other;

	ASSERT_NE(MAP_FAILED, arg);
	vn_child_start(&other);
	vn_child_start(&owner);
	arg[0] = other.pid;
	arg[1] = self->b;
	ASSERT_EQ(0, vn_child_call(&owner, child_bind, arg, -1));
	EXPECT_AFFINITY(&self->set_b, other.pid);
	vn_child_kill(&owner);
	EXPECT_TRUE(vn_eventually(!strcmp(vn_affinity(other.pid),
					  vn_str(&self->all))));
	EXPECT_AFFINITY(&self->all, other.pid);
	vn_child_stop(&other);
}

/* The owner hands the VM over and dies: nothing changes. */
TEST_F(bind, owner_passes)
{
	int *arg = vn_shared(PAGE_4K);
	struct vn_child owner, heir, bound;
	int vm;

	ASSERT_NE(MAP_FAILED, arg);
	vn_child_start(&bound);
	vn_child_start(&owner);
	vn_child_start(&heir);
	vm = vn_child_call(&owner, vn_child_open, NULL, -1);
	ASSERT_LE(0, vm);
	vn_child_call(&owner, vn_child_send, (void *)(long)vm, -1);
	ASSERT_LE(0, owner.reply);
	arg[0] = bound.pid;
	arg[1] = self->a;
	ASSERT_EQ(0, vn_child_call(&heir, child_bind, arg, owner.reply));
	close(owner.reply);
	vn_child_kill(&owner);
	EXPECT_AFFINITY(&self->set_a, bound.pid);
	vn_child_kill(&heir);
	EXPECT_TRUE(vn_eventually(!strcmp(vn_affinity(bound.pid),
					  vn_str(&self->all))));
	EXPECT_AFFINITY(&self->all, bound.pid);
	vn_child_stop(&bound);
}

/* A descriptor on its way, held by nobody but the socket, keeps the VM. */
TEST_F(bind, in_flight)
{
	struct vn_child c;

	vn_child_start(&c);
	vn_bind_cpu(self->fd, 0, self->a, 0);
	kill(c.pid, SIGSTOP);
	ASSERT_EQ(0, vn_child_post(&c, vn_child_gettid, NULL, self->fd));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_AFFINITY(&self->set_a, 0);
	vn_child_kill(&c);
	EXPECT_TRUE(vn_eventually(!strcmp(vn_affinity(0),
					  vn_str(&self->all))));
}

/*
 * execve() closes the descriptor, so the program executed begins with the
 * affinity from before. The thread that executes may be any: it becomes the
 * main thread, and takes its number.
 */
enum who { NOBODY, MAIN, OTHER };

struct exec_arg {
	int cpu;
	enum who bound;
	enum who execs;
	struct vn_set own;	/* set by the executing thread, if not empty */
};

static long exec_affinity(void *arg)
{
	const struct exec_arg *a = arg;

	if (vn_set_weight(&a->own) && __vn_setaffinity(0, &a->own))
		return -errno;
	vn_exec_affinity(1000);
	return -errno;
}

static long child_exec(void *arg, int fd)
{
	const struct exec_arg *a = arg;
	struct vn_thread t;
	pid_t tid;
	int vm, err;

	if (dup2(fd, 1000) < 0)
		return -errno;
	vm = __vn_open();
	if (vm < 0)
		return vm;
	err = __vn_thread_start(&t);
	if (err)
		return err;
	tid = a->bound == MAIN ? getpid() : t.tid;
	err = __vn_bind(vm, 0, VCPUNUMA_BIND_CPU, a->cpu, tid, NULL);
	if (err)
		return err;
	if (a->execs == MAIN)
		return exec_affinity(arg);
	return vn_thread_run(&t, exec_affinity, arg);
}

/* What the program executed says of its affinity. */
static const char *exec_and_ask(struct exec_arg *arg)
{
	static char text[600];
	struct vn_child c;
	size_t len = 0;
	int pipefd[2];
	long err;
	ssize_t n;

	if (pipe2(pipefd, O_CLOEXEC) || __vn_child_start(&c))
		return "? no child";
	err = vn_child_call(&c, child_exec, arg, pipefd[1]);
	close(pipefd[1]);
	while (len < sizeof(text) - 1) {
		n = read(pipefd[0], text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	text[len] = 0;
	text[strcspn(text, "\n")] = 0;
	close(pipefd[0]);
	vn_child_kill(&c);
	if (err != -EPIPE)
		snprintf(text, sizeof(text), "? %s", strerror(-err));
	return text;
}

static struct exec_arg *exec_arg(int cpu, enum who bound, enum who execs)
{
	struct exec_arg *arg = vn_shared(sizeof(*arg));

	arg->cpu = cpu;
	arg->bound = bound;
	arg->execs = execs;
	return arg;
}

TEST_F(bind, exec_main)
{
	EXPECT_STREQ(vn_str(&self->all),
		     exec_and_ask(exec_arg(self->a, MAIN, MAIN)));
}

TEST_F(bind, exec_thread)
{
	EXPECT_STREQ(vn_str(&self->all),
		     exec_and_ask(exec_arg(self->a, OTHER, OTHER)));
}

/* The thread bound ends here; the one that executes was never bound. */
TEST_F(bind, exec_not_bound)
{
	struct exec_arg *arg;

	EXPECT_STREQ(vn_str(&self->all),
		     exec_and_ask(exec_arg(self->a, OTHER, MAIN)));
	EXPECT_STREQ(vn_str(&self->all),
		     exec_and_ask(exec_arg(self->a, MAIN, OTHER)));
	/* It has an affinity of its own, which it keeps. */
	arg = exec_arg(self->a, MAIN, OTHER);
	arg->own = self->set_b;
	EXPECT_STREQ(vn_str(&self->set_b), exec_and_ask(arg));
	arg = exec_arg(self->a, OTHER, MAIN);
	arg->own = self->set_b;
	EXPECT_STREQ(vn_str(&self->set_b), exec_and_ask(arg));
}

static long new_pid_namespace(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return unshare(CLONE_NEWPID) ? -errno : 0;
}

struct ns_arg {
	int cpu;
	pid_t pid;		/* seen from outside */
	int result[6];
	struct vn_set affinity;
	struct vcpunuma_cmd_query query;
};

/* In a child of the child, which is process 1 of the new namespace. */
static long child_in_namespace(void *arg, int fd)
{
	struct ns_arg *a = arg;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		a->result[0] = __vn_bind(fd, 0, VCPUNUMA_BIND_CPU, a->cpu, 1,
					 NULL);
		__vn_getaffinity(0, &a->affinity);
		a->result[1] = __vn_query(fd, 0, &a->query, NULL);
		/* Where nobody has that number there is no thread. */
		a->result[2] = __vn_bind(fd, 1, VCPUNUMA_BIND_CPU, a->cpu,
					 a->pid, NULL);
		_exit(0);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

/* Numbers of threads are those of the caller's namespace. */
TEST_F(bind, pid_namespace)
{
	struct ns_arg *arg = vn_shared(sizeof(*arg));
	char before[512];
	struct vn_child c;

	ASSERT_NE(MAP_FAILED, arg);
	snprintf(before, sizeof(before), "%s", vn_affinity(1));
	vn_child_start(&c);
	if (vn_child_call(&c, new_pid_namespace, NULL, -1) == -EINVAL)
		SKIP(goto out, "kernel without pid namespaces");
	arg->cpu = self->b;
	arg->pid = c.pid;
	ASSERT_EQ(0, vn_child_call(&c, child_in_namespace, arg, self->fd));
	EXPECT_EQ(0, arg->result[0]);
	EXPECT_SET(&self->set_b, &arg->affinity);
	EXPECT_EQ(0, arg->result[1]);
	EXPECT_EQ(1, arg->query.out_tid);
	EXPECT_EQ(-ESRCH, arg->result[2]);
	EXPECT_STREQ(before, vn_affinity(1));
out:
	vn_child_stop(&c);
}

TEST_HARNESS_MAIN
