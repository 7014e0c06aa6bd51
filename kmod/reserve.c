// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that reserve room for a whole VM and release it.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/cpuset.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "booking.h"
#include "cmd.h"
#include "hold.h"
#include "limits.h"
#include "mem.h"
#include "nodes.h"
#include "record.h"
#include "reserve.h"
#include "vcpu.h"
#include "vm.h"

/* VMs that a request can name as those to be with, or apart from */
#define NAMED_MAX	64

/* The values of the core's and the interface's are the same. */
static_assert((int)VCPUNUMA_CPU_SHARED == CORE_SHARED);
static_assert((int)VCPUNUMA_CPU_PREFER == CORE_PREFER);
static_assert((int)VCPUNUMA_CPU_ISOLATE == CORE_ISOLATE);
static_assert((int)VCPUNUMA_CPU_REQUIRE == CORE_REQUIRE);
static_assert((int)VCPUNUMA_COMPACT == CORE_COMPACT);
static_assert((int)VCPUNUMA_SPREAD == CORE_SPREAD);
static_assert((int)VCPUNUMA_ROUND_ROBIN == CORE_ROUND_ROBIN);
static_assert((int)VCPUNUMA_NO_CPUS == CORE_NO_CPUS);
static_assert((int)VCPUNUMA_NO_MEMORY == CORE_NO_MEMORY);
static_assert((int)VCPUNUMA_NO_SPAN == CORE_SPAN);
static_assert((int)VCPUNUMA_NO_WHOLE == CORE_STRICT);
static_assert((int)VCPUNUMA_NO_LOCAL == CORE_REMOTE);
static_assert((int)VCPUNUMA_NO_NODES == CORE_SETS);
static_assert((int)VCPUNUMA_NO_CORES == CORE_CORES);
static_assert((int)VCPUNUMA_NO_ROOM == CORE_TOO_MANY);

static bool name_valid(const char *name)
{
	size_t i, length = strnlen(name, VCPUNUMA_NAME_LEN);

	for (i = 0; i < length; i++)
		if (!isascii(name[i]) || !isgraph(name[i]))
			return false;
	return length < VCPUNUMA_NAME_LEN;
}

static int check_values(const struct vcpunuma_cmd_reserve *cmd)
{
	const u32 near = VCPUNUMA_RESERVE_NEAR_NODE | VCPUNUMA_RESERVE_NEAR_PCI;

	if (!cmd->nr_vcpus || cmd->nr_vcpus > VCPU_MAX ||
	    cmd->nr_vnodes > min_t(u32, cmd->nr_vcpus, CORE_MAX_VNODES))
		return -EINVAL;
	if (cmd->mem & (BOOKING_UNIT - 1) || cmd->mem > MEM_MAX_LENGTH)
		return -EINVAL;
	if (cmd->policy > VCPUNUMA_ROUND_ROBIN ||
	    cmd->cpu_policy > VCPUNUMA_CPU_REQUIRE || cmd->min_local > 100)
		return -EINVAL;
	if ((cmd->flags & near) == near || (cmd->near && !(cmd->flags & near)))
		return -EINVAL;
	if (cmd->flags & VCPUNUMA_RESERVE_REQUIRED && !cmd->nr_node_bits)
		return -EINVAL;
	if (!cmd->nr_node_bits && cmd->nodes)
		return -EINVAL;
	if (cmd->grace > VCPUNUMA_MAX_GRACE || (cmd->grace && !*cmd->name))
		return -EINVAL;
	if (cmd->nr_with > NAMED_MAX || cmd->nr_apart > NAMED_MAX)
		return -EINVAL;
	return name_valid(cmd->name) ? 0 : -EINVAL;
}

static int node_of_pci(u32 address, u32 *node)
{
	struct pci_dev *dev;

	dev = pci_get_domain_bus_and_slot(address >> 16, address >> 8 & 0xff,
					  address & 0xff);
	if (!dev)
		return -ENOENT;
	/* A device that is near no node in particular asks for nothing. */
	*node = dev_to_node(&dev->dev);
	pci_dev_put(dev);
	return 0;
}

