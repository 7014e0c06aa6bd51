// SPDX-License-Identifier: GPL-2.0
/*
 * What an unprivileged user may have: parameters of the module.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <sys/resource.h>
#include <sys/stat.h>

#define PARAMETERS	"/sys/module/vcpunuma/parameters/"

static const char * const names[] = {
	"user_vms", "user_vcpus", "user_mem", "vm_vcpus", "vm_mem",
};

FIXTURE(quota) {
	char before[ARRAY_SIZE(names)][16];
	mode_t mode;
	int node;
	struct vn_child user;
};

static int set(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return __vn_write_file(path, value);
}

#define limit(name, value)	ASSERT_EQ(0, set(name, value))

static long user_drop(void *unused, int fd)
{
	struct rlimit memlock = { 64 * MIB, 64 * MIB };

	(void)unused;
	(void)fd;
	if (setrlimit(RLIMIT_MEMLOCK, &memlock))
		return -errno;
	return __vn_drop(VN_NOBODY);
}

FIXTURE_SETUP(quota)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), PARAMETERS "%s", names[i]);
		ASSERT_LE(0, __vn_read_file(path, self->before[i],
					    sizeof(self->before[i])));
	}
	self->node = vn_set_first(&vn_host()->has_memory);
	ASSERT_EQ(0, stat(VCPUNUMA_DEVICE, &st));
	self->mode = st.st_mode & 07777;
	ASSERT_EQ(0, chmod(VCPUNUMA_DEVICE, 0666));
	vn_child_start(&self->user);
	ASSERT_EQ(0, vn_child_call(&self->user, user_drop, NULL, -1));
}

FIXTURE_TEARDOWN(quota)
{
	vn_child_kill(&self->user);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		set(names[i], self->before[i]);
	chmod(VCPUNUMA_DEVICE, self->mode);
}

/* What the user does: numbers of descriptors, 0, or -errno */

struct want {
	int vm;
	unsigned int nr;
	long mem;
	int node;
	const char *name;
	unsigned int grace;
};

static long do_open(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return __vn_open();
}

static long do_configure(void *arg, int fd)
{
	const struct want *w = arg;

	(void)fd;
	return __vn_configure(w->vm, w->nr, 0, NULL);
}

static long do_create(void *arg, int fd)
{
	const struct want *w = arg;

	(void)fd;
	return __vn_mem_create(w->vm, 0, w->mem, w->node, 0);
}

static long do_reserve(void *arg, int fd)
{
	const struct want *w = arg;
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = w->nr, .mem = w->mem, .grace = w->grace,
	};
	int err;

	(void)fd;
	if (w->name)
		strcpy(cmd.name, w->name);
	err = __vn_reserve(w->vm, &cmd, NULL, 0, NULL, 0);
	return err ?: (long)cmd.out_resumed;
}

/* Children get addresses, and have what was there when they began. */
static struct want *want;

#define USER(fn, ...) ({						\
	*want = (struct want) { __VA_ARGS__ };				\
	vn_child_call(&self->user, fn, want, -1);			\
})
#define USER_CLOSE(fd) \
	vn_child_call(&self->user, vn_child_close, (void *)(fd), -1)

static __attribute__((constructor)) void share(void)
{
	want = vn_shared(sizeof(*want));
}

TEST_F(quota, vms)
{
	long a, b;
	int mine;

	limit("user_vms", "2");
	a = USER(do_open);
	b = USER(do_open);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	EXPECT_EQ(-EDQUOT, USER(do_open));
	/* Who may go beyond limits has none. */
	mine = vn_open();
	close(mine);
	EXPECT_EQ(0, USER_CLOSE(a));
	a = USER(do_open);
	EXPECT_LE(0, a);
	EXPECT_EQ(-EDQUOT, USER(do_open));
	limit("user_vms", "0");
	EXPECT_LE(0, USER(do_open));
}

