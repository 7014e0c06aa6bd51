// SPDX-License-Identifier: GPL-2.0
/*
 * What the module knows of a host on which not all CPUs are online when it
 * looks.
 */
#include "kselftest_harness.h"
#include "figures.h"

FIXTURE(hotplug) {
	int file;		/* vcpunuma.ko, or -1 */
	int first, second;	/* two threads of a core */
	int other;		/* a CPU of another core */
};

FIXTURE_SETUP(hotplug)
{
	const struct vn_host *h = vn_host();

	self->file = vn_module_open();
	self->first = -1;
	self->second = -1;
	self->other = -1;
	/* Not the very first, which cannot go offline. */
	for (int cpu = vn_set_first(&h->cpus); vn_set_step(&h->cpus, &cpu);) {
		if (h->core_of[cpu] == cpu || h->core_of[cpu] == 0)
			continue;
		self->other = self->second;
		self->first = h->core_of[cpu];
		self->second = cpu;
	}
}

FIXTURE_TEARDOWN(hotplug)
{
	for (int cpu = -1; vn_set_step(&vn_host()->cpus, &cpu);)
		__vn_cpu_online(cpu, true);
	/* The programs after this one need it. */
	if (vn_module_refs() < 0)
		__vn_module_load(self->file);
	close(self->file);
}

/* Whether a VM could have so many CPUs, or cores, of its own now */
static bool could_reserve(unsigned int nr, unsigned int policy)
{
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_DRY_RUN,
		.nr_vcpus = nr,
		.cpu_policy = policy,
	};
	int fd = __vn_open();
	int err = fd < 0 ? fd : __vn_reserve(fd, &cmd, NULL, 0, NULL, 0);

	close(fd);
	return !err;
}

/*
 * The kernel names a core after the first of its threads that is online. When the
 * module sees a CPU for the first time while the first thread of a core is
 * offline, that is a thread of the core all the same.
 */
TEST_F(hotplug, cores_stay_whole)
{
	int cpus = vn_set_weight(&vn_host()->cpus);
	int cores = vn_cores(&vn_host()->cpus);

	if (self->other < 0)
		SKIP(return, "needs three cores, two of them of two threads");
	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	if (__vn_cpu_online(self->other, false))
		SKIP(return, "no CPU can go offline");
	ASSERT_EQ(0, __vn_module_remove());
	ASSERT_EQ(0, __vn_module_load(self->file));
	ASSERT_EQ(0, __vn_cpu_online(self->first, false));
	ASSERT_EQ(0, __vn_cpu_online(self->other, true));
	EXPECT_TRUE(vn_eventually(could_reserve(cpus - 1, VCPUNUMA_CPU_PREFER)));
	ASSERT_EQ(0, __vn_cpu_online(self->first, true));
	EXPECT_TRUE(vn_eventually(could_reserve(cpus, VCPUNUMA_CPU_PREFER)));

	EXPECT_TRUE(could_reserve(cores, VCPUNUMA_CPU_ISOLATE));
	EXPECT_FALSE(could_reserve(cores + 1, VCPUNUMA_CPU_ISOLATE));
	EXPECT_TRUE(could_reserve(cpus, VCPUNUMA_CPU_REQUIRE));
}

#define MAX_VCPUS	256

static int reserve_cpus(int vm, unsigned int nr, struct vn_set *cpus)
{
	static struct vcpunuma_place place[MAX_VCPUS];
	static struct vcpunuma_chunk chunk[MAX_VCPUS];
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = nr,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	int err;

	memset(cpus, 0, sizeof(*cpus));
	err = __vn_reserve(vm, &cmd, place, MAX_VCPUS, chunk, MAX_VCPUS);
	for (unsigned int i = 0; i < nr && !err; i++)
		vn_set_add(cpus, place[i].cpu);
	return err;
}

/* A CPU comes that the module has never seen, while something is reserved. */
TEST_F(hotplug, cpu_comes)
{
	int nr = vn_set_weight(&vn_host()->cpus);
	int cpu = vn_set_nth(&vn_host()->cpus, nr - 1);
	struct vn_set mine, others;
	struct vn_before before;
	int vm, other;

	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	if (nr < 3 || nr > MAX_VCPUS)
		SKIP(return, "%d CPUs", nr);
	vn_before_read(&before);
	ASSERT_EQ(0, __vn_module_remove());
	ASSERT_EQ(0, __vn_cpu_online(cpu, false));
	ASSERT_EQ(0, __vn_module_load(self->file));
	vm = vn_open();
	other = vn_open();
	ASSERT_EQ(0, reserve_cpus(vm, 1, &mine));
	EXPECT_EQ(-ENOSPC, reserve_cpus(other, nr - 1, &others));
	ASSERT_EQ(0, __vn_cpu_online(cpu, true));
	/* What is reserved stays so, and all the rest is free. */
	EXPECT_TRUE(vn_eventually(!reserve_cpus(other, nr - 1, &others)));
	EXPECT_TRUE(vn_set_has(&others, cpu));
	EXPECT_FALSE(vn_set_has(&others, vn_set_first(&mine)));
	EXPECT_EQ(nr - 1, vn_set_weight(&others));
	close(other);
	vn_release(vm);
	EXPECT_EQ(0, reserve_cpus(vm, nr, &mine));
	close(vm);
	EXPECT_STREQ("", vn_not_back(&before));
}

TEST_HARNESS_MAIN
