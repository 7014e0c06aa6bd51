// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs vcpunuma/report: where everything is, for a person.
 *
 * The report is a sequence of short records: a node, a row of distances, a VM,
 * a vCPU, a memory object. The position in the file says which record it is, so
 * that a reader may stop and go on anywhere, nothing is locked in between, and
 * the kernel never holds more of the text than one record.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/pid.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/topology.h>

#include "balance.h"
#include "booking.h"
#include "mem.h"
#include "nodes.h"
#include "pin.h"
#include "pool.h"
#include "record.h"
#include "report.h"
#include "vcpu.h"
#include "vm.h"

/* Sections in their order: first those of the host, then those of each VM. */
enum section {
	SECTION_NODES,		/* heading, then node n is record n + 1 */
	SECTION_DISTANCES,	/* likewise */
	SECTION_LEDGER,		/* heading, then the nth node is record n + 1 */
	SECTION_VM,		/* one record */
	SECTION_RESERVED,	/* one record */
	SECTION_DECISION,	/* one record */
	SECTION_VCPUS,		/* by id */
	SECTION_MEMS,		/* by id */
	SECTION_SUMS,		/* one record */
};

#define POS_RECORD_BITS	32
#define POS_SECTION_BITS 4

/**
 * struct position - a position in the file, unpacked
 * @vm: id of the VM; 0: the host
 * @section: one of the host's or of the VM's
 * @record: number in the section
 */
struct position {
	u32 vm;
	enum section section;
	u32 record;
};

static loff_t position_pack(struct position p)
{
	return ((loff_t)p.vm << (POS_SECTION_BITS + POS_RECORD_BITS)) |
	       ((loff_t)p.section << POS_RECORD_BITS) | p.record;
}

static struct position position_unpack(loff_t pos)
{
	return (struct position) {
		.vm = pos >> (POS_SECTION_BITS + POS_RECORD_BITS),
		.section = (pos >> POS_RECORD_BITS) &
			   (BIT(POS_SECTION_BITS) - 1),
		.record = (u32)pos,
	};
}

/**
 * struct report - a reader of the report
 * @at: the record to show
 * @vm: its VM, referenced while a record is shown
 * @balance: what was booked when the reader began at the beginning
 * @cpus: for the record
 * @by_node: for the record
 */
struct report {
	struct position at;
	struct vcpunuma_vm *vm;
	struct balance balance;
	cpumask_var_t cpus;
	struct vcpunuma_share *by_node;
};

static u64 mib(u64 bytes)
{
	return bytes / SZ_1M;
}

static unsigned int percent(u64 part, u64 whole)
{
	return whole ? div64_u64(part * 100, whole) : 0;
}

static void print_node(struct seq_file *seq, struct report *r, u32 node)
{
	struct node_mem mem = node_mem(node);
	u64 used = mem.total - min(mem.free, mem.total);

	node_cpus(node, r->cpus);
	seq_printf(seq, "Node %u: ", node);
	if (cpumask_empty(r->cpus))
		seq_puts(seq, "no CPUs");
	else
		seq_printf(seq, "CPUs %*pbl", cpumask_pr_args(r->cpus));
	if (mem.total)
		seq_printf(seq, ", memory %llu/%llu MiB used (%u%%)",
			   mib(used), mib(mem.total), percent(used, mem.total));
	else
		seq_puts(seq, ", no memory");
	if (pool_bytes(node))
		seq_printf(seq, ", %llu MiB of it warm", mib(pool_bytes(node)));
	seq_putc(seq, '\n');
}

static void print_distances(struct seq_file *seq, u32 node)
{
	u32 other;

	seq_printf(seq, "Node %u:", node);
	for_each_online_node(other)
		seq_printf(seq, " %d", node_distance(node, other));
	seq_putc(seq, '\n');
}

static void print_balance(struct seq_file *seq,
			  const struct vcpunuma_ledger_node *n)
{
	seq_printf(seq, "Node %u: %u CPUs, %u owned, %u blocked; vCPUs: %u of %u shared, %u not reserved; MiB: %llu reserved, %llu of it populated; %llu allocated, %llu used by others, %llu head-room, %llu to be had\n",
		   n->node, n->nr_cpus, n->nr_owned, n->nr_blocked,
		   n->nr_shared, n->max_shared, n->nr_unreserved,
		   mib(n->mem_reserved), mib(n->mem_populated),
		   mib(n->mem_allocated), mib(n->mem_others),
		   mib(n->mem_headroom), mib(n->mem_room));
}

