// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating many pages of a memory object at once. To clear a page is nearly all
 * there is to it, and that is done best, and without harm to others, on CPUs of
 * the node it is on: by threads that live as long as the call.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "booking.h"
#include "cmd.h"
#include "cpuset.h"
#include "layout.h"
#include "mem.h"
#include "pages.h"
#include "populate.h"
#include "vm.h"

static uint populate_workers = 4;
module_param(populate_workers, uint, 0644);
MODULE_PARM_DESC(populate_workers, "Threads of a node that allocate for one call at the same time (default 4; 0: the caller alone)");

/* A thread is not worth its while for less than so many chunks. */
#define WORKER_CHUNKS	8

/* Threads of all calls; as they are nobody's, there are at most two for a CPU. */
static atomic_t hired;

/**
 * struct populating - a call that allocates pages
 * @mem: the object
 * @first: the first page in units of PAGE_SIZE
 * @end: the page after the last
 * @who: for whom they are
 * @err: why it has to end, or 0
 * @running: threads that are at it, and the caller while it starts them
 * @done: that is over
 */
struct populating {
	struct vcpunuma_mem *mem;
	pgoff_t first;
	pgoff_t end;
	struct mem_caller who;
	int err;
	atomic_t running;
	struct completion done;
};

/**
 * struct node_job - the part of it that is of one node
 * @p: the call
 * @node: the node
 * @manned: it has threads
 * @next: number of the chunk that nobody has begun
 */
struct node_job {
	struct populating *p;
	u32 node;
	bool manned;
	atomic_long_t next;
};

static bool is_here(u32 node)
{
	return cpu_to_node(raw_smp_processor_id()) == node;
}

static void give_up(struct populating *p, int err)
{
	/* Of several reasons any will do. */
	if (err)
		WRITE_ONCE(p->err, err);
}

/* Allocate what is of the node, chunk by chunk, together with others. */
static void work(struct node_job *job)
{
	struct populating *p = job->p;
	pgoff_t first, end;
	long chunk;

	while (!READ_ONCE(p->err)) {
		chunk = atomic_long_fetch_inc(&job->next);
		first = max_t(pgoff_t, p->first, chunk * CHUNK_PAGES);
		end = min_t(pgoff_t, p->end, (chunk + 1) * CHUNK_PAGES);
		if (first >= end)
			break;
		give_up(p, pages_fill(p->mem, first, end, job->node, &p->who));
		if (fatal_signal_pending(current))
			give_up(p, -EINTR);
		cond_resched();
	}
}

static void work_ends(struct populating *p)
{
	if (atomic_dec_and_test(&p->running))
		complete(&p->done);
}

