// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations: the ledger of the host for whole VMs, on which the core
 * decides.
 *
 * A decision takes time, so it is made on a copy, with nothing locked; the
 * ledger is locked to copy it and to book the answer. If what the answer takes
 * has been taken meanwhile, the decision is made anew; who had bad luck several
 * times decides with the ledger locked.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/moduleparam.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <linux/vcpunuma.h>

#include "booking.h"
#include "core/ledger.h"
#include "core/place.h"
#include "host.h"
#include "ledger.h"
#include "nodes.h"
#include "record.h"

static uint overcommit = 400;
module_param(overcommit, uint, 0444);
MODULE_PARM_DESC(overcommit, "Shared vCPUs for 100 CPUs of a node (default 400)");

static uint headroom = 2;
module_param(headroom, uint, 0444);
MODULE_PARM_DESC(headroom, "Per cent of a node's memory that is never reserved (default 2)");

/* Decisions on a copy before one is made with the ledger locked */
#define TRIES	3

/*
 * Who binds or places a vCPU without a reservation holds it for reading, from
 * the look at which CPUs others own until its own are booked; who makes CPUs his
 * own for writing. Under the VM's lock, outside ledger_lock.
 */
static DECLARE_RWSEM(owning);

/* All of this is guarded by ledger_lock. */
static struct host *host;
static struct core_ledger books;
static void *books_mem;
static LIST_HEAD(bookings);
/* CPUs that VMs own, or keep others away from */
static cpumask_var_t owned;

/* Decisions made on this host */
static atomic64_t decisions;

/*
 * Bytes that are reserved, and of these populated, and those of the pages of all
 * memory objects, by the kernel's node ids
 */
static atomic64_t *reserved, *populated, *allocated;

/* The sets of nodes that a request has */
enum { SET_ALLOWED, SET_REQUIRED, SET_PREFER, SET_AVOID, SETS };

/**
 * struct scratch - what a decision needs
 * @host: referenced
 * @ledger: copy
 * @ledger_mem: of @ledger
 * @work: for the core
 * @work_mem: of @work
 * @sets: SETS sets of nodes, in the host's numbers
 * @cpus: CPUs to choose from
 */
struct scratch {
	struct host *host;
	struct core_ledger ledger;
	void *ledger_mem;
	struct core_work work;
	void *work_mem;
	unsigned long *sets;
	cpumask_var_t cpus;
};

static size_t books_bytes(const struct host *h)
{
	return core_ledger_bytes(h->topo.nr_nodes, h->topo.nr_cpus);
}

static void scratch_free(struct scratch *s)
{
	free_cpumask_var(s->cpus);
	kvfree(s->sets);
	kvfree(s->work_mem);
	kvfree(s->ledger_mem);
	host_put(s->host);
}

/* The host as it is now, referenced */
static struct host *host_now(void)
{
	struct host *now;

	mutex_lock(&ledger_lock);
	now = host;
	host_get(now);
	mutex_unlock(&ledger_lock);
	return now;
}

static int scratch_init(struct scratch *s)
{
	u32 nodes, cpus;

	memset(s, 0, sizeof(*s));
	s->host = host_now();
	nodes = s->host->topo.nr_nodes;
	cpus = s->host->topo.nr_cpus;
	s->ledger_mem = kvmalloc(books_bytes(s->host), GFP_KERNEL_ACCOUNT);
	s->work_mem = kvzalloc(core_work_bytes(nodes, cpus), GFP_KERNEL_ACCOUNT);
	s->sets = kvcalloc(SETS * CORE_LONGS(nodes), sizeof(long),
			   GFP_KERNEL_ACCOUNT);
	if (!zalloc_cpumask_var(&s->cpus, GFP_KERNEL_ACCOUNT) ||
	    !s->ledger_mem || !s->work_mem || !s->sets) {
		scratch_free(s);
		return -ENOMEM;
	}
	core_work_init(&s->work, s->work_mem, nodes, cpus);
	return 0;
}

/** books_headroom - what of a node's memory is never reserved */
u64 books_headroom(u64 mem)
{
	return div64_u64(mem * headroom, 100);
}

static struct node_mem mem_of(u32 node)
{
	return node_valid(node) ? node_mem(node) : (struct node_mem) { 0 };
}

