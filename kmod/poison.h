/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory in which the hardware found errors.
 */
#ifndef VCPUNUMA_POISON_H
#define VCPUNUMA_POISON_H

void poison_init(void);
void poison_exit(void);

#endif /* VCPUNUMA_POISON_H */
