// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are kept ready, zeroed: the parameter warm_mem. Where they are,
 * who gets them, who does not, and that they are given back.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "memory.h"

#include <sys/mount.h>
#include <sys/stat.h>

#define DEBUGFS		"/sys/kernel/debug"
#define REPORT		DEBUGFS "/vcpunuma/report"
#define WARM		16	/* MiB of a node */

FIXTURE(warm) {
	const struct vn_host *host;
	int fd;
	int first;
	int last;
	int nodes;
	char before[256];	/* what the parameter was */
};

FIXTURE_SETUP(warm)
{
	if (access(DEBUGFS "/vcpunuma", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	self->host = vn_host();
	self->nodes = vn_set_weight(&self->host->has_memory);
	self->first = vn_set_first(&self->host->has_memory);
	self->last = vn_set_nth(&self->host->has_memory, self->nodes - 1);
	ASSERT_EQ(0, __vn_parameter_read("warm_mem", self->before,
					 sizeof(self->before)));
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(warm)
{
	close(self->fd);
	__vn_parameter_write("warm_mem", "0");
}

/* MiB kept ready on a node, by the report; 0 if it says nothing of it. */
static long long warm_on(int node)
{
	static char text[1 << 20];
	char begin[32], *line, *end, *word, *comma;

	if (__vn_read_file(REPORT, text, sizeof(text)))
		return -1;
	snprintf(begin, sizeof(begin), "\nNode %d:", node);
	line = strstr(text, begin);
	if (!line)
		return -1;
	end = strchr(line + 1, '\n');
	if (end)
		*end = 0;
	word = strstr(line, " MiB of it warm");
	if (!word)
		return 0;
	*word = 0;
	comma = strrchr(line, ',');
	return comma ? atoll(comma + 1) : -1;
}

/* What is wrong, as text, if there are not so many before long; or "" */
static const char *not_warm(int mib, int node)
{
	static char text[64];

	text[0] = 0;
	if (!vn_eventually(warm_on(node) == mib))
		snprintf(text, sizeof(text), "node %d: %lld MiB, not %d", node,
			 warm_on(node), mib);
	return text;
}

#define EXPECT_WARM(mib, node)	EXPECT_STREQ("", not_warm(mib, node))

/* "NODE:MiB" */
static int warm(int node, int mib)
{
	char text[32];

	snprintf(text, sizeof(text), "%d:%d", node, mib);
	return __vn_parameter_write("warm_mem", text);
}

TEST_F(warm, none_unless_asked_for)
{
	int node;

	for (node = -1; vn_set_step(&self->host->has_memory, &node);)
		EXPECT_EQ(0, warm_on(node));
}

/* On each node, and gone with the parameter */
TEST_F(warm, filled)
{
	long long free[VN_NODES] = {};
	int node;

	vn_settle();
	for (node = -1; vn_set_step(&self->host->has_memory, &node);)
		free[node] = vn_free(node);
	ASSERT_EQ(0, __vn_parameter_write("warm_mem", "16"));
	for (node = -1; vn_set_step(&self->host->has_memory, &node);) {
		EXPECT_WARM(WARM, node);
		EXPECT_LT(8 * MIB, free[node] - vn_free(node));
		EXPECT_GT(32 * MIB, free[node] - vn_free(node));
	}
	ASSERT_EQ(0, __vn_parameter_write("warm_mem", "0"));
	for (node = -1; vn_set_step(&self->host->has_memory, &node);) {
		EXPECT_WARM(0, node);
		EXPECT_TRUE(vn_eventually(vn_free(node) >
					  free[node] - 8 * MIB)) {
			TH_LOG("node %d: %lld free, then %lld", node,
			       free[node], vn_free(node));
		}
	}
}

TEST_F(warm, nodes)
{
	char text[64];

	if (self->nodes < 2)
		SKIP(return, "one node with memory");
	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	EXPECT_EQ(0, warm_on(self->first));
	snprintf(text, sizeof(text), "%d:8,%d:4", self->first, self->last);
	ASSERT_EQ(0, __vn_parameter_write("warm_mem", text));
	EXPECT_WARM(8, self->first);
	EXPECT_WARM(4, self->last);
	/* Once more as it is shown */
	ASSERT_EQ(0, __vn_parameter_read("warm_mem", text, sizeof(text)));
	ASSERT_EQ(0, __vn_parameter_write("warm_mem", text));
	EXPECT_WARM(8, self->first);
	EXPECT_WARM(4, self->last);
}

/* What makes no sense changes nothing. */
TEST_F(warm, wrong)
{
	static const char * const wrong[] = {
		"x", "-1", "0:", ":4", "0:4,", "0:4;1:4", "0:x", "0:-4",
		"99999999999999999999", "0:99999999999999999999",
		"4294967296:4", "1024:4", "0:4 1:4", "0:4,0:4:4", "0x10:", ",",
	};
	char text[256];
	int err;

	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		err = __vn_parameter_write("warm_mem", wrong[i]);
		EXPECT_TRUE(err == -EINVAL || err == -ERANGE ||
			    err == -ENODEV) {
			TH_LOG("%s: %d", wrong[i], err);
		}
	}
	snprintf(text, sizeof(text), "%d:4", vn_absent_node());
	err = __vn_parameter_write("warm_mem", text);
	EXPECT_TRUE(err == 0 || err == -ENODEV || err == -EINVAL);
	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
}

/* Objects are made of it, and it is filled again. */
TEST_F(warm, taken)
{
	size_t length = 8 * MIB;
	struct vcpunuma_cmd_mem_query cmd;
	long long least = WARM;
	char *at;
	int mem;

	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	for (int i = 0; i < 20 && least == WARM; i++) {
		mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, length,
				    self->last, 0);
		least = warm_on(self->last);
		at = vn_map(mem, length);
		EXPECT_TRUE(vn_is_zero(at, length));
		memset(at, 0xa5, length);
		EXPECT_ON_NODE(at, length, self->last);
		EXPECT_EQ((long long)length, vn_smaps(at, "FilePmdMapped"));
		vn_mem_query(mem, &cmd, NULL, 0);
		EXPECT_EQ(length, cmd.out_populated);
		EXPECT_EQ(0, cmd.out_remote);
		munmap(at, length);
		close(mem);
		EXPECT_WARM(WARM, self->last);
	}
	EXPECT_GT(WARM, least);
}

/* On a touch as well */
TEST_F(warm, touched)
{
	size_t length = 8 * MIB;
	long long least = WARM;
	char *at;
	int mem;

	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	for (int i = 0; i < 20 && least == WARM; i++) {
		mem = vn_mem_create(self->fd, 0, length, self->last, 0);
		at = vn_map(mem, length);
		for (size_t k = 0; k < length; k += PAGE_2M)
			at[k] = 1;
		least = warm_on(self->last);
		munmap(at, length);
		close(mem);
		EXPECT_WARM(WARM, self->last);
	}
	EXPECT_GT(WARM, least);
}

/* Zero, whoever had it before, more often than there is of it. */
TEST_F(warm, zeroed)
{
	size_t length = 32 * MIB;

	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	for (int i = 0; i < 6; i++) {
		int mem = vn_mem_create(self->fd, i % 2 ? VCPUNUMA_MEM_POPULATE :
					0, length, self->last, 0);
		char *at = vn_map(mem, length);

		ASSERT_TRUE(vn_is_zero(at, length));
		memset(at, 0xa5, length);
		munmap(at, length);
		close(mem);
		usleep(20000 * i);
	}
}

/*
 * What is warm is no less to be had than what is free. Not all of either is: below
 * the watermarks, and in each processor's own list of pages given back, of which
 * those of 2 MiB are not split, there may be 60 MiB of a node.
 */
TEST_F(warm, is_not_lost)
{
	size_t length;
	int mem;

	if (self->nodes < 2)
		SKIP(return, "one node with memory");
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	vn_settle();
	length = (vn_free(self->last) / 10 * 8) & -PAGE_2M;
	ASSERT_EQ(0, warm(self->last, 128));
	EXPECT_WARM(128, self->last);
	mem = __vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, length,
			      self->last, 12);
	EXPECT_LE(0, mem) {
		TH_LOG("%zu MiB with %lld MiB warm: %s", length / MIB,
		       warm_on(self->last), strerror(-mem));
	}
	close(mem);
}

