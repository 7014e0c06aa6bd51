// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl run - the program: start it, pass signals on, wait for its end
 *
 * The parent stays so that the VM lives as long as the program, also if the
 * program closes file descriptors it does not know.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define EXIT_CANNOT_RUN	126
#define EXIT_NOT_FOUND	127
#define EXIT_SIGNAL	128

static int bind_main_thread(const struct run_vm *vm)
{
	if (!vcpunuma_bind_place(vm->vm, 0, 0))
		return 0;
	if (errno == ENOSPC) {
		char why[64];

		snprintf(why, sizeof(why),
			 "no CPU of node %u is allowed to this thread",
			 vm->nodes[0]);
		return error_errno(ENOSPC, why, "bind vCPU 0");
	}
	return error_errno(errno, explain(errno), "bind vCPU 0");
}

/* In the child: become the program. */
static void become(const struct run_vm *vm, const struct run_request *req,
		   const sigset_t *mask)
{
	int status;

	if (!req->no_bind) {
		status = bind_main_thread(vm);
		if (status)
			_exit(status);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(req->argv[0], req->argv);
	status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	error_errno(errno, strerror(errno), "run %s", req->argv[0]);
	_exit(status);
}

/*
 * A signal from the terminal went to the program too, as to all of the
 * foreground process group; one from a process was meant for it.
 */
static void pass_on(pid_t child, const siginfo_t *info)
{
	if (info->si_code == SI_KERNEL)
		return;
	kill(child, info->si_signo);
}

static int wait_for(pid_t child, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(signals, &info) < 0)
			continue;	/* EINTR after SIGSTOP and SIGCONT */
		if (info.si_signo != SIGCHLD) {
			pass_on(child, &info);
			continue;
		}
		if (waitpid(child, &status, WNOHANG) != child)
			continue;
		if (WIFSIGNALED(status))
			return EXIT_SIGNAL + WTERMSIG(status);
		return WEXITSTATUS(status);
	}
}

int run_child(const struct run_vm *vm, const struct run_request *req)
{
	sigset_t signals, mask;
	pid_t child;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	/* If whoever started us ignores SIGCHLD, there is nothing to wait for. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &signals, &mask);

	child = fork();
	if (child < 0)
		return error_errno(errno, strerror(errno), "run %s",
				   req->argv[0]);
	if (!child)
		become(vm, req, &mask);
	return wait_for(child, &signals);
}
