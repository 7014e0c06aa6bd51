/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, so that no other file has to know.
 */
#ifndef VCPUNUMA_COMPAT_H
#define VCPUNUMA_COMPAT_H

#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/topology.h>
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

/*
 * Does set_cpus_allowed_ptr() cut a mask down to what a user asked for with
 * sched_setaffinity(2)? Since 6.2.
 */
#define AFFINITY_IS_CUT	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0))

/*
 * cpu_llc - id of a CPU's last level cache; modules have no way to ask the cache
 * information itself. Where the kernel does not know, all of a node share one.
 */
#ifdef CONFIG_X86
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline u32 cpu_llc_id_of(u32 cpu)
{
	return get_llc_id(cpu);
}
#else
static inline u32 cpu_llc_id_of(u32 cpu)
{
	return cpu_data(cpu).topo.llc_id;
}
#endif
static inline u32 cpu_llc(u32 cpu)
{
	u32 id = cpu_llc_id_of(cpu);

	return id == BAD_APICID ? 0x80000000u | cpu_to_node(cpu) : id;
}
#else
static inline u32 cpu_llc(u32 cpu)
{
	return cpu_to_node(cpu);
}
#endif

#endif /* VCPUNUMA_COMPAT_H */
