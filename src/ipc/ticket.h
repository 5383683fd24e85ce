/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What auth says about one request: who asks, and how sure that is. auth makes
 * a ticket for each request, http carries it unread, api checks it. It is
 * never used for another request, so that a revoked session is over at once;
 * the expiry only bounds a stream that http keeps fed with fresh tickets.
 */
#ifndef THREADS_IPC_TICKET_H
#define THREADS_IPC_TICKET_H

#include <stddef.h>
#include <stdint.h>

#include "core/random_id.h"
#include "threads/error.h"

enum {
	TICKET_KEY_LEN = 32,
	TICKET_LIFE_MS = 60 * 1000,
	TICKET_STRONG_MS = 5 * 60 * 1000, /* as long a password and code just given are fresh */
	TICKET_LEN = 1 + 1 + 2 * PUBLIC_ID_LEN + 4 + 8 + 8 + 32,
};

enum ticket_kind {
	TICKET_USER = 1, /* a signed-in user */
	TICKET_LINK,     /* somebody with a one-use link, before signing in */
	TICKET_SETUP,    /* the first owner, during set-up */
};

struct ticket {
	enum ticket_kind kind;
	char subject[PUBLIC_ID_SIZE]; /* public id of the user */
	char session[PUBLIC_ID_SIZE]; /* public id of the session: not the cookie */
	uint32_t scope;               /* 0 = all that the user may */
	int64_t strong_ms;            /* when password and code were last given, 0 = never */
	int64_t expires_ms;
};

/* Writes the ticket and its MAC. Errors: THREADS_EBUG (an id is malformed), THREADS_ENOMEM. */
int ticket_make(const unsigned char key[TICKET_KEY_LEN], const struct ticket *ticket,
		unsigned char out[TICKET_LEN], struct threads_error *err) MUST_CHECK;

/* Errors: THREADS_EDENIED (malformed, forged, of another boot, or expired at now_ms), THREADS_ENOMEM. */
int ticket_check(const unsigned char key[TICKET_KEY_LEN], const void *data, size_t len,
		 int64_t now_ms, struct ticket *ret_ticket, struct threads_error *err) MUST_CHECK;

#endif
