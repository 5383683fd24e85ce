/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log. Each row carries SHA-256 over the previous row's hash and its
 * own fields, each field with its length before it (8 bytes, big endian):
 *
 *	hash = SHA-256(previous hash | id | at_ms | actor | action | object | detail | origin)
 *
 * Numbers are 8 bytes, big endian. The first row's previous hash is 32 zero bytes.
 */
#include "crypto/digest.h"
#include "store/people.h"
#include "store/store_internal.h"

static const char sql_last[] = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1";
static const char sql_add[] =
	"INSERT INTO audit (id, at_ms, actor, action, object, detail, origin, hash)"
	" VALUES (:id, :at_ms, :actor, :action, :object, :detail, '', :hash)";
static const char sql_rows[] =
	"SELECT id, at_ms, actor, action, object, detail, origin, hash FROM audit"
	" WHERE id > :after ORDER BY id LIMIT :most";

static void digest_number(struct digest *d, int64_t value)
{
	unsigned char bytes[8];

	for (int i = 7; i >= 0; i--, value = (int64_t)((uint64_t)value >> 8))
		bytes[i] = (unsigned char)(value & 0xFF);
	digest_add(d, bytes, sizeof(bytes));
}

static void digest_text(struct digest *d, const char *text)
{
	const size_t len = strlen(text);

	digest_number(d, (int64_t)len);
	digest_add(d, text, len);
}

struct audit_row {
	int64_t id, at_ms;
	const char *actor, *action, *object, *detail, *origin;
};

static int row_hash(const struct audit_row *row, const unsigned char previous[DIGEST_LEN],
		    unsigned char out[DIGEST_LEN], struct threads_error *err)
{
	CLEANUP(digest_release) struct digest d = { 0 };

	digest_begin(&d);
	digest_add(&d, previous, DIGEST_LEN);
	digest_number(&d, row->id);
	digest_number(&d, row->at_ms);
	digest_text(&d, row->actor);
	digest_text(&d, row->action);
	digest_text(&d, row->object);
	digest_text(&d, row->detail);
	digest_text(&d, row->origin);
	return digest_end(&d, out, err);
}

static int last_row(struct store *store, int64_t *id, unsigned char hash[DIGEST_LEN],
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_last);
	const void *blob;
	size_t len;
	int rc = query_step(&q, err);

	if (rc != 1)
		return rc;
	*id = query_int(&q, 0);
	blob = query_blob(&q, 1, &len);
	if (len == DIGEST_LEN)
		memcpy(hash, blob, DIGEST_LEN);
	return 0;
}

int audit_add(struct store *store, const char *user, const char *action, const char *object,
	      const char *detail, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_add);
	unsigned char previous[DIGEST_LEN] = { 0 }, hash[DIGEST_LEN];
	struct audit_row row = {
		.at_ms = now_ms,
		.actor = user,
		.action = action,
		.object = object,
		.detail = detail,
		.origin = "",
	};
	int rc = store_join(store, &scope, err);

	if (rc == 0)
		rc = last_row(store, &row.id, previous, err);
	row.id++;
	if (rc == 0)
		rc = row_hash(&row, previous, hash, err);
	if (rc < 0)
		return rc;
	query_bind_int(&q, ":id", row.id);
	query_bind_int(&q, ":at_ms", row.at_ms);
	query_bind_text(&q, ":actor", row.actor);
	query_bind_text(&q, ":action", row.action);
	query_bind_text(&q, ":object", row.object);
	query_bind_text(&q, ":detail", row.detail);
	query_bind_blob(&q, ":hash", hash, sizeof(hash));
	rc = query_run(&q, err);
	query_end(&q);
	return rc < 0 ? threads_error_wrap(err, rc, "audit") : store_commit(&scope, err);
}

/* One row: whether it is the next link. */
static int follow_row(struct query *q, struct audit_chain *chain, struct threads_error *err)
{
	const struct audit_row row = {
		.id = query_int(q, 0),
		.at_ms = query_int(q, 1),
		.actor = query_text(q, 2),
		.action = query_text(q, 3),
		.object = query_text(q, 4),
		.detail = query_text(q, 5),
		.origin = query_text(q, 6),
	};
	unsigned char hash[DIGEST_LEN];
	size_t len;
	const void *kept = query_blob(q, 7, &len);
	const int rc = row_hash(&row, chain->hash, hash, err);

	if (rc < 0)
		return rc;
	if (row.id != chain->id + 1 || len != DIGEST_LEN || memcmp(kept, hash, DIGEST_LEN) != 0) {
		chain->bad_id = row.id;
		return 0;
	}
	memcpy(chain->hash, hash, DIGEST_LEN);
	chain->id = row.id;
	chain->at_ms = row.at_ms;
	return 1;
}

int audit_follow(struct db *db, struct audit_chain *chain, int64_t most, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_rows);
	int64_t rows = 0;
	int rc = 1;

	query_bind_int(&q, ":after", chain->id);
	query_bind_int(&q, ":most", most);
	while (!chain->bad_id && (rc = query_step(&q, err)) == 1) {
		rc = follow_row(&q, chain, err);
		if (rc < 0)
			return rc;
		rows++;
	}
	return rc < 0 ? rc : chain->bad_id || rows < most;
}

int audit_verify(struct store *store, int64_t *ret_bad_id, struct threads_error *err)
{
	struct audit_chain chain = { 0 };
	const int rc = audit_follow(store->db, &chain, INT64_MAX, err);

	if (rc < 0)
		return rc;
	*ret_bad_id = chain.bad_id;
	return chain.bad_id == 0;
}
