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

static const char sql_audiences[] = "SELECT id, hash FROM audience";
static const char sql_audience_members[] =
	"SELECT kind, member_id, from_ms, until_ms FROM audience_member"
	" WHERE audience_id = :audience_id ORDER BY kind, member_id, from_ms";

static int key_hash(const struct strbuf *key, unsigned char hash[DIGEST_LEN],
		    struct threads_error *err)
{
	int rc = strbuf_check(key, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "members of an audience");
	return digest_sha256(strbuf_str(key), key->len, hash, err);
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
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(AUDIENCE_KEY_MAX);
	unsigned char hash[DIGEST_LEN];
	int64_t id;
	int rc;

	audience_key_append(&key, audience);
	rc = key_hash(&key, hash, err);
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

/* Members are never changed, only made and removed with their audience. */
static int members_key(struct store *store, int64_t audience_id, struct strbuf *key,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_audience_members);
	int rc;

	strbuf_reset(key);
	query_bind_int(&q, ":audience_id", audience_id);
	while ((rc = query_step(&q, err)) == 1) {
		const struct audience_member member = {
			.kind = (enum audience_kind)query_int(&q, 0),
			.ref = query_int(&q, 1),
			.from_ms = query_int(&q, 2),
			.until_ms = query_int(&q, 3),
		};

		audience_key_member(key, &member);
	}
	return rc;
}

int audience_verify(struct store *store, int64_t *ret_bad, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(AUDIENCE_KEY_MAX);
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_audiences);
	int rc;

	*ret_bad = 0;
	while ((rc = query_step(&q, err)) == 1) {
		unsigned char hash[DIGEST_LEN];
		size_t len;
		const void *want = query_blob(&q, 1, &len);

		rc = members_key(store, query_int(&q, 0), &key, err);
		if (rc == 0)
			rc = key_hash(&key, hash, err);
		if (rc < 0)
			return rc;
		if (len != DIGEST_LEN || memcmp(want, hash, DIGEST_LEN) != 0)
			++*ret_bad;
	}
	return rc;
}
