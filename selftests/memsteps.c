// SPDX-License-Identifier: GPL-2.0
/*
 * Steps at random on memory objects and on their models, see memsteps.h.
 */
#include "memsteps.h"

#include <linux/falloc.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

struct steps steps;

void steps_note(const char *text)
{
	if (!steps.wrong[0])
		snprintf(steps.wrong, sizeof(steps.wrong),
			 "MEMMODEL_SEED=%u, step %d, %s: %s", steps.seed,
			 steps.step, steps.doing, text);
}

void steps_check(long ret, const char *what)
{
	if (ret)
		steps_wrong("%s: %s", what, strerror(errno));
}

static int any(int n)
{
	return rand_r(&steps.state) % n;
}

static __u64 new_value(void)
{
	return (__u64)rand_r(&steps.state) << 20 | 1;
}

/* ---- Policies ---- */

static int any_node(void)
{
	const struct vn_set *nodes = &vn_host()->has_memory;

	return vn_set_nth(nodes, any(vn_set_weight(nodes)));
}

static __u64 any_nodes(void)
{
	__u64 nodes = 1ULL << any_node();

	while (any(2))
		nodes |= 1ULL << any_node();
	return nodes;
}

static __u64 all_nodes(void)
{
	return vn_host()->has_memory.word[0];
}

/* Turns of each of @nodes, by weight up to @max */
static void take_turns(struct model_policy *p, int max)
{
	for (int node = 0; node < MODEL_NODES; node++) {
		if (!(p->nodes >> node & 1) || p->nr_turns == MODEL_TURNS)
			continue;
		p->turn[p->nr_turns].node = node;
		p->turn[p->nr_turns++].weight = 1 + any(max);
	}
	p->home = MODEL_TURN;
}

/* A range of an object to be created, and the same for the model */
static void any_range(struct vcpunuma_mem_range *r, struct model_policy *p,
		      struct vcpunuma_node_weight *weights)
{
	*p = (struct model_policy) { .home = MODEL_NODE };
	*r = (struct vcpunuma_mem_range) { .policy = any(5) };
	switch (r->policy) {
	case VCPUNUMA_MEM_INTERLEAVE:
		p->nodes = any_nodes();
		take_turns(p, 3);
		for (int i = 0; i < p->nr_turns; i++)
			weights[i] = (struct vcpunuma_node_weight) {
				p->turn[i].node, p->turn[i].weight
			};
		r->nodes = (uintptr_t)weights;
		r->nr_nodes = p->nr_turns;
		r->weight_size = sizeof(*weights);
		break;
	case VCPUNUMA_MEM_LOCAL:
		p->home = MODEL_NEAR;
		p->nodes = all_nodes();
		break;
	case VCPUNUMA_MEM_BOUNDED:
		r->min_local = any(101);
		r->node = any_node();
		p->nodes = 1ULL << r->node;
		break;
	default:
		r->node = any_node();
		p->nodes = 1ULL << r->node;
		break;
	}
}

static long call_mbind(struct mapping *t, int mode, __u64 nodes)
{
	return syscall(__NR_mbind, t->at, t->nr * PAGE_4K, mode,
		       nodes ? &nodes : NULL, nodes ? MODEL_NODES + 1 : 0, 0);
}

/* What get_mempolicy(2) then says of it */
static void check_policy(const struct mapping *t, int mode, __u64 nodes)
{
	__u64 seen[VN_NODES / 64] = {};
	int policy = -1;

	steps_check(syscall(__NR_get_mempolicy, &policy, seen, VN_NODES, t->at,
			    MPOL_F_ADDR), "get_mempolicy");
	if (policy != mode || (nodes && seen[0] != nodes))
		steps_wrong("get_mempolicy: %d and %llx, not %d and %llx", policy,
			    seen[0], mode, nodes);
}

/* ---- Objects and mappings ---- */

