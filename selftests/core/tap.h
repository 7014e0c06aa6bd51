/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results as TAP. Not the kernel's harness: these tests run anywhere, also
 * where there are no kernel sources.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

extern unsigned int tap_tests, tap_failed;

/* One test's result; a failed one says why before. */
static inline void tap_result(bool passed, const char *name)
{
	printf("%sok %u %s\n", passed ? "" : "not ", ++tap_tests, name);
	tap_failed += !passed;
}

/* The plan, and the exit status of the program */
static inline int tap_end(void)
{
	printf("1..%u\n", tap_tests);
	return !!tap_failed;
}

#define TAP_ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

/* In a test: a function that returns false if it failed */
#define EXPECT(condition) do {						\
	if (!(condition)) {						\
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		return false;						\
	}								\
} while (0)

#endif /* TAP_H */
