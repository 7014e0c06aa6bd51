// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_BIND_MANY: that it does what as many calls of VCPUNUMA_BIND would, each
 * in its turn, and where it goes on if it could not do all.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <signal.h>
#include <sys/mman.h>

#define THREADS	150	/* more than it does at once */
#define AT_ONCE	64

FIXTURE(batch) {
	int fd;
	const struct vn_host *host;
	struct vn_set all;	/* affinity at the beginning */
	int a, b;		/* two CPUs, if there are as many */
	int nr;			/* threads started */
	struct vn_thread thread[THREADS];
	struct vcpunuma_bind_entry entry[THREADS];
	struct vcpunuma_cmd_bind_many cmd;
};

FIXTURE_SETUP(batch)
{
	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	self->a = vn_set_first(&self->all);
	self->b = vn_set_nth(&self->all, vn_set_weight(&self->all) - 1);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(batch)
{
	close(self->fd);
	/* Threads end with the process. */
}

/* Starts threads, and has an entry for each, as the vCPU of its number. */
#define start(self, _nr, _to, _target) do {				\
	for (; (self)->nr < (_nr); (self)->nr++) {			\
		vn_thread_start(&(self)->thread[(self)->nr]);		\
		(self)->entry[(self)->nr] = (struct vcpunuma_bind_entry) { \
			.vcpu = (self)->nr,				\
			.tid = (self)->thread[(self)->nr].tid,		\
			.to = (_to), .target = (_target),		\
		};							\
	}								\
} while (0)

#define bind_many(self) \
	__vn_bind_many((self)->fd, (self)->entry, (self)->nr, &(self)->cmd)

TEST_F(batch, places)
{
	struct vcpunuma_place place[THREADS];

	start(self, THREADS, VCPUNUMA_BIND_PLACE, 0);
	vn_configure(self->fd, THREADS, 0, place);
	ASSERT_EQ(0, bind_many(self));
	EXPECT_EQ(THREADS, self->cmd.first);
	EXPECT_EQ(0, self->cmd.out_failed);
	for (int i = 0; i < THREADS; i++) {
		struct vn_set one = vn_set_of(place[i].cpu);

		EXPECT_EQ(0, self->entry[i].out_error);
		EXPECT_EQ(place[i].node, self->entry[i].out_node);
		EXPECT_EQ(place[i].cpu, self->entry[i].out_cpu);
		EXPECT_AFFINITY(&one, self->thread[i].tid);
		EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, i));
	}
	/* Whatever a thread had before, it gets back; others keep theirs. */
	for (int i = 0; i < THREADS; i += 2)
		vn_unbind(self->fd, i);
	for (int i = 0; i < THREADS; i++) {
		struct vn_set one = vn_set_of(place[i].cpu);

		EXPECT_AFFINITY(i % 2 ? &one : &self->all, self->thread[i].tid);
	}
	close(self->fd);
	for (int i = 0; i < THREADS; i++)
		EXPECT_AFFINITY(&self->all, self->thread[i].tid);
}

TEST_F(batch, nodes_and_cpus)
{
	int node = self->host->node_of[self->a];
	struct vn_set cpus = vn_set_and(&self->host->node_cpus[node],
					&self->all);
	struct vn_set one = vn_set_of(self->b);

	start(self, 2, VCPUNUMA_BIND_NODE, node);
	self->entry[1].to = VCPUNUMA_BIND_CPU;
	self->entry[1].target = self->b;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_AFFINITY(&cpus, self->thread[0].tid);
	EXPECT_AFFINITY(&one, self->thread[1].tid);
	EXPECT_EQ(node, self->entry[0].out_node);
	EXPECT_EQ(self->b, self->entry[1].out_cpu);
	EXPECT_EQ(self->host->node_of[self->b], self->entry[1].out_node);
}

/* The calling thread is one as any other. */
TEST_F(batch, calling_thread)
{
	struct vn_set one = vn_set_of(self->b);

	start(self, 2, VCPUNUMA_BIND_CPU, self->b);
	self->entry[1].tid = 0;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_AFFINITY(&one, 0);
	EXPECT_EQ(self->b, sched_getcpu());
	vn_unbind(self->fd, 1);
	EXPECT_AFFINITY(&self->all, 0);
}