static void print_vm(struct seq_file *seq, struct vcpunuma_vm *vm)
{
	seq_printf(seq, "\nVM %u: pid %d (", vm->id, pid_vnr(vm->owner));
	/* A process gives itself what name it likes, and root reads it. */
	seq_escape_str(seq, vm->comm, ESCAPE_ANY_NP, NULL);
	seq_printf(seq, ")%s\n",
		   !vm->closed ? "" : vm->booking ?
		   ", closed, its place is kept" :
		   ", closed, memory still in use");
}

/* "CPU 3 (Node 1)", or "CPUs 2-5 (Nodes 1-2)" for what is not one of each */
static void print_where(struct seq_file *seq, u32 node, u32 cpu,
			const struct cpumask *cpus)
{
	u32 each, previous = VCPUNUMA_NONE;
	char sep = ' ';

	if (cpu != VCPUNUMA_NONE)
		seq_printf(seq, "CPU %u", cpu);
	else
		seq_printf(seq, "CPUs %*pbl", cpumask_pr_args(cpus));
	if (node != VCPUNUMA_NONE) {
		seq_printf(seq, " (Node %u)", node);
		return;
	}
	seq_puts(seq, " (Nodes");
	for_each_cpu(each, cpus) {
		if (cpu_to_node(each) == previous)
			continue;
		previous = cpu_to_node(each);
		seq_printf(seq, "%c%u", sep, previous);
		sep = ',';
	}
	seq_putc(seq, ')');
}

static const char *verdict_name(u32 verdict)
{
	static const char * const names[] = {
		[CORE_CHOSEN] = "chosen",
		[CORE_WORSE] = "another costs less",
		[CORE_LACKS_CPUS] = "lacks CPUs",
		[CORE_LACKS_MEMORY] = "lacks memory",
		[CORE_LACKS_BOTH] = "lacks CPUs and memory",
		[CORE_FORBIDDEN] = "not allowed",
	};

	return names[verdict];
}

/* Costs are in 1/1024, for a person in 1/1000. */
static u32 cost(u32 core)
{
	return booking_parts(core, 1000);
}

static void print_candidate(struct seq_file *seq,
			    const struct core_candidate *c)
{
	seq_printf(seq, "    Node %u%s: %s", c->node,
		   c->nr_nodes > 1 ? " and others" : "",
		   verdict_name(c->verdict));
	if (c->nr_nodes)
		seq_printf(seq, "; cost %u: distance %u, CPUs left %u, memory left %u, load %u, nearness %u, caches %u\n",
			   cost(c->cost), cost(c->distance), cost(c->left_cpu),
			   cost(c->left_mem), cost(c->load), cost(c->near),
			   cost(c->llc));
	else
		seq_printf(seq, "; %u vCPUs and %llu MiB short\n",
			   c->vcpus_short, mib(c->mem_short * BOOKING_UNIT));
}

static const char *policy_name(u32 policy)
{
	static const char * const names[] = {
		[CORE_SHARED] = "shared",
		[CORE_PREFER] = "own CPUs",
		[CORE_ISOLATE] = "own cores, one thread each",
		[CORE_REQUIRE] = "own cores",
	};

	return names[policy];
}

static void print_reserved_on(struct seq_file *seq,
			      const struct vcpunuma_vm *vm,
			      const struct vcpunuma_share *share, u32 node)
{
	if (share->nr_vcpus || share->mem_bytes)
		seq_printf(seq, "    Node %u: %u vCPUs, %llu MiB, of which %llu MiB are taken\n",
			   node, share->nr_vcpus, mib(share->mem_bytes),
			   mib(vm->drawn[node]));
}

