/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of a pass over an account, and the order in which accounts are served. */
#include "store/account.h"
#include "store/ledger.h"
#include "store/store_internal.h"

enum { ACCOUNTS_MAX = 100000 };

static const char sql_begin[] =
	"UPDATE account SET pass_started_ms = :now_ms, pass_ended_ms = 0, pass_server = 0,"
	" pass_wanted = 0, pass_read = 0, pass_stored = 0, pass_duplicate = 0, pass_excluded = 0,"
	" pass_failed = 0, pass_bodies = 0, pass_bytes = 0 WHERE id = :id";
static const char sql_wanted[] =
	"UPDATE account SET pass_server = pass_server + :server, pass_wanted = pass_wanted + :wanted"
	" WHERE id = :id";
static const char sql_add[] =
	"UPDATE account SET pass_read = pass_read + :read, pass_stored = pass_stored + :stored,"
	" pass_duplicate = pass_duplicate + :duplicate, pass_excluded = pass_excluded + :excluded,"
	" pass_failed = pass_failed + :failed WHERE id = :id";
static const char sql_end[] =
	"UPDATE account SET pass_ended_ms = :now_ms, last_ok_ms = :now_ms, failures = 0,"
	" pass_server = :server, pass_bodies = :bodies, pass_bytes = :bytes WHERE id = :id";
static const char sql_due[] =
	"SELECT id FROM account WHERE type = 'imap' AND state IN ('active', 'waiting', 'error')"
	" AND secret_state = 'set' AND (next_try_ms <= :now_ms"
	/* So far off it was planned by a clock that was wrong and is set back now. */
	" OR next_try_ms BETWEEN :now_ms + :most_ms AND :never_ms - 1)"
	" ORDER BY max(pass_ended_ms, pass_started_ms, error_ms), id";
static const char sql_each[] =
	"SELECT public_id FROM account WHERE state <> 'deleting' AND type = 'imap' ORDER BY id";

int account_pass_begin(struct store *store, int64_t id, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_begin);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

int account_pass_wanted(struct store *store, int64_t id, int64_t add_server, int64_t add_wanted,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_wanted);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":server", add_server);
	query_bind_int(&q, ":wanted", add_wanted);
	return query_run(&q, err);
}

int account_pass_add(struct store *store, int64_t id, const struct pass_figures *add,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_add);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":read", add->read);
	query_bind_int(&q, ":stored", add->stored);
	query_bind_int(&q, ":duplicate", add->duplicate);
	query_bind_int(&q, ":excluded", add->excluded);
	query_bind_int(&q, ":failed", add->failed);
	return query_run(&q, err);
}

int account_pass_end(struct store *store, int64_t id, const struct pass_figures *set,
		     int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_end);
	int rc;

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":now_ms", now_ms);
	query_bind_int(&q, ":server", set->server);
	query_bind_int(&q, ":bodies", set->bodies);
	query_bind_int(&q, ":bytes", set->bytes);
	rc = query_run(&q, err);
	return rc < 0 ? rc : ledger_bound(store, id, now_ms, err);
}

/* The ids first, then the calls: fn may write to the same rows. */
static int due_ids(struct store *store, int64_t now_ms, int64_t **ret_ids, size_t *ret_count,
		   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_due);
	int64_t *ids = NULL;
	size_t count = 0;
	int rc;

	query_bind_int(&q, ":now_ms", now_ms);
	query_bind_int(&q, ":most_ms", ACCOUNT_TRY_MOST_MS);
	query_bind_int(&q, ":never_ms", ACCOUNT_TRY_NEVER);
	while ((rc = query_step(&q, err)) == 1 && count < ACCOUNTS_MAX) {
		if (count % 64 == 0) {
			int64_t *grown = realloc(ids, (count + 64) * sizeof(*ids));

			if (!grown) {
				free(ids);
				return threads_error_set(err, THREADS_ENOMEM, "out of memory");
			}
			ids = grown;
		}
		ids[count++] = query_int(&q, 0);
	}
	if (rc < 0) {
		free(ids);
		return rc;
	}
	*ret_ids = ids;
	*ret_count = count;
	return 0;
}

int account_due(struct store *store, int64_t now_ms, account_due_fn *fn, void *arg,
		struct threads_error *err)
{
	int64_t *ids = NULL;
	size_t count = 0;
	int rc = due_ids(store, now_ms, &ids, &count, err);

	for (size_t i = 0; i < count && rc == 0; i++)
		if (fn(ids[i], arg) != 0)
			break;
	free(ids);
	return rc;
}

int account_each(struct store *store, account_each_fn *fn, void *arg, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_each);
	int rc;

	while ((rc = query_step(&q, err)) == 1)
		if (fn(query_text(&q, 0), arg) != 0)
			return 0;
	return rc;
}
