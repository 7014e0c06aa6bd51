/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runners: processes that run one program after the other.
 */
#ifndef FUZZ_RUNNER_H
#define FUZZ_RUNNER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdnoreturn.h>

#include "corpus.h"
#include "cover.h"

/**
 * struct fuzz - what all runners share
 * @seed: where chance begins
 * @runners: how many there are
 * @max_execs: programs to run, 0: no limit
 * @limit_ms: time a program may take
 * @out: directory for results
 * @kcov: does the kernel tell what it runs through?
 * @stop: end soon
 * @hang: a process did not die
 * @execs: programs run
 * @calls: calls made
 * @timeouts: programs that took too long
 * @cover: what has been seen
 * @corpus: programs to begin from
 */
struct fuzz {
	__u64 seed;
	unsigned int runners;
	__u64 max_execs;
	int limit_ms;
	const char *out;
	bool kcov;
	atomic_bool stop;
	atomic_bool hang;
	atomic_ullong execs;
	atomic_ullong calls;
	atomic_ullong timeouts;
	struct cover cover;
	struct corpus corpus;
};

noreturn void runner_fuzz(struct fuzz *f, unsigned int number);
noreturn void runner_replay(struct fuzz *f);

#endif /* FUZZ_RUNNER_H */
