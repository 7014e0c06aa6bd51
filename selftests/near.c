// SPDX-License-Identifier: GPL-2.0
/*
 * What a reservation is to be near to, a node or a PCI device; and that what it
 * gets is near by itself: CPUs of one last level cache.
 */
#include <kselftest_harness.h>
#include <dirent.h>
#include <stdlib.h>

#include "lib.h"

#define DEVICES		"/sys/bus/pci/devices"
#define MAX_CPUS	256
#define MAX_NODES	64

/* A PCI device: its address as the interface has it, its node or -1 */
struct device {
	__u32 address;
	int node;
};

static struct device devices[64];
static int nr_devices;

/* A name of the form DDDD:BB:DD.F */
static void add_device(const char *name)
{
	unsigned int domain, bus, slot, function;
	struct device *d = &devices[nr_devices];
	char path[320], text[16] = "";

	if (nr_devices == (int)ARRAY_SIZE(devices) ||
	    sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return;
	snprintf(path, sizeof(path), DEVICES "/%s/numa_node", name);
	if (__vn_read_file(path, text, sizeof(text)) < 0)
		return;
	d->address = domain << 16 | bus << 8 | slot << 3 | function;
	d->node = atoi(text);
	nr_devices++;
}

static void find_devices(void)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	nr_devices = 0;
	while (dir && (entry = readdir(dir)))
		add_device(entry->d_name);
	if (dir)
		closedir(dir);
}

static bool exists(__u32 address)
{
	for (int i = 0; i < nr_devices; i++)
		if (devices[i].address == address)
			return true;
	return false;
}

FIXTURE(near) {
	int vm;
	struct vcpunuma_cmd_reserve cmd;
	struct vcpunuma_place place[8];
	struct vcpunuma_chunk chunk[8];
	struct vn_set both;	/* nodes with CPUs and memory */
};

FIXTURE_SETUP(near)
{
	const struct vn_host *h = vn_host();

	self->vm = vn_open();
	self->both = vn_set_and(&h->has_cpu, &h->has_memory);
	find_devices();
}

FIXTURE_TEARDOWN(near)
{
	close(self->vm);
}

/* The node of a small VM, or -errno; nothing stays reserved. */
static int node_near(int vm, unsigned int flags, __u32 near)
{
	struct vcpunuma_cmd_reserve cmd = {
		.flags = flags | VCPUNUMA_RESERVE_DRY_RUN,
		.nr_vcpus = 1,
		.mem = PAGE_2M,
		.near = near,
	};
	struct vcpunuma_place place;
	int err = __vn_reserve(vm, &cmd, &place, 1, NULL, 0);

	return err ? err : (int)place.node;
}

static unsigned int distance(int from, int to)
{
	static unsigned int to_each[VN_NODES];
	int node = -1, i = 0;

	vn_distances(from, to_each, VN_NODES);
	while (vn_set_step(&vn_host()->online, &node) && node != to)
		i++;
	return to_each[i];
}

/* Nearness is a wish: a node that is hardly farther may be the better one. */
TEST_F(near, node)
{
	int node = -1, chosen;

	while (vn_set_step(&self->both, &node)) {
		chosen = node_near(self->vm, VCPUNUMA_RESERVE_NEAR_NODE, node);
		ASSERT_LE(0, chosen);
		EXPECT_GE(12, distance(node, chosen)) {
			TH_LOG("near %d: %d", node, chosen);
		}
	}
	EXPECT_EQ(-ENODEV, node_near(self->vm, VCPUNUMA_RESERVE_NEAR_NODE,
				     vn_absent_node()));
}

TEST_F(near, device)
{
	struct vn_set seen = {};
	int nr = 0;

	for (int i = 0; i < nr_devices; i++) {
		const struct device *d = &devices[i];

		if (d->node < 0 || !vn_set_has(&self->both, d->node))
			continue;
		EXPECT_EQ(d->node, node_near(self->vm,
					     VCPUNUMA_RESERVE_NEAR_PCI,
					     d->address)) {
			TH_LOG("device %#x", d->address);
		}
		vn_set_add(&seen, d->node);
		nr++;
	}
	if (!nr)
		SKIP(return, "no PCI device is near a node");
	vn_note("%d devices on nodes %s", nr, vn_str(&seen));
}

