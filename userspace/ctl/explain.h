/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpunumactl explain, list - what their files share
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include <vcpunuma.h>

/*
 * Calls @each for all VMs that the caller may know of, but for @vm, which asks,
 * until it returns other than 0; returns that, or an exit status after a message.
 */
int for_each_vm(const struct vcpunuma_vm *vm,
		int (*each)(const struct vcpunuma_explanation *e, void *arg),
		void *arg);

/* The places that were considered, and why each was taken or not */
void print_candidates(const struct vcpunuma_explanation *e);

#endif /* EXPLAIN_H */
