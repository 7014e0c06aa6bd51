// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: the device, and which threads a caller may bind.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <linux/capability.h>
#include <sys/stat.h>

#define OTHER_USER	65533

FIXTURE(permission) {
	int fd;
	struct vn_set all;
	int cpu;
	struct vn_set one;
	struct vn_child user;	/* unprivileged */
};

FIXTURE_SETUP(permission)
{
	vn_getaffinity(0, &self->all);
	self->cpu = vn_set_first(&self->all);
	self->one = vn_set_of(self->cpu);
	vn_child_start(&self->user);
	ASSERT_EQ(0, vn_child_call(&self->user, vn_child_drop,
				   (void *)VN_NOBODY, -1));
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(permission)
{
	vn_child_kill(&self->user);
	close(self->fd);
}

/* With the VM handed in, or already there: bind thread @tid as vCPU 0. */
static long child_vm = -1;

static long child_take(void *unused, int fd)
{
	(void)unused;
	child_vm = fd;
	return 0;
}

static long child_bind(void *tid, int fd)
{
	struct vn_set all;
	int err;

	(void)fd;
	err = __vn_getaffinity((long)tid, &all);
	if (err)
		return err;
	return __vn_bind(child_vm, 0, VCPUNUMA_BIND_CPU, vn_set_first(&all),
			 (long)tid, NULL);
}

static long child_unbind(void *vcpu, int fd)
{
	(void)fd;
	return __vn_unbind(child_vm, (long)vcpu);
}

#define USER_BIND(tid) \
	vn_child_call(&self->user, child_bind, (void *)(long)(tid), -1)

#define user_take() \
	ASSERT_EQ(0, vn_child_call(&self->user, child_take, NULL, self->fd))

TEST_F(permission, device)
{
	struct stat st;

	ASSERT_EQ(0, stat(VCPUNUMA_DEVICE, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(-EACCES, vn_child_call(&self->user, vn_child_open, NULL,
					 -1));
}

TEST_F(permission, own_threads)
{
	pid_t tid;

	user_take();
	EXPECT_EQ(0, USER_BIND(0));
	EXPECT_AFFINITY(&self->one, self->user.pid);
	EXPECT_EQ(0, vn_child_call(&self->user, child_unbind, (void *)0, -1));
	EXPECT_AFFINITY(&self->all, self->user.pid);
	tid = vn_child_call(&self->user, vn_child_thread, NULL, -1);
	ASSERT_LT(0, tid);
	EXPECT_EQ(0, USER_BIND(tid));
	EXPECT_AFFINITY(&self->one, tid);
}

TEST_F(permission, root)
{
	struct vn_child c;

	vn_child_start(&c);
	user_take();
	EXPECT_EQ(-EPERM, USER_BIND(c.pid));
	EXPECT_EQ(-EPERM, USER_BIND(getpid()));
	EXPECT_EQ(-EPERM, USER_BIND(1));
	EXPECT_AFFINITY(&self->all, c.pid);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
	vn_child_stop(&c);
}

/* Whichever is said first of a kernel thread, it is no. */
TEST_F(permission, kernel_thread)
{
	char before[512];
	long err;

	snprintf(before, sizeof(before), "%s", vn_affinity(2));
	user_take();
	err = USER_BIND(2);
	EXPECT_TRUE(err == -EPERM || err == -EINVAL) {
		TH_LOG("%s", strerror(-err));
	}
	EXPECT_STREQ(before, vn_affinity(2));
}

TEST_F(permission, same_user)
{
	struct vn_child c;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1));
	user_take();
	EXPECT_EQ(0, USER_BIND(c.pid));
	EXPECT_AFFINITY(&self->one, c.pid);
	vn_child_stop(&c);
}

TEST_F(permission, other_user)
{
	struct vn_child c;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)OTHER_USER, -1));
	user_take();
	EXPECT_EQ(-EPERM, USER_BIND(c.pid));
	EXPECT_AFFINITY(&self->all, c.pid);
	vn_child_stop(&c);
}

struct ids {
	uid_t real, effective, saved;
};

static long child_ids(void *arg, int fd)
{
	const struct ids *ids = arg;

	(void)fd;
	return setresuid(ids->real, ids->effective, ids->saved) ? -errno : 0;
}

