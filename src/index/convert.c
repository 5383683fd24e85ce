/* SPDX-License-Identifier: Apache-2.0 */
#include "index/convert.h"

/* Both sides name the same numbers; a change of one must not pass the compiler. */
_Static_assert((int)MESSAGE_UNREADABLE == (int)RECORD_UNREADABLE, "flags differ");
_Static_assert((int)MESSAGE_HAS_DATE == (int)RECORD_HAS_DATE, "flags differ");
_Static_assert((int)MESSAGE_FLAGS_KEPT == (int)RECORD_FLAGS_ALL, "flags differ");
_Static_assert((int)SIGHTING_DRAFT == (int)RECORD_COPY_DRAFT, "flags differ");
_Static_assert((int)SIGHTING_STATE_UNKNOWN == (int)RECORD_COPY_UNKNOWN, "flags differ");
_Static_assert((int)DRAFT_FROM == (int)RECORD_FROM && (int)DRAFT_BCC == (int)RECORD_BCC,
	       "roles differ");

static struct draft_text text_of(struct record_text text)
{
	return (struct draft_text){ text.text, text.len };
}

static struct draft_text *convert_references(const struct record *record)
{
	struct draft_text *out = calloc(record->reference_count + 1, sizeof(*out));

	for (size_t i = 0; out && i < record->reference_count; i++)
		out[i] = text_of(record->references[i]);
	return out;
}

static struct draft_participant *convert_participants(const struct record *record)
{
	struct draft_participant *out = calloc(record->participant_count + 1, sizeof(*out));

	for (size_t i = 0; out && i < record->participant_count; i++) {
		const struct record_participant *p = &record->participants[i];

		out[i] = (struct draft_participant){ (enum draft_role)p->role, text_of(p->name),
						     text_of(p->address) };
	}
	return out;
}

static struct draft_attachment convert_attachment(const struct record_attachment *a,
						  const uint8_t *blobs)
{
	const bool cut = a->storage == RECORD_CUT;

	return (struct draft_attachment){
		.filename = text_of(a->filename),
		.content_type = text_of(a->content_type),
		.content_id = text_of(a->content_id),
		.disposition = (int)a->disposition,
		.encoding = (int)a->encoding,
		.cut = cut,
		.size = a->size,
		.raw_offset = a->raw_offset,
		.raw_length = a->raw_length,
		.line_length = a->line_length,
		.crlf = a->crlf,
		.compressed = a->compressed,
		.data = cut ? blobs + a->data.offset : NULL,
		.data_len = cut ? a->data.length : 0,
	};
}

static struct draft_attachment *convert_attachments(const struct record *record,
						    const uint8_t *blobs)
{
	struct draft_attachment *out = calloc(record->attachment_count + 1, sizeof(*out));

	for (size_t i = 0; out && i < record->attachment_count; i++)
		out[i] = convert_attachment(&record->attachments[i], blobs);
	return out;
}

int convert_record(const struct record *record, const uint8_t *blobs, struct message_draft *draft,
		   void *ret_arrays[CONVERT_ARRAYS], struct threads_error *err)
{
	AUTO_FREE struct draft_text *references = convert_references(record);
	AUTO_FREE struct draft_participant *participants = convert_participants(record);
	AUTO_FREE struct draft_attachment *attachments = convert_attachments(record, blobs);

	if (!references || !participants || !attachments)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*draft = (struct message_draft){
		.flags = record->flags,
		.sent_ms = record->date_ms,
		.header_id = text_of(record->message_id),
		.in_reply_to = text_of(record->in_reply_to),
		.subject = text_of(record->subject),
		.list_id = text_of(record->list_id),
		.copy_flags = record->copy_state,
		.labels = text_of(record->labels),
		.body_text = text_of(record->body_text),
		.references = references,
		.reference_count = record->reference_count,
		.participants = participants,
		.participant_count = record->participant_count,
		.attachments = attachments,
		.attachment_count = record->attachment_count,
		.skeleton_length = record->skeleton_length,
		.html_length = record->html_length,
		.packed = blobs + record->message.offset,
		.packed_len = record->message.length,
	};
	memcpy(draft->digest, record->digest, sizeof(draft->digest));
	ret_arrays[0] = TAKE_PTR(references);
	ret_arrays[1] = TAKE_PTR(participants);
	ret_arrays[2] = TAKE_PTR(attachments);
	return 0;
}
