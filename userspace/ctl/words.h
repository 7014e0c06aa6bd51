/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpunumactl - words for the numbers of the interface; "?" for those that this
 * program does not know
 */
#ifndef WORDS_H
#define WORDS_H

const char *word_for_reason(unsigned int reason);
const char *word_for_policy(unsigned int policy);
const char *word_for_cpu_policy(unsigned int policy);
const char *word_for_outcome(unsigned int outcome);
const char *word_for_state(unsigned int state);

#endif /* WORDS_H */
