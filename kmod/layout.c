// SPDX-License-Identifier: GPL-2.0
/*
 * Where the pages of a memory object are to come from: policies by range, as the
 * object was created with, and as mbind(2) changed them.
 *
 * Policies are never changed and never freed while their object lives, so who
 * allocates a page looks its policy up without a lock. For that there may be only
 * so many of them: those of mbind(2) that are alike are one.
 */
#include <linux/cpuset.h>
#include <linux/math64.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vcpunuma.h>

#include "cmd.h"
#include "layout.h"
#include "nodes.h"
#include "vcpu.h"
#include "vm.h"

/** mem_caller - the calling thread, as one for whom pages are allocated */
struct mem_caller mem_caller(void)
{
	return (struct mem_caller) {
		.local = numa_mem_id(),
		.allowed = cpuset_current_mems_allowed,
	};
}

static int check_node(u32 node)
{
	if (!node_valid(node) || !node_state(node, N_MEMORY))
		return -ENODEV;
	if (!node_isset(node, cpuset_current_mems_allowed))
		return -EPERM;
	return 0;
}

static struct mem_policy *policy_alloc(u32 nr_turns)
{
	struct mem_policy *p;

	p = kvzalloc(struct_size(p, turns, nr_turns), GFP_KERNEL_ACCOUNT);
	if (!p)
		return NULL;
	p->node = VCPUNUMA_NONE;
	p->room = S64_MAX;
	p->nr_turns = nr_turns;
	return p;
}

/* A policy that puts pages on one node, and nowhere else. */
static struct mem_policy *policy_strict(u32 node)
{
	struct mem_policy *p = policy_alloc(0);

	if (!p)
		return NULL;
	p->home = MEM_HOME_NODE;
	p->node = node;
	return p;
}

static int home_of_vcpu(struct vcpunuma_vm *vm, u32 vcpu, u32 *node)
{
	int err;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	err = vcpu_home_node(vm, vcpu, node);
	mutex_unlock(&vm->lock);
	return err;
}

/* The node of @node and @vcpu that a structure means, checked */
static int named_node(struct vcpunuma_vm *vm, bool by_vcpu, u32 node, u32 vcpu,
		      u32 *named)
{
	int err;

	if (by_vcpu ? node : vcpu)
		return -EINVAL;
	*named = node;
	if (by_vcpu) {
		err = home_of_vcpu(vm, vcpu, named);
		if (err)
			return err;
	}
	return check_node(*named);
}

/* Nodes with memory no farther from @node than @max, without it */
static nodemask_t nodes_within(u32 node, u32 max)
{
	nodemask_t nodes = NODE_MASK_NONE;
	u32 other;

	for_each_node_state(other, N_MEMORY)
		if (other != node && node_distance(node, other) <= max)
			node_set(other, nodes);
	return nodes;
}

/* Policy for a range that puts pages on a node first. */
static struct mem_policy *range_on_node(struct vcpunuma_vm *vm,
					const struct vcpunuma_mem_range *r)
{
	struct mem_policy *p;
	u64 local;
	u32 node;
	int err;

	if (r->nodes || r->nr_nodes || r->weight_size)
		return ERR_PTR(-EINVAL);
	if (r->policy != VCPUNUMA_MEM_BOUNDED &&
	    (r->min_local || r->max_distance))
		return ERR_PTR(-EINVAL);
	if (r->min_local > 100)
		return ERR_PTR(-EINVAL);
	err = named_node(vm, r->flags & VCPUNUMA_MEM_RANGE_VCPU, r->node,
			 r->vcpu, &node);
	if (err)
		return ERR_PTR(err);
	p = policy_strict(node);
	if (!p)
		return ERR_PTR(-ENOMEM);
	if (r->policy == VCPUNUMA_MEM_PREFERRED)
		nodes_setall(p->spill);
	if (r->policy == VCPUNUMA_MEM_BOUNDED) {
		local = mul_u64_u32_div(r->length, r->min_local, 100);
		p->room = r->length - local;
		p->spill = nodes_within(node, r->max_distance ?: U32_MAX);
	}
	return p;
}

static struct mem_policy *policy_local(void)
{
	struct mem_policy *p = policy_alloc(0);

	if (!p)
		return NULL;
	p->home = MEM_HOME_NEAR;
	nodes_setall(p->near);
	return p;
}

