// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that reserve and release at once: how many times in a second, and
 * how many decisions were made more than once because another came between. In
 * a plain guest: the clock is the host's, so only the relations say something.
 *
 * The core is asked once for each decision that is made; the kernel counts how
 * often (a kprobe), where it can.
 */
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include "bench.h"
#include "lib.h"

#define TRACING		"/sys/kernel/tracing/"
#define ROUNDS		2000	/* of all processes together */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A VM with a CPU of its own; where all are taken, none is. */
static void play(int rounds, int go)
{
	char c;

	bench_must(read(go, &c, 1) == 0);
	for (int i = 0; i < rounds; i++) {
		struct vcpunuma_cmd_reserve cmd = {
			.size = sizeof(cmd),
			.nr_vcpus = 1,
			.mem = 2 * MIB,
			.cpu_policy = i % 2 ? VCPUNUMA_CPU_PREFER :
					      VCPUNUMA_CPU_SHARED,
		};
		int vm = __vn_open();

		bench_must(vm >= 0);
		bench_must(!ioctl(vm, VCPUNUMA_RESERVE, &cmd) ||
			   errno == ENOSPC);
		close(vm);
	}
}

/* Calls of the core since the probe was set, or -1 */
static long long decisions(void)
{
	char text[4096], *hits;

	if (__vn_read_file(TRACING "kprobe_profile", text, sizeof(text)))
		return -1;
	hits = strstr(text, "vcpunuma_place");
	return hits ? atoll(hits + strlen("vcpunuma_place")) : -1;
}

static bool probe(void)
{
	return !__vn_write_file(TRACING "kprobe_events",
				"p:vcpunuma_place vcpunuma:core_place") &&
	       !__vn_write_file(TRACING "events/kprobes/vcpunuma_place/enable",
				"1");
}

int main(void)
{
	static const int processes[] = { 1, 2, 4, 8, 16, 64 };
	bool counts = probe();

	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		int nr = processes[i], rounds = ROUNDS / nr, go[2];
		long long before;
		char who[32];
		double begin, seconds;

		bench_must(!pipe(go));
		for (int k = 0; k < nr; k++) {
			pid_t pid = fork();

			bench_must(pid >= 0);
			if (!pid) {
				close(go[1]);
				play(rounds, go[0]);
				_exit(0);
			}
		}
		close(go[0]);
		before = decisions();
		begin = now();
		close(go[1]);
		for (int k = 0; k < nr; k++) {
			int status;

			bench_must(wait(&status) > 0 && !status);
		}
		seconds = now() - begin;
		snprintf(who, sizeof(who), "%d processes", nr);
		bench_result("concurrent", "reserve and release", who,
			     rounds * nr / seconds, "per second");
		if (counts)
			bench_result("concurrent", "decisions made anew", who,
				     100.0 * (decisions() - before) /
				     (rounds * nr) - 100, "%");
	}
	return 0;
}
