/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvcpunuma - NUMA placement of virtual machines
 *
 * A wrap of the interface of /dev/vcpunuma, see <linux/vcpunuma.h>. The errno
 * values described there are those of the functions here.
 */
#ifndef VCPUNUMA_H
#define VCPUNUMA_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/vcpunuma.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: General rules
 *
 * Errors: functions that return a pointer return NULL, functions that return
 * int return -1, and errno tells why. Every function that makes a system call
 * may fail with the errors common to all commands in <linux/vcpunuma.h>; only
 * what is particular to a function is listed with it. Accessors of a snapshot
 * make no system call and do not touch errno. A NULL handle is a bug of the
 * caller and not looked for, except where something is closed or freed: then
 * it is allowed and does nothing.
 *
 * Ownership: a pointer to struct vcpunuma_vm or vcpunuma_mem is given back with
 * its _close() function, a pointer to a snapshot (struct vcpunuma_topology,
 * vcpunuma_ledger, vcpunuma_explanation, vcpunuma_distribution,
 * vcpunuma_mem_usage) with its _free() function. They do
 * not depend on each other: a memory object or a snapshot outlives its VM.
 *
 * Threads: there is no global state. Any number of threads may use one handle
 * at a time, as long as none closes or frees it. A snapshot never changes.
 *
 * Signals: the kernel returns EINTR from these calls only if the process is
 * about to die, hence nothing here retries.
 *
 * Structures with a first member "size" can grow in later versions of the
 * library. Set it to sizeof of the structure and clear the rest::
 *
 *	struct vcpunuma_vcpu_info info = { .size = sizeof(info) };
 *
 * A size the library cannot use is EINVAL; members it does not know and that
 * are not 0 are E2BIG.
 *
 * Nodes, CPUs and vCPUs are named by their ids, never by their position in a
 * list. VCPUNUMA_NONE stands for "none" or "several", as described.
 */

/** define VCPUNUMA_VERSION - version of the library this header belongs to */
#define VCPUNUMA_VERSION	"0.1.0"

/** struct vcpunuma_vm - a virtual machine: an open file of the device */
struct vcpunuma_vm;
/** struct vcpunuma_mem - a memory object: guest memory, placed by node */
struct vcpunuma_mem;
/** struct vcpunuma_topology - snapshot of the nodes and CPUs of the host */
struct vcpunuma_topology;
/** struct vcpunuma_ledger - snapshot of what is booked on the host */
struct vcpunuma_ledger;
/** struct vcpunuma_explanation - snapshot of a decision */
struct vcpunuma_explanation;
/** struct vcpunuma_distribution - snapshot of how a VM lies over the nodes */
struct vcpunuma_distribution;
/** struct vcpunuma_mem_usage - snapshot of where a memory object is */
struct vcpunuma_mem_usage;

/**
 * vcpunuma_version() - version of the library in use
 *
 * Return: a constant string such as "0.1.0", not to be freed.
 */
const char *vcpunuma_version(void);

/* ---- Virtual machines ---- */

/**
 * vcpunuma_vm_open() - make a VM
 *
 * Opens VCPUNUMA_DEVICE, close-on-exec.
 *
 * Return: the VM, to be closed with vcpunuma_vm_close(); NULL with the errno of
 * open(2): ENOENT if the module is not loaded, EACCES if the caller may not use
 * the device; or ENOMEM.
 */
struct vcpunuma_vm *vcpunuma_vm_open(void);

/**
 * vcpunuma_vm_from_fd() - use a VM that was opened elsewhere
 * @fd: file descriptor of the device, for example inherited or received over a
 *	socket. It belongs to the returned object from then on.
 *
 * Return: the VM, to be closed with vcpunuma_vm_close(); NULL with ENOTTY if
 * @fd is something else, EBADF, or ENOMEM. @fd is left to the caller then.
 */
struct vcpunuma_vm *vcpunuma_vm_from_fd(int fd);

/**
 * vcpunuma_vm_close() - close a VM
 * @vm: the VM, or NULL
 *
 * If no other file descriptor refers to the VM, its threads get back the
 * affinity they had. Leaves errno alone.
 */
void vcpunuma_vm_close(struct vcpunuma_vm *vm);

/**
 * vcpunuma_vm_fd() - file descriptor of a VM
 * @vm: the VM
 *
 * Return: the file descriptor, owned by @vm and valid until it is closed.
 */
int vcpunuma_vm_fd(const struct vcpunuma_vm *vm);

/**
 * struct vcpunuma_vm_info - what the kernel offers
 * @size: sizeof(struct vcpunuma_vm_info)
 * @features: bits VCPUNUMA_FEATURE_*
 * @max_length: longest memory object, in bytes
 * @abi: VCPUNUMA_ABI of the kernel
 * @max_vcpus: vCPU ids are below this number
 * @max_mems: memory objects a VM may have at a time
 * @page_shifts: bit n set: memory objects may have pages of 1 << n bytes
 * @max_node: node ids are below this number
 * @max_cpu: CPU ids are below this number
 */
struct vcpunuma_vm_info {
	size_t size;
	uint64_t features;
	uint64_t max_length;
	unsigned int abi;
	unsigned int max_vcpus;
	unsigned int max_mems;
	unsigned int page_shifts;
	unsigned int max_node;
	unsigned int max_cpu;
};

