// SPDX-License-Identifier: GPL-2.0
/*
 * Memory on a node, all of it now: as a user can have it without us, and with us;
 * and what the kernel itself takes to allocate it (floor/).
 */
#include <numaif.h>
#include <sys/ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "lib.h"
#include "ways.h"

#define LENGTH	WAYS_LENGTH
#define NODE	WAYS_NODE
#define POOL	"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
#define THP	"/sys/kernel/mm/transparent_hugepage/enabled"
#define WARM	"/sys/module/vcpunuma/parameters/warm_mem"
#define FLOOR	"/sys/module/floor/parameters/"
#define REPORT	"/sys/kernel/debug/vcpunuma/report"

static int vm;

static void write_text(const char *path, const char *text)
{
	bench_must(!__vn_write_file(path, text));
}

/* What the parts of a run took */
struct ticks {
	__u64 get;
	__u64 touch;
	__u64 free;
};

char *ways_map(int flags, int advice, char **map)
{
	unsigned long nodes = 1UL << NODE;
	char *at;

	/* Room to align, as who wants huge pages leaves it */
	*map = mmap(NULL, LENGTH + PAGE_2M, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
	bench_must(*map != MAP_FAILED);
	at = (char *)(((uintptr_t)*map + PAGE_2M - 1) & ~(PAGE_2M - 1));
	bench_must(!mbind(at, LENGTH, MPOL_BIND, &nodes, 64, 0));
	bench_must(!advice || !madvise(at, LENGTH, advice));
	return at;
}

void ways_unmap(char *map)
{
	munmap(map, LENGTH + PAGE_2M);
}

/* An anonymous mapping bound to the node; populated, or touched page by page */
static struct ticks anonymous(int flags, int advice, size_t touch)
{
	struct ticks ticks;
	char *map, *at;

	ticks.get = -bench_ticks();
	at = ways_map(flags, advice, &map);
	bench_must(touch || !madvise(at, LENGTH, MADV_POPULATE_WRITE));
	ticks.get += bench_ticks();
	ticks.touch = -bench_ticks();
	for (size_t i = 0; touch && i < LENGTH; i += touch)
		vn_touch(at + i, 1);
	ticks.touch += bench_ticks();
	ticks.free = -bench_ticks();
	ways_unmap(map);
	ticks.free += bench_ticks();
	return ticks;
}

static struct ticks anonymous_pool(size_t touch)
{
	struct ticks ticks;

	write_text(POOL, "33");
	ticks = anonymous(MAP_HUGETLB, 0, touch);
	write_text(POOL, "0");
	return ticks;
}

static __u64 by_4k(void)
{
	return anonymous(0, MADV_NOHUGEPAGE, 0).get;
}

static __u64 by_thp(void)
{
	return anonymous(0, MADV_HUGEPAGE, 0).get;
}

static __u64 by_pool(void)
{
	return anonymous_pool(0).get;
}

/* With what it takes to fill the pool */
static __u64 by_hugetlb(void)
{
	__u64 begin = bench_ticks(), ticks;

	write_text(POOL, "33");
	ticks = bench_ticks() - begin + anonymous(MAP_HUGETLB, 0, 0).get;
	write_text(POOL, "0");
	return ticks;
}

static __u64 fault_4k(void)
{
	return anonymous(0, MADV_NOHUGEPAGE, PAGE_4K).touch;
}

static __u64 fault_thp(void)
{
	return anonymous(0, MADV_HUGEPAGE, PAGE_2M).touch;
}

static __u64 fault_pool(void)
{
	return anonymous_pool(PAGE_2M).touch;
}

static __u64 free_thp(void)
{
	return anonymous(0, MADV_HUGEPAGE, 0).free;
}

static __u64 free_4k(void)
{
	return anonymous(0, MADV_NOHUGEPAGE, 0).free;
}

/* To the pool; and from there to the kernel */
static __u64 free_hugetlb(void)
{
	__u64 ticks, begin;

	write_text(POOL, "33");
	ticks = anonymous(MAP_HUGETLB, 0, 0).free;
	begin = bench_ticks();
	write_text(POOL, "0");
	return ticks + bench_ticks() - begin;
}

/* ---- Us ---- */

int ways_create(unsigned int shift, unsigned int flags)
{
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.length = LENGTH,
		.node = NODE,
		.page_shift = shift,
	};

	bench_must(!ioctl(vm, VCPUNUMA_MEM_CREATE, &cmd));
	return cmd.out_fd;
}

static struct ticks object(unsigned int shift)
{
	struct ticks ticks = { .get = -bench_ticks() };
	int mem = ways_create(shift, VCPUNUMA_MEM_POPULATE);

	ticks.get += bench_ticks();
	ticks.free = -bench_ticks();
	close(mem);
	ticks.free += bench_ticks();
	return ticks;
}

static __u64 by_us_2m(void)
{
	return object(21).get;
}

static __u64 by_us_4k(void)
{
	return object(12).get;
}

static __u64 free_us_2m(void)
{
	return object(21).free;
}

static __u64 free_us_4k(void)
{
	return object(12).free;
}

