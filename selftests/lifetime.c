// SPDX-License-Identifier: GPL-2.0
/*
 * Who keeps what alive: VMs, memory objects, mappings, the module; and that in
 * the end nothing is left.
 */
#include "kselftest_harness.h"
#include "figures.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define LENGTH		(4 * PAGE_2M)

FIXTURE(lifetime) {
	int refs;		/* at the beginning */
	int fd;
	int node;
};

FIXTURE_SETUP(lifetime)
{
	self->refs = vn_module_refs();
	self->node = vn_set_first(&vn_host()->has_memory);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(lifetime)
{
	close(self->fd);
}

/* Memory and its VM */

TEST_F(lifetime, descriptor_outlives_vm)
{
	int mem = vn_mem_create(self->fd, 0, LENGTH, self->node, 0);
	char *at = vn_map(mem, LENGTH);

	at[5] = 1;
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(1, at[5]);
	EXPECT_EQ(PAGE_2M, vn_populated(mem));
	munmap(at, LENGTH);
	/* Nothing but the descriptor is left. */
	EXPECT_EQ(PAGE_2M, vn_populated(mem));
	at = vn_map(mem, LENGTH);
	EXPECT_EQ(1, at[5]);
	vn_touch(at, LENGTH);
	EXPECT_EQ(LENGTH, vn_populated(mem));
	EXPECT_ON_NODE(at, LENGTH, self->node);
	munmap(at, LENGTH);
	close(mem);
}

TEST_F(lifetime, mapping_outlives_all)
{
	int mem = vn_mem_create(self->fd, 0, LENGTH, self->node, 0);
	char *at = vn_map(mem, LENGTH);

	at[5] = 1;
	EXPECT_EQ(0, close(mem));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(1, at[5]);
	vn_touch(at + PAGE_2M, LENGTH - PAGE_2M);
	at[0] = 1;
	EXPECT_EQ(1, at[5]);
	EXPECT_ON_NODE(at, LENGTH, self->node);
	munmap(at, LENGTH);
}

/* Closed the other way round. */
TEST_F(lifetime, vm_outlives_memory)
{
	struct vn_thread t;
	int mem;

	vn_thread_start(&t);
	vn_bind_cpu(self->fd, 0, vn_set_first(&vn_host()->cpus), t.tid);
	mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, LENGTH,
			    self->node, 0);
	close(mem);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, LENGTH,
			    self->node, 0);
	EXPECT_EQ(LENGTH, vn_populated(mem));
	close(mem);
	vn_thread_stop(&t);
}

TEST_F(lifetime, part_of_a_mapping)
{
	int mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, LENGTH,
				self->node, 0);
	char *at = vn_map(mem, LENGTH);

	vn_touch(at, LENGTH);
	close(mem);
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	/* One page of 4 KiB keeps it all. */
	ASSERT_EQ(0, munmap(at, PAGE_2M + PAGE_4K));
	ASSERT_EQ(0, munmap(at + PAGE_2M + 2 * PAGE_4K,
			    LENGTH - PAGE_2M - 2 * PAGE_4K));
	EXPECT_EQ(0x55, at[PAGE_2M + PAGE_4K]);
	EXPECT_EQ(-EAGAIN, __vn_module_remove());
	EXPECT_EQ(0x55, at[PAGE_2M + PAGE_4K]);
	munmap(at + PAGE_2M + PAGE_4K, PAGE_4K);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

/* A memory object opened anew by /proc, if that is possible at all. */
TEST_F(lifetime, reopened)
{
	int mem = vn_mem_create(self->fd, 0, LENGTH, self->node, 0);
	char path[64];
	char *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", mem);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		goto out;
	at = __vn_map(fd, LENGTH);
	if (at != MAP_FAILED) {
		at[5] = 1;
		EXPECT_EQ(PAGE_2M, vn_populated(mem));
		EXPECT_EQ(PAGE_2M, vn_populated(fd));
		munmap(at, LENGTH);
	}
	close(mem);
	mem = fd;
	vn_populated(mem);
out:
	close(mem);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		/* Opening it is a new VM, as with its name. */
		vn_bind_cpu(self->fd, 0, vn_set_first(&vn_host()->cpus), 0);
		EXPECT_EQ(-ENOENT, vn_state(fd, 0));
		close(fd);
		EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 0));
	}
}

/*
 * Pages that somebody else still holds, here a pipe, are not given to others
 * when the object goes.
 */
