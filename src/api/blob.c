/* SPDX-License-Identifier: Apache-2.0 */
#include "api/blob.h"

#include <ctype.h>

#include "core/utf8.h"
#include "ipc/memfd.h"

enum { HEADER_BYTES_MAX = 16 * 1024 * 1024, HEADER_VALUE_MAX = 64 * 1024 };

int blob_question(struct frame *f, const struct reader_blob *blob, int kind,
		  struct threads_error *err)
{
	const bool large = blob->recipe.len > BLOB_RECIPE_INLINE_MAX;
	int fd = -1, rc = 0;

	if (large)
		rc = memfd_from("recipe", blob->recipe.data, blob->recipe.len, &fd, err);
	if (rc < 0)
		return rc;
	frame_begin(f, INDEX_BLOB, 0);
	frame_put_int(f, blob->row_id);
	frame_put_int(f, kind);
	frame_put_bytes(f, blob->recipe.data, large ? 0 : blob->recipe.len);
	if (large) {
		frame_put_fd(f, fd);
		f->owns_fds = true;
	}
	return 0;
}

static void blob_is(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;
	struct threads_error why = { 0 };
	int64_t length;
	int fd;

	if (!exchange_answered(ex, rc, err))
		return;
	length = frame_get_int_in(f, 0, INT64_MAX);
	fd = frame_get_fd(f);
	rc = frame_get_end(f, &why);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		exchange_reply_error(ex, rc, &why);
		return;
	}
	ex->blob_sent(ex, fd, length);
}

static void blob_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	struct exchange *ex = arg;
	struct threads_error why = { 0 };

	(void)f;
	if (!exchange_answered(ex, rc, err))
		return;
	rc = blob_question(&question, &ex->blob, ex->blob_kind, &why);
	if (rc == 0)
		rc = exchange_ask(ex, ROLE_INDEX, &question, QUESTION_REPEAT, blob_is, &why);
	if (rc < 0)
		exchange_reply_error(ex, rc, &why);
}

int blob_send(struct exchange *ex, int kind, const char *attachment_id, const char *action,
	      blob_sent_fn *fn, struct threads_error *err)
{
	int rc = reader_blob(ex->api->reader, &ex->viewer, kind, ex->ids[0], attachment_id,
			     &ex->blob, err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		exchange_reply_not_found(ex);
		return 0;
	}
	ex->blob_kind = kind;
	ex->blob_sent = fn;
	return exchange_audit(ex, action, ex->ids[0], attachment_id, blob_audited, err);
}

/* ---- headers ---------------------------------------------------------------------------- */

/* One header field, folded lines included: its end. */
static const char *field_end(const char *p, const char *end)
{
	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));

		p = line_end ? line_end + 1 : end;
		if (p == end || (*p != ' ' && *p != '\t'))
			break;
	}
	return p;
}

/* Folds are white space; what surrounds the value is none of it. */
static void value_append(struct strbuf *out, const char *p, const char *end)
{
	CLEANUP(strbuf_release) struct strbuf flat = STRBUF_INIT(HEADER_VALUE_MAX);

	while (p < end && isspace((unsigned char)*p))
		p++;
	while (end > p && isspace((unsigned char)end[-1]))
		end--;
	if (end - p > HEADER_VALUE_MAX / 4)
		end = p + HEADER_VALUE_MAX / 4;
	for (; p < end; p++)
		if (*p != '\r' && *p != '\n')
			strbuf_add_char(&flat, *p);
	utf8_append_repaired(out, strbuf_str(&flat), flat.len);
}

static void field_add(json_t *list, const char *p, const char *end)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(3000);
	CLEANUP(strbuf_release) struct strbuf value = STRBUF_INIT(HEADER_VALUE_MAX);
	const char *colon = memchr(p, ':', (size_t)(end - p));

	if (!colon || colon - p > 998)
		return;
	utf8_append_repaired(&name, p, (size_t)(colon - p));
	value_append(&value, colon + 1, end);
	json_array_append_new(list, json_pack("[ss]", strbuf_str(&name), strbuf_str(&value)));
}

int blob_headers_json(int fd, int64_t length, json_t **ret_json, struct threads_error *err)
{
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	json_t *list = json_array();
	const char *p, *end;
	int rc = memfd_map(fd, HEADER_BYTES_MAX, &view, err);

	if (rc < 0 || !list) {
		json_decref(list);
		return rc < 0 ? rc : threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	(void)length;
	p = (const char *)view.data;
	end = p ? p + view.len : p;
	while (p < end && *p != '\r' && *p != '\n' && json_array_size(list) < BLOB_HEADERS_MAX) {
		const char *next = field_end(p, end);

		field_add(list, p, next);
		p = next;
	}
	*ret_json = json_pack("{so}", "headers", list);
	return 0;
}

/* ---- file names -------------------------------------------------------------------------- */

void blob_disposition(struct strbuf *out, const char *kind, const char *filename)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *name = *filename ? filename : "attachment";

	strbuf_addf(out, "%s; filename=\"", kind);
	for (const char *p = name; *p && p < name + 200; p++) {
		const unsigned char c = (unsigned char)*p;

		strbuf_add_char(out, c >= ' ' && c < 0x7F && !strchr("\"\\%;", c) ? *p : '_');
	}
	strbuf_add_str(out, "\"; filename*=UTF-8''");
	for (const char *p = name; *p && p < name + 600; p++) {
		const unsigned char c = (unsigned char)*p;

		if (isalnum(c) || strchr("-._~", c)) {
			strbuf_add_char(out, *p);
		} else {
			strbuf_add_char(out, '%');
			strbuf_add_char(out, hex[c >> 4]);
			strbuf_add_char(out, hex[c & 15]);
		}
	}
}