static int is_full(void)
{
	char line[256];
	FILE *report = fopen(REPORT, "r");
	int full = 0;

	bench_must(!!report);
	while (fgets(line, sizeof(line), report))
		full |= !strncmp(line, "Node 1:", 7) &&
			strstr(line, "64 MiB of it warm");
	fclose(report);
	return full;
}

/* Of pages that were cleared before */
static __u64 by_us_warm(void)
{
	__u64 ticks;

	write_text(WARM, "1:64");
	while (!is_full())
		usleep(10000);
	ticks = object(21).get;
	write_text(WARM, "0");
	return ticks;
}

static long faults(void)
{
	struct rusage usage;

	bench_must(!getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt + usage.ru_majflt;
}

/* A page of each @step bytes, of an object mapped as @map says */
static struct ticks touch(unsigned int shift, size_t step, unsigned int flags,
			  int map)
{
	int mem = ways_create(shift, flags);
	struct ticks ticks;
	char *at;

	ticks.get = -bench_ticks();
	at = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | map, mem,
		  0);
	ticks.get += bench_ticks();
	bench_must(at != MAP_FAILED);
	ticks.free = faults();
	ticks.touch = -bench_ticks();
	for (size_t i = 0; i < LENGTH; i += step)
		vn_touch(at + i, 1);
	ticks.touch += bench_ticks();
	bench_must(!(map & MAP_POPULATE) || ticks.free == (__u64)faults());
	munmap(at, LENGTH);
	close(mem);
	return ticks;
}

static __u64 touch_2m(void)
{
	return touch(21, PAGE_2M, VCPUNUMA_MEM_POPULATE, 0).touch;
}

static __u64 touch_4k(void)
{
	return touch(12, PAGE_4K, VCPUNUMA_MEM_POPULATE, 0).touch;
}

static __u64 fault_us_2m(void)
{
	return touch(21, PAGE_2M, 0, 0).touch;
}

static __u64 fault_us_4k(void)
{
	return touch(12, PAGE_4K, 0, 0).touch;
}

static __u64 map_2m(void)
{
	return touch(21, PAGE_2M, VCPUNUMA_MEM_POPULATE, MAP_POPULATE).get;
}

/* Without a fault, or it is an error */
static __u64 touch_mapped(void)
{
	return touch(21, PAGE_2M, VCPUNUMA_MEM_POPULATE, MAP_POPULATE).touch;
}

/* ---- The kernel itself: see floor/ ---- */

static __u64 floor_of(const char *path)
{
	char text[32];

	bench_must(!__vn_read_file(path, text, sizeof(text)));
	return strtoull(text, NULL, 0);
}

static __u64 floor_2m(void)
{
	return floor_of(FLOOR "floor_2m");
}

static __u64 floor_4k(void)
{
	return floor_of(FLOOR "floor_4k");
}

const struct way ways[] = {
	{ "2 MiB allocated", "alloc_pages_node, bare", floor_2m, PAGE_2M },
	{ "2 MiB allocated", "hugetlb, pool filled before", by_pool, PAGE_2M },
	{ "2 MiB allocated", "hugetlb, pool filled", by_hugetlb, PAGE_2M },
	{ "2 MiB allocated", "transparent huge pages", by_thp, PAGE_2M },
	{ "2 MiB allocated", "pages of 4 KiB", by_4k, PAGE_2M },
	{ "2 MiB allocated", "MEM_CREATE", by_us_2m, PAGE_2M },
	{ "2 MiB allocated", "MEM_CREATE, warm pool", by_us_warm, PAGE_2M },
	{ "4 KiB allocated", "alloc_pages_node, bare", floor_4k, PAGE_4K },
	{ "4 KiB allocated", "mmap, mbind, madvise", by_4k, PAGE_4K },
	{ "4 KiB allocated", "MEM_CREATE", by_us_4k, PAGE_4K },
	{ "fault that allocates 2 MiB", "hugetlb, pool filled before",
	  fault_pool, PAGE_2M },
	{ "fault that allocates 2 MiB", "transparent huge pages", fault_thp,
	  PAGE_2M },
	{ "fault that allocates 2 MiB", "memory object", fault_us_2m, PAGE_2M },
	{ "fault that allocates 4 KiB", "anonymous", fault_4k, PAGE_4K },
	{ "fault that allocates 4 KiB", "memory object", fault_us_4k, PAGE_4K },
	{ "first touch of 2 MiB", "MEM_CREATE", touch_2m, PAGE_2M },
	{ "first touch of 4 KiB", "MEM_CREATE", touch_4k, PAGE_4K },
	{ "2 MiB mapped", "mmap with MAP_POPULATE", map_2m, PAGE_2M },
	{ "first touch of that", "no fault", touch_mapped, PAGE_2M },
	{ "2 MiB freed", "hugetlb", free_hugetlb, PAGE_2M },
	{ "2 MiB freed", "transparent huge pages", free_thp, PAGE_2M },
	{ "2 MiB freed", "memory object", free_us_2m, PAGE_2M },
	{ "4 KiB freed", "anonymous", free_4k, PAGE_4K },
	{ "4 KiB freed", "memory object", free_us_4k, PAGE_4K },
};

const size_t nr_ways = ARRAY_SIZE(ways);

/* Ends the program if there can be none. */
void ways_begin(void)
{
	vm = __vn_open();
	bench_must(vm >= 0);
	write_text(THP, "madvise");
}
