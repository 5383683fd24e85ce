/* SPDX-License-Identifier: Apache-2.0 */
#include "store/folder.h"

#include "store/ledger.h"
#include "store/store_internal.h"

static const char sql_mark_gone[] =
	"UPDATE folder SET state = 'gone', chosen = 0 WHERE account_id = :account_id"
	" AND state = 'active' AND checked_ms <> :now_ms";
static const char sql_touch[] =
	"UPDATE folder SET display = :display, special = :special, chosen = :chosen,"
	" checked_ms = :now_ms, state = 'active'"
	" WHERE account_id = :account_id AND name = :name AND state <> 'old'";
static const char sql_latest[] =
	"SELECT id, generation, uidvalidity, display, special, chosen FROM folder"
	" WHERE account_id = :account_id AND name = :name ORDER BY generation DESC LIMIT 1";
static const char sql_add[] =
	"INSERT INTO folder (account_id, name, display, special, chosen, generation, uidvalidity,"
	" server_count, checked_ms) VALUES (:account_id, :name, :display, :special, :chosen,"
	" :generation, :uidvalidity, :server_count, :now_ms)";
static const char sql_opened[] =
	"UPDATE folder SET uidvalidity = :uidvalidity, server_count = :server_count,"
	" checked_ms = :now_ms, state = 'active' WHERE id = :id";
static const char sql_old[] = "UPDATE folder SET state = 'old' WHERE id = :id";
static const char sql_uids[] =
	"SELECT uid FROM sighting WHERE folder_id = :id"
	" UNION SELECT uid FROM ledger WHERE folder_id = :id AND reason IN ('excluded', 'failed')"
	" AND uid > 0 ORDER BY uid";
static const char sql_belongs[] =
	"SELECT 1 FROM folder WHERE id = :id AND account_id = :account_id";
static const char sql_rows[] = "SELECT count(*) FROM folder WHERE account_id = :account_id";
/* Rows that hold nothing. The newest of a name counts its generations, so it goes last. */
static const char sql_trim_old[] =
	"DELETE FROM folder WHERE account_id = :account_id AND state = 'old'"
	" AND NOT EXISTS (SELECT 1 FROM sighting WHERE folder_id = folder.id)"
	" AND NOT EXISTS (SELECT 1 FROM ledger WHERE folder_id = folder.id)";
static const char sql_trim_gone[] =
	"DELETE FROM folder WHERE account_id = :account_id AND state = 'gone'"
	" AND NOT EXISTS (SELECT 1 FROM folder o WHERE o.account_id = :account_id"
	" AND o.name = folder.name AND o.generation <> folder.generation)"
	" AND NOT EXISTS (SELECT 1 FROM sighting WHERE folder_id = folder.id)"
	" AND NOT EXISTS (SELECT 1 FROM ledger WHERE folder_id = folder.id)";

/* What one generation takes over from the one before. */
struct folder_row {
	int64_t id, generation, uidvalidity;
	const char *display, *special;
	bool chosen;
};

static int folder_add(struct store *store, int64_t account_id, const char *name,
		      const struct folder_row *row, int64_t server_count, int64_t now_ms,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_add);

	query_bind_int(&q, ":account_id", account_id);
	query_bind_text(&q, ":name", name);
	query_bind_text(&q, ":display", row->display);
	query_bind_text(&q, ":special", row->special);
	query_bind_int(&q, ":chosen", row->chosen);
	query_bind_int(&q, ":generation", row->generation);
	query_bind_int(&q, ":uidvalidity", row->uidvalidity);
	query_bind_int(&q, ":server_count", server_count);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

static int run_of_account(struct store *store, const char *sql, int64_t account_id,
			  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);

	query_bind_int(&q, ":account_id", account_id);
	return query_run(&q, err);
}

static int folder_rows(struct store *store, int64_t account_id, int64_t *ret_rows,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_rows);
	int rc;

	query_bind_int(&q, ":account_id", account_id);
	rc = query_step(&q, err);
	if (rc == 1)
		*ret_rows = query_int(&q, 0);
	return rc < 0 ? rc : 0;
}

/* After rows were added: a server may name and number folders anew as often as it likes. */
static int folder_bound(struct store *store, int64_t account_id, struct threads_error *err)
{
	int64_t rows = 0;
	int rc = folder_rows(store, account_id, &rows, err);

	if (rc < 0 || rows <= FOLDER_ROWS_MAX)
		return rc;
	rc = run_of_account(store, sql_trim_old, account_id, err);
	if (rc == 0)
		rc = run_of_account(store, sql_trim_gone, account_id, err);
	if (rc == 0)
		rc = folder_rows(store, account_id, &rows, err);
	if (rc < 0 || rows <= FOLDER_ROWS_MAX)
		return rc;
	return threads_error_set(err, THREADS_ELIMIT,
				 "the server has shown more than %d folders with messages",
				 FOLDER_ROWS_MAX);
}

