/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ways to get memory on a node, ours and others'.
 */
#ifndef BENCH_WAYS_H
#define BENCH_WAYS_H

#include <linux/types.h>
#include <stddef.h>

/* Bytes of a run */
#define WAYS_LENGTH	(64UL << 20)

/**
 * struct way - a way to get memory, or to give it back
 * @what: what is done
 * @who: by whom
 * @run: do it for WAYS_LENGTH bytes; returns the ticks that took
 * @page: bytes that @what is said of
 */
struct way {
	const char *what;
	const char *who;
	__u64 (*run)(void);
	size_t page;
};

extern const struct way ways[];
extern const size_t nr_ways;

void ways_begin(void);

#endif /* BENCH_WAYS_H */
