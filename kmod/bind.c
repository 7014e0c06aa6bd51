// SPDX-License-Identifier: GPL-2.0
/*
 * Binding vCPUs to threads and CPUs: one, or many at once.
 *
 * What is done for each thread is little; what is around it, the locks, the look
 * at what other VMs own and at the cpuset before and after, is done once for a
 * group of threads. A single binding is a group of one.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "bind.h"
#include "booking.h"
#include "cmd.h"
#include "cpuset.h"
#include "limits.h"
#include "nodes.h"
#include "pin.h"
#include "vcpu.h"
#include "vm.h"

/* Bindings in a group: so long locks are held */
#define GROUP_MAX	64

/**
 * struct binding - one that is under way
 * @entry: what is asked for, and the result
 * @task: the thread, referenced; ERR_PTR(): there is none to bind; NULL: a pin has
 *	taken over the reference
 * @vcpu: the vCPU: before it has begun only one that has a place, and so will
 *	not be pruned
 */
struct binding {
	struct vcpunuma_bind_entry *entry;
	struct task_struct *task;
	struct vcpu *vcpu;
};

/**
 * struct bind_group - bindings whose threads are set, and not yet settled
 * @vm: the VM, locked
 * @view: of the threads' cpuset
 * @block: memory for pins, or NULL
 * @foreign: CPUs that other VMs own
 * @asked: what is asked for, where that is no set of the kernel's
 * @wanted: of what is asked for, what it may have, where that is less
 * @cut: may it have less than what is asked for?
 * @reserved: may it have just what is reserved?
 * @end: of the bindings that are to begin
 * @nr: bindings begun
 * @begun: these
 * @pin: pin of each, changed and then committed
 * @ret: how that went: 0, or a negative error
 */
struct bind_group {
	struct vcpunuma_vm *vm;
	struct cpuset_view view;
	struct pin_block *block;
	struct cpumask *foreign;
	struct cpumask *asked;
	struct cpumask *wanted;
	bool cut;
	bool reserved;
	const struct binding *end;
	u32 nr;
	struct binding *begun[GROUP_MAX];
	struct pin *pin[GROUP_MAX];
	int ret[GROUP_MAX];
};

/* The sets that a group has */
#define GROUP_SETS	4

static struct bind_group *group_create(struct vcpunuma_vm *vm)
{
	size_t longs = cpumask_size() / sizeof(long);
	struct bind_group *g;
	unsigned long *bits;

	g = kmalloc(sizeof(*g) + GROUP_SETS * cpumask_size(), GFP_KERNEL);
	if (!g)
		return NULL;
	bits = (unsigned long *)(g + 1);
	g->vm = vm;
	g->view.css = NULL;
	g->view.cpus = to_cpumask(bits);
	g->block = NULL;
	g->foreign = to_cpumask(bits += longs);
	g->asked = to_cpumask(bits += longs);
	g->wanted = to_cpumask(bits += longs);
	g->nr = 0;
	return g;
}

/* What an entry asks for, as far as it can be told without the vCPU */
static inline int check_entry(const struct vcpunuma_bind_entry *e,
			      bool has_pidfd)
{
	bool has_target = e->to == VCPUNUMA_BIND_NODE ||
			  e->to == VCPUNUMA_BIND_CPU;

	if (e->vcpu >= VCPU_MAX || e->to > VCPUNUMA_BIND_CPUS)
		return -EINVAL;
	if (has_pidfd ? e->tid <= 0 : e->tid < 0)
		return -EINVAL;
	if (!has_target && e->target)
		return -EINVAL;
	if (e->to == VCPUNUMA_BIND_CPU && e->target >= nr_cpu_ids)
		return -EINVAL;
	return 0;
}

/* The CPU an entry asks for, if it is one, or VCPUNUMA_NONE */
static u32 asked_cpu(const struct vcpunuma_bind_entry *e, const struct vcpu *v)
{
	if (e->to == VCPUNUMA_BIND_PLACE)
		return v->place.cpu;
	return e->to == VCPUNUMA_BIND_CPU ? e->target : VCPUNUMA_NONE;
}

/* The CPUs an entry asks for, or ERR_PTR(); a set of CPUs is there already. */
static const struct cpumask *find_asked(struct bind_group *g,
					const struct vcpunuma_bind_entry *e,
					const struct vcpu *v)
{
	u32 node = e->target, cpu;

	if (e->to == VCPUNUMA_BIND_CPUS)
		return g->asked;
	if (e->to == VCPUNUMA_BIND_PLACE) {
		if (!v->placed)
			return ERR_PTR(-ENOENT);
		node = v->place.node;
	}
	cpu = asked_cpu(e, v);
	if (cpu != VCPUNUMA_NONE)
		return cpumask_of(cpu);
	if (!node_valid(node))
		return ERR_PTR(-ENODEV);
	node_cpus(node, g->asked);
	return cpumask_empty(g->asked) ? ERR_PTR(-ENODEV) : g->asked;
}