/* What VMs may have of each node, now that others use what they use */
static void update_memory(void)
{
	u32 i;

	for (i = 0; i < host->topo.nr_nodes; i++) {
		struct core_node_state *state = &books.node[i];
		u32 node = host->id[i];
		struct node_mem mem = mem_of(node);
		u64 total = div64_u64(mem.total, BOOKING_UNIT);
		u64 bytes;

		bytes = mem.available + atomic64_read(&populated[node]);
		bytes -= min(bytes, books_headroom(mem.total));
		if (state->mem_total != total)
			books.generation++;
		state->mem_total = total;
		state->mem_avail = div64_u64(bytes, BOOKING_UNIT);
	}
}

/* As many changes as there were to all that is booked */
static void copy_books(struct core_ledger *to, void *mem)
{
	update_memory();
	core_ledger_copy(to, mem, &books);
	to->generation += ledger_changes();
}

/* Copy the ledger; false: the host has changed, start over. */
static bool scratch_load(struct scratch *s)
{
	lockdep_assert_held(&ledger_lock);
	if (s->host != host)
		return false;
	copy_books(&s->ledger, s->ledger_mem);
	return true;
}

/* A set of nodes in the host's numbers */
static const unsigned long *number_nodes(struct scratch *s, u32 which,
					 const nodemask_t *nodes)
{
	unsigned long *set = s->sets + which * CORE_LONGS(s->host->topo.nr_nodes);
	u32 i;

	for (i = 0; i < s->host->topo.nr_nodes; i++) {
		if (node_isset(s->host->id[i], *nodes))
			core_set_add(set, i);
		else
			core_set_remove(set, i);
	}
	return set;
}

static void number_request(struct scratch *s, struct booking_request *req)
{
	static const nodemask_t none = NODE_MASK_NONE;
	struct core_request *core = &req->core;
	/* Nothing will do if it takes a node that is not there. */
	bool there = nodes_subset(req->required, s->host->nodes);

	core->allowed = number_nodes(s, SET_ALLOWED,
				     there ? &req->allowed : &none);
	core->required = nodes_empty(req->required) ? NULL :
		number_nodes(s, SET_REQUIRED, &req->required);
	core->prefer = nodes_empty(req->prefer) ? NULL :
		number_nodes(s, SET_PREFER, &req->prefer);
	core->avoid = nodes_empty(req->avoid) ? NULL :
		number_nodes(s, SET_AVOID, &req->avoid);
	core->near = req->near < nr_node_ids ? s->host->number[req->near] :
		     CORE_NONE;
}

/*
 * Is a VM without a reservation on a CPU, so that nobody can come to own it? For
 * who owns whole cores: on any thread of its core.
 */
static bool cpu_taken(u32 number, u32 cpu_policy)
{
	const struct core_topo_cpu *cpu = &host->topo.cpu[number];
	const struct core_topo_core *core = &host->topo.core[cpu->core];
	u32 i;

	if (cpu_policy == CORE_PREFER)
		return ledger_vcpus_on(cpu->id);
	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++)
		if (ledger_vcpus_on(host->topo.cpu[i].id))
			return true;
	return false;
}

/* May the caller use all threads of a CPU's core? */
static bool core_allowed(u32 number, const struct cpumask *allowed)
{
	const struct core_topo_core *core =
		&host->topo.core[host->topo.cpu[number].core];
	u32 i;

	for (i = core->cpu; i < (u32)core->cpu + core->nr_cpus; i++)
		if (!cpumask_test_cpu(host->topo.cpu[i].id, allowed))
			return false;
	return true;
}

/*
 * CPUs to choose from: who is to own CPUs gets none that a VM without a
 * reservation is on; and no core of which he may use a part, for he would keep
 * others off the rest. Under cpus_read_lock().
 */
static void choose_cpus(struct scratch *s, const struct booking_request *req,
			const struct cpumask *allowed)
{
	u32 policy = req->core.cpu_policy, i;

	lockdep_assert_held(&ledger_lock);
	/* The books hear late of CPUs that have gone. */
	cpumask_and(s->cpus, allowed, cpu_online_mask);
	if (policy == CORE_SHARED)
		return;
	for (i = 0; i < host->topo.nr_cpus; i++)
		if (cpu_taken(i, policy) ||
		    (policy != CORE_PREFER && !core_allowed(i, allowed)))
			cpumask_clear_cpu(host->topo.cpu[i].id, s->cpus);
}

