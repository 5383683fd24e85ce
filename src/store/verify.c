/* SPDX-License-Identifier: Apache-2.0 */
/* Does everything in the store fit together? Each fault is a sentence. */
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#include "core/json.h"
#include "core/phrases.h"
#include "crypto/digest.h"
#include "store/pack.h"
#include "store/people.h"
#include "store/store_internal.h"

enum { FAULTS_MAX = 1000 };

/* Each must give 0. */
static const struct {
	const char *sql, *words;
} counts_of_faults[] = {
	{ "SELECT count(*) FROM message m WHERE NOT EXISTS"
	  " (SELECT 1 FROM sighting s WHERE s.message_id = m.id)",
	  "messages that were seen nowhere" },
	{ "SELECT count(*) FROM message m WHERE NOT EXISTS"
	  " (SELECT 1 FROM message_body b WHERE b.message_id = m.id)",
	  "messages without a text row" },
	{ "SELECT count(*) FROM message m WHERE NOT EXISTS"
	  " (SELECT 1 FROM message_fts_docsize d WHERE d.id = m.id)",
	  "messages that the search index does not know" },
	{ "SELECT count(*) FROM message_fts_docsize d WHERE NOT EXISTS"
	  " (SELECT 1 FROM message m WHERE m.id = d.id)",
	  "search rows without a message" },
	{ "SELECT count(*) FROM blob b JOIN pack p ON p.id = b.pack_id"
	  " WHERE b.offset + b.length > p.committed_bytes",
	  "blobs beyond the committed end of their pack" },
	{ "SELECT count(*) FROM sighting s JOIN folder f ON f.id = s.folder_id"
	  " WHERE f.account_id <> s.account_id",
	  "sightings whose folder belongs to another account" },
	{ "SELECT count(*) FROM conversation c WHERE NOT EXISTS"
	  " (SELECT 1 FROM message m WHERE m.conversation_id = c.id)",
	  "conversations without a message" },
};

static const struct {
	const char *sql, *name;
} figures[] = {
	{ "SELECT count(*) FROM message", "messages" },
	{ "SELECT count(*) FROM sighting", "sightings" },
	{ "SELECT count(*) FROM blob", "blobs" },
	{ "SELECT count(*) FROM message_fts_docsize", "index_rows" },
	{ "SELECT count(*) FROM ledger", "ledger" },
};

static const char sql_foreign_keys[] = "PRAGMA foreign_key_check";
static const char sql_integrity[] = "PRAGMA integrity_check(20)";
static const char sql_quick[] = "PRAGMA quick_check(20)";
static const char sql_packs[] = "SELECT id, committed_bytes FROM pack ORDER BY id";
static const char sql_blobs[] =
	"SELECT b.id, pack_id, offset, length, coding, size_bytes, sha256,"
	" body_text(m.text, m.text_bytes)"
	" FROM blob b LEFT JOIN message_body m ON m.blob_id = b.id AND b.coding = 2"
	" ORDER BY pack_id, offset";
static const char fts_check[] = "INSERT INTO message_fts (message_fts) VALUES ('integrity-check')";
static const char fts_compare[] =
	"INSERT INTO message_fts (message_fts, rank) VALUES ('integrity-check', 1)";

static void fault_add(json_t *faults, const char *words)
{
	if (json_array_size(faults) < FAULTS_MAX)
		json_array_append_new(faults, json_string(words));
}

static int count_of(struct store *store, const char *sql, int64_t *ret_count,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql);
	int rc = query_step(&q, err);

	if (rc < 0)
		return rc;
	*ret_count = query_int(&q, 0);
	return 0;
}

static int figures_add(struct store *store, json_t *report, struct threads_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		int64_t count = 0;
		int rc = count_of(store, figures[i].sql, &count, err);

		if (rc < 0)
			return rc;
		json_object_set_new(report, figures[i].name, json_integer(count));
	}
	return 0;
}

static int counts_check(struct store *store, json_t *faults, struct threads_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(counts_of_faults); i++) {
		char words[160];
		int64_t count = 0;
		int rc = count_of(store, counts_of_faults[i].sql, &count, err);

		if (rc < 0)
			return rc;
		snprintf(words, sizeof(words), "%lld %s", (long long)count,
			 counts_of_faults[i].words);
		if (count > 0)
			fault_add(faults, words);
	}
	return 0;
}

static int foreign_keys_check(struct store *store, json_t *faults, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_foreign_keys);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		char words[160];

		snprintf(words, sizeof(words), "row %lld of %.60s refers to nothing in %.60s",
			 (long long)query_int(&q, 1), query_text(&q, 0), query_text(&q, 2));
		fault_add(faults, words);
	}
	return rc;
}