static int folder_touch(struct store *store, int64_t account_id, const struct folder_listed *folder,
			int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_touch);
	const struct folder_row row = {
		.generation = 1,
		.display = folder->display,
		.special = folder->special,
		.chosen = folder->chosen && folder->selectable,
	};
	int rc;

	query_bind_int(&q, ":account_id", account_id);
	query_bind_text(&q, ":name", folder->name);
	query_bind_text(&q, ":display", row.display);
	query_bind_text(&q, ":special", row.special);
	query_bind_int(&q, ":chosen", row.chosen);
	query_bind_int(&q, ":now_ms", now_ms);
	rc = query_run(&q, err);
	if (rc < 0 || db_changes(store->db) > 0)
		return rc;
	return folder_add(store, account_id, folder->name, &row, 0, now_ms, err);
}

int folder_list(struct store *store, int64_t account_id, const struct folder_listed *folders,
		size_t count, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(query_end) struct query gone = query_begin(store->db, sql_mark_gone);
	int rc = store_join(store, &scope, err);

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = folder_touch(store, account_id, &folders[i], now_ms, err);
	query_bind_int(&gone, ":account_id", account_id);
	query_bind_int(&gone, ":now_ms", now_ms);
	if (rc == 0)
		rc = query_run(&gone, err);
	if (rc == 0)
		rc = folder_bound(store, account_id, err);
	if (rc == 0)
		rc = ledger_room(store, account_id, err);
	return rc < 0 ? rc : store_commit(&scope, err);
}

static int folder_opened(struct store *store, int64_t id, const struct folder_seen *seen,
			 int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_opened);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":uidvalidity", seen->uidvalidity);
	query_bind_int(&q, ":server_count", seen->server_count);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

static int folder_old(struct store *store, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_old);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

/* The newest generation of the folder, or a new one. */
static int folder_open_row(struct store *store, int64_t account_id, const struct folder_seen *seen,
			   int64_t now_ms, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_latest);
	struct folder_row row = {
		.uidvalidity = seen->uidvalidity,
		.display = "",
		.special = "",
		.chosen = true,
	};
	int rc;

	query_bind_int(&q, ":account_id", account_id);
	query_bind_text(&q, ":name", seen->name);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		const int64_t present = query_int(&q, 2);

		*ret_id = query_int(&q, 0);
		if (present == 0 || present == seen->uidvalidity)
			return folder_opened(store, *ret_id, seen, now_ms, err);
		row.generation = query_int(&q, 1);
		row.display = query_text(&q, 3);
		row.special = query_text(&q, 4);
		row.chosen = query_int(&q, 5) != 0;
		rc = folder_old(store, *ret_id, err);
	}
	row.generation++;
	if (rc == 0)
		rc = folder_add(store, account_id, seen->name, &row, seen->server_count, now_ms,
				err);
	if (rc < 0)
		return rc;
	*ret_id = db_last_id(store->db);
	return folder_bound(store, account_id, err);
}

int folder_open(struct store *store, int64_t account_id, const struct folder_seen *seen,
		int64_t now_ms, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int64_t id = 0;
	int rc = store_join(store, &scope, err);

	if (rc == 0)
		rc = folder_open_row(store, account_id, seen, now_ms, &id, err);
	if (rc == 0)
		rc = store_commit(&scope, err);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

static void range_append(struct strbuf *out, int64_t first, int64_t last)
{
	if (out->len > 0)
		strbuf_add_char(out, ',');
	if (first == last)
		strbuf_addf(out, "%lld", (long long)first);
	else
		strbuf_addf(out, "%lld:%lld", (long long)first, (long long)last);
}

int folder_known_uids(struct store *store, int64_t folder_id, struct strbuf *out,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_uids);
	int64_t first = 0, last = 0;
	int rc;

	query_bind_int(&q, ":id", folder_id);
	while ((rc = query_step(&q, err)) == 1) {
		const int64_t uid = query_int(&q, 0);

		if (first && uid == last + 1) {
			last = uid;
			continue;
		}
		if (first)
			range_append(out, first, last);
		first = last = uid;
	}
	if (rc < 0)
		return rc;
	if (first)
		range_append(out, first, last);
	return strbuf_check(out, err);
}

int folder_belongs(struct store *store, int64_t folder_id, int64_t account_id,
		   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_belongs);

	query_bind_int(&q, ":id", folder_id);
	query_bind_int(&q, ":account_id", account_id);
	return query_step(&q, err);
}