/* The caller's effective user; the thread's real or effective one. */
TEST_F(permission, which_user)
{
	static const struct {
		struct ids thread;
		int err;
	} tests[] = {
		{ { VN_NOBODY, OTHER_USER, OTHER_USER }, 0 },
		{ { OTHER_USER, VN_NOBODY, OTHER_USER }, 0 },
		{ { OTHER_USER, OTHER_USER, VN_NOBODY }, -EPERM },
		{ { VN_NOBODY, 0, 0 }, 0 },
		{ { 0, 0, VN_NOBODY }, -EPERM },
	};

	user_take();
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		const struct ids *ids = &tests[i].thread;
		struct vn_child c;

		vn_child_start(&c);
		ASSERT_EQ(0, vn_child_call(&c, child_ids, (void *)ids, -1));
		EXPECT_EQ(tests[i].err, USER_BIND(c.pid)) {
			TH_LOG("real %u effective %u saved %u", ids->real,
			       ids->effective, ids->saved);
		}
		EXPECT_AFFINITY(tests[i].err ? &self->all : &self->one, c.pid);
		vn_child_kill(&c);
	}
}

TEST_F(permission, real_user_of_caller)
{
	static const struct ids ids = { VN_NOBODY, OTHER_USER, OTHER_USER };
	struct vn_child c;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_ids, (void *)&ids, -1));
	ASSERT_EQ(0, vn_child_call(&c, child_take, NULL, self->fd));
	EXPECT_EQ(-EPERM, vn_child_call(&c, child_bind,
					(void *)(long)self->user.pid, -1));
	EXPECT_AFFINITY(&self->all, self->user.pid);
	vn_child_stop(&c);
}

TEST_F(permission, sys_nice)
{
	static const struct vn_caps nice = { OTHER_USER, 1U << CAP_SYS_NICE };
	static const struct vn_caps all_but = {
		OTHER_USER, ~0U & ~(1U << CAP_SYS_NICE),
	};
	struct vn_child c;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, (void *)&nice, -1));
	ASSERT_EQ(0, vn_child_call(&c, child_take, NULL, self->fd));
	EXPECT_EQ(0, vn_child_call(&c, child_bind, (void *)(long)getpid(),
				   -1));
	EXPECT_AFFINITY(&self->one, 0);
	EXPECT_EQ(0, vn_child_call(&c, child_unbind, (void *)0, -1));
	EXPECT_EQ(0, vn_child_call(&c, child_bind,
				   (void *)(long)self->user.pid, -1));
	EXPECT_AFFINITY(&self->one, self->user.pid);
	vn_child_kill(&c);
	vn_unbind(self->fd, 0);

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, (void *)&all_but, -1));
	ASSERT_EQ(0, vn_child_call(&c, child_take, NULL, self->fd));
	EXPECT_EQ(-EPERM, vn_child_call(&c, child_bind,
					(void *)(long)getpid(), -1));
	EXPECT_AFFINITY(&self->all, 0);
	vn_child_kill(&c);
}

/* User 0 without the capability is a user like any. */
TEST_F(permission, root_without_capability)
{
	static const struct vn_caps none = { 0, 0 };
	struct vn_child c;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, (void *)&none, -1));
	ASSERT_EQ(0, vn_child_call(&c, child_take, NULL, self->fd));
	EXPECT_EQ(-EPERM, vn_child_call(&c, child_bind,
					(void *)(long)self->user.pid, -1));
	EXPECT_AFFINITY(&self->all, self->user.pid);
	EXPECT_EQ(0, vn_child_call(&c, child_bind, (void *)(long)getpid(),
				   -1));
	EXPECT_AFFINITY(&self->one, 0);
	vn_child_kill(&c);
}

static long child_user_namespace(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return unshare(CLONE_NEWUSER) ? -errno : 0;
}

