/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/body.h"

#include "mime/header.h"
#include "mime/html_text.h"
#include "mime/part.h"
#include "mime/text_digest.h"

enum { SCRATCH_MAX = 16 << 20 };

/* What a part hands down to its children. */
struct place {
	size_t alternative; /* nearest multipart/alternative above, 0: none */
	bool attached;      /* everything here is an attachment */
	bool plain, html;   /* of an alternative: it has that form */
	uint32_t nested;    /* attached messages above */
};

struct reader {
	const struct mime *mime;
	const struct mime_message *m;
	struct place *places;
	struct body *body;
	struct strbuf scratch;
	bool any_body; /* a leaf has become body already */
};

static bool type_is(const struct mime_part *part, const char *type)
{
	return strcmp(part->type, type) == 0;
}

static bool said_attachment(const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf token = STRBUF_INIT(100);
	size_t len;
	const char *raw = mime_own_header(part, "Content-Disposition", &len);

	if (raw)
		header_token(raw, len, &token);
	return strcmp(strbuf_str(&token), "attachment") == 0;
}

static bool has_filename(const struct reader *r, const struct mime_part *part)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(1000);

	mime_part_filename(r->mime, part, &name);
	return name.len > 0 || name.failed;
}

static bool is_encrypted(const struct mime_part *part)
{
	size_t len;
	const char *raw;

	if (type_is(part, "multipart/encrypted"))
		return true;
	if (!type_is(part, "application/pkcs7-mime") && !type_is(part, "application/x-pkcs7-mime"))
		return false;
	raw = mime_own_header(part, "Content-Type", &len);
	if (raw && memmem(raw, len, "signed-data", 11))
		return false;
	return true;
}

/* The place of part i by what stands above it. */
static struct place place_below(const struct reader *r, size_t i)
{
	const size_t above = r->m->parts[i].parent;
	const struct mime_part *parent = &r->m->parts[above];
	struct place place = r->places[above];

	place.plain = place.html = false;
	if (parent->kind == MIME_MESSAGE) {
		place.alternative = 0;
	} else if (type_is(parent, "multipart/alternative")) {
		place.alternative = above;
	} else if (type_is(parent, "multipart/related") || type_is(parent, "multipart/signed")) {
		place.attached |= i != above + 1;
	} else if (type_is(parent, "multipart/encrypted") ||
		   type_is(parent, "multipart/appledouble")) {
		place.attached = true;
	}
	if (r->m->parts[i].kind == MIME_MESSAGE)
		place.nested++;
	return place;
}

/* First pass: where everything stands, and which forms each alternative has. */
static void find_places(struct reader *r)
{
	for (size_t i = 1; i < r->m->count; i++) {
		const struct mime_part *part = &r->m->parts[i];
		struct place *place = &r->places[i];
		bool plain, html;

		*place = place_below(r, i);
		r->body->encrypted |= is_encrypted(part);
		plain = type_is(part, "text/plain");
		html = type_is(part, "text/html");
		if (part->kind != MIME_LEAF || place->attached || (!plain && !html))
			continue;
		place->attached = said_attachment(part) || (r->any_body && has_filename(r, part));
		if (place->attached)
			continue;
		r->any_body = true;
		if (plain && part->parent == place->alternative && part->length > 0)
			r->places[place->alternative].plain = true;
		if (html)
			r->places[place->alternative].html = true;
	}
}

static uint8_t leaf_use(const struct reader *r, size_t i)
{
	const struct mime_part *part = &r->m->parts[i];
	const struct place *place = &r->places[i];
	const bool choice = place->alternative != 0;
	const struct place *other = &r->places[place->alternative];
	const bool plain = type_is(part, "text/plain"), html = type_is(part, "text/html");
	const bool direct = choice && part->parent == place->alternative;
	uint8_t use = place->nested > 0 ? BODY_NESTED : 0;

	if (place->attached || (!plain && !html))
		return use | BODY_ATTACHMENT;
	if (place->nested > BODY_NESTED_MAX)
		return use;
	if (plain ? !choice || direct || !other->plain : !choice || !other->plain)
		use |= BODY_IN_TEXT;
	if (place->nested == 0 && (html || !direct || !other->html))
		use |= BODY_IN_HTML;
	return use;
}

static uint8_t part_use(const struct reader *r, size_t i)
{
	switch (r->m->parts[i].kind) {
	case MIME_LEAF:
		return leaf_use(r, i);
	case MIME_MESSAGE:
		return BODY_ATTACHMENT | (r->places[i].nested > 1 ? BODY_NESTED : 0);
	case MIME_MULTIPART:
		break;
	}
	return 0;
}

/* CR LF -> LF from start on, and an empty line behind what was there before. */
static void lines_clean(struct strbuf *text, size_t start)
{
	char *to = text->data + start;
	const char *from = to, *end = text->data + text->len;

	while (from < end) {
		const char *cr = memchr(from, '\r', (size_t)(end - from));
		const size_t run = (size_t)((cr ? cr : end) - from);

		memmove(to, from, run);
		to += run;
		if (!cr)
			break;
		if (cr + 1 == end || cr[1] != '\n')
			*to++ = '\n';
		from = cr + 1;
	}
	text->len = (size_t)(to - text->data);
	*to = '\0';
}

static void text_gap(struct strbuf *text)
{
	if (text->len > 0)
		strbuf_add_str(text, text->data[text->len - 1] == '\n' ? "\n" : "\n\n");
}

