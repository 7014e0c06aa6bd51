/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests share.
 *
 * Naming: __vn_xxx() does something and returns 0 (or a file descriptor) or
 * -errno; vn_xxx() is the same and ends the test if that fails.
 *
 * A test includes kselftest_harness.h first: the harness may be included by
 * one file of a program only, and the macros here use its ASSERT_*.
 */
#ifndef SELFTESTS_LIB_H
#define SELFTESTS_LIB_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/vcpunuma.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/*
 * The harness ends a test after 30 s; an emulated machine on a busy host may
 * need more for work that is not at fault.
 */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	600
#endif

#define VN_CPUS		8192
#define VN_NODES	1024
/* Signed: differences are compared with them. */
#define KIB		1024L
#define MIB		(1024L * 1024)
#define PAGE_4K		(4 * KIB)
#define PAGE_2M		(2 * MIB)
/* A user without rights */
#define VN_NOBODY	65534

/* A line for the log. A test ends without flushing what printf() keeps. */
#define vn_note(format, ...)	dprintf(1, "# " format "\n", ##__VA_ARGS__)

/* Sets of CPUs or nodes, laid out as in the interface. */

struct vn_set {
	__u64 word[VN_CPUS / 64];
};

void vn_set_add(struct vn_set *set, unsigned int i);
void vn_set_del(struct vn_set *set, unsigned int i);
bool vn_set_has(const struct vn_set *set, unsigned int i);
struct vn_set vn_set_of(unsigned int i);
struct vn_set vn_set_and(const struct vn_set *a, const struct vn_set *b);
struct vn_set vn_set_or(const struct vn_set *a, const struct vn_set *b);
bool vn_set_equal(const struct vn_set *a, const struct vn_set *b);
bool vn_set_within(const struct vn_set *a, const struct vn_set *b);
int vn_set_weight(const struct vn_set *set);
/* The nth element counted from 0, or -1. */
int vn_set_nth(const struct vn_set *set, int nth);
int vn_set_first(const struct vn_set *set);
int vn_set_parse(const char *list, struct vn_set *set);
/* As text, "0-2,5"; good for the next few calls. */
const char *vn_str(const struct vn_set *set);

/* for (i = -1; vn_set_step(set, &i);) goes over the elements. */
bool vn_set_step(const struct vn_set *set, int *i);

#define EXPECT_SET(expected, seen) \
	EXPECT_STREQ(vn_str(expected), vn_str(seen))
#define ASSERT_SET(expected, seen) \
	ASSERT_STREQ(vn_str(expected), vn_str(seen))

/* The host as sysfs shows it */

struct vn_host {
	struct vn_set online;		/* nodes */
	struct vn_set has_cpu;
	struct vn_set has_memory;
	struct vn_set cpus;		/* online */
	struct vn_set node_cpus[VN_NODES];	/* online */
	int node_of[VN_CPUS];		/* -1: not online */
	int core_of[VN_CPUS];		/* lowest CPU of the core */
};

/* Read at the first call; ends the program if sysfs is not as expected. */
const struct vn_host *vn_host(void);
/* A line of nodeN/meminfo in bytes, -1 if there is none. */
long long vn_meminfo(int node, const char *key);
/* Bytes free on a node, with what waits in the lists of CPUs. */
long long vn_free(int node);
/* Distances from @node to the online nodes in their order; how many. */
int vn_distances(int node, unsigned int *distance, int max);
/* The lowest id that is no online node. */
int vn_absent_node(void);
/* How many cores the CPUs of a set belong to. */
int vn_cores(const struct vn_set *cpus);
/* A line of /proc/meminfo in bytes. */
long long vn_proc_meminfo(const char *key);

int __vn_read_file(const char *path, char *buf, size_t size);
int __vn_write_file(const char *path, const char *text);
/* Puts a CPU online or offline. */
int __vn_cpu_online(int cpu, bool online);
int __vn_read_set(const char *path, struct vn_set *set);

/* Affinity */