TEST_F(quota, vcpus)
{
	long a, b;

	limit("user_vcpus", "3");
	a = USER(do_open);
	b = USER(do_open);
	ASSERT_LE(0, b);
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = a, .nr = 4));
	EXPECT_EQ(0, USER(do_configure, .vm = a, .nr = 2));
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = b, .nr = 2));
	EXPECT_EQ(-EDQUOT, USER(do_reserve, .vm = b, .nr = 2));
	EXPECT_EQ(0, USER(do_reserve, .vm = b, .nr = 1));
	EXPECT_EQ(0, USER_CLOSE(a));
	a = USER(do_open);
	EXPECT_EQ(0, USER(do_configure, .vm = a, .nr = 2));
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = a, .nr = 3));
}

/* A place that is kept for a VM that is gone counts like that of one that is not. */
TEST_F(quota, vcpus_of_a_place_kept)
{
	long a, b;

	limit("user_vcpus", "2");
	a = USER(do_open);
	b = USER(do_open);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, USER(do_reserve, .vm = a, .nr = 2, .name = "kept",
			  .grace = VCPUNUMA_MAX_GRACE));
	EXPECT_EQ(0, USER_CLOSE(a));
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = b, .nr = 1));
	EXPECT_EQ(-EDQUOT, USER(do_reserve, .vm = b, .nr = 1, .name = "other",
				.grace = VCPUNUMA_MAX_GRACE));
	/* Who takes it over needs no more than what it is. */
	EXPECT_EQ(1, USER(do_reserve, .vm = b, .nr = 2, .name = "kept",
			  .grace = VCPUNUMA_MAX_GRACE));
	a = USER(do_open);
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = a, .nr = 1));
	EXPECT_EQ(0, USER_CLOSE(b));
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = a, .nr = 1));
	/* Nor who wants something else of that name, which ends it */
	EXPECT_EQ(0, USER(do_reserve, .vm = a, .nr = 1, .name = "kept"));
	b = USER(do_open);
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = b, .nr = 2));
	EXPECT_EQ(0, USER_CLOSE(a));
	EXPECT_EQ(0, USER(do_configure, .vm = b, .nr = 2));
}

TEST_F(quota, memory)
{
	long a, b, mem;

	limit("user_mem", "6");
	a = USER(do_open);
	b = USER(do_open);
	ASSERT_LE(0, b);
	EXPECT_EQ(-EDQUOT, USER(do_create, .vm = a, .mem = 4 * PAGE_2M,
				.node = self->node));
	mem = USER(do_create, .vm = a, .mem = 2 * PAGE_2M, .node = self->node);
	ASSERT_LE(0, mem);
	EXPECT_EQ(-EDQUOT, USER(do_reserve, .vm = b, .nr = 1,
				.mem = 2 * PAGE_2M));
	EXPECT_EQ(0, USER(do_reserve, .vm = b, .nr = 1, .mem = PAGE_2M));
	EXPECT_EQ(-EDQUOT, USER(do_create, .vm = a, .mem = PAGE_2M,
				.node = self->node));
	/* It counts as long as it is there. */
	EXPECT_EQ(0, USER_CLOSE(a));
	a = USER(do_open);
	EXPECT_EQ(-EDQUOT, USER(do_create, .vm = a, .mem = PAGE_2M,
				.node = self->node));
	EXPECT_EQ(0, USER_CLOSE(mem));
	EXPECT_LE(0, USER(do_create, .vm = a, .mem = 2 * PAGE_2M,
			  .node = self->node));
}

TEST_F(quota, of_a_vm)
{
	long a;

	limit("vm_vcpus", "2");
	limit("vm_mem", "2");
	a = USER(do_open);
	ASSERT_LE(0, a);
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = a, .nr = 3));
	EXPECT_EQ(0, USER(do_configure, .vm = a, .nr = 2));
	EXPECT_EQ(-EDQUOT, USER(do_create, .vm = a, .mem = 2 * PAGE_2M,
				.node = self->node));
	EXPECT_LE(0, USER(do_create, .vm = a, .mem = PAGE_2M,
			  .node = self->node));
	/* Those there are keep theirs, new ones have new ones. */
	limit("vm_vcpus", "0");
	EXPECT_EQ(-EDQUOT, USER(do_configure, .vm = a, .nr = 3));
	a = USER(do_open);
	EXPECT_EQ(0, USER(do_configure, .vm = a, .nr = 3));
}

TEST_HARNESS_MAIN
