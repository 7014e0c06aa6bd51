// SPDX-License-Identifier: GPL-2.0
/*
 * All advice there is: each on a page of 2 MiB and on 4 KiB of a mapping that is
 * filled, and on what is not there yet.
 */
#include "kselftest_harness.h"
#include "calls.h"

CALLS_FIXTURE;

static const struct advice {
	const char *name;
	int advice;
} advices[] = {
	{ "MADV_NORMAL", MADV_NORMAL },
	{ "MADV_RANDOM", MADV_RANDOM },
	{ "MADV_SEQUENTIAL", MADV_SEQUENTIAL },
	{ "MADV_WILLNEED", MADV_WILLNEED },
	{ "MADV_DONTNEED", MADV_DONTNEED },
	{ "MADV_FREE", MADV_FREE },
	{ "MADV_DONTFORK", MADV_DONTFORK },
	{ "MADV_DOFORK", MADV_DOFORK },
	{ "MADV_MERGEABLE", MADV_MERGEABLE },
	{ "MADV_UNMERGEABLE", MADV_UNMERGEABLE },
	{ "MADV_HUGEPAGE", MADV_HUGEPAGE },
	{ "MADV_NOHUGEPAGE", MADV_NOHUGEPAGE },
	{ "MADV_DONTDUMP", MADV_DONTDUMP },
	{ "MADV_DODUMP", MADV_DODUMP },
	{ "MADV_WIPEONFORK", MADV_WIPEONFORK },
	{ "MADV_KEEPONFORK", MADV_KEEPONFORK },
	{ "MADV_COLD", MADV_COLD },
	{ "MADV_PAGEOUT", MADV_PAGEOUT },
	{ "MADV_POPULATE_READ", MADV_POPULATE_READ },
	{ "MADV_POPULATE_WRITE", MADV_POPULATE_WRITE },
	{ "MADV_DONTNEED_LOCKED", 24 },
	{ "MADV_COLLAPSE", 25 },
	{ "MADV_GUARD_INSTALL", 102 },
	{ "MADV_GUARD_REMOVE", 103 },
	{ "MADV_REMOVE", MADV_REMOVE },
};

/* What came of it, and of what was there. */
static void advise(struct calls_on *on, const struct advice *a, char *at,
		   size_t length)
{
	char call[80];
	long ret;

	calls_fill(on->at, CALLS_LENGTH);
	ret = RESULT(madvise(at, length, a->advice));
	snprintf(call, sizeof(call), "%s of %s", a->name,
		 length == PAGE_4K ? "4 KiB" : "2 MiB");
	saw_text(on, call, "%s, %s, %ld pages",
		 ret < 0 ? strerrorname_np(-ret) : "0",
		 calls_content(on->at, CALLS_LENGTH), calls_allocated(on));
}

CALLS(madvise_pages)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
		advise(on, &advices[i], on->at + PAGE_2M, PAGE_2M);
		munmap(on->at, CALLS_LENGTH);
		on->at = __vn_map(on->fd, CALLS_LENGTH);
	}
}

CALLS(madvise_parts)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
		advise(on, &advices[i], on->at + PAGE_2M + PAGE_4K, PAGE_4K);
		munmap(on->at, CALLS_LENGTH);
		on->at = __vn_map(on->fd, CALLS_LENGTH);
	}
}

/* Of pages that are not there yet */
CALLS(madvise_nothing)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
		char call[80];

		if (advices[i].advice == MADV_POPULATE_READ ||
		    advices[i].advice == MADV_POPULATE_WRITE)
			continue;
		snprintf(call, sizeof(call), "%s of what is not there",
			 advices[i].name);
		saw(on, call, RESULT(madvise(on->at, PAGE_2M,
					     advices[i].advice)));
	}
	saw(on, "pages after advice", calls_allocated(on));
}

CALLS(madvise_what_does_not_exist)
{
	saw(on, "madvise(99)", RESULT(madvise(on->at, PAGE_2M, 99)));
	munmap(on->at + PAGE_2M, PAGE_2M);
	saw(on, "MADV_NORMAL over a hole",
	    RESULT(madvise(on->at, CALLS_LENGTH, MADV_NORMAL)));
}

CALLS(process_madvise)
{
	struct iovec vec = { on->at, PAGE_2M };
	int pidfd = vn_pidfd_open(getpid());

	calls_fill(on->at, CALLS_LENGTH);
	saw(on, "process_madvise(MADV_COLD)",
	    RESULT(syscall(__NR_process_madvise, pidfd, &vec, 1, MADV_COLD,
			   0)));
	saw(on, "process_madvise(MADV_PAGEOUT)",
	    RESULT(syscall(__NR_process_madvise, pidfd, &vec, 1, MADV_PAGEOUT,
			   0)));
	saw_text(on, "process_madvise: content", "%s",
		 calls_content(on->at, CALLS_LENGTH));
}

TEST_HARNESS_MAIN
