// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: from the ioctl's argument to a checked structure in the kernel and
 * back.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cmd.h"

static const struct cmd_op *cmd_find(const struct cmd_op *ops,
				     unsigned int nr_ops, unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		if (ops[i].cmd == cmd)
			return &ops[i];
	return NULL;
}

/* The file a command made becomes the caller's, or is gone without a trace. */
static void cmd_finish_file(struct cmd_call *call, int err)
{
	if (!call->new_file)
		return;
	if (err) {
		put_unused_fd(call->new_fd);
		fput(call->new_file);
	} else {
		fd_install(call->new_fd, call->new_file);
	}
}

/**
 * cmd_dispatch - execute a command
 * @ops: the commands the file knows
 * @nr_ops: how many
 * @object: what they act on
 * @cmd: ioctl number
 * @arg: ioctl argument, address of the command's structure
 *
 * The structure is written before the command acts as well as after it, so
 * that a caller who cannot take the result hears so while nothing has changed.
 * Afterwards only if there is a result: a command without one, done, has not
 * failed.
 *
 * Return: 0 or -errno, as described in the uAPI header.
 */
long cmd_dispatch(const struct cmd_op *ops, unsigned int nr_ops, void *object,
		  unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct cmd_call call = { .object = object };
	union cmd_buffer buf = {}, before;
	const struct cmd_op *op;
	u32 size, user_size;
	int err;

	op = cmd_find(ops, nr_ops, cmd);
	if (!op)
		return -ENOTTY;
	if (get_user(user_size, (u32 __user *)user))
		return -EFAULT;
	if (user_size < op->min_size)
		return -EINVAL;
	if (user_size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&buf, op->size, user, user_size);
	if (err)
		return err;
	/* The caller may have changed it between the two reads. */
	buf.size = user_size;
	if (buf.flags & ~op->flags)
		return -EOPNOTSUPP;

	size = min(user_size, op->size);
	if (copy_to_user(user, &buf, size))
		return -EFAULT;
	before = buf;
	err = op->execute(&call, &buf);
	if ((!err || err == -EMSGSIZE || err == -ENOSPC) &&
	    memcmp(&before, &buf, size) && copy_to_user(user, &buf, size)) {
		if (!err && call.undo)
			call.undo(&call);
		err = -EFAULT;
	}
	cmd_finish_file(&call, err);
	return err;
}

/**
 * cmd_array_init - take an array's description from a command
 * @a: filled
 * @user: address of the array
 * @room: elements it has room for
 * @user_size: size of the caller's elements
 * @size: size of ours
 * @min_size: size they were born with
 *
 * Return: 0; -EINVAL: the caller's elements are too small or too large.
 */
int cmd_array_init(struct cmd_array *a, u64 user, u32 room, u32 user_size,
		   u32 size, u32 min_size)
{
	*a = (struct cmd_array) {
		.user = u64_to_user_ptr(user),
		.room = room,
		.user_size = user_size,
		.size = size,
	};
	if (room && (user_size < min_size || user_size > PAGE_SIZE))
		return -EINVAL;
	return 0;
}

/* Bytes to write before looking whether the caller is to die. */
#define CMD_ARRAY_CHUNK	SZ_64K