/**
 * vcpunuma_vm_info() - ask what the kernel offers
 * @vm: the VM
 * @info: filled in, as far as @info->size goes
 *
 * Return: 0, or -1 with errno.
 */
int vcpunuma_vm_info(const struct vcpunuma_vm *vm,
		     struct vcpunuma_vm_info *info);

/**
 * vcpunuma_vm_configure() - choose places for the vCPUs
 * @vm: the VM
 * @nr_vcpus: number of vCPUs, which have the ids 0 to @nr_vcpus - 1; 0 forgets
 *	the places
 * @flags: 0, or VCPUNUMA_CONFIGURE_NODES: choose nodes, not single CPUs
 * @nodes: NULL, or an array of @nr_vcpus elements: element i is set to the node
 *	chosen for vCPU i
 * @cpus: NULL, or likewise for the CPU; VCPUNUMA_NONE: any of the node
 *
 * The vCPUs go round-robin over the nodes on which the calling thread may run.
 * The places are kept with the VM for vcpunuma_bind_place(). Allocates memory
 * for the time of the call if an array is given.
 *
 * Return: 0, or -1 with errno: EINVAL: more than max_vcpus; ENOSPC: the caller
 * may run on no online CPU; ENOMEM. If it fails the places are as before.
 */
int vcpunuma_vm_configure(struct vcpunuma_vm *vm, unsigned int nr_vcpus,
			  unsigned int flags, unsigned int *nodes,
			  unsigned int *cpus);

/* ---- Room for a whole VM ---- */

/**
 * struct vcpunuma_reserve - a VM to find room for, and the room found
 * @size: sizeof(struct vcpunuma_reserve)
 * @mem: bytes, a multiple of 2 MiB
 * @name: a name for reports, without blanks; or NULL
 * @nodes: ids of the nodes it may use
 * @with: ids of VMs to be near to
 * @apart: ids of VMs whose nodes it must not use
 * @places: NULL, or an array of @nr_vcpus elements: the place of each vCPU
 * @chunks: NULL, or an array: what each virtual node has on each node
 * @flags: VCPUNUMA_RESERVE_*
 * @nr_vcpus: vCPUs, at least 1
 * @nr_vnodes: virtual nodes; 0: choose
 * @policy: one of &enum vcpunuma_policy
 * @cpu_policy: one of &enum vcpunuma_cpu_policy
 * @min_local: per cent of the memory that must be local
 * @max_nodes: most nodes to use; 0: any number
 * @near: with VCPUNUMA_RESERVE_NEAR_NODE or _NEAR_PCI what to be near to
 * @nr_nodes: elements of @nodes; 0: all nodes
 * @nr_with: elements of @with
 * @nr_apart: elements of @apart
 * @nr_chunks: elements @chunks has room for / chunks there are
 * @out_decision: id of the decision
 * @out_mem_short: bytes missing
 * @out_vnodes: virtual nodes
 * @out_distance: mean distance of vCPUs to their memory, in 1/1000; 10000: local
 * @out_local: per cent of the memory that is local
 * @out_reason: one of &enum vcpunuma_reason
 * @out_node: node that came nearest to having room, or VCPUNUMA_NONE
 * @out_vcpus_short: vCPUs for which there was no CPU
 * @grace: seconds for which it outlives the VM's file; only with a @name
 * @out_resumed: 1: it is what a VM of that name and user had
 *
 * As &struct vcpunuma_cmd_reserve of the interface, which says more.
 */
struct vcpunuma_reserve {
	size_t size;
	uint64_t mem;
	const char *name;
	const unsigned int *nodes;
	const unsigned int *with;
	const unsigned int *apart;
	struct vcpunuma_place *places;
	struct vcpunuma_chunk *chunks;
	unsigned int flags;
	unsigned int nr_vcpus;
	unsigned int nr_vnodes;
	unsigned int policy;
	unsigned int cpu_policy;
	unsigned int min_local;
	unsigned int max_nodes;
	unsigned int near;
	unsigned int nr_nodes;
	unsigned int nr_with;
	unsigned int nr_apart;
	unsigned int nr_chunks;
	uint64_t out_decision;
	uint64_t out_mem_short;
	unsigned int out_vnodes;
	unsigned int out_distance;
	unsigned int out_local;
	unsigned int out_reason;
	unsigned int out_node;
	unsigned int out_vcpus_short;
	unsigned int grace;
	unsigned int out_resumed;
};

/**
 * vcpunuma_reserve() - reserve room for a whole VM, or find out where it would be
 * @vm: the VM
 * @reserve: what it needs; the out_ fields and arrays are filled in
 *
 * All or nothing: afterwards each vCPU has a place for vcpunuma_bind_place(), and
 * memory objects created on the nodes of the chunks are taken from them.
 *
 * Return: 0, or -1 with errno: ENOSPC: there is no room, for @out_reason;
 * EEXIST: it has a reservation; EMSGSIZE: @chunks is too short, for @nr_chunks;
 * ENOENT: no such VM in @with or @apart; EINVAL; ENOMEM.
 */
int vcpunuma_reserve(struct vcpunuma_vm *vm, struct vcpunuma_reserve *reserve);

/**
 * vcpunuma_release() - end the reservation of a VM
 * @vm: the VM
 *
 * Return: 0, or -1 with errno: ENOENT: there is none; EBUSY: a vCPU is bound to
 * its place, or memory of it is in use.
 */
