/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/fold.h"

enum {
	RUN_MIN = 64, /* encoded bytes; below, the head costs more than it saves */
	CHUNK = 6 << 10,
};

void fold_release(struct fold *fold)
{
	strbuf_release(&fold->folded);
}

/* A walk over the parts, beside the attachments that left the skeleton. */
struct walk {
	struct fold *fold;
	struct strbuf bytes;
	const struct record *record;
	size_t attachment;
	uint64_t cut;    /* bytes before here that are not in the skeleton */
	uint64_t behind; /* of the last range that was cut or folded */
};

/* Steps over the attachments that begin before the part or with it. */
static void pass_attachments(struct walk *w, uint64_t offset)
{
	for (; w->attachment < w->record->attachment_count; w->attachment++) {
		const struct record_attachment *a = &w->record->attachments[w->attachment];

		if (a->storage != RECORD_CUT)
			continue;
		if (a->raw_offset > offset)
			break;
		w->cut += a->raw_length;
		w->behind = a->raw_offset + a->raw_length;
	}
}

/* Decodes what keeps to the layout to its end; else bytes stays as it was. */
static bool decode(struct strbuf *bytes, const struct transfer_layout *layout, const char *data)
{
	const size_t before = bytes->len;
	struct transfer_exact exact;
	char chunk[CHUNK];
	size_t n;

	transfer_exact_begin(&exact, layout, data);
	while ((n = transfer_exact_read(&exact, chunk, sizeof(chunk))) > 0)
		strbuf_add(bytes, chunk, n);
	if (!exact.broken && !bytes->failed && bytes->len > before)
		return true;
	bytes->len = before;
	return false;
}

static void fold_part(struct walk *w, const char *data, const struct mime_part *part)
{
	struct fold *fold = w->fold;
	const size_t before = w->bytes.len;
	struct transfer_layout layout;

	if (part->kind != MIME_LEAF || part->encoding != TRANSFER_BASE64 ||
	    part->length < RUN_MIN || part->length > FOLD_BYTES_MAX - before)
		return;
	pass_attachments(w, part->offset);
	if (part->offset < w->behind ||
	    !transfer_layout_find(data + part->offset, part->length, &layout) ||
	    layout.line_length > RECORD_LINE_MAX ||
	    !decode(&w->bytes, &layout, data + part->offset))
		return;
	fold->raw_offset[fold->count] = part->offset;
	fold->raw_bytes += layout.length;
	fold->runs[fold->count++] = (struct fold_run){
		.offset = (uint32_t)(part->offset - w->cut),
		.length = (uint32_t)layout.length,
		.size = (uint32_t)(w->bytes.len - before),
		.line_length = layout.line_length,
		.crlf = layout.crlf,
	};
	w->behind = part->offset + layout.length;
}

void fold_find(struct fold *fold, const struct mime_message *message, const struct record *record)
{
	struct walk w = { .fold = fold, .bytes = STRBUF_INIT(FOLD_BYTES_MAX), .record = record };

	fold->count = 0;
	fold->raw_bytes = 0;
	strbuf_reset(&fold->folded);
	fold->folded.max = FOLD_HEAD_MAX + FOLD_BYTES_MAX;
	for (size_t i = 0; i < message->count && fold->count < FOLD_RUNS_MAX; i++)
		fold_part(&w, message->data, &message->parts[i]);
	fold_head_append(&fold->folded, fold->runs, fold->count);
	strbuf_add(&fold->folded, strbuf_str(&w.bytes), w.bytes.len);
	strbuf_release(&w.bytes);
}
