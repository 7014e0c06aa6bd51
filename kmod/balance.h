/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is booked on the host and what is left, as it is told to others.
 */
#ifndef VCPUNUMA_BALANCE_H
#define VCPUNUMA_BALANCE_H

#include <linux/types.h>
#include <linux/vcpunuma.h>

struct cmd_call;
union cmd_buffer;

/**
 * struct balance - all that is booked, at one moment
 * @generation: grows with every change
 * @nr_nodes: nodes that are or were online
 * @nr_cpus: CPUs likewise
 * @nodes: in order of id
 * @cpus: likewise; with the owners of all
 */
struct balance {
	u64 generation;
	u32 nr_nodes;
	u32 nr_cpus;
	struct vcpunuma_ledger_node *nodes;
	struct vcpunuma_ledger_cpu *cpus;
};

int balance_take(struct balance *b);
void balance_free(struct balance *b);

int balance_cmd_ledger(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_BALANCE_H */
