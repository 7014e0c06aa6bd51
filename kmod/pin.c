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
#include <linux/pid_namespace.h>
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

/* Is it the thread of that id? As task_pid_nr_ns() tells, which is two calls. */
static bool has_tid(struct task_struct *task, s32 tid,
		    const struct pid_namespace *ns)
{
	const struct pid *pid = task_pid(task);

	return pid && pid->level >= ns->level &&
	       pid->numbers[ns->level].nr == tid &&
	       pid->numbers[ns->level].ns == ns;
}

/*
 * A thread by its id. Those of a VM are often asked for in the order in which they
 * were created, so the one after @near may be it: then no table is looked up.
 */
static struct task_struct *find_task(const struct pin_search *search, s32 tid)
{
	struct task_struct *next;

	if (!tid)
		return current;
	/* Who has been unhashed no longer knows who is next. */
	if (search->near && pid_alive(search->near)) {
		next = next_thread(search->near);
		if (has_tid(next, tid, search->ns))
			return next;
	}
	return pid_task(find_pid_ns(tid, search->ns), PIDTYPE_PID);
}

static int check_thread(struct task_struct *task)
{
	unsigned int flags = READ_ONCE(task->flags);

	if (flags & PF_EXITING)
		return -ESRCH;
	if (!may_pin(task))
		return -EPERM;
	/* set_cpus_allowed_ptr() checks neither, and the kernel may BUG(). */
	if (flags & (PF_KTHREAD | PF_NO_SETAFFINITY))
		return -EINVAL;
	/* Nor that: it would get past the admission test of deadlines. */
	if (READ_ONCE(task->policy) == SCHED_DEADLINE)
		return -EBUSY;
	return 0;
}

/**
 * pin_search_begin - begin to search for threads
 * @search: filled
 * @pidfd: the file of a pidfd of the process they must belong to, or NULL
 *
 * Under rcu_read_lock(), until the end of the search.
 */
void pin_search_begin(struct pin_search *search, const struct file *pidfd)
{
	search->pidfd = pidfd;
	search->ns = task_active_pid_ns(current);
	search->near = NULL;
}

/**
 * pin_find_thread - a thread that the caller may pin
 * @search: under way
 * @tid: its id in the caller's pid namespace; 0: the calling thread
 *
 * Return: the task with a reference for the caller; ERR_PTR() of -ESRCH,
 * -EPERM, -EINVAL or -EBUSY as in the uAPI header.
 */
struct task_struct *pin_find_thread(struct pin_search *search, s32 tid)
{
	struct task_struct *task = find_task(search, tid);
	int err;

	if (!task || (search->pidfd && !is_pidfd_of(search->pidfd, task)))
		return ERR_PTR(-ESRCH);
	err = check_thread(task);
	if (err)
		return ERR_PTR(err);
	search->near = task;
	return get_task_struct(task);
}

static noinline void task_affinity_locked(struct task_struct *task,
					  struct cpumask *cpus)
{
	raw_spin_lock_irq(&task->pi_lock);
	set_copy(cpus, &task->cpus_mask);
	raw_spin_unlock_irq(&task->pi_lock);
}

/*
 * An affinity of one word is read without the lock. The kernel may write it byte
 * by byte (memcpy(), if it is compiled for more CPUs than there are), under the
 * lock: so it is taken as read if the lock was free between two readings that
 * agree. To be deceived takes two writers, one before and one after that moment,
 * both seen half done, and in the same way.
 */
static inline void task_affinity(struct task_struct *task, struct cpumask *cpus)
{
	const unsigned long *word = cpumask_bits(&task->cpus_mask);
	unsigned long first;

	if (nr_cpu_ids > BITS_PER_LONG) {
		task_affinity_locked(task, cpus);
		return;
	}
	first = READ_ONCE(*word);
	/* First the word, then whether somebody is at it, then the word again. */
	smp_rmb();
	if (raw_spin_is_locked(&task->pi_lock)) {
		task_affinity_locked(task, cpus);
		return;
	}
	/* As said above. */
	smp_rmb();
	if (first == READ_ONCE(*word))
		*cpumask_bits(cpus) = first;
	else
		task_affinity_locked(task, cpus);
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
	       cpumask_equal(pin_mask(pin), cpus) && !pin_exited(pin);
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
		cpumask_copy(cpus, pin_before(pin));
		found = true;
		break;
	}
	spin_unlock(&pins_lock);
	return found;
}

static __always_inline bool own_affinity(const struct pin_owner *owner,
					 struct task_struct *task,
					 struct cpumask *cpus)
{
	task_affinity(task, cpus);
	return !owner->nr || !find_like(owner, task, cpus);
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
	return own_affinity(owner, task, cpus);
}

