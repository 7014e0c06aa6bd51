/* SPDX-License-Identifier: MIT */
/*
 * kvm-vmm - what its files share
 */
#ifndef KVM_VMM_H
#define KVM_VMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vcpunuma.h>

#define MIB		(UINT64_C(1) << 20)
#define CHUNK		(2 * MIB)

#define ROUNDS		4
#define MAX_VCPUS	256

/**
 * struct vcpu - a vCPU and its thread
 * @vmm: the VM it belongs to
 * @id: its id, for vcpunuma and KVM
 * @thread: its thread
 * @node: node chosen for it
 * @cpu: CPU chosen for it
 * @gpa: guest-physical address of its share of memory
 * @hva: where the VMM has that mapped
 * @tid: set by the thread: its id
 * @last_cpu: set by the thread: CPU on which it was after the guest halted
 * @on_node: set by the thread: its affinity has no CPU of another node
 * @halted: set by the thread: the guest gave a result and halted
 * @wrong: set by the thread: wrong words the guest found
 * @error: set by the thread: what failed, or NULL
 * @err: set by the thread: errno of that
 */
struct vcpu {
	struct vmm *vmm;
	unsigned int id;
	pthread_t thread;
	unsigned int node;
	unsigned int cpu;
	uint64_t gpa;
	uint8_t *hva;
	pid_t tid;
	int last_cpu;
	bool on_node;
	bool halted;
	uint32_t wrong;
	const char *error;
	int err;
};

/**
 * struct ram - memory of a node
 * @mem: memory object
 * @vcpu_node: node of its vCPUs
 * @node: node of the memory: the same, or the nearest if that has no memory
 * @hva: where it is mapped
 * @gpa: where the guest has it
 * @bytes: length
 */
struct ram {
	struct vcpunuma_mem *mem;
	unsigned int vcpu_node;
	unsigned int node;
	uint8_t *hva;
	uint64_t gpa;
	uint64_t bytes;
};

/**
 * struct vmm - the VM
 * @vm: handle of the library
 * @kvm: file descriptor of KVM
 * @kvm_vm: file descriptor of the VM in KVM
 * @nr_vcpus: number of vCPUs
 * @share: bytes of memory for each vCPU
 * @page_shift: page size of the memory is 1 << @page_shift
 * @populate: allocate all memory at once, not when it is touched
 * @hold: wait before the end
 * @vcpus: the vCPUs
 * @rams: memory of each node used
 * @nr_rams: how many these are
 * @stop: set between two barriers: something failed, do not go on
 * @step: all vCPU threads and the main thread meet here between steps
 */
struct vmm {
	struct vcpunuma_vm *vm;
	int kvm;
	int kvm_vm;
	unsigned int nr_vcpus;
	uint64_t share;
	unsigned int page_shift;
	bool populate;
	bool hold;
	struct vcpu *vcpus;
	struct ram *rams;
	unsigned int nr_rams;
	bool stop;
	pthread_barrier_t step;
};

/* Writes what failed, and errno, to stderr and exits. */
void die(const char *what) __attribute__((noreturn));

/* kvm-vmm-vcpu.c: threads that bind themselves, wait, run the guest, wait */
void start_threads(struct vmm *vmm);
bool threads_failed(const struct vmm *vmm);
uint32_t seed_of(const struct vcpu *vcpu);

/* kvm-vmm-report.c: prints where everything is; is it all as it should be? */
bool report(const struct vmm *vmm);

#endif /* KVM_VMM_H */
