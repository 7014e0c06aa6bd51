// SPDX-License-Identifier: GPL-2.0
/*
 * Benches: what they share.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

void bench_check(int condition, const char *what, int line)
{
	if (condition)
		return;
	fprintf(stderr, "line %d: %s: %s\n", line, what, strerror(errno));
	exit(1);
}

/**
 * bench_result - print a result, one line
 * @bench: name of the bench
 * @what: what was done
 * @who: by whom
 * @value: the result
 * @unit: of @value
 *
 * No text has a quotation mark in it.
 */
void bench_result(const char *bench, const char *what, const char *who,
		  double value, const char *unit)
{
	printf("{\"bench\": \"%s\", \"what\": \"%s\", \"who\": \"%s\", ", bench,
	       what, who);
	printf("\"value\": %.10g, \"unit\": \"%s\"}\n", value, unit);
	fflush(stdout);
}