int vcpunuma_release(struct vcpunuma_vm *vm);

/**
 * vcpunuma_explain() - what was decided last for a VM, and why
 * @vm: any VM of the caller's
 * @id: id of the VM to be explained; 0: @vm itself
 * @flags: VCPUNUMA_EXPLAIN_NEXT: the VM with the lowest id not below @id
 *
 * Return: a snapshot, to be freed with vcpunuma_explanation_free(); NULL with
 * errno: ENOENT: no such VM that the caller may know of; EMSGSIZE if decisions did
 * not stop coming; ENOMEM.
 */
struct vcpunuma_explanation *vcpunuma_explain(const struct vcpunuma_vm *vm,
					      unsigned int id,
					      unsigned int flags);

/**
 * vcpunuma_explanation_free() - free a snapshot
 * @e: the snapshot, or NULL
 */
void vcpunuma_explanation_free(struct vcpunuma_explanation *e);

/**
 * vcpunuma_explanation_record() - all but the arrays
 * @e: the snapshot
 *
 * Return: what the kernel wrote; its out_ fields are to be read. Part of @e.
 */
const struct vcpunuma_cmd_explain *
vcpunuma_explanation_record(const struct vcpunuma_explanation *e);

/**
 * vcpunuma_explanation_node() - a node as the decision saw it
 * @e: the snapshot
 * @index: from 0; ids of nodes ascend with it
 *
 * Return: the node, part of @e; NULL if @index is too large.
 */
const struct vcpunuma_explain_node *
vcpunuma_explanation_node(const struct vcpunuma_explanation *e,
			  unsigned int index);

/**
 * vcpunuma_explanation_candidate() - a place that was considered
 * @e: the snapshot
 * @index: from 0, the best first
 *
 * Return: the candidate, part of @e; NULL if @index is too large.
 */
const struct vcpunuma_candidate *
vcpunuma_explanation_candidate(const struct vcpunuma_explanation *e,
			       unsigned int index);

/* ---- Ledger of the host ---- */

/**
 * vcpunuma_ledger_get() - take a snapshot of all that is booked on the host
 * @vm: any VM
 *
 * Return: the snapshot, to be freed with vcpunuma_ledger_free(); NULL with errno:
 * ENOMEM; EMSGSIZE if the host did not stop growing.
 */
struct vcpunuma_ledger *vcpunuma_ledger_get(const struct vcpunuma_vm *vm);

/**
 * vcpunuma_ledger_free() - free a snapshot
 * @ledger: the snapshot, or NULL
 */
void vcpunuma_ledger_free(struct vcpunuma_ledger *ledger);

/**
 * vcpunuma_ledger_generation() - tells snapshots apart
 * @ledger: the snapshot
 *
 * Return: a number that grows whenever something is booked or released, or CPUs or
 * memory come or go.
 */
uint64_t vcpunuma_ledger_generation(const struct vcpunuma_ledger *ledger);

/**
 * vcpunuma_ledger_node() - what is booked on a node
 * @ledger: the snapshot
 * @index: from 0; ids of nodes ascend with it
 *
 * Return: the node, part of @ledger; NULL if @index is too large.
 */
const struct vcpunuma_ledger_node *
vcpunuma_ledger_node(const struct vcpunuma_ledger *ledger, unsigned int index);

/**
 * vcpunuma_ledger_cpu() - what is booked on a CPU
 * @ledger: the snapshot
 * @index: from 0; ids of CPUs ascend with it
 *
 * Return: the CPU, part of @ledger; NULL if @index is too large.
 */
const struct vcpunuma_ledger_cpu *
vcpunuma_ledger_cpu(const struct vcpunuma_ledger *ledger, unsigned int index);

/* ---- Limits ---- */

/**
 * struct vcpunuma_restrict - limits for a VM
 * @size: sizeof(struct vcpunuma_restrict)
 * @commands: a sum of VCPUNUMA_COMMAND_BIT(): the commands it may give
 * @max_mem: bytes it may have reserved or created
 * @nodes: ids of the nodes it may use
 * @cpus: ids of the CPUs it may use
 * @flags: VCPUNUMA_RESTRICT_*: which of the limits to set; the others are 0
 * @nr_nodes: elements of @nodes
 * @nr_cpus: elements of @cpus
 * @max_vcpus: vCPUs it may have
 */
struct vcpunuma_restrict {
	size_t size;
	uint64_t commands;
	uint64_t max_mem;
	const unsigned int *nodes;
	const unsigned int *cpus;
	unsigned int flags;
	unsigned int nr_nodes;
	unsigned int nr_cpus;
	unsigned int max_vcpus;
};

/**
 * vcpunuma_restrict() - limit what a VM may do and have, for good
 * @vm: the VM
 * @restriction: the limits; earlier ones that are narrower stay
 *
 * For who hands vcpunuma_vm_fd() to a process he trusts less. What is beyond
 * fails with EACCES (commands, nodes, CPUs) or EDQUOT (vCPUs, bytes).
 *
 * Return: 0, or -1 with errno: EBUSY: it has more already; EACCES: it must not;
 * EPERM: VCPUNUMA_RESTRICT_GRANT without CAP_IPC_LOCK; EINVAL; ENOMEM.
 */
