/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders of an account, as its server or an import shows them. A folder that is
 * numbered anew (UIDVALIDITY) is a row of its own, the next generation of its name.
 * Each function is one transaction.
 */
#ifndef THREADS_STORE_FOLDER_H
#define THREADS_STORE_FOLDER_H

#include "core/strbuf.h"
#include "store/store.h"

/*
 * Rows of folder that one account may have: those of folders that are gone, and of
 * old generations, are dropped when it has more and they hold no message and no
 * ledger row. If that is not enough: THREADS_ELIMIT, and nothing was changed.
 */
enum { FOLDER_ROWS_MAX = 10000 };

struct folder_listed {
	const char *name, *display, *special;
	bool selectable, chosen;
};

/* The server's list: marks what is gone, adds what is new. Errors: THREADS_ELIMIT for
 * rows of the ledger, too (ledger_room()). */
int folder_list(struct store *store, int64_t account_id, const struct folder_listed *folders,
		size_t count, int64_t now_ms, struct threads_error *err) MUST_CHECK;

struct folder_seen {
	const char *name;
	int64_t uidvalidity, server_count; /* uidvalidity 0: of an import */
};

/* The folder row of this generation; a new UIDVALIDITY opens a new generation (the old becomes 'old'). */
int folder_open(struct store *store, int64_t account_id, const struct folder_seen *seen,
		int64_t now_ms, int64_t *ret_id, struct threads_error *err) MUST_CHECK;

/* Appends the UIDs known in this folder (sightings and ledger rows) as an IMAP sequence set "1:4,7". */
int folder_known_uids(struct store *store, int64_t folder_id, struct strbuf *out,
		      struct threads_error *err) MUST_CHECK;

/* Whether the folder belongs to the account (an imap process may only write into its own). 1/0. */
int folder_belongs(struct store *store, int64_t folder_id, int64_t account_id,
		   struct threads_error *err) MUST_CHECK;

#endif
