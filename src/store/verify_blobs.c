/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes behind the rows: packs, blobs, whole messages. A fault names the messages it harms. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "crypto/digest.h"
#include "store/blob_plan.h"
#include "store/db_check.h"
#include "store/pack_internal.h"
#include "store/verify_internal.h"

enum { NAMES_MAX = 3, MESSAGE_MAX = 1280 << 20, FAULT_BYTES = 480 };

static const char sql_packs[] = "SELECT id, committed_bytes FROM pack ORDER BY id";
static const char sql_blobs[] =
	"SELECT id, pack_id, offset, length, coding, size_bytes, sha256 FROM blob"
	" ORDER BY pack_id, offset";
static const char sql_blob_owner[] =
	"SELECT message_id FROM message_body WHERE blob_id = :blob_id LIMIT 1";
static const char sql_blob_messages[] =
	"SELECT m.public_id FROM message_body b JOIN message m ON m.id = b.message_id"
	" WHERE b.blob_id = :blob_id"
	" UNION SELECT m.public_id FROM message_attachment a JOIN message m ON m.id = a.message_id"
	" WHERE a.blob_id = :blob_id"
	" UNION SELECT m.public_id FROM sighting s JOIN message m ON m.id = s.message_id"
	" WHERE s.raw_blob_id = :blob_id";
static const char sql_sightings[] =
	"SELECT s.message_id, s.folder_id, s.uid, s.raw_sha256, s.size_bytes, m.public_id"
	" FROM sighting s JOIN message m ON m.id = s.message_id";

int verify_packs(struct verify *v, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(v->store->db, sql_packs);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		const struct pack_name name = pack_name_make(query_int(&q, 0));
		char words[96];
		struct stat st;

		if (fstatat(v->order->pack_dir_fd, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_size >= query_int(&q, 1))
			continue;
		snprintf(words, sizeof(words), "is missing or shorter than %lld bytes",
			 (long long)query_int(&q, 1));
		db_fault_add(v->faults, name.text, words);
	}
	return rc;
}

/* "blob 12 of message ID, ID and others" */
static int blob_words(struct verify *v, int64_t blob_id, struct strbuf *out,
		      struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(v->store->db, sql_blob_messages);
	int rc, count = 0;

	strbuf_addf(out, "blob %lld", (long long)blob_id);
	query_bind_int(&q, ":blob_id", blob_id);
	while ((rc = query_step(&q, err)) == 1 && count < NAMES_MAX)
		strbuf_addf(out, "%s%s", count++ ? ", " : " of message ", query_text(&q, 0));
	if (rc == 1)
		strbuf_add_str(out, " and others");
	return rc < 0 ? rc : 0;
}

static int blob_fault(struct verify *v, int64_t blob_id, int64_t pack, const char *why,
		      struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(FAULT_BYTES);
	int rc = blob_words(v, blob_id, &words, err);

	strbuf_addf(&words, ": %s", why);
	db_fault_add(v->faults, pack_name_make(pack).text, strbuf_str(&words));
	return rc;
}

static bool digest_matches(const struct strbuf *plain, const void *sha256)
{
	unsigned char got[DIGEST_LEN];

	return digest_sha256(strbuf_str(plain), plain->len, got, NULL) == 0 &&
	       memcmp(got, sha256, DIGEST_LEN) == 0;
}

/* A read that failed for want of memory or by the disk's fault says nothing about the blob. */
static bool is_verdict(int rc)
{
	return rc == THREADS_EINVAL || rc == THREADS_ENOENT || rc == THREADS_ELIMIT ||
	       rc == THREADS_EIO;
}

/* The text of its message, which such a blob refers to. */
static int blob_prefix(struct verify *v, int64_t blob_id, const struct pack_location *location,
		       struct strbuf *prefix, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(v->store->db, sql_blob_owner);
	int rc;

	query_bind_int(&q, ":blob_id", blob_id);
	rc = query_step(&q, err);
	if (rc != 1)
		return rc;
	return blob_plan_prefix(v->store, query_int(&q, 0), location, 1, prefix, err);
}

/* What a blob is read into, and what it refers to. */
struct bytes {
	struct strbuf plain, prefix;
};

