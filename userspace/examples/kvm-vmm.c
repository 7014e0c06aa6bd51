// SPDX-License-Identifier: MIT
/*
 * kvm-vmm - a complete small VMM that places its vCPUs and memory
 *
 * For authors of VMMs: what to add to one's own is in the functions marked (*).
 * kvm-vmm.c has the VM and its memory, kvm-vmm-vcpu.c the threads of the vCPUs,
 * kvm-vmm-report.c the accounts, guest.S the guest.
 *
 *  1. Open a VM and let the kernel choose a node and CPU for each vCPU.  (*)
 *  2. Start a thread for each vCPU, which binds itself to its place.     (*)
 *  3. Create a memory object on each node used, beside a bound vCPU, map it,
 *     and give it to KVM as a memory slot.                               (*)
 *  4. Run the guest: each vCPU writes a pattern to its share of the memory of
 *     its node, and verifies it.
 *  5. Check where everything is, by the library and by the kernel's other
 *     accounts: sched_getaffinity(2), move_pages(2), sysfs.
 *
 * Binding comes first because memory can then be asked for by vCPU, and because
 * KVM allocates what it needs for a vCPU where the vCPU's thread runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "guest.h"
#include "kvm-vmm.h"

/* Guest-physical: memory from here; MMIO of x86 begins above the end */
#define RAM_START	(16 * MIB)
#define RAM_END		(3072 * MIB)

/* Guest-physical: three pages Intel's CPUs need for themselves */
#define TSS_ADDR	0xfffbd000
#define IDENTITY_MAP	0xfffbc000

/* guest-image.S: the assembled guest.S */
extern const uint8_t guest_image[];
extern const uint32_t guest_image_size;

void die(const char *what)
{
	fprintf(stderr, "kvm-vmm: %s: %s (%s)\n", what, strerror(errno),
		strerrorname_np(errno));
	exit(EXIT_FAILURE);
}

/* ---- Places and memory ---- */

/* (*) Opens a VM and lets the kernel choose places. */
static void open_vm(struct vmm *vmm)
{
	unsigned int nodes[MAX_VCPUS], cpus[MAX_VCPUS];
	unsigned int i;

	vmm->vm = vcpunuma_vm_open();
	if (!vmm->vm)
		die("open " VCPUNUMA_DEVICE);
	if (vcpunuma_vm_configure(vmm->vm, vmm->nr_vcpus, 0, nodes, cpus) < 0)
		die("configure");

	vmm->vcpus = calloc(vmm->nr_vcpus, sizeof(*vmm->vcpus));
	vmm->rams = calloc(vmm->nr_vcpus, sizeof(*vmm->rams));
	if (!vmm->vcpus || !vmm->rams)
		die("allocate");
	for (i = 0; i < vmm->nr_vcpus; i++) {
		vmm->vcpus[i].vmm = vmm;
		vmm->vcpus[i].id = i;
		vmm->vcpus[i].node = nodes[i];
		vmm->vcpus[i].cpu = cpus[i];
	}
}

static void open_kvm(struct vmm *vmm)
{
	uint64_t identity_map = IDENTITY_MAP;

	vmm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vmm->kvm < 0)
		die("open /dev/kvm");
	vmm->kvm_vm = ioctl(vmm->kvm, KVM_CREATE_VM, 0);
	if (vmm->kvm_vm < 0)
		die("KVM_CREATE_VM");
	if (ioctl(vmm->kvm_vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) < 0)
		die("KVM_SET_IDENTITY_MAP_ADDR");
	if (ioctl(vmm->kvm_vm, KVM_SET_TSS_ADDR, TSS_ADDR) < 0)
		die("KVM_SET_TSS_ADDR");
}

