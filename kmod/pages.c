// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of a memory object: allocated, found, given back, counted.
 *
 * As in the page cache, a page is found without a lock. It is there for sure once
 * it is locked and still found: who removes a page takes it out first, and then
 * locks it to unmap it.
 */
#include <linux/highmem.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/vcpunuma.h>
#include <linux/xarray.h>

#include "booking.h"
#include "compat.h"
#include "layout.h"
#include "mem.h"
#include "pages.h"
#include "pool.h"
#include "trace.h"

/*
 * Of that node or none. It is worth some reclaim and compaction, but nobody is to
 * be killed for it. Within the cpuset of who touches it, and not movable: nobody
 * but us knows how to move it.
 */
#define PAGES_GFP	(GFP_HIGHUSER | __GFP_THISNODE | __GFP_ZERO | \
			 __GFP_ACCOUNT | __GFP_COMP | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOWARN)
#define ENTRY_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOWARN)

/* If there may be one on another node: what this one has free, for a start. */
#define LIGHT_GFP	((PAGES_GFP | __GFP_NORETRY) & \
			 ~(__GFP_DIRECT_RECLAIM | __GFP_RETRY_MAYFAIL))

/* Pages of PAGE_SIZE that are allocated, then entered, at a time */
#define BATCH		64

/* What is remembered of a page */
#define MARK_BACKED	XA_MARK_0	/* it was reserved */
#define MARK_REMOTE	XA_MARK_1	/* it is not where it was wanted first */
#define MARK_BOUNDED	XA_MARK_2	/* its range counts it as such */

static struct mutex *chunk_lock(struct vcpunuma_mem *mem, pgoff_t n)
{
	return &mem->locks[n / CHUNK_PAGES % MEM_LOCKS];
}

static pgoff_t page_start(struct page *page, pgoff_t n)
{
	return round_down(n, compound_nr(page));
}

/**
 * pages_find - a page, if it is there
 * @mem: the object
 * @n: its number
 *
 * Return: the page, or the part of PAGE_SIZE that has this number, referenced; or
 * NULL. It may have been removed meanwhile.
 */
struct page *pages_find(struct vcpunuma_mem *mem, pgoff_t n)
{
	XA_STATE(xas, &mem->pages, n);
	struct page *page;

	rcu_read_lock();
	for (;;) {
		xas_reset(&xas);
		page = xas_load(&xas);
		if (xas_retry(&xas, page))
			continue;
		if (!page)
			break;
		if (!get_page_unless_zero(page))
			continue;
		if (page == xas_reload(&xas))
			break;
		put_page(page);
	}
	rcu_read_unlock();
	return page ? page + (n - page_start(page, n)) : NULL;
}

/** pages_has - is it still there? @page was found, and is locked */
bool pages_has(struct vcpunuma_mem *mem, pgoff_t n, struct page *page)
{
	return xa_load(&mem->pages, n) == compound_head(page);
}

/* ---- Counts ---- */

/* May so much be taken from what the VM reserved on the node? */
static bool back(struct vcpunuma_mem *mem, u32 node, u64 bytes)
{
	struct mem_node *n = &mem->nodes[node];

	if (!mem->reserved)
		return false;
	if (atomic64_add_return(bytes, &n->backed) <= n->drawn)
		return true;
	atomic64_sub(bytes, &n->backed);
	return false;
}

static void count(struct vcpunuma_mem *mem, u32 node, s64 bytes)
{
	atomic64_add(bytes, &mem->nodes[node].bytes);
	books_allocate(node, bytes);
}

/* Is it in the stead of a larger one? */
static bool stands_in(const struct vcpunuma_mem *mem, unsigned int order)
{
	return order < mem->shift - PAGE_SHIFT;
}

/* ---- Allocation ---- */

/**
 * struct want - a page that is wanted
 * @n: its number
 * @order: log2 of its size, in units of PAGE_SIZE
 * @policy: that of its number
 * @mbind: was it made by mbind(2)?
 * @home: the node it is wanted on first
 * @at_home: may it be there?
 * @who: for whom it is
 */
