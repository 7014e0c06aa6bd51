// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on file descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vcpunuma.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "state.h"

#define REPORT	"/sys/kernel/debug/vcpunuma/report"

static const __u64 open_flags[] = {
	O_RDWR | O_CLOEXEC, O_RDWR, O_RDONLY, O_WRONLY, O_RDWR | O_NONBLOCK,
	O_PATH,
};

static const struct arg_desc open_args[] = {
	ARG("fd", KIND_SLOT, SLOT_VM),
	ARG_LIST("flags", open_flags),
};

static long run_open(const struct op *op, const __u64 *arg)
{
	int fd;

	(void)op;
	fail_begin();
	fd = open(VCPUNUMA_DEVICE, arg[1]);
	fail_end();
	return slot_put(arg[0], fd);
}

static const struct arg_desc reopen_args[] = {
	ARG("to", KIND_SLOT, SLOT_MEM),
	ARG("fd", KIND_SLOT, SLOT_MEM),
	ARG_LIST("flags", open_flags),
};

static long run_reopen(const struct op *op, const __u64 *arg)
{
	char path[64];

	(void)op;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", slot_fd(arg[1]));
	return slot_put(arg[0], open(path, arg[2]));
}

static const struct arg_desc close_args[] = {
	ARG("fd", KIND_NUMBER, SLOTS),
};

static long run_close(const struct op *op, const __u64 *arg)
{
	int fd = atomic_exchange(&me.fds[arg[0] % SLOTS], -1);

	(void)op;
	if (fd < 0)
		return -EBADF;
	return close(fd) ? -errno : 0;
}

static const struct arg_desc dup_args[] = {
	ARG("to", KIND_NUMBER, SLOTS),
	ARG("fd", KIND_NUMBER, SLOTS),
};

static long run_dup(const struct op *op, const __u64 *arg)
{
	(void)op;
	return slot_put(arg[0], dup(slot_fd(arg[1])));
}

static const struct arg_desc send_args[] = {
	ARG("fd", KIND_NUMBER, SLOT_REPORT),
	ARG("process", KIND_NUMBER, PROG_PROCESSES),
};

/* The message that carries one descriptor */
struct parcel {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	char control[CMSG_SPACE(sizeof(int))];
};

static void parcel_init(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->iov = (struct iovec) { &p->byte, 1 };
	p->msg.msg_iov = &p->iov;
	p->msg.msg_iovlen = 1;
	p->msg.msg_control = p->control;
	p->msg.msg_controllen = sizeof(p->control);
}

static long run_send(const struct op *op, const __u64 *arg)
{
	int to = me.sockets[arg[1] % PROG_PROCESSES][0], fd = slot_fd(arg[0]);
	struct cmsghdr *c;
	struct parcel p;

	(void)op;
	parcel_init(&p);
	c = CMSG_FIRSTHDR(&p.msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &p.msg, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static const struct arg_desc receive_args[] = {
	ARG("fd", KIND_NUMBER, SLOT_REPORT),
	ARG("process", KIND_NUMBER, PROG_PROCESSES),
};

static long run_receive(const struct op *op, const __u64 *arg)
{
	int from = me.sockets[arg[1] % PROG_PROCESSES][1], fd;
	struct cmsghdr *c;
	struct parcel p;

	(void)op;
	parcel_init(&p);
	if (recvmsg(from, &p.msg, MSG_DONTWAIT) < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&p.msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return slot_put(arg[0], fd);
}

static const struct arg_desc file_args[] = {
	ARG("fd", KIND_NUMBER, SLOTS),
	ARG("what", KIND_NUMBER, 14),
	ARG("n", KIND_LENGTH, 0),
};

/* What files can be asked to do and these cannot, or do not mind */
static long run_file(const struct op *op, const __u64 *arg)
{
	int fd = slot_fd(arg[0]);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	char *buf = me.arena + ARENA_SIZE / 2;
	size_t n = arg[2] < ARENA_SIZE / 2 ? arg[2] : ARENA_SIZE / 2;

	(void)op;
	switch (arg[1] % 14) {
	case 0: return lseek(fd, arg[2], SEEK_SET);
	case 1: return pread(fd, buf, n, 0);
	case 2: return pwrite(fd, buf, n, 0);
	case 3: return ftruncate(fd, arg[2]);
	case 4: return fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
				 0, arg[2]);
	case 5: return fsync(fd);
	case 6: return poll(&poll_fd, 1, 0);
	case 7: return fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND | O_ASYNC);
	case 8: return sendfile(slot_fd(SLOT_PIPE + 1), fd, NULL, n);
	/* As above, somewhere within, and all kinds of it */
	case 10: return fallocate(fd, FALLOC_FL_KEEP_SIZE |
				  FALLOC_FL_PUNCH_HOLE, arg[2] / 2, arg[2] | 1);
	case 11: return fallocate(fd, 0, arg[2] / 2, n);
	case 12: return fallocate(fd, arg[2] & 0x7f, 4096, n);
	case 13: return pread(fd, buf, n, arg[2] / 2);
	}
	return fchmod(fd, arg[2] & 0777);
}

static const struct arg_desc report_args[] = {
	ARG("fd", KIND_SLOT, SLOT_REPORT),
	ARG("open", KIND_NUMBER, 2),
	ARG("seek", KIND_NUMBER, 8),
	ARG("bytes", KIND_BYTES, 0),
};

/* Positions hold a record, a section and a VM: see where that leads. */
static const off_t report_positions[] = {
	0, 1, 3, 1LL << 32, 1LL << 36, 5LL << 36 | 3LL << 32, 1LL << 59,
	0x7fffffffffffffff,
};

static long run_report(const struct op *op, const __u64 *arg)
{
	char *buf = me.arena + ARENA_SIZE / 2;
	size_t n = arg[3] < ARENA_SIZE / 2 ? arg[3] : ARENA_SIZE / 2;
	long err;
	int fd;

	(void)op;
	if (arg[1] || slot_fd(arg[0]) < 0) {
		err = slot_put(arg[0], open(REPORT, O_RDONLY));
		if (err)
			return err;
	}
	fd = slot_fd(arg[0]);
	if (arg[2])
		lseek(fd, report_positions[arg[2] % ARRAY_SIZE(report_positions)],
		      SEEK_SET);
	if (read(fd, buf, n) < 0)
		return -errno;
	return read(fd, buf, 64) < 0 ? -errno : 0;
}

static const struct op ops[] = {
	OP("open", 6, open_args, run_open),
	OP("reopen", 1, reopen_args, run_reopen),
	OP("close", 6, close_args, run_close),
	OP("dup", 3, dup_args, run_dup),
	OP_WILD("send", 3, send_args, run_send),
	OP_WILD("receive", 3, receive_args, run_receive),
	OP("file", 5, file_args, run_file),
	OP("report", 4, report_args, run_report),
};

const struct op_table file_ops = { ops, ARRAY_SIZE(ops) };
