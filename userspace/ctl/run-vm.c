// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl run - the VM: places, memory, and how the program finds them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define CHUNK	(UINT64_C(2) << 20)

/* The interface has CPU ids below 8192. */
#define CPU_BYTES	(8192 / 8)

/*
 * The kernel chooses among the nodes on which the caller may run: allow this
 * process just the CPUs of one node, of those it has.
 */
static int stay_on_node(const struct run_vm *vm, unsigned int node)
{
	unsigned long allowed[CPU_BYTES / sizeof(long)] = { 0 };
	unsigned long wanted[CPU_BYTES / sizeof(long)];
	struct vcpunuma_topology *topo;
	bool any = false;
	size_t i;
	int ret;

	topo = vcpunuma_topology_get(vm->vm);
	if (!topo)
		return error_errno(errno, explain(errno), "read topology");
	ret = vcpunuma_topology_node_cpus(topo, node, sizeof(wanted),
					  (cpu_set_t *)wanted);
	vcpunuma_topology_free(topo);
	if (ret < 0)
		return error_errno(errno, "there is no such node, or it is offline",
				   "place on node %u", node);

	if (sched_getaffinity(0, sizeof(allowed), (cpu_set_t *)allowed) < 0)
		return error_errno(errno, strerror(errno), "read affinity");
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		wanted[i] &= allowed[i];
		any |= wanted[i];
	}
	if (!any)
		return error_errno(ENOSPC, "no CPU of it is allowed to this thread",
				   "place on node %u", node);
	if (sched_setaffinity(0, sizeof(wanted), (cpu_set_t *)wanted) < 0)
		return error_errno(errno, strerror(errno), "place on node %u",
				   node);
	return 0;
}

static int choose_places(struct run_vm *vm, const struct run_request *req)
{
	vm->nodes = calloc(req->nr_vcpus, sizeof(*vm->nodes));
	if (!vm->nodes)
		return error_errno(errno, explain(errno), "place %u vCPUs",
				   req->nr_vcpus);
	/*
	 * Nodes, not CPUs: threads of the program inherit what the main thread
	 * has, and must not crowd on one CPU.
	 */
	if (vcpunuma_vm_configure(vm->vm, req->nr_vcpus,
				  VCPUNUMA_CONFIGURE_NODES, vm->nodes,
				  NULL) < 0)
		return error_errno(errno, errno == EINVAL ?
				   "more vCPUs than a VM may have" :
				   explain(errno),
				   "place %u vCPUs", req->nr_vcpus);
	return 0;
}

static int cmp_uint(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a;
	unsigned int y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

int run_vm_add_mem(struct run_vm *vm, unsigned int node, uint64_t bytes)
{
	struct vcpunuma_mem *mem;

	mem = vcpunuma_mem_create_on_node(vm->vm, bytes, node);
	if (!mem)
		return error_errno(errno, explain(errno),
				   "allocate %" PRIu64 " MiB on node %u",
				   bytes >> 20, node);
	vm->mems[vm->nr_mems] = mem;
	vm->mem_nodes[vm->nr_mems] = node;
	vm->nr_mems++;
	return 0;
}

/* Allocates the share of @vcpus of all vCPUs on @node. */
static int add_mem(struct run_vm *vm, const struct run_request *req,
		   unsigned int node, unsigned int vcpus)
{
	uint64_t per_vcpu = req->mem_bytes / req->nr_vcpus;
	uint64_t rest = req->mem_bytes % req->nr_vcpus;
	uint64_t bytes = per_vcpu * vcpus +
			 (rest * vcpus + req->nr_vcpus - 1) / req->nr_vcpus;

	bytes = (bytes + CHUNK - 1) & ~(CHUNK - 1);
	return run_vm_add_mem(vm, node, bytes);
}

/* Sets @nodes to the node of the memory of each vCPU. */
static int memory_nodes(const struct run_vm *vm, const struct run_request *req,
			unsigned int *nodes)
{
	struct vcpunuma_topology *topo = vcpunuma_topology_get(vm->vm);
	unsigned int i;

	if (!topo)
		return error_errno(errno, explain(errno), "read topology");
	for (i = 0; i < req->nr_vcpus; i++)
		nodes[i] = vcpunuma_topology_nearest_memory(topo, vm->nodes[i]);
	vcpunuma_topology_free(topo);
	return 0;
}

static int allocate(struct run_vm *vm, const struct run_request *req)
{
	unsigned int *sorted;
	unsigned int i, first = 0;
	int status;

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers */
	vm->mems = calloc(req->nr_vcpus, sizeof(*vm->mems));
	vm->mem_nodes = calloc(req->nr_vcpus, sizeof(*vm->mem_nodes));
	sorted = calloc(req->nr_vcpus, sizeof(*sorted));
	if (!vm->mems || !vm->mem_nodes || !sorted) {
		free(sorted);
		return error_errno(ENOMEM, explain(ENOMEM), "allocate");
	}

	status = memory_nodes(vm, req, sorted);
	qsort(sorted, req->nr_vcpus, sizeof(*sorted), cmp_uint);
	for (i = 1; i <= req->nr_vcpus && !status; i++) {
		if (i < req->nr_vcpus && sorted[i] == sorted[first])
			continue;
		status = add_mem(vm, req, sorted[first], i - first);
		first = i;
	}
	free(sorted);
	return status;
}

int run_vm_create(struct run_vm *vm, const struct run_request *req)
{
	int status = 0;

	memset(vm, 0, sizeof(*vm));
	/* Larger sizes would overflow when they are split. */
	if (req->mem_bytes > INT64_MAX)
		return error_errno(EINVAL, "too much memory", "allocate");

	vm->vm = open_vm();
	if (!vm->vm)
		return EXIT_ERROR;
	if (req->reserve)
		return run_vm_reserve(vm, req);
	if (req->node != VCPUNUMA_NONE)
		status = stay_on_node(vm, req->node);
	if (!status)
		status = choose_places(vm, req);
	if (!status && req->mem_bytes)
		status = allocate(vm, req);
	return status;
}

void run_vm_destroy(struct run_vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_mems; i++)
		vcpunuma_mem_close(vm->mems[i]);
	free(vm->mems);
	free(vm->mem_nodes);
	free(vm->nodes);
	vcpunuma_vm_close(vm->vm);
}

static int inherit(int fd)
{
	return fcntl(fd, F_SETFD, 0);
}

static int set_env(const char *name, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return setenv(name, text, 1);
}

int run_vm_export(const struct run_vm *vm, const struct run_request *req)
{
	char *mems = NULL;
	unsigned int i;
	size_t size;
	FILE *list;
	int ret = 0;

	list = open_memstream(&mems, &size);
	if (!list)
		return error_errno(errno, strerror(errno), "set environment");

	for (i = 0; i < vm->nr_mems; i++) {
		int fd = vcpunuma_mem_fd(vm->mems[i]);

		ret |= inherit(fd);
		fprintf(list, "%s%u:%d:%" PRIu64, i ? "," : "",
			vm->mem_nodes[i], fd,
			vcpunuma_mem_length(vm->mems[i]));
	}
	ret |= fclose(list);
	ret |= inherit(vcpunuma_vm_fd(vm->vm));
	ret |= set_env("VCPUNUMA_FD", vcpunuma_vm_fd(vm->vm));
	ret |= set_env("VCPUNUMA_VCPUS", req->nr_vcpus);
	if (!ret)
		ret = setenv("VCPUNUMA_MEM_FDS", mems, 1);
	if (ret)
		ret = error_errno(errno, strerror(errno), "set environment");
	free(mems);
	return ret;
}
