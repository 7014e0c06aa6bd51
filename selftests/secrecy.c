// SPDX-License-Identifier: GPL-2.0
/*
 * What one process must not learn of another: what was in memory before, and
 * what other VMs there are. (What commands write back: infoleak.c.)
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define SECRET		0x77

/* Memory that held something */

struct object {
	int node;
	unsigned int shift;
	size_t length;
};

FIXTURE(stale) {
	int node;
	int vm;
	struct vn_child other;
	size_t part;		/* a sixth of what is free on the node */
	struct object *object;	/* shared with it */
	unsigned char *held;	/* bitmap: page frames the other one filled */
};

#define MAX_FRAMES	(64UL * 1024 * 1024)	/* 256 GiB */

FIXTURE_SETUP(stale)
{
	int nodes = vn_set_weight(&vn_host()->has_memory);

	self->node = vn_set_nth(&vn_host()->has_memory, nodes - 1);
	self->part = vn_free(self->node) / 6 & -PAGE_2M;
	self->vm = vn_open();
	self->held = mmap(NULL, MAX_FRAMES / 8, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->held);
	self->object = vn_shared(sizeof(*self->object));
	ASSERT_NE(MAP_FAILED, (void *)self->object);
	vn_child_start(&self->other);
}

FIXTURE_TEARDOWN(stale)
{
	vn_child_kill(&self->other);
	close(self->vm);
}

static void *fill_at;

/* Fills @length bytes of the node's memory with the secret. */
static long child_fill(void *length, int fd)
{
	fill_at = mmap(NULL, (long)length, PROT_READ | PROT_WRITE, fd < 0 ?
		       MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	if (fill_at == MAP_FAILED)
		return -errno;
	memset(fill_at, SECRET, (long)length);
	return (long)fill_at;
}

static long child_on_node(void *node, int fd)
{
	struct vn_set nodes = vn_set_of((long)node);

	(void)fd;
	return syscall(__NR_set_mempolicy, MPOL_BIND, &nodes, VN_NODES) ?
		-errno : 0;
}

/*
 * Calls @each for the page frames of a mapping; returns how many it was for
 * which that returned true, or -errno.
 */
static long for_frames(pid_t pid, unsigned long at, size_t length,
		       unsigned char *held,
		       bool (*each)(unsigned char *held, unsigned long frame))
{
	__u64 entry[512];
	char path[64];
	long n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < length; done += 512 * PAGE_4K) {
		if (pread(fd, entry, sizeof(entry), (at + done) / PAGE_4K *
			  sizeof(entry[0])) != sizeof(entry)) {
			close(fd);
			return -EIO;
		}
		for (int i = 0; i < 512; i++) {
			unsigned long frame = entry[i] & ((1ULL << 55) - 1);

			if (entry[i] >> 63 && frame < MAX_FRAMES)
				n += each(held, frame);
		}
	}
	close(fd);
	return n;
}

static bool note_frame(unsigned char *held, unsigned long frame)
{
	held[frame / 8] |= 1 << frame % 8;
	return true;
}

/* cppcheck-suppress constParameter ; called as note_frame() is */
static bool was_held(unsigned char *held, unsigned long frame)
{
	return held[frame / 8] & 1 << frame % 8;
}

/* A kernel that clears memory by itself hides whether the module does. */
static bool kernel_clears(void)
{
	char line[4096] = "";

	__vn_read_file("/proc/cmdline", line, sizeof(line));
	return !strstr(line, "init_on_alloc=0") ||
	       !strstr(line, "init_on_free=0");
}

#define KERNEL_CLEARS \
	"this kernel may clear memory itself: boot with init_on_alloc=0 init_on_free=0"

/*
 * Objects of all kinds, made when the other one has gone: all zero, each. It
 * had four parts of six, and they take four: some must be the same pages.
 */
#define EXPECT_CLEAN() do {						\
	long __again = 0;						\
									\
	for (int __i = 0; __i < 4; __i++) {				\
		int __mem = vn_mem_create(self->vm, __i % 2 ?		\
					  VCPUNUMA_MEM_POPULATE : 0,	\
					  self->part, self->node,	\
					  __i / 2 ? 12 : 21);		\
		char *__at = vn_map(__mem, self->part);			\
									\
		EXPECT_TRUE(vn_is_zero(__at, self->part));		\
		__again += for_frames(getpid(), (unsigned long)__at,	\
				      self->part, self->held,		\
				      was_held);			\
	}								\
	vn_note("%ld of %ld pages had held the secret", __again,	\
		(long)(4 * self->part / PAGE_4K));			\
	EXPECT_LT(0, __again);						\
} while (0)

TEST_F(stale, of_a_process)
{
	size_t length = 4 * self->part;
	long at;

	if (kernel_clears())
		SKIP(return, KERNEL_CLEARS);
	ASSERT_EQ(0, vn_child_call(&self->other, child_on_node,
				   (void *)(long)self->node, -1));
	at = vn_child_call(&self->other, child_fill, (void *)length, -1);
	ASSERT_LT(0, at);
	ASSERT_LT(0, for_frames(self->other.pid, at, length, self->held,
				note_frame));
	vn_child_kill(&self->other);
	EXPECT_CLEAN();
	vn_child_start(&self->other);
}

