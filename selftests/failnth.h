/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of failnth share: failnth.c sweeps over the cases that
 * failnth-commands.c and failnth-files.c list; each acts in a world that
 * failnth-world.c makes and failnth-prepare.c furnishes.
 */
#ifndef SELFTESTS_FAILNTH_H
#define SELFTESTS_FAILNTH_H

#include "inject.h"
#include "lib.h"

/* RLIMIT_MEMLOCK; the cases' memory objects are smaller */
#define NTH_MEMLOCK	(16 * MIB)
#define NTH_REPORT	"/sys/kernel/debug/vcpunuma/report"

struct nth_text {
	size_t len;
	char at[16384];
};

/**
 * struct nth_world - a VM, and what a call may act on
 * @vm: the VM
 * @mem: a memory object, if the case has one
 * @made: the file that the call opened
 * @file: another file that it needs
 * @map: a mapping
 * @length: its length
 * @node: nodes with CPUs and memory, the first and the last
 * @cpu: a CPU on each
 * @thread: threads that wait
 * @words: the structure and the arrays of a command
 * @result: what the call gave, as text
 */
struct nth_world {
	int vm;
	int mem;
	int made;
	int file;
	void *map;
	size_t length;
	int node[2];
	int cpu[2];
	struct vn_thread thread[2];
	__u64 words[2048];
	struct nth_text result;
};

/**
 * enum nth_flags - what is particular about a case
 * @NTH_LATE: results are written when all is done, so EFAULT may come that late
 * @NTH_TOUCH: a page fault, which may fail with EFAULT as well as with ENOMEM,
 *	and leave the page behind
 * @NTH_NEVER: it does not fail
 */
enum nth_flags {
	NTH_LATE = 0x1,
	NTH_TOUCH = 0x2,
	NTH_NEVER = 0x4
};

/* Sets of enum inject_kind */
enum nth_kinds {
	NTH_SLAB = 0x1,
	NTH_PAGE = 0x2,
	NTH_USERCOPY = 0x4
};

/**
 * struct nth_case - one way to make a call
 * @name: of the case; NULL ends a list
 * @prepare: makes what there is before the call; 0 or -errno
 * @call: the call; 0 or -errno
 * @arg: for both
 * @fails: NTH_SLAB, ...: kinds of faults that it cannot do without noticing
 * @flags: NTH_LATE, ...
 */
struct nth_case {
	const char *name;
	int (*prepare)(struct nth_world *w, long arg);
	int (*call)(struct nth_world *w, long arg);
	long arg;
	unsigned int fails;
	unsigned int flags;
};

#define CASE(_name, _prepare, _call, _arg, ...)				\
	{								\
		.name = (_name), .prepare = (_prepare),			\
		.call = (_call), .arg = (_arg), __VA_ARGS__		\
	}

/* A list for each command of the uAPI header, and for what is not one. */
extern const struct nth_case
#define VN_COMMAND(name)	nth_##name[],
#include "commands.h"
#undef VN_COMMAND
	nth_open[], nth_mmap[], nth_touch[], nth_file[], nth_report[],
	nth_close[];

/* What there is before a call; where they make memory, @shift of its pages */
int nth_nothing(struct nth_world *w, long arg);
int nth_configured(struct nth_world *w, long arg);	/* two vCPUs */
int nth_bound(struct nth_world *w, long arg);	/* vCPU 0, thread 0 */
int nth_all_bound(struct nth_world *w, long arg);	/* both */
int nth_mem(struct nth_world *w, long shift);		/* one page */
int nth_mem_full(struct nth_world *w, long shift);	/* two, populated */
int nth_mem_mapped(struct nth_world *w, long shift);	/* one page */

void nth_print(struct nth_text *text, const char *format, ...);
/* The part of the report that is not different each time. */
void nth_print_report(struct nth_text *text, char *report);

/* Once for all worlds: 0 or -errno. */
int nth_start(struct nth_world *w);
void nth_stop(struct nth_world *w);
/* A new VM with nothing in it, and away with all there is. */
int nth_begin(struct nth_world *w);
void nth_end(struct nth_world *w);
/* All that can be seen of the world from outside. */
void nth_look(struct nth_world *w, struct nth_text *text);

#endif /* SELFTESTS_FAILNTH_H */
