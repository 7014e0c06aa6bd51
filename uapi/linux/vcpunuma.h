/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * vcpunuma - NUMA placement of virtual machines
 *
 * The interface between /dev/vcpunuma and user space.
 */
#ifndef _UAPI_LINUX_VCPUNUMA_H
#define _UAPI_LINUX_VCPUNUMA_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General rules
 *
 * An open file of /dev/vcpunuma is one virtual machine (VM). What a VM owns
 * is undone when the last reference to its file goes away: bound threads get
 * back the affinity they had. A memory object is a file of its own; its pages
 * live until the last file descriptor and the last mapping of it are gone,
 * also when the VM's file is closed before.
 *
 * Each command takes a pointer to a structure that begins with @size, the
 * size of the structure as the caller knows it, and @flags. A caller may pass
 * a smaller structure than the kernel knows (down to the size the command was
 * born with): fields left out count as 0. It may pass a larger one, up to 4096
 * bytes: what the kernel does not know must be 0. Results are written as far as @size goes.
 * Fields named out_* are results, ignored on input. Fields named __reserved
 * must be 0.
 *
 * Arrays are given by a pointer and a number of elements the array has room
 * for; the number of elements there are is written back. If there was not
 * enough room the call fails with EMSGSIZE, the numbers are written back all
 * the same, and the arrays hold nothing of use. A number of 0 asks for the
 * numbers alone and does not fail. Elements carry their own size in the
 * command (@node_size and the like, at most 4096), so that they can grow as
 * the structures do: a shorter element gets what fits, a longer one is filled
 * up with 0.
 *
 * A set of CPUs is an array of __u64 in which CPU n is bit n % 64 of word
 * n / 64; its size is given in bits, at most VCPUNUMA_MAX_BITS. A set of nodes
 * is the same with node n; there its size is at most VCPUNUMA_MAX_NODE_BITS.
 *
 * All commands return 0, or -1 with errno:
 *
 * ========== =============================================================
 * ENOTTY     no such command
 * E2BIG      the structure is larger than the kernel knows, and not 0 there;
 *            or it is larger than 4096 bytes
 * EFAULT     a pointer does not lead to memory of the caller
 * EINVAL     a value has no meaning: size too small, id or CPU out of range
 * EOPNOTSUPP a flag or a reserved field is set that this kernel does not know
 * EMSGSIZE   an array has too little room
 * ENOENT     no vCPU of that id is configured or bound; nothing is reserved;
 *            no VM of that id that the caller may know of
 * EEXIST     the VM has a reservation
 * ESRCH      no such thread, or it has exited
 * ENOTCONN   the vCPU is not bound to a thread
 * EPERM      the caller may not do this to that thread (see sched_setaffinity
 *            in section 2 of the manual), or its cpuset forbids that node
 * EACCES     the VM was restricted, and this is beyond (VCPUNUMA_RESTRICT)
 * ENODEV     the node does not exist, or has no CPUs or no memory
 * ENOSPC     none of the CPUs asked for is online, allowed to the thread and
 *            not another VM's; what is to be reserved does not fit; the VM's
 *            reservation does not have it
 * ENOMEM     the node has no page left, or the kernel has no memory
 * EDQUOT     a limit is reached: RLIMIT_MEMLOCK, one of &struct
 *            vcpunuma_cmd_info, what VCPUNUMA_RESTRICT left, or what an
 *            unprivileged user may have (parameters of the module)
 * EBUSY      the thread is bound already, or is scheduled by SCHED_DEADLINE;
 *            what is reserved is in use
 * EINTR      a fatal signal ended the call; nothing was done
 * ========== =============================================================
 *
 * A call that fails has changed nothing, unless its description says so. There
 * is one exception to that, which a caller brings about: whether results can be
 * written is tried before anything is done, but they are written last. If the
 * memory for them is taken away in between, VCPUNUMA_CONFIGURE, VCPUNUMA_BIND and
 * VCPUNUMA_BIND_MANY fail with EFAULT when they have done their work.
 */

/** define VCPUNUMA_DEVICE - path of the device */
#define VCPUNUMA_DEVICE		"/dev/vcpunuma"

/** define VCPUNUMA_ABI - the interface described here; grows, never changes */
#define VCPUNUMA_ABI		1

/** define VCPUNUMA_NONE - "no such node" or "no such CPU" in a result */
#define VCPUNUMA_NONE		0xffffffffU

/** define VCPUNUMA_MAX_BITS - largest set of CPUs, in bits */
#define VCPUNUMA_MAX_BITS	8192

/** define VCPUNUMA_MAX_NODE_BITS - largest set of nodes, in bits */
#define VCPUNUMA_MAX_NODE_BITS	1024

#define VCPUNUMA_IOC_MAGIC	0xBD

/* The size is inside the structure, hence _IO(). */
#define VCPUNUMA_INFO		_IO(VCPUNUMA_IOC_MAGIC, 0x00)
#define VCPUNUMA_TOPOLOGY	_IO(VCPUNUMA_IOC_MAGIC, 0x01)
#define VCPUNUMA_CONFIGURE	_IO(VCPUNUMA_IOC_MAGIC, 0x02)
#define VCPUNUMA_BIND		_IO(VCPUNUMA_IOC_MAGIC, 0x03)
#define VCPUNUMA_UNBIND		_IO(VCPUNUMA_IOC_MAGIC, 0x04)
#define VCPUNUMA_QUERY		_IO(VCPUNUMA_IOC_MAGIC, 0x05)
#define VCPUNUMA_DISTRIBUTION	_IO(VCPUNUMA_IOC_MAGIC, 0x06)
#define VCPUNUMA_MEM_CREATE	_IO(VCPUNUMA_IOC_MAGIC, 0x07)
#define VCPUNUMA_RESERVE	_IO(VCPUNUMA_IOC_MAGIC, 0x08)
#define VCPUNUMA_RELEASE	_IO(VCPUNUMA_IOC_MAGIC, 0x09)
#define VCPUNUMA_BIND_MANY	_IO(VCPUNUMA_IOC_MAGIC, 0x0a)
#define VCPUNUMA_LEDGER		_IO(VCPUNUMA_IOC_MAGIC, 0x0b)
#define VCPUNUMA_EXPLAIN	_IO(VCPUNUMA_IOC_MAGIC, 0x0c)
#define VCPUNUMA_RESTRICT	_IO(VCPUNUMA_IOC_MAGIC, 0x0d)
/* The following act on the file descriptor of a memory object. */
#define VCPUNUMA_MEM_QUERY	_IO(VCPUNUMA_IOC_MAGIC, 0x40)
#define VCPUNUMA_MEM_POPULATE_RANGE _IO(VCPUNUMA_IOC_MAGIC, 0x41)

/**
 * struct vcpunuma_cmd_info - what this kernel offers (VCPUNUMA_INFO)
 * @size: size of this structure
 * @flags: 0
 * @out_features: bits VCPUNUMA_FEATURE_*; none are defined yet
 * @out_abi: VCPUNUMA_ABI of the kernel
 * @out_max_vcpus: vCPU ids are below this number
 * @out_max_mems: memory objects one VM may have at a time
 * @out_page_shifts: page sizes memory objects may have: bit n set means
 *	1 << n bytes
 * @out_max_node: node ids are below this number
 * @out_max_cpu: CPU ids are below this number
 * @out_max_length: longest memory object, in bytes
 */
