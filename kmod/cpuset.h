/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a thread's cpuset allows.
 */
#ifndef VCPUNUMA_CPUSET_H
#define VCPUNUMA_CPUSET_H

#include <linux/cgroup.h>

struct cpumask;
struct task_struct;

/**
 * struct cpuset_view - what a cpuset allowed when it was looked at
 * @css: the cpuset, referenced; NULL: none was looked at
 * @cpus: what it allowed; room for it is the user's to provide
 *
 * For those who ask for many threads, which often have one cpuset.
 */
struct cpuset_view {
	struct cgroup_subsys_state *css;
	struct cpumask *cpus;
};

int cpuset_init(void);
void cpuset_exit(void);
void cpuset_cpus(struct task_struct *task, struct cpumask *cpus);
const struct cpumask *cpuset_view_cpus(struct cpuset_view *view,
				       struct task_struct *task);
void cpuset_view_close(struct cpuset_view *view);

/**
 * cpuset_is_viewed - is a thread in the cpuset that was looked at?
 * @view: after cpuset_view_cpus()
 * @task: the thread
 *
 * Under rcu_read_lock().
 */
static inline bool cpuset_is_viewed(const struct cpuset_view *view,
				    struct task_struct *task)
{
#ifdef CONFIG_CPUSETS
	/* It is referenced, so no other can be in its place. */
	return !cgroup_subsys_enabled(cpuset_cgrp_subsys) ||
	       task_css(task, cpuset_cgrp_id) == view->css;
#else
	return true;
#endif
}

#endif /* VCPUNUMA_CPUSET_H */
