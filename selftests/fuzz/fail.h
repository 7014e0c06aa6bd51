/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failing allocations, where the kernel can do that.
 */
#ifndef FUZZ_FAIL_H
#define FUZZ_FAIL_H

void fail_next(unsigned int nth);
void fail_begin(void);
void fail_end(void);

#endif /* FUZZ_FAIL_H */
