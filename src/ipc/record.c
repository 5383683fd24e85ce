/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/record_wire.h"

#include <stdlib.h>

#include "core/utf8.h"

struct cursor {
	const uint8_t *p, *end;
	const char *fault; /* NULL: all well so far; sticky */
};

static void fault(struct cursor *c, const char *what)
{
	if (!c->fault)
		c->fault = what;
	c->p = c->end;
}

static const uint8_t *get_bytes(struct cursor *c, size_t len)
{
	const uint8_t *at = c->p;

	if (len > (size_t)(c->end - c->p)) {
		fault(c, "is cut off");
		return NULL;
	}
	c->p += len;
	return at;
}

static uint64_t get_number(struct cursor *c, size_t bytes)
{
	const uint8_t *b = get_bytes(c, bytes);
	uint64_t value = 0;

	for (size_t i = 0; b && i < bytes; i++)
		value |= (uint64_t)b[i] << (8 * i);
	return value;
}

/* A number that must stay below limit. */
static uint32_t get_below(struct cursor *c, size_t bytes, uint32_t limit, const char *what)
{
	const uint64_t value = get_number(c, bytes);

	if (value < limit)
		return (uint32_t)value;
	fault(c, what);
	return 0;
}

static void get_text(struct cursor *c, size_t max, struct record_text *ret)
{
	const size_t len = (size_t)get_number(c, 4);
	const uint8_t *bytes;

	*ret = (struct record_text){ .text = "" };
	if (len > max) {
		fault(c, "has a text that is too long");
		return;
	}
	bytes = get_bytes(c, len + 1);
	if (!bytes)
		return;
	if (bytes[len] != 0 || !utf8_valid((const char *)bytes, len)) {
		fault(c, "has a text that is not UTF-8");
		return;
	}
	*ret = (struct record_text){ .text = (const char *)bytes, .len = len };
}

static void get_digest(struct cursor *c, uint8_t *out)
{
	const uint8_t *bytes = get_bytes(c, RECORD_DIGEST_SIZE);

	if (bytes)
		memcpy(out, bytes, RECORD_DIGEST_SIZE);
}

static void get_blob(struct cursor *c, struct record_blob *ret)
{
	ret->offset = get_number(c, 8);
	ret->length = get_number(c, 8);
}

/* Reads a count and makes the array. Every element takes at least min_size
 * bytes, so that a forged count cannot ask for more memory than was sent. */
static void *get_array(struct cursor *c, size_t max, size_t min_size, size_t element_size,
		       size_t *ret_count)
{
	const size_t count = (size_t)get_number(c, 4);
	void *array;

	if (c->fault || count == 0)
		return NULL;
	if (count > max || count > (size_t)(c->end - c->p) / min_size) {
		fault(c, "has a list that is too long");
		return NULL;
	}
	array = calloc(count, element_size);
	if (!array)
		fault(c, "does not fit into memory");
	else
		*ret_count = count;
	return array;
}

static void get_attachment(struct cursor *c, struct record_attachment *a)
{
	get_text(c, RECORD_TEXT_MAX, &a->filename);
	get_text(c, RECORD_TEXT_MAX, &a->content_type);
	get_text(c, RECORD_TEXT_MAX, &a->content_id);
	a->disposition = get_below(c, 1, RECORD_DISPOSITIONS, "has an odd disposition");
	a->storage = get_below(c, 1, RECORD_STORAGES, "has an odd storage");
	a->encoding = get_below(c, 1, TRANSFER_ENCODINGS, "has an odd encoding");
	a->crlf = get_below(c, 1, 2, "has an odd line end");
	a->compressed = get_below(c, 1, 2, "has an odd compression");
	a->line_length = get_below(c, 4, RECORD_LINE_MAX + 1, "has an odd line length");
	a->size = get_number(c, 8);
	get_digest(c, a->sha256);
	a->raw_offset = get_number(c, 8);
	a->raw_length = get_number(c, 8);
	get_blob(c, &a->data);
}

