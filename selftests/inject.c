// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, see inject.h.
 *
 * The kernel has one counter for each thread, and a failing thing may be of any
 * kind. Which one it was tells the number of times that each kind may still
 * fail, which only ever goes down by such a failure.
 */
#include "inject.h"
#include "lib.h"

#include <stdlib.h>

#define DEBUGFS	"/sys/kernel/debug/"
#define TIMES	"1000000"

struct knob {
	const char *path;
	const char *wanted;
	char before[32];
};

static struct knob knobs[] = {
	{ .path = DEBUGFS "failslab/ignore-gfp-wait", .wanted = "N" },
	{ .path = DEBUGFS "failslab/verbose", .wanted = "0" },
	{ .path = DEBUGFS "fail_page_alloc/ignore-gfp-wait", .wanted = "N" },
	{ .path = DEBUGFS "fail_page_alloc/ignore-gfp-highmem", .wanted = "N" },
	{ .path = DEBUGFS "fail_page_alloc/min-order", .wanted = "0" },
	{ .path = DEBUGFS "fail_page_alloc/verbose", .wanted = "0" },
	{ .path = DEBUGFS "fail_usercopy/verbose", .wanted = "0" },
};

static struct knob times[INJECT_KINDS] = {
	[INJECT_SLAB] = { .path = DEBUGFS "failslab/times", .wanted = TIMES },
	[INJECT_PAGE] = { .path = DEBUGFS "fail_page_alloc/times", .wanted = TIMES },
	[INJECT_USERCOPY] = { .path = DEBUGFS "fail_usercopy/times", .wanted = TIMES },
};

static int left[INJECT_KINDS];
static int nth_fd = -1;

static const char *knob_turn(struct knob *k)
{
	static char reason[128];

	if (!__vn_read_file(k->path, k->before, sizeof(k->before)) &&
	    !__vn_write_file(k->path, k->wanted))
		return NULL;
	k->before[0] = 0;
	snprintf(reason, sizeof(reason), "the kernel has no %s", k->path);
	return reason;
}

static void knob_restore(struct knob *k)
{
	if (k->before[0] && __vn_write_file(k->path, k->before))
		fprintf(stderr, "# cannot restore %s\n", k->path);
	k->before[0] = 0;
}

static int times_left(const struct knob *k)
{
	char text[32];
	int err = __vn_read_file(k->path, text, sizeof(text));

	return err ? err : atoi(text);
}

const char *inject_begin(void)
{
	const char *reason = NULL;
	size_t i;

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		return "the kernel has no fault injection (CONFIG_FAULT_INJECTION)";
	for (i = 0; !reason && i < ARRAY_SIZE(knobs); i++)
		reason = knob_turn(&knobs[i]);
	for (i = 0; !reason && i < INJECT_KINDS; i++) {
		reason = knob_turn(&times[i]);
		left[i] = atoi(TIMES);
	}
	return reason;
}

void inject_end(void)
{
	size_t i;

	if (nth_fd < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		knob_restore(&knobs[i]);
	for (i = 0; i < INJECT_KINDS; i++)
		knob_restore(&times[i]);
	close(nth_fd);
	nth_fd = -1;
}

int inject_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	/* Once for nothing, so that all it needs is in memory. */
	if (pwrite(nth_fd, "0", 1, 0) != 1)
		return -errno;
	return pwrite(nth_fd, text, len, 0) == len ? 0 : -errno;
}

int inject_left(void)
{
	char text[16] = {};

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		return -errno;
	return atoi(text);
}

int inject_disarm(void)
{
	int i, now, what = INJECT_NOTHING;
	bool ours = false;

	/* This too copies from user memory, and may be what fails. */
	while (pwrite(nth_fd, "0", 1, 0) != 1) {
		if (errno != EFAULT || ours)
			return -errno;
		ours = true;
	}
	for (i = 0; i < INJECT_KINDS; i++) {
		now = times_left(&times[i]);
		if (now < 0)
			return now;
		if (now != left[i] && !(ours && i == INJECT_USERCOPY))
			what = i;
		left[i] = now;
	}
	return what;
}
