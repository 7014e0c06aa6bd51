// SPDX-License-Identifier: GPL-2.0
/*
 * The world of a failing call, and how it looks: as text, so that two looks
 * can be compared, and the test shows what is different.
 */
#include "failnth.h"

#include <dirent.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define VCPUS	4

void nth_print(struct nth_text *text, const char *format, ...)
{
	size_t room = sizeof(text->at) - text->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->at + text->len, room, format, args);
	va_end(args);
	text->len += n < (int)room ? n : (int)room - 1;
}

/* Leaves out numbers that never come again, and where a thread is just now. */
void nth_print_report(struct nth_text *text, char *report)
{
	char *line, *rest = strstr(report, "\nVM ");
	bool forgotten = false;
	char *where;

	while (rest && (line = strsep(&rest, "\n"))) {
		/* A decision is remembered whether it could be told or not. */
		if (!strncmp(line, "  last decision ", 16))
			forgotten = true;
		else if (strncmp(line, "    ", 4))
			forgotten = false;
		if (forgotten)
			continue;
		if (!strncmp(line, "VM ", 3))
			line = strchr(line, ':') ?: line;
		else if (!strncmp(line, "  memory ", 9))
			line = strchr(line, '>') ?: line;
		where = strstr(line, ", last on CPU") ?:
			strstr(line, "; decision ") ?: strstr(line, "; cost ");
		if (where)
			*where = 0;
		nth_print(text, "report: %s\n", line);
	}
}

static void look_at_vcpus(struct nth_world *w, struct nth_text *text)
{
	struct vcpunuma_share shares[64];
	struct vcpunuma_cmd_distribution sum;
	unsigned int i;
	int err;

	for (i = 0; i < VCPUS; i++) {
		struct vcpunuma_cmd_query q;
		struct vn_set set;

		err = __vn_query(w->vm, i, &q, &set);
		nth_print(text, "vCPU %u: %d", i, err);
		if (!err)
			nth_print(text, " state %u node %d CPU %d tid %d on %s",
				  q.out_state, (int)q.out_node, (int)q.out_cpu,
				  q.out_tid, vn_str(&set));
		nth_print(text, "\n");
	}
	err = __vn_distribution(w->vm, &sum, shares, ARRAY_SIZE(shares));
	nth_print(text, "distribution: %d", err);
	for (i = 0; !err && i < sum.nr_shares; i++)
		nth_print(text, " node %u %u %llu", shares[i].node,
			  shares[i].nr_vcpus, shares[i].mem_bytes);
	if (!err)
		nth_print(text, " bound %u spread %u configured %u exited %u",
			  sum.out_bound, sum.out_spread, sum.out_configured,
			  sum.out_exited);
	nth_print(text, "\n");
}

static void look_at_mem(int mem, struct nth_text *text)
{
	struct vcpunuma_cmd_mem_query q;
	struct vcpunuma_node_bytes bytes[64];
	int err = __vn_mem_query(mem, &q, bytes, ARRAY_SIZE(bytes));
	unsigned int i;

	if (err)
		return;
	nth_print(text, "memory: %llu node %u shift %u populated %llu",
		  q.out_length, q.out_node, q.out_page_shift, q.out_populated);
	for (i = 0; i < q.nr_bytes; i++)
		nth_print(text, " node %u %llu", bytes[i].node, bytes[i].bytes);
	nth_print(text, "\n");
}

/* As much memory as RLIMIT_MEMLOCK says can be had, and not a page more. */
static void look_at_limit(struct nth_world *w, struct nth_text *text)
{
	int vm = __vn_open(), all, more;

	all = __vn_mem_create(vm, 0, NTH_MEMLOCK, w->node[0], 12);
	if (all >= 0)
		close(all);
	more = __vn_mem_create(vm, 0, NTH_MEMLOCK + PAGE_4K, w->node[0], 12);
	if (more >= 0)
		close(more);
	close(vm);
	nth_print(text, "limit: all %s, more %s\n",
		  all < 0 ? strerror(-all) : "fits",
		  more < 0 ? strerror(-more) : "fits");
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Mappings of memory objects */
static int count_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	int n = 0;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "vcpunuma:"))
			n++;
	fclose(f);
	return n;
}

void nth_look(struct nth_world *w, struct nth_text *text)
{
	static char report[65536];
	int err;

	text->len = 0;
	text->at[0] = 0;
	if (w->vm >= 0)
		look_at_vcpus(w, text);
	look_at_mem(w->mem, text);
	look_at_mem(w->made, text);
	if (w->vm < 0 && w->mem < 0)
		look_at_limit(w, text);
	nth_print(text, "affinity: %s, %s, %s\n", vn_affinity(0),
		  vn_affinity(w->thread[0].tid), vn_affinity(w->thread[1].tid));
	nth_print(text, "files: %d, mappings: %d\n", count_fds(), count_maps());
	err = __vn_read_file(NTH_REPORT, report, sizeof(report));
	if (err < 0)
		nth_print(text, "report: %s\n", strerror(-err));
	else
		nth_print_report(text, report);
}

/*
 * All rights but the one that would free memory objects from the limit; and
 * all that this process has is in memory, that nothing be faulted in when
 * something is to fail.
 */
static int settle(void)
{
	const struct rlimit limit = { NTH_MEMLOCK, NTH_MEMLOCK };
	struct vn_caps caps = {
		.uid = VN_NOBODY,
		.mask = ~(1U << CAP_IPC_LOCK),
	};

	if (mlockall(MCL_CURRENT))
		return -errno;
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	return vn_child_caps(&caps, -1);
}

int nth_start(struct nth_world *w)
{
	const struct vn_host *host = vn_host();
	struct vn_set both = vn_set_and(&host->has_cpu, &host->has_memory);
	int i, err;

	w->node[0] = vn_set_first(&both);
	w->node[1] = vn_set_nth(&both, vn_set_weight(&both) - 1);
	for (i = 0; i < 2; i++) {
		const struct vn_set *cpus = &host->node_cpus[w->node[i]];

		w->cpu[i] = vn_set_nth(cpus, vn_set_weight(cpus) - 1);
	}
	w->vm = -1;
	w->mem = -1;
	w->made = -1;
	w->file = -1;
	err = settle();
	for (i = 0; !err && i < 2; i++)
		err = __vn_thread_start(&w->thread[i]);
	return err;
}

void nth_stop(struct nth_world *w)
{
	int i;

	for (i = 0; i < 2; i++)
		vn_thread_stop(&w->thread[i]);
}

int nth_begin(struct nth_world *w)
{
	w->vm = __vn_open();
	return w->vm < 0 ? w->vm : 0;
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void nth_end(struct nth_world *w)
{
	if (w->map)
		munmap(w->map, w->length);
	w->map = NULL;
	close_file(&w->made);
	close_file(&w->file);
	close_file(&w->mem);
	close_file(&w->vm);
}