/* Sums of the chunks, by node */
static void sum_chunks(const struct booking *b, struct vcpunuma_share *by_node)
{
	u32 i;

	memset(by_node, 0, nr_node_ids * sizeof(*by_node));
	for (i = 0; i < b->plan.nr_chunks; i++) {
		const struct vcpunuma_chunk *chunk = &b->chunks[i];

		by_node[chunk->node].nr_vcpus += chunk->nr_vcpus;
		by_node[chunk->node].mem_bytes += chunk->mem;
	}
}

static void print_candidates(struct seq_file *seq, const struct record *record)
{
	u32 i;

	for (i = 0; i < record->decision.nr_candidates; i++)
		print_candidate(seq, &record->decision.candidate[i]);
}

static const char *reason_name(u32 reason)
{
	static const char * const names[] = {
		[CORE_FITS] = "it fits",
		[CORE_NO_CPUS] = "no CPUs left",
		[CORE_NO_MEMORY] = "no memory left",
		[CORE_SPAN] = "too many nodes needed",
		[CORE_STRICT] = "no room for whole virtual nodes",
		[CORE_REMOTE] = "too much memory would be remote",
		[CORE_SETS] = "no nodes that it may use",
		[CORE_CORES] = "not a number of whole cores",
		[CORE_TOO_MANY] = "too many chunks",
	};

	return names[reason];
}

/* What was decided last, if it is not what is reserved */
static void print_decision(struct seq_file *seq, const struct vcpunuma_vm *vm)
{
	const struct record *r = vm->record;

	if (!r || vm->booking)
		return;
	seq_printf(seq, "  last decision %llu%s%s: %u vCPUs, %llu MiB, %s: ",
		   r->id, *r->asked.name ? " for " : "", r->asked.name,
		   r->asked.nr_vcpus, mib(r->asked.mem),
		   policy_name(r->asked.cpu_policy));
	if (!r->refused) {
		seq_puts(seq, r->asked.flags & VCPUNUMA_RESERVE_DRY_RUN ?
			 "dry run, it would fit\n" : "released since\n");
	} else {
		seq_printf(seq, "refused, %s", reason_name(r->refusal.reason));
		if (r->refusal.node != VCPUNUMA_NONE)
			seq_printf(seq, "; nearest Node %u", r->refusal.node);
		seq_printf(seq, "; %u vCPUs and %llu MiB short\n",
			   r->refusal.vcpus_short,
			   mib(r->refusal.mem_short * BOOKING_UNIT));
	}
	print_candidates(seq, r);
}

/* What is reserved, and why there */
static void print_reserved(struct seq_file *seq, struct report *r)
{
	const struct booking *b = r->vm->booking;
	u32 node;

	if (!b)
		return;
	seq_printf(seq, "  reserved%s%s: %u vCPUs, %s; decision %llu\n",
		   *r->vm->name ? " as " : "", r->vm->name, b->plan.vcpus,
		   policy_name(b->plan.cpu_policy), b->id);
	sum_chunks(b, r->by_node);
	for (node = 0; node < nr_node_ids; node++)
		print_reserved_on(seq, r->vm, &r->by_node[node], node);
	print_candidates(seq, r->vm->record);
}

static void print_vcpu(struct seq_file *seq, struct report *r, struct vcpu *v)
{
	enum vcpunuma_vcpu_state state = vcpu_state(v);
	u32 last;

	seq_printf(seq, "  vCPU %u -> ", v->id);
	if (v->pin) {
		print_where(seq, v->node, v->cpu, pin_mask(v->pin));
		last = pin_last_cpu(v->pin);
		pin_affinity(v->pin, r->cpus);
		seq_printf(seq, ", thread %d, affinity %*pbl, last on CPU %u (Node %d)%s\n",
			   pin_tid(v->pin), cpumask_pr_args(r->cpus), last,
			   cpu_to_node(last),
			   state == VCPUNUMA_VCPU_DRIFTED ? ", DRIFTED" : "");
		return;
	}
	if (v->placed) {
		node_cpus(v->place.node, r->cpus);
		print_where(seq, v->place.node, v->place.cpu, r->cpus);
	} else {
		seq_puts(seq, "nowhere");
	}
	seq_puts(seq, state == VCPUNUMA_VCPU_EXITED ?
		 ", thread has exited\n" : ", no thread yet\n");
}

