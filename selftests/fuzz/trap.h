/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that may touch memory they should not: they end, the process lives on.
 */
#ifndef FUZZ_TRAP_H
#define FUZZ_TRAP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct op;

void trap_init(void);
long trap_run(const struct op *op, const __u64 *arg);
bool trap_copy(void *to, const void *from, size_t size);

#endif /* FUZZ_TRAP_H */
