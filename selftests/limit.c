// SPDX-License-Identifier: GPL-2.0
/*
 * Limits hold for whoever comes in whatever way: several processes at once,
 * several VMs, descriptors that were passed on, a user namespace.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define LIMIT		(8 * MIB)
#define PROCESSES	4
#define VMS		3

/* What the processes of the user got, all together */
struct sum {
	int node;
	size_t length;
	long objects;
	int err;		/* why not more; 0: not known yet */
	int odd;		/* an error that was not all of theirs */
};

FIXTURE(limit) {
	int node;
	struct sum *sum;	/* shared with the user */
	int vm[VMS];
	struct vn_child user;
};

static long child_limits(void *unused, int fd)
{
	struct rlimit memlock = { LIMIT, LIMIT };
	struct rlimit files = { 4096, 4096 };

	(void)unused;
	(void)fd;
	if (setrlimit(RLIMIT_MEMLOCK, &memlock) ||
	    setrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	return __vn_drop(VN_NOBODY);
}

FIXTURE_SETUP(limit)
{
	self->node = vn_set_first(&vn_host()->has_memory);
	for (int i = 0; i < VMS; i++)
		self->vm[i] = vn_open();
	self->sum = vn_shared(sizeof(*self->sum));
	ASSERT_NE(MAP_FAILED, (void *)self->sum);
	vn_child_start(&self->user);
	ASSERT_EQ(0, vn_child_call(&self->user, child_limits, NULL, -1));
}

FIXTURE_TEARDOWN(limit)
{
	vn_child_kill(&self->user);
	for (int i = 0; i < VMS; i++)
		close(self->vm[i]);
}

/* VMs that were handed to the user */
static int handed[VMS + 1];
static int nr_handed;

static long child_take(void *unused, int fd)
{
	(void)unused;
	handed[nr_handed++] = fd;
	return 0;
}

#define hand_over(n)							\
	for (int __i = 0; __i < (n); __i++)				\
		ASSERT_EQ(0, vn_child_call(&self->user, child_take, NULL, \
					   self->vm[__i]))

/* Creates until it is refused; keeps all. */
static void create_all(struct sum *sum, int from)
{
	int i, fd = 0;

	for (i = from; fd >= 0; i++) {
		fd = __vn_mem_create(handed[i % nr_handed], 0, sum->length,
				     sum->node, 12);
		if (fd >= 0)
			__atomic_fetch_add(&sum->objects, 1, __ATOMIC_RELAXED);
	}
	if (!sum->err)
		sum->err = fd;
	if (sum->err != fd)
		sum->odd = fd;
}

/* The same in several processes at once, which then end together. */
static long child_create_all(void *arg, int fd)
{
	struct sum *sum = arg;
	pid_t pids[PROCESSES];
	int sync[2], done[2];
	char c;

	(void)fd;
	if (pipe(sync) || pipe(done))
		return -errno;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		close(sync[1]);
		create_all(sum, i);
		if (write(done[1], "x", 1) != 1)
			_exit(1);
		/* To the end of file: all have what they have until then. */
		while (read(sync[0], &c, 1) > 0)
			;
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		if (read(done[0], &c, 1) != 1)
			return -EPIPE;
	/* Nor can this one have any, with all of theirs in use. */
	create_all(sum, 0);
	close(sync[1]);
	for (int i = 0; i < PROCESSES; i++)
		waitpid(pids[i], NULL, 0);
	close(sync[0]);
	close(done[0]);
	close(done[1]);
	return 0;
}

#define EXPECT_SUM(number, length_of_each) do {				\
	*self->sum = (struct sum) {					\
		.node = self->node,					\
		.length = (length_of_each),				\
	};								\
	EXPECT_EQ(0, vn_child_call(&self->user, child_create_all,	\
				   self->sum, -1));			\
	EXPECT_EQ(number, self->sum->objects);				\
	EXPECT_EQ(-EDQUOT, self->sum->err);				\
	EXPECT_EQ(0, self->sum->odd);					\
} while (0)

/* Locked memory is the user's, in however many processes. */
TEST_F(limit, memlock_forked)
{
	hand_over(1);
	EXPECT_SUM(LIMIT / (64 * KIB), 64 * KIB);
	/* It all came back. */
	EXPECT_SUM(LIMIT / (64 * KIB), 64 * KIB);
}