/* Who wrote an attached message and what about, as people see it when it is opened. */
static void nested_heading(struct reader *r, const struct mime_part *part)
{
	static const char *const names[] = { "From", "To", "Date", "Subject" };

	text_gap(&r->body->text);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(strbuf_release) struct strbuf value = STRBUF_INIT(2000);

		mime_header_text(r->mime, part, names[i], &value);
		if (value.len > 0)
			strbuf_addf(&r->body->text, "%s: %s\n", names[i], strbuf_str(&value));
	}
}

static void read_plain(struct reader *r, const struct mime_part *part, uint8_t use,
		       const char *data, size_t len)
{
	struct strbuf *text = &r->body->text;
	CLEANUP(strbuf_release) struct strbuf own = STRBUF_INIT(BODY_TEXT_MAX);
	const bool first = text->len == 0 && !text->failed;
	struct strbuf *out = first ? text : &own;

	mime_part_text(r->mime, part, data, len, out);
	if (out->len > 0)
		lines_clean(out, 0);
	if (use & BODY_IN_HTML)
		html_escape_append(&r->body->html, strbuf_str(out), out->len);
	if ((use & BODY_IN_TEXT) && !first) {
		text_gap(text);
		strbuf_add(text, strbuf_str(out), out->len);
		text->failed |= own.failed;
	} else if (!(use & BODY_IN_TEXT) && first) {
		strbuf_reset(text);
	}
}

static void read_html(struct reader *r, const struct mime_part *part, uint8_t use, const char *data,
		      size_t len)
{
	CLEANUP(strbuf_release) struct strbuf own = STRBUF_INIT(BODY_HTML_MAX);
	struct strbuf *out = use & BODY_IN_HTML ? &r->body->html : &own;
	const size_t start = out->len;

	mime_part_text(r->mime, part, data, len, out);
	if (use & BODY_IN_TEXT) {
		text_gap(&r->body->text);
		html_text_append(&r->body->text, strbuf_str(out) + start, out->len - start);
	}
	r->body->cut |= own.failed;
}

static void read_part(struct reader *r, size_t i, uint8_t (*digests)[DIGEST_LEN])
{
	const struct mime_part *part = &r->m->parts[i];
	const uint8_t use = r->body->use[i];
	const char *data;
	size_t len;

	if (part->kind == MIME_MESSAGE && r->places[i].nested <= BODY_NESTED_MAX)
		nested_heading(r, part);
	if (part->kind != MIME_LEAF || !(use & (BODY_IN_TEXT | BODY_IN_HTML)))
		return;
	mime_part_bytes(r->m, part, &r->scratch, &data, &len);
	r->body->cut |= r->scratch.failed;
	digest_begin(r->mime->digest);
	digest_add_text(r->mime->digest, data, len);
	digest_must_end(r->mime->digest, digests[i]);
	if (type_is(part, "text/html"))
		read_html(r, part, use, data, len);
	else
		read_plain(r, part, use, data, len);
}

/* The HTML view is wanted only if some part is HTML; plain text shows as text. */
static void drop_html_of_plain(struct reader *r)
{
	for (size_t i = 1; i < r->m->count; i++)
		if ((r->body->use[i] & BODY_IN_HTML) && type_is(&r->m->parts[i], "text/html"))
			return;
	for (size_t i = 1; i < r->m->count; i++)
		r->body->use[i] &= (uint8_t)~BODY_IN_HTML;
}

static bool is_white(const struct strbuf *text)
{
	return strspn(strbuf_str(text), " \t\r\n\f") == text->len;
}

static void read_all(struct reader *r, uint8_t (*digests)[DIGEST_LEN])
{
	struct body *body = r->body;

	find_places(r);
	for (size_t i = 1; i < r->m->count; i++) {
		body->use[i] = part_use(r, i);
		body->cut |= r->places[i].nested > BODY_NESTED_MAX;
	}
	drop_html_of_plain(r);
	for (size_t i = 1; i < r->m->count; i++)
		read_part(r, i, digests);
	if (is_white(&body->text) && body->html.len > 0) {
		strbuf_reset(&body->text); /* a plain form that says nothing */
		html_text_append(&body->text, body->html.data, body->html.len);
	}
	body->encrypted |= strncmp(strbuf_str(&body->text), "-----BEGIN PGP MESSAGE-----", 27) == 0;
	body->cut |= body->text.failed || body->html.failed || r->m->cut;
}

int body_read(const struct mime *mime, const struct mime_message *message,
	      uint8_t (*digests)[DIGEST_LEN], struct body *ret_body, struct threads_error *err)
{
	struct reader r = {
		.mime = mime,
		.m = message,
		.places = calloc(message->count, sizeof(struct place)),
		.body = ret_body,
		.scratch = STRBUF_INIT(SCRATCH_MAX),
	};

	*ret_body = (struct body){
		.text = STRBUF_INIT(BODY_TEXT_MAX),
		.html = STRBUF_INIT(BODY_HTML_MAX),
		.use = calloc(message->count, 1),
	};
	if (!r.places || !ret_body->use) {
		free(r.places);
		body_release(ret_body);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	read_all(&r, digests);
	strbuf_release(&r.scratch);
	free(r.places);
	return 0;
}

void body_release(struct body *body)
{
	strbuf_release(&body->text);
	strbuf_release(&body->html);
	free(body->use);
	body->use = NULL;
}