static struct mem_policy *range_local(const struct vcpunuma_mem_range *r)
{
	if (r->flags || r->node || r->vcpu || r->min_local || r->max_distance ||
	    r->nodes || r->nr_nodes || r->weight_size)
		return ERR_PTR(-EINVAL);
	return policy_local() ?: ERR_PTR(-ENOMEM);
}

static int get_turns(struct mem_policy *p, const struct cmd_array *a)
{
	nodemask_t seen = NODE_MASK_NONE;
	struct vcpunuma_node_weight w;
	u32 i, below = 0;
	int err;

	for (i = 0; i < p->nr_turns; i++) {
		err = cmd_array_get(a, i, &w, 1);
		if (err)
			return err;
		if (!w.weight || w.weight > VCPUNUMA_MAX_WEIGHT)
			return -EINVAL;
		err = check_node(w.node);
		if (err)
			return err;
		if (node_test_and_set(w.node, seen))
			return -EINVAL;
		below += w.weight;
		p->turns[i] = (struct mem_turn) { w.node, below };
	}
	return 0;
}

static struct mem_policy *range_interleave(const struct vcpunuma_mem_range *r)
{
	struct mem_policy *p;
	struct cmd_array a;
	int err;

	if (r->flags || r->node || r->vcpu || r->min_local || r->max_distance)
		return ERR_PTR(-EINVAL);
	if (!r->nr_nodes || r->nr_nodes > VCPUNUMA_MAX_NODE_BITS)
		return ERR_PTR(-EINVAL);
	err = cmd_array_init(&a, r->nodes, r->nr_nodes, r->weight_size,
			     sizeof(struct vcpunuma_node_weight),
			     offsetofend(struct vcpunuma_node_weight, weight));
	if (err)
		return ERR_PTR(err);
	p = policy_alloc(r->nr_nodes);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->home = MEM_HOME_TURN;
	err = get_turns(p, &a);
	if (err) {
		kvfree(p);
		return ERR_PTR(err);
	}
	return p;
}

static struct mem_policy *range_policy(struct vcpunuma_vm *vm,
				       const struct vcpunuma_mem_range *r)
{
	if (r->flags & ~VCPUNUMA_MEM_RANGE_VCPU)
		return ERR_PTR(-EOPNOTSUPP);
	switch (r->policy) {
	case VCPUNUMA_MEM_STRICT:
	case VCPUNUMA_MEM_PREFERRED:
	case VCPUNUMA_MEM_BOUNDED:
		return range_on_node(vm, r);
	case VCPUNUMA_MEM_INTERLEAVE:
		return range_interleave(r);
	case VCPUNUMA_MEM_LOCAL:
		return range_local(r);
	}
	return ERR_PTR(-EINVAL);
}

static bool may_spill(const struct mem_policy *p)
{
	return !nodes_empty(p->near) || !nodes_empty(p->spill);
}

/* The next range of the object, which begins at page @first. */
static int append(struct layout *l, struct mem_policy *p, pgoff_t first,
		  u64 length)
{
	if (IS_ERR(p))
		return PTR_ERR(p);
	p->first = first;
	p->end = first + (length >> PAGE_SHIFT);
	p->spills = may_spill(p);
	l->ranges[l->nr_ranges++] = p;
	return 0;
}

static int get_ranges(struct layout *l, struct vcpunuma_vm *vm,
		      const struct cmd_array *a, u64 length)
{
	struct vcpunuma_mem_range r;
	u64 done = 0;
	int err;
	u32 i;

	for (i = 0; i < a->room; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = cmd_array_get(a, i, &r, 1);
		if (err)
			return err;
		if (!r.length || r.length > length - done ||
		    r.length & (BIT_ULL(l->shift) - 1))
			return -EINVAL;
		err = append(l, range_policy(vm, &r), done >> PAGE_SHIFT,
			     r.length);
		if (err)
			return err;
		done += r.length;
	}
	return done == length ? 0 : -EINVAL;
}

/**
 * layout_setup - a layout without ranges yet
 * @l: the layout, for layout_free()
 * @shift: log2 of the size of the object's pages
 */
void layout_setup(struct layout *l, unsigned int shift)
{
	l->shift = shift;
	INIT_LIST_HEAD(&l->made);
	mutex_init(&l->lock);
	nodes_setall(l->allowed);
}