/* Has a VM without a reservation come to a CPU of the plan since? */
static bool plan_taken(const struct core_plan *plan)
{
	u32 i;

	for (i = 0; i < plan->vcpus; i++)
		if (!(plan->place[i] & CORE_ON_MASK) &&
		    cpu_taken(plan->place[i], plan->cpu_policy))
			return true;
	return false;
}

static void count_reserved(const struct core_plan *plan, int sign)
{
	u32 i;

	for (i = 0; i < plan->nr_chunks; i++)
		atomic64_add(sign * (s64)(plan->chunk[i].mem * BOOKING_UNIT),
			     &reserved[host->id[plan->chunk[i].node]]);
}

/* A CPU that is offline belongs to nobody; one that a VM owns stays its. */
static void sync_cpus(void)
{
	u32 i;

	for (i = 0; i < host->topo.nr_cpus; i++) {
		if (cpu_online(host->topo.cpu[i].id))
			core_ledger_restore(&books, i);
		else
			core_ledger_withdraw(&books, i);
	}
}

/* Note which CPUs are owned, now that the books have changed. */
static void note_owned(void)
{
	u32 i;

	cpumask_clear(owned);
	for (i = 0; i < host->topo.nr_cpus; i++)
		if (core_cpu_owner(&books, i))
			cpumask_set_cpu(host->topo.cpu[i].id, owned);
}

/* Book the plan, if the ledger still has what it takes. */
static int book(struct scratch *s, struct booking *b)
{
	int err;

	lockdep_assert_held(&ledger_lock);
	if (s->host != host || plan_taken(&b->plan))
		return -EBUSY;
	err = core_ledger_book(&books, &b->plan);
	if (err)
		return err;
	count_reserved(&b->plan, 1);
	list_add_tail(&b->link, &bookings);
	if (booking_owns(b))
		note_owned();
	return 0;
}

/* The answer in the kernel's ids, which outlive the host's numbers */
static void name_plan(const struct host *h, struct booking *b)
{
	const struct core_plan *plan = &b->plan;
	u32 i;

	for (i = 0; i < plan->vcpus; i++) {
		u32 where = plan->place[i] & ~CORE_ON_MASK;
		bool cpu = !(plan->place[i] & CORE_ON_MASK);

		b->places[i] = (struct vcpunuma_place) {
			.vcpu = i,
			.node = h->id[cpu ? h->topo.cpu[where].node : where],
			.cpu = cpu ? h->topo.cpu[where].id : VCPUNUMA_NONE,
		};
	}
	for (i = 0; i < plan->nr_chunks; i++)
		b->chunks[i] = (struct vcpunuma_chunk) {
			.vnode = plan->chunk[i].vnode,
			.node = h->id[plan->chunk[i].node],
			.nr_vcpus = plan->chunk[i].vcpus,
			.mem = plan->chunk[i].mem * BOOKING_UNIT,
		};
}

/* The reverse: @cpus tells the number of each CPU in @h. */
static void number_plan(const struct host *h, const u32 *cpus,
			struct booking *b)
{
	struct core_plan *plan = &b->plan;
	u32 i;

	for (i = 0; i < plan->vcpus; i++)
		plan->place[i] = b->places[i].cpu == VCPUNUMA_NONE ?
			CORE_ON_NODE | h->number[b->places[i].node] :
			cpus[b->places[i].cpu];
	for (i = 0; i < plan->nr_chunks; i++)
		plan->chunk[i].node = h->number[b->chunks[i].node];
}

/* So too what is remembered of the decision */
static void name_decision(const struct host *h, struct booking *b,
			  struct core_decision *decision)
{
	u32 i, node = b->plan.refusal.node;

	b->refused_node = node == CORE_NONE ? VCPUNUMA_NONE : h->id[node];
	for (i = 0; i < decision->nr_candidates; i++)
		decision->candidate[i].node =
			h->id[decision->candidate[i].node];
}

static int place(struct scratch *s, struct booking *b,
		 struct booking_request *req, struct record *record)
{
	int err;