struct vcpunuma_cmd_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_features;
	__u32 out_abi;
	__u32 out_max_vcpus;
	__u32 out_max_mems;
	__u32 out_page_shifts;
	__u32 out_max_node;
	__u32 out_max_cpu;
	__aligned_u64 out_max_length;
};

/* Flags of a node */
#define VCPUNUMA_NODE_ONLINE	0x1U
#define VCPUNUMA_NODE_CPU	0x2U	/* has CPUs online */
#define VCPUNUMA_NODE_MEMORY	0x4U	/* has memory online */

/**
 * struct vcpunuma_node - a node of the host
 * @node: its id; ids may have gaps
 * @flags: VCPUNUMA_NODE_*
 * @nr_cpus: CPUs online
 * @__reserved: 0
 * @mem_total: bytes of memory the kernel manages on it
 * @mem_free: bytes of it that are free now
 */
struct vcpunuma_node {
	__u32 node;
	__u32 flags;
	__u32 nr_cpus;
	__u32 __reserved;
	__aligned_u64 mem_total;
	__aligned_u64 mem_free;
};

/**
 * struct vcpunuma_cpu - an online CPU of the host
 * @cpu: its id; ids may have gaps
 * @node: the node it is on
 * @core: the lowest CPU id of its physical core: CPUs that agree in it are
 *	threads of one core
 * @flags: 0
 */
struct vcpunuma_cpu {
	__u32 cpu;
	__u32 node;
	__u32 core;
	__u32 flags;
};

/**
 * struct vcpunuma_cmd_topology - nodes and CPUs of the host (VCPUNUMA_TOPOLOGY)
 * @size: size of this structure
 * @flags: 0
 * @nodes: array of &struct vcpunuma_node, filled in order of node id
 * @nr_nodes: elements @nodes has room for / online nodes
 * @node_size: sizeof(struct vcpunuma_node)
 * @cpus: array of &struct vcpunuma_cpu, filled in order of CPU id
 * @nr_cpus: elements @cpus has room for / online CPUs
 * @cpu_size: sizeof(struct vcpunuma_cpu)
 * @distances: array of __u32: the distance from the i-th to the j-th node of
 *	@nodes is element i * nr_nodes + j; 10 is the distance to itself
 * @nr_distances: elements @distances has room for / nr_nodes * nr_nodes
 * @__reserved: 0
 *
 * Each array may be left out by giving it a number of 0.
 */
struct vcpunuma_cmd_topology {
	__u32 size;
	__u32 flags;
	__aligned_u64 nodes;
	__u32 nr_nodes;
	__u32 node_size;
	__aligned_u64 cpus;
	__u32 nr_cpus;
	__u32 cpu_size;
	__aligned_u64 distances;
	__u32 nr_distances;
	__u32 __reserved;
};

/* Flags of VCPUNUMA_CONFIGURE */
#define VCPUNUMA_CONFIGURE_NODES	0x1U

/**
 * struct vcpunuma_place - where a vCPU is to run
 * @vcpu: its id
 * @node: host node
 * @cpu: host CPU, or VCPUNUMA_NONE: any of the node
 * @__reserved: 0
 */
struct vcpunuma_place {
	__u32 vcpu;
	__u32 node;
	__u32 cpu;
	__u32 __reserved;
};

/**
 * struct vcpunuma_cmd_configure - choose places for all vCPUs
 *	(VCPUNUMA_CONFIGURE)
 * @size: size of this structure
 * @flags: VCPUNUMA_CONFIGURE_NODES: choose nodes only, and leave each vCPU all
 *	the CPUs of its node
 * @nr_vcpus: number of vCPUs, ids 0 to @nr_vcpus - 1; 0 forgets all places
 * @place_size: sizeof(struct vcpunuma_place)
 * @places: array of &struct vcpunuma_place, filled in order of vCPU id
 * @nr_places: elements @places has room for / @nr_vcpus
 * @__reserved: 0
 *
 * vCPUs go round-robin over the nodes on which the caller may run, and on each
 * node to the CPU that has the fewest vCPUs of all VMs on it: whole cores
 * before second threads of a core. The places are kept with the VM in the
 * stead of earlier ones and are used by a later VCPUNUMA_BIND with
 * VCPUNUMA_BIND_PLACE. A vCPU that is bound already stays where it is until it
 * is bound again.
 *
 * Fails with EMSGSIZE, having changed nothing, if @nr_places is neither 0 nor
 * enough; ENOSPC: the caller may run on no online CPU that no VM owns; EEXIST:
 * the VM has a reservation, and with it places.
 */
struct vcpunuma_cmd_configure {
	__u32 size;
	__u32 flags;
	__u32 nr_vcpus;
	__u32 place_size;
	__aligned_u64 places;
	__u32 nr_places;
	__u32 __reserved;
};

/* Flags of VCPUNUMA_BIND and VCPUNUMA_BIND_MANY */
#define VCPUNUMA_BIND_PIDFD	0x1U

/**
 * enum vcpunuma_bind_to - what a vCPU is bound to
 * @VCPUNUMA_BIND_PLACE: the place VCPUNUMA_CONFIGURE chose for it
 * @VCPUNUMA_BIND_NODE: all CPUs of a node
 * @VCPUNUMA_BIND_CPU: one CPU
 * @VCPUNUMA_BIND_CPUS: a set of CPUs
 */
enum vcpunuma_bind_to {
	VCPUNUMA_BIND_PLACE = 0,
	VCPUNUMA_BIND_NODE = 1,
	VCPUNUMA_BIND_CPU = 2,
	VCPUNUMA_BIND_CPUS = 3
};

/**
 * struct vcpunuma_cmd_bind - bind a vCPU to host CPUs (VCPUNUMA_BIND)
 * @size: size of this structure
 * @flags: VCPUNUMA_BIND_PIDFD: the thread belongs to the process @pidfd
 * @vcpu: id of the vCPU, chosen by the caller, below @out_max_vcpus of
 *	&struct vcpunuma_cmd_info
 * @to: one of &enum vcpunuma_bind_to
 * @target: the node or the CPU, by @to; 0 with the others
 * @tid: the thread that runs the vCPU, as seen in the caller's pid namespace;
 *	0: the calling thread; not with VCPUNUMA_BIND_PIDFD
 * @pidfd: with VCPUNUMA_BIND_PIDFD a file descriptor from pidfd_open(2): if
 *	@tid is not a thread of that very process the call fails with ESRCH,
 *	so that a number used anew is never taken for the old one; else 0
 * @nr_bits: with VCPUNUMA_BIND_CPUS the size of @cpus in bits, at least 1;
 *	else 0
 * @cpus: with VCPUNUMA_BIND_CPUS the set of CPUs, all below @out_max_cpu of
 *	&struct vcpunuma_cmd_info; else 0
 * @out_node: the node of all the CPUs bound to, or VCPUNUMA_NONE if they are
 *	on several
 * @out_cpu: the CPU bound to, or VCPUNUMA_NONE if they are several
 *
 * The thread's affinity becomes those of the CPUs asked for that its cpuset
 * allows and that were in its affinity before it was bound; never more. It
 * applies at once. If the vCPU was bound to another thread, that one gets its
 * former affinity back. A thread that has just the affinity that another one
 * of its process was given by this VM, as one created by that has, counts as
 * having had that one's former affinity.
 *
 * Permission is that of sched_setaffinity(2): the caller has the effective
 * user id of the thread's real or effective one, or CAP_SYS_NICE in the
 * thread's user namespace.
 *
 * Errors beside the general ones: ENOENT: VCPUNUMA_BIND_PLACE without a place;
 * ENODEV: no such node or it has no CPUs; ENOSPC: none of the CPUs is online
 * and allowed to the thread; EBUSY: the thread is bound as another vCPU, of
 * this VM or any; EINVAL: a kernel thread or one the kernel does not let move;
 * EBADF: @pidfd is not open; ESRCH: it is, but not a pidfd of @tid's process.
 */
