/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory objects.
 */
#ifndef VCPUNUMA_MEM_H
#define VCPUNUMA_MEM_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/xarray.h>
#include <linux/vcpunuma.h>

struct cmd_call;
struct cred;
union cmd_buffer;
struct file;
struct mem_cgroup;
struct vcpunuma_vm;

/* Memory objects one VM may have at a time. */
#define MEM_MAX_PER_VM	4096

/* Longest memory object: as much as a process can map. */
#define MEM_MAX_LENGTH	BIT_ULL(46)

/* Pages that are being allocated at the same time, at most. */
#define MEM_LOCKS	16

/**
 * struct vcpunuma_mem - a memory object, behind a file of its own
 * @vm: the VM it was made for, referenced
 * @id: its name in the VM; given and taken under the VM's lock
 * @length: bytes; constant
 * @node: where its pages are; constant
 * @shift: log2 of the size of its pages; constant
 * @memcg: whom pages are charged to, referenced; constant
 * @locker: credentials of the user whose locked memory @length counts as,
 *	referenced, or NULL
 * @reserved: it was taken from what its VM has reserved; ends with that, under all
 *	of @locks
 * @pages: the pages by number. A page that is there stays until the file is
 *	gone, so it is looked up without a lock; it is entered under one of
 *	@locks.
 * @populated: bytes of pages, by node id
 * @locks: who allocates page n holds lock n % MEM_LOCKS, so that a page is not
 *	allocated and zeroed twice; nothing else is locked under it but what
 *	allocation locks
 */
struct vcpunuma_mem {
	struct vcpunuma_vm *vm;
	u32 id;
	u64 length;
	u32 node;
	unsigned int shift;
	struct mem_cgroup *memcg;
	const struct cred *locker;
	bool reserved;
	struct xarray pages;
	atomic64_t *populated;
	struct mutex locks[MEM_LOCKS];	/* against allocating a page twice */
};

extern const struct vm_operations_struct mem_vm_ops;

struct page *mem_page(struct vcpunuma_mem *mem, pgoff_t n);
u64 mem_populated(const struct vcpunuma_mem *mem);
void mem_undraw(struct vcpunuma_vm *vm);
bool mem_drawn(struct vcpunuma_vm *vm);
void mem_count(struct vcpunuma_vm *vm, struct vcpunuma_share *by_node);

int mem_cmd_create(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_MEM_H */