struct want {
	pgoff_t n;
	unsigned int order;
	struct mem_policy *policy;
	bool mbind;
	u32 home;
	bool at_home;
	const struct mem_caller *who;
};

/* The policy is that of the first byte of the 2 MiB or 4 KiB that @n is in. */
static void want_init(struct want *w, struct vcpunuma_mem *mem, pgoff_t n,
		      unsigned int order, const struct mem_caller *who)
{
	pgoff_t start = round_down(n, 1UL << (mem->shift - PAGE_SHIFT));

	w->n = order ? start : n;
	w->order = order;
	w->policy = layout_at(&mem->layout, start, &w->mbind);
	w->home = layout_home(&mem->layout, w->policy, start, who);
	w->at_home = w->home != VCPUNUMA_NONE &&
		     node_isset(w->home, who->allowed) &&
		     node_isset(w->home, mem->layout.allowed);
	w->who = who;
}

/*
 * Does the node have so much for the object? What others have reserved is theirs,
 * also if the object is of what its own VM has reserved: of that it has so much of
 * each node and no more, but policies send pages anywhere.
 */
static bool may_have(struct vcpunuma_mem *mem, u32 node, u64 bytes)
{
	struct mem_node *n = &mem->nodes[node];

	if (mem->reserved && atomic64_read(&n->backed) + bytes <= n->drawn)
		return true;
	return booking_spares(node, bytes);
}

/* It has been seen that the node has so much for the object. */
static struct page *alloc_granted(u32 node, unsigned int order, gfp_t gfp)
{
	struct page *page;

	/* The kernel logs a trace for a node that has gone. */
	do {
		page = node_online(node) ? alloc_pages_node(node, gfp, order) :
					   NULL;
	} while (!page && pool_give_back(node) && !fatal_signal_pending(current));
	return page;
}

static struct page *alloc_on(struct vcpunuma_mem *mem, u32 node,
			     unsigned int order, gfp_t gfp)
{
	struct page *page = NULL;

	if (!node_online(node) || !may_have(mem, node, PAGE_SIZE << order))
		return NULL;
	if (order == HPAGE_PMD_ORDER)
		page = pool_take(node, mem->memcg);
	return page ?: alloc_granted(node, order, gfp);
}

/* Of that node, by smaller ones if that will do: then only the one wanted. */
static struct page *alloc_any_size(struct vcpunuma_mem *mem, struct want *w,
				   u32 node, gfp_t gfp)
{
	struct page *page = alloc_on(mem, node, w->order, gfp);

	if (page || !w->order || !mem->small)
		return page;
	page = alloc_on(mem, node, 0, gfp);
	if (page)
		w->order = 0;
	return page;
}

/* The bound on what may be remote: false: it is reached. */
static bool go_remote(const struct want *w, u64 bytes)
{
	struct mem_policy *p = w->policy;

	if (p->room == S64_MAX)
		return true;
	if (atomic64_add_return(bytes, &p->remote) <= p->room)
		return true;
	atomic64_sub(bytes, &p->remote);
	return false;
}

static void come_back(const struct want *w, u64 bytes)
{
	if (w->policy->room != S64_MAX)
		atomic64_sub(bytes, &w->policy->remote);
}

static struct page *alloc_remote(struct vcpunuma_mem *mem, struct want *w,
				 gfp_t gfp)
{
	nodemask_t tried = nodemask_of_node(w->home);
	u64 bytes = PAGE_SIZE << w->order;
	struct page *page;
	u32 node;

	if (!go_remote(w, bytes))
		return NULL;
	for (;;) {
		node = layout_next(&mem->layout, w->policy, w->home, w->who,
				   &tried);
		if (node == VCPUNUMA_NONE)
			break;
		page = alloc_any_size(mem, w, node, gfp);
		if (page) {
			come_back(w, bytes - (PAGE_SIZE << w->order));
			return page;
		}
	}
	come_back(w, bytes);
	return NULL;
}

