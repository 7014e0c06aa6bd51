// SPDX-License-Identifier: GPL-2.0
/*
 * What the storms share, see storm.h.
 */
#include "storm.h"
#include "memory.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

static __thread sigjmp_buf bus_jump;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(bus_jump, 1);
}

int storm_times(int few, int many)
{
	const char *storm = getenv("STORM");

	return storm && !strcmp(storm, "full") ? many : few;
}

struct storm *storm_make(void)
{
	struct storm *s = vn_shared(sizeof(*s));

	signal(SIGBUS, on_sigbus);
	return s;
}

static void count(long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

bool storm_note(struct storm *s, int err, const char *where)
{
	if (err >= 0)
		return true;
	count(&s->refused);
	if (err == -EDQUOT)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(s->expected); i++)
		if (s->expected[i] == -err)
			return false;
	s->where = where;
	s->wrong = err;
	return false;
}

bool storm_join(struct storm_player *p, struct storm *s, int vm,
		unsigned int seed)
{
	*p = (struct storm_player) { .storm = s, .seed = seed, .vm = vm };
	if (vm < 0)
		p->vm = __vn_open();
	if (!storm_note(s, p->vm, "open"))
		return false;
	/* In a VM that others share, places have been chosen already. */
	return vm >= 0 ||
	       storm_note(s, __vn_configure(p->vm, 4, 0, NULL), "configure");
}

static int any_of(struct storm_player *p, const struct vn_set *set)
{
	return vn_set_nth(set, rand_r(&p->seed) % vn_set_weight(set));
}

static void bind_at_random(struct storm_player *p)
{
	const struct vn_host *host = vn_host();
	struct storm *s = p->storm;
	struct vn_set now, want;
	int to = VCPUNUMA_BIND_PLACE, target = 0;

	switch (rand_r(&p->seed) % 3) {
	case 0:
		to = VCPUNUMA_BIND_CPU;
		target = any_of(p, &host->cpus);
		want = vn_set_of(target);
		break;
	case 1:
		to = VCPUNUMA_BIND_NODE;
		target = any_of(p, &host->has_cpu);
		want = host->node_cpus[target];
		break;
	default:
		want = host->cpus;
		break;
	}
	/* Places are of the vCPUs from 0 to 3. */
	if (to == VCPUNUMA_BIND_PLACE && p->vcpu > 3)
		return;
	if (!storm_note(s, __vn_bind(p->vm, p->vcpu, to, target, 0, NULL),
			"bind"))
		return;
	count(&s->binds);
	if (!s->steady)
		return;
	storm_note(s, __vn_getaffinity(0, &now), "affinity");
	if (!vn_set_weight(&now) || !vn_set_within(&now, &want))
		storm_note(s, -EXDEV, "bound elsewhere");
	if (!vn_set_has(&now, sched_getcpu()))
		storm_note(s, -EXDEV, "running elsewhere");
}

static void unbind(struct storm_player *p)
{
	int err = __vn_unbind(p->vm, p->vcpu);

	if (err != -ENOTCONN)
		storm_note(p->storm, err, "unbind");
}

static void let_go(struct storm_player *p, int i)
{
	if (!p->held[i].at)
		return;
	munmap(p->held[i].at, p->held[i].length);
	close(p->held[i].fd);
	p->held[i].at = NULL;
}

/* All pages are new and 0, or there is none to be had. */
static void touch(struct storm_player *p, char *at, size_t length)
{
	if (sigsetjmp(bus_jump, 1)) {
		count(&p->storm->sigbus);
		return;
	}
	if (!vn_is_zero(at, length))
		storm_note(p->storm, -EUCLEAN, "memory is not 0");
	memset(at, 0x6d, length);
	count(&p->storm->touches);
}

