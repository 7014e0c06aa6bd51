// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: made at random, changed at random.
 */
#include <string.h>

#include "ops.h"
#include "prog.h"

static struct call make_call(unsigned int op, struct rng *r)
{
	const struct op *o = op_get(op);
	struct call c = { .op = op };
	unsigned int i;

	for (i = 0; i < o->nr_args; i++)
		c.arg[i] = arg_choose(&o->args[i], r);
	if (o->settle && rng_percent(r, 90))
		o->settle(c.arg, r);
	return c;
}

static struct call make_named(const char *name, unsigned int actor,
			      struct rng *r)
{
	struct call c = make_call(op_find(name), r);

	c.actor = actor;
	return c;
}

/* How many actors take part: mostly one, as that is fast. */
static unsigned int some_actors(struct rng *r)
{
	if (rng_percent(r, 60))
		return 1;
	return rng_percent(r, 60) ? 2 : 2 + rng_below(r, PROG_ACTORS - 1);
}

static void choose_pace(struct prog *p, struct rng *r)
{
	p->race = rng_percent(r, 20);
	p->repeat = p->race ? 1 + rng_below(r, 8) : 1;
}

/**
 * prog_generate - make a program
 * @p: filled
 * @r: where chance comes from
 *
 * Each process taking part begins with a VM, and mostly some memory of it.
 */
void prog_generate(struct prog *p, struct rng *r)
{
	unsigned int actors = some_actors(r), want = 4 + rng_below(r, 20), i;

	*p = (struct prog) {};
	choose_pace(p, r);
	for (i = 0; i < actors; i += PROG_THREADS) {
		p->call[p->nr++] = make_named("open", i, r);
		if (rng_percent(r, 50))
			p->call[p->nr++] = make_named("MEM_CREATE", i, r);
		if (rng_percent(r, 40))
			p->call[p->nr++] = make_named("mmap", i, r);
	}
	while (p->nr < want || p->nr < actors * 2) {
		struct call c = make_call(op_choose(r), r);

		c.actor = rng_below(r, actors);
		c.async = actors > 1 && rng_percent(r, 30);
		p->call[p->nr++] = c;
	}
}

/** prog_tame - can the program share a process with others? */
bool prog_tame(const struct prog *p)
{
	unsigned int i;

	if (p->race)
		return false;
	for (i = 0; i < p->nr; i++)
		if (p->call[i].actor || op_get(p->call[i].op)->wild)
			return false;
	return true;
}

static void insert(struct prog *p, unsigned int at, struct call c)
{
	if (p->nr == PROG_CALLS)
		return;
	memmove(&p->call[at + 1], &p->call[at], (p->nr - at) * sizeof(c));
	p->call[at] = c;
	p->nr++;
}

static void remove_call(struct prog *p, unsigned int at)
{
	if (p->nr <= 1)
		return;
	p->nr--;
	memmove(&p->call[at], &p->call[at + 1], (p->nr - at) * sizeof(*p->call));
}

static void change_arg(struct call *c, struct rng *r)
{
	const struct op *o = op_get(c->op);
	unsigned int i;
	__u64 *arg;

	if (!o->nr_args)
		return;
	i = rng_below(r, o->nr_args);
	arg = &c->arg[i];
	switch (rng_below(r, 8)) {
	case 0:
		*arg ^= 1ULL << rng_below(r, 40);
		break;
	case 1:
		*arg += rng_below(r, 9) - 4;
		break;
	default:
		*arg = arg_choose(&o->args[i], r);
		if (o->settle && rng_percent(r, 30))
			o->settle(c->arg, r);
	}
}

static void splice(struct prog *p, const struct prog *other, struct rng *r)
{
	unsigned int from = rng_below(r, other->nr), at = rng_below(r, p->nr + 1);
	unsigned int nr = 1 + rng_below(r, other->nr - from);

	while (nr--)
		insert(p, at, other->call[from + nr]);
}

static void mutate_once(struct prog *p, const struct prog *other, struct rng *r)
{
	unsigned int at = rng_below(r, p->nr);
	struct call c;

	switch (rng_below(r, 16)) {
	case 0 ... 3:
		c = make_call(op_choose(r), r);
		c.actor = p->call[at].actor;
		insert(p, rng_below(r, p->nr + 1), c);
		break;
	case 4:
		remove_call(p, at);
		break;
	case 5:
		insert(p, rng_below(r, p->nr + 1), p->call[at]);
		break;
	case 6:
		p->call[at].actor = rng_below(r, PROG_ACTORS);
		break;
	case 7:
		p->call[at].async ^= 1;
		break;
	case 8:
		splice(p, other, r);
		break;
	case 9:
		choose_pace(p, r);
		break;
	default:
		change_arg(&p->call[at], r);
	}
}

/**
 * prog_mutate - change a program a little
 * @p: the program
 * @other: another, to take parts from
 * @r: where chance comes from
 */
void prog_mutate(struct prog *p, const struct prog *other, struct rng *r)
{
	unsigned int n = 1 + rng_below(r, 4);

	while (n--)
		mutate_once(p, other, r);
}
