// SPDX-License-Identifier: GPL-2.0
/*
 * vCPUs of a VM: their places and their threads.
 */
#include <linux/cpumask.h>
#include <linux/slab.h>

#include "booking.h"
#include "cmd.h"
#include "cpuset.h"
#include "ledger.h"
#include "limits.h"
#include "nodes.h"
#include "pin.h"
#include "vcpu.h"
#include "vm.h"

/**
 * vcpu_book - book the vCPU where it is: where its thread is, else its place
 * @v: the vCPU
 *
 * What is reserved has been booked with all of the VM.
 */
void vcpu_book(struct vcpu *v)
{
	u32 cpu = VCPUNUMA_NONE;

	if (v->pin && !v->in_place)
		cpu = v->cpu;
	else if (!v->pin && v->placed && !v->reserved)
		cpu = v->place.cpu;
	ledger_move(&v->booked, cpu);
}

/**
 * vcpu_note_mask - the vCPU's thread has been given CPUs
 * @v: the vCPU
 * @cpu: the CPU, if it was one that was asked for, or VCPUNUMA_NONE
 */
void vcpu_note_mask(struct vcpu *v, u32 cpu)
{
	v->cpu = cpu != VCPUNUMA_NONE ? cpu : cpus_single(pin_mask(v->pin));
	v->node = v->cpu != VCPUNUMA_NONE ? cpu_to_node(v->cpu) :
		  cpus_node(pin_mask(v->pin));
	vcpu_book(v);
}

/** vcpu_drop_pin - the vCPU's thread, if any, no longer is; also if it exited */
void vcpu_drop_pin(struct vcpu *v)
{
	if (!v->pin)
		return;
	pin_destroy(v->pin);
	v->pin = NULL;
	v->in_place = false;
	vcpu_book(v);
}

/** vcpu_prune - forget the vCPU if it has neither place nor thread */
void vcpu_prune(struct vcpunuma_vm *vm, struct vcpu *v)
{
	if (v->placed || v->pin || v->exited || v->binding)
		return;
	WARN_ON_ONCE(v->booked != VCPUNUMA_NONE);
	xa_erase(&vm->vcpus, v->id);
	kfree(v);
	limits_uncharge_vcpus(&vm->limits, 1);
}

static struct vcpu *vcpu_alloc(u32 id)
{
	struct vcpu *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);

	if (!v)
		return NULL;
	v->id = id;
	v->booked = VCPUNUMA_NONE;
	return v;
}

/**
 * vcpu_get - a vCPU of a VM, made if there is none
 * @vm: the VM, locked
 * @id: its id, below VCPU_MAX
 *
 * Return: the vCPU, to be given a place or a thread, or to vcpu_prune();
 * ERR_PTR() of -ENOMEM, or of -EDQUOT: the VM may not have as many.
 */
struct vcpu *vcpu_get(struct vcpunuma_vm *vm, u32 id)
{
	struct vcpu *v = xa_load(&vm->vcpus, id);
	int err;

	lockdep_assert_held(&vm->lock);
	if (v)
		return v;
	err = limits_charge_vcpu(&vm->limits);
	if (err)
		return ERR_PTR(err);
	v = vcpu_alloc(id);
	if (!v) {
		err = -ENOMEM;
		goto err_uncharge;
	}
	err = xa_err(xa_store(&vm->vcpus, id, v, GFP_KERNEL_ACCOUNT));
	if (err)
		goto err_free;
	return v;

err_free:
	kfree(v);
err_uncharge:
	limits_uncharge_vcpus(&vm->limits, 1);
	return ERR_PTR(err);
}

/** vcpu_prune_all - vcpu_prune() for those of the vCPUs below @nr there are */
void vcpu_prune_all(struct vcpunuma_vm *vm, u32 nr)
{
	struct vcpu *v;
	u32 i;

	for (i = 0; i < nr; i++) {
		v = xa_load(&vm->vcpus, i);
		if (v)
			vcpu_prune(vm, v);
	}
}

/**
 * vcpu_get_all - all vCPUs below a number, made where there are none
 * @vm: the VM, locked
 * @nr: the number
 *
 * Return: 0: they are to be given places, or to vcpu_prune_all(); -ENOMEM;
 * -EDQUOT.
 */
int vcpu_get_all(struct vcpunuma_vm *vm, u32 nr)
{
	struct vcpu *v;
	u32 i;

	for (i = 0; i < nr; i++) {
		v = vcpu_get(vm, i);
		if (IS_ERR(v)) {
			vcpu_prune_all(vm, i);
			return PTR_ERR(v);
		}
	}
	return 0;
}

