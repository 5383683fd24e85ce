/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_value.h"

#include <string.h>
#include <strings.h>

#include "threads/compiler.h"

const char *const query_has_words[] = { "attachment", "attachments", "file", NULL };
const char *const query_state_words[] = { "unread",   "read",      "flagged",   "starred",
					  "answered", "replied",   "draft",     "bulk",
					  "list",     "automatic", "encrypted", NULL };
const char *const query_type_words[] = {
	"image",       "video", "audio",        "pdf",     "document", "word",
	"spreadsheet", "excel", "presentation", "archive", "calendar", "contact",
	"message",     "text",  "html",         "mail",    NULL
};
const char *const query_date_words[] = { "today", "yesterday", NULL };

static const struct {
	const char *name;
	enum query_state state;
} states[] = {
	{ "unread", QUERY_UNREAD },     { "unseen", QUERY_UNREAD },
	{ "read", QUERY_READ },         { "seen", QUERY_READ },
	{ "flagged", QUERY_FLAGGED },   { "starred", QUERY_FLAGGED },
	{ "answered", QUERY_ANSWERED }, { "replied", QUERY_ANSWERED },
	{ "draft", QUERY_DRAFT },       { "drafts", QUERY_DRAFT },
	{ "bulk", QUERY_BULK },         { "list", QUERY_BULK },
	{ "newsletter", QUERY_BULK },   { "automatic", QUERY_AUTOMATIC },
	{ "auto", QUERY_AUTOMATIC },    { "encrypted", QUERY_ENCRYPTED },
};

/* Content types (a beginning with "/" at its end stands for all of them) and ends of names. */
static const struct {
	const char *name;
	const char *types; /* separated by a space */
	const char *ends;
} families[] = {
	{ "image", "image/", "png jpg jpeg gif webp tif tiff bmp heic svg" },
	{ "video", "video/", "mp4 mov avi mkv webm mpg mpeg" },
	{ "audio", "audio/", "mp3 wav ogg opus flac m4a aac" },
	{ "pdf", "application/pdf", "pdf" },
	{ "document",
	  "application/msword application/rtf application/vnd.oasis.opendocument.text"
	  " application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	  "doc docx odt rtf pages" },
	{ "spreadsheet",
	  "text/csv application/vnd.ms-excel application/vnd.oasis.opendocument.spreadsheet"
	  " application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	  "xls xlsx ods csv numbers" },
	{ "presentation",
	  "application/vnd.ms-powerpoint application/vnd.oasis.opendocument.presentation"
	  " application/vnd.openxmlformats-officedocument.presentationml.presentation",
	  "ppt pptx odp key" },
	{ "archive",
	  "application/zip application/gzip application/x-tar application/x-7z-compressed"
	  " application/vnd.rar",
	  "zip gz tar tgz 7z rar bz2 xz" },
	{ "calendar", "text/calendar application/ics", "ics ical" },
	{ "contact", "text/vcard text/x-vcard", "vcf" },
	{ "message", "message/rfc822", "eml msg" },
	{ "text", "text/plain", "txt md log" },
	{ "html", "text/html", "html htm" },
};

static const struct {
	const char *name, *means;
} same[] = {
	{ "images", "image" },
	{ "picture", "image" },
	{ "photo", "image" },
	{ "videos", "video" },
	{ "word", "document" },
	{ "doc", "document" },
	{ "documents", "document" },
	{ "excel", "spreadsheet" },
	{ "sheet", "spreadsheet" },
	{ "spreadsheets", "spreadsheet" },
	{ "powerpoint", "presentation" },
	{ "slides", "presentation" },
	{ "zip", "archive" },
	{ "invite", "calendar" },
	{ "invitation", "calendar" },
	{ "vcard", "contact" },
};

/* Kinds of messages. Only mail is there by now. */
static const char *const kinds[] = { "mail", "email", "call", "voicemail", "meeting", "chat" };

bool query_size_parse(const char *text, int64_t *ret_bytes)
{
	static const char units[] = "kmg";
	const char *p = text, *unit;
	int64_t value = 0, part = 0, scale = 1;

	for (; *p >= '0' && *p <= '9' && value < 1000000000000; p++)
		value = value * 10 + (*p - '0');
	if (p == text)
		return false;
	if ((*p == '.' || *p == ',') && p[1])
		for (p++; *p >= '0' && *p <= '9' && scale < 1000; p++, scale *= 10)
			part = part * 10 + (*p - '0');
	unit = *p ? strchr(units, *p | 0x20) : NULL;
	value = value * 1000 + part * (1000 / scale);
	if (unit) {
		for (const char *u = units; u <= unit; u++)
			if (value < INT64_MAX / 1000000)
				value *= 1000;
		p++;
	}
	if ((*p | 0x20) == 'b')
		p++;
	*ret_bytes = value / 1000;
	return !*p;
}

enum query_state query_state_parse(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcasecmp(text, states[i].name) == 0)
			return states[i].state;
	return 0;
}

static const char *type_name(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (strcasecmp(text, same[i].name) == 0)
			return same[i].means;
	return text;
}

bool query_type_is_message(const char *text, bool *ret_mail)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcasecmp(text, kinds[i]) == 0) {
			*ret_mail = i < 2;
			return true;
		}
	return false;
}

