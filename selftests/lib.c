// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests share, see lib.h.
 */
#include "lib.h"

#include <ctype.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef __NR_close_range
#define __NR_close_range	436
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open		434
#endif

#define SYS_NODE	"/sys/devices/system/node"
#define SYS_CPU		"/sys/devices/system/cpu"
#define CGROUP_ROOT	"/sys/fs/cgroup"

/* Sets */

void vn_set_add(struct vn_set *set, unsigned int i)
{
	set->word[i / 64] |= 1ULL << (i % 64);
}

void vn_set_del(struct vn_set *set, unsigned int i)
{
	set->word[i / 64] &= ~(1ULL << (i % 64));
}

bool vn_set_has(const struct vn_set *set, unsigned int i)
{
	return i < VN_CPUS && (set->word[i / 64] >> (i % 64) & 1);
}

struct vn_set vn_set_of(unsigned int i)
{
	struct vn_set set = {};

	vn_set_add(&set, i);
	return set;
}

struct vn_set vn_set_and(const struct vn_set *a, const struct vn_set *b)
{
	struct vn_set set = {};

	for (size_t i = 0; i < ARRAY_SIZE(set.word); i++)
		set.word[i] = a->word[i] & b->word[i];
	return set;
}

struct vn_set vn_set_or(const struct vn_set *a, const struct vn_set *b)
{
	struct vn_set set = {};

	for (size_t i = 0; i < ARRAY_SIZE(set.word); i++)
		set.word[i] = a->word[i] | b->word[i];
	return set;
}

bool vn_set_equal(const struct vn_set *a, const struct vn_set *b)
{
	return !memcmp(a, b, sizeof(*a));
}

bool vn_set_within(const struct vn_set *a, const struct vn_set *b)
{
	struct vn_set both = vn_set_and(a, b);

	return vn_set_equal(&both, a);
}

int vn_set_weight(const struct vn_set *set)
{
	int weight = 0;

	for (size_t i = 0; i < ARRAY_SIZE(set->word); i++)
		weight += __builtin_popcountll(set->word[i]);
	return weight;
}

bool vn_set_step(const struct vn_set *set, int *i)
{
	while (++*i < VN_CPUS)
		if (vn_set_has(set, *i))
			return true;
	return false;
}

int vn_set_first(const struct vn_set *set)
{
	return vn_set_nth(set, 0);
}

int vn_set_nth(const struct vn_set *set, int nth)
{
	int i;

	for (i = -1; vn_set_step(set, &i);)
		if (!nth--)
			return i;
	return -1;
}

int vn_set_parse(const char *list, struct vn_set *set)
{
	const char *p = list;

	memset(set, 0, sizeof(*set));
	while (isspace((unsigned char)*p))
		p++;
	while (isdigit((unsigned char)*p)) {
		unsigned long first, last;
		char *end;

		first = strtoul(p, &end, 10);
		last = first;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= VN_CPUS)
			return -ERANGE;
		while (first <= last)
			vn_set_add(set, first++);
		p = end;
		if (*p == ',')
			p++;
	}
	while (isspace((unsigned char)*p))
		p++;
	return *p ? -EINVAL : 0;
}

const char *vn_str(const struct vn_set *set)
{
	static char text[8][512];
	static unsigned int turn;
	char *buf = text[turn++ % ARRAY_SIZE(text)];
	size_t len = 0;
	int i;

	buf[0] = 0;
	for (i = -1; vn_set_step(set, &i);) {
		int last = i;

		if (len > sizeof(text[0]) - 32) {
			strcpy(buf + len, ",...");
			break;
		}
		while (vn_set_has(set, last + 1))
			last++;
		len += sprintf(buf + len, "%s%d", len ? "," : "", i);
		if (last > i)
			len += sprintf(buf + len, "-%d", last);
		i = last;
	}
	return buf;
}

/* Files */

int __vn_read_file(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0) {
			err = -errno;
			close(fd);
			return err;
		}
		if (!n)
			break;
		len += n;
	}
	close(fd);
	buf[len] = 0;
	return 0;
}

