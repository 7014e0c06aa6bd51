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

#include "layout.h"

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

/* Parts of an object whose pages change at the same time, at most. */
#define MEM_LOCKS	16

/**
 * struct mem_node - what an object has of a node
 * @bytes: of pages
 * @backed: bytes of these that were reserved
 * @drawn: bytes that were reserved for it; constant
 */
struct mem_node {
	atomic64_t bytes;
	atomic64_t backed;
	u64 drawn;
};

/**
 * struct vcpunuma_mem - a memory object, behind a file of its own
 * @vm: the VM it was made for, referenced
 * @id: its name in the VM; given and taken under the VM's lock
 * @length: bytes; constant
 * @shift: log2 of the size of its pages; constant
 * @small: 4 KiB pages will do for 2 MiB pages; constant
 * @layout: where its pages are to come from
 * @memcg: whom pages are charged to, referenced; constant
 * @locker: credentials of the user whose locked memory @length counts as,
 *	referenced, or NULL
 * @mapping: of its inode, where its mappings are; set before it has pages
 * @unaligned: pages of 2 MiB were mapped where they have to be mapped by 4 KiB
 * @reserved: it was taken from what its VM has reserved; ends with that, under all
 *	of @locks
 * @pages: the pages by number in units of PAGE_SIZE. Who found one without a
 *	lock and took a reference looks again whether it is there still.
 * @nodes: what it has of each node, by id
 * @remote: bytes of pages that are not on the node they were wanted on first
 * @standin: bytes of 4 KiB pages in place of 2 MiB pages
 * @errors: numbers of those of PAGE_SIZE in which the hardware found errors;
 *	changed under their locks
 * @lost: bytes of these
 * @locks: who enters or removes pages of the n-th 2 MiB holds lock
 *	n % MEM_LOCKS; page locks are inside it
 */
struct vcpunuma_mem {
	struct vcpunuma_vm *vm;
	u32 id;
	u64 length;
	unsigned int shift;
	bool small;
	struct layout layout;
	struct mem_cgroup *memcg;
	const struct cred *locker;
	struct address_space *mapping;
	bool unaligned;
	bool reserved;
	struct xarray pages;
	struct mem_node *nodes;
	atomic64_t remote;
	atomic64_t standin;
	struct xarray errors;
	atomic64_t lost;
	struct mutex locks[MEM_LOCKS];	/* against allocating a page twice */
};

u64 mem_populated(const struct vcpunuma_mem *mem);
void mem_undraw(struct vcpunuma_vm *vm);
bool mem_drawn(struct vcpunuma_vm *vm);
void mem_count(struct vcpunuma_vm *vm, struct vcpunuma_share *by_node);
void mem_add_nodes(struct vcpunuma_vm *vm, nodemask_t *nodes);
void mem_restrict(struct vcpunuma_vm *vm, const nodemask_t *nodes);
void mem_release(struct vcpunuma_mem *mem);

struct file *mem_direct(struct vcpunuma_vm *vm, u64 length);
int mem_cmd_create(struct cmd_call *call, union cmd_buffer *buf);
int mem_cmd_query(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_MEM_H */
