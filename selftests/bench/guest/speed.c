// SPDX-License-Identifier: GPL-2.0
/*
 * Memory on a node: how fast it is to be had, as a ratio to what the kernel itself
 * takes, and by several threads at once: ours, on the node's CPUs, and those of a
 * user who binds them there. In a plain guest: its clock is the host's, so MiB/s
 * say little, and ratios of medians more.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "bench.h"
#include "lib.h"
#include "ways.h"

#define RUNS		9
#define MAX_THREADS	2	/* CPUs of the node */

static int by_value(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Interleaved with the others, so that a loaded host slows all of them. */
static __u64 median(__u64 *ticks)
{
	qsort(ticks, RUNS, sizeof(*ticks), by_value);
	return ticks[RUNS / 2];
}

/* ---- Several threads ---- */

struct part {
	pthread_t thread;
	char *at;
	size_t length;
};

static void *populate_part(void *data)
{
	const struct vn_set *cpus = &vn_host()->node_cpus[WAYS_NODE];
	struct part *p = data;

	bench_must(!__vn_setaffinity(0, cpus));
	bench_must(!madvise(p->at, p->length, MADV_POPULATE_WRITE));
	return NULL;
}

/* As a VMM does that knows about nodes: threads there, each with its part */
static __u64 by_threads(unsigned int nr, int advice)
{
	struct part part[MAX_THREADS];
	__u64 ticks = -bench_ticks();
	char *map, *at = ways_map(0, advice, &map);

	for (unsigned int i = 0; i < nr; i++) {
		part[i].at = at + i * (WAYS_LENGTH / nr);
		part[i].length = WAYS_LENGTH / nr;
		bench_must(!pthread_create(&part[i].thread, NULL, populate_part,
					   &part[i]));
	}
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(part[i].thread, NULL);
	ticks += bench_ticks();
	ways_unmap(map);
	return ticks;
}

static __u64 by_workers(unsigned int nr, unsigned int shift)
{
	struct vcpunuma_cmd_mem_populate_range range = {
		.size = sizeof(range),
		.length = WAYS_LENGTH,
		.workers = nr,
	};
	__u64 ticks = -bench_ticks();
	int mem = ways_create(shift, 0);

	bench_must(!ioctl(mem, VCPUNUMA_MEM_POPULATE_RANGE, &range));
	ticks += bench_ticks();
	close(mem);
	return ticks;
}

static __u64 thp_1(void)
{
	return by_threads(1, MADV_HUGEPAGE);
}

static __u64 thp_2(void)
{
	return by_threads(2, MADV_HUGEPAGE);
}

static __u64 small_1(void)
{
	return by_threads(1, MADV_NOHUGEPAGE);
}

static __u64 small_2(void)
{
	return by_threads(2, MADV_NOHUGEPAGE);
}

static __u64 us_1(void)
{
	return by_workers(1, 21);
}

static __u64 us_2(void)
{
	return by_workers(2, 21);
}

static __u64 us_small_1(void)
{
	return by_workers(1, 12);
}

static __u64 us_small_2(void)
{
	return by_workers(2, 12);
}

static const struct way parallel[] = {
	{ "pages of 2 MiB", "THP, 1 thread of the node", thp_1, PAGE_2M },
	{ "pages of 2 MiB", "THP, 2 threads", thp_2, PAGE_2M },
	{ "pages of 2 MiB", "POPULATE_RANGE, 1 worker", us_1, PAGE_2M },
	{ "pages of 2 MiB", "POPULATE_RANGE, 2 workers", us_2, PAGE_2M },
	{ "pages of 4 KiB", "mbind, 1 thread of the node", small_1, PAGE_4K },
	{ "pages of 4 KiB", "mbind, 2 threads", small_2, PAGE_4K },
	{ "pages of 4 KiB", "POPULATE_RANGE, 1 worker", us_small_1, PAGE_4K },
	{ "pages of 4 KiB", "POPULATE_RANGE, 2 workers", us_small_2, PAGE_4K },
};

/* All ways that yield pages of one size: they can be compared with the first. */
static void compare(const struct way *way, size_t nr)
{
	__u64 ticks[32][RUNS], first, each;
	size_t i, run;

	bench_must(nr <= ARRAY_SIZE(ticks));
	for (run = 0; run < RUNS; run++)
		for (i = 0; i < nr; i++)
			ticks[i][run] = way[i].run();
	first = median(ticks[0]);
	for (i = 0; i < nr; i++) {
		each = i ? median(ticks[i]) : first;
		bench_result("speed", way[i].what, way[i].who,
			     (double)first / each, "x the first");
	}
}

/* Neighbours in the table that do the same are compared. */
static void compare_all(const struct way *way, size_t nr)
{
	size_t i = 0, n;

	for (; i < nr; i += n) {
		for (n = 1; i + n < nr && !strcmp(way[i].what, way[i + n].what);)
			n++;
		if (n > 1)
			compare(way + i, n);
	}
}

int main(void)
{
	ways_begin();
	compare_all(ways, nr_ways);
	compare_all(parallel, ARRAY_SIZE(parallel));
	return 0;
}