/* In however many VMs */
TEST_F(limit, memlock_vms)
{
	hand_over(VMS);
	EXPECT_SUM(LIMIT / (64 * KIB), 64 * KIB);
}

static long child_create(void *length, int fd)
{
	(void)fd;
	return __vn_mem_create(handed[0], 0, (long)length,
			       vn_set_first(&vn_host()->has_memory), 12);
}

static long child_raise(void *unused, int fd)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)unused;
	(void)fd;
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

TEST_F(limit, memlock_not_raised)
{
	hand_over(1);
	EXPECT_EQ(-EPERM, vn_child_call(&self->user, child_raise, NULL, -1));
	EXPECT_EQ(-EDQUOT, vn_child_call(&self->user, child_create,
					 (void *)(LIMIT + PAGE_4K), -1));
}

/* What was given away is still the giver's: to root, and to itself. */
TEST_F(limit, memlock_given_away)
{
	int given;
	long fd;

	hand_over(1);
	fd = vn_child_call(&self->user, child_create, (void *)LIMIT, -1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vn_child_call(&self->user, vn_child_send, (void *)fd,
				   -1));
	given = self->user.reply;
	ASSERT_LE(0, given);
	EXPECT_EQ(0, vn_child_call(&self->user, vn_child_close, (void *)fd,
				   -1));
	EXPECT_EQ(-EDQUOT, vn_child_call(&self->user, child_create,
					 (void *)PAGE_4K, -1));
	close(given);
	EXPECT_LE(0, vn_child_call(&self->user, child_create, (void *)LIMIT,
				   -1));
}

static long child_user_namespace(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return unshare(CLONE_NEWUSER) ? -errno : 0;
}

/* Has CAP_IPC_LOCK and CAP_SYS_RESOURCE there, which is not here. */
TEST_F(limit, memlock_user_namespace)
{
	long err;

	hand_over(1);
	err = vn_child_call(&self->user, child_user_namespace, NULL, -1);
	if (err)
		SKIP(return, "no user namespace: %s", strerror(-err));
	EXPECT_EQ(-EPERM, vn_child_call(&self->user, child_raise, NULL, -1));
	EXPECT_SUM(LIMIT / (64 * KIB), 64 * KIB);
}

/* Objects are the VM's, whoever creates them. */
TEST_F(limit, objects)
{
	struct rlimit files = { 8192, 8192 };
	struct vcpunuma_cmd_info info;
	int mem;

	vn_info(self->vm[0], &info);
	ASSERT_GT(files.rlim_cur, info.out_max_mems);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	hand_over(1);
	/* All but some are root's, so that it is not memory that ends first. */
	mem = vn_mem_create(self->vm[0], 0, PAGE_4K, self->node, 12);
	for (unsigned int i = 1025; i < info.out_max_mems; i++)
		vn_mem_create(self->vm[0], 0, PAGE_4K, self->node, 12);
	EXPECT_SUM(1024, PAGE_4K);
	close(mem);
	EXPECT_SUM(1025, PAGE_4K);
}

static long child_vcpu(void *id, int fd)
{
	(void)fd;
	return __vn_bind(handed[0], (long)id, VCPUNUMA_BIND_NODE,
			 vn_set_first(&vn_host()->has_cpu), 0, NULL);
}

static long child_configure(void *nr, int fd)
{
	(void)fd;
	return __vn_configure(handed[0], (long)nr, 0, NULL);
}

/* Ids of vCPUs, and how many there may be */
TEST_F(limit, vcpus)
{
	struct vcpunuma_cmd_info info;
	long max;

	vn_info(self->vm[0], &info);
	max = info.out_max_vcpus;
	hand_over(1);
	EXPECT_EQ(0, vn_child_call(&self->user, child_configure, (void *)max,
				   -1));
	EXPECT_EQ(-EINVAL, vn_child_call(&self->user, child_configure,
					 (void *)(max + 1), -1));
	EXPECT_EQ(-EINVAL, vn_child_call(&self->user, child_vcpu, (void *)max,
					 -1));
	EXPECT_EQ(0, vn_child_call(&self->user, child_vcpu, (void *)(max - 1),
				   -1));
}

TEST_HARNESS_MAIN