int __vn_write_file(const char *path, const char *text)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int __vn_cpu_online(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 cpu);
	return __vn_write_file(path, online ? "1" : "0");
}

int __vn_read_set(const char *path, struct vn_set *set)
{
	char buf[4096];
	int err;

	err = __vn_read_file(path, buf, sizeof(buf));
	return err ? err : vn_set_parse(buf, set);
}

/*
 * A line "key: 123 kB" or "key 123" of a file, in bytes if it says kB. Other
 * words may stand before the key, as in nodeN/meminfo.
 */
static long long find_value(const char *path, const char *key)
{
	char line[512];
	long long value = -1;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, key);
		char *end = at ? at + strlen(key) : NULL;

		if (!at || (at > line && !isspace((unsigned char)at[-1])))
			continue;
		if (*end == ':')
			end++;
		else if (!isspace((unsigned char)*end))
			continue;
		value = strtoll(end, &end, 10);
		if (strstr(end, "kB"))
			value *= 1024;
	}
	fclose(f);
	return value;
}

/* The host */

static struct vn_host host;

static void read_or_die(const char *path, struct vn_set *set)
{
	int err = __vn_read_set(path, set);

	if (err) {
		fprintf(stderr, "# %s: %s\n", path, strerror(-err));
		exit(1);
	}
}

static bool has_nodes(void)
{
	return !access(SYS_NODE "/online", R_OK);
}

const struct vn_host *vn_host(void)
{
	static bool done;
	char path[128];
	int node, cpu;

	if (done)
		return &host;

	read_or_die(SYS_CPU "/online", &host.cpus);
	if (has_nodes()) {
		read_or_die(SYS_NODE "/online", &host.online);
		read_or_die(SYS_NODE "/has_cpu", &host.has_cpu);
		read_or_die(SYS_NODE "/has_memory", &host.has_memory);
	} else {
		/* A kernel without NUMA is a host of one node. */
		host.online = vn_set_of(0);
		host.has_cpu = host.online;
		host.has_memory = host.online;
		host.node_cpus[0] = host.cpus;
	}

	memset(host.node_of, -1, sizeof(host.node_of));
	memset(host.core_of, -1, sizeof(host.core_of));
	for (node = -1; vn_set_step(&host.online, &node);) {
		if (has_nodes()) {
			snprintf(path, sizeof(path), SYS_NODE "/node%d/cpulist",
				 node);
			read_or_die(path, &host.node_cpus[node]);
		}
		for (cpu = -1; vn_set_step(&host.node_cpus[node], &cpu);)
			host.node_of[cpu] = node;
	}
	for (cpu = -1; vn_set_step(&host.cpus, &cpu);) {
		struct vn_set threads = vn_set_of(cpu);

		snprintf(path, sizeof(path),
			 SYS_CPU "/cpu%d/topology/thread_siblings_list", cpu);
		if (!access(path, R_OK))
			read_or_die(path, &threads);
		host.core_of[cpu] = vn_set_first(&threads);
	}
	done = true;
	return &host;
}

long long vn_meminfo(int node, const char *key)
{
	char path[128];

	if (!has_nodes())
		return vn_proc_meminfo(key);
	snprintf(path, sizeof(path), SYS_NODE "/node%d/meminfo", node);
	return find_value(path, key);
}

long long vn_free(int node)
{
	long long free = vn_meminfo(node, "MemFree");
	int at = -1;
	char line[256];
	long count;
	FILE *f;

	f = fopen("/proc/zoneinfo", "re");
	if (!f)
		return free;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d,", &at) == 1)
			continue;
		if (at == node && sscanf(line, " count: %ld", &count) == 1)
			free += count * PAGE_4K;
	}
	fclose(f);
	return free;
}

long long vn_proc_meminfo(const char *key)
{
	return find_value("/proc/meminfo", key);
}