	number_request(s, req);
	req->core.cpus = cpumask_bits(s->cpus);
	err = core_place(&s->ledger, &req->core, &s->work, &b->plan,
			 &record->decision);
	if (err == -EINVAL)
		return err;
	name_decision(s->host, b, &record->decision);
	if (!err)
		name_plan(s->host, b);
	record->near = req->near;
	record->allowed = req->allowed;
	record->with = req->prefer;
	record->apart = req->avoid;
	record->nodes = s->host->nodes;
	record_answer(record, b, err);
	return err;
}

static int lock_books(bool owns)
{
	if (owns && down_write_killable(&owning))
		return -EINTR;
	mutex_lock(&ledger_lock);
	return 0;
}

static void unlock_books(bool owns)
{
	mutex_unlock(&ledger_lock);
	if (owns)
		up_write(&owning);
}

/* A decision on a copy; -EBUSY: something has changed, make it anew. */
static int decide_unlocked(struct scratch *s, struct booking *b,
			   struct booking_request *req,
			   const struct cpumask *allowed, bool dry_run,
			   struct record *record)
{
	bool loaded, owns = req->core.cpu_policy != CORE_SHARED;
	int err;

	mutex_lock(&ledger_lock);
	loaded = scratch_load(s);
	if (loaded)
		choose_cpus(s, req, allowed);
	mutex_unlock(&ledger_lock);
	if (!loaded)
		return -EBUSY;
	err = place(s, b, req, record);
	if (err || dry_run)
		return err;
	err = lock_books(owns);
	if (err)
		return err;
	err = book(s, b);
	unlock_books(owns);
	return err;
}

/* The same, only that nobody can come between; -EBUSY: the host has changed. */
static int decide_locked(struct scratch *s, struct booking *b,
			 struct booking_request *req,
			 const struct cpumask *allowed, struct record *record)
{
	bool owns = req->core.cpu_policy != CORE_SHARED;
	int err;

	err = lock_books(owns);
	if (err)
		return err;
	err = -EBUSY;
	if (scratch_load(s)) {
		choose_cpus(s, req, allowed);
		err = place(s, b, req, record);
		if (!err)
			err = book(s, b);
	}
	unlock_books(owns);
	return err;
}

/**
 * booking_decide - find room for a VM, and reserve it
 * @b: from booking_create()
 * @req: what it asks for
 * @allowed: CPUs it may use
 * @dry_run: find it only
 * @record: filled, of the last try
 *
 * Return: 0; -ENOSPC: there is none, see the refusal in @b's plan; -ENOMEM;
 * -EINVAL: the request makes no sense to the core; -EINTR: a fatal signal.
 */
int booking_decide(struct booking *b, struct booking_request *req,
		   const struct cpumask *allowed, bool dry_run,
		   struct record *record)
{
	struct scratch s;
	int err, try = 0;

	b->asked = req->core;
	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = scratch_init(&s);
		if (err)
			return err;
		record->tries++;
		if (dry_run || try++ < TRIES)
			err = decide_unlocked(&s, b, req, allowed, dry_run,
					      record);
		else
			err = decide_locked(&s, b, req, allowed, record);
		scratch_free(&s);
	} while (err == -EBUSY);
	return err;
}

/** booking_lock - no CPU becomes a VM's own until booking_unlock() */
void booking_lock(void)
{
	down_read(&owning);
}

int booking_lock_killable(void)
{
	return down_read_killable(&owning);
}

void booking_unlock(void)
{
	up_read(&owning);
}

/**
 * booking_create - room for the answer to a request
 * @owner: the VM's id
 * @vcpus: its vCPUs
 */
struct booking *booking_create(u32 owner, u32 vcpus)
{
	struct booking *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (!b)
		return NULL;
	kref_init(&b->ref);
	b->id = atomic64_inc_return(&decisions);
	INIT_LIST_HEAD(&b->link);
	b->plan.owner = owner;
	/* A chunk more than nodes for each virtual node would be too many. */
	b->plan.max_chunks = 2 * vcpus + nr_node_ids;
	b->plan.chunk = kvcalloc(b->plan.max_chunks, sizeof(*b->plan.chunk),
				 GFP_KERNEL_ACCOUNT);
	b->plan.place = kvcalloc(vcpus, sizeof(*b->plan.place),
				 GFP_KERNEL_ACCOUNT);
	b->chunks = kvcalloc(b->plan.max_chunks, sizeof(*b->chunks),
			     GFP_KERNEL_ACCOUNT);
	b->places = kvcalloc(vcpus, sizeof(*b->places), GFP_KERNEL_ACCOUNT);
	if (b->plan.chunk && b->plan.place && b->chunks && b->places)
		return b;
	booking_put(b);
	return NULL;
}

