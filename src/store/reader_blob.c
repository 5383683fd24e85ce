/* SPDX-License-Identifier: Apache-2.0 */
/* What of a message's bytes a viewer may have, as coordinates that index can serve. */
#include "store/blob_plan.h"
#include "store/reader_internal.h"
#include "threads/protocol.h"

static const char sql_blob_message[] = "SELECT id, size_bytes, public_id FROM message m"
				       " WHERE public_id = :public_id"
				       " AND visible(:set, m.audience_id, m.id)";
/* The viewer's own copy; the operator's is any. */
static const char sql_blob_sighting[] =
	"SELECT s.folder_id, s.uid, s.size_bytes, a.name, iif(f.display <> '', f.display, f.name),"
	" a.public_id"
	" FROM sighting s JOIN account a ON a.id = s.account_id JOIN folder f ON f.id = s.folder_id"
	" WHERE s.message_id = :id AND (a.owner_id = :viewer OR :operator)"
	" ORDER BY s.seen_ms, s.folder_id, s.uid LIMIT 1";
static const char sql_blob_attachment[] =
	"SELECT position, size_bytes, filename, content_type FROM message_attachment"
	" WHERE message_id = :id AND public_id = :public_id";

void reader_blob_release(struct reader_blob *blob)
{
	free(blob->filename);
	free(blob->content_type);
	free(blob->account);
	free(blob->folder);
	free(blob->account_id);
	strbuf_release(&blob->recipe);
	*blob = (struct reader_blob){ 0 };
}

static int text_copy(char **out, const char *text, struct threads_error *err)
{
	*out = strdup(text);
	return *out ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

/* Raw bytes and headers: of a sighting that the viewer holds, or not at all. */
static int plan_sighted(struct reader *reader, int kind, struct reader_blob *blob,
			struct blob_plan *plan, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_blob_sighting);
	int rc;

	query_bind_int(&q, ":id", blob->row_id);
	query_bind_int(&q, ":viewer", reader->viewer->id);
	query_bind_int(&q, ":operator", reader->viewer->role == VIEWER_OPERATOR);
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	blob->size = kind == BLOB_RAW ? query_int(&q, 2) : -1;
	rc = text_copy(&blob->account, query_text(&q, 3), err);
	if (rc == 0)
		rc = text_copy(&blob->folder, query_text(&q, 4), err);
	if (rc == 0)
		rc = text_copy(&blob->account_id, query_text(&q, 5), err);
	if (rc < 0)
		return rc;
	return blob_plan_raw(reader->store, blob->row_id, query_int(&q, 0), query_int(&q, 1),
			     kind == BLOB_RAW ? RECIPE_RAW : RECIPE_HEADERS, plan, err);
}

static int plan_attachment(struct reader *reader, const char *attachment_id,
			   struct reader_blob *blob, struct blob_plan *plan,
			   struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_blob_attachment);
	int rc;

	query_bind_int(&q, ":id", blob->row_id);
	query_bind_text(&q, ":public_id", attachment_id);
	rc = query_step(&q, err);
	if (rc <= 0)
		return rc;
	blob->size = query_int(&q, 1);
	rc = text_copy(&blob->filename, query_text(&q, 2), err);
	if (rc == 0)
		rc = text_copy(&blob->content_type, query_text(&q, 3), err);
	if (rc < 0)
		return rc;
	return blob_plan_attachment(reader->store, blob->row_id, query_int(&q, 0), plan, err);
}

static int message_find(struct reader *reader, const char *public_id, int64_t *ret_id,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(reader->db, sql_blob_message);
	int rc;

	query_bind_text(&q, ":public_id", public_id);
	visible_bind(&q, ":set", reader->set);
	rc = query_step(&q, err);
	if (rc == 1)
		*ret_id = query_int(&q, 0);
	return rc;
}

static int plan_make(struct reader *reader, int kind, const char *attachment_id,
		     struct reader_blob *blob, struct blob_plan *plan, struct threads_error *err)
{
	switch ((enum blob_kind)kind) {
	case BLOB_RAW:
	case BLOB_HEADERS:
		return plan_sighted(reader, kind, blob, plan, err);
	case BLOB_HTML:
		blob->size = -1;
		return blob_plan_html(reader->store, blob->row_id, plan, err);
	case BLOB_ATTACHMENT:
		return plan_attachment(reader, attachment_id, blob, plan, err);
	}
	return 0;
}

int reader_blob(struct reader *reader, const struct viewer *viewer, int kind,
		const char *message_id, const char *attachment_id, struct reader_blob *ret_blob,
		struct threads_error *err)
{
	CLEANUP(reader_end) struct reader *scope = NULL;
	CLEANUP(reader_blob_release) struct reader_blob blob = { 0 };
	CLEANUP(blob_plan_release) struct blob_plan plan = { 0 };
	int rc = reader_begin(reader, viewer, &scope, err);

	if (rc == 0)
		rc = message_find(reader, message_id, &blob.row_id, err);
	if (rc == 1)
		rc = plan_make(reader, kind, attachment_id, &blob, &plan, err);
	if (rc <= 0)
		return rc < 0 ? threads_error_wrap(err, rc, "blob") : 0;
	blob.recipe = (struct strbuf)STRBUF_INIT(RECIPE_BYTES_MAX);
	recipe_append(&blob.recipe, &plan.recipe, plan.blobs, plan.count);
	rc = strbuf_check(&blob.recipe, err);
	if (rc < 0)
		return rc;
	*ret_blob = blob;
	memset(&blob, 0, sizeof(blob));
	return 1;
}
