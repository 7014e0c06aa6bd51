// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating pages in advance: VCPUNUMA_MEM_POPULATE_RANGE, and
 * VCPUNUMA_MEM_POPULATE at creation: which pages, whose CPUs, whose limits, and
 * what is left when it ends early.
 */
#include "kselftest_harness.h"
#include "memory.h"

#include <dirent.h>
#include <sys/wait.h>

FIXTURE(populate) {
	const struct vn_host *host;
	int fd;
	size_t page;
	int nodes;		/* with memory */
	int first;
	int last;
	struct vn_set all;
};

FIXTURE_VARIANT(populate) {
	unsigned int shift;
};

FIXTURE_VARIANT_ADD(populate, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(populate, large) {
	.shift = 21,
};

FIXTURE_SETUP(populate)
{
	self->host = vn_host();
	self->fd = vn_open();
	self->page = 1UL << variant->shift;
	self->nodes = vn_set_weight(&self->host->has_memory);
	self->first = vn_set_first(&self->host->has_memory);
	self->last = vn_set_nth(&self->host->has_memory, self->nodes - 1);
	vn_getaffinity(0, &self->all);
	vn_catch_sigbus();
}

FIXTURE_TEARDOWN(populate)
{
	close(self->fd);
}

/* Those pages and no other; what was there keeps what it holds. */
TEST_F(populate, part)
{
	size_t length = 16 * self->page;
	int mem = vn_mem_create(self->fd, 0, length, self->last, variant->shift);
	char *at = vn_map(mem, length);

	at[5 * self->page] = 1;
	ASSERT_EQ(0, __vn_mem_populate(mem, 4 * self->page, 3 * self->page, 0));
	EXPECT_EQ((long long)(3 * self->page), vn_populated(mem));
	EXPECT_PART_ON_NODE(at + 5 * self->page, self->page, self->last);
	EXPECT_EQ(1, at[5 * self->page]);
	EXPECT_TRUE(vn_is_zero(at + 4 * self->page, self->page));
	EXPECT_TRUE(vn_is_zero(at + 6 * self->page, self->page));
	EXPECT_EQ((long long)(3 * self->page), vn_populated(mem));
	/* Once more, the same, and around it */
	ASSERT_EQ(0, __vn_mem_populate(mem, 4 * self->page, 3 * self->page, 0));
	EXPECT_EQ((long long)(3 * self->page), vn_populated(mem));
	ASSERT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
	EXPECT_EQ((long long)length, vn_populated(mem));
	EXPECT_EQ(1, at[5 * self->page]);
	vn_touch(at, length);
	EXPECT_ON_NODE(at, length, self->last);
	munmap(at, length);
	close(mem);
}

TEST_F(populate, wrong)
{
	size_t length = 4 * self->page;
	int mem = vn_mem_create(self->fd, 0, length, self->first,
				variant->shift);
	const struct {
		__u64 offset;
		__u64 length;
	} wrong[] = {
		{ 0, length + self->page },
		{ self->page, length },
		{ length, self->page },
		{ 1, self->page },
		{ self->page / 2, self->page },
		{ 0, self->page / 2 },
		{ 0, self->page + 1 },
		{ -(__u64)self->page, self->page },
		{ -(__u64)self->page, 2 * self->page },
		{ self->page, -(__u64)self->page },
		{ 1ULL << 63, 1ULL << 63 },
		{ 0, ~0ULL },
		{ ~0ULL, ~0ULL },
		{ 0, 1ULL << 63 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, __vn_mem_populate(mem, wrong[i].offset,
						     wrong[i].length, 0)) {
			TH_LOG("%llx at %llx", wrong[i].length,
			       wrong[i].offset);
		}
	}
	EXPECT_EQ(0, vn_populated(mem));
	close(mem);
}

/* Whatever the number: it is at most what the module allows. */
TEST_F(populate, workers)
{
	static const unsigned int numbers[] = { 1, 2, 3, 1000, 1U << 31, ~0U };
	size_t length = 8 * self->page;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int mem = vn_mem_create(self->fd, 0, length, self->last,
					variant->shift);

		EXPECT_EQ(0, __vn_mem_populate(mem, 0, length, numbers[i]));
		EXPECT_EQ((long long)length, vn_mem_on(mem, self->last));
		close(mem);
	}
}

