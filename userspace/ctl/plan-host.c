// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl plan - this host, from sysfs
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "plan.h"

#define NODES	"/sys/devices/system/node"
#define CPUS	"/sys/devices/system/cpu"

/* The first line of a file, without its end; false: there is none. */
static bool read_text(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool read_text(char *text, size_t size, const char *fmt, ...)
{
	char path[128];
	va_list args;
	FILE *file;
	bool ok;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	file = fopen(path, "re");
	if (!file)
		return false;
	ok = fgets(text, (int)size, file);
	fclose(file);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

/* The next number of a list of ranges: 0-3,8; -1: the end */
static long next_in_list(const char **list, long last)
{
	static long end = -1;
	char *at;
	long first;

	if (last >= 0 && last < end)
		return last + 1;
	if (**list == ',')
		++*list;
	first = strtol(*list, &at, 10);
	if (at == *list)
		return -1;
	end = *at == '-' ? strtol(at + 1, &at, 10) : first;
	*list = at;
	return first;
}

/* Dense numbers for the ids of LLCs and the like, by first CPU seen */
static uint32_t dense(char **keys, uint32_t *nr, const char *key)
{
	uint32_t i;

	for (i = *nr; i--; )
		if (!strcmp(keys[i], key))
			return i;
	keys[*nr] = plan_string(key);
	return (*nr)++;
}

/* The last level of the caches of a CPU: whom it is shared with names it. */
static void find_llc(long cpu, char *key, size_t size)
{
	char text[4096];
	long index, level, best = -1;

	snprintf(key, size, "cpu %ld", cpu);
	for (index = 0; index < 16; index++) {
		if (!read_text(text, sizeof(text),
			       CPUS "/cpu%ld/cache/index%ld/level", cpu, index))
			break;
		level = strtol(text, NULL, 10);
		if (level > best && level > 1 &&
		    read_text(text, sizeof(text),
			      CPUS "/cpu%ld/cache/index%ld/shared_cpu_list",
			      cpu, index)) {
			best = level;
			snprintf(key, size, "%s", text);
		}
	}
}

struct ids {
	char *llc[CORE_MAX_CPUS];
	char *core[CORE_MAX_CPUS];
	uint32_t nr_llcs;
	uint32_t nr_cores;
};

static void add_cpu(struct plan_host *host, struct ids *ids, long cpu,
		    uint32_t node)
{
	char key[4096];
	long socket = 0;

	if (host->nr_cpus == CORE_MAX_CPUS || cpu >= CORE_MAX_IDS)
		return;
	if (read_text(key, sizeof(key), CPUS "/cpu%ld/topology/physical_package_id",
		      cpu))
		socket = strtol(key, NULL, 10);
	host->cpu[host->nr_cpus] = (struct plan_cpu) {
		.id = cpu,
		.node = node,
		.socket = socket > 0 ? socket : 0,
	};
	find_llc(cpu, key, sizeof(key));
	host->cpu[host->nr_cpus].llc = dense(ids->llc, &ids->nr_llcs, key);
	if (!read_text(key, sizeof(key),
		       CPUS "/cpu%ld/topology/thread_siblings_list", cpu))
		snprintf(key, sizeof(key), "cpu %ld", cpu);
	host->cpu[host->nr_cpus].core = dense(ids->core, &ids->nr_cores, key);
	host->nr_cpus++;
}

static uint64_t node_mem(long node)
{
	char path[64], line[256];
	uint64_t kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), NODES "/node%ld/meminfo", node);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, "MemTotal:");

		if (at) {
			kib = strtoull(at + 9, NULL, 10);
			break;
		}
	}
	fclose(file);
	return kib >> 10;
}

