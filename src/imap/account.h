/* SPDX-License-Identifier: Apache-2.0 */
/* The account that this process serves, as index describes it (IMAP_ACCOUNT). */
#ifndef THREADS_IMAP_ACCOUNT_H
#define THREADS_IMAP_ACCOUNT_H

#include "ipc/frame.h"
#include "threads/protocol.h"

enum { ACCOUNT_FOLDERS_MAX = 10000 };

enum account_tls { ACCOUNT_TLS_IMPLICIT, ACCOUNT_TLS_STARTTLS, ACCOUNT_TLS_NONE };

struct account {
	char *id, *provider, *host, *tls_mode, *ca,
		*user; /* as sent: they are what the secret is bound to */
	int port;
	enum account_tls tls;
	enum imap_mode mode;
	int64_t message_max, poll_ms, timeout_ms;
	int64_t since_ms; /* 0 = everything */
	char **folders;   /* raw or display names; none = the default choice */
	size_t folder_count;
};

/* Replaces what account holds (zeros at first; zeros after an error). Errors: THREADS_EINVAL, THREADS_ENOMEM. */
int account_read(struct account *account, struct frame *f, struct threads_error *err) MUST_CHECK;
void account_release(struct account *account); /* for CLEANUP too */

/* Whether a connection made for a serves b as well. */
bool account_same_server(const struct account *a, const struct account *b);

#endif