int vn_distances(int node, unsigned int *distance, int max)
{
	char path[128], buf[8192];
	char *p = buf;
	int n = 0;

	if (!has_nodes()) {
		distance[0] = 10;
		return 1;
	}
	snprintf(path, sizeof(path), SYS_NODE "/node%d/distance", node);
	if (__vn_read_file(path, buf, sizeof(buf)))
		return -1;
	while (n < max) {
		char *end;
		unsigned long value = strtoul(p, &end, 10);

		if (end == p)
			break;
		distance[n++] = value;
		p = end;
	}
	return n;
}

int vn_absent_node(void)
{
	int node = 0;

	while (vn_set_has(&vn_host()->online, node))
		node++;
	return node;
}

int vn_cores(const struct vn_set *cpus)
{
	struct vn_set cores = {};
	int cpu;

	for (cpu = -1; vn_set_step(cpus, &cpu);)
		if (vn_host()->core_of[cpu] >= 0)
			vn_set_add(&cores, vn_host()->core_of[cpu]);
	return vn_set_weight(&cores);
}

/* Affinity */

int __vn_getaffinity(pid_t tid, struct vn_set *set)
{
	memset(set, 0, sizeof(*set));
	if (syscall(__NR_sched_getaffinity, tid, sizeof(*set), set) < 0)
		return -errno;
	return 0;
}

int __vn_setaffinity(pid_t tid, const struct vn_set *set)
{
	if (syscall(__NR_sched_setaffinity, tid, sizeof(*set), set) < 0)
		return -errno;
	return 0;
}

int __vn_status_affinity(pid_t tid, struct vn_set *set)
{
	static const char key[] = "Cpus_allowed_list:";
	char path[64], line[4096];
	int err = -ENODATA;
	FILE *f;

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/status", tid);
	else
		strcpy(path, "/proc/thread-self/status");
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			err = vn_set_parse(line + strlen(key), set);
	fclose(f);
	return err;
}

const char *vn_affinity(pid_t tid)
{
	static char text[1200];
	struct vn_set set, status = {};
	int err;

	err = __vn_getaffinity(tid, &set);
	if (!err)
		err = __vn_status_affinity(tid, &status);
	if (err) {
		snprintf(text, sizeof(text), "? %s", strerror(-err));
		return text;
	}
	/* procfs also has the CPUs that are offline. */
	status = vn_set_and(&status, &vn_host()->cpus);
	if (!vn_set_equal(&set, &status)) {
		snprintf(text, sizeof(text), "%s, but %s in procfs",
			 vn_str(&set), vn_str(&status));
		return text;
	}
	return vn_str(&set);
}

/* Commands */

