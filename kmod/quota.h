/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all VMs of a user may have together.
 */
#ifndef VCPUNUMA_QUOTA_H
#define VCPUNUMA_QUOTA_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct quota;

/* What is counted by user */
enum quota_what {
	QUOTA_VMS,
	QUOTA_VCPUS,
	QUOTA_MEM,		/* bytes */
	QUOTA_NR,
};

struct quota *quota_get(kuid_t uid);
void quota_put(struct quota *q);
int quota_charge(struct quota *q, enum quota_what what, u64 nr);
void quota_add(struct quota *q, enum quota_what what, u64 nr);
void quota_uncharge(struct quota *q, enum quota_what what, u64 nr);

#endif /* VCPUNUMA_QUOTA_H */
