// SPDX-License-Identifier: GPL-2.0
/*
 * Each call is made to fail: the first thing in it that can, the second, and
 * so on until it ends before the nth. Whatever fails, the call has failed with
 * the right error and changed nothing, and works when it is made again; or it
 * did without, and gave what it always gives.
 *
 * "Nothing" is all that can be seen from outside. What cannot, a leak or a lock
 * that is still held, is for the checkers of the kernel this runs in.
 */
#include "kselftest_harness.h"
#include "failnth.h"

/* More than any call has: then it never ends. */
#define NTH_MAX	2000

static const char * const kind_name[INJECT_KINDS] = {
	[INJECT_SLAB] = "slab",
	[INJECT_PAGE] = "page",
	[INJECT_USERCOPY] = "user copy",
};

/* A call, and how the world looked around it */
struct run {
	int ret;
	int what;		/* failed: enum inject_kind */
	struct nth_text before;
	struct nth_text after;
	struct nth_text result;
};

struct tally {
	int points;
	int of_kind[INJECT_KINDS];
	int failed_by[INJECT_KINDS];
	int failed;
	int late;		/* of those: when all was done */
	int tolerated;
};

struct sweep {
	struct nth_world world;
	struct nth_text clean;	/* a look at no VM */
	struct run reference;	/* without a fault */
	struct run run;
};

/* One call in a new world, its nth point failing; 0: none. */
static void run_call(struct __test_metadata *_metadata,
		     struct sweep *s, const struct nth_case *c,
		     unsigned int nth, struct run *r)
{
	struct nth_world *w = &s->world;

	ASSERT_EQ(0, nth_begin(w));
	ASSERT_EQ(0, c->prepare(w, c->arg)) {
		TH_LOG("%s", c->name);
	}
	nth_look(w, &r->before);
	w->result.len = 0;
	w->result.at[0] = 0;

	ASSERT_EQ(0, inject_arm(nth));
	r->ret = c->call(w, c->arg);
	r->what = inject_disarm();
	ASSERT_LE(0, r->what);

	nth_look(w, &r->after);
	r->result = w->result;
}

static void end_run(struct __test_metadata *_metadata, struct sweep *s)
{
	struct nth_text now;

	nth_end(&s->world);
	nth_look(&s->world, &now);
	EXPECT_STREQ(s->clean.at, now.at);
}

static bool same(const struct nth_text *a, const struct nth_text *b)
{
	return !strcmp(a->at, b->at);
}

/* The call did what it does without a fault. */
static void check_done(struct __test_metadata *_metadata,
		       struct sweep *s, const struct run *r)
{
	EXPECT_EQ(s->reference.ret, r->ret);
	EXPECT_STREQ(s->reference.result.at, r->result.at);
	EXPECT_STREQ(s->reference.after.at, r->after.at);
}

static bool right_error(const struct nth_case *c, const struct run *r)
{
	if (c->flags & NTH_TOUCH)
		return r->ret == -ENOMEM || r->ret == -EFAULT;
	return r->ret == (r->what == INJECT_USERCOPY ? -EFAULT : -ENOMEM);
}

/* The call failed: nothing has changed, and it can be made again. */
static void check_failed(struct __test_metadata *_metadata,
			 struct sweep *s, const struct nth_case *c,
			 struct run *r, struct tally *t)
{
	struct nth_world *w = &s->world;
	bool late = (c->flags & NTH_TOUCH) ||
		    (c->flags & NTH_LATE && r->ret == -EFAULT);

	EXPECT_TRUE(right_error(c, r)) {
		TH_LOG("%s", strerror(-r->ret));
	}
	EXPECT_FALSE(c->flags & NTH_NEVER);
	if (late && !same(&r->before, &r->after)) {
		t->late++;
		EXPECT_STREQ(s->reference.after.at, r->after.at);
	} else {
		EXPECT_STREQ(r->before.at, r->after.at);
	}

	w->result.len = 0;
	w->result.at[0] = 0;
	r->ret = c->call(w, c->arg);
	r->result = w->result;
	nth_look(w, &r->after);
	check_done(_metadata, s, r);
}

static void sweep_case(struct __test_metadata *_metadata,
		       struct sweep *s, const struct nth_case *c,
		       struct tally *t)
{
	struct run *r = &s->run;
	int passed = _metadata->passed;
	unsigned int nth;

