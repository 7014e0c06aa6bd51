// SPDX-License-Identifier: GPL-2.0
/*
 * The commands, made to fail: for each the ways through it that differ in what
 * they allocate and undo. Some fail even without a fault, when they have done
 * half of their work.
 *
 * A call may be made with a fault ahead, so it must not touch memory that is
 * not there yet: all it needs is in the world.
 */
#include "failnth.h"
#include "memory.h"

/* Longer than any element the kernel knows */
#define WIDE	64

static void print_words(struct nth_world *w, size_t first, size_t nr)
{
	for (size_t i = first; i < first + nr; i++)
		nth_print(&w->result, " %llx", w->words[i]);
	nth_print(&w->result, "\n");
}

static int call_info(struct nth_world *w, long arg)
{
	struct vcpunuma_cmd_info *info = (void *)w->words;
	int err = __vn_info(w->vm, info);

	(void)arg;
	if (!err)
		print_words(w, 0, sizeof(*info) / 8);
	return err;
}

const struct nth_case nth_INFO[] = {
	CASE("numbers", nth_nothing, call_info, 0,
	     .fails = NTH_USERCOPY),
	{}
};

/* The arrays have a part each of the words. */
enum { NODES = 0, CPUS = 512, DISTANCES = 1024, PART = 512 };

static int topology(struct nth_world *w, unsigned int node_size,
		    unsigned int cpu_size)
{
	struct vcpunuma_cmd_topology cmd = {
		.size = sizeof(cmd),
		.nodes = (uintptr_t)(w->words + NODES),
		.nr_nodes = node_size ? PART * 8 / WIDE : 0,
		.node_size = node_size,
		.cpus = (uintptr_t)(w->words + CPUS),
		.nr_cpus = cpu_size ? PART * 8 / WIDE : 0,
		.cpu_size = cpu_size,
		.distances = (uintptr_t)(w->words + DISTANCES),
		.nr_distances = node_size ? PART * 2 : 0,
	};
	int err = __vn_ioctl(w->vm, VCPUNUMA_TOPOLOGY, &cmd);
	unsigned int i;

	if (err)
		return err;
	nth_print(&w->result, "%u nodes %u CPUs %u distances\n", cmd.nr_nodes,
		  cmd.nr_cpus, cmd.nr_distances);
	for (i = 0; node_size && i < cmd.nr_nodes; i++) {
		const struct vcpunuma_node *n =
			(void *)((char *)w->words + i * node_size);

		/* What is free is different each time. */
		nth_print(&w->result, "node %u flags %x CPUs %u total %llu\n",
			  n->node, n->flags, n->nr_cpus, n->mem_total);
	}
	print_words(w, CPUS, cmd.nr_cpus * cpu_size / 8);
	print_words(w, DISTANCES, node_size ? cmd.nr_distances / 2 : 0);
	return 0;
}

static int call_topology(struct nth_world *w, long unused)
{
	(void)unused;
	return topology(w, sizeof(struct vcpunuma_node),
			sizeof(struct vcpunuma_cpu));
}

/* @size: of the elements, or 0 */
static int call_topology_sized(struct nth_world *w, long size)
{
	return topology(w, size, size);
}