static int find_near(const struct vcpunuma_cmd_reserve *cmd, u32 *node)
{
	*node = VCPUNUMA_NONE;
	if (cmd->flags & VCPUNUMA_RESERVE_NEAR_PCI)
		return node_of_pci(cmd->near, node);
	if (cmd->flags & VCPUNUMA_RESERVE_NEAR_NODE) {
		if (!node_valid(cmd->near))
			return -ENODEV;
		*node = cmd->near;
	}
	return 0;
}

static int add_nodes_of(u32 id, nodemask_t *nodes)
{
	struct vcpunuma_vm *vm = vm_find(id);
	int err = -EINTR;

	if (!vm)
		return -ENOENT;
	if (!mutex_lock_killable(&vm->lock)) {
		if (vm->booking)
			booking_add_nodes(vm->booking, nodes);
		mutex_unlock(&vm->lock);
		err = 0;
	}
	vm_put(vm);
	return err;
}

/* The nodes of the VMs that the caller names */
static int find_nodes_of(u64 user, u32 nr, nodemask_t *nodes)
{
	u32 i, *ids;
	int err;

	nodes_clear(*nodes);
	if (!nr)
		return user ? -EINVAL : 0;
	ids = kcalloc(nr, sizeof(*ids), GFP_KERNEL);
	if (!ids)
		return -ENOMEM;
	err = cmd_get_u32s(ids, user, nr);
	for (i = 0; i < nr && !err; i++)
		err = add_nodes_of(ids[i], nodes);
	kfree(ids);
	return err;
}

static int find_allowed(const struct vcpunuma_cmd_reserve *cmd,
			struct booking_request *req)
{
	int err, node;

	req->allowed = node_states[N_POSSIBLE];
	if (cmd->nr_node_bits) {
		err = cmd_get_nodes(&req->allowed, cmd->nodes,
				    cmd->nr_node_bits);
		if (err)
			return err;
	}
	if (cmd->flags & VCPUNUMA_RESERVE_REQUIRED)
		req->required = req->allowed;
	/* A cpuset does not name nodes that have no memory. */
	for_each_node_mask(node, req->allowed)
		if (node_state(node, N_MEMORY) &&
		    !node_isset(node, cpuset_current_mems_allowed))
			node_clear(node, req->allowed);
	return 0;
}

static int make_request(const struct vcpunuma_vm *vm,
			const struct vcpunuma_cmd_reserve *cmd,
			struct booking_request *req)
{
	int err;

	req->core = (struct core_request) {
		.owner = vm->id,
		.vcpus = cmd->nr_vcpus,
		.vnodes = cmd->nr_vnodes,
		.cpu_policy = cmd->cpu_policy,
		.placement = cmd->policy,
		.strict = cmd->flags & VCPUNUMA_RESERVE_STRICT,
		.min_local = cmd->min_local,
		.span = cmd->max_nodes,
		.mem = div64_u64(cmd->mem, BOOKING_UNIT),
	};
	err = find_near(cmd, &req->near);
	if (!err)
		err = find_allowed(cmd, req);
	if (!err)
		err = find_nodes_of(cmd->with, cmd->nr_with, &req->prefer);
	if (!err)
		err = find_nodes_of(cmd->apart, cmd->nr_apart, &req->avoid);
	return err;
}

static void report_decision(struct vcpunuma_cmd_reserve *cmd,
			    const struct booking *b)
{
	const struct core_refusal *refusal = &b->plan.refusal;

	cmd->out_decision = b->id;
	cmd->out_vnodes = b->plan.vnodes;
	cmd->out_distance = booking_parts(b->plan.distance, 1000);
	cmd->out_local = booking_parts(b->plan.local, 100);
	cmd->out_reason = refusal->reason;
	cmd->out_node = b->refused_node;
	cmd->out_vcpus_short = refusal->vcpus_short;
	cmd->out_mem_short = refusal->mem_short * BOOKING_UNIT;
}

/* The vCPUs have the places of the booking; or those of none, if that ends. */
static void set_places(struct vcpunuma_vm *vm, const struct booking *b)
{
	unsigned long id;
	struct vcpu *v;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->vcpus, id, v) {
		v->reserved = b && id < b->plan.vcpus;
		v->placed = v->reserved;
		if (v->placed)
			v->place = b->places[id];
		else
			v->in_place = false;
		vcpu_book(v);
		vcpu_prune(vm, v);
	}
}