static void add_slot(struct vmm *vmm, unsigned int slot, uint64_t gpa,
		     void *hva, uint64_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)hva,
	};

	if (ioctl(vmm->kvm_vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		die("KVM_SET_USER_MEMORY_REGION");
}

/* The code is in a slot of its own, of ordinary memory. */
static void add_code(struct vmm *vmm)
{
	size_t bytes = sysconf(_SC_PAGESIZE);
	void *page;

	page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		die("allocate memory for the code");
	memcpy(page, guest_image, guest_image_size);
	add_slot(vmm, 0, GUEST_CODE, page, bytes);
}

/* A node may have CPUs but no memory: then the nearest that has some. */
static unsigned int memory_node(struct vmm *vmm, unsigned int node)
{
	struct vcpunuma_topology *topo = vcpunuma_topology_get(vmm->vm);

	if (!topo)
		die("read topology");
	node = vcpunuma_topology_nearest_memory(topo, node);
	vcpunuma_topology_free(topo);
	return node;
}

/* (*) Creates the memory of a node, beside vCPU @vcpu, which is bound there. */
static void create_ram(struct vmm *vmm, struct ram *ram, unsigned int vcpu)
{
	struct vcpunuma_mem_opts opts = {
		.size = sizeof(opts),
		.flags = vmm->populate ? VCPUNUMA_MEM_POPULATE : 0,
		.page_shift = vmm->page_shift,
	};

	ram->node = memory_node(vmm, ram->vcpu_node);
	if (ram->node == ram->vcpu_node) {
		opts.flags |= VCPUNUMA_MEM_VCPU;
		opts.vcpu = vcpu;
	} else {
		opts.node = ram->node;
	}
	ram->mem = vcpunuma_mem_create(vmm->vm, ram->bytes, &opts);
	if (!ram->mem)
		die("create memory");
	ram->hva = vcpunuma_mem_map(ram->mem, PROT_READ | PROT_WRITE);
	if (!ram->hva)
		die("map memory");
}

/*
 * Adds memory for all vCPUs of a node, at guest-physical address @gpa or
 * behind: KVM uses 2 MiB pages only where guest-physical and host virtual
 * address agree modulo 2 MiB. Returns the address behind it.
 */
static uint64_t add_ram(struct vmm *vmm, unsigned int first, uint64_t gpa)
{
	struct ram *ram = &vmm->rams[vmm->nr_rams++];
	unsigned int i;

	ram->vcpu_node = vmm->vcpus[first].node;
	for (i = first; i < vmm->nr_vcpus; i++) {
		if (vmm->vcpus[i].node == ram->vcpu_node)
			ram->bytes += vmm->share;
	}

	create_ram(vmm, ram, first);
	ram->gpa = gpa + (uintptr_t)ram->hva % CHUNK;
	add_slot(vmm, vmm->nr_rams, ram->gpa, ram->hva, ram->bytes);

	gpa = ram->gpa;
	for (i = first; i < vmm->nr_vcpus; i++) {
		struct vcpu *vcpu = &vmm->vcpus[i];

		if (vcpu->node != ram->vcpu_node)
			continue;
		vcpu->gpa = gpa;
		vcpu->hva = ram->hva + (gpa - ram->gpa);
		gpa += vmm->share;
	}
	return (gpa + CHUNK - 1) & ~(CHUNK - 1);
}

static void add_rams(struct vmm *vmm)
{
	uint64_t gpa = RAM_START;
	unsigned int i, j;

	for (i = 0; i < vmm->nr_vcpus; i++) {
		for (j = 0; j < vmm->nr_rams; j++) {
			if (vmm->rams[j].vcpu_node == vmm->vcpus[i].node)
				break;
		}
		if (j == vmm->nr_rams)
			gpa = add_ram(vmm, i, gpa);
	}
}

/* Waits for a line or the end of standard input, or for SIGTERM or SIGINT. */
static void hold(int signals)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};

	printf("holding; pid %d\n", getpid());
	fflush(stdout);
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
}

/* ---- Main ---- */

static void help(void)
{
	printf("Usage: kvm-vmm [OPTION]...\n"
	       "\n"
	       "Runs a small guest under KVM, with its vCPUs and memory placed by vcpunuma,\n"
	       "and checks where they are. Exit status: 0 all is right, 1 not, 2 wrong usage.\n"
	       "\n"
	       "  --vcpus V      number of vCPUs, up to %d (default: 4)\n"
	       "  --mem SIZE     memory in total, with suffix K, M or G; each vCPU gets an equal\n"
	       "                 share, rounded up to 2 MiB (default: 64M)\n"
	       "  --pages 2m|4k  pages of the memory (default: 2m)\n"
	       "  --populate     allocate all memory before the guest runs, not on first touch\n"
	       "  --hold         when done wait for Enter, or the end of standard input, or\n"
	       "                 SIGTERM, with everything in place\n"
	       "  --help         this text\n", MAX_VCPUS);
}

