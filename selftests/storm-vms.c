// SPDX-License-Identifier: GPL-2.0
/*
 * Many VMs of many threads, all at the same time.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "storm.h"

#include <sys/mman.h>

#define MAX_VMS		64
#define THREADS		16

FIXTURE(vms) {
	struct vn_before before;
	struct storm *storm;
	struct vn_set all;
};

FIXTURE_SETUP(vms)
{
	vn_getaffinity(0, &self->all);
	self->storm = storm_make();
	ASSERT_NE(MAP_FAILED, (void *)self->storm);
	self->storm->steady = true;
	/* All of it at once is more than a node has. */
	self->storm->expected[0] = ENOMEM;
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(vms)
{
}

struct player {
	struct storm_player p;
	pthread_t thread;
	int steps;
	struct vn_set all;
};

static void *play(void *arg)
{
	struct player *player = arg;

	struct storm *s = player->p.storm;
	struct vn_set now;

	for (int i = 0; i < player->steps; i++)
		storm_step(&player->p);
	storm_leave(&player->p);
	/* Whoever was bound is free again. */
	storm_note(s, __vn_getaffinity(0, &now), "affinity");
	if (!vn_set_equal(&now, &player->all))
		storm_note(s, -EXDEV, "affinity at the end");
	return NULL;
}

/* A VMM: @vms are those of the others, too, and the odd threads use them. */
static void vmm(struct storm *s, const int *vms, int nr_vms, int self)
{
	static struct player players[THREADS];
	int started = 0;

	for (int i = 0; i < THREADS; i++) {
		struct player *pl = &players[i];
		int vm = i % 2 ? vms[(self + i) % nr_vms] : vms[self];

		pl->steps = storm_times(20, 100);
		__vn_getaffinity(0, &pl->all);
		if (!storm_join(&pl->p, s, vm, self * THREADS + i))
			_exit(1);
		/* None is another's */
		pl->p.vcpu = i % 2 ? self * THREADS + i + 4 : i;
		if (!storm_note(s, -pthread_create(&pl->thread, NULL, play, pl),
				"thread"))
			break;
		started++;
	}
	while (started--)
		pthread_join(players[started].thread, NULL);
	_exit(0);
}

TEST_F_TIMEOUT(vms, together, STORM_TIMEOUT)
{
	int nr_vms = storm_times(12, MAX_VMS);
	pid_t pids[MAX_VMS];
	int vms[MAX_VMS];

	for (int i = 0; i < nr_vms; i++) {
		vms[i] = vn_open();
		vn_configure(vms[i], 4, 0, NULL);
	}
	for (int i = 0; i < nr_vms; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			vmm(self->storm, vms, nr_vms, i);
	}
	for (int i = 0; i < nr_vms; i++)
		close(vms[i]);
	EXPECT_TRUE(storm_end(self->storm, pids, nr_vms));
	vn_note("%d VMs of %d threads", nr_vms, THREADS);
	EXPECT_STORM(self->storm);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