TEST_F(lifetime, held_by_pipe)
{
	static const unsigned int shifts[] = { 12, 21 };

	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		int mem = vn_mem_create(self->fd, 0, LENGTH, self->node,
					shifts[i]);
		char *at = vn_map(mem, LENGTH);
		struct iovec iov = { at + PAGE_2M + 5 * PAGE_4K, PAGE_4K };
		char *filler, seen[PAGE_4K];
		int pipefd[2];

		memset(at, 0xa5, LENGTH);
		ASSERT_EQ(0, pipe(pipefd));
		ASSERT_EQ(PAGE_4K, vmsplice(pipefd[1], &iov, 1, 0));
		munmap(at, LENGTH);
		close(mem);

		mem = vn_mem_create(self->fd, 0, 32 * MIB, self->node,
				    shifts[i]);
		filler = vn_map(mem, 32 * MIB);
		memset(filler, 0x5a, 32 * MIB);
		ASSERT_EQ(PAGE_4K, read(pipefd[0], seen, sizeof(seen)));
		for (size_t k = 0; k < sizeof(seen); k++)
			ASSERT_EQ((char)0xa5, seen[k]);
		munmap(filler, 32 * MIB);
		close(mem);
		close(pipefd[0]);
		close(pipefd[1]);
	}
}

/* Processes */

static char *shared_at;

static long child_write(void *offset, int fd)
{
	(void)fd;
	shared_at[(long)offset] = 7;
	return 0;
}

static long child_read(void *offset, int fd)
{
	(void)fd;
	return shared_at[(long)offset];
}

TEST_F(lifetime, fork)
{
	int mem = vn_mem_create(self->fd, 0, LENGTH, self->node, 0);
	struct vn_child c;

	shared_at = vn_map(mem, LENGTH);
	shared_at[0] = 1;
	vn_child_start(&c);	/* without descriptors: the mapping alone */
	EXPECT_EQ(1, vn_child_call(&c, child_read, (void *)0, -1));
	/* Pages that were there before, and those that come later. */
	EXPECT_EQ(0, vn_child_call(&c, child_write, (void *)1, -1));
	EXPECT_EQ(0, vn_child_call(&c, child_write, (void *)PAGE_2M, -1));
	EXPECT_EQ(7, shared_at[1]);
	EXPECT_EQ(7, shared_at[PAGE_2M]);
	shared_at[2 * PAGE_2M] = 3;
	EXPECT_EQ(3, vn_child_call(&c, child_read, (void *)(2 * PAGE_2M), -1));
	EXPECT_EQ(3 * PAGE_2M, vn_populated(mem));

	/* The child's mapping keeps it. */
	munmap(shared_at, LENGTH);
	close(mem);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(3, vn_child_call(&c, child_read, (void *)(2 * PAGE_2M), -1));
	EXPECT_EQ(-EAGAIN, __vn_module_remove());
	vn_child_kill(&c);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

static long child_make(void *node, int fd)
{
	int vm = __vn_open();
	int mem;

	(void)fd;
	if (vm < 0)
		return vm;
	mem = __vn_mem_create(vm, VCPUNUMA_MEM_POPULATE, 32 * MIB, (long)node,
			      0);
	if (mem < 0)
		return mem;
	shared_at = __vn_map(mem, 32 * MIB);
	if (shared_at == MAP_FAILED)
		return -errno;
	vn_touch(shared_at, 32 * MIB);
	return mem;
}

static long child_map(void *unused, int fd)
{
	(void)unused;
	shared_at = __vn_map(fd, LENGTH);
	return shared_at == MAP_FAILED ? -errno : 0;
}

TEST_F(lifetime, killed_while_mapped)
{
	struct vn_child c;
	long long with;

	close(self->fd);
	self->fd = -1;
	vn_child_start(&c);
	ASSERT_LE(0, vn_child_call(&c, child_make, (void *)(long)self->node,
				   -1));
	EXPECT_LT(self->refs, vn_module_refs());
	with = vn_free(self->node);
	vn_child_kill(&c);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
	EXPECT_TRUE(vn_eventually(vn_free(self->node) >
				  with + 16 * MIB)) {
		TH_LOG("%lld free with it, now %lld", with,
		       vn_free(self->node));
	}
}

/* Handed to another process, the memory survives the one that made it. */
TEST_F(lifetime, passed_on)
{
	struct vn_child owner, heir;
	int mem;

	vn_child_start(&owner);
	vn_child_start(&heir);
	mem = vn_child_call(&owner, child_make, (void *)(long)self->node, -1);
	ASSERT_LE(0, mem);
	ASSERT_EQ(0, vn_child_call(&owner, vn_child_send, (void *)(long)mem,
				   -1));
	ASSERT_LE(0, owner.reply);
	vn_child_kill(&owner);
	ASSERT_EQ(0, vn_child_call(&heir, child_map, NULL, owner.reply));
	close(owner.reply);
	EXPECT_EQ(0x55, vn_child_call(&heir, child_read, (void *)PAGE_4K, -1));
	EXPECT_EQ(0, vn_child_call(&heir, child_write, (void *)PAGE_4K, -1));
	EXPECT_EQ(7, vn_child_call(&heir, child_read, (void *)PAGE_4K, -1));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-EAGAIN, __vn_module_remove());
	vn_child_kill(&heir);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

static long child_exec(void *unused, int fd)
{
	(void)unused;
	vn_exec_wait(fd);
	return -errno;
}

/* A program executed has nothing of it. */
TEST_F(lifetime, exec)
{
	struct vn_child c;
	int pipefd[2];

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, pipe2(pipefd, O_CLOEXEC));
	vn_child_start(&c);
	ASSERT_LE(0, vn_child_call(&c, child_make, (void *)(long)self->node,
				   -1));
	EXPECT_LT(self->refs, vn_module_refs());
	EXPECT_EQ(-EPIPE, vn_child_call(&c, child_exec, NULL, pipefd[0]));
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
	/* It did run, and was not ended before this. */
	EXPECT_EQ(0, kill(c.pid, 0));
	close(pipefd[0]);
	close(pipefd[1]);
	EXPECT_EQ(0, vn_child_stop(&c));
}

