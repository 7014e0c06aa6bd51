/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The object behind an open file of /dev/vcpunuma.
 */
#ifndef VCPUNUMA_VM_H
#define VCPUNUMA_VM_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <linux/vcpunuma.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "limits.h"
#include "pin.h"

struct booking;
struct cmd_call;
struct file;
struct record;
union cmd_buffer;

/**
 * struct vcpunuma_vm - a VM
 * @ref: one for the open file, one for each memory object, and observers'
 * @id: its name in the report; constant
 * @owner: the process that opened the file; constant
 * @comm: the name of that process then; constant
 * @uid: that process's user then; constant
 * @lock: guards the fields below; outside it: cpus_read_lock()
 * @closed: the file is gone, only memory is left
 * @limits: what it may do and have
 * @vcpus: struct vcpu by vCPU id
 * @pins: of the vCPUs' threads
 * @mems: struct vcpunuma_mem by their ids
 * @nr_mems: memory objects in @mems
 * @next_mem: where to look for the next free id in @mems
 * @direct: file of the memory object that is mapped through the device, or NULL
 * @booking: what it has reserved, or NULL
 * @record: its last decision, or NULL
 * @drawn: bytes of memory objects taken from that, by node id; with @booking
 * @beyond: it may have more than it reserved
 * @name: as it was given when it reserved
 * @asker: user of the process that reserved: whoever it was that opened the file
 * @grace: seconds for which what is reserved outlives the file
 * @kept: vCPUs that count for that, when the VM's own are gone
 * @hold: ends that; hold.c's, as @held is
 * @until: when that will be, in jiffies; likewise
 * @held: in the list of those that are being held
 */
struct vcpunuma_vm {
	struct kref ref;
	u32 id;
	struct pid *owner;
	char comm[TASK_COMM_LEN];
	kuid_t uid;

	struct mutex lock;	/* guards what follows */
	bool closed;
	struct limits limits;
	struct xarray vcpus;
	struct pin_owner pins;
	struct xarray mems;
	u32 nr_mems;
	u32 next_mem;
	struct file *direct;
	struct booking *booking;
	struct record *record;
	u64 *drawn;
	bool beyond;
	char name[VCPUNUMA_NAME_LEN];
	kuid_t asker;
	u32 grace;
	u32 kept;

	struct delayed_work hold;
	unsigned long until;
	struct list_head held;
};

/* VM ids: 1 to this. */
#define VM_MAX_ID	((1U << 24) - 1)

struct vcpunuma_vm *vm_create(void);
void vm_close(struct vcpunuma_vm *vm);
void vm_get(struct vcpunuma_vm *vm);
void vm_put(struct vcpunuma_vm *vm);
struct vcpunuma_vm *vm_next(unsigned long id);
bool vm_may_know(const struct vcpunuma_vm *vm);
struct vcpunuma_vm *vm_find(u32 id);
void vm_refresh_all(void);

int vm_cmd_distribution(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_VM_H */
