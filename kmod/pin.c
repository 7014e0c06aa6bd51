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
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "cpuset.h"
#include "pin.h"

/* All pins by task: a thread has one at most, or giving back were guesswork. */
static DEFINE_HASHTABLE(pins, 10);
static DEFINE_SPINLOCK(pins_lock);	/* a leaf */

static struct pin *pin_find(struct task_struct *task)
{
	struct pin *pin;

	lockdep_assert_held(&pins_lock);
	hash_for_each_possible(pins, pin, link, (unsigned long)task)
		if (pin->task == task)
			return pin;
	return NULL;
}

/* The permission rule of sched_setaffinity(2). */
static bool may_pin(struct task_struct *task)
{
	const struct cred *cred = current_cred();
	const struct cred *theirs = get_task_cred(task);
	bool may;

	may = uid_eq(cred->euid, theirs->euid) ||
	      uid_eq(cred->euid, theirs->uid) ||
	      ns_capable(theirs->user_ns, CAP_SYS_NICE);
	put_cred(theirs);
	return may;
}

/*
 * Is the file a pidfd of the task's process? A pidfd holds the address of the
 * process's struct pid: in the file until 6.8, in its inode since. Other files
 * hold other addresses there. Nothing is dereferenced.
 */
static bool is_pidfd_of(const struct file *file, struct task_struct *task)
{
	const void *pid;
	bool is;

	rcu_read_lock();
	pid = task_tgid(task);
	is = pid && (file->private_data == pid ||
		     file_inode(file)->i_private == pid);
	rcu_read_unlock();
	return is;
}

static struct task_struct *find_task(s32 tid)
{
	struct task_struct *task;
	struct pid *pid;

	if (!tid)
		return get_task_struct(current);
	pid = find_get_pid(tid);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	return task;
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
 * @has_pidfd: must it belong to the process of @pidfd?
 * @pidfd: a file descriptor
 *
 * Return: the task with a reference for the caller; ERR_PTR() of -ESRCH,
 * -EPERM, -EINVAL, -EBUSY or -EBADF as in the uAPI header.
 */
struct task_struct *pin_find_thread(s32 tid, bool has_pidfd, s32 pidfd)
{
	struct task_struct *task;
	struct file *file = NULL;
	int err;

	if (has_pidfd) {
		file = fget(pidfd);
		if (!file)
			return ERR_PTR(-EBADF);
	}
	task = find_task(tid);
	if (!task)
		err = -ESRCH;
	else if (file && !is_pidfd_of(file, task))
		err = -ESRCH;
	else
		err = check_thread(task);
	if (file)
		fput(file);
	if (err) {
		if (task)
			put_task_struct(task);
		return ERR_PTR(err);
	}
	return task;
}

/** task_affinity - a thread's affinity now */
void task_affinity(struct task_struct *task, struct cpumask *cpus)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	cpumask_copy(cpus, &task->cpus_mask);
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
}

/*
 * Set the task's affinity to pin->scratch. If its cpuset changes meanwhile, to
 * what the cpuset allows of that, or else all it allows: the kernel does not
 * look again for us. pin->scratch tells what was set.
 */
static int set_affinity(struct pin *pin)
{
	int err;

	for (;;) {
		err = set_cpus_allowed_ptr(pin->task, pin->scratch);
		if (err)
			return err;
		cpuset_cpus(pin->task, pin->allowed);
		if (cpumask_subset(pin->scratch, pin->allowed))
			return 0;
		if (!cpumask_and(pin->scratch, pin->scratch, pin->allowed))
			cpumask_copy(pin->scratch, pin->allowed);
	}
}

/* Since 6.2 the kernel cuts a mask down to what the user asked for before. */
static void read_back(struct pin *pin)
{
	task_affinity(pin->task, pin->allowed);
	if (!cpumask_subset(pin->allowed, pin->scratch))
		return;
	cpumask_copy(pin->scratch, pin->allowed);
}

/**
 * pin_apply - keep the thread on some CPUs
 * @pin: its pin
 * @wanted: CPUs to keep it on, of those in @before and its cpuset
 *
 * Return: 0; -ENOSPC: it may run on none of @wanted.
 */
int pin_apply(struct pin *pin, const struct cpumask *wanted)
{
	int err;

	cpuset_cpus(pin->task, pin->allowed);
	cpumask_and(pin->scratch, wanted, pin->before);
	cpumask_and(pin->scratch, pin->scratch, pin->allowed);
	if (!cpumask_intersects(pin->scratch, cpu_online_mask))
		return -ENOSPC;
	err = set_affinity(pin);
	if (err)
		return err == -EINVAL ? -ENOSPC : err;
	/* The cpuset has left all the CPUs wanted: as if it had come first. */
	if (!cpumask_subset(pin->scratch, wanted))
		return -ENOSPC;
	read_back(pin);
	cpumask_copy(pin->mask, pin->scratch);
	return 0;
}

