/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the roles say on stderr. Each has a pipe of its own, so that a line bears
 * the name of the role that wrote it, whatever the line itself pretends. Lines go
 * on to our stderr; the last warning of each role and the last ones of all are kept.
 */
#ifndef THREADS_SUPERVISOR_JOURNAL_H
#define THREADS_SUPERVISOR_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "ipc/loop.h"
#include "threads/protocol.h"

enum { JOURNAL_KEPT = 40, JOURNAL_TEXT_BYTES = 300, JOURNAL_LINE_BYTES = 1100 };

/* A warning or an error. */
struct journal_entry {
	int64_t at_ms;
	enum log_level level;
	enum role role;
	int64_t instance;
	char text[JOURNAL_TEXT_BYTES];
};

struct journal {
	struct journal_entry entries[JOURNAL_KEPT]; /* a ring */
	uint64_t written;
};

/* The pipe of one process. */
struct journal_pipe {
	struct journal *journal;
	enum role role;
	int64_t instance;
	int fd; /* -1: none */
	struct loop_watch *watch;
	size_t len;
	char line[JOURNAL_LINE_BYTES];
	char last[JOURNAL_TEXT_BYTES]; /* the last warning or error; cleaned */
	enum log_level last_level;
};

/* Keeps a warning or an error for the status page. text is cut to JOURNAL_TEXT_BYTES. */
void journal_keep(struct journal *journal, enum log_level level, enum role role, int64_t instance,
		  const char *text);

/* The entry before which `newer` newer ones stand; NULL past the oldest. */
const struct journal_entry *journal_at(const struct journal *journal, size_t newer);

/* Takes one line as a role wrote it: "<4>[time ]name: words". */
void journal_line(struct journal_pipe *pipe, const char *line);

/* Makes the pipe; ret_write is the end for the role. Errors: THREADS_EIO, THREADS_ENOMEM. */
int journal_open(struct journal_pipe *pipe, struct loop *loop, int *ret_write,
		 struct threads_error *err) MUST_CHECK;

/* Reads what the role still said, then closes. pipe->last stays. */
void journal_close(struct journal_pipe *pipe);

#endif