static int init_ranges(struct layout *l, struct vcpunuma_vm *vm,
		       const struct vcpunuma_cmd_mem_create *cmd)
{
	struct cmd_array a;
	int err;

	if (cmd->flags & VCPUNUMA_MEM_VCPU || cmd->node || cmd->vcpu)
		return -EINVAL;
	err = cmd_array_init(&a, cmd->ranges, cmd->nr_ranges, cmd->range_size,
			     sizeof(struct vcpunuma_mem_range),
			     offsetofend(struct vcpunuma_mem_range,
					 weight_size));
	return err ?: get_ranges(l, vm, &a, cmd->length);
}

static int init_node(struct layout *l, struct vcpunuma_vm *vm,
		     const struct vcpunuma_cmd_mem_create *cmd)
{
	u32 node;
	int err;

	if (cmd->ranges || cmd->range_size)
		return -EINVAL;
	err = named_node(vm, cmd->flags & VCPUNUMA_MEM_VCPU, cmd->node,
			 cmd->vcpu, &node);
	if (err)
		return err;
	return append(l, policy_strict(node) ?: ERR_PTR(-ENOMEM), 0,
		      cmd->length);
}

/**
 * layout_init - the ranges that a command asks for
 * @l: the layout, set up
 * @vm: whose vCPUs may be named
 * @cmd: the command; its length has been checked
 *
 * Return: 0, or an errno of VCPUNUMA_MEM_CREATE.
 */
int layout_init(struct layout *l, struct vcpunuma_vm *vm,
		const struct vcpunuma_cmd_mem_create *cmd)
{
	if (cmd->nr_ranges > VCPUNUMA_MAX_RANGES)
		return -EINVAL;
	l->ranges = kvcalloc(cmd->nr_ranges ?: 1, sizeof(*l->ranges),
			     GFP_KERNEL_ACCOUNT);
	if (!l->ranges)
		return -ENOMEM;
	return cmd->nr_ranges ? init_ranges(l, vm, cmd) :
	       init_node(l, vm, cmd);
}

/** layout_init_local - one range, near to who touches it */
int layout_init_local(struct layout *l, u64 length)
{
	l->ranges = kvcalloc(1, sizeof(*l->ranges), GFP_KERNEL_ACCOUNT);
	if (!l->ranges)
		return -ENOMEM;
	return append(l, policy_local() ?: ERR_PTR(-ENOMEM), 0, length);
}

void layout_free(struct layout *l)
{
	struct mem_policy *p, *next;
	u32 i;

	kvfree(rcu_dereference_protected(l->parts, true));
	list_for_each_entry_safe(p, next, &l->made, link)
		kvfree(p);
	for (i = 0; i < l->nr_ranges; i++)
		kvfree(l->ranges[i]);
	kvfree(l->ranges);
	mutex_destroy(&l->lock);
}

/** layout_created - the policy an object was created with, for a page within it */
struct mem_policy *layout_created(const struct layout *l, pgoff_t page)
{
	u32 low = 0, high = l->nr_ranges - 1, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (page < l->ranges[mid]->end)
			high = mid;
		else
			low = mid + 1;
	}
	return l->ranges[low];
}

/* What mbind(2) made of a page, or NULL */
static struct mem_policy *part_policy(const struct mem_parts *parts,
				      pgoff_t page)
{
	u32 low = 0, high = parts->nr - 1, mid;

	/* The first part that ends after it, or the last of all */
	while (low < high) {
		mid = (low + high) / 2;
		if (page < parts->part[mid].end)
			high = mid;
		else
			low = mid + 1;
	}
	return page >= parts->part[low].first && page < parts->part[low].end ?
	       parts->part[low].policy : NULL;
}

/**
 * layout_at - the policy for a page
 * @l: the layout
 * @page: its number in units of PAGE_SIZE, within the object
 * @mbind: did mbind(2) make it?
 */
struct mem_policy *layout_at(const struct layout *l, pgoff_t page, bool *mbind)
{
	const struct mem_parts *parts;
	struct mem_policy *p = NULL;

	rcu_read_lock();
	parts = rcu_dereference(l->parts);
	if (parts)
		p = part_policy(parts, page);
	rcu_read_unlock();
	*mbind = p;
	return p ?: layout_created(l, page);
}

static struct mem_policy *interleaved(const nodemask_t *nodes)
{
	struct mem_policy *p = policy_alloc(nodes_weight(*nodes));
	u32 node, i = 0;

	if (!p)
		return NULL;
	p->home = MEM_HOME_TURN;
	for_each_node_mask(node, *nodes) {
		p->turns[i] = (struct mem_turn) { node, i + 1 };
		i++;
	}
	/* A program that asked the kernel for it is used to that. */
	nodes_setall(p->spill);
	return p;
}

