// SPDX-License-Identifier: GPL-2.0
/*
 * What tests of guest memory share, see memory.h.
 */
#include "memory.h"

#include <setjmp.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define PARAMETERS	"/sys/module/vcpunuma/parameters/"

int __vn_mem_create_ranges(int fd, unsigned int flags, unsigned int page_shift,
			   const struct vcpunuma_mem_range *ranges,
			   unsigned int nr)
{
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.page_shift = page_shift,
		.ranges = (uintptr_t)ranges,
		.nr_ranges = nr,
		.range_size = sizeof(*ranges),
	};
	int err;

	for (unsigned int i = 0; i < nr; i++)
		cmd.length += ranges[i].length;
	err = __vn_ioctl(fd, VCPUNUMA_MEM_CREATE, &cmd);
	return err ? err : cmd.out_fd;
}

int __vn_mem_populate(int mem, __u64 offset, __u64 length, unsigned int workers)
{
	struct vcpunuma_cmd_mem_populate_range cmd = {
		.size = sizeof(cmd),
		.offset = offset,
		.length = length,
		.workers = workers,
	};

	return __vn_ioctl(mem, VCPUNUMA_MEM_POPULATE_RANGE, &cmd);
}

int __vn_mem_punch(int mem, __u64 offset, __u64 length)
{
	return fallocate(mem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 offset, length) ? -errno : 0;
}

int __vn_mbind(void *at, size_t length, int mode, const struct vn_set *nodes)
{
	return syscall(__NR_mbind, at, length, mode, nodes,
		       nodes ? VN_NODES + 1 : 0, 0) ? -errno : 0;
}

int vn_policy_at(void *at, struct vn_set *nodes)
{
	int mode;

	memset(nodes, 0, sizeof(*nodes));
	if (syscall(__NR_get_mempolicy, &mode, nodes, VN_NODES + 1, at,
		    MPOL_F_ADDR))
		return -errno;
	return mode;
}

const char *vn_numa_maps_policy(void *at)
{
	static char line[4096];
	static char policy[64];
	FILE *f = fopen("/proc/self/numa_maps", "re");
	unsigned long begin;

	policy[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx %63s", &begin, policy) == 2 &&
		    begin == (uintptr_t)at)
			break;
		policy[0] = 0;
	}
	if (f)
		fclose(f);
	return policy;
}

long long vn_mem_on(int mem, int node)
{
	struct vcpunuma_node_bytes bytes[64];
	struct vcpunuma_cmd_mem_query cmd;
	int err = __vn_mem_query(mem, &cmd, bytes, ARRAY_SIZE(bytes));

	if (err)
		return err;
	for (unsigned int i = 0; i < cmd.nr_bytes; i++)
		if (bytes[i].node == (__u32)node)
			return bytes[i].bytes;
	return 0;
}

const char *vn_part_misplaced(void *at, size_t length, int node)
{
	static char text[128];
	size_t there, elsewhere;
	int err = __vn_pages(at, length, node, &there, &elsewhere);

	text[0] = 0;
	if (err || there != length / PAGE_4K || elsewhere)
		snprintf(text, sizeof(text),
			 "move_pages: %d, %zu of %zu there, %zu elsewhere", err,
			 there, (size_t)(length / PAGE_4K), elsewhere);
	return text;
}

const char *vn_mem_text(int mem)
{
	static char text[4][1024];
	static unsigned int turn;
	struct vcpunuma_node_bytes bytes[64];
	struct vcpunuma_cmd_mem_query cmd;
	char *buf = text[turn++ % ARRAY_SIZE(text)];
	int err = __vn_mem_query(mem, &cmd, bytes, ARRAY_SIZE(bytes));
	unsigned long long sum = 0;
	int len;

	if (err) {
		snprintf(buf, sizeof(text[0]), "MEM_QUERY: %s", strerror(-err));
		return buf;
	}
	len = sprintf(buf, "length %llu:", cmd.out_length);
	for (unsigned int i = 0; i < cmd.nr_bytes; i++) {
		sum += bytes[i].bytes;
		len += sprintf(buf + len, " %u=%llu", bytes[i].node,
			       bytes[i].bytes);
	}
	if (sum != cmd.out_populated)
		len += sprintf(buf + len, " populated=%llu", cmd.out_populated);
	if (cmd.out_remote)
		len += sprintf(buf + len, " remote=%llu", cmd.out_remote);
	if (cmd.out_small)
		len += sprintf(buf + len, " small=%llu", cmd.out_small);
	if (cmd.out_lost)
		sprintf(buf + len, " lost=%llu", cmd.out_lost);
	return buf;
}