int __vn_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int __vn_open(void)
{
	int fd = open(VCPUNUMA_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int __vn_info(int fd, struct vcpunuma_cmd_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return __vn_ioctl(fd, VCPUNUMA_INFO, info);
}

int __vn_configure(int fd, unsigned int nr, unsigned int flags,
		   struct vcpunuma_place *places)
{
	struct vcpunuma_cmd_configure cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.nr_vcpus = nr,
		.place_size = sizeof(*places),
		.places = (uintptr_t)places,
		.nr_places = places ? nr : 0,
	};

	return __vn_ioctl(fd, VCPUNUMA_CONFIGURE, &cmd);
}

int __vn_bind(int fd, unsigned int vcpu, unsigned int to, unsigned int target,
	      pid_t tid, struct vcpunuma_cmd_bind *result)
{
	struct vcpunuma_cmd_bind cmd = {
		.size = sizeof(cmd),
		.vcpu = vcpu,
		.to = to,
		.target = target,
		.tid = tid,
	};
	int err;

	err = __vn_ioctl(fd, VCPUNUMA_BIND, &cmd);
	if (result)
		*result = cmd;
	return err;
}

int __vn_bind_set(int fd, unsigned int vcpu, const struct vn_set *set,
		  pid_t tid, struct vcpunuma_cmd_bind *result)
{
	struct vcpunuma_cmd_bind cmd = {
		.size = sizeof(cmd),
		.vcpu = vcpu,
		.to = VCPUNUMA_BIND_CPUS,
		.tid = tid,
		.cpus = (uintptr_t)set,
	};
	int cpu, err;

	for (cpu = -1; vn_set_step(set, &cpu);)
		cmd.nr_bits = cpu + 1;
	if (!cmd.nr_bits)
		cmd.nr_bits = 1;
	err = __vn_ioctl(fd, VCPUNUMA_BIND, &cmd);
	if (result)
		*result = cmd;
	return err;
}

int __vn_bind_pidfd(int fd, unsigned int vcpu, unsigned int cpu, int pidfd,
		    pid_t tid)
{
	struct vcpunuma_cmd_bind cmd = {
		.size = sizeof(cmd),
		.flags = VCPUNUMA_BIND_PIDFD,
		.vcpu = vcpu,
		.to = VCPUNUMA_BIND_CPU,
		.target = cpu,
		.tid = tid,
		.pidfd = pidfd,
	};

	return __vn_ioctl(fd, VCPUNUMA_BIND, &cmd);
}

int __vn_bind_many(int fd, struct vcpunuma_bind_entry *entries, unsigned int nr,
		   struct vcpunuma_cmd_bind_many *cmd)
{
	*cmd = (struct vcpunuma_cmd_bind_many) {
		.size = sizeof(*cmd),
		.entries = (uintptr_t)entries,
		.nr_entries = nr,
		.entry_size = sizeof(*entries),
	};
	return __vn_ioctl(fd, VCPUNUMA_BIND_MANY, cmd);
}

int __vn_unbind(int fd, unsigned int vcpu)
{
	struct vcpunuma_cmd_unbind cmd = {
		.size = sizeof(cmd),
		.vcpu = vcpu,
	};

	return __vn_ioctl(fd, VCPUNUMA_UNBIND, &cmd);
}

int __vn_query(int fd, unsigned int vcpu, struct vcpunuma_cmd_query *cmd,
	       struct vn_set *set)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->size = sizeof(*cmd);
	cmd->vcpu = vcpu;
	if (set) {
		memset(set, 0, sizeof(*set));
		cmd->nr_bits = VN_CPUS;
		cmd->cpus = (uintptr_t)set;
	}
	return __vn_ioctl(fd, VCPUNUMA_QUERY, cmd);
}

int vn_state(int fd, unsigned int vcpu)
{
	struct vcpunuma_cmd_query cmd;
	int err;

	err = __vn_query(fd, vcpu, &cmd, NULL);
	return err ? err : (int)cmd.out_state;
}

int __vn_distribution(int fd, struct vcpunuma_cmd_distribution *cmd,
		      struct vcpunuma_share *shares, unsigned int max)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->size = sizeof(*cmd);
	cmd->shares = (uintptr_t)shares;
	cmd->nr_shares = max;
	cmd->share_size = sizeof(*shares);
	return __vn_ioctl(fd, VCPUNUMA_DISTRIBUTION, cmd);
}

static int mem_create(int fd, struct vcpunuma_cmd_mem_create *cmd)
{
	int err;

	cmd->size = sizeof(*cmd);
	cmd->out_fd = -1;
	err = __vn_ioctl(fd, VCPUNUMA_MEM_CREATE, cmd);
	return err ? err : cmd->out_fd;
}

int __vn_mem_create(int fd, unsigned int flags, __u64 length,
		    unsigned int node, unsigned int page_shift)
{
	struct vcpunuma_cmd_mem_create cmd = {
		.flags = flags,
		.length = length,
		.node = node,
		.page_shift = page_shift,
	};

	return mem_create(fd, &cmd);
}

int __vn_mem_create_vcpu(int fd, unsigned int flags, __u64 length,
			 unsigned int vcpu, unsigned int page_shift)
{
	struct vcpunuma_cmd_mem_create cmd = {
		.flags = flags | VCPUNUMA_MEM_VCPU,
		.length = length,
		.vcpu = vcpu,
		.page_shift = page_shift,
	};

	return mem_create(fd, &cmd);
}

