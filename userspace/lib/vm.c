// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - virtual machines
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "internal.h"

static int get_info(int fd, struct vcpunuma_cmd_info *cmd)
{
	*cmd = (struct vcpunuma_cmd_info){ .size = sizeof(*cmd) };
	return vn_ioctl(fd, VCPUNUMA_INFO, cmd);
}

static struct vcpunuma_vm *vm_new(int fd)
{
	struct vcpunuma_vm *vm = malloc(sizeof(*vm));

	if (vm)
		vm->fd = fd;
	return vm;
}

VCPUNUMA_API struct vcpunuma_vm *vcpunuma_vm_open(void)
{
	struct vcpunuma_vm *vm;
	int fd;

	fd = open(VCPUNUMA_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;

	vm = vm_new(fd);
	if (!vm)
		vn_close(fd);
	return vm;
}

VCPUNUMA_API struct vcpunuma_vm *vcpunuma_vm_from_fd(int fd)
{
	struct vcpunuma_cmd_info cmd;

	/* EACCES: it is one, and may not be asked. */
	if (get_info(fd, &cmd) < 0 && errno != EACCES)
		return NULL;
	return vm_new(fd);
}

VCPUNUMA_API void vcpunuma_vm_close(struct vcpunuma_vm *vm)
{
	if (!vm)
		return;
	vn_close(vm->fd);
	free(vm);
}

VCPUNUMA_API int vcpunuma_vm_fd(const struct vcpunuma_vm *vm)
{
	return vm->fd;
}

VCPUNUMA_API int vcpunuma_vm_info(const struct vcpunuma_vm *vm,
				  struct vcpunuma_vm_info *info)
{
	struct vcpunuma_vm_info ours;
	struct vcpunuma_cmd_info cmd;

	if (vn_sized_ok(info, VN_MIN_VM_INFO) < 0)
		return -1;
	if (get_info(vm->fd, &cmd) < 0)
		return -1;

	ours = (struct vcpunuma_vm_info){
		.features = cmd.out_features,
		.max_length = cmd.out_max_length,
		.abi = cmd.out_abi,
		.max_vcpus = cmd.out_max_vcpus,
		.max_mems = cmd.out_max_mems,
		.page_shifts = cmd.out_page_shifts,
		.max_node = cmd.out_max_node,
		.max_cpu = cmd.out_max_cpu,
	};
	vn_sized_out(info, &ours, sizeof(ours));
	return 0;
}

VCPUNUMA_API int vcpunuma_vm_configure(struct vcpunuma_vm *vm,
				       unsigned int nr_vcpus,
				       unsigned int flags, unsigned int *nodes,
				       unsigned int *cpus)
{
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.nr_vcpus = nr_vcpus,
		.place_size = sizeof(struct vcpunuma_place),
	};
	struct vcpunuma_place *places = NULL;
	unsigned int i;
	int ret;

	if (nr_vcpus && (nodes || cpus)) {
		places = calloc(nr_vcpus, sizeof(*places));
		if (!places)
			return -1;
		cmd.places = (uintptr_t)places;
		cmd.nr_places = nr_vcpus;
	}

	ret = vn_ioctl(vm->fd, VCPUNUMA_CONFIGURE, &cmd);
	for (i = 0; !ret && places && i < nr_vcpus; i++) {
		if (nodes)
			nodes[i] = places[i].node;
		if (cpus)
			cpus[i] = places[i].cpu;
	}
	free(places);
	return ret;
}
