/* SPDX-License-Identifier: Apache-2.0 */
#include "store/import.h"

#include "core/random_id.h"
#include "store/store_internal.h"

#define IMPORT_COLUMNS                                                                             \
	"id, account_id, owner_id, files_done, read_count, stored_count, duplicate_count,"         \
	" excluded_count, failed_count, bytes, public_id, source, format, state, started_ms,"      \
	" ended_ms, total_bytes"
#define FILE_COLUMNS "id, size_bytes, received, position, done, public_id, name"

static const char sql_owner[] = "SELECT id FROM user WHERE public_id = :owner";
static const char sql_add[] =
	"INSERT INTO import (public_id, account_id, owner_id, source, format, label, state,"
	" created_ms) VALUES (:public_id, :account_id, :owner_id, :source, :format, :label,"
	" CASE WHEN :source = 'upload' THEN 'uploading' ELSE 'waiting' END, :now_ms)";
static const char sql_find[] = "SELECT " IMPORT_COLUMNS " FROM import WHERE public_id = :public_id";
static const char sql_get[] = "SELECT " IMPORT_COLUMNS " FROM import WHERE id = :id";
static const char sql_state[] =
	"UPDATE import SET state = :state, error_text = :words, updated_ms = :now_ms,"
	" started_ms = CASE WHEN :state = 'running' AND started_ms = 0 THEN :now_ms ELSE started_ms END,"
	" ended_ms = CASE WHEN :state IN ('done', 'cancelled', 'error') THEN :now_ms ELSE 0 END"
	" WHERE id = :id";
static const char sql_file_by_name[] = "SELECT " FILE_COLUMNS " FROM import_file"
				       " WHERE import_id = :import_id AND name = :name";
static const char sql_file_by_id[] = "SELECT " FILE_COLUMNS " FROM import_file"
				     " WHERE import_id = :import_id AND public_id = :public_id";
static const char sql_file_next[] =
	"SELECT " FILE_COLUMNS " FROM import_file"
	" WHERE import_id = :import_id AND id > :after ORDER BY id LIMIT 1";
static const char sql_file_add[] =
	"INSERT INTO import_file (public_id, import_id, name, size_bytes)"
	" VALUES (:public_id, :import_id, :name, :size)";
static const char sql_total_add[] =
	"UPDATE import SET total_bytes = total_bytes + :size WHERE id = :import_id";
static const char sql_received[] = "UPDATE import_file SET received = :length WHERE id = :id";
static const char sql_count[] =
	"UPDATE import SET read_count = read_count + :read, stored_count = stored_count + :stored,"
	" duplicate_count = duplicate_count + :duplicate,"
	" excluded_count = excluded_count + :excluded, failed_count = failed_count + :failed,"
	" bytes = bytes + :bytes, files_done = files_done + :files, updated_ms = :now_ms"
	" WHERE id = :id";
static const char sql_position[] =
	"UPDATE import_file SET position = :position, done = :done WHERE id = :id";
static const char sql_unfinished[] =
	"SELECT id FROM import WHERE state IN ('waiting', 'running')"
	" AND source IN ('upload', 'sample') AND id > :after ORDER BY id LIMIT 1";

static int owner_find(struct store *store, const char *owner, int64_t *ret_id,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_owner);
	int rc;

	query_bind_text(&q, ":owner", owner);
	rc = query_step(&q, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "there is no such user");
	if (rc == 1)
		*ret_id = query_int(&q, 0);
	return rc < 0 ? rc : 0;
}

int import_create(struct store *store, const struct import_new *import, int64_t now_ms,
		  int64_t *ret_id, struct strbuf *ret_public_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_add);
	char public_id[PUBLIC_ID_SIZE];
	int64_t owner_id = 0;
	int rc = owner_find(store, import->owner, &owner_id, err);

	if (rc < 0)
		return rc;
	public_id_make(public_id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":account_id", import->account_id);
	query_bind_int(&q, ":owner_id", owner_id);
	query_bind_text(&q, ":source", import->source);
	query_bind_text(&q, ":format", import->format);
	query_bind_text(&q, ":label", import->label);
	query_bind_int(&q, ":now_ms", now_ms);
	rc = query_run(&q, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "import");
	*ret_id = db_last_id(store->db);
	strbuf_add_str(ret_public_id, public_id);
	return 0;
}

static void import_take(const struct query *q, struct import *import)
{
	*import = (struct import){
		.id = query_int(q, 0),
		.account_id = query_int(q, 1),
		.owner_id = query_int(q, 2),
		.files_done = query_int(q, 3),
		.read = query_int(q, 4),
		.stored = query_int(q, 5),
		.duplicate = query_int(q, 6),
		.excluded = query_int(q, 7),
		.failed = query_int(q, 8),
		.bytes = query_int(q, 9),
		.started_ms = query_int(q, 14),
		.ended_ms = query_int(q, 15),
		.total_bytes = query_int(q, 16),
	};
	snprintf(import->public_id, sizeof(import->public_id), "%s", query_text(q, 10));
	snprintf(import->source, sizeof(import->source), "%s", query_text(q, 11));
	snprintf(import->format, sizeof(import->format), "%s", query_text(q, 12));
	snprintf(import->state, sizeof(import->state), "%s", query_text(q, 13));
}

int import_find(struct store *store, const char *public_id, struct import *ret_import,
		struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_find);
	int rc;

	query_bind_text(&q, ":public_id", public_id);
	rc = query_step(&q, err);
	if (rc == 1)
		import_take(&q, ret_import);
	return rc;
}

int import_get(struct store *store, int64_t id, struct import *ret_import,
	       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_get);
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == 1)
		import_take(&q, ret_import);
	return rc;
}

