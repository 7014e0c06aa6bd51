/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings of memory objects.
 */
#ifndef VCPUNUMA_FAULT_H
#define VCPUNUMA_FAULT_H

#include <linux/mm.h>

extern const struct vm_operations_struct mem_vm_ops;

int fault_init(void);
void fault_exit(void);

#endif /* VCPUNUMA_FAULT_H */
