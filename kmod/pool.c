// SPDX-License-Identifier: GPL-2.0
/*
 * The warm pool: by node, pages of 2 MiB that are zeroed before anybody wants
 * them, so that a VM need not wait for that. What is in it is nobody's, and given
 * back when memory is short.
 *
 * A module cannot charge a page to a memory cgroup after it was allocated. So only
 * who is in no cgroup with a limit is served.
 */
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/wait.h>

#include "compat.h"
#include "nodes.h"
#include "pool.h"

/*
 * Of that node, if it is free: nothing is reclaimed or compacted for it, and none
 * of what the kernel keeps for itself is touched. Nobody's, hence not charged.
 */
#define POOL_GFP	((GFP_HIGHUSER | __GFP_THISNODE | __GFP_ZERO | \
			  __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NOWARN) & \
			 ~__GFP_RECLAIM)

/* How long nothing is taken from a node that has become short of memory */
#define POOL_PAUSE	(5 * HZ)

/**
 * struct pool - the warm pages of a node
 * @lock: guards @pages and @nr; a leaf
 * @pages: the pages, by their lru
 * @nr: how many
 * @cap: how many there may be; changed under pools_lock
 * @pause: in jiffies, when it may be filled again
 * @filler: the thread that fills it, or NULL; under pools_lock
 * @wait: where it waits
 */
struct pool {
	spinlock_t lock;	/* guards the pages */
	struct list_head pages;
	u64 nr;
	u64 cap;
	unsigned long pause;
	struct task_struct *filler;
	wait_queue_head_t wait;
};

/* By node id; NULL: the module is not quite loaded, or gone */
static struct pool *pools;
/* Guards who fills, and the parameter. */
static DEFINE_MUTEX(pools_lock);

/* What the parameter says: MiB for all nodes, or for some. */
static char warm_mem[256];

static struct page *pop(struct pool *pool)
{
	struct page *page;

	spin_lock(&pool->lock);
	page = list_first_entry_or_null(&pool->pages, struct page, lru);
	if (page) {
		list_del(&page->lru);
		WRITE_ONCE(pool->nr, pool->nr - 1);
	}
	spin_unlock(&pool->lock);
	return page;
}

static void push(struct pool *pool, struct page *page)
{
	spin_lock(&pool->lock);
	list_add(&page->lru, &pool->pages);
	WRITE_ONCE(pool->nr, pool->nr + 1);
	spin_unlock(&pool->lock);
}

/* Give back what is more than @keep. */
static u64 drain(struct pool *pool, u64 keep, u64 most)
{
	struct page *page;
	u64 nr = 0;

	while (nr < most && READ_ONCE(pool->nr) > keep) {
		page = pop(pool);
		if (!page)
			break;
		put_page(page);
		nr++;
		cond_resched();
	}
	return nr;
}

/* The node is short of memory: give back at most so many pages. */
static u64 shrink(struct pool *pool, u64 most)
{
	u64 nr;

	WRITE_ONCE(pool->pause, jiffies + POOL_PAUSE);
	nr = drain(pool, 0, most);
	/* It was full, and has to wait for something else from now on. */
	wake_up(&pool->wait);
	return nr;
}

/* ---- Filling ---- */

/* false: the node has none to spare now. */
static bool fill_one(struct pool *pool, u32 node)
{
	struct page *page;

	if (!node_online(node))
		return false;
	page = alloc_pages_node(node, POOL_GFP, HPAGE_PMD_ORDER);
	if (!page)
		return false;
	push(pool, page);
	return true;
}

static bool is_full(const struct pool *pool)
{
	return READ_ONCE(pool->nr) >= READ_ONCE(pool->cap);
}

/* Wait until the pool is not full, or, if the node is short of memory, a while. */
static void pool_wait(struct pool *pool)
{
	long pause = READ_ONCE(pool->pause) - jiffies;

	if (is_full(pool))
		wait_event_idle(pool->wait,
				kthread_should_stop() || !is_full(pool));
	else if (pause > 0)
		wait_event_idle_timeout(pool->wait, kthread_should_stop(),
					pause);
}

