/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reservations that outlive their VM's file for a while.
 */
#ifndef VCPUNUMA_HOLD_H
#define VCPUNUMA_HOLD_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct vcpunuma_vm;

int hold_init(void);
void hold_exit(void);

bool hold_prepare(struct vcpunuma_vm *vm);
void hold_begin(struct vcpunuma_vm *vm);
struct vcpunuma_vm *hold_take(kuid_t uid, const char *name);
void hold_return(struct vcpunuma_vm *vm);

#endif /* VCPUNUMA_HOLD_H */