/* SIGBUS */

__thread struct vn_sigbus vn_sigbus;
static __thread sigjmp_buf bus_jump;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	vn_sigbus = (struct vn_sigbus) { info->si_addr, info->si_code };
	siglongjmp(bus_jump, 1);
}

void vn_catch_sigbus(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGBUS, &action, NULL);
}

size_t vn_touch_until_sigbus(char *at, size_t length, size_t step)
{
	static __thread size_t done;

	done = 0;
	vn_sigbus = (struct vn_sigbus) {};
	if (sigsetjmp(bus_jump, 1))
		return done;
	while (done < length) {
		vn_touch(at + done, 1);
		done += step;
	}
	return done;
}

bool vn_can_read(const char *at)
{
	vn_sigbus = (struct vn_sigbus) {};
	if (sigsetjmp(bus_jump, 1))
		return false;
	(void)__atomic_load_n(at, __ATOMIC_RELAXED);
	return true;
}

/* Full nodes */

/* Until twice in a row there was nothing: caches are given up meanwhile. */
void vn_hog_refill(struct vn_hog *hog)
{
	int failed = 0;

	if (hog->large >= 0)
		close(hog->large);
	hog->large = -1;
	while (failed < 2) {
		/* What is there costs nothing, what is not stops at the end. */
		if (!fallocate(hog->mem, 0, 0, hog->length))
			return;
		failed++;
		__vn_write_file("/proc/sys/vm/drop_caches", "3");
	}
}

int __vn_hog(struct vn_hog *hog, int node)
{
	size_t most = (vn_meminfo(node, "MemTotal") + PAGE_2M) & -PAGE_2M;

	*hog = (struct vn_hog) { .vm = __vn_open(), .mem = -1, .large = -1 };
	if (hog->vm < 0)
		return hog->vm;
	/* If it comes to the worst, this process is the one to go. */
	__vn_write_file("/proc/self/oom_score_adj", "1000");
	hog->mem = __vn_mem_create(hog->vm, 0, most, node, 12);
	if (hog->mem < 0) {
		close(hog->vm);
		return hog->mem;
	}
	/* All of it cannot be had. */
	hog->node = node;
	hog->length = most;
	vn_hog_refill(hog);
	return 0;
}

int __vn_hog_leave(struct vn_hog *hog, size_t bytes)
{
	return __vn_mem_punch(hog->mem, 0, bytes);
}

int __vn_hog_fragment(struct vn_hog *hog, size_t bytes)
{
	int err = 0;

	for (size_t i = 0; i < 2 * bytes && !err; i += 2 * PAGE_4K)
		err = __vn_mem_punch(hog->mem, i, PAGE_4K);
	if (err)
		return err;
	/* With so much free the kernel no longer keeps what it still has. */
	hog->large = __vn_mem_create(hog->vm, 0, bytes, hog->node, 21);
	if (hog->large < 0)
		return hog->large;
	for (size_t i = 0; i < bytes; i += PAGE_2M)
		if (fallocate(hog->large, 0, i, PAGE_2M))
			break;
	return 0;
}

void vn_hog_end(struct vn_hog *hog)
{
	if (hog->large >= 0)
		close(hog->large);
	if (hog->mem >= 0)
		close(hog->mem);
	if (hog->vm >= 0)
		close(hog->vm);
	hog->large = -1;
	hog->mem = -1;
	hog->vm = -1;
}

/* Distances */

unsigned int vn_distance(int from, int to)
{
	static unsigned int distance[VN_NODES];
	const struct vn_host *h = vn_host();
	int n = vn_distances(from, distance, VN_NODES), node = -1;

	for (int i = 0; i < n && vn_set_step(&h->online, &node); i++)
		if (node == to)
			return distance[i];
	return 0;
}

int vn_near_memory(int node, int nth)
{
	struct vn_set left = vn_host()->has_memory;
	int best, other;

	vn_set_del(&left, node);
	do {
		best = -1;
		for (other = -1; vn_set_step(&left, &other);)
			if (best < 0 || vn_distance(node, other) <
					vn_distance(node, best))
				best = other;
		if (best >= 0)
			vn_set_del(&left, best);
	} while (best >= 0 && nth--);
	return best;
}

/* Parameters */

int __vn_parameter_read(const char *name, char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return __vn_read_file(path, text, size);
}

int __vn_parameter_write(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return __vn_write_file(path, text);
}