/* As if nothing had been asked for */
TEST_F(near, device_without_node)
{
	int nr = 0;

	for (int i = 0; i < nr_devices; i++) {
		struct vcpunuma_cmd_explain e;

		if (devices[i].node >= 0)
			continue;
		EXPECT_LE(0, node_near(self->vm, VCPUNUMA_RESERVE_NEAR_PCI,
				       devices[i].address));
		vn_explain(self->vm, 0, 0, &e, NULL, 0, NULL, 0);
		EXPECT_EQ(devices[i].address, e.out_near);
		EXPECT_EQ(VCPUNUMA_NONE, e.out_near_node);
		nr++;
	}
	if (!nr)
		SKIP(return, "all PCI devices are near nodes");
}

/* Each part of the address counts. */
TEST_F(near, absent_device)
{
	int absent = 0;

	ASSERT_LT(0, nr_devices);
	for (int i = 0; i < nr_devices; i++) {
		__u32 address = devices[i].address;
		__u32 others[] = {
			address ^ 1, address ^ 4, address ^ 1 << 3,
			address ^ 1 << 7, address ^ 1 << 8, address ^ 1 << 15,
			address ^ 1 << 16, address ^ 1U << 31,
		};

		for (size_t k = 0; k < ARRAY_SIZE(others); k++) {
			if (exists(others[k]))
				continue;
			EXPECT_EQ(-ENOENT,
				  node_near(self->vm, VCPUNUMA_RESERVE_NEAR_PCI,
					    others[k])) {
				TH_LOG("device %#x", others[k]);
			}
			absent++;
		}
	}
	EXPECT_LT(0, absent);
}

/* CPUs that share a last level cache, as the ledger has it */
struct caches {
	struct vcpunuma_cmd_ledger cmd;
	struct vcpunuma_ledger_cpu cpu[MAX_CPUS];
	struct vn_set of[MAX_CPUS];	/* by the lowest CPU of them */
	int nr;
	int nodes;
};

static void find_caches(int vm, struct caches *c)
{
	struct vn_set nodes = {};

	memset(c, 0, sizeof(*c));
	if (__vn_ledger(vm, &c->cmd, NULL, 0, c->cpu, MAX_CPUS))
		return;
	for (unsigned int i = 0; i < c->cmd.nr_cpus; i++) {
		c->nr += c->cpu[i].llc == c->cpu[i].cpu;
		vn_set_add(&c->of[c->cpu[i].llc], c->cpu[i].cpu);
		vn_set_add(&nodes, c->cpu[i].node);
	}
	c->nodes = vn_set_weight(&nodes);
}

/*
 * With one CPU of a node taken, two that belong together come from the cache that
 * is whole, though a lower CPU would be free; and so on each node.
 */
TEST_F(near, cache)
{
	static struct caches c;
	int taker, node = -1;

	find_caches(self->vm, &c);
	if (c.nr <= c.nodes)
		SKIP(return, "the nodes have one last level cache each");
	taker = vn_open();
	while (vn_set_step(&self->both, &node)) {
		struct vn_set set = vn_set_of(node), mine = {};
		struct vcpunuma_cmd_reserve cmd = {
			.nr_vcpus = 1,
			.cpu_policy = VCPUNUMA_CPU_PREFER,
			.nodes = (uintptr_t)&set,
			.nr_node_bits = 64,
		};
		unsigned int first;

		vn_reserve(taker, &cmd, self->place, 8, NULL, 0);
		first = self->place[0].cpu;
		cmd.nr_vcpus = 2;
		vn_reserve(self->vm, &cmd, self->place, 8, NULL, 0);
		vn_set_add(&mine, self->place[0].cpu);
		vn_set_add(&mine, self->place[1].cpu);
		for (unsigned int i = 0; i < c.cmd.nr_cpus; i++) {
			const struct vcpunuma_ledger_cpu *at = &c.cpu[i];

			if (at->cpu == first)
				EXPECT_FALSE(vn_set_has(&mine, at->llc));
			if (at->cpu == self->place[0].cpu)
				EXPECT_TRUE(vn_set_within(&mine,
							  &c.of[at->llc])) {
					TH_LOG("CPUs %s", vn_str(&mine));
				}
		}
		vn_release(self->vm);
		vn_release(taker);
	}
	close(taker);
}

TEST_HARNESS_MAIN