int import_set_state(struct store *store, int64_t id, const char *state, const char *words,
		     int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_state);

	query_bind_int(&q, ":id", id);
	query_bind_text(&q, ":state", state);
	query_bind_text(&q, ":words", words ? words : "");
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

/* ---- files ---- */

static void file_take(const struct query *q, struct import_file *file)
{
	*file = (struct import_file){
		.id = query_int(q, 0),
		.size = query_int(q, 1),
		.received = query_int(q, 2),
		.position = query_int(q, 3),
		.done = query_int(q, 4) != 0,
	};
	snprintf(file->public_id, sizeof(file->public_id), "%s", query_text(q, 5));
	snprintf(file->name, sizeof(file->name), "%s", query_text(q, 6));
}

static int file_by_name(struct store *store, int64_t import_id, const char *name,
			struct import_file *ret_file, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_file_by_name);
	int rc;

	query_bind_int(&q, ":import_id", import_id);
	query_bind_text(&q, ":name", name);
	rc = query_step(&q, err);
	if (rc == 1)
		file_take(&q, ret_file);
	return rc;
}

static int file_add(struct store *store, int64_t import_id, const char *name, int64_t size,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_file_add);
	CLEANUP(query_end) struct query total = query_begin(store->db, sql_total_add);
	char public_id[PUBLIC_ID_SIZE];
	int rc;

	public_id_make(public_id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":import_id", import_id);
	query_bind_text(&q, ":name", name);
	query_bind_int(&q, ":size", size);
	rc = query_run(&q, err);
	query_bind_int(&total, ":import_id", import_id);
	query_bind_int(&total, ":size", size);
	return rc < 0 ? rc : query_run(&total, err);
}

int import_file_open(struct store *store, int64_t import_id, const char *name, int64_t size,
		     struct import_file *ret_file, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc;

	if (strlen(name) >= sizeof(ret_file->name))
		return threads_error_set(err, THREADS_EINVAL, "the name of a file is too long");
	rc = store_join(store, &scope, err);
	if (rc == 0)
		rc = file_by_name(store, import_id, name, ret_file, err);
	if (rc == 0) {
		rc = file_add(store, import_id, name, size, err);
		if (rc == 0)
			rc = file_by_name(store, import_id, name, ret_file, err);
	}
	return rc < 0 ? rc : store_commit(&scope, err);
}

int import_file_find(struct store *store, int64_t import_id, const char *file_public_id,
		     struct import_file *ret_file, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_file_by_id);
	int rc;

	query_bind_int(&q, ":import_id", import_id);
	query_bind_text(&q, ":public_id", file_public_id);
	rc = query_step(&q, err);
	if (rc == 1)
		file_take(&q, ret_file);
	return rc;
}

int import_file_received(struct store *store, int64_t file_id, int64_t length,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_received);

	query_bind_int(&q, ":id", file_id);
	query_bind_int(&q, ":length", length);
	return query_run(&q, err);
}

/* One row a step, so that fn may write. */
static int file_next(struct store *store, int64_t import_id, int64_t after,
		     struct import_file *ret_file, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_file_next);
	int rc;

	query_bind_int(&q, ":import_id", import_id);
	query_bind_int(&q, ":after", after);
	rc = query_step(&q, err);
	if (rc == 1)
		file_take(&q, ret_file);
	return rc;
}

int import_files(struct store *store, int64_t import_id, import_file_fn *fn, void *arg,
		 struct threads_error *err)
{
	struct import_file file = { .id = 0 };
	int rc;

	while ((rc = file_next(store, import_id, file.id, &file, err)) == 1)
		if (fn(&file, arg) != 0)
			return 0;
	return rc;
}

int import_add(struct store *store, int64_t id, const struct ingest_counts *slice, int64_t files,
	       int64_t now_ms, struct threads_error *err)
{
	const int64_t duplicate = slice->duplicate + slice->known;
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_count);

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":read", slice->stored + duplicate + slice->excluded + slice->failed);
	query_bind_int(&q, ":stored", slice->stored);
	query_bind_int(&q, ":duplicate", duplicate);
	query_bind_int(&q, ":excluded", slice->excluded);
	query_bind_int(&q, ":failed", slice->failed);
	query_bind_int(&q, ":bytes", slice->bytes);
	query_bind_int(&q, ":files", files);
	query_bind_int(&q, ":now_ms", now_ms);
	return query_run(&q, err);
}

int import_file_position(struct store *store, int64_t file_id, int64_t position, bool done,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_position);

	query_bind_int(&q, ":id", file_id);
	query_bind_int(&q, ":position", position);
	query_bind_int(&q, ":done", done);
	return query_run(&q, err);
}

int import_file_end(struct store *store, const struct import *import,
		    const struct import_file *file, const struct ledger_entry *failure,
		    int64_t now_ms, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	const struct ingest_counts counts = { .failed = failure != NULL };
	int rc = store_join(store, &scope, err);

	if (rc == 0)
		rc = import_file_position(store, file->id, file->position, true, err);
	if (rc == 0)
		rc = import_add(store, import->id, &counts, 1, now_ms, err);
	if (rc == 0 && failure)
		rc = ledger_note(store, import->account_id, failure, now_ms, err);
	return rc < 0 ? rc : store_commit(&scope, err);
}

static int unfinished_next(struct store *store, int64_t *id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_unfinished);
	int rc;

	query_bind_int(&q, ":after", *id);
	rc = query_step(&q, err);
	if (rc == 1)
		*id = query_int(&q, 0);
	return rc;
}

int import_unfinished(struct store *store, import_each_fn *fn, void *arg, struct threads_error *err)
{
	int64_t id = 0;
	int rc;

	while ((rc = unfinished_next(store, &id, err)) == 1)
		if (fn(id, arg) != 0)
			return 0;
	return rc;
}