/* The module stays while any of it is used. */

TEST_F(lifetime, module_vm)
{
	EXPECT_LT(self->refs, vn_module_refs());
	EXPECT_EQ(-EAGAIN, __vn_module_remove());
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

TEST_F(lifetime, module_memory)
{
	int mem = vn_mem_create(self->fd, 0, LENGTH, self->node, 0);

	close(self->fd);
	self->fd = -1;
	EXPECT_LT(self->refs, vn_module_refs());
	EXPECT_EQ(-EAGAIN, __vn_module_remove());
	EXPECT_EQ(0, vn_populated(mem));
	close(mem);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

TEST_F(lifetime, module_mapping)
{
	int mem = vn_mem_create(self->fd, 0, LENGTH, self->node, 0);
	char *at = vn_map(mem, LENGTH);

	close(self->fd);
	self->fd = -1;
	close(mem);
	EXPECT_LT(self->refs, vn_module_refs());
	EXPECT_EQ(-EAGAIN, __vn_module_remove());
	vn_touch(at, LENGTH);
	munmap(at, LENGTH);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

/* Nothing is left. */

#define CYCLES	200

/* With threads that are there all the time: what they take comes back late. */
static int one_cycle(int node, int cpu, pid_t tid, pid_t other)
{
	struct vcpunuma_place places[4];
	int fd, mem, err;
	char *at;

	fd = __vn_open();
	if (fd < 0)
		return fd;
	err = __vn_configure(fd, 4, 0, places);
	if (!err)
		err = __vn_bind(fd, 0, VCPUNUMA_BIND_PLACE, 0, tid, NULL);
	if (!err)
		err = __vn_bind(fd, 1, VCPUNUMA_BIND_CPU, cpu, other, NULL);
	if (err)
		return err;
	mem = __vn_mem_create(fd, 0, 4 * PAGE_2M, node, 21);
	if (mem < 0)
		return mem;
	at = __vn_map(mem, 4 * PAGE_2M);
	vn_touch(at, 2 * PAGE_2M);
	close(mem);
	mem = __vn_mem_create(fd, VCPUNUMA_MEM_POPULATE, 64 * PAGE_4K, node,
			      12);
	if (mem < 0)
		return mem;
	close(fd);
	munmap(at, 4 * PAGE_2M);
	close(mem);
	/* An error half-way, as well. */
	fd = __vn_open();
	if (fd < 0)
		return fd;
	if (__vn_bind(fd, 0, VCPUNUMA_BIND_CPU, cpu, tid, NULL) ||
	    __vn_mem_create(fd, 0, PAGE_2M, vn_absent_node(), 0) != -ENODEV ||
	    __vn_mem_create(fd, 0, PAGE_2M, node, 13) != -EINVAL)
		return -EIO;
	close(fd);
	return 0;
}

static long long memory_free(void)
{
	long long free = 0;
	int node;

	for (node = -1; vn_set_step(&vn_host()->has_memory, &node);)
		free += vn_free(node);
	return free;
}

TEST_F(lifetime, nothing_left)
{
	enum { ROUNDS = 4 };
	static struct vn_caches caches[ROUNDS];
	int cpu = vn_set_first(&vn_host()->cpus);
	long long free[ROUNDS];
	struct vn_thread t;
	struct vn_child c;

	close(self->fd);
	self->fd = -1;
	vn_child_start(&c);
	vn_thread_start(&t);
	/* The first round is to get going. */
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < (round ? CYCLES : CYCLES / 2); i++)
			ASSERT_EQ(0, one_cycle(self->node, cpu, t.tid,
					       c.pid));
		/* What is freed late is freed by then. */
		__vn_write_file("/proc/sys/vm/drop_caches", "3");
		usleep(300000);
		free[round] = memory_free();
		vn_caches_read(&caches[round]);
	}
	vn_child_stop(&c);
	vn_thread_stop(&t);
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));

	/* A page of 2 MiB per cycle would be 400 MiB a round. */
	EXPECT_GT(48 * MIB, free[1] - free[ROUNDS - 1]) {
		TH_LOG("%lld bytes free, then %lld", free[1],
		       free[ROUNDS - 1]);
	}
	/* What grows by an object per cycle, and in each round, is not freed. */
	EXPECT_STREQ("", vn_caches_growing(caches, ROUNDS, CYCLES));
}