static int cmd_array_pause(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * cmd_array_fits - has the caller room for so many elements?
 * @a: the array
 * @nr: elements there will be
 *
 * Return: true also if the caller wants none.
 */
bool cmd_array_fits(const struct cmd_array *a, u32 nr)
{
	return !a->room || a->room >= nr;
}

/**
 * cmd_array_probe - may the elements be written?
 * @a: the array
 * @nr: elements there will be; they fit
 *
 * For commands that change something: the caller hears of a bad pointer before
 * that.
 *
 * Return: 0; -EFAULT; -EINTR: a fatal signal.
 */
int cmd_array_probe(const struct cmd_array *a, u32 nr)
{
	size_t all = a->room ? (size_t)nr * a->user_size : 0;
	size_t done, n;
	int err;

	for (done = 0; done < all; done += n) {
		n = min_t(size_t, all - done, CMD_ARRAY_CHUNK);
		if (clear_user(a->user + done, n))
			return -EFAULT;
		err = cmd_array_pause();
		if (err)
			return err;
	}
	return 0;
}

/**
 * cmd_array_touch - may elements that were read be written as well?
 * @a: the array
 * @first: index of the first element
 * @nr: how many; not so many that it takes long
 *
 * A byte of each page that they are on is written as it is.
 *
 * Return: 0; -EFAULT.
 */
int cmd_array_touch(const struct cmd_array *a, u32 first, u32 nr)
{
	u8 __user *byte = a->user + (size_t)first * a->user_size;
	u8 __user *end = byte + (size_t)nr * a->user_size;
	u8 is;

	while (byte < end) {
		if (get_user(is, byte) || put_user(is, byte))
			return -EFAULT;
		byte = PTR_ALIGN(byte + 1, PAGE_SIZE);
	}
	return 0;
}

/* The elements of caller and kernel differ in size: one by one. */
static int cmd_array_put_resized(void __user *to, const struct cmd_array *a,
				 const void *elements, u32 nr)
{
	size_t both = min(a->user_size, a->size);
	int err;

	while (nr--) {
		if (copy_to_user(to, elements, both) ||
		    clear_user(to + both, a->user_size - both))
			return -EFAULT;
		to += a->user_size;
		elements += a->size;
		err = cmd_array_pause();
		if (err)
			return err;
	}
	return 0;
}

/**
 * cmd_array_put - write elements
 * @a: the array
 * @first: index of the first element to write
 * @elements: the elements; they fit
 * @nr: how many
 *
 * Return: 0; -EFAULT; -EINTR: a fatal signal.
 */
int cmd_array_put(const struct cmd_array *a, u32 first, const void *elements,
		  u32 nr)
{
	void __user *to = a->user + (size_t)first * a->user_size;
	size_t all = (size_t)nr * a->size;
	size_t done, n;
	int err;

	if (!a->room)
		return 0;
	if (a->user_size != a->size)
		return cmd_array_put_resized(to, a, elements, nr);
	for (done = 0; done < all; done += n) {
		n = min_t(size_t, all - done, CMD_ARRAY_CHUNK);
		if (copy_to_user(to + done, elements + done, n))
			return -EFAULT;
		err = cmd_array_pause();
		if (err)
			return err;
	}
	return 0;
}

/**
 * cmd_array_get - read elements
 * @a: the array
 * @first: index of the first element to read
 * @elements: filled
 * @nr: how many; not so many that it takes long
 *
 * Return: 0; -EFAULT; -E2BIG: an element is longer than ours, and not 0 there.
 */
int cmd_array_get(const struct cmd_array *a, u32 first, void *elements, u32 nr)
{
	const void __user *from = a->user + (size_t)first * a->user_size;
	int err;

	if (a->user_size == a->size)
		return copy_from_user(elements, from, (size_t)nr * a->size) ?
		       -EFAULT : 0;
	while (nr--) {
		err = copy_struct_from_user(elements, a->size, from,
					    a->user_size);
		if (err)
			return err;
		from += a->user_size;
		elements += a->size;
	}
	return 0;
}

/* A set of @nr_bits, to be given to bitmap_free(); none of them above @end. */
static unsigned long *get_set(u64 user, u32 nr_bits, u32 end)
{
	unsigned long *set;
	u64 *words;

	words = memdup_user(u64_to_user_ptr(user), BITS_TO_U64(nr_bits) * sizeof(*words));
	if (IS_ERR(words))
		return ERR_CAST(words);
	set = bitmap_zalloc(max(nr_bits, end), GFP_KERNEL);
	if (set)
		bitmap_from_arr64(set, words, nr_bits);
	kfree(words);
	if (!set)
		return ERR_PTR(-ENOMEM);
	if (find_next_bit(set, nr_bits, end) < nr_bits) {
		bitmap_free(set);
		return ERR_PTR(-EINVAL);
	}
	return set;
}

/**
 * cmd_get_cpus - read a set of CPUs
 * @cpus: filled
 * @user: address of the set
 * @nr_bits: its size
 *
 * Return: 0; -EINVAL: no size, too large, or it names CPUs there can't be;
 * -EFAULT; -ENOMEM.
 */
int cmd_get_cpus(struct cpumask *cpus, u64 user, u32 nr_bits)
{
	unsigned long *set;

	if (!nr_bits || nr_bits > VCPUNUMA_MAX_BITS)
		return -EINVAL;
	set = get_set(user, nr_bits, nr_cpu_ids);
	if (IS_ERR(set))
		return PTR_ERR(set);
	cpumask_clear(cpus);
	bitmap_copy(cpumask_bits(cpus), set, nr_cpu_ids);
	bitmap_free(set);
	return 0;
}

/**
 * cmd_get_nodes - read a set of nodes
 * @nodes: filled
 * @user: address of the set
 * @nr_bits: its size
 *
 * Return: as cmd_get_cpus().
 */
int cmd_get_nodes(nodemask_t *nodes, u64 user, u32 nr_bits)
{
	unsigned long *set;

	if (!nr_bits || nr_bits > VCPUNUMA_MAX_NODE_BITS)
		return -EINVAL;
	set = get_set(user, nr_bits, nr_node_ids);
	if (IS_ERR(set))
		return PTR_ERR(set);
	nodes_clear(*nodes);
	bitmap_copy(nodes->bits, set, nr_node_ids);
	bitmap_free(set);
	return 0;
}

/** cmd_get_u32s - read an array of @nr numbers; 0 or -EFAULT */
int cmd_get_u32s(u32 *to, u64 user, u32 nr)
{
	if (copy_from_user(to, u64_to_user_ptr(user), (size_t)nr * sizeof(*to)))
		return -EFAULT;
	return 0;
}

/**
 * cmd_put_cpus - write a set of CPUs
 * @user: address of the set
 * @nr_bits: its size; at least nr_cpu_ids
 * @cpus: the CPUs
 *
 * Return: 0; -EINVAL: too large; -EFAULT; -ENOMEM.
 */
int cmd_put_cpus(u64 user, u32 nr_bits, const struct cpumask *cpus)
{
	u64 *words;
	int err = 0;

	if (nr_bits > VCPUNUMA_MAX_BITS)
		return -EINVAL;
	words = kcalloc(BITS_TO_U64(nr_bits), sizeof(*words), GFP_KERNEL);
	if (!words)
		return -ENOMEM;
	bitmap_to_arr64(words, cpumask_bits(cpus), nr_cpu_ids);
	if (copy_to_user(u64_to_user_ptr(user), words,
			 BITS_TO_U64(nr_bits) * sizeof(*words)))
		err = -EFAULT;
	kfree(words);
	return err;
}