int __vn_mem_query(int mem, struct vcpunuma_cmd_mem_query *cmd,
		   struct vcpunuma_node_bytes *bytes, unsigned int max)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->size = sizeof(*cmd);
	cmd->bytes = (uintptr_t)bytes;
	cmd->nr_bytes = max;
	cmd->bytes_size = sizeof(*bytes);
	return __vn_ioctl(mem, VCPUNUMA_MEM_QUERY, cmd);
}

int __vn_reserve(int fd, struct vcpunuma_cmd_reserve *cmd,
		 struct vcpunuma_place *places, unsigned int nr_places,
		 struct vcpunuma_chunk *chunks, unsigned int nr_chunks)
{
	cmd->size = sizeof(*cmd);
	cmd->places = (uintptr_t)places;
	cmd->nr_places = nr_places;
	cmd->place_size = sizeof(*places);
	cmd->chunks = (uintptr_t)chunks;
	cmd->nr_chunks = nr_chunks;
	cmd->chunk_size = sizeof(*chunks);
	return __vn_ioctl(fd, VCPUNUMA_RESERVE, cmd);
}

int __vn_release(int fd)
{
	struct vcpunuma_cmd_release cmd = { .size = sizeof(cmd) };

	return __vn_ioctl(fd, VCPUNUMA_RELEASE, &cmd);
}

int __vn_ledger(int fd, struct vcpunuma_cmd_ledger *cmd,
		struct vcpunuma_ledger_node *nodes, unsigned int nr_nodes,
		struct vcpunuma_ledger_cpu *cpus, unsigned int nr_cpus)
{
	*cmd = (struct vcpunuma_cmd_ledger) {
		.size = sizeof(*cmd),
		.nodes = (uintptr_t)nodes,
		.nr_nodes = nr_nodes,
		.node_size = sizeof(*nodes),
		.cpus = (uintptr_t)cpus,
		.nr_cpus = nr_cpus,
		.cpu_size = sizeof(*cpus),
	};
	return __vn_ioctl(fd, VCPUNUMA_LEDGER, cmd);
}

int __vn_explain(int fd, unsigned int vm, unsigned int flags,
		 struct vcpunuma_cmd_explain *cmd,
		 struct vcpunuma_explain_node *nodes, unsigned int nr_nodes,
		 struct vcpunuma_candidate *candidates,
		 unsigned int nr_candidates)
{
	*cmd = (struct vcpunuma_cmd_explain) {
		.size = sizeof(*cmd),
		.flags = flags,
		.vm = vm,
		.nodes = (uintptr_t)nodes,
		.nr_nodes = nr_nodes,
		.node_size = sizeof(*nodes),
		.candidates = (uintptr_t)candidates,
		.nr_candidates = nr_candidates,
		.candidate_size = sizeof(*candidates),
	};
	return __vn_ioctl(fd, VCPUNUMA_EXPLAIN, cmd);
}

long long vn_populated(int mem)
{
	struct vcpunuma_cmd_mem_query cmd;
	int err;

	err = __vn_mem_query(mem, &cmd, NULL, 0);
	return err ? err : (long long)cmd.out_populated;
}

/* Memory */

void *__vn_map(int mem, size_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
}

void vn_touch(void *at, size_t length)
{
	char *p = at;

	for (size_t i = 0; i < length; i += PAGE_4K)
		__atomic_store_n(p + i, 0x55, __ATOMIC_RELAXED);
}

unsigned long vn_sum(const void *at, size_t length)
{
	const unsigned char *p = at;
	unsigned long sum = 0;

	for (size_t i = 0; i < length; i += PAGE_4K)
		sum += __atomic_load_n(p + i, __ATOMIC_RELAXED);
	return sum;
}

