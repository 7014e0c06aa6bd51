/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPUs and memory that come and go.
 */
#ifndef VCPUNUMA_HOTPLUG_H
#define VCPUNUMA_HOTPLUG_H

int hotplug_init(void);
void hotplug_exit(void);

#endif /* VCPUNUMA_HOTPLUG_H */