struct vcpunuma_cmd_bind {
	__u32 size;
	__u32 flags;
	__u32 vcpu;
	__u32 to;
	__u32 target;
	__s32 tid;
	__s32 pidfd;
	__u32 nr_bits;
	__aligned_u64 cpus;
	__u32 out_node;
	__u32 out_cpu;
};

/**
 * struct vcpunuma_cmd_unbind - end the binding of a vCPU (VCPUNUMA_UNBIND)
 * @size: size of this structure
 * @flags: 0
 * @vcpu: its id
 * @__reserved: 0
 *
 * The thread gets back the affinity it had when it was bound, as far as its
 * cpuset allows that today; not if somebody else has changed it since. Not an
 * error if the thread has exited. Fails with ENOTCONN if the vCPU is not bound.
 */
struct vcpunuma_cmd_unbind {
	__u32 size;
	__u32 flags;
	__u32 vcpu;
	__u32 __reserved;
};

/**
 * enum vcpunuma_vcpu_state - state of a vCPU
 * @VCPUNUMA_VCPU_CONFIGURED: it has a place, but no thread
 * @VCPUNUMA_VCPU_BOUND: its thread is bound
 * @VCPUNUMA_VCPU_DRIFTED: bound, but somebody else changed the affinity of the
 *	thread since: a cpuset, sched_setaffinity(2), or a CPU gone offline
 * @VCPUNUMA_VCPU_EXITED: its thread has exited
 */
enum vcpunuma_vcpu_state {
	VCPUNUMA_VCPU_CONFIGURED = 1,
	VCPUNUMA_VCPU_BOUND = 2,
	VCPUNUMA_VCPU_DRIFTED = 3,
	VCPUNUMA_VCPU_EXITED = 4
};

/**
 * struct vcpunuma_cmd_query - where a vCPU is (VCPUNUMA_QUERY)
 * @size: size of this structure
 * @flags: 0
 * @vcpu: its id
 * @out_state: one of &enum vcpunuma_vcpu_state
 * @out_node: node it is bound to, or placed on; VCPUNUMA_NONE: several
 * @out_cpu: CPU it is bound to, or placed on; VCPUNUMA_NONE: several
 * @out_last_cpu: CPU its thread is on or was last on; VCPUNUMA_NONE: no thread
 * @out_last_node: the node of that CPU, likewise
 * @out_tid: its thread in the caller's pid namespace; 0: none, or not visible
 * @nr_bits: size of @cpus in bits, at most VCPUNUMA_MAX_BITS / size the set
 *	needs
 * @cpus: filled with the thread's present affinity, to the end of @nr_bits;
 *	empty without a thread
 *
 * Fails with ENOENT if the vCPU is neither configured nor bound.
 */
struct vcpunuma_cmd_query {
	__u32 size;
	__u32 flags;
	__u32 vcpu;
	__u32 out_state;
	__u32 out_node;
	__u32 out_cpu;
	__u32 out_last_cpu;
	__u32 out_last_node;
	__s32 out_tid;
	__u32 nr_bits;
	__aligned_u64 cpus;
};

/**
 * struct vcpunuma_share - what a VM has on a node
 * @node: host node
 * @nr_vcpus: vCPUs bound to it
 * @mem_bytes: bytes of its memory objects there
 */
struct vcpunuma_share {
	__u32 node;
	__u32 nr_vcpus;
	__aligned_u64 mem_bytes;
};

/**
 * struct vcpunuma_cmd_distribution - how a VM lies over the nodes
 *	(VCPUNUMA_DISTRIBUTION)
 * @size: size of this structure
 * @flags: 0
 * @shares: array of &struct vcpunuma_share, one for each node that is online or
 *	has a vCPU, in order of node id
 * @nr_shares: elements @shares has room for / such nodes
 * @share_size: sizeof(struct vcpunuma_share)
 * @out_bound: vCPUs bound, wherever; without those whose thread has exited
 * @out_spread: of these, bound to CPUs of several nodes and in no share
 * @out_configured: vCPUs with a place and no thread
 * @out_exited: vCPUs whose thread has exited
 */
struct vcpunuma_cmd_distribution {
	__u32 size;
	__u32 flags;
	__aligned_u64 shares;
	__u32 nr_shares;
	__u32 share_size;
	__u32 out_bound;
	__u32 out_spread;
	__u32 out_configured;
	__u32 out_exited;
};

/**
 * DOC: Guest memory
 *
 * A memory object is a file. Its length never changes. Bytes 0 to length - 1
 * have pages of one size, 2 MiB or 4 KiB, which are zeroed, never swapped, and
 * charged to the memory cgroup of who created the object. Which node a page is
 * taken from is a matter of the policy of its range, and of mbind(2) on a
 * mapping, which changes it for pages that are not there yet, for all who map
 * that part of the object. (MPOL_DEFAULT takes that back, through a mapping that
 * had another policy: else the kernel does not tell us of it.)
 *
 * Besides its own ioctls the file has mmap(2), MAP_SHARED only; fstat(2),
 * lseek(2) and read(2); fallocate(2), which allocates pages with mode 0 and
 * gives them back with FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE; ftruncate(2)
 * to another length fails with EPERM.
 *
 * The device itself can be mapped: mmap(2) with MAP_SHARED of an open
 * VCPUNUMA_DEVICE at offset 0 makes a memory object of that length, rounded up
 * to 2 MiB, if its VM has none yet that was made so, and maps that. It has pages
 * of 2 MiB with the policy VCPUNUMA_MEM_LOCAL until mbind(2) says otherwise, and
 * may use 4 KiB pages (VCPUNUMA_MEM_SMALL). It lives as long as the VM's file or
 * a mapping. mmap fails with the errors of VCPUNUMA_MEM_CREATE.
 */

/**
 * enum vcpunuma_mem_policy - which node a page comes from
 * @VCPUNUMA_MEM_STRICT: from @node, or the page cannot be had
 * @VCPUNUMA_MEM_PREFERRED: from @node, else from the nearest that has one
 * @VCPUNUMA_MEM_BOUNDED: from @node; at most what @min_local leaves of the range
 *	from the nearest others, no farther than @max_distance; else the page
 *	cannot be had
 * @VCPUNUMA_MEM_INTERLEAVE: each from the next of @nodes, as many of each in turn
 *	as its weight is; from that node, or the page cannot be had
 * @VCPUNUMA_MEM_LOCAL: as with PREFERRED, from the node of the CPU that touches
 *	the page or has it allocated; from the nearest that has memory, if that
 *	node has none
 */
enum vcpunuma_mem_policy {
	VCPUNUMA_MEM_STRICT = 0,
	VCPUNUMA_MEM_PREFERRED = 1,
	VCPUNUMA_MEM_BOUNDED = 2,
	VCPUNUMA_MEM_INTERLEAVE = 3,
	VCPUNUMA_MEM_LOCAL = 4
};

/** define VCPUNUMA_MAX_RANGES - ranges an object is created with, at most */
#define VCPUNUMA_MAX_RANGES	1024

/** define VCPUNUMA_MAX_WEIGHT - largest weight of a node */
#define VCPUNUMA_MAX_WEIGHT	65535