bool vn_is_zero(const void *at, size_t length)
{
	const __u64 *p = at;

	for (size_t i = 0; i < length / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

int __vn_pages(void *at, size_t length, int node, size_t *there,
	       size_t *elsewhere)
{
	enum { BATCH = 512 };
	size_t pages = length / PAGE_4K;
	int status[BATCH];
	void *page[BATCH];

	*there = 0;
	*elsewhere = 0;
	for (size_t first = 0; first < pages; first += BATCH) {
		size_t n = pages - first;

		if (n > BATCH)
			n = BATCH;
		for (size_t i = 0; i < n; i++)
			page[i] = (char *)at + (first + i) * PAGE_4K;
		if (syscall(__NR_move_pages, 0, n, page, NULL, status, 0))
			return -errno;
		for (size_t i = 0; i < n; i++) {
			if (status[i] == node)
				++*there;
			else if (status[i] >= 0)
				++*elsewhere;
		}
	}
	return 0;
}

int __vn_numa_maps(void *at, int node, size_t *there, size_t *elsewhere)
{
	static char line[65536];
	size_t page_kb = 4;
	int err = -ENOENT;
	FILE *f;

	*there = 0;
	*elsewhere = 0;
	f = fopen("/proc/self/numa_maps", "re");
	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		char *save, *word;

		if (strtoull(line, NULL, 16) != (uintptr_t)at)
			continue;
		err = 0;
		for (word = strtok_r(line, "\n ", &save); word;
		     word = strtok_r(NULL, "\n ", &save)) {
			size_t count;
			int where;

			if (sscanf(word, "N%d=%zu", &where, &count) == 2)
				*(where == node ? there : elsewhere) += count;
			else if (sscanf(word, "kernelpagesize_kB=%zu",
					&count) == 1)
				page_kb = count;
		}
	}
	fclose(f);
	*there *= page_kb / 4;
	*elsewhere *= page_kb / 4;
	return err;
}

const char *vn_misplaced(void *at, size_t length, int node)
{
	static char text[128];
	size_t there, elsewhere;
	int err;

	err = __vn_pages(at, length, node, &there, &elsewhere);
	if (err || there != length / PAGE_4K || elsewhere) {
		snprintf(text, sizeof(text),
			 "move_pages: %d, %zu of %zu there, %zu elsewhere",
			 err, there, (size_t)(length / PAGE_4K), elsewhere);
		return text;
	}
	err = __vn_numa_maps(at, node, &there, &elsewhere);
	if (err || there != length / PAGE_4K || elsewhere) {
		snprintf(text, sizeof(text),
			 "numa_maps: %d, %zu of %zu there, %zu elsewhere",
			 err, there, (size_t)(length / PAGE_4K), elsewhere);
		return text;
	}
	return "";
}

long long vn_smaps(void *at, const char *key)
{
	long long value = -ENOENT;
	unsigned long long begin;
	bool found = false;
	char line[4096];
	FILE *f;

	f = fopen("/proc/self/smaps", "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%*x ", &begin) == 1 &&
		    strchr(line, '-')) {
			if (found)
				break;
			found = begin == (uintptr_t)at;
		} else if (found && !strncmp(line, key, strlen(key)) &&
			   line[strlen(key)] == ':') {
			value = strtoll(line + strlen(key) + 1, NULL, 10) *
				1024;
		}
	}
	fclose(f);
	return value;
}

void *vn_shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Threads */

static void *thread_main(void *arg)
{
	struct vn_thread *t = arg;

	t->tid = syscall(__NR_gettid);
	sem_post(&t->done);
	for (;;) {
		while (sem_wait(&t->go))
			;
		if (!t->fn)
			return NULL;
		t->ret = t->fn(t->arg);
		sem_post(&t->done);
	}
}

int __vn_thread_start(struct vn_thread *t)
{
	int err;

	memset(t, 0, sizeof(*t));
	sem_init(&t->go, 0, 0);
	sem_init(&t->done, 0, 0);
	err = pthread_create(&t->id, NULL, thread_main, t);
	if (err)
		return -err;
	vn_thread_wait(t);
	return 0;
}

void vn_thread_post(struct vn_thread *t, long (*fn)(void *arg), void *arg)
{
	t->fn = fn;
	t->arg = arg;
	sem_post(&t->go);
}

long vn_thread_wait(struct vn_thread *t)
{
	while (sem_wait(&t->done))
		;
	return t->ret;
}

