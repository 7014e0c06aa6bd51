/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What VMs without a reservation have booked, on each CPU.
 */
#ifndef VCPUNUMA_LEDGER_H
#define VCPUNUMA_LEDGER_H

#include <linux/mutex.h>
#include <linux/types.h>

struct cpumask;
struct vcpunuma_place;

/*
 * Guards all that is booked on the host, here and in booking.c. A leaf: nothing
 * is locked under it, and nothing waits for it that holds it for long.
 */
extern struct mutex ledger_lock;

int ledger_init(void);
void ledger_exit(void);
void ledger_move_on(u32 *booked, u32 cpu);
u32 ledger_vcpus_on(u32 cpu);
u64 ledger_changes(void);
int ledger_place(const struct cpumask *allowed, bool nodes_only,
		 struct vcpunuma_place *places, u32 nr);

/**
 * ledger_move - book a vCPU on a CPU, most often the one it is booked on already
 * @booked: the CPU it is booked on, VCPUNUMA_NONE if on none; becomes @cpu
 * @cpu: the CPU to book it on, VCPUNUMA_NONE for none
 */
static inline void ledger_move(u32 *booked, u32 cpu)
{
	if (*booked != cpu)
		ledger_move_on(booked, cpu);
}

#endif /* VCPUNUMA_LEDGER_H */
