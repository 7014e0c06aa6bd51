// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that comes and goes, block by block, while objects are created on it,
 * mapped and touched.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "storm.h"

#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

#define PLAYERS		4

FIXTURE(blocks) {
	struct vn_before before;
	struct storm *storm;
	pid_t pids[PLAYERS];
	glob_t blocks;
};

static void on_alarm(int sig)
{
	(void)sig;
}

FIXTURE_SETUP(blocks)
{
	/* Interrupts: who takes a block offline waits for its pages. */
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	self->storm = storm_make();
	ASSERT_NE(MAP_FAILED, (void *)self->storm);
	/* The node has lost all of its memory, or what is left is full. */
	self->storm->expected[0] = ENODEV;
	self->storm->expected[1] = ENOMEM;
	glob("/sys/devices/system/memory/memory*/state", 0, NULL,
	     &self->blocks);
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(blocks)
{
	globfree(&self->blocks);
}

static bool is_online(const char *block)
{
	char buf[32];

	return !__vn_read_file(block, buf, sizeof(buf)) &&
	       !strcmp(buf, "online\n");
}

/* Not for longer than some seconds: a page may be held for as long as it is. */
static int take_offline(const char *block)
{
	struct itimerval limit = { .it_value = { .tv_sec = 5 } }, none = {};
	int err;

	setitimer(ITIMER_REAL, &limit, NULL);
	err = __vn_write_file(block, "offline");
	setitimer(ITIMER_REAL, &none, NULL);
	return err;
}

/* What the module says of memory is what sysfs says. */
static bool topology_is_right(void)
{
	struct vcpunuma_node nodes[64] = {};
	struct vcpunuma_cmd_topology cmd = {
		.size = sizeof(cmd),
		.nodes = (uintptr_t)nodes,
		.nr_nodes = ARRAY_SIZE(nodes),
		.node_size = sizeof(nodes[0]),
	};
	struct vn_set memory = {}, want;
	bool right = true;
	int fd = __vn_open();

	if (fd < 0 || __vn_ioctl(fd, VCPUNUMA_TOPOLOGY, &cmd) ||
	    __vn_read_set("/sys/devices/system/node/has_memory", &want))
		return false;
	close(fd);
	for (unsigned int i = 0; i < cmd.nr_nodes; i++) {
		int n = nodes[i].node;

		if (nodes[i].flags & VCPUNUMA_NODE_MEMORY)
			vn_set_add(&memory, n);
		right &= (long long)nodes[i].mem_total ==
			 vn_meminfo(n, "MemTotal");
	}
	return right && vn_set_equal(&memory, &want);
}

TEST_F_TIMEOUT(blocks, hotplug, STORM_TIMEOUT)
{
	int times = storm_times(20, 1000), off = 0, refused = 0;

	if (!self->blocks.gl_pathc)
		SKIP(return, "this kernel cannot take memory offline");
	for (int i = 0; i < PLAYERS; i++) {
		self->pids[i] = storm_start(self->storm, -1, i + 1);
		ASSERT_LT(0, self->pids[i]);
	}
	for (int i = 0; i < times; i++) {
		size_t n = random() % self->blocks.gl_pathc;
		const char *block = self->blocks.gl_pathv[n];
		int err;

		if (!is_online(block))
			continue;
		err = take_offline(block);
		off += !err;
		refused += !!err;
		EXPECT_TRUE(topology_is_right());
		if (err) {
			EXPECT_TRUE(err == -EBUSY || err == -EINTR ||
				    err == -EINVAL || err == -EAGAIN) {
				TH_LOG("%s: %s", block, strerror(-err));
			}
			continue;
		}
		EXPECT_EQ(0, __vn_write_file(block, "online"));
	}
	EXPECT_TRUE(storm_end(self->storm, self->pids, PLAYERS));
	vn_note("%d times a block went offline, %d times it was in use", off,
		refused);
	EXPECT_STORM(self->storm);
	EXPECT_TRUE(topology_is_right());
	EXPECT_STREQ("", vn_not_back(&self->before));
	if (!off)
		SKIP(return, "no block of memory could be taken offline");
}

/*
 * A block with pages of an object in it stays, and so do they: they do not
 * move. With the object gone, the kernel may have it.
 */
TEST_F_TIMEOUT(blocks, in_use, STORM_TIMEOUT)
{
	int vm = vn_open(), kept = 0;

	if (!self->blocks.gl_pathc)
		SKIP(return, "this kernel cannot take memory offline");
	for (int n = -1; vn_set_step(&vn_host()->has_memory, &n);) {
		/* Half of what is free: in each block there is some of it. */
		size_t length = vn_free(n) / 2 & -PAGE_2M;
		int mem = vn_mem_create(vm, VCPUNUMA_MEM_POPULATE, length, n,
					21);
		char *at = vn_map(mem, length);

		vn_touch(at, length);
		for (size_t i = 0; i < self->blocks.gl_pathc; i++) {
			const char *block = self->blocks.gl_pathv[i];

			if (!is_online(block))
				continue;
			if (take_offline(block))
				kept++;
			else
				EXPECT_EQ(0, __vn_write_file(block, "online"));
		}
		EXPECT_EQ(length, vn_populated(mem));
		EXPECT_ON_NODE(at, length, n);
		EXPECT_EQ(0x55 * length / PAGE_4K, vn_sum(at, length));
		munmap(at, length);
		close(mem);
	}
	close(vm);
	EXPECT_LT(0, kept);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