static struct object *any_object(void)
{
	struct object *o = &steps.object[any(OBJECTS)];

	return o->fd < 0 ? NULL : o;
}

static struct mapping *any_mapping(struct object *o)
{
	struct mapping *t = &o->mapping[any(MAPPINGS)];

	return t->at ? t : NULL;
}

/* Pages [*from, *from + *nr) of at most @pages */
static void any_part(int pages, int *from, int *nr)
{
	*from = any(pages);
	*nr = 1 + any(pages - *from);
	if (any(2) && *nr > 4)
		*nr = 1 + any(4);
}

static void create(struct object *o)
{
	struct vcpunuma_node_weight weights[MODEL_RANGES][MODEL_TURNS];
	struct vcpunuma_mem_range range[MODEL_RANGES];
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.page_shift = any(3) ? 12 : 21,
		.ranges = (uintptr_t)range,
		.nr_ranges = 1 + any(MODEL_RANGES),
		.range_size = sizeof(range[0]),
	};
	int unit = 1 << (cmd.page_shift - 12), page = 0;
	struct model *m = &o->model;

	model_init(m, cmd.page_shift, MODEL_PAGES);
	for (unsigned int i = 0; i < cmd.nr_ranges; i++) {
		int nr = unit * (unit > 1 ? 1 : 1 + any(16));
		struct model_policy p;

		any_range(&range[i], &p, weights[i]);
		range[i].length = nr * PAGE_4K;
		p.first = page;
		for (int end = page + nr; page < end; page++)
			m->page[page].created = p;
	}
	m->nr_pages = page;
	cmd.length = page * PAGE_4K;
	if (!any(3)) {
		cmd.flags = VCPUNUMA_MEM_POPULATE;
		model_allocate(m, 0, page, steps.local);
	}
	o->fd = -1;
	steps_check(__vn_ioctl(steps.vm, VCPUNUMA_MEM_CREATE, &cmd), "create");
	if (!steps.wrong[0])
		o->fd = cmd.out_fd;
}

static void map_part(struct object *o, struct mapping *t, int flags)
{
	int from, nr;

	any_part(o->model.nr_pages, &from, &nr);
	t->first = from;
	t->nr = nr;
	t->at = mmap(NULL, nr * PAGE_4K, PROT_READ | PROT_WRITE,
		     MAP_SHARED | flags, o->fd, from * PAGE_4K);
	if (t->at == MAP_FAILED) {
		steps_check(-1, "mmap");
		t->at = NULL;
	} else if (flags & MAP_POPULATE) {
		model_allocate(&o->model, from, from + nr, steps.local);
	}
}

static void unmap(struct mapping *t)
{
	if (t->at)
		steps_check(munmap(t->at, t->nr * PAGE_4K), "munmap");
	t->at = NULL;
}

static __u64 *word_in(const struct mapping *t, int page, int w)
{
	return (void *)(t->at - t->first * PAGE_4K + model_at(page, w));
}

/* Of the pages that pipes hold some leave the object, as they are now. */
static void pages_go(struct object *o, size_t from, size_t to)
{
	size_t unit = o->model.unit * PAGE_4K;

	for (int i = 0; i < PINS; i++) {
		struct pin *p = &steps.pin[i];

		if (!p->p[0] || &steps.object[p->object] != o)
			continue;
		for (int k = 0; k < PINNED; k++) {
			size_t start = (p->page + k) * PAGE_4K / unit * unit;

			if (p->gone[k] || start < from || start + unit > to)
				continue;
			p->gone[k] = true;
			p->word[k] = o->model.page[p->page + k].word[0];
		}
	}
}

static void punch(struct object *o, size_t from, size_t to)
{
	pages_go(o, from, to);
	model_punch(&o->model, from, to);
}

/* ---- Steps ---- */

