// SPDX-License-Identifier: GPL-2.0
/*
 * What is remembered of the last decision made for a VM, and the command that
 * tells it.
 */
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "booking.h"
#include "cmd.h"
#include "record.h"
#include "vm.h"

/* The values of the core's and the interface's are the same. */
static_assert((int)VCPUNUMA_CHOSEN == CORE_CHOSEN);
static_assert((int)VCPUNUMA_WORSE == CORE_WORSE);
static_assert((int)VCPUNUMA_LACKS_CPUS == CORE_LACKS_CPUS);
static_assert((int)VCPUNUMA_LACKS_MEMORY == CORE_LACKS_MEMORY);
static_assert((int)VCPUNUMA_LACKS_BOTH == CORE_LACKS_BOTH);
static_assert((int)VCPUNUMA_FORBIDDEN == CORE_FORBIDDEN);

static size_t record_bytes(void)
{
	return struct_size_t(struct record, share, nr_node_ids);
}

static struct record *record_alloc(void)
{
	return kvzalloc(record_bytes(), GFP_KERNEL_ACCOUNT);
}

/** record_create - room for what is to be remembered of a request; or NULL */
struct record *record_create(const struct vcpunuma_cmd_reserve *asked)
{
	struct record *r = record_alloc();

	if (r)
		r->asked = *asked;
	return r;
}

void record_free(struct record *r)
{
	kvfree(r);
}

/**
 * record_answer - remember an answer
 * @r: the record, of which all else that the core does not fill is set
 * @b: the answer
 * @refused: is it that there is no room?
 */
void record_answer(struct record *r, const struct booking *b, bool refused)
{
	u32 i;

	r->id = b->id;
	r->time = ktime_get_real_ns();
	r->refused = refused;
	r->refusal = b->plan.refusal;
	r->refusal.node = b->refused_node;
	r->vnodes = refused ? 0 : b->plan.vnodes;
	r->distance = refused ? 0 : b->plan.distance;
	r->local = refused ? 0 : b->plan.local;
	memset(r->share, 0, nr_node_ids * sizeof(r->share[0]));
	for (i = 0; !refused && i < b->plan.nr_chunks; i++) {
		const struct vcpunuma_chunk *chunk = &b->chunks[i];

		r->share[chunk->node].vcpus += chunk->nr_vcpus;
		r->share[chunk->node].mem += chunk->mem;
	}
}

/* The VM that is asked for, with a reference; or ERR_PTR() */
static struct vcpunuma_vm *find_vm(struct vcpunuma_vm *own,
				   const struct vcpunuma_cmd_explain *cmd)
{
	bool next = cmd->flags & VCPUNUMA_EXPLAIN_NEXT;
	unsigned long id = cmd->vm;
	struct vcpunuma_vm *vm;

	if (!next && (!id || id == own->id)) {
		vm_get(own);
		return own;
	}
	if (!next)
		return vm_find(id) ?: ERR_PTR(-ENOENT);
	while ((vm = vm_next(id))) {
		if (vm == own || vm_may_know(vm))
			return vm;
		id = vm->id + 1UL;
		vm_put(vm);
		cond_resched();
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
	}
	return ERR_PTR(-ENOENT);
}

static u32 outcome_of(const struct vcpunuma_vm *vm)
{
	const struct record *r = vm->record;

	lockdep_assert_held(&vm->lock);
	if (!r)
		return VCPUNUMA_OUTCOME_NONE;
	if (r->refused)
		return VCPUNUMA_OUTCOME_REFUSED;
	if (r->asked.flags & VCPUNUMA_RESERVE_DRY_RUN)
		return VCPUNUMA_OUTCOME_DRY_RUN;
	return vm->booking ? VCPUNUMA_OUTCOME_RESERVED :
			     VCPUNUMA_OUTCOME_RELEASED;
}

/* A copy: nothing is written to the caller with the VM locked. */
static int copy_record(struct vcpunuma_vm *vm, struct record *to, u32 *outcome)
{
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	*outcome = outcome_of(vm);
	if (vm->record)
		memcpy(to, vm->record, record_bytes());
	mutex_unlock(&vm->lock);
	return 0;
}

static void tell_request(struct vcpunuma_cmd_explain *cmd,
			 const struct record *r)
{
	const struct vcpunuma_cmd_reserve *asked = &r->asked;

	memcpy(cmd->out_name, asked->name, sizeof(cmd->out_name));
	cmd->out_mem = asked->mem;
	cmd->out_flags = asked->flags;
	cmd->out_nr_vcpus = asked->nr_vcpus;
	cmd->out_nr_vnodes = asked->nr_vnodes;
	cmd->out_policy = asked->policy;
	cmd->out_cpu_policy = asked->cpu_policy;
	cmd->out_min_local = asked->min_local;
	cmd->out_max_nodes = asked->max_nodes;
	cmd->out_near = asked->near;
	cmd->out_near_node = r->near;
}