static void booking_free(struct kref *ref)
{
	struct booking *b = container_of(ref, struct booking, ref);

	WARN_ON_ONCE(!list_empty(&b->link));
	kvfree(b->places);
	kvfree(b->chunks);
	kvfree(b->plan.place);
	kvfree(b->plan.chunk);
	kfree(b);
}

void booking_get(struct booking *b)
{
	kref_get(&b->ref);
}

/** booking_put - the last reference to a booking is to one not in force */
void booking_put(struct booking *b)
{
	if (b)
		kref_put(&b->ref, booking_free);
}

/** booking_add_nodes - add the nodes that a booking has something on */
void booking_add_nodes(const struct booking *b, nodemask_t *nodes)
{
	u32 i;

	for (i = 0; i < b->plan.nr_chunks; i++)
		node_set(b->chunks[i].node, *nodes);
}

static bool same_size(const struct core_request *a, const struct core_request *b)
{
	return a->vcpus == b->vcpus && a->vnodes == b->vnodes &&
	       a->mem == b->mem && a->cpu_policy == b->cpu_policy &&
	       a->placement == b->placement && a->strict == b->strict &&
	       a->min_local == b->min_local && a->span == b->span;
}

/*
 * May the booking's vCPUs float over that node, which has so many of them? By the
 * rule of core_node_capacity(); and there must be one CPU at least to run on now.
 */
static bool may_float(u32 node, u32 vcpus, const struct cpumask *allowed)
{
	bool online = false;
	u32 cpu, pool = 0;

	lockdep_assert_held(&ledger_lock);
	for_each_cpu(cpu, allowed) {
		if (cpu_to_node(cpu) != node || cpumask_test_cpu(cpu, owned))
			continue;
		online |= cpu_online(cpu);
		pool++;
	}
	return online && (u64)vcpus * 100 <= (u64)overcommit * pool;
}

/* The same for each of its nodes that it has vCPUs on */
static bool may_float_all(const struct booking *b, const nodemask_t *nodes,
			  const struct cpumask *allowed)
{
	u32 i, node, vcpus;
	bool may = true;

	mutex_lock(&ledger_lock);
	for_each_node_mask(node, *nodes) {
		vcpus = 0;
		for (i = 0; i < b->plan.nr_chunks; i++)
			if (b->chunks[i].node == node)
				vcpus += b->chunks[i].nr_vcpus;
		may = !vcpus || may_float(node, vcpus, allowed);
		if (!may)
			break;
	}
	mutex_unlock(&ledger_lock);
	return may;
}

/**
 * booking_serves - would it have been an answer to this request?
 * @b: in force
 * @req: what is asked for
 * @allowed: CPUs that may be used
 */
bool booking_serves(const struct booking *b, const struct booking_request *req,
		    const struct cpumask *allowed)
{
	nodemask_t nodes = NODE_MASK_NONE;
	u32 i;

	if (!same_size(&b->asked, &req->core))
		return false;
	booking_add_nodes(b, &nodes);
	if (!nodes_subset(nodes, req->allowed) ||
	    nodes_intersects(nodes, req->avoid) ||
	    !nodes_subset(req->required, nodes))
		return false;
	for (i = 0; i < b->plan.vcpus; i++)
		if (b->places[i].cpu != VCPUNUMA_NONE &&
		    !cpumask_test_cpu(b->places[i].cpu, allowed))
			return false;
	return booking_owns(b) || may_float_all(b, &nodes, allowed);
}

/** booking_adopt - what is reserved is another VM's from now on */
void booking_adopt(struct booking *b, u32 owner)
{
	mutex_lock(&ledger_lock);
	core_ledger_rename(&books, &b->plan, owner);
	mutex_unlock(&ledger_lock);
}

/** booking_release - what was reserved may be had by others */
void booking_release(struct booking *b)
{
	mutex_lock(&ledger_lock);
	if (!list_empty(&b->link)) {
		core_ledger_release(&books, &b->plan);
		count_reserved(&b->plan, -1);
		list_del_init(&b->link);
		sync_cpus();
		if (booking_owns(b))
			note_owned();
	}
	mutex_unlock(&ledger_lock);
}

