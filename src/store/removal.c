/* SPDX-License-Identifier: Apache-2.0 */
#include "store/removal.h"

#include "store/audience_refresh.h"
#include "store/store_internal.h"

/* FTS5 over external content needs the old values to take a row out. They are
 * read and handed back inside the same transaction. */
static const char sql_fts_remove[] =
	"INSERT INTO message_fts (message_fts, rowid, subject, sender, recipient, body, filename)"
	" SELECT 'delete', id, subject, sender, recipient, body, filename FROM message_content"
	" WHERE id = :id";
static const char sql_sighting_blob[] =
	"SELECT raw_blob_id FROM sighting WHERE folder_id = :folder_id AND uid = :uid"
	" AND raw_blob_id IS NOT NULL";
static const char sql_sighting_delete[] =
	"DELETE FROM sighting WHERE folder_id = :folder_id AND uid = :uid";
static const char sql_folder_count[] =
	"UPDATE folder SET message_count = message_count - 1 WHERE id = :folder_id"
	" AND message_count > 0";
static const char sql_account_count[] =
	"UPDATE account SET message_count = message_count - 1 WHERE message_count > 0"
	" AND id = (SELECT account_id FROM folder WHERE id = :folder_id)";
static const char sql_sighting_any[] =
	"SELECT folder_id, uid FROM sighting WHERE message_id = :id LIMIT 1";
static const char sql_blobs[] =
	"SELECT blob_id FROM message_body WHERE message_id = :id"
	" UNION SELECT blob_id FROM message_attachment WHERE message_id = :id"
	" AND blob_id IS NOT NULL";
static const char sql_conversation[] = "SELECT conversation_id FROM message WHERE id = :id";
static const char sql_bcc_delete[] = "DELETE FROM sighting_bcc WHERE message_id = :id";
static const char sql_participants_delete[] = "DELETE FROM participant WHERE message_id = :id";
static const char sql_attachments_delete[] =
	"DELETE FROM message_attachment WHERE message_id = :id";
static const char sql_body_delete[] = "DELETE FROM message_body WHERE message_id = :id";
static const char sql_message_delete[] = "DELETE FROM message WHERE id = :id";
static const char sql_keys_delete[] =
	"DELETE FROM conversation_key WHERE conversation_id = :id"
	" AND NOT EXISTS (SELECT 1 FROM message WHERE conversation_id = :id)";
static const char sql_conversation_grants_delete[] =
	"DELETE FROM grant_ WHERE conversation_id = :id"
	" AND NOT EXISTS (SELECT 1 FROM message WHERE conversation_id = :id)";
static const char sql_conversation_delete[] =
	"DELETE FROM conversation WHERE id = :id"
	" AND NOT EXISTS (SELECT 1 FROM message WHERE conversation_id = :id)";
static const char sql_blob_used[] =
	"SELECT 1 FROM message_body WHERE blob_id = :id"
	" UNION ALL SELECT 1 FROM message_attachment WHERE blob_id = :id"
	" UNION ALL SELECT 1 FROM sighting WHERE raw_blob_id = :id LIMIT 1";
static const char sql_blob_erase[] =
	"INSERT INTO erasure (pack_id, offset, length)"
	" SELECT pack_id, offset, length FROM blob WHERE id = :id ON CONFLICT DO NOTHING";
static const char sql_blob_delete[] = "DELETE FROM blob WHERE id = :id";

static int run_id(struct store *store, const char *sql, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

static int run_sighting(struct store *store, const char *sql, int64_t folder_id, int64_t uid,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);

	query_bind_int(&q, ":folder_id", folder_id);
	if (uid)
		query_bind_int(&q, ":uid", uid);
	return query_run(&q, err);
}

/* Removes a blob that nothing refers to any more; its bytes are overwritten later. */
static int blob_release(struct store *store, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_blob_used);
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	query_end(&q);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = run_id(store, sql_blob_erase, id, err);
	return rc < 0 ? rc : run_id(store, sql_blob_delete, id, err);
}

