/* SPDX-License-Identifier: Apache-2.0 */
#include "store/auth_throttle.h"

#include "store/auth_internal.h"

/* Keys of names that nobody has and of clients come from outside: bounded. */
enum { THROTTLE_ROWS_MAX = 100000 };

static const char sql_throttle_read[] =
	"SELECT failures, last_ms, next_ms FROM throttle WHERE key = :key";
static const char sql_throttle_write[] =
	"INSERT INTO throttle (key, failures, last_ms, next_ms) "
	"VALUES (:key, :failures, :now, :next) ON CONFLICT (key) DO UPDATE SET "
	"failures = excluded.failures, last_ms = excluded.last_ms, next_ms = excluded.next_ms";
static const char sql_throttle_clear[] = "DELETE FROM throttle WHERE key = :key";
static const char sql_throttle_refund[] =
	"UPDATE throttle SET failures = failures - 1, next_ms = 0 "
	"WHERE key = :key AND failures > 0";
static const char sql_throttle_count[] = "SELECT count(*) FROM throttle";
static const char sql_throttle_oldest[] =
	"DELETE FROM throttle WHERE key IN (SELECT key FROM throttle ORDER BY last_ms LIMIT 1000)";

static int make_room(struct db *db, struct threads_error *err)
{
	CLEANUP(query_end) struct query count = query_begin(db, sql_throttle_count);
	CLEANUP(query_end) struct query oldest = query_begin(db, sql_throttle_oldest);
	const int rc = query_step(&count, err);

	if (rc < 0 || query_int(&count, 0) < THROTTLE_ROWS_MAX)
		return rc < 0 ? rc : 0;
	return query_run(&oldest, err);
}

static int64_t delay_ms(const struct auth_throttle_rule *rule, int64_t failures)
{
	int64_t delay = rule->first_ms;

	for (int64_t n = failures - rule->free; n > 1 && delay < rule->most_ms; n--)
		delay *= 2;
	return delay < rule->most_ms ? delay : rule->most_ms;
}

static int throttle_write(struct db *db, const char *key, int64_t failures, int64_t now_ms,
			  int64_t next_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_throttle_write);

	query_bind_text(&q, ":key", key);
	query_bind_int(&q, ":failures", failures);
	query_bind_int(&q, ":now", now_ms);
	query_bind_int(&q, ":next", next_ms);
	return query_run(&q, err);
}

/* Within a transaction that holds the write lock. */
static int charge(struct db *db, const char *key, const struct auth_throttle_rule *rule,
		  int64_t now_ms, int64_t *ret_next_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_throttle_read);
	int64_t failures = 0, last_ms = 0, next_ms = 0;
	int rc;

	query_bind_text(&q, ":key", key);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		failures = query_int(&q, 0);
		last_ms = query_int(&q, 1);
		next_ms = query_int(&q, 2);
	}
	/* Planned by a clock that is set back now: the delay begins anew, and is kept to end in time. */
	if (next_ms > now_ms + rule->most_ms) {
		next_ms = now_ms + delay_ms(rule, failures);
		rc = throttle_write(db, key, failures, now_ms, next_ms, err);
		if (rc < 0)
			return rc;
	}
	if (next_ms > now_ms) {
		*ret_next_ms = next_ms;
		return 0;
	}
	failures = last_ms + rule->forget_ms < now_ms ? 1 : failures + 1;
	next_ms = failures > rule->free ? now_ms + delay_ms(rule, failures) : 0;
	rc = rc == 0 ? make_room(db, err) : 0;
	if (rc == 0)
		rc = throttle_write(db, key, failures, now_ms, next_ms, err);
	return rc < 0 ? rc : 1;
}

int auth_throttle_charge(struct db *db, const char *key, const struct auth_throttle_rule *rule,
			 int64_t now_ms, int64_t *ret_next_ms, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int allowed;
	int rc = db_scope_begin(db, &scope, err);

	if (rc < 0)
		return rc;
	allowed = charge(db, key, rule, now_ms, ret_next_ms, err);
	if (allowed < 0)
		return allowed;
	rc = db_scope_commit(&scope, err);
	return rc < 0 ? rc : allowed;
}

static int run_for_key(struct db *db, const char *sql, const char *key, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql);

	query_bind_text(&q, ":key", key);
	return query_run(&q, err);
}

int auth_throttle_clear(struct db *db, const char *key, struct threads_error *err)
{
	return run_for_key(db, sql_throttle_clear, key, err);
}

int auth_throttle_refund(struct db *db, const char *key, struct threads_error *err)
{
	return run_for_key(db, sql_throttle_refund, key, err);
}
