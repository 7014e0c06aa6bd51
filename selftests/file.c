// SPDX-License-Identifier: GPL-2.0
/*
 * A memory object as a file: what fstat(2), lseek(2), read(2), fallocate(2) and
 * the like make of it.
 */
#include "kselftest_harness.h"
#include "memory.h"

#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/uio.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS	(1024 + 9)
#define F_GET_SEALS	(1024 + 10)
#endif
#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

FIXTURE(file) {
	int fd;
	int mem;
	char *at;
	size_t page;
	size_t length;
	int node;
};

FIXTURE_VARIANT(file) {
	unsigned int shift;
};

FIXTURE_VARIANT_ADD(file, small) {
	.shift = 12,
};

FIXTURE_VARIANT_ADD(file, large) {
	.shift = 21,
};

FIXTURE_SETUP(file)
{
	self->node = vn_set_first(&vn_host()->has_memory);
	self->page = 1UL << variant->shift;
	self->length = 8 * self->page;
	self->fd = vn_open();
	self->mem = vn_mem_create(self->fd, 0, self->length, self->node,
				  variant->shift);
	self->at = vn_map(self->mem, self->length);
}

FIXTURE_TEARDOWN(file)
{
	munmap(self->at, self->length);
	close(self->mem);
	close(self->fd);
}

TEST_F(file, stat)
{
	struct stat st, other;
	int mem;

	ASSERT_EQ(0, fstat(self->mem, &st));
	EXPECT_TRUE(S_ISREG(st.st_mode));
	EXPECT_EQ((off_t)self->length, st.st_size);
	EXPECT_EQ((blksize_t)self->page, st.st_blksize);
	EXPECT_EQ(0, st.st_blocks);
	vn_touch(self->at, 3 * self->page);
	ASSERT_EQ(0, fstat(self->mem, &st));
	EXPECT_EQ((blkcnt_t)(3 * self->page / 512), st.st_blocks);
	ASSERT_EQ(0, __vn_mem_punch(self->mem, 0, self->page));
	ASSERT_EQ(0, fstat(self->mem, &st));
	EXPECT_EQ((blkcnt_t)(2 * self->page / 512), st.st_blocks);
	EXPECT_EQ((off_t)self->length, st.st_size);
	/* Each is a file of its own. */
	mem = vn_mem_create(self->fd, 0, self->length, self->node,
			    variant->shift);
	ASSERT_EQ(0, fstat(mem, &other));
	EXPECT_NE(st.st_ino, other.st_ino);
	close(mem);
}