/* Nor is another node's memory taken before it. */
TEST_F(warm, comes_before_others)
{
	struct vcpunuma_node_bytes bytes[VN_NODES];
	struct vcpunuma_cmd_mem_query cmd;
	struct vcpunuma_mem_range range = {
		.policy = VCPUNUMA_MEM_PREFERRED,
		.node = self->last,
	};
	int mem;

	if (self->nodes < 2)
		SKIP(return, "one node with memory");
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	vn_settle();
	range.length = (vn_free(self->last) / 10 * 8) & -PAGE_2M;
	ASSERT_EQ(0, warm(self->last, 128));
	EXPECT_WARM(128, self->last);
	mem = vn_mem_create_ranges(self->fd, 0, 12, &range, 1);
	ASSERT_EQ(0, __vn_mem_populate(mem, 0, range.length, 0));
	ASSERT_EQ(0, __vn_mem_query(mem, &cmd, bytes, ARRAY_SIZE(bytes)));
	EXPECT_EQ(0, cmd.out_remote) {
		TH_LOG("of %llu MiB", range.length / MIB);
	}
	close(mem);
}

/* Who needs memory gets it: a program that fills the node. */
TEST_F(warm, pressure)
{
	struct vn_set set = vn_set_of(self->last);
	long long least = 128;
	size_t length;
	char *at;

	if (self->nodes < 2)
		SKIP(return, "one node with memory");
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	ASSERT_EQ(0, warm(self->last, 128));
	EXPECT_WARM(128, self->last);
	vn_settle();
	length = (vn_free(self->last) + 48 * MIB) & -PAGE_2M;
	at = mmap(NULL, length, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	madvise(at, length, MADV_NOHUGEPAGE);
	ASSERT_EQ(0, __vn_mbind(at, length, MPOL_PREFERRED, &set));
	for (size_t i = 0; i < length; i += MIB) {
		vn_touch(at + i, MIB);
		if (warm_on(self->last) < least)
			least = warm_on(self->last);
	}
	EXPECT_GT(128, least);
	vn_note("%lld of 128 MiB were left", least);
	munmap(at, length);
	EXPECT_WARM(128, self->last);
}

/* A control group that has a limit pays for what it gets: from elsewhere. */

struct made {
	int node;
	size_t length;
};

static int child_mem = -1;

static long child_create(void *arg, int fd)
{
	const struct made *made = arg;

	child_mem = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, made->length,
				    made->node, 0);
	return child_mem < 0 ? child_mem : 0;
}

