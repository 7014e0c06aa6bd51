// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences of calls at random on memory objects, and on a model of them
 * (memsteps.c, model.c): after each step the object has pages where the model
 * has, in bytes by node as MEM_QUERY tells; what is read is what the model holds.
 *
 * MEMMODEL_SEED=n begins with the sequence of that number, which is the same each
 * time; MEMMODEL_SEQUENCES=n makes so many, else there are more in a storm.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "memsteps.h"
#include "storm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define STEPS		16

/* A touch that should have had a page. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	steps_wrong("signal %d at %p", sig, info->si_addr);
	dprintf(1, "# %s\n", steps.wrong);
	_exit(1);
}

static void check_counts(struct object *o)
{
	struct vcpunuma_node_bytes bytes[MODEL_NODES];
	struct vcpunuma_cmd_mem_query cmd;
	__u64 sum = 0, is[MODEL_NODES] = {};
	struct stat st;
	int node;

	steps_check(__vn_mem_query(o->fd, &cmd, bytes, ARRAY_SIZE(bytes)),
		    "query");
	for (unsigned int i = 0; i < cmd.nr_bytes && i < MODEL_NODES; i++)
		is[bytes[i].node] = bytes[i].bytes;
	for (node = 0; node < MODEL_NODES; node++) {
		__u64 has = model_bytes(&o->model, node);

		if (is[node] != has)
			steps_wrong("node %d: %llu KiB, not %llu", node,
				    is[node] / KIB, has / KIB);
		sum += has;
	}
	if (cmd.out_populated != sum)
		steps_wrong("populated: %llu, not %llu", cmd.out_populated, sum);
	if (cmd.out_remote || cmd.out_small || cmd.out_lost)
		steps_wrong("%llu remote, %llu small, %llu lost", cmd.out_remote,
			    cmd.out_small, cmd.out_lost);
	if (fstat(o->fd, &st) || st.st_blocks * 512 != (long long)sum)
		steps_wrong("st_blocks: %ld", (long)st.st_blocks);
}

/* As another witness has it: each page that is there is on the right node. */
static void check_nodes(struct object *o)
{
	struct model *m = &o->model;
	size_t length = m->nr_pages * PAGE_4K;
	char *at = __vn_map(o->fd, length);

	if (at == MAP_FAILED) {
		steps_check(-1, "mmap");
		return;
	}
	for (int u = 0; u < model_units(m); u++) {
		char *unit = at + u * m->unit * PAGE_4K;
		size_t there, elsewhere;

		if (m->node[u] < 0)
			continue;
		vn_sum(unit, PAGE_4K);
		if (__vn_pages(unit, PAGE_4K, m->node[u], &there, &elsewhere) ||
		    there != 1)
			steps_wrong("unit %d is not on node %d", u, m->node[u]);
	}
	munmap(at, length);
}

static void sequence(unsigned int seed)
{
	steps_begin(seed);
	for (; steps.step < STEPS && !steps.wrong[0]; steps.step++) {
		steps_one();
		for (int i = 0; i < OBJECTS; i++)
			if (steps.object[i].fd >= 0 && !steps.wrong[0])
				check_counts(&steps.object[i]);
	}
	steps.doing = "end";
	for (int i = 0; i < OBJECTS; i++) {
		struct object *o = &steps.object[i];

		if (o->fd >= 0 && !steps.wrong[0]) {
			steps_check_read(o, 0, o->model.nr_pages);
			check_nodes(o);
		}
		steps_put(o);
	}
	for (int i = 0; i < PINS; i++)
		steps_drain(&steps.pin[i]);
	close(steps.vm);
}

static unsigned int setting(const char *name, unsigned int value)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : value;
}

/* Bytes of objects that the ledger knows of */
static long long booked(void)
{
	struct vcpunuma_ledger_node nodes[MODEL_NODES];
	struct vcpunuma_cmd_ledger cmd;
	long long bytes = 0;
	int fd = __vn_open();
	int err = __vn_ledger(fd, &cmd, nodes, MODEL_NODES, NULL, 0);

	close(fd);
	for (unsigned int i = 0; !err && i < cmd.nr_nodes; i++)
		bytes += nodes[i].mem_allocated + nodes[i].mem_populated;
	return err ? err : bytes;
}

FIXTURE(model) {
	struct vn_before before;
	struct vn_set all;	/* CPUs */
};

FIXTURE_SETUP(model)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO,
	};

	steps.nodes = vn_set_and(&vn_host()->has_cpu, &vn_host()->has_memory);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	vn_before_read(&self->before);
	ASSERT_EQ(0, booked());
	vn_getaffinity(0, &self->all);
}

FIXTURE_TEARDOWN(model)
{
	vn_setaffinity(0, &self->all);
	EXPECT_EQ(0, booked());
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_F_TIMEOUT(model, sequences, STORM_TIMEOUT)
{
	unsigned int first = setting("MEMMODEL_SEED", time(NULL));
	unsigned int nr = setting("MEMMODEL_SEQUENCES",
				  storm_times(200, 1000));

	if (!vn_set_weight(&steps.nodes))
		SKIP(return, "no node with CPUs and memory");
	vn_note("MEMMODEL_SEED=%u, %u sequences", first, nr);
	for (unsigned int seed = first; seed != first + nr; seed++) {
		sequence(seed);
		ASSERT_STREQ("", steps.wrong);
	}
}

TEST_HARNESS_MAIN