/**
 * struct vcpunuma_node_weight - a node that pages are dealt to
 * @node: host node; each at most once
 * @weight: pages it gets in turn, 1 to VCPUNUMA_MAX_WEIGHT
 */
struct vcpunuma_node_weight {
	__u32 node;
	__u32 weight;
};

/* Flags of a range */
#define VCPUNUMA_MEM_RANGE_VCPU	0x1U

/**
 * struct vcpunuma_mem_range - a part of a memory object
 * @length: bytes, a multiple of the page size; ranges follow each other
 * @policy: &enum vcpunuma_mem_policy
 * @flags: VCPUNUMA_MEM_RANGE_VCPU: @node is that of the vCPU @vcpu, now
 * @node: with STRICT, PREFERRED and BOUNDED, unless that flag is given; else 0
 * @vcpu: with VCPUNUMA_MEM_RANGE_VCPU the id of a vCPU; else 0
 * @min_local: with BOUNDED per cent of the range that must be on @node, up to
 *	100; else 0
 * @max_distance: with BOUNDED the largest distance from @node, as in
 *	&struct vcpunuma_cmd_topology, 0 for any; else 0
 * @nodes: with INTERLEAVE an array of &struct vcpunuma_node_weight; else 0
 * @nr_nodes: elements of @nodes
 * @weight_size: sizeof(struct vcpunuma_node_weight), if there are any
 */
struct vcpunuma_mem_range {
	__aligned_u64 length;
	__u32 policy;
	__u32 flags;
	__u32 node;
	__u32 vcpu;
	__u32 min_local;
	__u32 max_distance;
	__aligned_u64 nodes;
	__u32 nr_nodes;
	__u32 weight_size;
};

/* Flags of VCPUNUMA_MEM_CREATE */
#define VCPUNUMA_MEM_POPULATE	0x1U
#define VCPUNUMA_MEM_VCPU	0x2U
#define VCPUNUMA_MEM_SMALL	0x4U

/**
 * struct vcpunuma_cmd_mem_create - create a memory object
 *	(VCPUNUMA_MEM_CREATE)
 * @size: size of this structure
 * @flags: VCPUNUMA_MEM_POPULATE: allocate all pages now, else each when it is
 *	first touched; VCPUNUMA_MEM_VCPU: on the node the vCPU @vcpu is bound to;
 *	VCPUNUMA_MEM_SMALL: where a node has no page of 2 MiB, pages of 4 KiB do
 * @length: bytes, a multiple of the page size
 * @node: the node, unless VCPUNUMA_MEM_VCPU or @ranges are given; then 0
 * @vcpu: with VCPUNUMA_MEM_VCPU id of a vCPU; else 0
 * @page_shift: 21 for pages of 2 MiB, 12 for 4 KiB; 0 is 21
 * @out_fd: file descriptor of the object, close-on-exec, read and write
 * @ranges: array of &struct vcpunuma_mem_range whose lengths add up to @length;
 *	0: all of it is one range with the policy VCPUNUMA_MEM_STRICT
 * @nr_ranges: elements of @ranges, at most VCPUNUMA_MAX_RANGES
 * @range_size: sizeof(struct vcpunuma_mem_range), if there are any
 *
 * The whole length counts against RLIMIT_MEMLOCK of the caller's user from now
 * until the object is freed, unless the caller has CAP_IPC_LOCK. If the VM has a
 * reservation, the object is taken from it as a whole, node by node as the
 * policies put its pages first; VCPUNUMA_MEM_LOCAL names no node and cannot be.
 *
 * 2 MiB pages are mapped as such where address and offset agree modulo 2 MiB,
 * as they do if mmap chooses the address. A touch for which no page can be had,
 * or by a thread whose cpuset does not allow memory of the node if the page is
 * not there yet, raises SIGBUS; if it is a guest that touches, KVM_RUN fails with
 * EFAULT. A page in which the hardware found an error is unmapped from all who
 * have it; a touch raises SIGBUS (BUS_MCEERR_AR).
 *
 * VCPUNUMA_MEM_POPULATE allocates by threads that run on CPUs of the node the
 * pages are of, where the caller may run on some; a fatal signal ends it. With
 * VCPUNUMA_MEM_BOUNDED it fails before a page is taken if the nodes do not have
 * the memory.
 *
 * Errors beside the general ones: ENOMEM: the node does not have the pages;
 * ENODEV: no such node, or it has no memory; ENOTCONN: the vCPU is not bound,
 * or its thread has exited; ENODEV: the vCPU is bound to several nodes; EPERM:
 * the caller's cpuset does not allow memory of that node; EDQUOT:
 * RLIMIT_MEMLOCK or @out_max_mems; EMFILE, ENFILE: no file descriptor left.
 */
struct vcpunuma_cmd_mem_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 length;
	__u32 node;
	__u32 vcpu;
	__u32 page_shift;
	__s32 out_fd;
	__aligned_u64 ranges;
	__u32 nr_ranges;
	__u32 range_size;
};

/**
 * struct vcpunuma_node_bytes - bytes of a memory object on a node
 * @node: host node
 * @__reserved: 0
 * @bytes: bytes of pages allocated there
 */
struct vcpunuma_node_bytes {
	__u32 node;
	__u32 __reserved;
	__aligned_u64 bytes;
};

/**
 * struct vcpunuma_cmd_mem_query - where a memory object is
 *	(VCPUNUMA_MEM_QUERY, on the object's file descriptor)
 * @size: size of this structure
 * @flags: 0
 * @out_length: bytes
 * @out_populated: bytes of pages allocated
 * @out_node: the node that all its ranges name, or VCPUNUMA_NONE
 * @out_page_shift: page size is 1 << @out_page_shift bytes
 * @bytes: array of &struct vcpunuma_node_bytes, one for each node that has
 *	pages of the object, in order of node id
 * @nr_bytes: elements @bytes has room for / such nodes
 * @bytes_size: sizeof(struct vcpunuma_node_bytes)
 * @out_remote: bytes of pages that are not on the node where their policy, when
 *	they were allocated, wanted them first
 * @out_small: bytes of 4 KiB pages that stand in for pages of 2 MiB
 * @out_lost: bytes in which the hardware found errors
 */
struct vcpunuma_cmd_mem_query {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_length;
	__aligned_u64 out_populated;
	__u32 out_node;
	__u32 out_page_shift;
	__aligned_u64 bytes;
	__u32 nr_bytes;
	__u32 bytes_size;
	__aligned_u64 out_remote;
	__aligned_u64 out_small;
	__aligned_u64 out_lost;
};

/**
 * struct vcpunuma_cmd_mem_populate_range - allocate pages of a memory object
 *	(VCPUNUMA_MEM_POPULATE_RANGE, on the object's file descriptor)
 * @size: size of this structure
 * @flags: 0
 * @offset: first byte, a multiple of the page size
 * @length: bytes, a multiple of the page size
 * @workers: threads that allocate at the same time, on each node; 0: as many as
 *	the module's parameter populate_workers says, which is also the most
 * @__reserved: 0
 *
 * Pages that are there already are left alone. How far it has come is seen with
 * VCPUNUMA_MEM_QUERY. If it fails, pages it has allocated stay.
 *
 * Errors beside the general ones: EINVAL: not within the object; ENOMEM: no page
 * can be had; EPERM: the caller's cpuset does not allow memory of a node; EINTR:
 * a fatal signal.
 */
struct vcpunuma_cmd_mem_populate_range {
	__u32 size;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 workers;
	__u32 __reserved;
};

