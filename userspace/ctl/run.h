/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpunumactl run - what its files share
 */
#ifndef RUN_H
#define RUN_H

#include <vcpunuma.h>

#include "ctl.h"

/**
 * struct run_request - what the command line asks for
 * @nr_vcpus: number of vCPUs, not 0
 * @mem_bytes: memory in total, or 0
 * @node: the only node to use, or VCPUNUMA_NONE
 * @no_bind: leave the program's main thread alone
 * @reserve: reserve room; else the following are not set
 * @cpu_policy: one of enum vcpunuma_cpu_policy
 * @near_flag: VCPUNUMA_RESERVE_NEAR_NODE, _NEAR_PCI or 0
 * @near: node or PCI address
 * @name: name for reports, or NULL
 * @argv: the program and its arguments
 */
struct run_request {
	unsigned int nr_vcpus;
	uint64_t mem_bytes;
	unsigned int node;
	bool no_bind;
	bool reserve;
	unsigned int cpu_policy;
	unsigned int near_flag;
	unsigned int near;
	const char *name;
	char **argv;
};

/**
 * struct run_vm - the VM the program is run with
 * @vm: the VM
 * @nodes: node of each vCPU
 * @mems: memory objects, in order of node id
 * @mem_nodes: their nodes
 * @nr_mems: how many there are
 */
struct run_vm {
	struct vcpunuma_vm *vm;
	unsigned int *nodes;
	struct vcpunuma_mem **mems;
	unsigned int *mem_nodes;
	unsigned int nr_mems;
};

/* These return 0 or an exit status, after a message to stderr. */
int run_vm_create(struct run_vm *vm, const struct run_request *req);
int run_vm_export(const struct run_vm *vm, const struct run_request *req);
/* In run_vm_create(): places and memory by a reservation */
int run_vm_reserve(struct run_vm *vm, const struct run_request *req);
/* Adds a memory object, for which there is room in the arrays. */
int run_vm_add_mem(struct run_vm *vm, unsigned int node, uint64_t bytes);
/* Undoes run_vm_create(), also one that failed. */
void run_vm_destroy(struct run_vm *vm);

/* Runs the program, waits for its end; returns the exit status. */
int run_child(const struct run_vm *vm, const struct run_request *req);

#endif /* RUN_H */
