/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is booked on the host, by all VMs together.
 */
#ifndef VCPUNUMA_LEDGER_H
#define VCPUNUMA_LEDGER_H

#include <linux/types.h>

struct cpumask;
struct vcpunuma_place;

int ledger_init(void);
void ledger_exit(void);
void ledger_move(u32 *booked, u32 cpu);
int ledger_place(const struct cpumask *allowed, bool nodes_only,
		 struct vcpunuma_place *places, u32 nr);

#endif /* VCPUNUMA_LEDGER_H */