long vn_thread_run(struct vn_thread *t, long (*fn)(void *arg), void *arg)
{
	vn_thread_post(t, fn, arg);
	return vn_thread_wait(t);
}

void vn_thread_stop(struct vn_thread *t)
{
	vn_thread_post(t, NULL, NULL);
	pthread_join(t->id, NULL);
	/* Joined is not gone: the kernel has still to take it down. */
	vn_eventually(syscall(__NR_tgkill, getpid(), t->tid, 0) < 0);
}

/* Processes */

int vn_reply = -1;

struct message {
	vn_child_fn fn;
	void *arg;
	long ret;
};

static int send_message(int sock, const struct message *m, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { (void *)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != sizeof(*m))
		return -EPIPE;
	return 0;
}

static int receive_message(int sock, struct message *m, int *fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(*m))
		return -EPIPE;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return 0;
}

static void child_main(int sock)
{
	struct message m;
	int fd;

	while (!receive_message(sock, &m, &fd)) {
		vn_reply = -1;
		m.ret = m.fn(m.arg, fd);
		if (send_message(sock, &m, vn_reply))
			break;
	}
	_exit(0);
}

static int child_start(struct vn_child *c, bool inherit)
{
	int sock[2];
	pid_t parent = getpid();

	c->reply = -1;
	c->sock = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	fflush(NULL);
	c->pid = fork();
	if (c->pid < 0) {
		close(sock[0]);
		close(sock[1]);
		return -errno;
	}
	if (c->pid) {
		close(sock[1]);
		c->sock = sock[0];
		/* It answers when it has let go of our file descriptors. */
		return vn_child_call(c, vn_child_gettid, NULL, -1) == c->pid ?
			0 : -EPIPE;
	}

	if (getppid() != parent)
		_exit(1);
	if (inherit) {
		close(sock[0]);
	} else {
		dup2(sock[1], 3);
		fcntl(3, F_SETFD, FD_CLOEXEC);
		syscall(__NR_close_range, 4, ~0U, 0);
		sock[1] = 3;
	}
	child_main(sock[1]);
	return 0;
}

int __vn_child_start(struct vn_child *c)
{
	return child_start(c, false);
}

int __vn_child_start_inherit(struct vn_child *c)
{
	return child_start(c, true);
}

int vn_child_post(struct vn_child *c, vn_child_fn fn, void *arg, int fd)
{
	struct message m = { .fn = fn, .arg = arg };

	return send_message(c->sock, &m, fd);
}

long vn_child_wait(struct vn_child *c)
{
	struct message m;

	if (receive_message(c->sock, &m, &c->reply))
		return -EPIPE;
	return m.ret;
}

long vn_child_call(struct vn_child *c, vn_child_fn fn, void *arg, int fd)
{
	int err = vn_child_post(c, fn, arg, fd);

	return err ? err : vn_child_wait(c);
}

