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
#define TIMES	1000000

struct knob {
	const char *path;
	const char *wanted;
	int fd;
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
	[INJECT_SLAB] = { .path = DEBUGFS "failslab/times", .wanted = "1000000" },
	[INJECT_PAGE] = { .path = DEBUGFS "fail_page_alloc/times", .wanted = "1000000" },
	[INJECT_USERCOPY] = { .path = DEBUGFS "fail_usercopy/times", .wanted = "1000000" },
};

static int left[INJECT_KINDS];
static int nth_fd = -1;

static const char *knob_turn(struct knob *k)
{
	static char reason[128];
	ssize_t len;

	snprintf(reason, sizeof(reason), "the kernel has no %s", k->path);

	/* Kept open: who restores it may have fewer rights. */
	k->fd = open(k->path, O_RDWR | O_CLOEXEC);
	if (k->fd < 0)
		return reason;
	len = pread(k->fd, k->before, sizeof(k->before) - 1, 0);
	if (len <= 0)
		return reason;
	k->before[len] = 0;
	len = strlen(k->wanted);
	return pwrite(k->fd, k->wanted, len, 0) == len ? NULL : reason;
}

static void knob_restore(struct knob *k)
{
	ssize_t len = strlen(k->before);

	if (k->fd < 0)
		return;
	if (len && pwrite(k->fd, k->before, len, 0) != len)
		fprintf(stderr, "# cannot restore %s\n", k->path);
	close(k->fd);
	k->fd = -1;
}

static int times_left(const struct knob *k)
{
	char text[32] = "";

	if (pread(k->fd, text, sizeof(text) - 1, 0) <= 0)
		return -EIO;
	return atoi(text);
}

const char *inject_begin(void)
{
	const char *reason = NULL;
	size_t i;

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		return "the kernel has no fault injection (CONFIG_FAULT_INJECTION)";
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		knobs[i].fd = -1;
	for (i = 0; i < INJECT_KINDS; i++)
		times[i].fd = -1;
	for (i = 0; !reason && i < ARRAY_SIZE(knobs); i++)
		reason = knob_turn(&knobs[i]);
	for (i = 0; !reason && i < INJECT_KINDS; i++) {
		reason = knob_turn(&times[i]);
		left[i] = TIMES;
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
