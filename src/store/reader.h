/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything `api` reads from hub.db, for one viewer at a time, as the JSON of
 * the HTTP API. What the viewer may not see does not exist here: functions that
 * look something up return 0 for "not there" and "not yours" alike.
 * Returned JSON belongs to the caller. Errors of all functions: THREADS_EAGAIN
 * (the writer is starting: try again), THREADS_EIO, THREADS_ENOMEM.
 */
#ifndef THREADS_STORE_READER_H
#define THREADS_STORE_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/random_id.h"
#include "core/strbuf.h"
#include "threads/error.h"

struct reader;
struct store;

enum viewer_role { VIEWER_USER, VIEWER_AUDITOR, VIEWER_ADMIN, VIEWER_OWNER, VIEWER_OPERATOR };

/* Who looks. The operator (control socket) has id 0 and sees everything. */
struct viewer {
	int64_t id;
	enum viewer_role role;
	char public_id[PUBLIC_ID_SIZE];
};

/* Opens hub.db read-only; the writer must be up. */
int reader_open(const char *path, struct reader **ret_reader, struct threads_error *err) MUST_CHECK;
/* On a store that is open already (tests). It stays the caller's. */
int reader_new(struct store *store, struct reader **ret_reader,
	       struct threads_error *err) MUST_CHECK;
struct reader *reader_close(struct reader *reader);
void reader_closep(struct reader **reader);

/* An active user by public id, or by sign-in name in any case. Returns 1, or 0 if there is none. */
int reader_viewer(struct reader *reader, const char *public_id, struct viewer *ret_viewer,
		  struct threads_error *err) MUST_CHECK;
int reader_viewer_by_name(struct reader *reader, const char *name, struct viewer *ret_viewer,
			  struct threads_error *err) MUST_CHECK;
bool viewer_manages(const struct viewer *viewer); /* owner, admin or operator */

/* ---- messages (reader_message.c, reader_blob.c) ---- */

/* MESSAGE of the API, with text. 1 / 0. */
int reader_message(struct reader *reader, const struct viewer *viewer, const char *public_id,
		   json_t **ret_message, struct threads_error *err) MUST_CHECK;

/* {"id","subject","messages":[..]}, oldest first, visible ones only. 1 / 0 if none is. */
int reader_conversation(struct reader *reader, const struct viewer *viewer, const char *public_id,
			json_t **ret_conversation, struct threads_error *err) MUST_CHECK;

/* What INDEX_BLOB asks with. */
struct reader_blob {
	int64_t row_id;
	struct strbuf recipe;                /* with its blobs: recipe_append() of store/recipe.h */
	int64_t size;                        /* plain bytes, -1 if not known */
	char *filename, *content_type;       /* of an attachment */
	char *account_id, *account, *folder; /* of the sighting that is shown, "" without one */
};
void reader_blob_release(struct reader_blob *blob);

/*
 * kind: enum blob_kind of protocol.h; attachment: public id for BLOB_ATTACHMENT.
 * Raw and headers are those of a sighting that the viewer holds. 1 / 0.
 */
int reader_blob(struct reader *reader, const struct viewer *viewer, int kind,
		const char *message_id, const char *attachment_id, struct reader_blob *ret_blob,
		struct threads_error *err) MUST_CHECK;

/* ---- accounts and imports (reader_account.c, reader_import.c) ---- */

/* Array of ACCOUNT: all for those who manage, else the viewer's own. */
int reader_accounts(struct reader *reader, const struct viewer *viewer, int64_t now_ms,
		    json_t **ret_accounts, struct threads_error *err) MUST_CHECK;
/* One of these, by public id or name. 1 / 0. */
int reader_account(struct reader *reader, const struct viewer *viewer, const char *name_or_id,
		   int64_t now_ms, json_t **ret_account, struct threads_error *err) MUST_CHECK;
/* {"folders":[..]}. 1 / 0. */
int reader_folders(struct reader *reader, const struct viewer *viewer, const char *account_id,
		   json_t **ret_folders, struct threads_error *err) MUST_CHECK;
/* {"entries":[..],"next":id or null}: below before_id (0: newest); account "" (operator only): all. 1 / 0. */
int reader_ledger(struct reader *reader, const struct viewer *viewer, const char *account,
		  int64_t before_id, json_t **ret_page, struct threads_error *err) MUST_CHECK;