static int child_reap(struct vn_child *c)
{
	int status = -1;

	if (c->sock >= 0)
		close(c->sock);
	c->sock = -1;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int vn_child_stop(struct vn_child *c)
{
	close(c->sock);
	c->sock = -1;
	return child_reap(c);
}

int vn_child_kill(struct vn_child *c)
{
	kill(c->pid, SIGKILL);
	return child_reap(c);
}

int vn_child_vm = -1;

long vn_child_open(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	vn_child_vm = __vn_open();
	return vn_child_vm;
}

long vn_child_close(void *which, int fd)
{
	(void)fd;
	return close((long)which) ? -errno : 0;
}

long vn_child_send(void *which, int fd)
{
	(void)fd;
	vn_reply = (long)which;
	return 0;
}

long vn_child_drop(void *uid, int fd)
{
	(void)fd;
	return __vn_drop((long)uid);
}

long vn_child_caps(void *arg, int fd)
{
	const struct vn_caps *caps = arg;
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {};

	(void)fd;
	if (prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	if (caps->uid && setresuid(caps->uid, caps->uid, caps->uid))
		return -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	data[0].effective = caps->mask;
	data[0].permitted = caps->mask;
	return syscall(__NR_capset, &header, data) ? -errno : 0;
}

long vn_child_gettid(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	return syscall(__NR_gettid);
}

static struct vn_thread child_thread;

long vn_child_thread(void *unused, int fd)
{
	int err;

	(void)unused;
	(void)fd;
	err = __vn_thread_start(&child_thread);
	return err ? err : child_thread.tid;
}

long vn_child_thread_stop(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	vn_thread_stop(&child_thread);
	return 0;
}

int __vn_drop(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	/* The change of user has cleared it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

int vn_pidfd_open(pid_t pid)
{
	int fd = syscall(__NR_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/* Programs to execute: this one, with an argument */

static void exec_self(const char *what, int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	fcntl(fd, F_SETFD, 0);
	execl("/proc/self/exe", "selftest", what, number, NULL);
}

void vn_exec_affinity(int fd)
{
	exec_self("--affinity", fd);
}

void vn_exec_wait(int fd)
{
	exec_self("--wait", fd);
}

/* A test that outlives the harness, ended by a time limit, is in the way. */
static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void __attribute__((constructor)) fork_main(void)
{
	pthread_atfork(NULL, NULL, die_with_parent);
}

static void __attribute__((constructor)) exec_main(int argc, char **argv)
{
	char c;
	int fd;

	if (argc != 3)
		return;
	fd = atoi(argv[2]);
	if (!strcmp(argv[1], "--affinity")) {
		dprintf(fd, "%s\n", vn_affinity(0));
		_exit(0);
	}
	if (!strcmp(argv[1], "--wait")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(fd, &c, 1) > 0)
			;
		_exit(0);
	}
}

/* Control groups */

int __vn_cgroup_write(struct vn_cgroup *cg, const char *file, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", cg->path, file);
	return __vn_write_file(path, text);
}

int __vn_cgroup_make(struct vn_cgroup *cg, const char *name,
		     const char *controllers)
{
	static const char subtree[] = CGROUP_ROOT "/cgroup.subtree_control";
	int err;

	cg->path[0] = 0;
	if (access(subtree, W_OK))
		return -ENOTSUP;
	err = __vn_write_file(subtree, controllers);
	if (err)
		return err == -ENOENT || err == -EINVAL ? -ENOTSUP : err;
	snprintf(cg->path, sizeof(cg->path), CGROUP_ROOT "/vcpunuma-%d-%s",
		 getpid(), name);
	if (mkdir(cg->path, 0755)) {
		err = -errno;
		cg->path[0] = 0;
		return err;
	}
	return 0;
}

long long vn_cgroup_read(struct vn_cgroup *cg, const char *file,
			 const char *key)
{
	char path[512], buf[256];

	snprintf(path, sizeof(path), "%s/%s", cg->path, file);
	if (key)
		return find_value(path, key);
	if (__vn_read_file(path, buf, sizeof(buf)))
		return -1;
	return strtoll(buf, NULL, 10);
}

long long vn_cgroup_charged(struct vn_cgroup *cg)
{
	return vn_cgroup_read(cg, "memory.current", NULL);
}

int __vn_cgroup_cpus(struct vn_cgroup *cg, const struct vn_set *cpus)
{
	return __vn_cgroup_write(cg, "cpuset.cpus", vn_str(cpus));
}

int __vn_cgroup_mems(struct vn_cgroup *cg, const struct vn_set *nodes)
{
	return __vn_cgroup_write(cg, "cpuset.mems", vn_str(nodes));
}

int __vn_cgroup_move(struct vn_cgroup *cg, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	return __vn_cgroup_write(cg, "cgroup.procs", number);
}

int __vn_cgroup_leave(pid_t pid)
{
	struct vn_cgroup root = { CGROUP_ROOT };

	return __vn_cgroup_move(&root, pid);
}

void vn_cgroup_remove(struct vn_cgroup *cg)
{
	if (!cg->path[0])
		return;
	__vn_cgroup_write(cg, "cgroup.kill", "1");
	vn_eventually(!rmdir(cg->path) || errno == ENOENT);
	cg->path[0] = 0;
}
