// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that open VMs, bind, create, map and touch, and are killed in the
 * middle of it; with children, and with descriptors sent to each other.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "storm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ROUNDS		4
#define AT_A_TIME	6
#define LIMIT		(32 * MIB)	/* of locked memory, for the user */

FIXTURE(kill) {
	struct vn_before before;
	struct storm *storm;
	struct vn_set all;
};

FIXTURE_SETUP(kill)
{
	struct rlimit limit = { LIMIT, LIMIT };

	vn_getaffinity(0, &self->all);
	self->storm = storm_make();
	ASSERT_NE(MAP_FAILED, (void *)self->storm);
	self->storm->steady = true;
	/* For those who lose the capability to go beyond it */
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	/* Children of those who were killed come to us. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(kill)
{
}

static void *play_for_ever(void *player)
{
	for (;;)
		storm_step(player);
	return NULL;
}

static void victim(struct storm *s, unsigned int seed)
{
	struct storm_player p[2];
	pthread_t thread;

	if (!storm_join(&p[0], s, -1, seed))
		_exit(1);
	/* What an ordinary user locks is counted. */
	if (seed % 2 && !storm_note(s, __vn_drop(VN_NOBODY), "drop"))
		_exit(1);
	/* Some have a second thread, some a second process. */
	p[1] = p[0];
	p[1].seed = ~seed;
	p[1].vcpu = 1;
	if (seed % 4 < 2 &&
	    storm_note(s, -pthread_create(&thread, NULL, play_for_ever, &p[1]),
		       "thread"))
		play_for_ever(&p[0]);
	if (seed % 4 == 2 && !fork())
		play_for_ever(&p[1]);
	play_for_ever(&p[0]);
}

static pid_t start_victim(struct storm *s, unsigned int seed)
{
	pid_t pid = fork();

	if (!pid)
		victim(s, seed);
	return pid;
}

/* Reaps @pid and whoever is dead. */
static bool reap(pid_t pid)
{
	bool killed = false;
	int status;
	pid_t dead;

	do {
		dead = waitpid(-1, &status, 0);
		if (dead == pid)
			killed = WIFSIGNALED(status) &&
				 WTERMSIG(status) == SIGKILL;
	} while (dead > 0 && dead != pid);
	return killed;
}

static long create_full(void *node, int fd)
{
	int mem = __vn_mem_create(fd, 0, LIMIT, (long)node, 12);

	if (mem >= 0)
		close(mem);
	return mem < 0 ? mem : 0;
}

/* Whether the user may have again all that the limit says. */
static bool limit_is_back(void)
{
	long node = vn_set_first(&vn_host()->has_memory);
	int fd = __vn_open();
	struct vn_child c;
	bool back;

	if (fd < 0 || __vn_child_start(&c))
		return false;
	vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1);
	back = vn_eventually(!vn_child_call(&c, create_full, (void *)node,
					    fd));
	vn_child_stop(&c);
	close(fd);
	return back;
}

TEST_F_TIMEOUT(kill, processes, STORM_TIMEOUT)
{
	int each = storm_times(60, 2500);
	static struct vn_caches caches[ROUNDS];
	unsigned int seed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[AT_A_TIME] = {};

		for (int i = 0; i < each + AT_A_TIME; i++) {
			pid_t *pid = &pids[i % AT_A_TIME];

			if (*pid) {
				kill(*pid, SIGKILL);
				EXPECT_TRUE(reap(*pid));
				*pid = 0;
			}
			if (i >= each)
				continue;
			*pid = start_victim(self->storm, ++seed);
			ASSERT_LT(0, *pid);
			/* Now one is in the middle of its start, now in play. */
			if (i % 3)
				usleep(random() % 15000);
		}
		while (waitpid(-1, NULL, 0) > 0)
			;
		vn_settle();
		vn_caches_read(&caches[round]);
	}
	vn_note("%d processes killed", ROUNDS * each);
	EXPECT_STORM(self->storm);
	EXPECT_STREQ("", vn_caches_growing(caches, ROUNDS, each));
	EXPECT_TRUE(limit_is_back());
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

/* Descriptors that go around */

static bool pass(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

static int take(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

/* A memory object that somebody sent, perhaps one who is dead by now */
static void use_memory(struct storm_player *p, int fd)
{
	void *at = __vn_map(fd, PAGE_4K);

	if (!storm_note(p->storm, at == MAP_FAILED ? -errno : 0,
			"memory that was passed"))
		return;
	vn_touch(at, PAGE_4K);
	munmap(at, PAGE_4K);
}

static void use_vm(const struct storm_player *p, int fd)
{
	struct storm_player other = *p;

	memset(other.held, 0, sizeof(other.held));
	other.vm = fd;
	other.vcpu = 4 + p->seed % 1000;
	for (int i = 0; i < 4; i++)
		storm_step(&other);
	storm_leave(&other);
}

static void use_taken(struct storm_player *p, int fd)
{
	/* A VM can be mapped too: that says nothing. */
	if (vn_populated(fd) >= 0)
		use_memory(p, fd);
	else
		use_vm(p, fd);
	close(fd);
}

/* A child that holds all that its parent does, runs a program, or just ends. */
static void breed(struct storm_player *p, int null)
{
	pid_t pid = fork();

	if (!pid) {
		/* Its parent's mappings are its own to unmap. */
		storm_leave(p);
		if (rand_r(&p->seed) % 2)
			vn_exec_affinity(null);
		_exit(0);
	}
	if (pid > 0 && rand_r(&p->seed) % 2)
		waitpid(pid, NULL, 0);
}

static void passer(struct storm *s, unsigned int seed, int to, int from)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct storm_player p;

	signal(SIGCHLD, SIG_IGN);
	if (!storm_join(&p, s, -1, seed))
		_exit(1);
	for (;;) {
		int i = rand_r(&p.seed) % STORM_HELD;
		int fd;

		storm_step(&p);
		/* The newest may be too much for the socket: it is full soon. */
		pass(to, p.held[i].at ? p.held[i].fd : p.vm);
		fd = take(from);
		if (fd >= 0)
			use_taken(&p, fd);
		if (rand_r(&p.seed) % 8 == 0)
			breed(&p, null);
	}
}

TEST_F_TIMEOUT(kill, passed_on, STORM_TIMEOUT)
{
	int times = storm_times(80, 2000);
	int sock[AT_A_TIME][2];
	pid_t pids[AT_A_TIME] = {};
	unsigned int seed = 0;

	/* Others unbind what was bound through a VM of theirs. */
	self->storm->steady = false;
	/* Places are forgotten by whoever had the VM before. */
	self->storm->expected[0] = EBUSY;
	for (int i = 0; i < AT_A_TIME; i++)
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
					0, sock[i]));
	for (int i = 0; i < times + AT_A_TIME; i++) {
		int n = i % AT_A_TIME;

		if (pids[n]) {
			kill(pids[n], SIGKILL);
			EXPECT_TRUE(reap(pids[n]));
			pids[n] = 0;
		}
		if (i >= times)
			continue;
		pids[n] = fork();
		ASSERT_LE(0, pids[n]);
		if (!pids[n])
			passer(self->storm, ++seed, sock[n][0],
			       sock[(n + 1) % AT_A_TIME][1]);
		seed++;
		usleep(random() % 30000);
	}
	/* What was on its way is given up with the sockets. */
	for (int i = 0; i < AT_A_TIME; i++) {
		close(sock[i][0]);
		close(sock[i][1]);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	vn_note("%d processes killed", times);
	EXPECT_STORM(self->storm);
	EXPECT_AFFINITY(&self->all, 0);
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