/* On one node, or a half rather on it and the rest where it is touched */
static int make_object(struct storm_player *p, size_t length, bool large)
{
	int node = any_of(p, &vn_host()->has_memory);
	struct vcpunuma_mem_range range[] = {
		RANGE(length / 2, PREFERRED, .node = node),
		RANGE(length / 2, LOCAL),
	};
	unsigned int flags = rand_r(&p->seed) % 2 ? VCPUNUMA_MEM_POPULATE : 0;

	if (rand_r(&p->seed) % 2)
		return __vn_mem_create(p->vm, flags, length, node,
				       large ? 21 : 12);
	return __vn_mem_create_ranges(p->vm, flags | VCPUNUMA_MEM_SMALL,
				      large ? 21 : 12, range, 2);
}

static void hold_object(struct storm_player *p)
{
	unsigned int i = rand_r(&p->seed) % STORM_HELD;
	bool large = rand_r(&p->seed) % 4 == 0;
	size_t length = large ? 2 * PAGE_2M : 16 * PAGE_4K;
	int fd;

	let_go(p, i);
	fd = make_object(p, length, large);
	if (!storm_note(p->storm, fd, "create memory"))
		return;
	count(&p->storm->objects);
	p->held[i].at = __vn_map(fd, length);
	if (p->held[i].at == MAP_FAILED) {
		storm_note(p->storm, -errno, "map");
		p->held[i].at = NULL;
		close(fd);
		return;
	}
	p->held[i].fd = fd;
	p->held[i].length = length;
	touch(p, p->held[i].at, length);
}

/* All its pages go, and others come. */
static void renew(struct storm_player *p, int i)
{
	struct vn_set node = vn_set_of(any_of(p, &vn_host()->has_memory));
	char *at = p->held[i].at;
	size_t length = p->held[i].length;
	int err;

	if (!at)
		return;
	storm_note(p->storm, __vn_mem_punch(p->held[i].fd, 0, length), "punch");
	/* What a cpuset forbids the kernel does not take. */
	err = __vn_mbind(at, length, rand_r(&p->seed) % 2 ? MPOL_BIND :
			 MPOL_PREFERRED, &node);
	if (err != -EINVAL)
		storm_note(p->storm, err, "mbind");
	if (rand_r(&p->seed) % 2)
		storm_note(p->storm, __vn_mem_populate(p->held[i].fd, 0, length,
						       0), "populate");
	touch(p, at, length);
}

static void ask(struct storm_player *p)
{
	struct vcpunuma_cmd_distribution d;
	struct vcpunuma_cmd_query q;
	struct vcpunuma_share share[64];
	struct vn_set set;
	int err = __vn_query(p->vm, p->vcpu, &q, &set);

	if (err != -ENOENT)
		storm_note(p->storm, err, "query");
	storm_note(p->storm, __vn_distribution(p->vm, &d, share,
					       ARRAY_SIZE(share)),
		   "distribution");
}

void storm_step(struct storm_player *p)
{
	switch (rand_r(&p->seed) % 9) {
	case 0:
	case 1:
	case 2:
		bind_at_random(p);
		break;
	case 3:
		unbind(p);
		break;
	case 4:
	case 5:
		hold_object(p);
		break;
	case 6:
		let_go(p, rand_r(&p->seed) % STORM_HELD);
		break;
	case 7:
		renew(p, rand_r(&p->seed) % STORM_HELD);
		break;
	case 8:
		ask(p);
		break;
	}
}

void storm_leave(struct storm_player *p)
{
	for (int i = 0; i < STORM_HELD; i++)
		let_go(p, i);
	unbind(p);
}

pid_t storm_start(struct storm *s, int vm, unsigned int seed)
{
	struct storm_player p;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!storm_join(&p, s, vm, seed))
		_exit(1);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		storm_step(&p);
	storm_leave(&p);
	_exit(0);
}

bool storm_end(struct storm *s, pid_t *pids, int n)
{
	bool well = true;
	int status;

	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < n; i++)
		well &= waitpid(pids[i], &status, 0) == pids[i] && !status;
	return well;
}
