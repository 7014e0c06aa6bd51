// SPDX-License-Identifier: GPL-2.0
/*
 * Memory objects: guest memory on one node, behind a file of its own.
 *
 * There is one struct file for an object, shared by all its descriptors and
 * mappings (its inode can't be opened a second time), so the object lives
 * exactly as long as that file: release() frees everything. Each object has an
 * inode of its own, because mappings hang off inodes, and because the kernel
 * maps huge pages only within an inode's size.
 */
#include <linux/capability.h>
#include <linux/cpuset.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "booking.h"
#include "cmd.h"
#include "compat.h"
#include "limits.h"
#include "mem.h"
#include "nodes.h"
#include "vcpu.h"
#include "vm.h"

/* Any file system type will do; the number is "vnum". */
#define MEM_FS_MAGIC	0x766e756d

static struct vfsmount *mem_mnt;
static int mem_mnt_count;

static int mem_fs_init(struct fs_context *fc)
{
	if (!init_pseudo(fc, MEM_FS_MAGIC))
		return -ENOMEM;
	fc->s_iflags |= SB_I_NOEXEC;
	return 0;
}

/*
 * Mounted while there are objects, and not from load to unload: the mount
 * holds the module (.owner), and a file holds the mount. So the module stays
 * until the last step of an object's fput(), which comes after fops_put().
 */
static struct file_system_type mem_fs = {
	.owner = THIS_MODULE,
	.name = "vcpunuma",
	.init_fs_context = mem_fs_init,
	.kill_sb = kill_anon_super,
};

/*
 * Count the object as locked memory, by user: processes come and go. A user is
 * held by holding credentials of it; modules have no other way on all kernels.
 */
static int mem_charge(struct vcpunuma_mem *mem, const struct vcpunuma_vm *vm)
{
	unsigned long pages = mem->length >> PAGE_SHIFT;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	atomic_long_t *locked = &current_user()->locked_vm;
	unsigned long old;

	if (READ_ONCE(vm->limits.granted) || capable(CAP_IPC_LOCK))
		return 0;
	old = atomic_long_read(locked);
	do {
		if (old > limit || pages > limit - old)
			return -EDQUOT;
	} while (!atomic_long_try_cmpxchg(locked, &old, old + pages));
	mem->locker = get_current_cred();
	return 0;
}

static void mem_uncharge(struct vcpunuma_mem *mem)
{
	if (!mem->locker)
		return;
	atomic_long_sub(mem->length >> PAGE_SHIFT,
			&mem->locker->user->locked_vm);
	put_cred(mem->locker);
}

static struct page *mem_alloc_page(struct vcpunuma_mem *mem)
{
	/*
	 * Of that node or none. It is worth some reclaim and compaction, but
	 * nobody is to be killed for it. Within the cpuset of who touches it,
	 * and not movable: nobody but us knows how to move it.
	 */
	const gfp_t gfp = GFP_HIGHUSER | __GFP_THISNODE | __GFP_ZERO |
			  __GFP_ACCOUNT | __GFP_COMP | __GFP_RETRY_MAYFAIL |
			  __GFP_NOWARN;
	struct mem_cgroup *old = set_active_memcg(mem->memcg);
	struct page *page;

	page = alloc_pages_node(mem->node, gfp, mem->shift - PAGE_SHIFT);
	set_active_memcg(old);
	return page;
}

static bool mem_may_grow(const struct vcpunuma_mem *mem, u64 bytes)
{
	/* The kernel logs a trace for a node that has gone. */
	if (!node_online(mem->node))
		return false;
	/* What others have reserved is theirs. */
	return mem->reserved || booking_spares(mem->node, bytes);
}

/* Allocate page @n and enter it, under its lock. */
static struct page *mem_add_page(struct vcpunuma_mem *mem, pgoff_t n)
{
	u64 bytes = 1ULL << mem->shift;
	struct page *page = NULL;
	int err;

	if (mem_may_grow(mem, bytes))
		page = mem_alloc_page(mem);
	if (!page)
		return ERR_PTR(-ENOMEM);
	/*
	 * Newer kernels map it as 2 MiB only if it ends within the file. Unless
	 * told where it is, they go by where its last user had it.
	 */
	page_folio(page)->index = n << (mem->shift - PAGE_SHIFT);
	err = xa_err(xa_store(&mem->pages, n, page, GFP_KERNEL_ACCOUNT |
			      __GFP_RETRY_MAYFAIL | __GFP_NOWARN));
	if (err) {
		put_page(page);
		return ERR_PTR(err);
	}
	atomic64_add(bytes, &mem->populated[page_to_nid(page)]);
	books_allocate(page_to_nid(page), bytes);
	if (mem->reserved)
		booking_populate(mem->node, bytes);
	return page;
}

