/* SPDX-License-Identifier: Apache-2.0 */
#include "store/label.h"

static const char sql_label_find[] =
	"SELECT id FROM label WHERE account_id = :account_id AND name = :name";
static const char sql_label_room[] =
	"SELECT max(:most - count(*), 0) FROM label WHERE account_id = :account_id";
static const char sql_label_add[] =
	"INSERT INTO label (account_id, name) VALUES (:account_id, :name)";
static const char sql_label_give[] =
	"INSERT INTO sighting_label (folder_id, uid, label_id, message_id)"
	" VALUES (:folder_id, :uid, :label_id, :message_id) ON CONFLICT DO NOTHING";
static const char sql_label_held[] =
	"SELECT l.id, l.name FROM sighting_label sl JOIN label l ON l.id = sl.label_id"
	" WHERE sl.folder_id = :folder_id AND sl.uid = :uid";
static const char sql_label_take[] =
	"DELETE FROM sighting_label"
	" WHERE folder_id = :folder_id AND uid = :uid AND label_id = :label_id";
static const char sql_label_forget[] =
	"DELETE FROM label WHERE id = :label_id"
	" AND NOT EXISTS (SELECT 1 FROM sighting_label WHERE label_id = :label_id)";

struct giving {
	struct db *db;
	const struct label_copy *copy;
	int64_t room; /* for further labels of the account; -1: not counted yet */
};

/* Returns 1 if there is room for another label, 0 if not. Counts once for all names of a copy. */
static int label_room(struct giving *g, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(g->db, sql_label_room);
	int rc;

	if (g->room >= 0)
		return g->room > 0;
	query_bind_int(&q, ":account_id", g->copy->account_id);
	query_bind_int(&q, ":most", LABELS_OF_ACCOUNT_MAX);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	g->room = query_int(&q, 0);
	return g->room > 0;
}

/* Returns 1 with the label of this name, made if there is room; 0 without. */
static int label_of(struct giving *g, const char *name, size_t len, int64_t *ret_id,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query find = query_begin(g->db, sql_label_find);
	CLEANUP(query_end) struct query add = query_begin(g->db, sql_label_add);
	int rc;

	query_bind_int(&find, ":account_id", g->copy->account_id);
	query_bind_text_len(&find, ":name", name, len);
	rc = query_step(&find, err);
	if (rc == 1)
		*ret_id = query_int(&find, 0);
	if (rc != 0)
		return rc;
	rc = label_room(g, err);
	if (rc <= 0)
		return rc;
	query_bind_int(&add, ":account_id", g->copy->account_id);
	query_bind_text_len(&add, ":name", name, len);
	rc = query_run(&add, err);
	if (rc < 0)
		return rc;
	g->room--;
	*ret_id = db_last_id(g->db);
	return 1;
}

static int label_give(struct giving *g, int64_t label_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(g->db, sql_label_give);

	query_bind_int(&q, ":folder_id", g->copy->folder_id);
	query_bind_int(&q, ":uid", g->copy->uid);
	query_bind_int(&q, ":label_id", label_id);
	query_bind_int(&q, ":message_id", g->copy->message_id);
	return query_run(&q, err);
}

int labels_give(struct db *db, const struct label_copy *copy, const char *names, int64_t *dropped,
		struct threads_error *err)
{
	struct giving g = { .db = db, .copy = copy, .room = -1 };
	int rc = 0, given = 0;

	while (*names && rc >= 0) {
		const size_t len = strcspn(names, "\n");
		int64_t id = 0;

		rc = 0;
		if (len > 0 && len <= LABEL_BYTES_MAX && given < LABELS_MAX)
			rc = label_of(&g, names, len, &id, err);
		if (rc == 0 && len > 0)
			++*dropped;
		given += rc == 1;
		if (rc == 1)
			rc = label_give(&g, id, err);
		names += len + (names[len] == '\n');
	}
	return rc < 0 ? threads_error_wrap(err, rc, "label") : 0;
}

/* ---- what a copy has no more ---- */

struct held {
	int64_t surplus[LABELS_MAX]; /* labels that are to go */
	size_t surplus_count;
	size_t kept;
};

/* How many of the names are this one. */
static size_t names_have(const char *names, const char *name)
{
	const size_t want = strlen(name);
	size_t count = 0;

	while (*names) {
		const size_t len = strcspn(names, "\n");

		count += len == want && memcmp(names, name, len) == 0;
		names += len + (names[len] == '\n');
	}
	return count;
}

static int held_read(struct db *db, const struct label_copy *copy, const char *names,
		     struct held *held, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_label_held);
	int rc;

	query_bind_int(&q, ":folder_id", copy->folder_id);
	query_bind_int(&q, ":uid", copy->uid);
	while ((rc = query_step(&q, err)) == 1) {
		const size_t same = names_have(names, query_text(&q, 1));

		held->kept += same;
		if (same == 0 && held->surplus_count < LABELS_MAX)
			held->surplus[held->surplus_count++] = query_int(&q, 0);
	}
	return rc;
}

static int label_take(struct db *db, const struct label_copy *copy, int64_t label_id,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query take = query_begin(db, sql_label_take);
	CLEANUP(query_end) struct query forget = query_begin(db, sql_label_forget);
	int rc;

	query_bind_int(&take, ":folder_id", copy->folder_id);
	query_bind_int(&take, ":uid", copy->uid);
	query_bind_int(&take, ":label_id", label_id);
	rc = query_run(&take, err);
	query_bind_int(&forget, ":label_id", label_id);
	return rc < 0 ? rc : query_run(&forget, err);
}

static size_t names_count(const char *names)
{
	size_t count = 0;

	for (; *names; names += *names == '\n') {
		const size_t len = strcspn(names, "\n");

		count += len > 0;
		names += len;
	}
	return count;
}

int labels_set(struct db *db, const struct label_copy *copy, const char *names, int64_t *dropped,
	       struct threads_error *err)
{
	struct held held = { 0 };
	const int64_t before = db_total_changes(db);
	int rc = held_read(db, copy, names, &held, err);

	for (size_t i = 0; i < held.surplus_count && rc >= 0; i++)
		rc = label_take(db, copy, held.surplus[i], err);
	/* Most have what they had: nothing is asked for them. */
	if (rc >= 0 && held.kept < names_count(names))
		rc = labels_give(db, copy, names, dropped, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "label");
	return db_total_changes(db) != before;
}