static void bytes_release(struct bytes *bytes)
{
	strbuf_release(&bytes->plain);
	strbuf_release(&bytes->prefix);
}

static int blob_check(struct verify *v, const struct query *q, struct bytes *bytes,
		      struct threads_error *err)
{
	const struct pack_location location = {
		.pack = query_int(q, 1),
		.offset = query_int(q, 2),
		.length = query_int(q, 3),
		.coding = (enum pack_coding)query_int(q, 4),
		.size = query_int(q, 5),
	};
	struct threads_error why = { .text = "" };
	size_t len;
	const void *sha256 = query_blob(q, 6, &len);
	int rc = 0;

	if (pack_coding_refers(location.coding))
		rc = blob_prefix(v, query_int(q, 0), &location, &bytes->prefix, &why);
	pack_reader_prefix(v->order->packs, &bytes->prefix);
	if (rc >= 0)
		rc = pack_read(v->order->packs, &location, &bytes->plain, &why);

	if (rc < 0 && !is_verdict(rc))
		return threads_error_set(err, rc, "%s", why.text);
	if (rc == 0 && len == DIGEST_LEN && !digest_matches(&bytes->plain, sha256)) {
		rc = THREADS_EINVAL;
		snprintf(why.text, sizeof(why.text), "it is not what its hash says");
	}
	return rc == 0 ? 0 : blob_fault(v, query_int(q, 0), location.pack, why.text, err);
}

int verify_blobs(struct verify *v, struct threads_error *err)
{
	CLEANUP(bytes_release)
	struct bytes bytes = { STRBUF_INIT(AEAD_PLAIN_MAX), STRBUF_INIT(AEAD_PLAIN_MAX) };
	CLEANUP(query_end) struct query q = query_begin(v->store->db, sql_blobs);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		rc = verify_go_on(v, err);
		if (rc == 0)
			rc = blob_check(v, &q, &bytes, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* The raw message as one sighting has it: recipe, parts and header must give its hash. */
static int sighting_check(struct verify *v, const struct query *q, struct bytes *bytes,
			  struct threads_error *err)
{
	CLEANUP(blob_plan_release) struct blob_plan plan = { 0 };
	struct threads_error why = { .text = "" };
	char words[FAULT_BYTES];
	size_t len;
	const void *sha256 = query_blob(q, 3, &len);
	int rc = blob_plan_raw(v->store, query_int(q, 0), query_int(q, 1), query_int(q, 2),
			       RECIPE_RAW, &plan, &why);

	if (rc == 1)
		rc = blob_plan_prefix(v->store, query_int(q, 0), plan.blobs, plan.count,
				      &bytes->prefix, &why);
	pack_reader_prefix(v->order->packs, &bytes->prefix);
	if (rc == 1)
		rc = recipe_cook(&plan.recipe, v->order->packs, plan.blobs, plan.count,
				 &bytes->plain, &why);
	else if (rc == 0)
		rc = threads_error_set(&why, THREADS_EINVAL, "it has no bytes");
	if (rc < 0 && !is_verdict(rc))
		return threads_error_set(err, rc, "%s", why.text);
	if (rc == 0 && (len != DIGEST_LEN || !digest_matches(&bytes->plain, sha256)))
		rc = threads_error_set(&why, THREADS_EINVAL,
				       "rebuilt, it is not what its hash says");
	if (rc == 0 && (int64_t)bytes->plain.len != query_int(q, 4))
		rc = threads_error_set(&why, THREADS_EINVAL, "rebuilt, it has another size");
	if (rc == 0)
		return 0;
	snprintf(words, sizeof(words), "message %s: %s", query_text(q, 5), why.text);
	db_fault_add(v->faults, "hub.db", words);
	return 0;
}

int verify_messages(struct verify *v, struct threads_error *err)
{
	CLEANUP(bytes_release)
	struct bytes bytes = { STRBUF_INIT(MESSAGE_MAX), STRBUF_INIT(AEAD_PLAIN_MAX) };
	CLEANUP(query_end) struct query q = query_begin(v->store->db, sql_sightings);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		rc = verify_go_on(v, err);
		if (rc == 0)
			rc = sighting_check(v, &q, &bytes, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}
