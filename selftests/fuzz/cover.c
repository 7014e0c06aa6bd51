// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage by KCOV: each task that makes calls has a buffer that the kernel
 * fills with the addresses the task runs through. Only the module is built to
 * report them; whatever else is, is passed over.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cover.h"
#include "state.h"

#define KCOV	"/sys/kernel/debug/kcov"
#define MODULE	"/sys/module/vcpunuma"

/* Buffers: for actors and for tasks they create; addresses each has room for */
#define BUFFERS	(PROG_ACTORS + 4)
#define ENTRIES	(4 << 10)

static struct cover *seen;
static unsigned long text, text_size;
static struct {
	int fd;
	unsigned long *trace;
} buffers[BUFFERS];

/* The trace of this task, or NULL */
static __thread unsigned long *trace;

static unsigned long read_number(const char *path, const char *format)
{
	unsigned long n = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	if (fscanf(f, format, &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/**
 * cover_init - find out what the kernel can tell
 * @shared: shared memory, all 0
 *
 * Return: false: nothing.
 */
bool cover_init(struct cover *shared)
{
	seen = shared;
	text = read_number(MODULE "/sections/.text", "%lx");
	text_size = read_number(MODULE "/coresize", "%lu");
	if (text_size > COVER_TEXT)
		text_size = COVER_TEXT;
	return text && !access(KCOV, R_OK | W_OK);
}

static bool open_buffer(unsigned int i)
{
	int fd = open(KCOV, O_RDWR);

	buffers[i].fd = fd;
	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, ENTRIES))
		return false;
	buffers[i].trace = mmap(NULL, ENTRIES * sizeof(long),
				PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return buffers[i].trace != MAP_FAILED;
}

/** cover_open - open buffers, to be used by the children of this process */
bool cover_open(void)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		if (!open_buffer(i)) {
			perror(KCOV);
			return false;
		}
	return true;
}

/** cover_enable - this task uses that buffer from now on */
void cover_enable(unsigned int buffer)
{
	if (trace)
		return;
	if (buffer < BUFFERS && buffers[buffer].trace &&
	    !ioctl(buffers[buffer].fd, KCOV_ENABLE, KCOV_TRACE_PC))
		trace = buffers[buffer].trace;
}

/** cover_forget - this task is a copy of the one that uses the buffer */
void cover_forget(void)
{
	trace = NULL;
}

void cover_begin(void)
{
	if (trace)
		__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
}

static bool mark(unsigned char *where)
{
	if (*where)
		return false;
	*where = 1;
	return true;
}

/** cover_end - take account of what ran since cover_begin(); was any new? */
bool cover_end(void)
{
	unsigned long i, n, pc, last = 0;
	bool news = false;

	if (!trace)
		return false;
	n = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	for (i = 1; i <= n && i < ENTRIES; i++) {
		pc = trace[i] - text;
		if (pc >= text_size)
			continue;
		news |= mark(&seen->pcs[pc]);
		news |= mark(&seen->edges[(last * 31 ^ pc) % COVER_EDGES]);
		last = pc;
	}
	return news;
}

/** cover_result - take account of a command's result; is it new? */
bool cover_result(unsigned int op, long result)
{
	return mark(&seen->results[(op * 151 - result) % COVER_RESULTS]);
}

static unsigned int count(const unsigned char *set, unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		n += set[i];
	return n;
}

unsigned int cover_edges(void)
{
	return count(seen->edges, COVER_EDGES);
}

unsigned int cover_pcs(void)
{
	return count(seen->pcs, COVER_TEXT);
}

/** cover_save - write the places seen, as offsets in the module's text */
void cover_save(const char *path)
{
	FILE *f = fopen(path, "w");
	unsigned int i;

	if (!f)
		return;
	for (i = 0; i < COVER_TEXT; i++)
		if (seen->pcs[i])
			fprintf(f, "%#x\n", i);
	fclose(f);
}
