// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that own VMs and memory objects and are killed for want of memory,
 * of their group's or of the whole machine's: all is undone, and nobody else
 * dies.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "storm.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

FIXTURE(oom) {
	struct vn_before before;
	struct vn_set all;
	int node;
};

FIXTURE_SETUP(oom)
{
	vn_getaffinity(0, &self->all);
	self->node = vn_set_first(&vn_host()->has_memory);
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(oom)
{
}

static long events(const char *file, const char *key)
{
	struct vn_cgroup proc = { "/proc" };

	return vn_cgroup_read(&proc, file, key);
}

/* A VM with a bound vCPU and memory of both kinds; an object is sent back. */
static long child_make(void *arg, int fd)
{
	long node = (long)arg;
	int large, small;
	char *at;

	fd = __vn_open();
	if (fd < 0)
		return fd;
	if (__vn_configure(fd, 4, 0, NULL) ||
	    __vn_bind(fd, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL))
		return -EIO;
	large = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, 12 * MIB, node, 21);
	small = __vn_mem_create(fd, 0, 4 * MIB, node, 12);
	if (large < 0 || small < 0)
		return large < 0 ? large : small;
	at = __vn_map(small, 4 * MIB);
	if (at == MAP_FAILED)
		return -errno;
	vn_touch(at, 4 * MIB);
	vn_reply = small;
	return 0;
}

/* Takes memory until it is killed. */
static long child_devour(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	for (;;) {
		char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at != MAP_FAILED)
			vn_touch(at, MIB);
	}
	return 0;
}

static bool was_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Waits for the child to die by itself. */
static int wait_for(struct vn_child *c)
{
	int status = -1;

	waitpid(c->pid, &status, 0);
	close(c->sock);
	return status;
}

TEST_F_TIMEOUT(oom, group, STORM_TIMEOUT)
{
	int times = storm_times(2, 200);
	struct vn_cgroup cg;
	int err = __vn_cgroup_make(&cg, "oom", "+memory");

	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", "48M"));
	for (int i = 0; i < times; i++) {
		struct vn_child c;
		bool kept = i % 2;

		vn_child_start(&c);
		EXPECT_EQ(0, __vn_cgroup_move(&cg, c.pid));
		EXPECT_EQ(0, vn_child_call(&c, child_make,
					   (void *)(long)self->node, -1));
		EXPECT_LT(16 * MIB, vn_cgroup_charged(&cg));
		if (!kept)
			close(c.reply);
		EXPECT_EQ(0, vn_child_post(&c, child_devour, NULL, -1));
		EXPECT_TRUE(was_killed(wait_for(&c)));
		EXPECT_EQ(i + 1, vn_cgroup_read(&cg, "memory.events",
						"oom_kill"));
		if (kept) {
			/* What somebody else holds is there, and charged. */
			EXPECT_EQ(4 * MIB, vn_populated(c.reply));
			EXPECT_TRUE(vn_eventually(vn_cgroup_charged(&cg) <
						  8 * MIB));
			EXPECT_LE(4 * MIB, vn_cgroup_charged(&cg));
			close(c.reply);
		}
		EXPECT_TRUE(vn_eventually(vn_cgroup_charged(&cg) < 3 * MIB)) {
			TH_LOG("%lld KiB charged",
			       vn_cgroup_charged(&cg) / KIB);
		}
	}
	vn_note("%d times killed for its group", times);
	vn_cgroup_remove(&cg);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

/* All the nodes are full of objects. */
static long child_fill(void *unused, int fd)
{
	int node, mem, objects = 0;

	(void)unused;
	fd = __vn_open();
	if (fd < 0 || __vn_configure(fd, 4, 0, NULL) ||
	    __vn_bind(fd, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL))
		return -EIO;
	for (node = -1; vn_set_step(&vn_host()->has_memory, &node);) {
		long long left = vn_meminfo(node, "MemFree") - 48 * MIB;

		for (; left > 0; left -= 16 * MIB) {
			mem = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE,
					      16 * MIB, node,
					      objects % 2 ? 12 : 21);
			if (mem == -ENOMEM)
				break;
			if (mem < 0)
				return mem;
			/* What is mapped counts for who is to die. */
			if (__vn_map(mem, 16 * MIB) == MAP_FAILED)
				return -errno;
			objects++;
		}
	}
	return objects;
}

TEST_F_TIMEOUT(oom, host, STORM_TIMEOUT)
{
	int times = storm_times(1, 20);

	for (int i = 0; i < times; i++) {
		long before = events("vmstat", "oom_kill");
		struct vn_child c;
		char path[64];
		long objects;

		vn_child_start(&c);
		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", c.pid);
		ASSERT_EQ(0, __vn_write_file(path, "1000"));
		objects = vn_child_call(&c, child_fill, NULL, -1);
		EXPECT_LT(0, objects);
		vn_note("%ld MiB in objects", objects * 16);
		EXPECT_EQ(0, vn_child_post(&c, child_devour, NULL, -1));
		EXPECT_TRUE(was_killed(wait_for(&c)));
		/* Not every kernel counts. */
		if (before >= 0)
			EXPECT_EQ(before + 1, events("vmstat", "oom_kill"));
		EXPECT_STREQ("", vn_not_back(&self->before));
	}
	vn_note("%d times killed for the machine", times);
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_HARNESS_MAIN
