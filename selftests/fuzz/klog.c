// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's log: does it complain? What counts as a complaint is taken from
 * guest/klog.sh when this is built.
 */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "klog.h"

static const char complaints[] =
#include "complaints.h"
	;

static int fd = -1;
static regex_t pattern;

/** klog_open - what is in the log by now does not count */
bool klog_open(void)
{
	if (regcomp(&pattern, complaints, REG_EXTENDED | REG_NOSUB)) {
		fprintf(stderr, "fuzz: cannot understand the complaints of klog.sh\n");
		return false;
	}
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		return false;
	}
	return true;
}

/**
 * klog_complains - has the kernel complained since the last call?
 * @line: filled with the first complaint
 * @size: its size
 */
bool klog_complains(char *line, size_t size)
{
	bool found = false;
	char record[8192];
	char *message;
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)	/* some were overwritten */
			continue;
		if (n <= 0)
			return found;
		record[n] = '\0';
		message = strchr(record, ';');
		message = message ? message + 1 : record;
		message[strcspn(message, "\n")] = '\0';
		if (found || regexec(&pattern, message, 0, NULL, 0))
			continue;
		snprintf(line, size, "%s", message);
		found = true;
	}
}