/**
 * mem_page - a page of the object, allocated if it is not there
 * @mem: the object
 * @n: number of the page, in pages of the object's size
 *
 * Return: the page, which stays as long as the object's file; or ERR_PTR() of
 * -ENOMEM or -EINTR: a fatal signal.
 */
struct page *mem_page(struct vcpunuma_mem *mem, pgoff_t n)
{
	struct mutex *lock = &mem->locks[n % MEM_LOCKS];
	struct page *page = xa_load(&mem->pages, n);

	if (page)
		return page;
	if (mutex_lock_killable(lock))
		return ERR_PTR(-EINTR);
	page = xa_load(&mem->pages, n);
	if (!page)
		page = mem_add_page(mem, n);
	mutex_unlock(lock);
	return page;
}

static int mem_populate(struct vcpunuma_mem *mem)
{
	pgoff_t n, nr = mem->length >> mem->shift;
	struct page *page;

	for (n = 0; n < nr; n++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		page = mem_page(mem, n);
		if (IS_ERR(page))
			return PTR_ERR(page);
		cond_resched();
	}
	return 0;
}

/** mem_populated - bytes of pages the object has */
u64 mem_populated(const struct vcpunuma_mem *mem)
{
	u64 sum = 0;
	u32 node;

	for (node = 0; node < nr_node_ids; node++)
		sum += atomic64_read(&mem->populated[node]);
	return sum;
}

/**
 * mem_count - count the memory of a VM
 * @vm: the VM, locked
 * @by_node: @mem_bytes is added to, by node id
 */
void mem_count(struct vcpunuma_vm *vm, struct vcpunuma_share *by_node)
{
	struct vcpunuma_mem *mem;
	unsigned long id;
	u32 node;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem)
		for (node = 0; node < nr_node_ids; node++)
			by_node[node].mem_bytes +=
				atomic64_read(&mem->populated[node]);
}

static int mem_cmd_query(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_mem_query *cmd = &buf->mem_query;
	struct vcpunuma_mem *mem = call->object;
	struct vcpunuma_node_bytes *bytes;
	struct cmd_array array;
	u32 node, nr = 0;
	int err;

	err = cmd_array_init(&array, cmd->bytes, cmd->nr_bytes, cmd->bytes_size,
			     sizeof(*bytes),
			     offsetofend(struct vcpunuma_node_bytes, bytes));
	if (err)
		return err;
	bytes = kvcalloc(nr_node_ids, sizeof(*bytes), GFP_KERNEL_ACCOUNT);
	if (!bytes)
		return -ENOMEM;
	cmd->out_length = mem->length;
	cmd->out_populated = 0;
	cmd->out_node = mem->node;
	cmd->out_page_shift = mem->shift;
	for (node = 0; node < nr_node_ids; node++) {
		u64 populated = atomic64_read(&mem->populated[node]);

		if (!populated)
			continue;
		cmd->out_populated += populated;
		bytes[nr].node = node;
		bytes[nr++].bytes = populated;
	}
	cmd->nr_bytes = nr;
	err = cmd_array_fits(&array, nr) ?
		cmd_array_put(&array, 0, bytes, nr) : -EMSGSIZE;
	kvfree(bytes);
	return err;
}

static const struct cmd_op mem_ops[] = {
	CMD_OP(VCPUNUMA_MEM_QUERY, vcpunuma_cmd_mem_query, bytes_size,
	       0, mem_cmd_query),
};

static long mem_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return cmd_dispatch(mem_ops, ARRAY_SIZE(mem_ops), file->private_data,
			    cmd, arg);
}

static int mem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vcpunuma_mem *mem = file->private_data;
	unsigned long pages = mem->length >> PAGE_SHIFT;

	/* A private mapping would copy pages to other nodes, untold. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_pgoff > pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	/*
	 * It can't grow past the object. This also keeps mlock(2) from marking
	 * the pages, which are not on any list of the kernel's.
	 */
	vm_flags_set(vma, VM_DONTEXPAND);
	vma->vm_ops = &mem_vm_ops;
	return 0;
}

