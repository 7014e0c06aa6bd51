// SPDX-License-Identifier: GPL-2.0
/*
 * What is booked on the host and what is left: made from a copy of the books,
 * so that nothing is locked meanwhile.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "balance.h"
#include "booking.h"
#include "cmd.h"
#include "host.h"
#include "pool.h"
#include "vm.h"

/* Do vCPUs of reservations float over the CPUs of the pool that @i is in? */
static bool floated_over(const struct books *books, u32 i)
{
	const struct core_topo_cpu *cpu = &books->host->topo.cpu[i];
	const struct core_node_state *node = &books->ledger.node[cpu->node];

	return node->shared > node->cpus.bound ||
	       books->ledger.group[cpu->group].bound;
}

static u32 state_of(const struct books *books, u32 i)
{
	u32 who = books->ledger.owner[i];

	if (who == CORE_OWNER_HOST ||
	    !cpu_online(books->host->topo.cpu[i].id))
		return VCPUNUMA_LEDGER_OFFLINE;
	if (!who)
		return floated_over(books, i) ? VCPUNUMA_LEDGER_SHARED :
						VCPUNUMA_LEDGER_FREE;
	return who & CORE_BLOCKED ? VCPUNUMA_LEDGER_BLOCKED :
				    VCPUNUMA_LEDGER_OWNED;
}

/* The lowest id of CPUs that follow each other */
static u32 lowest_id(const struct core_topology *topo, u32 first, u32 nr)
{
	u32 i, lowest = topo->cpu[first].id;

	for (i = first; i < first + nr; i++)
		lowest = min(lowest, topo->cpu[i].id);
	return lowest;
}

static struct vcpunuma_ledger_cpu cpu_of(const struct books *books, u32 i)
{
	const struct core_topology *topo = &books->host->topo;
	const struct core_topo_cpu *cpu = &topo->cpu[i];
	const struct core_topo_core *core = &topo->core[cpu->core];
	const struct core_topo_group *group = &topo->group[cpu->group];

	return (struct vcpunuma_ledger_cpu) {
		.cpu = cpu->id,
		.node = books->host->id[cpu->node],
		.core = lowest_id(topo, core->cpu, core->nr_cpus),
		.llc = lowest_id(topo, group->cpu, group->nr_cpus),
		.state = state_of(books, i),
		.owner = core_cpu_owner(&books->ledger, i) ?: VCPUNUMA_NONE,
		.nr_unreserved = books->vcpus[i],
	};
}

static struct vcpunuma_ledger_node node_of(const struct books *books, u32 i)
{
	const struct core_node_state *state = &books->ledger.node[i];
	const struct node_mem *mem = &books->mem[i];
	u32 node = books->host->id[i];
	u64 ours = books->allocated[i];
	u64 known = mem->free + ours + pool_bytes(node);

	return (struct vcpunuma_ledger_node) {
		.node = node,
		.nr_shared = state->shared,
		.max_shared = div_u64((u64)state->cpus.pool * state->overcommit,
				      100),
		.mem_total = mem->total,
		.mem_free = mem->free,
		.mem_available = mem->available,
		.mem_reserved = state->mem_booked * BOOKING_UNIT,
		.mem_populated = books->populated[i],
		.mem_allocated = ours,
		.mem_others = mem->total - min(mem->total, known),
		.mem_headroom = books_headroom(mem->total),
		.mem_room = core_mem_free(state) * BOOKING_UNIT,
	};
}

static void count_cpu(struct vcpunuma_ledger_node *node,
		      const struct vcpunuma_ledger_cpu *cpu)
{
	node->nr_cpus += cpu->state != VCPUNUMA_LEDGER_OFFLINE;
	node->nr_owned += cpu->state == VCPUNUMA_LEDGER_OWNED;
	node->nr_blocked += cpu->state == VCPUNUMA_LEDGER_BLOCKED;
	node->nr_unreserved += cpu->nr_unreserved;
}

