// SPDX-License-Identifier: GPL-2.0
/*
 * Many who reserve, bind, release, close, exit and are killed, all at the same
 * time; and a referee who stops all of them now and then and looks whether what
 * they were told can be true (board.h).
 */
#include "kselftest_harness.h"
#include "board.h"
#include "figures.h"
#include "storm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Rounds of all players together from one pause, or one kill, to the next */
#define TO_PAUSE	64
#define TO_KILL		37
/* What is read at different moments need not fit. */
#define TOLERATED	(8 * MIB)
#define BOOST		"/proc/sys/vm/watermark_boost_factor"

struct player {
	struct storm *storm;
	struct board *board;
	struct board_slot *slot;
	unsigned int seed;
	int vm;
	struct vn_thread thread[BOARD_VCPUS];
	struct vcpunuma_place place[BOARD_VCPUS];
	int mem;
	void *at;
};

static unsigned int pick(struct player *p, unsigned int n)
{
	return rand_r(&p->seed) % n;
}

static void count(long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Between two calls: there may be a pause, or just a moment for others. */
static void between(struct player *p)
{
	if (!pick(p, 4))
		sched_yield();
	board_moment(p->board, p->slot);
}

static struct vn_set core_set(int of)
{
	const struct vn_host *h = vn_host();
	struct vn_set set = {};

	for (int cpu = -1; vn_set_step(&h->cpus, &cpu);)
		if (h->core_of[cpu] == h->core_of[of])
			vn_set_add(&set, cpu);
	return set;
}

/* All CPUs that others are kept from by those of the places */
static struct vn_set owned_by(const struct player *p, unsigned int policy,
			      unsigned int nr)
{
	struct vn_set set = {}, more;

	for (unsigned int i = 0; i < nr && policy != VCPUNUMA_CPU_SHARED; i++) {
		unsigned int own = p->place[i].cpu;

		if (own >= VN_CPUS || !vn_set_has(&vn_host()->cpus, own)) {
			board_wrong(p->board, "a place on CPU %u", own);
			continue;
		}
		more = policy == VCPUNUMA_CPU_PREFER ? vn_set_of(own) :
						       core_set(own);
		set = vn_set_or(&set, &more);
	}
	return set;
}

static void choose(struct player *p, struct vcpunuma_cmd_reserve *cmd)
{
	static const int policies[] = {
		VCPUNUMA_CPU_SHARED, VCPUNUMA_CPU_PREFER, VCPUNUMA_CPU_PREFER,
		VCPUNUMA_CPU_PREFER, VCPUNUMA_CPU_ISOLATE, VCPUNUMA_CPU_ISOLATE,
		VCPUNUMA_CPU_REQUIRE, VCPUNUMA_CPU_REQUIRE,
	};

	memset(cmd, 0, sizeof(*cmd));
	cmd->cpu_policy = policies[pick(p, ARRAY_SIZE(policies))];
	cmd->nr_vcpus = 1 + pick(p, BOARD_VCPUS);
	cmd->policy = pick(p, VCPUNUMA_ROUND_ROBIN + 1);
	if (pick(p, 2))
		cmd->mem = (1 + pick(p, 48)) * PAGE_2M;
	if (!pick(p, 4)) {
		cmd->flags |= VCPUNUMA_RESERVE_STRICT;
		cmd->nr_vnodes = cmd->nr_vcpus;
	}
}

static bool reserve(struct player *p)
{
	struct board_vm *vm = &p->slot->vm;
	struct vcpunuma_cmd_reserve cmd;
	struct vcpunuma_chunk chunk[BOARD_CHUNKS];

	choose(p, &cmd);
	if (!storm_note(p->storm, __vn_reserve(p->vm, &cmd, p->place,
					       BOARD_VCPUS, chunk,
					       BOARD_CHUNKS), "reserve")) {
		count(&p->board->refused);
		return false;
	}
	memcpy(vm->chunk, chunk, sizeof(chunk));
	vm->nr_chunks = cmd.nr_chunks;
	vm->policy = cmd.cpu_policy;
	vm->nr_vcpus = cmd.nr_vcpus;
	vm->owned = owned_by(p, vm->policy, vm->nr_vcpus);
	vm->reserved = true;
	board_claim(p->board, p->slot);
	count(&p->board->granted[vm->policy]);
	return true;
}

/* More than there is, or no more than a question */
static void ask_in_vain(struct player *p)
{
	struct vcpunuma_cmd_reserve cmd;
	int err;

	choose(p, &cmd);
	if (pick(p, 2)) {
		cmd.flags |= VCPUNUMA_RESERVE_DRY_RUN;
		storm_note(p->storm, __vn_reserve(p->vm, &cmd, NULL, 0, NULL, 0),
			   "dry run");
	} else {
		cmd.mem = 1ULL << 42;
		err = __vn_reserve(p->vm, &cmd, NULL, 0, NULL, 0);
		storm_note(p->storm, err ?: -EXDEV, "4 TiB");
	}
	err = __vn_release(p->vm);
	if (err != -ENOENT)
		storm_note(p->storm, err ?: -EXDEV, "release of nothing");
}

struct bind_arg {
	int vm;
	unsigned int vcpu;
	unsigned int to;
	unsigned int target;
};

static long bind_self(void *arg)
{
	struct bind_arg *a = arg;

	return __vn_bind(a->vm, a->vcpu, a->to, a->target, 0, NULL);
}

static long running_on(void *unused)
{
	(void)unused;
	return sched_getcpu();
}

/* Bound by itself or by another thread of its process */
static void bind_one(struct player *p, unsigned int k, unsigned int to,
		     unsigned int target, const struct vn_set *asked)
{
	struct bind_arg arg = { p->vm, k, to, target };
	struct board_vcpu *v = &p->slot->vm.vcpu[k];
	int err;

	if (pick(p, 2))
		err = vn_thread_run(&p->thread[k], bind_self, &arg);
	else
		err = __vn_bind(p->vm, k, to, target, p->thread[k].tid, NULL);
	if (!storm_note(p->storm, err, "bind"))
		return;
	count(&p->storm->binds);
	v->asked = *asked;
	v->in_place = to == VCPUNUMA_BIND_PLACE;
	__atomic_store_n(&v->tid, p->thread[k].tid, __ATOMIC_SEQ_CST);
	/* A CPU of its own is not shared, and not taken. */
	if (vn_set_weight(asked) == 1 &&
	    vn_thread_run(&p->thread[k], running_on, NULL) !=
	    vn_set_first(asked))
		board_wrong(p->board, "thread %d runs elsewhere", v->tid);
}

static struct vn_set place_set(const struct player *p, unsigned int k)
{
	const struct vcpunuma_place *place = &p->place[k];

	return place->cpu == VCPUNUMA_NONE ?
	       vn_host()->node_cpus[place->node] : vn_set_of(place->cpu);
}

static void bind_places(struct player *p, unsigned int nr)
{
	for (unsigned int k = 0; k < nr; k++) {
		struct vn_set asked = place_set(p, k);

		bind_one(p, k, VCPUNUMA_BIND_PLACE, 0, &asked);
		between(p);
	}
}

/* Without a reservation */
static void walk_in(struct player *p)
{
	const struct vn_host *h = vn_host();
	struct vn_set asked;
	int target;

	count(&p->board->walk_ins);
	if (!pick(p, 3)) {
		if (storm_note(p->storm, __vn_configure(p->vm, BOARD_VCPUS, 0,
							p->place), "configure"))
			bind_places(p, BOARD_VCPUS);
		return;
	}
	for (unsigned int k = 0; k < BOARD_VCPUS; k++) {
		if (pick(p, 2)) {
			target = vn_set_nth(&h->cpus,
					    pick(p, vn_set_weight(&h->cpus)));
			asked = vn_set_of(target);
			bind_one(p, k, VCPUNUMA_BIND_CPU, target, &asked);
		} else {
			target = vn_set_nth(&h->has_cpu,
					    pick(p, vn_set_weight(&h->has_cpu)));
			bind_one(p, k, VCPUNUMA_BIND_NODE, target,
				 &h->node_cpus[target]);
		}
		between(p);
	}
}

/* An object of what is reserved; one larger than that can't be had. */
static void draw(struct player *p)
{
	struct board_vm *vm = &p->slot->vm;
	const struct vcpunuma_chunk *c = &vm->chunk[pick(p, vm->nr_chunks)];
	int err;

	err = __vn_mem_create(p->vm, 0, 1ULL << 40, c->node, 0);
	if (err != -ENOSPC)
		storm_note(p->storm, err < 0 ? err : -EXDEV, "more than its own");
	if (!c->mem)
		return;
	p->mem = __vn_mem_create(p->vm, VCPUNUMA_MEM_POPULATE, PAGE_2M, c->node,
				 0);
	/* Free memory need not be in pieces that large. */
	if (!storm_note(p->storm, p->mem, "create memory"))
		return;
	count(&p->storm->objects);
	vm->drawn_node = c->node;
	vm->drawn = PAGE_2M;
	p->at = __vn_map(p->mem, PAGE_2M);
	if (p->at == MAP_FAILED) {
		storm_note(p->storm, -errno, "map");
		return;
	}
	if (!vn_is_zero(p->at, PAGE_4K))
		storm_note(p->storm, -EUCLEAN, "memory is not 0");
	memset(p->at, 0x6d, PAGE_4K);
	count(&p->storm->touches);
	between(p);
}

static void let_go(struct player *p)
{
	if (p->at != MAP_FAILED)
		munmap(p->at, PAGE_2M);
	if (p->mem >= 0)
		close(p->mem);
	p->at = MAP_FAILED;
	p->mem = -1;
}

/* Threads that are not bound any more may run anywhere. */
static void check_free(struct player *p)
{
	struct vn_set now;

	for (int k = 0; k < BOARD_VCPUS; k++)
		if (__vn_getaffinity(p->thread[k].tid, &now) ||
		    !vn_set_equal(&now, &vn_host()->cpus))
			board_wrong(p->board, "thread %d is left on %s",
				    p->thread[k].tid, vn_str(&now));
}

static void unbind_all(struct player *p, const struct board_vm *had)
{
	for (int k = 0; k < BOARD_VCPUS; k++)
		if (had->vcpu[k].tid)
			storm_note(p->storm, __vn_unbind(p->vm, k), "unbind");
	check_free(p);
}

static bool busy(const struct board_vm *vm)
{
	for (int k = 0; k < BOARD_VCPUS; k++)
		if (vm->vcpu[k].tid && vm->vcpu[k].in_place)
			return true;
	return vm->drawn;
}

static void end_in_order(struct player *p, const struct board_vm *had)
{
	int err;

	if (had->reserved && busy(had)) {
		err = __vn_release(p->vm);
		if (err != -EBUSY)
			storm_note(p->storm, err ?: -EXDEV, "release in use");
	}
	unbind_all(p, had);
	let_go(p);
	if (had->reserved)
		storm_note(p->storm, __vn_release(p->vm), "release");
	close(p->vm);
}

/* There is no pause while what is on the board is being given up. */
static void end_round(struct player *p)
{
	struct board_vm had = p->slot->vm;
	unsigned int how = pick(p, 16);

	__atomic_fetch_add(&p->slot->rounds, 1, __ATOMIC_SEQ_CST);
	if (!how) {
		__atomic_store_n(&p->board->ending[p->slot->id], true,
				 __ATOMIC_SEQ_CST);
		_exit(0);
	}
	board_give_up(p->board, p->slot);
	if (how < 10) {
		end_in_order(p, &had);
		return;
	}
	close(p->vm);
	check_free(p);
	/* Memory may outlive the VM. */
	if (pick(p, 2))
		between(p);
	let_go(p);
}

static void play_round(struct player *p)
{
	p->vm = __vn_open();
	if (!storm_note(p->storm, p->vm, "open"))
		return;
	between(p);
	switch (pick(p, 8)) {
	case 0:
		ask_in_vain(p);
		break;
	case 1:
		walk_in(p);
		break;
	default:
		if (!reserve(p))
			break;
		between(p);
		bind_places(p, p->slot->vm.nr_vcpus);
		if (pick(p, 2))
			draw(p);
	}
	between(p);
	end_round(p);
}

static void play(struct storm *storm, struct board *b, struct board_slot *s,
		 int rounds)
{
	struct player p = {
		.storm = storm,
		.board = b,
		.slot = s,
		.seed = s->id,
		.mem = -1,
		.at = MAP_FAILED,
	};

	/* The referee goes first. */
	setpriority(PRIO_PROCESS, 0, 10);
	for (int k = 0; k < BOARD_VCPUS; k++)
		if (!storm_note(storm, __vn_thread_start(&p.thread[k]),
				"thread"))
			_exit(1);
	while (s->rounds < rounds)
		play_round(&p);
	_exit(0);
}

FIXTURE(reserve) {
	struct vn_before before;
	struct storm *storm;
	struct board *board;
	int vm;
	struct vn_thread anchor;
	long long kept;		/* free memory that could not be reserved */
	char boost[16];
	int ids;
	int kills;
	int pauses;
};

/*
 * Bytes that are free, or easily freed, and cannot be reserved all the same:
 * some always, and those reserved already. Asks for more than there is and hears
 * how much is missing.
 */
static long long kept_back(int vm)
{
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_DRY_RUN,
		.nr_vcpus = 1,
		.mem = 1ULL << 42,
	};
	int err = __vn_reserve(vm, &cmd, NULL, 0, NULL, 0);
	long long kept = -(long long)(cmd.mem - cmd.out_mem_short);

	if (err != -ENOSPC || cmd.out_reason != VCPUNUMA_NO_MEMORY)
		return -1;
	for (int node = -1; vn_set_step(&vn_host()->has_memory, &node);)
		kept += vn_meminfo(node, "MemFree") +
			vn_meminfo(node, "Active(file)") / 2 +
			vn_meminfo(node, "Inactive(file)") / 2;
	return kept;
}

