// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: who may pin which, and pinning them within their cpuset and
 * affinity, as sched_setaffinity(2) would, which modules cannot call.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat.h"
#include "cpuset.h"
#include "pin.h"
#include "sets.h"

/* All pins by task: a thread has one at most, or giving back were guesswork. */
static DEFINE_HASHTABLE(pins, 10);
/* Those that gave an affinity, by that, process and VM */
static DEFINE_HASHTABLE(likes, 10);
static DEFINE_SPINLOCK(pins_lock);	/* of both; a leaf */

/* The sets that a pin has */
#define PIN_SETS	7

static struct pin *pin_find(struct task_struct *task)
{
	struct pin *pin;

	lockdep_assert_held(&pins_lock);
	hash_for_each_possible(pins, pin, link, (unsigned long)task)
		if (pin->task == task)
			return pin;
	return NULL;
}

/* The permission rule of sched_setaffinity(2) */
static bool may_pin(struct task_struct *task)
{
	const struct cred *cred = current_cred();
	const struct cred *theirs = __task_cred(task);

	return uid_eq(cred->euid, theirs->euid) ||
	       uid_eq(cred->euid, theirs->uid) ||
	       ns_capable(theirs->user_ns, CAP_SYS_NICE);
}

/*
 * Is the file a pidfd of the task's process? A pidfd holds the address of the
 * process's struct pid: in the file until 6.8, in its inode since. Other files
 * hold other addresses there. Nothing is dereferenced.
 */
static bool is_pidfd_of(const struct file *file, struct task_struct *task)
{
	const void *pid = task_tgid(task);

	return pid && (file->private_data == pid ||
		       file_inode(file)->i_private == pid);
}

/*
 * A thread by its id. Those of a VM are often asked for in the order in which they
 * were created, so the one after @near may be it: then no table is looked up.
 */
static struct task_struct *find_task(s32 tid, struct task_struct *near)
{
	struct task_struct *next;

	if (!tid)
		return current;
	/* Who has been unhashed no longer knows who is next. */
	if (near && pid_alive(near)) {
		next = next_thread(near);
		/* As task_pid_vnr() does, which takes twice as long */
		if (pid_nr_ns(task_pid(next), ns_of_pid(task_pid(current))) == tid)
			return next;
	}
	return pid_task(find_vpid(tid), PIDTYPE_PID);
}

static int check_thread(struct task_struct *task)
{
	if (READ_ONCE(task->flags) & PF_EXITING)
		return -ESRCH;
	if (!may_pin(task))
		return -EPERM;
	/* set_cpus_allowed_ptr() checks neither, and the kernel may BUG(). */
	if (READ_ONCE(task->flags) & (PF_KTHREAD | PF_NO_SETAFFINITY))
		return -EINVAL;
	/* Nor that: it would get past the admission test of deadlines. */
	if (READ_ONCE(task->policy) == SCHED_DEADLINE)
		return -EBUSY;
	return 0;
}

/**
 * pin_find_thread - a thread that the caller may pin
 * @tid: its id in the caller's pid namespace; 0: the calling thread
 * @pidfd: the file of a pidfd of the process it must belong to, or NULL
 * @near: a thread it may be next to, referenced, or NULL
 *
 * Under rcu_read_lock().
 *
 * Return: the task with a reference for the caller; ERR_PTR() of -ESRCH,
 * -EPERM, -EINVAL or -EBUSY as in the uAPI header.
 */
struct task_struct *pin_find_thread(s32 tid, const struct file *pidfd,
				    struct task_struct *near)
{
	struct task_struct *task = find_task(tid, near);
	int err;

	if (!task || (pidfd && !is_pidfd_of(pidfd, task)))
		return ERR_PTR(-ESRCH);
	err = check_thread(task);
	return err ? ERR_PTR(err) : get_task_struct(task);
}

static void task_affinity(struct task_struct *task, struct cpumask *cpus)
{
	raw_spin_lock_irq(&task->pi_lock);
	set_copy(cpus, &task->cpus_mask);
	raw_spin_unlock_irq(&task->pi_lock);
}

/* Where in the table is what a thread of a process was given by a VM? */
static __always_inline struct hlist_head *
like_list(const struct pin_owner *owner, const struct task_struct *task,
	  const struct cpumask *mask)
{
	const unsigned long *word = cpumask_bits(mask);
	u32 i, last = (nr_cpu_ids - 1) / BITS_PER_LONG;
	unsigned long key = 0;

	for (i = 0; i < last; i++)
		key = hash_long(key ^ word[i], BITS_PER_LONG);
	/* What is in it beyond the last CPU says nothing. */
	key ^= word[last] & BITMAP_LAST_WORD_MASK(nr_cpu_ids);
	key ^= (unsigned long)owner ^ (unsigned long)task->signal;
	return &likes[hash_long(key, HASH_BITS(likes))];
}

