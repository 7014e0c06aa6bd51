// SPDX-License-Identifier: GPL-2.0
/*
 * Runners: processes that run one program after the other, each in a process of
 * its own, so that what it did ends with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec.h"
#include "runner.h"
#include "state.h"

/* A process that was sent SIGKILL must be gone by then. */
#define DEATH_MS	60000

/*
 * What each runner has run last is kept in a file, for after a crash: so many
 * batches in turn, each with room for so many bytes.
 */
#define LOG_BATCHES	4
#define LOG_ROOM	(BATCH * PROG_TEXT)

/**
 * struct source - where a runner takes programs from
 * @f: what all runners share
 * @rng: chance
 * @replay: only the programs of the corpus, in their order
 * @seed: the next program of the corpus that is to be run as it is
 * @seeds: how many of these there are
 * @step: from one to the next
 * @next: the next program, if @has_next
 * @by_chance: is it?
 */
struct source {
	struct fuzz *f;
	struct rng rng;
	bool replay;
	unsigned int seed;
	unsigned int seeds;
	unsigned int step;
	struct prog next;
	bool has_next;
	bool by_chance;
};

static unsigned int serial, batch;
/* Of the programs of the batch, those that come from chance. */
static bool learn[BATCH];
/* Where the runner waits and its programs begin; wakeups elsewhere cost more. */
static unsigned int home_cpu;
static int log_fd = -1;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void runner_init(struct fuzz *f, unsigned int number)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[PATH_MAX];

	home_cpu = number % sysconf(_SC_NPROCESSORS_ONLN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write_file("/proc/self/oom_score_adj", "-1000");
	if (shared == MAP_FAILED || !state_init(shared) ||
	    (f->kcov && !cover_open())) {
		fprintf(stderr, "fuzz: cannot start runner %u\n", number);
		_exit(1);
	}
	snprintf(path, sizeof(path), "%s/running-%u", f->out, number);
	log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

/* The programs must be on disk before they can do harm. */
static void log_batch(void)
{
	static char text[LOG_ROOM];
	struct shared *s = me.shared;
	size_t n = 1;
	unsigned int i;

	text[0] = '\n';		/* ends whatever is in front of it */
	for (i = 0; i < s->nr_progs; i++)
		n += prog_print(&s->progs[i], text + n, sizeof(text) - n);
	if (log_fd >= 0 &&
	    pwrite(log_fd, text, n, batch++ % LOG_BATCHES * LOG_ROOM) < 0)
		perror("fuzz: running");
}

static void set_affinity(unsigned long cpus)
{
	syscall(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus);
}

static void start_batch(void)
{
	set_affinity(~0UL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	write_file("/proc/self/oom_score_adj", "1000");
	exec_programs();
}

static void sleep_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Waits for all processes of a program, which have been killed. */
static bool reap(int group)
{
	int ms, pid;

	for (ms = 0; ms < DEATH_MS; ) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid > 0)
			continue;
		if (ms % 64 == 0)
			kill(-group, SIGKILL);
		sleep_ms(1);
		ms++;
	}
	return false;
}

/* Runs the batch; false: some process of it does not die. */
static bool run_batch(struct fuzz *f)
{
	struct pollfd done = { .events = POLLIN };
	struct shared *s = me.shared;
	int pid;

	log_batch();
	set_affinity(1UL << home_cpu);	/* again: it may have been offline */
	s->at = 0;
	s->calls = 0;
	memset(s->news, 0, sizeof(s->news));
	pid = fork();
	if (!pid)
		start_batch();
	if (pid < 0) {
		sleep_ms(100);
		return true;
	}
	setpgid(pid, pid);
	done.fd = syscall(SYS_pidfd_open, pid, 0);
	if (!poll(&done, 1, f->limit_ms))
		f->timeouts++;
	close(done.fd);
	kill(-pid, SIGKILL);
	f->execs += s->at < s->nr_progs ? s->at + 1 : s->nr_progs;
	f->calls += s->calls;
	return reap(pid);
}

