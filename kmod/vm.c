// SPDX-License-Identifier: GPL-2.0
/*
 * VMs: creation, the list of all, teardown.
 */
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "cmd.h"
#include "hold.h"
#include "mem.h"
#include "nodes.h"
#include "record.h"
#include "reserve.h"
#include "vcpu.h"
#include "vm.h"

/* All VMs by id. Its own lock guards it; a VM found dying is passed over. */
static DEFINE_XARRAY_ALLOC1(vms);
static u32 vms_next;

static void vm_free(struct vcpunuma_vm *vm)
{
	limits_free(&vm->limits);
	record_free(vm->record);
	put_pid(vm->owner);
	xa_destroy(&vm->mems);
	xa_destroy(&vm->vcpus);
	mutex_destroy(&vm->lock);
	kfree(vm);
}

/**
 * vm_create - a new VM, owned by the calling process
 *
 * Return: the VM with one reference, to be given to vm_close(); or ERR_PTR().
 */
struct vcpunuma_vm *vm_create(void)
{
	struct vcpunuma_vm *vm;
	int err;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);
	kref_init(&vm->ref);
	mutex_init(&vm->lock);
	xa_init_flags(&vm->vcpus, XA_FLAGS_ACCOUNT);
	xa_init_flags(&vm->mems, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	vm->owner = get_task_pid(current, PIDTYPE_TGID);
	get_task_comm(vm->comm, current->group_leader);
	vm->uid = current_uid();
	INIT_LIST_HEAD(&vm->held);
	err = limits_init(&vm->limits, vm->uid);
	if (err)
		goto err_free;

	/* Observers see the VM from here on. */
	err = xa_alloc_cyclic(&vms, &vm->id, vm, XA_LIMIT(1, VM_MAX_ID),
			      &vms_next, GFP_KERNEL_ACCOUNT);
	if (err < 0) {
		err = err == -EBUSY ? -EDQUOT : err;
		goto err_free;
	}
	return vm;

err_free:
	vm_free(vm);
	return ERR_PTR(err);
}

void vm_get(struct vcpunuma_vm *vm)
{
	kref_get(&vm->ref);
}

static void vm_release(struct kref *ref)
{
	struct vcpunuma_vm *vm = container_of(ref, struct vcpunuma_vm, ref);

	xa_erase(&vms, vm->id);
	vm_free(vm);
}

void vm_put(struct vcpunuma_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

/**
 * vm_next - the VM with the lowest id not below @id
 * @id: where to begin
 *
 * Return: the VM with a reference for the caller, or NULL.
 */
struct vcpunuma_vm *vm_next(unsigned long id)
{
	struct vcpunuma_vm *vm;

	/* vm_release() takes this lock before it frees. */
	xa_lock(&vms);
	xa_for_each_start(&vms, id, vm, id)
		if (kref_get_unless_zero(&vm->ref))
			break;
	xa_unlock(&vms);
	return vm;
}

/**
 * vm_may_know - may the caller know what a VM has?
 * @vm: the VM
 *
 * Return: true to those whose it is, and to those who may know all.
 */
bool vm_may_know(const struct vcpunuma_vm *vm)
{
	return uid_eq(vm->uid, current_uid()) || capable(CAP_SYS_NICE);
}

/**
 * vm_find - a VM that the caller may know of
 * @id: its id
 *
 * Return: the VM with a reference for the caller, or NULL.
 */
struct vcpunuma_vm *vm_find(u32 id)
{
	struct vcpunuma_vm *vm = vm_next(id);

	if (vm && (vm->id != id || !vm_may_know(vm))) {
		vm_put(vm);
		vm = NULL;
	}
	return vm;
}

/**
 * vm_refresh_all - CPUs have come to be owned by a VM, or are not any more
 *
 * All threads that are bound lose them, or get them back.
 */
void vm_refresh_all(void)
{
	/* What must not fail has its memory beforehand. */
	static DEFINE_MUTEX(refreshing);
	static struct cpumask foreign, wanted;
	struct vcpunuma_vm *vm;
	unsigned long id = 0;

	mutex_lock(&refreshing);
	while ((vm = vm_next(id))) {
		id = vm->id + 1UL;
		cpus_read_lock();
		mutex_lock(&vm->lock);
		vcpu_refresh(vm, &foreign, &wanted);
		mutex_unlock(&vm->lock);
		cpus_read_unlock();
		vm_put(vm);
		cond_resched();
	}
	mutex_unlock(&refreshing);
}

/**
 * vm_close - the file of a VM is gone: undo all the VM did
 * @vm: the VM; gives up the file's reference
 *
 * Memory objects live on by their own files.
 */
void vm_close(struct vcpunuma_vm *vm)
{
	bool hold = hold_prepare(vm);

	vcpu_unbind_all(vm);
	mutex_lock(&vm->lock);
	vm->closed = true;
	mutex_unlock(&vm->lock);
	if (hold)
		hold_begin(vm);
	else
		reserve_end(vm);
	vm_put(vm);
}

/* Counts of all vCPUs and bytes, for VCPUNUMA_DISTRIBUTION. */
static int vm_count(struct vcpunuma_vm *vm,
		    struct vcpunuma_cmd_distribution *cmd,
		    struct vcpunuma_share *by_node)
{
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	vcpu_count(vm, cmd, by_node);
	mem_count(vm, by_node);
	mutex_unlock(&vm->lock);
	return 0;
}

int vm_cmd_distribution(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_distribution *cmd = &buf->distribution;
	struct vcpunuma_share *by_node;
	struct cmd_array shares;
	u32 node, nr = 0;
	int err;

	err = cmd_array_init(&shares, cmd->shares, cmd->nr_shares,
			     cmd->share_size, sizeof(struct vcpunuma_share),
			     offsetofend(struct vcpunuma_share, mem_bytes));
	if (err)
		return err;
	by_node = kvcalloc(nr_node_ids, sizeof(*by_node), GFP_KERNEL_ACCOUNT);
	if (!by_node)
		return -ENOMEM;
	err = vm_count(call->object, cmd, by_node);
	if (err)
		goto out;

	/* A node gone offline may still have a vCPU's name on it. */
	for (node = 0; node < nr_node_ids; node++) {
		if (!node_online(node) && !by_node[node].nr_vcpus)
			continue;
		by_node[nr] = by_node[node];
		by_node[nr++].node = node;
	}
	cmd->nr_shares = nr;
	err = cmd_array_fits(&shares, nr) ?
		cmd_array_put(&shares, 0, by_node, nr) : -EMSGSIZE;
out:
	kvfree(by_node);
	return err;
}
