/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs: short lists of calls, made at random, changed at random, kept as
 * text.
 *
 * The text of a program, in which numbers are hexadecimal or decimal as C
 * writes them, and arguments not given are 0:
 *
 *	prog SERIAL race=0 repeat=1
 *	0 open fd=0 flags=0x2
 *	0 INFO fd=0 at=0x100000000001000 size=48
 *	3& touch win=1 len=4096
 *	end
 *
 * A call begins with the actor that makes it: 2 * process + thread. "&": the
 * next call does not wait for this one. race=1: no call waits for any, and each
 * actor makes its calls repeat= times. A file may hold several programs; they
 * are replayed in the order of their serial numbers.
 *
 * Numbers mean what they mean to the kernel, but for these:
 *
 *	fd	a slot of the process, see enum slot
 *	tid	0: the caller itself; 0x100 + n: the n-th task of the program
 *		(actors first, then what they created); else a thread id
 *	pidfd	0; n + 1: the file descriptor in slot n; above: as it is
 *	win	a window of the process: where a mapping was put
 *	at and pointers, by their top byte: 1: offset in the arena; 2: in a
 *		read-only mapping of the same memory; 3: before the arena's end;
 *		4: offset in window number bits 48-55; else the address as it is
 *	tail	byte to put behind the command's structure, if its size is larger
 */
#ifndef FUZZ_PROG_H
#define FUZZ_PROG_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#include "rng.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define PROG_ARGS	28
#define PROG_CALLS	32
#define PROG_PROCESSES	3
#define PROG_THREADS	2
#define PROG_ACTORS	(PROG_PROCESSES * PROG_THREADS)
/* Room for the longest program as text. */
#define PROG_TEXT	16384

/**
 * struct call - one call
 * @actor: who makes it
 * @async: the next call need not wait for it
 * @op: index in the table of ops
 * @arg: its arguments, in the order of the op's
 */
struct call {
	__u8 actor;
	__u8 async;
	__u16 op;
	__u64 arg[PROG_ARGS];
};

/**
 * struct prog - a program
 * @serial: when it was run
 * @nr: number of calls
 * @race: calls do not wait for each other
 * @repeat: with @race, how often each actor makes its calls
 * @call: the calls
 */
struct prog {
	__u32 serial;
	__u16 nr;
	__u8 race;
	__u8 repeat;
	struct call call[PROG_CALLS];
};

void prog_generate(struct prog *p, struct rng *r);
bool prog_tame(const struct prog *p);
void prog_mutate(struct prog *p, const struct prog *other, struct rng *r);

size_t prog_print(const struct prog *p, char *text, size_t size);
bool prog_read(struct prog *p, FILE *file);

#endif /* FUZZ_PROG_H */