/* Flags of VCPUNUMA_RESERVE */
#define VCPUNUMA_RESERVE_DRY_RUN	0x1U
#define VCPUNUMA_RESERVE_STRICT		0x2U
#define VCPUNUMA_RESERVE_BEYOND		0x4U
#define VCPUNUMA_RESERVE_REQUIRED	0x8U
#define VCPUNUMA_RESERVE_NEAR_NODE	0x10U
#define VCPUNUMA_RESERVE_NEAR_PCI	0x20U

/**
 * enum vcpunuma_cpu_policy - how vCPUs get CPUs
 * @VCPUNUMA_CPU_SHARED: they float over the CPUs of a node that no VM owns,
 *	at most @overcommit per cent of these
 * @VCPUNUMA_CPU_PREFER: each owns a CPU; whole free cores first
 * @VCPUNUMA_CPU_ISOLATE: each owns a core and uses one thread of it
 * @VCPUNUMA_CPU_REQUIRE: they own whole cores and use all their threads; one
 *	core in part if their number is no multiple
 */
enum vcpunuma_cpu_policy {
	VCPUNUMA_CPU_SHARED = 0,
	VCPUNUMA_CPU_PREFER = 1,
	VCPUNUMA_CPU_ISOLATE = 2,
	VCPUNUMA_CPU_REQUIRE = 3
};

/**
 * enum vcpunuma_policy - which places are good
 * @VCPUNUMA_COMPACT: near each other, filling up what is begun
 * @VCPUNUMA_SPREAD: near each other, but not where shared vCPUs would outnumber
 *	CPUs while other nodes have room
 * @VCPUNUMA_ROUND_ROBIN: dealt over the nodes in turn
 */
enum vcpunuma_policy {
	VCPUNUMA_COMPACT = 0,
	VCPUNUMA_SPREAD = 1,
	VCPUNUMA_ROUND_ROBIN = 2
};

/**
 * enum vcpunuma_reason - why a reservation was refused
 * @VCPUNUMA_FITS: it was not
 * @VCPUNUMA_NO_CPUS: the nodes it may use lack CPUs
 * @VCPUNUMA_NO_MEMORY: they lack memory
 * @VCPUNUMA_NO_SPAN: it would need more nodes than @max_nodes
 * @VCPUNUMA_NO_WHOLE: no nodes have room for whole virtual nodes
 * @VCPUNUMA_NO_LOCAL: too much memory would be remote
 * @VCPUNUMA_NO_NODES: the sets leave no node, or not all those required serve
 * @VCPUNUMA_NO_CORES: the number of vCPUs does not divide into whole cores
 * @VCPUNUMA_NO_ROOM: the answer has more chunks than a VM may have
 */
enum vcpunuma_reason {
	VCPUNUMA_FITS = 0,
	VCPUNUMA_NO_CPUS = 1,
	VCPUNUMA_NO_MEMORY = 2,
	VCPUNUMA_NO_SPAN = 3,
	VCPUNUMA_NO_WHOLE = 4,
	VCPUNUMA_NO_LOCAL = 5,
	VCPUNUMA_NO_NODES = 6,
	VCPUNUMA_NO_CORES = 7,
	VCPUNUMA_NO_ROOM = 8
};

/** define VCPUNUMA_MAX_GRACE - longest time a place is kept, in seconds */
#define VCPUNUMA_MAX_GRACE	600

/** define VCPUNUMA_NAME_LEN - room for the name of a VM, with its final 0 */
#define VCPUNUMA_NAME_LEN	64

/**
 * struct vcpunuma_chunk - what a virtual node has on a host node
 * @vnode: virtual node
 * @node: host node
 * @nr_vcpus: how many of its vCPUs
 * @__reserved: 0
 * @mem: bytes of its memory
 */
struct vcpunuma_chunk {
	__u32 vnode;
	__u32 node;
	__u32 nr_vcpus;
	__u32 __reserved;
	__aligned_u64 mem;
};

/**
 * struct vcpunuma_cmd_reserve - reserve room for a whole VM (VCPUNUMA_RESERVE)
 * @size: size of this structure
 * @flags: VCPUNUMA_RESERVE_DRY_RUN: answer, and reserve nothing;
 *	VCPUNUMA_RESERVE_STRICT: each virtual node wholly on a host node of its
 *	own; VCPUNUMA_RESERVE_BEYOND: the VM may also bind vCPUs and create
 *	memory beyond what it reserved, by the same rules as a VM without a
 *	reservation; VCPUNUMA_RESERVE_REQUIRED: it must use each of @nodes, not
 *	just any; VCPUNUMA_RESERVE_NEAR_NODE, VCPUNUMA_RESERVE_NEAR_PCI: rather
 *	near the node or the PCI device @near
 * @nr_vcpus: 1 to @out_max_vcpus of &struct vcpunuma_cmd_info; ids from 0
 * @nr_vnodes: virtual nodes, at most @nr_vcpus; vCPU i belongs to virtual node
 *	i * @nr_vnodes / @nr_vcpus; 0: choose
 * @mem: bytes, a multiple of 2 MiB; shared out evenly over the virtual nodes
 * @policy: one of &enum vcpunuma_policy
 * @cpu_policy: one of &enum vcpunuma_cpu_policy
 * @min_local: per cent of the memory that must be on nodes that run vCPUs of
 *	its virtual node, 0 to 100; what is not is as near as possible
 * @max_nodes: most nodes to touch; 0: any number
 * @near: node, or PCI address: domain << 16 | bus << 8 | device << 3 | function
 * @nr_node_bits: size of @nodes in bits; 0: all nodes of the caller's cpuset
 * @nodes: set of nodes it may use
 * @with: array of __u32, ids of VMs to be near to
 * @apart: array of __u32, ids of VMs whose nodes it must not use
 * @nr_with: elements of @with, at most 64
 * @nr_apart: elements of @apart, at most 64
 * @name: a name for reports, ended by 0, of printable ASCII without blanks; may
 *	be empty
 * @places: array of &struct vcpunuma_place, filled in order of vCPU id; its
 *	@cpu is VCPUNUMA_NONE for a vCPU that floats over its node
 * @nr_places: elements @places has room for / @nr_vcpus
 * @place_size: sizeof(struct vcpunuma_place)
 * @chunks: array of &struct vcpunuma_chunk, in order of virtual node
 * @nr_chunks: elements @chunks has room for / such chunks
 * @chunk_size: sizeof(struct vcpunuma_chunk)
 * @out_vnodes: virtual nodes, also if they were chosen
 * @out_decision: id of the decision; grows by one with each on this host
 * @out_distance: mean distance of vCPUs to their memory, in 1/1000: 10000 is
 *	all local
 * @out_local: per cent of the memory that is on nodes with vCPUs of its virtual
 *	node
 * @out_reason: one of &enum vcpunuma_reason; written also if the call fails
 *	with ENOSPC, as the following are
 * @out_node: the node that came nearest; or VCPUNUMA_NONE
 * @out_vcpus_short: vCPUs for which there was no CPU
 * @out_mem_short: bytes for which there was no memory
 * @grace: seconds for which the reservation outlives the VM's file, 0 to
 *	VCPUNUMA_MAX_GRACE; only with a @name
 * @out_resumed: 1: this is what a VM of that name had reserved, see below
 *
 * What was decided and why is told by VCPUNUMA_EXPLAIN, until the VM's next
 * decision, also if it was refused or could not be told to the caller.
 *
 * All or nothing: either each vCPU has a place and each byte a node, which no
 * other VM will be given until they are released, or nothing is reserved. The
 * reservation ends by VCPUNUMA_RELEASE or with the VM's file. Earlier places
 * of VCPUNUMA_CONFIGURE are forgotten, also if the call then fails with EFAULT
 * or EMSGSIZE because of where the answer was to go.
 *
 * If the VM's file goes away and it had asked for a @grace, what it reserved stays
 * reserved for so long. A VM whose file was opened by the same user, for which a
 * process of the same user as then reserves with the same @name meanwhile, gets
 * that very reservation if it asks for the same (of vCPUs, virtual nodes, memory
 * and policies) and may use these nodes and CPUs; else that reservation ends now.
 * A dry run leaves it alone, and so does a call that fails with EDQUOT, or with
 * EMSGSIZE because what is kept has more chunks; one that fails with EFAULT may
 * end it.
 *
 * vCPUs are bound to their places with VCPUNUMA_BIND_PLACE. Memory objects that
 * are created on a node are taken from what is reserved there, if that is enough
 * for the whole object. CPUs that a VM owns are taken from the affinity of all
 * threads that other VMs have bound, and given back when they are released; a
 * CPU that a VM without a reservation is bound to alone is not given to anybody
 * as his own, nor is its core. Whole cores are had only by who may use all their
 * threads. Memory that is reserved is kept from memory objects of VMs without
 * a reservation; not from the rest of the host.
 *
 * Errors beside the general ones: ENOSPC: it does not fit, for @out_reason;
 * EMSGSIZE: an array has too little room; nothing is reserved; ENOENT: no VM
 * of an id in @with or @apart that belongs to the caller's user (or to anybody,
 * with CAP_SYS_NICE), or no such PCI device; EEXIST: the VM has a reservation.
 */