int __vn_getaffinity(pid_t tid, struct vn_set *set);
int __vn_setaffinity(pid_t tid, const struct vn_set *set);
/* Cpus_allowed_list of /proc/TID/status */
int __vn_status_affinity(pid_t tid, struct vn_set *set);
/* As text; what is wrong if it cannot be had or procfs says otherwise. */
const char *vn_affinity(pid_t tid);

#define vn_getaffinity(tid, set)	ASSERT_EQ(0, __vn_getaffinity(tid, set))
#define vn_setaffinity(tid, set)	ASSERT_EQ(0, __vn_setaffinity(tid, set))

#define EXPECT_AFFINITY(set, tid) \
	EXPECT_STREQ(vn_str(set), vn_affinity(tid))

/* Waits for something that comes about by itself; false: it did not. */
#define vn_eventually(condition) ({					\
	bool __came;							\
	int __try = 0;							\
									\
	do {								\
		__came = (condition);					\
	} while (!__came && __try++ < 2000 && !usleep(10000));		\
	__came;								\
})

/* Commands */

int __vn_ioctl(int fd, unsigned long cmd, void *arg);
int __vn_open(void);
int __vn_info(int fd, struct vcpunuma_cmd_info *info);
int __vn_configure(int fd, unsigned int nr, unsigned int flags,
		   struct vcpunuma_place *places);
/* The results go to @result where it is not NULL. */
int __vn_bind(int fd, unsigned int vcpu, unsigned int to, unsigned int target,
	      pid_t tid, struct vcpunuma_cmd_bind *result);
int __vn_bind_set(int fd, unsigned int vcpu, const struct vn_set *set,
		  pid_t tid, struct vcpunuma_cmd_bind *result);
int __vn_bind_pidfd(int fd, unsigned int vcpu, unsigned int cpu, int pidfd,
		    pid_t tid);
/* All of the entries, beginning with the first; what is left is in @cmd. */
int __vn_bind_many(int fd, struct vcpunuma_bind_entry *entries, unsigned int nr,
		   struct vcpunuma_cmd_bind_many *cmd);
int __vn_unbind(int fd, unsigned int vcpu);
/* @set may be NULL */
int __vn_query(int fd, unsigned int vcpu, struct vcpunuma_cmd_query *cmd,
	       struct vn_set *set);
/* State of a vCPU, or -errno. */
int vn_state(int fd, unsigned int vcpu);
int __vn_distribution(int fd, struct vcpunuma_cmd_distribution *cmd,
		      struct vcpunuma_share *shares, unsigned int max);
/* Returns the file descriptor. */
int __vn_mem_create(int fd, unsigned int flags, __u64 length,
		    unsigned int node, unsigned int page_shift);
int __vn_mem_create_vcpu(int fd, unsigned int flags, __u64 length,
			 unsigned int vcpu, unsigned int page_shift);
int __vn_mem_query(int mem, struct vcpunuma_cmd_mem_query *cmd,
		   struct vcpunuma_node_bytes *bytes, unsigned int max);
/* Fills in @size and the arrays' fields of @cmd. */
int __vn_reserve(int fd, struct vcpunuma_cmd_reserve *cmd,
		 struct vcpunuma_place *places, unsigned int nr_places,
		 struct vcpunuma_chunk *chunks, unsigned int nr_chunks);
int __vn_release(int fd);
/* Likewise */
int __vn_ledger(int fd, struct vcpunuma_cmd_ledger *cmd,
		struct vcpunuma_ledger_node *nodes, unsigned int nr_nodes,
		struct vcpunuma_ledger_cpu *cpus, unsigned int nr_cpus);
/* Of VM @vm; @cmd is filled. */
int __vn_explain(int fd, unsigned int vm, unsigned int flags,
		 struct vcpunuma_cmd_explain *cmd,
		 struct vcpunuma_explain_node *nodes, unsigned int nr_nodes,
		 struct vcpunuma_candidate *candidates,
		 unsigned int nr_candidates);
