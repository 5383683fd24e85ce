/* SPDX-License-Identifier: Apache-2.0 */
/* Why a role ended, in one line for a person and as a word for counting. */
#ifndef THREADS_SUPERVISOR_CAUSE_H
#define THREADS_SUPERVISOR_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/compiler.h"

enum cause {
	CAUSE_EXIT,     /* it ended itself with a status */
	CAUSE_CRASH,    /* SIGSEGV and its like */
	CAUSE_SANDBOX,  /* SIGSYS */
	CAUSE_MEMORY,   /* SIGKILL while the kernel counted one for want of memory */
	CAUSE_LIMIT,    /* CPU time or size of a file */
	CAUSE_KILLED,   /* a signal from outside */
	CAUSE_WATCHDOG, /* ours: it stood still, did not start or did not end */
	CAUSE_PROTOCOL, /* ours: it sent what it may not send */
	CAUSE_SPAWN,    /* it could not be started */
	CAUSE_COUNT,
};

/* "exit", "crash", ...: the label of the metric. */
const char *cause_word(enum cause cause);

/* What is known of an end. */
struct cause_end {
	int wait_status;
	enum cause killed_as;   /* with killed_for */
	const char *killed_for; /* why the supervisor killed it, NULL: it did not */
	bool memory_short;      /* the kernel killed somebody for want of memory meanwhile */
	const char *last_line;  /* what it said last, "" if nothing */
};

/* Writes "SIGSEGV: a bad memory access; it said last: ..." Pure. */
enum cause cause_describe(const struct cause_end *end, char *out, size_t size);

/* Processes that the kernel has killed for want of memory since it booted; -1 if it does not say. */
int64_t cause_memory_kills(void);

#endif