/* All at once, in any order. What it must not be is a kernel that complains. */

#define PLAYERS		6
#define GAME_VMS	2

static struct {
	int vm[GAME_VMS];
	pid_t tid[PLAYERS];
	int node;
	int wrong;		/* the last error that is not part of the game */
	const char *where;
} game;

/* Errors that are part of the game; others are noted. */
static void referee(int err, const char *where)
{
	switch (err) {
	case 0:
	case -EBUSY:
	case -ENOENT:
	case -ENOTCONN:
	case -ENOMEM:
	case -EDQUOT:
		return;
	}
	if (err < 0) {
		game.where = where;
		game.wrong = err;
	}
}

static void play_memory(int vm)
{
	int mem = __vn_mem_create(vm, 0, PAGE_2M, game.node, 12);
	char *at;

	if (mem < 0) {
		referee(mem, "create memory");
		return;
	}
	at = __vn_map(mem, PAGE_2M);
	if (at != MAP_FAILED) {
		vn_touch(at, 8 * PAGE_4K);
		close(mem);
		munmap(at, PAGE_2M);
	} else {
		close(mem);
	}
}

static long play(void *seed)
{
	unsigned int random = (long)seed * 7919 + 1;
	const struct vn_host *host = vn_host();
	struct vcpunuma_share share[64];
	struct vcpunuma_cmd_distribution distribution;
	struct vcpunuma_place place[8];

	for (int i = 0; i < 300; i++) {
		int vm = game.vm[rand_r(&random) % GAME_VMS];
		unsigned int vcpu = rand_r(&random) % 4;
		pid_t tid = game.tid[rand_r(&random) % PLAYERS];
		int cpus = vn_set_weight(&host->cpus);
		int cpu = vn_set_nth(&host->cpus, rand_r(&random) % cpus);
		struct vn_set set;

		switch (rand_r(&random) % 8) {
		case 0:
		case 1:
			referee(__vn_bind(vm, vcpu, VCPUNUMA_BIND_CPU, cpu,
					  tid, NULL), "bind to CPU");
			break;
		case 2:
			referee(__vn_bind(vm, vcpu, VCPUNUMA_BIND_PLACE, 0,
					  tid, NULL), "bind to place");
			break;
		case 3:
			referee(__vn_unbind(vm, vcpu), "unbind");
			break;
		case 4:
			referee(vn_state(vm, vcpu), "query");
			break;
		case 5:
			referee(__vn_configure(vm, vcpu, 0, place),
				"configure");
			break;
		case 6:
			play_memory(vm);
			break;
		case 7:
			referee(__vn_distribution(vm, &distribution, share,
						  ARRAY_SIZE(share)),
				"distribution");
			vm = __vn_open();
			referee(vm, "open");
			referee(__vn_bind(vm, 0, VCPUNUMA_BIND_CPU, cpu, 0,
					  NULL), "bind itself");
			close(vm);
			break;
		}
		referee(__vn_getaffinity(0, &set), "affinity");
		if (!vn_set_weight(&set))
			referee(-ENODATA, "empty affinity");
	}
	return 0;
}

TEST_F(lifetime, all_at_once)
{
	struct vn_thread t[PLAYERS];
	struct vn_set all;

	vn_getaffinity(0, &all);
	game.node = self->node;
	for (int i = 0; i < GAME_VMS; i++)
		game.vm[i] = vn_open();
	for (int i = 0; i < PLAYERS; i++) {
		vn_thread_start(&t[i]);
		game.tid[i] = t[i].tid;
	}
	for (int i = 0; i < PLAYERS; i++)
		vn_thread_post(&t[i], play, (void *)(long)i);
	for (int i = 0; i < PLAYERS; i++)
		vn_thread_wait(&t[i]);
	EXPECT_EQ(0, game.wrong) {
		TH_LOG("%s: %s", game.where, strerror(-game.wrong));
	}
	for (int i = 0; i < GAME_VMS; i++)
		close(game.vm[i]);
	for (int i = 0; i < PLAYERS; i++) {
		EXPECT_AFFINITY(&all, t[i].tid);
		vn_thread_stop(&t[i]);
	}
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(vn_eventually(vn_module_refs() == self->refs));
}

TEST_HARNESS_MAIN
