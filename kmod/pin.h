/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads: the only place that touches tasks.
 */
#ifndef VCPUNUMA_PIN_H
#define VCPUNUMA_PIN_H

#include <linux/cpumask.h>
#include <linux/types.h>

struct cpuset_view;
struct file;
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
 * @before: the affinity it had, or counts as having had
 * @mask: the affinity it was given
 * @asked: the CPUs asked for; it was given those of them that it may have
 * @to_before: @before once the change that is under way is done
 * @to_mask: so too @mask; so that giving back needs no memory
 * @to_asked: so too @asked
 * @allowed: what its cpuset allows, while that is looked at
 * @given: it gave the thread an affinity
 * @bits: room for all of these sets
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
	struct cpumask *before;
	struct cpumask *mask;
	struct cpumask *asked;
	struct cpumask *to_before;
	struct cpumask *to_mask;
	struct cpumask *to_asked;
	struct cpumask *allowed;
	bool given;
	unsigned long bits[];
};

/**
 * struct pin_block - memory for pins of one VM, allocated at once
 * @nr: for so many
 * @used: of these given out, ever
 * @live: of these not yet given back; and one for who still takes some
 * @mem: the pins
 *
 * Guarded by the VM's lock.
 */
struct pin_block {
	u32 nr;
	u32 used;
	u32 live;
	u64 mem[];
};

struct task_struct *pin_find_thread(s32 tid, const struct file *pidfd,
				    struct task_struct *near);
bool pin_own_affinity(const struct pin_owner *owner, struct task_struct *task,
		      struct cpumask *cpus);

struct pin_block *pin_block_create(u32 nr);
void pin_block_put(struct pin_block *block);

struct pin *pin_create(struct task_struct *task, struct pin_owner *owner,
		       struct pin_block *block);
int pin_set(struct pin *pin, const struct cpumask *asked,
	    const struct cpumask *wanted, struct cpuset_view *view);
int pin_settle(struct pin *pin, struct cpuset_view *view);
void pin_commit(struct pin *pin);
bool pin_settle_all(struct pin *const *pin, int *ret, u32 nr,
		    struct cpuset_view *view);
void pin_commit_all(struct pin *const *pin, const int *ret, u32 nr);
void pin_abandon(struct pin *pin);
void pin_destroy(struct pin *pin);

bool pin_is_of(const struct pin *pin, const struct task_struct *task);
bool pin_exited(const struct pin *pin);
bool pin_drifted(const struct pin *pin);
void pin_affinity(const struct pin *pin, struct cpumask *cpus);
u32 pin_last_cpu(const struct pin *pin);
s32 pin_tid(const struct pin *pin);

#endif /* VCPUNUMA_PIN_H */