struct vcpunuma_cmd_reserve {
	__u32 size;
	__u32 flags;
	__u32 nr_vcpus;
	__u32 nr_vnodes;
	__aligned_u64 mem;
	__u32 policy;
	__u32 cpu_policy;
	__u32 min_local;
	__u32 max_nodes;
	__u32 near;
	__u32 nr_node_bits;
	__aligned_u64 nodes;
	__aligned_u64 with;
	__aligned_u64 apart;
	__u32 nr_with;
	__u32 nr_apart;
	char name[VCPUNUMA_NAME_LEN];
	__aligned_u64 places;
	__u32 nr_places;
	__u32 place_size;
	__aligned_u64 chunks;
	__u32 nr_chunks;
	__u32 chunk_size;
	__u32 out_vnodes;
	__u32 out_distance;
	__aligned_u64 out_decision;
	__u32 out_local;
	__u32 out_reason;
	__u32 out_node;
	__u32 out_vcpus_short;
	__aligned_u64 out_mem_short;
	__u32 grace;
	__u32 out_resumed;
};

/**
 * struct vcpunuma_cmd_release - end a VM's reservation (VCPUNUMA_RELEASE)
 * @size: size of this structure
 * @flags: 0
 *
 * Its vCPUs have no places any more.
 *
 * Fails with ENOENT if there is none; EBUSY: a vCPU is bound to its place, or a
 * memory object was taken from the reservation and still is there.
 */
struct vcpunuma_cmd_release {
	__u32 size;
	__u32 flags;
};

/**
 * struct vcpunuma_bind_entry - a vCPU to bind, and what came of it
 * @vcpu: as in &struct vcpunuma_cmd_bind, like the following
 * @tid: the thread; 0: the calling thread; not with VCPUNUMA_BIND_PIDFD
 * @to: one of &enum vcpunuma_bind_to, without VCPUNUMA_BIND_CPUS
 * @target: the node or the CPU, by @to; 0 with VCPUNUMA_BIND_PLACE
 * @out_error: 0: it is bound; else the errno that VCPUNUMA_BIND would have
 *	failed with
 * @out_node: if it is bound as in &struct vcpunuma_cmd_bind, else
 *	VCPUNUMA_NONE; so too @out_cpu
 * @out_cpu: see @out_node
 * @__reserved: 0, or its @out_error is EOPNOTSUPP
 */
struct vcpunuma_bind_entry {
	__u32 vcpu;
	__s32 tid;
	__u32 to;
	__u32 target;
	__u32 out_error;
	__u32 out_node;
	__u32 out_cpu;
	__u32 __reserved;
};

/**
 * struct vcpunuma_cmd_bind_many - bind vCPUs, each as VCPUNUMA_BIND does
 *	(VCPUNUMA_BIND_MANY)
 * @size: size of this structure
 * @flags: VCPUNUMA_BIND_PIDFD: all threads belong to the process @pidfd
 * @entries: array of &struct vcpunuma_bind_entry, read and written; of elements
 *	longer than the kernel knows the rest must be 0
 * @nr_entries: elements of @entries, at most @out_max_vcpus of &struct
 *	vcpunuma_cmd_info
 * @entry_size: sizeof(struct vcpunuma_bind_entry)
 * @first: index of the element to begin with, at most @nr_entries / of the
 *	first that was not done; @nr_entries: all were
 * @pidfd: with VCPUNUMA_BIND_PIDFD as in &struct vcpunuma_cmd_bind; else 0
 * @out_failed: elements of those done whose @out_error is not 0
 * @__reserved: 0
 *
 * As if VCPUNUMA_BIND were called for one element after the other; only faster.
 * An element that fails leaves its vCPU and its thread as they were, and does
 * not stop the others: then the call succeeds all the same, and @out_failed
 * counts it.
 *
 * The call may end early when it has done some: for a fatal signal, or because
 * elements cannot be read or written. It then succeeds with @first less than
 * @nr_entries, and can be made again as it is; it fails, for the reason, if it
 * can do none. Elements from @first on hold nothing of use in their results. To
 * bind an element once more that was done already does no harm.
 *
 * Errors beside the general ones: EINVAL: more elements than there may be vCPUs,
 * or @first is beyond them; E2BIG: an element is longer than the kernel knows,
 * and not 0 there; EBADF: @pidfd is not open. All that is wrong with an element
 * is told in its @out_error: EINVAL, ENOENT, ENODEV, ENOSPC, EBUSY, ESRCH, EPERM,
 * ENOMEM and EOPNOTSUPP.
 */
struct vcpunuma_cmd_bind_many {
	__u32 size;
	__u32 flags;
	__aligned_u64 entries;
	__u32 nr_entries;
	__u32 entry_size;
	__u32 first;
	__s32 pidfd;
	__u32 out_failed;
	__u32 __reserved;
};

/**
 * enum vcpunuma_ledger_state - whose a CPU is
 * @VCPUNUMA_LEDGER_OFFLINE: nobody's while it is offline; if a VM owns it, it
 *	comes back to that VM
 * @VCPUNUMA_LEDGER_FREE: nobody's; no vCPU of a reservation floats over it
 * @VCPUNUMA_LEDGER_SHARED: nobody's; vCPUs of reservations float over it
 * @VCPUNUMA_LEDGER_OWNED: a VM's
 * @VCPUNUMA_LEDGER_BLOCKED: unused, because a VM owns the rest of its core
 */
enum vcpunuma_ledger_state {
	VCPUNUMA_LEDGER_OFFLINE = 0,
	VCPUNUMA_LEDGER_FREE = 1,
	VCPUNUMA_LEDGER_SHARED = 2,
	VCPUNUMA_LEDGER_OWNED = 3,
	VCPUNUMA_LEDGER_BLOCKED = 4
};