/* All CPUs, for one VM: nobody has any then. */
static int reserve_all_cpus(void)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = vn_set_weight(&vn_host()->cpus),
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	int fd = __vn_open(), err = fd;

	if (fd >= 0) {
		err = __vn_reserve(fd, &cmd, NULL, 0, NULL, 0);
		close(fd);
	}
	return err;
}

FIXTURE_SETUP(reserve)
{
	int last = vn_set_nth(&vn_host()->cpus,
			      vn_set_weight(&vn_host()->cpus) - 1);

	self->storm = storm_make();
	self->board = board_make();
	ASSERT_NE(MAP_FAILED, (void *)self->storm);
	ASSERT_NE(MAP_FAILED, (void *)self->board);
	self->storm->expected[0] = ENOSPC;
	self->storm->expected[1] = ENOMEM;
	ASSERT_EQ(0, reserve_all_cpus());
	vn_before_read(&self->before);
	/* What the kernel keeps free is to stay the same. */
	ASSERT_EQ(0, __vn_read_file(BOOST, self->boost, sizeof(self->boost)));
	ASSERT_EQ(0, __vn_write_file(BOOST, "0"));
	self->vm = vn_open();
	self->kept = kept_back(self->vm);
	ASSERT_LT(0, self->kept);
	/* One CPU that nobody can own, so that all threads can be somewhere */
	vn_thread_start(&self->anchor);
	vn_bind_cpu(self->vm, 0, last, self->anchor.tid);
}

