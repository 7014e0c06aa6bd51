/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A board in shared memory, on which processes note what they were granted, and
 * what must be so if all notes are true. It counts by itself: nothing here asks
 * the module who has what, but to compare.
 */
#ifndef SELFTESTS_BOARD_H
#define SELFTESTS_BOARD_H

#include "lib.h"

#define BOARD_SLOTS	64
#define BOARD_VCPUS	2
#define BOARD_CHUNKS	8
/* Processes there can have been in all slots together */
#define BOARD_IDS	1000000

/* A thread that is bound */
struct board_vcpu {
	pid_t tid;		/* 0: none */
	struct vn_set asked;	/* the CPUs that were asked for */
	bool in_place;		/* a place of the reservation */
};

/* What a process has, as it was told: noted once it has, not while it gives up */
struct board_vm {
	bool reserved;
	unsigned int policy;
	unsigned int nr_vcpus;
	struct vcpunuma_chunk chunk[BOARD_CHUNKS];
	unsigned int nr_chunks;
	struct vn_set owned;	/* CPUs, all threads of cores that it owns */
	struct board_vcpu vcpu[BOARD_VCPUS];
	unsigned int drawn_node;
	long long drawn;	/* bytes of memory objects */
};

struct board_slot {
	pid_t pid;		/* 0: nobody */
	int id;			/* of the process, none ever has it again */
	int rounds;		/* that were played here */
	int stopped;		/* the pause for which it has stopped */
	struct board_vm vm;
};

struct board {
	int pause;		/* number of the pause; 0: play */
	int owner[VN_CPUS];	/* id of who noted that he owns the CPU */
	bool ending[BOARD_IDS];	/* may have lost all without giving it up */
	long granted[4];	/* by policy */
	long refused;
	long walk_ins;
	int wrong;
	char what[512];		/* the first that was wrong */
	struct board_slot slot[BOARD_SLOTS];
};

struct board *board_make(void);

/* Notes what is wrong; the first counts. */
void board_note(struct board *b, const char *text);
/* The same, as for printf() */
#define board_wrong(b, ...) do {					\
	char __text[512];						\
									\
	snprintf(__text, sizeof(__text), __VA_ARGS__);			\
	board_note(b, __text);						\
} while (0)

/* The player: CPUs of slot->vm.owned are his now, or no more from here on. */
void board_claim(struct board *b, struct board_slot *s);
void board_give_up(struct board *b, struct board_slot *s);
/* The player: a moment at which he is in no call. Waits if there is a pause. */
void board_moment(struct board *b, struct board_slot *s);

/* The referee: the process has ended, and was waited for. */
void board_forget(struct board *b, struct board_slot *s);
/* The referee: a pause begins; whether all who live have stopped; it ends. */
void board_pause(struct board *b);
bool board_is_still(const struct board *b);
void board_go_on(struct board *b);
/* The referee, while all are still: is all as it must be? */
void board_check(struct board *b);

#endif /* SELFTESTS_BOARD_H */
