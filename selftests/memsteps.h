/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steps at random on memory objects and on their models.
 */
#ifndef SELFTESTS_MEMSTEPS_H
#define SELFTESTS_MEMSTEPS_H

#include "model.h"

#define OBJECTS		2
#define MAPPINGS	4
#define PINS		3
#define PINNED		4

/* Pages that a pipe holds: what they hold when they left the object. */
struct pin {
	int p[2];		/* p[0] is 0: none */
	int object;
	int page;		/* the first of PINNED */
	bool gone[PINNED];
	__u64 word[PINNED];
};

struct mapping {
	char *at;		/* NULL: none */
	int first;		/* page of the object */
	int nr;
};

struct object {
	int fd;			/* -1: none */
	struct mapping mapping[MAPPINGS];
	struct model model;
};

/* One sequence: what there is in it */
struct steps {
	unsigned int seed;
	unsigned int state;
	int step;
	const char *doing;
	char wrong[512];		/* what is, or "" */
	int vm;
	int local;			/* node this process runs on */
	struct vn_set nodes;		/* it may run on */
	struct object object[OBJECTS];
	struct pin pin[PINS];
};

extern struct steps steps;

/* Notes what is wrong, the first time. */
void steps_note(const char *text);
#define steps_wrong(...) do {						\
	char __text[256];						\
									\
	snprintf(__text, sizeof(__text), __VA_ARGS__);			\
	steps_note(__text);						\
} while (0)
void steps_check(long ret, const char *what);

void steps_begin(unsigned int seed);
/* Something at random. */
void steps_one(void);
/* What pages hold, as read(2) has it */
void steps_check_read(struct object *o, int page, int nr);
/* Gives up an object; looks at what a pipe has, and closes it. */
void steps_put(struct object *o);
void steps_drain(struct pin *p);

#endif /* SELFTESTS_MEMSTEPS_H */