/** booking_owns - does the VM own CPUs, rather than share them? */
bool booking_owns(const struct booking *b)
{
	return b->plan.cpu_policy != CORE_SHARED;
}

/* Take from the set what the VM owns itself. */
static void leave_own(const struct booking *own, struct cpumask *cpus)
{
	u32 i;

	lockdep_assert_held(&ledger_lock);
	for (i = 0; i < host->topo.nr_cpus; i++)
		if (core_cpu_owner(&books, i) == own->plan.owner)
			cpumask_clear_cpu(host->topo.cpu[i].id, cpus);
}

/**
 * booking_foreign - CPUs that other VMs own
 * @own: what the VM itself has reserved, or NULL
 * @cpus: filled
 */
void booking_foreign(const struct booking *own, struct cpumask *cpus)
{
	mutex_lock(&ledger_lock);
	cpumask_copy(cpus, owned);
	if (own && booking_owns(own))
		leave_own(own, cpus);
	mutex_unlock(&ledger_lock);
}

/** booking_total - bytes reserved, by a booking in force */
u64 booking_total(const struct booking *b)
{
	return b->asked.mem * BOOKING_UNIT;
}

/** booking_mem - bytes reserved on a node, by a booking in force */
u64 booking_mem(const struct booking *b, u32 node)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < b->plan.nr_chunks; i++)
		if (b->chunks[i].node == node)
			sum += b->chunks[i].mem;
	return sum;
}

/** booking_populate - that many bytes of what is reserved on a node are pages */
void booking_populate(u32 node, s64 bytes)
{
	atomic64_add(bytes, &populated[node]);
}

/* Bytes of a node that are reserved, and no pages yet; if that is negative, none. */
static s64 kept_on(u32 node)
{
	return atomic64_read(&reserved[node]) -
	       atomic64_read(&populated[node]);
}

/** booking_spare - bytes of a node, online, that a VM without a reservation may have */
u64 booking_spare(u32 node)
{
	s64 rest = node_mem(node).available - max_t(s64, kept_on(node), 0);

	return max_t(s64, rest, 0);
}

/**
 * booking_spares - may a VM without a reservation have that much of a node?
 * @node: the node, online
 * @bytes: what it wants to allocate now
 *
 * Return: false: it would be taken from what is reserved and not populated.
 */
bool booking_spares(u32 node, u64 bytes)
{
	s64 kept = kept_on(node);

	/* What is available is not asked for without need: it takes a while. */
	return kept <= 0 || node_mem(node).available >= kept + bytes;
}

static int books_alloc(struct books *copy)
{
	u32 nodes, cpus;

	*copy = (struct books) { .host = host_now() };
	nodes = copy->host->topo.nr_nodes;
	cpus = copy->host->topo.nr_cpus;
	copy->memory = kvmalloc(books_bytes(copy->host), GFP_KERNEL_ACCOUNT);
	copy->vcpus = kvcalloc(cpus, sizeof(*copy->vcpus), GFP_KERNEL_ACCOUNT);
	copy->mem = kvcalloc(nodes, sizeof(*copy->mem), GFP_KERNEL_ACCOUNT);
	copy->populated = kvcalloc(nodes, sizeof(*copy->populated),
				   GFP_KERNEL_ACCOUNT);
	copy->allocated = kvcalloc(nodes, sizeof(*copy->allocated),
				   GFP_KERNEL_ACCOUNT);
	if (copy->memory && copy->vcpus && copy->mem && copy->populated &&
	    copy->allocated)
		return 0;
	books_free(copy);
	return -ENOMEM;
}

/* false: the host has changed, start over. */
static bool books_fill(struct books *copy)
{
	u32 i;

	lockdep_assert_held(&ledger_lock);
	if (copy->host != host)
		return false;
	copy_books(&copy->ledger, copy->memory);
	for (i = 0; i < host->topo.nr_cpus; i++)
		copy->vcpus[i] = ledger_vcpus_on(host->topo.cpu[i].id);
	for (i = 0; i < host->topo.nr_nodes; i++) {
		u32 node = host->id[i];

		copy->mem[i] = mem_of(node);
		copy->populated[i] = atomic64_read(&populated[node]);
		copy->allocated[i] = atomic64_read(&allocated[node]);
	}
	return true;
}

