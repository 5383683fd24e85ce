/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/flat_json.h"

#include "core/encode.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/filename.h"
#include "mime/header.h"
#include "mime/part.h"
#include "mime/text_digest.h"

enum {
	TEXT_MAX = 64 << 20, /* of one part */
	HEADER_MAX = 1 << 20,
	ADDRESSES_MAX = 2000,
};

struct writer {
	const struct mime *mime;
	const struct mime_message *message;
	FILE *out;
	bool first; /* no comma before the next leaf */
	struct strbuf scratch;
};

static void put_string(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len;) {
		size_t run = 0;

		while (i + run < len && (unsigned char)text[i + run] >= 0x20 &&
		       text[i + run] != '"' && text[i + run] != '\\')
			run++;
		fwrite(text + i, 1, run, out);
		i += run;
		if (i == len)
			break;
		if (text[i] == '\n')
			fputs("\\n", out);
		else if (text[i] == '"' || text[i] == '\\')
			fprintf(out, "\\%c", text[i]);
		else
			fprintf(out, "\\u%04x", (unsigned int)(unsigned char)text[i]);
		i++;
	}
	fputc('"', out);
}

static void put_text_header(struct writer *w, const struct mime_part *part, const char *key,
			    const char *name)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(HEADER_MAX);

	fprintf(w->out, "\"%s\": ", key);
	if (mime_header_text(w->mime, part, name, &text))
		put_string(w->out, strbuf_str(&text), text.len);
	else
		fputs("null", w->out);
	fputs(", ", w->out);
}

struct address_list {
	FILE *out;
	size_t count;
};

static bool put_address(void *arg, const char *name, const char *address)
{
	struct address_list *list = arg;

	fputs(list->count++ > 0 ? ", [" : "[", list->out);
	put_string(list->out, name, strlen(name));
	fputs(", ", list->out);
	put_string(list->out, address, strlen(address));
	fputc(']', list->out);
	return list->count < ADDRESSES_MAX;
}

static void put_addresses(struct writer *w, const struct mime_part *part, const char *key,
			  const char *name)
{
	struct address_list list = { .out = w->out };
	size_t len;
	const char *raw = mime_header(part, name, &len);

	fprintf(w->out, "\"%s\": ", key);
	if (raw) {
		fputc('[', w->out);
		address_parse(w->mime->charsets, raw, len, put_address, &list);
		fputs("], ", w->out);
	} else {
		fputs("null, ", w->out);
	}
}

static bool take_id(void *arg, const char *id, size_t len)
{
	strbuf_add(arg, id, len);
	return false; /* the first one only */
}

static void put_message_id(struct writer *w, const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf id = STRBUF_INIT(HEADER_MAX);
	size_t len;
	const char *raw = mime_header(part, "Message-ID", &len);

	fputs("\"message_id\": ", w->out);
	if (raw)
		header_ids(raw, len, take_id, &id);
	if (id.len > 0)
		put_string(w->out, id.data, id.len);
	else
		fputs("null", w->out);
}

static void put_headers(struct writer *w, const struct mime_part *part)
{
	int64_t date_ms;
	size_t len;
	const char *raw;

	fputs("{\"headers\": {", w->out);
	put_text_header(w, part, "subject", "Subject");
	put_addresses(w, part, "from", "From");
	put_addresses(w, part, "to", "To");
	put_addresses(w, part, "cc", "Cc");
	raw = mime_header(part, "Date", &len);
	if (raw && date_parse(raw, len, &date_ms))
		fprintf(w->out, "\"date\": %lld, ", (long long)(date_ms / 1000));
	else
		fputs("\"date\": null, ", w->out);
	put_message_id(w, part);
	fputs("}, \"leaves\": [", w->out);
}

static void put_filename(struct writer *w, const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf raw = STRBUF_INIT(HEADER_MAX);
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(HEADER_MAX);

	mime_part_filename(w->mime, part, &raw);
	filename_clean(&name, strbuf_str(&raw), raw.len);
	if (name.len == 0)
		return;
	fputs(", \"filename\": ", w->out);
	put_string(w->out, strbuf_str(&name), name.len);
}

static void put_digest(struct writer *w, const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf hex = STRBUF_INIT((size_t)2 * DIGEST_LEN);
	struct transfer_reader reader;
	uint8_t sha256[DIGEST_LEN];
	char chunk[8192];
	size_t n, size = 0;

	digest_begin(w->mime->digest);
	transfer_begin(&reader, part->encoding, w->message->data + part->offset, part->length);
	for (; (n = transfer_read(&reader, chunk, sizeof(chunk))) > 0; size += n)
		digest_add(w->mime->digest, chunk, n);
	digest_must_end(w->mime->digest, sha256);
	hex_append(&hex, sha256, sizeof(sha256));
	fprintf(w->out, ", \"sha256\": \"%s\", \"size\": %zu", strbuf_str(&hex), size);
}

static void put_text(struct writer *w, const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(TEXT_MAX);
	const char *data;
	size_t len;

	mime_part_bytes(w->message, part, &w->scratch, &data, &len);
	mime_part_text(w->mime, part, data, len, &text);
	fputs(", \"text\": ", w->out);
	put_string(w->out, strbuf_str(&text), text.len);
}

/* Returns whether the part opened an object that put_ends() closes later. */
static bool put_part(struct writer *w, const struct mime_part *part)
{
	if (part->kind == MIME_MULTIPART)
		return false;
	fputs(w->first ? "" : ", ", w->out);
	w->first = false;
	fputs("{\"type\": ", w->out);
	put_string(w->out, part->type, strlen(part->type));
	put_filename(w, part);
	if (part->kind == MIME_MESSAGE) {
		fputs(", \"message\": ", w->out);
		put_headers(w, part);
		w->first = true;
		return true;
	}
	if (strncmp(part->type, "text/", 5) == 0 || strcmp(part->type, "message/rfc822") == 0)
		put_text(w, part);
	else
		put_digest(w, part);
	fputc('}', w->out);
	return false;
}

/* Closes the attached messages whose last part i is. */
static void put_ends(struct writer *w, size_t i)
{
	for (size_t up = i; up != 0 && w->message->parts[up].after == i + 1;
	     up = w->message->parts[up].parent) {
		if (w->message->parts[up].kind == MIME_MESSAGE) {
			fputs("]}}", w->out);
			w->first = false;
		}
	}
}

int flat_json_write(const struct mime *mime, const struct mime_message *message, FILE *out,
		    struct threads_error *err)
{
	struct writer w = {
		.mime = mime,
		.message = message,
		.out = out,
		.first = true,
		.scratch = STRBUF_INIT(TEXT_MAX),
	};

	put_headers(&w, &message->parts[0]);
	for (size_t i = 1; i < message->count; i++) {
		put_part(&w, &message->parts[i]);
		put_ends(&w, i);
	}
	fputs("]}\n", out);
	strbuf_release(&w.scratch);
	if (fflush(out) != 0 || ferror(out))
		return threads_error_set(err, THREADS_EIO, "write: %m");
	return 0;
}