/* From home, or from where the policy goes next. */
static struct page *alloc_anywhere(struct vcpunuma_mem *mem, struct want *w,
				   gfp_t gfp)
{
	struct page *page = NULL;

	if (w->at_home)
		page = alloc_any_size(mem, w, w->home, gfp);
	return page ?: alloc_remote(mem, w, gfp);
}

/* A page for a number, or a smaller one: then @w says so. */
static struct page *alloc_wanted(struct vcpunuma_mem *mem, struct want *w)
{
	struct page *page;

	if (w->home == VCPUNUMA_NONE || !(w->at_home || w->policy->spills))
		return ERR_PTR(-EPERM);
	if (!w->policy->spills)
		page = alloc_any_size(mem, w, w->home, PAGES_GFP);
	else
		page = alloc_anywhere(mem, w, LIGHT_GFP) ?:
		       alloc_anywhere(mem, w, PAGES_GFP);
	return page ?: ERR_PTR(-ENOMEM);
}

/* Nothing of it was entered. */
static void unwant(const struct want *w, struct page *page)
{
	if (page_to_nid(page) != w->home)
		come_back(w, PAGE_SIZE << compound_order(page));
	put_page(page);
}

/* The page has been entered at @xas: what is known of it. */
static void entered(struct vcpunuma_mem *mem, struct xa_state *xas,
		    const struct want *w, struct page *page)
{
	u32 node = page_to_nid(page);
	u64 bytes = PAGE_SIZE << w->order;

	if (back(mem, node, bytes)) {
		xas_set_mark(xas, MARK_BACKED);
		booking_populate(node, bytes);
	}
	if (node != w->home) {
		xas_set_mark(xas, MARK_REMOTE);
		atomic64_add(bytes, &mem->remote);
		if (w->policy->room != S64_MAX)
			xas_set_mark(xas, MARK_BOUNDED);
	}
	if (stands_in(mem, w->order))
		atomic64_add(bytes, &mem->standin);
}

/* To be told when nothing is locked but the chunk */
static void tell(struct vcpunuma_mem *mem, const struct want *w,
		 const struct page *page)
{
	u32 node = page_to_nid(page);

	if (node != w->home)
		trace_vcpunuma_mem_remote(mem, w->n, w->home, node, w->order);
	if (stands_in(mem, w->order))
		trace_vcpunuma_mem_small(mem, w->n, node);
}

/* Enter one page. On failure it is given back. */
static int enter(struct vcpunuma_mem *mem, const struct want *w,
		 struct page *page)
{
	XA_STATE_ORDER(xas, &mem->pages, w->n, w->order);

	/*
	 * Newer kernels map it as 2 MiB only if it ends within the file. Unless
	 * told where it is, they go by where its last user had it.
	 */
	page_folio(page)->index = w->n;
	do {
		xas_lock(&xas);
		xas_store(&xas, page);
		if (!xas_error(&xas))
			entered(mem, &xas, w, page);
		xas_unlock(&xas);
	} while (xas_nomem(&xas, ENTRY_GFP));
	if (xas_error(&xas)) {
		unwant(w, page);
		return xas_error(&xas);
	}
	count(mem, page_to_nid(page), PAGE_SIZE << w->order);
	tell(mem, w, page);
	return 0;
}

/* The first page there is in the chunk that number @n is in, or NULL */
static struct page *chunk_first(struct vcpunuma_mem *mem, pgoff_t n)
{
	unsigned long at = round_down(n, CHUNK_PAGES);

	return xa_find(&mem->pages, &at, at + CHUNK_PAGES - 1, XA_PRESENT);
}

/*
 * Allocate a page for number @n and enter it, under its lock. It has the size of
 * the object's pages, or is small.
 */
static int add_page(struct vcpunuma_mem *mem, pgoff_t n,
		    const struct mem_caller *who)
{
	unsigned int order = mem->shift - PAGE_SHIFT;
	struct page *page;
	struct want w;

	if (order && chunk_first(mem, n))
		order = 0;
	want_init(&w, mem, n, order, who);
	page = alloc_wanted(mem, &w);
	if (IS_ERR(page))
		return PTR_ERR(page);
	if (!w.order)
		w.n = n;
	return enter(mem, &w, page);
}

