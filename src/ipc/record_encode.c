/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/record_wire.h"

static void put_number(struct strbuf *out, uint64_t value, size_t bytes)
{
	uint8_t b[8];

	for (size_t i = 0; i < bytes; i++)
		b[i] = (uint8_t)(value >> (8 * i));
	strbuf_add(out, b, bytes);
}

static void put_u8(struct strbuf *out, unsigned int value)
{
	put_number(out, value, 1);
}

static void put_u32(struct strbuf *out, uint64_t value)
{
	put_number(out, value, 4);
}

static void put_u64(struct strbuf *out, uint64_t value)
{
	put_number(out, value, 8);
}

static void put_text(struct strbuf *out, const struct record_text *text)
{
	put_u32(out, text->len);
	strbuf_add(out, text->text, text->len);
	put_u8(out, 0);
}

static void put_blob(struct strbuf *out, const struct record_blob *blob)
{
	put_u64(out, blob->offset);
	put_u64(out, blob->length);
}

static void put_attachment(struct strbuf *out, const struct record_attachment *a)
{
	put_text(out, &a->filename);
	put_text(out, &a->content_type);
	put_text(out, &a->content_id);
	put_u8(out, a->disposition);
	put_u8(out, a->storage);
	put_u8(out, a->encoding);
	put_u8(out, a->crlf);
	put_u8(out, a->compressed);
	put_u32(out, a->line_length);
	put_u64(out, a->size);
	strbuf_add(out, a->sha256, sizeof(a->sha256));
	put_u64(out, a->raw_offset);
	put_u64(out, a->raw_length);
	put_blob(out, &a->data);
}

static void put_lists(struct strbuf *out, const struct record *r)
{
	put_u32(out, r->reference_count);
	for (size_t i = 0; i < r->reference_count; i++)
		put_text(out, &r->references[i]);
	put_u32(out, r->participant_count);
	for (size_t i = 0; i < r->participant_count; i++) {
		put_u8(out, r->participants[i].role);
		put_text(out, &r->participants[i].name);
		put_text(out, &r->participants[i].address);
	}
	put_u32(out, r->attachment_count);
	for (size_t i = 0; i < r->attachment_count; i++)
		put_attachment(out, &r->attachments[i]);
}

static const char *check_counts(const struct record *r)
{
	if (r->reference_count > RECORD_REFERENCES_MAX ||
	    r->participant_count > RECORD_PARTICIPANTS_MAX ||
	    r->attachment_count > RECORD_ATTACHMENTS_MAX)
		return "has a list that is too long";
	return NULL;
}

static void put_record(struct strbuf *out, const struct record *r)
{
	put_u32(out, RECORD_META_MAGIC);
	put_u32(out, r->flags);
	put_u64(out, (uint64_t)r->date_ms);
	put_text(out, &r->message_id);
	put_text(out, &r->in_reply_to);
	put_text(out, &r->subject);
	put_text(out, &r->list_id);
	put_u32(out, r->copy_state);
	put_text(out, &r->labels);
	put_text(out, &r->body_text);
	put_lists(out, r);
	strbuf_add(out, r->digest, sizeof(r->digest));
	put_u64(out, r->raw_length);
	put_u64(out, r->skeleton_length);
	put_u64(out, r->html_length);
	put_blob(out, &r->message);
}

int record_encode(const struct record *record, struct strbuf *out, struct threads_error *err)
{
	const size_t start = out->len;
	const char *bad = check_counts(record);
	struct record check = { 0 };
	int rc;

	if (bad)
		return threads_error_set(err, THREADS_ELIMIT, "record %s", bad);
	put_record(out, record);
	rc = strbuf_check(out, err);
	if (rc < 0)
		return rc;
	/* Read back what was written: one list of rules, and no sender can break it unseen. */
	rc = record_decode(strbuf_str(out) + start, out->len - start, UINT64_MAX, &check, err);
	record_release(&check);
	return rc;
}

void record_frame_encode(const struct record_frame *frame, uint8_t out[RECORD_FRAME_SIZE])
{
	const uint64_t fields[] = { RECORD_FRAME_MAGIC | (uint64_t)frame->number << 32,
				    frame->blobs_length, frame->meta_length, 0 };

	for (size_t i = 0; i < RECORD_FRAME_SIZE; i++)
		out[i] = (uint8_t)(fields[i / 8] >> (8 * (i % 8)));
}
