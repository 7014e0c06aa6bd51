// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz - a fuzzer for /dev/vcpunuma. See print_help() and prog.h.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "klog.h"
#include "runner.h"

#define RUNNERS_MAX	16
#define REPLAY_ROUNDS	20
/* A runner ends after its program, which may have to be killed. */
#define END_SECONDS	90

struct options {
	unsigned int seconds;
	const char *corpus;
	const char *repro;
};

static void print_help(void)
{
	fputs("usage: fuzz [options]\n"
	      "  --seconds N    how long to fuzz (60)\n"
	      "  --execs N      how many programs to run (no limit)\n"
	      "  --seed S       where chance begins (the time)\n"
	      "  --threads N    programs run at the same time (4)\n"
	      "  --corpus DIR   programs to begin from\n"
	      "  --out DIR      for results (/run/share): corpus/, what did\n"
	      "                 something new; running-N, the last programs run;\n"
	      "                 finding, the kernel's complaint\n"
	      "  --limit MS     time for one program (10000)\n"
	      "  --repro FILE   run the programs in FILE again and again (20 times\n"
	      "                 unless --execs is given), print what calls return\n",
	      stderr);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What a program that calls exec becomes */
static int sleep_a_little(const char *ms)
{
	struct timespec t = { .tv_nsec = atoi(ms) % 1000 * 1000000L };

	nanosleep(&t, NULL);
	return 0;
}

static bool read_options(int argc, char **argv, struct options *o, struct fuzz *f)
{
	static const struct option known[] = {
		{ "seconds", 1, NULL, 's' }, { "execs", 1, NULL, 'e' },
		{ "seed", 1, NULL, 'S' }, { "threads", 1, NULL, 't' },
		{ "corpus", 1, NULL, 'c' }, { "out", 1, NULL, 'o' },
		{ "limit", 1, NULL, 'l' }, { "repro", 1, NULL, 'r' },
		{ "sleep", 1, NULL, 'z' }, {},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 's':
			o->seconds = strtoul(optarg, NULL, 0);
			break;
		case 'e':
			f->max_execs = strtoull(optarg, NULL, 0);
			break;
		case 'S':
			f->seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			f->runners = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			o->corpus = optarg;
			break;
		case 'o':
			f->out = optarg;
			break;
		case 'l':
			f->limit_ms = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			o->repro = optarg;
			break;
		case 'z':
			exit(sleep_a_little(optarg));
		default:
			return false;
		}
	}
	return optind == argc && f->runners && f->runners <= RUNNERS_MAX;
}

static int by_serial(const void *a, const void *b)
{
	const struct prog *p = a, *q = b;

	return (p->serial > q->serial) - (p->serial < q->serial);
}

static bool load_repro(struct fuzz *f, const char *path)
{
	FILE *file = fopen(path, "r");
	struct prog p;

	if (!file) {
		perror(path);
		return false;
	}
	while (prog_read(&p, file))
		corpus_add(&f->corpus, &p, NULL);
	fclose(file);
	qsort(f->corpus.progs, corpus_count(&f->corpus), sizeof(p), by_serial);
	f->runners = 1;
	if (!f->max_execs)
		f->max_execs = corpus_count(&f->corpus) * REPLAY_ROUNDS;
	if (!f->max_execs)
		fprintf(stderr, "fuzz: no program in %s\n", path);
	return f->max_execs;
}

static bool prepare(struct fuzz *f, const struct options *o)
{
	char dir[PATH_MAX];

	if (access("/dev/vcpunuma", R_OK | W_OK)) {
		perror("/dev/vcpunuma");
		return false;
	}
	if (!klog_open())
		return false;
	f->kcov = cover_init(&f->cover);
	if (!f->kcov)
		printf("fuzz: this kernel has no KCOV: blind, but for the results of commands\n");
	snprintf(dir, sizeof(dir), "%s/corpus", f->out);
	mkdir(f->out, 0755);
	mkdir(dir, 0755);
	host_init();
	if (o->repro)
		return load_repro(f, o->repro);
	return !o->corpus || corpus_load(&f->corpus, o->corpus);
}

static bool start_runners(struct fuzz *f, bool replay, pid_t *runners)
{
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < f->runners; i++) {
		runners[i] = fork();
		if (runners[i] < 0) {
			perror("fork");
			return false;
		}
		if (runners[i])
			continue;
		if (replay)
			runner_replay(f);
		runner_fuzz(f, i);
	}
	return true;
}

static bool save_finding(const struct fuzz *f, const char *what)
{
	char path[PATH_MAX];
	FILE *file;

	printf("fuzz: FINDING: %s\nfuzz: the programs: %s/running-*\n", what,
	       f->out);
	fflush(stdout);
	snprintf(path, sizeof(path), "%s/finding", f->out);
	file = fopen(path, "w");
	if (file) {
		fprintf(file, "%s\n", what);
		fclose(file);
	}
	return true;
}

/* Is there anything to report? */
static bool has_finding(struct fuzz *f)
{
	char line[256];

	if (klog_complains(line, sizeof(line)))
		return save_finding(f, line);
	if (f->hang)
		return save_finding(f, "a process does not die of SIGKILL");
	return false;
}

static void print_summary(const struct fuzz *f, double seconds)
{
	printf("fuzz: %llu executions (%llu calls, %llu timeouts), %.1f execs/s, ",
	       (__u64)f->execs, (__u64)f->calls, (__u64)f->timeouts,
	       f->execs / seconds);
	printf("%u edges and %u places covered, %u programs in corpus, seed %llu\n",
	       cover_edges(), cover_pcs(), corpus_count(&f->corpus), f->seed);
	fflush(stdout);
}

/* Watches until time is up, all runners have ended, or something is found. */
static bool supervise(struct fuzz *f, unsigned int seconds)
{
	unsigned int alive = f->runners, shown = 0;
	double begin = now(), end = 0;
	bool finding = false;

	while (alive) {
		sleep(1);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			alive--;
		finding = finding || has_finding(f);
		if (finding || now() - begin >= seconds)
			f->stop = true;
		if (!f->stop)
			end = now() + END_SECONDS;
		else if (now() > end && !finding)
			finding = save_finding(f, "a runner does not end");
		if (finding && now() > end)
			break;
		if (now() - begin >= (shown + 1) * 30) {
			shown = (now() - begin) / 30;
			print_summary(f, now() - begin);
		}
	}
	print_summary(f, now() - begin);
	return finding;
}

int main(int argc, char **argv)
{
	struct fuzz *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct options o = { .seconds = 60 };
	pid_t runners[RUNNERS_MAX];
	char path[PATH_MAX];
	bool finding;

	if (f == MAP_FAILED)
		return 2;
	f->seed = time(NULL);
	f->runners = 4;
	f->limit_ms = 10000;
	f->out = "/run/share";
	if (!read_options(argc, argv, &o, f)) {
		print_help();
		return 2;
	}
	if (!prepare(f, &o) || !start_runners(f, o.repro, runners))
		return 2;
	finding = supervise(f, o.seconds);
	host_restore();
	finding = finding || has_finding(f);
	snprintf(path, sizeof(path), "%s/places", f->out);
	if (f->kcov)
		cover_save(path);
	return finding;
}
