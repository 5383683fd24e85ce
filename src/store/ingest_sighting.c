/* SPDX-License-Identifier: Apache-2.0 */
/* Where a message was seen, and the ledger of what was not stored. */
#include "store/ingest_internal.h"

enum { BLOB_SIGHTING_RAW = 3, BLOB_SIGHTING_HEADER = 4, ZSTD_LEVEL = 3 };

static const char sql_known[] = "SELECT 1 FROM sighting WHERE folder_id = :folder_id AND uid = :uid"
				" UNION ALL"
				" SELECT 1 FROM ledger WHERE folder_id = :folder_id AND uid = :uid"
				" AND reason IN ('excluded', 'failed') LIMIT 1";
static const char sql_message_raw[] =
	"SELECT raw_sha256, rest_sha256 FROM message_body WHERE message_id = :message_id";
static const char sql_sighting_add[] =
	"INSERT INTO sighting (folder_id, uid, account_id, message_id, raw_blob_id, raw_sha256,"
	" size_bytes, flags, received_ms, seen_ms)"
	" VALUES (:folder_id, :uid, :account_id, :message_id, :raw_blob_id, :raw_sha256,"
	" :size_bytes, :flags, :received_ms, :seen_ms)";
static const char sql_ledger_add[] =
	"INSERT INTO ledger (at_ms, account_id, folder_id, import_id, uid, header_id, reason, detail)"
	" VALUES (:at_ms, :account_id, :folder_id, :import_id, :uid, :header_id, :reason, :detail)"
	" ON CONFLICT DO NOTHING";

int sighting_known(struct ingest *ingest, int64_t folder_id, int64_t uid, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_known);

	query_bind_int(&q, ":folder_id", folder_id);
	query_bind_int(&q, ":uid", uid);
	return query_step(&q, err);
}

static int packed_add(struct ingest *ingest, int kind, const uint8_t *data, size_t len,
		      int64_t *ret_id, struct threads_error *err)
{
	const size_t cap = ZSTD_compressBound(len);
	struct blob_new blob = { .kind = kind, .coding = PACK_ZSTD, .size = (int64_t)len };
	void *packed = malloc(cap);
	int rc;

	if (!packed)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	blob.data = packed;
	blob.len = ZSTD_compressCCtx(ingest->cctx, packed, cap, data, len, ZSTD_LEVEL);
	if (ZSTD_isError(blob.len))
		rc = threads_error_set(err, THREADS_ENOMEM, "compress: %s",
				       ZSTD_getErrorName(blob.len));
	else
		rc = blob_add(ingest, &blob, ret_id, err);
	free(packed);
	return rc;
}

/* A copy whose bytes differ keeps its own header, or all of it if the rest differs too. */
static int own_bytes_add(struct ingest *ingest, const struct ingest_item *item,
			 const struct prepared *prepared, int64_t message_id, int64_t *ret_blob_id,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_message_raw);
	bool same_raw, same_rest;
	size_t raw_len, rest_len;
	const void *raw, *rest;
	int rc;

	query_bind_int(&q, ":message_id", message_id);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	raw = query_blob(&q, 0, &raw_len);
	rest = query_blob(&q, 1, &rest_len);
	same_raw = raw_len == DIGEST_LEN && memcmp(raw, prepared->raw_sha256, DIGEST_LEN) == 0;
	same_rest = rest_len == DIGEST_LEN && memcmp(rest, prepared->rest_sha256, DIGEST_LEN) == 0;
	if (same_raw)
		return 0;
	if (same_rest)
		return packed_add(ingest, BLOB_SIGHTING_HEADER, item->raw, prepared->header_len,
				  ret_blob_id, err);
	return packed_add(ingest, BLOB_SIGHTING_RAW, item->raw, item->raw_len, ret_blob_id, err);
}

int sighting_add(struct ingest *ingest, const struct ingest_item *item,
		 const struct prepared *prepared, int64_t message_id, bool first,
		 struct threads_error *err)
{
	int64_t blob_id = 0;
	int rc = first ? 0 : own_bytes_add(ingest, item, prepared, message_id, &blob_id, err);

	if (rc < 0)
		return threads_error_wrap(err, rc, "copy of a sighting");

	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_sighting_add);

	query_bind_int(&q, ":folder_id", item->folder_id);
	query_bind_int(&q, ":uid", prepared->uid);
	query_bind_int(&q, ":account_id", ingest->source->account_id);
	query_bind_int(&q, ":message_id", message_id);
	query_bind_id(&q, ":raw_blob_id", blob_id);
	query_bind_blob(&q, ":raw_sha256", prepared->raw_sha256, DIGEST_LEN);
	query_bind_int(&q, ":size_bytes", (int64_t)item->raw_len);
	query_bind_int(&q, ":flags", sighting_flags_of(ingest, item));
	query_bind_int(&q, ":received_ms", item->received_ms);
	query_bind_int(&q, ":seen_ms", ingest->now_ms);
	rc = query_run(&q, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "sighting");
	rc = labels_add(ingest, item, prepared->uid, message_id, err);
	return rc < 0 ? rc : bcc_add(ingest, item, prepared->uid, message_id, err);
}

int ledger_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid,
	       const char *reason, const char *detail, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_ledger_add);
	int rc;

	query_bind_int(&q, ":at_ms", ingest->now_ms);
	query_bind_int(&q, ":account_id", ingest->source->account_id);
	query_bind_id(&q, ":folder_id", item->folder_id);
	query_bind_id(&q, ":import_id", ingest->source->import_id);
	query_bind_int(&q, ":uid", uid);
	query_bind_text(&q, ":header_id", item->draft ? item->draft->header_id.text : "");
	query_bind_text(&q, ":reason", reason);
	query_bind_text(&q, ":detail", detail);
	rc = query_run(&q, err);
	return rc < 0 ? threads_error_wrap(err, rc, "ledger") : 0;
}
