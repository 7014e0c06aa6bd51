/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocating many pages of a memory object at once.
 */
#ifndef VCPUNUMA_POPULATE_H
#define VCPUNUMA_POPULATE_H

#include <linux/types.h>

struct cmd_call;
union cmd_buffer;
struct vcpunuma_mem;

int populate(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end, u32 workers);
int populate_cmd_range(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_POPULATE_H */
