// SPDX-License-Identifier: GPL-2.0
/*
 * Memory objects: guest memory, made for a VM and charged to it, behind a file of
 * its own.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "booking.h"
#include "cmd.h"
#include "layout.h"
#include "limits.h"
#include "mem.h"
#include "memfile.h"
#include "pages.h"
#include "populate.h"
#include "vm.h"

/*
 * Count the object as locked memory, by user: processes come and go. A user is
 * held by holding credentials of it; modules have no other way on all kernels.
 */
static int mem_charge(struct vcpunuma_mem *mem, const struct vcpunuma_vm *vm)
{
	unsigned long pages = mem->length >> PAGE_SHIFT;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	atomic_long_t *locked = &current_user()->locked_vm;
	unsigned long old;

	if (READ_ONCE(vm->limits.granted) || capable(CAP_IPC_LOCK))
		return 0;
	old = atomic_long_read(locked);
	do {
		if (old > limit || pages > limit - old)
			return -EDQUOT;
	} while (!atomic_long_try_cmpxchg(locked, &old, old + pages));
	mem->locker = get_current_cred();
	return 0;
}

static void mem_uncharge(struct vcpunuma_mem *mem)
{
	if (!mem->locker)
		return;
	atomic_long_sub(mem->length >> PAGE_SHIFT,
			&mem->locker->user->locked_vm);
	put_cred(mem->locker);
}

/** mem_populated - bytes of pages the object has */
u64 mem_populated(const struct vcpunuma_mem *mem)
{
	u64 sum = 0;
	u32 node;

	for (node = 0; node < nr_node_ids; node++)
		sum += atomic64_read(&mem->nodes[node].bytes);
	return sum;
}

/**
 * mem_count - count the memory of a VM
 * @vm: the VM, locked
 * @by_node: @mem_bytes is added to, by node id
 */
void mem_count(struct vcpunuma_vm *vm, struct vcpunuma_share *by_node)
{
	struct vcpunuma_mem *mem;
	unsigned long id;
	u32 node;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem)
		for (node = 0; node < nr_node_ids; node++)
			by_node[node].mem_bytes +=
				atomic64_read(&mem->nodes[node].bytes);
}

int mem_cmd_query(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_mem_query *cmd = &buf->mem_query;
	struct vcpunuma_mem *mem = call->object;
	struct vcpunuma_node_bytes *bytes;
	struct cmd_array array;
	u32 node, nr = 0;
	int err;

	err = cmd_array_init(&array, cmd->bytes, cmd->nr_bytes, cmd->bytes_size,
			     sizeof(*bytes),
			     offsetofend(struct vcpunuma_node_bytes, bytes));
	if (err)
		return err;
	bytes = kvcalloc(nr_node_ids, sizeof(*bytes), GFP_KERNEL_ACCOUNT);
	if (!bytes)
		return -ENOMEM;
	cmd->out_length = mem->length;
	cmd->out_populated = 0;
	cmd->out_node = layout_sole(&mem->layout);
	cmd->out_page_shift = mem->shift;
	for (node = 0; node < nr_node_ids; node++) {
		u64 populated = atomic64_read(&mem->nodes[node].bytes);

		if (!populated)
			continue;
		cmd->out_populated += populated;
		bytes[nr].node = node;
		bytes[nr++].bytes = populated;
	}
	cmd->out_remote = atomic64_read(&mem->remote);
	cmd->out_small = atomic64_read(&mem->standin);
	cmd->out_lost = atomic64_read(&mem->lost);
	cmd->nr_bytes = nr;
	err = cmd_array_fits(&array, nr) ?
		cmd_array_put(&array, 0, bytes, nr) : -EMSGSIZE;
	kvfree(bytes);
	return err;
}

/* Also of an object that is not quite made. */
static void mem_free(struct vcpunuma_mem *mem)
{
	int i;

	if (mem->nodes)
		pages_free(mem);
	mem_uncharge(mem);
	mem_cgroup_put(mem->memcg);
	for (i = 0; i < MEM_LOCKS; i++)
		mutex_destroy(&mem->locks[i]);
	kvfree(mem->nodes);
	layout_free(&mem->layout);
	kfree(mem);
	memfile_unpin();
}

/* Has the VM so much left of what it reserved, on each node? */
static bool mem_fits(const struct vcpunuma_vm *vm, const u64 *demand)
{
	u32 node;

	for (node = 0; node < nr_node_ids; node++)
		if (demand[node] >
		    booking_mem(vm->booking, node) - vm->drawn[node])
			return false;
	return true;
}

/* Take from the VM's reservation what is wanted of each node. */
static void mem_take(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm,
		     const u64 *demand)
{
	u32 node;

	for (node = 0; node < nr_node_ids; node++) {
		mem->nodes[node].drawn = demand[node];
		vm->drawn[node] += demand[node];
	}
	mem->reserved = true;
}