/*
 * Take the VM of that name and user that is being held, if there is one. What it
 * has does not count meanwhile, for @vm may get it. Nobody else has its lock for
 * long, or another one beside; nor does anybody else change it.
 */
static struct vcpunuma_vm *take_held(struct vcpunuma_vm *vm, const char *name)
{
	struct vcpunuma_vm *held = *name ? hold_take(vm->uid, name) : NULL;

	lockdep_assert_held(&vm->lock);
	if (!held)
		return NULL;
	mutex_lock_nested(&held->lock, SINGLE_DEPTH_NESTING);
	limits_uncharge_mem(&held->limits, booking_total(held->booking));
	limits_uncharge_vcpus(&held->limits, held->kept);
	mutex_unlock(&held->lock);
	return held;
}

/* It is held on, as if nobody had taken it. */
static void return_held(struct vcpunuma_vm *held)
{
	mutex_lock_nested(&held->lock, SINGLE_DEPTH_NESTING);
	limits_add_mem(&held->limits, booking_total(held->booking));
	limits_add_vcpus(&held->limits, held->kept);
	mutex_unlock(&held->lock);
	hold_return(held);
}

/* The end of a VM that was held: what it had reserved, and the record of that */
static struct booking *strip_held(struct vcpunuma_vm *held,
				  struct record **record)
{
	struct booking *b;

	mutex_lock_nested(&held->lock, SINGLE_DEPTH_NESTING);
	b = held->booking;
	held->booking = NULL;
	*record = held->record;
	held->record = NULL;
	kvfree(held->drawn);
	held->drawn = NULL;
	mutex_unlock(&held->lock);
	vm_put(held);
	return b;
}

/**
 * struct reservation - one being made
 * @cmd: the command
 * @req: the same, for the core
 * @b: the answer; replaced by what was held, if that is it
 * @record: what is remembered of it
 * @allowed: CPUs that may be used
 * @chunks: where the caller wants the chunks
 * @nr_chunks: how many there are, if it has no room for them
 * @resumed: is it what was held?
 * @freed: other VMs get CPUs back
 */
struct reservation {
	const struct vcpunuma_cmd_reserve *cmd;
	struct booking_request *req;
	struct booking *b;
	struct record *record;
	cpumask_var_t allowed;
	const struct cmd_array *chunks;
	u32 nr_chunks;
	bool resumed;
	bool freed;
};

/* Decide; what was decided is remembered in the stead of what was before. */
static int decide(struct vcpunuma_vm *vm, struct reservation *r, bool dry_run)
{
	int err;

	lockdep_assert_held(&vm->lock);
	err = booking_decide(r->b, r->req, r->allowed, dry_run, r->record);
	if (!err || err == -ENOSPC)
		swap(vm->record, r->record);
	return err;
}

/* What was held ends. */
static void end_held(struct reservation *r, struct vcpunuma_vm *held)
{
	struct record *record;
	struct booking *b = strip_held(held, &record);

	r->freed = booking_owns(b);
	booking_release(b);
	booking_put(b);
	record_free(record);
}

/* What was held is the answer. */
static void resume_held(struct vcpunuma_vm *vm, struct reservation *r,
			struct vcpunuma_vm *held)
{
	struct record *record;
	struct booking *b = strip_held(held, &record);

	booking_adopt(b, vm->id);
	booking_put(r->b);
	r->b = b;
	r->resumed = true;
	swap(vm->record, record);
	record_free(record);
}

static int charge(struct vcpunuma_vm *vm, const struct vcpunuma_cmd_reserve *cmd)
{
	int err;

	err = vcpu_get_all(vm, cmd->nr_vcpus);
	if (err)
		return err;
	err = limits_charge_mem(&vm->limits, cmd->mem);
	if (err)
		vcpu_prune_all(vm, cmd->nr_vcpus);
	return err;
}

