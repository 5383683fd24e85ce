/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ledger.h"

#include "store/job.h"
#include "store/store_internal.h"

enum { TRIM_ROWS = 1000, WORDS_MAX = 100 };

static const char sql_note[] =
	"INSERT INTO ledger (at_ms, account_id, folder_id, uid, header_id, reason, detail)"
	" VALUES (:now_ms, :account_id, :folder_id, :uid, '', :reason, :detail)"
	" ON CONFLICT DO NOTHING";
/* The row before the newest ones. */
static const char sql_before[] = "SELECT id FROM ledger WHERE account_id = :account_id"
				 " ORDER BY id DESC LIMIT 1 OFFSET :newest";
static const char sql_piece[] =
	"SELECT max(id) FROM (SELECT id FROM ledger WHERE account_id = :account_id"
	" AND id > :position AND id <= :cut ORDER BY id LIMIT :most) HAVING max(id) IS NOT NULL";
static const char sql_drop[] =
	"DELETE FROM ledger WHERE account_id = :account_id AND id > :position AND id <= :upto"
	" AND reason = :reason AND (folder_id IS NOT NULL OR import_id IS NOT NULL OR uid <> 0)"
	" AND (reason IN ('duplicate', 'unreadable')"
	" OR folder_id IN (SELECT id FROM folder WHERE state <> 'active'))";
static const char sql_sum[] = "SELECT id, CAST(detail AS INTEGER) FROM ledger"
			      " WHERE folder_id IS NULL AND import_id IS NULL AND uid = 0"
			      " AND reason = :reason AND account_id = :account_id";
static const char sql_sum_set[] =
	"UPDATE ledger SET detail = :detail, at_ms = :now_ms WHERE id = :id";
static const char sql_job[] = "SELECT 1 FROM job WHERE kind = :kind AND object_id = :account_id";

int ledger_note(struct store *store, int64_t account_id, const struct ledger_entry *entry,
		int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_note);

	query_bind_int(&q, ":now_ms", now_ms);
	query_bind_int(&q, ":account_id", account_id);
	query_bind_id(&q, ":folder_id", entry->folder_id);
	query_bind_int(&q, ":uid", entry->uid);
	query_bind_text(&q, ":reason", entry->reason);
	query_bind_text(&q, ":detail", entry->detail);
	return query_run(&q, err);
}

/* 1 if the account has more rows than newest: *ret_id is the next older one. */
static int row_before(struct store *store, int64_t account_id, int64_t newest, int64_t *ret_id,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_before);
	int rc;

	query_bind_int(&q, ":account_id", account_id);
	query_bind_int(&q, ":newest", newest);
	rc = query_step(&q, err);
	if (rc == 1)
		*ret_id = query_int(&q, 0);
	return rc;
}

int ledger_bound(struct store *store, int64_t account_id, int64_t now_ms, struct threads_error *err)
{
	int64_t id = 0;
	const int rc = row_before(store, account_id, LEDGER_ROWS_KEPT, &id, err);

	return rc == 1 ? job_add(store, JOB_LEDGER_TRIM, account_id, now_ms, &id, err) : rc;
}

int ledger_room(struct store *store, int64_t account_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_job);
	int64_t id = 0;
	int rc = row_before(store, account_id, LEDGER_ROWS_MAX, &id, err);

	if (rc != 1)
		return rc;
	query_bind_int(&q, ":account_id", account_id);
	query_bind_text(&q, ":kind", JOB_LEDGER_TRIM);
	rc = query_step(&q, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return threads_error_set(err, THREADS_ELIMIT,
				 "more than %d messages of this account could not be stored",
				 LEDGER_ROWS_MAX);
}

/* Counts dropped rows of a reason in their sum. */
static int sum_up(struct store *store, int64_t account_id, const char *reason, int64_t dropped,
		  int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_sum);
	CLEANUP(query_end) struct query set = query_begin(store->db, sql_sum_set);
	struct ledger_entry entry = { .reason = reason };
	char words[WORDS_MAX];
	int rc;

	query_bind_int(&q, ":account_id", account_id);
	query_bind_text(&q, ":reason", reason);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		dropped += query_int(&q, 1);
	snprintf(words, sizeof(words), "%lld older entries like this are summed up here",
		 (long long)dropped);
	entry.detail = words;
	if (rc == 0)
		return ledger_note(store, account_id, &entry, now_ms, err);
	query_bind_int(&set, ":id", query_int(&q, 0));
	query_bind_text(&set, ":detail", words);
	query_bind_int(&set, ":now_ms", now_ms);
	return query_run(&set, err);
}

static int drop(struct store *store, int64_t account_id, const char *reason, int64_t position,
		int64_t upto, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_drop);

	query_bind_int(&q, ":account_id", account_id);
	query_bind_text(&q, ":reason", reason);
	query_bind_int(&q, ":position", position);
	query_bind_int(&q, ":upto", upto);
	return query_run(&q, err);
}

int ledger_trim_step(struct store *store, int64_t account_id, int64_t *position, int64_t now_ms,
		     struct threads_error *err)
{
	static const char *const reasons[] = { "duplicate", "unreadable", "excluded", "failed" };
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_piece);
	int64_t cut = 0, upto;
	int rc = row_before(store, account_id, LEDGER_ROWS_KEPT, &cut, err);

	if (rc != 1)
		return rc;
	query_bind_int(&q, ":account_id", account_id);
	query_bind_int(&q, ":position", *position);
	query_bind_int(&q, ":cut", cut);
	query_bind_int(&q, ":most", TRIM_ROWS);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	upto = query_int(&q, 0);
	query_end(&q);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		rc = drop(store, account_id, reasons[i], *position, upto, err);
		if (rc == 0 && db_changes(store->db) > 0)
			rc = sum_up(store, account_id, reasons[i], db_changes(store->db), now_ms,
				    err);
		if (rc < 0)
			return rc;
	}
	*position = upto;
	return 1;
}
