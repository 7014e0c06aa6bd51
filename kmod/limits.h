/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a VM may do and have.
 */
#ifndef VCPUNUMA_LIMITS_H
#define VCPUNUMA_LIMITS_H

#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/vcpunuma.h>

struct cmd_call;
union cmd_buffer;
struct quota;
struct vcpunuma_vm;

#define RESTRICT_FLAGS	(VCPUNUMA_RESTRICT_COMMANDS | VCPUNUMA_RESTRICT_NODES | \
			 VCPUNUMA_RESTRICT_CPUS | VCPUNUMA_RESTRICT_VCPUS | \
			 VCPUNUMA_RESTRICT_MEM | VCPUNUMA_RESTRICT_GRANT)

/**
 * struct limits - what a VM may do and have, and what it has of that
 * @commands: bit n: it may give the command with ioctl number n
 * @nodes: nodes its vCPUs and memory may be on
 * @cpus: CPUs its vCPUs may be on, if their nodes allow it
 * @cut: are these any less than all?
 * @max_vcpus: most vCPUs
 * @max_mem: most bytes of memory
 * @granted: its memory does not count as anybody's locked memory
 * @vcpus: vCPUs it has, or its place has that is kept when it is gone
 * @mem: bytes it has reserved, or that memory objects have which were not taken
 *	from what is reserved
 * @quota: counts of its user, or NULL
 *
 * The VM's lock guards all of it; @commands and @granted are read without.
 */
struct limits {
	u64 commands;
	nodemask_t nodes;
	cpumask_var_t cpus;
	bool cut;
	u32 max_vcpus;
	u64 max_mem;
	bool granted;
	u32 vcpus;
	u64 mem;
	struct quota *quota;
};

int limits_init(struct limits *l, kuid_t uid);
void limits_free(struct limits *l);

bool limits_allow(const struct limits *l, unsigned int cmd);
bool limits_cut(const struct limits *l, struct cpumask *cpus);
void limits_forbid(const struct limits *l, struct cpumask *forbidden);

int limits_charge_vcpu(struct limits *l);
void limits_add_vcpus(struct limits *l, u32 nr);
void limits_uncharge_vcpus(struct limits *l, u32 nr);
int limits_charge_mem(struct limits *l, u64 bytes);
void limits_add_mem(struct limits *l, u64 bytes);
void limits_uncharge_mem(struct limits *l, u64 bytes);

int limits_cmd_restrict(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_LIMITS_H */