static void uncharge(struct vcpunuma_vm *vm,
		     const struct vcpunuma_cmd_reserve *cmd)
{
	limits_uncharge_mem(&vm->limits, cmd->mem);
	vcpu_prune_all(vm, cmd->nr_vcpus);
}

/* Is what is held the answer, and will the caller hear it? -EMSGSIZE: no. */
static int check_held(struct reservation *r, const struct booking *b,
		      bool *serves)
{
	*serves = booking_serves(b, r->req, r->allowed);
	if (!*serves || cmd_array_fits(r->chunks, b->plan.nr_chunks))
		return 0;
	r->nr_chunks = b->plan.nr_chunks;
	return -EMSGSIZE;
}

/*
 * Take what was held, if that will do; else it ends, and decide. What can be known
 * to fail before leaves it held.
 */
static int decide_or_resume(struct vcpunuma_vm *vm, struct reservation *r)
{
	struct vcpunuma_vm *held = take_held(vm, r->cmd->name);
	bool serves = false;
	int err;

	err = charge(vm, r->cmd);
	if (err)
		goto err_held;
	if (held) {
		err = check_held(r, held->booking, &serves);
		if (err)
			goto err_uncharge;
		if (serves) {
			resume_held(vm, r, held);
			return 0;
		}
		end_held(r, held);
		held = NULL;
	}
	err = decide(vm, r, false);
	if (!err)
		return 0;

err_uncharge:
	uncharge(vm, r->cmd);
err_held:
	if (held)
		return_held(held);
	return err;
}

/* Decide, and put the answer in force. */
static int reserve_locked(struct vcpunuma_vm *vm, struct reservation *r)
{
	const struct vcpunuma_cmd_reserve *cmd = r->cmd;
	u64 *drawn;
	int err;

	lockdep_assert_held(&vm->lock);
	if (vm->booking)
		return -EEXIST;
	if (!nodes_subset(r->req->required, vm->limits.nodes))
		return -EACCES;
	nodes_and(r->req->allowed, r->req->allowed, vm->limits.nodes);
	err = vcpu_caller_cpus(vm, r->allowed);
	if (err || cmd->flags & VCPUNUMA_RESERVE_DRY_RUN)
		return err ?: decide(vm, r, true);

	drawn = kvcalloc(nr_node_ids, sizeof(*drawn), GFP_KERNEL_ACCOUNT);
	if (!drawn)
		return -ENOMEM;
	err = decide_or_resume(vm, r);
	if (err) {
		kvfree(drawn);
		return err;
	}
	booking_get(r->b);
	vm->booking = r->b;
	vm->drawn = drawn;
	vm->beyond = cmd->flags & VCPUNUMA_RESERVE_BEYOND;
	vm->grace = cmd->grace;
	vm->asker = current_uid();
	strscpy(vm->name, cmd->name, sizeof(vm->name));
	set_places(vm, r->b);
	return 0;
}

/* End what is reserved; true: other VMs get CPUs back. */
static bool release_locked(struct vcpunuma_vm *vm)
{
	struct booking *b = vm->booking;
	bool owned;

	lockdep_assert_held(&vm->lock);
	if (!b)
		return false;
	owned = booking_owns(b);
	set_places(vm, NULL);
	mem_undraw(vm);
	vm->booking = NULL;
	kvfree(vm->drawn);
	vm->drawn = NULL;
	vm->beyond = false;
	vm->grace = 0;
	limits_uncharge_vcpus(&vm->limits, vm->kept);
	vm->kept = 0;
	limits_uncharge_mem(&vm->limits, booking_total(b));
	booking_release(b);
	booking_put(b);
	return owned;
}

/** reserve_end - the VM ends, and with it what it has reserved */
void reserve_end(struct vcpunuma_vm *vm)
{
	bool owned;

	mutex_lock(&vm->lock);
	owned = release_locked(vm);
	mutex_unlock(&vm->lock);
	if (owned)
		vm_refresh_all();
}

/*
 * Undo one decision: another thread may have released that, and reserved anew,
 * by now.
 */
static void reserve_take_back(struct vcpunuma_vm *vm, u64 decision)
{
	bool owned = false;

	mutex_lock(&vm->lock);
	if (vm->booking && vm->booking->id == decision)
		owned = release_locked(vm);
	mutex_unlock(&vm->lock);
	if (owned)
		vm_refresh_all();
}

