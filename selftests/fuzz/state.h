/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process that runs a program has, and what all of them share.
 */
#ifndef FUZZ_STATE_H
#define FUZZ_STATE_H

#include <linux/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "ops.h"

/* Pointers in programs, see prog.h */
#define AT_ARENA	0x0100000000000000ULL
#define AT_READ_ONLY	0x0200000000000000ULL
#define AT_END		0x0300000000000000ULL
#define AT_WINDOW	0x0400000000000000ULL
#define AT_TAG(p)	((p) & 0xff00000000000000ULL)
#define AT_WINDOW_SHIFT	48

/* The arena begins with some sets of CPUs, one word each. */
#define ARENA_SIZE	0x10000
#define ARENA_SETS	8

/* Then come ranges for memory objects, each with a weight for each node. */
#define RANGES		4
#define RANGE_NODES	4
#define RANGE_BYTES	(2ULL << 20)
#define ARENA_RANGES	0x400
#define ARENA_WEIGHTS	0x800
#define AT_RANGES	(AT_ARENA + ARENA_RANGES)

/* Task ids in programs, see prog.h */
#define TASK_BASE	0x100

/* Each window has room for so much in a place of its own. */
#define WINDOW_ROOM	(32UL << 20)

/* So many programs share a process at most, if they are tame. */
#define BATCH	16

/**
 * struct window - where a mapping is
 * @at: its address
 * @length: bytes that calls may touch
 */
struct window {
	char *at;
	size_t length;
};

/**
 * struct shared - what the processes of a program share
 * @progs: the program, or several that share a process
 * @nr_progs: how many
 * @at: the one that is running, @nr_progs after the last
 * @news: by program, the calls to keep, because the last of them did something
 *	new
 * @result: by program, of each call, as it was made last
 * @calls: made so far
 * @turn: index of the call whose turn it is
 * @waiters: how many wait for their turn
 * @tasks: thread ids
 * @nr_tasks: of these, actors included
 * @nr_cover: coverage buffers in use
 */
struct shared {
	struct prog progs[BATCH];
	unsigned int nr_progs;
	atomic_uint at;
	atomic_uint news[BATCH];
	long result[BATCH][PROG_CALLS];
	atomic_uint calls;
	atomic_uint turn;
	atomic_uint waiters;
	atomic_int tasks[TASKS];
	atomic_uint nr_tasks;
	atomic_uint nr_cover;
};

/**
 * struct process - what a process has
 * @shared: with the other processes of the program
 * @arena: memory for structures and arrays; ends before unusable memory
 * @arena_ro: the same memory, read-only
 * @fds: file descriptors by slot, -1: none
 * @sockets: for each process of the program, to hand over descriptors
 * @windows: mappings
 * @rooms: address space for them
 */
struct process {
	struct shared *shared;
	char *arena;
	char *arena_ro;
	atomic_int fds[SLOTS];
	int sockets[PROG_PROCESSES][2];
	struct window windows[WINDOWS];
	char *rooms;
};

extern struct process me;

bool state_init(struct shared *shared);
void state_begin(void);
void state_clean(void);
const struct prog *state_prog(void);

int slot_fd(__u64 slot);
long slot_put(__u64 slot, int fd);
void *state_pointer(__u64 p);
int state_tid(__u64 task);
void state_add_task(int tid);
bool state_range(__u64 window, __u64 offset, __u64 *bytes, char **at);

#endif /* FUZZ_STATE_H */