static int pool_fill(void *data)
{
	struct pool *pool = data;
	u32 node = pool - pools;

	while (!kthread_should_stop()) {
		pool_wait(pool);
		if (!is_full(pool) &&
		    time_after_eq(jiffies, READ_ONCE(pool->pause)) &&
		    !fill_one(pool, node))
			WRITE_ONCE(pool->pause, jiffies + POOL_PAUSE);
		cond_resched();
	}
	return 0;
}

static int start_filler(struct pool *pool, u32 node)
{
	const struct cpumask *cpus = cpumask_of_node(node);
	struct task_struct *task;

	task = kthread_create_on_node(pool_fill, pool, node, "vcpunuma_warm/%u",
				      node);
	if (IS_ERR(task))
		return PTR_ERR(task);
	set_user_nice(task, MAX_NICE);
	/* Of a node that has CPUs; if it fails, elsewhere is as well. */
	if (cpumask_intersects(cpus, cpu_online_mask))
		set_cpus_allowed_ptr(task, cpus);
	pool->filler = task;
	wake_up_process(task);
	return 0;
}

static int set_cap(u32 node, u64 cap)
{
	struct pool *pool = &pools[node];
	int err = 0;

	lockdep_assert_held(&pools_lock);
	WRITE_ONCE(pool->cap, cap);
	if (cap && !pool->filler)
		err = start_filler(pool, node);
	wake_up(&pool->wait);
	if (!cap && pool->filler) {
		kthread_stop(pool->filler);
		pool->filler = NULL;
	}
	drain(pool, err ? 0 : cap, U64_MAX);
	return err;
}

/**
 * pool_take - a page that is zeroed already
 * @node: of which node
 * @memcg: to whom it would have to be charged
 *
 * Return: the page, the caller's now; NULL: there is none for it.
 */
struct page *pool_take(u32 node, struct mem_cgroup *memcg)
{
	struct pool *pool = &pools[node];
	struct page *page;

	if (!READ_ONCE(pool->nr) || memcg_has_limit(memcg))
		return NULL;
	page = pop(pool);
	if (page)
		wake_up(&pool->wait);
	return page;
}

/**
 * pool_give_back - a page of the pool for who found none, to be allocated again
 * @node: the node, online
 *
 * What is warm is no less to be had than what is free. The shrinker would see to
 * that, but only if the kernel reclaims, and not before an allocation that can do
 * without has gone to another node.
 *
 * Return: was there one? Never if it is not for want of memory that none was found.
 */
bool pool_give_back(u32 node)
{
	struct pool *pool = &pools[node];

	if (!READ_ONCE(pool->nr) || node_mem(node).spare >= HPAGE_PMD_SIZE)
		return false;
	return shrink(pool, 1);
}

/** pool_bytes - how much a node's pool has */
u64 pool_bytes(u32 node)
{
	return pools ? READ_ONCE(pools[node].nr) << HPAGE_PMD_SHIFT : 0;
}

/**
 * pool_poison - the hardware found an error in a page
 * @page: the page of PAGE_SIZE
 *
 * Return: was it in the pool? Then it is not any more, nor anywhere else.
 */
bool pool_poison(struct page *page)
{
	struct page *head = compound_head(page), *other;
	struct pool *pool = &pools[page_to_nid(page)];
	bool found = false;

	spin_lock(&pool->lock);
	list_for_each_entry(other, &pool->pages, lru) {
		if (other == head) {
			list_del(&head->lru);
			WRITE_ONCE(pool->nr, pool->nr - 1);
			found = true;
			break;
		}
	}
	spin_unlock(&pool->lock);
	wake_up(&pool->wait);
	return found;
}

/* ---- Shrinking ---- */

static unsigned long pool_count(struct shrinker *s, struct shrink_control *sc)
{
	return READ_ONCE(pools[sc->nid].nr) * HPAGE_PMD_NR ?: SHRINK_EMPTY;
}

static unsigned long pool_scan(struct shrinker *s, struct shrink_control *sc)
{
	u64 nr = shrink(&pools[sc->nid],
			DIV_ROUND_UP(sc->nr_to_scan, HPAGE_PMD_NR));

	sc->nr_scanned = nr * HPAGE_PMD_NR;
	return nr ? nr * HPAGE_PMD_NR : SHRINK_STOP;
}

static struct shrinker *pool_shrinker;

/* ---- The parameter ---- */

