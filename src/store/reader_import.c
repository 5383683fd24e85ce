/* SPDX-License-Identifier: Apache-2.0 */
/* Imports as the pages show them. */
#include "store/reader_internal.h"

enum { IMPORTS_MAX = 100, IMPORT_FILES_MAX = 1000 };

static const char sql_imports[] =
	"SELECT i.id, i.public_id, i.state, i.format, i.label, a.public_id, a.name, i.error_text,"
	" i.total_bytes, i.read_count, i.stored_count, i.duplicate_count, i.excluded_count,"
	" i.failed_count, i.bytes, i.created_ms, i.started_ms, i.ended_ms, i.source, i.files_done"
	" FROM import i JOIN account a ON a.id = i.account_id"
	" WHERE (:all OR i.owner_id = :viewer) AND (:public_id IS NULL OR i.public_id = :public_id)"
	" ORDER BY i.id DESC LIMIT :most";
static const char sql_import_files[] =
	"SELECT public_id, name, size_bytes, received, done FROM import_file"
	" WHERE import_id = :id ORDER BY id LIMIT :most";

static int files_put(struct reader *reader, int64_t id, json_t *import, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_import_files);
	json_t *list = json_array();
	int rc;

	json_put(import, "files", list);
	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":most", IMPORT_FILES_MAX);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *file = json_object();

		json_put_text(file, "id", query_text(&q, 0));
		json_put_text(file, "name", query_text(&q, 1));
		json_put_int(file, "size", query_int(&q, 2));
		json_put_int(file, "received", query_int(&q, 3));
		json_put_bool(file, "done", query_int(&q, 4) != 0);
		json_array_append_new(list, file);
	}
	return rc;
}

static void speed_put(const struct query *q, int64_t now_ms, json_t *import)
{
	const int64_t read = query_int(q, 9), bytes = query_int(q, 14), total = query_int(q, 8);
	const int64_t started_ms = query_int(q, 16), ended_ms = query_int(q, 17);
	const int64_t until_ms = ended_ms ? ended_ms : now_ms;
	const double seconds =
		until_ms > started_ms ? (double)(until_ms - started_ms) / 1000 : 0.001;

	json_put(import, "rate", json_real(started_ms ? (double)read / seconds : 0));
	json_put(import, "seconds", json_real(started_ms ? seconds : 0));
	if (started_ms && !ended_ms && bytes > 0 && total > 0)
		json_put_int(import, "seconds_left",
			     total > bytes
				     ? (int64_t)((double)(total - bytes) * seconds / (double)bytes)
				     : 0);
	else
		json_put_null(import, "seconds_left");
}

static void import_columns_put(const struct query *q, json_t *import)
{
	static const char *const counts[] = { "read",     "stored", "duplicate",
					      "excluded", "failed", "bytes" };
	const char *state = query_text(q, 2), *error = query_text(q, 7);
	json_t *account = json_object();

	json_put_text(import, "id", query_text(q, 1));
	json_put_text(import, "state", strcmp(state, "error") == 0 ? "failed" : state);
	json_put_text(import, "kind", query_text(q, 3));
	json_put_text(import, "name", query_text(q, 4));
	json_put_text(import, "source", query_text(q, 18));
	json_put_text(account, "id", query_text(q, 5));
	json_put_text(account, "name", query_text(q, 6));
	json_put(import, "account", account);
	json_put(import, "error", *error ? json_string(error) : json_null());
	json_put_int(import, "bytes_total", query_int(q, 8));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		json_put_int(import, counts[i], query_int(q, (int)i + 9));
	json_put_time(import, "created", query_int(q, 15));
	json_put_time(import, "started", query_int(q, 16));
	json_put_time(import, "ended", query_int(q, 17));
	json_put_int(import, "files_done", query_int(q, 19));
}

static int imports_read(struct reader *reader, const struct viewer *viewer, const char *public_id,
			int64_t now_ms, json_t *list, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_imports);
	int rc;

	query_bind_int(&q, ":all", viewer_manages(viewer));
	query_bind_int(&q, ":viewer", viewer->id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":most", IMPORTS_MAX);
	while ((rc = query_step(&q, err)) == 1) {
		json_t *import = json_object();

		json_array_append_new(list, import);
		import_columns_put(&q, import);
		speed_put(&q, now_ms, import);
		rc = files_put(reader, query_int(&q, 0), import, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int reader_imports(struct reader *reader, const struct viewer *viewer, int64_t now_ms,
		   json_t **ret_imports, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = json_array();
	int rc = imports_read(reader, viewer, NULL, now_ms, list, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "list imports");
	*ret_imports = TAKE_PTR(list);
	return 0;
}

int reader_import(struct reader *reader, const struct viewer *viewer, const char *public_id,
		  int64_t now_ms, json_t **ret_import, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = json_array();
	int rc = imports_read(reader, viewer, public_id, now_ms, list, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "read import");
	if (json_array_size(list) == 0)
		return 0;
	*ret_import = json_incref(json_array_get(list, 0));
	return 1;
}