static void print_part(struct seq_file *seq, const char *what, u64 bytes)
{
	if (bytes)
		seq_printf(seq, ", %llu KiB %s", bytes >> 10, what);
}

static void print_mem(struct seq_file *seq, const struct vcpunuma_mem *mem)
{
	u64 populated = mem_populated(mem);
	u32 node = layout_sole(&mem->layout);

	seq_printf(seq, "  memory %u -> ", mem->id);
	if (node == VCPUNUMA_NONE)
		seq_puts(seq, "several nodes");
	else
		seq_printf(seq, "Node %u", node);
	seq_printf(seq, ", %llu/%llu MiB populated (%u%%), pages of %s",
		   mib(populated), mib(mem->length),
		   percent(populated, mem->length),
		   mem->shift == PAGE_SHIFT ? "4 KiB" : "2 MiB");
	if (READ_ONCE(mem->unaligned))
		seq_puts(seq, ", mapped by 4 KiB at an address not aligned to 2 MiB");
	print_part(seq, "not where it was wanted first",
		   atomic64_read(&mem->remote));
	print_part(seq, "in pages of 4 KiB", atomic64_read(&mem->standin));
	print_part(seq, "lost to errors", atomic64_read(&mem->lost));
	seq_putc(seq, '\n');
}

static void print_sum(struct seq_file *seq, struct report *r, u32 node)
{
	const struct vcpunuma_share *share = &r->by_node[node];

	if (share->nr_vcpus || share->mem_bytes)
		seq_printf(seq, "    Node %u: %u vCPUs, %llu MiB\n", node,
			   share->nr_vcpus, mib(share->mem_bytes));
}

static void print_sums(struct seq_file *seq, struct report *r)
{
	struct vcpunuma_cmd_distribution sum;
	u32 node;

	memset(r->by_node, 0, nr_node_ids * sizeof(*r->by_node));
	vcpu_count(r->vm, &sum, r->by_node);
	mem_count(r->vm, r->by_node);
	seq_printf(seq, "  distribution: %u vCPUs bound (%u to several nodes), %u without a thread, %u exited\n",
		   sum.out_bound, sum.out_spread, sum.out_configured,
		   sum.out_exited);
	for (node = 0; node < nr_node_ids; node++)
		print_sum(seq, r, node);
}

/* Find the node record at or after the position: record 0 is the heading. */
static bool seek_node(struct position *at)
{
	u32 node;

	if (!at->record)
		return true;
	for (node = at->record - 1; node < nr_node_ids; node++)
		if (node_online(node)) {
			at->record = node + 1;
			return true;
		}
	return false;
}

static bool seek_entry(struct position *at, struct xarray *xa)
{
	unsigned long id = at->record;

	if (!xa_find(xa, &id, U32_MAX, XA_PRESENT))
		return false;
	at->record = id;
	return true;
}

/* Find a record at or after the position in its section. */
static bool seek_record(struct report *r)
{
	struct position *at = &r->at;

	switch (at->section) {
	case SECTION_NODES:
	case SECTION_DISTANCES:
		return seek_node(at);
	case SECTION_LEDGER:
		return at->record <= r->balance.nr_nodes;
	case SECTION_VCPUS:
		return seek_entry(at, &r->vm->vcpus);
	case SECTION_MEMS:
		return seek_entry(at, &r->vm->mems);
	case SECTION_RESERVED:
		return !at->record && r->vm->booking;
	case SECTION_DECISION:
		return !at->record && r->vm->record && !r->vm->booking;
	case SECTION_VM:
	case SECTION_SUMS:
		return !at->record;
	}
	return false;
}

/* Take the VM of the position, or the next: then from its beginning. */
static bool seek_vm(struct report *r)
{
	r->vm = vm_next(r->at.vm);
	if (!r->vm)
		return false;
	if (r->vm->id != r->at.vm)
		r->at = (struct position) {
			.vm = r->vm->id,
			.section = SECTION_VM,
		};
	return true;
}

static void put_vm(struct report *r)
{
	if (r->vm)
		vm_put(r->vm);
	r->vm = NULL;
}

