// SPDX-License-Identifier: GPL-2.0
/*
 * Execution of programs: actors make their calls, in turn or all at once.
 *
 * Process 0 of a program is the process that exec_programs() is called in; it
 * forks the others. Each actor goes down the list and makes the calls that are
 * its own. fork and thread hand the next few of an actor's calls over to what
 * they make.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cover.h"
#include "exec.h"
#include "state.h"
#include "trap.h"

/* After so long the next call does not wait for the last any more. */
#define PATIENCE_NS	30000000L

/* Beyond the stacks that the C library thinks of, for fork inside threads. */
#define STACK_SIZE	(256 << 10)

/**
 * struct run - the calls that one task makes
 * @actor: whose they are
 * @first: index of the first call that may be one
 * @left: how many to make at most
 * @skip: calls of the actor that another task makes
 */
struct run {
	unsigned int actor;
	unsigned int first;
	unsigned int left;
	unsigned int skip;
};

static __thread struct run *current;

static void wake_waiters(void)
{
	struct shared *s = me.shared;

	if (s->waiters)
		syscall(SYS_futex, &s->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void wait_turn(unsigned int index)
{
	const struct timespec patience = { .tv_nsec = PATIENCE_NS };
	struct shared *s = me.shared;
	__u32 turn;

	while ((turn = s->turn) < index) {
		s->waiters++;
		if (syscall(SYS_futex, &s->turn, FUTEX_WAIT, turn, &patience,
			    NULL, 0) && errno == ETIMEDOUT &&
		    atomic_compare_exchange_strong(&s->turn, &turn, turn + 1))
			wake_waiters();
		s->waiters--;
	}
}

static void end_turn(unsigned int index)
{
	struct shared *s = me.shared;
	__u32 turn = s->turn;

	while (turn <= index)
		if (atomic_compare_exchange_strong(&s->turn, &turn, index + 1)) {
			wake_waiters();
			return;
		}
}

static void make_call(unsigned int index)
{
	struct shared *s = me.shared;
	const struct call *c = &state_prog()->call[index];
	const struct op *op = op_get(c->op);
	unsigned int at = s->at;
	long result;
	bool news;

	cover_begin();
	result = trap_run(op, c->arg);
	s->result[at][index] = result;
	s->calls++;
	news = cover_end();
	if (op->cmd)
		news |= cover_result(c->op, result);
	if (news && s->news[at] < index + 1)
		s->news[at] = index + 1;
}

static void make_calls(struct run *run)
{
	const struct prog *p = state_prog();
	unsigned int i;

	current = run;
	for (i = run->first; i < p->nr && run->left; i++) {
		if (p->call[i].actor != run->actor)
			continue;
		if (run->skip) {
			run->skip--;
			continue;
		}
		run->left--;
		run->first = i + 1;
		if (p->race) {
			make_call(i);
			continue;
		}
		wait_turn(i);
		if (p->call[i].async)
			end_turn(i);
		make_call(i);
		if (!p->call[i].async)
			end_turn(i);
	}
	current = NULL;
}

static void run_actor(unsigned int actor)
{
	const struct prog *p = state_prog();
	unsigned int i;

	me.shared->tasks[actor] = syscall(SYS_gettid);
	cover_enable(actor);
	for (i = 0; i < p->repeat || !i; i++) {
		struct run run = { .actor = actor, .left = PROG_CALLS };

		make_calls(&run);
	}
}

static void *start_actor(void *actor)
{
	run_actor((unsigned long)actor);
	return NULL;
}

static bool has_calls(unsigned int actor)
{
	const struct prog *p = state_prog();
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		if (p->call[i].actor == actor)
			return true;
	return false;
}

static bool start_thread(void *(*start)(void *), void *arg, pthread_t *thread)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	err = pthread_create(thread, &attr, start, arg);
	pthread_attr_destroy(&attr);
	return !err;
}

static void run_process(unsigned long process)
{
	unsigned long main_actor = process * PROG_THREADS, actor;
	pthread_t thread[PROG_THREADS];
	bool started[PROG_THREADS] = {};
	unsigned int i;

	trap_init();
	for (i = 1; i < PROG_THREADS; i++) {
		actor = main_actor + i;
		if (has_calls(actor))
			started[i] = start_thread(start_actor, (void *)actor,
						  &thread[i]);
	}
	run_actor(main_actor);
	for (i = 1; i < PROG_THREADS; i++)
		if (started[i])
			pthread_join(thread[i], NULL);
}

static void open_sockets(void)
{
	unsigned int i;

	for (i = 0; i < PROG_PROCESSES; i++)
		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
			       me.sockets[i]))
			perror("socketpair");
}

static bool uses_sockets(void)
{
	const struct prog *p = state_prog();
	int op = op_find("receive");
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		if (p->call[i].op == op)
			return true;
	return false;
}

static void run_program(void)
{
	unsigned int process, actor;

	state_begin();
	if (uses_sockets())
		open_sockets();
	for (process = 1; process < PROG_PROCESSES; process++) {
		actor = process * PROG_THREADS;
		if (!has_calls(actor) && !has_calls(actor + 1))
			continue;
		if (!fork()) {
			run_process(process);
			while (wait(NULL) > 0 || errno == EINTR)
				;
			_exit(0);
		}
	}
	run_process(0);
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/** exec_programs - make the calls of the programs in the shared memory */
void exec_programs(void)
{
	struct shared *s = me.shared;

	for (;;) {
		run_program();
		if (++s->at == s->nr_progs)
			_exit(0);
		state_clean();
	}
}

static void run_created(struct run *run)
{
	__u32 cover = atomic_fetch_add(&me.shared->nr_cover, 1);

	state_add_task(syscall(SYS_gettid));
	cover_enable(cover);
	make_calls(run);
}

/* Takes the next calls away from the calling task. */
static struct run hand_over(unsigned int calls)
{
	struct run run = {
		.actor = current->actor,
		.first = current->first,
		.left = calls,
	};

	current->skip = calls;
	return run;
}

/**
 * exec_fork - a new process makes the next calls of the actor
 * @calls: how many
 */
long exec_fork(unsigned int calls)
{
	struct run run = hand_over(calls);
	int pid = fork();

	if (pid < 0) {
		current->skip = 0;
		return -errno;
	}
	if (pid)
		return 0;
	cover_forget();
	run_created(&run);
	_exit(0);
}

static void *start_created(void *arg)
{
	struct run run = *(struct run *)arg;

	free(arg);
	run_created(&run);
	return NULL;
}

/**
 * exec_thread - a new thread makes the next calls of the actor
 * @calls: how many
 */
long exec_thread(unsigned int calls)
{
	struct run *run = malloc(sizeof(*run));
	pthread_t thread;

	if (!run)
		return -ENOMEM;
	*run = hand_over(calls);
	if (!start_thread(start_created, run, &thread)) {
		current->skip = 0;
		free(run);
		return -EAGAIN;
	}
	pthread_detach(thread);
	return 0;
}
