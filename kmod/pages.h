/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a memory object. Numbers of pages are in units of PAGE_SIZE.
 */
#ifndef VCPUNUMA_PAGES_H
#define VCPUNUMA_PAGES_H

#include <linux/mm.h>
#include <linux/types.h>

struct mem_caller;
struct vcpunuma_mem;

/* The part of an object that one lock is for, and one page of 2 MiB */
#define CHUNK_PAGES	HPAGE_PMD_NR

struct page *pages_find(struct vcpunuma_mem *mem, pgoff_t n);
bool pages_has(struct vcpunuma_mem *mem, pgoff_t n, struct page *page);
struct page *pages_get(struct vcpunuma_mem *mem, pgoff_t n,
		       const struct mem_caller *who);
int pages_fill(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end, u32 node,
	       const struct mem_caller *who);
int pages_punch(struct vcpunuma_mem *mem, loff_t from, loff_t to);
bool pages_poison(struct vcpunuma_mem *mem, struct page *page);
void pages_undraw(struct vcpunuma_mem *mem);
void pages_free(struct vcpunuma_mem *mem);

#endif /* VCPUNUMA_PAGES_H */
