// SPDX-License-Identifier: MIT
/*
 * show-vm - a program to be run by vcpunumactl run
 *
 * Takes over the VM and the memory objects it inherits, and shows where they
 * are:
 *
 *	vcpunumactl run --vcpus 4 --mem 64M -- show-vm
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vcpunuma.h>

static void die(const char *what)
{
	fprintf(stderr, "show-vm: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static unsigned int env_uint(const char *name)
{
	const char *value = getenv(name);

	if (!value) {
		fprintf(stderr, "show-vm: %s is not set; run it by vcpunumactl run\n",
			name);
		exit(EXIT_FAILURE);
	}
	return strtoul(value, NULL, 10);
}

static void show_vcpus(const struct vcpunuma_vm *vm, unsigned int nr_vcpus)
{
	static const char *const states[] = {
		[VCPUNUMA_VCPU_CONFIGURED] = "configured",
		[VCPUNUMA_VCPU_BOUND] = "bound",
		[VCPUNUMA_VCPU_DRIFTED] = "drifted",
		[VCPUNUMA_VCPU_EXITED] = "exited",
	};
	unsigned int i;

	for (i = 0; i < nr_vcpus; i++) {
		struct vcpunuma_vcpu_info info = { .size = sizeof(info) };
		const char *state = "?";

		if (vcpunuma_query(vm, i, &info, 0, NULL) < 0)
			die("query");
		if (info.state < sizeof(states) / sizeof(*states))
			state = states[info.state];
		printf("vCPU %u: node %d, %s, thread %d\n", i, (int)info.node,
		       state, info.tid);
	}
}

/* NODE:FD:BYTES,... */
static void show_mems(const char *list)
{
	unsigned int node;
	uint64_t bytes;
	int fd, used;

	/* NOLINTNEXTLINE(cert-err34-c): vcpunumactl run has written them */
	while (sscanf(list, "%u:%d:%" SCNu64 "%n", &node, &fd, &bytes,
		      &used) == 3) {
		struct vcpunuma_mem_usage *usage;
		struct vcpunuma_mem *mem;

		mem = vcpunuma_mem_from_fd(fd);
		if (!mem)
			die("take over memory");
		usage = vcpunuma_mem_query(mem);
		if (!usage)
			die("query memory");
		printf("memory of node %u: %" PRIu64 " KiB, of which there: %" PRIu64 " KiB\n",
		       node, vcpunuma_mem_length(mem) >> 10,
		       vcpunuma_mem_usage_bytes(usage, node) >> 10);
		vcpunuma_mem_usage_free(usage);
		vcpunuma_mem_close(mem);
		list += used + (list[used] == ',');
	}
}

static void show_distribution(const struct vcpunuma_vm *vm)
{
	struct vcpunuma_distribution *dist = vcpunuma_distribution_get(vm);
	unsigned int i;

	if (!dist)
		die("distribution");
	for (i = 0; i < vcpunuma_distribution_num_nodes(dist); i++) {
		unsigned int node = vcpunuma_distribution_node(dist, i);

		printf("node %u: %u vCPUs bound, %" PRIu64 " KiB\n", node,
		       vcpunuma_distribution_vcpus(dist, node),
		       vcpunuma_distribution_mem(dist, node) >> 10);
	}
	vcpunuma_distribution_free(dist);
}

int main(void)
{
	unsigned int nr_vcpus = env_uint("VCPUNUMA_VCPUS");
	const char *mems = getenv("VCPUNUMA_MEM_FDS");
	struct vcpunuma_vm *vm;

	vm = vcpunuma_vm_from_fd((int)env_uint("VCPUNUMA_FD"));
	if (!vm)
		die("take over the VM");
	show_vcpus(vm, nr_vcpus);
	show_mems(mems ? mems : "");
	show_distribution(vm);
	vcpunuma_vm_close(vm);
	return 0;
}
