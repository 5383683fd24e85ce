/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/part.h"

#include <gmime/gmime.h>

#include "mime/header.h"

static const char *list_header(GMimeHeaderList *list, const char *name, size_t *ret_len)
{
	GMimeHeader *header = list ? g_mime_header_list_get_header(list, name) : NULL;
	const char *value = header ? g_mime_header_get_raw_value(header) : NULL;

	*ret_len = value ? strlen(value) : 0;
	return value;
}

const char *mime_header(const struct mime_part *part, const char *name, size_t *ret_len)
{
	return list_header(part->headers, name, ret_len);
}

const char *mime_own_header(const struct mime_part *part, const char *name, size_t *ret_len)
{
	return list_header(part->own_headers, name, ret_len);
}

bool mime_header_text(const struct mime *mime, const struct mime_part *part, const char *name,
		      struct strbuf *out)
{
	size_t len;
	const char *raw = mime_header(part, name, &len);

	if (raw)
		header_decode(mime->charsets, raw, len, out);
	return raw != NULL;
}

static void charset_name(const struct mime *mime, const struct mime_part *part, struct strbuf *out)
{
	size_t len;
	const char *raw = mime_own_header(part, "Content-Type", &len);

	if (raw)
		header_param(mime->charsets, raw, len, "charset", NULL, out);
}

void mime_part_filename(const struct mime *mime, const struct mime_part *part, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf charset = STRBUF_INIT(100);
	const char *preset;
	size_t len;
	const char *raw = mime_own_header(part, "Content-Disposition", &len);

	charset_name(mime, part, &charset);
	preset = charset.len > 0 ? strbuf_str(&charset) : NULL;
	if (raw && header_param(mime->charsets, raw, len, "filename", preset, out) && out->len > 0)
		return;
	raw = mime_own_header(part, "Content-Type", &len);
	if (raw)
		header_param(mime->charsets, raw, len, "name", preset, out);
}

void mime_part_bytes(const struct mime_message *message, const struct mime_part *part,
		     struct strbuf *scratch, const char **ret_data, size_t *ret_len)
{
	struct transfer_reader reader;
	char chunk[8192];
	size_t n;

	if (part->encoding == TRANSFER_IDENTITY) {
		*ret_data = message->data + part->offset;
		*ret_len = part->length;
		return;
	}
	strbuf_reset(scratch);
	transfer_begin(&reader, part->encoding, message->data + part->offset, part->length);
	while (!scratch->failed && (n = transfer_read(&reader, chunk, sizeof(chunk))) > 0) {
		if (n > scratch->max - scratch->len)
			n = scratch->max - scratch->len; /* what fits is worth having */
		strbuf_add(scratch, chunk, n);
		if (scratch->len == scratch->max)
			break;
	}
	*ret_data = strbuf_str(scratch);
	*ret_len = scratch->len;
}

/* <meta charset=x> or <meta ... content="text/html; charset=x"> near the beginning. */
static void charset_from_meta(const char *html, size_t len, struct strbuf *out)
{
	const char *end = html + (len < 1024 ? len : 1024);
	const char *p = memmem(html, (size_t)(end - html), "charset=", 8);
	size_t n = 0;

	if (!p)
		return;
	p += 8;
	p += p < end && (*p == '"' || *p == '\'');
	while (p + n < end && n < 40 && (g_ascii_isalnum(p[n]) || p[n] == '-' || p[n] == '_'))
		n++;
	strbuf_add(out, p, n);
}

void mime_part_text(const struct mime *mime, const struct mime_part *part, const char *data,
		    size_t len, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf charset = STRBUF_INIT(100);

	charset_name(mime, part, &charset);
	if (charset.len == 0 && strcmp(part->type, "text/html") == 0)
		charset_from_meta(data, len, &charset);
	charset_decode(mime->charsets, strbuf_str(&charset), charset.len, data, len, out);
}
