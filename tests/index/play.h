/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the real threads-index, with its sandbox, on a folder of its own, and
 * plays everybody around it over socket pairs: supervisor (which starts the
 * real threads-parse, or the parser of fake_parse.c), api, auth, vault, imap.
 */
#ifndef THREADS_TESTS_INDEX_PLAY_H
#define THREADS_TESTS_INDEX_PLAY_H

#include "test.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "ipc/frame.h"
#include "store/reader.h"
#include "threads/protocol.h"

#include "play_shared.h"

enum { PLAY_CHILDREN = 16, PLAY_WAIT_MS = 60 * 1000 };

struct play_child {
	pid_t pid; /* 0: free */
	int64_t instance;
	int control; /* -1: the made-up parser has none */
};

struct play {
	char dir[64];
	char config[512];
	pid_t pid; /* 0: not running */
	int control;
	int api, auth, vault; /* -1: not linked */
	struct play_child children[PLAY_CHILDREN];
	bool fake;      /* parsers are those of fake_parse.c */
	bool hold;      /* parsers asked for are not started */
	bool quiet;     /* index logs errors only */
	bool kill_next; /* the next real parser is killed when it has its link */
	int parse_starts, parse_kills, parse_signals;
	int imap_starts, imap_kills;
	int64_t imap_instance; /* of the last start or kill */
	int64_t parse_instance;
	char imap_host[256];
	int imap_port;
	bool imap_private;
	bool ready;
	int bells[BELL_COUNT];
	uint32_t last_id;
	struct play_shared *shared;
	int shared_fd;
};

/* For cmocka: *state is a struct play; index runs, with api, auth and vault linked. */
int play_setup(void **state);
int play_teardown(void **state);

/* config: lines of threads.conf. Expects that it says it is ready. */
void play_start(struct play *p, const char *config);
void play_stop(struct play *p); /* CTL_STOP; expects exit status 0 */
void play_kill(struct play *p); /* SIGKILL */

/* Serves the supervisor's side for at most wait_ms. */
void play_turn(struct play *p, int wait_ms);

#define play_wait(p, condition)                                                                    \
	do {                                                                                       \
		const int64_t until_ = clock_monotonic_ms() + PLAY_WAIT_MS;                        \
		while (!(condition) && clock_monotonic_ms() < until_)                              \
			play_turn(p, 5);                                                           \
		if (!(condition))                                                                  \
			fail_msg("waited in vain for %s", #condition);                             \
	} while (0)

/* A new link with a role; returns our end. Not in the struct: the test closes it. */
int play_link(struct play *p, enum role role, int64_t instance);
void play_exited(struct play *p, enum role role, int64_t instance, int by_signal, int status);
void play_tell(struct play *p, uint16_t type); /* a frame without fields to index */

/* ---- questions ---- */

void play_send(struct play *p, int fd, const struct frame *f);
/* The next frame on a link. Returns 1, or 0 if index closed it. */
int play_next(struct play *p, int fd, struct frame *f);
/* Sends with a fresh id and waits for its answer. Returns 1, or 0 if index closed the link. */
int play_ask(struct play *p, int fd, struct frame *question, struct frame *answer);

struct play_answer {
	int code; /* 0 or enum threads_code; 1: the link was closed */
	char id[27], words[256];
};
/* For questions answered by INDEX_DONE, IPC_OK or IPC_ERROR. */
struct play_answer play_do(struct play *p, int fd, struct frame *question);
struct play_answer play_take(struct play *p, int fd); /* the same for an answer to come */

/* ---- the store, read from outside ---- */

int64_t play_number(struct play *p, const char *sql); /* sql: static storage */

/* What only a test may do to hub.db, while index is stopped; it starts anew. Links end. */
void play_change(struct play *p, const char *sql);
void play_text(struct play *p, const char *sql, char *out, size_t size);
/* INDEX_BLOB, as api would ask for the operator. */
void play_blob_frame(struct play *p, enum blob_kind kind, const char *message,
		     const char *attachment, struct frame *f);
/* Bytes as the operator may read them. Returns 0, the code of an error, or 1 if the link was closed. */
int play_blob(struct play *p, enum blob_kind kind, const char *message, const char *attachment,
	      struct strbuf *out);
/* INDEX_VERIFY finds no fault. */
void play_verify(struct play *p);

/* ---- people, accounts, mails ---- */

#define PLAY_OWNER "ownerownerownerownerownero"
void play_owner(struct play *p); /* user PLAY_OWNER, active */
void play_user(struct play *p, const char *id, const char *name, const char *role);
int64_t play_account_of(struct play *p, const char *owner, const char *name, char *ret_id);
/* With an idempotency key. */
int64_t play_account_again(struct play *p, const char *owner, const char *key, const char *name,
			   char *ret_id);
/* An IMAP account, draft; ret_id 27 bytes. Returns its row id. */
int64_t play_account(struct play *p, const char *name, char *ret_id);
/* The same after its log-in was tested: active. */
int64_t play_active_account(struct play *p, const char *name, char *ret_id);
/* Answers CTL_START of a session: links imap, reads IMAP_ACCOUNT. Returns our end. */
int play_imap(struct play *p, int64_t instance, enum imap_mode mode);
void play_imap_state(struct play *p, int fd, const char *activity, const char *kind,
		     int64_t retry_ms);
int64_t play_folder(struct play *p, int fd, const char *name, struct frame *answer);

/* Mail number n; more: header lines, each with CR LF. Appends. */
void play_mail(struct strbuf *out, int n, const char *more);

/* Mails as one batch. */
struct play_batch {
	struct strbuf bytes;
	size_t ends[1000];
	size_t count;
	const char *labels; /* of each; NULL: none */
};
#define PLAY_BATCH_INIT                                                                            \
	{                                                                                          \
		.bytes = STRBUF_INIT(64 << 20)                                                     \
	}
void play_batch_add(struct play_batch *batch, int n, const char *more);
void play_batch_release(struct play_batch *batch);
/* IMAP_BATCH with uids from first_uid on. */
void play_batch_frame(const struct play_batch *batch, int64_t folder, int64_t first_uid,
		      struct frame *f);

/* IMAP_FLAGS of one message; last: with modseq. */
struct play_flags {
	int64_t folder, uid, flags;
	const char *labels;
	bool last;
	int64_t modseq;
};
void play_flags_frame(const struct play_flags *flags, struct frame *f);

struct play_counts {
	int64_t stored, duplicate, known, excluded, failed;
};
/* Sends it and waits for the acknowledgement. */
struct play_counts play_batch_store(struct play *p, int fd, const struct play_batch *batch,
				    int64_t folder, int64_t first_uid);

#endif
