/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/build.h"

#include "mime/address.h"
#include "mime/body.h"
#include "mime/date.h"
#include "mime/filename.h"
#include "mime/header.h"
#include "mime/notice.h"
#include "mime/part.h"
#include "mime/text_digest.h"
#include "parse/copy_state.h"
#include "parse/references.h"
#include "parse/text_pool.h"

/* One message while its record is made. */
struct build {
	struct builder *builder;
	const struct mime *mime;
	struct mime_message message;
	struct body body;
	struct record record;
	struct text_pool pool;
	uint8_t (*digests)[DIGEST_LEN]; /* per part, of its decoded content */
	enum record_role role;          /* of the addresses being read */
	bool cut;
};

int builder_open(struct builder *builder, struct mime *mime, int fd, struct threads_error *err)
{
	int rc;

	*builder = (struct builder){ .mime = mime, .meta = STRBUF_INIT(RECORD_META_MAX) };
	rc = packer_new(&builder->packer, err);
	if (rc == 0)
		rc = output_new(fd, &builder->output, err);
	if (rc < 0)
		builder_close(builder);
	return rc;
}

void builder_close(struct builder *builder)
{
	builder->packer = packer_free(builder->packer);
	builder->output = output_free(builder->output);
	strbuf_release(&builder->meta);
}

/* ---- headers ---- */

static struct record_text keep(struct build *b, const struct strbuf *text)
{
	b->cut |= text->failed;
	return text_pool_add(&b->pool, strbuf_str(text), text->len);
}

static struct record_text keep_header(struct build *b, const struct mime_part *part,
				      const char *name)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(RECORD_TEXT_MAX);

	mime_header_text(b->mime, part, name, &text);
	return keep(b, &text);
}

static bool take_first_id(void *arg, const char *id, size_t len)
{
	strbuf_add(arg, id, len);
	return false;
}

static struct record_text keep_id(struct build *b, const struct mime_part *part, bool own,
				  const char *name)
{
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(RECORD_TEXT_MAX);
	size_t len;
	const char *raw = own ? mime_own_header(part, name, &len) : mime_header(part, name, &len);

	if (raw)
		header_ids(raw, len, take_first_id, &id);
	return keep(b, &id);
}

static bool take_participant(void *arg, const char *name, const char *address)
{
	struct build *b = arg;
	struct record *r = &b->record;

	if (r->participant_count == RECORD_PARTICIPANTS_MAX) {
		b->cut = true;
		return false;
	}
	r->participants[r->participant_count++] = (struct record_participant){
		.role = b->role,
		.name = text_pool_add(&b->pool, name, strlen(name)),
		.address = text_pool_add(&b->pool, address, strlen(address)),
	};
	return true;
}

static void read_participants(struct build *b)
{
	static const char *const names[RECORD_ROLES] = {
		[RECORD_FROM] = "From", [RECORD_SENDER] = "Sender", [RECORD_REPLY_TO] = "Reply-To",
		[RECORD_TO] = "To",     [RECORD_CC] = "Cc",         [RECORD_BCC] = "Bcc",
	};

	b->record.participants = calloc(RECORD_PARTICIPANTS_MAX, sizeof(*b->record.participants));
	if (!b->record.participants) {
		b->pool.failed = true;
		return;
	}
	for (unsigned int role = 0; role < RECORD_ROLES; role++) {
		size_t len;
		const char *raw = mime_header(&b->message.parts[0], names[role], &len);

		b->role = role;
		if (raw)
			address_parse(b->mime->charsets, raw, len, take_participant, b);
	}
}

static void read_copy_state(struct build *b, const struct mime_part *root)
{
	CLEANUP(strbuf_release) struct strbuf labels = STRBUF_INIT(RECORD_TEXT_MAX);

	b->record.copy_state = copy_state_read(b->mime, root, &labels);
	b->record.labels = keep(b, &labels);
}

static void read_headers(struct build *b)
{
	const struct mime_part *root = &b->message.parts[0];
	struct record *r = &b->record;
	size_t len;
	const char *raw = mime_header(root, "Date", &len);

	if (raw && date_parse(raw, len, &r->date_ms))
		r->flags |= RECORD_HAS_DATE;
	r->message_id = keep_id(b, root, false, "Message-ID");
	r->in_reply_to = keep_id(b, root, false, "In-Reply-To");
	r->list_id = keep_id(b, root, false, "List-Id");
	r->subject = keep_header(b, root, "Subject");
	read_copy_state(b, root);
	read_participants(b);
	b->cut |= references_read(root, &b->pool, r);
}