/* Is it to be where the VM has reserved? */
static bool in_place(const struct vcpunuma_bind_entry *e, const struct vcpu *v)
{
	return e->to == VCPUNUMA_BIND_PLACE && v->reserved;
}

/*
 * Of the CPUs asked for, those it may have, or ERR_PTR(): what other VMs own it
 * can't, nor what it is limited from. Who has reserved gets just that, unless it
 * wanted to be free to take more.
 */
static const struct cpumask *admit(struct bind_group *g,
				   const struct vcpunuma_bind_entry *e,
				   const struct vcpu *v,
				   const struct cpumask *asked)
{
	if (g->reserved && !in_place(e, v))
		return ERR_PTR(-ENOSPC);
	if (!g->cut)
		return asked;
	cpumask_copy(g->wanted, asked);
	if (!cpumask_empty(asked) && !limits_cut(&g->vm->limits, g->wanted))
		return ERR_PTR(-EACCES);
	if (!cpumask_andnot(g->wanted, g->wanted, g->foreign))
		return ERR_PTR(-ENOSPC);
	return g->wanted;
}

/* Memory for pins: for all that may need one, if there is so much. */
static struct pin_block *find_block(struct bind_group *g,
				    const struct binding *b)
{
	u32 left = g->end - b;

	if (g->block && g->block->left)
		return g->block;
	pin_block_put(g->block);
	g->block = pin_block_create(left);
	if (!g->block && left > 1)
		g->block = pin_block_create(1);
	return g->block;
}

/* A pin that the thread did not have; or ERR_PTR(): it is as it was. */
static struct pin *create_pin(struct bind_group *g, struct binding *b,
			      const struct cpumask *asked,
			      const struct cpumask *wanted)
{
	struct pin_block *block = find_block(g, b);
	struct pin *pin;

	if (!block)
		return ERR_PTR(-ENOMEM);
	pin = pin_create(b->task, &g->vm->pins, block, asked, wanted, &g->view);
	if (!IS_ERR(pin))
		b->task = NULL;
	return pin;
}

/*
 * Begin: the thread's affinity is set. -EBUSY: the thread is bound as another
 * vCPU, or something in the group is in the way.
 */
static int begin(struct bind_group *g, struct binding *b, struct vcpu *v)
{
	const struct cpumask *asked, *wanted;
	struct pin *pin = v->pin;
	int err;

	if (v->binding)
		return -EBUSY;
	asked = find_asked(g, b->entry, v);
	if (IS_ERR(asked))
		return PTR_ERR(asked);
	wanted = admit(g, b->entry, v, asked);
	if (IS_ERR(wanted))
		return PTR_ERR(wanted);
	if (pin && pin_is_of(pin, b->task)) {
		err = pin_set(pin, asked, wanted, &g->view);
		if (err)
			return err;
	} else {
		pin = create_pin(g, b, asked, wanted);
		if (IS_ERR(pin))
			return PTR_ERR(pin);
	}
	v->binding = true;
	b->vcpu = v;
	g->begun[g->nr] = b;
	g->pin[g->nr++] = pin;
	return 0;
}

/*
 * The thread has another cpuset, or it changed: if that left it all that it may
 * have, as if it had been so before.
 */
static int settle(struct bind_group *g, struct pin *pin)
{
	int err = pin_settle(pin, &g->view);

	if (err > 0) {
		cpumask_andnot(g->wanted, pin_next_asked(pin), g->foreign);
		limits_cut(&g->vm->limits, g->wanted);
		err = cpumask_subset(pin_next_mask(pin), g->wanted) ? 0 :
		      -ENOSPC;
	}
	if (!err)
		pin_commit(pin);
	return err;
}

/* End: the vCPU has the thread, in the stead of the one it may have had. */
static void finish(struct bind_group *g, struct binding *b, struct pin *pin,
		   int err)
{
	struct vcpunuma_bind_entry *e = b->entry;
	struct vcpu *v = b->vcpu;

	v->binding = false;
	if (err) {
		e->out_error = -err;
		if (v->pin != pin)
			pin_abandon(pin);
		vcpu_prune(g->vm, v);
		return;
	}
	if (v->pin != pin) {
		if (v->pin)
			vcpu_drop_pin(v);
		v->pin = pin;
	}
	v->exited = false;
	v->in_place = in_place(e, v);
	vcpu_note_mask(v, asked_cpu(e, v));
	e->out_node = v->node;
	e->out_cpu = v->cpu;
}

