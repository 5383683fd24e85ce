/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts: what `index` writes and asks to decide who is connected when.
 * Each public function is one transaction unless said.
 */
#ifndef THREADS_STORE_ACCOUNT_H
#define THREADS_STORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"
#include "store/store.h"

/* The six fields that, with the account's public id, a secret is bound to. Text is borrowed. */
struct account_bound {
	const char *provider, *host, *tls, *login, *ca;
	int port;
	bool private_network; /* a setting beside them: its change voids nothing */
};

struct account_new {
	const char *idempotency_key; /* "" none: a repeated key gives the first answer again */
	const char *name;
	const char *owner;          /* public id of a user */
	const char *type;           /* imap, import, sample */
	const char *policy;         /* open, closed, or "" for the setting's default */
	struct account_bound bound; /* imap only, else empty texts */
	const char *folders;        /* JSON list, "" default choice */
};

/* Returns 0 and the public id. imap accounts start as draft, others as active.
 * Errors: THREADS_EINVAL (name taken, unknown owner, bad value: words for a person). */
int account_create(struct store *store, const struct account_new *account, int64_t now_ms,
		   struct strbuf *ret_public_id, struct threads_error *err) MUST_CHECK;

/* All that index needs to know of one account. Heap copies: release. */
struct account {
	int64_t id, owner_id;
	char public_id[27];
	char *name, *type, *state, *policy;
	char *provider, *host, *tls, *login, *ca, *folders;
	int port;
	bool private_network; /* the server may stand in a network of our own */
	int64_t since_ms, next_try_ms, last_ok_ms, failures, pass_ended_ms;
	bool secret_set;
	bool keep_messages;
};
void account_release(struct account *account);

/* By public id, or by name (any case). Returns 1, 0 not found, < 0. */
int account_find(struct store *store, const char *name_or_id, struct account *ret_account,
		 struct threads_error *err) MUST_CHECK;
int account_get(struct store *store, int64_t id, struct account *ret_account,
		struct threads_error *err) MUST_CHECK;

/* The first import account of this name; made for the owner (public id, "" = the first owner) if
 * there is none. Errors: THREADS_EINVAL if the name belongs to an account of another type or owner. */
int account_for_import(struct store *store, const char *name, const char *owner, const char *type,
		       int64_t now_ms, int64_t *ret_id, struct threads_error *err) MUST_CHECK;

struct account_change {
	const char *name, *policy, *folders; /* NULL keeps */
	/* NULL keeps; a change of one of the six voids the secret: state draft. */
	const struct account_bound *bound;
};
/* ret_voided: the secret must be asked for again. Policy tightening is effective at once (deny + epoch). */
int account_change(struct store *store, int64_t id, const struct account_change *change,
		   int64_t now_ms, bool *ret_voided, struct threads_error *err) MUST_CHECK;

/* state: draft, active, waiting, paused, error, deleting. Clears the error when active. */
int account_set_state(struct store *store, int64_t id, const char *state,
		      struct threads_error *err) MUST_CHECK;
int account_set_secret(struct store *store, int64_t id, const char *secret_state,
		       struct threads_error *err) MUST_CHECK;

struct account_trouble {
	const char *kind, *text, *next, *detail; /* all "": no trouble */
};
/* What the account page shows; error_ms keeps the time of the first of equal kinds. */
int account_set_activity(struct store *store, int64_t id, const char *activity,
			 const struct account_trouble *trouble, int64_t next_try_ms, int64_t now_ms,
			 struct threads_error *err) MUST_CHECK;

/* Its process died without a word: one failure more, until a pass ends well. */
int account_crashed(struct store *store, int64_t id, int64_t next_try_ms,
		    struct threads_error *err) MUST_CHECK;

/* A log-in succeeded: verified_ms; if the login looks like an e-mail address it becomes
 * the account's address and (unless somebody else's) the owner's own channel, which counts after a
 * notice period of 24 hours and stands in the audit log. */
int account_verified(struct store *store, int64_t id, int64_t now_ms,
		     struct threads_error *err) MUST_CHECK;

/* Progress figures of a pass. begin zeroes them; add is cheap and may be part of ingest's
 * transaction (finish callback); end sets server count, bodies, bytes, last_ok. */
struct pass_figures {
	int64_t server, wanted, read, stored, duplicate, excluded, failed, bodies, bytes;
};
int account_pass_begin(struct store *store, int64_t id, int64_t now_ms,
		       struct threads_error *err) MUST_CHECK;
int account_pass_wanted(struct store *store, int64_t id, int64_t add_server, int64_t add_wanted,
			struct threads_error *err) MUST_CHECK;
int account_pass_add(struct store *store, int64_t id, const struct pass_figures *add,
		     struct threads_error *err) MUST_CHECK; /* joins a transaction in progress */
int account_pass_end(struct store *store, int64_t id,
		     const struct pass_figures *set_server_bodies_bytes, int64_t now_ms,
		     struct threads_error *err) MUST_CHECK;

/* Nothing is tried again later than this; a time farther off comes from a clock that was wrong. */
#define ACCOUNT_TRY_MOST_MS (INT64_C(48) * 3600 * 1000)
/* next_try_ms: not before somebody acts. What a person does sets the time back. */
#define ACCOUNT_TRY_NEVER INT64_C(9000000000000000)

/* Accounts of type imap in an order fair for connecting: (state active or error with next_try_ms
 * due, or impossibly far), longest not served first. fn returns non-zero to stop. */
typedef int account_due_fn(int64_t id, void *arg);
int account_due(struct store *store, int64_t now_ms, account_due_fn *fn, void *arg,
		struct threads_error *err) MUST_CHECK;

/* Public ids of all accounts that are not being deleted (for the vault). */
typedef int account_each_fn(const char *public_id, void *arg);
int account_each(struct store *store, account_each_fn *fn, void *arg,
		 struct threads_error *err) MUST_CHECK;

/* Begins deletion: state deleting + background job. With keep_messages the messages move to the
 * owner's archive account. Pending ingest of it must be over. */
int account_delete(struct store *store, int64_t id, bool keep_messages, int64_t now_ms,
		   struct threads_error *err) MUST_CHECK;

#endif
