// SPDX-License-Identifier: GPL-2.0
/*
 * What a VM may do and have: as its user is allowed when it is opened, and less
 * whenever somebody who has its file says so. Never more.
 */
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "booking.h"
#include "cmd.h"
#include "limits.h"
#include "mem.h"
#include "pin.h"
#include "quota.h"
#include "vcpu.h"
#include "vm.h"

static uint vm_vcpus;
module_param(vm_vcpus, uint, 0644);
MODULE_PARM_DESC(vm_vcpus, "vCPUs of a VM of an unprivileged user (default 0: no limit)");

static uint vm_mem;
module_param(vm_mem, uint, 0644);
MODULE_PARM_DESC(vm_mem, "MiB of memory of a VM of an unprivileged user (default 0: no limit)");

/**
 * limits_init - limits of a new VM
 * @l: its limits, zeroed
 * @uid: whom it counts for, unless he may go beyond limits
 *
 * Return: 0; -EDQUOT: the user has as many VMs as he may; -ENOMEM. Undone by
 * limits_free(), also after an error.
 */
int limits_init(struct limits *l, kuid_t uid)
{
	bool exempt = capable(CAP_SYS_RESOURCE);
	struct quota *q;
	int err;

	if (!alloc_cpumask_var(&l->cpus, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	cpumask_setall(l->cpus);
	nodes_setall(l->nodes);
	l->commands = ~0ULL;
	l->max_vcpus = exempt ? U32_MAX : READ_ONCE(vm_vcpus) ?: U32_MAX;
	l->max_mem = exempt ? U64_MAX :
		     (u64)READ_ONCE(vm_mem) * SZ_1M ?: U64_MAX;
	if (exempt)
		return 0;
	q = quota_get(uid);
	if (IS_ERR(q))
		return PTR_ERR(q);
	err = quota_charge(q, QUOTA_VMS, 1);
	if (err)
		quota_put(q);
	else
		l->quota = q;
	return err;
}

/** limits_free - the VM has nothing any more */
void limits_free(struct limits *l)
{
	WARN_ON_ONCE(l->vcpus || l->mem);
	quota_uncharge(l->quota, QUOTA_VMS, 1);
	quota_put(l->quota);
	free_cpumask_var(l->cpus);
}

/**
 * limits_allow - may the VM give a command?
 * @l: its limits
 * @cmd: ioctl number
 */
bool limits_allow(const struct limits *l, unsigned int cmd)
{
	u32 nr = _IOC_NR(cmd);

	return nr >= 64 || READ_ONCE(l->commands) & BIT_ULL(nr);
}

/* Leave only CPUs of some nodes; one that is offline has a node as well. */
static void cut_to_nodes(struct cpumask *cpus, const nodemask_t *nodes)
{
	u32 cpu;

	for_each_cpu(cpu, cpus)
		if (!node_isset(cpu_to_node(cpu), *nodes))
			cpumask_clear_cpu(cpu, cpus);
}

/**
 * limits_cut - leave only CPUs that the VM may use
 * @l: its limits
 * @cpus: set of CPUs
 *
 * Return: false: none is left.
 */
bool limits_cut(const struct limits *l, struct cpumask *cpus)
{
	if (!l->cut)
		return !cpumask_empty(cpus);
	cut_to_nodes(cpus, &l->nodes);
	return cpumask_and(cpus, cpus, l->cpus);
}

/** limits_forbid - add the CPUs to a set that the VM may not use */
void limits_forbid(const struct limits *l, struct cpumask *forbidden)
{
	u32 cpu;

	if (!l->cut)
		return;
	for_each_possible_cpu(cpu)
		if (!cpumask_test_cpu(cpu, l->cpus) ||
		    !node_isset(cpu_to_node(cpu), l->nodes))
			cpumask_set_cpu(cpu, forbidden);
}

/** limits_charge_vcpu - the VM gets a vCPU: 0, or -EDQUOT: it must not */
int limits_charge_vcpu(struct limits *l)
{
	int err;

	if (l->vcpus >= l->max_vcpus)
		return -EDQUOT;
	err = quota_charge(l->quota, QUOTA_VCPUS, 1);
	if (!err)
		l->vcpus++;
	return err;
}

/** limits_add_vcpus - the VM has more vCPUs, whether it may or not */
void limits_add_vcpus(struct limits *l, u32 nr)
{
	l->vcpus += nr;
	quota_add(l->quota, QUOTA_VCPUS, nr);
}

void limits_uncharge_vcpus(struct limits *l, u32 nr)
{
	l->vcpus -= nr;
	quota_uncharge(l->quota, QUOTA_VCPUS, nr);
}

/** limits_charge_mem - the VM gets memory: 0, or -EDQUOT: it must not */
int limits_charge_mem(struct limits *l, u64 bytes)
{
	int err;

	if (l->mem > l->max_mem || bytes > l->max_mem - l->mem)
		return -EDQUOT;
	err = quota_charge(l->quota, QUOTA_MEM, bytes);
	if (!err)
		l->mem += bytes;
	return err;
}

/** limits_add_mem - the VM has more memory, whether it may or not */
void limits_add_mem(struct limits *l, u64 bytes)
{
	l->mem += bytes;
	quota_add(l->quota, QUOTA_MEM, bytes);
}

void limits_uncharge_mem(struct limits *l, u64 bytes)
{
	l->mem -= bytes;
	quota_uncharge(l->quota, QUOTA_MEM, bytes);
}

/* Limits as they are to become; the masks belong to who called. */
struct wanted {
	nodemask_t nodes;
	cpumask_var_t cpus;
	cpumask_var_t scratch;
	u32 max_vcpus;
	u64 max_mem;
};

static bool vcpu_within(const struct vcpu *v, const struct wanted *w,
			const struct cpumask *allowed)
{
	if (v->pin && !cpumask_subset(pin_mask(v->pin), allowed))
		return false;
	if (!v->placed)
		return true;
	if (v->place.cpu != VCPUNUMA_NONE)
		return cpumask_test_cpu(v->place.cpu, allowed);
	return node_isset(v->place.node, w->nodes);
}

/* Is all that the VM has within what it may have from now on? */
static bool vm_within(struct vcpunuma_vm *vm, struct wanted *w)
{
	nodemask_t nodes = NODE_MASK_NONE;
	unsigned long id;
	struct vcpu *v;

	lockdep_assert_held(&vm->lock);
	if (vm->limits.vcpus > w->max_vcpus || vm->limits.mem > w->max_mem)
		return false;
	cpumask_copy(w->scratch, w->cpus);
	cut_to_nodes(w->scratch, &w->nodes);
	xa_for_each(&vm->vcpus, id, v)
		if (!vcpu_within(v, w, w->scratch))
			return false;
	mem_add_nodes(vm, &nodes);
	if (vm->booking)
		booking_add_nodes(vm->booking, &nodes);
	return nodes_subset(nodes, w->nodes);
}

static int restrict_locked(struct vcpunuma_vm *vm,
			   const struct vcpunuma_cmd_restrict *cmd,
			   struct wanted *w)
{
	struct limits *l = &vm->limits;

	lockdep_assert_held(&vm->lock);
	nodes_and(w->nodes, w->nodes, l->nodes);
	cpumask_and(w->cpus, w->cpus, l->cpus);
	w->max_vcpus = min(w->max_vcpus, l->max_vcpus);
	w->max_mem = min(w->max_mem, l->max_mem);
	if (!vm_within(vm, w))
		return -EBUSY;
	if (cmd->flags & VCPUNUMA_RESTRICT_COMMANDS)
		WRITE_ONCE(l->commands, l->commands & cmd->commands);
	if (cmd->flags & (VCPUNUMA_RESTRICT_NODES | VCPUNUMA_RESTRICT_CPUS))
		l->cut = true;
	l->nodes = w->nodes;
	mem_restrict(vm, &l->nodes);
	cpumask_copy(l->cpus, w->cpus);
	l->max_vcpus = w->max_vcpus;
	l->max_mem = w->max_mem;
	if (cmd->flags & VCPUNUMA_RESTRICT_GRANT)
		WRITE_ONCE(l->granted, true);
	return 0;
}

/* What does not go with the flags given */
static int check_values(const struct vcpunuma_cmd_restrict *cmd)
{
	u32 flags = cmd->flags;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (!(flags & VCPUNUMA_RESTRICT_COMMANDS) && cmd->commands)
		return -EINVAL;
	if (!(flags & VCPUNUMA_RESTRICT_NODES) &&
	    (cmd->nodes || cmd->nr_node_bits))
		return -EINVAL;
	if (!(flags & VCPUNUMA_RESTRICT_CPUS) &&
	    (cmd->cpus || cmd->nr_cpu_bits))
		return -EINVAL;
	if (!(flags & VCPUNUMA_RESTRICT_VCPUS) && cmd->max_vcpus)
		return -EINVAL;
	if (!(flags & VCPUNUMA_RESTRICT_MEM) &&
	    (cmd->max_mem || flags & VCPUNUMA_RESTRICT_GRANT))
		return -EINVAL;
	if (flags & VCPUNUMA_RESTRICT_GRANT && !capable(CAP_IPC_LOCK))
		return -EPERM;
	return 0;
}

static int read_wanted(const struct vcpunuma_cmd_restrict *cmd,
		       struct wanted *w)
{
	int err = 0;

	nodes_setall(w->nodes);
	cpumask_setall(w->cpus);
	w->max_vcpus = U32_MAX;
	w->max_mem = U64_MAX;
	if (cmd->flags & VCPUNUMA_RESTRICT_VCPUS)
		w->max_vcpus = cmd->max_vcpus;
	if (cmd->flags & VCPUNUMA_RESTRICT_MEM)
		w->max_mem = cmd->max_mem;
	if (cmd->flags & VCPUNUMA_RESTRICT_NODES)
		err = cmd_get_nodes(&w->nodes, cmd->nodes, cmd->nr_node_bits);
	if (!err && cmd->flags & VCPUNUMA_RESTRICT_CPUS)
		err = cmd_get_cpus(w->cpus, cmd->cpus, cmd->nr_cpu_bits);
	return err;
}

static int restrict_vm(struct vcpunuma_vm *vm,
		       const struct vcpunuma_cmd_restrict *cmd,
		       struct wanted *w)
{
	int err;

	err = read_wanted(cmd, w);
	if (err)
		return err;
	err = -EINTR;
	/* No CPU moves to another node meanwhile. */
	cpus_read_lock();
	if (!mutex_lock_killable(&vm->lock)) {
		err = restrict_locked(vm, cmd, w);
		mutex_unlock(&vm->lock);
	}
	cpus_read_unlock();
	return err;
}

int limits_cmd_restrict(struct cmd_call *call, union cmd_buffer *buf)
{
	struct wanted *w;
	int err;

	err = check_values(&buf->restriction);
	if (err)
		return err;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	err = -ENOMEM;
	if (!zalloc_cpumask_var(&w->cpus, GFP_KERNEL))
		goto out_wanted;
	if (!zalloc_cpumask_var(&w->scratch, GFP_KERNEL))
		goto out_cpus;
	err = restrict_vm(call->object, &buf->restriction, w);
	free_cpumask_var(w->scratch);
out_cpus:
	free_cpumask_var(w->cpus);
out_wanted:
	kfree(w);
	return err;
}