int vcpunuma_restrict(struct vcpunuma_vm *vm,
		      const struct vcpunuma_restrict *restriction);

/* ---- Topology of the host ---- */

/**
 * vcpunuma_topology_get() - take a snapshot of the host's nodes and CPUs
 * @vm: any VM
 *
 * Takes it anew if CPUs or memory are hot-plugged meanwhile.
 *
 * Return: the snapshot, to be freed with vcpunuma_topology_free(); NULL with
 * errno: ENOMEM; EMSGSIZE if the host did not stop growing.
 */
struct vcpunuma_topology *
vcpunuma_topology_get(const struct vcpunuma_vm *vm);

/**
 * vcpunuma_topology_free() - free a snapshot
 * @topo: the snapshot, or NULL
 */
void vcpunuma_topology_free(struct vcpunuma_topology *topo);

/**
 * vcpunuma_topology_num_nodes() - number of online nodes
 * @topo: the snapshot
 *
 * Return: the number, at least 1.
 */
unsigned int vcpunuma_topology_num_nodes(const struct vcpunuma_topology *topo);

/**
 * vcpunuma_topology_node() - id of a node, to go through all nodes
 * @topo: the snapshot
 * @index: 0 to vcpunuma_topology_num_nodes() - 1; ids ascend with it
 *
 * Return: the id, or VCPUNUMA_NONE if @index is too large.
 */
unsigned int vcpunuma_topology_node(const struct vcpunuma_topology *topo,
				    unsigned int index);

/**
 * vcpunuma_topology_node_flags() - what a node has
 * @topo: the snapshot
 * @node: id of a node
 *
 * Return: VCPUNUMA_NODE_* flags, or 0 if there is no such node.
 */
unsigned int
vcpunuma_topology_node_flags(const struct vcpunuma_topology *topo,
			     unsigned int node);

/**
 * vcpunuma_topology_node_num_cpus() - number of online CPUs of a node
 * @topo: the snapshot
 * @node: id of a node
 *
 * Return: the number, or 0 if there is no such node.
 */
unsigned int
vcpunuma_topology_node_num_cpus(const struct vcpunuma_topology *topo,
				unsigned int node);

/**
 * vcpunuma_topology_node_cpus() - online CPUs of a node as a set
 * @topo: the snapshot
 * @node: id of a node
 * @cpusetsize: size of @cpus in bytes, as with sched_setaffinity(2)
 * @cpus: set to the CPUs
 *
 * Return: 0, or -1 with errno: ENODEV: no such node; EMSGSIZE: @cpus is too
 * small for one of them.
 */
int vcpunuma_topology_node_cpus(const struct vcpunuma_topology *topo,
				unsigned int node, size_t cpusetsize,
				cpu_set_t *cpus);

/**
 * vcpunuma_topology_node_mem_total() - memory of a node
 * @topo: the snapshot
 * @node: id of a node
 *
 * Return: bytes, or 0 if there is no such node.
 */
uint64_t
vcpunuma_topology_node_mem_total(const struct vcpunuma_topology *topo,
				 unsigned int node);

/**
 * vcpunuma_topology_node_mem_free() - free memory of a node
 * @topo: the snapshot
 * @node: id of a node
 *
 * Return: bytes that were free, or 0 if there is no such node.
 */
uint64_t vcpunuma_topology_node_mem_free(const struct vcpunuma_topology *topo,
					 unsigned int node);

/**
 * vcpunuma_topology_distance() - distance between two nodes
 * @topo: the snapshot
 * @from: id of a node
 * @to: id of a node
 *
 * Return: the distance, 10 from a node to itself, or 0 if there is no such
 * node.
 */
unsigned int vcpunuma_topology_distance(const struct vcpunuma_topology *topo,
					unsigned int from, unsigned int to);

/**
 * vcpunuma_topology_nearest_memory() - where memory for a node can come from
 * @topo: the snapshot
 * @node: id of a node
 *
 * Return: @node if it has memory; else the node with memory that is nearest to
 * it, of several the one with the lowest id; VCPUNUMA_NONE if there is no such
 * node.
 */
unsigned int
vcpunuma_topology_nearest_memory(const struct vcpunuma_topology *topo,
				 unsigned int node);

/**
 * vcpunuma_topology_num_cpus() - number of online CPUs
 * @topo: the snapshot
 *
 * Return: the number, at least 1.
 */
unsigned int vcpunuma_topology_num_cpus(const struct vcpunuma_topology *topo);

/**
 * vcpunuma_topology_cpu() - id of a CPU, to go through all CPUs
 * @topo: the snapshot
 * @index: 0 to vcpunuma_topology_num_cpus() - 1; ids ascend with it
 *
 * Return: the id, or VCPUNUMA_NONE if @index is too large.
 */
unsigned int vcpunuma_topology_cpu(const struct vcpunuma_topology *topo,
				   unsigned int index);

/**
 * vcpunuma_topology_cpu_node() - node of a CPU
 * @topo: the snapshot
 * @cpu: id of a CPU
 *
 * Return: the id of the node, or VCPUNUMA_NONE if no such CPU is online.
 */
unsigned int vcpunuma_topology_cpu_node(const struct vcpunuma_topology *topo,
					unsigned int cpu);

