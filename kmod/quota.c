// SPDX-License-Identifier: GPL-2.0
/*
 * What all VMs of a user may have together. Who had CAP_SYS_RESOURCE when he
 * opened the device has no such limits, and is not counted.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "quota.h"

static uint user_vms = 1024;
module_param(user_vms, uint, 0644);
MODULE_PARM_DESC(user_vms, "VMs of a user at a time (default 1024; 0: no limit)");

static uint user_vcpus = 65536;
module_param(user_vcpus, uint, 0644);
MODULE_PARM_DESC(user_vcpus, "vCPUs of all VMs of a user (default 65536; 0: no limit)");

static uint user_mem;
module_param(user_mem, uint, 0644);
MODULE_PARM_DESC(user_mem, "MiB of memory that all VMs of a user reserve or create (default 0: no limit)");

/**
 * struct quota - what a user has
 * @uid: the user
 * @users: VMs that refer to it; under quotas_lock
 * @used: by enum quota_what
 */
struct quota {
	kuid_t uid;
	u32 users;
	atomic64_t used[QUOTA_NR];
};

/* By user id */
static DEFINE_XARRAY(quotas);
static DEFINE_MUTEX(quotas_lock);	/* a leaf */

static u64 quota_limit(enum quota_what what)
{
	u64 limit = 0;

	switch (what) {
	case QUOTA_VMS:
		limit = READ_ONCE(user_vms);
		break;
	case QUOTA_VCPUS:
		limit = READ_ONCE(user_vcpus);
		break;
	case QUOTA_MEM:
		limit = (u64)READ_ONCE(user_mem) * SZ_1M;
		break;
	case QUOTA_NR:
		break;
	}
	return limit ?: S64_MAX;
}

static struct quota *quota_find(kuid_t uid)
{
	unsigned long id = __kuid_val(uid);
	struct quota *q = xa_load(&quotas, id);
	int err;

	lockdep_assert_held(&quotas_lock);
	if (q)
		return q;
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return ERR_PTR(-ENOMEM);
	q->uid = uid;
	err = xa_err(xa_store(&quotas, id, q, GFP_KERNEL_ACCOUNT));
	if (err) {
		kfree(q);
		return ERR_PTR(err);
	}
	return q;
}

/**
 * quota_get - the counts of a user
 * @uid: the user
 *
 * Return: the counts, to be given to quota_put() when nothing is charged any
 * more; ERR_PTR() of -ENOMEM.
 */
struct quota *quota_get(kuid_t uid)
{
	struct quota *q;

	mutex_lock(&quotas_lock);
	q = quota_find(uid);
	if (!IS_ERR(q))
		q->users++;
	mutex_unlock(&quotas_lock);
	return q;
}

/** quota_put - the end of quota_get(); @q may be NULL */
void quota_put(struct quota *q)
{
	u32 i;

	if (!q)
		return;
	mutex_lock(&quotas_lock);
	if (!--q->users) {
		for (i = 0; i < QUOTA_NR; i++)
			WARN_ON_ONCE(atomic64_read(&q->used[i]));
		xa_erase(&quotas, __kuid_val(q->uid));
		kfree(q);
	}
	mutex_unlock(&quotas_lock);
}

/**
 * quota_charge - the user has more
 * @q: his counts; NULL: he is not counted
 * @what: what of
 * @nr: how much, up to %S64_MAX
 *
 * Return: 0; -EDQUOT: it would be more than he may have, and is not counted.
 */
int quota_charge(struct quota *q, enum quota_what what, u64 nr)
{
	u64 limit = quota_limit(what);
	s64 used;

	if (!q)
		return 0;
	used = atomic64_read(&q->used[what]);
	do {
		if (used > limit || nr > limit - used)
			return -EDQUOT;
	} while (!atomic64_try_cmpxchg(&q->used[what], &used, used + nr));
	return 0;
}

/** quota_add - the user has more, whether he may or not; @q may be NULL */
void quota_add(struct quota *q, enum quota_what what, u64 nr)
{
	if (q)
		atomic64_add(nr, &q->used[what]);
}

/** quota_uncharge - the user has less; @q may be NULL */
void quota_uncharge(struct quota *q, enum quota_what what, u64 nr)
{
	if (q)
		atomic64_sub(nr, &q->used[what]);
}