/* Does a thread of the pinned one's process have just what the pin gave? */
static bool pin_is_like(const struct pin *pin, const struct pin_owner *owner,
			const struct task_struct *task,
			const struct cpumask *cpus)
{
	return pin->owner == owner && pin->task->signal == task->signal &&
	       cpumask_equal(pin->mask, cpus) && !pin_exited(pin);
}

/* If a thread of the same process was given just @cpus: what that one had before */
static noinline bool find_like(const struct pin_owner *owner,
			       struct task_struct *task, struct cpumask *cpus)
{
	struct pin *pin;
	bool found = false;

	spin_lock(&pins_lock);
	hlist_for_each_entry(pin, like_list(owner, task, cpus), like) {
		if (!pin_is_like(pin, owner, task, cpus))
			continue;
		/* Changed under the VM's lock only */
		cpumask_copy(cpus, pin->before);
		found = true;
		break;
	}
	spin_unlock(&pins_lock);
	return found;
}

/**
 * pin_own_affinity - the affinity a thread would have, were nobody pinned
 * @owner: a VM, locked
 * @task: the thread, not pinned
 * @cpus: filled
 *
 * That is its affinity; but if a thread of its process was given just that by
 * this VM, what that one had before. A thread starts with the affinity of the
 * one that created it, which in a VMM is often bound by then.
 *
 * Return: true if it is the thread's own.
 */
bool pin_own_affinity(const struct pin_owner *owner, struct task_struct *task,
		      struct cpumask *cpus)
{
	task_affinity(task, cpus);
	return !owner->nr || !find_like(owner, task, cpus);
}

/*
 * Set the task's affinity to pin->to_mask. If its cpuset changes meanwhile, to
 * what the cpuset allows of that, or else all it allows: the kernel does not
 * look again for us. pin->to_mask tells what was set.
 */
static int set_affinity(struct pin *pin)
{
	int err;

	for (;;) {
		err = set_cpus_allowed_ptr(pin->task, pin->to_mask);
		if (err)
			return err;
		cpuset_cpus(pin->task, pin->allowed);
		if (cpumask_subset(pin->to_mask, pin->allowed))
			return 0;
		if (!cpumask_and(pin->to_mask, pin->to_mask, pin->allowed))
			cpumask_copy(pin->to_mask, pin->allowed);
	}
}

/* What the thread's cpuset allows now, or did when @view was made */
static const struct cpumask *allowed_cpus(struct pin *pin,
					  struct cpuset_view *view)
{
	if (view)
		return cpuset_view_cpus(view, pin->task);
	cpuset_cpus(pin->task, pin->allowed);
	return pin->allowed;
}

/* The kernel may have cut the mask down to what the user asked for before. */
static void read_back(struct pin *pin)
{
	if (!AFFINITY_IS_CUT)
		return;
	task_affinity(pin->task, pin->allowed);
	if (cpumask_subset(pin->allowed, pin->to_mask))
		cpumask_copy(pin->to_mask, pin->allowed);
}

static size_t pin_bytes(void)
{
	return ALIGN(sizeof(struct pin) + PIN_SETS * cpumask_size(),
		     sizeof(u64));
}

/**
 * pin_block_create - memory for pins, which is less work than for each of them
 * @nr: for how many
 *
 * Return: the block, to be given to pin_block_put() when no more is to be taken
 * from it; NULL.
 */
struct pin_block *pin_block_create(u32 nr)
{
	struct pin_block *block;

	block = kvmalloc(sizeof(*block) + nr * pin_bytes(), GFP_KERNEL_ACCOUNT);
	if (block)
		*block = (struct pin_block) { .nr = nr, .live = 1 };
	return block;
}

/** pin_block_put - the memory is freed once all its pins are */
void pin_block_put(struct pin_block *block)
{
	if (block && !--block->live)
		kvfree(block);
}

static struct pin *pin_alloc(struct pin_block *block)
{
	struct pin *pin = (void *)block->mem + block->used++ * pin_bytes();
	size_t longs = cpumask_size() / sizeof(*pin->bits);
	unsigned long *bits = pin->bits;

