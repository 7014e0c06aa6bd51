/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpunumactl plan - what its files share: a host as a file or sysfs describes
 * it, and VMs placed on it by the core that the kernel module uses too.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "place.h"
#include "repack.h"

/**
 * struct plan_input - a file read line by line
 * @file: it
 * @name: for messages
 * @line: number of the line read last
 * @text: the line read last, without its end, cut into words
 * @word: its words
 * @nr_words: how many
 */
struct plan_input {
	FILE *file;
	const char *name;
	unsigned int line;
	char *text;
	char **word;
	unsigned int nr_words;
};

/* 1: a line with words; 0: the end; -1: an error, which was reported. */
int plan_read(struct plan_input *in);
bool plan_open(struct plan_input *in, const char *name);
void plan_close(struct plan_input *in);

/* "FILE:LINE: what" to stderr; returns -1. */
int plan_bad(const struct plan_input *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A decimal number of at most @most, the whole word */
bool plan_number(const char *word, uint64_t most, uint64_t *value);

/**
 * struct plan_cpu - a CPU
 * @id: number
 * @node: its node
 * @socket: its socket
 * @llc: its last level cache
 * @core: its core
 */
struct plan_cpu {
	uint32_t id;
	uint32_t node;
	uint32_t socket;
	uint32_t llc;
	uint32_t core;
};

/**
 * struct plan_device - a device to be near to
 * @name: name
 * @node: its node
 */
struct plan_device {
	char *name;
	uint32_t node;
};

/**
 * struct plan_host - a host
 * @name: name
 * @nr_nodes: nodes
 * @nr_cpus: CPUs
 * @nr_devices: devices
 * @overcommit: per cent
 * @mem: by node: MiB
 * @distance: by pair of nodes
 * @cpu: CPUs
 * @device: devices
 */
struct plan_host {
	char *name;
	uint32_t nr_nodes;
	uint32_t nr_cpus;
	uint32_t nr_devices;
	uint32_t overcommit;
	uint64_t *mem;
	uint8_t *distance;
	struct plan_cpu *cpu;
	struct plan_device *device;
};

#define PLAN_OVERCOMMIT	400

/* Both return 0, or -1 after an error that was reported. */
int plan_host_read(struct plan_host *host, struct plan_input *in);
int plan_host_this(struct plan_host *host);
void plan_host_write(const struct plan_host *host, FILE *file);
void plan_host_free(struct plan_host *host);

/* malloc() and others that end the program rather than return NULL */
void *plan_alloc(size_t nr, size_t size);
void *plan_grow(void *mem, size_t nr, size_t size);
char *plan_string(const char *text);

/**
 * struct plan_stats - what the summary tells
 * @arrived: VMs
 * @accepted: VMs
 * @vcpus: that arrived
 * @vcpus_accepted: that were placed
 * @score: sum of vCPUs * 10 / eff
 * @distance: sum of vCPUs * mean distance
 * @several: VMs on more than one node
 * @moves: VMs placed anew
 * @moved: MiB
 * @reasons: refusals by reason
 */
struct plan_stats {
	uint64_t arrived;
	uint64_t accepted;
	uint64_t vcpus;
	uint64_t vcpus_accepted;
	double score;
	double distance;
	uint64_t several;
	uint64_t moves;
	uint64_t moved;
	uint64_t reasons[CORE_REASONS];
};

/**
 * struct plan_vms - VMs on a host
 * @host: the host
 * @topo: the host, as the core sees it
 * @ledger: what is booked
 * @work: the core's scratch memory
 * @vm: VMs that run
 * @id: their names
 * @slot: hash table of the VMs by name: index + 1
 * @nr: how many run
 * @max: room in @vm, a power of two; @slot has twice as many
 * @plan: where a decision is made
 * @repack: for moves
 * @next_owner: number of the next VM
 * @may_migrate: move VMs rather than refuse one
 * @placement: enum core_placement
 * @stats: for the summary
 * @memory: blocks to free in the end
 */
struct plan_vms {
	const struct plan_host *host;
	struct core_topology topo;
	struct core_ledger ledger;
	struct core_work work;
	struct core_vm *vm;
	char **id;
	uint32_t *slot;
	uint32_t nr;
	uint32_t max;
	struct core_plan *plan;
	struct core_repack repack;
	uint32_t next_owner;
	bool may_migrate;
	uint8_t placement;
	struct plan_stats stats;
	void *memory[3];
};

#define PLAN_MAX_MOVES	64

int plan_vms_init(struct plan_vms *vms, const struct plan_host *host);
void plan_vms_free(struct plan_vms *vms);
int plan_vms_find(const struct plan_vms *vms, const char *id);
struct core_request plan_vms_request(struct plan_vms *vms);
bool plan_vms_arrive(struct plan_vms *vms, const char *id,
		     const struct core_request *req);
void plan_vms_depart(struct plan_vms *vms, uint32_t index);
void plan_vms_rebalance(struct plan_vms *vms, uint64_t budget);
void plan_vms_settle(struct plan_vms *vms);

/* Answers the events of a trace on stdout; 0, or -1 after a reported error. */
int plan_trace(struct plan_vms *vms, struct plan_input *in);

/* "place ID cpu:.. mem .." or with another verb */
void plan_print(const struct plan_vms *vms, const char *verb, const char *id,
		const struct core_plan *plan);
const char *plan_reason(uint32_t reason);

#endif /* PLAN_H */
