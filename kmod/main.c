// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunuma - NUMA placement of virtual machines: load and unload.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "booking.h"
#include "chardev.h"
#include "cpuset.h"
#include "fault.h"
#include "hold.h"
#include "hotplug.h"
#include "ledger.h"
#include "poison.h"
#include "pool.h"
#include "report.h"

static int __init vcpunuma_init(void)
{
	int err;

	err = cpuset_init();
	if (err)
		return err;
	err = ledger_init();
	if (err)
		goto err_cpuset;
	err = pool_init();
	if (err)
		goto err_ledger;
	err = booking_init();
	if (err)
		goto err_pool;
	err = hold_init();
	if (err)
		goto err_booking;
	err = hotplug_init();
	if (err)
		goto err_hold;
	err = fault_init();
	if (err)
		goto err_hotplug;
	poison_init();
	report_init();
	err = chardev_init();
	if (err)
		goto err_report;
	return 0;

err_report:
	report_exit();
	poison_exit();
	fault_exit();
err_hotplug:
	hotplug_exit();
err_hold:
	hold_exit();
err_booking:
	booking_exit();
err_pool:
	pool_exit();
err_ledger:
	ledger_exit();
err_cpuset:
	cpuset_exit();
	return err;
}

static void __exit vcpunuma_exit(void)
{
	chardev_exit();
	report_exit();
	poison_exit();
	fault_exit();
	hotplug_exit();
	hold_exit();
	booking_exit();
	pool_exit();
	ledger_exit();
	cpuset_exit();
}

module_init(vcpunuma_init);
module_exit(vcpunuma_exit);

MODULE_DESCRIPTION("NUMA placement of virtual machines");
MODULE_AUTHOR("The vcpunuma authors");
MODULE_LICENSE("GPL");
