// SPDX-License-Identifier: GPL-2.0
/*
 * Values for arguments: plausible most of the time, at the edge or beyond it
 * the rest.
 */
#include <stdint.h>

#include "ops.h"
#include "state.h"

#define NONE	0xffffffffULL

#define CHOOSE(r, ...)	choose(r, (const __u64[]){ __VA_ARGS__ },		\
		sizeof((const __u64[]){ __VA_ARGS__ }) / sizeof(__u64))

static __u64 choose(struct rng *r, const __u64 *list, size_t nr)
{
	return list[rng_below(r, nr)];
}

static __u64 odd_number(struct rng *r)
{
	return CHOOSE(r, 1, 2, 63, 64, 255, 1023, 1024, 4095, 4096, 4097, 8192,
		      65536, INT32_MAX, 0x80000000, NONE, NONE - 1,
		      1ULL << 32, INT64_MAX, UINT64_MAX, rng_next(r));
}

static __u64 near_size(__u64 size, struct rng *r)
{
	return CHOOSE(r, 0, 1, 4, 8, size - 1, size - 4, size - 8, size + 1,
		      size + 8, 4095, 4096, 4097, 65536, NONE);
}

static __u64 pointer(struct rng *r)
{
	__u64 offset = 0x1000 * (1 + rng_below(r, 4));

	switch (rng_below(r, 20)) {
	case 0:
		return AT_READ_ONLY + offset;
	case 1:
		return AT_END + CHOOSE(r, 0, 1, 4, 8, 16, 40, 64, 4096);
	case 2:
	case 3:
		return AT_WINDOW + (rng_below(r, WINDOWS) << AT_WINDOW_SHIFT) +
			CHOOSE(r, 0, 4096, 4090, 2 << 20, (2 << 20) - 16);
	case 4:
		return CHOOSE(r, 0, 1, 4096, 0x7ffffffff000, 0x7ffffffffff8,
			      0x8000000000000000, 0xffff888000000000,
			      0xffffffff81000000, UINT64_MAX - 7);
	case 5:
		return AT_ARENA + rng_below(r, ARENA_SIZE);
	}
	return AT_ARENA + offset;
}

static __u64 length(struct rng *r)
{
	const __u64 page = 4096, huge = 2 << 20;

	if (rng_percent(r, 85))
		return CHOOSE(r, huge, huge, 2 * huge, 3 * huge, page, 4 * page,
			      huge + page);
	return CHOOSE(r, 0, 1, page - 1, page + 1, 32 * huge, 1ULL << 46,
		      (1ULL << 46) + huge, 1ULL << 40, 1ULL << 63, UINT64_MAX,
		      UINT64_MAX - page + 1);
}

static __u64 window_offset(struct rng *r)
{
	return CHOOSE(r, 0, 0, 0, 4096, 8192, 1 << 20, 2 << 20, 2 << 20,
		      (2 << 20) - 4096, 4 << 20, 2049);
}

static __u64 window_bytes(struct rng *r)
{
	return CHOOSE(r, 4096, 4096, 8192, 1 << 20, 2 << 20, 2 << 20, 2 << 20,
		      4 << 20, 6 << 20, 0, 1, 5000, 1ULL << 40);
}

static __u64 task(struct rng *r)
{
	if (rng_percent(r, 30))
		return 0;
	if (rng_percent(r, 90))
		return TASK_BASE + rng_below(r, TASKS / 2);
	return CHOOSE(r, TASK_BASE + TASKS - 1, 1, 2, 10, 15, 99999999,
		      INT32_MAX, 0x80000000, NONE);
}

static __u64 slot(unsigned int first, struct rng *r)
{
	if (rng_percent(r, 3))
		return rng_below(r, SLOTS);
	return first + rng_below(r, 2 + (first == SLOT_MEM));
}

static __u64 mask(struct rng *r)
{
	return CHOOSE(r, 0xff, 0xff, 1, 2, 3, 0xc, 0x30, 0xc0, 0x0f, 0xfe, 0x55,
		      rng_next(r) & 0xff, 0, 0x100, UINT64_MAX);
}

static __u64 flags(__u64 known, struct rng *r)
{
	__u64 f = rng_next(r) & known;

	return rng_percent(r, 95) ? f : f | 1ULL << rng_below(r, 32);
}

/* A number of things of which ids below @usual are there. */
static __u64 id(__u64 usual, struct rng *r)
{
	return rng_percent(r, 92) ? rng_below(r, usual) : odd_number(r);
}

/** arg_choose - a value for an argument */
__u64 arg_choose(const struct arg_desc *d, struct rng *r)
{
	switch (d->kind) {
	case KIND_NUMBER:
		return rng_below(r, d->value);
	case KIND_LIST:
		return choose(r, d->list, d->value);
	case KIND_FLAGS:
		return flags(d->value, r);
	case KIND_RESERVED:
		return rng_percent(r, 98) ? 0 : odd_number(r);
	case KIND_SIZE:
	case KIND_STRIDE:
		return rng_percent(r, 90) ? d->value : near_size(d->value, r);
	case KIND_COUNT:
		return rng_percent(r, 75) ? CHOOSE(r, 16, 64, 64, 0) :
			CHOOSE(r, 1, 2, 3, 4, 7, 8, 15, 4096, odd_number(r));
	case KIND_NODE:
		return id(4, r);
	case KIND_CPU:
		return id(8, r);
	case KIND_VCPU:
		return rng_percent(r, 80) ? rng_below(r, 4) : id(64, r);
	case KIND_NR_VCPUS:
		return rng_percent(r, 85) ? rng_below(r, 9) :
			CHOOSE(r, 17, 64, 64, 300, 4096, odd_number(r));
	case KIND_LENGTH:
		return length(r);
	case KIND_BITS:
		return rng_percent(r, 80) ? CHOOSE(r, 8, 64) :
			CHOOSE(r, 0, 1, 3, 65, 128, 8191, odd_number(r));
	case KIND_MASK:
		return mask(r);
	case KIND_POINTER:
		return pointer(r);
	case KIND_SET:
		return rng_percent(r, 85) ?
			AT_ARENA + 8 * rng_below(r, ARENA_SETS) : pointer(r);
	case KIND_TASK:
		return task(r);
	case KIND_PIDFD:
		return rng_percent(r, 80) ? 0 : id(SLOTS + 1, r);
	case KIND_SLOT:
	case KIND_NEW_FD:
		return slot(d->value, r);
	case KIND_OFFSET:
		return window_offset(r);
	case KIND_BYTES:
		return window_bytes(r);
	}
	return 0;
}