/*
 * Take the object from what the VM has reserved on its nodes. As a whole or not
 * at all: then it is like one of a VM without a reservation, if the VM wanted to
 * be free to have that.
 */
static int mem_draw(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm)
{
	nodemask_t named = NODE_MASK_NONE;
	u64 *demand;
	bool fits;

	lockdep_assert_held(&vm->lock);
	layout_add_nodes(&mem->layout, &named);
	if (!nodes_subset(named, vm->limits.nodes))
		return -EACCES;
	layout_restrict(&mem->layout, &vm->limits.nodes);
	if (!vm->booking)
		return limits_charge_mem(&vm->limits, mem->length);
	demand = kvcalloc(nr_node_ids, sizeof(*demand), GFP_KERNEL_ACCOUNT);
	if (!demand)
		return -ENOMEM;
	fits = layout_demand(&mem->layout, demand) && mem_fits(vm, demand);
	if (fits)
		mem_take(mem, vm, demand);
	kvfree(demand);
	if (fits)
		return 0;
	return vm->beyond ? limits_charge_mem(&vm->limits, mem->length) :
	       -ENOSPC;
}

static void mem_give_back(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm)
{
	u32 node;

	lockdep_assert_held(&vm->lock);
	if (!mem->reserved) {
		limits_uncharge_mem(&vm->limits, mem->length);
		return;
	}
	for (node = 0; node < nr_node_ids; node++)
		vm->drawn[node] -= mem->nodes[node].drawn;
}

/** mem_drawn - has the VM an object of what it reserved? */
bool mem_drawn(struct vcpunuma_vm *vm)
{
	struct vcpunuma_mem *mem;
	unsigned long id;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem)
		if (mem->reserved)
			return true;
	return false;
}

/** mem_undraw - the VM's reservation is not its objects' any more: they live on */
void mem_undraw(struct vcpunuma_vm *vm)
{
	struct vcpunuma_mem *mem;
	unsigned long id;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem) {
		if (!mem->reserved)
			continue;
		mem_give_back(mem, vm);
		pages_undraw(mem);
		limits_add_mem(&vm->limits, mem->length);
	}
}

/** mem_add_nodes - nodes the VM's objects name, or have pages of, are added */
void mem_add_nodes(struct vcpunuma_vm *vm, nodemask_t *nodes)
{
	struct vcpunuma_mem *mem;
	unsigned long id;
	u32 node;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem) {
		layout_add_nodes(&mem->layout, nodes);
		for (node = 0; node < nr_node_ids; node++)
			if (atomic64_read(&mem->nodes[node].bytes))
				node_set(node, *nodes);
	}
}

/** mem_restrict - from now on the VM's objects get pages of these nodes only */
void mem_restrict(struct vcpunuma_vm *vm, const nodemask_t *nodes)
{
	struct vcpunuma_mem *mem;
	unsigned long id;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem)
		layout_restrict(&mem->layout, nodes);
}

/* From now on the VM's report and counts include the object. */
static int mem_link(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm)
{
	int err;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	err = mem_draw(mem, vm);
	if (err)
		goto out;
	err = -EDQUOT;
	if (vm->nr_mems < MEM_MAX_PER_VM)
		err = xa_alloc_cyclic(&vm->mems, &mem->id, mem,
				      XA_LIMIT(1, INT_MAX), &vm->next_mem,
				      GFP_KERNEL_ACCOUNT);
	if (err >= 0) {
		err = 0;
		vm->nr_mems++;
		vm_get(vm);
		mem->vm = vm;
	} else {
		mem_give_back(mem, vm);
	}
out:
	mutex_unlock(&vm->lock);
	return err;
}

static void mem_unlink(struct vcpunuma_mem *mem)
{
	struct vcpunuma_vm *vm = mem->vm;

	mutex_lock(&vm->lock);
	xa_erase(&vm->mems, mem->id);
	vm->nr_mems--;
	mem_give_back(mem, vm);
	mutex_unlock(&vm->lock);
	vm_put(vm);
}

/** mem_release - the file of an object is gone, and so is the object */
void mem_release(struct vcpunuma_mem *mem)
{
	mem_unlink(mem);
	mem_free(mem);
}

static struct vcpunuma_mem *mem_alloc(u64 length, unsigned int shift)
{
	struct vcpunuma_mem *mem;
	int i, err;

