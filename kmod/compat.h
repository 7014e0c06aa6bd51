/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, so that no other file has to know.
 */
#ifndef VCPUNUMA_COMPAT_H
#define VCPUNUMA_COMPAT_H

#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
/* vma->vm_flags became read-only in 6.3. */
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
/* vm_ops->get_policy got a third argument in 6.7. */
#define VM_GET_POLICY_ARGS	struct vm_area_struct *vma, unsigned long addr
#else
#define VM_GET_POLICY_ARGS	struct vm_area_struct *vma, unsigned long addr, \
				pgoff_t *ilx
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
/* kernfs_node.parent became __parent, under RCU, in 6.15. */
static inline void kernfs_set_parent(struct kernfs_node *node,
				     struct kernfs_node *parent)
{
	node->parent = parent;
}
#else
static inline void kernfs_set_parent(struct kernfs_node *node,
				     struct kernfs_node *parent)
{
	RCU_INIT_POINTER(node->__parent, parent);
}
#endif

#endif /* VCPUNUMA_COMPAT_H */