static void read_mapped(struct object *o, const struct mapping *t, int page)
{
	for (int w = 0; w < 2; w++) {
		__u64 seen = __atomic_load_n(word_in(t, page, w),
					     __ATOMIC_RELAXED);

		if (seen != o->model.page[page].word[w])
			steps_wrong("page %d word %d of %d: %llx, not %llx",
				    page, w, o->model.nr_pages, seen,
				    o->model.page[page].word[w]);
	}
	model_allocate(&o->model, page, page + 1, steps.local);
}

static void write_mapped(struct object *o, const struct mapping *t, int page)
{
	for (int w = 0; w < 2; w++) {
		o->model.page[page].word[w] = new_value();
		__atomic_store_n(word_in(t, page, w),
				 o->model.page[page].word[w],
				 __ATOMIC_RELAXED);
	}
	model_allocate(&o->model, page, page + 1, steps.local);
}

static void step_touch(struct object *o, struct mapping *t)
{
	for (int i = 1 + any(4); i > 0; i--) {
		int page = t->first + any(t->nr);

		if (any(3))
			write_mapped(o, t, page);
		else
			read_mapped(o, t, page);
	}
}

void steps_check_read(struct object *o, int page, int nr)
{
	static char buf[MODEL_PAGES * 4096];
	ssize_t n = pread(o->fd, buf, nr * PAGE_4K, page * PAGE_4K);

	if (n != (ssize_t)(nr * PAGE_4K))
		steps_wrong("pread of %d pages at %d: %zd", nr, page, n);
	for (int i = 0; i < nr; i++)
		for (int w = 0; w < 2; w++) {
			__u64 seen = *(__u64 *)(buf + model_at(page + i, w) -
						page * PAGE_4K);

			if (seen != o->model.page[page + i].word[w])
				steps_wrong("page %d word %d: read %llx, not %llx",
					    page + i, w, seen,
					    o->model.page[page + i].word[w]);
		}
}

static void step_read(struct object *o)
{
	int from, nr;

	any_part(o->model.nr_pages, &from, &nr);
	steps_check_read(o, from, nr);
}

static void step_punch(struct object *o)
{
	size_t length = o->model.nr_pages * PAGE_4K;
	int page, nr;
	size_t from, to;

	any_part(o->model.nr_pages, &page, &nr);
	from = page * PAGE_4K;
	to = from + nr * PAGE_4K;
	if (!any(2)) {
		/* Whole words, so that none is cleared in part. */
		from += 8 * any(512);
		to -= 8 * any(512);
		if (to <= from)
			return;
	} else if (o->model.unit > 1 && any(2)) {
		from &= -PAGE_2M;
		to = (to + PAGE_2M - 1) & -PAGE_2M;
	}
	steps_check(fallocate(o->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      from, to - from + (to == length ? any(2) : 0)),
		    "punch");
	punch(o, from, to);
}

static void step_remove(struct object *o, struct mapping *t)
{
	int from, nr;

	any_part(t->nr, &from, &nr);
	steps_check(madvise(t->at + from * PAGE_4K, nr * PAGE_4K, MADV_REMOVE),
		    "MADV_REMOVE");
	punch(o, (t->first + from) * PAGE_4K,
	      (t->first + from + nr) * PAGE_4K);
}

static void step_allocate(struct object *o)
{
	struct vcpunuma_cmd_mem_populate_range cmd = { .size = sizeof(cmd) };
	struct model *m = &o->model;
	int from, nr;

	any_part(m->nr_pages, &from, &nr);
	if (any(2)) {
		steps_check(fallocate(o->fd, 0, from * PAGE_4K, nr * PAGE_4K),
			    "fallocate");
	} else {
		nr = (from + nr + m->unit - 1) / m->unit * m->unit;
		from = from / m->unit * m->unit;
		nr -= from;
		cmd.offset = from * PAGE_4K;
		cmd.length = nr * PAGE_4K;
		cmd.workers = any(3);
		steps_check(__vn_ioctl(o->fd, VCPUNUMA_MEM_POPULATE_RANGE, &cmd),
			    "populate");
	}
	model_allocate(m, from, from + nr, steps.local);
}

