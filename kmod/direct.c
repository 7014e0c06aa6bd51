// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping /dev/vcpunuma itself: what is mapped is a memory object, made for that
 * and as good as any. For VMMs that know nothing of us but a path.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>

#include "direct.h"
#include "mem.h"
#include "vm.h"

/* The file of the VM's object, referenced, or NULL; @file is it if none is yet. */
static struct file *direct_file(struct vcpunuma_vm *vm, struct file *file)
{
	struct file *direct;

	if (mutex_lock_killable(&vm->lock))
		return ERR_PTR(-EINTR);
	if (!vm->direct && file)
		vm->direct = get_file(file);
	direct = vm->direct;
	if (direct)
		get_file(direct);
	mutex_unlock(&vm->lock);
	return direct;
}

/* The same, made if there is none. */
static struct file *direct_make(struct vcpunuma_vm *vm, u64 length)
{
	struct file *direct = direct_file(vm, NULL), *file;

	if (direct)
		return direct;
	file = mem_direct(vm, length);
	if (IS_ERR(file))
		return file;
	/* Another process may have been faster. */
	direct = direct_file(vm, file);
	fput(file);
	return direct;
}

/**
 * direct_mmap - map the VM's own object, or make it
 * @vm: the VM
 * @vma: the mapping
 *
 * Return: 0; -EINVAL: private, or beyond the object; or as VCPUNUMA_MEM_CREATE.
 */
int direct_mmap(struct vcpunuma_vm *vm, struct vm_area_struct *vma)
{
	u64 end = ((u64)vma->vm_pgoff << PAGE_SHIFT) + vma->vm_end -
		  vma->vm_start;
	struct file *file;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	/* Whoever maps a part of it first cannot say how long it is. */
	file = vma->vm_pgoff ? direct_file(vm, NULL) : direct_make(vm, end);
	if (IS_ERR_OR_NULL(file))
		return file ? PTR_ERR(file) : -EINVAL;
	vma_set_file(vma, file);
	fput(file);
	return vma->vm_file->f_op->mmap(vma->vm_file, vma);
}

/** direct_close - the VM's file is gone: only mappings keep its object */
void direct_close(struct vcpunuma_vm *vm)
{
	struct file *file;

	mutex_lock(&vm->lock);
	file = vm->direct;
	vm->direct = NULL;
	mutex_unlock(&vm->lock);
	if (file)
		fput(file);
}