TEST_F(file, seek)
{
	off_t end = self->length;

	EXPECT_EQ(end, lseek(self->mem, 0, SEEK_END));
	EXPECT_EQ(0, lseek(self->mem, 0, SEEK_SET));
	EXPECT_EQ(100, lseek(self->mem, 100, SEEK_CUR));
	EXPECT_EQ(-1, lseek(self->mem, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(5, lseek(self->mem, 5, SEEK_DATA));
	EXPECT_EQ(end, lseek(self->mem, 5, SEEK_HOLE));
	EXPECT_EQ(-1, lseek(self->mem, end, SEEK_DATA));
	EXPECT_EQ(ENXIO, errno);
}

TEST_F(file, read)
{
	off_t end = self->length;
	char buf[8192];
	void *nowhere;
	struct iovec iov[2] = { { buf, 100 }, { buf + 4096, 100 } };

	nowhere = mmap(NULL, PAGE_4K, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	/* Nothing is there, and reading brings nothing. */
	memset(buf, 1, sizeof(buf));
	EXPECT_EQ((ssize_t)sizeof(buf), pread(self->mem, buf, sizeof(buf), 100));
	EXPECT_TRUE(vn_is_zero(buf, sizeof(buf)));
	EXPECT_EQ(0, vn_populated(self->mem));
	for (size_t i = 0; i < sizeof(buf); i++)
		self->at[self->page - 4096 + i] = i / 37 + 1;
	EXPECT_EQ((ssize_t)sizeof(buf), pread(self->mem, buf, sizeof(buf),
					      self->page - 4096));
	EXPECT_EQ(0, memcmp(buf, self->at + self->page - 4096, sizeof(buf)));
	/* Into a page that is not there */
	lseek(self->mem, 2 * self->page - 50, SEEK_SET);
	self->at[2 * self->page - 1] = 7;
	EXPECT_EQ(100, read(self->mem, buf, 100));
	EXPECT_EQ(7, buf[49]);
	EXPECT_TRUE(!memcmp(buf + 50, (char[50]) {}, 50));
	EXPECT_EQ((off_t)(2 * self->page + 50), lseek(self->mem, 0, SEEK_CUR));
	EXPECT_EQ(200, preadv(self->mem, iov, 2, self->page - 1));
	/* At the end */
	EXPECT_EQ(10, pread(self->mem, buf, 100, end - 10));
	EXPECT_EQ(0, pread(self->mem, buf, 100, end));
	EXPECT_EQ(0, pread(self->mem, buf, 100, end + 4096));
	EXPECT_EQ(-1, pread(self->mem, buf, 100, -1));
	munmap(nowhere, PAGE_4K);
	EXPECT_EQ(-1, pread(self->mem, nowhere, 100, 0));
	EXPECT_EQ(EFAULT, errno);
	/* Into itself */
	strcpy(self->at, "itself");
	EXPECT_EQ(7, pread(self->mem, self->at + self->page, 7, 0));
	EXPECT_STREQ("itself", self->at + self->page);
}

#define EXPECT_ERRNO(err, call) do {					\
	errno = 0;							\
	EXPECT_EQ(-1, call);						\
	EXPECT_EQ(err, errno);						\
} while (0)

TEST_F(file, not_written)
{
	char buf[16] = "no";

	EXPECT_ERRNO(EINVAL, write(self->mem, buf, sizeof(buf)));
	EXPECT_ERRNO(EINVAL, pwrite(self->mem, buf, sizeof(buf), 0));
	EXPECT_EQ(0, vn_populated(self->mem));
}

TEST_F(file, length_is_fixed)
{
	off_t end = self->length;

	EXPECT_EQ(0, ftruncate(self->mem, end));
	EXPECT_ERRNO(EPERM, ftruncate(self->mem, 0));
	EXPECT_ERRNO(EPERM, ftruncate(self->mem, end - 1));
	EXPECT_ERRNO(EPERM, ftruncate(self->mem, end + self->page));
	EXPECT_ERRNO(EPERM, fallocate(self->mem, 0, 0, end + 1));
	EXPECT_ERRNO(EPERM, fallocate(self->mem, 0, end, self->page));
	EXPECT_ERRNO(EINVAL, fallocate(self->mem, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, fallocate(self->mem, 0, -1, 1));
	EXPECT_EQ(end, lseek(self->mem, 0, SEEK_END));
	EXPECT_EQ(0, vn_populated(self->mem));
}

TEST_F(file, allocate)
{
	vn_touch(self->at + 2 * self->page, 1);
	ASSERT_EQ(0, fallocate(self->mem, 0, self->page, 2 * self->page));
	EXPECT_EQ((long long)(2 * self->page), vn_populated(self->mem));
	EXPECT_EQ(0x55, self->at[2 * self->page]);
	/* Each page of which a part is in it */
	ASSERT_EQ(0, fallocate(self->mem, 0, 4 * self->page - 1, 2));
	EXPECT_EQ((long long)(4 * self->page), vn_populated(self->mem));
	ASSERT_EQ(0, fallocate(self->mem, 0, 0, self->length));
	EXPECT_EQ((long long)self->length, vn_populated(self->mem));
	vn_touch(self->at, self->length);
	EXPECT_ON_NODE(self->at, self->length, self->node);
}

TEST_F(file, other_modes)
{
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(self->mem, FALLOC_FL_KEEP_SIZE, 0,
					   self->page));
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(self->mem, FALLOC_FL_ZERO_RANGE, 0,
					   self->page));
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(self->mem, FALLOC_FL_ZERO_RANGE |
					   FALLOC_FL_KEEP_SIZE, 0, self->page));
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(self->mem, FALLOC_FL_COLLAPSE_RANGE,
					   0, self->page));
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(self->mem, FALLOC_FL_INSERT_RANGE,
					   0, self->page));
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(self->mem, FALLOC_FL_UNSHARE_RANGE,
					   0, self->page));
	EXPECT_EQ(0, vn_populated(self->mem));
}