/* Notice if the vCPU's thread has exited: the kernel need not keep it then. */
static void vcpu_notice_exit(struct vcpu *v)
{
	if (!v->pin || !pin_exited(v->pin))
		return;
	vcpu_drop_pin(v);
	v->exited = true;
}

/**
 * vcpu_state - state of a vCPU
 * @v: the vCPU, neither new nor pruned
 */
enum vcpunuma_vcpu_state vcpu_state(struct vcpu *v)
{
	vcpu_notice_exit(v);
	if (v->exited)
		return VCPUNUMA_VCPU_EXITED;
	if (!v->pin)
		return VCPUNUMA_VCPU_CONFIGURED;
	if (pin_drifted(v->pin))
		return VCPUNUMA_VCPU_DRIFTED;
	return VCPUNUMA_VCPU_BOUND;
}

/** vcpu_node - the node a vCPU is bound to or placed on, or VCPUNUMA_NONE */
u32 vcpu_node(const struct vcpu *v)
{
	if (v->pin)
		return v->node;
	return v->placed ? v->place.node : VCPUNUMA_NONE;
}

/** vcpu_cpu - the CPU a vCPU is bound to or placed on, or VCPUNUMA_NONE */
u32 vcpu_cpu(const struct vcpu *v)
{
	if (v->pin)
		return v->cpu;
	return v->placed ? v->place.cpu : VCPUNUMA_NONE;
}

/**
 * vcpu_home_node - the node a vCPU is bound to
 * @vm: its VM, locked
 * @id: its id
 * @node: filled
 *
 * Return: 0; -EINVAL: no such id; -ENOTCONN: not bound; -ENODEV: bound to
 * several nodes.
 */
int vcpu_home_node(struct vcpunuma_vm *vm, u32 id, u32 *node)
{
	struct vcpu *v;

	lockdep_assert_held(&vm->lock);
	if (id >= VCPU_MAX)
		return -EINVAL;
	v = xa_load(&vm->vcpus, id);
	if (!v || vcpu_state(v) == VCPUNUMA_VCPU_EXITED || !v->pin)
		return -ENOTCONN;
	if (v->node == VCPUNUMA_NONE)
		return -ENODEV;
	*node = v->node;
	return 0;
}

/**
 * vcpu_count - count the vCPUs of a VM
 * @vm: the VM, locked
 * @sum: its out_ fields are filled
 * @by_node: @nr_vcpus is added to, by node id
 */
void vcpu_count(struct vcpunuma_vm *vm, struct vcpunuma_cmd_distribution *sum,
		struct vcpunuma_share *by_node)
{
	unsigned long id;
	struct vcpu *v;

	lockdep_assert_held(&vm->lock);
	sum->out_bound = 0;
	sum->out_spread = 0;
	sum->out_configured = 0;
	sum->out_exited = 0;
	xa_for_each(&vm->vcpus, id, v) {
		switch (vcpu_state(v)) {
		case VCPUNUMA_VCPU_CONFIGURED:
			sum->out_configured++;
			break;
		case VCPUNUMA_VCPU_EXITED:
			sum->out_exited++;
			break;
		case VCPUNUMA_VCPU_BOUND:
		case VCPUNUMA_VCPU_DRIFTED:
			sum->out_bound++;
			if (v->node == VCPUNUMA_NONE)
				sum->out_spread++;
			else
				by_node[v->node].nr_vcpus++;
			break;
		}
	}
}

/**
 * vcpu_caller_cpus - the CPUs the calling thread might run on, were it not bound,
 *	and the VM may use
 * @vm: the VM, locked
 * @allowed: filled
 *
 * Return: 0; -ENOMEM.
 */
int vcpu_caller_cpus(struct vcpunuma_vm *vm, struct cpumask *allowed)
{
	cpumask_var_t cpuset;

	if (!alloc_cpumask_var(&cpuset, GFP_KERNEL))
		return -ENOMEM;
	pin_own_affinity(&vm->pins, current, allowed);
	cpuset_cpus(current, cpuset);
	cpumask_and(allowed, allowed, cpuset);
	limits_cut(&vm->limits, allowed);
	free_cpumask_var(cpuset);
	return 0;
}

/** vcpu_in_place - is a vCPU bound to a place that the VM reserved? */
bool vcpu_in_place(struct vcpunuma_vm *vm)
{
	unsigned long id;
	struct vcpu *v;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->vcpus, id, v) {
		vcpu_notice_exit(v);
		if (v->pin && v->in_place)
			return true;
	}
	return false;
}

/* Give the thread just these CPUs, of what it may run on; false: it can't. */
static bool give_cpus(struct vcpu *v, const struct cpumask *wanted)
{
	struct pin *pin = v->pin;

	if (pin_set(pin, pin_asked(pin), wanted, NULL) || pin_settle(pin, NULL) < 0 ||
	    !cpumask_subset(pin_next_mask(pin), wanted))
		return false;
	pin_commit(pin);
	vcpu_note_mask(v, VCPUNUMA_NONE);
	return true;
}

