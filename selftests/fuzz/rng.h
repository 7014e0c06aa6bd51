/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that repeat: the same seed, the same numbers (splitmix64).
 */
#ifndef FUZZ_RNG_H
#define FUZZ_RNG_H

#include <linux/types.h>
#include <stdbool.h>

struct rng {
	__u64 state;
};

static inline __u64 rng_next(struct rng *r)
{
	__u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Below @n; 0 where there is nothing to choose from. */
static inline __u64 rng_below(struct rng *r, __u64 n)
{
	return n ? rng_next(r) % n : 0;
}

static inline bool rng_percent(struct rng *r, unsigned int percent)
{
	return rng_below(r, 100) < percent;
}

#endif /* FUZZ_RNG_H */
