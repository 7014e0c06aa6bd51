// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl plan - a host from a topology file, and to one
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define MAX_DEVICES	65536
/* MiB of a node: the core takes VMs and nodes below CORE_MAX_MEM. */
#define MAX_MEM		(CORE_MAX_MEM / CORE_MAX_NODES - 1)

/**
 * struct reader - a topology file being read
 * @in: the file
 * @host: becomes the host
 * @seen_node: by node: it had its line
 * @seen_dist: likewise
 * @seen_cpu: by CPU id
 * @core_node: by core: its node + 1
 * @core_llc: by core: its LLC
 */
struct reader {
	struct plan_input *in;
	struct plan_host *host;
	bool *seen_node;
	bool *seen_dist;
	bool *seen_cpu;
	uint32_t *core_node;
	uint32_t *core_llc;
};

static int read_nodes(struct reader *r)
{
	struct plan_host *host = r->host;
	uint64_t nr;

	if (host->nr_nodes)
		return plan_bad(r->in, "a second number of nodes");
	if (r->in->nr_words != 2 ||
	    !plan_number(r->in->word[1], CORE_MAX_NODES, &nr) || !nr)
		return plan_bad(r->in, "expected: nodes 1..%d", CORE_MAX_NODES);
	host->nr_nodes = nr;
	host->mem = plan_alloc(nr, sizeof(*host->mem));
	host->distance = plan_alloc(nr * nr, 1);
	return 0;
}

/* A node's number, from word @at */
static bool node_number(const struct reader *r, unsigned int at, uint64_t *node)
{
	return r->host->nr_nodes && at < r->in->nr_words &&
	       plan_number(r->in->word[at], r->host->nr_nodes - 1, node);
}

static int read_node(struct reader *r)
{
	uint64_t node, mem;

	if (r->in->nr_words != 4 || strcmp(r->in->word[2], "mem") ||
	    !node_number(r, 1, &node) ||
	    !plan_number(r->in->word[3], MAX_MEM, &mem))
		return plan_bad(r->in, "expected: node NODE mem MIB");
	if (r->seen_node[node])
		return plan_bad(r->in, "node %" PRIu64 " a second time", node);
	r->seen_node[node] = true;
	r->host->mem[node] = mem;
	return 0;
}

static int read_dist(struct reader *r)
{
	uint32_t nr = r->host->nr_nodes, j;
	uint64_t node, dist;

	if (!node_number(r, 1, &node) || r->in->nr_words != nr + 2)
		return plan_bad(r->in, "expected: dist NODE and %u distances",
				nr);
	if (r->seen_dist[node])
		return plan_bad(r->in, "distances of node %" PRIu64
				" a second time", node);
	r->seen_dist[node] = true;
	for (j = 0; j < nr; j++) {
		if (!plan_number(r->in->word[j + 2], 255, &dist) || !dist)
			return plan_bad(r->in, "not a distance of 1 to 255: %s",
					r->in->word[j + 2]);
		r->host->distance[node * nr + j] = dist;
	}
	return 0;
}

static int read_cpu(struct reader *r)
{
	static const char *const names[] = { "cpu", "node", "socket", "llc",
					     "core" };
	struct plan_host *host = r->host;
	uint64_t value[5];
	size_t i;

	if (r->in->nr_words != 10)
		goto bad;
	for (i = 0; i < 5; i++)
		if (strcmp(r->in->word[2 * i], names[i]) ||
		    !plan_number(r->in->word[2 * i + 1], CORE_MAX_IDS - 1,
				 &value[i]))
			goto bad;
	if (!node_number(r, 3, &value[1]))
		goto bad;
	if (host->nr_cpus == CORE_MAX_CPUS)
		return plan_bad(r->in, "more than %d CPUs", CORE_MAX_CPUS);
	if (r->seen_cpu[value[0]])
		return plan_bad(r->in, "CPU %" PRIu64 " a second time",
				value[0]);
	r->seen_cpu[value[0]] = true;
	if (!r->core_node[value[4]]) {
		r->core_node[value[4]] = value[1] + 1;
		r->core_llc[value[4]] = value[3];
	} else if (r->core_node[value[4]] != value[1] + 1 ||
		   r->core_llc[value[4]] != value[3]) {
		return plan_bad(r->in, "core %" PRIu64
				" is on two nodes or LLCs", value[4]);
	}
	host->cpu[host->nr_cpus++] = (struct plan_cpu) {
		.id = value[0],
		.node = value[1],
		.socket = value[2],
		.llc = value[3],
		.core = value[4],
	};
	return 0;
bad:
	return plan_bad(r->in,
			"expected: cpu CPU node NODE socket S llc L core K");
}

