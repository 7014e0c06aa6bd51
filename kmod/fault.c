// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of memory objects: page faults, and the policies of mbind(2).
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vcpunuma.h>

#include "compat.h"
#include "fault.h"
#include "layout.h"
#include "mem.h"
#include "pages.h"

/*
 * For whom a page is that is touched. When a guest's touch failed, KVM may have a
 * thread of the kernel's try again, which is in no cpuset: what holds then is that
 * of the process whose memory it is.
 */
static struct mem_caller toucher(const struct mm_struct *mm)
{
	struct mem_caller who = mem_caller();
#if defined(CONFIG_MEMCG) && defined(CONFIG_CPUSETS)
	const struct task_struct *owner;

	if (!(current->flags & PF_KTHREAD))
		return who;
	rcu_read_lock();
	owner = rcu_dereference(mm->owner);
	if (owner)
		who.allowed = owner->mems_allowed;
	rcu_read_unlock();
#endif
	return who;
}

/* The page, of which other parts may be broken, is there and locked. */
static vm_fault_t answer(struct vm_fault *vmf, struct page *page)
{
	struct page *head = compound_head(page);

	/* The kernel would look for its mappings where there are none. */
	if (unlikely(PageHWPoison(page)))
		return VM_FAULT_HWPOISON;
	if (compound_order(head) && unlikely(page_has_hwpoisoned(head)))
		return map_part(vmf, page);
	return 0;
}

/*
 * The page is returned locked and referenced. The kernel maps it as 2 MiB if it
 * is that large and the VMA allows; no flag must be set on the VMA that makes
 * it a special one (VM_PFNMAP, VM_MIXEDMAP, VM_IO).
 *
 * Never VM_FAULT_OOM: with no memory on the node there is nothing the OOM killer
 * could do about it but kill, and the fault would be retried for ever.
 */
static vm_fault_t mem_fault(struct vm_fault *vmf)
{
	struct vcpunuma_mem *mem = vmf->vma->vm_file->private_data;
	struct mem_caller who = toucher(vmf->vma->vm_mm);
	struct page *page;
	vm_fault_t ret;

	if (vmf->pgoff >= mem->length >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	for (;;) {
		page = pages_get(mem, vmf->pgoff, &who);
		if (IS_ERR(page))
			return VM_FAULT_SIGBUS;
		lock_page(page);
		if (pages_has(mem, vmf->pgoff, page))
			break;
		/* Punched out meanwhile. */
		unlock_page(page);
		put_page(page);
	}
	ret = answer(vmf, page);
	if (ret) {
		unlock_page(page);
		put_page(page);
		return ret;
	}
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

#ifdef CONFIG_NUMA
/*
 * For each node, a policy that tells that pages are bound to it. Whoever is told
 * may hold on to it for a moment longer than to the mapping, and no module can
 * make a policy that the kernel would free: so these are there from load to
 * unload.
 */
static struct mempolicy *bound;

/*
 * The policy that a mapping is under. None that asks for migration on fault, so
 * that automatic NUMA balancing does not unmap what it could not move anyway.
 */
static struct mempolicy *mem_get_policy(VM_GET_POLICY_ARGS)
{
	const struct vcpunuma_mem *mem = vma->vm_file->private_data;
	pgoff_t n = linear_page_index(vma, addr);
	struct mempolicy *asked = vma->vm_policy;
	struct mem_caller all = { .allowed = NODE_MASK_ALL };
	const struct mem_policy *p;
	bool mbind;

	if (n >= mem->length >> PAGE_SHIFT)
		return NULL;
	p = layout_at(&mem->layout, n, &mbind);
	/* What was asked for through this mapping, if that still holds. */
	if (mbind && asked && !(asked->flags & MPOL_F_MOF) &&
	    layout_is(p, asked))
		return asked;
	if (p->spills)
		return NULL;
	return &bound[layout_home(&mem->layout, p, n, &all)];
}

static int mem_set_policy(struct vm_area_struct *vma, struct mempolicy *policy)
{
	struct vcpunuma_mem *mem = vma->vm_file->private_data;

	return layout_mbind(&mem->layout, vma->vm_pgoff,
			    vma->vm_pgoff + vma_pages(vma), policy);
}

int __init fault_init(void)
{
	u32 node;

	bound = kvcalloc(nr_node_ids, sizeof(*bound), GFP_KERNEL);
	if (!bound)
		return -ENOMEM;
	for (node = 0; node < nr_node_ids; node++) {
		atomic_set(&bound[node].refcnt, 1);
		bound[node].mode = MPOL_BIND;
		bound[node].nodes = nodemask_of_node(node);
	}
	return 0;
}

void fault_exit(void)
{
	u32 node;

	for (node = 0; node < nr_node_ids; node++)
		while (atomic_read(&bound[node].refcnt) > 1)
			msleep(20);
	kvfree(bound);
}
#else
int __init fault_init(void)
{
	return 0;
}

void fault_exit(void)
{
}
#endif

const struct vm_operations_struct mem_vm_ops = {
	.fault = mem_fault,
#ifdef CONFIG_NUMA
	.get_policy = mem_get_policy,
	.set_policy = mem_set_policy,
#endif
};
