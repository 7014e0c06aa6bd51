/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, so that no other file has to know.
 */
#ifndef VCPUNUMA_COMPAT_H
#define VCPUNUMA_COMPAT_H

#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/userfaultfd_k.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
/* vma->vm_flags became read-only in 6.3. */
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
/* What inode operations get to map ids with was a user namespace until 6.3. */
#define mnt_idmap	user_namespace
#endif

/* generic_fillattr() is told what is asked for since 6.6. */
static inline void fill_attr(struct mnt_idmap *idmap, u32 mask,
			     struct inode *inode, struct kstat *stat)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	generic_fillattr(idmap, inode, stat);
#else
	generic_fillattr(idmap, mask, inode, stat);
#endif
}

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

/*
 * Shrinkers are allocated by the kernel since 6.7. One that knows nodes:
 * shrinker_create() returns NULL if there is no memory for it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *
shrinker_create(const char *name,
		unsigned long (*count)(struct shrinker *s,
				       struct shrink_control *sc),
		unsigned long (*scan)(struct shrinker *s,
				      struct shrink_control *sc))
{
	struct shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
	s->flags = SHRINKER_NUMA_AWARE;
	if (register_shrinker(s, "%s", name)) {
		kfree(s);
		return NULL;
	}
	return s;
}

static inline void shrinker_destroy(struct shrinker *s)
{
	unregister_shrinker(s);
	kfree(s);
}
#else
static inline struct shrinker *
shrinker_create(const char *name,
		unsigned long (*count)(struct shrinker *s,
				       struct shrink_control *sc),
		unsigned long (*scan)(struct shrinker *s,
				      struct shrink_control *sc))
{
	struct shrinker *s = shrinker_alloc(SHRINKER_NUMA_AWARE, "%s", name);

	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	shrinker_register(s);
	return s;
}

static inline void shrinker_destroy(struct shrinker *s)
{
	shrinker_free(s);
}
#endif

/* The first page of a larger one tells that some page of it has an error. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
static inline bool page_has_hwpoisoned(struct page *page)
{
	return PageHasHWPoisoned(page);
}

static inline void page_set_has_hwpoisoned(struct page *page)
{
	SetPageHasHWPoisoned(page);
}
#else
static inline bool page_has_hwpoisoned(struct page *page)
{
	return folio_test_has_hwpoisoned((struct folio *)page);
}

static inline void page_set_has_hwpoisoned(struct page *page)
{
	folio_set_has_hwpoisoned((struct folio *)page);
}
#endif

/*
 * map_part - map a page of PAGE_SIZE by itself, as the answer to a fault
 *
 * Kernels before 6.15 have nothing to do it with and need nobody to: what a fault
 * handler returns is mapped alone unless it can be mapped by 2 MiB. Newer ones map
 * what is around it too, but not where userfaultfd has marks in place of pages,
 * which they alone know to replace.
 *
 * Return: an answer; 0: the kernel is to do it.
 */
static inline vm_fault_t map_part(struct vm_fault *vmf, struct page *page)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	return 0;
#else
	if (userfaultfd_armed(vmf->vma))
		return 0;
	/* By 2 MiB, since before the error was known, and not for long. */
	if (pmd_trans_huge(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;
	return vmf_insert_page_mkwrite(vmf, page,
				       vmf->flags & FAULT_FLAG_WRITE);
#endif
}

/* Does the cgroup, or one it is in, limit memory? */
static inline bool memcg_has_limit(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	for (; memcg; memcg = parent_mem_cgroup(memcg))
		if (READ_ONCE(memcg->memory.max) != PAGE_COUNTER_MAX ||
		    READ_ONCE(memcg->memory.high) != PAGE_COUNTER_MAX)
			return true;
#endif
	return false;
}

#endif /* VCPUNUMA_COMPAT_H */
