/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mapping /dev/vcpunuma itself.
 */
#ifndef VCPUNUMA_DIRECT_H
#define VCPUNUMA_DIRECT_H

struct vcpunuma_vm;
struct vm_area_struct;

int direct_mmap(struct vcpunuma_vm *vm, struct vm_area_struct *vma);
void direct_close(struct vcpunuma_vm *vm);

#endif /* VCPUNUMA_DIRECT_H */
