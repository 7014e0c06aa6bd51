// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - vCPUs: bind, unbind, query
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "internal.h"

/*
 * A cpu_set_t is made of longs and its size need not be a multiple of 8; the
 * kernel reads words of 64 bits.
 */
static int cpus_to_words(uint64_t *words, size_t cpusetsize,
			 const cpu_set_t *cpus)
{
	size_t cpu;

	memset(words, 0, MAX_CPU_WORDS * sizeof(*words));
	for (cpu = 0; cpu < cpusetsize * 8; cpu++) {
		if (!CPU_ISSET_S(cpu, cpusetsize, cpus))
			continue;
		if (cpu >= MAX_CPU_BITS) {
			errno = EINVAL;
			return -1;
		}
		words[cpu / 64] |= UINT64_C(1) << (cpu % 64);
	}
	return 0;
}

static int words_to_cpus(const uint64_t *words, size_t nr_bits,
			 size_t cpusetsize, cpu_set_t *cpus)
{
	size_t cpu;

	if (cpusetsize < (nr_bits + 7) / 8) {
		errno = EMSGSIZE;
		return -1;
	}

	CPU_ZERO_S(cpusetsize, cpus);
	for (cpu = 0; cpu < nr_bits; cpu++) {
		if (words[cpu / 64] >> (cpu % 64) & 1)
			CPU_SET_S(cpu, cpusetsize, cpus);
	}
	return 0;
}

VCPUNUMA_API int vcpunuma_bind(struct vcpunuma_vm *vm, unsigned int vcpu,
			       struct vcpunuma_bind *bind)
{
	struct vcpunuma_cmd_bind cmd = { .size = sizeof(cmd) };
	uint64_t words[MAX_CPU_WORDS];
	struct vcpunuma_bind ours;

	if (vn_sized_in(&ours, sizeof(ours), bind, VN_MIN_BIND) < 0)
		return -1;

	if (ours.cpus) {
		if (cpus_to_words(words, ours.cpusetsize, ours.cpus) < 0)
			return -1;
		cmd.cpus = (uintptr_t)words;
		cmd.nr_bits = MAX_CPU_BITS;
	}
	cmd.flags = ours.flags;
	cmd.vcpu = vcpu;
	cmd.to = ours.to;
	cmd.target = ours.target;
	cmd.tid = ours.tid;
	cmd.pidfd = ours.pidfd;

	if (vn_ioctl(vm->fd, VCPUNUMA_BIND, &cmd) < 0)
		return -1;

	ours.out_node = cmd.out_node;
	ours.out_cpu = cmd.out_cpu;
	vn_sized_out(bind, &ours, sizeof(ours));
	return 0;
}

VCPUNUMA_API int vcpunuma_bind_place(struct vcpunuma_vm *vm, unsigned int vcpu,
				     pid_t tid)
{
	struct vcpunuma_bind bind = {
		.size = sizeof(bind),
		.to = VCPUNUMA_BIND_PLACE,
		.tid = tid,
	};

	return vcpunuma_bind(vm, vcpu, &bind);
}

VCPUNUMA_API int vcpunuma_bind_node(struct vcpunuma_vm *vm, unsigned int vcpu,
				    pid_t tid, unsigned int node)
{
	struct vcpunuma_bind bind = {
		.size = sizeof(bind),
		.to = VCPUNUMA_BIND_NODE,
		.target = node,
		.tid = tid,
	};

	return vcpunuma_bind(vm, vcpu, &bind);
}

VCPUNUMA_API int vcpunuma_bind_cpu(struct vcpunuma_vm *vm, unsigned int vcpu,
				   pid_t tid, unsigned int cpu)
{
	struct vcpunuma_bind bind = {
		.size = sizeof(bind),
		.to = VCPUNUMA_BIND_CPU,
		.target = cpu,
		.tid = tid,
	};

	return vcpunuma_bind(vm, vcpu, &bind);
}

VCPUNUMA_API int vcpunuma_bind_cpus(struct vcpunuma_vm *vm, unsigned int vcpu,
				    pid_t tid, size_t cpusetsize,
				    const cpu_set_t *cpus)
{
	struct vcpunuma_bind bind = {
		.size = sizeof(bind),
		.to = VCPUNUMA_BIND_CPUS,
		.tid = tid,
		.cpusetsize = cpusetsize,
		.cpus = cpus,
	};

	return vcpunuma_bind(vm, vcpu, &bind);
}

VCPUNUMA_API int vcpunuma_bind_many(struct vcpunuma_vm *vm,
				    struct vcpunuma_bind_entry *entries,
				    unsigned int nr, unsigned int flags,
				    int pidfd)
{
	struct vcpunuma_cmd_bind_many cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.entries = (uintptr_t)entries,
		.nr_entries = nr,
		.entry_size = sizeof(*entries),
		.pidfd = pidfd,
	};
	unsigned int failed = 0;

	/* The kernel may do some, and leave it to us to ask for the rest. */
	do {
		if (vn_ioctl(vm->fd, VCPUNUMA_BIND_MANY, &cmd) < 0)
			return -1;
		failed += cmd.out_failed;
	} while (cmd.first < nr);
	return (int)failed;
}

VCPUNUMA_API int vcpunuma_unbind(struct vcpunuma_vm *vm, unsigned int vcpu)
{
	struct vcpunuma_cmd_unbind cmd = {
		.size = sizeof(cmd),
		.vcpu = vcpu,
	};

	return vn_ioctl(vm->fd, VCPUNUMA_UNBIND, &cmd);
}

VCPUNUMA_API int vcpunuma_query(const struct vcpunuma_vm *vm,
				unsigned int vcpu,
				struct vcpunuma_vcpu_info *info,
				size_t cpusetsize, cpu_set_t *cpus)
{
	uint64_t words[MAX_CPU_WORDS] = { 0 };
	struct vcpunuma_vcpu_info ours;
	struct vcpunuma_cmd_query cmd = {
		.size = sizeof(cmd),
		.vcpu = vcpu,
		.nr_bits = cpus ? MAX_CPU_BITS : 0,
		.cpus = cpus ? (uintptr_t)words : 0,
	};

	if (vn_sized_ok(info, VN_MIN_VCPU_INFO) < 0)
		return -1;
	if (vn_ioctl(vm->fd, VCPUNUMA_QUERY, &cmd) < 0)
		return -1;
	if (cpus && words_to_cpus(words, cmd.nr_bits, cpusetsize, cpus) < 0)
		return -1;

	ours = (struct vcpunuma_vcpu_info){
		.state = cmd.out_state,
		.node = cmd.out_node,
		.cpu = cmd.out_cpu,
		.last_cpu = cmd.out_last_cpu,
		.last_node = cmd.out_last_node,
		.tid = cmd.out_tid,
	};
	vn_sized_out(info, &ours, sizeof(ours));
	return 0;
}
