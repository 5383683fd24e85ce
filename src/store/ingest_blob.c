/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs and attachments of a message on its way into the store. */
#include "core/random_id.h"
#include "store/ingest_internal.h"

enum { BLOB_ATTACHMENT = 2 };

static const char sql_pack_add[] = "INSERT INTO pack (id, committed_bytes) VALUES (:id, 0)"
				   " ON CONFLICT DO NOTHING";
static const char sql_pack_seal[] =
	"UPDATE pack SET sealed = 1, committed_bytes ="
	" (SELECT max(offset + length) FROM blob WHERE pack_id = :id)"
	" WHERE id = :id AND sealed = 0 AND EXISTS (SELECT 1 FROM blob WHERE pack_id = :id)";
static const char sql_blob_add[] =
	"INSERT INTO blob (kind, pack_id, offset, length, coding, size_bytes, sha256)"
	" VALUES (:kind, :pack_id, :offset, :length, :coding, :size_bytes, :sha256)";
static const char sql_blob_find[] = "SELECT id FROM blob WHERE sha256 = :sha256";
static const char sql_attachment_add[] =
	"INSERT INTO message_attachment (message_id, position, public_id, filename, content_type,"
	" content_id, disposition, encoding, size_bytes, blob_id, raw_offset, raw_length,"
	" line_length, line_crlf)"
	" VALUES (:message_id, :position, :public_id, :filename, :content_type,"
	" :content_id, :disposition, :encoding, :size_bytes, :blob_id, :raw_offset, :raw_length,"
	" :line_length, :line_crlf)";

static int run_pack(struct ingest *ingest, const char *sql, int64_t id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql);

	query_bind_int(&q, ":id", id);
	return query_run(&q, err);
}

/* A new pack was begun: the old one is complete. */
static int pack_change(struct ingest *ingest, int64_t number, struct threads_error *err)
{
	int rc =
		ingest->pack_number ? run_pack(ingest, sql_pack_seal, ingest->pack_number, err) : 0;

	if (rc == 0)
		rc = run_pack(ingest, sql_pack_add, number, err);
	if (rc == 0)
		ingest->pack_number = number;
	return rc;
}

int blob_add(struct ingest *ingest, const struct blob_new *blob, int64_t *ret_id,
	     struct threads_error *err)
{
	struct pack_location location;
	int rc = pack_append(ingest->packs, blob->data, blob->len, blob->coding, blob->size,
			     &location, err);

	if (rc == 0 && location.pack != ingest->pack_number)
		rc = pack_change(ingest, location.pack, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "blob");

	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_blob_add);

	query_bind_int(&q, ":kind", blob->kind);
	query_bind_int(&q, ":pack_id", location.pack);
	query_bind_int(&q, ":offset", location.offset);
	query_bind_int(&q, ":length", location.length);
	query_bind_int(&q, ":coding", blob->coding);
	query_bind_int(&q, ":size_bytes", blob->size);
	if (blob->sha256)
		query_bind_blob(&q, ":sha256", blob->sha256, DIGEST_LEN);
	else
		query_bind_null(&q, ":sha256");
	rc = query_run(&q, err);
	if (rc < 0)
		return threads_error_wrap(err, rc, "blob");
	*ret_id = db_last_id(ingest->db);
	return 0;
}

/* An attachment's bytes are stored once, whoever sends them. */
static int attachment_blob(struct ingest *ingest, const struct draft_attachment *a,
			   const unsigned char *sha256, int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_blob_find);
	int rc;

	query_bind_blob(&q, ":sha256", sha256, DIGEST_LEN);
	rc = query_step(&q, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		*ret_id = query_int(&q, 0);
		return 0;
	}
	const struct blob_new blob = {
		.kind = BLOB_ATTACHMENT,
		.data = a->data,
		.len = a->data_len,
		.coding = a->compressed ? PACK_ZSTD : PACK_PLAIN,
		.size = (int64_t)a->size,
		.sha256 = sha256,
	};

	return blob_add(ingest, &blob, ret_id, err);
}

static int attachment_row(struct ingest *ingest, int64_t message_id, int64_t position,
			  const struct draft_attachment *a, int64_t blob_id, bool rebuilds,
			  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_attachment_add);
	char public_id[PUBLIC_ID_SIZE];

	public_id_make(public_id);
	query_bind_int(&q, ":message_id", message_id);
	query_bind_int(&q, ":position", position);
	query_bind_text(&q, ":public_id", public_id);
	query_bind_text_len(&q, ":filename", a->filename.text, a->filename.len);
	query_bind_text_len(&q, ":content_type", a->content_type.text, a->content_type.len);
	query_bind_text_len(&q, ":content_id", a->content_id.text, a->content_id.len);
	query_bind_int(&q, ":disposition", a->disposition);
	query_bind_int(&q, ":encoding", a->encoding);
	query_bind_int(&q, ":size_bytes", (int64_t)a->size);
	query_bind_id(&q, ":blob_id", blob_id);
	query_bind_int(&q, ":raw_offset", (int64_t)a->raw_offset);
	query_bind_int(&q, ":raw_length", (int64_t)a->raw_length);
	query_bind_int(&q, ":line_length", a->cut && rebuilds ? a->line_length : 0);
	query_bind_int(&q, ":line_crlf", a->crlf);
	return query_run(&q, err);
}

int attachments_add(struct ingest *ingest, int64_t message_id, const struct ingest_item *item,
		    const struct prepared *prepared, struct threads_error *err)
{
	const struct message_draft *draft = item->draft;
	const size_t count = draft ? draft->attachment_count : 0;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct draft_attachment *a = &draft->attachments[i];
		int64_t blob_id = 0;

		/* A part that parse could not account for stays readable in the raw bytes. */
		if (a->cut && !prepared->rebuilds && !prepared->parts_ok)
			continue;
		if (a->cut)
			rc = attachment_blob(ingest, a, prepared->part_sha256[i], &blob_id, err);
		if (rc == 0)
			rc = attachment_row(ingest, message_id, (int64_t)i, a, blob_id,
					    prepared->rebuilds, err);
	}
	return rc < 0 ? threads_error_wrap(err, rc, "attachment") : 0;
}
