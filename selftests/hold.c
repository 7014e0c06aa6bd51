// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations that outlive their VM for a while.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <sys/stat.h>

#define REPORT		"/sys/kernel/debug/vcpunuma/report"
#define LONG		VCPUNUMA_MAX_GRACE

struct answer {
	struct vcpunuma_place place[2];
	struct vcpunuma_chunk chunk[4];
};

/* All but its size and arrays */
static struct vcpunuma_cmd_reserve request(const char *name, unsigned int grace)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.max_nodes = 1,
		.grace = grace,
	};

	strcpy(cmd.name, name);
	return cmd;
}

static int reserve(int vm, struct vcpunuma_cmd_reserve *cmd, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	return __vn_reserve(vm, cmd, a->place, 2, a->chunk, 4);
}

/* Reserves, and is gone; what it was given. */
static int reserve_and_die(struct vcpunuma_cmd_reserve *cmd, struct answer *a)
{
	int vm = __vn_open();
	int err = vm < 0 ? vm : reserve(vm, cmd, a);

	if (vm >= 0)
		close(vm);
	return err;
}

/* Does somebody have that CPU as his own? */
static bool is_owned(int cpu)
{
	int vm = __vn_open();
	int err = __vn_bind(vm, 0, VCPUNUMA_BIND_CPU, cpu, 0, NULL);

	close(vm);
	return err == -ENOSPC;
}

/* What a VM of this name has kept is given up, whatever it is. */
static void end_hold(const char *name)
{
	struct vcpunuma_cmd_reserve cmd = request(name, 0);
	struct answer a;

	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	reserve_and_die(&cmd, &a);
}

FIXTURE(hold) {
	struct vcpunuma_cmd_reserve cmd;
	struct answer a;
	int vm;
};

FIXTURE_SETUP(hold)
{
	self->cmd = request("hold", LONG);
	self->vm = vn_open();
	ASSERT_EQ(0, reserve_and_die(&self->cmd, &self->a));
}

FIXTURE_TEARDOWN(hold)
{
	close(self->vm);
	end_hold("hold");
}

TEST_F(hold, kept)
{
	EXPECT_TRUE(is_owned(self->a.place[0].cpu));
}

TEST_F(hold, taken_back)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", LONG);
	struct answer a;

	EXPECT_EQ(0, self->cmd.out_resumed);
	ASSERT_EQ(0, reserve(self->vm, &cmd, &a));
	EXPECT_EQ(1, cmd.out_resumed);
	EXPECT_EQ(self->cmd.out_decision, cmd.out_decision);
	EXPECT_EQ(0, memcmp(&self->a, &a, sizeof(a)));
	/* It is like one's own. */
	EXPECT_EQ(0, __vn_bind(self->vm, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL));
	EXPECT_TRUE(is_owned(a.place[0].cpu));
	vn_unbind(self->vm, 0);
	close(vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, PAGE_2M,
			    a.chunk[0].node, 0));
	/* Released, it is not kept. */
	vn_release(self->vm);
	EXPECT_FALSE(is_owned(a.place[0].cpu));
	close(self->vm);
	self->vm = vn_open();
	EXPECT_FALSE(is_owned(a.place[0].cpu));
}

/* The second time as the first */
TEST_F(hold, taken_back_again)
{
	struct answer a;

	for (int i = 0; i < 3; i++) {
		struct vcpunuma_cmd_reserve cmd = request("hold", LONG);

		ASSERT_EQ(0, reserve_and_die(&cmd, &a));
		EXPECT_EQ(1, cmd.out_resumed);
		EXPECT_EQ(0, memcmp(&self->a, &a, sizeof(a)));
	}
}

TEST_F(hold, not_without_grace)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", 0);

	ASSERT_EQ(0, reserve_and_die(&cmd, &self->a));
	EXPECT_EQ(1, cmd.out_resumed);
	EXPECT_FALSE(is_owned(self->a.place[0].cpu));
}

TEST_F(hold, other_name)
{
	struct vcpunuma_cmd_reserve cmd = request("held", 0);
	struct answer a;

	if (vn_set_weight(&vn_host()->cpus) < 2)
		SKIP(return, "one CPU");
	ASSERT_EQ(0, reserve(self->vm, &cmd, &a));
	EXPECT_EQ(0, cmd.out_resumed);
	EXPECT_NE(self->a.place[0].cpu, a.place[0].cpu);
	EXPECT_TRUE(is_owned(self->a.place[0].cpu));
}

/* Somebody else's VM of the same name */
static long other_user(void *cpu, int fd)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", 0);
	struct answer a;
	int vm, err;

	(void)fd;
	err = __vn_drop(VN_NOBODY);
	if (err)
		return err;
	vm = __vn_open();
	if (vm < 0)
		return vm;
	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	err = reserve(vm, &cmd, &a);
	close(vm);
	return err ?: cmd.out_resumed || !is_owned((long)cpu);
}

