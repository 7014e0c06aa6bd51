/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only header of the core that knows where it is compiled: in the kernel
 * or in user space. Nothing else in this directory includes one of either's.
 */
#ifndef VCPUNUMA_CORE_TYPES_H
#define VCPUNUMA_CORE_TYPES_H

#ifdef __KERNEL__

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#else

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

/* For operands without side effects, which is all that the core has. */
#ifndef min
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#endif

#endif /* __KERNEL__ */

/* No node, CPU or LLC */
#define CORE_NONE	U32_MAX

#define CORE_LONG_BITS	(8 * sizeof(unsigned long))

/* Longs of a set of @bits members */
#define CORE_LONGS(bits) (((bits) + CORE_LONG_BITS - 1) / CORE_LONG_BITS)

static inline bool core_in_set(const unsigned long *set, u32 member)
{
	return set[member / CORE_LONG_BITS] >> member % CORE_LONG_BITS & 1;
}

static inline void core_set_add(unsigned long *set, u32 member)
{
	set[member / CORE_LONG_BITS] |= 1UL << member % CORE_LONG_BITS;
}

static inline void core_set_remove(unsigned long *set, u32 member)
{
	set[member / CORE_LONG_BITS] &= ~(1UL << member % CORE_LONG_BITS);
}

/* @bytes rounded up, so that any type may follow in a block of memory */
static inline size_t core_align(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

/* The next @bytes of a block, of which *@used are taken already */
static inline void *core_carve(void *mem, size_t *used, size_t bytes)
{
	void *at = (char *)mem + *used;

	*used += core_align(bytes);
	return at;
}

#endif /* VCPUNUMA_CORE_TYPES_H */
