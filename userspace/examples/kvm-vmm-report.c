// SPDX-License-Identifier: MIT
/*
 * kvm-vmm - the accounts at the end
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "kvm-vmm.h"

/* What the guest wrote last is in the memory object, as the VMM sees it. */
static uint64_t wrong_in_host(const struct vcpu *vcpu)
{
	uint32_t seed = seed_of(vcpu) + (ROUNDS - 1) * GUEST_STEP;
	uint64_t offset, wrong = 0;

	for (offset = 0; offset < vcpu->vmm->share; offset += GUEST_STRIDE) {
		uint32_t word;

		memcpy(&word, vcpu->hva + offset, sizeof(word));
		wrong += word != (uint32_t)(vcpu->gpa + offset + seed);
	}
	return wrong;
}

static bool report_vcpu(const struct vcpu *vcpu)
{
	struct vcpunuma_vcpu_info info = { .size = sizeof(info) };
	uint64_t wrong = wrong_in_host(vcpu);
	bool ok;

	if (vcpunuma_query(vcpu->vmm->vm, vcpu->id, &info, 0, NULL) < 0)
		die("query");
	ok = vcpu->halted && !vcpu->wrong && !wrong && vcpu->on_node &&
	     info.state == VCPUNUMA_VCPU_BOUND && info.node == vcpu->node &&
	     info.last_node == vcpu->node && info.tid == vcpu->tid;

	printf("vCPU %u: thread %d, node %u, CPU %u, last ran on CPU %d; "
	       "%" PRIu64 " KiB verified %d times, wrong words: guest %" PRIu32
	       ", host %" PRIu64 "; affinity %s: %s\n", vcpu->id, vcpu->tid,
	       info.node, info.cpu, vcpu->last_cpu, vcpu->vmm->share >> 10,
	       ROUNDS, vcpu->wrong, wrong,
	       vcpu->on_node ? "within node" : "BEYOND NODE",
	       ok ? "pass" : "FAIL");
	return ok;
}

/* Bytes of @ram on its node, and elsewhere or nowhere, by move_pages(2) */
static void ask_move_pages(const struct ram *ram, uint64_t *there,
			   uint64_t *other)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t offset;

	*there = 0;
	*other = 0;
	for (offset = 0; offset < ram->bytes; offset += page) {
		void *addr = ram->hva + offset;
		int status;

		/* No nodes given: move nothing, tell where the page is */
		if (syscall(SYS_move_pages, 0, 1UL, &addr, NULL, &status, 0))
			die("move_pages");
		if (status == (int)ram->node)
			*there += page;
		else
			*other += page;
	}
}

static bool report_ram(const struct ram *ram)
{
	struct vcpunuma_mem_usage *usage = vcpunuma_mem_query(ram->mem);
	uint64_t there, other;
	unsigned int i;
	bool ok;

	if (!usage)
		die("query memory");
	ask_move_pages(ram, &there, &other);
	ok = vcpunuma_mem_usage_bytes(usage, ram->node) == ram->bytes &&
	     vcpunuma_mem_usage_populated(usage) == ram->bytes &&
	     there == ram->bytes && !other;

	printf("memory for node %u: %" PRIu64 " KiB at guest-physical 0x%" PRIx64
	       ", pages of %" PRIu64 " KiB; vcpunuma:", ram->vcpu_node,
	       ram->bytes >> 10, ram->gpa,
	       vcpunuma_mem_usage_page_size(usage) >> 10);
	for (i = 0; i < vcpunuma_mem_usage_num_nodes(usage); i++) {
		unsigned int node = vcpunuma_mem_usage_node(usage, i);

		printf(" N%u=%" PRIu64, node,
		       vcpunuma_mem_usage_bytes(usage, node));
	}
	printf("; move_pages: N%u=%" PRIu64 ", other=%" PRIu64 ": %s\n",
	       ram->node, there, other, ok ? "pass" : "FAIL");
	vcpunuma_mem_usage_free(usage);
	return ok;
}

bool report(const struct vmm *vmm)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < vmm->nr_vcpus; i++)
		ok &= report_vcpu(&vmm->vcpus[i]);
	for (i = 0; i < vmm->nr_rams; i++)
		ok &= report_ram(&vmm->rams[i]);
	puts(ok ? "pass" : "FAIL");
	return ok;
}