/* An entry that fails does so alone. */
TEST_F(batch, failures)
{
	enum { GOOD, NO_VCPU, NO_PLACE, NO_NODE, NO_CPU, NO_TO, SET, NO_THREAD,
	       NEGATIVE, TARGET, RESERVED, BUSY, MORE };
	static const unsigned int error[] = {
		[NO_VCPU] = EINVAL, [NO_PLACE] = ENOENT, [NO_NODE] = ENODEV,
		[NO_CPU] = EINVAL, [NO_TO] = EINVAL, [SET] = EINVAL,
		[NO_THREAD] = ESRCH, [NEGATIVE] = EINVAL, [TARGET] = EINVAL,
		[RESERVED] = EOPNOTSUPP, [BUSY] = EBUSY, [MORE] = 0,
	};
	struct vn_set one = vn_set_of(self->b);

	start(self, MORE + 1, VCPUNUMA_BIND_CPU, self->b);
	self->entry[NO_VCPU].vcpu = ~0U;
	self->entry[NO_PLACE].to = VCPUNUMA_BIND_PLACE;
	self->entry[NO_PLACE].target = 0;
	self->entry[NO_NODE].to = VCPUNUMA_BIND_NODE;
	self->entry[NO_NODE].target = vn_absent_node();
	self->entry[NO_CPU].target = ~0U;
	self->entry[NO_TO].to = 4;
	self->entry[SET].to = VCPUNUMA_BIND_CPUS;
	self->entry[SET].target = 0;
	self->entry[NO_THREAD].tid = INT32_MAX;
	self->entry[NEGATIVE].tid = -1;
	self->entry[TARGET].to = VCPUNUMA_BIND_PLACE;
	self->entry[TARGET].target = 1;
	self->entry[RESERVED].__reserved = 1;
	self->entry[BUSY].tid = self->thread[GOOD].tid;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_EQ(MORE + 1, self->cmd.first);
	EXPECT_EQ(MORE - GOOD - 1, self->cmd.out_failed);
	for (int i = 0; i <= MORE; i++) {
		EXPECT_EQ(error[i], self->entry[i].out_error) {
			TH_LOG("entry %d", i);
		}
		EXPECT_EQ(error[i] ? VCPUNUMA_NONE : (__u32)self->b,
			  self->entry[i].out_cpu);
		EXPECT_AFFINITY(error[i] ? &self->all : &one,
				self->thread[i].tid);
		EXPECT_EQ(error[i] ? -ENOENT : VCPUNUMA_VCPU_BOUND,
			  vn_state(self->fd, i));
	}
}

/* What is in the way of a later entry is out of it once that has its turn. */
TEST_F(batch, one_after_the_other)
{
	struct vn_set set_a = vn_set_of(self->a), set_b = vn_set_of(self->b);

	start(self, 3, VCPUNUMA_BIND_CPU, self->a);
	ASSERT_EQ(0, bind_many(self));
	/* vCPU 0 leaves its thread to vCPU 1, which leaves its own to 2. */
	self->entry[0].tid = self->thread[2].tid;
	vn_unbind(self->fd, 2);
	self->entry[1].tid = self->thread[0].tid;
	self->entry[2].tid = self->thread[1].tid;
	for (int i = 0; i < 3; i++)
		self->entry[i].target = self->b;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_EQ(0, self->cmd.out_failed);
	for (int i = 0; i < 3; i++)
		EXPECT_AFFINITY(&set_b, self->thread[i].tid);
	/* The same vCPU twice: the latter has it, the former is as before. */
	for (int i = 0; i < 3; i++)
		vn_unbind(self->fd, i);
	self->entry[0].vcpu = 7;
	self->entry[1].vcpu = 7;
	self->entry[1].target = self->a;
	ASSERT_EQ(0, __vn_bind_many(self->fd, self->entry, 2, &self->cmd));
	EXPECT_EQ(0, self->cmd.out_failed);
	EXPECT_AFFINITY(&self->all, self->entry[0].tid);
	EXPECT_AFFINITY(&set_a, self->entry[1].tid);
}

