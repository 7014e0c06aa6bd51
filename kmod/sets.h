/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of CPUs, for what is done for each of many threads: the kernel's functions
 * are calls, which take longer than the few words that sets have. What is in the
 * last word beyond the last CPU counts here, so where sets may have something
 * there the answers are on the safe side only.
 */
#ifndef VCPUNUMA_SETS_H
#define VCPUNUMA_SETS_H

#include <linux/cpumask.h>

/* All that a set has room for, at least one: nothing in it is left as it was. */
static inline size_t set_words(void)
{
	return cpumask_size() / sizeof(long);
}

static inline void set_copy(struct cpumask *to, const struct cpumask *from)
{
	size_t i = 0;

	/* READ_ONCE(): or the compiler makes a call of memcpy() of it. */
	do
		cpumask_bits(to)[i] = READ_ONCE(cpumask_bits(from)[i]);
	while (++i < set_words());
}

/* What is in all of @a, @b and @c; returns whether any of it is in @d. */
static inline bool set_and3(struct cpumask *to, const struct cpumask *a,
			    const struct cpumask *b, const struct cpumask *c,
			    const struct cpumask *d)
{
	unsigned long word, any = 0;
	size_t i = 0;

	do {
		word = cpumask_bits(a)[i] & cpumask_bits(b)[i] &
		       cpumask_bits(c)[i];
		cpumask_bits(to)[i] = word;
		any |= word & cpumask_bits(d)[i];
	} while (++i < set_words());
	return any;
}

/* Is all of @a in @b? */
static inline bool set_subset(const struct cpumask *a, const struct cpumask *b)
{
	size_t i = 0;

	do {
		if (cpumask_bits(a)[i] & ~cpumask_bits(b)[i])
			return false;
	} while (++i < set_words());
	return true;
}

#endif /* VCPUNUMA_SETS_H */