/* Find the record at or after the position; of a VM, with a reference to it. */
static bool seek(struct report *r)
{
	for (;;) {
		enum section last = r->at.vm ? SECTION_SUMS : SECTION_LEDGER;

		if (r->at.vm && !r->vm && !seek_vm(r))
			return false;
		if (seek_record(r))
			return true;
		r->at.record = 0;
		if (r->at.section++ < last)
			continue;
		put_vm(r);
		r->at.vm++;
		r->at.section = SECTION_VM;
	}
}

static void *report_start(struct seq_file *seq, loff_t *pos)
{
	struct report *r = seq->private;
	int err;

	/* Each reading begins here, also one from the middle. */
	if (!*pos) {
		balance_free(&r->balance);
		err = balance_take(&r->balance);
		if (err)
			return ERR_PTR(err);
	}
	r->at = position_unpack(*pos);
	if (!seek(r))
		return NULL;
	*pos = position_pack(r->at);
	return r;
}

static void *report_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct report *r = v;
	bool found;

	r->at.record++;
	found = seek(r);
	*pos = position_pack(r->at);
	return found ? r : NULL;
}

static void report_stop(struct seq_file *seq, void *v)
{
	put_vm(seq->private);
}

/* What has gone since it was found is passed over. */
static void print_of_vm(struct seq_file *seq, struct report *r)
{
	struct vcpunuma_vm *vm = r->vm;
	void *entry;

	lockdep_assert_held(&vm->lock);
	switch (r->at.section) {
	case SECTION_VM:
		print_vm(seq, vm);
		break;
	case SECTION_RESERVED:
		print_reserved(seq, r);
		break;
	case SECTION_DECISION:
		print_decision(seq, vm);
		break;
	case SECTION_VCPUS:
		entry = xa_load(&vm->vcpus, r->at.record);
		if (entry)
			print_vcpu(seq, r, entry);
		break;
	case SECTION_MEMS:
		entry = xa_load(&vm->mems, r->at.record);
		if (entry)
			print_mem(seq, entry);
		break;
	default:
		print_sums(seq, r);
	}
}

static void print_of_host(struct seq_file *seq, struct report *r)
{
	u32 record = r->at.record;

	switch (r->at.section) {
	case SECTION_NODES:
		if (record)
			print_node(seq, r, record - 1);
		else
			seq_puts(seq, "Nodes:\n");
		break;
	case SECTION_DISTANCES:
		if (record)
			print_distances(seq, record - 1);
		else
			seq_puts(seq, "\nDistances:\n");
		break;
	default:
		if (record)
			print_balance(seq, &r->balance.nodes[record - 1]);
		else
			seq_printf(seq, "\nLedger, generation %llu:\n",
				   r->balance.generation);
	}
}

static int report_show(struct seq_file *seq, void *v)
{
	struct report *r = v;

	if (!r->vm) {
		print_of_host(seq, r);
		return 0;
	}
	mutex_lock(&r->vm->lock);
	print_of_vm(seq, r);
	mutex_unlock(&r->vm->lock);
	return 0;
}

static const struct seq_operations report_seq_ops = {
	.start = report_start,
	.next = report_next,
	.stop = report_stop,
	.show = report_show,
};

static int report_open(struct inode *inode, struct file *file)
{
	struct report *r = __seq_open_private(file, &report_seq_ops,
					      sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->by_node = kvcalloc(nr_node_ids, sizeof(*r->by_node), GFP_KERNEL);
	if (r->by_node && zalloc_cpumask_var(&r->cpus, GFP_KERNEL))
		return 0;
	kvfree(r->by_node);
	seq_release_private(inode, file);
	return -ENOMEM;
}

static int report_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;
	struct report *r = seq->private;

	balance_free(&r->balance);
	free_cpumask_var(r->cpus);
	kvfree(r->by_node);
	return seq_release_private(inode, file);
}

static const struct file_operations report_fops = {
	.owner = THIS_MODULE,
	.open = report_open,
	.release = report_release,
	.read = seq_read,
	.llseek = seq_lseek,
};

static struct dentry *report_dir;

void __init report_init(void)
{
	report_dir = debugfs_create_dir("vcpunuma", NULL);
	debugfs_create_file("report", 0400, report_dir, NULL, &report_fops);
}

void report_exit(void)
{
	debugfs_remove(report_dir);
}
