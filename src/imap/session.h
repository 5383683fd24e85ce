/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signed-in IMAP connection: socket from dial, verified TLS, greeting,
 * password from vault (asked for at each log-in, wiped after it), log-in.
 */
#ifndef THREADS_IMAP_SESSION_H
#define THREADS_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "imap/account.h"
#include "imap/failure.h"
#include "imap/links.h"
#include "imap/stream.h"

struct session {
	mailimap *imap;        /* NULL: not connected */
	struct stream *stream; /* borrowed from imap */
	bool can_idle, is_gmail, has_condstore;
};

struct session_options {
	const struct account *account;
	struct links *links;
	int bundle_fd; /* the system's certificates, see tls.h */
};

/* Connects and logs in. Returns 0, or -1 with why; the session is closed then. */
int session_open(struct session *session, const struct session_options *options,
		 struct failure *why);

/* Ends the connection; says good-bye if it is in order. Closed is fine. */
void session_close(struct session *session);

bool session_is_open(const struct session *session);

/* Before each command: what it may bring at most. Sets the guard and the deadline. */
void session_expect(struct session *session, uint64_t bytes);

/*
 * Turns the library's result r (not MAILIMAP_NO_ERROR) into why and closes the
 * session if it cannot be used any more. Returns -1.
 */
int session_failed(struct session *session, int r, bool login, struct failure *why);

#endif
