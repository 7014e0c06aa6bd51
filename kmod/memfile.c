// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a memory object: its calls, as a memfd has them.
 *
 * There is one struct file for an object, shared by all its descriptors and
 * mappings (its inode can't be opened a second time), so the object lives
 * exactly as long as that file: release() frees everything. Each object has an
 * inode of its own, because mappings hang off inodes, and because the kernel
 * maps huge pages only within an inode's size.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "cmd.h"
#include "compat.h"
#include "fault.h"
#include "mem.h"
#include "memfile.h"
#include "pages.h"
#include "populate.h"
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

/** memfile_pin - there will be a file: for memfile_unpin() when it is gone */
int memfile_pin(void)
{
	return simple_pin_fs(&mem_fs, &mem_mnt, &mem_mnt_count);
}

void memfile_unpin(void)
{
	simple_release_fs(&mem_mnt, &mem_mnt_count);
}

static const struct cmd_op mem_ops[] = {
	CMD_OP(VCPUNUMA_MEM_QUERY, vcpunuma_cmd_mem_query, bytes_size,
	       0, mem_cmd_query),
	CMD_OP(VCPUNUMA_MEM_POPULATE_RANGE, vcpunuma_cmd_mem_populate_range,
	       __reserved, 0, populate_cmd_range),
};

static long mem_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return cmd_dispatch(mem_ops, ARRAY_SIZE(mem_ops), file->private_data,
			    cmd, arg);
}

/* Must pages of 2 MiB be mapped by 4 KiB, all of them, because of the address? */
static bool is_unaligned(const struct vcpunuma_mem *mem,
			 const struct vm_area_struct *vma)
{
	return mem->shift == HPAGE_PMD_SHIFT &&
	       vma->vm_end - vma->vm_start >= HPAGE_PMD_SIZE &&
	       ((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff) %
	       HPAGE_PMD_NR;
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
	if (is_unaligned(mem, vma))
		WRITE_ONCE(mem->unaligned, true);
	vma->vm_ops = &mem_vm_ops;
	return 0;
}

/* Copy what is of one page; a hole is 0. The bytes copied, or an errno. */
static ssize_t read_page(struct vcpunuma_mem *mem, loff_t pos, size_t nr,
			 struct iov_iter *to)
{
	struct page *page = pages_find(mem, pos >> PAGE_SHIFT);
	ssize_t done;

	if (!page)
		return iov_iter_zero(nr, to);
	done = PageHWPoison(page) ? -EIO :
	       copy_page_to_iter(page, offset_in_page(pos), nr, to);
	put_page(page);
	return done;
}

static ssize_t mem_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vcpunuma_mem *mem = iocb->ki_filp->private_data;
	ssize_t done, sum = 0;
	size_t nr;

	while (iov_iter_count(to) && iocb->ki_pos < mem->length) {
		nr = min_t(u64, iov_iter_count(to), mem->length - iocb->ki_pos);
		nr = min_t(size_t, nr, PAGE_SIZE - offset_in_page(iocb->ki_pos));
		if (fatal_signal_pending(current))
			return sum ?: -EINTR;
		done = read_page(mem, iocb->ki_pos, nr, to);
		if (done <= 0)
			return sum ?: done ?: -EFAULT;
		iocb->ki_pos += done;
		sum += done;
		cond_resched();
	}
	return sum;
}

static long mem_fallocate(struct file *file, int mode, loff_t offset,
			  loff_t length)
{
	struct vcpunuma_mem *mem = file->private_data;
	loff_t end = offset + length;
	loff_t mask = BIT_ULL(mem->shift) - 1;

	if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		return pages_punch(mem, offset, min_t(u64, end, mem->length));
	if (mode)
		return -EOPNOTSUPP;
	if (end > mem->length)
		return -EPERM;
	return populate(mem, (offset & ~mask) >> PAGE_SHIFT,
			((end + mask) & ~mask) >> PAGE_SHIFT, 0);
}

static int mem_file_release(struct inode *inode, struct file *file)
{
	/* Who has but the path, as of /proc/PID/fd, can still ask for its size. */
	inode_lock(inode);
	inode->i_private = NULL;
	inode_unlock(inode);
	mem_release(file->private_data);
	return 0;
}

static const struct file_operations mem_fops = {
	.owner = THIS_MODULE,
	.release = mem_file_release,
	.mmap = mem_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.llseek = generic_file_llseek,
	.read_iter = mem_read_iter,
	.fallocate = mem_fallocate,
	.fsync = noop_fsync,
	.unlocked_ioctl = mem_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* The length is what it is; owner and mode may be changed, as a memfd's. */
static int mem_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
		       struct iattr *attr)
{
	if (attr->ia_valid & ATTR_SIZE &&
	    attr->ia_size != i_size_read(d_inode(dentry)))
		return -EPERM;
	return simple_setattr(idmap, dentry, attr);
}

static int mem_getattr(struct mnt_idmap *idmap, const struct path *path,
		       struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	const struct vcpunuma_mem *mem;

	fill_attr(idmap, mask, inode, stat);
	inode_lock_shared(inode);
	mem = inode->i_private;
	if (mem) {
		stat->blksize = BIT(mem->shift);
		stat->blocks = mem_populated(mem) >> SECTOR_SHIFT;
	}
	inode_unlock_shared(inode);
	return 0;
}

static const struct inode_operations mem_iops = {
	.setattr = mem_setattr,
	.getattr = mem_getattr,
};

/**
 * memfile_create - the file of an object, with an inode of its own
 * @mem: the object, part of its VM, without pages
 *
 * Return: the file, which the object belongs to from now on; or ERR_PTR().
 */
struct file *memfile_create(struct vcpunuma_mem *mem)
{
	struct inode *inode;
	struct file *file;
	char name[32];

	inode = alloc_anon_inode(mem_mnt->mnt_sb);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	/* Only a regular file has a size that can be asked for and punched. */
	inode->i_mode |= S_IFREG;
	inode->i_op = &mem_iops;
	inode->i_private = mem;
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
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	file->f_flags |= O_LARGEFILE;
	file->private_data = mem;
	mem->mapping = file->f_mapping;
	return file;
}
