// SPDX-License-Identifier: GPL-2.0
/*
 * A small virtual machine.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

const unsigned char machine_code[] = {
	0xa2, 0x00, 0x30,		/* mov [0x3000], al */
	0x8a, 0x1e, 0x00, 0x40,		/* mov bl, [0x4000] */
	0xf4,				/* hlt */
};

const size_t machine_code_size = sizeof(machine_code);

static bool prepare(struct machine *m, int kvm)
{
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;

	m->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (m->vm < 0)
		return false;
	m->vcpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	m->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	m->run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      m->vcpu, 0);
	if (m->run == MAP_FAILED || ioctl(m->vcpu, KVM_GET_SREGS, &sregs))
		return false;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return !ioctl(m->vcpu, KVM_SET_SREGS, &sregs) &&
	       !ioctl(m->vcpu, KVM_SET_REGS, &regs);
}

bool machine_start(struct machine *m)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	bool works;

	if (kvm < 0)
		return false;
	works = prepare(m, kvm);
	close(kvm);
	return works;
}

int machine_memory(struct machine *m, unsigned int slot, unsigned long gpa,
		   void *at, size_t length)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = length,
		.userspace_addr = (uintptr_t)at,
	};

	return ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

long machine_run(struct machine *m, unsigned char store)
{
	struct kvm_regs regs;

	if (ioctl(m->vcpu, KVM_GET_REGS, &regs))
		return -errno;
	regs.rax = store;
	regs.rip = 0;
	if (ioctl(m->vcpu, KVM_SET_REGS, &regs))
		return -errno;
	if (ioctl(m->vcpu, KVM_RUN, 0))
		return -errno;
	if (m->run->exit_reason != KVM_EXIT_HLT)
		return -1000 - (long)m->run->exit_reason;
	return ioctl(m->vcpu, KVM_GET_REGS, &regs) ? -errno :
		(long)(regs.rbx & 0xff);
}

void machine_end(struct machine *m)
{
	munmap(m->run, m->run_size);
	close(m->vcpu);
	close(m->vm);
}
