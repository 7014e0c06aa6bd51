/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads: the only place that touches tasks.
 */
#ifndef VCPUNUMA_PIN_H
#define VCPUNUMA_PIN_H

#include <linux/cpumask.h>
#include <linux/types.h>

#include "sets.h"

struct cpuset_view;
struct file;
struct pid_namespace;
struct task_struct;

/**
 * struct pin_owner - a VM, as far as its pins go
 * @nr: pins that gave an affinity; guarded by the VM's lock
 */
struct pin_owner {
	u32 nr;
};

/**
 * struct pin - a thread that is kept on some CPUs
 * @task: the thread, referenced. The task rather than its pid: when a thread
 *	that is not the first of its process calls execve(2) it takes over the
 *	first one's pid, and its own leads nowhere.
 * @owner: the VM whose pin it is
 * @block: what it was allocated with
 * @link: in the table of all pins
 * @like: in the table of what threads were given; not before that
 * @now: its sets of CPUs, PIN_SETS of them; see pin_mask() and those after it
 * @next: so too once the change that is under way is done; giving back needs no
 *	memory so
 * @bits: room for both
 *
 * Changed and read under the lock of the VM that owns it; @link and @like under
 * a lock of their own.
 */
struct pin {
	struct task_struct *task;
	struct pin_owner *owner;
	struct pin_block *block;
	struct hlist_node link;
	struct hlist_node like;
	unsigned long *now;
	unsigned long *next;
	unsigned long bits[];
};

#define PIN_SETS	3

/* The affinity the thread was given */
static inline struct cpumask *pin_mask(const struct pin *pin)
{
	return to_cpumask(pin->now);
}

/* The affinity it had, or counts as having had */
static inline struct cpumask *pin_before(const struct pin *pin)
{
	return to_cpumask(pin->now + set_words());
}

/* The CPUs asked for; it was given those of them that it may have. */
static inline struct cpumask *pin_asked(const struct pin *pin)
{
	return to_cpumask(pin->now + 2 * set_words());
}

static inline struct cpumask *pin_next_mask(const struct pin *pin)
{
	return to_cpumask(pin->next);
}

static inline struct cpumask *pin_next_before(const struct pin *pin)
{
	return to_cpumask(pin->next + set_words());
}

static inline struct cpumask *pin_next_asked(const struct pin *pin)
{
	return to_cpumask(pin->next + 2 * set_words());
}

/**
 * struct pin_block - memory for pins of one VM, allocated at once
 * @left: pins that have not been given out
 * @live: those not yet given back; and one for who still takes some
 * @next: the next one to give out
 * @allowed: what the cpuset of one of their threads allows, while that is looked
 *	at; the pins are behind it
 *
 * Guarded by the VM's lock.
 */
struct pin_block {
	u32 left;
	u32 live;
	void *next;
	unsigned long allowed[];
};

/**
 * struct pin_search - a search for threads, under one rcu_read_lock()
 * @pidfd: the file of a pidfd of the process they must belong to, or NULL
 * @ns: the pid namespace of who asks for them
 * @near: the last one found, or NULL
 */
struct pin_search {
	const struct file *pidfd;
	struct pid_namespace *ns;
	struct task_struct *near;
};

void pin_search_begin(struct pin_search *search, const struct file *pidfd);
struct task_struct *pin_find_thread(struct pin_search *search, s32 tid);
bool pin_own_affinity(const struct pin_owner *owner, struct task_struct *task,
		      struct cpumask *cpus);

struct pin_block *pin_block_create(u32 nr);
void pin_block_put(struct pin_block *block);

struct pin *pin_create(struct task_struct *task, struct pin_owner *owner,
		       struct pin_block *block, const struct cpumask *asked,
		       const struct cpumask *wanted, struct cpuset_view *view);
int pin_set(struct pin *pin, const struct cpumask *asked,
	    const struct cpumask *wanted, struct cpuset_view *view);
int pin_settle(struct pin *pin, struct cpuset_view *view);
void pin_commit(struct pin *pin);
bool pin_commit_all(struct pin *const *pin, int *ret, u32 nr,
		    struct cpuset_view *view);
void pin_abandon(struct pin *pin);
void pin_destroy(struct pin *pin);

bool pin_is_of(const struct pin *pin, const struct task_struct *task);
bool pin_exited(const struct pin *pin);
bool pin_drifted(const struct pin *pin);
void pin_affinity(const struct pin *pin, struct cpumask *cpus);
u32 pin_last_cpu(const struct pin *pin);
s32 pin_tid(const struct pin *pin);

#endif /* VCPUNUMA_PIN_H */