/**
 * books_copy - copy all that is booked
 * @copy: filled; for books_free()
 *
 * Return: 0; -ENOMEM; -EINTR: a fatal signal.
 */
int books_copy(struct books *copy)
{
	bool filled = false;
	int err;

	while (!filled) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = books_alloc(copy);
		if (err)
			return err;
		mutex_lock(&ledger_lock);
		filled = books_fill(copy);
		mutex_unlock(&ledger_lock);
		if (!filled)
			books_free(copy);
	}
	return 0;
}

/** books_free - also of books that were all 0, and of none twice */
void books_free(struct books *copy)
{
	kvfree(copy->allocated);
	kvfree(copy->populated);
	kvfree(copy->mem);
	kvfree(copy->vcpus);
	kvfree(copy->memory);
	host_put(copy->host);
	*copy = (struct books) { 0 };
}

/** books_allocate - memory objects have that many bytes of pages more on a node */
void books_allocate(u32 node, s64 bytes)
{
	atomic64_add(bytes, &allocated[node]);
}

/* Books for @h, in which all that was booked is booked. */
static void *books_create(const struct host *h, struct core_ledger *ledger)
{
	struct booking *b;
	u32 *cpus, i;
	void *mem;

	mem = kvzalloc(books_bytes(h), GFP_KERNEL);
	cpus = kvcalloc(nr_cpu_ids, sizeof(*cpus), GFP_KERNEL);
	if (!mem || !cpus) {
		kvfree(cpus);
		kvfree(mem);
		return NULL;
	}
	core_ledger_init(ledger, mem, &h->topo);
	for (i = 0; i < h->topo.nr_cpus; i++)
		cpus[h->topo.cpu[i].id] = i;
	for (i = 0; i < h->topo.nr_nodes; i++) {
		ledger->node[i].overcommit = overcommit;
		/* What was booked stays booked. */
		ledger->node[i].mem_avail = CORE_MAX_MEM;
	}
	list_for_each_entry(b, &bookings, link) {
		number_plan(h, cpus, b);
		WARN_ON_ONCE(core_ledger_book(ledger, &b->plan));
	}
	ledger->generation = books.generation + 1;
	kvfree(cpus);
	return mem;
}

/* The host has something that it never had: the ledger is made anew. */
static int rebuild(void)
{
	struct core_ledger ledger;
	struct host *now;
	void *mem;

	now = host_create(host);
	if (IS_ERR(now))
		return PTR_ERR(now);
	mem = books_create(now, &ledger);
	if (!mem) {
		host_put(now);
		return -ENOMEM;
	}
	kvfree(books_mem);
	host_put(host);
	books_mem = mem;
	books = ledger;
	host = now;
	note_owned();
	return 0;
}

/** booking_update - CPUs or nodes have come or gone */
int booking_update(void)
{
	int err = 0;

	cpus_read_lock();
	mutex_lock(&ledger_lock);
	if (!host || !host_current(host))
		err = rebuild();
	if (!err) {
		sync_cpus();
		update_memory();
	}
	mutex_unlock(&ledger_lock);
	cpus_read_unlock();
	return err;
}

int __init booking_init(void)
{
	int err = -ENOMEM;

	overcommit = clamp(overcommit, 100U, 10000U);
	headroom = min(headroom, 100U);
	reserved = kvcalloc(nr_node_ids, sizeof(*reserved), GFP_KERNEL);
	populated = kvcalloc(nr_node_ids, sizeof(*populated), GFP_KERNEL);
	allocated = kvcalloc(nr_node_ids, sizeof(*allocated), GFP_KERNEL);
	if (reserved && populated && allocated &&
	    zalloc_cpumask_var(&owned, GFP_KERNEL))
		err = booking_update();
	if (err)
		booking_exit();
	return err;
}

void booking_exit(void)
{
	u32 node;

	WARN_ON_ONCE(!list_empty(&bookings));
	for (node = 0; allocated && node < nr_node_ids; node++)
		WARN_ON_ONCE(atomic64_read(&allocated[node]));
	kvfree(books_mem);
	host_put(host);
	free_cpumask_var(owned);
	kvfree(allocated);
	kvfree(populated);
	kvfree(reserved);
}