TEST_F(hold, other_user)
{
	struct vn_child user;
	struct stat st;

	ASSERT_EQ(0, stat(VCPUNUMA_DEVICE, &st));
	vn_child_start(&user);
	ASSERT_EQ(0, chmod(VCPUNUMA_DEVICE, 0666));
	EXPECT_EQ(0, vn_child_call(&user, other_user,
				   (void *)(long)self->a.place[0].cpu, -1));
	ASSERT_EQ(0, chmod(VCPUNUMA_DEVICE, st.st_mode & 07777));
	vn_child_kill(&user);
}

/* A VM that its opener handed to somebody else: it is not his to take or end. */
static long handed_on(void *cpu, int fd)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", 0);
	struct answer a;
	int err;

	err = __vn_drop(VN_NOBODY);
	if (err)
		return err;
	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	err = reserve(fd, &cmd, &a);
	if (err || !is_owned((long)cpu))
		return err ?: -EBADE;
	__vn_release(fd);
	cmd = request("hold", 0);
	err = reserve(fd, &cmd, &a);
	/* There may be no other CPU. */
	return err == -ENOSPC || cmd.out_resumed ? (long)cmd.out_resumed : err;
}

TEST_F(hold, handed_on)
{
	struct vn_child jailed;
	struct stat st;

	ASSERT_EQ(0, stat(VCPUNUMA_DEVICE, &st));
	vn_child_start(&jailed);
	/* To look who owns a CPU */
	ASSERT_EQ(0, chmod(VCPUNUMA_DEVICE, 0666));
	EXPECT_EQ(0, vn_child_call(&jailed, handed_on,
				   (void *)(long)self->a.place[0].cpu,
				   self->vm));
	ASSERT_EQ(0, chmod(VCPUNUMA_DEVICE, st.st_mode & 07777));
	vn_child_kill(&jailed);
	close(self->vm);
	self->vm = vn_open();
	self->cmd = request("hold", LONG);
	EXPECT_EQ(0, reserve(self->vm, &self->cmd, &self->a));
	EXPECT_EQ(1, self->cmd.out_resumed);
}

/* A call that fails, for want of room or by a limit, has taken nothing. */
TEST_F(hold, failed)
{
	struct vcpunuma_cmd_restrict limits = {
		.size = sizeof(limits),
		.flags = VCPUNUMA_RESTRICT_MEM,
		.max_mem = PAGE_2M / 2,
	};
	struct vcpunuma_cmd_reserve cmd = request("hold", LONG);
	struct answer a;

	ASSERT_EQ(0, __vn_ioctl(self->vm, VCPUNUMA_RESTRICT, &limits));
	EXPECT_EQ(-EDQUOT, reserve(self->vm, &cmd, &a));
	EXPECT_TRUE(is_owned(self->a.place[0].cpu));
	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	EXPECT_EQ(-EDQUOT, reserve(self->vm, &cmd, &a));
	EXPECT_TRUE(is_owned(self->a.place[0].cpu));
	close(self->vm);
	self->vm = vn_open();
	cmd = request("hold", LONG);
	EXPECT_EQ(0, reserve(self->vm, &cmd, &a));
	EXPECT_EQ(1, cmd.out_resumed);
}

TEST_F(hold, other_request)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", 0);
	struct answer a;

	cmd.mem = 0;
	ASSERT_EQ(0, reserve_and_die(&cmd, &a));
	EXPECT_EQ(0, cmd.out_resumed);
	EXPECT_FALSE(is_owned(self->a.place[0].cpu));
}

/* One that it may not use any more */
TEST_F(hold, other_nodes)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", 0);
	const struct vn_host *h = vn_host();
	struct vn_set nodes = vn_set_and(&h->has_cpu, &h->has_memory);
	struct answer a;

	vn_set_del(&nodes, self->a.chunk[0].node);
	if (!vn_set_weight(&nodes))
		SKIP(return, "one node");
	cmd.nodes = (uintptr_t)&nodes;
	cmd.nr_node_bits = VN_NODES;
	ASSERT_EQ(0, reserve_and_die(&cmd, &a));
	EXPECT_EQ(0, cmd.out_resumed);
	EXPECT_NE(self->a.chunk[0].node, a.chunk[0].node);
	EXPECT_FALSE(is_owned(self->a.place[0].cpu));
}

TEST_F(hold, dry_run)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", LONG);
	struct answer a;

	cmd.flags = VCPUNUMA_RESERVE_DRY_RUN;
	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	ASSERT_EQ(0, reserve(self->vm, &cmd, &a));
	EXPECT_EQ(0, cmd.out_resumed);
	EXPECT_TRUE(is_owned(self->a.place[0].cpu));
}

TEST_F(hold, reported)
{
	static char text[1 << 16];

	ASSERT_LE(0, __vn_read_file(REPORT, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "closed, its place is kept")) {
		TH_LOG("%s", text);
	}
	EXPECT_NE(NULL, strstr(text, "reserved as hold"));
}