static int worker(void *data)
{
	struct node_job *job = data;

	work(job);
	work_ends(job->p);
	/* Who started it stops it, and knows then that it is not in here. */
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/**
 * struct crew - the threads of a call
 * @task: the threads
 * @nr: how many
 * @room: elements of @task
 */
struct crew {
	struct task_struct **task;
	u32 nr;
	u32 room;
};

/* CPUs of the node that may work for the VM: its cpuset has them, and nobody else. */
static int worker_cpus(struct vcpunuma_vm *vm, u32 node, struct cpumask *cpus,
		       struct cpumask *foreign)
{
	cpuset_cpus(current, cpus);
	cpumask_and(cpus, cpus, cpumask_of_node(node));
	cpumask_and(cpus, cpus, cpu_online_mask);
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	booking_foreign(vm->booking, foreign);
	mutex_unlock(&vm->lock);
	cpumask_andnot(cpus, cpus, foreign);
	return 0;
}

static struct task_struct *hire(struct node_job *job,
				const struct cpumask *cpus)
{
	struct task_struct *task;

	if (atomic_inc_return(&hired) > 2 * num_online_cpus())
		goto err;
	task = kthread_create_on_node(worker, job, job->node, "vcpunuma/%u",
				      job->node);
	if (IS_ERR(task))
		goto err;
	/* Where it must not run it does not run at all. */
	if (set_cpus_allowed_ptr(task, cpus)) {
		kthread_stop(task);
		goto err;
	}
	set_user_nice(task, task_nice(current));
	return task;

err:
	atomic_dec(&hired);
	return NULL;
}

/* false: then there is one less. */
static bool start_worker(struct crew *crew, struct node_job *job,
			 const struct cpumask *cpus)
{
	struct task_struct *task = hire(job, cpus);

	if (!task)
		return false;
	get_task_struct(task);
	crew->task[crew->nr++] = task;
	job->manned = true;
	atomic_inc(&job->p->running);
	wake_up_process(task);
	return true;
}

static u32 workers_for(const struct populating *p, const struct cpumask *cpus,
		       u32 workers)
{
	pgoff_t chunks = (p->end - p->first) / CHUNK_PAGES;

	return min3(workers, cpumask_weight(cpus),
		    (u32)min_t(pgoff_t, chunks / WORKER_CHUNKS, U32_MAX));
}

/* Start threads for a node; as many as there can be, which may be none. */
static int start_workers(struct crew *crew, struct node_job *job, u32 workers)
{
	cpumask_var_t cpus, foreign;
	int err = -ENOMEM;
	u32 nr;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	if (!alloc_cpumask_var(&foreign, GFP_KERNEL_ACCOUNT))
		goto out;
	err = worker_cpus(job->p->mem->vm, job->node, cpus, foreign);
	nr = err ? 0 : workers_for(job->p, cpus, workers);
	/* The caller is one of them if it is there. */
	if (nr && is_here(job->node))
		nr--;
	while (nr-- && crew->nr < crew->room &&
	       start_worker(crew, job, cpus))
		;
	free_cpumask_var(foreign);
out:
	free_cpumask_var(cpus);
	return err;
}

static void dismiss(struct crew *crew)
{
	while (crew->nr) {
		kthread_stop(crew->task[--crew->nr]);
		put_task_struct(crew->task[crew->nr]);
		atomic_dec(&hired);
	}
}

/* Allocate what each of the nodes is to have. */
static int by_node(struct populating *p, const nodemask_t *homes, u32 workers,
		   struct node_job *jobs, struct crew *crew)
{
	u32 node, i, nr = 0;

	for_each_node_mask(node, *homes) {
		jobs[nr] = (struct node_job) { .p = p, .node = node };
		atomic_long_set(&jobs[nr].next, p->first / CHUNK_PAGES);
		give_up(p, start_workers(crew, &jobs[nr++], workers));
	}
	/* Where no thread can be, and where no other is needed, the caller is it. */
	for (i = 0; i < nr; i++)
		if (!jobs[i].manned || is_here(jobs[i].node))
			work(&jobs[i]);
	work_ends(p);
	if (wait_for_completion_killable(&p->done))
		give_up(p, -EINTR);
	dismiss(crew);
	return p->err;
}

/**
 * populate - allocate pages that are not there
 * @mem: the object
 * @first: the first in units of PAGE_SIZE
 * @end: after the last, within the object
 * @workers: threads for each node, at most; 0: as many as the parameter says
 *
 * Return: 0; -ENOMEM; -EPERM: the caller's cpuset forbids a node; -EINTR: a fatal
 * signal. Then some of them may be there.
 */
int populate(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end, u32 workers)
{
	u32 most = READ_ONCE(populate_workers);
	struct populating p = {
		.mem = mem,
		.first = first,
		.end = end,
		.who = mem_caller(),
		.running = ATOMIC_INIT(1),
	};
	nodemask_t homes = NODE_MASK_NONE;
	struct node_job *jobs;
	struct crew crew;
	int err = -ENOMEM;

	if (first >= end)
		return 0;
	workers = workers ? min(workers, most) : most;
	init_completion(&p.done);
	layout_homes(&mem->layout, first, end, &p.who, &homes);
	if (nodes_empty(homes))
		return -EPERM;
	crew = (struct crew) { .room = num_online_cpus() };
	crew.task = kvcalloc(crew.room, sizeof(*crew.task), GFP_KERNEL_ACCOUNT);
	jobs = kvcalloc(nodes_weight(homes), sizeof(*jobs), GFP_KERNEL_ACCOUNT);
	if (crew.task && jobs)
		err = by_node(&p, &homes, workers, jobs, &crew);
	kvfree(jobs);
	kvfree(crew.task);
	return err;
}

int populate_cmd_range(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_mem_populate_range *cmd = &buf->mem_populate_range;
	struct vcpunuma_mem *mem = call->object;
	u64 mask = BIT_ULL(mem->shift) - 1;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->offset & mask || cmd->length & mask)
		return -EINVAL;
	if (cmd->offset > mem->length || cmd->length > mem->length - cmd->offset)
		return -EINVAL;
	return populate(mem, cmd->offset >> PAGE_SHIFT,
			(cmd->offset + cmd->length) >> PAGE_SHIFT,
			cmd->workers);
}