/* What a policy of mbind(2) is here; NULL: no memory */
static struct mem_policy *from_mempolicy(const struct mempolicy *policy)
{
	struct mem_policy *p;

	switch (policy->mode) {
	case MPOL_BIND:
		if (nodes_weight(policy->nodes) == 1)
			return policy_strict(first_node(policy->nodes));
		p = policy_local();
		if (p)
			p->near = policy->nodes;
		return p;
	case MPOL_PREFERRED:
		p = policy_strict(first_node(policy->nodes));
		if (p)
			nodes_setall(p->spill);
		return p;
	case MPOL_PREFERRED_MANY:
		p = policy_local();
		if (p) {
			p->near = policy->nodes;
			nodes_setall(p->spill);
		}
		return p;
	case MPOL_LOCAL:
		return policy_local();
	default:
		return interleaved(&policy->nodes);
	}
}

/** layout_is - does a policy that mbind(2) made say the same as @policy? */
bool layout_is(const struct mem_policy *p, const struct mempolicy *policy)
{
	return p->mode == policy->mode && nodes_equal(p->asked, policy->nodes);
}

/* The policy that there is for what mbind(2) asked for, or a new one. */
static struct mem_policy *intern(struct layout *l,
				 const struct mempolicy *policy)
{
	struct mem_policy *p;

	lockdep_assert_held(&l->lock);
	list_for_each_entry(p, &l->made, link)
		if (layout_is(p, policy))
			return p;
	if (l->nr_made >= LAYOUT_MAX_MBINDS)
		return NULL;
	p = from_mempolicy(policy);
	if (!p)
		return NULL;
	p->mode = policy->mode;
	p->asked = policy->nodes;
	p->spills = may_spill(p);
	list_add(&p->link, &l->made);
	l->nr_made++;
	return p;
}

/* What is next in order; neighbours that are alike become one. */
static void add_part(struct mem_parts *parts, pgoff_t first, pgoff_t end,
		     struct mem_policy *p)
{
	struct mem_part *last = &parts->part[parts->nr];

	if (!p || first >= end)
		return;
	if (parts->nr && last[-1].end == first && last[-1].policy == p) {
		last[-1].end = end;
		return;
	}
	*last = (struct mem_part) { first, end, p };
	parts->nr++;
}

/* @old, in which pages from @first to @end now have @p */
static void change_parts(struct mem_parts *parts, const struct mem_parts *old,
			 pgoff_t first, pgoff_t end, struct mem_policy *p)
{
	const struct mem_part *part;
	u32 i, nr = old ? old->nr : 0;

	for (i = 0; i < nr && old->part[i].first < first; i++) {
		part = &old->part[i];
		add_part(parts, part->first, min(part->end, first),
			 part->policy);
	}
	add_part(parts, first, end, p);
	/* The last of those may go on after it. */
	for (i = i ? i - 1 : 0; i < nr; i++) {
		part = &old->part[i];
		add_part(parts, max(part->first, end), part->end, part->policy);
	}
}

/* Pages from @first to @end have @p from now on; NULL: that of creation */
static int set_parts(struct layout *l, pgoff_t first, pgoff_t end,
		     struct mem_policy *p)
{
	struct mem_parts *parts, *old;

