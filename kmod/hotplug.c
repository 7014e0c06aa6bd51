// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs and memory that come and go: the kernel calls while it holds locks of
 * its own, so the ledger is brought up to date by work.
 */
#include <linux/cpuhotplug.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/workqueue.h>

#include "booking.h"
#include "hotplug.h"

static void update(struct work_struct *work)
{
	/* Without memory to note it, the ledger stays as it was, and correct. */
	booking_update();
}

static DECLARE_WORK(update_work, update);

static int cpu_changed(unsigned int cpu)
{
	schedule_work(&update_work);
	return 0;
}

static int memory_changed(struct notifier_block *nb, unsigned long action,
			  void *arg)
{
	if (action == MEM_ONLINE || action == MEM_OFFLINE)
		schedule_work(&update_work);
	return NOTIFY_OK;
}

static struct notifier_block memory_nb = {
	.notifier_call = memory_changed,
};

static enum cpuhp_state cpu_state;

int hotplug_init(void)
{
	int err;

	err = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "vcpunuma:online",
					cpu_changed, cpu_changed);
	if (err < 0)
		return err;
	cpu_state = err;
	err = register_memory_notifier(&memory_nb);
	if (err)
		cpuhp_remove_state_nocalls(cpu_state);
	return err;
}

void hotplug_exit(void)
{
	unregister_memory_notifier(&memory_nb);
	cpuhp_remove_state_nocalls(cpu_state);
	cancel_work_sync(&update_work);
}