/* Settle and end all that have begun. */
static void finish_all(struct bind_group *g)
{
	u32 i;

	if (!g->nr)
		return;
	/* What is seen of the cpuset from here on is later than all was set. */
	cpuset_view_close(&g->view);
	if (!pin_commit_all(g->pin, g->ret, g->nr, &g->view))
		for (i = 0; i < g->nr; i++)
			if (g->ret[i])
				g->ret[i] = settle(g, g->pin[i]);
	for (i = 0; i < g->nr; i++)
		finish(g, g->begun[i], g->pin[i], g->ret[i]);
	g->nr = 0;
}

/*
 * Begin a binding, which the group then ends. What has begun in the group is
 * ended first if it is in the way: so all is as if it were one after the other.
 */
static int begin_in_turn(struct bind_group *g, struct binding *b)
{
	struct vcpu *v;
	int err;

	for (;;) {
		v = b->vcpu ?: vcpu_get(g->vm, b->entry->vcpu);
		if (IS_ERR(v))
			return PTR_ERR(v);
		err = begin(g, b, v);
		if (err && !v->binding)
			vcpu_prune(g->vm, v);
		if (err != -EBUSY || !g->nr)
			return err;
		finish_all(g);
	}
}

/*
 * Look up the vCPUs that have places: these will be there all the time. Most
 * often one is next to the last one.
 */
static void find_vcpus(struct bind_group *g, struct binding *b)
{
	XA_STATE(xas, &g->vm->vcpus, b->entry->vcpu);
	struct vcpu *v;

	lockdep_assert_held(&g->vm->lock);
	rcu_read_lock();
	for (; b != g->end; b++) {
		if (b->entry->vcpu != xas.xa_index + 1)
			xas_set(&xas, b->entry->vcpu);
		/* After xas_set() that is not the next one but the one set. */
		v = xas_next(&xas);
		b->vcpu = v && v->placed ? v : NULL;
	}
	rcu_read_unlock();
}

/* Bind all that have a thread; each one's result is in its entry. */
static int bind_locked(struct bind_group *g, struct binding *b, u32 nr)
{
	int err;

	lockdep_assert_held(&g->vm->lock);
	/* From the look at what others own until what is taken is booked */
	err = booking_lock_killable();
	if (err)
		return err;
	booking_foreign(g->vm->booking, g->foreign);
	g->cut = g->vm->limits.cut || !cpumask_empty(g->foreign);
	g->reserved = g->vm->booking && !g->vm->beyond;
	g->end = b + nr;
	find_vcpus(g, b);
	for (; b != g->end; b++) {
		if (IS_ERR(b->task))
			continue;
		err = begin_in_turn(g, b);
		if (err)
			b->entry->out_error = -err;
	}
	finish_all(g);
	cpuset_view_close(&g->view);
	pin_block_put(g->block);
	g->block = NULL;
	booking_unlock();
	return 0;
}

static int bind_all(struct bind_group *g, struct binding *b, u32 nr)
{
	int err = -EINTR;

	cpus_read_lock();
	if (!mutex_lock_killable(&g->vm->lock)) {
		err = bind_locked(g, b, nr);
		mutex_unlock(&g->vm->lock);
	}
	cpus_read_unlock();
	return err;
}

/* The pidfd's file, referenced; NULL: there is none to look at. */
static int get_pidfd(bool has, s32 pidfd, struct file **file)
{
	*file = NULL;
	if (!has)
		return pidfd ? -EINVAL : 0;
	*file = fget(pidfd);
	return *file ? 0 : -EBADF;
}

static void put_pidfd(struct file *file)
{
	if (file)
		fput(file);
}

/* The bindings are done, or will not be. */
static inline void put_thread(struct binding *b)
{
	if (!IS_ERR_OR_NULL(b->task))
		put_task_struct(b->task);
}

int bind_cmd_bind(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_bind *cmd = &buf->bind;
	bool has_pidfd = cmd->flags & VCPUNUMA_BIND_PIDFD;
	struct vcpunuma_bind_entry e = {
		.vcpu = cmd->vcpu,
		.tid = cmd->tid,
		.to = cmd->to,
		.target = cmd->target,
	};
	struct binding b = { .entry = &e };
	struct pin_search search;
	struct bind_group *g;
	struct file *pidfd;
	int err;

	err = check_entry(&e, has_pidfd);
	if (err)
		return err;
	if (cmd->to != VCPUNUMA_BIND_CPUS && (cmd->nr_bits || cmd->cpus))
		return -EINVAL;
	g = group_create(call->object);
	if (!g)
		return -ENOMEM;
	if (cmd->to == VCPUNUMA_BIND_CPUS) {
		err = cmd_get_cpus(g->asked, cmd->cpus, cmd->nr_bits);
		if (err)
			goto out_free;
	}
	err = get_pidfd(has_pidfd, cmd->pidfd, &pidfd);
	if (err)
		goto out_free;
	rcu_read_lock();
	pin_search_begin(&search, pidfd);
	b.task = pin_find_thread(&search, cmd->tid);
	rcu_read_unlock();
	put_pidfd(pidfd);
	if (IS_ERR(b.task)) {
		err = PTR_ERR(b.task);
		goto out_free;
	}
	err = bind_all(g, &b, 1);
	put_thread(&b);
	if (!err)
		err = -(int)e.out_error;
	if (!err) {
		cmd->out_node = e.out_node;
		cmd->out_cpu = e.out_cpu;
	}
out_free:
	kfree(g);
	return err;
}

