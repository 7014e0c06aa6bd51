/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benches share: a clock, and results as lines of JSON.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>
#include <x86intrin.h>

/*
 * Instructions, in a guest whose clock counts them (run.sh -c): what the timer
 * interrupts among them take is left out by taking the least of several runs.
 */
static inline __u64 bench_ticks(void)
{
	return __rdtsc();
}

/* The least of several runs of the same work */
struct bench_least {
	__u64 ticks;
	int runs;
};

static inline void bench_run(struct bench_least *least, __u64 ticks)
{
	if (!least->runs++ || ticks < least->ticks)
		least->ticks = ticks;
}

/* Ends the program if a step that is not measured fails. */
#define bench_must(condition) bench_check(condition, #condition, __LINE__)

void bench_check(int condition, const char *what, int line);
void bench_result(const char *bench, const char *what, const char *who,
		  double value, const char *unit);

#endif /* BENCH_H */