/* CPUs into the order of their ids, which are all below nr_cpu_ids */
static void fill_cpus(struct balance *b, const struct books *books)
{
	u32 i, nr = books->host->topo.nr_cpus, to = 0;

	for (i = 0; i < nr_cpu_ids; i++)
		b->cpus[i].node = VCPUNUMA_NONE;
	for (i = 0; i < nr; i++)
		b->cpus[books->host->topo.cpu[i].id] = cpu_of(books, i);
	for (i = 0; i < nr_cpu_ids; i++)
		if (b->cpus[i].node != VCPUNUMA_NONE)
			b->cpus[to++] = b->cpus[i];
	b->nr_cpus = to;
}

static void fill(struct balance *b, const struct books *books)
{
	u32 i;

	b->generation = books->ledger.generation;
	b->nr_nodes = books->host->topo.nr_nodes;
	for (i = 0; i < b->nr_nodes; i++)
		b->nodes[i] = node_of(books, i);
	fill_cpus(b, books);
	for (i = 0; i < b->nr_cpus; i++)
		count_cpu(&b->nodes[books->host->number[b->cpus[i].node]],
			  &b->cpus[i]);
}

/**
 * balance_take - see what is booked
 * @b: filled; for balance_free()
 *
 * Return: 0; -ENOMEM; -EINTR: a fatal signal.
 */
int balance_take(struct balance *b)
{
	struct books books;
	int err;

	*b = (struct balance) { 0 };
	err = books_copy(&books);
	if (err)
		return err;
	b->nodes = kvcalloc(books.host->topo.nr_nodes, sizeof(*b->nodes),
			    GFP_KERNEL_ACCOUNT);
	b->cpus = kvcalloc(nr_cpu_ids, sizeof(*b->cpus), GFP_KERNEL_ACCOUNT);
	if (b->nodes && b->cpus)
		fill(b, &books);
	else
		err = -ENOMEM;
	books_free(&books);
	if (err)
		balance_free(b);
	return err;
}

/** balance_free - also of one that is all 0 */
void balance_free(struct balance *b)
{
	kvfree(b->cpus);
	kvfree(b->nodes);
	*b = (struct balance) { 0 };
}

static bool may_know(u32 id)
{
	struct vcpunuma_vm *vm = vm_find(id);

	if (vm)
		vm_put(vm);
	return vm;
}

/* Owners that the caller may not know of become none, as those that have ended. */
static void hide_owners(struct balance *b)
{
	u32 i, last = VCPUNUMA_NONE;
	bool known = false;

	if (capable(CAP_SYS_NICE))
		return;
	for (i = 0; i < b->nr_cpus; i++) {
		u32 *owner = &b->cpus[i].owner;

		if (*owner == VCPUNUMA_NONE)
			continue;
		if (*owner != last) {
			last = *owner;
			known = may_know(last);
		}
		if (!known)
			*owner = VCPUNUMA_NONE;
	}
}

int balance_cmd_ledger(struct cmd_call *call, union cmd_buffer *buf)
{
	struct vcpunuma_cmd_ledger *cmd = &buf->ledger;
	struct cmd_array nodes, cpus;
	struct balance b;
	int err;

	err = cmd_array_init(&nodes, cmd->nodes, cmd->nr_nodes, cmd->node_size,
			     sizeof(struct vcpunuma_ledger_node),
			     offsetofend(struct vcpunuma_ledger_node, mem_room));
	if (err)
		return err;
	err = cmd_array_init(&cpus, cmd->cpus, cmd->nr_cpus, cmd->cpu_size,
			     sizeof(struct vcpunuma_ledger_cpu),
			     offsetofend(struct vcpunuma_ledger_cpu, __reserved));
	if (err)
		return err;
	err = balance_take(&b);
	if (err)
		return err;
	hide_owners(&b);
	cmd->out_generation = b.generation;
	cmd->nr_nodes = b.nr_nodes;
	cmd->nr_cpus = b.nr_cpus;
	if (!cmd_array_fits(&nodes, b.nr_nodes) ||
	    !cmd_array_fits(&cpus, b.nr_cpus))
		err = -EMSGSIZE;
	if (!err)
		err = cmd_array_put(&nodes, 0, b.nodes, b.nr_nodes);
	if (!err)
		err = cmd_array_put(&cpus, 0, b.cpus, b.nr_cpus);
	balance_free(&b);
	return err;
}
