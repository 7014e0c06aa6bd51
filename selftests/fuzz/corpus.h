/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The corpus: programs that once did something new.
 */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "prog.h"

#define CORPUS_MAX	4096

/**
 * struct corpus - shared by all runners
 * @nr: number of programs, also those that found no room
 * @ready: is it complete?
 * @progs: the programs
 */
struct corpus {
	atomic_uint nr;
	atomic_bool ready[CORPUS_MAX];
	struct prog progs[CORPUS_MAX];
};

unsigned int corpus_count(const struct corpus *c);
const struct prog *corpus_get(const struct corpus *c, unsigned int i);
const struct prog *corpus_choose(const struct corpus *c, struct rng *r);
void corpus_add(struct corpus *c, const struct prog *p, const char *dir);
bool corpus_load(struct corpus *c, const char *dir);

#endif /* FUZZ_CORPUS_H */