/**
 * vcpunuma_topology_cpu_core() - physical core of a CPU
 * @topo: the snapshot
 * @cpu: id of a CPU
 *
 * Return: the lowest CPU id of the core, or VCPUNUMA_NONE if no such CPU is
 * online.
 */
unsigned int vcpunuma_topology_cpu_core(const struct vcpunuma_topology *topo,
					unsigned int cpu);

/* ---- vCPUs ---- */

/**
 * struct vcpunuma_bind - a binding in full
 * @size: sizeof(struct vcpunuma_bind)
 * @flags: 0, or VCPUNUMA_BIND_PIDFD: the thread is one of process @pidfd
 * @to: one of enum vcpunuma_bind_to
 * @target: id of the node with VCPUNUMA_BIND_NODE, of the CPU with
 *	VCPUNUMA_BIND_CPU; else 0
 * @tid: thread that runs the vCPU; 0: the calling thread, or with
 *	VCPUNUMA_BIND_PIDFD the main thread of that process
 * @pidfd: file descriptor from pidfd_open(2); else 0
 * @cpusetsize: with VCPUNUMA_BIND_CPUS size of @cpus in bytes, as with
 *	sched_setaffinity(2); else 0
 * @cpus: with VCPUNUMA_BIND_CPUS the set; else NULL
 * @out_node: result: node of the CPUs bound to; VCPUNUMA_NONE: several
 * @out_cpu: result: the CPU bound to; VCPUNUMA_NONE: several
 */
struct vcpunuma_bind {
	size_t size;
	unsigned int flags;
	unsigned int to;
	unsigned int target;
	pid_t tid;
	int pidfd;
	size_t cpusetsize;
	const cpu_set_t *cpus;
	unsigned int out_node;
	unsigned int out_cpu;
};

/**
 * vcpunuma_bind() - bind a vCPU, with all choices
 * @vm: the VM
 * @vcpu: id of the vCPU, chosen by the caller, below max_vcpus
 * @bind: what to bind it to; the results are set in it
 *
 * The thread's affinity becomes those of the CPUs asked for that its cpuset
 * allows and that were in its affinity before; a thread that was created by a
 * bound thread has inherited a narrowed affinity. It applies at once and lasts
 * until vcpunuma_unbind(), another binding of the vCPU, or the end of the VM.
 *
 * Return: 0, or -1 with errno: ENOENT: VCPUNUMA_BIND_PLACE without a place;
 * ENODEV: no such node, or it has no CPUs; ENOSPC: none of the CPUs is online
 * and allowed to the thread; EBUSY: the thread is bound as another vCPU or
 * scheduled by SCHED_DEADLINE; ESRCH: no such thread; EPERM: not allowed to
 * change that thread; EBADF: not a pidfd; EINVAL: no such vCPU or CPU, a kernel
 * thread, or @cpus has a CPU beyond 8191. If it fails nothing has changed.
 */
int vcpunuma_bind(struct vcpunuma_vm *vm, unsigned int vcpu,
		  struct vcpunuma_bind *bind);

/**
 * vcpunuma_bind_place() - bind a vCPU to the place chosen for it
 * @vm: the VM, configured with vcpunuma_vm_configure()
 * @vcpu: id of the vCPU
 * @tid: thread that runs the vCPU; 0: the calling thread
 *
 * Return: as vcpunuma_bind().
 */
int vcpunuma_bind_place(struct vcpunuma_vm *vm, unsigned int vcpu, pid_t tid);

/**
 * vcpunuma_bind_node() - bind a vCPU to all CPUs of a node
 * @vm: the VM
 * @vcpu: id of the vCPU
 * @tid: thread that runs the vCPU; 0: the calling thread
 * @node: id of the node
 *
 * Return: as vcpunuma_bind().
 */
int vcpunuma_bind_node(struct vcpunuma_vm *vm, unsigned int vcpu, pid_t tid,
		       unsigned int node);

/**
 * vcpunuma_bind_cpu() - bind a vCPU to one CPU
 * @vm: the VM
 * @vcpu: id of the vCPU
 * @tid: thread that runs the vCPU; 0: the calling thread
 * @cpu: id of the CPU
 *
 * Return: as vcpunuma_bind().
 */
int vcpunuma_bind_cpu(struct vcpunuma_vm *vm, unsigned int vcpu, pid_t tid,
		      unsigned int cpu);

/**
 * vcpunuma_bind_cpus() - bind a vCPU to a set of CPUs
 * @vm: the VM
 * @vcpu: id of the vCPU
 * @tid: thread that runs the vCPU; 0: the calling thread
 * @cpusetsize: size of @cpus in bytes, as with sched_setaffinity(2)
 * @cpus: the set
 *
 * Return: as vcpunuma_bind().
 */
int vcpunuma_bind_cpus(struct vcpunuma_vm *vm, unsigned int vcpu, pid_t tid,
		       size_t cpusetsize, const cpu_set_t *cpus);

