/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the owner of an account gave a copy. */
#include "store/ingest_internal.h"

enum { LABELS_MAX = 100, LABEL_BYTES_MAX = 250 };

static const char sql_label_find[] =
	"SELECT id FROM label WHERE account_id = :account_id AND name = :name";
static const char sql_label_add[] =
	"INSERT INTO label (account_id, name) VALUES (:account_id, :name)";
static const char sql_label_give[] =
	"INSERT INTO sighting_label (folder_id, uid, label_id, message_id)"
	" VALUES (:folder_id, :uid, :label_id, :message_id) ON CONFLICT DO NOTHING";

static int label_find(struct ingest *ingest, const char *name, size_t len, int64_t *ret_id,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query find = query_begin(ingest->db, sql_label_find);
	CLEANUP(query_end) struct query add = query_begin(ingest->db, sql_label_add);
	int rc;

	query_bind_int(&find, ":account_id", ingest->source->account_id);
	query_bind_text_len(&find, ":name", name, len);
	rc = query_step(&find, err);
	if (rc == 1)
		*ret_id = query_int(&find, 0);
	if (rc != 0)
		return rc;
	query_bind_int(&add, ":account_id", ingest->source->account_id);
	query_bind_text_len(&add, ":name", name, len);
	rc = query_run(&add, err);
	*ret_id = db_last_id(ingest->db);
	return rc;
}

static int label_give(struct ingest *ingest, const struct ingest_item *item, int64_t uid,
		      int64_t message_id, int64_t label_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_label_give);

	query_bind_int(&q, ":folder_id", item->folder_id);
	query_bind_int(&q, ":uid", uid);
	query_bind_int(&q, ":label_id", label_id);
	query_bind_int(&q, ":message_id", message_id);
	return query_run(&q, err);
}

/* An import's file speaks for its copy; what stands in mail from a server may be the sender's. */
static const char *labels_of(const struct ingest *ingest, const struct ingest_item *item)
{
	if (item->labels)
		return item->labels;
	if (ingest->source->import_id && item->draft && item->draft->labels.len)
		return item->draft->labels.text;
	return "";
}

int labels_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid,
	       int64_t message_id, struct threads_error *err)
{
	const char *name = labels_of(ingest, item);
	int rc = 0;

	for (int i = 0; *name && rc >= 0 && i < LABELS_MAX; i++) {
		const size_t len = strcspn(name, "\n");
		int64_t id = 0;

		if (len > 0 && len <= LABEL_BYTES_MAX)
			rc = label_find(ingest, name, len, &id, err);
		if (rc >= 0 && id)
			rc = label_give(ingest, item, uid, message_id, id, err);
		name += len + (name[len] == '\n');
	}
	return rc < 0 ? threads_error_wrap(err, rc, "label") : 0;
}

uint32_t sighting_flags_of(const struct ingest *ingest, const struct ingest_item *item)
{
	if (item->sighting_flags & SIGHTING_STATE_UNKNOWN && ingest->source->import_id &&
	    item->draft)
		return item->draft->copy_flags;
	return item->sighting_flags;
}