/* The child writes what is told to the model as well. */
static void step_fork(struct object *o, struct mapping *t)
{
	int nr = 1 + any(4), page[4], status;
	pid_t pid;

	for (int i = 0; i < nr; i++) {
		page[i] = t->first + any(t->nr);
		for (int w = 0; w < 2; w++)
			o->model.page[page[i]].word[w] = new_value();
		model_allocate(&o->model, page[i], page[i] + 1, steps.local);
	}
	pid = fork();
	if (!pid) {
		for (int i = 0; i < nr; i++)
			for (int w = 0; w < 2; w++)
				__atomic_store_n(word_in(t, page[i], w),
						 o->model.page[page[i]].word[w],
						 __ATOMIC_RELAXED);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		steps_wrong("the child: status %x", status);
}

/*
 * Through a mapping of its own: the kernel does not pass on a policy that it
 * knows the mapping to have.
 */
static void step_mbind(struct object *o)
{
	static const int modes[] = {
		MPOL_BIND, MPOL_PREFERRED, MPOL_INTERLEAVE, MPOL_LOCAL,
		5 /* MPOL_PREFERRED_MANY */, MPOL_DEFAULT
	};
	int mode = modes[any(ARRAY_SIZE(modes))];
	struct model_policy p = { .nodes = any_nodes(), .home = MODEL_NEAR };
	struct mapping t;

	map_part(o, &t, 0);
	if (!t.at)
		return;
	if (mode == MPOL_LOCAL || mode == MPOL_DEFAULT) {
		p.nodes = 0;
	} else if (mode == MPOL_PREFERRED) {
		p.nodes = 1ULL << __builtin_ctzll(p.nodes);
		p.home = MODEL_NODE;
	}
	if (mode == MPOL_DEFAULT)
		steps_check(call_mbind(&t, MPOL_LOCAL, 0), "mbind");
	steps_check(call_mbind(&t, mode, p.nodes), "mbind");
	if (mode != MPOL_DEFAULT)
		check_policy(&t, mode, p.nodes);
	if (mode == MPOL_INTERLEAVE)
		take_turns(&p, 1);
	if (mode == MPOL_LOCAL)
		p.nodes = all_nodes();
	for (int page = t.first; page < t.first + t.nr; page++) {
		o->model.page[page].has_mbind = mode != MPOL_DEFAULT;
		o->model.page[page].mbind = p;
	}
	unmap(&t);
}

static void step_pin(struct object *o, struct mapping *t)
{
	struct pin *p = &steps.pin[any(PINS)];
	struct iovec vec = { .iov_len = PINNED * PAGE_4K };
	int from;

	if (p->p[0] || t->nr < PINNED)
		return;
	from = any(t->nr - PINNED + 1);
	vec.iov_base = t->at + from * PAGE_4K;
	if (pipe2(p->p, O_CLOEXEC) ||
	    vmsplice(p->p[1], &vec, 1, 0) != (ssize_t)vec.iov_len)
		steps_wrong("vmsplice: %s", strerror(errno));
	p->object = o - steps.object;
	p->page = t->first + from;
	memset(p->gone, 0, sizeof(p->gone));
	model_allocate(&o->model, p->page, p->page + PINNED, steps.local);
}

void steps_drain(struct pin *p)
{
	char buf[PINNED * 4096];

	if (!p->p[0])
		return;
	if (read(p->p[0], buf, sizeof(buf)) != sizeof(buf))
		steps_wrong("read of a pipe: %s", strerror(errno));
	for (int k = 0; k < PINNED; k++) {
		__u64 seen = *(__u64 *)(buf + k * PAGE_4K);
		__u64 want = p->gone[k] ? p->word[k] :
			steps.object[p->object].model.page[p->page + k].word[0];

		if (seen != want)
			steps_wrong("page %d of a pipe: %llx, not %llx",
				    p->page + k, seen, want);
	}
	close(p->p[0]);
	close(p->p[1]);
	p->p[0] = 0;
}

/* The mapping goes elsewhere, or loses an end. */
static void step_remap(struct mapping *t)
{
	size_t length = t->nr * PAGE_4K;
	char *to;

	if (any(2) && t->nr > 1) {
		int less = 1 + any(t->nr - 1);

		steps_check(munmap(t->at, less * PAGE_4K), "munmap");
		t->at += less * PAGE_4K;
		t->first += less;
		t->nr -= less;
		return;
	}
	to = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED ||
	    mremap(t->at, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to) != to)
		steps_wrong("mremap: %s", strerror(errno));
	t->at = to;
}