/**
 * vcpunuma_bind_many() - bind vCPUs, each as vcpunuma_bind() would, at once
 * @vm: the VM
 * @entries: what to bind to what; the results are set in them. With
 *	VCPUNUMA_BIND_PLACE, _NODE or _CPU. See struct vcpunuma_bind_entry in
 *	<linux/vcpunuma.h>
 * @nr: how many, at most max_vcpus
 * @flags: 0, or VCPUNUMA_BIND_PIDFD: all threads are of process @pidfd
 * @pidfd: file descriptor from pidfd_open(2); else 0
 *
 * One call for all the threads of a VM is several times faster than one for
 * each. An entry that fails, with an errno in its out_error, does not stop the
 * others.
 *
 * Return: how many entries failed, or -1 with errno: EINVAL: more than max_vcpus;
 * EBADF: not a pidfd; EFAULT: @entries cannot be written: those before may be
 * bound.
 */
int vcpunuma_bind_many(struct vcpunuma_vm *vm,
		       struct vcpunuma_bind_entry *entries, unsigned int nr,
		       unsigned int flags, int pidfd);

/**
 * vcpunuma_unbind() - end the binding of a vCPU
 * @vm: the VM
 * @vcpu: id of the vCPU
 *
 * The thread gets back the affinity it had, unless somebody else has changed it
 * since.
 *
 * Return: 0, or -1 with errno: ENOTCONN: the vCPU is not bound.
 */
int vcpunuma_unbind(struct vcpunuma_vm *vm, unsigned int vcpu);

/**
 * struct vcpunuma_vcpu_info - where a vCPU is
 * @size: sizeof(struct vcpunuma_vcpu_info)
 * @state: one of enum vcpunuma_vcpu_state
 * @node: node it is bound to or placed on; VCPUNUMA_NONE: several
 * @cpu: CPU it is bound to or placed on; VCPUNUMA_NONE: several
 * @last_cpu: CPU its thread is on or was last on; VCPUNUMA_NONE: no thread
 * @last_node: node of that CPU, likewise
 * @tid: its thread in the caller's pid namespace; 0: none, or not visible
 */
struct vcpunuma_vcpu_info {
	size_t size;
	unsigned int state;
	unsigned int node;
	unsigned int cpu;
	unsigned int last_cpu;
	unsigned int last_node;
	pid_t tid;
};

/**
 * vcpunuma_query() - ask where a vCPU is
 * @vm: the VM
 * @vcpu: id of the vCPU
 * @info: filled in, as far as @info->size goes
 * @cpusetsize: size of @cpus in bytes, as with sched_getaffinity(2)
 * @cpus: NULL, or set to the present affinity of the thread; empty without one
 *
 * Return: 0, or -1 with errno: ENOENT: the vCPU is neither configured nor
 * bound; EMSGSIZE: @cpus is too small for the CPU ids of this host.
 */
int vcpunuma_query(const struct vcpunuma_vm *vm, unsigned int vcpu,
		   struct vcpunuma_vcpu_info *info, size_t cpusetsize,
		   cpu_set_t *cpus);

/* ---- Distribution ---- */

/**
 * vcpunuma_distribution_get() - take a snapshot of how a VM lies over the nodes
 * @vm: the VM
 *
 * Return: the snapshot, to be freed with vcpunuma_distribution_free(); NULL
 * with errno: ENOMEM; EMSGSIZE if the host did not stop growing.
 */
struct vcpunuma_distribution *
vcpunuma_distribution_get(const struct vcpunuma_vm *vm);

/**
 * vcpunuma_distribution_free() - free a snapshot
 * @dist: the snapshot, or NULL
 */
void vcpunuma_distribution_free(struct vcpunuma_distribution *dist);

/**
 * vcpunuma_distribution_num_nodes() - number of online nodes
 * @dist: the snapshot
 *
 * Return: the number, at least 1.
 */
unsigned int
vcpunuma_distribution_num_nodes(const struct vcpunuma_distribution *dist);

/**
 * vcpunuma_distribution_node() - id of a node, to go through all nodes
 * @dist: the snapshot
 * @index: 0 to vcpunuma_distribution_num_nodes() - 1; ids ascend with it
 *
 * Return: the id, or VCPUNUMA_NONE if @index is too large.
 */
unsigned int
vcpunuma_distribution_node(const struct vcpunuma_distribution *dist,
			   unsigned int index);

/**
 * vcpunuma_distribution_vcpus() - vCPUs bound to a node
 * @dist: the snapshot
 * @node: id of a node
 *
 * Return: the number, or 0 if there is no such node.
 */
unsigned int
vcpunuma_distribution_vcpus(const struct vcpunuma_distribution *dist,
			    unsigned int node);

/**
 * vcpunuma_distribution_mem() - memory of the VM on a node
 * @dist: the snapshot
 * @node: id of a node
 *
 * Return: bytes, or 0 if there is no such node.
 */
uint64_t vcpunuma_distribution_mem(const struct vcpunuma_distribution *dist,
				   unsigned int node);

/**
 * vcpunuma_distribution_bound() - vCPUs bound, wherever
 * @dist: the snapshot
 *
 * Return: the number, without those whose thread has exited.
 */
unsigned int
vcpunuma_distribution_bound(const struct vcpunuma_distribution *dist);

/**
 * vcpunuma_distribution_spread() - vCPUs bound to CPUs of several nodes
 * @dist: the snapshot
 *
 * Return: the number; they are counted for no node.
 */
unsigned int
vcpunuma_distribution_spread(const struct vcpunuma_distribution *dist);

/**
 * vcpunuma_distribution_configured() - vCPUs with a place and no thread
 * @dist: the snapshot
 *
 * Return: the number.
 */
unsigned int
vcpunuma_distribution_configured(const struct vcpunuma_distribution *dist);

