// SPDX-License-Identifier: GPL-2.0
/*
 * What a thread's cpuset allows.
 *
 * set_cpus_allowed_ptr() does not ask cpusets, and the function that
 * sched_setaffinity(2) asks, cpuset_cpus_allowed(), is not exported. A thread's
 * affinity is no substitute: once we have narrowed it, it no longer tells what
 * the cpuset allows, and a cpuset that is narrowed to just our CPUs leaves no
 * trace in it. The one thing that tells is the file an operator would read,
 * cpuset.cpus.effective (or cpuset.effective_cpus of cgroup v1), so it is read
 * here: by its own show function, into a buffer.
 */
#include <linux/bitmap.h>
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/kernfs.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "cpuset.h"

#ifdef CONFIG_CPUSETS

/* The longest list names every second CPU: four digits and a comma. */
#define TEXT_PER_CPU	3

/* One buffer, made at load: asking must not fail half-way through an unbind. */
static DEFINE_MUTEX(text_lock);
static char *text;
static size_t text_size;

int __init cpuset_init(void)
{
	text_size = nr_cpu_ids * TEXT_PER_CPU + 16;
	text = kvmalloc(text_size, GFP_KERNEL);
	return text ? 0 : -ENOMEM;
}

void cpuset_exit(void)
{
	kvfree(text);
}

static struct cgroup_subsys_state *cpuset_css_get(struct task_struct *task)
{
	struct cgroup_subsys_state *css;

	rcu_read_lock();
	do
		css = task_css(task, cpuset_cgrp_id);
	while (!css_tryget(css));
	rcu_read_unlock();
	return css;
}

static struct kernfs_node *cpuset_file(struct cgroup_subsys_state *css)
{
	static const char * const names[] = {
		"cpuset.cpus.effective",	/* cgroup v2 */
		"cpuset.effective_cpus",	/* cgroup v1 */
		"effective_cpus",		/* the cpuset filesystem */
	};
	struct kernfs_node *kn;
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		kn = kernfs_find_and_get(css->cgroup->kn, names[i]);
		if (kn)
			return kn;
	}
	return NULL;
}

/*
 * Call the file's show function as a read(2) of it would.
 *
 * A reader of the file is kept from seeing its cgroup die by kernfs; here RCU
 * does it: a cgroup that is online when the critical section begins is taken
 * down only after the section has ended. The function takes a spinlock, so it
 * does not sleep.
 */
static bool cpuset_show(struct cgroup_subsys_state *css, struct kernfs_node *kn)
{
	struct kernfs_open_file of = { .kn = kn };
	struct seq_file seq = {
		.buf = text,
		.size = text_size,
		.private = &of,
	};
	struct cftype *file = kn->priv;
	bool shown = false;

	rcu_read_lock();
	if (css_tryget_online(css)) {
		shown = file->seq_show && !file->seq_show(&seq, NULL) &&
			!seq_has_overflowed(&seq);
		css_put(css);
	}
	rcu_read_unlock();
	if (shown)
		text[seq.count] = '\0';
	return shown;
}

static bool cpuset_read(struct task_struct *task, struct cpumask *cpus)
{
	struct cgroup_subsys_state *css = cpuset_css_get(task);
	struct kernfs_node *kn = cpuset_file(css);
	bool read = false;

	if (kn) {
		mutex_lock(&text_lock);
		read = cpuset_show(css, kn) && !cpulist_parse(text, cpus);
		mutex_unlock(&text_lock);
		kernfs_put(kn);
	}
	css_put(css);
	return read;
}

/**
 * cpuset_cpus - the CPUs that a thread's cpuset allows now
 * @task: the thread
 * @cpus: filled; never empty
 *
 * If the cpuset does not tell, as when it is being removed, the thread's
 * present affinity stands for it: that is never more.
 */
void cpuset_cpus(struct task_struct *task, struct cpumask *cpus)
{
	if (!cpuset_read(task, cpus) || cpumask_empty(cpus))
		cpumask_copy(cpus, &task->cpus_mask);
}

#else /* !CONFIG_CPUSETS */

int __init cpuset_init(void)
{
	return 0;
}

void cpuset_exit(void)
{
}

void cpuset_cpus(struct task_struct *task, struct cpumask *cpus)
{
	cpumask_copy(cpus, cpu_possible_mask);
}

#endif
