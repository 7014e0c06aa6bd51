/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vCPUs of a VM: their places and their threads.
 */
#ifndef VCPUNUMA_VCPU_H
#define VCPUNUMA_VCPU_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include <linux/vcpunuma.h>

struct cmd_call;
union cmd_buffer;
struct pin;
struct vcpunuma_vm;

/* vCPU ids are below this, as those of KVM are. */
#define VCPU_MAX	4096

/**
 * struct vcpu - a vCPU that has a place, a thread or both
 * @id: its id
 * @placed: has it a place?
 * @reserved: is the place one of the VM's reservation?
 * @in_place: with @pin, was it bound to that place?
 * @binding: being bound: it may have neither place nor thread yet
 * @exited: its last thread has exited, and it has no other yet
 * @place: the place, if @placed
 * @pin: its thread, or NULL
 * @node: with @pin, the node of all CPUs its thread was given, or VCPUNUMA_NONE
 * @cpu: with @pin, the CPU if it was one, or VCPUNUMA_NONE
 * @booked: the CPU it is booked on in the ledger, or VCPUNUMA_NONE
 *
 * The VM's lock guards all of it.
 */
struct vcpu {
	u32 id;
	bool placed;
	bool reserved;
	bool in_place;
	bool binding;
	bool exited;
	struct vcpunuma_place place;
	struct pin *pin;
	u32 node;
	u32 cpu;
	u32 booked;
};

struct vcpu *vcpu_get(struct vcpunuma_vm *vm, u32 id);
void vcpu_prune(struct vcpunuma_vm *vm, struct vcpu *v);
int vcpu_get_all(struct vcpunuma_vm *vm, u32 nr);
void vcpu_prune_all(struct vcpunuma_vm *vm, u32 nr);
void vcpu_book(struct vcpu *v);
void vcpu_note_mask(struct vcpu *v, u32 cpu);
void vcpu_drop_pin(struct vcpu *v);

enum vcpunuma_vcpu_state vcpu_state(struct vcpu *v);
u32 vcpu_node(const struct vcpu *v);
u32 vcpu_cpu(const struct vcpu *v);
int vcpu_home_node(struct vcpunuma_vm *vm, u32 id, u32 *node);
void vcpu_count(struct vcpunuma_vm *vm, struct vcpunuma_cmd_distribution *sum,
		struct vcpunuma_share *by_node);
int vcpu_caller_cpus(struct vcpunuma_vm *vm, struct cpumask *allowed);
bool vcpu_in_place(struct vcpunuma_vm *vm);
void vcpu_refresh(struct vcpunuma_vm *vm, struct cpumask *foreign,
		  struct cpumask *wanted);
void vcpu_unbind_all(struct vcpunuma_vm *vm);

int vcpu_cmd_configure(struct cmd_call *call, union cmd_buffer *buf);
int vcpu_cmd_unbind(struct cmd_call *call, union cmd_buffer *buf);
int vcpu_cmd_query(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_VCPU_H */
