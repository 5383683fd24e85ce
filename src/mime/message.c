/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/message.h"

#include <gmime/gmime.h>

#include "mime/part.h"
#include "mime/parts_limit.h"

enum {
	NESTED_MAX = 16,  /* attached messages inside each other */
	STACK_MAX = 1100, /* gmime stops at a depth of 1,024 */
};

/* What gmime made of the message or of an attached one. */
struct mime_root {
	GMimeObject *object;
	GByteArray *bytes; /* borrows the caller's data */
	struct mime_root *next;
};

/* A part that is still to be looked at. */
struct pending {
	GMimeObject *object;
	size_t parent;
	size_t base; /* where the message it belongs to begins in the raw bytes */
	int nested;
};

struct walk {
	struct mime_message *message;
	size_t cap;
	struct pending stack[STACK_MAX + MIME_PARTS_MAX];
	size_t depth;
	bool failed;
};

static void walk_push(struct walk *w, const struct pending *pending)
{
	if (w->depth < ARRAY_SIZE(w->stack))
		w->stack[w->depth++] = *pending;
	else
		w->message->cut = true;
}

static struct mime_part *part_add(struct walk *w, size_t parent)
{
	struct mime_message *m = w->message;

	if (m->count == w->cap) {
		const size_t cap = w->cap ? w->cap * 2 : 16;
		struct mime_part *parts = realloc(m->parts, cap * sizeof(*parts));

		if (!parts) {
			w->failed = true;
			return NULL;
		}
		m->parts = parts;
		w->cap = cap;
	}
	m->parts[m->count] = (struct mime_part){ .parent = parent, .after = m->count + 1 };
	return &m->parts[m->count++];
}

/* gmime reads through a GByteArray that borrows data. Returns NULL if it finds nothing. */
static struct mime_root *root_parse(struct mime_message *m, const char *data, size_t len)
{
	union {
		const char *in;
		guint8 *out; /* gmime does not write */
	} bytes = { .in = data };
	GByteArray *array = g_byte_array_new_take(bytes.out, len);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	struct mime_root *root = calloc(1, sizeof(*root));

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_parser_set_persist_stream(parser, TRUE);
	if (root) {
		root->object = g_mime_parser_construct_part(parser, NULL);
		root->bytes = array; /* the parts' own streams use it */
		root->next = m->roots;
		m->roots = root;
	} else {
		g_byte_array_free(array, FALSE);
	}
	g_object_unref(parser);
	g_object_unref(stream);
	return root && root->object ? root : NULL;
}

static void roots_free(struct mime_message *m)
{
	while (m->roots) {
		struct mime_root *next = m->roots->next;

		if (m->roots->object)
			g_object_unref(m->roots->object);
		g_byte_array_free(m->roots->bytes, FALSE); /* the bytes are the caller's */
		free(m->roots);
		m->roots = next;
	}
}

static void type_set(struct mime_part *part, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	const char *media = type ? g_mime_content_type_get_media_type(type) : NULL;
	const char *sub = type ? g_mime_content_type_get_media_subtype(type) : NULL;
	size_t n = 0, raw_len;
	const char *raw = mime_own_header(part, "Content-Type", &raw_len);

	if (raw && !memchr(raw, '/', raw_len) && GMIME_IS_PART(object)) {
		media = "text"; /* RFC 2045 5.2: what is no type counts as text */
		sub = "plain";
	}
	snprintf(part->type, sizeof(part->type), "%s/%s", media ? media : "text",
		 sub ? sub : "plain");
	for (char *c = part->type; *c; c++) { /* ASCII only, so that it is UTF-8 */
		if (*c > 0x20 && *c < 0x7F)
			part->type[n++] = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
	}
	part->type[n] = '\0';
}

static enum transfer encoding_of(GMimeDataWrapper *content)
{
	switch (g_mime_data_wrapper_get_encoding(content)) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return TRANSFER_BASE64;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return TRANSFER_QUOTED_PRINTABLE;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return TRANSFER_UUENCODE;
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
		break;
	}
	return TRANSFER_IDENTITY;
}

static void leaf_set(const struct mime_message *m, struct mime_part *part, GMimePart *object,
		     size_t base)
{
	GMimeDataWrapper *content = g_mime_part_get_content(object);
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	const char *end;

	part->kind = MIME_LEAF;
	if (!stream || stream->bound_start < 0 || stream->bound_end < stream->bound_start ||
	    (size_t)stream->bound_end > m->len - base)
		return;
	part->offset = base + (size_t)stream->bound_start;
	part->length = (size_t)(stream->bound_end - stream->bound_start);
	part->encoding = encoding_of(content);
	end = m->data + part->offset + part->length;
	/* gmime takes two bytes for the line end in front of a boundary, also where that
	 * is a bare LF in a mail with CR LF: give the content its last byte back. */
	if (m->data + m->len - end > 3 && memcmp(end + 1, "\n--", 3) == 0 && *end != '\r' &&
	    *end != '\n')
		part->length++;
}

/* A multipart in which no boundary was found is text: losing the words of a broken
 * mail is worse than showing its source. */
static void empty_multipart_set(const struct mime_message *m, struct mime_part *part)
{
	const char *end = m->data + m->len, *body = end, *lf = m->data - 1;

	if (part != &m->parts[1])
		return; /* gmime does not say where the body of an inner one begins */
	while (lf + 1 < end && (lf = memchr(lf + 1, '\n', (size_t)(end - lf - 1))) != NULL) {
		const char *next = lf + 1 < end && lf[1] == '\r' ? lf + 2 : lf + 1;

		if (next < end && *next == '\n') {
			body = next + 1;
			break;
		}
	}
	part->kind = MIME_LEAF;
	part->offset = (size_t)(body - m->data);
	part->length = (size_t)(end - body);
	snprintf(part->type, sizeof(part->type), "text/plain");
}

