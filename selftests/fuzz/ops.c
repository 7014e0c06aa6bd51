// SPDX-License-Identifier: GPL-2.0
/*
 * All ops, numbered through all tables.
 */
#include <string.h>

#include "ops.h"

static const struct op_table * const tables[] = {
	&command_ops, &file_ops, &memory_ops, &process_ops, &host_ops,
};

unsigned int ops_count(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		nr += tables[i]->nr;
	return nr;
}

const struct op *op_get(unsigned int i)
{
	unsigned int t;

	for (t = 0; i >= tables[t]->nr; t++)
		i -= tables[t]->nr;
	return &tables[t]->ops[i];
}

/** op_find - number of the op of that name, or -1 */
int op_find(const char *name)
{
	unsigned int i, nr = ops_count();

	for (i = 0; i < nr; i++)
		if (!strcmp(op_get(i)->name, name))
			return i;
	return -1;
}

/** op_choose - number of an op, by weight */
unsigned int op_choose(struct rng *r)
{
	unsigned int i, nr = ops_count(), sum = 0;
	__u64 rest;

	for (i = 0; i < nr; i++)
		sum += op_get(i)->weight;
	rest = rng_below(r, sum);
	for (i = 0; rest >= op_get(i)->weight; i++)
		rest -= op_get(i)->weight;
	return i;
}
