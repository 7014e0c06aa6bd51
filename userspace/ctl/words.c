// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl - words for the numbers of the interface
 */
#include <stddef.h>

#include <linux/vcpunuma.h>

#include "words.h"

#define WORD(words, number) \
	((number) < sizeof(words) / sizeof((words)[0]) ? (words)[number] : "?")

const char *word_for_reason(unsigned int reason)
{
	static const char *const words[] = {
		[VCPUNUMA_FITS] = "it fits",
		[VCPUNUMA_NO_CPUS] = "the nodes it may use lack CPUs",
		[VCPUNUMA_NO_MEMORY] = "the nodes it may use lack memory",
		[VCPUNUMA_NO_SPAN] = "it would need more nodes than it may use",
		[VCPUNUMA_NO_WHOLE] = "no nodes have room for whole virtual nodes",
		[VCPUNUMA_NO_LOCAL] = "too much memory would be remote",
		[VCPUNUMA_NO_NODES] = "there is no node, or not each, that it asked for",
		[VCPUNUMA_NO_CORES] = "the vCPUs do not divide into whole cores",
		[VCPUNUMA_NO_ROOM] = "the answer would have too many parts",
	};

	return WORD(words, reason);
}

const char *word_for_policy(unsigned int policy)
{
	static const char *const words[] = {
		[VCPUNUMA_COMPACT] = "compact",
		[VCPUNUMA_SPREAD] = "spread",
		[VCPUNUMA_ROUND_ROBIN] = "round-robin",
	};

	return WORD(words, policy);
}

const char *word_for_cpu_policy(unsigned int policy)
{
	static const char *const words[] = {
		[VCPUNUMA_CPU_SHARED] = "shared CPUs",
		[VCPUNUMA_CPU_PREFER] = "own CPUs",
		[VCPUNUMA_CPU_ISOLATE] = "own cores, one thread each",
		[VCPUNUMA_CPU_REQUIRE] = "own cores",
	};

	return WORD(words, policy);
}

const char *word_for_outcome(unsigned int outcome)
{
	static const char *const words[] = {
		[VCPUNUMA_OUTCOME_NONE] = "-",
		[VCPUNUMA_OUTCOME_RESERVED] = "reserved",
		[VCPUNUMA_OUTCOME_RELEASED] = "released",
		[VCPUNUMA_OUTCOME_DRY_RUN] = "dry run",
		[VCPUNUMA_OUTCOME_REFUSED] = "refused",
	};

	return WORD(words, outcome);
}

const char *word_for_state(unsigned int state)
{
	static const char *const words[] = {
		[VCPUNUMA_LEDGER_OFFLINE] = "offline",
		[VCPUNUMA_LEDGER_FREE] = "free",
		[VCPUNUMA_LEDGER_SHARED] = "shared",
		[VCPUNUMA_LEDGER_OWNED] = "owned",
		[VCPUNUMA_LEDGER_BLOCKED] = "blocked",
	};

	return WORD(words, state);
}
