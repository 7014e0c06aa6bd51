// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that come and go, and cpusets that are rewritten, while threads are
 * bound and memory is created, mapped and touched.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "storm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PLAYERS		6

FIXTURE(cpus) {
	struct vn_before before;
	struct storm *storm;
	struct vn_set all;
	pid_t pids[PLAYERS];
};

FIXTURE_SETUP(cpus)
{
	vn_getaffinity(0, &self->all);
	self->storm = storm_make();
	ASSERT_NE(MAP_FAILED, (void *)self->storm);
	/* None of the CPUs asked for is there, or allowed. */
	self->storm->expected[0] = ENOSPC;
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(cpus)
{
}

#define start_players()							\
	for (int __i = 0; __i < PLAYERS; __i++) {			\
		self->pids[__i] = storm_start(self->storm, -1, __i + 1); \
		ASSERT_LT(0, self->pids[__i]);				\
	}

/* What the module says of CPUs and nodes is what sysfs says. */
static bool topology_is_right(void)
{
	struct vcpunuma_cpu cpus[256];
	struct vcpunuma_cmd_topology cmd = {
		.size = sizeof(cmd),
		.cpus = (uintptr_t)cpus,
		.nr_cpus = ARRAY_SIZE(cpus),
		.cpu_size = sizeof(cpus[0]),
	};
	int fd = __vn_open();
	struct vn_set online = {}, want;
	bool right = false;

	if (fd >= 0 && !__vn_ioctl(fd, VCPUNUMA_TOPOLOGY, &cmd) &&
	    !__vn_read_set("/sys/devices/system/cpu/online", &want)) {
		for (unsigned int i = 0; i < cmd.nr_cpus; i++)
			vn_set_add(&online, cpus[i].cpu);
		right = vn_set_equal(&online, &want);
	}
	close(fd);
	return right;
}

TEST_F_TIMEOUT(cpus, hotplug, STORM_TIMEOUT)
{
	int times = storm_times(12, 500), off = 0;
	int n = vn_set_weight(&self->all);

	if (n < 2)
		SKIP(return, "one CPU");
	/* A node that has lost its last CPU */
	self->storm->expected[1] = ENODEV;
	start_players();
	for (int i = 0; i < times; i++) {
		int first = vn_set_nth(&self->all, 1 + random() % (n - 1));
		int second = vn_set_nth(&self->all, 1 + random() % (n - 1));

		off += !__vn_cpu_online(first, false);
		if (second != first)
			off += !__vn_cpu_online(second, false);
		EXPECT_TRUE(topology_is_right());
		EXPECT_EQ(0, __vn_cpu_online(first, true));
		EXPECT_EQ(0, __vn_cpu_online(second, true));
	}
	EXPECT_TRUE(storm_end(self->storm, self->pids, PLAYERS));
	vn_note("%d times a CPU went offline", off);
	EXPECT_LT(0, off);
	EXPECT_STORM(self->storm);
	EXPECT_TRUE(topology_is_right());
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

/* All stop where they are, so that it can be looked where that is. */
static void all_stop(pid_t *pids, int how)
{
	for (int i = 0; i < PLAYERS; i++)
		kill(pids[i], how);
}

/* Whether the thread is within the set, once it is really stopped. */
static bool within(pid_t pid, const struct vn_set *set)
{
	struct vn_set now;

	return !__vn_getaffinity(pid, &now) && vn_set_weight(&now) &&
	       vn_set_within(&now, set);
}

TEST_F_TIMEOUT(cpus, cpuset, STORM_TIMEOUT)
{
	const struct vn_host *host = vn_host();
	int times = storm_times(24, 2000);
	int n = vn_set_weight(&self->all);
	struct vn_set set = self->all;
	struct vn_cgroup cg;
	int err;

	if (n < 2)
		SKIP(return, "one CPU: no cpuset can be smaller");
	err = __vn_cgroup_make(&cg, "storm", "+cpuset");
	if (err == -ENOTSUP)
		SKIP(return, "no cpuset controller");
	ASSERT_EQ(0, err);
	/* A node that the group may not have memory of */
	self->storm->expected[1] = EPERM;
	/* The same, found out a little later */
	self->storm->expected[2] = ENOMEM;
	start_players();
	for (int i = 0; i < PLAYERS; i++)
		EXPECT_EQ(0, __vn_cgroup_move(&cg, self->pids[i]));
	for (int i = 0; i < times; i++) {
		int a = vn_set_nth(&self->all, random() % n);
		int b = vn_set_nth(&self->all, random() % n);
		struct vn_set set_b = vn_set_of(b), mems;

		set = vn_set_of(a);
		if (i % 3)
			set = vn_set_or(&set, &set_b);
		if (i % 3 == 2)
			set = self->all;
		EXPECT_EQ(0, __vn_cgroup_cpus(&cg, &set));
		if (i % 4)
			continue;
		/* The kernel moves all they have: this takes a while. */
		mems = vn_set_of(vn_set_nth(&host->has_memory, random() %
					    vn_set_weight(&host->has_memory)));
		EXPECT_EQ(0, __vn_cgroup_mems(&cg, i % 8 ? &mems :
					      &host->has_memory));
		all_stop(self->pids, SIGSTOP);
		for (int k = 0; k < PLAYERS; k++) {
			EXPECT_TRUE(vn_eventually(within(self->pids[k],
							 &set))) {
				TH_LOG("cpuset %s, thread %s", vn_str(&set),
				       vn_affinity(self->pids[k]));
			}
		}
		all_stop(self->pids, SIGCONT);
	}
	EXPECT_TRUE(storm_end(self->storm, self->pids, PLAYERS));
	vn_note("%d times the cpuset changed", times);
	EXPECT_STORM(self->storm);
	vn_cgroup_remove(&cg);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