	old = rcu_dereference_protected(l->parts, lockdep_is_held(&l->lock));
	parts = kvmalloc(struct_size(parts, part, (old ? old->nr : 0) + 2),
			 GFP_KERNEL_ACCOUNT);
	if (!parts)
		return -ENOMEM;
	parts->nr = 0;
	change_parts(parts, old, first, end, p);
	if (parts->nr > LAYOUT_MAX_PARTS) {
		kvfree(parts);
		return -ENOMEM;
	}
	if (!parts->nr) {
		kvfree(parts);
		parts = NULL;
	}
	rcu_assign_pointer(l->parts, parts);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/**
 * layout_mbind - mbind(2) has been called
 * @l: the layout
 * @first: first page in units of PAGE_SIZE
 * @end: page after the last; what is beyond the object does not matter
 * @policy: the policy; NULL: that of creation
 *
 * Return: 0; -EACCES: it names nodes the VM may not have; -ENOMEM: also if that
 * would be too many policies or parts.
 */
int layout_mbind(struct layout *l, pgoff_t first, pgoff_t end,
		 const struct mempolicy *policy)
{
	struct mem_policy *p = NULL;
	int err = -ENOMEM;

	mutex_lock(&l->lock);
	if (policy && !nodes_subset(policy->nodes, l->allowed)) {
		mutex_unlock(&l->lock);
		return -EACCES;
	}
	if (policy)
		p = intern(l, policy);
	if (p || !policy)
		err = set_parts(l, first, end, p);
	mutex_unlock(&l->lock);
	return err;
}

/*
 * The node of @from that is nearest to @node, and allowed; VCPUNUMA_NONE: there
 * is none.
 */
static u32 nearest(const struct layout *l, const nodemask_t *from, u32 node,
		   const struct mem_caller *who, const nodemask_t *tried)
{
	u32 other, best = VCPUNUMA_NONE;

	/* As a rule it is itself. */
	if (node_isset(node, *from) && node_isset(node, l->allowed) &&
	    node_isset(node, who->allowed) && !node_isset(node, *tried) &&
	    node_state(node, N_MEMORY))
		return node;
	for_each_node_state(other, N_MEMORY) {
		if (!node_isset(other, *from) || node_isset(other, *tried) ||
		    !node_isset(other, l->allowed) ||
		    !node_isset(other, who->allowed))
			continue;
		if (best == VCPUNUMA_NONE ||
		    node_distance(node, other) < node_distance(node, best))
			best = other;
	}
	return best;
}

static u32 turn_of(const struct layout *l, const struct mem_policy *p,
		   pgoff_t page)
{
	u32 low = 0, high = p->nr_turns - 1, mid, turn;
	u64 nr = (page - p->first) >> (l->shift - PAGE_SHIFT);

	turn = do_div(nr, p->turns[p->nr_turns - 1].below);
	while (low < high) {
		mid = (low + high) / 2;
		if (turn < p->turns[mid].below)
			high = mid;
		else
			low = mid + 1;
	}
	return p->turns[low].node;
}

/**
 * layout_home - the node a page is wanted on first
 * @l: the layout
 * @p: the page's policy
 * @page: its number in units of PAGE_SIZE
 * @who: for whom it is
 *
 * Return: the node, or VCPUNUMA_NONE: the caller may have none of them. The
 * caller may have to be kept from the node otherwise.
 */
u32 layout_home(const struct layout *l, const struct mem_policy *p,
		pgoff_t page, const struct mem_caller *who)
{
	static const nodemask_t none = NODE_MASK_NONE;
	u32 node;

	switch (p->home) {
	case MEM_HOME_NODE:
		return p->node;
	case MEM_HOME_TURN:
		return turn_of(l, p, page);
	case MEM_HOME_NEAR:
		break;
	}
	node = nearest(l, &p->near, who->local, who, &none);
	/* Not there, hence elsewhere: as with a given node that is forbidden. */
	if (node == VCPUNUMA_NONE && !nodes_empty(p->spill))
		node = first_node(p->near);
	return node;
}

/**
 * layout_alike - how many pages have the same policy and home
 * @l: the layout
 * @p: the policy of the first
 * @mbind: was it made by mbind(2)?
 * @page: its number in units of PAGE_SIZE
 *
 * Return: that many at least, from this one on; if that is not easily told, 1.
 */
pgoff_t layout_alike(const struct layout *l, const struct mem_policy *p,
		     bool mbind, pgoff_t page)
{
	if (mbind || p->home == MEM_HOME_TURN || rcu_access_pointer(l->parts))
		return 1;
	return p->end - page;
}

/**
 * layout_next - the node to try when others had no page
 * @l: the layout
 * @p: the page's policy
 * @home: what layout_home() said
 * @who: for whom it is
 * @tried: those that were tried; the answer is added
 *
 * Return: the node, or VCPUNUMA_NONE: there are no more.
 */
u32 layout_next(const struct layout *l, const struct mem_policy *p, u32 home,
		const struct mem_caller *who, nodemask_t *tried)
{
	u32 node = nearest(l, &p->near, home, who, tried);

	if (node == VCPUNUMA_NONE)
		node = nearest(l, &p->spill, home, who, tried);
	if (node != VCPUNUMA_NONE)
		node_set(node, *tried);
	return node;
}

/** layout_restrict - from now on pages come from these nodes only */
void layout_restrict(struct layout *l, const nodemask_t *nodes)
{
	mutex_lock(&l->lock);
	nodes_and(l->allowed, l->allowed, *nodes);
	mutex_unlock(&l->lock);
}