/* Bytes populated according to MEM_QUERY, or -errno. */
long long vn_populated(int mem);

#define vn_fd(call) ({							\
	int __fd = (call);						\
									\
	ASSERT_LE(0, __fd) TH_LOG("%s: %s", #call, strerror(-__fd));	\
	__fd;								\
})
#define vn_open()		vn_fd(__vn_open())
#define vn_info(fd, info)	ASSERT_EQ(0, __vn_info(fd, info))
#define vn_configure(...)	ASSERT_EQ(0, __vn_configure(__VA_ARGS__))
#define vn_bind(...)		ASSERT_EQ(0, __vn_bind(__VA_ARGS__))
#define vn_bind_set(...)	ASSERT_EQ(0, __vn_bind_set(__VA_ARGS__))
#define vn_bind_cpu(fd, vcpu, cpu, tid) \
	ASSERT_EQ(0, __vn_bind(fd, vcpu, VCPUNUMA_BIND_CPU, cpu, tid, NULL))
#define vn_bind_many(...)	ASSERT_EQ(0, __vn_bind_many(__VA_ARGS__))
#define vn_unbind(...)		ASSERT_EQ(0, __vn_unbind(__VA_ARGS__))
#define vn_query(...)		ASSERT_EQ(0, __vn_query(__VA_ARGS__))
#define vn_distribution(...)	ASSERT_EQ(0, __vn_distribution(__VA_ARGS__))
#define vn_reserve(...)		ASSERT_EQ(0, __vn_reserve(__VA_ARGS__))
#define vn_release(...)		ASSERT_EQ(0, __vn_release(__VA_ARGS__))
#define vn_ledger(...)		ASSERT_EQ(0, __vn_ledger(__VA_ARGS__))
#define vn_explain(...)		ASSERT_EQ(0, __vn_explain(__VA_ARGS__))
#define vn_mem_create(...)	vn_fd(__vn_mem_create(__VA_ARGS__))
#define vn_mem_create_vcpu(...)	vn_fd(__vn_mem_create_vcpu(__VA_ARGS__))
#define vn_mem_query(...)	ASSERT_EQ(0, __vn_mem_query(__VA_ARGS__))

/* Memory */

void *__vn_map(int mem, size_t length);
#define vn_map(mem, length) ({						\
	void *__at = __vn_map(mem, length);				\
									\
	ASSERT_NE(MAP_FAILED, __at) TH_LOG("%s", strerror(errno));	\
	__at;								\
})
/* Write to, or read from, each page of 4 KiB. */
void vn_touch(void *at, size_t length);
unsigned long vn_sum(const void *at, size_t length);
bool vn_is_zero(const void *at, size_t length);
/* How many pages of 4 KiB are there on @node and elsewhere, by move_pages(). */
int __vn_pages(void *at, size_t length, int node, size_t *there,
	       size_t *elsewhere);
/* The same from numa_maps, of the mapping that begins at @at. */
int __vn_numa_maps(void *at, int node, size_t *there, size_t *elsewhere);
/*
 * What is wrong, as text, if not all of the mapping [at, at + length) is
 * present and on @node, whichever of the two is asked; else "".
 */
const char *vn_misplaced(void *at, size_t length, int node);
/* A line of smaps for the mapping that begins at @at in bytes, or -errno. */
long long vn_smaps(void *at, const char *key);

#define EXPECT_ON_NODE(at, length, node) \
	EXPECT_STREQ("", vn_misplaced(at, length, node))

/*
 * A thread that waits for work. vn_thread_run() has it run a function and
 * waits for the result; vn_thread_start_run() does not wait.
 */
struct vn_thread {
	pthread_t id;
	pid_t tid;
	sem_t go;
	sem_t done;
	long (*fn)(void *arg);
	void *arg;
	long ret;
};

int __vn_thread_start(struct vn_thread *t);
long vn_thread_run(struct vn_thread *t, long (*fn)(void *arg), void *arg);
void vn_thread_post(struct vn_thread *t, long (*fn)(void *arg), void *arg);
long vn_thread_wait(struct vn_thread *t);
/* Ends the thread and waits until the kernel has forgotten it. */
void vn_thread_stop(struct vn_thread *t);