static bool is_message(const struct mime_part *part)
{
	static const char *const types[] = { "message/rfc822", "message/rfc2822", "message/global",
					     "message/news" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(part->type, types[i]) == 0)
			return part->encoding == TRANSFER_IDENTITY && part->length > 0;
	return false;
}

/* Length of an mbox separator that somebody saved with the message. */
static size_t from_line(const char *data, size_t len)
{
	const size_t quote = len > 0 && data[0] == '>';
	const char *newline;

	if (len < quote + 5 || memcmp(data + quote, "From ", 5) != 0)
		return 0;
	newline = memchr(data, '\n', len);
	return newline ? (size_t)(newline + 1 - data) : 0;
}

/* An attached message: parsed by itself. One without headers is none, but a file. */
static void walk_attached(struct walk *w, size_t self, int nested)
{
	struct mime_part *part = &w->message->parts[self];
	struct pending inner = { .parent = self, .base = part->offset, .nested = nested + 1 };
	struct mime_root *root;

	if (nested == NESTED_MAX) {
		w->message->cut = true;
		return;
	}
	inner.base += from_line(w->message->data + part->offset, part->length);
	root = root_parse(w->message, w->message->data + inner.base,
			  part->length - (inner.base - part->offset));
	if (!root || g_mime_header_list_get_count(g_mime_object_get_header_list(root->object)) == 0)
		return;
	part->kind = MIME_MESSAGE;
	part->headers = g_mime_object_get_header_list(root->object);
	inner.object = root->object;
	walk_push(w, &inner);
}

static void walk_multipart(struct walk *w, const struct pending *at, size_t self)
{
	GMimeMultipart *multipart = GMIME_MULTIPART(at->object);
	struct mime_part *part = &w->message->parts[self];
	struct pending child = { .parent = self, .base = at->base, .nested = at->nested };

	part->kind = MIME_MULTIPART;
	if (g_mime_multipart_get_count(multipart) == 0)
		empty_multipart_set(w->message, part);
	for (int i = g_mime_multipart_get_count(multipart); i-- > 0;) {
		child.object = g_mime_multipart_get_part(multipart, i);
		walk_push(w, &child);
	}
}

static void walk_part(struct walk *w, const struct pending *at)
{
	struct mime_part *part = part_add(w, at->parent);
	const size_t self = w->message->count - 1;

	if (!part)
		return;
	part->headers = part->own_headers = g_mime_object_get_header_list(at->object);
	type_set(part, at->object);
	if (GMIME_IS_MULTIPART(at->object)) {
		walk_multipart(w, at, self);
		return;
	}
	if (GMIME_IS_PART(at->object))
		leaf_set(w->message, part, GMIME_PART(at->object), at->base);
	if (is_message(part))
		walk_attached(w, self, at->nested);
}

/* Each part's "after", children first. */
static void close_parts(struct mime_message *m)
{
	for (size_t i = m->count; i-- > 1;) {
		struct mime_part *parent = &m->parts[m->parts[i].parent];

		if (parent->after < m->parts[i].after)
			parent->after = m->parts[i].after;
	}
}

/* Part 0 is the message itself. */
static void message_begin(struct walk *w, struct mime_root *root, size_t base)
{
	const struct pending body = { .object = root->object, .base = base };
	struct mime_part *part = part_add(w, 0);

	if (!part)
		return;
	part->kind = MIME_MESSAGE;
	part->length = w->message->len;
	part->headers = part->own_headers = g_mime_object_get_header_list(root->object);
	snprintf(part->type, sizeof(part->type), "message/rfc822");
	walk_push(w, &body);
}

static int walk_all(struct mime_message *m, struct mime_root *root, size_t base,
		    struct threads_error *err)
{
	struct walk *w = calloc(1, sizeof(*w));
	bool failed;

	if (!w)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	w->message = m;
	message_begin(w, root, base);
	while (w->depth > 0 && !w->failed) {
		const struct pending at = w->stack[--w->depth];

		walk_part(w, &at);
	}
	failed = w->failed;
	free(w);
	if (failed)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	close_parts(m);
	return 0;
}

int mime_message_parse(const char *data, size_t len, struct mime_message *ret_message,
		       struct threads_error *err)
{
	struct mime_message m = { .data = data, .len = len };
	const size_t base = from_line(data, len);
	struct mime_root *root;
	size_t seen;
	int rc;

	if (len >= INT32_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "message is larger than 2 GB");
	seen = parts_limit(data, len, MIME_PARTS_MAX + 1); /* and the last boundary */
	m.cut = seen < len;
	root = root_parse(&m, data + base, seen > base ? seen - base : 0);
	if (!root) /* nothing at all: a message without headers and body */
		root = root_parse(&m, "\n", 1);
	rc = root ? walk_all(&m, root, base, err)
		  : threads_error_set(err, THREADS_EINVAL, "not a message");
	if (rc < 0)
		mime_message_release(&m);
	else
		*ret_message = m;
	return rc;
}

void mime_message_release(struct mime_message *message)
{
	roots_free(message);
	free(message->parts);
	*message = (struct mime_message){ 0 };
}
