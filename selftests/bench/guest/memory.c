// SPDX-License-Identifier: GPL-2.0
/*
 * Memory on a node, all of it now: as a user can have it without us, and with
 * us. A virtual machine's memory is on a node that is not the one it is asked
 * for from, which makes no difference to the number of instructions.
 */
#include <numaif.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "bench.h"
#include "lib.h"

#define RUNS	5
#define LENGTH	(64 * MIB)
#define NODE	1
#define POOL	"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
#define THP	"/sys/kernel/mm/transparent_hugepage/enabled"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

static int vm;

static void write_text(const char *path, const char *text)
{
	bench_must(!__vn_write_file(path, text));
}

/* An anonymous mapping, bound to the node and populated */
static __u64 anonymous(int flags, int advice)
{
	unsigned long nodes = 1UL << NODE;
	char *map, *at;
	__u64 begin, end;

	begin = bench_ticks();
	/* Room to align, as who wants huge pages leaves it */
	map = mmap(NULL, LENGTH + PAGE_2M, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
	bench_must(map != MAP_FAILED);
	at = (char *)(((uintptr_t)map + PAGE_2M - 1) & ~(PAGE_2M - 1));
	bench_must(!mbind(at, LENGTH, MPOL_BIND, &nodes, 64, 0));
	bench_must(!advice || !madvise(at, LENGTH, advice));
	bench_must(!madvise(at, LENGTH, MADV_POPULATE_WRITE));
	end = bench_ticks();
	munmap(map, LENGTH + PAGE_2M);
	return end - begin;
}

static __u64 by_4k(void)
{
	return anonymous(0, MADV_NOHUGEPAGE);
}

static __u64 by_thp(void)
{
	return anonymous(0, MADV_HUGEPAGE);
}

static __u64 by_pool(void)
{
	__u64 ticks;

	write_text(POOL, "33");
	ticks = anonymous(MAP_HUGETLB, 0);
	write_text(POOL, "0");
	return ticks;
}

/* With what it takes to fill the pool */
static __u64 by_hugetlb(void)
{
	__u64 begin = bench_ticks(), ticks;

	write_text(POOL, "33");
	ticks = bench_ticks() - begin + anonymous(MAP_HUGETLB, 0);
	write_text(POOL, "0");
	return ticks;
}

static int create(unsigned int shift)
{
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.flags = VCPUNUMA_MEM_POPULATE,
		.length = LENGTH,
		.node = NODE,
		.page_shift = shift,
	};

	bench_must(!ioctl(vm, VCPUNUMA_MEM_CREATE, &cmd));
	return cmd.out_fd;
}

static __u64 by_us(unsigned int shift)
{
	__u64 begin = bench_ticks(), end;
	int mem = create(shift);

	end = bench_ticks();
	close(mem);
	return end - begin;
}

static __u64 by_us_2m(void)
{
	return by_us(21);
}

static __u64 by_us_4k(void)
{
	return by_us(12);
}

/* A page of each two MiB, in what is there already */
static __u64 touch(unsigned int shift, size_t step)
{
	int mem = create(shift);
	char *at = __vn_map(mem, LENGTH);
	__u64 begin, end;

	bench_must(at != MAP_FAILED);
	begin = bench_ticks();
	for (size_t i = 0; i < LENGTH; i += step)
		vn_touch(at + i, 1);
	end = bench_ticks();
	munmap(at, LENGTH);
	close(mem);
	return end - begin;
}

static __u64 touch_2m(void)
{
	return touch(21, PAGE_2M);
}

static __u64 touch_4k(void)
{
	return touch(12, PAGE_4K);
}

static const struct {
	const char *what;
	const char *who;
	__u64 (*run)(void);
	size_t page;
} ways[] = {
	{ "2 MiB allocated", "hugetlb, pool filled before", by_pool, PAGE_2M },
	{ "2 MiB allocated", "hugetlb, pool filled", by_hugetlb, PAGE_2M },
	{ "2 MiB allocated", "transparent huge pages", by_thp, PAGE_2M },
	{ "2 MiB allocated", "pages of 4 KiB", by_4k, PAGE_2M },
	{ "2 MiB allocated", "MEM_CREATE", by_us_2m, PAGE_2M },
	{ "4 KiB allocated", "mmap, mbind, madvise", by_4k, PAGE_4K },
	{ "4 KiB allocated", "MEM_CREATE", by_us_4k, PAGE_4K },
	{ "first touch of 2 MiB", "MEM_CREATE", touch_2m, PAGE_2M },
	{ "first touch of 4 KiB", "MEM_CREATE", touch_4k, PAGE_4K },
};

int main(void)
{
	vm = __vn_open();
	bench_must(vm >= 0);
	write_text(THP, "madvise");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct bench_least least = {};

		while (least.runs < RUNS)
			bench_run(&least, ways[i].run());
		bench_result("memory", ways[i].what, ways[i].who,
			     (double)least.ticks * ways[i].page / LENGTH,
			     "instructions");
	}
	return 0;
}