/**
 * pages_get - a page, allocated if it is not there
 * @mem: the object
 * @n: its number
 * @who: who touches it
 *
 * Return: as pages_find(); or ERR_PTR() of -ENOMEM; -EPERM: the cpuset forbids
 * the nodes it may be on; -EINTR: a fatal signal.
 */
struct page *pages_get(struct vcpunuma_mem *mem, pgoff_t n,
		       const struct mem_caller *who)
{
	struct page *page = pages_find(mem, n);
	struct mutex *lock = chunk_lock(mem, n);
	struct mem_cgroup *old;
	int err = 0;

	if (page)
		return page;
	if (mutex_lock_killable(lock))
		return ERR_PTR(-EINTR);
	page = pages_find(mem, n);
	if (!page) {
		old = set_active_memcg(mem->memcg);
		err = add_page(mem, n, who);
		set_active_memcg(old);
		if (!err)
			page = pages_find(mem, n);
	}
	mutex_unlock(lock);
	return err ? ERR_PTR(err) : page;
}

/* ---- Many at once ---- */

/**
 * struct batch - pages of PAGE_SIZE that are wanted on the same node
 * @want: of the first; the others have the numbers that follow
 * @page: the pages
 * @nr: how many
 * @plain: there is nothing to be remembered of any
 */
struct batch {
	struct want want;
	struct page *page[BATCH];
	u32 nr;
	bool plain;
};

/*
 * Is it for others than who fills @node? A page that has no home is for anybody,
 * to hear that it cannot be had.
 */
static bool for_others(const struct want *w, u32 node)
{
	return node != VCPUNUMA_NONE && w->home != VCPUNUMA_NONE &&
	       w->home != node;
}

/* How many numbers from @first on, up to @end, have no page? */
static u32 absent(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end)
{
	unsigned long at = first;

	end = min(end, first + BATCH);
	if (xa_find(&mem->pages, &at, end - 1, XA_PRESENT))
		end = at;
	return end - first;
}

/* A page of a batch, which may have its home */
static struct page *batch_page(struct vcpunuma_mem *mem, struct want *w)
{
	/* As a rule there is but one node to ask. */
	if (w->at_home && !w->policy->spills)
		return alloc_granted(w->home, 0, PAGES_GFP) ?: ERR_PTR(-ENOMEM);
	return alloc_wanted(mem, w);
}

/*
 * Allocate at most @nr pages that are to be on @node first, or on any: as long as
 * they have the policy and the home of the first, and are there. None of them is
 * counted before all are allocated: so whether they may be is asked at once.
 */
static int batch_alloc(struct vcpunuma_mem *mem, struct batch *b, pgoff_t first,
		       u32 nr, u32 node, const struct mem_caller *who)
{
	struct page *page;
	struct want w;

	b->nr = 0;
	want_init(&b->want, mem, first, 0, who);
	if (for_others(&b->want, node))
		return 0;
	nr = min_t(pgoff_t, nr, layout_alike(&mem->layout, b->want.policy,
					     b->want.mbind, first));
	b->plain = !mem->reserved && !stands_in(mem, 0);
	w = b->want;
	/* Hardly any left: one by one, as for a page that is touched. */
	if (nr > 1 && (!w.at_home ||
		       !may_have(mem, w.home, (u64)nr << PAGE_SHIFT)))
		nr = 1;
	for (; b->nr < nr; w.n++) {
		page = nr > 1 ? batch_page(mem, &w) : alloc_wanted(mem, &w);
		if (IS_ERR(page))
			return PTR_ERR(page);
		b->page[b->nr++] = page;
		if (page_to_nid(page) != w.home) {
			b->plain = false;
			break;
		}
	}
	return 0;
}