static void read_distances(struct plan_host *host, long node, uint32_t i)
{
	char text[8192];
	char *at = text, *end;
	uint32_t j;

	memset(host->distance + (size_t)i * host->nr_nodes, 20, host->nr_nodes);
	host->distance[(size_t)i * host->nr_nodes + i] = 10;
	if (!read_text(text, sizeof(text), NODES "/node%ld/distance", node))
		return;
	for (j = 0; j < host->nr_nodes; j++, at = end) {
		unsigned long distance = strtoul(at, &end, 10);

		if (end == at)
			break;
		if (distance && distance < 256)
			host->distance[i * host->nr_nodes + j] = distance;
	}
}

/* Network and block devices with a node of their own */
static void read_devices(struct plan_host *host, const char *class,
			 const long *ids)
{
	char path[64], text[64];
	struct dirent *entry;
	uint32_t i;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/%s", class);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strchr(entry->d_name, ' ') ||
		    !read_text(text, sizeof(text), "/sys/class/%s/%.60s/device/numa_node",
			       class, entry->d_name))
			continue;
		for (i = 0; i < host->nr_nodes; i++)
			if (ids[i] == strtol(text, NULL, 10))
				break;
		if (i == host->nr_nodes)
			continue;
		host->device = plan_grow(host->device, host->nr_devices + 1,
					 sizeof(*host->device));
		host->device[host->nr_devices++] = (struct plan_device) {
			.name = plan_string(entry->d_name),
			.node = i,
		};
	}
	if (dir)
		closedir(dir);
}

static void read_node(struct plan_host *host, struct ids *ids, long node,
		      uint32_t i)
{
	char text[8192];
	const char *list = text;
	long cpu = -1;

	host->mem[i] = node_mem(node);
	read_distances(host, node, i);
	if (!read_text(text, sizeof(text), NODES "/node%ld/cpulist", node))
		return;
	while ((cpu = next_in_list(&list, cpu)) >= 0)
		add_cpu(host, ids, cpu, i);
}

/* A kernel without NUMA has one node. */
static void read_flat(struct plan_host *host, struct ids *ids)
{
	char text[8192];
	const char *list = text;
	long cpu = -1;

	host->mem[0] = (uint64_t)sysconf(_SC_PHYS_PAGES) *
		       sysconf(_SC_PAGESIZE) >> 20;
	host->distance[0] = 10;
	if (!read_text(text, sizeof(text), CPUS "/online"))
		return;
	while ((cpu = next_in_list(&list, cpu)) >= 0)
		add_cpu(host, ids, cpu, 0);
}

int plan_host_this(struct plan_host *host)
{
	static struct ids ids;
	static long node_id[CORE_MAX_NODES];
	char text[8192], name[65] = "host";
	const char *list = text;
	bool numa;
	uint32_t i;
	long node = -1;

	gethostname(name, sizeof(name) - 1);
	*host = (struct plan_host) {
		.name = plan_string(*name ? name : "host"),
		.overcommit = PLAN_OVERCOMMIT,
	};
	numa = read_text(text, sizeof(text), NODES "/online");
	while (numa && host->nr_nodes < CORE_MAX_NODES &&
	       (node = next_in_list(&list, node)) >= 0)
		node_id[host->nr_nodes++] = node;
	numa = host->nr_nodes;
	if (!numa)
		host->nr_nodes = 1;
	host->mem = plan_alloc(host->nr_nodes, sizeof(*host->mem));
	host->distance = plan_alloc((size_t)host->nr_nodes * host->nr_nodes, 1);
	host->cpu = plan_alloc(CORE_MAX_CPUS, sizeof(*host->cpu));
	for (i = 0; numa && i < host->nr_nodes; i++)
		read_node(host, &ids, node_id[i], i);
	if (!numa)
		read_flat(host, &ids);
	read_devices(host, "net", node_id);
	read_devices(host, "block", node_id);
	for (i = 0; i < ids.nr_llcs; i++)
		free(ids.llc[i]);
	for (i = 0; i < ids.nr_cores; i++)
		free(ids.core[i]);
	if (!host->nr_cpus)
		return error_errno(ENODEV, "no CPUs are there", "read %s", CPUS);
	return 0;
}
