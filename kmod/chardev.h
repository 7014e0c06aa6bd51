/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VCPUNUMA_CHARDEV_H
#define VCPUNUMA_CHARDEV_H

int chardev_init(void);
void chardev_exit(void);

#endif /* VCPUNUMA_CHARDEV_H */
