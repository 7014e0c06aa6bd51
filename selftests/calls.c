// SPDX-License-Identifier: GPL-2.0
/*
 * The same calls on a memory object and on a file of hugetlbfs, see calls.h.
 */
#include "calls.h"

#include <linux/memfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAX_SEEN	128

/* Shared by the process that makes the calls and the one that compares */
struct calls_seen {
	int n;
	struct {
		char call[CALLS_TEXT];
		char result[CALLS_TEXT];
	} entry[MAX_SEEN];
};

/* Rows of docs/memory.md. Alternatives in a cell are joined by " or ". */
static const struct {
	const char *call;
	const char *ours;
	const char *theirs;
} table[] = {
#define VN_DIFFERENCE(call, ours, theirs) { call, ours, theirs },
#include "differences.h"
#undef VN_DIFFERENCE
};

void saw_string(struct calls_on *on, const char *call, const char *text)
{
	struct calls_seen *seen = on->seen;
	int i = seen->n;

	if (i == MAX_SEEN)
		abort();
	snprintf(seen->entry[i].call, CALLS_TEXT, "%s", call);
	snprintf(seen->entry[i].result, CALLS_TEXT, "%s", text);
	seen->n++;
}

void saw(struct calls_on *on, const char *call, long result)
{
	const char *name = result < 0 ? strerrorname_np(-result) : NULL;

	if (name)
		saw_text(on, call, "%s", name);
	else
		saw_text(on, call, "%ld", result);
}

/* Memory accesses */

static sigjmp_buf fault_jump;

static void on_fault(int sig)
{
	siglongjmp(fault_jump, sig);
}

static const char *fault_name(int sig)
{
	return sig == SIGBUS ? "SIGBUS" : "SIGSEGV";
}

const char *calls_read(const char *at)
{
	int sig = sigsetjmp(fault_jump, 1);

	if (sig)
		return fault_name(sig);
	__atomic_load_n(at, __ATOMIC_RELAXED);
	return "fine";
}

const char *calls_write(char *at)
{
	int sig = sigsetjmp(fault_jump, 1);

	if (sig)
		return fault_name(sig);
	__atomic_store_n(at, 0x33, __ATOMIC_RELAXED);
	return "fine";
}

static long mark(size_t i)
{
	return 0x6d61726b00000000 + i / PAGE_4K + 1;
}

void calls_fill(char *at, size_t length)
{
	for (size_t i = 0; i < length; i += PAGE_4K)
		__atomic_store_n((long *)(at + i), mark(i), __ATOMIC_RELAXED);
}

static const char *content(const char *at, size_t length)
{
	size_t kept = 0, zero = 0;

	for (size_t i = 0; i < length; i += PAGE_4K) {
		long value = __atomic_load_n((const long *)(at + i),
					     __ATOMIC_RELAXED);

		kept += value == mark(i);
		zero += !value;
	}
	if (kept == length / PAGE_4K)
		return "kept";
	return zero == length / PAGE_4K ? "zero" : "mixed";
}

const char *calls_content(const char *at, size_t length)
{
	int sig = sigsetjmp(fault_jump, 1);

	return sig ? fault_name(sig) : content(at, length);
}

long calls_allocated(const struct calls_on *on)
{
	struct stat st;

	if (on->ours)
		return vn_populated(on->fd) / PAGE_4K;
	return fstat(on->fd, &st) ? -errno : st.st_blocks * 512 / PAGE_4K;
}

static long child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

long calls_child(struct calls_on *on, long (*fn)(struct calls_on *on))
{
	pid_t pid = fork();

	if (pid)
		return child_status(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(fn(on));
}

/* Pages of hugetlbfs before. Some of those it is given go to other nodes. */
static long hugepages[VN_NODES];

static const char *pool_path(int node)
{
	static char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages",
		 node);
	return path;
}

static long pool_size(int node)
{
	char text[32];
	int err = __vn_read_file(pool_path(node), text, sizeof(text));

	return err < 0 ? err : atol(text);
}

static int pool_resize(int node, long nr)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", nr);
	return __vn_write_file(pool_path(node), text);
}