/* Nodes side by side */
TEST_F(populate, ranges)
{
	struct vcpunuma_mem_range range[16];
	unsigned int nr = 0;
	size_t length = 0, offset = 0;
	char *at;
	int mem, node;

	for (node = -1; nr < ARRAY_SIZE(range) &&
	     vn_set_step(&self->host->has_memory, &node); nr++) {
		range[nr] = (struct vcpunuma_mem_range)
			RANGE((2 * nr + 1) * self->page, STRICT, .node = node);
		length += range[nr].length;
	}
	mem = vn_mem_create_ranges(self->fd, 0, variant->shift, range, nr);
	ASSERT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
	EXPECT_EQ((long long)length, vn_populated(mem));
	at = vn_map(mem, length);
	vn_touch(at, length);
	for (unsigned int i = 0; i < nr; i++) {
		EXPECT_PART_ON_NODE(at + offset, range[i].length,
				    range[i].node);
		offset += range[i].length;
	}
	munmap(at, length);
	close(mem);
}

/* More than the node has: what could be had stays. */
TEST_F(populate, not_enough)
{
	size_t length = (vn_meminfo(self->last, "MemTotal") + PAGE_2M) &
			-PAGE_2M;
	long long before = vn_free(self->last);
	int mem;

	if (self->nodes < 2)
		SKIP(return, "one node with memory");
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	mem = vn_mem_create(self->fd, 0, length, self->last, variant->shift);
	EXPECT_EQ(-ENOMEM, __vn_mem_populate(mem, 0, length, 0));
	EXPECT_LT(before / 2, vn_populated(mem));
	EXPECT_EQ(vn_populated(mem), vn_mem_on(mem, self->last));
	close(mem);
	EXPECT_TRUE(vn_eventually(vn_free(self->last) > before - 24 * MIB)) {
		TH_LOG("%lld free, then %lld", before, vn_free(self->last));
	}
}

/* Threads of the kernel's that allocate on a node */

struct worker {
	pid_t pid;
	struct vn_set allowed;
	int cpu;
};