struct id_list {
	int64_t *ids;
	size_t count;
};

static void id_list_release(struct id_list *list)
{
	free(list->ids);
}

static int id_list_add(struct id_list *list, int64_t id, struct threads_error *err)
{
	int64_t *grown = realloc(list->ids, (list->count + 1) * sizeof(*grown));

	if (!grown)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	list->ids = grown;
	grown[list->count++] = id;
	return 0;
}

static int ids_load(struct store *store, const char *sql, int64_t id, struct id_list *list,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);
	int rc;

	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1) {
		rc = id_list_add(list, query_int(&q, 0), err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* The rows of a message without sightings. */
static int message_rows_remove(struct store *store, int64_t id, struct threads_error *err)
{
	static const char *const rows[] = {
		sql_fts_remove, /* first: it reads the others */
		sql_bcc_delete,  sql_participants_delete, sql_attachments_delete,
		sql_body_delete, sql_message_delete,
	};
	static const char *const conversation_rows[] = {
		sql_keys_delete,
		sql_conversation_grants_delete,
		sql_conversation_delete,
	};
	struct id_list blobs = { 0 }, conversations = { 0 };
	int rc = ids_load(store, sql_blobs, id, &blobs, err);

	if (rc == 0)
		rc = ids_load(store, sql_conversation, id, &conversations, err);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && rc == 0; i++)
		rc = run_id(store, rows[i], id, err);
	for (size_t i = 0; i < blobs.count && rc == 0; i++)
		rc = blob_release(store, blobs.ids[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(conversation_rows) && rc == 0; i++)
		if (conversations.count == 1)
			rc = run_id(store, conversation_rows[i], conversations.ids[0], err);
	id_list_release(&blobs);
	id_list_release(&conversations);
	return rc;
}

/* Returns 1 and the key of some sighting of the message, or 0. */
static int sighting_any(struct store *store, int64_t message_id, int64_t *folder_id, int64_t *uid,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_sighting_any);
	int rc;

	query_bind_int(&q, ":id", message_id);
	rc = query_step(&q, err);
	if (rc == 1) {
		*folder_id = query_int(&q, 0);
		*uid = query_int(&q, 1);
	}
	return rc;
}

/* The blob of the sighting's own bytes into list, if it has one. */
static int own_blob(struct store *store, int64_t folder_id, int64_t uid, struct id_list *list,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_sighting_blob);
	int rc;

	query_bind_int(&q, ":folder_id", folder_id);
	query_bind_int(&q, ":uid", uid);
	rc = query_step(&q, err);
	return rc == 1 ? id_list_add(list, query_int(&q, 0), err) : rc;
}

static int sighting_row_remove(struct store *store, int64_t folder_id, int64_t uid,
			       struct threads_error *err)
{
	struct id_list blobs = { 0 };
	int rc = own_blob(store, folder_id, uid, &blobs, err);

	if (rc == 0)
		rc = run_sighting(store, sql_account_count, folder_id, 0, err);
	if (rc == 0)
		rc = run_sighting(store, sql_folder_count, folder_id, 0, err);
	if (rc == 0)
		rc = run_sighting(store, sql_sighting_delete, folder_id, uid, err);
	for (size_t i = 0; i < blobs.count && rc == 0; i++)
		rc = blob_release(store, blobs.ids[i], err);
	id_list_release(&blobs);
	return rc;
}

int sighting_remove(struct store *store, int64_t folder_id, int64_t uid, int64_t message_id,
		    struct threads_error *err)
{
	int64_t other_folder, other_uid;
	int rc = sighting_row_remove(store, folder_id, uid, err);

	if (rc == 0)
		rc = sighting_any(store, message_id, &other_folder, &other_uid, err);
	if (rc == 0)
		rc = message_rows_remove(store, message_id, err);
	else if (rc == 1)
		rc = audience_refresh(store, message_id, err);
	return rc < 0 ? threads_error_wrap(err, rc, "remove a sighting") : 0;
}