static long child_punch(void *length, int fd)
{
	int err = 0;

	munmap(fill_at, (long)length);
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      (long)length))
		err = -errno;
	close(fd);
	return err;
}

/* The other one lives, and so does its file: only the pages have gone. */
TEST_F(stale, of_a_punched_file)
{
	size_t length = 4 * self->part;
	long at;
	int fd;

	if (kernel_clears())
		SKIP(return, KERNEL_CLEARS);
	fd = memfd_create("other", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, length));
	ASSERT_EQ(0, vn_child_call(&self->other, child_on_node,
				   (void *)(long)self->node, -1));
	at = vn_child_call(&self->other, child_fill, (void *)length, fd);
	ASSERT_LT(0, at);
	ASSERT_LT(0, for_frames(self->other.pid, at, length, self->held,
				note_frame));
	EXPECT_EQ(0, vn_child_call(&self->other, child_punch, (void *)length,
				   fd));
	EXPECT_CLEAN();
	close(fd);
}

static long child_object(void *arg, int fd)
{
	const struct object *o = arg;
	int mem = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, o->length,
				  o->node, o->shift);
	long at;

	if (mem < 0)
		return mem;
	at = child_fill((void *)o->length, mem);
	/* The mapping holds it. */
	close(mem);
	return at;
}

/* Another VM's memory, of either size */
TEST_F(stale, of_a_vm)
{
	long at;

	if (kernel_clears())
		SKIP(return, KERNEL_CLEARS);
	for (int i = 0; i < 2; i++) {
		*self->object = (struct object) {
			.node = self->node,
			.shift = i ? 12 : 21,
			.length = 2 * self->part,
		};
		at = vn_child_call(&self->other, child_object, self->object,
				   self->vm);
		ASSERT_LT(0, at);
		ASSERT_LT(0, for_frames(self->other.pid, at, 2 * self->part,
					self->held, note_frame));
	}
	vn_child_kill(&self->other);
	EXPECT_CLEAN();
	vn_child_start(&self->other);
}

/* Other VMs */

/* All that the commands tell, less memory that is free on the host. */
struct answers {
	struct vcpunuma_cmd_info info;
	struct vcpunuma_cmd_topology topology;
	struct vcpunuma_node nodes[64];
	struct vcpunuma_cpu cpus[256];
	struct vcpunuma_cmd_distribution distribution;
	struct vcpunuma_share shares[64];
	struct vcpunuma_cmd_query query[8];
	int errors[16];
	struct vcpunuma_cmd_mem_query mem;
	struct vcpunuma_node_bytes bytes[64];
};

/* A name below /proc/PID */
struct look {
	pid_t pid;
	char name[32];
};

FIXTURE(others) {
	int node;
	int cpu;
	struct vn_child user;	/* unprivileged, with a VM of its own */
	struct vn_child root;
	struct answers *answers;	/* these are shared with them */
	struct look *look;
};

static int child_vm, child_mem;

static long child_make(void *uid, int fd)
{
	child_vm = __vn_open();
	child_mem = __vn_mem_create(child_vm, VCPUNUMA_MEM_POPULATE, PAGE_2M,
				    vn_set_first(&vn_host()->has_memory), 12);
	if (child_mem < 0)
		return child_mem;
	if (__vn_map(child_mem, PAGE_2M) == MAP_FAILED)
		return -errno;
	return uid ? vn_child_drop(uid, fd) : 0;
}

FIXTURE_SETUP(others)
{
	self->cpu = vn_set_first(&vn_host()->cpus);
	self->answers = vn_shared(2 * sizeof(*self->answers));
	ASSERT_NE(MAP_FAILED, (void *)self->answers);
	self->look = vn_shared(sizeof(*self->look));
	ASSERT_NE(MAP_FAILED, (void *)self->look);
	vn_child_start(&self->user);
	vn_child_start(&self->root);
	ASSERT_EQ(0, vn_child_call(&self->user, child_make,
				   (void *)VN_NOBODY, -1));
}

FIXTURE_TEARDOWN(others)
{
	vn_child_kill(&self->user);
	vn_child_kill(&self->root);
}

static long child_ask(void *arg, int fd)
{
	struct answers *a = arg;
	int n = 0;

	(void)fd;
	memset(a, 0, sizeof(*a));
	a->topology = (struct vcpunuma_cmd_topology) {
		.size = sizeof(a->topology),
		.nodes = (uintptr_t)a->nodes,
		.nr_nodes = ARRAY_SIZE(a->nodes),
		.node_size = sizeof(a->nodes[0]),
		.cpus = (uintptr_t)a->cpus,
		.nr_cpus = ARRAY_SIZE(a->cpus),
		.cpu_size = sizeof(a->cpus[0]),
	};
	a->errors[n++] = __vn_info(child_vm, &a->info);
	a->errors[n++] = __vn_ioctl(child_vm, VCPUNUMA_TOPOLOGY, &a->topology);
	for (size_t i = 0; i < ARRAY_SIZE(a->nodes); i++)
		a->nodes[i].mem_free = 0;
	a->errors[n++] = __vn_distribution(child_vm, &a->distribution,
					   a->shares, ARRAY_SIZE(a->shares));
	for (size_t i = 0; i < ARRAY_SIZE(a->query); i++)
		a->errors[n++] = __vn_query(child_vm, i, &a->query[i], NULL);
	a->errors[n++] = __vn_mem_query(child_mem, &a->mem, a->bytes,
					ARRAY_SIZE(a->bytes));
	return 0;
}