/* Those there are of a node, at most @max; how many. */
static int find_workers(int node, struct worker *worker, int max)
{
	DIR *dir = opendir("/proc");
	char name[32], path[64], comm[64], stat[512], *rest;
	const struct dirent *d;
	int nr = 0;

	snprintf(name, sizeof(name), "vcpunuma/%d\n", node);
	while (dir && nr < max && (d = readdir(dir))) {
		if (d->d_name[0] < '0' || d->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", d->d_name);
		if (__vn_read_file(path, comm, sizeof(comm)) ||
		    strcmp(comm, name))
			continue;
		worker[nr].pid = atoi(d->d_name);
		snprintf(path, sizeof(path), "/proc/%.20s/stat", d->d_name);
		if (__vn_read_file(path, stat, sizeof(stat)) ||
		    __vn_status_affinity(worker[nr].pid, &worker[nr].allowed))
			continue;
		/* By fields; the name may have blanks in it. */
		rest = strrchr(stat, ')');
		for (int i = 0; rest && i < 12; i++)
			rest = strchr(rest + 1, ' ');
		/* A thread is made first, and told then where it may run. */
		if (!rest || !strncmp(rest, " 0 0 ", 5))
			continue;
		for (int i = 0; rest && i < 25; i++)
			rest = strchr(rest + 1, ' ');
		worker[nr].cpu = rest ? atoi(rest) : -1;
		nr++;
	}
	if (dir)
		closedir(dir);
	return nr;
}

static bool no_workers(int node)
{
	struct worker worker;

	return !find_workers(node, &worker, 1);
}

/* Populates and gives back, over and over, until it is told to stop. */
struct job {
	int mem;
	size_t length;
	unsigned int workers;
	bool stop;
	int err;
};

static long populate_over_and_over(void *arg)
{
	struct job *job = arg;

	while (!__atomic_load_n(&job->stop, __ATOMIC_RELAXED) && !job->err) {
		job->err = __vn_mem_populate(job->mem, 0, job->length,
					     job->workers);
		if (!job->err)
			job->err = __vn_mem_punch(job->mem, 0, job->length);
	}
	return job->err;
}

/* What was seen of the workers of @node meanwhile */
struct seen {
	int looks;
	int most;		/* at a time */
	struct vn_set allowed;	/* all together */
	struct vn_set cpus;
};

/* Until they were seen often enough; where there should be none, for a while. */
static int watch(struct job *job, int node, struct seen *seen, int seconds)
{
	struct worker worker[64];
	struct vn_thread t;
	time_t end = time(NULL) + seconds;
	int err;

	*seen = (struct seen) {};
	err = __vn_thread_start(&t);
	if (err)
		return err;
	vn_thread_post(&t, populate_over_and_over, job);
	while (seen->looks < 8 && time(NULL) < end &&
	       !__atomic_load_n(&job->err, __ATOMIC_RELAXED)) {
		int nr = find_workers(node, worker, ARRAY_SIZE(worker));

		seen->looks += !!nr;
		if (nr > seen->most)
			seen->most = nr;
		while (nr--) {
			seen->allowed = vn_set_or(&seen->allowed,
						  &worker[nr].allowed);
			if (worker[nr].cpu >= 0)
				vn_set_add(&seen->cpus, worker[nr].cpu);
		}
	}
	__atomic_store_n(&job->stop, true, __ATOMIC_RELAXED);
	err = vn_thread_wait(&t);
	vn_thread_stop(&t);
	return err;
}

/* So much that it takes a while, and fits on a node beside others */
static size_t a_lot(int node)
{
	size_t length = (vn_free(node) / 4) & -PAGE_2M;

	return length < (size_t)(48 * MIB) ? length : (size_t)(48 * MIB);
}

TEST_F(populate, on_cpus_of_the_node)
{
	struct vn_set both = vn_set_and(&self->host->has_cpu,
					&self->host->has_memory);
	int node;

	for (node = -1; vn_set_step(&both, &node);) {
		const struct vn_set *cpus = &self->host->node_cpus[node];
		struct job job = { .length = a_lot(node) };
		struct seen seen;

		job.mem = vn_mem_create(self->fd, 0, job.length, node,
					variant->shift);
		ASSERT_EQ(0, watch(&job, node, &seen, 30));
		EXPECT_LT(0, seen.looks) {
			TH_LOG("no thread vcpunuma/%d was seen", node);
		}
		EXPECT_TRUE(vn_set_within(&seen.allowed, cpus)) {
			TH_LOG("node %d: allowed %s of %s", node,
			       vn_str(&seen.allowed), vn_str(cpus));
		}
		EXPECT_TRUE(vn_set_within(&seen.cpus, cpus)) {
			TH_LOG("node %d: ran on %s of %s", node,
			       vn_str(&seen.cpus), vn_str(cpus));
		}
		vn_note("node %d: at most %d, on %s", node, seen.most,
			vn_str(&seen.cpus));
		close(job.mem);
		/* They do not stay. */
		EXPECT_TRUE(vn_eventually(no_workers(node)));
	}
}

/* A node without CPUs has it done by others. */
TEST_F(populate, node_without_cpus)
{
	bool seen = false;
	int node;

	for (node = -1; vn_set_step(&self->host->has_memory, &node);) {
		size_t length = 16 * MIB;
		int mem;

		if (vn_set_has(&self->host->has_cpu, node))
			continue;
		seen = true;
		mem = vn_mem_create(self->fd, 0, length, node, variant->shift);
		EXPECT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
		EXPECT_EQ((long long)length, vn_mem_on(mem, node));
		close(mem);
	}
	if (!seen)
		SKIP(return, "each node with memory has CPUs");
}

/* At most so many for a node, as asked for and as the module allows */
TEST_F(populate, no_more_workers_than)
{
	int node = vn_set_first(&self->host->has_cpu);
	struct job job = { .length = a_lot(node), .workers = 1 };
	char before[32];
	struct seen seen;

	if (!vn_set_has(&self->host->has_memory, node))
		SKIP(return, "the first node with CPUs has no memory");
	job.mem = vn_mem_create(self->fd, 0, job.length, node, variant->shift);
	ASSERT_EQ(0, watch(&job, node, &seen, 30));
	EXPECT_GE(1, seen.most);
	ASSERT_EQ(0, __vn_parameter_read("populate_workers", before,
					 sizeof(before)));
	if (__vn_parameter_write("populate_workers", "1"))
		SKIP(return, "populate_workers is fixed when loading");
	job.workers = 64;
	job.stop = false;
	EXPECT_EQ(0, watch(&job, node, &seen, 30));
	EXPECT_EQ(0, __vn_parameter_write("populate_workers", before));
	EXPECT_GE(1, seen.most);
	close(job.mem);
}

/* Two at once, of one object: each page once */
static long populate_once(void *arg)
{
	struct job *job = arg;

	return __vn_mem_populate(job->mem, 0, job->length, job->workers);
}

TEST_F(populate, two_at_once)
{
	struct job job = { .length = a_lot(self->last) };
	struct vn_thread t[3];
	char *at;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		vn_thread_start(&t[i]);
	for (int round = 0; round < 4; round++) {
		job.mem = vn_mem_create(self->fd, 0, job.length, self->last,
					variant->shift);
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			vn_thread_post(&t[i], populate_once, &job);
		/* And one who touches */
		at = vn_map(job.mem, job.length);
		vn_touch(at, job.length);
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			EXPECT_EQ(0, vn_thread_wait(&t[i]));
		EXPECT_EQ((long long)job.length, vn_populated(job.mem));
		EXPECT_EQ(0x55 * job.length / PAGE_4K, vn_sum(at, job.length));
		EXPECT_ON_NODE(at, job.length, self->last);
		munmap(at, job.length);
		close(job.mem);
	}
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		vn_thread_stop(&t[i]);
}

/* One gives back what the other takes. */
TEST_F(populate, while_punched)
{
	struct job job = { .length = a_lot(self->last) / 4 & -PAGE_2M };
	long long before = vn_free(self->last);
	struct vn_thread t;

	vn_thread_start(&t);
	job.mem = vn_mem_create(self->fd, 0, job.length, self->last,
				variant->shift);
	vn_thread_post(&t, populate_over_and_over, &job);
	for (int i = 0; i < 200; i++) {
		size_t part = self->page * (1 + i % 3);

		ASSERT_EQ(0, __vn_mem_punch(job.mem, i % 5 * self->page, part));
		EXPECT_GE((long long)job.length, vn_populated(job.mem));
	}
	__atomic_store_n(&job.stop, true, __ATOMIC_RELAXED);
	EXPECT_EQ(0, vn_thread_wait(&t));
	vn_thread_stop(&t);
	close(job.mem);
	EXPECT_TRUE(vn_eventually(vn_free(self->last) > before - 24 * MIB));
}

/* How far it has come is seen meanwhile. */
TEST_F(populate, progress)
{
	size_t length = a_lot(self->last);
	bool seen = false;

	for (int i = 0; i < 50 && !seen; i++) {
		struct job job = { .length = length, .workers = 1 };
		struct vn_thread t;
		long long was = 0, is = 0;

		job.mem = vn_mem_create(self->fd, 0, length, self->last,
					variant->shift);
		vn_thread_start(&t);
		vn_thread_post(&t, populate_once, &job);
		while (is < (long long)length) {
			is = vn_populated(job.mem);
			ASSERT_LE(was, is);
			seen |= is && is < (long long)length;
			was = is;
		}
		EXPECT_EQ(0, vn_thread_wait(&t));
		vn_thread_stop(&t);
		close(job.mem);
	}
	EXPECT_TRUE(seen);
}

/* A fatal signal ends it; nothing is lost. */

static long child_populate(void *length, int fd)
{
	for (;;) {
		int err = __vn_mem_populate(fd, 0, (long)length, 0);

		if (!err)
			err = __vn_mem_punch(fd, 0, (long)length);
		if (err)
			return err;
	}
}

TEST_F(populate, killed)
{
	size_t length = a_lot(self->last);
	long long before = vn_free(self->last);

	for (int i = 0; i < 10; i++) {
		int mem = vn_mem_create(self->fd, 0, length, self->last,
					variant->shift);
		struct vn_child c;

		vn_child_start(&c);
		ASSERT_EQ(0, vn_child_post(&c, child_populate, (void *)length,
					   mem));
		usleep(1000 + 7000 * i);
		EXPECT_TRUE(WIFSIGNALED(vn_child_kill(&c)));
		/* No thread of the kernel's goes on with it. */
		EXPECT_TRUE(vn_eventually(no_workers(self->last)));
		EXPECT_EQ(vn_populated(mem), vn_mem_on(mem, self->last));
		/* The object is as good as before. */
		EXPECT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
		EXPECT_EQ((long long)length, vn_populated(mem));
		close(mem);
	}
	EXPECT_TRUE(vn_eventually(vn_free(self->last) > before - 24 * MIB)) {
		TH_LOG("%lld free, then %lld", before, vn_free(self->last));
	}
}

/* Whoever has it allocated: charged to who made it. */

struct made {
	int node;
	unsigned int shift;
	size_t length;
};

static int child_mem = -1;

static long child_create(void *arg, int fd)
{
	const struct made *made = arg;

	child_mem = __vn_mem_create(fd, 0, made->length, made->node,
				    made->shift);
	if (child_mem < 0)
		return child_mem;
	vn_reply = child_mem;
	return 0;
}

static long child_populate_once(void *length, int fd)
{
	return __vn_mem_populate(fd, 0, (long)length, 0);
}

TEST_F(populate, charged)
{
	struct made *made = vn_shared(sizeof(*made));
	struct vn_cgroup cg;
	struct vn_child c;
	long long before;
	int err;

	ASSERT_NE(MAP_FAILED, made);
	err = __vn_cgroup_make(&cg, "populate", "+memory");
	if (err == -ENOTSUP)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, err);
	*made = (struct made) { self->last, variant->shift, 32 * MIB };
	vn_child_start(&c);
	EXPECT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	ASSERT_EQ(0, vn_child_call(&c, child_create, made, self->fd));
	ASSERT_LE(0, c.reply);
	before = vn_cgroup_charged(&cg);
	EXPECT_EQ(0, __vn_mem_populate(c.reply, 0, 16 * MIB, 0));
	EXPECT_EQ(0, fallocate(c.reply, 0, 16 * MIB, 8 * MIB));
	EXPECT_LE(24 * MIB, vn_cgroup_charged(&cg) - before);
	EXPECT_GE(28 * MIB, vn_cgroup_charged(&cg) - before);
	/* What it may not have, it is not given. */
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", "30M"));
	made->length = 64 * MIB;
	ASSERT_EQ(0, __vn_mem_punch(c.reply, 0, 32 * MIB));
	EXPECT_TRUE(vn_eventually(vn_cgroup_charged(&cg) < before + 4 * MIB));
	EXPECT_EQ(0, __vn_cgroup_write(&cg, "memory.max", "20M"));
	EXPECT_EQ(-ENOMEM, __vn_mem_populate(c.reply, 0, 32 * MIB, 0));
	EXPECT_EQ(0, vn_cgroup_read(&cg, "memory.events", "oom_kill"));
	EXPECT_EQ(c.pid, vn_child_call(&c, vn_child_gettid, NULL, -1));
	close(c.reply);
	vn_child_stop(&c);
	vn_cgroup_remove(&cg);
}