/* What the vault must be told of an account: its bound fields, as stored. Heap copies. */
struct reader_bound {
	char public_id[PUBLIC_ID_SIZE];
	char *name, *state, *provider, *host, *port, *tls, *ca, *user;
	bool mine;            /* the viewer owns it */
	bool private_network; /* beside them: the server may stand in a network of our own */
};
void reader_bound_release(struct reader_bound *bound);
int reader_account_bound(struct reader *reader, const struct viewer *viewer, const char *name_or_id,
			 struct reader_bound *ret_bound, struct threads_error *err) MUST_CHECK;

/* Figures of the last pass, for "account sync --wait". 1 / 0. */
int reader_pass(struct reader *reader, const char *account_id, json_t **ret_pass,
		int64_t *ret_started_ms, int64_t *ret_ended_ms,
		struct threads_error *err) MUST_CHECK;

int reader_imports(struct reader *reader, const struct viewer *viewer, int64_t now_ms,
		   json_t **ret_imports, struct threads_error *err) MUST_CHECK;
int reader_import(struct reader *reader, const struct viewer *viewer, const char *public_id,
		  int64_t now_ms, json_t **ret_import, struct threads_error *err) MUST_CHECK;

/* ---- people and the hub (reader_hub.c) ---- */

int reader_me(struct reader *reader, const struct viewer *viewer, json_t **ret_me,
	      struct threads_error *err) MUST_CHECK;
/* Array: everybody for those who manage, else only the viewer. */
int reader_users(struct reader *reader, const struct viewer *viewer, json_t **ret_users,
		 struct threads_error *err) MUST_CHECK;
/* Public id of the first active owner. 1 / 0. */
int reader_first_owner(struct reader *reader, char out[PUBLIC_ID_SIZE],
		       struct threads_error *err) MUST_CHECK;
int reader_settings(struct reader *reader, json_t **ret_settings,
		    struct threads_error *err) MUST_CHECK;
/* Appends the hub's time zone ("Europe/Berlin"); nothing if none was chosen. */
int reader_time_zone(struct reader *reader, struct strbuf *out,
		     struct threads_error *err) MUST_CHECK;

/* ---- reader_audit.c ---- */

enum { READER_AUDIT_WINDOW = 20000 };

struct reader_audit_filter {
	const char *actor, *action; /* "": all */
	int64_t from_ms, to_ms;     /* 0: no bound; to_ms is not included */
	int64_t before_id;          /* 0: the newest */
	int64_t most;
};

/* {"entries":[..],"next"}. A page looks at READER_AUDIT_WINDOW rows at most: with a filter it
 * may be short, or empty, and have a next one nevertheless. */
int reader_audit(struct reader *reader, const struct reader_audit_filter *filter, json_t **ret_page,
		 struct threads_error *err) MUST_CHECK;

/* Follows the chain a little further and says how far it is good. */
struct audit_chain;
int reader_audit_chain(struct reader *reader, struct audit_chain *chain, json_t **ret_state,
		       struct threads_error *err) MUST_CHECK;

/* ---- reader_figures.c ---- */

int reader_counts(struct reader *reader, int64_t *ret_messages, int64_t *ret_pack_bytes,
		  struct threads_error *err) MUST_CHECK;

struct reader_account_figures {
	int64_t number; /* the row id, as logs name it */
	bool imap, active, troubled;
	int64_t messages, missing; /* missing: of the pass that runs, still to be read */
	int64_t last_ok_ms, failures;
};

typedef void reader_account_fn(void *arg, const struct reader_account_figures *account);

/* Calls fn for each account, at most `most`. */
int reader_account_figures(struct reader *reader, int64_t most, reader_account_fn *fn, void *arg,
			   struct threads_error *err) MUST_CHECK;

/* Of all imports that are not finished. */
struct reader_import_figures {
	int64_t running, messages, bytes, total_bytes;
};

int reader_import_figures(struct reader *reader, struct reader_import_figures *ret_figures,
			  struct threads_error *err) MUST_CHECK;

/* Version of the schema of hub.db. */
int reader_schema(struct reader *reader, int64_t *ret_schema, struct threads_error *err) MUST_CHECK;
const char *reader_database_version(void);

#endif
