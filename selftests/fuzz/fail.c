// SPDX-License-Identifier: GPL-2.0
/*
 * Failing allocations, where the kernel can do that: of one system call. There
 * must be no page fault in user mode around it, since the kernel knows no way
 * to fail there and complains. So not while there may be another thread, which
 * may fork and thereby take away write access to memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "state.h"

static __thread unsigned int next;
static __thread int armed = -1;

static void set(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	/* This too may be what fails, and then there is no more to come. */
	if (write(armed, text, strlen(text)) < 0)
		return;
}

/** fail_next - the nth allocation of the next call that can is to fail */
void fail_next(unsigned int nth)
{
	next = nth;
}

/** fail_begin - call before the system call */
void fail_begin(void)
{
	unsigned int nth = next;

	next = 0;
	if (!nth || !prog_tame(state_prog()))
		return;
	armed = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (armed < 0)
		return;
	/* Once for nothing, so that all it needs is in memory. */
	set(0);
	set(nth);
}

/** fail_end - call after it; leaves errno as it is */
void fail_end(void)
{
	int err = errno;

	if (armed < 0)
		return;
	set(0);
	close(armed);
	armed = -1;
	errno = err;
}