static long child_close(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return close(child_mem) ? -errno : 0;
}

TEST_F(warm, not_for_limited_groups)
{
	struct made *made = vn_shared(sizeof(*made));
	struct vn_cgroup cg;
	struct vn_child c;
	long long charged;
	int err;

	ASSERT_NE(MAP_FAILED, made);
	*made = (struct made) { self->last, 8 * MIB };
	err = __vn_cgroup_make(&cg, "warm", "+memory");
	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", "64M"));
	vn_child_start(&c);
	EXPECT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	for (int i = 0; i < 8; i++) {
		charged = vn_cgroup_charged(&cg);
		ASSERT_EQ(0, vn_child_call(&c, child_create, made, self->fd));
		EXPECT_EQ(WARM, warm_on(self->last));
		/* The kernel charges 64 pages ahead for each processor. */
		EXPECT_LE(7 * MIB, vn_cgroup_charged(&cg) - charged);
		ASSERT_EQ(0, vn_child_call(&c, child_close, NULL, -1));
	}
	made->length = 96 * MIB;
	EXPECT_EQ(-ENOMEM, vn_child_call(&c, child_create, made, self->fd));
	vn_child_stop(&c);
	vn_cgroup_remove(&cg);
}

/* Not either where the limit is of a group above it. */
TEST_F(warm, not_for_groups_below)
{
	struct made *made = vn_shared(sizeof(*made));
	struct vn_cgroup cg, below;
	struct vn_child c;
	int err;

	ASSERT_NE(MAP_FAILED, made);
	*made = (struct made) { self->last, 8 * MIB };
	err = __vn_cgroup_make(&cg, "warm", "+memory");
	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", "64M"));
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "cgroup.subtree_control",
				       "+memory"));
	snprintf(below.path, sizeof(below.path), "%.200s/below", cg.path);
	ASSERT_EQ(0, mkdir(below.path, 0755));
	vn_child_start(&c);
	EXPECT_EQ(0, __vn_cgroup_move(&below, c.pid));
	ASSERT_EQ(0, warm(self->last, WARM));
	EXPECT_WARM(WARM, self->last);
	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, vn_child_call(&c, child_create, made, self->fd));
		EXPECT_EQ(WARM, warm_on(self->last));
		ASSERT_EQ(0, vn_child_call(&c, child_close, NULL, -1));
	}
	vn_child_stop(&c);
	vn_cgroup_remove(&below);
	vn_cgroup_remove(&cg);
}

/* Changed over and over while objects come and go */
TEST_F(warm, changed)
{
	long long before = vn_free(self->last);

	for (int i = 0; i < 60; i++) {
		int mem;

		ASSERT_EQ(0, warm(self->last, i % 4 * 16));
		mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, 8 * MIB,
				    self->last, 0);
		close(mem);
	}
	ASSERT_EQ(0, __vn_parameter_write("warm_mem", "0"));
	EXPECT_WARM(0, self->last);
	EXPECT_TRUE(vn_eventually(vn_free(self->last) > before - 24 * MIB));
}

/* It goes with the module. */
TEST_F(warm, unloaded)
{
	struct vn_before before;
	int file = vn_module_open(), err;

	if (file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	close(self->fd);
	self->fd = -1;
	vn_before_read(&before);
	ASSERT_EQ(0, __vn_parameter_write("warm_mem", "48"));
	EXPECT_WARM(48, self->last);
	err = __vn_module_remove();
	EXPECT_EQ(0, err);
	/* The programs after this one need it. */
	if (!err)
		ASSERT_EQ(0, __vn_module_load(file));
	close(file);
	EXPECT_EQ(0, warm_on(self->last));
	EXPECT_STREQ("", vn_not_back(&before));
}

TEST_HARNESS_MAIN
