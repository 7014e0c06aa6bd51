/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of 2 MiB that are zeroed before anybody wants them.
 */
#ifndef VCPUNUMA_POOL_H
#define VCPUNUMA_POOL_H

#include <linux/types.h>

struct mem_cgroup;
struct page;

int pool_init(void);
void pool_exit(void);

struct page *pool_take(u32 node, struct mem_cgroup *memcg);
bool pool_give_back(u32 node);
u64 pool_bytes(u32 node);
bool pool_poison(struct page *page);

#endif /* VCPUNUMA_POOL_H */