static int read_device(struct reader *r)
{
	struct plan_host *host = r->host;
	uint64_t node;

	if (r->in->nr_words != 4 || strcmp(r->in->word[2], "node") ||
	    !node_number(r, 3, &node))
		return plan_bad(r->in, "expected: device NAME node NODE");
	if (host->nr_devices == MAX_DEVICES)
		return plan_bad(r->in, "more than %d devices", MAX_DEVICES);
	host->device = plan_grow(host->device, host->nr_devices + 1,
				 sizeof(*host->device));
	host->device[host->nr_devices++] = (struct plan_device) {
		.name = plan_string(r->in->word[1]),
		.node = node,
	};
	return 0;
}

static int read_line(struct reader *r)
{
	const char *what = r->in->word[0];
	uint64_t value;

	if (!strcmp(what, "topology")) {
		free(r->host->name);
		r->host->name = plan_string(r->in->nr_words > 1 ?
					    r->in->word[1] : "host");
		return 0;
	}
	if (!strcmp(what, "nodes"))
		return read_nodes(r);
	if (!strcmp(what, "overcommit")) {
		if (r->in->nr_words != 2 ||
		    !plan_number(r->in->word[1], 100000, &value))
			return plan_bad(r->in, "expected: overcommit PERCENT");
		r->host->overcommit = value;
		return 0;
	}
	if (!r->host->nr_nodes)
		return plan_bad(r->in, "expected: nodes NUMBER");
	if (!strcmp(what, "node"))
		return read_node(r);
	if (!strcmp(what, "dist"))
		return read_dist(r);
	if (!strcmp(what, "cpu"))
		return read_cpu(r);
	if (!strcmp(what, "device"))
		return read_device(r);
	return plan_bad(r->in, "what is this: %.40s", what);
}

static int complete(const struct reader *r)
{
	uint32_t i;

	if (!r->host->nr_nodes)
		return plan_bad(r->in, "there are no nodes");
	for (i = 0; i < r->host->nr_nodes; i++) {
		if (!r->seen_node[i])
			return plan_bad(r->in, "node %u has no line", i);
		if (!r->seen_dist[i])
			return plan_bad(r->in, "node %u has no distances", i);
	}
	return 0;
}

/* Up to the end of the file, or a line that says: trace */
int plan_host_read(struct plan_host *host, struct plan_input *in)
{
	struct reader r = { .in = in, .host = host };
	int ret;

	*host = (struct plan_host) { .overcommit = PLAN_OVERCOMMIT };
	host->cpu = plan_alloc(CORE_MAX_CPUS, sizeof(*host->cpu));
	r.seen_node = plan_alloc(CORE_MAX_NODES, sizeof(bool));
	r.seen_dist = plan_alloc(CORE_MAX_NODES, sizeof(bool));
	r.seen_cpu = plan_alloc(CORE_MAX_IDS, sizeof(bool));
	r.core_node = plan_alloc(CORE_MAX_IDS, sizeof(*r.core_node));
	r.core_llc = plan_alloc(CORE_MAX_IDS, sizeof(*r.core_llc));

	while ((ret = plan_read(in)) > 0) {
		if (!strcmp(in->word[0], "trace"))
			break;
		ret = read_line(&r);
		if (ret)
			break;
	}
	if (ret >= 0)
		ret = complete(&r);
	if (!host->name)
		host->name = plan_string("host");
	free(r.seen_node);
	free(r.seen_dist);
	free(r.seen_cpu);
	free(r.core_node);
	free(r.core_llc);
	return ret;
}

void plan_host_write(const struct plan_host *host, FILE *file)
{
	uint32_t i, j;

	fprintf(file, "topology %s\nnodes %u\novercommit %u\n", host->name,
		host->nr_nodes, host->overcommit);
	for (i = 0; i < host->nr_nodes; i++)
		fprintf(file, "node %u mem %" PRIu64 "\n", i, host->mem[i]);
	for (i = 0; i < host->nr_nodes; i++) {
		fprintf(file, "dist %u", i);
		for (j = 0; j < host->nr_nodes; j++)
			fprintf(file, " %u",
				host->distance[i * host->nr_nodes + j]);
		fputc('\n', file);
	}
	for (i = 0; i < host->nr_devices; i++)
		fprintf(file, "device %s node %u\n", host->device[i].name,
			host->device[i].node);
	for (i = 0; i < host->nr_cpus; i++)
		fprintf(file, "cpu %u node %u socket %u llc %u core %u\n",
			host->cpu[i].id, host->cpu[i].node,
			host->cpu[i].socket, host->cpu[i].llc,
			host->cpu[i].core);
}

void plan_host_free(struct plan_host *host)
{
	uint32_t i;

	for (i = 0; i < host->nr_devices; i++)
		free(host->device[i].name);
	free(host->device);
	free(host->cpu);
	free(host->distance);
	free(host->mem);
	free(host->name);
}