/* The errors, vCPUs and affinities that come of entries, as text */
static void look(int fd, const struct vcpunuma_bind_entry *e, int nr,
		 const struct vn_thread *thread, char *text)
{
	for (int i = 0; i < nr; i++)
		text += sprintf(text, "%u:%d:%d ", e[i].out_error,
				(int)e[i].out_node, (int)e[i].out_cpu);
	for (int i = 0; i < 6; i++)
		text += sprintf(text, "%d %s, ", vn_state(fd, i),
				vn_affinity(thread[i].tid));
}

/* Random entries, few vCPUs and threads, so that they are in each other's way */
TEST_F(batch, as_one_by_one)
{
	enum { ENTRIES = 12, ROUNDS = 400, PEOPLE = 6 };
	char many[2048], single[2048];
	int bound = 0, failed = 0;

	start(self, PEOPLE, 0, 0);
	srand(1);
	for (int round = 0; round < ROUNDS; round++) {
		struct vcpunuma_bind_entry e[ENTRIES], copy[ENTRIES];

		for (int i = 0; i < ENTRIES; i++)
			e[i] = (struct vcpunuma_bind_entry) {
				.vcpu = rand() % PEOPLE,
				.tid = self->thread[rand() % PEOPLE].tid,
				.to = rand() % 3,
				.target = rand() % 4,
			};
		for (int i = 0; i < ENTRIES; i++)
			if (!e[i].to)
				e[i].target = 0;
		memcpy(copy, e, sizeof(copy));
		close(self->fd);
		self->fd = vn_open();
		vn_configure(self->fd, 3, 0, NULL);
		vn_bind_many(self->fd, e, ENTRIES, &self->cmd);
		look(self->fd, e, ENTRIES, self->thread, many);

		close(self->fd);
		self->fd = vn_open();
		vn_configure(self->fd, 3, 0, NULL);
		for (int i = 0; i < ENTRIES; i++) {
			struct vcpunuma_cmd_bind cmd;
			int err = __vn_bind(self->fd, copy[i].vcpu, copy[i].to,
					    copy[i].target, copy[i].tid, &cmd);

			copy[i].out_error = -err;
			copy[i].out_node = err ? VCPUNUMA_NONE : cmd.out_node;
			copy[i].out_cpu = err ? VCPUNUMA_NONE : cmd.out_cpu;
			failed += !!err;
			bound += !err;
		}
		look(self->fd, copy, ENTRIES, self->thread, single);
		ASSERT_STREQ(single, many);
	}
	EXPECT_LT(0, bound);
	EXPECT_LT(0, failed);
	close(self->fd);
	for (int i = 0; i < PEOPLE; i++)
		EXPECT_AFFINITY(&self->all, self->thread[i].tid);
}

TEST_F(batch, bounds)
{
	struct vcpunuma_cmd_info info;

	vn_info(self->fd, &info);
	start(self, 2, VCPUNUMA_BIND_CPU, self->b);
	EXPECT_EQ(-EINVAL, __vn_bind_many(self->fd, self->entry,
					  info.out_max_vcpus + 1, &self->cmd));
	EXPECT_EQ(0, __vn_bind_many(self->fd, NULL, 0, &self->cmd));
	EXPECT_EQ(0, self->cmd.first);
	self->cmd.entries = (uintptr_t)self->entry;
	self->cmd.nr_entries = 2;
	self->cmd.first = 3;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_AFFINITY(&self->all, self->thread[0].tid);
	/* From the second on */
	self->cmd.first = 1;
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_EQ(2, self->cmd.first);
	EXPECT_AFFINITY(&self->all, self->thread[0].tid);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(self->fd, 1));
	/* There is nothing left. */
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_EQ(2, self->cmd.first);
}