/* Whole pages go, of others a part becomes 0. */
TEST_F(file, punch)
{
	char *other = vn_map(self->mem, self->length);

	memset(self->at, 7, self->length);
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, 2 * self->page,
			       2 * self->page));
	EXPECT_EQ((long long)(6 * self->page), vn_populated(self->mem));
	EXPECT_EQ(7, self->at[2 * self->page - 1]);
	EXPECT_EQ(7, self->at[4 * self->page]);
	EXPECT_EQ((long long)(6 * self->page), vn_populated(self->mem));
	EXPECT_TRUE(vn_is_zero(other + 2 * self->page, 2 * self->page));
	EXPECT_EQ((long long)self->length, vn_populated(self->mem));

	memset(self->at, 7, self->length);
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, self->page - 8,
			       self->page + 16));
	EXPECT_EQ((long long)(7 * self->page), vn_populated(self->mem));
	EXPECT_EQ(7, other[self->page - 9]);
	EXPECT_TRUE(vn_is_zero(other + self->page - 8, self->page + 16));
	EXPECT_EQ(7, other[2 * self->page + 8]);

	memset(self->at, 7, self->length);
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, 100, 200));
	EXPECT_EQ((long long)self->length, vn_populated(self->mem));
	EXPECT_EQ(7, other[99]);
	EXPECT_EQ(0, other[100]);
	EXPECT_EQ(0, other[299]);
	EXPECT_EQ(7, other[300]);
	/* A part of what is not there does not bring it. */
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, 0, self->length));
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, 100, 200));
	EXPECT_EQ(0, vn_populated(self->mem));
	munmap(other, self->length);
}

/* Beyond the end there is nothing to give back. */
TEST_F(file, punch_at_the_end)
{
	memset(self->at, 7, self->length);
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, self->length - self->page,
			       4 * self->page));
	EXPECT_EQ((long long)(self->length - self->page),
		  vn_populated(self->mem));
	EXPECT_EQ(0, fallocate(self->mem, PUNCH, self->length, self->page));
	EXPECT_EQ(0, fallocate(self->mem, PUNCH, 1LL << 62, self->page));
	EXPECT_EQ((long long)(self->length - self->page),
		  vn_populated(self->mem));
	EXPECT_EQ(7, self->at[self->length - self->page - 1]);
}

/* A page that is in a pipe stays there, and the object gets another. */
TEST_F(file, punched_while_held)
{
	struct iovec iov = { self->at, 8 };
	char buf[8];
	int pipefd[2];

	strcpy(self->at, "pinned");
	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(8, vmsplice(pipefd[1], &iov, 1, 0));
	ASSERT_EQ(0, fallocate(self->mem, PUNCH, 0, self->page));
	EXPECT_EQ(0, self->at[0]);
	strcpy(self->at, "newer");
	ASSERT_EQ(8, read(pipefd[0], buf, 8));
	EXPECT_STREQ("pinned", buf);
	EXPECT_STREQ("newer", self->at);
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_F(file, other_calls)
{
	char path[64];

	EXPECT_EQ(0, fsync(self->mem));
	EXPECT_EQ(0, fdatasync(self->mem));
	vn_touch(self->at, self->length);
	EXPECT_EQ(0, msync(self->at, self->length, MS_SYNC));
	EXPECT_EQ(0, msync(self->at, self->length, MS_ASYNC));
	EXPECT_ERRNO(EINVAL, fcntl(self->mem, F_GET_SEALS));
	EXPECT_ERRNO(EINVAL, fcntl(self->mem, F_ADD_SEALS, 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->mem);
	EXPECT_ERRNO(ENXIO, open(path, O_RDWR));
	EXPECT_ERRNO(ENXIO, open(path, O_RDONLY));
}

TEST_HARNESS_MAIN
