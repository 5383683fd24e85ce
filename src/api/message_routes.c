/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages. Whatever leaves here has its audit row committed first: the
 * document is made, then the row, then the document is sent.
 */
#include <ctype.h>
#include <strings.h>

#include "api/blob.h"
#include "api/route.h"

/* ---- documents ------------------------------------------------------------------------ */

static void document_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	(void)f;
	if (exchange_answered(ex, rc, err))
		exchange_reply_json(ex, 200, TAKE_PTR(ex->document));
}

int route_message(struct exchange *ex, struct threads_error *err)
{
	int rc = reader_message(ex->api->reader, &ex->viewer, ex->ids[0], &ex->document, err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		exchange_reply_not_found(ex);
		return 0;
	}
	return exchange_audit(ex, "message.read", ex->ids[0], "", document_audited, err);
}

int route_conversation(struct exchange *ex, struct threads_error *err)
{
	int rc = reader_conversation(ex->api->reader, &ex->viewer, ex->ids[0], &ex->document, err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		exchange_reply_not_found(ex);
		return 0;
	}
	return exchange_audit(ex, "conversation.read", ex->ids[0], "", document_audited, err);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static void html_sent(struct exchange *ex, int fd, int64_t length)
{
	static const struct exchange_header headers[] = {
		{ "Content-Security-Policy", "default-src 'none'; sandbox" },
		{ NULL, NULL },
	};

	exchange_reply_fd(ex, fd, length, "text/plain; charset=utf-8", headers);
}

static void raw_sent(struct exchange *ex, int fd, int64_t length)
{
	CLEANUP(strbuf_release) struct strbuf disposition = STRBUF_INIT(200);
	const struct exchange_header headers[] = {
		{ "Content-Disposition", NULL },
		{ "Content-Security-Policy", "default-src 'none'; sandbox" },
		{ NULL, NULL },
	};
	struct exchange_header filled[ARRAY_SIZE(headers)];

	memcpy(filled, headers, sizeof(headers));
	strbuf_addf(&disposition, "attachment; filename=\"message-%.8s.eml\"", ex->ids[0]);
	filled[0].value = strbuf_str(&disposition);
	exchange_reply_fd(ex, fd, length, "message/rfc822", filled);
}

static void headers_sent(struct exchange *ex, int fd, int64_t length)
{
	struct threads_error err = { 0 };
	json_t *answer = NULL;
	int rc = blob_headers_json(fd, length, &answer, &err);

	close(fd);
	if (rc < 0) {
		exchange_reply_error(ex, rc, &err);
		return;
	}
	json_object_set_new(answer, "sighting",
			    json_pack("{s{ss,ss},ss}", "account", "id", ex->blob.account_id, "name",
				      ex->blob.account, "folder", ex->blob.folder));
	exchange_reply_json(ex, 200, answer);
}

/* Pictures that a mail shows in its text. Anything else is only ever downloaded:
 * shown in our origin it could run. */
static const char *inline_type(const char *type)
{
	static const char *const types[] = { "image/png", "image/jpeg", "image/gif", "image/webp" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcasecmp(types[i], type) == 0)
			return types[i];
	return NULL;
}

static bool inline_wanted(const struct exchange *ex)
{
	CLEANUP(strbuf_release) struct strbuf value = STRBUF_INIT(16);

	return exchange_parameter(ex, "inline", &value) && strcmp(strbuf_str(&value), "1") == 0;
}

static void attachment_sent(struct exchange *ex, int fd, int64_t length)
{
	CLEANUP(strbuf_release) struct strbuf disposition = STRBUF_INIT(4096);
	CLEANUP(strbuf_release) struct strbuf etag = STRBUF_INIT(64);
	const char *type = inline_wanted(ex) ? inline_type(ex->blob.content_type) : NULL;
	struct exchange_header headers[] = {
		{ "Content-Disposition", NULL },
		{ "ETag", NULL },
		{ "Content-Security-Policy", "default-src 'none'; sandbox" },
		{ NULL, NULL },
	};

	blob_disposition(&disposition, type ? "inline" : "attachment", ex->blob.filename);
	strbuf_addf(&etag, "\"%s\"", ex->ids[1]);
	headers[0].value = strbuf_str(&disposition);
	headers[1].value = strbuf_str(&etag);
	exchange_reply_fd(ex, fd, length, type ? type : "application/octet-stream", headers);
}

int route_message_html(struct exchange *ex, struct threads_error *err)
{
	return blob_send(ex, BLOB_HTML, "", "message.html", html_sent, err);
}

int route_message_headers(struct exchange *ex, struct threads_error *err)
{
	return blob_send(ex, BLOB_HEADERS, "", "message.headers", headers_sent, err);
}

int route_message_raw(struct exchange *ex, struct threads_error *err)
{
	return blob_send(ex, BLOB_RAW, "", "message.raw", raw_sent, err);
}

int route_attachment(struct exchange *ex, struct threads_error *err)
{
	return blob_send(ex, BLOB_ATTACHMENT, ex->ids[1], "attachment.read", attachment_sent, err);
}
