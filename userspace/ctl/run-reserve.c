// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl run - the VM by a reservation: all of it or nothing
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "run.h"
#include "words.h"

#define UNIT	(UINT64_C(2) << 20)

/* Chunks of an answer that there is room for at first */
#define FEW	64

static int refused(const struct vcpunuma_reserve *r,
		   const struct run_request *req)
{
	const char *why = errno == ENOSPC ? word_for_reason(r->out_reason) :
			  errno == ENOENT ? "there is no such PCI device" :
			  explain(errno);

	return error_errno(errno, why, "reserve %u vCPUs and %" PRIu64 " MiB",
			   req->nr_vcpus, r->mem >> 20);
}

/* Reserves; as many chunks as it takes. */
static int try_reserve(struct run_vm *vm, struct vcpunuma_reserve *r)
{
	r->nr_chunks = FEW;
	do {
		free(r->chunks);
		r->chunks = calloc(r->nr_chunks, sizeof(*r->chunks));
		if (!r->chunks)
			return -1;
		if (!vcpunuma_reserve(vm->vm, r))
			return 0;
	} while (errno == EMSGSIZE);
	return -1;
}

static int by_node(const void *a, const void *b)
{
	const struct vcpunuma_chunk *x = a, *y = b;

	return x->node < y->node ? -1 : x->node > y->node;
}

/* An object for all that is reserved on a node */
static int allocate(struct run_vm *vm, const struct vcpunuma_reserve *r)
{
	uint64_t sum = 0;
	unsigned int i;
	int status = 0;

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers */
	vm->mems = calloc(r->nr_chunks, sizeof(*vm->mems));
	vm->mem_nodes = calloc(r->nr_chunks, sizeof(*vm->mem_nodes));
	if (!vm->mems || !vm->mem_nodes)
		return error_errno(ENOMEM, explain(ENOMEM), "allocate");

	qsort(r->chunks, r->nr_chunks, sizeof(*r->chunks), by_node);
	for (i = 0; i < r->nr_chunks && !status; i++) {
		const struct vcpunuma_chunk *chunk = &r->chunks[i];

		sum += chunk->mem;
		if (i + 1 < r->nr_chunks && chunk[1].node == chunk->node)
			continue;
		if (sum)
			status = run_vm_add_mem(vm, chunk->node, sum);
		sum = 0;
	}
	return status;
}

static int reserve(struct run_vm *vm, const struct run_request *req,
		   struct vcpunuma_reserve *r)
{
	unsigned int i;

	r->places = calloc(req->nr_vcpus, sizeof(*r->places));
	vm->nodes = calloc(req->nr_vcpus, sizeof(*vm->nodes));
	if (!r->places || !vm->nodes)
		return error_errno(ENOMEM, explain(ENOMEM), "reserve");
	if (try_reserve(vm, r))
		return refused(r, req);
	for (i = 0; i < req->nr_vcpus; i++)
		vm->nodes[i] = r->places[i].node;
	return allocate(vm, r);
}

int run_vm_reserve(struct run_vm *vm, const struct run_request *req)
{
	struct vcpunuma_reserve r = {
		.size = sizeof(r),
		.flags = req->near_flag,
		.nr_vcpus = req->nr_vcpus,
		.mem = (req->mem_bytes + UNIT - 1) & ~(UNIT - 1),
		.cpu_policy = req->cpu_policy,
		.near = req->near,
		.name = req->name,
	};
	int status;

	if (req->node != VCPUNUMA_NONE) {
		r.nodes = &req->node;
		r.nr_nodes = 1;
	}
	status = reserve(vm, req, &r);
	free(r.places);
	free(r.chunks);
	return status;
}
