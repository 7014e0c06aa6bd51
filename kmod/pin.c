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
/* All pins by process, that is by the signal_struct that its threads share. */
static DEFINE_HASHTABLE(pins_of_process, 10);
/* Guards both, and pin->mask and pin->before against other VMs. A leaf. */
static DEFINE_SPINLOCK(pins_lock);

static struct pin *pin_find(struct task_struct *task)
{
	struct pin *pin;

	lockdep_assert_held(&pins_lock);
	hash_for_each_possible(pins, pin, by_task, (unsigned long)task)
		if (pin->task == task)
			return pin;
	return NULL;
}

/* A pin of a thread of the same process that gave it just this affinity */
static struct pin *pin_find_like(struct task_struct *task,
				 const struct cpumask *mask)
{
	struct pin *pin;

	lockdep_assert_held(&pins_lock);
	hash_for_each_possible(pins_of_process, pin, by_process,
			       (unsigned long)task->signal)
		if (pin->task->signal == task->signal &&
		    cpumask_equal(pin->mask, mask))
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

static void task_affinity(struct task_struct *task, struct cpumask *cpus)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	cpumask_copy(cpus, &task->cpus_mask);
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
}

/*
 * The affinity a thread would have, were nobody pinned: its own, or if that is
 * what a pin gave to it or to a thread of its process, the one before. A thread
 * starts with the affinity of the thread that created it, and that of a VMM is
 * often pinned by then.
 */
static void own_affinity(struct task_struct *task, struct cpumask *cpus)
{
	struct pin *pin;

	task_affinity(task, cpus);
	spin_lock(&pins_lock);
	pin = pin_find(task);
	if (!pin || !cpumask_equal(pin->mask, cpus))
		pin = pin_find_like(task, cpus);
	if (pin)
		cpumask_copy(cpus, pin->before);
	spin_unlock(&pins_lock);
}

/**
 * pin_ceiling - the CPUs the calling thread might run on, were it not pinned
 * @cpus: filled
 *
 * Return: 0 or -ENOMEM.
 */
int pin_ceiling(struct cpumask *cpus)
{
	cpumask_var_t allowed;

	if (!alloc_cpumask_var(&allowed, GFP_KERNEL))
		return -ENOMEM;
	own_affinity(current, cpus);
	cpuset_cpus(current, allowed);
	cpumask_and(cpus, cpus, allowed);
	free_cpumask_var(allowed);
	return 0;
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

static int apply(struct pin *pin, const struct cpumask *wanted)
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
	spin_lock(&pins_lock);
	cpumask_copy(pin->mask, pin->scratch);
	spin_unlock(&pins_lock);
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

/* Enter the pin in the tables, unless the task has one there. */
static int pin_link(struct pin *pin)
{
	struct task_struct *task = pin->task;
	int err = 0;

	spin_lock(&pins_lock);
	if (pin_find(task)) {
		err = -EBUSY;
	} else {
		hash_add(pins, &pin->by_task, (unsigned long)task);
		hash_add(pins_of_process, &pin->by_process,
			 (unsigned long)task->signal);
	}
	spin_unlock(&pins_lock);
	return err;
}

static void pin_unlink(struct pin *pin)
{
	spin_lock(&pins_lock);
	hash_del(&pin->by_process);
	hash_del(&pin->by_task);
	spin_unlock(&pins_lock);
}

/**
 * pin_create - pin a thread
 * @task: from pin_find_thread()
 * @wanted: CPUs to keep it on
 *
 * Return: the pin; ERR_PTR() of -EBUSY: it is pinned already; -ENOSPC: it may
 * run on none of @wanted; -ENOMEM.
 */
struct pin *pin_create(struct task_struct *task, const struct cpumask *wanted)
{
	struct pin *pin;
	int err;

	pin = pin_alloc();
	if (!pin)
		return ERR_PTR(-ENOMEM);
	pin->task = get_task_struct(task);
	own_affinity(task, pin->before);
	err = pin_link(pin);
	if (err)
		goto err_free;
	err = apply(pin, wanted);
	if (err)
		goto err_unlink;
	return pin;

err_unlink:
	pin_unlink(pin);
err_free:
	put_task_struct(task);
	pin_free(pin);
	return ERR_PTR(err);
}

static void set_before(struct pin *pin, const struct cpumask *before)
{
	spin_lock(&pins_lock);
	cpumask_copy(pin->before, before);
	spin_unlock(&pins_lock);
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
	if (pin_drifted(pin)) {
		task_affinity(pin->task, pin->scratch);
		set_before(pin, pin->scratch);
	}
	err = apply(pin, wanted);
	if (err)
		set_before(pin, before);
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
 * @pin: its pin
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
