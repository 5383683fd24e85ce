/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search_hit.h"

#include <zstd.h>

#include "core/utf8.h"

enum {
	SLICE_BYTES = 256 * 1024, /* of a body that is looked at first */
	RECIPIENTS_BYTES = 4096,
};

static const char sql_hit[] =
	"SELECT m.public_id, m.date_ms, m.sender_name, m.sender_address, m.subject, m.preview,"
	" m.attachment_count, c.public_id, m.conversation_id"
	" FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE m.id = :id";
static const char sql_hit_body[] =
	"SELECT text, text_bytes FROM message_body WHERE message_id = :id";

void search_hits_release(struct search_hits *hits)
{
	snippet_release(&hits->snippet);
	strbuf_release(&hits->text);
	ZSTD_freeDCtx(hits->zstd);
}

/* [["text", false], ["match", true], ...] */
static json_t *snippet_json(const struct snippet *snippet)
{
	const char *text = strbuf_str(&snippet->text);
	json_t *pieces = json_array();
	size_t at = 0;

	for (size_t i = 0; i <= snippet->mark_count; i++) {
		const bool last = i == snippet->mark_count;
		const size_t start = last ? snippet->text.len : snippet->marks[i].start;

		if (start > at)
			json_array_append_new(pieces,
					      json_pack("[s#b]", text + at, (int)(start - at), 0));
		if (last)
			break;
		json_array_append_new(pieces, json_pack("[s#b]", text + start,
							(int)(snippet->marks[i].end - start), 1));
		at = snippet->marks[i].end;
	}
	return pieces;
}

/* Decompresses the next part of a body into hits->text. */
static int body_slice(struct search_hits *hits, ZSTD_inBuffer *in, size_t most,
		      struct threads_error *err)
{
	AUTO_FREE char *out_data = malloc(most);
	ZSTD_outBuffer out = { .dst = out_data, .size = most };

	if (!out_data)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	while (out.pos < out.size && in->pos < in->size) {
		const size_t left = ZSTD_decompressStream(hits->zstd, &out, in);

		if (ZSTD_isError(left))
			return threads_error_set(err, THREADS_EIO, "a message's text is damaged");
		if (left == 0)
			break;
	}
	strbuf_reset(&hits->text);
	strbuf_add(&hits->text, out_data, utf8_cut(out_data, out.pos));
	return strbuf_check(&hits->text, err);
}

/* Subjects are shown whole. */
static int snippet_of(struct search_hits *hits, enum query_field field, const char *text,
		      size_t len, struct threads_error *err)
{
	const struct snippet_source source = { field, text, len, field == QUERY_SUBJECT };

	return snippet_make(hits->reader->tokenizer, hits->plan, &source, &hits->snippet, err);
}

/* Looks for the words in the body, slice by slice, while the page's budget lasts.
 * The begin of the first slice stays in hits->snippet if there is nothing better. */
static int body_snippet(struct search_hits *hits, const void *packed, size_t packed_len,
			size_t bytes, struct threads_error *err)
{
	ZSTD_inBuffer in = { .src = packed, .size = packed_len };
	size_t done = 0;

	if (!hits->zstd)
		hits->zstd = ZSTD_createDCtx();
	if (!hits->zstd)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	hits->text.max = SLICE_BYTES;
	ZSTD_DCtx_reset(hits->zstd, ZSTD_reset_session_only);
	while (done < bytes && hits->bytes_left > 0) {
		const size_t left = bytes - done;
		const size_t want = left < SLICE_BYTES ? left : SLICE_BYTES;
		int rc = body_slice(hits, &in, want, err);

		if (rc == 0)
			rc = snippet_of(hits, QUERY_TEXT, strbuf_str(&hits->text), hits->text.len,
					err);
		if (rc < 0)
			return rc;
		done += want;
		hits->bytes_left -= want < hits->bytes_left ? want : hits->bytes_left;
		if (hits->snippet.found)
			return 1;
	}
	return 0;
}

/* Words that can stand in a body were searched for. */
static bool body_was_searched(const struct search_plan *plan)
{
	for (size_t i = 0; i < plan->term_count; i++)
		if (plan->terms[i]->field == QUERY_TEXT)
			return true;
	return false;
}

static int snippet_put(struct search_hits *hits, int64_t id, const char *preview, json_t *hit,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(hits->reader->db, sql_hit_body);
	int rc = 0;

	query_bind_int(&q, ":id", id);
	if (body_was_searched(hits->plan) && hits->bytes_left > 0) {
		rc = query_step(&q, err);
		if (rc == 1) {
			size_t len;
			const void *packed = query_blob(&q, 0, &len);

			rc = body_snippet(hits, packed, len, (size_t)query_int(&q, 1), err);
		}
	}
	if (rc == 0)
		rc = snippet_of(hits, QUERY_TEXT, preview, strlen(preview), err);
	if (rc < 0)
		return rc;
	json_put(hit, "snippet", snippet_json(&hits->snippet));
	return 0;
}

static int subject_put(struct search_hits *hits, const char *subject, json_t *hit,
		       struct threads_error *err)
{
	int rc = snippet_of(hits, QUERY_SUBJECT, subject, strlen(subject), err);

	if (rc < 0)
		return rc;
	json_put_text(hit, "subject", subject);
	json_put(hit, "subject_marks", snippet_json(&hits->snippet));
	return 0;
}

static int conversation_put(struct search_hits *hits, const struct query *q, json_t *hit,
			    struct threads_error *err)
{
	json_t *conversation = json_object();
	int64_t count = 0;
	int rc = reader_conversation_size(hits->reader, query_int(q, 8), &count, err);

	json_put_text(conversation, "id", query_text(q, 7));
	json_put_int(conversation, "count", count);
	json_put(hit, "conversation", conversation);
	return rc;
}

static int recipients_put(struct search_hits *hits, int64_t id, json_t *hit,
			  struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(RECIPIENTS_BYTES);
	int rc = reader_recipients(hits->reader, id, &text, err);

	json_put_text(hit, "to_summary", strbuf_str(&text));
	return rc;
}

static int hit_fill(struct search_hits *hits, int64_t id, const struct query *q, json_t *hit,
		    struct threads_error *err)
{
	json_t *account = NULL;
	int rc;

	json_put_text(hit, "id", query_text(q, 0));
	json_put_text(hit, "type", "mail");
	json_put_time(hit, "date", query_int(q, 1));
	json_put(hit, "from", reader_person(query_text(q, 2), query_text(q, 3)));
	json_put_int(hit, "attachments", query_int(q, 6));
	rc = recipients_put(hits, id, hit, err);
	if (rc == 0)
		rc = subject_put(hits, query_text(q, 4), hit, err);
	if (rc == 0)
		rc = snippet_put(hits, id, query_text(q, 5), hit, err);
	if (rc == 0)
		rc = conversation_put(hits, q, hit, err);
	if (rc == 0)
		rc = reader_held_account(hits->reader, id, &account, err);
	if (rc == 0)
		json_put(hit, "account", account);
	return rc;
}

int search_hit_make(struct search_hits *hits, int64_t id, json_t **ret_hit,
		    struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(hits->reader->db, sql_hit);
	CLEANUP(json_freep) json_t *hit = json_object();
	int rc;

	query_bind_int(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == 1)
		rc = hit_fill(hits, id, &q, hit, err);
	else if (rc == 0)
		rc = threads_error_set(err, THREADS_EBUG, "a hit is gone within its transaction");
	if (rc < 0)
		return rc;
	*ret_hit = TAKE_PTR(hit);
	return 0;
}