bool query_type_known(const char *text)
{
	const char *name = type_name(text);
	bool mail;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strcasecmp(name, families[i].name) == 0)
			return true;
	return query_type_is_message(text, &mail);
}

static bool file_ends(const char *filename, const char *end, size_t len)
{
	const char *dot = strrchr(filename, '.');

	return dot && strlen(dot + 1) == len && strncasecmp(dot + 1, end, len) == 0;
}

static bool type_fits(const char *content_type, const char *type, size_t len)
{
	if (strncasecmp(content_type, type, len) != 0)
		return false;
	return type[len - 1] == '/' || !content_type[len];
}

/* Whether one of the words of list fits. */
static bool list_has(const char *list, const char *text,
		     bool fits(const char *, const char *, size_t))
{
	while (*list) {
		const size_t len = strcspn(list, " ");

		if (fits(text, list, len))
			return true;
		list += len + (list[len] == ' ');
	}
	return false;
}

bool query_type_matches(const char *type, const char *content_type, const char *filename)
{
	const char *name = type_name(type);

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strcasecmp(name, families[i].name) == 0)
			return list_has(families[i].types, content_type, type_fits) ||
			       list_has(families[i].ends, filename, file_ends);
	if (strchr(type, '/'))
		return type_fits(content_type, type, strlen(type));
	return file_ends(filename, type, strlen(type));
}

/* 0 equal, 1 one change away (Damerau: wrong, missing, too many, swapped), 2 further. */
static int distance(const char *a, const char *b)
{
	size_t start = 0, a_len = strlen(a), b_len = strlen(b);

	/* Both ends are asked: a blank with its case folded looks like the end of a text. */
	while (start < a_len && start < b_len && (a[start] | 0x20) == (b[start] | 0x20))
		start++;
	if (a_len == b_len && start == a_len)
		return 0;
	while (a_len > start && b_len > start && (a[a_len - 1] | 0x20) == (b[b_len - 1] | 0x20)) {
		a_len--;
		b_len--;
	}
	a_len -= start;
	b_len -= start;
	if (a_len <= 1 && b_len <= 1)
		return 1;
	return a_len == 2 && b_len == 2 && (a[start] | 0x20) == (b[start + 1] | 0x20) &&
			       (a[start + 1] | 0x20) == (b[start] | 0x20)
		       ? 1
		       : 2;
}

const char *query_value_near(const char *text, const char *const *words)
{
	/* yesteryear, attach, encrypt: a shared beginning is as good as one slip. */
	const size_t len = strlen(text);

	for (const char *const *word = words; *word; word++)
		if (len >= 3 && distance(text, *word) <= 1)
			return *word;
	for (const char *const *word = words; *word; word++)
		if (len >= 4 && (strncasecmp(text, *word, len) == 0 ||
				 (strlen(*word) >= 6 && strncasecmp(text, *word, 6) == 0)))
			return *word;
	return NULL;
}