/**
 * struct vcpunuma_ledger_node - what is booked on a node
 * @node: its id
 * @nr_cpus: CPUs online
 * @nr_owned: of these, owned by VMs
 * @nr_blocked: of these, blocked by who owns the rest of their core
 * @nr_shared: vCPUs that float over the others by a reservation
 * @max_shared: how many that may be at most, as many CPUs as are nobody's
 * @nr_unreserved: vCPUs of VMs without a reservation that are placed on or bound
 *	to one of its CPUs alone
 * @__reserved: 0
 * @mem_total: bytes that the kernel manages
 * @mem_free: of these, free
 * @mem_available: free, or to be had by dropping caches
 * @mem_reserved: reserved by VMs
 * @mem_populated: of these, pages of memory objects that were drawn from it
 * @mem_allocated: pages of all memory objects, reserved or not
 * @mem_others: what others than vcpunuma use: caches, programs, the kernel
 * @mem_headroom: what is never reserved
 * @mem_room: what could be reserved now
 *
 * Memory is counted while the host runs: what others use, and what of the
 * reserved is populated, may be out by some pages, and change without
 * @out_generation.
 */
struct vcpunuma_ledger_node {
	__u32 node;
	__u32 nr_cpus;
	__u32 nr_owned;
	__u32 nr_blocked;
	__u32 nr_shared;
	__u32 max_shared;
	__u32 nr_unreserved;
	__u32 __reserved;
	__aligned_u64 mem_total;
	__aligned_u64 mem_free;
	__aligned_u64 mem_available;
	__aligned_u64 mem_reserved;
	__aligned_u64 mem_populated;
	__aligned_u64 mem_allocated;
	__aligned_u64 mem_others;
	__aligned_u64 mem_headroom;
	__aligned_u64 mem_room;
};

/**
 * struct vcpunuma_ledger_cpu - what is booked on a CPU
 * @cpu: its id
 * @node: the node it is on
 * @core: the lowest CPU id of its core on that node, also if that is offline
 * @llc: the lowest CPU id of those that share its last level cache on that node:
 *	CPUs that agree in it are near each other
 * @state: one of &enum vcpunuma_ledger_state
 * @owner: id of the VM that owns or blocks it, if it belongs to the caller's user
 *	and has not ended meanwhile, or the caller has CAP_SYS_NICE; else
 *	VCPUNUMA_NONE
 * @nr_unreserved: vCPUs of VMs without a reservation that are placed on it or
 *	bound to it alone
 * @__reserved: 0
 */
struct vcpunuma_ledger_cpu {
	__u32 cpu;
	__u32 node;
	__u32 core;
	__u32 llc;
	__u32 state;
	__u32 owner;
	__u32 nr_unreserved;
	__u32 __reserved;
};

/**
 * struct vcpunuma_cmd_ledger - what is booked on the host (VCPUNUMA_LEDGER)
 * @size: size of this structure
 * @flags: 0
 * @out_generation: grows with each booking, release and hot-plug on this host
 * @nodes: array of &struct vcpunuma_ledger_node, in order of node id, for all that
 *	are or were online
 * @nr_nodes: elements @nodes has room for / such nodes
 * @node_size: sizeof(struct vcpunuma_ledger_node)
 * @cpus: array of &struct vcpunuma_ledger_cpu, in order of CPU id, for all that
 *	are or were online
 * @nr_cpus: elements @cpus has room for / such CPUs
 * @cpu_size: sizeof(struct vcpunuma_ledger_cpu)
 *
 * All of it is of one moment. Two answers with the same @out_generation agree in
 * what is booked. Anybody who may open the device may ask.
 */
struct vcpunuma_cmd_ledger {
	__u32 size;
	__u32 flags;
	__aligned_u64 out_generation;
	__aligned_u64 nodes;
	__u32 nr_nodes;
	__u32 node_size;
	__aligned_u64 cpus;
	__u32 nr_cpus;
	__u32 cpu_size;
};

/* Flags of VCPUNUMA_EXPLAIN */
#define VCPUNUMA_EXPLAIN_NEXT	0x1U

/**
 * enum vcpunuma_outcome - what became of a request
 * @VCPUNUMA_OUTCOME_NONE: there was none yet
 * @VCPUNUMA_OUTCOME_RESERVED: what it asked for is reserved
 * @VCPUNUMA_OUTCOME_RELEASED: it was reserved, and is not any more
 * @VCPUNUMA_OUTCOME_DRY_RUN: it would have been reserved
 * @VCPUNUMA_OUTCOME_REFUSED: there was no room
 */
enum vcpunuma_outcome {
	VCPUNUMA_OUTCOME_NONE = 0,
	VCPUNUMA_OUTCOME_RESERVED = 1,
	VCPUNUMA_OUTCOME_RELEASED = 2,
	VCPUNUMA_OUTCOME_DRY_RUN = 3,
	VCPUNUMA_OUTCOME_REFUSED = 4
};

/**
 * enum vcpunuma_verdict - what became of a candidate
 * @VCPUNUMA_CHOSEN: it costs least
 * @VCPUNUMA_WORSE: it would do, and another costs less
 * @VCPUNUMA_LACKS_CPUS: it has too few CPUs
 * @VCPUNUMA_LACKS_MEMORY: it has too little memory
 * @VCPUNUMA_LACKS_BOTH: both
 * @VCPUNUMA_FORBIDDEN: the request does not allow it
 */
enum vcpunuma_verdict {
	VCPUNUMA_CHOSEN = 0,
	VCPUNUMA_WORSE = 1,
	VCPUNUMA_LACKS_CPUS = 2,
	VCPUNUMA_LACKS_MEMORY = 3,
	VCPUNUMA_LACKS_BOTH = 4,
	VCPUNUMA_FORBIDDEN = 5
};

/* Flags of a node in an explanation */
#define VCPUNUMA_EXPLAIN_ALLOWED	0x1U	/* the request could use it */
#define VCPUNUMA_EXPLAIN_WITH		0x2U	/* a VM to be near to is there */
#define VCPUNUMA_EXPLAIN_APART		0x4U	/* a VM to be apart from is there */

/**
 * struct vcpunuma_explain_node - a node, as a decision saw it
 * @node: its id
 * @flags: VCPUNUMA_EXPLAIN_ALLOWED, _WITH, _APART
 * @nr_vcpus: vCPUs that it was given
 * @__reserved: 0
 * @mem: bytes that it was given
 */
struct vcpunuma_explain_node {
	__u32 node;
	__u32 flags;
	__u32 nr_vcpus;
	__u32 __reserved;
	__aligned_u64 mem;
};

/**
 * struct vcpunuma_candidate - a place that a decision considered
 * @node: the node; of several the one the search began at
 * @nr_nodes: nodes it takes; 0: it does not do, costs are 0
 * @verdict: one of &enum vcpunuma_verdict
 * @cost: what was compared, less is better: the sum of the following, all in
 *	1/1000
 * @distance: for distances beyond local ones
 * @left_cpus: share of its CPUs that would be left unused
 * @left_mem: share of its memory that would be left unused
 * @load: for shared vCPUs beyond one for a CPU, with VCPUNUMA_SPREAD
 * @near: for the distance from what it was to be near to
 * @llc: for using more last level caches than needed
 * @affinity: for not being where the VMs of @with are
 * @vcpus_short: vCPUs for which it has no CPU
 * @mem_short: bytes that it lacks
 */
