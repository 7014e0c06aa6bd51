/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same calls on a memory object and on a file of hugetlbfs, compared.
 *
 * A case is a function that makes calls and says what came of each. It is run
 * twice, in a process and on a file of its own each time. Where the two saw
 * different things, that must be a row of the table in docs/memory.md, which is
 * made part of the program; and a row must be what is seen.
 */
#ifndef SELFTESTS_CALLS_H
#define SELFTESTS_CALLS_H

#include "lib.h"

#include <sys/mman.h>
#include <sys/syscall.h>

/* What calls are made on: 4 pages of 2 MiB of one node, none touched yet. */
#define CALLS_PAGES	4
#define CALLS_LENGTH	(CALLS_PAGES * PAGE_2M)

/* Of a call, and of what came of it */
#define CALLS_TEXT	80

struct calls_seen;

struct calls_on {
	bool ours;
	int fd;
	char *at;		/* mapped shared, where mmap() chose */
	int node;
	struct calls_seen *seen;
};

typedef void (*calls_fn)(struct calls_on *on);

/* What came of a call: a number, -errno; or any text. */
void saw(struct calls_on *on, const char *call, long result);
void saw_string(struct calls_on *on, const char *call, const char *text);
#define saw_text(on, call, ...) do {					\
	char __seen[CALLS_TEXT];					\
									\
	snprintf(__seen, sizeof(__seen), __VA_ARGS__);			\
	saw_string(on, call, __seen);					\
} while (0)

/* What a system call returned, in one number. */
#define RESULT(call) ({							\
	long __result = (long)(call);					\
									\
	__result == -1 ? -errno : __result;				\
})
/* The same, if all that counts of a success is that it is one. */
#define SUCCESS(call) ({						\
	long __success = RESULT(call);					\
									\
	__success < 0 && __success > -4096 ? __success : 0;		\
})

/* "fine", or the signal that the access raised. */
const char *calls_read(const char *at);
const char *calls_write(char *at);

/* Writes to each 4 KiB page, and whether that is what is there: */
void calls_fill(char *at, size_t length);
/* "kept", "zero", "mixed"; or a signal. */
const char *calls_content(const char *at, size_t length);

/* Pages of 4 KiB that the object has allocated. */
long calls_allocated(const struct calls_on *on);

/* Runs @fn in a child; its exit status, or -signal. */
long calls_child(struct calls_on *on, long (*fn)(struct calls_on *on));

/* Gives hugetlbfs pages of 2 MiB on a node; and makes all nodes as they were. */
int calls_begin(int node);
bool calls_end(void);

/*
 * Runs a case on both. What should not be so, as text; "": nothing. NULL: there
 * are no pages for hugetlbfs.
 */
const char *calls_differ(calls_fn fn, int node);

/* A test that is a case. Of the file that includes the harness. */
#define CALLS_FIXTURE							\
FIXTURE(call) {							\
	int node;							\
	int hugetlb;							\
};									\
									\
FIXTURE_SETUP(call)							\
{									\
	const struct vn_set *nodes = &vn_host()->has_memory;		\
									\
	self->node = vn_set_nth(nodes, vn_set_weight(nodes) - 1);	\
	self->hugetlb = calls_begin(self->node);			\
}									\
									\
FIXTURE_TEARDOWN(call)							\
{									\
	if (self->hugetlb >= 0)						\
		EXPECT_TRUE(calls_end());				\
}									\
struct calls_seen

#define CALLS(name)							\
static void case_##name(struct calls_on *on);				\
TEST_F(call, name)							\
{									\
	const char *differ;						\
									\
	if (self->hugetlb < 0)						\
		SKIP(return, "no hugetlbfs");				\
	differ = calls_differ(case_##name, self->node);		\
	if (!differ)							\
		SKIP(return, "no pages of 2 MiB for hugetlbfs");	\
	EXPECT_STREQ("", differ);					\
}									\
static void case_##name(struct calls_on *on)

#endif /* SELFTESTS_CALLS_H */