const struct nth_case nth_TOPOLOGY[] = {
	CASE("numbers", nth_nothing, call_topology_sized, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("arrays", nth_nothing, call_topology, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("wide elements", nth_nothing, call_topology_sized, WIDE,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

static int configure(struct nth_world *w, unsigned int nr, unsigned int flags)
{
	int err = __vn_configure(w->vm, nr, flags, (void *)w->words);

	if (!err)
		print_words(w, 0, nr * sizeof(struct vcpunuma_place) / 8);
	return err;
}

static int call_configure(struct nth_world *w, long nr)
{
	return configure(w, nr, 0);
}

static int call_configure_nodes(struct nth_world *w, long nr)
{
	return configure(w, nr, VCPUNUMA_CONFIGURE_NODES);
}

static int call_configure_untold(struct nth_world *w, long nr)
{
	return __vn_configure(w->vm, nr, 0, NULL);
}

const struct nth_case nth_CONFIGURE[] = {
	CASE("first", nth_nothing, call_configure, 4,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("nodes", nth_nothing, call_configure_nodes, 3,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("more", nth_all_bound, call_configure, 4,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("fewer, untold", nth_configured, call_configure_untold, 1,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("none", nth_configured, call_configure_untold, 0,
	     .fails = NTH_USERCOPY, .flags = NTH_LATE),
	{}
};

static int bind(struct nth_world *w, unsigned int to, unsigned int target,
		pid_t tid)
{
	struct vcpunuma_cmd_bind cmd;
	int err = __vn_bind(w->vm, 0, to, target, tid, &cmd);

	if (!err)
		nth_print(&w->result, "node %d CPU %d\n", (int)cmd.out_node,
			  (int)cmd.out_cpu);
	return err;
}

static int call_bind_place(struct nth_world *w, long thread)
{
	return bind(w, VCPUNUMA_BIND_PLACE, 0, w->thread[thread].tid);
}

static int call_bind_node(struct nth_world *w, long thread)
{
	return bind(w, VCPUNUMA_BIND_NODE, w->node[1], w->thread[thread].tid);
}

static int call_bind_cpu(struct nth_world *w, long thread)
{
	return bind(w, VCPUNUMA_BIND_CPU, w->cpu[1], w->thread[thread].tid);
}

static int call_bind_self(struct nth_world *w, long cpu)
{
	return bind(w, VCPUNUMA_BIND_CPU, w->cpu[cpu], 0);
}

static int bind_set(struct nth_world *w, int a, int b)
{
	struct vcpunuma_cmd_bind cmd;
	struct vn_set *set = (void *)w->words;
	int err;

	memset(set, 0, sizeof(*set));
	vn_set_add(set, a);
	vn_set_add(set, b);
	err = __vn_bind_set(w->vm, 0, set, w->thread[0].tid, &cmd);
	if (!err)
		nth_print(&w->result, "node %d CPU %d\n", (int)cmd.out_node,
			  (int)cmd.out_cpu);
	return err;
}

static int call_bind_set(struct nth_world *w, long unused)
{
	(void)unused;
	return bind_set(w, w->cpu[0], w->cpu[1]);
}

/* The last that a set can name, and the kernel has not */
static int call_bind_set_bad(struct nth_world *w, long unused)
{
	(void)unused;
	return bind_set(w, w->cpu[0], VN_CPUS - 1);
}

static int pidfd_open_self(struct nth_world *w, long arg)
{
	(void)arg;
	w->file = vn_pidfd_open(getpid());
	return w->file < 0 ? w->file : 0;
}

static int call_bind_pidfd(struct nth_world *w, long thread)
{
	return __vn_bind_pidfd(w->vm, 0, w->cpu[1], w->file,
			       w->thread[thread].tid);
}

const struct nth_case nth_BIND[] = {
	CASE("place", nth_configured, call_bind_place, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("no place", nth_nothing, call_bind_place, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("node", nth_nothing, call_bind_node, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("CPU", nth_nothing, call_bind_cpu, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("set", nth_nothing, call_bind_set, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("bad set", nth_nothing, call_bind_set_bad, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("calling thread", nth_nothing, call_bind_self, 1,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("pidfd", pidfd_open_self, call_bind_pidfd, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("again", nth_bound, call_bind_cpu, 0,
	     .fails = NTH_USERCOPY, .flags = NTH_LATE),
	CASE("again, by set", nth_bound, call_bind_set, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("another thread", nth_bound, call_bind_cpu, 1,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("busy thread", nth_all_bound, call_bind_cpu, 1,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

static int call_unbind(struct nth_world *w, long vcpu)
{
	return __vn_unbind(w->vm, vcpu);
}

const struct nth_case nth_UNBIND[] = {
	CASE("bound", nth_bound, call_unbind, 0,
	     .fails = NTH_USERCOPY),
	CASE("placed", nth_all_bound, call_unbind, 1,
	     .fails = NTH_USERCOPY),
	CASE("not bound", nth_configured, call_unbind, 0,
	     .fails = NTH_USERCOPY),
	{}
};

/* @bits: room, or 0 */
static int call_query(struct nth_world *w, long bits)
{
	struct vcpunuma_cmd_query cmd = {
		.size = sizeof(cmd),
		.nr_bits = bits,
		.cpus = bits ? (uintptr_t)w->words : 0,
	};
	int err = __vn_ioctl(w->vm, VCPUNUMA_QUERY, &cmd);

	/* A failed call may have written to the set, and none reads it. */
	if (!err)
		nth_print(&w->result, "state %u node %d CPU %d tid %d bits %u",
			  cmd.out_state, (int)cmd.out_node, (int)cmd.out_cpu,
			  cmd.out_tid, cmd.nr_bits);
	print_words(w, 0, err ? 0 : bits / 64);
	return err;
}

const struct nth_case nth_QUERY[] = {
	CASE("place", nth_configured, call_query, 0,
	     .fails = NTH_USERCOPY),
	CASE("thread", nth_bound, call_query, 0,
	     .fails = NTH_USERCOPY),
	CASE("set", nth_bound, call_query, VN_CPUS,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("small set", nth_bound, call_query, 1,
	     .fails = NTH_USERCOPY),
	CASE("nothing", nth_nothing, call_query, 0,
	     .fails = NTH_USERCOPY),
	{}
};

static int distribution(struct nth_world *w, long size, unsigned int nr)
{
	struct vcpunuma_cmd_distribution cmd = { .size = sizeof(cmd) };
	int err;

	cmd.shares = (uintptr_t)w->words;
	cmd.share_size = size;
	cmd.nr_shares = nr;
	err = __vn_ioctl(w->vm, VCPUNUMA_DISTRIBUTION, &cmd);
	if (err)
		return err;
	nth_print(&w->result, "%u shares, bound %u spread %u configured %u",
		  cmd.nr_shares, cmd.out_bound, cmd.out_spread,
		  cmd.out_configured);
	print_words(w, 0, size * cmd.nr_shares / 8);
	return 0;
}

/* @size: of the elements, or 0 */
static int call_distribution(struct nth_world *w, long size)
{
	return distribution(w, size, size ? sizeof(w->words) / size : 0);
}

/* Too few where there is more than one node */
static int call_distribution_one(struct nth_world *w, long size)
{
	return distribution(w, size, 1);
}

const struct nth_case nth_DISTRIBUTION[] = {
	CASE("numbers", nth_all_bound, call_distribution, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("shares", nth_all_bound, call_distribution,
	     sizeof(struct vcpunuma_share),
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("wide shares", nth_bound, call_distribution, WIDE,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("room for one", nth_nothing, call_distribution_one,
	     sizeof(struct vcpunuma_share),
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

static int create(struct nth_world *w, unsigned int flags, long shift, long nr)
{
	w->made = flags & VCPUNUMA_MEM_VCPU ?
		__vn_mem_create_vcpu(w->vm, flags, nr << shift, 0, shift) :
		__vn_mem_create(w->vm, flags, nr << shift, w->node[1], shift);
	return w->made < 0 ? w->made : 0;
}

static int call_create(struct nth_world *w, long shift)
{
	return create(w, 0, shift, 2);
}

static int call_create_vcpu(struct nth_world *w, long shift)
{
	return create(w, VCPUNUMA_MEM_VCPU, shift, 2);
}

static int call_create_full(struct nth_world *w, long shift)
{
	return create(w, VCPUNUMA_MEM_POPULATE, shift, shift == 12 ? 8 : 2);
}

static int call_create_too_long(struct nth_world *w, long shift)
{
	return create(w, 0, shift, (NTH_MEMLOCK >> shift) + 1);
}

/*
 * Ranges of one page, of each kind that puts it on one node alone: others get it
 * elsewhere if it fails. The arrays have a part each of the words.
 */
static int create_ranges(struct nth_world *w, unsigned int flags, long shift)
{
	struct vcpunuma_mem_range *range = (void *)(w->words + NODES);
	struct vcpunuma_node_weight *weight = (void *)(w->words + CPUS);
	struct vcpunuma_cmd_mem_create cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.length = 3UL << shift,
		.page_shift = shift,
		.ranges = (uintptr_t)range,
		.nr_ranges = 3,
		.range_size = sizeof(*range),
	};
	int err;

	for (unsigned int i = 0; i < 3; i++)
		range[i] = (struct vcpunuma_mem_range) {
			.length = 1UL << shift,
			.policy = i ? VCPUNUMA_MEM_BOUNDED + i - 1 :
				  VCPUNUMA_MEM_STRICT,
			.node = w->node[1],
			.min_local = i == 1 ? 100 : 0,
		};
	weight[0] = (struct vcpunuma_node_weight) { w->node[1], 2 };
	range[2].node = 0;
	range[2].nodes = (uintptr_t)weight;
	range[2].nr_nodes = 1;
	range[2].weight_size = sizeof(*weight);
	err = __vn_ioctl(w->vm, VCPUNUMA_MEM_CREATE, &cmd);
	w->made = err ? err : cmd.out_fd;
	return err;
}

static int call_create_ranges(struct nth_world *w, long shift)
{
	return create_ranges(w, 0, shift);
}

static int call_create_ranges_full(struct nth_world *w, long shift)
{
	return create_ranges(w, VCPUNUMA_MEM_POPULATE, shift);
}

const struct nth_case nth_MEM_CREATE[] = {
	CASE("first, 2 MiB", nth_nothing, call_create, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("another, 2 MiB", nth_mem, call_create, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("another, 4 KiB", nth_mem, call_create, 12,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("on a vCPU", nth_bound, call_create_vcpu, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("populated, 2 MiB", nth_nothing, call_create_full, 21,
	     .fails = NTH_SLAB | NTH_PAGE | NTH_USERCOPY),
	CASE("populated, 4 KiB", nth_mem, call_create_full, 12,
	     .fails = NTH_SLAB | NTH_PAGE | NTH_USERCOPY),
	CASE("over the limit", nth_nothing, call_create_too_long, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("ranges", nth_nothing, call_create_ranges, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("ranges, populated, 2 MiB", nth_nothing, call_create_ranges_full,
	     21, .fails = NTH_SLAB | NTH_PAGE | NTH_USERCOPY),
	CASE("ranges, populated, 4 KiB", nth_mem, call_create_ranges_full, 12,
	     .fails = NTH_SLAB | NTH_PAGE | NTH_USERCOPY),
	{}
};

static int mem_to_query(struct nth_world *w, long size)
{
	(void)size;
	return nth_mem_full(w, 21);
}

/* @size: of the elements, or 0 */
static int call_mem_query(struct nth_world *w, long size)
{
	struct vcpunuma_cmd_mem_query cmd = { .size = sizeof(cmd) };
	int err;

	if (size) {
		cmd.bytes = (uintptr_t)w->words;
		cmd.bytes_size = size;
		cmd.nr_bytes = sizeof(w->words) / size;
	}
	err = __vn_ioctl(w->mem, VCPUNUMA_MEM_QUERY, &cmd);
	if (err)
		return err;
	nth_print(&w->result, "length %llu populated %llu node %u shift %u",
		  cmd.out_length, cmd.out_populated, cmd.out_node,
		  cmd.out_page_shift);
	print_words(w, 0, size * cmd.nr_bytes / 8);
	return 0;
}

const struct nth_case nth_MEM_QUERY[] = {
	CASE("numbers", mem_to_query, call_mem_query, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("nodes", mem_to_query, call_mem_query,
	     sizeof(struct vcpunuma_node_bytes),
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("wide elements", mem_to_query, call_mem_query, WIDE,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

/* Of one page: it is there afterwards, or it is not. */
static int call_mem_populate(struct nth_world *w, long shift)
{
	return __vn_mem_populate(w->mem, 0, 1UL << shift, 0);
}

static int call_mem_populate_beyond(struct nth_world *w, long shift)
{
	return __vn_mem_populate(w->mem, 1UL << shift, 1UL << shift, 0);
}

const struct nth_case nth_MEM_POPULATE_RANGE[] = {
	CASE("2 MiB", nth_mem, call_mem_populate, 21,
	     .fails = NTH_SLAB | NTH_PAGE | NTH_USERCOPY, .flags = NTH_TOUCH),
	CASE("4 KiB", nth_mem, call_mem_populate, 12,
	     .fails = NTH_SLAB | NTH_PAGE | NTH_USERCOPY, .flags = NTH_TOUCH),
	CASE("there already", nth_mem_full, call_mem_populate, 21,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("beyond", nth_mem, call_mem_populate_beyond, 21,
	     .fails = NTH_USERCOPY),
	{}
};

/* The answer's arrays have a half each of the words. */
static int reserve(struct nth_world *w, unsigned int nr, unsigned int flags)
{
	struct vn_set *nodes = (void *)(w->words + PART * 2);
	struct vcpunuma_cmd_reserve cmd = {
		.flags = flags,
		.nr_vcpus = nr,
		.nr_vnodes = 1,
		.mem = PAGE_2M,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.nodes = (uintptr_t)nodes,
		.nr_node_bits = 64,
		.name = "nth",
	};
	int err;

	memset(nodes, 0, sizeof(*nodes));
	vn_set_add(nodes, w->node[1]);
	err = __vn_reserve(w->vm, &cmd, (void *)(w->words + NODES), PART / 2,
			   (void *)(w->words + CPUS), PART / 3);
	if (err)
		return err;
	nth_print(&w->result, "reason %u distance %u", cmd.out_reason,
		  cmd.out_distance);
	print_words(w, NODES, cmd.nr_places * 2);
	print_words(w, CPUS, cmd.nr_chunks * 3);
	return 0;
}

static int call_reserve(struct nth_world *w, long flags)
{
	return reserve(w, 1, flags);
}

static int call_reserve_many(struct nth_world *w, long flags)
{
	return reserve(w, 100, flags);
}

const struct nth_case nth_RESERVE[] = {
	CASE("reserve", nth_nothing, call_reserve, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("dry run", nth_nothing, call_reserve, VCPUNUMA_RESERVE_DRY_RUN,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("refused", nth_nothing, call_reserve_many, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

static int reserved(struct nth_world *w, long flags)
{
	return reserve(w, 1, flags);
}

static int call_release(struct nth_world *w, long unused)
{
	(void)unused;
	return __vn_release(w->vm);
}

const struct nth_case nth_RELEASE[] = {
	CASE("reserved", reserved, call_release, 0,
	     .fails = NTH_USERCOPY),
	CASE("not reserved", nth_nothing, call_release, 0,
	     .fails = NTH_USERCOPY),
	{}
};

/*
 * An entry that finds no memory does not fail the call; here it counts as a call
 * that failed, with what the others did undone.
 */
static int bind_many(struct nth_world *w, unsigned int nr)
{
	struct vcpunuma_bind_entry *e = (void *)w->words;
	struct vcpunuma_cmd_bind_many cmd;
	int err = __vn_bind_many(w->vm, e, nr, &cmd);
	unsigned int i;

	if (err)
		return err;
	nth_print(&w->result, "first %u failed %u\n", cmd.first, cmd.out_failed);
	for (i = 0; i < nr; i++)
		if (e[i].out_error == ENOMEM)
			err = -ENOMEM;
	for (i = 0; i < nr; i++) {
		if (err && !e[i].out_error)
			__vn_unbind(w->vm, e[i].vcpu);
		nth_print(&w->result, "error %u node %d CPU %d\n",
			  e[i].out_error, (int)e[i].out_node,
			  (int)e[i].out_cpu);
	}
	return err;
}

static void many_entries(struct nth_world *w, unsigned int to)
{
	struct vcpunuma_bind_entry *e = (void *)w->words;
	int i;

	for (i = 0; i < 2; i++)
		e[i] = (struct vcpunuma_bind_entry) {
			.vcpu = i,
			.tid = w->thread[i].tid,
			.to = to,
			.target = to == VCPUNUMA_BIND_CPU ? w->cpu[i] : 0,
		};
}

static int call_bind_many(struct nth_world *w, long to)
{
	many_entries(w, to);
	return bind_many(w, 2);
}

/* As another vCPU than it is bound as, and as none there may be */
static int call_bind_many_wrong(struct nth_world *w, long to)
{
	struct vcpunuma_bind_entry *e = (void *)w->words;

	many_entries(w, to);
	e[0].vcpu = 5;
	e[1].vcpu = ~0U;
	return bind_many(w, 2);
}

static int call_bind_one(struct nth_world *w, long thread)
{
	struct vcpunuma_bind_entry *e = (void *)w->words;

	many_entries(w, VCPUNUMA_BIND_CPU);
	e[0].tid = w->thread[thread].tid;
	return bind_many(w, 1);
}

const struct nth_case nth_BIND_MANY[] = {
	CASE("places", nth_configured, call_bind_many, VCPUNUMA_BIND_PLACE,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("CPUs", nth_nothing, call_bind_many, VCPUNUMA_BIND_CPU,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("no places", nth_nothing, call_bind_many, VCPUNUMA_BIND_PLACE,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("again", nth_all_bound, call_bind_one, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("another thread", nth_bound, call_bind_one, 1,
	     .fails = NTH_SLAB | NTH_USERCOPY, .flags = NTH_LATE),
	CASE("busy thread, no vCPU", nth_all_bound, call_bind_many_wrong,
	     VCPUNUMA_BIND_CPU, .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

/* What is booked on CPUs; what is free and used is different each time. */
static int ledger(struct nth_world *w, unsigned int cpu_size, unsigned int nr)
{
	struct vcpunuma_cmd_ledger cmd = {
		.size = sizeof(cmd),
		.cpus = (uintptr_t)(w->words + CPUS),
		.cpu_size = cpu_size,
		.nr_cpus = nr,
		.nodes = (uintptr_t)w->words,
		.node_size = sizeof(struct vcpunuma_ledger_node),
		.nr_nodes = nr ? PART * 8 / sizeof(struct vcpunuma_ledger_node) :
				 0,
	};
	int err = __vn_ioctl(w->vm, VCPUNUMA_LEDGER, &cmd);
	unsigned int i;

	if (err)
		return err;
	nth_print(&w->result, "%u nodes %u CPUs\n", cmd.nr_nodes, cmd.nr_cpus);
	for (i = 0; nr && i < cmd.nr_cpus; i++) {
		const struct vcpunuma_ledger_cpu *c =
			(void *)((char *)(w->words + CPUS) + i * cpu_size);

		nth_print(&w->result, "CPU %u node %u core %u LLC %u state %u\n",
			  c->cpu, c->node, c->core, c->llc, c->state);
	}
	return 0;
}

/* @size: of the elements, or 0 */
static int call_ledger(struct nth_world *w, long size)
{
	return ledger(w, size, size ? PART * 8 / size : 0);
}

static int call_ledger_one(struct nth_world *w, long size)
{
	return ledger(w, size, 1);
}

const struct nth_case nth_LEDGER[] = {
	CASE("numbers", reserved, call_ledger, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("arrays", nth_bound, call_ledger,
	     sizeof(struct vcpunuma_ledger_cpu),
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("wide elements", nth_nothing, call_ledger, WIDE,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("room for one", nth_nothing, call_ledger_one,
	     sizeof(struct vcpunuma_ledger_cpu),
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

/* @flags: of the command, and how it was decided is the case's */
static int call_explain(struct nth_world *w, long flags)
{
	struct vcpunuma_cmd_explain cmd = {
		.size = sizeof(cmd),
		.flags = flags & VCPUNUMA_EXPLAIN_NEXT,
		.nodes = (uintptr_t)w->words,
		.node_size = sizeof(struct vcpunuma_explain_node),
		.nr_nodes = PART * 8 / sizeof(struct vcpunuma_explain_node),
		.candidates = (uintptr_t)(w->words + CPUS),
		.candidate_size = sizeof(struct vcpunuma_candidate),
		.nr_candidates = PART * 8 / sizeof(struct vcpunuma_candidate),
	};
	int err = __vn_ioctl(w->vm, VCPUNUMA_EXPLAIN, &cmd);
	unsigned int i;

	if (err)
		return err;
	nth_print(&w->result, "outcome %u name %s reason %u for %u vCPUs\n",
		  cmd.out_outcome, cmd.out_name, cmd.out_reason,
		  cmd.out_nr_vcpus);
	print_words(w, 0, cmd.nr_nodes * sizeof(struct vcpunuma_explain_node) / 8);
	for (i = 0; i < cmd.nr_candidates; i++) {
		const struct vcpunuma_candidate *c =
			(void *)((char *)(w->words + CPUS) + i * sizeof(*c));

		nth_print(&w->result, "node %u verdict %u\n", c->node,
			  c->verdict);
	}
	return 0;
}

static int refused(struct nth_world *w, long flags)
{
	return reserve(w, 100, flags & ~VCPUNUMA_EXPLAIN_NEXT) == -ENOSPC ? 0 :
		-EINVAL;
}

static int call_explain_absent(struct nth_world *w, long vm)
{
	struct vcpunuma_cmd_explain cmd;

	return __vn_explain(w->vm, vm, 0, &cmd, NULL, 0, NULL, 0);
}

const struct nth_case nth_EXPLAIN[] = {
	CASE("nothing", nth_nothing, call_explain, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("reserved", reserved, call_explain, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("refused", refused, call_explain, VCPUNUMA_EXPLAIN_NEXT,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("no such VM", nth_nothing, call_explain_absent, 0xffffff,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};

static int restriction(struct nth_world *w, int node, int cpu)
{
	struct vn_set *nodes = (void *)w->words;
	struct vn_set *cpus = nodes + 1;
	struct vcpunuma_cmd_restrict cmd = {
		.size = sizeof(cmd),
		.flags = VCPUNUMA_RESTRICT_NODES | VCPUNUMA_RESTRICT_CPUS,
		.nodes = (uintptr_t)nodes,
		.nr_node_bits = VN_NODES,
		.cpus = (uintptr_t)cpus,
		.nr_cpu_bits = VN_CPUS,
	};

	memset(nodes, 0, 2 * sizeof(*nodes));
	vn_set_add(nodes, node);
	vn_set_add(cpus, cpu);
	return __vn_ioctl(w->vm, VCPUNUMA_RESTRICT, &cmd);
}

static int call_restrict(struct nth_world *w, long which)
{
	return restriction(w, w->node[which], w->cpu[which]);
}

static int call_restrict_bad(struct nth_world *w, long unused)
{
	(void)unused;
	return restriction(w, w->node[0], VN_CPUS - 1);
}

const struct nth_case nth_RESTRICT[] = {
	CASE("sets", nth_nothing, call_restrict, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("has more", nth_all_bound, call_restrict, 1,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	CASE("bad set", nth_nothing, call_restrict_bad, 0,
	     .fails = NTH_SLAB | NTH_USERCOPY),
	{}
};
