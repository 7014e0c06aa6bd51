// SPDX-License-Identifier: GPL-2.0
/*
 * What is remembered of decisions: VCPUNUMA_EXPLAIN.
 */
#include <kselftest_harness.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>

#include <linux/capability.h>

#include "lib.h"

#define DEBUGFS		"/sys/kernel/debug"
#define REPORT		DEBUGFS "/vcpunuma/report"
#define MAX_NODES	64
#define MAX_CANDIDATES	64

struct told {
	struct vcpunuma_cmd_explain cmd;
	struct vcpunuma_explain_node node[MAX_NODES];
	struct vcpunuma_candidate candidate[MAX_CANDIDATES];
};

static int ask(int fd, unsigned int vm, unsigned int flags, struct told *t)
{
	memset(t, 0, sizeof(*t));
	return __vn_explain(fd, vm, flags, &t->cmd, t->node, MAX_NODES,
			    t->candidate, MAX_CANDIDATES);
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static __u64 generation(int fd)
{
	struct vcpunuma_cmd_ledger cmd;

	return __vn_ledger(fd, &cmd, NULL, 0, NULL, 0) ? 0 : cmd.out_generation;
}

FIXTURE(explain) {
	int vm;
	int other;
	struct told t;
	struct vcpunuma_place place[16];
	struct vcpunuma_chunk chunk[16];
};

FIXTURE_SETUP(explain)
{
	self->vm = vn_open();
	self->other = vn_open();
}

FIXTURE_TEARDOWN(explain)
{
	close(self->other);
	close(self->vm);
}

#define __reserve(fd, cmd) \
	__vn_reserve(fd, cmd, self->place, 16, self->chunk, 16)
#define reserve(fd, cmd)	ASSERT_EQ(0, __reserve(fd, cmd))
#define explain(fd)		ASSERT_EQ(0, ask(fd, 0, 0, &self->t))

TEST_F(explain, nothing_yet)
{
	static const struct vcpunuma_cmd_explain none;
	struct vcpunuma_cmd_explain *cmd = &self->t.cmd;

	explain(self->vm);
	EXPECT_LT(0, cmd->out_vm);
	EXPECT_EQ(getpid(), cmd->out_pid);
	EXPECT_EQ(VCPUNUMA_OUTCOME_NONE, cmd->out_outcome);
	EXPECT_EQ(0, cmd->nr_nodes + cmd->nr_candidates);
	EXPECT_EQ(0, memcmp(cmd->out_name, none.out_name,
			    offsetof(struct vcpunuma_cmd_explain, nodes) -
			    offsetof(struct vcpunuma_cmd_explain, out_name)));
}

TEST_F(explain, reserved)
{
	const struct vn_host *h = vn_host();
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_BEYOND,
		.nr_vcpus = 1,
		.nr_vnodes = 1,
		.mem = 4 * PAGE_2M,
		.policy = VCPUNUMA_SPREAD,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.min_local = 50,
		.max_nodes = 3,
		.name = "Xw9-explained",
	};
	__u64 before = now_ns(), made_on = generation(self->vm);
	unsigned int chosen = 0;

	reserve(self->vm, &cmd);
	explain(self->vm);
	EXPECT_EQ(VCPUNUMA_OUTCOME_RESERVED, e->out_outcome);
	EXPECT_STREQ("Xw9-explained", e->out_name);
	EXPECT_EQ(cmd.out_decision, e->out_decision);
	EXPECT_LE(before, e->out_time);
	EXPECT_GE(now_ns(), e->out_time);
	EXPECT_LE(made_on, e->out_generation);
	EXPECT_GT(generation(self->vm), e->out_generation);
	EXPECT_EQ(cmd.mem, e->out_mem);
	EXPECT_EQ(0, e->out_mem_short);
	EXPECT_EQ(VCPUNUMA_RESERVE_BEYOND, e->out_flags);
	EXPECT_EQ(1, e->out_nr_vcpus);
	EXPECT_EQ(1, e->out_nr_vnodes);
	EXPECT_EQ(VCPUNUMA_SPREAD, e->out_policy);
	EXPECT_EQ(VCPUNUMA_CPU_PREFER, e->out_cpu_policy);
	EXPECT_EQ(50, e->out_min_local);
	EXPECT_EQ(3, e->out_max_nodes);
	EXPECT_EQ(0, e->out_near);
	EXPECT_EQ(VCPUNUMA_NONE, e->out_near_node);
	EXPECT_LE(1, e->out_tries);
	EXPECT_LE(e->nr_candidates, e->out_considered);
	EXPECT_EQ(1, e->out_vnodes);
	EXPECT_EQ(10000, e->out_distance);
	EXPECT_EQ(100, e->out_local);
	EXPECT_EQ(VCPUNUMA_FITS, e->out_reason);
	EXPECT_EQ(VCPUNUMA_NONE, e->out_node);
	EXPECT_EQ(0, e->out_vcpus_short);

	ASSERT_EQ(vn_set_weight(&h->online), e->nr_nodes);
	for (unsigned int i = 0; i < e->nr_nodes; i++) {
		const struct vcpunuma_explain_node *n = &self->t.node[i];
		bool here = n->node == self->chunk[0].node;

		EXPECT_EQ(vn_set_nth(&h->online, i), n->node);
		EXPECT_EQ(VCPUNUMA_EXPLAIN_ALLOWED, n->flags);
		EXPECT_EQ(here ? 1 : 0, n->nr_vcpus);
		EXPECT_EQ(here ? cmd.mem : 0, n->mem);
	}
	ASSERT_LT(0, e->nr_candidates);
	for (unsigned int i = 0; i < e->nr_candidates; i++) {
		const struct vcpunuma_candidate *c = &self->t.candidate[i];

		chosen += c->verdict == VCPUNUMA_CHOSEN;
		if (c->nr_nodes && i)
			EXPECT_LE(self->t.candidate[i - 1].cost, c->cost);
	}
	EXPECT_EQ(1, chosen);
	EXPECT_EQ(VCPUNUMA_CHOSEN, self->t.candidate[0].verdict);
	EXPECT_EQ(self->chunk[0].node, self->t.candidate[0].node);

	vn_release(self->vm);
	explain(self->vm);
	EXPECT_EQ(VCPUNUMA_OUTCOME_RELEASED, e->out_outcome);
	EXPECT_EQ(cmd.out_decision, e->out_decision);
}

