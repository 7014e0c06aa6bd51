/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks at plans and ledgers without trusting what made them.
 */
#ifndef VCPUNUMA_CORE_CHECK_H
#define VCPUNUMA_CORE_CHECK_H

#include "ledger.h"
#include "plan.h"
#include "request.h"

const char *core_check_plan(const struct core_ledger *ledger,
			    const struct core_request *req,
			    const struct core_plan *plan);
const char *core_check_ledger(const struct core_ledger *ledger);

#endif /* VCPUNUMA_CORE_CHECK_H */
