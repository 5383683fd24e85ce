/* SPDX-License-Identifier: Apache-2.0 */
#include "store/folder_flags.h"

#include "store/label.h"
#include "store/store_internal.h"

static const char sql_mark_get[] = "SELECT modseq, compared_ms FROM folder WHERE id = :id";
static const char sql_mark_set[] =
	"UPDATE folder SET modseq = :modseq, compared_ms = :compared_ms WHERE id = :id";
static const char sql_state[] =
	"SELECT flags, message_id FROM sighting WHERE folder_id = :folder_id AND uid = :uid";
static const char sql_state_set[] =
	"UPDATE sighting SET flags = :flags WHERE folder_id = :folder_id AND uid = :uid";

int folder_mark_get(struct store *store, int64_t folder_id, struct folder_mark *ret_mark,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_mark_get);
	int rc;

	query_bind_int(&q, ":id", folder_id);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	*ret_mark = (struct folder_mark){ 0 };
	if (rc == 1)
		*ret_mark = (struct folder_mark){ query_int(&q, 0), query_int(&q, 1) };
	return 0;
}

static int mark_set(struct store *store, const struct flags_change *change,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_mark_set);

	query_bind_int(&q, ":id", change->folder_id);
	query_bind_int(&q, ":modseq", change->mark->modseq);
	query_bind_int(&q, ":compared_ms", change->mark->compared_ms);
	return query_run(&q, err);
}

static int state_set(struct store *store, const struct label_copy *copy, uint32_t flags,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_state_set);

	query_bind_int(&q, ":folder_id", copy->folder_id);
	query_bind_int(&q, ":uid", copy->uid);
	query_bind_int(&q, ":flags", flags);
	return query_run(&q, err);
}

/* What is known of the copy. Returns 1, or 0 if it is not here. */
static int state_get(struct store *store, struct label_copy *copy, uint32_t *ret_flags,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_state);
	int rc;

	query_bind_int(&q, ":folder_id", copy->folder_id);
	query_bind_int(&q, ":uid", copy->uid);
	rc = query_step(&q, err);
	if (rc == 1) {
		*ret_flags = (uint32_t)query_int(&q, 0);
		copy->message_id = query_int(&q, 1);
	}
	return rc;
}

static int entry_set(struct store *store, const struct flags_change *change,
		     const struct flags_entry *entry, struct flags_done *done,
		     struct threads_error *err)
{
	struct label_copy copy = { .account_id = change->account_id,
				   .folder_id = change->folder_id,
				   .uid = entry->uid };
	uint32_t flags = 0;
	int rc = state_get(store, &copy, &flags, err);
	bool changed = false;

	if (rc <= 0)
		return rc;
	if (flags != entry->flags) {
		changed = true;
		rc = state_set(store, &copy, entry->flags, err);
		if (rc < 0)
			return rc;
	}
	rc = labels_set(store->db, &copy, entry->labels, &done->labels_dropped, err);
	done->changed += changed || rc == 1;
	return rc < 0 ? rc : 0;
}

int folder_flags_set(struct store *store, const struct flags_change *change,
		     struct flags_done *ret_done, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct flags_done done = { 0 };
	int rc = store_join(store, &scope, err);

	for (size_t i = 0; i < change->count && rc >= 0; i++)
		rc = entry_set(store, change, &change->entries[i], &done, err);
	if (rc >= 0 && change->mark)
		rc = mark_set(store, change, err);
	if (rc >= 0)
		rc = store_commit(&scope, err);
	if (rc >= 0)
		*ret_done = done;
	return rc < 0 ? threads_error_wrap(err, rc, "flags of a folder") : 0;
}
