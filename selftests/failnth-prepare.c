// SPDX-License-Identifier: GPL-2.0
/*
 * What there is before a call that is to fail.
 */
#include "failnth.h"

#include <sys/mman.h>

int nth_nothing(struct nth_world *w, long arg)
{
	(void)w;
	(void)arg;
	return 0;
}

int nth_configured(struct nth_world *w, long arg)
{
	(void)arg;
	return __vn_configure(w->vm, 2, 0, NULL);
}

int nth_bound(struct nth_world *w, long arg)
{
	(void)arg;
	return __vn_bind(w->vm, 0, VCPUNUMA_BIND_CPU, w->cpu[0],
			 w->thread[0].tid, NULL);
}

int nth_all_bound(struct nth_world *w, long arg)
{
	int err = nth_configured(w, arg);

	if (!err)
		err = __vn_bind(w->vm, 1, VCPUNUMA_BIND_PLACE, 0,
				w->thread[1].tid, NULL);
	return err ?: nth_bound(w, arg);
}

static int make_mem(struct nth_world *w, unsigned int flags, long shift,
		    long pages)
{
	w->length = pages << shift;
	w->mem = __vn_mem_create(w->vm, flags, w->length, w->node[1], shift);
	return w->mem < 0 ? w->mem : 0;
}

int nth_mem(struct nth_world *w, long shift)
{
	return make_mem(w, 0, shift, 1);
}

int nth_mem_full(struct nth_world *w, long shift)
{
	return make_mem(w, VCPUNUMA_MEM_POPULATE, shift, 2);
}

int nth_mem_mapped(struct nth_world *w, long shift)
{
	int err = nth_mem(w, shift);

	if (err)
		return err;
	w->map = __vn_map(w->mem, w->length);
	return w->map == MAP_FAILED ? -errno : 0;
}
