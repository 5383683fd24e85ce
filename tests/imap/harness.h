/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the real threads-imap, with its sandbox, and plays everybody around it:
 * supervisor, index, vault and dial, over socket pairs. Mail servers come from
 * tests/lab. Everything that happens is recorded here for the tests to check.
 */
#ifndef THREADS_TESTS_IMAP_HARNESS_H
#define THREADS_TESTS_IMAP_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "threads/protocol.h"

enum { HARNESS_FOLDERS = 32, HARNESS_UIDS = 20000, HARNESS_STATES = 256, HARNESS_UNACKED = 8 };

struct harness_message {
	uint32_t uid;
	unsigned flags;
	int64_t date_ms;
	size_t len;
	uint64_t sum;     /* FNV-1a of the bytes */
	char labels[300]; /* the first of them */
	size_t label_bytes, label_count;
};

struct harness_folder {
	char name[256];
	uint32_t uidvalidity, messages, uidnext;
	struct harness_message *list;
	size_t count;
	uint32_t failed[1000]; /* IMAP_FAILED */
	char reason[32];       /* of the last */
	size_t failed_count;
	int64_t todo_fetch, todo_gone;
	int64_t modseq, compared_ms; /* as the last IMAP_FLAGS said; tests may change them */
};

struct harness_state {
	char activity[16], kind[32], words[256], next[256], details[400];
	int64_t retry_ms;
};

struct harness {
	/* set before harness_start() */
	const char *host, *connect_to, *tls, *user, *password;
	char *ca;
	int port;
	enum imap_mode mode;
	int64_t message_max, poll_s, timeout_s;
	const char *folders[8];
	int folder_choices;
	bool in_process; /* no program, no sandbox, no supervisor: for the search for leaks */
	bool hold_acks;  /* batches are not acknowledged */
	bool refuse_flags;
	int vault_error; /* enum threads_code instead of a password */
	int log_fd;      /* takes what the process says; 0: the test's stderr */

	/* the process */
	pid_t pid; /* 0 = none */
	int status;
	int control, index, vault, dial;
	uint32_t unacked[HARNESS_UNACKED];
	size_t unacked_count;

	/* what happened */
	struct harness_state states[HARNESS_STATES];
	size_t state_count;
	struct harness_folder store[HARNESS_FOLDERS];
	size_t folder_count;
	char listed[32][256];
	char listed_use[32][16];
	bool listed_chosen[32];
	size_t listed_count;
	int dials, vault_opens, passes, batches, new_messages, doubles;
	int opens;                  /* IMAP_FOLDER_OPEN */
	int flags_said, flags_done; /* messages in IMAP_FLAGS; frames that were the last */
	int64_t pass_server, pass_fetched, pass_failed, pass_number;
	bool exited;
};

typedef bool harness_condition(const struct harness *h);

void harness_init(struct harness *h);

/* Starts the process and gives it its links and the account. */
void harness_start(struct harness *h);

/* Ends it with CTL_STOP; kill: SIGKILL. It fails if the process does not end within 15 s. */
void harness_stop(struct harness *h);
void harness_kill(struct harness *h);
void harness_release(struct harness *h);

/* Closes the link to index and gives a new one, as after a crash of index. */
void harness_new_index(struct harness *h);

void harness_sync(struct harness *h, int64_t number);
void harness_ack_all(struct harness *h);

/* Serves frames until the condition holds. False after wait_ms. */
bool harness_until(struct harness *h, harness_condition *condition, int64_t wait_ms);
void harness_serve(struct harness *h, int64_t for_ms);

/* Prints the states that were reported, for a failure that follows. */
void harness_show(const struct harness *h);

/* Whether a state with this kind was reported. NULL if not, else that state. */
const struct harness_state *harness_saw(const struct harness *h, const char *kind);
const struct harness_folder *harness_folder(const struct harness *h, const char *name);
size_t harness_stored(const struct harness *h);

/* Common conditions. */
bool harness_passed(const struct harness *h);
bool harness_troubled(const struct harness *h);
bool harness_exited(const struct harness *h);
bool harness_idle(const struct harness *h);

/* ---- tests/lab ---- */

struct lab {
	char dir[64];
	int port;
	const char *script; /* "dovecot.sh" */
};

void lab_start(struct lab *lab, const char *script);
void lab_stop(struct lab *lab);

/* Runs a program of tests/lab (NULL ends the arguments) and expects success. */
void lab_run(const char *program, ...);

/* Writes a file in the lab's folder; NULL removes it. */
void lab_write(const struct lab *lab, const char *name, const char *text);

/* The whole file, malloc()ed; "" if there is none. */
char *lab_read(const struct lab *lab, const char *name);

/* How often text stands in the file. */
int lab_count(const struct lab *lab, const char *name, const char *text);

#endif