/* ---- attachments ---- */

static enum record_disposition disposition_of(const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf token = STRBUF_INIT(100);
	size_t len;
	const char *raw = mime_own_header(part, "Content-Disposition", &len);

	if (raw)
		header_token(raw, len, &token);
	if (strcmp(strbuf_str(&token), "inline") == 0)
		return RECORD_INLINE;
	return token.len > 0 ? RECORD_ATTACHED : RECORD_UNSAID;
}

/* An attached message without a name is called after its subject. */
static void name_by_subject(struct build *b, const struct mime_part *part, struct strbuf *name)
{
	CLEANUP(strbuf_release) struct strbuf subject = STRBUF_INIT(RECORD_TEXT_MAX);

	mime_header_text(b->mime, part, "Subject", &subject);
	for (size_t i = 0; i < subject.len; i++)
		if (strchr("/\\", subject.data[i]))
			subject.data[i] = '_';
	strbuf_add_str(&subject, ".eml");
	filename_clean(name, strbuf_str(&subject), subject.len);
}

static struct record_text keep_filename(struct build *b, const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf raw = STRBUF_INIT(RECORD_TEXT_MAX);
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(RECORD_TEXT_MAX);

	mime_part_filename(b->mime, part, &raw);
	filename_clean(&name, strbuf_str(&raw), raw.len);
	if (name.len == 0 && part->kind == MIME_MESSAGE)
		name_by_subject(b, part, &name);
	return keep(b, &name);
}

/* The part's share in the duplicate key: the same however it was encoded on the way. */
static void digest_part(struct build *b, size_t i, const struct record_attachment *a)
{
	enum { TEXT_ATTACHMENT_MAX = 16 << 20 };
	const struct mime_part *part = &b->message.parts[i];
	CLEANUP(strbuf_release) struct strbuf scratch = STRBUF_INIT(TEXT_ATTACHMENT_MAX);
	const char *data;
	size_t len;

	if (strncmp(part->type, "text/", 5) != 0 || part->encoding == TRANSFER_BASE64 ||
	    part->length > TEXT_ATTACHMENT_MAX) {
		memcpy(b->digests[i], a->sha256, DIGEST_LEN);
		return;
	}
	mime_part_bytes(&b->message, part, &scratch, &data, &len);
	digest_begin(b->mime->digest);
	digest_add_text(b->mime->digest, data, len);
	digest_must_end(b->mime->digest, b->digests[i]);
}

static void read_attachment(struct build *b, size_t i, struct record_attachment *a)
{
	const struct mime_part *part = &b->message.parts[i];
	const bool own = !(b->body.use[i] & BODY_NESTED) && part->kind == MIME_LEAF;

	a->content_type = text_pool_add(&b->pool, part->type, strlen(part->type));
	a->filename = keep_filename(b, part);
	a->content_id = keep_id(b, part, true, "Content-ID");
	a->disposition = disposition_of(part);
	pack_attachment(b->builder->packer, b->mime, &b->message, part, own, b->builder->output, a);
	if (part->kind == MIME_LEAF)
		digest_part(b, i, a);
}

static void read_attachments(struct build *b)
{
	struct record *r = &b->record;
	size_t count = 0;

	for (size_t i = 1; i < b->message.count; i++)
		count += (b->body.use[i] & BODY_ATTACHMENT) != 0;
	if (count > RECORD_ATTACHMENTS_MAX) {
		count = RECORD_ATTACHMENTS_MAX;
		b->cut = true;
	}
	if (count == 0)
		return;
	r->attachments = calloc(count, sizeof(*r->attachments));
	if (!r->attachments) {
		b->pool.failed = true;
		return;
	}
	for (size_t i = 1; i < b->message.count && r->attachment_count < count; i++)
		if (b->body.use[i] & BODY_ATTACHMENT)
			read_attachment(b, i, &r->attachments[r->attachment_count++]);
}

/* ---- the whole ---- */