TEST_F(explain, dry_run)
{
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = {
		.flags = VCPUNUMA_RESERVE_DRY_RUN,
		.nr_vcpus = 1,
	};

	reserve(self->vm, &cmd);
	explain(self->vm);
	EXPECT_EQ(VCPUNUMA_OUTCOME_DRY_RUN, e->out_outcome);
	EXPECT_EQ(cmd.out_decision, e->out_decision);
	EXPECT_EQ(1, e->out_tries);
	EXPECT_EQ(VCPUNUMA_CHOSEN, self->t.candidate[0].verdict);
}

/* A refusal is remembered too, instead of what was before. */
TEST_F(explain, refused)
{
	const struct vn_host *h = vn_host();
	int all = vn_set_weight(&h->cpus);
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1 };

	reserve(self->vm, &cmd);
	vn_release(self->vm);
	cmd = (struct vcpunuma_cmd_reserve) {
		.nr_vcpus = all + 3,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.name = "too-large",
	};
	ASSERT_EQ(-ENOSPC, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	explain(self->vm);
	EXPECT_EQ(VCPUNUMA_OUTCOME_REFUSED, e->out_outcome);
	EXPECT_STREQ("too-large", e->out_name);
	EXPECT_EQ(cmd.out_decision, e->out_decision);
	EXPECT_EQ(VCPUNUMA_NO_CPUS, e->out_reason);
	EXPECT_EQ(cmd.out_node, e->out_node);
	EXPECT_EQ(3, e->out_vcpus_short);
	EXPECT_EQ(0, e->out_vnodes);
	for (unsigned int i = 0; i < e->nr_nodes; i++)
		EXPECT_EQ(0, self->t.node[i].nr_vcpus);
	ASSERT_LT(0, e->nr_candidates);
	for (unsigned int i = 0; i < e->nr_candidates; i++) {
		EXPECT_EQ(0, self->t.candidate[i].nr_nodes);
		EXPECT_EQ(VCPUNUMA_LACKS_CPUS, self->t.candidate[i].verdict);
		EXPECT_EQ(all + 3 - vn_set_weight(&h->node_cpus[self->t.candidate[i].node]),
			  self->t.candidate[i].vcpus_short);
		EXPECT_EQ(0, self->t.candidate[i].cost);
	}
}