/* Room to look at the cpuset of a pin's thread in */
static struct cpumask *pin_allowed(const struct pin *pin)
{
	return to_cpumask(pin->block->allowed);
}

/* Has it given its thread an affinity? */
static bool pin_given(const struct pin *pin)
{
	return !hlist_unhashed_lockless(&pin->like);
}

/*
 * Set the task's affinity to the pin's next one. If its cpuset changes meanwhile,
 * to what the cpuset allows of that, or else all it allows: the kernel does not
 * look again for us. What was set is the next one then.
 */
static int set_affinity(struct pin *pin)
{
	struct cpumask *mask = pin_next_mask(pin), *allowed = pin_allowed(pin);
	int err;

	for (;;) {
		err = set_cpus_allowed_ptr(pin->task, mask);
		if (err)
			return err;
		cpuset_cpus(pin->task, allowed);
		if (cpumask_subset(mask, allowed))
			return 0;
		if (!cpumask_and(mask, mask, allowed))
			cpumask_copy(mask, allowed);
	}
}

/* What the thread's cpuset allows now, or did when @view was made */
static const struct cpumask *allowed_cpus(struct pin *pin,
					  struct cpuset_view *view)
{
	if (view)
		return cpuset_view_cpus(view, pin->task);
	cpuset_cpus(pin->task, pin_allowed(pin));
	return pin_allowed(pin);
}

/* The kernel may have cut the mask down to what the user asked for before. */
static void read_back(struct pin *pin)
{
	struct cpumask *has = pin_allowed(pin);

	if (!AFFINITY_IS_CUT)
		return;
	task_affinity(pin->task, has);
	if (cpumask_subset(has, pin_next_mask(pin)))
		cpumask_copy(pin_next_mask(pin), has);
}

static size_t pin_bytes(void)
{
	return sizeof(struct pin) + 2 * PIN_SETS * cpumask_size();
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

	block = kvmalloc(sizeof(*block) + cpumask_size() + nr * pin_bytes(),
			 GFP_KERNEL_ACCOUNT);
	if (!block)
		return NULL;
	block->left = nr;
	block->live = 1;
	block->next = block->allowed + set_words();
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
	struct pin *pin = block->next;
	size_t sets = PIN_SETS * set_words();

	block->left--;
	block->live++;
	pin->block = block;
	pin->now = pin->bits;
	pin->next = pin->now + sets;
	block->next = pin->next + sets;
	INIT_HLIST_NODE(&pin->like);
	return pin;
}

