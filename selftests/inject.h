/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection: the kernel makes the nth thing fail that can fail in one
 * system call, by /proc/thread-self/fail-nth.
 */
#ifndef SELFTESTS_INJECT_H
#define SELFTESTS_INJECT_H

/* What can fail */
enum inject_kind {
	INJECT_SLAB,		/* kmalloc() and the like */
	INJECT_PAGE,		/* pages, also those that slabs are made of */
	INJECT_USERCOPY,	/* copying from and to user memory */
	INJECT_KINDS,
	INJECT_NOTHING = INJECT_KINDS
};

/*
 * Prepares for this thread: all allocations may fail, and without a word in the
 * kernel's log about each. NULL, or why this kernel cannot.
 */
const char *inject_begin(void);
/* Leaves the kernel's settings as they were. */
void inject_end(void);

/* The nth thing from now on fails that this thread has the kernel do. */
int inject_arm(unsigned int nth);
/* How many more things would have had to come for it; 0: it has failed. */
int inject_left(void);
/* Nothing does any more. What failed, or -errno. */
int inject_disarm(void);

#endif /* SELFTESTS_INJECT_H */
