/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be worked out about a message before its transaction begins: digests,
 * the check that skeleton and parts really give the raw bytes (parse may have
 * been taken over by any mail), the compressed text and the index columns.
 */
#include "core/phrases.h"
#include "core/utf8.h"
#include "store/ingest_internal.h"
#include "store/rebuild.h"
#include "store/unfold.h"

enum { TEXT_LEVEL = 1, RAW_LEVEL = 3, HTML_MAX = 8 << 20, PREVIEW_SCAN = 4096 };

static const char sql_digest_find[] = "SELECT id FROM message WHERE digest = :digest";

int64_t ingest_uid_from_digest(const unsigned char sha256[32])
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | sha256[i];
	return (int64_t)(value >> 1) | 1; /* never 0 */
}

void prepared_reset(struct prepared *p)
{
	struct prepared clean = {
		.text = p->text,
		.blob = p->blob,
		.sender = p->sender,
		.recipient = p->recipient,
		.filename = p->filename,
		.preview = p->preview,
	};

	free(p->part_sha256);
	*p = clean;
	strbuf_reset(&p->text);
	strbuf_reset(&p->blob);
	strbuf_reset(&p->sender);
	strbuf_reset(&p->recipient);
	strbuf_reset(&p->filename);
	strbuf_reset(&p->preview);
	p->text.max = p->blob.max = ZSTD_COMPRESSBOUND((size_t)AEAD_PLAIN_MAX);
	p->sender.max = p->recipient.max = p->filename.max = INGEST_TEXT_MAX;
	p->preview.max = (size_t)2 * INGEST_PREVIEW_MAX;
}

void prepared_release(struct prepared *p)
{
	free(p->part_sha256);
	p->part_sha256 = NULL;
	strbuf_release(&p->text);
	strbuf_release(&p->blob);
	strbuf_release(&p->sender);
	strbuf_release(&p->recipient);
	strbuf_release(&p->filename);
	strbuf_release(&p->preview);
}

/* Where the body begins: behind the first empty line. */
static size_t header_length(const uint8_t *raw, size_t len)
{
	const uint8_t *p = raw, *end = raw + len;

	if (len > 0 && raw[0] == '\n')
		return 1;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '\n')
			return (size_t)(p - raw) + 1;
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			return (size_t)(p - raw) + 2;
	}
	return len;
}

/* zstd of data into out. Errors: THREADS_ENOMEM. */
static int pack_into(struct ingest *ingest, struct strbuf *out, const void *data, size_t len,
		     int level, struct threads_error *err)
{
	size_t got;
	int rc = strbuf_room(out, ZSTD_compressBound(len), err);

	if (rc < 0)
		return rc;
	got = ZSTD_compressCCtx(ingest->cctx, out->data, out->cap - 1, data, len, level);
	if (ZSTD_isError(got))
		return threads_error_set(err, THREADS_ENOMEM, "compress: %s",
					 ZSTD_getErrorName(got));
	out->len = got;
	return 0;
}

/* Returns 1 if packed holds exactly size bytes, which are then in out; else 0. */
static int unpack_into(struct ingest *ingest, struct strbuf *out, const uint8_t *packed,
		       size_t packed_len, uint64_t size, struct threads_error *err)
{
	size_t got;
	int rc = strbuf_room(out, (size_t)size, err);

	if (rc < 0)
		return rc;
	got = ZSTD_decompressDCtx(ingest->dctx, out->data, (size_t)size, packed, packed_len);
	if (ZSTD_isError(got) || got != size)
		return 0;
	out->len = (size_t)size;
	return 1;
}

/* Unpacks and hashes one cut attachment; *part then borrows from ingest->part. 1 ok, 0 not. */
static int part_open(struct ingest *ingest, const struct draft_attachment *a,
		     unsigned char sha256[DIGEST_LEN], struct rebuild_part *part,
		     struct threads_error *err)
{
	int rc = 1;

	*part = (struct rebuild_part){
		.raw_offset = a->raw_offset,
		.raw_length = a->raw_length,
		.line_length = a->line_length,
		.crlf = a->crlf,
		.data = a->data,
		.size = a->data_len,
	};
	if (a->compressed) {
		rc = unpack_into(ingest, &ingest->part, a->data, a->data_len, a->size, err);
		part->data = ingest->part.data;
		part->size = (size_t)a->size;
	} else if (a->size != a->data_len) {
		return 0;
	}
	if (rc == 1)
		rc = digest_sha256(part->data, part->size, sha256, err) < 0 ? THREADS_ENOMEM : 1;
	return rc;
}

