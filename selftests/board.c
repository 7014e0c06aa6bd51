// SPDX-License-Identifier: GPL-2.0
/*
 * A board on which processes note what they were granted, see board.h.
 */
#include "board.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define REPORT	"/sys/kernel/debug/vcpunuma/report"
/* What the module allows unless it is told otherwise: shared vCPUs per 100 CPUs */
#define OVERCOMMIT	400

struct board *board_make(void)
{
	return vn_shared(sizeof(struct board));
}

void board_note(struct board *b, const char *text)
{
	if (!__atomic_exchange_n(&b->wrong, 1, __ATOMIC_SEQ_CST))
		snprintf(b->what, sizeof(b->what), "%s", text);
}

/* What the player does */

/*
 * No thread that another process has bound is on CPUs that this one owns, once
 * it was told so. One that is being unbound may be: its round has ended then.
 */
static void check_kept_off(struct board *b, const struct board_slot *mine,
			   const struct board_slot *s)
{
	for (int k = 0; k < BOARD_VCPUS; k++) {
		int rounds = __atomic_load_n(&s->rounds, __ATOMIC_SEQ_CST);
		int id = __atomic_load_n(&s->id, __ATOMIC_SEQ_CST);
		pid_t tid = __atomic_load_n(&s->vm.vcpu[k].tid,
					    __ATOMIC_SEQ_CST);
		struct vn_set now, both;

		if (!tid || __vn_getaffinity(tid, &now))
			continue;
		both = vn_set_and(&now, &mine->vm.owned);
		if (vn_set_weight(&both) &&
		    rounds == __atomic_load_n(&s->rounds, __ATOMIC_SEQ_CST) &&
		    tid == __atomic_load_n(&s->vm.vcpu[k].tid,
					   __ATOMIC_SEQ_CST) &&
		    !__atomic_load_n(&b->ending[id], __ATOMIC_SEQ_CST))
			board_wrong(b, "thread %d of %d is on %s of %d", tid,
				    id, vn_str(&both), mine->id);
	}
}

void board_claim(struct board *b, struct board_slot *s)
{
	for (int cpu = -1; vn_set_step(&s->vm.owned, &cpu);) {
		int other = __atomic_exchange_n(&b->owner[cpu], s->id,
						__ATOMIC_SEQ_CST);

		if (other && !__atomic_load_n(&b->ending[other],
					      __ATOMIC_SEQ_CST))
			board_wrong(b, "CPU %d is of %d and of %d", cpu, other,
				    s->id);
	}
	for (int i = 0; vn_set_weight(&s->vm.owned) && i < BOARD_SLOTS; i++)
		if (&b->slot[i] != s)
			check_kept_off(b, s, &b->slot[i]);
}