static void get_references(struct cursor *c, struct record *r)
{
	enum { SMALLEST = 5 };

	r->references = get_array(c, RECORD_REFERENCES_MAX, SMALLEST, sizeof(*r->references),
				  &r->reference_count);
	for (size_t i = 0; i < r->reference_count; i++)
		get_text(c, RECORD_TEXT_MAX, &r->references[i]);
}

static void get_participants(struct cursor *c, struct record *r)
{
	enum { SMALLEST = 11 };

	r->participants = get_array(c, RECORD_PARTICIPANTS_MAX, SMALLEST, sizeof(*r->participants),
				    &r->participant_count);
	for (size_t i = 0; i < r->participant_count; i++) {
		struct record_participant *p = &r->participants[i];

		p->role = get_below(c, 1, RECORD_ROLES, "has an odd role");
		get_text(c, RECORD_TEXT_MAX, &p->name);
		get_text(c, RECORD_TEXT_MAX, &p->address);
	}
}

static void get_attachments(struct cursor *c, struct record *r)
{
	enum { SMALLEST = 96 };

	r->attachments = get_array(c, RECORD_ATTACHMENTS_MAX, SMALLEST, sizeof(*r->attachments),
				   &r->attachment_count);
	for (size_t i = 0; i < r->attachment_count; i++)
		get_attachment(c, &r->attachments[i]);
}

/* ---- what must hold between the fields ---- */

uint64_t record_base64_length(uint64_t size, uint32_t line_length, bool crlf)
{
	const uint64_t characters = (size + 2) / 3 * 4;
	const uint64_t breaks = characters > 0 ? (characters - 1) / line_length : 0;

	return characters + breaks * (crlf ? 2 : 1);
}

static bool range_inside(uint64_t offset, uint64_t length, uint64_t whole)
{
	return offset <= whole && length <= whole - offset;
}

static const char *check_cut(const struct record_attachment *a, uint64_t blobs_length)
{
	enum { SIZE_MAX_SHIFT = 40 };

	if (a->encoding != TRANSFER_BASE64 || a->line_length == 0 || a->line_length % 4 != 0)
		return "cuts out what cannot be put back";
	if (a->size >> SIZE_MAX_SHIFT || a->size == 0 ||
	    a->raw_length != record_base64_length(a->size, a->line_length, a->crlf))
		return "has an attachment of the wrong length";
	if (!range_inside(a->data.offset, a->data.length, blobs_length) ||
	    (!a->compressed && a->data.length != a->size))
		return "has attachment data of the wrong length";
	return NULL;
}

static const char *check_in_raw(const struct record_attachment *a)
{
	if (a->line_length != 0 || a->crlf || a->compressed || a->data.length != 0 ||
	    a->data.offset != 0)
		return "gives data to an attachment that stays in the message";
	return NULL;
}

static const char *check_attachments(const struct record *r, uint64_t blobs_length)
{
	uint64_t cut = 0, behind_cut = 0, behind_raw = 0;

	for (size_t i = 0; i < r->attachment_count; i++) {
		const struct record_attachment *a = &r->attachments[i];
		const char *bad = NULL;

		if (!range_inside(a->raw_offset, a->raw_length, r->raw_length))
			return "has an attachment outside the message";
		bad = a->storage == RECORD_CUT ? check_cut(a, blobs_length) : check_in_raw(a);
		if (bad)
			return bad;
		if (a->raw_length == 0)
			continue;
		/* In order, and no cut inside an attachment that stays in the message. */
		if (a->raw_offset < behind_cut ||
		    (a->storage == RECORD_CUT && a->raw_offset < behind_raw))
			return "has attachments that overlap";
		if (a->storage == RECORD_CUT) {
			behind_cut = a->raw_offset + a->raw_length;
			cut += a->raw_length;
		} else if (behind_raw < a->raw_offset + a->raw_length) {
			behind_raw = a->raw_offset + a->raw_length;
		}
	}
	/* Disjoint ranges inside the message: cut <= raw_length. */
	return r->skeleton_length == r->raw_length - cut ? NULL
							 : "has a skeleton of the wrong length";
}