/**
 * vcpunuma_distribution_exited() - vCPUs whose thread has exited
 * @dist: the snapshot
 *
 * Return: the number.
 */
unsigned int
vcpunuma_distribution_exited(const struct vcpunuma_distribution *dist);

/* ---- Memory ---- */

/**
 * struct vcpunuma_mem_opts - how to create a memory object
 * @size: sizeof(struct vcpunuma_mem_opts)
 * @flags: any of VCPUNUMA_MEM_POPULATE: allocate all pages at once,
 *	VCPUNUMA_MEM_VCPU: on the node of @vcpu, and VCPUNUMA_MEM_SMALL: where a
 *	node has no page of 2 MiB, pages of 4 KiB do
 * @node: id of the node, without VCPUNUMA_MEM_VCPU and @ranges; else 0
 * @vcpu: id of a bound vCPU, with VCPUNUMA_MEM_VCPU; else 0
 * @page_shift: 21: pages of 2 MiB, 12: of 4 KiB, 0: 21
 * @ranges: NULL, or an array: the policy of each part of the object, one after
 *	the other. See struct vcpunuma_mem_range in <linux/vcpunuma.h>
 * @nr_ranges: elements of @ranges
 */
struct vcpunuma_mem_opts {
	size_t size;
	unsigned int flags;
	unsigned int node;
	unsigned int vcpu;
	unsigned int page_shift;
	const struct vcpunuma_mem_range *ranges;
	unsigned int nr_ranges;
};

/**
 * vcpunuma_mem_create() - create a memory object, with all choices
 * @vm: the VM
 * @length: bytes, a multiple of the page size
 * @opts: how to create it
 *
 * All its pages are on the node asked for, or where the policies of the ranges put
 * them; mbind(2) on a mapping changes that for pages that are not there yet.
 * Without VCPUNUMA_MEM_POPULATE a page is allocated when it is first touched, and
 * the touch raises SIGBUS if it cannot be had. The file descriptor is
 * close-on-exec. For a virtual node on each of two host nodes::
 *
 *	struct vcpunuma_mem_range ranges[] = {
 *		{ .length = half, .policy = VCPUNUMA_MEM_STRICT, .node = 0 },
 *		{ .length = half, .policy = VCPUNUMA_MEM_STRICT, .node = 1 },
 *	};
 *	struct vcpunuma_mem_opts opts = {
 *		.size = sizeof(opts), .ranges = ranges, .nr_ranges = 2,
 *	};
 *
 * Return: the object, to be closed with vcpunuma_mem_close(); NULL with errno:
 * EINVAL: @length is 0, too long or not a multiple of the page size, or a range
 * makes no sense, or their lengths do not add up to @length; ENODEV: no such node,
 * it has no memory, or the vCPU is bound to several; ENOTCONN: the vCPU is not
 * bound; EPERM: the caller's cpuset does not allow that node; ENOMEM: the nodes do
 * not have the pages; ENOSPC: the VM's reservation does not have them; EDQUOT:
 * RLIMIT_MEMLOCK or max_mems; EMFILE, ENFILE: no file descriptor left.
 */
struct vcpunuma_mem *vcpunuma_mem_create(struct vcpunuma_vm *vm,
					 uint64_t length,
					 const struct vcpunuma_mem_opts *opts);

/**
 * vcpunuma_mem_create_on_node() - create a memory object on a node
 * @vm: the VM
 * @length: bytes, a multiple of 2 MiB
 * @node: id of the node
 *
 * It has pages of 2 MiB, all allocated at once.
 *
 * Return: as vcpunuma_mem_create().
 */
struct vcpunuma_mem *vcpunuma_mem_create_on_node(struct vcpunuma_vm *vm,
						 uint64_t length,
						 unsigned int node);

/**
 * vcpunuma_mem_create_on_vcpu() - create a memory object beside a vCPU
 * @vm: the VM
 * @length: bytes, a multiple of 2 MiB
 * @vcpu: id of a bound vCPU
 *
 * It has pages of 2 MiB, all allocated at once.
 *
 * Return: as vcpunuma_mem_create().
 */
struct vcpunuma_mem *vcpunuma_mem_create_on_vcpu(struct vcpunuma_vm *vm,
						 uint64_t length,
						 unsigned int vcpu);

/**
 * vcpunuma_mem_from_fd() - use a memory object that was created elsewhere
 * @fd: file descriptor of a memory object, for example inherited or received
 *	over a socket. It belongs to the returned object from then on.
 *
 * Return: the object, to be closed with vcpunuma_mem_close(); NULL with ENOTTY
 * if @fd is something else, EBADF, or ENOMEM. @fd is left to the caller then.
 */
struct vcpunuma_mem *vcpunuma_mem_from_fd(int fd);

/**
 * vcpunuma_mem_close() - close a memory object
 * @mem: the object, or NULL
 *
 * Mappings of it stay, and its pages live until the last of them and of its
 * file descriptors is gone. Leaves errno alone.
 */
void vcpunuma_mem_close(struct vcpunuma_mem *mem);

/**
 * vcpunuma_mem_fd() - file descriptor of a memory object
 * @mem: the object
 *
 * Return: the file descriptor, owned by @mem and valid until it is closed.
 */
int vcpunuma_mem_fd(const struct vcpunuma_mem *mem);