#define vn_thread_start(t)	ASSERT_EQ(0, __vn_thread_start(t))

/*
 * A process that waits for work. It begins with no file descriptor but the
 * standard ones, and ends when the test does. Functions are called in it with
 * @arg and, if one was sent along, a file descriptor, else -1; what they store
 * in vn_reply is sent back and found in @reply of the child.
 */
struct vn_child {
	pid_t pid;
	int sock;
	int reply;
};

typedef long (*vn_child_fn)(void *arg, int fd);

extern int vn_reply;

int __vn_child_start(struct vn_child *c);
/* The same, but with all file descriptors of the caller. */
int __vn_child_start_inherit(struct vn_child *c);
/* What the function returned; -EPIPE: the child died. */
long vn_child_call(struct vn_child *c, vn_child_fn fn, void *arg, int fd);
/* Do not wait for the result. */
int vn_child_post(struct vn_child *c, vn_child_fn fn, void *arg, int fd);
long vn_child_wait(struct vn_child *c);
/* Both return the status of waitpid(2). */
int vn_child_stop(struct vn_child *c);
int vn_child_kill(struct vn_child *c);

#define vn_child_start(c)		ASSERT_EQ(0, __vn_child_start(c))
#define vn_child_start_inherit(c)	ASSERT_EQ(0, __vn_child_start_inherit(c))

/* Functions for children; @arg is what the name says. */
long vn_child_open(void *unused, int fd);	/* a VM; its number there */
extern int vn_child_vm;			/* that number, there */
long vn_child_close(void *which, int fd);
long vn_child_send(void *which, int fd);	/* a file descriptor, to @reply */
long vn_child_drop(void *uid, int fd);		/* to an unprivileged user */
long vn_child_caps(void *arg, int fd);		/* struct vn_caps */
long vn_child_gettid(void *unused, int fd);
long vn_child_thread(void *unused, int fd);	/* start one, return its tid */
long vn_child_thread_stop(void *unused, int fd);

/* Become user @uid, unless it is 0, and keep the capabilities of @mask. */
struct vn_caps {
	uid_t uid;
	__u32 mask;
};

/* Memory shared with children started later; given back at the end. */
void *vn_shared(size_t size);

/* Becomes @uid with no capabilities. */
int __vn_drop(uid_t uid);

/*
 * Replaces the program by one that writes its affinity to @fd as text. Only
 * returns if it fails.
 */
void vn_exec_affinity(int fd);
/* Replaces the program by one that waits until end of file on @fd. */
void vn_exec_wait(int fd);

int vn_pidfd_open(pid_t pid);

/* Control groups, version 2 */

struct vn_cgroup {
	char path[256];
};

/*
 * Makes a new group with the controllers named ("+cpuset +memory") enabled
 * in its parent. -ENOTSUP: this kernel does not have them.
 */
int __vn_cgroup_make(struct vn_cgroup *cg, const char *name,
		     const char *controllers);
int __vn_cgroup_write(struct vn_cgroup *cg, const char *file,
		      const char *text);
long long vn_cgroup_read(struct vn_cgroup *cg, const char *file,
			 const char *key);
/* memory.current */
long long vn_cgroup_charged(struct vn_cgroup *cg);
/* cpuset.cpus and cpuset.mems */
int __vn_cgroup_cpus(struct vn_cgroup *cg, const struct vn_set *cpus);
int __vn_cgroup_mems(struct vn_cgroup *cg, const struct vn_set *nodes);
int __vn_cgroup_move(struct vn_cgroup *cg, pid_t pid);
/* Back to the root group. */
int __vn_cgroup_leave(pid_t pid);
/* Kills what is in it and removes it. Harmless if it was not made. */
void vn_cgroup_remove(struct vn_cgroup *cg);

#endif /* SELFTESTS_LIB_H */