/* The next program: a new one, or one of the corpus with changes */
static void choose_program(struct fuzz *f, struct prog *p, struct rng *r)
{
	const struct prog *base = corpus_choose(&f->corpus, r);
	const struct prog *other = corpus_choose(&f->corpus, r);

	/* Tame ones are fast, since they share a process. */
	if (base && !prog_tame(base) && rng_percent(r, 60))
		base = corpus_choose(&f->corpus, r);
	if (!base || !other || rng_percent(r, 25)) {
		prog_generate(p, r);
		return;
	}
	*p = *base;
	prog_mutate(p, other, r);
}

/* Report who does not die and where it is, through the kernel's log. */
static void report_hang(struct fuzz *f)
{
	f->hang = true;
	f->stop = true;
	write_file("/proc/sysrq-trigger", "w");
}

static void next_program(struct source *s)
{
	s->by_chance = !s->replay && s->seed >= s->seeds;
	s->has_next = true;
	if (s->by_chance) {
		choose_program(s->f, &s->next, &s->rng);
	} else {
		s->next = s->f->corpus.progs[s->seed % s->seeds];
		s->seed += s->step;
	}
	s->next.serial = ++serial;
}

/* One program, or several if they are tame */
static void fill_batch(struct source *s)
{
	struct shared *shared = me.shared;
	unsigned int nr = 0;
	bool tame;

	do {
		if (!s->has_next)
			next_program(s);
		tame = prog_tame(&s->next);
		if (nr && !tame)
			break;
		learn[nr] = s->by_chance;
		shared->progs[nr++] = s->next;
		s->has_next = false;
	} while (tame && nr < BATCH);
	shared->nr_progs = nr;
}

/* Keep what did something new. */
static void learn_batch(struct fuzz *f)
{
	struct shared *s = me.shared;
	char dir[PATH_MAX];
	unsigned int i;

	snprintf(dir, sizeof(dir), "%s/corpus", f->out);
	for (i = 0; i < s->nr_progs; i++) {
		struct prog *p = &s->progs[i];

		if (!s->news[i] || !learn[i])
			continue;
		/* What came after the last call that was new is of no use. */
		if (!p->race && s->news[i] < p->nr)
			p->nr = s->news[i];
		corpus_add(&f->corpus, p, dir);
	}
}

static bool may_go_on(const struct fuzz *f)
{
	return !f->stop && (!f->max_execs || f->execs < f->max_execs);
}

/** runner_fuzz - a runner's life: what is in the corpus first, then chance */
void runner_fuzz(struct fuzz *f, unsigned int number)
{
	struct source s = {
		.f = f,
		.rng.state = f->seed + number * 0x10000,
		.seed = number,
		.seeds = corpus_count(&f->corpus),
		.step = f->runners,
	};

	runner_init(f, number);
	while (may_go_on(f)) {
		fill_batch(&s);
		if (!run_batch(f))
			report_hang(f);
		learn_batch(f);
	}
	_exit(0);
}

static void print_results(const struct prog *p, const long *result)
{
	char text[PROG_TEXT], *line = text, *next;
	unsigned int i;

	prog_print(p, text, sizeof(text));
	next = strchr(line, '\n');
	printf("%.*s\n", (int)(next - line), line);
	for (i = 0; i < p->nr; i++) {
		line = next + 1;
		next = strchr(line, '\n');
		printf("%.*s -> %ld\n", (int)(next - line), line, result[i]);
	}
}

/** runner_replay - run the programs of the corpus in their order */
void runner_replay(struct fuzz *f)
{
	struct source s = {
		.f = f,
		.replay = true,
		.seeds = corpus_count(&f->corpus),
		.step = 1,
	};
	unsigned int i, printed = 0;

	runner_init(f, 0);
	while (may_go_on(f)) {
		fill_batch(&s);
		if (!run_batch(f))
			report_hang(f);
		for (i = 0; i < me.shared->nr_progs && printed < s.seeds; i++, printed++)
			print_results(&me.shared->progs[i], me.shared->result[i]);
		fflush(stdout);
	}
	_exit(0);
}
