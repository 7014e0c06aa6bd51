// SPDX-License-Identifier: GPL-2.0
/*
 * VCPUNUMA_RESERVE of a VM, with no others and with many: what it takes must not
 * grow with their number. They share CPUs; one processor takes about a hundred
 * of them, with the module's overcommit at its largest.
 */
#include <sys/ioctl.h>

#include "bench.h"
#include "lib.h"

#define RUNS	7
#define OTHERS	90

struct shape {
	const char *what;
	unsigned int vcpus;
	__u64 mem;
};

/* The latter is larger than a node. */
static const struct shape shapes[] = {
	{ "fits a node", 1, 2 * MIB },
	{ "on several nodes", 2, 600 * MIB },
};

static int reserve(int vm, const struct shape *shape)
{
	struct vcpunuma_cmd_reserve cmd = {
		.size = sizeof(cmd),
		.nr_vcpus = shape->vcpus,
		.mem = shape->mem,
	};

	return ioctl(vm, VCPUNUMA_RESERVE, &cmd);
}

static __u64 run(const struct shape *shape)
{
	int vm = __vn_open();
	__u64 begin, end;

	bench_must(vm >= 0);
	begin = bench_ticks();
	bench_must(!reserve(vm, shape));
	end = bench_ticks();
	close(vm);
	return end - begin;
}

int main(void)
{
	static const struct shape other = { "", 1, 2 * MIB };

	for (int others = 0, next = 0; next <= OTHERS; next += OTHERS / 3) {
		char who[32];

		for (; others < next; others++) {
			int vm = __vn_open();

			bench_must(vm >= 0);
			bench_must(!reserve(vm, &other));
		}
		snprintf(who, sizeof(who), "with %d VMs", others);
		for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
			struct bench_least least = {};

			while (least.runs < RUNS)
				bench_run(&least, run(&shapes[i]));
			bench_result("RESERVE", shapes[i].what, who,
				     least.ticks, "instructions");
		}
	}
	/* The VMs end with the program. */
	return 0;
}