/* What is not decided leaves what was. */
TEST_F(explain, not_decided)
{
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1 };
	__u64 decision;

	reserve(self->vm, &cmd);
	decision = cmd.out_decision;
	EXPECT_EQ(-EEXIST, __reserve(self->vm, &cmd));
	cmd.nr_vcpus = 0;
	EXPECT_EQ(-EINVAL, __reserve(self->vm, &cmd));
	explain(self->vm);
	EXPECT_EQ(decision, e->out_decision);
	EXPECT_EQ(VCPUNUMA_OUTCOME_RESERVED, e->out_outcome);
}

/* Sets of the request, by node */
TEST_F(explain, sets)
{
	const struct vn_host *h = vn_host();
	struct vn_set both = vn_set_and(&h->has_cpu, &h->has_memory);
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1, .mem = PAGE_2M };
	unsigned int theirs, mine;
	__u32 id;

	if (vn_set_weight(&both) < 2)
		SKIP(return, "there is one node to choose from");
	reserve(self->other, &cmd);
	theirs = self->chunk[0].node;
	explain(self->other);
	id = e->out_vm;

	cmd = (struct vcpunuma_cmd_reserve) {
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.apart = (uintptr_t)&id,
		.nr_apart = 1,
		.nodes = (uintptr_t)&both,
		.nr_node_bits = 64,
	};
	reserve(self->vm, &cmd);
	mine = self->chunk[0].node;
	explain(self->vm);
	for (unsigned int i = 0; i < e->nr_nodes; i++) {
		const struct vcpunuma_explain_node *n = &self->t.node[i];
		__u32 flags = n->node == theirs ? VCPUNUMA_EXPLAIN_APART : 0;

		if (vn_set_has(&both, n->node))
			flags |= VCPUNUMA_EXPLAIN_ALLOWED;
		EXPECT_EQ(flags, n->flags);
		EXPECT_EQ(n->node == mine ? 1 : 0, n->nr_vcpus);
	}
	for (unsigned int i = 0; i < e->nr_candidates; i++) {
		unsigned int node = self->t.candidate[i].node;

		EXPECT_EQ(node == theirs || !vn_set_has(&both, node),
			  self->t.candidate[i].verdict == VCPUNUMA_FORBIDDEN);
	}
	vn_release(self->vm);

	cmd = (struct vcpunuma_cmd_reserve) {
		.flags = VCPUNUMA_RESERVE_NEAR_NODE,
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.with = (uintptr_t)&id,
		.nr_with = 1,
		.near = theirs,
	};
	reserve(self->vm, &cmd);
	EXPECT_EQ(theirs, self->chunk[0].node);
	explain(self->vm);
	EXPECT_EQ(theirs, e->out_near);
	EXPECT_EQ(theirs, e->out_near_node);
	for (unsigned int i = 0; i < e->nr_nodes; i++)
		EXPECT_EQ(self->t.node[i].node == theirs,
			  !!(self->t.node[i].flags & VCPUNUMA_EXPLAIN_WITH));
	/* The parts of the cost add up, but for rounding. */
	for (unsigned int i = 0; i < e->nr_candidates; i++) {
		const struct vcpunuma_candidate *c = &self->t.candidate[i];
		__u32 sum = c->distance + c->left_cpus + c->left_mem + c->load +
			    c->near + c->llc + c->affinity;

		if (!c->nr_nodes)
			continue;
		EXPECT_LE(sum, c->cost);
		EXPECT_GE(sum + 8, c->cost);
		EXPECT_EQ(c->node == theirs, !c->affinity);
		EXPECT_EQ(c->node == theirs, !c->near);
	}
}