static int parse_mib(const char *text, u64 *pages)
{
	unsigned int mib;
	int err = kstrtouint(text, 10, &mib);

	if (!err)
		*pages = ((u64)mib * SZ_1M) >> HPAGE_PMD_SHIFT;
	return err;
}

/* "NODE:MIB" */
static int parse_node(char *text, u64 *caps)
{
	char *mib = text;
	unsigned int node;
	int err;

	strsep(&mib, ":");
	if (!mib)
		return -EINVAL;
	err = kstrtouint(text, 10, &node);
	if (err)
		return err;
	if (node >= nr_node_ids || !node_state(node, N_MEMORY))
		return -ENODEV;
	return parse_mib(mib, &caps[node]);
}

/* "MIB", "NODE:MIB,NODE:MIB" or nothing, which is lost; @caps by node id */
static int parse(char *text, u64 *caps)
{
	u64 each = 0;
	char *item;
	u32 node;
	int err = 0;

	if (!*text)
		return 0;
	if (!strchr(text, ':')) {
		err = parse_mib(text, &each);
		for_each_node_state(node, N_MEMORY)
			caps[node] = each;
		return err;
	}
	while (!err && (item = strsep(&text, ",")))
		err = parse_node(item, caps);
	return err;
}

/* Do as the parameter's text says; all of it or nothing, but for lack of memory. */
static int apply(const char *text)
{
	char copy[sizeof(warm_mem)];
	u32 node;
	u64 *caps;
	int err, late;

	lockdep_assert_held(&pools_lock);
	caps = kvcalloc(nr_node_ids, sizeof(*caps), GFP_KERNEL);
	if (!caps)
		return -ENOMEM;
	strscpy(copy, text, sizeof(copy));
	err = parse(copy, caps);
	for (node = 0; !err && node < nr_node_ids; node++) {
		late = set_cap(node, caps[node]);
		err = err ?: late;
	}
	kvfree(caps);
	return err;
}

static int warm_mem_set(const char *val, const struct kernel_param *kp)
{
	char buffer[sizeof(warm_mem)], *text;
	int err = 0;

	if (strscpy(buffer, val, sizeof(buffer)) < 0)
		return -ENOSPC;
	text = strim(buffer);
	mutex_lock(&pools_lock);
	if (pools)
		err = apply(text);
	if (!err)
		strscpy(warm_mem, text, sizeof(warm_mem));
	mutex_unlock(&pools_lock);
	return err;
}

static int warm_mem_get(char *buffer, const struct kernel_param *kp)
{
	int len;

	mutex_lock(&pools_lock);
	len = sysfs_emit(buffer, "%s\n", warm_mem);
	mutex_unlock(&pools_lock);
	return len;
}

static const struct kernel_param_ops warm_mem_ops = {
	.set = warm_mem_set,
	.get = warm_mem_get,
};

module_param_cb(warm_mem, &warm_mem_ops, NULL, 0644);
MODULE_PARM_DESC(warm_mem, "MiB of 2 MiB pages kept zeroed on each node, or NODE:MiB,NODE:MiB (default none)");

/* ---- Load and unload ---- */

static void stop_all(void)
{
	u32 node;

	lockdep_assert_held(&pools_lock);
	for (node = 0; node < nr_node_ids; node++)
		set_cap(node, 0);
}

int __init pool_init(void)
{
	u32 node;
	int err;

	pools = kvcalloc(nr_node_ids, sizeof(*pools), GFP_KERNEL);
	if (!pools)
		return -ENOMEM;
	for (node = 0; node < nr_node_ids; node++) {
		spin_lock_init(&pools[node].lock);
		INIT_LIST_HEAD(&pools[node].pages);
		init_waitqueue_head(&pools[node].wait);
		pools[node].pause = jiffies;
	}
	pool_shrinker = shrinker_create("vcpunuma-warm", pool_count, pool_scan);
	if (!pool_shrinker) {
		kvfree(pools);
		pools = NULL;
		return -ENOMEM;
	}
	mutex_lock(&pools_lock);
	err = apply(warm_mem);
	mutex_unlock(&pools_lock);
	if (err)
		pool_exit();
	return err;
}

void pool_exit(void)
{
	shrinker_destroy(pool_shrinker);
	mutex_lock(&pools_lock);
	stop_all();
	kvfree(pools);
	pools = NULL;
	mutex_unlock(&pools_lock);
}
