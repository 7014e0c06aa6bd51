// SPDX-License-Identifier: GPL-2.0
/*
 * What a process that runs a program has, and what all of them share.
 */
#include <errno.h>
#include <linux/vcpunuma.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

struct process me;

/**
 * state_init - prepare what all programs of a runner use, one after the other
 * @shared: shared memory
 *
 * Return: false: there is not enough memory.
 */
bool state_init(struct shared *shared)
{
	const int none = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int fd = memfd_create("arena", MFD_CLOEXEC);

	me.shared = shared;
	if (fd < 0 || ftruncate(fd, ARENA_SIZE))
		return false;
	/* What follows the arena must be unusable. */
	me.arena = mmap(NULL, 2 * ARENA_SIZE, PROT_NONE, none, -1, 0);
	if (me.arena == MAP_FAILED ||
	    mmap(me.arena, ARENA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return false;
	me.arena_ro = mmap(NULL, ARENA_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);

	me.rooms = mmap(NULL, (WINDOWS + 1) * WINDOW_ROOM, PROT_NONE, none, -1, 0);
	if (me.arena_ro == MAP_FAILED || me.rooms == MAP_FAILED)
		return false;
	me.rooms += -(unsigned long)me.rooms % WINDOW_ROOM;
	return true;
}

/* Ranges that would do, for calls to change and to use */
static void begin_ranges(void)
{
	struct vcpunuma_mem_range *range = (void *)(me.arena + ARENA_RANGES);
	struct vcpunuma_node_weight *weight =
		(void *)(me.arena + ARENA_WEIGHTS);
	int i;

	for (i = 0; i < RANGES; i++)
		range[i] = (struct vcpunuma_mem_range) {
			.length = RANGE_BYTES, .node = i,
		};
	for (i = 0; i < RANGES * RANGE_NODES; i++)
		weight[i] = (struct vcpunuma_node_weight) {
			.node = i % RANGE_NODES, .weight = 1,
		};
}

/** state_begin - a program begins */
void state_begin(void)
{
	static const __u64 sets[ARENA_SETS] = {
		0xff, 0x03, 0x0c, 0xf0, 0x01, 0xaa, 0, 1ULL << 63,
	};
	struct shared *s = me.shared;
	int i;

	memset(me.arena, 0, ARENA_SIZE);
	memcpy(me.arena, sets, sizeof(sets));
	begin_ranges();
	for (i = 0; i < SLOTS; i++)
		me.fds[i] = -1;
	for (i = 0; i < WINDOWS; i++)
		me.windows[i] = (struct window) {
			.at = me.rooms + i * WINDOW_ROOM,
			.length = WINDOW_ROOM,
		};
	for (i = 0; i < PROG_PROCESSES; i++) {
		me.sockets[i][0] = -1;
		me.sockets[i][1] = -1;
	}
	s->turn = 0;
	s->waiters = 0;
	s->nr_tasks = PROG_ACTORS;
	s->nr_cover = PROG_ACTORS;
	for (i = 0; i < TASKS; i++)
		s->tasks[i] = 0;
}

/** state_clean - a tame program has ended: undo what it did to the process */
void state_clean(void)
{
	const unsigned long cpus = ~0UL;
	struct window *w;
	int i;

	for (i = 0; i < SLOTS; i++)
		if (me.fds[i] >= 0)
			close(me.fds[i]);
	for (i = 0; i < WINDOWS; i++) {
		w = &me.windows[i];
		if (w->at < me.rooms || w->at >= me.rooms + WINDOWS * WINDOW_ROOM)
			munmap(w->at, w->length);
	}
	(void)mmap(me.rooms, WINDOWS * WINDOW_ROOM, PROT_NONE, MAP_PRIVATE |
		   MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	syscall(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus);
}

/** state_prog - the program that is running */
const struct prog *state_prog(void)
{
	return &me.shared->progs[me.shared->at];
}

int slot_fd(__u64 slot)
{
	return me.fds[slot % SLOTS];
}

/** slot_put - put a new file descriptor into a slot, or -1 after an error */
long slot_put(__u64 slot, int fd)
{
	int old;

	if (fd < 0)
		return -errno;
	old = atomic_exchange(&me.fds[slot % SLOTS], fd);
	if (old >= 0)
		close(old);
	return 0;
}

/** state_pointer - the address that a number in a program stands for */
void *state_pointer(__u64 p)
{
	const struct window *w;

	switch (AT_TAG(p)) {
	case AT_ARENA:
		return me.arena + (p - AT_ARENA) % ARENA_SIZE;
	case AT_READ_ONLY:
		return me.arena_ro + (p - AT_READ_ONLY) % ARENA_SIZE;
	case AT_END:
		return me.arena + ARENA_SIZE - (p - AT_END) % ARENA_SIZE;
	case AT_WINDOW:
		w = &me.windows[(p >> AT_WINDOW_SHIFT & 0xff) % WINDOWS];
		return w->at + (__u32)p % w->length;
	}
	return (void *)p;
}

/** state_tid - the thread id that a number in a program stands for */
int state_tid(__u64 task)
{
	if (task >= TASK_BASE && task < TASK_BASE + TASKS)
		return me.shared->tasks[task - TASK_BASE] ?: -1;
	return task;
}

/** state_add_task - from now on calls can name that task */
void state_add_task(int tid)
{
	__u32 i = atomic_fetch_add(&me.shared->nr_tasks, 1);

	if (tid > 0)
		me.shared->tasks[PROG_ACTORS + (i - PROG_ACTORS) %
				 (TASKS - PROG_ACTORS)] = tid;
}

/**
 * state_range - a range of a window, never beyond it
 * @window: the window
 * @offset: where it is to begin
 * @bytes: how long it is to be, becomes how long it is
 * @at: filled with its address
 *
 * Return: false: the range is empty.
 */
bool state_range(__u64 window, __u64 offset, __u64 *bytes, char **at)
{
	const struct window *w = &me.windows[window % WINDOWS];

	offset %= w->length;
	if (*bytes > w->length - offset)
		*bytes = w->length - offset;
	*at = w->at + offset;
	return *bytes;
}