/*
 * Rebuilds in thought and compares with what came in. Sets rebuilds, parts_ok
 * and the digests of the parts. Decoded attachments are smaller than their
 * base64, so sizes beyond the raw message are lies.
 */
static int check_rebuild(struct ingest *ingest, const struct ingest_item *item, struct prepared *p,
			 struct threads_error *err)
{
	const struct message_draft *draft = item->draft;
	struct rebuild r = { .raw = (const char *)item->raw, .raw_length = item->raw_len };
	int rc;

	p->part_sha256 = calloc(draft->attachment_count + 1, sizeof(*p->part_sha256));
	if (!p->part_sha256)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (draft->skeleton_length > item->raw_len || draft->html_length > HTML_MAX)
		return 0;
	p->coding =
		phrases_crlf(item->raw, item->raw_len) ? PACK_ZSTD_FOLDED_CRLF : PACK_ZSTD_FOLDED;
	rc = phrases_prefix(&ingest->prefix, draft->body_text.text, draft->body_text.len,
			    pack_coding_crlf(p->coding), err);
	if (rc < 0)
		return rc;
	ZSTD_DCtx_refPrefix(ingest->dctx, ingest->prefix.data, ingest->prefix.len);
	rc = unfold_frame(ingest->dctx, draft->packed, draft->packed_len,
			  (size_t)(draft->skeleton_length + draft->html_length), &ingest->part,
			  &ingest->plain, err);
	if (rc == THREADS_ENOMEM)
		return rc;
	p->rebuilds = rc == 0;
	p->parts_ok = true;
	r.skeleton = ingest->plain.data;
	r.skeleton_length = (size_t)draft->skeleton_length;
	for (size_t i = 0; i < draft->attachment_count; i++) {
		const struct draft_attachment *a = &draft->attachments[i];
		struct rebuild_part part;

		if (!a->cut)
			continue;
		rc = a->size <= item->raw_len ? part_open(ingest, a, p->part_sha256[i], &part, err)
					      : 0;
		if (rc < 0)
			return rc;
		p->parts_ok = p->parts_ok && rc == 1;
		p->rebuilds = p->rebuilds && rc == 1 && rebuild_part(&r, &part, NULL) == 0;
	}
	p->rebuilds = p->rebuilds && rebuild_end(&r, NULL) == 0;
	return 0;
}

/* The blob when skeleton and parts cannot be trusted: the raw bytes, then the HTML. */
static int keep_raw(struct ingest *ingest, const struct ingest_item *item, bool has_html,
		    struct prepared *p, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf whole = STRBUF_INIT(AEAD_PLAIN_MAX);
	const struct message_draft *draft = item->draft;
	int rc;

	p->blob_skeleton = item->raw_len;
	p->blob_html = 0;
	if (!has_html)
		return pack_into(ingest, &p->blob, item->raw, item->raw_len, RAW_LEVEL, err);
	strbuf_add(&whole, item->raw, item->raw_len);
	strbuf_add(&whole, ingest->plain.data + draft->skeleton_length, (size_t)draft->html_length);
	rc = strbuf_check(&whole, err);
	if (rc < 0)
		return rc;
	p->blob_html = draft->html_length;
	return pack_into(ingest, &p->blob, whole.data, whole.len, RAW_LEVEL, err);
}

static void add_word(struct strbuf *out, const struct draft_text *text, char gap)
{
	if (text->len == 0)
		return;
	if (out->len > 0)
		strbuf_add_char(out, gap);
	strbuf_add(out, text->text, text->len);
}

static void columns_fill(const struct message_draft *draft, struct prepared *p)
{
	for (size_t i = 0; i < draft->participant_count; i++) {
		const struct draft_participant *who = &draft->participants[i];
		struct strbuf *column = NULL;

		if (who->role == DRAFT_FROM || who->role == DRAFT_SENDER)
			column = &p->sender;
		else if (who->role == DRAFT_TO || who->role == DRAFT_CC)
			column = &p->recipient;
		if (!column)
			continue;
		add_word(column, &who->name, '\n');
		add_word(column, &who->address, who->name.len ? ' ' : '\n');
	}
	for (size_t i = 0; i < draft->attachment_count; i++)
		add_word(&p->filename, &draft->attachments[i].filename, '\n');
}