/* Memory of the dead VM that somebody has still */
TEST_F(hold, memory_lives_on)
{
	struct vcpunuma_cmd_reserve cmd = request("hold", LONG);
	struct answer a;
	int mem;

	ASSERT_EQ(0, reserve(self->vm, &cmd, &a));
	mem = vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, PAGE_2M,
			    a.chunk[0].node, 0);
	close(self->vm);
	EXPECT_TRUE(is_owned(a.place[0].cpu));
	EXPECT_EQ(PAGE_2M, vn_populated(mem));
	self->vm = vn_open();
	cmd = request("hold", LONG);
	ASSERT_EQ(0, reserve(self->vm, &cmd, &a));
	EXPECT_EQ(1, cmd.out_resumed);
	close(vn_mem_create(self->vm, VCPUNUMA_MEM_POPULATE, PAGE_2M,
			    a.chunk[0].node, 0));
	close(mem);
}

TEST(expires)
{
	struct vcpunuma_cmd_reserve cmd = request("short", 1);
	struct answer a;

	ASSERT_EQ(0, reserve_and_die(&cmd, &a));
	EXPECT_TRUE(vn_eventually(!is_owned(a.place[0].cpu)));
}

TEST(room_for_answer)
{
	struct vcpunuma_cmd_reserve cmd = request("room", LONG), again;
	struct answer a, b;
	int vm;

	cmd.nr_vcpus = 2;
	cmd.nr_vnodes = 2;
	cmd.max_nodes = 0;
	cmd.mem = 2 * PAGE_2M;
	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	again = cmd;
	again.grace = 0;
	ASSERT_EQ(0, reserve_and_die(&cmd, &a));
	ASSERT_LE(2, cmd.nr_chunks);
	vm = vn_open();
	EXPECT_EQ(-EMSGSIZE, __vn_reserve(vm, &again, b.place, 2, b.chunk, 1));
	EXPECT_EQ(cmd.nr_chunks, again.nr_chunks);
	EXPECT_EQ(-ENOENT, vn_state(vm, 0));
	EXPECT_EQ(0, reserve(vm, &again, &b));
	EXPECT_EQ(1, again.out_resumed);
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
	close(vm);
}

/* vCPUs that float over CPUs of which the successor may use none, or too few */
TEST(other_cpus)
{
	struct vcpunuma_cmd_reserve cmd = request("float", LONG), again;
	const struct vn_host *h = vn_host();
	struct vn_set all, rest;
	struct answer a;
	int vm = vn_open();

	cmd.cpu_policy = VCPUNUMA_CPU_SHARED;
	again = cmd;
	again.grace = 0;
	ASSERT_EQ(0, reserve_and_die(&cmd, &a));
	vn_getaffinity(0, &all);
	rest = all;
	for (int cpu = 0; cpu < VN_CPUS; cpu++)
		if (vn_set_has(&h->node_cpus[a.place[0].node], cpu))
			vn_set_del(&rest, cpu);
	if (vn_set_weight(&rest)) {
		vn_setaffinity(0, &rest);
		EXPECT_EQ(0, reserve(vm, &again, &a));
		EXPECT_EQ(0, again.out_resumed);
		EXPECT_EQ(0, __vn_bind(vm, 0, VCPUNUMA_BIND_PLACE, 0, 0, NULL));
		vn_unbind(vm, 0);
		vn_setaffinity(0, &all);
	}
	close(vm);
	end_hold("float");
	if (!vn_set_weight(&rest))
		SKIP(return, "CPUs on one node only");
}

static long die_reserved(void *arg, int fd)
{
	struct vcpunuma_cmd_reserve cmd = request("killed", LONG);
	struct answer a;
	int err;

	(void)arg;
	(void)fd;
	err = reserve(__vn_open(), &cmd, &a);
	return err ?: (long)a.place[0].cpu;
}

TEST(killed)
{
	struct vcpunuma_cmd_reserve cmd = request("killed", 0);
	struct vn_child vmm;
	struct answer a;
	long cpu;

	vn_child_start(&vmm);
	cpu = vn_child_call(&vmm, die_reserved, NULL, -1);
	ASSERT_LE(0, cpu);
	vn_child_kill(&vmm);
	EXPECT_TRUE(is_owned(cpu));
	ASSERT_EQ(0, reserve_and_die(&cmd, &a));
	EXPECT_EQ(1, cmd.out_resumed);
	EXPECT_EQ((__u32)cpu, a.place[0].cpu);
	EXPECT_FALSE(is_owned(cpu));
}

TEST(values)
{
	struct vcpunuma_cmd_reserve cmd;
	struct answer a;
	int vm = vn_open();

	cmd = request("", 1);
	EXPECT_EQ(-EINVAL, reserve(vm, &cmd, &a));
	cmd = request("x", LONG + 1);
	EXPECT_EQ(-EINVAL, reserve(vm, &cmd, &a));
	cmd = request("x", ~0U);
	EXPECT_EQ(-EINVAL, reserve(vm, &cmd, &a));
	EXPECT_EQ(-ENOENT, vn_state(vm, 0));
	close(vm);
}

TEST_HARNESS_MAIN