static void tell_answer(struct vcpunuma_cmd_explain *cmd,
			const struct record *r)
{
	cmd->out_decision = r->id;
	cmd->out_time = r->time;
	cmd->out_generation = r->decision.generation;
	cmd->out_mem_short = r->refusal.mem_short * BOOKING_UNIT;
	cmd->out_tries = r->tries;
	cmd->out_considered = r->decision.considered;
	cmd->out_vnodes = r->vnodes;
	cmd->out_distance = booking_parts(r->distance, 1000);
	cmd->out_local = booking_parts(r->local, 100);
	cmd->out_reason = r->refusal.reason;
	cmd->out_node = r->refusal.node;
	cmd->out_vcpus_short = r->refusal.vcpus_short;
}

static u32 cost(u32 core)
{
	return booking_parts(core, 1000);
}

static int put_candidates(const struct cmd_array *array, const struct record *r)
{
	u32 i;
	int err = 0;

	for (i = 0; i < r->decision.nr_candidates && !err; i++) {
		const struct core_candidate *c = &r->decision.candidate[i];
		struct vcpunuma_candidate told = {
			.node = c->node,
			.nr_nodes = c->nr_nodes,
			.verdict = c->verdict,
			.vcpus_short = c->vcpus_short,
			.mem_short = c->mem_short * BOOKING_UNIT,
		};

		if (c->nr_nodes) {
			told.cost = cost(c->cost);
			told.distance = cost(c->distance);
			told.left_cpus = cost(c->left_cpu);
			told.left_mem = cost(c->left_mem);
			told.load = cost(c->load);
			told.near = cost(c->near);
			told.llc = cost(c->llc);
			told.affinity = cost(c->affinity);
		}
		err = cmd_array_put(array, i, &told, 1);
	}
	return err;
}

static int put_nodes(const struct cmd_array *array, const struct record *r)
{
	u32 node, nr = 0;
	int err = 0;

	for_each_node_mask(node, r->nodes) {
		struct vcpunuma_explain_node told = {
			.node = node,
			.nr_vcpus = r->share[node].vcpus,
			.mem = r->share[node].mem,
		};

		if (node_isset(node, r->allowed))
			told.flags |= VCPUNUMA_EXPLAIN_ALLOWED;
		if (node_isset(node, r->with))
			told.flags |= VCPUNUMA_EXPLAIN_WITH;
		if (node_isset(node, r->apart))
			told.flags |= VCPUNUMA_EXPLAIN_APART;
		err = cmd_array_put(array, nr++, &told, 1);
		if (err)
			break;
	}
	return err;
}

static int tell(struct vcpunuma_vm *vm, struct vcpunuma_cmd_explain *cmd,
		struct record *r, const struct cmd_array *nodes,
		const struct cmd_array *candidates)
{
	int err;

	err = copy_record(vm, r, &cmd->out_outcome);
	if (err)
		return err;
	cmd->out_vm = vm->id;
	cmd->out_pid = pid_vnr(vm->owner);
	tell_request(cmd, r);
	tell_answer(cmd, r);
	cmd->nr_nodes = nodes_weight(r->nodes);
	cmd->nr_candidates = r->decision.nr_candidates;
	if (!cmd_array_fits(nodes, cmd->nr_nodes) ||
	    !cmd_array_fits(candidates, cmd->nr_candidates))
		return -EMSGSIZE;
	err = put_nodes(nodes, r);
	return err ?: put_candidates(candidates, r);
}

int record_cmd_explain(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_explain *cmd = &buf->explain;
	struct cmd_array nodes, candidates;
	struct vcpunuma_vm *vm;
	struct record *r;
	int err;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	err = cmd_array_init(&nodes, cmd->nodes, cmd->nr_nodes, cmd->node_size,
			     sizeof(struct vcpunuma_explain_node),
			     offsetofend(struct vcpunuma_explain_node, mem));
	if (err)
		return err;
	err = cmd_array_init(&candidates, cmd->candidates, cmd->nr_candidates,
			     cmd->candidate_size,
			     sizeof(struct vcpunuma_candidate),
			     offsetofend(struct vcpunuma_candidate, mem_short));
	if (err)
		return err;
	r = record_alloc();
	if (!r)
		return -ENOMEM;
	vm = find_vm(call->object, cmd);
	if (IS_ERR(vm)) {
		err = PTR_ERR(vm);
	} else {
		err = tell(vm, cmd, r, &nodes, &candidates);
		vm_put(vm);
	}
	record_free(r);
	return err;
}
