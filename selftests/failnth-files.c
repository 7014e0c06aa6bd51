// SPDX-License-Identifier: GPL-2.0
/*
 * What is made to fail beside the commands: opening, mapping, touching,
 * closing, and the report.
 */
#include "failnth.h"
#include "memory.h"

#include <sys/mman.h>

static int call_open(struct nth_world *w, long unused)
{
	(void)unused;
	w->made = __vn_open();
	return w->made < 0 ? w->made : 0;
}

const struct nth_case nth_open[] = {
	CASE("device", nth_nothing, call_open, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

static int call_mmap(struct nth_world *w, long unused)
{
	void *at = __vn_map(w->mem, w->length);

	(void)unused;
	if (at == MAP_FAILED)
		return -errno;
	w->map = at;
	return 0;
}

/* @shift of the pages: unused but by those who prepare */
static int call_munmap(struct nth_world *w, long shift)
{
	(void)shift;
	if (munmap(w->map, w->length))
		return -errno;
	w->map = NULL;
	return 0;
}

static int mem_only_mapped(struct nth_world *w, long shift)
{
	int err = nth_mem_mapped(w, shift);

	close(w->mem);
	w->mem = -1;
	return err;
}

/* The device itself */
static int call_mmap_device(struct nth_world *w, long shift)
{
	void *at;

	w->length = 1UL << shift;
	at = __vn_map(w->vm, w->length);
	if (at == MAP_FAILED)
		return -errno;
	w->map = at;
	return 0;
}

static int call_mbind(struct nth_world *w, long unused)
{
	struct vn_set *nodes = (void *)w->words;

	(void)unused;
	memset(nodes, 0, sizeof(*nodes));
	vn_set_add(nodes, w->node[0]);
	return __vn_mbind(w->map, w->length, MPOL_BIND, nodes);
}

const struct nth_case nth_mmap[] = {
	CASE("device", nth_nothing, call_mmap_device, 21,
	     .fails = NTH_SLAB),
	CASE("mbind", nth_mem_mapped, call_mbind, 21,
	     .fails = NTH_SLAB),
	CASE("2 MiB", nth_mem, call_mmap, 21,
	     .fails = NTH_SLAB),
	CASE("4 KiB", nth_mem, call_mmap, 12,
	     .fails = NTH_SLAB),
	CASE("unmapped, the last", mem_only_mapped, call_munmap, 21),
	{}
};

/* A page of 2 MiB, of which only 4 KiB in the middle are mapped. */
static int mem_mapped_part(struct nth_world *w, long shift)
{
	int err = nth_mem(w, shift);

	if (err)
		return err;
	w->length = PAGE_4K;
	w->map = mmap(NULL, w->length, PROT_READ | PROT_WRITE, MAP_SHARED,
		      w->mem, 3 * PAGE_4K);
	return w->map == MAP_FAILED ? -errno : 0;
}

static int mem_mapped_and_zero(struct nth_world *w, long shift)
{
	w->file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	return w->file < 0 ? -errno : nth_mem_mapped(w, shift);
}

static int populate(struct nth_world *w, int advice)
{
	if (madvise(w->map, w->length, advice))
		return -errno;
	nth_print(&w->result, "zero: %d\n", vn_is_zero(w->map, w->length));
	return 0;
}

static int call_populate_write(struct nth_world *w, long shift)
{
	(void)shift;
	return populate(w, MADV_POPULATE_WRITE);
}

static int call_populate_read(struct nth_world *w, long shift)
{
	(void)shift;
	return populate(w, MADV_POPULATE_READ);
}

/* The kernel itself touches the page, copying. */
static int call_read_into(struct nth_world *w, long shift)
{
	ssize_t n = read(w->file, w->map, 64);

	(void)shift;
	if (n < 0)
		return -errno;
	nth_print(&w->result, "%zd, zero: %d\n", n,
		  vn_is_zero(w->map, w->length));
	return 0;
}

const struct nth_case nth_touch[] = {
	CASE("write, 2 MiB", nth_mem_mapped, call_populate_write, 21,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	CASE("write, 4 KiB", nth_mem_mapped, call_populate_write, 12,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	CASE("read, 2 MiB", nth_mem_mapped, call_populate_read, 21,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	CASE("read, 4 KiB", nth_mem_mapped, call_populate_read, 12,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	CASE("part of 2 MiB", mem_mapped_part, call_populate_write, 21,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	CASE("read(2), 2 MiB", mem_mapped_and_zero, call_read_into, 21,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	CASE("read(2), 4 KiB", mem_mapped_and_zero, call_read_into, 12,
	     .fails = NTH_PAGE, .flags = NTH_TOUCH),
	{}
};

/* The object as a file */

static int call_allocate(struct nth_world *w, long shift)
{
	return fallocate(w->mem, 0, 0, 1UL << shift) ? -errno : 0;
}

static int call_punch(struct nth_world *w, long shift)
{
	return __vn_mem_punch(w->mem, (1UL << shift) - 100, 1UL << shift);
}

/* Of one page: of two, the first alone is not a failure. */
static int call_read(struct nth_world *w, long shift)
{
	ssize_t n = pread(w->mem, w->words, 100, (1UL << shift) - 100);

	if (n < 0)
		return -errno;
	nth_print(&w->result, "%zd, zero: %d\n", n, vn_is_zero(w->words, n));
	return 0;
}

const struct nth_case nth_file[] = {
	CASE("allocate, 2 MiB", nth_mem, call_allocate, 21,
	     .fails = NTH_SLAB | NTH_PAGE, .flags = NTH_TOUCH),
	CASE("allocate, 4 KiB", nth_mem, call_allocate, 12,
	     .fails = NTH_SLAB | NTH_PAGE, .flags = NTH_TOUCH),
	CASE("punch", nth_mem_full, call_punch, 21, .flags = NTH_NEVER),
	CASE("punch, 4 KiB", nth_mem_full, call_punch, 12, .flags = NTH_NEVER),
	CASE("read", nth_mem_full, call_read, 21,
	     .fails = NTH_USERCOPY, .flags = NTH_TOUCH),
	{}
};

static int with_all(struct nth_world *w, long shift)
{
	return nth_all_bound(w, 0) ?: nth_mem_full(w, shift);
}

static int open_report(int *fd)
{
	*fd = open(NTH_REPORT, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int call_report_open(struct nth_world *w, long shift)
{
	(void)shift;
	return open_report(&w->made);
}

static int with_report(struct nth_world *w, long shift)
{
	return with_all(w, shift) ?: open_report(&w->file);
}

static int call_report_read(struct nth_world *w, long shift)
{
	char *text = (void *)w->words;
	ssize_t n = pread(w->file, text, sizeof(w->words) - 1, 0);

	(void)shift;
	if (n < 0)
		return -errno;
	text[n] = 0;
	nth_print_report(&w->result, text);
	return 0;
}

const struct nth_case nth_report[] = {
	CASE("open", with_all, call_report_open, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("read", with_report, call_report_read, 21,
	     .fails = NTH_SLAB),
	{}
};

static int closed(struct nth_world *w, long shift)
{
	int err = with_all(w, shift);

	close(w->vm);
	w->vm = -1;
	return err;
}

static int close_file(int *fd)
{
	int ret = close(*fd) ? -errno : 0;

	*fd = -1;
	return ret;
}

static int call_close_vm(struct nth_world *w, long shift)
{
	(void)shift;
	return close_file(&w->vm);
}

static int call_close_mem(struct nth_world *w, long shift)
{
	(void)shift;
	return close_file(&w->mem);
}

const struct nth_case nth_close[] = {
	CASE("VM", with_all, call_close_vm, 21,
	     .flags = NTH_NEVER),
	CASE("memory", with_all, call_close_mem, 21,
	     .flags = NTH_NEVER),
	CASE("memory after VM", closed, call_close_mem, 12,
	     .flags = NTH_NEVER),
	{}
};
