/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads: the only place that touches tasks.
 */
#ifndef VCPUNUMA_PIN_H
#define VCPUNUMA_PIN_H

#include <linux/cpumask.h>
#include <linux/types.h>

struct task_struct;

/**
 * struct pin - a thread that is kept on some CPUs
 * @task: the thread, referenced. The task rather than its pid: when a thread
 *	that is not the first of its process calls execve(2) it takes over the
 *	first one's pid, and its own leads nowhere.
 * @before: the affinity it had, or counts as having had
 * @mask: the affinity it was given; empty before that
 * @link: in the table of all pins
 * @scratch: so that giving back needs no memory
 * @allowed: likewise
 *
 * Changed and read under the lock of the VM that owns it.
 */
struct pin {
	struct task_struct *task;
	cpumask_var_t before;
	cpumask_var_t mask;
	struct hlist_node link;
	cpumask_var_t scratch;
	cpumask_var_t allowed;
};

struct task_struct *pin_find_thread(s32 tid, bool has_pidfd, s32 pidfd);
void task_affinity(struct task_struct *task, struct cpumask *cpus);

struct pin *pin_create(struct task_struct *task);
int pin_apply(struct pin *pin, const struct cpumask *wanted);
int pin_move(struct pin *pin, const struct cpumask *wanted);
void pin_destroy(struct pin *pin);

bool pin_is_of(const struct pin *pin, const struct task_struct *task);
bool pin_is_like(const struct pin *pin, const struct task_struct *task,
		 const struct cpumask *cpus);
bool pin_exited(const struct pin *pin);
bool pin_drifted(const struct pin *pin);
void pin_affinity(const struct pin *pin, struct cpumask *cpus);
u32 pin_last_cpu(const struct pin *pin);
s32 pin_tid(const struct pin *pin);

#endif /* VCPUNUMA_PIN_H */