/* The caller's cpuset: neither its CPUs nor its nodes are left. */

TEST_F(populate, cpuset)
{
	struct vn_set both = vn_set_and(&self->host->has_cpu,
					&self->host->has_memory);
	int a = vn_set_first(&both);
	int b = vn_set_nth(&both, vn_set_weight(&both) - 1);
	struct vn_set one = vn_set_of(vn_set_first(&self->host->node_cpus[b]));
	struct vn_set node_a = vn_set_of(a);
	struct job job = { .length = a_lot(b) };
	struct vn_cgroup cg;
	struct vn_child c;
	struct seen seen;
	int err;

	err = __vn_cgroup_make(&cg, "populate", "+cpuset");
	if (err == -ENOTSUP)
		SKIP(return, "no cpuset controller");
	ASSERT_EQ(0, err);
	job.mem = vn_mem_create(self->fd, 0, job.length, b, variant->shift);

	/* One CPU of the node */
	ASSERT_EQ(0, __vn_cgroup_cpus(&cg, &one));
	ASSERT_EQ(0, __vn_cgroup_move(&cg, getpid()));
	EXPECT_EQ(0, watch(&job, b, &seen, 30));
	EXPECT_TRUE(vn_set_within(&seen.cpus, &one)) {
		TH_LOG("ran on %s of %s", vn_str(&seen.cpus), vn_str(&one));
	}
	ASSERT_EQ(0, __vn_cgroup_leave(getpid()));

	/* None of it: by others, and yet there */
	if (a != b) {
		one = vn_set_of(vn_set_first(&self->host->node_cpus[a]));
		ASSERT_EQ(0, __vn_cgroup_cpus(&cg, &one));
		ASSERT_EQ(0, __vn_cgroup_move(&cg, getpid()));
		job.stop = false;
		EXPECT_EQ(0, watch(&job, b, &seen, 2));
		EXPECT_TRUE(vn_set_within(&seen.cpus, &one)) {
			TH_LOG("ran on %s of %s", vn_str(&seen.cpus),
			       vn_str(&one));
		}
		EXPECT_EQ(0, __vn_mem_populate(job.mem, 0, self->page, 0));
		EXPECT_EQ((long long)self->page, vn_mem_on(job.mem, b));
		ASSERT_EQ(0, __vn_mem_punch(job.mem, 0, job.length));

		/* No memory of it */
		vn_child_start(&c);
		ASSERT_EQ(0, __vn_cgroup_leave(getpid()));
		ASSERT_EQ(0, __vn_cgroup_mems(&cg, &node_a));
		ASSERT_EQ(0, __vn_cgroup_move(&cg, c.pid));
		EXPECT_EQ(-EPERM, vn_child_call(&c, child_populate_once,
						(void *)job.length, job.mem));
		EXPECT_EQ(0, vn_populated(job.mem));
		vn_child_stop(&c);
	}
	close(job.mem);
	vn_cgroup_remove(&cg);
}

