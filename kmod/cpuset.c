// SPDX-License-Identifier: GPL-2.0
/*
 * What a thread's cpuset allows.
 *
 * set_cpus_allowed_ptr() does not ask cpusets, and the function that
 * sched_setaffinity(2) asks, cpuset_cpus_allowed(), is not exported. A thread's
 * affinity is no substitute: once we have narrowed it, it no longer tells what
 * the cpuset allows, and a cpuset that is narrowed to just our CPUs leaves no
 * trace in it. What tells is the file an operator would read,
 * cpuset.cpus.effective. Its show function is called here with an open file
 * made for the purpose, which leads to the thread's cpuset and nowhere else: no
 * lookup, and nothing that mounting or removing control groups could take away
 * while the cpuset itself is referenced.
 */
#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/kernfs.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "cpuset.h"

#ifdef CONFIG_CPUSETS

/* The longest list leaves out every third CPU: "1000-1001," for three of them. */
#define TEXT_PER_CPU	4
static_assert(CONFIG_NR_CPUS <= 10000);

/**
 * struct reader - an open cpuset.cpus.effective
 * @lock: guards the rest; one cpuset is read at a time
 * @file: the description of the file
 * @cgroup: stands for the group of the cpuset, of which it has nothing else
 * @dir: stands for the group's directory
 * @node: stands for the file in it
 * @text: where it is read to
 * @size: bytes of @text
 * @offline: CPUs that were offline before it was read
 *
 * All made at load, for asking must not fail half-way through an unbind.
 */
struct reader {
	struct mutex lock;	/* guards what follows */
	struct cftype *file;
	struct cgroup *cgroup;
	struct kernfs_node dir;
	struct kernfs_node node;
	char *text;
	size_t size;
	cpumask_var_t offline;
};

static struct reader reader = {
	.lock = __MUTEX_INITIALIZER(reader.lock),
};

static struct cgroup_subsys_state *cpuset_get(struct task_struct *task)
{
	struct cgroup_subsys_state *css;

	rcu_read_lock();
	do
		css = task_css(task, cpuset_cgrp_id);
	while (!css_tryget(css));
	rcu_read_unlock();
	return css;
}

static struct cftype *find_file(void)
{
	struct cgroup_subsys_state *css = cpuset_get(current);
	struct cftype *file = css->ss->dfl_cftypes;

	css_put(css);
	for (; file && file->name[0]; file++)
		if (!strcmp(file->name, "cpus.effective") && file->seq_show &&
		    file->ss)
			return file;
	return NULL;
}

int __init cpuset_init(void)
{
	if (!cgroup_subsys_enabled(cpuset_cgrp_subsys))
		return 0;
	reader.file = find_file();
	if (!reader.file)
		return -EOPNOTSUPP;
	reader.size = nr_cpu_ids * TEXT_PER_CPU + 16;
	reader.text = kvmalloc(reader.size, GFP_KERNEL);
	reader.cgroup = kzalloc(sizeof(*reader.cgroup), GFP_KERNEL);
	if (!zalloc_cpumask_var(&reader.offline, GFP_KERNEL) ||
	    !reader.text || !reader.cgroup) {
		cpuset_exit();
		return -ENOMEM;
	}
	reader.node.priv = reader.file;
	reader.dir.priv = reader.cgroup;
	kernfs_set_parent(&reader.node, &reader.dir);
	return 0;
}

void cpuset_exit(void)
{
	free_cpumask_var(reader.offline);
	kfree(reader.cgroup);
	kvfree(reader.text);
}

static bool read_file(struct cgroup_subsys_state *css, struct cpumask *cpus)
{
	struct kernfs_open_file of = { .kn = &reader.node };
	struct seq_file seq = {
		.buf = reader.text,
		.size = reader.size,
		.private = &of,
	};

	lockdep_assert_held(&reader.lock);
	rcu_assign_pointer(reader.cgroup->subsys[cpuset_cgrp_id], css);
	if (reader.file->seq_show(&seq, NULL) || seq_has_overflowed(&seq))
		return false;
	reader.text[seq.count] = '\0';
	return !cpulist_parse(reader.text, cpus);
}

/*
 * A thread of the root cpuset may have CPUs in its affinity that are offline,
 * and will run there when they come online; the file does not name them. In any
 * other cpuset, affinities are set anew when a CPU comes online.
 */
static bool read_cpuset(struct cgroup_subsys_state *css, struct cpumask *cpus)
{
	bool read;

	mutex_lock(&reader.lock);
	cpumask_andnot(reader.offline, cpu_possible_mask, cpu_online_mask);
	read = read_file(css, cpus);
	if (!css->parent)
		cpumask_or(cpus, cpus, reader.offline);
	mutex_unlock(&reader.lock);
	return !WARN_ON_ONCE(!read);
}

/**
 * cpuset_cpus - the CPUs that a thread's cpuset allows now
 * @task: the thread
 * @cpus: filled; never empty
 *
 * If the cpuset has no CPUs, as one that lost its last has until its threads
 * are moved out, the thread's present affinity stands for it.
 */
void cpuset_cpus(struct task_struct *task, struct cpumask *cpus)
{
	struct cgroup_subsys_state *css;

	if (!cgroup_subsys_enabled(cpuset_cgrp_subsys)) {
		cpumask_copy(cpus, cpu_possible_mask);
		return;
	}
	css = cpuset_get(task);
	if (!read_cpuset(css, cpus) || cpumask_empty(cpus))
		cpumask_copy(cpus, &task->cpus_mask);
	css_put(css);
}

/**
 * cpuset_view_cpus - the CPUs that a thread's cpuset allowed when it was viewed
 * @view: before that cpuset_view_close()d; looks at the cpuset if the one it
 *	looked at last is another
 * @task: the thread, in its cpuset of now
 *
 * Return: as cpuset_cpus() fills, until the next call.
 */
const struct cpumask *cpuset_view_cpus(struct cpuset_view *view,
				       struct task_struct *task)
{
	bool viewed;

	if (!cgroup_subsys_enabled(cpuset_cgrp_subsys))
		return cpu_possible_mask;
	rcu_read_lock();
	viewed = cpuset_is_viewed(view, task);
	rcu_read_unlock();
	if (viewed)
		return view->cpus;
	cpuset_view_close(view);
	view->css = cpuset_get(task);
	if (read_cpuset(view->css, view->cpus) && !cpumask_empty(view->cpus))
		return view->cpus;
	/* This holds for no other thread. */
	cpuset_view_close(view);
	cpumask_copy(view->cpus, &task->cpus_mask);
	return view->cpus;
}

/** cpuset_view_close - forget what was seen: the next look is a new one */
void cpuset_view_close(struct cpuset_view *view)
{
	if (view->css)
		css_put(view->css);
	view->css = NULL;
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

const struct cpumask *cpuset_view_cpus(struct cpuset_view *view,
				       struct task_struct *task)
{
	return cpu_possible_mask;
}

void cpuset_view_close(struct cpuset_view *view)
{
}

#endif
