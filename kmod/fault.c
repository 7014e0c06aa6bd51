// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of memory objects: mmap and page faults.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "mem.h"

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
	unsigned int shift = mem->shift - PAGE_SHIFT;
	struct page *page;

	if (vmf->pgoff >= mem->length >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	page = mem_page(mem, vmf->pgoff >> shift);
	if (IS_ERR(page))
		return VM_FAULT_SIGBUS;
	page += vmf->pgoff & (BIT(shift) - 1);
	get_page(page);
	lock_page(page);
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

/*
 * No policy, and in particular none that asks for migration on fault: so that
 * automatic NUMA balancing does not unmap what it could not move anyway.
 */
static struct mempolicy *mem_get_policy(VM_GET_POLICY_ARGS)
{
	return NULL;
}

const struct vm_operations_struct mem_vm_ops = {
	.fault = mem_fault,
#ifdef CONFIG_NUMA
	.get_policy = mem_get_policy,
#endif
};
