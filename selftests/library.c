// SPDX-License-Identifier: GPL-2.0
/*
 * libvcpunuma: that it passes on what the commands do, and what it adds.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <vcpunuma.h>

FIXTURE(library) {
	struct vcpunuma_vm *vm;
	const struct vn_host *host;
	struct vn_set all;
	int a;			/* the first and the last CPU */
	int b;
	int node;		/* the first with memory */
};

FIXTURE_SETUP(library)
{
	self->host = vn_host();
	vn_getaffinity(0, &self->all);
	self->a = vn_set_first(&self->all);
	self->b = vn_set_nth(&self->all, vn_set_weight(&self->all) - 1);
	self->node = vn_set_first(&self->host->has_memory);
	self->vm = vcpunuma_vm_open();
	ASSERT_NE(NULL, self->vm);
}

FIXTURE_TEARDOWN(library)
{
	vcpunuma_vm_close(self->vm);
}

/* The call returns @failed and sets errno to @err. */
#define EXPECT_ERRNO(err, failed, call) do {				\
	errno = 0;							\
	EXPECT_EQ(failed, call);					\
	EXPECT_EQ(err, errno);						\
} while (0)

TEST_F(library, version)
{
	EXPECT_STREQ(VCPUNUMA_VERSION, vcpunuma_version());
}

TEST_F(library, descriptor)
{
	int fd = vcpunuma_vm_fd(self->vm);

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, vcpunuma_bind_cpu(self->vm, 0, 0, self->a));
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, vn_state(fd, 0));
}

TEST_F(library, close)
{
	struct vn_set one = vn_set_of(self->a);
	int fd = vcpunuma_vm_fd(self->vm);

	EXPECT_EQ(0, vcpunuma_bind_cpu(self->vm, 0, 0, self->a));
	EXPECT_AFFINITY(&one, 0);
	errno = EXDEV;
	vcpunuma_vm_close(self->vm);
	vcpunuma_vm_close(NULL);
	EXPECT_EQ(EXDEV, errno);
	self->vm = NULL;
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_ERRNO(EBADF, -1, fcntl(fd, F_GETFD));
}

