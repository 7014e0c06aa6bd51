/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file of a memory object: its calls.
 */
#ifndef VCPUNUMA_MEMFILE_H
#define VCPUNUMA_MEMFILE_H

struct file;
struct vcpunuma_mem;

int memfile_pin(void);
void memfile_unpin(void);
struct file *memfile_create(struct vcpunuma_mem *mem);

#endif /* VCPUNUMA_MEMFILE_H */
