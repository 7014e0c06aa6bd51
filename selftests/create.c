// SPDX-License-Identifier: GPL-2.0
/*
 * An open file is a VM: VCPUNUMA_INFO, and what opening, duplicating, forking
 * and closing do.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <sys/ioctl.h>

FIXTURE(vm) {
	int fd;
	int cpu;
	struct vn_set all;	/* affinity at the beginning */
	struct vn_set one;	/* CPU @cpu */
};

FIXTURE_SETUP(vm)
{
	vn_getaffinity(0, &self->all);
	self->cpu = vn_set_first(&self->all);
	self->one = vn_set_of(self->cpu);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(vm)
{
	close(self->fd);
}

TEST_F(vm, info)
{
	const struct vn_host *host = vn_host();
	struct vcpunuma_cmd_info info;
	int i;

	vn_info(self->fd, &info);
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0, info.out_features);
	EXPECT_EQ(VCPUNUMA_ABI, info.out_abi);
	EXPECT_LE(1, info.out_max_vcpus);
	EXPECT_LE(1, info.out_max_mems);
	EXPECT_EQ(1U << 12 | 1U << 21, info.out_page_shifts);
	for (i = -1; vn_set_step(&host->online, &i);)
		EXPECT_LT(i, info.out_max_node);
	for (i = -1; vn_set_step(&host->cpus, &i);)
		EXPECT_LT(i, info.out_max_cpu);
	EXPECT_LE(PAGE_2M, info.out_max_length);
	EXPECT_EQ(0, info.out_max_length % PAGE_4K);
}

TEST_F(vm, open_again)
{
	int fd = vn_open();

	EXPECT_EQ(-ENOENT, vn_state(fd, 0));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(-EBADF, vn_state(fd, 0));
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
}

/* The same vCPU id in two VMs is two vCPUs. */
TEST_F(vm, independent)
{
	struct vn_thread t;
	int other = vn_open();
	int last = -1, i;

	for (i = -1; vn_set_step(&self->all, &i);)
		last = i;
	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	EXPECT_EQ(-ENOENT, vn_state(other, 0));
	EXPECT_EQ(-ENOTCONN, __vn_unbind(other, 0));
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));

	vn_bind_cpu(other, 0, last, t.tid);
	vn_unbind(self->fd, 0);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(other, 0));
	close(other);
	EXPECT_AFFINITY(&self->all, t.tid);
	vn_thread_stop(&t);
}

TEST_F(vm, many)
{
	struct vcpunuma_place places[2];
	int fds[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = vn_open();
		vn_configure(fds[i], 2, 0, places);
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(fds[i], 1));
		EXPECT_EQ(-ENOENT, vn_state(fds[i], 2));
		close(fds[i]);
	}
}

/* The VM is there until the last descriptor is closed. */
TEST_F(vm, dup)
{
	int other = dup(self->fd);

	ASSERT_LE(0, other);
	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_AFFINITY(&self->one, 0);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(other, 0));
	EXPECT_EQ(0, close(other));
	EXPECT_AFFINITY(&self->all, 0);
	self->fd = -1;
}

static long child_unbind(void *vcpu, int fd)
{
	return __vn_unbind(fd, (long)vcpu);
}

static long child_state(void *fd, int unused)
{
	(void)unused;
	return vn_state((long)fd, 0);
}

static long child_unbind_inherited(void *fd, int unused)
{
	(void)unused;
	return __vn_unbind((long)fd, 0);
}

TEST_F(vm, fork)
{
	void *arg = (void *)(long)self->fd;
	struct vn_child c;

	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	vn_child_start_inherit(&c);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_child_call(&c, child_state, arg, -1));
	/* The child has a reference of its own. */
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_AFFINITY(&self->one, 0);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_child_call(&c, child_state, arg, -1));
	vn_child_stop(&c);
	EXPECT_TRUE(vn_eventually(!strcmp(vn_affinity(0),
					  vn_str(&self->all))));
	EXPECT_AFFINITY(&self->all, 0);
}

/* What a forked process does to the VM it does for all. */
TEST_F(vm, fork_unbind)
{
	void *arg = (void *)(long)self->fd;
	struct vn_child c;

	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	vn_child_start_inherit(&c);
	EXPECT_EQ(0, vn_child_call(&c, child_unbind_inherited, arg, -1));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	vn_child_stop(&c);
}

TEST_F(vm, pass)
{
	struct vn_child c;

	vn_child_start(&c);
	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	EXPECT_EQ(0, vn_child_call(&c, child_unbind, (void *)0, self->fd));
	EXPECT_AFFINITY(&self->all, 0);
	vn_child_stop(&c);
}

/*
 * The interface does not say whether a VM may be opened for reading only. If
 * it may it is a VM like any other, and never half of one.
 */
TEST_F(vm, read_only)
{
	struct vcpunuma_cmd_info info;
	int fd = open(VCPUNUMA_DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		EXPECT_TRUE(errno == EACCES || errno == EINVAL ||
			    errno == EPERM) {
			TH_LOG("open: %s", strerror(errno));
		}
		return;
	}
	EXPECT_EQ(0, __vn_info(fd, &info));
	EXPECT_EQ(-ENOENT, vn_state(fd, 0));
	EXPECT_EQ(0, __vn_bind(fd, 0, VCPUNUMA_BIND_CPU, self->cpu, 0, NULL));
	close(fd);
	EXPECT_AFFINITY(&self->all, 0);
}

/* There is nothing to read, write or seek in a VM, and no private memory. */
TEST_F(vm, not_a_stream)
{
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(-1, ftruncate(self->fd, 4096));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE,
				   self->fd, 0));
}

TEST_HARNESS_MAIN
