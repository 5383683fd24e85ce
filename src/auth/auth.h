/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role auth without its process: opened by main.c, and by tests with a
 * clock of their own and socket pairs in place of the other roles.
 */
#ifndef THREADS_AUTH_AUTH_H
#define THREADS_AUTH_AUTH_H

#include "core/clock.h"
#include "ipc/loop.h"
#include "ipc/ticket.h"
#include "threads/protocol.h"

enum { AUTH_KEY_LEN = 32 };

struct auth_options {
	struct loop *loop;
	const char *db_path;
	const char *base_url;            /* for links made on the control socket */
	const unsigned char *key;        /* AUTH_KEY_LEN: auth's part of the master key */
	const unsigned char *ticket_key; /* TICKET_KEY_LEN */
	int64_t session_idle_ms, session_max_ms;
	struct clock clock;
	struct peer *supervisor; /* borrowed; NULL in tests: nobody makes lost links anew */
};

struct auth;

/* Opens auth.db. Keys and texts are copied. Errors as db_open(), THREADS_ENOMEM. */
int auth_open(const struct auth_options *options, struct auth **ret_auth,
	      struct threads_error *err) MUST_CHECK;

/* Starts the thread that hashes. */
int auth_start(struct auth *auth, struct threads_error *err) MUST_CHECK;
struct auth *auth_close(struct auth *auth); /* accepts NULL, returns NULL */

/* Takes over fd: a link to http, api or index. Errors: THREADS_EINVAL for other roles. */
int auth_add_peer(struct auth *auth, enum role who, int fd, struct threads_error *err) MUST_CHECK;

/*
 * How long sessions hold: the silence counts at once for everybody, the longest
 * time for those who sign in from now on.
 */
void auth_set_session_times(struct auth *auth, int64_t idle_ms, int64_t max_ms);

/* BELL_USERS rang: names and roles in hub.db may have changed. */
void auth_users_changed(struct auth *auth);

#endif