/* SHA-256 over Message-ID, date, sender, subject and the decoded parts. */
static void digest_all(struct build *b)
{
	const struct record *r = &b->record;
	struct digest *digest = b->mime->digest;
	uint8_t date[8];

	digest_begin(digest);
	/* What says neither who nor when is not told from other garbage by its words. */
	if (r->message_id.len == 0 && !(r->flags & RECORD_HAS_DATE) && r->participant_count == 0)
		digest_add(digest, b->message.data, b->message.len);
	digest_add(digest, r->message_id.text, r->message_id.len + 1);
	for (size_t i = 0; i < sizeof(date); i++)
		date[i] = (uint8_t)((uint64_t)r->date_ms >> (8 * i));
	digest_add(digest, date, sizeof(date));
	for (size_t i = 0; i < r->participant_count && r->participants[i].role == RECORD_FROM; i++)
		digest_add(digest, r->participants[i].address.text,
			   r->participants[i].address.len + 1);
	digest_add(digest, r->subject.text, r->subject.len + 1);
	for (size_t i = 1; i < b->message.count; i++)
		if (b->message.parts[i].kind == MIME_LEAF)
			digest_add(digest, b->digests[i], DIGEST_LEN);
	digest_must_end(digest, b->record.digest);
}

static void read_notice(struct build *b)
{
	struct record *r = &b->record;
	const char *sender = r->participant_count > 0 && r->participants[0].role == RECORD_FROM
				     ? r->participants[0].address.text
				     : "";
	const struct notice notice =
		notice_find(&b->message.parts[0], sender, r->subject.text, &b->body);

	r->flags |= notice.own ? RECORD_OWN_NOTICE : 0;
	r->flags |= notice.auto_submitted ? RECORD_AUTO_SUBMITTED : 0;
	r->flags |= notice.bulk ? RECORD_BULK : 0;
	r->flags |= notice.one_time_code ? RECORD_ONE_TIME_CODE : 0;
	r->flags |= b->body.encrypted ? RECORD_ENCRYPTED : 0;
	r->flags |= b->cut || b->body.cut ? RECORD_TEXT_CUT : 0;
}

static int finish(struct build *b, uint32_t number, struct threads_error *err)
{
	struct builder *builder = b->builder;
	int rc;

	pack_message(builder->packer, &b->message, &b->body.html, builder->output, &b->record);
	if (b->pool.failed)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	strbuf_reset(&builder->meta);
	rc = record_encode(&b->record, &builder->meta, err);
	return rc < 0 ? rc : output_end(builder->output, number, &builder->meta, err);
}

static int build_readable(struct build *b, uint32_t number, struct threads_error *err)
{
	int rc;

	b->digests = calloc(b->message.count, sizeof(*b->digests));
	if (!b->digests)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = body_read(b->mime, &b->message, b->digests, &b->body, err);
	if (rc < 0)
		return rc;
	b->record.body_text = (struct record_text){ strbuf_str(&b->body.text), b->body.text.len };
	read_headers(b);
	read_attachments(b);
	digest_all(b);
	read_notice(b);
	return finish(b, number, err);
}

/* Only the bytes and their digest. */
static int build_unreadable(struct builder *builder, uint32_t number, const char *raw, size_t len,
			    struct threads_error *err)
{
	struct build b = { .builder = builder,
			   .mime = builder->mime,
			   .message = { .data = raw, .len = len } };

	output_begin(builder->output);
	b.record.flags = RECORD_UNREADABLE;
	digest_begin(b.mime->digest);
	digest_add(b.mime->digest, raw, len);
	digest_must_end(b.mime->digest, b.record.digest);
	return finish(&b, number, err);
}

int build_message(struct builder *builder, uint32_t number, const char *raw, size_t len,
		  struct threads_error *err)
{
	struct build b = { .builder = builder, .mime = builder->mime };
	int rc;

	output_begin(builder->output);
	rc = mime_message_parse(raw, len, &b.message, err);
	if (rc == 0)
		rc = build_readable(&b, number, err);
	record_release(&b.record);
	body_release(&b.body);
	free(b.digests);
	text_pool_release(&b.pool);
	mime_message_release(&b.message);
	if (rc == THREADS_EINVAL || rc == THREADS_ELIMIT)
		rc = build_unreadable(builder, number, raw, len, err);
	return rc;
}
