/* SPDX-License-Identifier: Apache-2.0 */
/* The rows behind audience.h: one per set, found by the hash of its canonical text. */
#include "crypto/digest.h"
#include "store/audience.h"
#include "store/store_internal.h"

enum { AUDIENCE_KEY_MAX = 4 * 1024 * 1024 };

static const char sql_audience_find[] = "SELECT id FROM audience WHERE hash = :hash";
static const char sql_audience_add[] = "INSERT INTO audience (hash) VALUES (:hash)";
static const char sql_audience_member_add[] =
	"INSERT INTO audience_member (audience_id, kind, member_id, from_ms, until_ms)"
	" VALUES (:audience_id, :kind, :member_id, :from_ms, :until_ms)";

static int audience_hash(const struct audience *audience, unsigned char hash[DIGEST_LEN],
			 struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(AUDIENCE_KEY_MAX);
	int rc;

	audience_key_append(&key, audience);
	rc = strbuf_check(&key, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "audience of %zu members", audience->count);
	return digest_sha256(strbuf_str(&key), key.len, hash, err);
}

static int members_add(struct store *store, int64_t audience_id, const struct audience *audience,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_audience_member_add);
	int rc = 0;

	for (size_t i = 0; i < audience->count && rc == 0; i++) {
		const struct audience_member *member = &audience->members[i];

		query_again(&q);
		query_bind_int(&q, ":audience_id", audience_id);
		query_bind_int(&q, ":kind", (int64_t)member->kind);
		query_bind_int(&q, ":member_id", member->ref);
		query_bind_int(&q, ":from_ms", member->from_ms);
		query_bind_int(&q, ":until_ms", member->until_ms);
		rc = query_run(&q, err);
	}
	return rc;
}

static int audience_find(struct store *store, const void *hash, int64_t *ret_id,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_audience_find);
	int rc;

	query_bind_blob(&q, ":hash", hash, DIGEST_LEN);
	rc = query_step(&q, err);
	if (rc == 1)
		*ret_id = query_int(&q, 0);
	return rc;
}

int audience_intern(struct store *store, const struct audience *audience, int64_t *ret_id,
		    struct threads_error *err)
{
	unsigned char hash[DIGEST_LEN];
	int64_t id;
	int rc = audience_hash(audience, hash, err);

	if (rc == 0)
		rc = audience_find(store, hash, ret_id, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;

	CLEANUP(query_end) struct query q = query_begin(store->db, sql_audience_add);

	query_bind_blob(&q, ":hash", hash, sizeof(hash));
	rc = query_run(&q, err);
	if (rc < 0)
		return rc;
	id = db_last_id(store->db);
	rc = members_add(store, id, audience, err);
	if (rc < 0)
		return rc;
	*ret_id = id;
	return 0;
}
