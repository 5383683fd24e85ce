/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/copy_state.h"

#include <strings.h>

#include "mime/part.h"

enum { HEADER_MAX = 8 << 10, MOZILLA_READ = 1, MOZILLA_REPLIED = 2, MOZILLA_MARKED = 4 };

/* What Gmail says by labels of its own. */
static const struct {
	const char *label;
	uint32_t state; /* RECORD_COPY_UNKNOWN: says nothing */
} gmail[] = {
	{ "Unread", 0 },
	{ "Opened", RECORD_COPY_SEEN },
	{ "Starred", RECORD_COPY_FLAGGED },
};

struct reading {
	struct strbuf *labels;
	uint32_t state;
	bool unread; /* Gmail: the label is there */
};

static void label_add(struct reading *r, const char *text, size_t len)
{
	while (len > 0 && (*text == ' ' || *text == '"')) {
		text++;
		len--;
	}
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '"'))
		len--;
	if (len == 0)
		return;
	strbuf_add(r->labels, text, len);
	strbuf_add_char(r->labels, '\n');
}

static void gmail_label(struct reading *r, const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(gmail); i++)
		if (strlen(gmail[i].label) == len && memcmp(text, gmail[i].label, len) == 0) {
			r->unread |= gmail[i].state == 0;
			r->state |= gmail[i].state;
			return;
		}
	label_add(r, text, len);
}

/* Calls fn for each piece of text between separators; those in quotes do not separate. */
static void pieces(struct reading *r, const char *text, const char *separators,
		   void fn(struct reading *, const char *, size_t))
{
	bool quoted = false;
	size_t len;

	for (; *text; text += len + (text[len] != '\0')) {
		for (len = 0; text[len] && (quoted || !strchr(separators, text[len])); len++)
			quoted ^= text[len] == '"';
		while (len > 0 && *text == ' ') {
			text++;
			len--;
		}
		fn(r, text, len);
	}
}

static void read_gmail(struct reading *r, const char *text)
{
	pieces(r, text, ",", gmail_label);
	r->state &= ~(uint32_t)RECORD_COPY_UNKNOWN;
	if (!r->unread)
		r->state |= RECORD_COPY_SEEN;
}

static void read_status(struct reading *r, const char *text)
{
	r->state &= ~(uint32_t)RECORD_COPY_UNKNOWN;
	if (strchr(text, 'R'))
		r->state |= RECORD_COPY_SEEN;
}

static void read_x_status(struct reading *r, const char *text)
{
	if (strchr(text, 'A'))
		r->state |= RECORD_COPY_ANSWERED;
	if (strchr(text, 'F'))
		r->state |= RECORD_COPY_FLAGGED;
	if (strchr(text, 'T'))
		r->state |= RECORD_COPY_DRAFT;
}

static void read_mozilla(struct reading *r, const char *text)
{
	const unsigned long bits = strtoul(text, NULL, 16);

	r->state &= ~(uint32_t)RECORD_COPY_UNKNOWN;
	r->state |= bits & MOZILLA_READ ? RECORD_COPY_SEEN : 0;
	r->state |= bits & MOZILLA_REPLIED ? RECORD_COPY_ANSWERED : 0;
	r->state |= bits & MOZILLA_MARKED ? RECORD_COPY_FLAGGED : 0;
}

static void read_words(struct reading *r, const char *text)
{
	pieces(r, text, " ", label_add);
}

static void read_names(struct reading *r, const char *text)
{
	pieces(r, text, ",", label_add);
}

static const struct {
	const char *name;
	void (*read)(struct reading *, const char *);
} headers[] = {
	{ "Status", read_status },
	{ "X-Status", read_x_status },
	{ "X-Mozilla-Status", read_mozilla },
	{ "X-Mozilla-Keys", read_words },
	{ "X-Keywords", read_words },
	{ "X-Label", read_names },
	{ "X-Gmail-Labels", read_gmail },
};

uint32_t copy_state_read(const struct mime *mime, const struct mime_part *root,
			 struct strbuf *labels)
{
	struct reading r = { .labels = labels, .state = RECORD_COPY_UNKNOWN };

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(HEADER_MAX);

		if (mime_header_text(mime, root, headers[i].name, &text))
			headers[i].read(&r, strbuf_str(&text));
	}
	return r.state;
}