TEST_F(explain, several_nodes)
{
	const struct vn_host *h = vn_host();
	struct vn_set both = vn_set_and(&h->has_cpu, &h->has_memory);
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = vn_set_weight(&h->cpus),
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	unsigned int chosen = 0, vcpus = 0;

	if (vn_set_weight(&both) < 2)
		SKIP(return, "there is one node to choose from");
	ASSERT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	explain(self->vm);
	for (unsigned int i = 0; i < e->nr_candidates; i++) {
		const struct vcpunuma_candidate *c = &self->t.candidate[i];

		if (c->verdict != VCPUNUMA_CHOSEN)
			continue;
		EXPECT_LT(1, c->nr_nodes);
		chosen++;
	}
	EXPECT_EQ(1, chosen);
	for (unsigned int i = 0; i < e->nr_nodes; i++)
		vcpus += self->t.node[i].nr_vcpus;
	EXPECT_EQ(cmd.nr_vcpus, vcpus);
}

/* All VMs, one after the other; each once */
TEST_F(explain, walk)
{
	unsigned int vm, other, id, next = 0, seen = 0, last = 0;
	int err;

	explain(self->vm);
	vm = self->t.cmd.out_vm;
	explain(self->other);
	other = self->t.cmd.out_vm;
	EXPECT_NE(vm, other);
	while (!(err = ask(self->vm, next, VCPUNUMA_EXPLAIN_NEXT, &self->t))) {
		id = self->t.cmd.out_vm;
		ASSERT_LT(last, id);
		last = id;
		next = id + 1;
		seen += id == vm || id == other;
	}
	EXPECT_EQ(-ENOENT, err);
	EXPECT_EQ(2, seen);
	EXPECT_EQ(0, ask(self->vm, other, 0, &self->t));
	EXPECT_EQ(other, self->t.cmd.out_vm);
	close(self->other);
	EXPECT_EQ(-ENOENT, ask(self->vm, other, 0, &self->t));
	EXPECT_EQ(-ENOENT, ask(self->vm, ~0U, 0, &self->t));
	EXPECT_EQ(-ENOENT, ask(self->vm, ~0U, VCPUNUMA_EXPLAIN_NEXT, &self->t));
	self->other = vn_open();
}

static long child_ask(void *vm, int fd)
{
	static struct told t;

	(void)fd;
	return ask(vn_child_vm, (long)vm, 0, &t);
}

static long child_walk(void *vm, int fd)
{
	static struct told t;
	unsigned int next = 0, seen = 0;

	(void)fd;
	while (!ask(vn_child_vm, next, VCPUNUMA_EXPLAIN_NEXT, &t)) {
		next = t.cmd.out_vm + 1;
		seen += t.cmd.out_vm == (unsigned long)vm;
	}
	return seen;
}

TEST_F(explain, not_for_all)
{
	struct vn_caps none = { .uid = 0, .mask = 0 };
	struct vn_caps nobody = { .uid = VN_NOBODY, .mask = 0 };
	struct vn_caps nice = { .uid = VN_NOBODY, .mask = 1U << CAP_SYS_NICE };
	struct vn_caps *who[] = { &none, &nobody, &nice };
	int errors[] = { 0, -ENOENT, 0 };
	void *id;

	explain(self->vm);
	id = (void *)(long)self->t.cmd.out_vm;
	for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
		struct vn_child c;

		vn_child_start(&c);
		ASSERT_LE(0, vn_child_call(&c, vn_child_open, NULL, -1));
		ASSERT_EQ(0, vn_child_call(&c, vn_child_caps, who[i], -1));
		EXPECT_EQ(errors[i], vn_child_call(&c, child_ask, id, -1));
		EXPECT_EQ(!errors[i], vn_child_call(&c, child_walk, id, -1));
		/* One's own is always known, whoever opened it. */
		EXPECT_EQ(0, vn_child_call(&c, child_ask, NULL, -1));
		vn_child_stop(&c);
	}
}

TEST_F(explain, wrong_values)
{
	struct vcpunuma_cmd_explain cmd = {
		.size = sizeof(cmd),
		.flags = 2,
	};

	EXPECT_EQ(-EOPNOTSUPP, __vn_ioctl(self->vm, VCPUNUMA_EXPLAIN, &cmd));
	cmd.flags = 0;
	cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, __vn_ioctl(self->vm, VCPUNUMA_EXPLAIN, &cmd));
}