/* It was the last given out: give it out again. */
static void pin_unalloc(struct pin *pin)
{
	pin->block->next = pin;
	pin->block->left++;
	pin->block->live--;
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

static void pin_unlink(struct pin *pin)
{
	spin_lock(&pins_lock);
	hash_del(&pin->link);
	hash_del(&pin->like);
	spin_unlock(&pins_lock);
}

/* The change begins: the thread gets what is in @before and @allowed of @wanted. */
static __always_inline int change(struct pin *pin, const struct cpumask *asked,
				  const struct cpumask *wanted,
				  const struct cpumask *before,
				  const struct cpumask *allowed)
{
	struct cpumask *mask = pin_next_mask(pin);
	int err;

	set_copy(pin_next_asked(pin), asked);
	if (!set_and3(mask, wanted, before, allowed, cpu_online_mask))
		return -ENOSPC;
	err = set_cpus_allowed_ptr(pin->task, mask);
	if (unlikely(err))
		return err == -EINVAL ? -ENOSPC : err;
	read_back(pin);
	return 0;
}

/**
 * pin_create - take a thread, so that nobody else can pin it, and set its affinity
 * @task: from pin_find_thread(); the pin takes over its reference
 * @owner: the VM, locked
 * @block: memory for one at least
 * @asked: as for pin_set()
 * @wanted: so too
 * @view: so too
 *
 * Only once it is taken is it known that the affinity it has is not somebody's
 * pin that is about to be given back, so only then is that read.
 *
 * Return: the pin, with which all is as after pin_set(); ERR_PTR() of -EBUSY: the
 * thread is pinned already; or of what pin_set() returns. Then there is no pin.
 */
struct pin *pin_create(struct task_struct *task, struct pin_owner *owner,
		       struct pin_block *block, const struct cpumask *asked,
		       const struct cpumask *wanted, struct cpuset_view *view)
{
	struct pin *pin = pin_alloc(block);
	struct cpumask *before = pin_next_before(pin);
	const struct cpumask *allowed = before;
	int err;

	pin->task = task;
	pin->owner = owner;
	err = pin_link(pin);
	if (err)
		goto err_unalloc;
	/* What it has is inside of its cpuset: the kernel sees to that. */
	if (!own_affinity(owner, task, before))
		allowed = allowed_cpus(pin, view);
	err = change(pin, asked, wanted, before, allowed);
	if (err)
		goto err_unlink;
	return pin;

err_unlink:
	pin_unlink(pin);
err_unalloc:
	pin_unalloc(pin);
	return ERR_PTR(err);
}

/**
 * pin_set - set the affinity of the thread, to other CPUs than before
 * @pin: its pin, committed
 * @asked: CPUs asked for
 * @wanted: of these those that it may have; it gets what is of these in its cpuset
 *	and in what it had before it was pinned
 * @view: to look at its cpuset with, or NULL
 *
 * An affinity that somebody else gave the thread since counts as what it had
 * before. It may be outside of its cpuset, if that changes, until pin_settle().
 * After that follows pin_commit(), or both are done by pin_commit_all(); if there
 * is an error the pin stays as it is, or if it is new goes by pin_abandon().
 *
 * Return: 0; -ENOSPC: it may run on none of @wanted.
 */
int pin_set(struct pin *pin, const struct cpumask *asked,
	    const struct cpumask *wanted, struct cpuset_view *view)
{
	struct cpumask *before = pin_next_before(pin);

	if (pin_drifted(pin))
		task_affinity(pin->task, before);
	else
		cpumask_copy(before, pin_before(pin));
	return change(pin, asked, wanted, before, allowed_cpus(pin, view));
}

/**
 * pin_settle - make sure that the thread is inside of its cpuset
 * @pin: its pin, after pin_set()
 * @view: made after pin_set(), or NULL
 *
 * Return: 0; 1: its cpuset has changed, and its next affinity is what is left, or,
 * if nothing is, all the cpuset allows; -ENOSPC: nor can it have that.
 */
int pin_settle(struct pin *pin, struct cpuset_view *view)
{
	const struct cpumask *allowed = allowed_cpus(pin, view);
	struct cpumask *mask = pin_next_mask(pin);
	int err;

	if (likely(cpumask_subset(mask, allowed)))
		return 0;
	if (!cpumask_and(mask, mask, allowed))
		cpumask_copy(mask, allowed);
	err = set_affinity(pin);
	if (err)
		return err == -EINVAL ? -ENOSPC : err;
	read_back(pin);
	return 1;
}

static __always_inline void commit(struct pin *pin)
{
	struct hlist_head *list = like_list(pin->owner, pin->task,
					    pin_next_mask(pin));

	lockdep_assert_held(&pins_lock);
	if (pin_given(pin))
		hash_del(&pin->like);
	else
		pin->owner->nr++;
	hlist_add_head(&pin->like, list);
	swap(pin->now, pin->next);
}

/** pin_commit - the change is done */
void pin_commit(struct pin *pin)
{
	spin_lock(&pins_lock);
	commit(pin);
	spin_unlock(&pins_lock);
}

/**
 * pin_commit_all - pin_commit() for those that are inside of their cpuset
 * @pin: the pins
 * @ret: filled, for each: 0; or 1: it is to be settled and committed by itself
 * @nr: how many, at least one
 * @view: made after pin_set() of all
 *
 * Return: true if it is 0 for all of them: most often they have one cpuset, and
 * that is as it was.
 */
bool pin_commit_all(struct pin *const *pin, int *ret, u32 nr,
		    struct cpuset_view *view)
{
	const struct cpumask *allowed = cpuset_view_cpus(view, pin[0]->task);
	bool all = true;
	u32 i;

	rcu_read_lock();
	spin_lock(&pins_lock);
	for (i = 0; i < nr; i++) {
		ret[i] = !cpuset_is_viewed(view, pin[i]->task) ||
			 !set_subset(pin_next_mask(pin[i]), allowed);
		if (!ret[i])
			commit(pin[i]);
		else
			all = false;
	}
	spin_unlock(&pins_lock);
	rcu_read_unlock();
	return all;
}

/** pin_abandon - forget a pin as if it had never been; its thread is as it is */
void pin_abandon(struct pin *pin)
{
	pin->owner->nr -= pin_given(pin);
	pin_unlink(pin);
	put_task_struct(pin->task);
	pin_block_put(pin->block);
}

static void give_back(struct pin *pin)
{
	struct cpumask *mask = pin_next_mask(pin), *allowed = pin_allowed(pin);

	cpuset_cpus(pin->task, allowed);
	if (!cpumask_and(mask, pin_before(pin), allowed))
		cpumask_copy(mask, allowed);
	if (!set_affinity(pin))
		return;
	/* All the CPUs it had have gone offline. */
	cpuset_cpus(pin->task, mask);
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
	drifted = !cpumask_equal(&pin->task->cpus_mask, pin_mask(pin));
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