TEST_F(library, from_fd)
{
	struct vcpunuma_vm *again;
	int pipefd[2], fd;

	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_ERRNO(ENOTTY, NULL, vcpunuma_vm_from_fd(pipefd[0]));
	EXPECT_EQ(0, fcntl(pipefd[0], F_GETFD));
	EXPECT_ERRNO(EBADF, NULL, vcpunuma_vm_from_fd(-1));
	EXPECT_ERRNO(ENOTTY, NULL, vcpunuma_mem_from_fd(pipefd[0]));
	EXPECT_ERRNO(EBADF, NULL, vcpunuma_mem_from_fd(-1));
	EXPECT_ERRNO(ENOTTY, NULL,
		     vcpunuma_mem_from_fd(vcpunuma_vm_fd(self->vm)));

	fd = dup(vcpunuma_vm_fd(self->vm));
	ASSERT_LE(0, fd);
	again = vcpunuma_vm_from_fd(fd);
	ASSERT_NE(NULL, again);
	EXPECT_EQ(fd, vcpunuma_vm_fd(again));
	EXPECT_EQ(0, vcpunuma_bind_cpu(again, 0, 0, self->a));
	vcpunuma_vm_close(again);
	EXPECT_ERRNO(EBADF, -1, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, vcpunuma_unbind(self->vm, 0));
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_F(library, info)
{
	struct vcpunuma_vm_info info = { .size = sizeof(info) };
	struct vcpunuma_cmd_info cmd;

	vn_info(vcpunuma_vm_fd(self->vm), &cmd);
	ASSERT_EQ(0, vcpunuma_vm_info(self->vm, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(cmd.out_features, info.features);
	EXPECT_EQ(cmd.out_max_length, info.max_length);
	EXPECT_EQ(cmd.out_abi, info.abi);
	EXPECT_EQ(cmd.out_max_vcpus, info.max_vcpus);
	EXPECT_EQ(cmd.out_max_mems, info.max_mems);
	EXPECT_EQ(cmd.out_page_shifts, info.page_shifts);
	EXPECT_EQ(cmd.out_max_node, info.max_node);
	EXPECT_EQ(cmd.out_max_cpu, info.max_cpu);
	info.size = 1;
	EXPECT_ERRNO(EINVAL, -1, vcpunuma_vm_info(self->vm, &info));
}

/* A caller compiled with a later header, whose structures are longer */
TEST_F(library, larger_structures)
{
	struct {
		struct vcpunuma_bind known;
		__u64 unknown;
	} bind = {
		.known = {
			.size = sizeof(bind),
			.to = VCPUNUMA_BIND_CPU,
			.target = self->a,
		},
	};
	struct {
		struct vcpunuma_vcpu_info known;
		__u64 unknown;
	} info = { .known = { .size = sizeof(info) } };

	EXPECT_EQ(0, vcpunuma_bind(self->vm, 0, &bind.known));
	EXPECT_EQ(self->a, bind.known.out_cpu);
	EXPECT_EQ(0, vcpunuma_query(self->vm, 0, &info.known, 0, NULL));
	EXPECT_EQ(self->a, info.known.cpu);
	EXPECT_EQ(0, info.unknown);
	bind.unknown = 1;
	EXPECT_ERRNO(E2BIG, -1, vcpunuma_bind(self->vm, 1, &bind.known));
	bind.known.size = 8;
	EXPECT_ERRNO(EINVAL, -1, vcpunuma_bind(self->vm, 1, &bind.known));
	EXPECT_EQ(-ENOENT, vn_state(vcpunuma_vm_fd(self->vm), 1));
}

TEST_F(library, topology)
{
	struct vcpunuma_topology *topo = vcpunuma_topology_get(self->vm);
	int absent = vn_absent_node();
	unsigned int n, i, j;
	int node, cpu;

	ASSERT_NE(NULL, topo);
	n = vcpunuma_topology_num_nodes(topo);
	ASSERT_EQ(vn_set_weight(&self->host->online), n);
	for (i = 0; i < n; i++) {
		unsigned int distance[VN_NODES];
		struct vn_set cpus = {};
		unsigned int flags;

		node = vcpunuma_topology_node(topo, i);
		EXPECT_EQ(vn_set_nth(&self->host->online, i), node);
		flags = vcpunuma_topology_node_flags(topo, node);
		EXPECT_EQ(vn_set_has(&self->host->has_cpu, node),
			  !!(flags & VCPUNUMA_NODE_CPU));
		EXPECT_EQ(vn_set_has(&self->host->has_memory, node),
			  !!(flags & VCPUNUMA_NODE_MEMORY));
		EXPECT_EQ(vn_set_weight(&self->host->node_cpus[node]),
			  vcpunuma_topology_node_num_cpus(topo, node));
		EXPECT_EQ(0, vcpunuma_topology_node_cpus(topo, node,
							 sizeof(cpus),
							 (cpu_set_t *)&cpus));
		EXPECT_SET(&self->host->node_cpus[node], &cpus);
		EXPECT_EQ(vn_meminfo(node, "MemTotal"),
			  vcpunuma_topology_node_mem_total(topo, node));
		EXPECT_GE(vcpunuma_topology_node_mem_total(topo, node),
			  vcpunuma_topology_node_mem_free(topo, node));
		ASSERT_EQ(n, vn_distances(node, distance, VN_NODES));
		for (j = 0; j < n; j++) {
			unsigned int to = vcpunuma_topology_node(topo, j);

			EXPECT_EQ(distance[j],
				  vcpunuma_topology_distance(topo, node, to));
		}
	}
	EXPECT_EQ(VCPUNUMA_NONE, vcpunuma_topology_node(topo, n));
	EXPECT_EQ(0, vcpunuma_topology_node_flags(topo, absent));
	EXPECT_EQ(0, vcpunuma_topology_node_num_cpus(topo, absent));
	EXPECT_EQ(0, vcpunuma_topology_node_mem_total(topo, absent));
	EXPECT_EQ(0, vcpunuma_topology_distance(topo, absent, self->node));
	EXPECT_EQ(0, vcpunuma_topology_distance(topo, self->node, absent));

	n = vcpunuma_topology_num_cpus(topo);
	ASSERT_EQ(vn_set_weight(&self->host->cpus), n);
	for (i = 0; i < n; i++) {
		cpu = vcpunuma_topology_cpu(topo, i);
		EXPECT_EQ(vn_set_nth(&self->host->cpus, i), cpu);
		EXPECT_EQ(self->host->node_of[cpu],
			  vcpunuma_topology_cpu_node(topo, cpu));
		EXPECT_EQ(self->host->core_of[cpu],
			  vcpunuma_topology_cpu_core(topo, cpu));
	}
	EXPECT_EQ(VCPUNUMA_NONE, vcpunuma_topology_cpu(topo, n));
	EXPECT_EQ(VCPUNUMA_NONE, vcpunuma_topology_cpu_node(topo, VN_CPUS));
	EXPECT_EQ(VCPUNUMA_NONE, vcpunuma_topology_cpu_core(topo, VN_CPUS));
	vcpunuma_topology_free(topo);
	vcpunuma_topology_free(NULL);
}

TEST_F(library, node_cpus_errors)
{
	struct vcpunuma_topology *topo = vcpunuma_topology_get(self->vm);
	struct vn_set cpus = {};
	cpu_set_t *set = (cpu_set_t *)&cpus;

	ASSERT_NE(NULL, topo);
	EXPECT_ERRNO(ENODEV, -1,
		     vcpunuma_topology_node_cpus(topo, vn_absent_node(),
						 sizeof(cpus), set));
	EXPECT_ERRNO(EMSGSIZE, -1,
		     vcpunuma_topology_node_cpus(topo,
						 self->host->node_of[self->a],
						 0, set));
	vcpunuma_topology_free(topo);
}

TEST_F(library, nearest_memory)
{
	struct vcpunuma_topology *topo = vcpunuma_topology_get(self->vm);
	int node, other;

	ASSERT_NE(NULL, topo);
	for (node = -1; vn_set_step(&self->host->online, &node);) {
		unsigned int least = ~0U;
		int expected = -1;

		for (other = -1; vn_set_step(&self->host->has_memory, &other);) {
			unsigned int d = vcpunuma_topology_distance(topo, node,
								    other);

			if (other == node)
				d = 0;
			if (d < least) {
				least = d;
				expected = other;
			}
		}
		EXPECT_EQ(expected,
			  vcpunuma_topology_nearest_memory(topo, node));
	}
	EXPECT_EQ(VCPUNUMA_NONE,
		  vcpunuma_topology_nearest_memory(topo, vn_absent_node()));
	vcpunuma_topology_free(topo);
}

TEST_F(library, configure)
{
	struct vcpunuma_vcpu_info info = { .size = sizeof(info) };
	unsigned int nodes[8], cpus[8];

	ASSERT_EQ(0, vcpunuma_vm_configure(self->vm, 8, 0, nodes, cpus));
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(self->host->node_of[cpus[i]], nodes[i]);
		EXPECT_EQ(0, vcpunuma_query(self->vm, i, &info, 0, NULL));
		EXPECT_EQ(VCPUNUMA_VCPU_CONFIGURED, info.state);
		EXPECT_EQ(nodes[i], info.node);
		EXPECT_EQ(cpus[i], info.cpu);
		EXPECT_EQ(0, info.tid);
	}
	/* Either array, or none */
	EXPECT_EQ(0, vcpunuma_vm_configure(self->vm, 4, 0, NULL, NULL));
	EXPECT_EQ(0, vcpunuma_vm_configure(self->vm, 4, 0, nodes, NULL));
	EXPECT_EQ(0, vcpunuma_vm_configure(self->vm, 4,
					   VCPUNUMA_CONFIGURE_NODES, NULL,
					   cpus));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(VCPUNUMA_NONE, cpus[i]);
	EXPECT_EQ(0, vcpunuma_vm_configure(self->vm, 0, 0, NULL, NULL));
	EXPECT_ERRNO(ENOENT, -1, vcpunuma_query(self->vm, 0, &info, 0, NULL));
	EXPECT_ERRNO(EINVAL, -1,
		     vcpunuma_vm_configure(self->vm, ~0U, 0, NULL, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, -1,
		     vcpunuma_vm_configure(self->vm, 1, 1U << 31, NULL, NULL));
}

TEST_F(library, bind)
{
	int node = self->host->node_of[self->b];
	struct vn_set set, one = vn_set_of(self->b);
	unsigned int cpu;

	ASSERT_EQ(0, vcpunuma_bind_cpu(self->vm, 0, 0, self->b));
	EXPECT_AFFINITY(&one, 0);
	ASSERT_EQ(0, vcpunuma_bind_node(self->vm, 0, 0, node));
	set = vn_set_and(&self->all, &self->host->node_cpus[node]);
	EXPECT_AFFINITY(&set, 0);
	set = vn_set_of(self->a);
	vn_set_add(&set, self->b);
	ASSERT_EQ(0, vcpunuma_bind_cpus(self->vm, 0, 0, sizeof(set),
					(cpu_set_t *)&set));
	EXPECT_AFFINITY(&set, 0);
	ASSERT_EQ(0, vcpunuma_vm_configure(self->vm, 1, 0, NULL, &cpu));
	ASSERT_EQ(0, vcpunuma_bind_place(self->vm, 0, 0));
	set = vn_set_of(cpu);
	EXPECT_AFFINITY(&set, 0);
	ASSERT_EQ(0, vcpunuma_unbind(self->vm, 0));
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_ERRNO(ENOTCONN, -1, vcpunuma_unbind(self->vm, 0));
}

/* With a set no larger than it must be, as other calls take it */
TEST_F(library, bind_small_set)
{
	cpu_set_t *set = CPU_ALLOC(self->b + 1);
	size_t size = CPU_ALLOC_SIZE(self->b + 1);
	struct vn_set one = vn_set_of(self->b);

	ASSERT_NE(NULL, set);
	CPU_ZERO_S(size, set);
	CPU_SET_S(self->b, size, set);
	EXPECT_EQ(0, vcpunuma_bind_cpus(self->vm, 0, 0, size, set));
	EXPECT_AFFINITY(&one, 0);
	CPU_FREE(set);
}

TEST_F(library, bind_errors)
{
	struct vn_set none = {};
	struct vcpunuma_bind bind = {
		.size = sizeof(bind),
		.to = VCPUNUMA_BIND_CPU,
		.target = self->a,
	};

	EXPECT_ERRNO(ENOENT, -1, vcpunuma_bind_place(self->vm, 0, 0));
	EXPECT_ERRNO(ENODEV, -1, vcpunuma_bind_node(self->vm, 0, 0,
						    vn_absent_node()));
	EXPECT_ERRNO(EINVAL, -1, vcpunuma_bind_cpu(self->vm, 0, 0,
						   VCPUNUMA_NONE));
	EXPECT_ERRNO(ENOSPC, -1, vcpunuma_bind_cpus(self->vm, 0, 0,
						    sizeof(none),
						    (cpu_set_t *)&none));
	EXPECT_ERRNO(ESRCH, -1, vcpunuma_bind_cpu(self->vm, 0, INT32_MAX,
						  self->a));
	EXPECT_ERRNO(EINVAL, -1, vcpunuma_bind_cpu(self->vm, ~0U, 0, self->a));
	bind.flags = 1U << 31;
	EXPECT_ERRNO(EOPNOTSUPP, -1, vcpunuma_bind(self->vm, 0, &bind));
	bind.flags = VCPUNUMA_BIND_PIDFD;
	bind.tid = getpid();
	bind.pidfd = -1;
	EXPECT_ERRNO(EBADF, -1, vcpunuma_bind(self->vm, 0, &bind));
	EXPECT_AFFINITY(&self->all, 0);
}

TEST_F(library, bind_many)
{
	struct vn_set set_a = vn_set_of(self->a), set_b = vn_set_of(self->b);
	struct vcpunuma_bind_entry entry[3] = {
		{ .vcpu = 0, .to = VCPUNUMA_BIND_CPU, .target = self->b },
		{ .vcpu = 1, .tid = INT32_MAX },
		{ .vcpu = 2, .to = VCPUNUMA_BIND_CPU, .target = self->a },
	};
	struct vn_child c;

	vn_child_start(&c);
	entry[2].tid = c.pid;
	EXPECT_EQ(1, vcpunuma_bind_many(self->vm, entry, 3, 0, 0));
	EXPECT_EQ(0, entry[0].out_error);
	EXPECT_EQ(self->b, entry[0].out_cpu);
	EXPECT_EQ(ESRCH, entry[1].out_error);
	EXPECT_EQ(0, entry[2].out_error);
	EXPECT_AFFINITY(&set_b, 0);
	EXPECT_AFFINITY(&set_a, c.pid);
	EXPECT_ERRNO(EBADF, -1, vcpunuma_bind_many(self->vm, entry, 1,
						   VCPUNUMA_BIND_PIDFD, -1));
	EXPECT_ERRNO(EINVAL, -1, vcpunuma_bind_many(self->vm, entry, ~0U, 0, 0));
	EXPECT_EQ(0, vcpunuma_bind_many(self->vm, NULL, 0, 0, 0));
	vn_child_stop(&c);
}

TEST_F(library, bind_pidfd)
{
	struct vn_set one = vn_set_of(self->b);
	struct vcpunuma_bind bind = {
		.size = sizeof(bind),
		.flags = VCPUNUMA_BIND_PIDFD,
		.to = VCPUNUMA_BIND_CPU,
		.target = self->b,
	};
	struct vn_child c;

	vn_child_start(&c);
	bind.tid = c.pid;
	bind.pidfd = vn_fd(vn_pidfd_open(c.pid));
	EXPECT_EQ(0, vcpunuma_bind(self->vm, 0, &bind));
	EXPECT_AFFINITY(&one, c.pid);
	EXPECT_EQ(self->b, bind.out_cpu);
	EXPECT_EQ(self->host->node_of[self->b], bind.out_node);
	close(bind.pidfd);
	vn_child_stop(&c);
}

TEST_F(library, query)
{
	struct vcpunuma_vcpu_info info = { .size = sizeof(info) };
	struct vn_set one = vn_set_of(self->b), set;

	ASSERT_EQ(0, vcpunuma_bind_cpu(self->vm, 3, 0, self->b));
	memset(&set, 0xff, sizeof(set));
	ASSERT_EQ(0, vcpunuma_query(self->vm, 3, &info, sizeof(set),
				    (cpu_set_t *)&set));
	EXPECT_SET(&one, &set);
	EXPECT_EQ(VCPUNUMA_VCPU_BOUND, info.state);
	EXPECT_EQ(self->host->node_of[self->b], info.node);
	EXPECT_EQ(self->b, info.cpu);
	EXPECT_EQ(self->b, info.last_cpu);
	EXPECT_EQ(self->host->node_of[self->b], info.last_node);
	EXPECT_EQ(getpid(), info.tid);
	EXPECT_ERRNO(ENOENT, -1, vcpunuma_query(self->vm, 4, &info, 0, NULL));
	EXPECT_ERRNO(EMSGSIZE, -1, vcpunuma_query(self->vm, 3, &info, 0,
						  (cpu_set_t *)&set));
}

TEST_F(library, distribution)
{
	struct vcpunuma_distribution *dist;
	struct vcpunuma_mem *mem;
	int home = self->host->node_of[self->a];
	unsigned int i, n;

	ASSERT_EQ(0, vcpunuma_vm_configure(self->vm, 3, 0, NULL, NULL));
	ASSERT_EQ(0, vcpunuma_bind_cpu(self->vm, 0, 0, self->a));
	mem = vcpunuma_mem_create_on_node(self->vm, 2 * PAGE_2M, self->node);
	ASSERT_NE(NULL, mem);
	dist = vcpunuma_distribution_get(self->vm);
	ASSERT_NE(NULL, dist);
	n = vcpunuma_distribution_num_nodes(dist);
	ASSERT_EQ(vn_set_weight(&self->host->online), n);
	for (i = 0; i < n; i++) {
		int node = vcpunuma_distribution_node(dist, i);

		EXPECT_EQ(vn_set_nth(&self->host->online, i), node);
		EXPECT_EQ(node == home,
			  vcpunuma_distribution_vcpus(dist, node));
		EXPECT_EQ(node == self->node ? 2 * PAGE_2M : 0,
			  vcpunuma_distribution_mem(dist, node));
	}
	EXPECT_EQ(VCPUNUMA_NONE, vcpunuma_distribution_node(dist, n));
	EXPECT_EQ(0, vcpunuma_distribution_vcpus(dist, vn_absent_node()));
	EXPECT_EQ(0, vcpunuma_distribution_mem(dist, vn_absent_node()));
	EXPECT_EQ(1, vcpunuma_distribution_bound(dist));
	EXPECT_EQ(0, vcpunuma_distribution_spread(dist));
	EXPECT_EQ(2, vcpunuma_distribution_configured(dist));
	EXPECT_EQ(0, vcpunuma_distribution_exited(dist));
	vcpunuma_distribution_free(dist);
	vcpunuma_distribution_free(NULL);
	vcpunuma_mem_close(mem);
}

TEST_F(library, ledger)
{
	struct vcpunuma_reserve reserve = {
		.size = sizeof(reserve),
		.nr_vcpus = 1,
		.cpu_policy = VCPUNUMA_CPU_PREFER,
	};
	const struct vcpunuma_ledger_node *node;
	const struct vcpunuma_ledger_cpu *cpu;
	struct vcpunuma_ledger *before, *after;
	struct vcpunuma_place place;
	unsigned int i, owned = 0;

	before = vcpunuma_ledger_get(self->vm);
	ASSERT_NE(NULL, before);
	reserve.places = &place;
	ASSERT_EQ(0, vcpunuma_reserve(self->vm, &reserve));
	after = vcpunuma_ledger_get(self->vm);
	ASSERT_NE(NULL, after);
	EXPECT_LT(vcpunuma_ledger_generation(before),
		  vcpunuma_ledger_generation(after));
	for (i = 0; (node = vcpunuma_ledger_node(after, i)); i++) {
		EXPECT_EQ(vn_set_nth(&self->host->online, i), node->node);
		owned += node->nr_owned;
	}
	EXPECT_EQ(vn_set_weight(&self->host->online), i);
	EXPECT_EQ(1, owned);
	for (i = 0; (cpu = vcpunuma_ledger_cpu(after, i)); i++) {
		EXPECT_EQ(vn_set_nth(&self->host->cpus, i), cpu->cpu);
		EXPECT_EQ(cpu->cpu == place.cpu ? VCPUNUMA_LEDGER_OWNED :
			  VCPUNUMA_LEDGER_FREE, cpu->state);
	}
	EXPECT_EQ(vn_set_weight(&self->host->cpus), i);
	EXPECT_EQ(NULL, vcpunuma_ledger_node(after, ~0U));
	vcpunuma_ledger_free(before);
	vcpunuma_ledger_free(after);
	vcpunuma_ledger_free(NULL);
}

TEST_F(library, explain)
{
	struct vcpunuma_reserve reserve = {
		.size = sizeof(reserve),
		.nr_vcpus = 1,
		.name = "explained",
	};
	const struct vcpunuma_cmd_explain *record;
	struct vcpunuma_explanation *e;
	unsigned int i;

	e = vcpunuma_explain(self->vm, 0, 0);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(VCPUNUMA_OUTCOME_NONE,
		  vcpunuma_explanation_record(e)->out_outcome);
	EXPECT_EQ(NULL, vcpunuma_explanation_node(e, 0));
	EXPECT_EQ(NULL, vcpunuma_explanation_candidate(e, 0));
	vcpunuma_explanation_free(e);

	ASSERT_EQ(0, vcpunuma_reserve(self->vm, &reserve));
	e = vcpunuma_explain(self->vm, 1, VCPUNUMA_EXPLAIN_NEXT);
	ASSERT_NE(NULL, e);
	record = vcpunuma_explanation_record(e);
	EXPECT_EQ(VCPUNUMA_OUTCOME_RESERVED, record->out_outcome);
	EXPECT_STREQ("explained", record->out_name);
	EXPECT_EQ(reserve.out_decision, record->out_decision);
	for (i = 0; vcpunuma_explanation_node(e, i); i++)
		EXPECT_EQ(vn_set_nth(&self->host->online, i),
			  vcpunuma_explanation_node(e, i)->node);
	EXPECT_EQ(vn_set_weight(&self->host->online), i);
	ASSERT_NE(NULL, vcpunuma_explanation_candidate(e, 0));
	EXPECT_EQ(VCPUNUMA_CHOSEN,
		  vcpunuma_explanation_candidate(e, 0)->verdict);
	vcpunuma_explanation_free(e);
	vcpunuma_explanation_free(NULL);
	EXPECT_ERRNO(ENOENT, NULL, vcpunuma_explain(self->vm, ~0U, 0));
	EXPECT_ERRNO(EOPNOTSUPP, NULL, vcpunuma_explain(self->vm, 0, 2));
}

TEST_F(library, memory)
{
	struct vcpunuma_mem_opts opts = {
		.size = sizeof(opts),
		.node = self->node,
		.page_shift = 12,
	};
	struct vcpunuma_mem_usage *usage;
	struct vcpunuma_mem *mem;
	char *at;

	mem = vcpunuma_mem_create(self->vm, 8 * PAGE_4K, &opts);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(FD_CLOEXEC, fcntl(vcpunuma_mem_fd(mem), F_GETFD));
	EXPECT_EQ(8 * PAGE_4K, vcpunuma_mem_length(mem));
	usage = vcpunuma_mem_query(mem);
	ASSERT_NE(NULL, usage);
	EXPECT_EQ(8 * PAGE_4K, vcpunuma_mem_usage_length(usage));
	EXPECT_EQ(0, vcpunuma_mem_usage_populated(usage));
	EXPECT_EQ(0, vcpunuma_mem_usage_num_nodes(usage));
	EXPECT_EQ(VCPUNUMA_NONE, vcpunuma_mem_usage_node(usage, 0));
	EXPECT_EQ(self->node, vcpunuma_mem_usage_target(usage));
	EXPECT_EQ(PAGE_4K, vcpunuma_mem_usage_page_size(usage));
	vcpunuma_mem_usage_free(usage);
	vcpunuma_mem_usage_free(NULL);

	at = vcpunuma_mem_map(mem, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, at);
	vn_touch(at, 8 * PAGE_4K);
	EXPECT_ON_NODE(at, 8 * PAGE_4K, self->node);
	usage = vcpunuma_mem_query(mem);
	ASSERT_NE(NULL, usage);
	EXPECT_EQ(8 * PAGE_4K, vcpunuma_mem_usage_populated(usage));
	EXPECT_EQ(1, vcpunuma_mem_usage_num_nodes(usage));
	EXPECT_EQ(self->node, vcpunuma_mem_usage_node(usage, 0));
	EXPECT_EQ(8 * PAGE_4K, vcpunuma_mem_usage_bytes(usage, self->node));
	EXPECT_EQ(0, vcpunuma_mem_usage_bytes(usage, vn_absent_node()));
	vcpunuma_mem_usage_free(usage);
	EXPECT_EQ(0, vcpunuma_mem_unmap(mem, NULL));
	EXPECT_EQ(0, vcpunuma_mem_unmap(mem, at));
	vcpunuma_mem_close(mem);
	vcpunuma_mem_close(NULL);
}

TEST_F(library, memory_shortcuts)
{
	struct vcpunuma_mem *mem, *again;
	char *at;
	int fd;

	mem = vcpunuma_mem_create_on_node(self->vm, 2 * PAGE_2M, self->node);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(2 * PAGE_2M, vn_populated(vcpunuma_mem_fd(mem)));
	at = vcpunuma_mem_map(mem, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, at);
	at[7] = 1;
	EXPECT_EQ(PAGE_2M, vn_smaps(at, "FilePmdMapped"));

	/* The same object by another descriptor */
	fd = dup(vcpunuma_mem_fd(mem));
	ASSERT_LE(0, fd);
	again = vcpunuma_mem_from_fd(fd);
	ASSERT_NE(NULL, again);
	EXPECT_EQ(2 * PAGE_2M, vcpunuma_mem_length(again));
	EXPECT_EQ(0, vcpunuma_mem_unmap(mem, at));
	vcpunuma_mem_close(mem);
	at = vcpunuma_mem_map(again, PROT_READ);
	ASSERT_NE(NULL, at);
	EXPECT_EQ(1, at[7]);
	EXPECT_EQ(0, vcpunuma_mem_unmap(again, at));
	vcpunuma_mem_close(again);
}

TEST_F(library, memory_of_vcpu)
{
	int node, home = -1;
	struct vcpunuma_mem_usage *usage;
	struct vcpunuma_mem *mem;

	for (node = -1; vn_set_step(&self->host->has_cpu, &node);)
		if (vn_set_has(&self->host->has_memory, node))
			home = node;
	ASSERT_LE(0, home);
	EXPECT_ERRNO(ENOTCONN, NULL,
		     vcpunuma_mem_create_on_vcpu(self->vm, PAGE_2M, 0));
	ASSERT_EQ(0, vcpunuma_bind_node(self->vm, 0, 0, home));
	mem = vcpunuma_mem_create_on_vcpu(self->vm, PAGE_2M, 0);
	ASSERT_NE(NULL, mem);
	usage = vcpunuma_mem_query(mem);
	ASSERT_NE(NULL, usage);
	EXPECT_EQ(home, vcpunuma_mem_usage_target(usage));
	EXPECT_EQ(PAGE_2M, vcpunuma_mem_usage_bytes(usage, home));
	vcpunuma_mem_usage_free(usage);
	vcpunuma_mem_close(mem);
}

/* Ranges, allocated one after the other */
TEST_F(library, memory_ranges)
{
	int last = vn_set_nth(&self->host->has_memory,
			      vn_set_weight(&self->host->has_memory) - 1);
	struct vcpunuma_mem_range ranges[] = {
		{
			.length = PAGE_2M,
			.policy = VCPUNUMA_MEM_STRICT,
			.node = self->node,
		}, {
			.length = 2 * PAGE_2M,
			.policy = VCPUNUMA_MEM_PREFERRED,
			.node = last,
		},
	};
	struct vcpunuma_mem_opts opts = {
		.size = sizeof(opts),
		.ranges = ranges,
		.nr_ranges = 2,
	};
	struct vcpunuma_mem_usage *usage;
	struct vcpunuma_mem *mem;

	mem = vcpunuma_mem_create(self->vm, 3 * PAGE_2M, &opts);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(0, vcpunuma_mem_populate(mem, PAGE_2M, 2 * PAGE_2M, 1));
	usage = vcpunuma_mem_query(mem);
	ASSERT_NE(NULL, usage);
	EXPECT_EQ(self->node == last ? (unsigned int)last : VCPUNUMA_NONE,
		  vcpunuma_mem_usage_target(usage));
	EXPECT_EQ(2 * PAGE_2M, vcpunuma_mem_usage_populated(usage));
	EXPECT_EQ(2 * PAGE_2M, vcpunuma_mem_usage_bytes(usage, last));
	EXPECT_EQ(0, vcpunuma_mem_usage_remote(usage));
	EXPECT_EQ(0, vcpunuma_mem_usage_small(usage));
	EXPECT_EQ(0, vcpunuma_mem_usage_lost(usage));
	vcpunuma_mem_usage_free(usage);
	EXPECT_EQ(0, vcpunuma_mem_populate(mem, 0, 3 * PAGE_2M, 0));
	EXPECT_EQ(3 * PAGE_2M, vn_populated(vcpunuma_mem_fd(mem)));
	EXPECT_ERRNO(EINVAL, -1,
		     vcpunuma_mem_populate(mem, PAGE_2M, 3 * PAGE_2M, 0));
	EXPECT_ERRNO(EINVAL, -1, vcpunuma_mem_populate(mem, 0, PAGE_4K, 0));
	vcpunuma_mem_close(mem);

	/* Programs of before there were ranges */
	opts.size = offsetof(struct vcpunuma_mem_opts, ranges);
	opts.node = self->node;
	mem = vcpunuma_mem_create(self->vm, PAGE_2M, &opts);
	ASSERT_NE(NULL, mem);
	vcpunuma_mem_close(mem);
	opts.size = sizeof(opts);
	opts.node = 0;
	EXPECT_ERRNO(EINVAL, NULL,
		     vcpunuma_mem_create(self->vm, 4 * PAGE_2M, &opts));
}

TEST_F(library, memory_errors)
{
	struct vcpunuma_mem_opts opts = {
		.size = sizeof(opts),
		.node = self->node,
		.page_shift = 13,
	};

	EXPECT_ERRNO(EINVAL, NULL,
		     vcpunuma_mem_create_on_node(self->vm, 1, self->node));
	EXPECT_ERRNO(ENODEV, NULL,
		     vcpunuma_mem_create_on_node(self->vm, PAGE_2M,
						 vn_absent_node()));
	EXPECT_ERRNO(EINVAL, NULL, vcpunuma_mem_create(self->vm, PAGE_2M,
						       &opts));
	opts.page_shift = 0;
	opts.flags = 1U << 31;
	EXPECT_ERRNO(EOPNOTSUPP, NULL, vcpunuma_mem_create(self->vm, PAGE_2M,
							   &opts));
	opts.flags = 0;
	opts.size = 4;
	EXPECT_ERRNO(EINVAL, NULL, vcpunuma_mem_create(self->vm, PAGE_2M,
						       &opts));
}

TEST_HARNESS_MAIN