static long child_bind(void *cpu, int fd)
{
	(void)fd;
	return __vn_bind(child_vm, 0, VCPUNUMA_BIND_CPU, (long)cpu, 0, NULL);
}

/* Whatever others do: the answers are the same. */
TEST_F(others, answers)
{
	struct answers *before = &self->answers[0];
	struct answers *after = &self->answers[1];

	ASSERT_EQ(0, vn_child_call(&self->user, child_ask, before, -1));
	EXPECT_EQ(PAGE_2M, before->mem.out_populated);
	ASSERT_EQ(0, vn_child_call(&self->root, child_make, NULL, -1));
	EXPECT_EQ(0, vn_child_call(&self->root, child_bind,
				   (void *)(long)self->cpu, -1));
	ASSERT_EQ(0, vn_child_call(&self->user, child_ask, after, -1));
	/* Each has the addresses of its own arrays in it. */
	after->topology.nodes = before->topology.nodes;
	after->topology.cpus = before->topology.cpus;
	after->distribution.shares = before->distribution.shares;
	after->mem.bytes = before->mem.bytes;
	EXPECT_EQ(0, memcmp(before, after, sizeof(*before)));
}

/*
 * Names in /proc/self/maps and /proc/self/fd: objects of its own VM, numbered
 * in that VM.
 */
static long child_names(void *unused, int fd)
{
	static const char name[] = "/vcpunuma:";
	unsigned int vm, mem, seen = 0;
	char line[4096];
	char path[64];
	int odd = 0;
	FILE *f;

	(void)unused;
	(void)fd;
	f = fopen("/proc/self/maps", "re");
	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, "vcpunuma");

		if (!at)
			continue;
		/* The first object of its VM, whatever others have */
		if (at == line || at[-1] != '/' ||
		    sscanf(at - 1, "/vcpunuma:%u:%u ", &vm, &mem) != 2 ||
		    mem != 1)
			odd++;
		seen++;
	}
	if (!f || fclose(f) || seen != 1)
		return -ENODATA;
	if (odd)
		return -EBADMSG;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", child_mem);
	seen = readlink(path, line, sizeof(line) - 1);
	if (seen >= sizeof(line) || memcmp(line, name, strlen(name)))
		return -ENODATA;
	return 0;
}

/* What is said in /proc of the open files, beside what is said of any */
static long child_fdinfo(void *unused, int fd)
{
	int fds[] = { child_vm, child_mem };
	char path[64], line[256];
	int odd = 0;
	FILE *f;

	(void)unused;
	(void)fd;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fds[i]);
		f = fopen(path, "re");
		if (!f)
			return -errno;
		while (fgets(line, sizeof(line), f))
			if (strncmp(line, "pos:", 4) &&
			    strncmp(line, "flags:", 6) &&
			    strncmp(line, "mnt_id:", 7) &&
			    strncmp(line, "ino:", 4))
				odd++;
		fclose(f);
	}
	return odd ? -EBADMSG : 0;
}

TEST_F(others, names)
{
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, vn_child_call(&self->root, child_make, NULL, -1));
	EXPECT_EQ(0, vn_child_call(&self->user, child_names, NULL, -1));
	EXPECT_EQ(0, vn_child_call(&self->user, child_fdinfo, NULL, -1));
}

static long child_look(void *arg, int fd)
{
	const struct look *look = arg;
	char path[64];
	char byte;

	snprintf(path, sizeof(path), "/proc/%d/%s", look->pid, look->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fd = read(fd, &byte, 1) < 0 ? -errno : 0;
	return fd;
}

static long child_where(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return child_mem;
}

TEST_F(others, closed)
{
	static const char *const names[] = { "maps", "numa_maps", "mem" };
	struct look *look = self->look;
	long err;

	ASSERT_EQ(0, vn_child_call(&self->root, child_make, NULL, -1));
	look->pid = self->root.pid;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		strcpy(look->name, names[i]);
		err = vn_child_call(&self->user, child_look, look, -1);
		EXPECT_TRUE(err == -EACCES || err == -EPERM) {
			TH_LOG("%s: %s", look->name, strerror(-err));
		}
	}
	/* Not by way of the descriptor either */
	snprintf(look->name, sizeof(look->name), "fd/%ld",
		 vn_child_call(&self->root, child_where, NULL, -1));
	EXPECT_EQ(-EACCES, vn_child_call(&self->user, child_look, look, -1));
}

TEST_HARNESS_MAIN
