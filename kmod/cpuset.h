/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a thread's cpuset allows.
 */
#ifndef VCPUNUMA_CPUSET_H
#define VCPUNUMA_CPUSET_H

struct cpumask;
struct task_struct;

int cpuset_init(void);
void cpuset_exit(void);
void cpuset_cpus(struct task_struct *task, struct cpumask *cpus);

#endif /* VCPUNUMA_CPUSET_H */