static void usage(const char *what, const char *arg)
{
	fprintf(stderr, "kvm-vmm: %s%s\nTry 'kvm-vmm --help'.\n", what, arg);
	exit(2);
}

static uint64_t parse_size(const char *text)
{
	static const char suffixes[] = "kmg";
	unsigned long long bytes;
	const char *suffix;
	char *end;

	bytes = strtoull(text, &end, 10);
	if (end == text || *text == '-' || bytes > RAM_END)
		usage("not a size: ", text);
	if (*end) {
		suffix = strchr(suffixes, *end | 0x20);
		if (!suffix || end[1])
			usage("not a size: ", text);
		bytes <<= 10 * (suffix - suffixes + 1);
	}
	return bytes;
}

static unsigned int parse_vcpus(const char *text)
{
	unsigned long nr;
	char *end;

	nr = strtoul(text, &end, 10);
	if (end == text || *end || !nr || nr > MAX_VCPUS)
		usage("not a number of vCPUs: ", text);
	return nr;
}

static void parse(struct vmm *vmm, int argc, char **argv)
{
	static const struct option options[] = {
		{ "vcpus", required_argument, NULL, 'v' },
		{ "mem", required_argument, NULL, 'm' },
		{ "pages", required_argument, NULL, 'p' },
		{ "populate", no_argument, NULL, 'P' },
		{ "hold", no_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t mem = 64 * MIB;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'v':
			vmm->nr_vcpus = parse_vcpus(optarg);
			break;
		case 'm':
			mem = parse_size(optarg);
			break;
		case 'p':
			if (strcmp(optarg, "2m") && strcmp(optarg, "4k"))
				usage("not a page size: ", optarg);
			vmm->page_shift = *optarg == '2' ? 21 : 12;
			break;
		case 'P':
			vmm->populate = true;
			break;
		case 'H':
			vmm->hold = true;
			break;
		case 'h':
			help();
			exit(0);
		default:
			usage("wrong option", "");
		}
	}
	if (optind < argc)
		usage("unexpected argument: ", argv[optind]);

	vmm->share = (mem / vmm->nr_vcpus + CHUNK - 1) & ~(CHUNK - 1);
	/* A chunk per vCPU more, for gaps between the memory of nodes */
	if (!mem || (vmm->share + CHUNK) * vmm->nr_vcpus > RAM_END - RAM_START)
		usage("no memory, or more than the guest can address", "");
}

static void close_all(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < vmm->nr_vcpus; i++)
		pthread_join(vmm->vcpus[i].thread, NULL);
	close(vmm->kvm_vm);
	close(vmm->kvm);
	for (i = 0; i < vmm->nr_rams; i++) {
		vcpunuma_mem_unmap(vmm->rams[i].mem, vmm->rams[i].hva);
		vcpunuma_mem_close(vmm->rams[i].mem);
	}
	vcpunuma_vm_close(vmm->vm);
	free(vmm->vcpus);
	free(vmm->rams);
}

static int block_end_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	return fd;
}

int main(int argc, char **argv)
{
	struct vmm vmm = { .nr_vcpus = 4, .page_shift = 21 };
	bool ok = false;
	int signals = -1;

	parse(&vmm, argc, argv);
	if (vmm.hold)
		signals = block_end_signals();
	open_vm(&vmm);
	open_kvm(&vmm);
	add_code(&vmm);
	start_threads(&vmm);

	pthread_barrier_wait(&vmm.step);	/* all are bound */
	vmm.stop = threads_failed(&vmm);
	if (!vmm.stop)
		add_rams(&vmm);
	pthread_barrier_wait(&vmm.step);	/* the memory is there */

	if (!vmm.stop) {
		pthread_barrier_wait(&vmm.step);	/* all are done */
		ok = !threads_failed(&vmm) && report(&vmm);
		if (vmm.hold)
			hold(signals);
		pthread_barrier_wait(&vmm.step);	/* the main thread too */
	}
	close_all(&vmm);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