/* The first words a person wrote: no quoted lines, white space as one blank. */
static void preview_fill(const struct draft_text *body, struct strbuf *out)
{
	const char *p = body->text;
	const char *end = p + (body->len < PREVIEW_SCAN ? body->len : utf8_cut(p, PREVIEW_SCAN));
	bool line_start = true, gap = false;

	while (p < end && out->len < INGEST_PREVIEW_MAX) {
		if (line_start && *p == '>') {
			const char *stop = memchr(p, '\n', (size_t)(end - p));

			p = stop ? stop + 1 : end;
			continue;
		}
		line_start = *p == '\n';
		if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
			gap = out->len > 0;
		} else {
			if (gap)
				strbuf_add_char(out, ' ');
			strbuf_add_char(out, *p);
			gap = false;
		}
		p++;
	}
	out->len = utf8_cut(strbuf_str(out), out->len);
	if (out->data)
		out->data[out->len] = '\0';
}

/* min(Date header, received or now): a wrong or future date must not break the order. */
static int64_t date_pick(const struct ingest *ingest, const struct ingest_item *item)
{
	const struct message_draft *draft = item->draft;
	int64_t date = item->received_ms > 0 ? item->received_ms : ingest->now_ms;

	if (date > ingest->now_ms)
		date = ingest->now_ms;
	if (draft && draft->flags & MESSAGE_HAS_DATE && draft->sent_ms < date)
		date = draft->sent_ms;
	return date > 0 ? date : 0;
}

/* Whether the message is there already: then most of the work is spared. */
static int duplicate_look(struct ingest *ingest, struct prepared *p, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(ingest->db, sql_digest_find);
	int rc;

	query_bind_blob(&q, ":digest", p->digest, DIGEST_LEN);
	rc = query_step(&q, err);
	p->duplicate = rc == 1;
	return rc < 0 ? rc : 0;
}

static int digests_fill(const struct ingest_item *item, struct prepared *p,
			struct threads_error *err)
{
	int rc = digest_sha256(item->raw, item->raw_len, p->raw_sha256, err);

	if (rc < 0)
		return rc;
	p->uid = item->uid ? item->uid : ingest_uid_from_digest(p->raw_sha256);
	p->header_len = header_length(item->raw, item->raw_len);
	memcpy(p->digest, item->draft ? item->draft->digest : p->raw_sha256, DIGEST_LEN);
	return digest_sha256(item->raw + p->header_len, item->raw_len - p->header_len,
			     p->rest_sha256, err);
}

/* The parts of a message that is new. */
static int prepare_new(struct ingest *ingest, const struct ingest_item *item, struct prepared *p,
		       struct threads_error *err)
{
	const struct message_draft *draft = item->draft;
	int rc;

	if (!draft)
		return keep_raw(ingest, item, false, p, err);
	ingest->plain.len = 0;
	rc = check_rebuild(ingest, item, p, err);
	if (rc == 0 && !p->rebuilds)
		rc = keep_raw(ingest, item, ingest->plain.len > 0 && draft->html_length > 0, p,
			      err);
	if (rc == 0 && p->rebuilds) {
		p->blob_skeleton = draft->skeleton_length;
		p->blob_html = draft->html_length;
	}
	if (rc == 0 && draft->body_text.len > 0)
		rc = pack_into(ingest, &p->text, draft->body_text.text, draft->body_text.len,
			       TEXT_LEVEL, err);
	if (rc < 0)
		return rc;
	columns_fill(draft, p);
	preview_fill(&draft->body_text, &p->preview);
	rc = strbuf_check(&p->sender, err);
	if (rc == 0)
		rc = strbuf_check(&p->recipient, err);
	return rc == 0 ? strbuf_check(&p->filename, err) : rc;
}

int prepare_item(struct ingest *ingest, const struct ingest_item *item, struct prepared *p,
		 struct threads_error *err)
{
	int rc;

	prepared_reset(p);
	p->uid = item->uid;
	p->date_ms = date_pick(ingest, item);
	if (item->failure && !item->raw)
		return 0;
	if (item->uid) {
		rc = sighting_known(ingest, item->folder_id, item->uid, err);
		p->known = rc == 1;
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	rc = digests_fill(item, p, err);
	if (rc < 0 || item->failure)
		return rc;
	rc = duplicate_look(ingest, p, err);
	if (rc < 0 || p->duplicate)
		return rc;
	return prepare_new(ingest, item, p, err);
}