/* Count the first @nr, and tell of them. */
static void batch_count(struct vcpunuma_mem *mem, struct batch *b, u32 nr)
{
	struct want w = b->want;
	u32 i;

	if (b->plain) {
		count(mem, w.home, (s64)nr << PAGE_SHIFT);
		return;
	}
	for (i = 0; i < nr; i++, w.n++) {
		count(mem, page_to_nid(b->page[i]), PAGE_SIZE);
		tell(mem, &w, b->page[i]);
	}
}

/* Enter all of them, or as many as can be: then the others are given back. */
static int batch_enter(struct vcpunuma_mem *mem, struct batch *b)
{
	XA_STATE(xas, &mem->pages, b->want.n);
	u32 i, nr = 0;

	do {
		xas_lock(&xas);
		for (; nr < b->nr; nr++) {
			page_folio(b->page[nr])->index = b->want.n + nr;
			xas_store(&xas, b->page[nr]);
			if (xas_error(&xas))
				break;
			if (!b->plain)
				entered(mem, &xas, &b->want, b->page[nr]);
			xas_next(&xas);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, ENTRY_GFP));
	batch_count(mem, b, nr);
	for (i = nr; i < b->nr; i++)
		unwant(&b->want, b->page[i]);
	return nr < b->nr ? xas_error(&xas) : 0;
}

static int fill_small(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end,
		      u32 node, const struct mem_caller *who)
{
	int err = 0, late;
	struct batch b;
	u32 nr;

	while (first < end && !err) {
		if (fatal_signal_pending(current))
			return -EINTR;
		nr = absent(mem, first, end);
		err = batch_alloc(mem, &b, first, nr, node, who);
		late = b.nr ? batch_enter(mem, &b) : 0;
		err = err ?: late;
		first += b.nr ?: 1;
		cond_resched();
	}
	return err;
}

/* The 2 MiB page of the empty chunk @n is in; *@err: 0: done, or it is not for this node */
static bool fill_large(struct vcpunuma_mem *mem, pgoff_t n, u32 node,
		       const struct mem_caller *who, int *err)
{
	struct page *page;
	struct want w;

	*err = 0;
	want_init(&w, mem, n, mem->shift - PAGE_SHIFT, who);
	if (for_others(&w, node))
		return true;
	page = alloc_wanted(mem, &w);
	*err = PTR_ERR_OR_ZERO(page);
	if (!*err)
		*err = enter(mem, &w, page);
	/* A small one: the rest of the chunk is still to be filled. */
	return *err || w.order;
}

static int fill_chunk(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end,
		      u32 node, const struct mem_caller *who)
{
	struct page *page;
	int err;

	if (mem->shift != PAGE_SHIFT) {
		page = chunk_first(mem, first);
		if (page && compound_order(page))
			return 0;
		if (!page && fill_large(mem, first, node, who, &err))
			return err;
	}
	return fill_small(mem, first, end, node, who);
}

/**
 * pages_fill - allocate pages that are not there
 * @mem: the object
 * @first: number of the first
 * @end: number after the last; both in one chunk of CHUNK_PAGES
 * @node: only those wanted on this node first; or VCPUNUMA_NONE: all
 * @who: for whom
 *
 * Return: 0; or as pages_get(): then some of them may be there.
 */
int pages_fill(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end, u32 node,
	       const struct mem_caller *who)
{
	struct mutex *lock = chunk_lock(mem, first);
	struct mem_cgroup *old;
	int err;

	if (mutex_lock_killable(lock))
		return -EINTR;
	old = set_active_memcg(mem->memcg);
	err = fill_chunk(mem, first, end, node, who);
	set_active_memcg(old);
	mutex_unlock(lock);
	return err;
}

/* ---- Giving back ---- */

/*
 * Has some part of it an error? The kernel marks that part at once, the page as a
 * whole may not be marked yet.
 */
static bool is_poisoned(struct page *page)
{
	u32 i, nr = compound_nr(page);

	if (nr > 1 && page_has_hwpoisoned(page))
		return true;
	for (i = 0; i < nr; i++)
		if (PageHWPoison(page + i))
			return true;
	return false;
}

