/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvcpunuma - the inside of a memory object
 */
#ifndef VCPUNUMA_MEM_H
#define VCPUNUMA_MEM_H

#include "internal.h"

struct vcpunuma_mem {
	int fd;
	uint64_t length;
};

#endif /* VCPUNUMA_MEM_H */
