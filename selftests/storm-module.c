// SPDX-License-Identifier: GPL-2.0
/*
 * The module is unloaded and loaded again: not while anything of it is used,
 * and at once when nothing is any more.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "storm.h"

#include <sys/mman.h>

FIXTURE(module) {
	struct vn_before before;
	struct vn_set all;
	int node;
	int file;		/* vcpunuma.ko, or -1 */
};

FIXTURE_SETUP(module)
{
	vn_getaffinity(0, &self->all);
	self->node = vn_set_first(&vn_host()->has_memory);
	self->file = vn_module_open();
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(module)
{
	/* The programs after this one need it. */
	if (vn_module_refs() < 0)
		__vn_module_load(self->file);
	close(self->file);
}

TEST_F_TIMEOUT(module, reload, STORM_TIMEOUT)
{
	int times = storm_times(8, 500);

	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	for (int i = 0; i < times; i++) {
		int vm = vn_open(), mem = -1;
		char *at = NULL;

		/* Used by a VM, by an object, by a mapping */
		if (i % 4 >= 1)
			vn_bind_cpu(vm, 0, vn_set_first(&self->all), 0);
		EXPECT_EQ(-EAGAIN, __vn_module_remove());
		if (i % 4 >= 2) {
			mem = vn_mem_create(vm, VCPUNUMA_MEM_POPULATE,
					    PAGE_2M, self->node, 0);
			at = vn_map(mem, PAGE_2M);
		}
		close(vm);
		EXPECT_AFFINITY(&self->all, 0);
		if (i % 4 >= 2) {
			EXPECT_EQ(-EAGAIN, __vn_module_remove());
			close(mem);
			EXPECT_EQ(-EAGAIN, __vn_module_remove());
			vn_touch(at, PAGE_2M);
			munmap(at, PAGE_2M);
		}
		EXPECT_EQ(0, __vn_module_remove());
		EXPECT_EQ(-1, vn_module_refs());
		EXPECT_EQ(-ENOENT, __vn_open());
		ASSERT_EQ(0, __vn_module_load(self->file));
	}
	vn_note("%d times unloaded and loaded", times);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

/* What is kept for VMs that are gone ends with the module. */
TEST_F_TIMEOUT(module, held, STORM_TIMEOUT)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.grace = VCPUNUMA_MAX_GRACE,
		.name = "held",
	};
	int times = storm_times(2, 100);

	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	for (int i = 0; i < times; i++) {
		int vm = vn_open();

		ASSERT_EQ(0, __vn_reserve(vm, &cmd, NULL, 0, NULL, 0));
		EXPECT_EQ(0, cmd.out_resumed);
		close(vm);
		EXPECT_EQ(0, __vn_module_remove());
		ASSERT_EQ(0, __vn_module_load(self->file));
	}
	EXPECT_STREQ("", vn_not_back(&self->before));
}

/* Others open the device, and read the report, at just that moment. */

struct opener {
	bool stop;
	long opened;
	long gone;
	int err;		/* the last that is not part of it */
};

/* Now and then none of them uses it. */
static void note(struct opener *o, int err)
{
	if (!err)
		o->opened++;
	else if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		o->gone++;
	else
		o->err = err;
	usleep(random() % 20000);
}

static int use_vm(int fd, int cpu)
{
	int mem, err;

	err = __vn_bind(fd, 0, VCPUNUMA_BIND_CPU, cpu, 0, NULL);
	mem = __vn_mem_create(fd, 0, PAGE_2M,
			      vn_set_first(&vn_host()->has_memory), 12);
	close(fd);
	if (mem < 0)
		return mem;
	close(mem);
	return err;
}

static void *open_again_and_again(void *arg)
{
	struct opener *o = arg;
	int cpu = vn_set_first(&vn_host()->cpus);

	while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED)) {
		int fd = __vn_open();

		note(o, fd < 0 ? fd : use_vm(fd, cpu));
	}
	return NULL;
}

static void *read_again_and_again(void *arg)
{
	static char text[1 << 16];
	struct opener *o = arg;

	while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED))
		note(o, __vn_read_file("/sys/kernel/debug/vcpunuma/report",
				       text, sizeof(text)));
	return NULL;
}

TEST_F_TIMEOUT(module, reload_in_use, STORM_TIMEOUT)
{
	int times = storm_times(6, 300), tries = 0, done = 0;
	struct opener o[3] = {};
	pthread_t t[3];

	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, i == 2 ?
					    read_again_and_again :
					    open_again_and_again, &o[i]));
	while (done < times && tries++ < 10000 * times) {
		int err = __vn_module_remove();

		if (err == -EAGAIN) {
			sched_yield();
			continue;
		}
		ASSERT_EQ(0, err);
		ASSERT_EQ(0, __vn_module_load(self->file));
		done++;
	}
	for (int i = 0; i < 3; i++)
		__atomic_store_n(&o[i].stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		EXPECT_LT(0, o[i].opened);
		EXPECT_EQ(0, o[i].err) {
			TH_LOG("%s", strerror(-o[i].err));
		}
	}
	EXPECT_EQ(times, done);
	vn_note("%d times unloaded and loaded, in %d tries", done, tries);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