static void step_advise(struct mapping *t)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED
	};
	int from, nr;

	any_part(t->nr, &from, &nr);
	steps_check(madvise(t->at + from * PAGE_4K, nr * PAGE_4K,
			    advice[any(ARRAY_SIZE(advice))]), "madvise");
}

void steps_put(struct object *o)
{
	if (o->fd < 0)
		return;
	pages_go(o, 0, MODEL_PAGES * PAGE_4K);
	for (int i = 0; i < MAPPINGS; i++)
		unmap(&o->mapping[i]);
	close(o->fd);
	o->fd = -1;
}

static void move_to_any_cpu(void)
{
	struct vn_set one;

	steps.local = vn_set_nth(&steps.nodes, any(vn_set_weight(&steps.nodes)));
	one = vn_set_of(vn_set_first(&vn_host()->node_cpus[steps.local]));
	steps_check(__vn_setaffinity(0, &one), "affinity");
}

static void on_mapping(struct object *o)
{
	static void (*const calls[])(struct object *, struct mapping *) = {
		step_touch, step_touch, step_touch, step_remove, step_fork,
		step_pin, step_pin
	};
	static const char *const names[] = {
		"touch", "touch", "touch", "remove", "fork", "pin", "pin"
	};
	struct mapping *t = any_mapping(o);
	int i = any(ARRAY_SIZE(calls) + 2);

	if (!t) {
		t = &o->mapping[any(MAPPINGS)];
		unmap(t);
		steps.doing = "map";
		map_part(o, t, any(4) ? 0 : MAP_POPULATE);
	} else if (i < (int)ARRAY_SIZE(calls)) {
		steps.doing = names[i];
		calls[i](o, t);
	} else if (i & 1) {
		steps.doing = "remap";
		step_remap(t);
	} else {
		steps.doing = "advise";
		step_advise(t);
	}
}

void steps_one(void)
{
	struct object *o = any_object();

	if (!any(4))
		move_to_any_cpu();
	if (!o || !any(20)) {
		o = &steps.object[any(OBJECTS)];
		steps_put(o);
		steps.doing = "create";
		create(o);
		return;
	}
	switch (any(10)) {
	case 0:
		steps.doing = "read";
		step_read(o);
		break;
	case 1:
		steps.doing = "punch";
		step_punch(o);
		break;
	case 2:
		steps.doing = "allocate";
		step_allocate(o);
		break;
	case 3:
		steps.doing = "mbind";
		step_mbind(o);
		break;
	case 4:
		steps.doing = "drain";
		steps_drain(&steps.pin[any(PINS)]);
		break;
	default:
		on_mapping(o);
	}
}

void steps_begin(unsigned int seed)
{
	steps.seed = seed;
	steps.state = seed;
	steps.step = 0;
	steps.doing = "open";
	steps.wrong[0] = 0;
	for (int i = 0; i < OBJECTS; i++)
		steps.object[i].fd = -1;
	steps.vm = __vn_open();
	steps_check(steps.vm < 0, "open");
	move_to_any_cpu();
}
