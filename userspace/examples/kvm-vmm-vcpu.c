// SPDX-License-Identifier: MIT
/*
 * kvm-vmm - a vCPU: what its thread does
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "kvm-vmm.h"

uint32_t seed_of(const struct vcpu *vcpu)
{
	return (vcpu->id + 1) * 0x01000193;
}

static int set_registers(const struct vcpu *vcpu, int fd)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .type = 0xb,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment data = code;
	struct kvm_regs regs = {
		.rip = GUEST_CODE,
		.rflags = 2,
		.rsi = vcpu->gpa,
		.rdi = vcpu->gpa + vcpu->vmm->share,
		.rbx = seed_of(vcpu),
		.rbp = ROUNDS,
	};
	struct kvm_sregs sregs;

	data.selector = 16;
	data.type = 3;
	if (ioctl(fd, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.ss = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.cr0 |= 1;		/* protected mode */
	if (ioctl(fd, KVM_SET_SREGS, &sregs) < 0)
		return -1;
	return ioctl(fd, KVM_SET_REGS, &regs);
}

/* Runs the guest until it halts. Returns NULL, or what failed. */
static const char *run_guest(struct vcpu *vcpu, int fd, struct kvm_run *run)
{
	bool result = false;

	for (;;) {
		if (ioctl(fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR)
				continue;
			return "KVM_RUN";
		}

		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			if (run->io.port != GUEST_PORT ||
			    run->io.direction != KVM_EXIT_IO_OUT ||
			    run->io.size != sizeof(vcpu->wrong))
				break;
			memcpy(&vcpu->wrong,
			       (uint8_t *)run + run->io.data_offset,
			       sizeof(vcpu->wrong));
			result = true;
			continue;
		case KVM_EXIT_HLT:
			vcpu->halted = result;
			errno = ENODATA;
			return result ? NULL : "halted without a result";
		}
		fprintf(stderr, "kvm-vmm: vCPU %u: exit reason %u\n", vcpu->id,
			run->exit_reason);
		errno = EPROTO;
		return "unexpected exit of the guest";
	}
}

static const char *create_and_run(struct vcpu *vcpu)
{
	struct vmm *vmm = vcpu->vmm;
	const char *error;
	void *run;
	int fd, size;

	size = ioctl(vmm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < 0)
		return "KVM_GET_VCPU_MMAP_SIZE";
	fd = ioctl(vmm->kvm_vm, KVM_CREATE_VCPU, vcpu->id);
	if (fd < 0)
		return "KVM_CREATE_VCPU";

	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (run == MAP_FAILED) {
		error = "map kvm_run";
	} else {
		error = set_registers(vcpu, fd) < 0 ? "set registers" :
						      run_guest(vcpu, fd, run);
		munmap(run, size);
	}
	close(fd);
	return error;
}

static bool cpu_is_on(unsigned int cpu, unsigned int node)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpu%u",
		 node, cpu);
	return !access(path, F_OK);
}

/* Are all CPUs this thread may run on of @node, by scheduler and sysfs? */
static bool affinity_is_on(unsigned int node)
{
	size_t size = CPU_ALLOC_SIZE(8192);
	cpu_set_t *cpus = CPU_ALLOC(8192);
	bool on_node = true;
	unsigned int cpu;

	if (!cpus || sched_getaffinity(0, size, cpus) < 0) {
		CPU_FREE(cpus);
		return false;
	}
	for (cpu = 0; cpu < 8192; cpu++) {
		if (CPU_ISSET_S(cpu, size, cpus))
			on_node &= cpu_is_on(cpu, node);
	}
	CPU_FREE(cpus);
	return on_node;
}

static void fail(struct vcpu *vcpu, const char *error)
{
	vcpu->error = error;
	vcpu->err = errno;
}

/* (*) The thread of a vCPU: binds itself before it does anything else. */
static void *vcpu_thread(void *arg)
{
	struct vcpu *vcpu = arg;
	struct vmm *vmm = vcpu->vmm;
	const char *error;

	vcpu->tid = gettid();
	if (vcpunuma_bind_place(vmm->vm, vcpu->id, 0) < 0)
		fail(vcpu, "bind");
	pthread_barrier_wait(&vmm->step);	/* all are bound */
	pthread_barrier_wait(&vmm->step);	/* the memory is there */
	if (vmm->stop)
		return NULL;

	error = create_and_run(vcpu);
	if (error)
		fail(vcpu, error);
	vcpu->last_cpu = sched_getcpu();
	vcpu->on_node = affinity_is_on(vcpu->node) &&
			cpu_is_on(vcpu->last_cpu, vcpu->node);
	pthread_barrier_wait(&vmm->step);	/* all are done */
	pthread_barrier_wait(&vmm->step);	/* the main thread too */
	return NULL;
}

void start_threads(struct vmm *vmm)
{
	sigset_t all, old;
	unsigned int i;

	if (pthread_barrier_init(&vmm->step, NULL, vmm->nr_vcpus + 1))
		die("make a barrier");

	/* A signal in a vCPU's thread would interrupt KVM_RUN. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < vmm->nr_vcpus; i++) {
		struct vcpu *vcpu = &vmm->vcpus[i];
		char name[24];

		errno = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);
		if (errno)
			die("start a thread");
		snprintf(name, sizeof(name), "CPU %u/KVM", i);
		pthread_setname_np(vcpu->thread, name);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

bool threads_failed(const struct vmm *vmm)
{
	bool failed = false;
	unsigned int i;

	for (i = 0; i < vmm->nr_vcpus; i++) {
		const struct vcpu *vcpu = &vmm->vcpus[i];

		if (!vcpu->error)
			continue;
		fprintf(stderr, "kvm-vmm: vCPU %u: %s: %s (%s)\n", vcpu->id,
			vcpu->error, strerror(vcpu->err),
			strerrorname_np(vcpu->err));
		failed = true;
	}
	return failed;
}
