/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coverage: which code of the module ran, if the kernel tells (KCOV), and which
 * results commands gave.
 */
#ifndef FUZZ_COVER_H
#define FUZZ_COVER_H

#include <stdbool.h>

#define COVER_EDGES	0x10000	/* in the table: pairs share entries */
#define COVER_TEXT	0x40000	/* bytes of the module */
#define COVER_RESULTS	0x1000

/**
 * struct cover - what has been seen, shared by all processes
 * @pcs: by offset in the module's text
 * @edges: pairs of places that ran one after the other, by a hash
 * @results: pairs of a command and its result, by a hash
 */
struct cover {
	unsigned char pcs[COVER_TEXT];
	unsigned char edges[COVER_EDGES];
	unsigned char results[COVER_RESULTS];
};

bool cover_init(struct cover *shared);
bool cover_open(void);

void cover_enable(unsigned int buffer);
void cover_forget(void);
void cover_begin(void);
bool cover_end(void);
bool cover_result(unsigned int op, long result);

unsigned int cover_edges(void);
unsigned int cover_pcs(void);
void cover_save(const char *path);

#endif /* FUZZ_COVER_H */
