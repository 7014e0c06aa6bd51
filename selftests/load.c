// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded: something in it fails, and nothing of it stays; or the
 * host has less than it will have.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "inject.h"

/* Things that can fail in the module's own part, which comes last: fewer */
#define POINTS		120
#define MANY		10000000

FIXTURE(load) {
	struct vn_before before;
	int file;		/* vcpunuma.ko, or -1 */
	int offline;		/* a CPU that is put offline; 0: none is */
};

static int put_online(int cpu, const char *online)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 cpu);
	return __vn_write_file(path, online);
}

FIXTURE_SETUP(load)
{
	self->file = vn_module_open();
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(load)
{
	inject_end();
	if (self->offline)
		put_online(self->offline, "1");
	/* The programs after this one need it. */
	if (vn_module_refs() < 0)
		__vn_module_load(self->file);
	close(self->file);
}

/* Loads it while the nth thing fails: what failed, and @err. */
static int load(int file, unsigned int nth, int *err, int *left)
{
	int armed = inject_arm(nth);

	if (armed)
		return armed;
	*err = __vn_module_load(file);
	*left = inject_left();
	return inject_disarm();
}

TEST_F(load, something_fails)
{
	int err = 0, left = 0, all, failed = 0, tolerated = 0;
	const char *missing = inject_begin();

	if (missing)
		SKIP(return, "%s", missing);
	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	ASSERT_EQ(0, __vn_module_remove());
	ASSERT_EQ(INJECT_NOTHING, load(self->file, MANY, &err, &left));
	ASSERT_EQ(0, err);
	ASSERT_LT(0, left);
	all = MANY - left;

	for (int nth = all; nth > 0 && nth > all - POINTS; nth--) {
		int what;

		if (vn_module_refs() >= 0)
			ASSERT_EQ(0, __vn_module_remove());
		what = load(self->file, nth, &err, &left);
		ASSERT_LE(0, what);
		if (!err) {
			tolerated++;
			continue;
		}
		failed++;
		ASSERT_NE(INJECT_NOTHING, what) {
			TH_LOG("%s", strerror(-err));
		}
		EXPECT_EQ(what == INJECT_USERCOPY ? -EFAULT : -ENOMEM, err) {
			TH_LOG("%s", strerror(-err));
		}
		EXPECT_EQ(-1, vn_module_refs());
		EXPECT_EQ(-ENOENT, __vn_open());
		EXPECT_NE(0, access("/sys/kernel/debug/vcpunuma", F_OK));
	}
	vn_note("%d points in all; of the last %d %d failed, %d were tolerated",
		all, POINTS, failed, tolerated);
	EXPECT_LT(10, failed);
	if (vn_module_refs() < 0)
		ASSERT_EQ(0, __vn_module_load(self->file));
	EXPECT_STREQ("", vn_not_back(&self->before));
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
TEST_F(load, cpu_comes)
{
	int nr = vn_set_weight(&vn_host()->cpus);
	int cpu = vn_set_nth(&vn_host()->cpus, nr - 1);
	struct vn_set mine, others;
	int vm, other;

	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	if (nr < 3 || nr > MAX_VCPUS)
		SKIP(return, "%d CPUs", nr);
	ASSERT_EQ(0, __vn_module_remove());
	ASSERT_EQ(0, put_online(cpu, "0"));
	self->offline = cpu;
	ASSERT_EQ(0, __vn_module_load(self->file));
	vm = vn_open();
	other = vn_open();
	ASSERT_EQ(0, reserve_cpus(vm, 1, &mine));
	EXPECT_EQ(-ENOSPC, reserve_cpus(other, nr - 1, &others));
	ASSERT_EQ(0, put_online(cpu, "1"));
	self->offline = 0;
	/* What is reserved stays so, and all the rest is free. */
	EXPECT_TRUE(vn_eventually(!reserve_cpus(other, nr - 1, &others)));
	EXPECT_TRUE(vn_set_has(&others, cpu));
	EXPECT_FALSE(vn_set_has(&others, vn_set_first(&mine)));
	EXPECT_EQ(nr - 1, vn_set_weight(&others));
	close(other);
	vn_release(vm);
	EXPECT_EQ(0, reserve_cpus(vm, nr, &mine));
	close(vm);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
