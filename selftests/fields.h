/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields of the interface's structures, for tests that go over all of them.
 */
#ifndef SELFTESTS_FIELDS_H
#define SELFTESTS_FIELDS_H

#include <stddef.h>

#include <linux/vcpunuma.h>

/* A part of a structure */
struct field {
	unsigned short at;
	unsigned short size;
};

#define F32(type, name)	{ offsetof(struct vcpunuma_ ## type, name), 4 }
#define F64(type, name)	{ offsetof(struct vcpunuma_ ## type, name), 8 }

/* All from one field to another */
#define FIELDS_TO(type, first, last)					\
	{ offsetof(struct vcpunuma_ ## type, first),			\
	  offsetof(struct vcpunuma_ ## type, last) +			\
	  sizeof(((struct vcpunuma_ ## type *)0)->last) -		\
	  offsetof(struct vcpunuma_ ## type, first) }

#endif /* SELFTESTS_FIELDS_H */