static bool forget_cpu(struct board *b, int cpu, int id)
{
	return __atomic_compare_exchange_n(&b->owner[cpu], &id, 0, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void board_give_up(struct board *b, struct board_slot *s)
{
	for (int cpu = -1; vn_set_step(&s->vm.owned, &cpu);)
		if (!forget_cpu(b, cpu, s->id))
			board_wrong(b, "CPU %d of %d is another's", cpu, s->id);
	memset(&s->vm, 0, sizeof(s->vm));
}

static void futex(int *word, int op, int value)
{
	syscall(__NR_futex, word, op, value, NULL, NULL, 0);
}

void board_moment(struct board *b, struct board_slot *s)
{
	int pause;

	while ((pause = __atomic_load_n(&b->pause, __ATOMIC_SEQ_CST))) {
		__atomic_store_n(&s->stopped, pause, __ATOMIC_SEQ_CST);
		futex(&b->pause, FUTEX_WAIT, pause);
	}
}

/* What the referee does */

void board_forget(struct board *b, struct board_slot *s)
{
	for (int cpu = -1; vn_set_step(&vn_host()->cpus, &cpu);)
		forget_cpu(b, cpu, s->id);
	memset(&s->vm, 0, sizeof(s->vm));
	s->pid = 0;
}

void board_pause(struct board *b)
{
	static int pauses;

	__atomic_store_n(&b->pause, ++pauses, __ATOMIC_SEQ_CST);
}

bool board_is_still(const struct board *b)
{
	for (int i = 0; i < BOARD_SLOTS; i++)
		if (b->slot[i].pid &&
		    __atomic_load_n(&b->slot[i].stopped, __ATOMIC_SEQ_CST) !=
		    b->pause)
			return false;
	return true;
}

void board_go_on(struct board *b)
{
	__atomic_store_n(&b->pause, 0, __ATOMIC_SEQ_CST);
	futex(&b->pause, FUTEX_WAKE, INT_MAX);
}

static struct vn_set without(const struct vn_set *a, const struct vn_set *b)
{
	struct vn_set set = *a;

	for (int i = -1; vn_set_step(b, &i);)
		vn_set_del(&set, i);
	return set;
}

/* All that others than @s own; of nobody: all that is owned. */
static struct vn_set owned_by_others(const struct board *b,
				     const struct board_slot *s)
{
	struct vn_set set = {};

	for (int i = 0; i < BOARD_SLOTS; i++)
		if (&b->slot[i] != s)
			set = vn_set_or(&set, &b->slot[i].vm.owned);
	return set;
}

static void check_owners(struct board *b)
{
	for (int i = 0; i < BOARD_SLOTS; i++) {
		struct board_slot *s = &b->slot[i];
		struct vn_set others = owned_by_others(b, s), both;

		both = vn_set_and(&others, &s->vm.owned);
		if (vn_set_weight(&both))
			board_wrong(b, "%d and others own %s", s->id,
				    vn_str(&both));
		for (int cpu = -1; vn_set_step(&s->vm.owned, &cpu);)
			if (b->owner[cpu] != s->id)
				board_wrong(b, "CPU %d of %d is of %d", cpu,
					    s->id, b->owner[cpu]);
	}
}

/* What a slot has reserved on a node: vCPUs and bytes */
static long long reserved_on(const struct board_vm *vm, unsigned int node,
			     unsigned int *vcpus)
{
	long long bytes = 0;

	*vcpus = 0;
	for (unsigned int i = 0; vm->reserved && i < vm->nr_chunks; i++)
		if (vm->chunk[i].node == node) {
			*vcpus += vm->chunk[i].nr_vcpus;
			bytes += vm->chunk[i].mem;
		}
	return bytes;
}

/* No node has given more than it has. */
static void check_nodes(struct board *b)
{
	const struct vn_host *h = vn_host();
	struct vn_set owned = owned_by_others(b, NULL), pool;

	for (int node = -1; vn_set_step(&h->online, &node);) {
		unsigned int shared = 0, vcpus;
		long long bytes = 0, has = vn_meminfo(node, "MemTotal");

		for (int i = 0; i < BOARD_SLOTS; i++) {
			const struct board_vm *vm = &b->slot[i].vm;

			bytes += reserved_on(vm, node, &vcpus);
			if (vm->policy == VCPUNUMA_CPU_SHARED)
				shared += vcpus;
		}
		if (bytes > has)
			board_wrong(b, "node %d has %lld bytes, %lld are reserved",
				    node, has, bytes);
		pool = without(&h->node_cpus[node], &owned);
		if (shared * 100 > (unsigned int)vn_set_weight(&pool) * OVERCOMMIT)
			board_wrong(b, "node %d: %u vCPUs share %s", node,
				    shared, vn_str(&pool));
	}
}

/* Each thread is on what it asked for, but for what others own. */
static void check_thread(struct board *b, const struct board_slot *s,
			 const struct board_vcpu *v)
{
	struct vn_set others = owned_by_others(b, s), now, want;
	int err = __vn_getaffinity(v->tid, &now);

	if (err) {
		board_wrong(b, "thread %d: %s", v->tid, strerror(-err));
		return;
	}
	want = vn_set_and(&now, &others);
	if (vn_set_weight(&want))
		board_wrong(b, "thread %d of %d on %s, of which others own %s",
			    v->tid, s->id, vn_str(&now), vn_str(&want));
	want = without(&v->asked, &others);
	/* One that is bound to a CPU alone is not to be moved. */
	if (!vn_set_weight(&want) && vn_set_weight(&v->asked) == 1)
		board_wrong(b, "thread %d has lost %s", v->tid,
			    vn_str(&v->asked));
	if (!vn_set_weight(&want))
		want = without(&vn_host()->cpus, &others);
	if (!vn_set_equal(&want, &now))
		board_wrong(b, "thread %d of %d on %s, should be on %s",
			    v->tid, s->id, vn_str(&now), vn_str(&want));
}

static void check_threads(struct board *b)
{
	for (int i = 0; i < BOARD_SLOTS; i++)
		for (int k = 0; k < BOARD_VCPUS; k++)
			if (b->slot[i].vm.vcpu[k].tid)
				check_thread(b, &b->slot[i],
					     &b->slot[i].vm.vcpu[k]);
}

/* The report says the same as the board. */

struct reading {
	struct board *b;
	struct board_slot *slot;	/* whose VM the lines are about */
	int reserved[BOARD_SLOTS];	/* lines of each kind */
	int nodes[BOARD_SLOTS];
	int threads[BOARD_SLOTS];
};

static struct board_slot *slot_of(struct board *b, pid_t pid)
{
	for (int i = 0; i < BOARD_SLOTS; i++)
		if (b->slot[i].pid == pid)
			return &b->slot[i];
	return NULL;
}

static void read_reserved(struct reading *r, unsigned int vcpus,
			  const char *policy)
{
	static const char * const names[] = {
		"shared", "own CPUs", "own cores, one thread each", "own cores",
	};
	const struct board_vm *vm = &r->slot->vm;
	size_t length = strcspn(policy, ";");

	r->reserved[r->slot - r->b->slot]++;
	if (!vm->reserved || vm->nr_vcpus != vcpus ||
	    strlen(names[vm->policy]) != length ||
	    strncmp(names[vm->policy], policy, length))
		board_wrong(r->b, "%d has not reserved %u vCPUs, %s",
			    r->slot->id, vcpus, policy);
}

static void read_node(struct reading *r, unsigned int node, unsigned int vcpus,
		      long long mib, long long taken)
{
	const struct board_vm *vm = &r->slot->vm;
	unsigned int have;
	long long bytes = reserved_on(vm, node, &have);
	long long drawn = vm->drawn_node == node ? vm->drawn : 0;

	r->nodes[r->slot - r->b->slot]++;
	if (have != vcpus || bytes != mib * MIB || drawn != taken * MIB)
		board_wrong(r->b, "report: node %u: %u, %lld/%lld MiB; %d has %u, %lld/%lld",
			    node, vcpus, taken, mib, r->slot->id, have, drawn,
			    bytes);
}

static void read_vcpu(struct reading *r, unsigned int id, const char *thread)
{
	char list[256] = "";
	struct vn_set said, now;
	int tid = 0;

	r->threads[r->slot - r->b->slot]++;
	if (sscanf(thread, ", thread %d, affinity %255[0-9,-]", &tid,
		   list) != 2 || vn_set_parse(list, &said) ||
	    id >= BOARD_VCPUS || r->slot->vm.vcpu[id].tid != tid ||
	    __vn_getaffinity(tid, &now) || !vn_set_equal(&said, &now) ||
	    strstr(thread, "DRIFTED"))
		board_wrong(r->b, "report: %d: vCPU %u%s", r->slot->id, id,
			    thread);
}

static void read_line(struct reading *r, const char *line)
{
	unsigned int a, b, c;
	long long x, y;
	const char *at;
	int n = 0;

	if (sscanf(line, "VM %u: pid %u (", &a, &b) == 2) {
		r->slot = slot_of(r->b, b);
		/* One of our own is there all the time. */
		if (!r->slot && (pid_t)b != getpid())
			board_wrong(r->b, "report: %s", line);
	} else if (!r->slot) {
		return;
	} else if (sscanf(line, "  reserved: %u vCPUs, %n", &a, &n) == 1 && n) {
		read_reserved(r, a, line + n);
	} else if (sscanf(line, "    Node %u: %u vCPUs, %lld MiB, of which %lld MiB are taken",
			  &a, &b, &x, &y) == 4) {
		read_node(r, a, b, x, y);
	} else if (sscanf(line, "  vCPU %u -> CPU%n", &c, &n) == 1 && n) {
		at = strstr(line, ", thread ");
		if (at)
			read_vcpu(r, c, at);
	}
}

/* Whether as many lines were read as there should be */
static void check_lines(struct reading *r, int i)
{
	const struct board_vm *vm = &r->b->slot[i].vm;
	int nodes = 0, threads = 0;
	unsigned int vcpus;

	for (int node = -1; vn_set_step(&vn_host()->online, &node);)
		nodes += reserved_on(vm, node, &vcpus) || vcpus;
	for (int k = 0; k < BOARD_VCPUS; k++)
		threads += vm->vcpu[k].tid != 0;
	if (r->reserved[i] != vm->reserved || r->nodes[i] != nodes ||
	    r->threads[i] != threads)
		board_wrong(r->b, "report: %d: lines %d, %d, %d; not %d, %d, %d",
			    r->b->slot[i].id, r->reserved[i], r->nodes[i],
			    r->threads[i], vm->reserved, nodes, threads);
}

static void check_report(struct board *b)
{
	struct reading r = { .b = b };
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(REPORT, "re");

	if (!f) {
		board_wrong(b, "%s: %s", REPORT, strerror(errno));
		return;
	}
	while (getline(&line, &size, f) > 0)
		read_line(&r, line);
	free(line);
	fclose(f);
	for (int i = 0; i < BOARD_SLOTS; i++)
		check_lines(&r, i);
}

void board_check(struct board *b)
{
	check_owners(b);
	check_nodes(b);
	check_threads(b);
	check_report(b);
}