/* All capabilities, but in a namespace that is not the thread's. */
TEST_F(permission, user_namespace)
{
	struct vn_child c;
	long err;

	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)OTHER_USER, -1));
	err = vn_child_call(&c, child_user_namespace, NULL, -1);
	if (err)
		SKIP(goto out, "no user namespace: %s", strerror(-err));
	ASSERT_EQ(0, vn_child_call(&c, child_take, NULL, self->fd));
	EXPECT_EQ(-EPERM, vn_child_call(&c, child_bind,
					(void *)(long)getpid(), -1));
	EXPECT_EQ(-EPERM, vn_child_call(&c, child_bind,
					(void *)(long)self->user.pid, -1));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_AFFINITY(&self->all, self->user.pid);
	EXPECT_EQ(0, vn_child_call(&c, child_bind, (void *)0, -1));
	EXPECT_AFFINITY(&self->one, c.pid);
	/* Root of the whole is root of it, too. */
	vn_bind_cpu(self->fd, 1, self->cpu, self->user.pid);
out:
	vn_child_kill(&c);
}

/*
 * A VM's end gives back what its beginning took, whoever ends it: root has
 * bound its own thread, and the last to close is not root.
 */
TEST_F(permission, closed_by_user)
{
	user_take();
	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	close(self->fd);
	self->fd = -1;
	EXPECT_AFFINITY(&self->one, 0);
	vn_child_kill(&self->user);
	EXPECT_TRUE(vn_eventually(!strcmp(vn_affinity(0),
					  vn_str(&self->all))));
	vn_child_start(&self->user);
}

/* What somebody else has bound is not for everybody to bind again. */
TEST_F(permission, bound_by_root)
{
	user_take();
	vn_bind_cpu(self->fd, 0, self->cpu, 0);
	EXPECT_EQ(-EPERM, USER_BIND(getpid()));
	EXPECT_AFFINITY(&self->one, 0);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
}

/* Whatever it is to be bound to, and by whatever name the thread goes. */
static long child_bind_all_ways(void *arg, int fd)
{
	long tid = (long)arg;
	int node = vn_set_first(&vn_host()->has_cpu);
	struct vn_set all;
	int ways[4];

	__vn_getaffinity(0, &all);
	ways[0] = __vn_bind(child_vm, 0, VCPUNUMA_BIND_PLACE, 0, tid, NULL);
	ways[1] = __vn_bind(child_vm, 1, VCPUNUMA_BIND_NODE, node, tid, NULL);
	ways[2] = __vn_bind_set(child_vm, 2, &all, tid, NULL);
	ways[3] = __vn_bind_pidfd(child_vm, 3, vn_set_first(&all), fd, tid);
	close(fd);
	for (int i = 0; i < 4; i++)
		if (ways[i] != -EPERM)
			return ways[i] ?: -EISCONN;
	return -EPERM;
}

TEST_F(permission, all_ways)
{
	int pidfd = vn_pidfd_open(getpid());

	ASSERT_LE(0, pidfd);
	user_take();
	ASSERT_EQ(0, __vn_configure(self->fd, 4, 0, NULL));
	EXPECT_EQ(-EPERM, vn_child_call(&self->user, child_bind_all_ways,
					(void *)(long)getpid(), pidfd));
	EXPECT_AFFINITY(&self->all, 0);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, vn_state(self->fd, i));
	close(pidfd);
}

/*
 * A thread that became another user's after it was bound is not moved again;
 * it can be let go.
 */
TEST_F(permission, became_anothers)
{
	static const struct ids before = { VN_NOBODY, VN_NOBODY, 0 };
	static const struct ids after = { 0, 0, 0 };
	struct vn_set last;
	struct vn_child c;

	last = vn_set_of(vn_set_nth(&self->all, vn_set_weight(&self->all) - 1));
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, child_ids, (void *)&before, -1));
	user_take();
	ASSERT_EQ(0, USER_BIND(c.pid));
	ASSERT_EQ(0, vn_child_call(&c, child_ids, (void *)&after, -1));
	EXPECT_EQ(-EPERM, USER_BIND(c.pid));
	EXPECT_AFFINITY(&self->one, c.pid);
	/* Its own choice stays when the user lets go. */
	vn_setaffinity(c.pid, &last);
	EXPECT_EQ(0, vn_child_call(&self->user, child_unbind, (void *)0, -1));
	EXPECT_AFFINITY(&last, c.pid);
	vn_child_kill(&c);
}

TEST_HARNESS_MAIN