static int database_check(struct store *store, bool deep, json_t *faults, struct threads_error *err)
{
	CLEANUP(query_end)
	struct query q = query_begin(store->db, deep ? sql_integrity : sql_quick);
	struct threads_error why = { .text = "" };
	int rc;

	while ((rc = query_step(&q, err)) == 1)
		if (strcmp(query_text(&q, 0), "ok") != 0)
			fault_add(faults, query_text(&q, 0));
	if (rc < 0)
		return rc;
	if (db_exec(store->db, deep ? fts_compare : fts_check, &why) < 0)
		fault_add(faults, "the search index does not match the messages");
	return 0;
}

static int packs_check(struct store *store, int dir_fd, json_t *faults, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_packs);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		char name[32], words[160];
		struct stat st;

		snprintf(name, sizeof(name), "%06lld.pack", (long long)query_int(&q, 0));
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_size >= query_int(&q, 1))
			continue;
		snprintf(words, sizeof(words), "pack %s is missing or shorter than %lld bytes",
			 name, (long long)query_int(&q, 1));
		fault_add(faults, words);
	}
	return rc;
}

static bool digest_matches(const struct strbuf *plain, const void *sha256)
{
	unsigned char got[DIGEST_LEN];

	return digest_sha256(plain->data, plain->len, got, NULL) == 0 &&
	       memcmp(got, sha256, DIGEST_LEN) == 0;
}

/* What the blob of q's row refers to. */
static int prefix_set(const struct query *q, struct pack_reader *packs, struct strbuf *prefix,
		      struct threads_error *err)
{
	size_t len;
	const char *text = query_blob(q, 7, &len);
	int rc = phrases_prefix(prefix, text ? text : "", len, err);

	pack_reader_prefix(packs, prefix);
	return rc;
}

/* Reads, unseals and hashes every blob. */
static int blobs_check(struct store *store, struct pack_reader *packs, json_t *faults,
		       struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT(AEAD_PLAIN_MAX);
	CLEANUP(strbuf_release) struct strbuf prefix = STRBUF_INIT(AEAD_PLAIN_MAX);
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_blobs);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		const struct pack_location location = {
			.pack = query_int(&q, 1),
			.offset = query_int(&q, 2),
			.length = query_int(&q, 3),
			.coding = (enum pack_coding)query_int(&q, 4),
			.size = query_int(&q, 5),
		};
		struct threads_error why = { .text = "" };
		size_t len;
		const void *sha256 = query_blob(&q, 6, &len);
		char words[320];

		rc = prefix_set(&q, packs, &prefix, err);
		if (rc < 0)
			return rc;
		if (pack_read(packs, &location, &plain, &why) < 0)
			snprintf(words, sizeof(words), "blob %lld: %s", (long long)query_int(&q, 0),
				 why.text);
		else if (len == DIGEST_LEN && !digest_matches(&plain, sha256))
			snprintf(words, sizeof(words), "blob %lld is not what its hash says",
				 (long long)query_int(&q, 0));
		else
			continue;
		fault_add(faults, words);
	}
	return rc;
}

static int audit_check(struct store *store, json_t *faults, struct threads_error *err)
{
	char words[96];
	int64_t bad_id = 0;
	int rc = audit_verify(store, &bad_id, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	snprintf(words, sizeof(words), "the audit log was changed at or before row %lld",
		 (long long)bad_id);
	fault_add(faults, words);
	return 0;
}

int store_verify(struct store *store, struct pack_reader *packs, int pack_dir_fd, bool deep,
		 struct strbuf *out_json, int *ret_faults, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *report = json_object();
	json_t *faults = json_array();
	int rc;

	if (!report || !faults || json_object_set_new(report, "faults", faults) < 0)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = figures_add(store, report, err);
	if (rc == 0)
		rc = counts_check(store, faults, err);
	if (rc == 0)
		rc = foreign_keys_check(store, faults, err);
	if (rc == 0)
		rc = database_check(store, deep, faults, err);
	if (rc == 0)
		rc = packs_check(store, pack_dir_fd, faults, err);
	if (rc == 0)
		rc = audit_check(store, faults, err);
	if (rc == 0 && deep)
		rc = blobs_check(store, packs, faults, err);
	if (rc == 0)
		rc = json_append(out_json, report, err);
	if (rc == 0)
		*ret_faults = (int)json_array_size(faults);
	return rc;
}
