/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations: messages that name each other by Message-ID, In-Reply-To and
 * References belong together. A table from the hash of every id ever named to
 * its conversation makes that a few look-ups a message, whatever the order of
 * arrival; a late parent that connects two conversations merges them. Forged
 * references can only group messages, never show them: visibility is judged
 * message by message.
 */
#include "core/random_id.h"
#include "store/ingest_internal.h"

static const char sql_key_find[] =
	"SELECT conversation_id FROM conversation_key WHERE hash = :hash";
static const char sql_key_add[] = "INSERT INTO conversation_key (hash, conversation_id)"
				  " VALUES (:hash, :conversation_id) ON CONFLICT DO NOTHING";
static const char sql_conversation_add[] =
	"INSERT INTO conversation (public_id, created_ms) VALUES (:public_id, :now_ms)";
static const char sql_size[] =
	"SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = :id LIMIT :max)";
static const char sql_merge_messages[] =
	"UPDATE message SET conversation_id = :into WHERE conversation_id = :from";
static const char sql_merge_keys[] =
	"UPDATE conversation_key SET conversation_id = :into WHERE conversation_id = :from";
static const char sql_merge_grants[] =
	"UPDATE grant_ SET conversation_id = :into WHERE conversation_id = :from";
static const char sql_conversation_delete[] = "DELETE FROM conversation WHERE id = :from";

struct key_set {
	int64_t hashes[INGEST_REFERENCES_MAX + 2];
	size_t count;
};

static int key_add(struct key_set *keys, const struct draft_text *header_id,
		   struct threads_error *err)
{
	unsigned char sha256[DIGEST_LEN];
	int64_t hash;
	int rc;

	if (header_id->len == 0)
		return 0;
	rc = digest_sha256(header_id->text, header_id->len, sha256, err);
	if (rc < 0)
		return rc;
	hash = ingest_uid_from_digest(sha256);
	for (size_t i = 0; i < keys->count; i++)
		if (keys->hashes[i] == hash)
			return 0;
	keys->hashes[keys->count++] = hash;
	return 0;
}

/* The own id first, then parents: the first and the last references matter most. */
static int keys_collect(const struct message_draft *draft, struct key_set *keys,
			struct threads_error *err)
{
	const size_t half = INGEST_REFERENCES_MAX / 2;
	int rc = key_add(keys, &draft->header_id, err);

	if (rc == 0)
		rc = key_add(keys, &draft->in_reply_to, err);
	for (size_t i = 0; i < draft->reference_count && rc == 0; i++)
		if (i < half || draft->reference_count - i <= half)
			rc = key_add(keys, &draft->references[i], err);
	return rc;
}

static int conversation_size(struct ingest *ingest, int64_t id, int64_t *ret_size,
			     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_size);
	int rc;

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":max", CONVERSATION_MERGE_MAX + 1);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	*ret_size = query_int(&q, 0);
	return 0;
}

static int run_from_into(struct ingest *ingest, const char *sql, int64_t from, int64_t into,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql);

	query_bind_int(&q, ":from", from);
	if (into)
		query_bind_int(&q, ":into", into);
	return query_run(&q, err);
}

/* Moves the smaller one into the larger; *id becomes what is left. */
static int conversation_merge(struct ingest *ingest, int64_t *id, int64_t other,
			      struct threads_error *err)
{
	int64_t from = other, into = *id, size = 0, other_size = 0;
	int rc = conversation_size(ingest, into, &size, err);

	if (rc == 0)
		rc = conversation_size(ingest, from, &other_size, err);
	if (rc < 0)
		return rc;
	if (other_size > size) {
		from = *id;
		into = other;
		other_size = size;
	}
	if (other_size > CONVERSATION_MERGE_MAX)
		return 0; /* both huge: forged, or nothing a person would read as one */
	rc = run_from_into(ingest, sql_merge_messages, from, into, err);
	if (rc == 0)
		rc = run_from_into(ingest, sql_merge_keys, from, into, err);
	if (rc == 0)
		rc = run_from_into(ingest, sql_merge_grants, from, into, err);
	if (rc == 0)
		rc = run_from_into(ingest, sql_conversation_delete, from, 0, err);
	if (rc == 0)
		*id = into;
	return rc;
}

static int conversation_new(struct ingest *ingest, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_conversation_add);
	char public_id[PUBLIC_ID_SIZE];
	int rc;

	public_id_make(public_id);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_int(&q, ":now_ms", ingest->now_ms);
	rc = query_run(&q, err);
	if (rc == 0)
		*ret_id = db_last_id(ingest->db);
	return rc;
}

/* Looks all keys up, merging what they connect. known[i]: the key has a row. */
static int keys_find(struct ingest *ingest, const struct key_set *keys, bool *known, int64_t *id,
		     struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_key_find);

	for (size_t i = 0; i < keys->count; i++) {
		int64_t found;
		int rc;

		query_again(&q);
		query_bind_int(&q, ":hash", keys->hashes[i]);
		rc = query_step(&q, err);
		if (rc < 0)
			return rc;
		known[i] = rc == 1;
		if (rc == 0)
			continue;
		found = query_int(&q, 0);
		query_again(&q);
		rc = *id && found != *id ? conversation_merge(ingest, id, found, err) : 0;
		if (rc < 0)
			return rc;
		if (!*id)
			*id = found;
	}
	return 0;
}

int conversation_resolve(struct ingest *ingest, const struct message_draft *draft, int64_t *ret_id,
			 struct threads_error *err)
{
	bool known[INGEST_REFERENCES_MAX + 2] = { false };
	struct key_set keys = { .count = 0 };
	int64_t id = 0;
	int rc = keys_collect(draft, &keys, err);

	if (rc == 0)
		rc = keys_find(ingest, &keys, known, &id, err);
	if (rc == 0 && !id)
		rc = conversation_new(ingest, &id, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "conversation");

	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_key_add);

	for (size_t i = 0; i < keys.count; i++) {
		if (known[i])
			continue;
		query_again(&q);
		query_bind_int(&q, ":hash", keys.hashes[i]);
		query_bind_int(&q, ":conversation_id", id);
		rc = query_run(&q, err);
		if (rc < 0)
			return rc;
	}
	*ret_id = id;
	return 0;
}
