/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: threadsctl's verbs. A connection belongs to root or to
 * the owner of the data folder; those about sign-in are passed on to auth
 * unread. A verb answers lines, then exactly one end.
 */
#ifndef THREADS_API_CONTROL_H
#define THREADS_API_CONTROL_H

#include "api/question.h"
#include "store/reader.h"

enum {
	CONTROLS_MAX = 32,
	CONTROL_LINE_MAX = 120 * 1024, /* longer ones go as a memory file */
	CONTROL_BACKLOG_MAX = 200,     /* frames on their way before a list waits */
	CONTROL_PUMP_MS = 5,
	CONTROL_POLL_MS = 300, /* of a verb that waits for what happens elsewhere */
};

struct control;
struct files_asked;

/* Adds lines to control->lines; called when they are all sent. Returns 1 if there
 * may be more, 0 at the end (the verb is then done), < 0. */
typedef int control_refill_fn(struct control *control, struct threads_error *err);

/* One connection with the verb in hand. */
struct control {
	struct api *api;
	struct peer *peer;
	uint32_t id;
	json_t *arguments;
	const struct control_verb *verb; /* NULL: none in hand */
	struct question *question;
	struct overview_question *overview;
	struct loop_timer *timer;
	void (*timer_fn)(struct control *control);

	/* lists */
	json_t *lines;
	size_t line_next;
	control_refill_fn *refill;
	char *cursor;
	int64_t left, before_id;
	double took_ms;

	/* what a verb keeps while it waits */
	struct viewer viewer;
	json_t *document;
	struct reader_blob blob;
	char target[PUBLIC_ID_SIZE];
	int64_t since_ms, until_ms;
	int64_t progress_ms, progress_mark, failures; /* sync: when it last got on */
	int retries;

	/* import */
	bool importing, last_seen;
	void (*forget)(struct control *control); /* answers to come are dropped */
	LIST_HEAD(, files_asked) files;
	size_t files_asked;
	int64_t files_taken;
	LIST_ENTRY(control) link;
};

typedef int control_fn(struct control *control, struct threads_error *err);

struct control_verb {
	const char *name;
	control_fn *fn;
	const char *fields[12];
};

void control_free_all(struct api *api);

/* ---- for the verbs ---- */

extern const struct viewer control_operator;

void control_line(struct control *control, json_t *line); /* takes line over */
void control_progress(struct control *control, json_t *progress);
void control_end(struct control *control); /* exit status 0 */
void control_fail(struct control *control, const char *words);
void control_fail_error(struct control *control, const struct threads_error *err);
/* Sends a descriptor (taken over) as CTL_BLOB. */
void control_blob(struct control *control, int fd);

/* Sends control->lines as the peer reads them, refills, and ends the verb. */
void control_pump(struct control *control);

/* An argument, "" if absent. */
const char *control_text(const struct control *control, const char *name);
bool control_flag(const struct control *control, const char *name);

int control_ask(struct control *control, enum role to, struct frame *f, enum question_mode mode,
		int64_t wait_ms, question_fn *fn, struct threads_error *err) MUST_CHECK;
/* Begins every callback; on failure ends the verb with words and returns false. */
bool control_answered(struct control *control, int rc, const struct threads_error *err);
int control_audit(struct control *control, const char *action, const char *object,
		  const char *detail, question_fn *fn, struct threads_error *err) MUST_CHECK;
/* Calls fn once, in_ms from now. */
int control_later(struct control *control, int64_t in_ms, void (*fn)(struct control *),
		  struct threads_error *err) MUST_CHECK;
/* Runs a step and ends the verb with words if it fails. */
void control_run(struct control *control, control_fn *fn);

/* Ends the verb and forgets the connection; its peer is the caller's. */
void control_free(struct control *control);
/* Closes the connection without an end: threadsctl connects again. */
void control_drop(struct control *control);

/* Public id of the argument "owner": by name or id; "" is the first owner. */
int control_owner(struct control *control, char out[PUBLIC_ID_SIZE],
		  struct threads_error *err) MUST_CHECK;

/* control_read.c */
control_fn control_search, control_show, control_ledger, control_status, control_metrics,
	control_users, control_accounts, control_fingerprint;
/* control_login.c */
control_fn control_account_add, control_account_password, control_account_secret;
/* control_account.c */
control_fn control_account_sync, control_account_pause, control_account_resume,
	control_account_delete;
/* control_backup.c */
control_fn control_backup, control_verify;
/* control_import.c */
control_fn control_import;
int control_import_files(struct control *control, struct frame *f,
			 struct threads_error *err) MUST_CHECK;

#endif