/* Also of an object that is not quite made. */
static void mem_free(struct vcpunuma_mem *mem)
{
	struct page *page;
	unsigned long n;
	int i;

	if (mem->reserved)
		booking_populate(mem->node, -mem_populated(mem));
	xa_for_each(&mem->pages, n, page) {
		books_allocate(page_to_nid(page), -(1LL << mem->shift));
		put_page(page);
		cond_resched();
	}
	xa_destroy(&mem->pages);
	mem_uncharge(mem);
	mem_cgroup_put(mem->memcg);
	for (i = 0; i < MEM_LOCKS; i++)
		mutex_destroy(&mem->locks[i]);
	kvfree(mem->populated);
	kfree(mem);
	simple_release_fs(&mem_mnt, &mem_mnt_count);
}

/*
 * Take the object from what the VM has reserved on its node. As a whole or not
 * at all: then it is like one of a VM without a reservation, if the VM wanted to
 * be free to have that.
 */
static int mem_draw(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm)
{
	u64 left;

	lockdep_assert_held(&vm->lock);
	if (!node_isset(mem->node, vm->limits.nodes))
		return -EACCES;
	if (!vm->booking)
		return limits_charge_mem(&vm->limits, mem->length);
	left = booking_mem(vm->booking, mem->node) - vm->drawn[mem->node];
	if (mem->length > left)
		return vm->beyond ?
			limits_charge_mem(&vm->limits, mem->length) : -ENOSPC;
	vm->drawn[mem->node] += mem->length;
	mem->reserved = true;
	return 0;
}

static void mem_give_back(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	if (mem->reserved)
		vm->drawn[mem->node] -= mem->length;
	else
		limits_uncharge_mem(&vm->limits, mem->length);
}

/** mem_drawn - has the VM an object of what it reserved? */
bool mem_drawn(struct vcpunuma_vm *vm)
{
	struct vcpunuma_mem *mem;
	unsigned long id;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem)
		if (mem->reserved)
			return true;
	return false;
}

/** mem_undraw - the VM's reservation is not its objects' any more: they live on */
void mem_undraw(struct vcpunuma_vm *vm)
{
	struct vcpunuma_mem *mem;
	unsigned long id;
	int i;

	lockdep_assert_held(&vm->lock);
	xa_for_each(&vm->mems, id, mem) {
		if (!mem->reserved)
			continue;
		/* No page is counted one way and undone the other. */
		for (i = 0; i < MEM_LOCKS; i++)
			mutex_lock_nest_lock(&mem->locks[i], &vm->lock);
		mem->reserved = false;
		booking_populate(mem->node, -mem_populated(mem));
		for (i = 0; i < MEM_LOCKS; i++)
			mutex_unlock(&mem->locks[i]);
		vm->drawn[mem->node] -= mem->length;
		limits_add_mem(&vm->limits, mem->length);
	}
}

/* From now on the VM's report and counts include the object. */
static int mem_link(struct vcpunuma_mem *mem, struct vcpunuma_vm *vm)
{
	int err;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	err = mem_draw(mem, vm);
	if (err)
		goto out;
	err = -EDQUOT;
	if (vm->nr_mems < MEM_MAX_PER_VM)
		err = xa_alloc_cyclic(&vm->mems, &mem->id, mem,
				      XA_LIMIT(1, INT_MAX), &vm->next_mem,
				      GFP_KERNEL_ACCOUNT);
	if (err >= 0) {
		err = 0;
		vm->nr_mems++;
		vm_get(vm);
		mem->vm = vm;
	} else {
		mem_give_back(mem, vm);
	}
out:
	mutex_unlock(&vm->lock);
	return err;
}

static void mem_unlink(struct vcpunuma_mem *mem)
{
	struct vcpunuma_vm *vm = mem->vm;

	mutex_lock(&vm->lock);
	xa_erase(&vm->mems, mem->id);
	vm->nr_mems--;
	mem_give_back(mem, vm);
	mutex_unlock(&vm->lock);
	vm_put(vm);
}

static int mem_release(struct inode *inode, struct file *file)
{
	struct vcpunuma_mem *mem = file->private_data;

	mem_unlink(mem);
	mem_free(mem);
	return 0;
}

