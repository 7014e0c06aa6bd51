// SPDX-License-Identifier: GPL-2.0
/*
 * Places for the vCPUs of a VM, chosen before or after their threads exist.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "booking.h"
#include "cmd.h"
#include "ledger.h"
#include "vcpu.h"
#include "vm.h"

/* The VM does not count for the ledger while places are chosen for it. */
static void unbook_all(struct vcpunuma_vm *vm)
{
	unsigned long id;
	struct vcpu *v;

	xa_for_each(&vm->vcpus, id, v)
		ledger_move(&v->booked, VCPUNUMA_NONE);
}

static void book_all(struct vcpunuma_vm *vm)
{
	unsigned long id;
	struct vcpu *v;

	xa_for_each(&vm->vcpus, id, v) {
		vcpu_book(v);
		vcpu_prune(vm, v);
	}
}

/* The CPUs to choose from: the caller may run there, and nobody owns them. */
static int find_allowed(struct vcpunuma_vm *vm, struct cpumask *allowed)
{
	cpumask_var_t foreign;
	int err;

	if (!alloc_cpumask_var(&foreign, GFP_KERNEL))
		return -ENOMEM;
	err = vcpu_caller_cpus(vm, allowed);
	booking_foreign(vm->booking, foreign);
	cpumask_andnot(allowed, allowed, foreign);
	free_cpumask_var(foreign);
	return err;
}

static int configure(struct vcpunuma_vm *vm, struct cpumask *allowed,
		     bool nodes_only, struct vcpunuma_place *places, u32 nr)
{
	unsigned long id;
	struct vcpu *v;
	int err;

	lockdep_assert_held(&vm->lock);
	if (vm->booking)
		return -EEXIST;
	err = find_allowed(vm, allowed);
	if (err)
		return err;
	err = vcpu_get_all(vm, nr);
	if (err)
		return err;
	unbook_all(vm);
	if (nr)
		err = ledger_place(allowed, nodes_only, places, nr);
	if (err) {
		book_all(vm);
		return err;
	}
	xa_for_each(&vm->vcpus, id, v) {
		v->placed = id < nr;
		if (!v->placed)
			continue;
		v->place = places[id];
		/* The place is booked already. */
		v->booked = places[id].cpu;
	}
	book_all(vm);
	return 0;
}

int vcpu_cmd_configure(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_configure *cmd = &buf->configure;
	struct vcpunuma_vm *vm = call->object;
	struct vcpunuma_place *places;
	struct cmd_array array;
	cpumask_var_t allowed;
	u32 nr = cmd->nr_vcpus;
	int err;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (nr > VCPU_MAX)
		return -EINVAL;
	err = cmd_array_init(&array, cmd->places, cmd->nr_places,
			     cmd->place_size, sizeof(*places),
			     offsetofend(struct vcpunuma_place, __reserved));
	if (err)
		return err;
	cmd->nr_places = nr;
	if (!cmd_array_fits(&array, nr))
		return -EMSGSIZE;
	err = cmd_array_probe(&array, nr);
	if (err)
		return err;

	if (!alloc_cpumask_var(&allowed, GFP_KERNEL))
		return -ENOMEM;
	err = -ENOMEM;
	places = kvcalloc(nr, sizeof(*places), GFP_KERNEL_ACCOUNT);
	if (!places)
		goto out_free_mask;

	cpus_read_lock();
	err = -EINTR;
	if (!mutex_lock_killable(&vm->lock)) {
		/* From the look at what others own until all is booked */
		err = booking_lock_killable();
		if (!err) {
			err = configure(vm, allowed,
					cmd->flags & VCPUNUMA_CONFIGURE_NODES,
					places, nr);
			booking_unlock();
		}
		mutex_unlock(&vm->lock);
	}
	cpus_read_unlock();
	if (!err)
		err = cmd_array_put(&array, 0, places, nr);
	kvfree(places);
out_free_mask:
	free_cpumask_var(allowed);
	return err;
}
