/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvcpunuma - what its files share
 */
#ifndef VCPUNUMA_INTERNAL_H
#define VCPUNUMA_INTERNAL_H

#include "vcpunuma.h"

/* Everything else is hidden; libvcpunuma.map must agree. */
#define VCPUNUMA_API	__attribute__((visibility("default")))

/* Largest set of CPUs of the interface */
#define MAX_CPU_BITS	8192
#define MAX_CPU_WORDS	(MAX_CPU_BITS / 64)
/* Largest set of nodes */
#define MAX_NODE_BITS	1024
#define MAX_NODE_WORDS	(MAX_NODE_BITS / 64)

/* How often to follow a host that grows between two calls */
#define MAX_RETRIES	16

struct vcpunuma_vm {
	int fd;
};

/* ioctl(2) with one kind of failure: -1 and errno. */
int vn_ioctl(int fd, unsigned long cmd, void *arg);

/* A set of @nr_bits from a list of what is in it; -1 and EINVAL. */
int vn_set_words(uint64_t *words, unsigned int nr_bits, const unsigned int *ids,
		 unsigned int nr);

/* close(2) that leaves errno alone. */
void vn_close(int fd);

/*
 * Structures of the public header that begin with size_t size. @known is the
 * size of ours, @min the size the structure was born with. vn_sized_ok() checks
 * the size of the caller's, vn_sized_in() checks it and copies it into ours,
 * vn_sized_out() copies results from ours to what the caller has room for.
 */
#define VN_SIZE_UPTO(type, member) \
	(offsetof(struct type, member) + sizeof(((struct type *)0)->member))
#define VN_MIN_VM_INFO		VN_SIZE_UPTO(vcpunuma_vm_info, max_cpu)
#define VN_MIN_VCPU_INFO	VN_SIZE_UPTO(vcpunuma_vcpu_info, tid)
#define VN_MIN_BIND		VN_SIZE_UPTO(vcpunuma_bind, out_cpu)
#define VN_MIN_RESERVE		VN_SIZE_UPTO(vcpunuma_reserve, out_vcpus_short)
#define VN_MIN_RESTRICT		VN_SIZE_UPTO(vcpunuma_restrict, max_vcpus)
#define VN_MIN_MEM_OPTS		VN_SIZE_UPTO(vcpunuma_mem_opts, page_shift)

int vn_sized_ok(const void *user, size_t min);
int vn_sized_in(void *ours, size_t known, const void *user, size_t min);
void vn_sized_out(void *user, const void *ours, size_t known);

#endif /* VCPUNUMA_INTERNAL_H */