static const struct file_operations mem_fops = {
	.owner = THIS_MODULE,
	.release = mem_release,
	.mmap = mem_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.unlocked_ioctl = mem_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct vcpunuma_mem *mem_alloc(struct vcpunuma_vm *vm, u64 length,
				      u32 node, unsigned int shift)
{
	struct vcpunuma_mem *mem;
	int i, err;

	err = simple_pin_fs(&mem_fs, &mem_mnt, &mem_mnt_count);
	if (err)
		return ERR_PTR(err);
	mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	if (!mem) {
		simple_release_fs(&mem_mnt, &mem_mnt_count);
		return ERR_PTR(-ENOMEM);
	}
	mem->length = length;
	mem->node = node;
	mem->shift = shift;
	xa_init_flags(&mem->pages, XA_FLAGS_ACCOUNT);
	for (i = 0; i < MEM_LOCKS; i++)
		mutex_init(&mem->locks[i]);
	mem->memcg = get_mem_cgroup_from_mm(current->mm);
	err = -ENOMEM;
	mem->populated = kvcalloc(nr_node_ids, sizeof(*mem->populated),
				  GFP_KERNEL_ACCOUNT);
	if (mem->populated)
		err = mem_charge(mem, vm);
	if (err) {
		mem_free(mem);
		return ERR_PTR(err);
	}
	return mem;
}

/* A file for the object on the private mount, with an inode of its own. */
static struct file *mem_file(struct vcpunuma_mem *mem)
{
	struct inode *inode;
	struct file *file;
	char name[32];

	inode = alloc_anon_inode(mem_mnt->mnt_sb);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	i_size_write(inode, mem->length);
	/* As the report names them; seen in /proc/PID/maps and fd. */
	snprintf(name, sizeof(name), "vcpunuma:%u:%u", mem->vm->id, mem->id);
	/* __fput() gives it back. */
	__module_get(mem_fops.owner);
	file = alloc_file_pseudo(inode, mem_mnt, name, O_RDWR, &mem_fops);
	if (IS_ERR(file)) {
		module_put(mem_fops.owner);
		iput(inode);
		return file;
	}
	file->private_data = mem;
	return file;
}

/* A file with an object behind it that is part of the VM, but has no page. */
static struct file *mem_create(struct vcpunuma_vm *vm, u64 length, u32 node,
			       unsigned int shift)
{
	struct vcpunuma_mem *mem;
	struct file *file;
	int err;

	mem = mem_alloc(vm, length, node, shift);
	if (IS_ERR(mem))
		return ERR_CAST(mem);
	err = mem_link(mem, vm);
	if (err)
		goto err_free;
	file = mem_file(mem);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_unlink;
	}
	return file;

err_unlink:
	mem_unlink(mem);
err_free:
	mem_free(mem);
	return ERR_PTR(err);
}

/* Check what a command asks for, and find the node it means. */
static int mem_check(struct vcpunuma_vm *vm,
		     const struct vcpunuma_cmd_mem_create *cmd,
		     unsigned int shift, u32 *node)
{
	int err = 0;

	if (shift != PAGE_SHIFT && shift != HPAGE_PMD_SHIFT)
		return -EINVAL;
	if (!cmd->length || cmd->length > MEM_MAX_LENGTH ||
	    cmd->length & ((1ULL << shift) - 1))
		return -EINVAL;
	if (cmd->flags & VCPUNUMA_MEM_VCPU) {
		if (cmd->node)
			return -EINVAL;
		if (mutex_lock_killable(&vm->lock))
			return -EINTR;
		err = vcpu_home_node(vm, cmd->vcpu, node);
		mutex_unlock(&vm->lock);
	} else {
		if (cmd->vcpu)
			return -EINVAL;
		*node = cmd->node;
	}
	if (err)
		return err;
	if (!node_valid(*node) || !node_state(*node, N_MEMORY))
		return -ENODEV;
	if (!node_isset(*node, cpuset_current_mems_allowed))
		return -EPERM;
	return 0;
}

int mem_cmd_create(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_mem_create *cmd = &buf->mem_create;
	unsigned int shift = cmd->page_shift ?: HPAGE_PMD_SHIFT;
	struct file *file;
	u32 node;
	int err;

	err = mem_check(call->object, cmd, shift, &node);
	if (err)
		return err;
	cmd->out_fd = get_unused_fd_flags(O_CLOEXEC);
	if (cmd->out_fd < 0)
		return cmd->out_fd;
	file = mem_create(call->object, cmd->length, node, shift);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_fd;
	}
	if (cmd->flags & VCPUNUMA_MEM_POPULATE) {
		err = mem_populate(file->private_data);
		if (err)
			goto err_file;
	}
	call->new_file = file;
	call->new_fd = cmd->out_fd;
	return 0;

err_file:
	fput(file);
err_fd:
	put_unused_fd(cmd->out_fd);
	return err;
}