int calls_begin(int node)
{
	int i;

	for (i = -1; vn_set_step(&vn_host()->has_memory, &i);) {
		hugepages[i] = pool_size(i);
		if (hugepages[i] < 0)
			return hugepages[i];
	}
	return pool_resize(node, hugepages[node] + 2 * CALLS_PAGES);
}

bool calls_end(void)
{
	bool well = true;
	int i;

	/* Those that a ring or a socket still holds come later. */
	for (i = -1; vn_set_step(&vn_host()->has_memory, &i);)
		well &= !pool_resize(i, hugepages[i]) &&
			vn_eventually(pool_size(i) == hugepages[i]);
	return well;
}

/* Running a case */

static int make_theirs(void)
{
	int fd = memfd_create("calls", MFD_CLOEXEC | MFD_HUGETLB |
			      MFD_HUGE_2MB);

	if (fd >= 0 && ftruncate(fd, CALLS_LENGTH)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int make_ours(int node)
{
	int vm = __vn_open();
	int fd = vm < 0 ? vm : __vn_mem_create(vm, 0, CALLS_LENGTH, node, 21);

	if (vm >= 0)
		close(vm);
	return fd;
}

static void run_here(calls_fn fn, struct calls_on *on)
{
	signal(SIGBUS, on_fault);
	signal(SIGSEGV, on_fault);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	on->fd = on->ours ? make_ours(on->node) : make_theirs();
	if (on->fd < 0)
		_exit(2);
	on->at = __vn_map(on->fd, CALLS_LENGTH);
	if (on->at == MAP_FAILED)
		_exit(2);
	fn(on);
	_exit(0);
}

/* False: it did not even begin. */
static bool run(calls_fn fn, struct calls_on *on)
{
	long status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		run_here(fn, on);
	status = child_status(pid);
	if (status && status != 2)
		saw_text(on, "the process", "status %ld", status);
	return status != 2;
}

/* Is @result one of the alternatives of a cell? */
static bool matches(const char *cell, const char *result)
{
	size_t length = strlen(result);

	for (;;) {
		const char *next = strstr(cell, " or ");
		size_t n = next ? (size_t)(next - cell) : strlen(cell);

		if (n == length && !memcmp(cell, result, n))
			return true;
		if (!next)
			return false;
		cell = next + 4;
	}
}

static bool as_documented(const char *call, const char *ours,
			  const char *theirs)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].call, call))
			return matches(table[i].ours, ours) &&
			       matches(table[i].theirs, theirs);
	return !strcmp(ours, theirs);
}

static void compare(const struct calls_seen *ours,
		    const struct calls_seen *theirs, char *text, size_t size)
{
	size_t length = 0;

	for (int i = 0; i < ours->n || i < theirs->n; i++) {
		const char *call = i < ours->n ? ours->entry[i].call : "";
		const char *a = ours->entry[i].result;
		const char *b = theirs->entry[i].result;

		if (strcmp(call, theirs->entry[i].call)) {
			snprintf(text + length, size - length,
				 "one has seen \"%s\", the other \"%s\"",
				 call, theirs->entry[i].call);
			return;
		}
		if (strcmp(a, b))
			vn_note("%s: %s, not %s", call, a, b);
		else
			vn_note("%s: %s", call, a);
		if (as_documented(call, a, b) || length >= size)
			continue;
		length += snprintf(text + length, size - length,
				   "%s: %s and %s; ", call, a, b);
	}
}

const char *calls_differ(calls_fn fn, int node)
{
	static char text[4096];
	struct calls_on on = { .node = node };
	struct calls_seen *seen = vn_shared(2 * sizeof(*seen));

	if (seen == MAP_FAILED)
		return "no memory";
	text[0] = 0;
	for (int i = 0; i < 2; i++) {
		on.ours = !i;
		on.seen = &seen[i];
		if (!run(fn, &on))
			return on.ours ? "no memory object" : NULL;
	}
	compare(&seen[0], &seen[1], text, sizeof(text));
	munmap(seen, 2 * sizeof(*seen));
	return text;
}