static const char *check_fields(const struct record *r, uint64_t blobs_length)
{
	if (r->flags & ~(uint32_t)RECORD_FLAGS_ALL)
		return "has odd flags";
	if (r->copy_state & ~(uint32_t)RECORD_COPY_ALL)
		return "has odd flags of the copy";
	if (!(r->flags & RECORD_HAS_DATE) && r->date_ms != 0)
		return "has a date and has none";
	if (r->html_length > RECORD_HTML_MAX)
		return "has too much HTML";
	if (!range_inside(r->message.offset, r->message.length, blobs_length))
		return "has a message outside the blobs";
	return check_attachments(r, blobs_length);
}

/* ---- whole records ---- */

void record_release(struct record *record)
{
	free(record->references);
	free(record->participants);
	free(record->attachments);
	*record = (struct record){ 0 };
}

static void get_record(struct cursor *c, struct record *r)
{
	if (get_number(c, 4) != RECORD_META_MAGIC)
		fault(c, "does not begin like one");
	r->flags = (uint32_t)get_number(c, 4);
	r->date_ms = (int64_t)get_number(c, 8);
	get_text(c, RECORD_TEXT_MAX, &r->message_id);
	get_text(c, RECORD_TEXT_MAX, &r->in_reply_to);
	get_text(c, RECORD_TEXT_MAX, &r->subject);
	get_text(c, RECORD_TEXT_MAX, &r->list_id);
	r->copy_state = (uint32_t)get_number(c, 4);
	get_text(c, RECORD_TEXT_MAX, &r->labels);
	get_text(c, RECORD_BODY_MAX, &r->body_text);
	get_references(c, r);
	get_participants(c, r);
	get_attachments(c, r);
	get_digest(c, r->digest);
	r->raw_length = get_number(c, 8);
	r->skeleton_length = get_number(c, 8);
	r->html_length = get_number(c, 8);
	get_blob(c, &r->message);
	if (c->p != c->end)
		fault(c, "has bytes left over");
}

int record_decode(const void *meta, size_t len, uint64_t blobs_length, struct record *ret_record,
		  struct threads_error *err)
{
	struct cursor c = { .p = meta, .end = (const uint8_t *)meta + len };
	struct record r = { 0 };

	if (len > RECORD_META_MAX)
		return threads_error_set(err, THREADS_EINVAL, "record is too long");
	get_record(&c, &r);
	if (!c.fault)
		c.fault = check_fields(&r, blobs_length);
	if (c.fault) {
		record_release(&r);
		return threads_error_set(err, THREADS_EINVAL, "record %s", c.fault);
	}
	*ret_record = r;
	return 0;
}

int record_next(const uint8_t *file, size_t len, size_t *offset, struct record_frame *ret_frame,
		const uint8_t **ret_blobs, struct record *ret_record, struct threads_error *err)
{
	struct record_frame frame = { 0 };
	struct cursor c = { .end = file + len };
	uint64_t magic, rest;
	int rc;

	if (*offset > len || len - *offset < RECORD_FRAME_SIZE)
		return 0;
	c.p = file + *offset;
	magic = get_number(&c, 4);
	frame.number = (uint32_t)get_number(&c, 4);
	frame.blobs_length = get_number(&c, 8);
	frame.meta_length = get_number(&c, 8);
	(void)get_number(&c, 8);
	if (magic == 0)
		return 0;
	rest = (uint64_t)(c.end - c.p);
	if (magic != RECORD_FRAME_MAGIC || frame.blobs_length > rest ||
	    frame.meta_length > rest - frame.blobs_length)
		return threads_error_set(err, THREADS_EINVAL, "record's frame is damaged");
	rc = record_decode(c.p + frame.blobs_length, (size_t)frame.meta_length, frame.blobs_length,
			   ret_record, err);
	if (rc < 0)
		return rc;
	*ret_frame = frame;
	*ret_blobs = c.p;
	*offset += RECORD_FRAME_SIZE + (size_t)(frame.blobs_length + frame.meta_length);
	return 1;
}