	err = memfile_pin();
	if (err)
		return ERR_PTR(err);
	mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	if (!mem) {
		memfile_unpin();
		return ERR_PTR(-ENOMEM);
	}
	mem->length = length;
	mem->shift = shift;
	layout_setup(&mem->layout, shift);
	xa_init_flags(&mem->pages, XA_FLAGS_ACCOUNT);
	xa_init(&mem->errors);
	for (i = 0; i < MEM_LOCKS; i++)
		mutex_init(&mem->locks[i]);
	mem->memcg = get_mem_cgroup_from_mm(current->mm);
	return mem;
}

/* A file with an object behind it that is part of the VM, but has no page. */
static struct file *mem_publish(struct vcpunuma_vm *vm,
				struct vcpunuma_mem *mem)
{
	struct file *file;
	int err;

	mem->nodes = kvcalloc(nr_node_ids, sizeof(*mem->nodes),
			      GFP_KERNEL_ACCOUNT);
	if (!mem->nodes)
		return ERR_PTR(-ENOMEM);
	err = mem_charge(mem, vm);
	if (err)
		return ERR_PTR(err);
	err = mem_link(mem, vm);
	if (err)
		return ERR_PTR(err);
	file = memfile_create(mem);
	if (IS_ERR(file))
		mem_unlink(mem);
	return file;
}

static struct file *mem_create(struct vcpunuma_vm *vm,
			       const struct vcpunuma_cmd_mem_create *cmd)
{
	unsigned int shift = cmd->page_shift ?: HPAGE_PMD_SHIFT;
	struct vcpunuma_mem *mem;
	struct file *file;
	int err;

	if (shift != PAGE_SHIFT && shift != HPAGE_PMD_SHIFT)
		return ERR_PTR(-EINVAL);
	if (!cmd->length || cmd->length > MEM_MAX_LENGTH ||
	    cmd->length & (BIT_ULL(shift) - 1))
		return ERR_PTR(-EINVAL);
	mem = mem_alloc(cmd->length, shift);
	if (IS_ERR(mem))
		return ERR_CAST(mem);
	mem->small = cmd->flags & VCPUNUMA_MEM_SMALL;
	err = layout_init(&mem->layout, vm, cmd);
	file = err ? ERR_PTR(err) : mem_publish(vm, mem);
	if (IS_ERR(file))
		mem_free(mem);
	return file;
}

/**
 * mem_direct - an object that no command asked for, with local pages
 * @vm: whose it is
 * @length: bytes
 *
 * Return: its file, or ERR_PTR() as VCPUNUMA_MEM_CREATE.
 */
struct file *mem_direct(struct vcpunuma_vm *vm, u64 length)
{
	struct vcpunuma_mem *mem;
	struct file *file;
	int err;

	length = round_up(length, HPAGE_PMD_SIZE);
	if (!length || length > MEM_MAX_LENGTH)
		return ERR_PTR(-EINVAL);
	mem = mem_alloc(length, HPAGE_PMD_SHIFT);
	if (IS_ERR(mem))
		return ERR_CAST(mem);
	mem->small = true;
	err = layout_init_local(&mem->layout, length);
	file = err ? ERR_PTR(err) : mem_publish(vm, mem);
	if (IS_ERR(file))
		mem_free(mem);
	return file;
}

/* Before any page is taken: the bounds of its ranges can be kept. */
static int mem_foresee(struct vcpunuma_mem *mem)
{
	struct mem_caller who = mem_caller();
	bool holds;
	u64 *has;
	u32 node;

	/* As a rule there are none, and to ask each node what it has takes a while. */
	if (!layout_bounded(&mem->layout))
		return 0;
	has = kvcalloc(nr_node_ids, sizeof(*has), GFP_KERNEL_ACCOUNT);
	if (!has)
		return -ENOMEM;
	for_each_online_node(node)
		if (node_isset(node, who.allowed) &&
		    node_isset(node, mem->layout.allowed))
			has[node] = max(mem->nodes[node].drawn,
					booking_spare(node));
	holds = layout_holds(&mem->layout, &who, has);
	kvfree(has);
	return holds ? 0 : -ENOMEM;
}

static int mem_populate(struct vcpunuma_mem *mem)
{
	int err = mem_foresee(mem);

	return err ?: populate(mem, 0, mem->length >> PAGE_SHIFT, 0);
}

int mem_cmd_create(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_mem_create *cmd = &buf->mem_create;
	struct file *file;
	int err;

	cmd->out_fd = get_unused_fd_flags(O_CLOEXEC);
	if (cmd->out_fd < 0)
		return cmd->out_fd;
	file = mem_create(call->object, cmd);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_fd;
	}
	if (cmd->flags & VCPUNUMA_MEM_POPULATE) {
		err = mem_populate(file->private_data);
		if (err)
			goto err_file;
	}
	call->new_file = file;
	call->new_fd = cmd->out_fd;
	return 0;

err_file:
	fput(file);
err_fd:
	put_unused_fd(cmd->out_fd);
	return err;
}
