// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that may touch memory they should not: they end, the process lives on.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ops.h"
#include "trap.h"

/* Where to go on */
struct trap {
	sigjmp_buf env;
};

static __thread struct trap *innermost;

static void on_fault(int sig)
{
	if (!innermost)
		_exit(128 + sig);
	siglongjmp(innermost->env, 1);
}

static void on_wakeup(int sig)
{
	(void)sig;
}

/** trap_init - catch what wild calls raise; SIGUSR1 only interrupts */
void trap_init(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction fault = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	struct sigaction wakeup = { .sa_handler = on_wakeup };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigaction(faults[i], &fault, NULL);
	sigaction(SIGUSR1, &wakeup, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/** trap_run - run an op; -EFAULT if it touched what it could not */
long trap_run(const struct op *op, const __u64 *arg)
{
	struct trap here, *outer = innermost;
	long result;

	innermost = &here;
	if (sigsetjmp(here.env, 0))
		result = -EFAULT;
	else
		result = op->run(op, arg);
	innermost = outer;
	return result;
}

/** trap_copy - copy memory; false: it can't be done */
bool trap_copy(void *to, const void *from, size_t size)
{
	struct trap here, *outer = innermost;
	bool done;

	innermost = &here;
	if (sigsetjmp(here.env, 0)) {
		done = false;
	} else {
		memcpy(to, from, size);
		done = true;
	}
	innermost = outer;
	return done;
}
