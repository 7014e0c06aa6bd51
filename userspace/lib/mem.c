// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - memory objects
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mem.h"

static struct vcpunuma_mem *mem_new(int fd, uint64_t length)
{
	struct vcpunuma_mem *mem = malloc(sizeof(*mem));

	if (mem) {
		mem->fd = fd;
		mem->length = length;
	}
	return mem;
}

VCPUNUMA_API struct vcpunuma_mem *
vcpunuma_mem_create(struct vcpunuma_vm *vm, uint64_t length,
		    const struct vcpunuma_mem_opts *opts)
{
	struct vcpunuma_cmd_mem_create cmd = { .size = sizeof(cmd) };
	struct vcpunuma_mem_opts ours;
	struct vcpunuma_mem *mem;

	if (vn_sized_in(&ours, sizeof(ours), opts, VN_MIN_MEM_OPTS) < 0)
		return NULL;

	cmd.flags = ours.flags;
	cmd.length = length;
	cmd.node = ours.node;
	cmd.vcpu = ours.vcpu;
	cmd.page_shift = ours.page_shift;
	if (ours.nr_ranges) {
		cmd.ranges = (uintptr_t)ours.ranges;
		cmd.nr_ranges = ours.nr_ranges;
		cmd.range_size = sizeof(*ours.ranges);
	}
	if (vn_ioctl(vm->fd, VCPUNUMA_MEM_CREATE, &cmd) < 0)
		return NULL;

	mem = mem_new(cmd.out_fd, length);
	if (!mem)
		vn_close(cmd.out_fd);
	return mem;
}

VCPUNUMA_API struct vcpunuma_mem *
vcpunuma_mem_create_on_node(struct vcpunuma_vm *vm, uint64_t length,
			    unsigned int node)
{
	struct vcpunuma_mem_opts opts = {
		.size = sizeof(opts),
		.flags = VCPUNUMA_MEM_POPULATE,
		.node = node,
	};

	return vcpunuma_mem_create(vm, length, &opts);
}

VCPUNUMA_API struct vcpunuma_mem *
vcpunuma_mem_create_on_vcpu(struct vcpunuma_vm *vm, uint64_t length,
			    unsigned int vcpu)
{
	struct vcpunuma_mem_opts opts = {
		.size = sizeof(opts),
		.flags = VCPUNUMA_MEM_POPULATE | VCPUNUMA_MEM_VCPU,
		.vcpu = vcpu,
	};

	return vcpunuma_mem_create(vm, length, &opts);
}

VCPUNUMA_API struct vcpunuma_mem *vcpunuma_mem_from_fd(int fd)
{
	struct vcpunuma_cmd_mem_query cmd = {
		.size = sizeof(cmd),
		.bytes_size = sizeof(struct vcpunuma_node_bytes),
	};

	if (vn_ioctl(fd, VCPUNUMA_MEM_QUERY, &cmd) < 0)
		return NULL;
	return mem_new(fd, cmd.out_length);
}

VCPUNUMA_API void vcpunuma_mem_close(struct vcpunuma_mem *mem)
{
	if (!mem)
		return;
	vn_close(mem->fd);
	free(mem);
}

VCPUNUMA_API int vcpunuma_mem_fd(const struct vcpunuma_mem *mem)
{
	return mem->fd;
}

VCPUNUMA_API uint64_t vcpunuma_mem_length(const struct vcpunuma_mem *mem)
{
	return mem->length;
}

VCPUNUMA_API void *vcpunuma_mem_map(const struct vcpunuma_mem *mem, int prot)
{
	void *addr;

	if (mem->length > SIZE_MAX) {
		errno = EOVERFLOW;
		return NULL;
	}
	addr = mmap(NULL, mem->length, prot, MAP_SHARED, mem->fd, 0);
	return addr == MAP_FAILED ? NULL : addr;
}

VCPUNUMA_API int vcpunuma_mem_unmap(const struct vcpunuma_mem *mem, void *addr)
{
	return addr ? munmap(addr, mem->length) : 0;
}

VCPUNUMA_API int vcpunuma_mem_populate(const struct vcpunuma_mem *mem,
				       uint64_t offset, uint64_t length,
				       unsigned int workers)
{
	struct vcpunuma_cmd_mem_populate_range cmd = {
		.size = sizeof(cmd),
		.offset = offset,
		.length = length,
		.workers = workers,
	};

	return vn_ioctl(mem->fd, VCPUNUMA_MEM_POPULATE_RANGE, &cmd);
}
