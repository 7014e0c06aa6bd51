/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ways to get memory on a node, ours and others'.
 */
#ifndef BENCH_WAYS_H
#define BENCH_WAYS_H

#include <linux/types.h>
#include <stddef.h>

/* Bytes of a run, and where they are; as in floor/ */
#define WAYS_LENGTH	(64UL << 20)
#define WAYS_NODE	1

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

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
/* Anonymous memory bound to the node, aligned; *@map is for ways_unmap(). */
char *ways_map(int flags, int advice, char **map);
void ways_unmap(char *map);
/* A memory object on the node; its descriptor */
int ways_create(unsigned int shift, unsigned int flags);

#endif /* BENCH_WAYS_H */
