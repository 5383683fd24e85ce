/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "core/clock.h"
#include "core/random_id.h"
#include "store/store_internal.h"

#include "migrations_hub.inc"

static const char sql_touch[] = "DELETE FROM message_fts WHERE rowid = -1";
static const char sql_epoch[] = "SELECT acl FROM epoch WHERE id = 1";
static const char sql_epoch_bump[] = "UPDATE epoch SET acl = acl + 1 WHERE id = 1";
static const char sql_everyone_add[] =
	"INSERT INTO user_group (id, public_id, name, builtin, selector, created_ms)"
	" VALUES (:id, :public_id, 'Everyone', 1, 'all', :now_ms)"
	" ON CONFLICT DO NOTHING";

/* What a new database holds: the built-in group. */
static int store_seed(struct store *store, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_everyone_add);
	char public_id[PUBLIC_ID_SIZE];

	public_id_make(public_id);
	query_bind_int(&q, ":id", EVERYONE_GROUP_ID);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":now_ms", clock_now_ms(NULL));
	return query_run(&q, err);
}

int store_open(const char *path, enum store_mode mode, struct store **ret_store,
	       struct threads_error *err)
{
	CLEANUP(store_closep) struct store *store = calloc(1, sizeof(*store));
	const struct db_options options = {
		.migrations = migrations_hub,
		.read_only = mode == STORE_READER,
		.plain = mode == STORE_COPY,
		.connect = store_connect,
		.touch = mode != STORE_READER ? sql_touch : NULL,
	};
	int rc;

	if (!store)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = db_open(path, &options, &store->db, err);
	if (rc == 0 && mode != STORE_READER)
		rc = store_seed(store, err);
	if (rc < 0)
		return rc;
	*ret_store = TAKE_PTR(store);
	return 0;
}

struct store *store_close(struct store *store)
{
	if (!store)
		return NULL;
	db_close(store->db);
	free(store);
	return NULL;
}

void store_closep(struct store **store)
{
	*store = store_close(*store);
}

struct db *store_db(struct store *store)
{
	return store->db;
}

int store_join(struct store *store, struct db **ret_scope, struct threads_error *err)
{
	return db_in_transaction(store->db) ? 0 : db_scope_begin(store->db, ret_scope, err);
}

int store_commit(struct db **scope, struct threads_error *err)
{
	return *scope ? db_scope_commit(scope, err) : 0;
}

int store_epoch(struct store *store, int64_t *ret_epoch, struct threads_error *err)
{
	return query_number(store->db, sql_epoch, ret_epoch, err);
}

int store_epoch_bump(struct store *store, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_epoch_bump);

	return query_run(&q, err);
}