	block->live++;
	pin->block = block;
	pin->before = to_cpumask(bits);
	pin->mask = to_cpumask(bits += longs);
	pin->asked = to_cpumask(bits += longs);
	pin->to_before = to_cpumask(bits += longs);
	pin->to_mask = to_cpumask(bits += longs);
	pin->to_asked = to_cpumask(bits += longs);
	pin->allowed = to_cpumask(bits += longs);
	pin->given = false;
	INIT_HLIST_NODE(&pin->like);
	return pin;
}

/* Enter the pin in the table, unless the task has one there. */
static int pin_link(struct pin *pin)
{
	int err = 0;

	spin_lock(&pins_lock);
	if (pin_find(pin->task))
		err = -EBUSY;
	else
		hash_add(pins, &pin->link, (unsigned long)pin->task);
	spin_unlock(&pins_lock);
	return err;
}

/**
 * pin_create - take a thread, so that nobody else can pin it
 * @task: from pin_find_thread()
 * @owner: the VM, locked
 * @block: memory for one at least
 *
 * It is not kept anywhere until pin_set(). Only now is it known that the
 * affinity it has is not somebody's pin that is about to be given back, so only
 * now may that be read, as pin_set() does.
 *
 * Return: the pin; ERR_PTR() of -EBUSY: the thread is pinned already.
 */
struct pin *pin_create(struct task_struct *task, struct pin_owner *owner,
		       struct pin_block *block)
{
	struct pin *pin = pin_alloc(block);
	int err;

	pin->task = task;
	pin->owner = owner;
	err = pin_link(pin);
	if (err) {
		/* It was the last taken: take it again. */
		block->used--;
		pin_block_put(block);
		return ERR_PTR(err);
	}
	get_task_struct(task);
	return pin;
}

/*
 * The affinity it is to count as having had, once the change is done. An affinity
 * that somebody else gave the thread since counts as that. Returns true if it is
 * what the thread has now.
 */
static bool find_before(struct pin *pin)
{
	if (!pin->given)
		return pin_own_affinity(pin->owner, pin->task, pin->to_before);
	if (pin_drifted(pin))
		task_affinity(pin->task, pin->to_before);
	else
		cpumask_copy(pin->to_before, pin->before);
	return false;
}

/**
 * pin_set - set the affinity of the thread, to some CPUs or to others than before
 * @pin: its pin
 * @asked: CPUs asked for
 * @wanted: of these those that it may have; it gets what is in pin->to_before and
 *	its cpuset of these
 * @view: to look at its cpuset with, or NULL
 *
 * It may be outside of its cpuset, if that changes, until pin_settle(). After that
 * follows pin_commit(); if there is an error the pin stays as it is, or if it is
 * new goes by pin_abandon().
 *
 * Return: 0; -ENOSPC: it may run on none of @wanted.
 */
int pin_set(struct pin *pin, const struct cpumask *asked,
	    const struct cpumask *wanted, struct cpuset_view *view)
{
	bool inside = find_before(pin);
	const struct cpumask *before = pin->to_before, *allowed = before;
	int err;

	set_copy(pin->to_asked, asked);
	/* What the thread has is inside of its cpuset: the kernel sees to that. */
	if (!inside)
		allowed = allowed_cpus(pin, view);
	if (!set_and3(pin->to_mask, wanted, before, allowed, cpu_online_mask))
		return -ENOSPC;
	err = set_cpus_allowed_ptr(pin->task, pin->to_mask);
	return err == -EINVAL ? -ENOSPC : err;
}

/**
 * pin_settle - make sure that the thread is inside of its cpuset
 * @pin: its pin, after pin_set()
 * @view: made after pin_set(), or NULL
 *
 * Return: 0; 1: its cpuset has changed, and pin->to_mask is what is left, or, if
 * nothing is, all the cpuset allows; -ENOSPC: nor can it have that.
 */
int pin_settle(struct pin *pin, struct cpuset_view *view)
{
	const struct cpumask *allowed = allowed_cpus(pin, view);
	int err;

	if (likely(cpumask_subset(pin->to_mask, allowed))) {
		read_back(pin);
		return 0;
	}
	if (!cpumask_and(pin->to_mask, pin->to_mask, allowed))
		cpumask_copy(pin->to_mask, allowed);
	err = set_affinity(pin);
	if (err)
		return err == -EINVAL ? -ENOSPC : err;
	read_back(pin);
	return 1;
}

