// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel has in use, before and after, see figures.h.
 */
#include "figures.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define MODULE		"vcpunuma"
/* The kernel keeps some of what it once allocated for reasons of its own. */
#define TOLERATED	(24 * MIB)
#define PLACES		64

int vn_module_refs(void)
{
	char buf[32];

	if (__vn_read_file("/sys/module/" MODULE "/refcnt", buf, sizeof(buf)))
		return -1;
	return atoi(buf);
}

int __vn_module_remove(void)
{
	return syscall(__NR_delete_module, MODULE, O_NONBLOCK) ? -errno : 0;
}

int vn_module_file(void)
{
	const char *build = getenv("BUILD");
	struct utsname name;
	char path[512];

	if (!build || uname(&name))
		return -1;
	snprintf(path, sizeof(path), "%s/%s/module/vcpunuma.ko", build,
		 name.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int __vn_module_load(int file)
{
	return syscall(__NR_finit_module, file, "", 0) ? -errno : 0;
}

void vn_caches_read(struct vn_caches *c)
{
	char line[512];
	FILE *f;

	c->n = 0;
	f = fopen("/proc/slabinfo", "re");
	if (!f)
		return;
	while (c->n < (int)ARRAY_SIZE(c->cache) && fgets(line, sizeof(line), f))
		if (line[0] != '#' &&
		    sscanf(line, "%63s %ld", c->cache[c->n].name,
			   &c->cache[c->n].objects) == 2)
			c->n++;
	fclose(f);
}

static long objects_of(const struct vn_caches *c, const char *name)
{
	for (int i = 0; i < c->n; i++)
		if (!strcmp(c->cache[i].name, name))
			return c->cache[i].objects;
	return 0;
}

const char *vn_caches_growing(const struct vn_caches *c, int rounds, long each)
{
	static char text[512];
	int len = 0;

	text[0] = 0;
	for (int i = 0; i < c[0].n && len < 400; i++) {
		const char *name = c[0].cache[i].name;
		/*
		 * Ranges of addresses, of stacks for one, are given up late;
		 * kmemleak keeps account of them.
		 */
		bool grows = strcmp(name, "vmap_area") &&
			     strncmp(name, "kmemleak_", 9);

		for (int r = 1; r < rounds; r++)
			grows &= objects_of(&c[r], name) -
				 objects_of(&c[r - 1], name) > each * 9 / 10;
		if (!grows)
			continue;
		len += sprintf(text + len, "%s:", name);
		for (int r = 0; r < rounds; r++)
			len += sprintf(text + len, " %ld",
				       objects_of(&c[r], name));
		len += sprintf(text + len, " objects; ");
	}
	return text;
}

void vn_settle(void)
{
	glob_t g;

	__vn_write_file("/proc/sys/vm/drop_caches", "3");
	if (!glob("/sys/kernel/slab/*/shrink", 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc; i++)
			__vn_write_file(g.gl_pathv[i], "1");
	globfree(&g);
	/* What is freed late is freed by then. */
	usleep(300000);
}

/* What is booked shows in where new vCPUs go. */
static void read_places(char *text, size_t size)
{
	struct vcpunuma_place place[PLACES];
	size_t len = 0;
	int fd = __vn_open();
	int err = fd < 0 ? fd : __vn_configure(fd, PLACES, 0, place);

	snprintf(text, size, "error %d", err);
	for (int i = 0; i < PLACES && !err && len < size; i++)
		len += snprintf(text + len, size - len, " %u", place[i].cpu);
	close(fd);
}

void vn_before_read(struct vn_before *before)
{
	int node;

	vn_settle();
	before->refs = vn_module_refs();
	for (node = -1; vn_set_step(&vn_host()->has_memory, &node);)
		before->free[node] = vn_free(node);
	read_places(before->places, sizeof(before->places));
}

const char *vn_not_back(const struct vn_before *before)
{
	static char text[2048];
	char places[512];
	int node;

	if (!vn_eventually(vn_module_refs() == before->refs)) {
		snprintf(text, sizeof(text),
			 "references to the module: %d, then %d",
			 before->refs, vn_module_refs());
		return text;
	}
	read_places(places, sizeof(places));
	if (strcmp(places, before->places)) {
		snprintf(text, sizeof(text), "new vCPUs went to%s, then to%s",
			 before->places, places);
		return text;
	}
	vn_settle();
	for (node = -1; vn_set_step(&vn_host()->has_memory, &node);) {
		long long was = before->free[node], is;
		bool back = vn_eventually(vn_free(node) > was - TOLERATED);

		is = vn_free(node);
		if (!back) {
			snprintf(text, sizeof(text),
				 "node %d: %lld KiB free, then %lld", node,
				 was / KIB, is / KIB);
			return text;
		}
		vn_note("node %d: %lld KiB free, then %lld", node, was / KIB,
			is / KIB);
	}
	return "";
}
