// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations that outlive their VM's file for a while, so that a VMM that is
 * started again finds its place free. Whoever takes a VM off the list of those
 * that are held, its timer or its successor, decides what becomes of it.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "booking.h"
#include "hold.h"
#include "mem.h"
#include "reserve.h"
#include "vm.h"

static LIST_HEAD(held);
static DEFINE_MUTEX(held_lock);	/* a leaf */
/* Of its own: at unload nothing must be left of what it runs. */
static struct workqueue_struct *hold_queue;

/* Take the VM off the list; false: somebody else has. */
static bool take(struct vcpunuma_vm *vm)
{
	bool was;

	mutex_lock(&held_lock);
	was = !list_empty(&vm->held);
	list_del_init(&vm->held);
	mutex_unlock(&held_lock);
	return was;
}

/* Put the VM on the list, with a reference for the timer that takes it off. */
static void add(struct vcpunuma_vm *vm)
{
	long left;

	mutex_lock(&held_lock);
	left = vm->until - jiffies;
	list_add_tail(&vm->held, &held);
	queue_delayed_work(hold_queue, &vm->hold, max(left, 0L));
	mutex_unlock(&held_lock);
}

static void expire(struct work_struct *work)
{
	struct vcpunuma_vm *vm = container_of(to_delayed_work(work),
					      struct vcpunuma_vm, hold);

	if (take(vm))
		reserve_end(vm);
	vm_put(vm);
}

/**
 * hold_prepare - is what a VM has reserved to be kept?
 * @vm: the VM, whose file is gone
 *
 * Before its vCPUs are: those of a place that is kept count all the time.
 *
 * Return: true: hold_begin() is to follow.
 */
bool hold_prepare(struct vcpunuma_vm *vm)
{
	bool wanted;

	mutex_lock(&vm->lock);
	wanted = vm->booking && vm->grace;
	if (wanted) {
		vm->kept = vm->booking->plan.vcpus;
		limits_add_vcpus(&vm->limits, vm->kept);
		/* Memory that lives on is not part of the place. */
		mem_undraw(vm);
	}
	mutex_unlock(&vm->lock);
	return wanted;
}

/**
 * hold_begin - keep what a VM has reserved
 * @vm: the VM, closed, after hold_prepare()
 */
void hold_begin(struct vcpunuma_vm *vm)
{
	vm_get(vm);
	INIT_DELAYED_WORK(&vm->hold, expire);
	vm->until = jiffies + vm->grace * HZ;
	add(vm);
}

/*
 * One that is held and was reserved by the caller's user: who has been handed the
 * file of a VM is not its opener, and shall not have what that one's other VMs had.
 */
static struct vcpunuma_vm *find(kuid_t uid, const char *name)
{
	struct vcpunuma_vm *vm;

	lockdep_assert_held(&held_lock);
	list_for_each_entry(vm, &held, held)
		if (uid_eq(vm->uid, uid) && uid_eq(vm->asker, current_uid()) &&
		    !strcmp(vm->name, name))
			return vm;
	return NULL;
}

/**
 * hold_take - a VM that is held, and is so no longer
 * @uid: the user who opened it; he who reserved is the caller's
 * @name: its name
 *
 * Return: the VM with a reference; the caller ends what it has reserved, takes
 * that, or gives the VM to hold_return(). Or NULL.
 */
struct vcpunuma_vm *hold_take(kuid_t uid, const char *name)
{
	struct vcpunuma_vm *vm;

	mutex_lock(&held_lock);
	vm = find(uid, name);
	if (vm) {
		list_del_init(&vm->held);
		/* The reference of the work that does not run any more */
		if (!cancel_delayed_work(&vm->hold))
			vm_get(vm);
	}
	mutex_unlock(&held_lock);
	return vm;
}

/**
 * hold_return - hold a VM on, as long as it would have been
 * @vm: from hold_take(); gives up the reference
 */
void hold_return(struct vcpunuma_vm *vm)
{
	/* Its timer may be about to find that it was taken: it ends it then. */
	add(vm);
}

int hold_init(void)
{
	hold_queue = alloc_workqueue("vcpunuma", WQ_UNBOUND, 0);
	return hold_queue ? 0 : -ENOMEM;
}

/** hold_exit - no file is open any more; end what is held */
void hold_exit(void)
{
	struct vcpunuma_vm *vm;

	mutex_lock(&held_lock);
	list_for_each_entry(vm, &held, held)
		mod_delayed_work(hold_queue, &vm->hold, 0);
	mutex_unlock(&held_lock);
	destroy_workqueue(hold_queue);
}