static void pin_free(struct pin *pin)
{
	free_cpumask_var(pin->allowed);
	free_cpumask_var(pin->scratch);
	free_cpumask_var(pin->mask);
	free_cpumask_var(pin->before);
	kfree(pin);
}

static struct pin *pin_alloc(void)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT;
	struct pin *pin = kzalloc(sizeof(*pin), gfp);

	if (!pin)
		return NULL;
	if (zalloc_cpumask_var(&pin->before, gfp) &&
	    zalloc_cpumask_var(&pin->mask, gfp) &&
	    zalloc_cpumask_var(&pin->scratch, gfp) &&
	    zalloc_cpumask_var(&pin->allowed, gfp))
		return pin;
	pin_free(pin);
	return NULL;
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
	spin_unlock(&pins_lock);
}

/**
 * pin_create - take a thread, so that nobody else can pin it
 * @task: from pin_find_thread()
 *
 * It is not kept anywhere until pin_apply(). Only now is it known that the
 * affinity it has is not somebody's pin that is about to be given back, so only
 * now may @before be set to anything.
 *
 * Return: the pin; ERR_PTR() of -EBUSY: the thread is pinned already; -ENOMEM.
 */
struct pin *pin_create(struct task_struct *task)
{
	struct pin *pin;
	int err;

	pin = pin_alloc();
	if (!pin)
		return ERR_PTR(-ENOMEM);
	pin->task = get_task_struct(task);
	err = pin_link(pin);
	if (err) {
		put_task_struct(task);
		pin_free(pin);
		return ERR_PTR(err);
	}
	task_affinity(task, pin->before);
	return pin;
}

/**
 * pin_move - keep a pinned thread on other CPUs
 * @pin: its pin
 * @wanted: CPUs to keep it on
 *
 * An affinity that somebody else gave it since counts as the one it had before.
 *
 * Return: 0; -ENOSPC: it may run on none of @wanted; -ENOMEM.
 */
int pin_move(struct pin *pin, const struct cpumask *wanted)
{
	cpumask_var_t before;
	int err;

	if (!alloc_cpumask_var(&before, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(before, pin->before);
	if (pin_drifted(pin))
		task_affinity(pin->task, pin->before);
	err = pin_apply(pin, wanted);
	if (err)
		cpumask_copy(pin->before, before);
	free_cpumask_var(before);
	return err;
}

static void give_back(struct pin *pin)
{
	cpuset_cpus(pin->task, pin->allowed);
	if (!cpumask_and(pin->scratch, pin->before, pin->allowed))
		cpumask_copy(pin->scratch, pin->allowed);
	if (!set_affinity(pin))
		return;
	/* All the CPUs it had have gone offline. */
	cpuset_cpus(pin->task, pin->scratch);
	set_affinity(pin);
}

/**
 * pin_destroy - unpin a thread
 * @pin: its pin, applied or not
 *
 * The thread gets back the affinity it had, as far as its cpuset allows that
 * today; not if somebody else has changed it since.
 */
void pin_destroy(struct pin *pin)
{
	if (!pin_exited(pin) && !pin_drifted(pin))
		give_back(pin);
	/* Only now: who pins it next must not take our mask for its own. */
	pin_unlink(pin);
	put_task_struct(pin->task);
	pin_free(pin);
}

/** pin_is_of - is it @task that @pin pins? */
bool pin_is_of(const struct pin *pin, const struct task_struct *task)
{
	return pin->task == task;
}

/**
 * pin_is_like - does a thread have just what @pin gave?
 * @pin: a pin
 * @task: a thread
 * @cpus: its affinity
 *
 * Return: true if it is the pinned thread or another of its process, and has
 * the affinity that @pin gave.
 */
bool pin_is_like(const struct pin *pin, const struct task_struct *task,
		 const struct cpumask *cpus)
{
	return pin->task->signal == task->signal &&
	       cpumask_equal(pin->mask, cpus);
}

/** pin_exited - has the thread exited? */
bool pin_exited(const struct pin *pin)
{
	return READ_ONCE(pin->task->flags) & PF_EXITING;
}

/** pin_drifted - has somebody else changed the thread's affinity since? */
bool pin_drifted(const struct pin *pin)
{
	unsigned long flags;
	bool drifted;

	raw_spin_lock_irqsave(&pin->task->pi_lock, flags);
	drifted = !cpumask_equal(&pin->task->cpus_mask, pin->mask);
	raw_spin_unlock_irqrestore(&pin->task->pi_lock, flags);
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