/* The errors that were found in a page do not concern the object any more. */
static void forget_errors(struct vcpunuma_mem *mem, pgoff_t n,
			  struct page *page)
{
	pgoff_t end = n + compound_nr(page);

	for (; n < end; n++)
		if (xa_erase(&mem->errors, n))
			atomic64_sub(PAGE_SIZE, &mem->lost);
}

/* What the object has of a page that is not in it any more ends. */
static void discard(struct vcpunuma_mem *mem, pgoff_t n, struct page *page)
{
	count(mem, page_to_nid(page),
	      -(s64)(PAGE_SIZE << compound_order(page)));
	if (!is_poisoned(page)) {
		put_page(page);
		return;
	}
	/* One with an error must not be given to anybody: it is not freed. */
	forget_errors(mem, n, page);
}

static void unentered(struct vcpunuma_mem *mem, struct xa_state *xas,
		      pgoff_t n, struct page *page)
{
	s64 bytes = PAGE_SIZE << compound_order(page);
	u32 node = page_to_nid(page);

	if (xas_get_mark(xas, MARK_BACKED) && mem->reserved) {
		atomic64_sub(bytes, &mem->nodes[node].backed);
		booking_populate(node, -bytes);
	}
	if (xas_get_mark(xas, MARK_REMOTE))
		atomic64_sub(bytes, &mem->remote);
	if (xas_get_mark(xas, MARK_BOUNDED))
		atomic64_sub(bytes, &layout_created(&mem->layout, n)->remote);
	if (stands_in(mem, compound_order(page)))
		atomic64_sub(bytes, &mem->standin);
}

/* Take a page out of the object, and from all who have mapped it. */
static void remove(struct vcpunuma_mem *mem, pgoff_t n, struct page *page)
{
	XA_STATE_ORDER(xas, &mem->pages, n, compound_order(page));

	xas_lock(&xas);
	xas_load(&xas);
	unentered(mem, &xas, n, page);
	xas_store(&xas, NULL);
	xas_unlock(&xas);
	lock_page(page);
	unmap_mapping_pages(mem->mapping, n, compound_nr(page), false);
	unlock_page(page);
	discard(mem, n, page);
}

/*
 * Bytes from @from to @to of a page that begins at byte @start are 0, but for
 * those in which there is an error: nobody can read them.
 */
static void clear_part(struct page *page, loff_t start, loff_t from, loff_t to)
{
	loff_t at = max(from, start);
	loff_t end = min_t(loff_t, to, start + page_size(page));

	lock_page(page);
	for (; at < end; at = round_down(at, PAGE_SIZE) + PAGE_SIZE) {
		loff_t next = min_t(loff_t, end,
				    round_down(at, PAGE_SIZE) + PAGE_SIZE);
		struct page *part = page + ((at - start) >> PAGE_SHIFT);

		if (!PageHWPoison(part))
			memzero_page(part, offset_in_page(at), next - at);
		cond_resched();
	}
	unlock_page(page);
}

/* The first page at or after number *@n and before @end is done with. */
static bool punch_next(struct vcpunuma_mem *mem, unsigned long *n, pgoff_t end,
		       loff_t from, loff_t to)
{
	struct page *page;
	loff_t start;

	page = xa_find(&mem->pages, n, end - 1, XA_PRESENT);
	if (!page)
		return false;
	*n = page_start(page, *n);
	start = (loff_t)*n << PAGE_SHIFT;
	if (start >= from && start + page_size(page) <= to)
		remove(mem, *n, page);
	else
		clear_part(page, start, from, to);
	*n += compound_nr(page);
	return true;
}

static int punch_chunk(struct vcpunuma_mem *mem, pgoff_t first, pgoff_t end,
		       loff_t from, loff_t to)
{
	struct mutex *lock = chunk_lock(mem, first);
	unsigned long n = first;

	if (mutex_lock_killable(lock))
		return -EINTR;
	while (n < end && punch_next(mem, &n, end, from, to))
		cond_resched();
	mutex_unlock(lock);
	return 0;
}