/* Write the answer's arrays. */
static int put_answer(struct vcpunuma_cmd_reserve *cmd, const struct booking *b,
		      const struct cmd_array *places,
		      const struct cmd_array *chunks)
{
	int err;

	cmd->nr_places = b->plan.vcpus;
	cmd->nr_chunks = b->plan.nr_chunks;
	if (!cmd_array_fits(chunks, b->plan.nr_chunks))
		return -EMSGSIZE;
	err = cmd_array_put(places, 0, b->places, b->plan.vcpus);
	if (!err)
		err = cmd_array_put(chunks, 0, b->chunks, b->plan.nr_chunks);
	return err;
}

static int reserve(struct vcpunuma_vm *vm, struct reservation *r)
{
	int err;

	err = make_request(vm, r->cmd, r->req);
	if (err)
		return err;
	err = -EINTR;
	cpus_read_lock();
	if (!mutex_lock_killable(&vm->lock)) {
		err = reserve_locked(vm, r);
		mutex_unlock(&vm->lock);
	}
	cpus_read_unlock();
	return err;
}

static void reserve_undo(struct cmd_call *call)
{
	reserve_take_back(call->object, call->deed);
}

int reserve_cmd_reserve(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_reserve *cmd = &buf->reserve;
	struct vcpunuma_vm *vm = call->object;
	struct cmd_array places, chunks;
	struct reservation r = { .cmd = cmd, .chunks = &chunks };
	bool kept = false;
	int err;

	err = check_values(cmd);
	if (err)
		return err;
	err = cmd_array_init(&places, cmd->places, cmd->nr_places,
			     cmd->place_size, sizeof(struct vcpunuma_place),
			     offsetofend(struct vcpunuma_place, __reserved));
	if (err)
		return err;
	err = cmd_array_init(&chunks, cmd->chunks, cmd->nr_chunks,
			     cmd->chunk_size, sizeof(struct vcpunuma_chunk),
			     offsetofend(struct vcpunuma_chunk, mem));
	if (err)
		return err;
	if (!cmd_array_fits(&places, cmd->nr_vcpus)) {
		cmd->nr_places = cmd->nr_vcpus;
		return -EMSGSIZE;
	}
	err = cmd_array_probe(&places, cmd->nr_vcpus);
	if (err)
		return err;

	r.b = booking_create(vm->id, cmd->nr_vcpus);
	r.req = kzalloc(sizeof(*r.req), GFP_KERNEL);
	r.record = record_create(cmd);
	err = -ENOMEM;
	if (!r.b || !r.req || !r.record ||
	    !alloc_cpumask_var(&r.allowed, GFP_KERNEL))
		goto out;
	err = reserve(vm, &r);
	free_cpumask_var(r.allowed);
	if (!err || err == -ENOSPC)
		report_decision(cmd, r.b);
	if (err == -EMSGSIZE) {
		cmd->nr_places = cmd->nr_vcpus;
		cmd->nr_chunks = r.nr_chunks;
	}
	kept = !err && !(cmd->flags & VCPUNUMA_RESERVE_DRY_RUN);
	if (r.freed || (kept && booking_owns(r.b)))
		vm_refresh_all();
	if (err)
		goto out;
	cmd->out_resumed = r.resumed;
	err = put_answer(cmd, r.b, &places, &chunks);
	/* What can't be told has not happened. */
	if (kept && err) {
		reserve_take_back(vm, r.b->id);
	} else if (kept) {
		call->undo = reserve_undo;
		call->deed = r.b->id;
	}
out:
	record_free(r.record);
	kfree(r.req);
	booking_put(r.b);
	return err;
}

int reserve_cmd_release(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_vm *vm = call->object;
	bool owned = false;
	int err = 0;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	if (!vm->booking)
		err = -ENOENT;
	else if (vcpu_in_place(vm) || mem_drawn(vm))
		err = -EBUSY;
	else
		owned = release_locked(vm);
	mutex_unlock(&vm->lock);
	if (owned)
		vm_refresh_all();
	return err;
}
