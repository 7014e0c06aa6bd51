// SPDX-License-Identifier: GPL-2.0
/*
 * Decisions to count the instructions of, by callgrind, which counts while
 * counted() runs. count NODES CPUS_OF_A_NODE VMS one|several
 */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"

int counted(struct host *host, const struct core_request *req);

int counted(struct host *host, const struct core_request *req)
{
	return core_place(&host->ledger, req, &host->work, host->plan, NULL);
}

int main(int argc, char **argv)
{
	struct shape shape = { .smt = 2, .overcommit = 400, .near = 12, .hop = 1 };
	static const u32 sizes[] = { 1, 1, 2, 2, 2, 4, 4, 8 };
	struct core_request req;
	struct host host;
	u32 i, vms, placed = 0;
	bool several;

	if (argc != 5)
		return 2;
	shape.nodes = atoi(argv[1]);
	shape.cpus = atoi(argv[2]);
	shape.llc = shape.cpus / 2;
	vms = atoi(argv[3]);
	several = argv[4][0] == 's';
	/* A fifth of the memory stays free, whatever the number of VMs. */
	shape.mem = 16384;
	shape.hop = shape.nodes > 64 ? 0 : 2;
	host_make(&host, &shape);
	for (i = 0; i < vms; i++) {
		u64 mem = shape.mem * shape.nodes * 7 / 10 / vms;

		req = request(vms > shape.nodes * 40 ? 1 : sizes[rng(8)], mem,
			      rng(2) ? CORE_SHARED : CORE_PREFER);
		req.owner = i + 1;
		req.placement = CORE_SPREAD;
		if (core_place(&host.ledger, &req, &host.work, host.plan, NULL) ||
		    core_ledger_book(&host.ledger, host.plan))
			continue;
		placed++;
	}
	req = several ? request(shape.cpus + 8, shape.mem + 4096, CORE_SHARED) :
			request(4, 512, CORE_PREFER);
	req.owner = vms + 1;
	i = counted(&host, &req);
	printf("%u %u\n", placed, i ? 0 : host.plan->nr_chunks);
	host_free(&host);
	return 0;
}
