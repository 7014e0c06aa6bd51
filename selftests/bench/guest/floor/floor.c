// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel itself takes to allocate memory on a node: nobody who gets it
 * from there can be faster. To read a parameter is to measure; it is the number of
 * ticks that the bench's pages took, which are freed again.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/timex.h>

/* As in ways.c */
#define FLOOR_NODE	1
#define FLOOR_LENGTH	(64UL << 20)

static void give_back(struct list_head *pages, unsigned int order)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		__free_pages(page, order);
}

static int measure(char *buffer, unsigned int order)
{
	unsigned long nr = FLOOR_LENGTH >> PAGE_SHIFT >> order;
	cycles_t begin = get_cycles(), ticks;
	LIST_HEAD(pages);
	struct page *page;

	while (nr) {
		page = alloc_pages_node(FLOOR_NODE, GFP_HIGHUSER | __GFP_ZERO |
					__GFP_THISNODE | __GFP_COMP |
					__GFP_NOWARN, order);
		if (!page)
			break;
		list_add(&page->lru, &pages);
		nr--;
	}
	ticks = get_cycles() - begin;
	give_back(&pages, order);
	return nr ? -ENOMEM : sysfs_emit(buffer, "%llu\n", (u64)ticks);
}

static int get_2m(char *buffer, const struct kernel_param *kp)
{
	return measure(buffer, HPAGE_PMD_ORDER);
}

static int get_4k(char *buffer, const struct kernel_param *kp)
{
	return measure(buffer, 0);
}

static const struct kernel_param_ops ops_2m = { .get = get_2m };
static const struct kernel_param_ops ops_4k = { .get = get_4k };

module_param_cb(floor_2m, &ops_2m, NULL, 0400);
module_param_cb(floor_4k, &ops_4k, NULL, 0400);
MODULE_DESCRIPTION("What allocating memory on a node takes at least");
MODULE_LICENSE("GPL");
