/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules of src/store around hub.db share; nothing outside includes this. */
#ifndef THREADS_STORE_STORE_INTERNAL_H
#define THREADS_STORE_STORE_INTERNAL_H

#include <sqlite3.h>

#include "store/db_internal.h"
#include "store/query.h"
#include "store/store.h"

struct store {
	struct db *db;
	int64_t settled_changes; /* db_total_changes() when there was nothing left to tidy */
	int64_t people_version; /* grows when channels, exclusions or settings change: caches look */
};

/*
 * The transaction of a public function that may be part of a larger one: begins
 * one unless one is in progress; then the scope is NULL and commit does nothing.
 *	CLEANUP(db_scope_end) struct db *scope = NULL;
 */
int store_join(struct store *store, struct db **ret_scope, struct threads_error *err) MUST_CHECK;
int store_commit(struct db **scope, struct threads_error *err) MUST_CHECK;

enum { EVERYONE_GROUP_ID = 1 };

/*
 * Registers on a fresh connection everything the schema and the queries name:
 * the tokenizer, visible(), body_text() ... The one place for that: whoever
 * opens hub.db without it cannot even read the schema.
 */
int store_connect(sqlite3 *handle, void *arg, struct threads_error *err) MUST_CHECK;

/* The FTS5 tokenizer "hub" (tokenizer.c). */
int tokenizer_register(sqlite3 *handle, struct threads_error *err) MUST_CHECK;

/* visible(:set, audience_id) (visible.c). */
int visible_register(sqlite3 *handle, struct threads_error *err) MUST_CHECK;

/* body_text(blob, bytes): the text of message_body, decompressed (body_text.c). */
int body_text_register(sqlite3 *handle, struct threads_error *err) MUST_CHECK;

#endif
