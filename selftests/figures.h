/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel has in use, before and after: that all came back.
 */
#ifndef SELFTESTS_FIGURES_H
#define SELFTESTS_FIGURES_H

#include "lib.h"

/* References to the module, or -1: it is not loaded. */
int vn_module_refs(void);
/* Tries to remove the module. */
int __vn_module_remove(void);
/* vcpunuma.ko where "make" leaves it, or -1; and loads it. */
int vn_module_file(void);
int __vn_module_load(int file);
#define VN_NO_MODULE_FILE	"no vcpunuma.ko of this kernel below $BUILD"

/* Objects in use by cache of the slab allocator */
struct vn_caches {
	int n;
	struct {
		char name[64];
		long objects;
	} cache[512];
};

void vn_caches_read(struct vn_caches *c);
/*
 * After each of a number of equal rounds the caches were read. A cache that
 * grew by almost @each objects, or more, in all rounds but the first (which is
 * to get going) is not emptied: returns which, as text; else "".
 */
const char *vn_caches_growing(const struct vn_caches *c, int rounds,
			      long each);

/* Has the kernel give back what it holds without need. */
void vn_settle(void);

/* All that a VM may leave behind */
struct vn_before {
	int refs;			/* of the module */
	long long free[VN_NODES];	/* bytes */
	char places[512];		/* that a VM of many vCPUs would get */
};

void vn_before_read(struct vn_before *before);
/* Waits for all to be as before. What is not, as text; else "". */
const char *vn_not_back(const struct vn_before *before);

#endif /* SELFTESTS_FIGURES_H */
