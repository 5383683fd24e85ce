/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/pack.h"

#include <zstd.h>

#include "core/phrases.h"
#include "ipc/record.h"
#include "mime/text_digest.h"
#include "parse/fold.h"

enum {
	LEVEL = 3,
	CHUNK = 96 << 10,    /* decoded bytes at a time; a multiple of 3 */
	WHOLE_MAX = 1 << 20, /* smaller ones are compressed in one call */
	CUT_MIN = 512,       /* encoded bytes; below, a blob of its own costs more than it saves */
	WORTH_PERCENT = 97,  /* compressed data must be smaller than this */
};

struct packer {
	ZSTD_CCtx *zstd;
	char *packed; /* packed_size bytes */
	size_t packed_size;
	char *whole;          /* WHOLE_MAX bytes: pieces of a message side by side */
	struct strbuf prefix; /* of the message in hand */
	struct fold fold;     /* of the message in hand */
	char chunk[CHUNK];
};

int packer_new(struct packer **ret_packer, struct threads_error *err)
{
	struct packer *packer = calloc(1, sizeof(*packer));

	if (packer) {
		packer->zstd = ZSTD_createCCtx();
		packer->packed_size = ZSTD_compressBound(WHOLE_MAX);
		packer->packed = malloc(packer->packed_size);
		packer->whole = malloc(WHOLE_MAX);
		packer->prefix = (struct strbuf)STRBUF_INIT(PHRASES_MAX + 2 * RECORD_BODY_MAX);
	}
	if (!packer || !packer->zstd || !packer->packed || !packer->whole) {
		packer_free(packer);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, LEVEL);
	/* A text that was changed in hub.db is found out by the frame that refers to it. */
	ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1);
	*ret_packer = packer;
	return 0;
}

struct packer *packer_free(struct packer *packer)
{
	if (!packer)
		return NULL;
	ZSTD_freeCCtx(packer->zstd);
	free(packer->packed);
	free(packer->whole);
	strbuf_release(&packer->prefix);
	fold_release(&packer->fold);
	free(packer);
	return NULL;
}

void packer_freep(struct packer **packer)
{
	*packer = packer_free(*packer);
}

/* zstd fails for lack of memory only; a record without its bytes must not go out. */
static size_t must(size_t rc)
{
	if (ZSTD_isError(rc))
		abort();
	return rc;
}

static size_t pack_whole(struct packer *p, const void *data, size_t len)
{
	return must(ZSTD_compress2(p->zstd, p->packed, p->packed_size, data, len));
}

static void stream_begin(struct packer *p, uint64_t size)
{
	must(ZSTD_CCtx_reset(p->zstd, ZSTD_reset_session_only));
	must(ZSTD_CCtx_setPledgedSrcSize(p->zstd, size));
}

static void stream_add(struct packer *p, const void *data, size_t len, bool last,
		       struct output *output)
{
	ZSTD_inBuffer in = { data, len, 0 };
	const ZSTD_EndDirective how = last ? ZSTD_e_end : ZSTD_e_continue;
	size_t left;

	do {
		ZSTD_outBuffer out = { p->packed, p->packed_size, 0 };

		left = must(ZSTD_compressStream2(p->zstd, &out, &in, how));
		output_add(output, out.dst, out.pos);
	} while (last ? left > 0 : in.pos < in.size);
}

/* ---- attachments ---- */

/* Decoded size of base64 that keeps to its layout to the end. */
static uint64_t exact_size(const char *data, const struct transfer_layout *layout)
{
	const size_t line = layout->line_length + (layout->crlf ? 2 : 1);
	const size_t lines = layout->length / line;
	const size_t characters = lines * layout->line_length + layout->length % line;
	size_t size = characters / 4 * 3;

	for (size_t i = 1; i <= 2 && size > 0 && data[layout->length - i] == '='; i++)
		size--;
	return size;
}

struct cutter {
	struct packer *packer;
	const struct mime *mime;
	struct output *output;
	struct transfer_exact exact;
	uint64_t size;
	bool compress;
};

/* One decoded chunk. The first one decides whether compressing is worth it. */
static void cut_chunk(struct cutter *c, size_t n, bool first, bool last)
{
	struct packer *p = c->packer;

	digest_add(c->mime->digest, p->chunk, n);
	if (first) {
		const size_t packed = pack_whole(p, p->chunk, n);

		c->compress = packed < n / 100 * WORTH_PERCENT;
		if (c->compress && last) {
			output_add(c->output, p->packed, packed);
			return;
		}
		if (c->compress)
			stream_begin(p, c->size);
	}
	if (c->compress)
		stream_add(p, p->chunk, n, last, c->output);
	else
		output_add(c->output, p->chunk, n);
}

/* Returns whether all of it kept to the layout; if not, nothing is left in output. */
static bool cut(struct cutter *c, struct record_attachment *a)
{
	const uint64_t start = output_position(c->output);
	uint64_t done = 0;
	size_t n;

	digest_begin(c->mime->digest);
	while ((n = transfer_exact_read(&c->exact, c->packer->chunk, CHUNK)) > 0) {
		if (done + n > c->size)
			break;
		cut_chunk(c, n, done == 0, done + n == c->size);
		done += n;
	}
	digest_must_end(c->mime->digest, a->sha256);
	if (c->exact.broken || done != c->size || done == 0) {
		output_rewind(c->output, start);
		return false;
	}
	a->storage = RECORD_CUT;
	a->encoding = TRANSFER_BASE64;
	a->size = c->size;
	a->raw_length = c->exact.layout.length;
	a->line_length = c->exact.layout.line_length;
	a->crlf = c->exact.layout.crlf;
	a->compressed = c->compress;
	a->data = (struct record_blob){ start, output_position(c->output) - start };
	return true;
}

