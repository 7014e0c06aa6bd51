// SPDX-License-Identifier: GPL-2.0
/*
 * Memory in which the hardware found errors. The kernel marks the page, but of
 * pages that are not on its lists it does not know who has them: it tells only
 * those who trace what it did. So we do.
 */
#include <linux/kfifo.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "mem.h"
#include "pages.h"
#include "poison.h"
#include "pool.h"
#include "vm.h"

/* Numbers of page frames that are to be looked at; what does not fit is lost. */
static DEFINE_KFIFO(found, unsigned long, 256);
static DEFINE_SPINLOCK(found_lock);
static struct tracepoint *failure;

static bool poison_vm(struct vcpunuma_vm *vm, struct page *page)
{
	struct vcpunuma_mem *mem;
	unsigned long id;
	bool ours = false;

	mutex_lock(&vm->lock);
	xa_for_each(&vm->mems, id, mem) {
		ours = pages_poison(mem, page);
		if (ours)
			break;
	}
	mutex_unlock(&vm->lock);
	return ours;
}

static void poison_page(struct page *page)
{
	struct vcpunuma_vm *vm;
	unsigned long id = 0;
	bool ours = false;

	if (pool_poison(page))
		return;
	while (!ours && (vm = vm_next(id))) {
		id = vm->id + 1UL;
		ours = poison_vm(vm, page);
		vm_put(vm);
	}
}

static void poison_all(struct work_struct *work)
{
	unsigned long pfn;

	while (kfifo_out_spinlocked(&found, &pfn, 1, &found_lock))
		if (pfn_valid(pfn))
			poison_page(pfn_to_page(pfn));
}

static DECLARE_WORK(poison_work, poison_all);

/* As the kernel's tracepoint memory_failure_event */
static void on_failure(void *data, unsigned long pfn, int type, int result)
{
	kfifo_in_spinlocked(&found, &pfn, 1, &found_lock);
	queue_work(system_unbound_wq, &poison_work);
}

static void find_failure(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "memory_failure_event"))
		failure = tp;
}

/* Where the kernel does not know of errors there is nothing to be done. */
void __init poison_init(void)
{
	for_each_kernel_tracepoint(find_failure, NULL);
	if (failure && tracepoint_probe_register(failure, on_failure, NULL))
		failure = NULL;
}

void poison_exit(void)
{
	if (!failure)
		return;
	tracepoint_probe_unregister(failure, on_failure, NULL);
	tracepoint_synchronize_unregister();
	cancel_work_sync(&poison_work);
}
