/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the pages of a memory object are to come from.
 */
#ifndef VCPUNUMA_LAYOUT_H
#define VCPUNUMA_LAYOUT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct mempolicy;
struct vcpunuma_cmd_mem_create;
struct vcpunuma_vm;

/**
 * struct mem_caller - for whom a page is allocated
 * @local: node it is near to
 * @allowed: nodes its cpuset allows
 */
struct mem_caller {
	u32 local;
	nodemask_t allowed;
};

struct mem_caller mem_caller(void);

/**
 * enum mem_home - which node is tried first
 * @MEM_HOME_NODE: a given one
 * @MEM_HOME_NEAR: the one nearest to the caller
 * @MEM_HOME_TURN: each in its turn
 */
enum mem_home {
	MEM_HOME_NODE,
	MEM_HOME_NEAR,
	MEM_HOME_TURN,
};

/**
 * struct mem_turn - a node that pages are dealt to
 * @node: the node
 * @below: it gets the pages of a cycle that come before this one, if no node
 *	before it does
 */
struct mem_turn {
	u32 node;
	u32 below;
};

/**
 * struct mem_policy - where the pages of a range are to come from
 * @link: in the list of those that mbind(2) made
 * @mode: what mbind(2) was called with
 * @asked: and for which nodes
 * @first: page in units of PAGE_SIZE, from which turns are counted
 * @end: end of the range, likewise; not of use if mbind(2) made it
 * @home: which node is tried first
 * @node: with MEM_HOME_NODE
 * @near: with MEM_HOME_NEAR: one of these; and before any of @spill these
 * @spill: nodes that are tried next, nearest first
 * @spills: is there another node to be tried at all?
 * @room: bytes that may be on other nodes than the first
 * @remote: bytes that are
 * @nr_turns: with MEM_HOME_TURN: elements of @turns
 * @turns: the nodes
 *
 * Constant but for @remote, and there as long as its object.
 */
struct mem_policy {
	struct list_head link;
	unsigned short mode;
	nodemask_t asked;
	pgoff_t first;
	pgoff_t end;
	enum mem_home home;
	u32 node;
	nodemask_t near;
	nodemask_t spill;
	bool spills;
	s64 room;
	atomic64_t remote;
	u32 nr_turns;
	struct mem_turn turns[];
};

/* Policies that mbind(2) may make for one object, and parts that have one. */
#define LAYOUT_MAX_MBINDS	64
#define LAYOUT_MAX_PARTS	4096

/**
 * struct mem_part - a part of an object that mbind(2) gave a policy
 * @first: first page in units of PAGE_SIZE
 * @end: page after the last, likewise
 * @policy: the policy
 */
struct mem_part {
	pgoff_t first;
	pgoff_t end;
	struct mem_policy *policy;
};

/**
 * struct mem_parts - all parts of an object that mbind(2) gave a policy
 * @rcu: for when others take its place
 * @nr: elements of @part
 * @part: the parts in order
 *
 * Never changed, so that nobody who looks a page up needs a lock.
 */
struct mem_parts {
	struct rcu_head rcu;
	u32 nr;
	struct mem_part part[];
};

/**
 * struct layout - where the pages of an object are to come from
 * @shift: log2 of their size
 * @ranges: what it was created with, in order
 * @nr_ranges: elements of @ranges
 * @parts: what mbind(2) made of it, or NULL: nothing
 * @made: all policies that mbind(2) has made
 * @nr_made: how many
 * @lock: guards @made and changes of @parts; a leaf but for allocation
 * @allowed: nodes its VM may have
 */
struct layout {
	unsigned int shift;
	struct mem_policy **ranges;
	u32 nr_ranges;
	struct mem_parts __rcu *parts;
	struct list_head made;
	u32 nr_made;
	struct mutex lock;	/* guards what mbind(2) made */
	nodemask_t allowed;
};

void layout_setup(struct layout *l, unsigned int shift);
int layout_init(struct layout *l, struct vcpunuma_vm *vm,
		const struct vcpunuma_cmd_mem_create *cmd);
int layout_init_local(struct layout *l, u64 length);
void layout_free(struct layout *l);

struct mem_policy *layout_at(const struct layout *l, pgoff_t page, bool *mbind);
struct mem_policy *layout_created(const struct layout *l, pgoff_t page);
int layout_mbind(struct layout *l, pgoff_t first, pgoff_t end,
		 const struct mempolicy *policy);

bool layout_is(const struct mem_policy *p, const struct mempolicy *policy);

u32 layout_home(const struct layout *l, const struct mem_policy *p,
		pgoff_t page, const struct mem_caller *who);
pgoff_t layout_alike(const struct layout *l, const struct mem_policy *p,
		     bool mbind, pgoff_t page);
u32 layout_next(const struct layout *l, const struct mem_policy *p, u32 home,
		const struct mem_caller *who, nodemask_t *tried);
void layout_restrict(struct layout *l, const nodemask_t *nodes);

/* demand.c */
bool layout_demand(const struct layout *l, u64 *by_node);
void layout_homes(struct layout *l, pgoff_t first, pgoff_t end,
		  const struct mem_caller *who, nodemask_t *homes);
bool layout_bounded(const struct layout *l);
bool layout_holds(const struct layout *l, const struct mem_caller *who,
		  u64 *has);
void layout_add_nodes(struct layout *l, nodemask_t *nodes);
u32 layout_sole(const struct layout *l);

#endif /* VCPUNUMA_LAYOUT_H */