FIXTURE_TEARDOWN(reserve)
{
	for (int i = 0; self->board && i < BOARD_SLOTS; i++)
		if (self->board->slot[i].pid)
			kill(self->board->slot[i].pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	__vn_write_file(BOOST, self->boost);
}

static void start(FIXTURE_DATA(reserve) * self, struct board_slot *s, int rounds)
{
	pid_t pid;

	s->id = ++self->ids;
	pid = self->ids < BOARD_IDS ? fork() : -1;
	if (pid < 0)
		board_wrong(self->board, "fork: %s", strerror(errno));
	if (!pid) {
		close(self->vm);
		play(self->storm, self->board, s, rounds);
	}
	s->pid = pid > 0 ? pid : 0;
}

/* Those who have ended of themselves; how many are there still? */
static int reap(struct board *b)
{
	int status, left = 0;

	for (int i = 0; i < BOARD_SLOTS; i++) {
		struct board_slot *s = &b->slot[i];

		if (s->pid && waitpid(s->pid, &status, WNOHANG) == s->pid) {
			if (status)
				board_wrong(b, "%d ended with %#x", s->id,
					    status);
			board_forget(b, s);
		}
		left += s->pid != 0;
	}
	return left;
}

static void kill_one(FIXTURE_DATA(reserve) * self)
{
	struct board_slot *s = &self->board->slot[random() % BOARD_SLOTS];

	/* Many have played all their rounds towards the end. */
	for (int i = 0; i < BOARD_SLOTS && !s->pid; i++)
		s = &self->board->slot[i];
	if (!s->pid)
		return;
	__atomic_store_n(&self->board->ending[s->id], true, __ATOMIC_SEQ_CST);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	board_forget(self->board, s);
	self->kills++;
}

static void look(FIXTURE_DATA(reserve) * self)
{
	board_pause(self->board);
	while (reap(self->board) && !board_is_still(self->board))
		usleep(500);
	board_check(self->board);
	board_go_on(self->board);
	self->pauses++;
}

static long rounds_of(const struct board *b)
{
	long sum = 0;

	for (int i = 0; i < BOARD_SLOTS; i++)
		sum += __atomic_load_n(&b->slot[i].rounds, __ATOMIC_RELAXED);
	return sum;
}

TEST_F_TIMEOUT(reserve, all_at_once, STORM_TIMEOUT)
{
	int rounds = storm_times(8, 1000);
	long next_look = TO_PAUSE, next_kill = TO_KILL;
	struct board *b = self->board;
	bool playing = true;

	while (playing && !b->wrong && !self->storm->wrong) {
		playing = reap(b);
		for (int i = 0; i < BOARD_SLOTS; i++)
			if (!b->slot[i].pid && b->slot[i].rounds < rounds) {
				start(self, &b->slot[i], rounds);
				playing = true;
			}
		if (rounds_of(b) >= next_kill) {
			kill_one(self);
			next_kill += TO_KILL;
		}
		if (rounds_of(b) >= next_look) {
			look(self);
			next_look += TO_PAUSE;
		}
		usleep(200);
	}
	look(self);
	vn_note("%ld rounds by %d processes, %d at a time; %d killed, %d pauses",
		rounds_of(b), self->ids, BOARD_SLOTS, self->kills, self->pauses);
	vn_note("granted: %ld shared, %ld prefer, %ld isolate, %ld require",
		b->granted[0], b->granted[1], b->granted[2], b->granted[3]);
	vn_note("%ld refused, %ld walk-ins", b->refused, b->walk_ins);
	EXPECT_EQ(0, b->wrong) {
		TH_LOG("%s", b->what);
	}
	EXPECT_STORM(self->storm);
	EXPECT_EQ(BOARD_SLOTS * rounds, rounds_of(b));
	for (int i = 0; i < 4; i++)
		EXPECT_LT(0, b->granted[i]);
	EXPECT_LT(0, b->refused);
	/* Nothing is left in the books. */
	vn_unbind(self->vm, 0);
	EXPECT_EQ(0, reserve_all_cpus());
	EXPECT_TRUE(vn_eventually(kept_back(self->vm) <=
				  self->kept + TOLERATED));
	vn_note("%lld KiB are free and cannot be reserved, then %lld",
		self->kept / KIB, kept_back(self->vm) / KIB);
	vn_thread_stop(&self->anchor);
	close(self->vm);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
