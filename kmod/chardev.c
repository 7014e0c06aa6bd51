// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/vcpunuma: an open file is a VM; the table of its commands.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "balance.h"
#include "bind.h"
#include "chardev.h"
#include "cmd.h"
#include "direct.h"
#include "limits.h"
#include "mem.h"
#include "nodes.h"
#include "record.h"
#include "reserve.h"
#include "vcpu.h"
#include "vm.h"

/* Of the minors 243 to 254, which devices.txt leaves to local use. */
#define VCPUNUMA_MINOR	243

static ushort devmode = 0600;
module_param(devmode, ushort, 0444);
MODULE_PARM_DESC(devmode, "Permissions of /dev/vcpunuma (default 0600)");

static int chardev_info(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_info *info = &buf->info;

	info->out_features = 0;
	info->out_abi = VCPUNUMA_ABI;
	info->out_max_vcpus = VCPU_MAX;
	info->out_max_mems = MEM_MAX_PER_VM;
	info->out_page_shifts = BIT(PAGE_SHIFT) | BIT(HPAGE_PMD_SHIFT);
	info->out_max_node = nr_node_ids;
	info->out_max_cpu = nr_cpu_ids;
	info->out_max_length = MEM_MAX_LENGTH;
	return 0;
}

static const struct cmd_op vm_ops[] = {
	CMD_OP(VCPUNUMA_INFO, vcpunuma_cmd_info, out_max_length,
	       0, chardev_info),
	CMD_OP(VCPUNUMA_TOPOLOGY, vcpunuma_cmd_topology, __reserved,
	       0, nodes_cmd_topology),
	CMD_OP(VCPUNUMA_CONFIGURE, vcpunuma_cmd_configure, __reserved,
	       VCPUNUMA_CONFIGURE_NODES, vcpu_cmd_configure),
	CMD_OP(VCPUNUMA_BIND, vcpunuma_cmd_bind, out_cpu,
	       VCPUNUMA_BIND_PIDFD, bind_cmd_bind),
	CMD_OP(VCPUNUMA_UNBIND, vcpunuma_cmd_unbind, __reserved,
	       0, vcpu_cmd_unbind),
	CMD_OP(VCPUNUMA_QUERY, vcpunuma_cmd_query, cpus,
	       0, vcpu_cmd_query),
	CMD_OP(VCPUNUMA_DISTRIBUTION, vcpunuma_cmd_distribution, out_exited,
	       0, vm_cmd_distribution),
	CMD_OP(VCPUNUMA_MEM_CREATE, vcpunuma_cmd_mem_create, out_fd,
	       VCPUNUMA_MEM_POPULATE | VCPUNUMA_MEM_VCPU | VCPUNUMA_MEM_SMALL,
	       mem_cmd_create),
	CMD_OP(VCPUNUMA_RESERVE, vcpunuma_cmd_reserve, out_mem_short,
	       RESERVE_FLAGS, reserve_cmd_reserve),
	CMD_OP(VCPUNUMA_RELEASE, vcpunuma_cmd_release, flags,
	       0, reserve_cmd_release),
	CMD_OP(VCPUNUMA_BIND_MANY, vcpunuma_cmd_bind_many, __reserved,
	       VCPUNUMA_BIND_PIDFD, bind_cmd_bind_many),
	CMD_OP(VCPUNUMA_LEDGER, vcpunuma_cmd_ledger, cpu_size,
	       0, balance_cmd_ledger),
	CMD_OP(VCPUNUMA_EXPLAIN, vcpunuma_cmd_explain, candidate_size,
	       VCPUNUMA_EXPLAIN_NEXT, record_cmd_explain),
	CMD_OP(VCPUNUMA_RESTRICT, vcpunuma_cmd_restrict, __reserved,
	       RESTRICT_FLAGS, limits_cmd_restrict),
};

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct vcpunuma_vm *vm = file->private_data;

	if (!limits_allow(&vm->limits, cmd))
		return -EACCES;
	return cmd_dispatch(vm_ops, ARRAY_SIZE(vm_ops), vm, cmd, arg);
}

/* The device itself is mapped: the memory is an object that is made now. */
static int chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vcpunuma_vm *vm = file->private_data;

	if (!limits_allow(&vm->limits, VCPUNUMA_MEM_CREATE))
		return -EACCES;
	return direct_mmap(vm, vma);
}

static int chardev_open(struct inode *inode, struct file *file)
{
	struct vcpunuma_vm *vm = vm_create();

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	file->private_data = vm;
	return 0;
}

static int chardev_release(struct inode *inode, struct file *file)
{
	struct vcpunuma_vm *vm = file->private_data;

	direct_close(vm);
	vm_close(vm);
	return 0;
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.mmap = chardev_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice chardev = {
	.minor = VCPUNUMA_MINOR,
	.name = "vcpunuma",
	.fops = &chardev_fops,
};

int chardev_init(void)
{
	int err;

	chardev.mode = devmode & 0777;
	err = misc_register(&chardev);
	if (err != -EBUSY)
		return err;
	/* Somebody else uses that minor: do without loading on first open. */
	chardev.minor = MISC_DYNAMIC_MINOR;
	return misc_register(&chardev);
}

void chardev_exit(void)
{
	misc_deregister(&chardev);
}

MODULE_ALIAS_MISCDEV(VCPUNUMA_MINOR);
MODULE_ALIAS("devname:vcpunuma");