TEST_F(explain, too_little_room)
{
	struct vcpunuma_cmd_explain *e = &self->t.cmd;
	struct vcpunuma_cmd_reserve cmd = { .nr_vcpus = 1 };
	unsigned int nodes, candidates;

	reserve(self->vm, &cmd);
	EXPECT_EQ(0, __vn_explain(self->vm, 0, 0, e, NULL, 0, NULL, 0));
	nodes = e->nr_nodes;
	candidates = e->nr_candidates;
	EXPECT_EQ(vn_set_weight(&vn_host()->online), nodes);
	EXPECT_LT(0, candidates);
	EXPECT_EQ(0, __vn_explain(self->vm, 0, 0, e, self->t.node, nodes,
				  self->t.candidate, candidates));
	if (nodes > 1)
		EXPECT_EQ(-EMSGSIZE, __vn_explain(self->vm, 0, 0, e,
						  self->t.node, nodes - 1,
						  NULL, 0));
	if (candidates > 1)
		EXPECT_EQ(-EMSGSIZE, __vn_explain(self->vm, 0, 0, e, NULL, 0,
						  self->t.candidate,
						  candidates - 1));
	EXPECT_EQ(nodes, e->nr_nodes);
	EXPECT_EQ(candidates, e->nr_candidates);
	EXPECT_EQ(-EFAULT, __vn_explain(self->vm, 0, 0, e, (void *)16, nodes,
					NULL, 0));
}

static char report[1 << 20];

static const char *read_report(void)
{
	if (access(REPORT, F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (__vn_read_file(REPORT, report, sizeof(report)) < 0)
		report[0] = 0;
	return report;
}

TEST_F(explain, report)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 4096,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
		.name = "Xw9-reported",
	};
	char decision[64];

	EXPECT_NE(NULL, strstr(read_report(), "Ledger, generation "));
	ASSERT_EQ(-ENOSPC, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	snprintf(decision, sizeof(decision), "last decision %llu for %s: ",
		 cmd.out_decision, "Xw9-reported");
	EXPECT_NE(NULL, strstr(read_report(), decision)) {
		TH_LOG("no '%s' in:\n%s", decision, report);
	}
	EXPECT_NE(NULL, strstr(report, "refused, no CPUs left"));

	cmd.nr_vcpus = 1;
	ASSERT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	EXPECT_EQ(NULL, strstr(read_report(), "last decision"));
	EXPECT_NE(NULL, strstr(report, "reserved as Xw9-reported: 1 vCPUs"));
	vn_release(self->vm);
	EXPECT_NE(NULL, strstr(read_report(), "released since"));
}

/* What vcpunumactl makes of a VM, as text */
static const char *explained(unsigned int vm)
{
	static char text[8192];
	char command[64];
	size_t len = 0;
	FILE *out;

	snprintf(command, sizeof(command), "vcpunumactl explain %u 2>&1", vm);
	out = popen(command, "re");
	if (out) {
		len = fread(text, 1, sizeof(text) - 1, out);
		pclose(out);
	}
	text[len] = 0;
	return text;
}

#define EXPECT_TOLD(words, text) \
	EXPECT_NE(NULL, strstr(text, words))

TEST_F(explain, in_words)
{
	struct vcpunuma_cmd_reserve cmd = {
		.nr_vcpus = 4096,
		.mem = 1ULL << 45,
		.cpu_policy = VCPUNUMA_CPU_ISOLATE,
		.min_local = 70,
		.name = "Xw9-worded",
	};
	const char *text;
	unsigned int vm;

	explain(self->vm);
	vm = self->t.cmd.out_vm;
	EXPECT_TOLD("no reservation has been asked for", explained(vm));

	ASSERT_EQ(-ENOSPC, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	text = explained(vm);
	EXPECT_TOLD("(Xw9-worded)", text);
	EXPECT_TOLD(": refused\n", text);
	EXPECT_TOLD("4096 vCPUs with own cores, one thread each", text);
	EXPECT_TOLD("at least 70 % of memory local", text);
	EXPECT_TOLD("Refused: the nodes it may use lack CPUs", text);
	EXPECT_TOLD("too small by itself: no CPUs for", text);

	cmd.nr_vcpus = 1;
	cmd.mem = 0;
	cmd.flags = VCPUNUMA_RESERVE_DRY_RUN;
	ASSERT_EQ(0, __vn_reserve(self->vm, &cmd, NULL, 0, NULL, 0));
	text = explained(vm);
	EXPECT_TOLD(": dry run\n", text);
	EXPECT_TOLD(": chosen, cost", text);
}

TEST_HARNESS_MAIN