	run_call(_metadata, s, c, 0, &s->reference);
	ASSERT_EQ(INJECT_NOTHING, s->reference.what);
	end_run(_metadata, s);

	for (nth = 1; _metadata->passed; nth++) {
		ASSERT_GT(NTH_MAX, nth);
		run_call(_metadata, s, c, nth, r);
		EXPECT_STREQ(s->reference.before.at, r->before.at);
		if (r->what != INJECT_NOTHING) {
			t->points++;
			t->of_kind[r->what]++;
		}
		if (r->ret == s->reference.ret) {
			check_done(_metadata, s, r);
			t->tolerated += r->what != INJECT_NOTHING;
		} else {
			t->failed++;
			ASSERT_NE(INJECT_NOTHING, r->what);
			t->failed_by[r->what]++;
			check_failed(_metadata, s, c, r, t);
		}
		end_run(_metadata, s);
		if (passed && !_metadata->passed)
			TH_LOG("%s: at the %uth point, %s", c->name, nth,
			       r->what == INJECT_NOTHING ? "which it has not" :
			       kind_name[r->what]);
		if (r->what == INJECT_NOTHING)
			break;
	}
}

static void add(struct tally *sum, const struct tally *t)
{
	int kind;

	for (kind = 0; kind < INJECT_KINDS; kind++)
		sum->of_kind[kind] += t->of_kind[kind];
	sum->points += t->points;
	sum->failed += t->failed;
	sum->late += t->late;
	sum->tolerated += t->tolerated;
}

/* The kinds of faults that a call cannot do without noticing, it noticed. */
static void check_kinds(struct __test_metadata *_metadata,
			const struct nth_case *c, const struct tally *t)
{
	int kind;

	for (kind = 0; kind < INJECT_KINDS; kind++) {
		if (!(c->fails & 1 << kind))
			continue;
		EXPECT_LT(0, t->failed_by[kind]) {
			TH_LOG("%s: never by %s", c->name, kind_name[kind]);
		}
	}
}

static void print_tally(const char *call, const char *name,
			const struct tally *t)
{
	const int *of = t->of_kind;

	printf("# %s, %s: %d points (slab %d, page %d, user copy %d)", call,
	       name, t->points, of[INJECT_SLAB], of[INJECT_PAGE],
	       of[INJECT_USERCOPY]);
	printf(", %d failed, %d tolerated", t->failed, t->tolerated);
	if (t->late)
		printf("; %d failed when done", t->late);
	printf("\n");
	fflush(stdout);
}

/* The ways to make one call */
struct list {
	const char *call;
	const struct nth_case *cases;
};

static void sweep(struct __test_metadata *_metadata, struct sweep *s,
		  const struct list *list)
{
	const struct nth_case *c;
	struct tally all = {};

	for (c = list->cases; c->name; c++) {
		struct tally t = {};

		sweep_case(_metadata, s, c, &t);
		print_tally(list->call, c->name, &t);
		check_kinds(_metadata, c, &t);
		add(&all, &t);
	}
	print_tally(list->call, "all", &all);
}

FIXTURE(failnth) {
	struct sweep sweep;
	const char *missing;
};

FIXTURE_SETUP(failnth)
{
	self->missing = inject_begin();
	if (self->missing)
		return;
	ASSERT_EQ(0, nth_start(&self->sweep.world));
	nth_look(&self->sweep.world, &self->sweep.clean);
}

FIXTURE_TEARDOWN(failnth)
{
	if (!self->missing)
		nth_stop(&self->sweep.world);
	inject_end();
}

/* One test for each list. */
#define SWEEP(call)							\
	static const struct list list_##call = { #call, nth_##call };	\
	TEST_F(failnth, call)						\
	{								\
		if (self->missing)					\
			SKIP(return, "%s", self->missing);		\
		sweep(_metadata, &self->sweep, &list_##call);		\
	}

/* A command without cases is a symbol that the linker does not find. */
#define VN_COMMAND(name)	SWEEP(name)
#include "commands.h"

SWEEP(open)
SWEEP(mmap)
SWEEP(touch)
SWEEP(file)
SWEEP(report)
SWEEP(close)

TEST_HARNESS_MAIN