/**
 * vcpunuma_mem_length() - length of a memory object
 * @mem: the object
 *
 * Return: bytes.
 */
uint64_t vcpunuma_mem_length(const struct vcpunuma_mem *mem);

/**
 * vcpunuma_mem_map() - map a whole memory object
 * @mem: the object
 * @prot: PROT_* flags of mmap(2)
 *
 * The kernel chooses an address at which 2 MiB pages are mapped as such. To map
 * a part, or at an address of one's own, call mmap(2) with MAP_SHARED on
 * vcpunuma_mem_fd().
 *
 * Return: the address, to be unmapped with vcpunuma_mem_unmap(); NULL with the
 * errno of mmap(2), or EOVERFLOW if the object is longer than a size_t.
 */
void *vcpunuma_mem_map(const struct vcpunuma_mem *mem, int prot);

/**
 * vcpunuma_mem_unmap() - undo vcpunuma_mem_map()
 * @mem: the object
 * @addr: address from vcpunuma_mem_map(), or NULL: does nothing
 *
 * Call it before vcpunuma_mem_close(), or use munmap(2).
 *
 * Return: 0, or -1 with the errno of munmap(2).
 */
int vcpunuma_mem_unmap(const struct vcpunuma_mem *mem, void *addr);

/**
 * vcpunuma_mem_populate() - allocate pages of a memory object
 * @mem: the object
 * @offset: first byte, a multiple of the page size
 * @length: bytes, a multiple of the page size
 * @workers: threads of the kernel's that allocate at the same time, on each node;
 *	0: as many as the module allows, which is also the most
 *
 * Pages that are there already are left alone. How far it has come another thread
 * can see with vcpunuma_mem_query(). To give pages back, call fallocate(2) with
 * FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE on vcpunuma_mem_fd().
 *
 * Return: 0, or -1 with errno: EINVAL: it is not within the object, or no multiple
 * of the page size; ENOMEM: a page cannot be had; EPERM: the caller's cpuset does
 * not allow memory of a node. If it fails, pages it has allocated stay.
 */
int vcpunuma_mem_populate(const struct vcpunuma_mem *mem, uint64_t offset,
			  uint64_t length, unsigned int workers);

/**
 * vcpunuma_mem_query() - take a snapshot of where a memory object is
 * @mem: the object
 *
 * Return: the snapshot, to be freed with vcpunuma_mem_usage_free(); NULL with
 * errno: ENOMEM.
 */
struct vcpunuma_mem_usage *vcpunuma_mem_query(const struct vcpunuma_mem *mem);

/**
 * vcpunuma_mem_usage_free() - free a snapshot
 * @usage: the snapshot, or NULL
 */
void vcpunuma_mem_usage_free(struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_length() - length of the object
 * @usage: the snapshot
 *
 * Return: bytes.
 */
uint64_t vcpunuma_mem_usage_length(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_populated() - how much of the object has pages
 * @usage: the snapshot
 *
 * Return: bytes of pages allocated, on whatever nodes.
 */
uint64_t vcpunuma_mem_usage_populated(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_target() - node that was asked for
 * @usage: the snapshot
 *
 * Return: the id of the node; VCPUNUMA_NONE if its ranges do not all name one.
 */
unsigned int vcpunuma_mem_usage_target(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_page_size() - page size of the object
 * @usage: the snapshot
 *
 * Return: bytes.
 */
uint64_t vcpunuma_mem_usage_page_size(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_num_nodes() - number of nodes that have pages of it
 * @usage: the snapshot
 *
 * Return: the number; 0 if nothing is populated.
 */
unsigned int
vcpunuma_mem_usage_num_nodes(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_node() - id of such a node, to go through all of them
 * @usage: the snapshot
 * @index: 0 to vcpunuma_mem_usage_num_nodes() - 1; ids ascend with it
 *
 * Return: the id, or VCPUNUMA_NONE if @index is too large.
 */
unsigned int vcpunuma_mem_usage_node(const struct vcpunuma_mem_usage *usage,
				     unsigned int index);

/**
 * vcpunuma_mem_usage_bytes() - how much of the object is on a node
 * @usage: the snapshot
 * @node: id of a node
 *
 * Return: bytes; 0 if none, or if there is no such node.
 */
uint64_t vcpunuma_mem_usage_bytes(const struct vcpunuma_mem_usage *usage,
				  unsigned int node);

/**
 * vcpunuma_mem_usage_remote() - how much of the object is where it was not wanted
 * @usage: the snapshot
 *
 * Return: bytes of pages that are not on the node where their policy, when they
 * were allocated, wanted them first.
 */
uint64_t vcpunuma_mem_usage_remote(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_small() - how much of the object is in smaller pages
 * @usage: the snapshot
 *
 * Return: bytes of 4 KiB pages that stand in for pages of 2 MiB.
 */
uint64_t vcpunuma_mem_usage_small(const struct vcpunuma_mem_usage *usage);

/**
 * vcpunuma_mem_usage_lost() - how much of the object is broken
 * @usage: the snapshot
 *
 * Return: bytes in which the hardware found errors.
 */
uint64_t vcpunuma_mem_usage_lost(const struct vcpunuma_mem_usage *usage);

#ifdef __cplusplus
}
#endif

#endif /* VCPUNUMA_H */
