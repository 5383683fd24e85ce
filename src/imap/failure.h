/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong between the hub and a mail server, as its owner sees it:
 * a kind for programs, words, the next step, the server's own text, and when to
 * try again. A wrong password is never tried twice: the account would be locked.
 */
#ifndef THREADS_IMAP_FAILURE_H
#define THREADS_IMAP_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"

enum failure_kind {
	FAILURE_NONE = 0,
	FAILURE_STOPPED, /* the process is to end: not shown */
	FAILURE_HUB,     /* index, vault or dial is away: not the server's fault */

	FAILURE_AUTH_REFUSED,
	FAILURE_APP_PASSWORD,
	FAILURE_WEB_LOGIN,
	FAILURE_PASSWORD_OFF,
	FAILURE_SECRET_MISSING,
	FAILURE_SECRET_VOID,
	FAILURE_BAD_SETTINGS,

	FAILURE_HOST_UNKNOWN,
	FAILURE_PRIVATE_NETWORK,
	FAILURE_REFUSED,
	FAILURE_UNREACHABLE,
	FAILURE_TIMEOUT,
	FAILURE_CONNECTION_LOST,

	FAILURE_TLS_UNAVAILABLE,
	FAILURE_TLS_FAILED,
	FAILURE_TLS_INJECTED,
	FAILURE_PREAUTH,
	FAILURE_CERT_EXPIRED,
	FAILURE_CERT_NAME,
	FAILURE_CERT_SELF_SIGNED,
	FAILURE_CERT_INCOMPLETE,
	FAILURE_CERT_OTHER,

	FAILURE_UNAVAILABLE,
	FAILURE_THROTTLED,
	FAILURE_OVER_QUOTA,
	FAILURE_TOO_MANY,
	FAILURE_NOT_CONNECTED,
	FAILURE_BYE,
	FAILURE_FOLDER_GONE,
	FAILURE_SERVER_REFUSED,
	FAILURE_GARBAGE,
	FAILURE_COUNT,
};

enum { FAILURE_DETAILS_SIZE = 400 };

struct failure {
	enum failure_kind kind;
	int64_t retry_ms; /* the server's hint; 0 = none */
	/* Valid UTF-8, one line, from the server or the system. */
	char details[FAILURE_DETAILS_SIZE];
};

/* Fills why and returns -1, so that "return" can be one line. */
int failure_set(struct failure *why, enum failure_kind kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The same with text from the server: repaired, control characters removed, cut to fit. */
int failure_server(struct failure *why, enum failure_kind kind, const char *text);

/* "auth-refused"; "" for FAILURE_NONE. */
const char *failure_name(enum failure_kind kind);

/* The kind that name stands for, FAILURE_UNREACHABLE if it is none of ours. */
enum failure_kind failure_by_name(const char *name, size_t len);

/* What happened and what to do, for the owner; server is the host as typed. */
void failure_words(enum failure_kind kind, const char *server, struct strbuf *out);
const char *failure_next_step(enum failure_kind kind);

/* When to try again after attempts failures in a row (from 0): milliseconds, or
 * -1 for "not before somebody acts". spread is a random number that moves the time. */
int64_t failure_retry_ms(const struct failure *why, unsigned attempts, uint32_t spread);

/* What a refusal by the server means. code is the response code ("AUTHENTICATIONFAILED"),
 * text the rest of the line; either may be "". login: it answered the log-in. */
enum failure_kind failure_classify(const char *code, const char *text, bool login);

/* "Suggested Backoff Time: 1500 milliseconds": at most an hour, 0 if there is no such hint. */
int64_t failure_backoff_hint_ms(const char *text);

#endif
