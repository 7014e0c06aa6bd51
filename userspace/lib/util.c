// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvcpunuma - system calls and structures that grow
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

VCPUNUMA_API const char *vcpunuma_version(void)
{
	return VCPUNUMA_VERSION;
}

int vn_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -1 : 0;
}

int vn_set_words(uint64_t *words, unsigned int nr_bits, const unsigned int *ids,
		 unsigned int nr)
{
	unsigned int i;

	memset(words, 0, nr_bits / 8);
	for (i = 0; i < nr; i++) {
		if (ids[i] >= nr_bits) {
			errno = EINVAL;
			return -1;
		}
		words[ids[i] / 64] |= UINT64_C(1) << (ids[i] % 64);
	}
	return 0;
}

void vn_close(int fd)
{
	int err = errno;

	close(fd);
	errno = err;
}

static size_t user_size(const void *user)
{
	size_t size;

	memcpy(&size, user, sizeof(size));
	return size;
}

int vn_sized_ok(const void *user, size_t min)
{
	/* Beyond a page it is rather a structure that was not initialised. */
	if (user_size(user) < min || user_size(user) > 4096) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

int vn_sized_in(void *ours, size_t known, const void *user, size_t min)
{
	size_t size = user_size(user);
	size_t i;

	if (vn_sized_ok(user, min) < 0)
		return -1;

	for (i = known; i < size; i++) {
		if (((const unsigned char *)user)[i]) {
			errno = E2BIG;
			return -1;
		}
	}

	memset(ours, 0, known);
	memcpy(ours, user, size < known ? size : known);
	return 0;
}

void vn_sized_out(void *user, const void *ours, size_t known)
{
	size_t size = user_size(user);
	size_t skip = sizeof(size_t);

	if (size > known) {
		memset((char *)user + known, 0, size - known);
		size = known;
	}
	memcpy((char *)user + skip, (const char *)ours + skip, size - skip);
}