/**
 * struct batch - many bindings, a group at a time
 * @array: of the caller's entries
 * @pidfd: of the process all threads belong to, or NULL
 * @g: the group
 * @entry: the entries of it
 * @binding: one for each
 */
struct batch {
	struct cmd_array array;
	struct file *pidfd;
	struct bind_group *g;
	struct vcpunuma_bind_entry entry[GROUP_MAX];
	struct binding binding[GROUP_MAX];
};

/* Find an entry's thread; what is wrong with it is in the entry. */
static void find_thread(struct batch *batch, struct pin_search *search, u32 i)
{
	struct vcpunuma_bind_entry *e = &batch->entry[i];
	struct binding *b = &batch->binding[i];
	int err;

	b->entry = e;
	e->out_error = 0;
	e->out_node = VCPUNUMA_NONE;
	e->out_cpu = VCPUNUMA_NONE;
	err = check_entry(e, batch->pidfd);
	if (!err && e->to == VCPUNUMA_BIND_CPUS)
		err = -EINVAL;
	if (!err && e->__reserved)
		err = -EOPNOTSUPP;
	b->task = err ? ERR_PTR(err) : pin_find_thread(search, e->tid);
	if (IS_ERR(b->task))
		e->out_error = -PTR_ERR(b->task);
}

/* Bind the entries from @first on that make a group; adds up those that fail. */
static int bind_some(struct batch *batch, u32 first, u32 nr, u32 *failed)
{
	struct pin_search search;
	u32 i;
	int err;

	err = cmd_array_get(&batch->array, first, batch->entry, nr);
	if (err)
		return err;
	/* Whether results can be written is known before anything is done. */
	err = cmd_array_touch(&batch->array, first, nr);
	if (err)
		return err;
	rcu_read_lock();
	pin_search_begin(&search, batch->pidfd);
	for (i = 0; i < nr; i++)
		find_thread(batch, &search, i);
	rcu_read_unlock();
	err = bind_all(batch->g, batch->binding, nr);
	for (i = 0; i < nr; i++) {
		put_thread(&batch->binding[i]);
		*failed += !!batch->entry[i].out_error;
	}
	if (err)
		return err;
	return cmd_array_put(&batch->array, first, batch->entry, nr);
}

static int bind_many(struct batch *batch, struct vcpunuma_cmd_bind_many *cmd)
{
	u32 begin = cmd->first, nr, failed;
	int err;

	while (cmd->first < cmd->nr_entries) {
		nr = min_t(u32, cmd->nr_entries - cmd->first, GROUP_MAX);
		failed = 0;
		err = bind_some(batch, cmd->first, nr, &failed);
		if (!err) {
			cmd->first += nr;
			cmd->out_failed += failed;
		}
		/* What has been done the caller is told, not why no more was. */
		if (err || fatal_signal_pending(current))
			return cmd->first == begin ? err : 0;
		cond_resched();
	}
	return 0;
}

int bind_cmd_bind_many(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_bind_many *cmd = &buf->bind_many;
	struct batch *batch;
	int err;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->nr_entries > VCPU_MAX || cmd->first > cmd->nr_entries)
		return -EINVAL;
	batch = kmalloc(sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	err = cmd_array_init(&batch->array, cmd->entries, cmd->nr_entries,
			     cmd->entry_size, sizeof(batch->entry[0]),
			     offsetofend(struct vcpunuma_bind_entry, __reserved));
	if (err)
		goto out_free;
	err = get_pidfd(cmd->flags & VCPUNUMA_BIND_PIDFD, cmd->pidfd,
			&batch->pidfd);
	if (err)
		goto out_free;
	err = -ENOMEM;
	batch->g = group_create(call->object);
	if (batch->g) {
		cmd->out_failed = 0;
		err = bind_many(batch, cmd);
		kfree(batch->g);
	}
	put_pidfd(batch->pidfd);
out_free:
	kfree(batch);
	return err;
}
