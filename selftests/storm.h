/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the storms share: many who use the module at random, and a count of
 * what they did.
 */
#ifndef SELFTESTS_STORM_H
#define SELFTESTS_STORM_H

#include "lib.h"

/*
 * How often: @many in a storm ("make storm", which sets STORM=full), else
 * @few. It is the same code that runs.
 */
int storm_times(int few, int many);

/* Limits of a test; run by hand it is what one has patience for. */
#define STORM_TIMEOUT	14400

/* Shared by all processes of a storm */
struct storm {
	bool stop;
	bool steady;		/* nobody but the players moves threads */
	int expected[8];	/* errors that are part of it, beside EDQUOT */
	long binds;
	long objects;
	long touches;
	long refused;		/* by an expected error */
	long sigbus;
	int wrong;		/* the last error that is not part of it */
	const char *where;
};

struct storm *storm_make(void);

#define STORM_HELD	2

/* One thread of it */
struct storm_player {
	struct storm *storm;
	unsigned int seed;
	int vm;
	unsigned int vcpu;	/* as which it binds itself */
	struct {
		int fd;
		char *at;	/* NULL: nothing is held here */
		size_t length;
	} held[STORM_HELD];
};

/* @vm: -1: one of its own. Returns false if it could not be had. */
bool storm_join(struct storm_player *p, struct storm *s, int vm,
		unsigned int seed);
/* Something at random: bind, unbind, ask, create, map, touch, give up. */
void storm_step(struct storm_player *p);
/* Gives up what it holds, but for the VM. */
void storm_leave(struct storm_player *p);

/* Notes a result: 0 or more, one that is part of the storm, or a wrong one. */
bool storm_note(struct storm *s, int err, const char *where);

/* Starts a process that plays until it is told to stop, or killed. */
pid_t storm_start(struct storm *s, int vm, unsigned int seed);
/* Tells all to stop, and waits for them; whether all ended well. */
bool storm_end(struct storm *s, pid_t *pids, int n);

#define EXPECT_STORM(s) do {						\
	EXPECT_EQ(0, (s)->wrong) {					\
		TH_LOG("%s: %s", (s)->where, strerror(-(s)->wrong));	\
	}								\
	EXPECT_LT(0, (s)->binds);					\
	EXPECT_LT(0, (s)->touches);					\
	vn_note("%ld binds, %ld objects, %ld touched, %ld SIGBUS, %ld refused", \
		(s)->binds, (s)->objects, (s)->touches, (s)->sigbus,	\
		(s)->refused);						\
} while (0)

#endif /* SELFTESTS_STORM_H */
