/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands that reserve room for a whole VM and release it.
 */
#ifndef VCPUNUMA_RESERVE_H
#define VCPUNUMA_RESERVE_H

#include <linux/vcpunuma.h>

struct cmd_call;
union cmd_buffer;
struct vcpunuma_vm;

#define RESERVE_FLAGS	(VCPUNUMA_RESERVE_DRY_RUN | VCPUNUMA_RESERVE_STRICT | \
			 VCPUNUMA_RESERVE_BEYOND | VCPUNUMA_RESERVE_REQUIRED | \
			 VCPUNUMA_RESERVE_NEAR_NODE | VCPUNUMA_RESERVE_NEAR_PCI)

void reserve_end(struct vcpunuma_vm *vm);

int reserve_cmd_reserve(struct cmd_call *call, union cmd_buffer *buf);
int reserve_cmd_release(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_RESERVE_H */