/*
 * Pages that may only be where the caller may not: he hears of it, also if there
 * are others that he gets.
 */
TEST_F(populate, forbidden_by_policy)
{
	size_t length = 8 * self->page;
	struct vn_set two = {}, one = vn_set_of(self->first);
	struct vn_cgroup cg;
	struct vn_child c;
	char *at;
	int err, mem;

	if (self->nodes < 3)
		SKIP(return, "less than 3 nodes with memory");
	vn_set_add(&two, vn_set_nth(&self->host->has_memory, 1));
	vn_set_add(&two, vn_set_nth(&self->host->has_memory, 2));
	err = __vn_cgroup_make(&cg, "populate", "+cpuset");
	if (err == -ENOTSUP)
		SKIP(return, "no cpuset controller");
	ASSERT_EQ(0, err);
	mem = vn_mem_create(self->fd, 0, length, self->first, variant->shift);
	at = vn_map(mem, length);
	vn_mbind(at + length / 2, length / 2, MPOL_BIND, &two);
	vn_child_start(&c);
	ASSERT_EQ(0, __vn_cgroup_mems(&cg, &one));
	ASSERT_EQ(0, __vn_cgroup_move(&cg, c.pid));
	EXPECT_EQ(-EPERM, vn_child_call(&c, child_populate_once,
					(void *)length, mem)) {
		TH_LOG("%s", vn_mem_text(mem));
	}
	vn_child_stop(&c);
	vn_cgroup_remove(&cg);
	/* Others may. */
	EXPECT_EQ(0, __vn_mem_populate(mem, 0, length, 0));
	EXPECT_EQ((long long)length / 2, vn_mem_on(mem, self->first));
	munmap(at, length);
	close(mem);
}

TEST_HARNESS_MAIN
