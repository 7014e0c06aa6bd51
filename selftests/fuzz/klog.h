/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's log: does it complain?
 */
#ifndef FUZZ_KLOG_H
#define FUZZ_KLOG_H

#include <stdbool.h>
#include <stddef.h>

bool klog_open(void);
bool klog_complains(char *line, size_t size);

#endif /* FUZZ_KLOG_H */