static void commit(struct pin *pin)
{
	lockdep_assert_held(&pins_lock);
	hash_del(&pin->like);
	swap(pin->before, pin->to_before);
	swap(pin->mask, pin->to_mask);
	swap(pin->asked, pin->to_asked);
	hlist_add_head(&pin->like,
		       like_list(pin->owner, pin->task, pin->mask));
	pin->owner->nr += !pin->given;
	pin->given = true;
}

/**
 * pin_settle_all - pin_settle() for several
 * @pin: the pins
 * @ret: filled with what it returns for each
 * @nr: how many, at least one
 * @view: made after pin_set() of all
 *
 * Return: true if it is 0 for all of them.
 */
bool pin_settle_all(struct pin *const *pin, int *ret, u32 nr,
		    struct cpuset_view *view)
{
	const struct cpumask *allowed = cpuset_view_cpus(view, pin[0]->task);
	bool settled = true;
	u32 i;

	/* Most often they have one cpuset, and that is as it was. */
	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		ret[i] = !cpuset_is_viewed(view, pin[i]->task) ||
			 !set_subset(pin[i]->to_mask, allowed);
		settled &= !ret[i];
	}
	rcu_read_unlock();
	if (settled && !AFFINITY_IS_CUT)
		return true;
	settled = true;
	for (i = 0; i < nr; i++) {
		if (ret[i])
			ret[i] = pin_settle(pin[i], view);
		else
			read_back(pin[i]);
		settled &= !ret[i];
	}
	return settled;
}

/**
 * pin_commit_all - pin_commit() for several
 * @pin: the pins
 * @ret: not 0: not this one
 * @nr: how many
 */
void pin_commit_all(struct pin *const *pin, const int *ret, u32 nr)
{
	u32 i;

	spin_lock(&pins_lock);
	for (i = 0; i < nr; i++)
		if (!ret[i])
			commit(pin[i]);
	spin_unlock(&pins_lock);
}

/** pin_commit - the change is done */
void pin_commit(struct pin *pin)
{
	pin_commit_all(&pin, &(int){ 0 }, 1);
}

/** pin_abandon - forget a pin as if it had never been; its thread is as it is */
void pin_abandon(struct pin *pin)
{
	spin_lock(&pins_lock);
	hash_del(&pin->link);
	hash_del(&pin->like);
	spin_unlock(&pins_lock);
	pin->owner->nr -= pin->given;
	put_task_struct(pin->task);
	pin_block_put(pin->block);
}

static void give_back(struct pin *pin)
{
	cpuset_cpus(pin->task, pin->allowed);
	if (!cpumask_and(pin->to_mask, pin->before, pin->allowed))
		cpumask_copy(pin->to_mask, pin->allowed);
	if (!set_affinity(pin))
		return;
	/* All the CPUs it had have gone offline. */
	cpuset_cpus(pin->task, pin->to_mask);
	set_affinity(pin);
}

/**
 * pin_destroy - unpin a thread
 * @pin: its pin, committed
 *
 * The thread gets back the affinity it had, as far as its cpuset allows that
 * today; not if somebody else has changed it since.
 */
void pin_destroy(struct pin *pin)
{
	if (!pin_exited(pin) && !pin_drifted(pin))
		give_back(pin);
	/* Only now: who pins it next must not take our mask for its own. */
	pin_abandon(pin);
}

/** pin_is_of - is it @task that @pin pins? */
bool pin_is_of(const struct pin *pin, const struct task_struct *task)
{
	return pin->task == task;
}

/** pin_exited - has the thread exited? */
bool pin_exited(const struct pin *pin)
{
	return READ_ONCE(pin->task->flags) & PF_EXITING;
}

/** pin_drifted - has somebody else changed the thread's affinity since? */
bool pin_drifted(const struct pin *pin)
{
	bool drifted;

	raw_spin_lock_irq(&pin->task->pi_lock);
	drifted = !cpumask_equal(&pin->task->cpus_mask, pin->mask);
	raw_spin_unlock_irq(&pin->task->pi_lock);
	return drifted;
}

/** pin_affinity - the thread's affinity now */
void pin_affinity(const struct pin *pin, struct cpumask *cpus)
{
	task_affinity(pin->task, cpus);
}

/** pin_last_cpu - the CPU the thread is on or was last on */
u32 pin_last_cpu(const struct pin *pin)
{
	return task_cpu(pin->task);
}

/** pin_tid - the thread's id in the pid namespace of the reader; 0: not in it */
s32 pin_tid(const struct pin *pin)
{
	return task_pid_vnr(pin->task);
}