/* Where it could not go on it says so, and goes on there when it can. */
TEST_F(batch, memory_ends)
{
	size_t room = AT_ONCE * sizeof(self->entry[0]);
	struct vcpunuma_bind_entry *e;
	struct vn_set one = vn_set_of(self->b);
	char *at;

	ASSERT_EQ(0, room % 1024);
	start(self, THREADS, VCPUNUMA_BIND_CPU, self->b);
	at = mmap(NULL, 4 * PAGE_4K, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	/* The first lot and a part of the second are there. */
	e = (void *)(at + 2 * PAGE_4K - room - sizeof(*e));
	memcpy(e, self->entry, sizeof(self->entry));
	ASSERT_EQ(0, mprotect(at + 2 * PAGE_4K, 2 * PAGE_4K, PROT_NONE));
	EXPECT_EQ(0, __vn_bind_many(self->fd, e, THREADS, &self->cmd));
	EXPECT_EQ(AT_ONCE, self->cmd.first);
	EXPECT_EQ(0, self->cmd.out_failed);
	for (int i = 0; i < THREADS; i++)
		EXPECT_AFFINITY(i < AT_ONCE ? &one : &self->all,
				self->thread[i].tid);
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_EQ(AT_ONCE, self->cmd.first);
	/* Not written to: nothing is done that can't be told. */
	ASSERT_EQ(0, mprotect(at + 2 * PAGE_4K, 2 * PAGE_4K, PROT_READ));
	EXPECT_EQ(-EFAULT, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_AFFINITY(&self->all, self->thread[AT_ONCE + 1].tid);
	ASSERT_EQ(0, mprotect(at, 4 * PAGE_4K, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_EQ(THREADS, self->cmd.first);
	for (int i = 0; i < THREADS; i++)
		EXPECT_AFFINITY(&one, self->thread[i].tid);
}

/* An entry on two pages, at any byte of it: both must be there to be written to. */
TEST_F(batch, entry_on_two_pages)
{
	enum { SIZE = sizeof(self->entry[0]), PAGE = PAGE_4K };
	struct vn_set one = vn_set_of(self->b);
	unsigned char *at, *e;

	start(self, 1, VCPUNUMA_BIND_CPU, self->b);
	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	for (int n = 1; n < SIZE; n++) {
		e = at + PAGE - n;
		memset(at, 0x3c, 2 * PAGE);
		memcpy(e, self->entry, SIZE);
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, mprotect(at + i * PAGE, PAGE, PROT_READ));
			EXPECT_EQ(-EFAULT, __vn_bind_many(self->fd, (void *)e, 1,
							  &self->cmd));
			ASSERT_EQ(0, mprotect(at + i * PAGE, PAGE,
					      PROT_READ | PROT_WRITE));
			EXPECT_EQ(-ENOENT, vn_state(self->fd, 0));
			EXPECT_EQ(0, memcmp(e, self->entry, SIZE));
		}
		EXPECT_AFFINITY(&self->all, self->thread[0].tid);
		vn_bind_many(self->fd, (void *)e, 1, &self->cmd);
		EXPECT_EQ(0, self->cmd.out_failed);
		EXPECT_AFFINITY(&one, self->thread[0].tid);
		vn_unbind(self->fd, 0);
		/* What is next to it is as it was. */
		for (int i = 0; i < 2 * PAGE; i++)
			if (at + i < e || at + i >= e + SIZE)
				ASSERT_EQ(0x3c, at[i]);
	}
}

/* Of an element only results are written, and what the kernel does not know */
TEST_F(batch, elements)
{
	enum { LONG = sizeof(self->entry[0]) + 40, NR = 3 };
	unsigned char wide[NR][LONG], before[NR][LONG];

	start(self, NR, VCPUNUMA_BIND_CPU, self->b);
	self->entry[1].vcpu = ~0U;
	for (int i = 0; i < NR; i++) {
		struct vcpunuma_bind_entry *e = (void *)wide[i];

		memset(wide[i], 0, LONG);
		memcpy(wide[i], &self->entry[i], sizeof(self->entry[i]));
		memset(&e->out_error, 0x3c, 3 * sizeof(__u32));
	}
	memcpy(before, wide, sizeof(before));
	self->cmd = (struct vcpunuma_cmd_bind_many) {
		.size = sizeof(self->cmd),
		.entries = (uintptr_t)wide,
		.nr_entries = NR,
		.entry_size = LONG,
	};
	wide[2][LONG - 1] = 1;
	EXPECT_EQ(-E2BIG, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	wide[2][LONG - 1] = 0;
	EXPECT_EQ(0, memcmp(before, wide, sizeof(before)));
	EXPECT_AFFINITY(&self->all, self->thread[0].tid);
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_EQ(1, self->cmd.out_failed);
	for (int i = 0; i < NR; i++) {
		struct vcpunuma_bind_entry *e = (void *)wide[i];

		EXPECT_EQ(i == 1 ? EINVAL : 0, e->out_error);
		EXPECT_EQ(i == 1 ? VCPUNUMA_NONE : (__u32)self->b, e->out_cpu);
		EXPECT_EQ(i == 1 ? VCPUNUMA_NONE :
			  (__u32)self->host->node_of[self->b], e->out_node);
		memcpy(&e->out_error,
		       &((struct vcpunuma_bind_entry *)before[i])->out_error,
		       3 * sizeof(__u32));
		EXPECT_EQ(0, memcmp(before[i], wide[i], LONG));
	}
	self->cmd.first = 0;
	self->cmd.entry_size = sizeof(self->entry[0]) - 4;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	self->cmd.entry_size = PAGE_4K + 8;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
}

TEST_F(batch, pidfd)
{
	struct vn_set one = vn_set_of(self->b);
	struct vn_child c;

	vn_child_start(&c);
	start(self, 2, VCPUNUMA_BIND_CPU, self->b);
	self->entry[1].tid = c.pid;
	__vn_bind_many(self->fd, NULL, 0, &self->cmd);
	self->cmd.entries = (uintptr_t)self->entry;
	self->cmd.nr_entries = 2;
	self->cmd.flags = VCPUNUMA_BIND_PIDFD;
	self->cmd.pidfd = -1;
	EXPECT_EQ(-EBADF, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	self->cmd.pidfd = vn_fd(vn_pidfd_open(c.pid));
	EXPECT_EQ(0, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	EXPECT_EQ(1, self->cmd.out_failed);
	EXPECT_EQ(ESRCH, self->entry[0].out_error);
	EXPECT_EQ(0, self->entry[1].out_error);
	EXPECT_AFFINITY(&self->all, self->thread[0].tid);
	EXPECT_AFFINITY(&one, c.pid);
	/* Not without saying so */
	self->cmd.first = 0;
	self->cmd.flags = 0;
	EXPECT_EQ(-EINVAL, __vn_ioctl(self->fd, VCPUNUMA_BIND_MANY, &self->cmd));
	close(self->cmd.pidfd);
	vn_child_stop(&c);
}

/* A user without rights binds its own threads, and nobody else's. */
static long bind_as_user(void *arg, int fd)
{
	struct vcpunuma_bind_entry *e = arg;
	struct vcpunuma_cmd_bind_many cmd;

	e[1].tid = getpid();
	return __vn_bind_many(fd, e, 2, &cmd);
}

TEST_F(batch, permission)
{
	struct vcpunuma_bind_entry *e = vn_shared(sizeof(*e) * 2);
	struct vn_set one = vn_set_of(self->b);
	uid_t nobody = VN_NOBODY;
	struct vn_child c;

	ASSERT_NE(MAP_FAILED, e);
	start(self, 2, VCPUNUMA_BIND_CPU, self->b);
	memcpy(e, self->entry, sizeof(*e) * 2);
	vn_child_start(&c);
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, &nobody, -1));
	ASSERT_EQ(0, vn_child_call(&c, bind_as_user, e, self->fd));
	EXPECT_EQ(EPERM, e[0].out_error);
	EXPECT_EQ(0, e[1].out_error);
	EXPECT_AFFINITY(&self->all, self->thread[0].tid);
	EXPECT_AFFINITY(&one, c.pid);
	vn_child_stop(&c);
}

/* What another VM owns is not given, to one or to many. */
TEST_F(batch, owned_by_others)
{
	struct vcpunuma_cmd_reserve r = {
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	struct vcpunuma_place place;
	int other = vn_open();
	struct vn_set one;

	vn_reserve(other, &r, &place, 1, NULL, 0);
	one = vn_set_of(place.cpu);
	start(self, 3, VCPUNUMA_BIND_CPU, place.cpu);
	self->entry[1].to = VCPUNUMA_BIND_NODE;
	self->entry[1].target = place.node;
	self->entry[2].target = self->a == (int)place.cpu ? self->b : self->a;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_EQ(ENOSPC, self->entry[0].out_error);
	if (!self->entry[1].out_error) {
		struct vn_set set;

		vn_getaffinity(self->thread[1].tid, &set);
		EXPECT_FALSE(vn_set_has(&set, place.cpu));
	} else {
		EXPECT_EQ(ENOSPC, self->entry[1].out_error);
		EXPECT_EQ(1, vn_set_weight(&self->host->node_cpus[place.node]));
	}
	EXPECT_EQ(self->a == self->b ? ENOSPC : 0, self->entry[2].out_error);
	/* The owner is given it, and nothing else. */
	self->entry[0].to = VCPUNUMA_BIND_PLACE;
	self->entry[0].target = 0;
	self->entry[1].tid = 0;
	vn_bind_many(other, self->entry, 2, &self->cmd);
	EXPECT_EQ(0, self->entry[0].out_error);
	EXPECT_EQ(place.cpu, self->entry[0].out_cpu);
	EXPECT_AFFINITY(&one, self->thread[0].tid);
	EXPECT_EQ(ENOSPC, self->entry[1].out_error);
	/* What is bound to places counts as such. */
	EXPECT_EQ(-EBUSY, __vn_release(other));
	vn_unbind(other, 0);
	vn_release(other);
	close(other);
}

/* Threads in two cpusets: each gets what its own allows. */
TEST_F(batch, cpusets)
{
	struct vn_set set_a = vn_set_of(self->a), set_b = vn_set_of(self->b);
	struct vn_cgroup cg[2];
	struct vn_child child[2];
	int err;

	if (self->a == self->b)
		SKIP(return, "one CPU: no cpuset can be smaller");
	for (int i = 0; i < 2; i++) {
		err = __vn_cgroup_make(&cg[i], i ? "batch1" : "batch0",
				       "+cpuset");
		if (err == -ENOTSUP)
			SKIP(return, "no cpuset controller");
		ASSERT_EQ(0, err);
		vn_child_start(&child[i]);
		ASSERT_EQ(0, __vn_cgroup_cpus(&cg[i], i ? &set_b : &set_a));
		ASSERT_EQ(0, __vn_cgroup_move(&cg[i], child[i].pid));
	}
	/* One after the other, again and again: no two alike are together. */
	start(self, 6, VCPUNUMA_BIND_CPU, self->a);
	for (int i = 1; i < 5; i++)
		self->entry[i].target = i % 2 ? self->b : self->a;
	self->entry[1].tid = child[0].pid;
	self->entry[2].tid = child[1].pid;
	self->entry[3].tid = child[1].pid;
	self->entry[4].tid = child[0].pid;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_EQ(2, self->cmd.out_failed);
	EXPECT_EQ(ENOSPC, self->entry[1].out_error);
	EXPECT_EQ(ENOSPC, self->entry[2].out_error);
	EXPECT_AFFINITY(&set_b, child[1].pid);
	EXPECT_AFFINITY(&set_a, child[0].pid);
	EXPECT_AFFINITY(&set_a, self->thread[5].tid);
	/* Bound again, where the affinity no longer tells what is allowed. */
	ASSERT_EQ(0, __vn_cgroup_cpus(&cg[0], &set_b));
	self->entry[4].target = self->a;
	ASSERT_EQ(0, bind_many(self));
	EXPECT_EQ(ENOSPC, self->entry[4].out_error);
	EXPECT_AFFINITY(&set_b, child[0].pid);
	for (int i = 0; i < 2; i++) {
		vn_child_kill(&child[i]);
		vn_cgroup_remove(&cg[i]);
	}
}

/* Binds all threads in VMs of its own, one after the other. */
struct rival {
	pthread_t thread;
	const struct vcpunuma_bind_entry *entry;
	int nr, cpu;
	int err;	/* one that nobody expects */
	int bound;
};

static int bind_all(struct rival *r, struct vcpunuma_bind_entry *e)
{
	struct vcpunuma_cmd_bind_many cmd;
	int vm = __vn_open(), err;

	memcpy(e, r->entry, r->nr * sizeof(*e));
	for (int i = 0; i < r->nr; i++)
		e[i].target = r->cpu;
	err = __vn_bind_many(vm, e, r->nr, &cmd);
	for (int i = 0; !err && i < r->nr; i++) {
		if (e[i].out_error && e[i].out_error != EBUSY)
			err = -(int)e[i].out_error;
		r->bound += !e[i].out_error;
	}
	close(vm);
	return err;
}

static void *bind_again_and_again(void *arg)
{
	struct vcpunuma_bind_entry e[THREADS];
	struct rival *r = arg;

	for (int i = 0; i < 100 && !r->err; i++)
		r->err = bind_all(r, e);
	return NULL;
}

/* Many by two VMs at a time: each is one's or the other's, and then free again. */
TEST_F(batch, two_vms)
{
	struct rival rival[2] = {};

	start(self, 100, VCPUNUMA_BIND_CPU, 0);
	for (int i = 0; i < 2; i++) {
		rival[i].entry = self->entry;
		rival[i].nr = self->nr;
		rival[i].cpu = i ? self->b : self->a;
		ASSERT_EQ(0, pthread_create(&rival[i].thread, NULL,
					    bind_again_and_again, &rival[i]));
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(rival[i].thread, NULL);
		EXPECT_EQ(0, rival[i].err);
	}
	EXPECT_LT(0, rival[0].bound + rival[1].bound);
	for (int i = 0; i < self->nr; i++)
		EXPECT_AFFINITY(&self->all, self->thread[i].tid);
}

/* Someone rewrites the cpuset while all are bound: nobody stays outside of it. */
static void *rewrite(void *arg)
{
	struct vn_cgroup *cg = arg;
	static const char *const set[2] = { "0", "0-1" };

	for (int i = 0; i < 300; i++)
		if (__vn_cgroup_write(cg, "cpuset.cpus", set[i % 2]))
			return "could not write";
	return NULL;
}

TEST_F(batch, cpuset_changes)
{
	struct vn_set cpu0 = vn_set_of(0);
	struct vn_cgroup cg;
	struct vn_child c;
	pid_t tid[40];
	pthread_t writer;
	void *failed;
	int err, rounds = 0;

	if (!vn_set_has(&self->all, 0) || !vn_set_has(&self->all, 1))
		SKIP(return, "CPUs 0 and 1 are not there");
	err = __vn_cgroup_make(&cg, "batch", "+cpuset");
	if (err == -ENOTSUP)
		SKIP(return, "no cpuset controller");
	ASSERT_EQ(0, err);
	vn_child_start(&c);
	ASSERT_EQ(0, __vn_cgroup_write(&cg, "cpuset.cpus", "0-1"));
	ASSERT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	for (int i = 0; i < 40; i++) {
		tid[i] = vn_child_call(&c, vn_child_thread, NULL, -1);
		ASSERT_LT(0, tid[i]);
		self->entry[i] = (struct vcpunuma_bind_entry) {
			.vcpu = i, .tid = tid[i],
			.to = VCPUNUMA_BIND_CPU, .target = i % 2,
		};
	}
	ASSERT_EQ(0, pthread_create(&writer, NULL, rewrite, &cg));
	do {
		close(self->fd);
		self->fd = vn_open();
		vn_bind_many(self->fd, self->entry, 40, &self->cmd);
		rounds++;
	} while (pthread_tryjoin_np(writer, &failed));
	EXPECT_EQ(NULL, failed);
	vn_note("%d rounds", rounds);
	/* It ends with both CPUs; once more with one, and with a call after. */
	ASSERT_EQ(0, __vn_cgroup_write(&cg, "cpuset.cpus", "0"));
	for (int i = 0; i < 40; i++)
		EXPECT_AFFINITY(&cpu0, tid[i]);
	ASSERT_EQ(0, __vn_bind_many(self->fd, self->entry, 40, &self->cmd));
	EXPECT_EQ(20, self->cmd.out_failed);
	for (int i = 0; i < 40; i++)
		EXPECT_AFFINITY(&cpu0, tid[i]);
	vn_child_kill(&c);
	vn_cgroup_remove(&cg);
}

TEST_HARNESS_MAIN
