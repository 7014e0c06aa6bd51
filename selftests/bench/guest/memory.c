// SPDX-License-Identifier: GPL-2.0
/*
 * Memory on a node: the instructions it takes. It is on a node that is not the one
 * it is asked for from, which makes no difference to their number.
 */
#include "bench.h"
#include "ways.h"

#define RUNS	5

int main(void)
{
	ways_begin();
	for (size_t i = 0; i < nr_ways; i++) {
		struct bench_least least = {};

		while (least.runs < RUNS)
			bench_run(&least, ways[i].run());
		bench_result("memory", ways[i].what, ways[i].who,
			     (double)least.ticks * ways[i].page / WAYS_LENGTH,
			     "instructions");
	}
	return 0;
}