/*
 * Give the thread what it asked for and no other VM owns. If it may run on none
 * of that, as in a VM without a reservation that had all of it taken, whatever it
 * may run on and nobody owns; if that is nothing either it stays where it is.
 */
static void refresh_pin(struct vcpu *v, const struct cpumask *foreign,
			struct cpumask *wanted)
{
	struct pin *pin = v->pin;

	cpumask_andnot(wanted, pin_asked(pin), foreign);
	if (cpumask_and(wanted, wanted, pin_before(pin)) &&
	    !cpumask_intersects(pin_mask(pin), foreign) &&
	    cpumask_subset(wanted, pin_mask(pin)))
		return;
	if (give_cpus(v, wanted))
		return;
	cpumask_andnot(wanted, pin_before(pin), foreign);
	give_cpus(v, wanted);
}

/**
 * vcpu_refresh - other VMs have come to own CPUs, or do not any more
 * @vm: the VM, locked; under cpus_read_lock()
 * @foreign: scratch
 * @wanted: scratch
 */
void vcpu_refresh(struct vcpunuma_vm *vm, struct cpumask *foreign,
		  struct cpumask *wanted)
{
	unsigned long id;
	struct vcpu *v;

	lockdep_assert_held(&vm->lock);
	booking_lock();
	booking_foreign(vm->booking, foreign);
	limits_forbid(&vm->limits, foreign);
	xa_for_each(&vm->vcpus, id, v) {
		if (vcpu_state(v) == VCPUNUMA_VCPU_BOUND)
			refresh_pin(v, foreign, wanted);
		cond_resched();
	}
	booking_unlock();
}

/** vcpu_unbind_all - the VM ends: all threads get their affinity back */
void vcpu_unbind_all(struct vcpunuma_vm *vm)
{
	unsigned long id;
	struct vcpu *v;

	mutex_lock(&vm->lock);
	xa_for_each(&vm->vcpus, id, v) {
		vcpu_drop_pin(v);
		v->placed = false;
		v->reserved = false;
		v->exited = false;
		vcpu_book(v);
		vcpu_prune(vm, v);
		cond_resched();
	}
	mutex_unlock(&vm->lock);
}

int vcpu_cmd_unbind(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_unbind *cmd = &buf->unbind;
	struct vcpunuma_vm *vm = call->object;
	struct vcpu *v;
	int err = 0;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->vcpu >= VCPU_MAX)
		return -EINVAL;
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	v = xa_load(&vm->vcpus, cmd->vcpu);
	if (v && (v->pin || v->exited)) {
		vcpu_drop_pin(v);
		v->exited = false;
		vcpu_prune(vm, v);
	} else {
		err = -ENOTCONN;
	}
	mutex_unlock(&vm->lock);
	return err;
}

static int query_locked(struct vcpunuma_vm *vm, struct vcpunuma_cmd_query *cmd,
			struct cpumask *cpus)
{
	struct vcpu *v = xa_load(&vm->vcpus, cmd->vcpu);

	lockdep_assert_held(&vm->lock);
	if (!v)
		return -ENOENT;
	cmd->out_state = vcpu_state(v);
	cmd->out_node = vcpu_node(v);
	cmd->out_cpu = vcpu_cpu(v);
	cmd->out_last_cpu = VCPUNUMA_NONE;
	cmd->out_last_node = VCPUNUMA_NONE;
	cmd->out_tid = 0;
	if (v->pin) {
		cmd->out_last_cpu = pin_last_cpu(v->pin);
		cmd->out_last_node = cpu_to_node(cmd->out_last_cpu);
		cmd->out_tid = pin_tid(v->pin);
		pin_affinity(v->pin, cpus);
	}
	return 0;
}

int vcpu_cmd_query(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_query *cmd = &buf->query;
	struct vcpunuma_vm *vm = call->object;
	u32 room = cmd->nr_bits;
	cpumask_var_t cpus;
	int err;

	if (cmd->vcpu >= VCPU_MAX || room > VCPUNUMA_MAX_BITS)
		return -EINVAL;
	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	err = -EINTR;
	if (!mutex_lock_killable(&vm->lock)) {
		err = query_locked(vm, cmd, cpus);
		mutex_unlock(&vm->lock);
	}
	if (!err) {
		cmd->nr_bits = nr_cpu_ids;
		if (room && room < nr_cpu_ids)
			err = -EMSGSIZE;
		else if (room)
			err = cmd_put_cpus(cmd->cpus, room, cpus);
	}
	free_cpumask_var(cpus);
	return err;
}