/**
 * pages_punch - give back whole pages, clear what is of others
 * @mem: the object
 * @from: first byte
 * @to: byte after the last, within the object
 *
 * Return: 0; -EINTR: a fatal signal.
 */
int pages_punch(struct vcpunuma_mem *mem, loff_t from, loff_t to)
{
	unsigned long n = from >> PAGE_SHIFT;
	pgoff_t end = DIV_ROUND_UP_ULL(to, PAGE_SIZE);
	int err;

	/* From one that is there to the next, so that holes cost nothing. */
	while (n < end && xa_find(&mem->pages, &n, end - 1, XA_PRESENT)) {
		pgoff_t chunk_end = round_down(n, CHUNK_PAGES) + CHUNK_PAGES;

		if (fatal_signal_pending(current))
			return -EINTR;
		err = punch_chunk(mem, n, min(end, chunk_end), from, to);
		if (err)
			return err;
		n = chunk_end;
		cond_resched();
	}
	return 0;
}

/* ---- Errors of the hardware ---- */

/* The number of a page of the object; false: it has none. */
static bool number_of(struct vcpunuma_mem *mem, struct page *page,
		      unsigned long *n)
{
	struct page *head = compound_head(page), *other;
	unsigned long at;

	xa_for_each(&mem->pages, at, other) {
		if (other == head) {
			*n = page_start(head, at) + (page - head);
			return true;
		}
		cond_resched();
	}
	return false;
}

/* The page is the object's, whose part of it is locked. */
static void poison(struct vcpunuma_mem *mem, pgoff_t n, struct page *page)
{
	struct page *head = compound_head(page);
	int err;

	lock_page(head);
	if (compound_order(head))
		page_set_has_hwpoisoned(head);
	unmap_mapping_pages(mem->mapping, page_start(head, n),
			    compound_nr(head), false);
	unlock_page(head);
	/* The kernel may tell of it more than once. */
	err = xa_insert(&mem->errors, n, xa_mk_value(0), GFP_KERNEL);
	if (err)
		return;
	atomic64_add(PAGE_SIZE, &mem->lost);
	trace_vcpunuma_mem_lost(mem, n, page_to_nid(page));
}

/**
 * pages_poison - the hardware found an error in a page
 * @mem: the object
 * @page: the page of PAGE_SIZE
 *
 * It is unmapped from all who have it; the fault handler keeps them from it.
 *
 * Return: was it one of this object?
 */
bool pages_poison(struct vcpunuma_mem *mem, struct page *page)
{
	bool ours;
	unsigned long n;

	if (!number_of(mem, page, &n))
		return false;
	mutex_lock(chunk_lock(mem, n));
	ours = pages_has(mem, n, page);
	if (ours)
		poison(mem, n, page);
	mutex_unlock(chunk_lock(mem, n));
	return ours;
}

/* ---- The end ---- */

/* None of what the VM reserved is pages of this object any more. */
static void unback_all(struct vcpunuma_mem *mem)
{
	u32 node;

	for (node = 0; node < nr_node_ids; node++)
		booking_populate(node,
				 -atomic64_read(&mem->nodes[node].backed));
}

/**
 * pages_undraw - the object is not of what its VM reserved any more
 * @mem: the object, whose VM is locked
 */
void pages_undraw(struct vcpunuma_mem *mem)
{
	int i;

	/* No page is counted one way and undone the other. */
	for (i = 0; i < MEM_LOCKS; i++)
		mutex_lock_nest_lock(&mem->locks[i], &mem->vm->lock);
	mem->reserved = false;
	unback_all(mem);
	for (i = 0; i < MEM_LOCKS; i++)
		mutex_unlock(&mem->locks[i]);
}

/** pages_free - the end of all pages; nobody can find them any more */
void pages_free(struct vcpunuma_mem *mem)
{
	struct page *page;
	unsigned long n;

	if (mem->reserved)
		unback_all(mem);
	xa_for_each(&mem->pages, n, page) {
		discard(mem, n, page);
		cond_resched();
	}
	xa_destroy(&mem->pages);
	xa_destroy(&mem->errors);
}
