/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtual machine of KVM that is as small as can be: one vCPU, in real mode, that
 * stores a byte and loads another.
 */
#ifndef SELFTESTS_MACHINE_H
#define SELFTESTS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

struct kvm_run;

struct machine {
	int vm, vcpu;
	struct kvm_run *run;
	size_t run_size;
};

/* Where the byte goes that is stored, and that which is loaded comes from */
#define MACHINE_STORE	0x3000
#define MACHINE_LOAD	0x4000

/* What is at address 0 */
extern const unsigned char machine_code[];
extern const size_t machine_code_size;

/* false: there is no KVM, or it does not work. */
bool machine_start(struct machine *m);
/* Its memory at @gpa is that at @at; with @length 0 the slot has none. 0 or -errno */
int machine_memory(struct machine *m, unsigned int slot, unsigned long gpa,
		   void *at, size_t length);
/* What it loaded, after it stored @store; or -errno; or -1000 - why it ended. */
long machine_run(struct machine *m, unsigned char store);
void machine_end(struct machine *m);

#endif /* SELFTESTS_MACHINE_H */