static bool try_cut(struct packer *packer, const struct mime *mime,
		    const struct mime_message *message, const struct mime_part *part,
		    struct output *output, struct record_attachment *a)
{
	const char *data = message->data + part->offset;
	struct cutter c = { .packer = packer, .mime = mime, .output = output };
	struct transfer_layout layout;

	if (part->encoding != TRANSFER_BASE64 || part->length < CUT_MIN ||
	    !transfer_layout_find(data, part->length, &layout) ||
	    layout.line_length > RECORD_LINE_MAX)
		return false;
	c.size = exact_size(data, &layout);
	transfer_exact_begin(&c.exact, &layout, data);
	return cut(&c, a);
}

static void hash_in_raw(struct packer *packer, const struct mime *mime,
			const struct mime_message *message, const struct mime_part *part,
			struct record_attachment *a)
{
	struct transfer_reader reader;
	size_t n;

	digest_begin(mime->digest);
	transfer_begin(&reader, part->encoding, message->data + part->offset, part->length);
	for (a->size = 0; (n = transfer_read(&reader, packer->chunk, CHUNK)) > 0; a->size += n)
		digest_add(mime->digest, packer->chunk, n);
	digest_must_end(mime->digest, a->sha256);
}

void pack_attachment(struct packer *packer, const struct mime *mime,
		     const struct mime_message *message, const struct mime_part *part, bool may_cut,
		     struct output *output, struct record_attachment *a)
{
	a->raw_offset = part->offset;
	if (may_cut && try_cut(packer, mime, message, part, output, a))
		return;
	a->storage = RECORD_IN_RAW;
	a->encoding = part->encoding;
	a->raw_length = part->length;
	hash_in_raw(packer, mime, message, part, a);
}

/* ---- the message ---- */

struct pieces {
	struct packer *packer;
	struct output *output;
	bool stream;
	size_t fill; /* of whole, when not streaming */
	size_t run;  /* of the fold, the next one */
	uint64_t left;
};

static void piece_add(struct pieces *s, const void *data, size_t len)
{
	if (len == 0)
		return;
	s->left -= len;
	if (s->stream) {
		stream_add(s->packer, data, len, s->left == 0, s->output);
		return;
	}
	memcpy(s->packer->whole + s->fill, data, len);
	s->fill += len;
}

/* raw from at to end, without what was folded there. */
static void add_range(struct pieces *s, const char *raw, size_t at, size_t end)
{
	const struct fold *fold = &s->packer->fold;

	for (; s->run < fold->count && fold->raw_offset[s->run] < end; s->run++) {
		piece_add(s, raw + at, (size_t)fold->raw_offset[s->run] - at);
		at = (size_t)fold->raw_offset[s->run] + fold->runs[s->run].length;
	}
	piece_add(s, raw + at, end - at);
}

static void add_skeleton(struct pieces *s, const struct mime_message *m,
			 const struct record *record)
{
	size_t at = 0;

	for (size_t i = 0; i < record->attachment_count; i++) {
		const struct record_attachment *a = &record->attachments[i];

		if (a->storage != RECORD_CUT)
			continue;
		add_range(s, m->data, at, (size_t)a->raw_offset);
		at = (size_t)(a->raw_offset + a->raw_length);
	}
	add_range(s, m->data, at, m->len);
}

/* What is compressed next refers to the text, which is stored once already. */
static void prefix_refer(struct packer *p, const struct mime_message *m,
			 const struct record_text *text)
{
	const bool crlf = phrases_crlf(m->data, m->len);

	if (phrases_prefix(&p->prefix, text->text, text->len, crlf, NULL) < 0)
		abort(); /* for lack of memory, as in must() */
	must(ZSTD_CCtx_refPrefix(p->zstd, p->prefix.data, p->prefix.len));
}

static void fold_parts(struct packer *p, const struct mime_message *m, const struct record *record)
{
	fold_find(&p->fold, m, record);
	if (p->fold.folded.failed)
		abort(); /* for lack of memory, as in must() */
}

void pack_message(struct packer *packer, const struct mime_message *message,
		  const struct strbuf *html, struct output *output, struct record *record)
{
	struct pieces s = { .packer = packer, .output = output };
	const struct strbuf *folded = &packer->fold.folded;
	uint64_t cut_bytes = 0;

	for (size_t i = 0; i < record->attachment_count; i++)
		if (record->attachments[i].storage == RECORD_CUT)
			cut_bytes += record->attachments[i].raw_length;
	record->raw_length = message->len;
	record->skeleton_length = message->len - cut_bytes;
	record->html_length = html->len;
	record->message.offset = output_position(output);
	fold_parts(packer, message, record);
	s.left = folded->len + record->skeleton_length - packer->fold.raw_bytes + html->len;
	s.stream = s.left > WHOLE_MAX;
	if (s.stream)
		stream_begin(packer, s.left);
	prefix_refer(packer, message, &record->body_text);
	piece_add(&s, folded->data, folded->len);
	add_skeleton(&s, message, record);
	piece_add(&s, strbuf_str(html), html->len);
	if (!s.stream)
		output_add(output, packer->packed, pack_whole(packer, packer->whole, s.fill));
	record->message.length = output_position(output) - record->message.offset;
}