struct vcpunuma_candidate {
	__u32 node;
	__u32 nr_nodes;
	__u32 verdict;
	__u32 cost;
	__u32 distance;
	__u32 left_cpus;
	__u32 left_mem;
	__u32 load;
	__u32 near;
	__u32 llc;
	__u32 affinity;
	__u32 vcpus_short;
	__aligned_u64 mem_short;
};

/**
 * struct vcpunuma_cmd_explain - the last decision made for a VM
 *	(VCPUNUMA_EXPLAIN)
 * @size: size of this structure
 * @flags: VCPUNUMA_EXPLAIN_NEXT: of the VM with the lowest id not below @vm; to go
 *	over all, go on at @out_vm + 1 until ENOENT
 * @vm: id of a VM; 0: the caller's own, with VCPUNUMA_EXPLAIN_NEXT the first
 * @out_vm: its id
 * @out_pid: the process that opened it, as seen in the caller's pid namespace; 0:
 *	it is not
 * @out_outcome: one of &enum vcpunuma_outcome; if it is VCPUNUMA_OUTCOME_NONE all
 *	that follows is 0 and empty
 * @out_name: the name in the request
 * @out_decision: id of the decision
 * @out_time: when it was made, in ns of CLOCK_REALTIME
 * @out_generation: that the ledger had, see VCPUNUMA_LEDGER
 * @out_mem: bytes asked for
 * @out_mem_short: bytes for which there was no memory, if it was refused
 * @out_flags: flags of VCPUNUMA_RESERVE, as the following are its fields
 * @out_nr_vcpus: vCPUs asked for
 * @out_nr_vnodes: virtual nodes asked for
 * @out_policy: one of &enum vcpunuma_policy
 * @out_cpu_policy: one of &enum vcpunuma_cpu_policy
 * @out_min_local: per cent
 * @out_max_nodes: nodes
 * @out_near: node or PCI device, by @out_flags
 * @out_near_node: the node of that, or VCPUNUMA_NONE
 * @out_tries: how often it was decided, because the ledger changed meanwhile
 * @out_considered: candidates there were; the best of them are kept
 * @out_vnodes: virtual nodes of the answer
 * @out_distance: mean distance of vCPUs to their memory, in 1/1000
 * @out_local: per cent of the memory that is local
 * @out_reason: one of &enum vcpunuma_reason
 * @out_node: the node that came nearest; or VCPUNUMA_NONE
 * @out_vcpus_short: vCPUs for which there was no CPU
 * @__reserved: 0
 * @nodes: array of &struct vcpunuma_explain_node, for each node the host had, in
 *	order of node id
 * @nr_nodes: elements @nodes has room for / such nodes
 * @node_size: sizeof(struct vcpunuma_explain_node)
 * @candidates: array of &struct vcpunuma_candidate, the best first
 * @nr_candidates: elements @candidates has room for / candidates kept
 * @candidate_size: sizeof(struct vcpunuma_candidate)
 *
 * A VM's last request by VCPUNUMA_RESERVE is remembered with its answer, whether
 * that was a reservation, a dry run or a refusal, until its next or the end of
 * the VM. One that was not decided, because it made no sense or the VM has a
 * reservation, is not.
 *
 * Fails with ENOENT if there is no such VM that belongs to the caller's user (or
 * to anybody, with CAP_SYS_NICE); the caller's own can always be asked for.
 */
struct vcpunuma_cmd_explain {
	__u32 size;
	__u32 flags;
	__u32 vm;
	__u32 out_vm;
	__s32 out_pid;
	__u32 out_outcome;
	char out_name[VCPUNUMA_NAME_LEN];
	__aligned_u64 out_decision;
	__aligned_u64 out_time;
	__aligned_u64 out_generation;
	__aligned_u64 out_mem;
	__aligned_u64 out_mem_short;
	__u32 out_flags;
	__u32 out_nr_vcpus;
	__u32 out_nr_vnodes;
	__u32 out_policy;
	__u32 out_cpu_policy;
	__u32 out_min_local;
	__u32 out_max_nodes;
	__u32 out_near;
	__u32 out_near_node;
	__u32 out_tries;
	__u32 out_considered;
	__u32 out_vnodes;
	__u32 out_distance;
	__u32 out_local;
	__u32 out_reason;
	__u32 out_node;
	__u32 out_vcpus_short;
	__u32 __reserved;
	__aligned_u64 nodes;
	__u32 nr_nodes;
	__u32 node_size;
	__aligned_u64 candidates;
	__u32 nr_candidates;
	__u32 candidate_size;
};

/* Flags of VCPUNUMA_RESTRICT */
#define VCPUNUMA_RESTRICT_COMMANDS	0x1U
#define VCPUNUMA_RESTRICT_NODES		0x2U
#define VCPUNUMA_RESTRICT_CPUS		0x4U
#define VCPUNUMA_RESTRICT_VCPUS		0x8U
#define VCPUNUMA_RESTRICT_MEM		0x10U
#define VCPUNUMA_RESTRICT_GRANT		0x20U

/** VCPUNUMA_COMMAND_BIT() - a command in @commands of VCPUNUMA_RESTRICT */
#define VCPUNUMA_COMMAND_BIT(command)	((__u64)1 << _IOC_NR(command))

/**
 * struct vcpunuma_cmd_restrict - limit what a VM may do and have
 *	(VCPUNUMA_RESTRICT)
 * @size: size of this structure
 * @flags: which limits to set, the fields of others being 0:
 *	VCPUNUMA_RESTRICT_COMMANDS, VCPUNUMA_RESTRICT_NODES,
 *	VCPUNUMA_RESTRICT_CPUS, VCPUNUMA_RESTRICT_VCPUS, VCPUNUMA_RESTRICT_MEM;
 *	and VCPUNUMA_RESTRICT_GRANT, with the last: memory of the VM does not
 *	count against anybody's RLIMIT_MEMLOCK from now on
 * @commands: commands of this file that may be given, a sum of
 *	VCPUNUMA_COMMAND_BIT()
 * @nodes: set of nodes that its vCPUs and memory may be on
 * @cpus: set of CPUs that its vCPUs may be on
 * @nr_node_bits: size of @nodes in bits, at least 1
 * @nr_cpu_bits: size of @cpus in bits, at least 1
 * @max_mem: bytes it may have reserved, or have in memory objects that are not
 *	taken from what is reserved; together
 * @max_vcpus: vCPUs it may have: bound, or with a place
 * @__reserved: 0
 *
 * For who opens a file, says what may be done with it, and hands it to a process
 * he trusts less. Holds for the file, whoever uses it, for good: a limit only
 * ever gets narrower, and none can be lifted. Commands that were begun before
 * count as given before, and so do touches of memory that has no page yet.
 *
 * What is beyond fails with EACCES (commands, nodes, CPUs) or EDQUOT (vCPUs,
 * bytes). Binding to a node or a set leaves out the CPUs that the VM may not
 * use, and fails with EACCES if it may use none. Reserving and choosing of places
 * keep to what is allowed.
 *
 * Any process that has the file may do this, unless it was forbidden; for
 * VCPUNUMA_RESTRICT_GRANT it needs CAP_IPC_LOCK, else EPERM. EBUSY: the VM has
 * more already, and no limit was set.
 */
struct vcpunuma_cmd_restrict {
	__u32 size;
	__u32 flags;
	__aligned_u64 commands;
	__aligned_u64 nodes;
	__aligned_u64 cpus;
	__u32 nr_node_bits;
	__u32 nr_cpu_bits;
	__aligned_u64 max_mem;
	__u32 max_vcpus;
	__u32 __reserved;
};

#endif /* _UAPI_LINUX_VCPUNUMA_H */
