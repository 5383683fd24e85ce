/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/charset.h"

#include <iconv.h>
#include <stdint.h>
#include <strings.h>

#include "core/utf8.h"

enum kind {
	KIND_ASCII, /* or unknown, or nothing said: UTF-8 if it is, else Windows-1252 */
	KIND_UTF8,
	KIND_WESTERN, /* Windows-1252 and the names that mean it */
	KIND_SINGLE,  /* iconv, one byte a character, ASCII below 128 */
	KIND_MULTI,   /* iconv, several bytes, ASCII below 128 */
	KIND_STATE,   /* iconv, ASCII bytes may mean something else */
	KIND_UTF16,   /* byte order to be found */
};

struct name {
	const char *name; /* without blanks, "_" as "-" */
	enum kind kind;
	const char *converter; /* for iconv, NULL if the kind says all */
};

static const struct name names[] = {
	{ "us-ascii", KIND_ASCII, NULL },
	{ "ascii", KIND_ASCII, NULL },
	{ "ansi-x3.4-1968", KIND_ASCII, NULL },
	{ "utf-8", KIND_UTF8, NULL },
	{ "utf8", KIND_UTF8, NULL },
	{ "unicode-1-1-utf-8", KIND_UTF8, NULL },
	{ "iso-8859-1", KIND_WESTERN, NULL },
	{ "iso8859-1", KIND_WESTERN, NULL },
	{ "iso-88591", KIND_WESTERN, NULL },
	{ "latin1", KIND_WESTERN, NULL },
	{ "latin-1", KIND_WESTERN, NULL },
	{ "windows-1252", KIND_WESTERN, NULL },
	{ "cp1252", KIND_WESTERN, NULL },
	{ "cp-1252", KIND_WESTERN, NULL },
	{ "iso-8859-2", KIND_SINGLE, "ISO-8859-2" },
	{ "latin2", KIND_SINGLE, "ISO-8859-2" },
	{ "iso-8859-3", KIND_SINGLE, "ISO-8859-3" },
	{ "iso-8859-4", KIND_SINGLE, "ISO-8859-4" },
	{ "iso-8859-5", KIND_SINGLE, "ISO-8859-5" },
	{ "iso-8859-6", KIND_SINGLE, "ISO-8859-6" },
	{ "iso-8859-7", KIND_SINGLE, "ISO-8859-7" },
	{ "iso-8859-8", KIND_SINGLE, "ISO-8859-8" },
	{ "iso-8859-8-i", KIND_SINGLE, "ISO-8859-8" },
	{ "iso-8859-8-e", KIND_SINGLE, "ISO-8859-8" },
	{ "iso-8859-9", KIND_SINGLE, "CP1254" },
	{ "latin5", KIND_SINGLE, "CP1254" },
	{ "iso-8859-10", KIND_SINGLE, "ISO-8859-10" },
	{ "iso-8859-11", KIND_SINGLE, "CP874" },
	{ "tis-620", KIND_SINGLE, "CP874" },
	{ "windows-874", KIND_SINGLE, "CP874" },
	{ "cp874", KIND_SINGLE, "CP874" },
	{ "iso-8859-13", KIND_SINGLE, "ISO-8859-13" },
	{ "iso-8859-14", KIND_SINGLE, "ISO-8859-14" },
	{ "iso-8859-15", KIND_SINGLE, "ISO-8859-15" },
	{ "iso8859-15", KIND_SINGLE, "ISO-8859-15" },
	{ "latin-9", KIND_SINGLE, "ISO-8859-15" },
	{ "latin9", KIND_SINGLE, "ISO-8859-15" },
	{ "iso-8859-16", KIND_SINGLE, "ISO-8859-16" },
	{ "windows-1250", KIND_SINGLE, "CP1250" },
	{ "cp1250", KIND_SINGLE, "CP1250" },
	{ "windows-1251", KIND_SINGLE, "CP1251" },
	{ "cp1251", KIND_SINGLE, "CP1251" },
	{ "windows-1253", KIND_SINGLE, "CP1253" },
	{ "windows-1254", KIND_SINGLE, "CP1254" },
	{ "windows-1255", KIND_SINGLE, "CP1255" },
	{ "windows-1256", KIND_SINGLE, "CP1256" },
	{ "windows-1257", KIND_SINGLE, "CP1257" },
	{ "windows-1258", KIND_SINGLE, "CP1258" },
	{ "koi8-r", KIND_SINGLE, "KOI8-R" },
	{ "koi8-u", KIND_SINGLE, "KOI8-U" },
	{ "koi8-ru", KIND_SINGLE, "KOI8-U" },
	{ "ibm437", KIND_SINGLE, "CP437" },
	{ "cp437", KIND_SINGLE, "CP437" },
	{ "cp-437", KIND_SINGLE, "CP437" },
	{ "ibm850", KIND_SINGLE, "CP850" },
	{ "cp850", KIND_SINGLE, "CP850" },
	{ "cp-850", KIND_SINGLE, "CP850" },
	{ "ibm852", KIND_SINGLE, "CP852" },
	{ "cp852", KIND_SINGLE, "CP852" },
	{ "ibm862", KIND_SINGLE, "CP862" },
	{ "ibm864", KIND_SINGLE, "IBM864" },
	{ "ibm866", KIND_SINGLE, "CP866" },
	{ "cp866", KIND_SINGLE, "CP866" },
	{ "macintosh", KIND_SINGLE, "MACINTOSH" },
	{ "x-mac-roman", KIND_SINGLE, "MACINTOSH" },
	{ "macroman", KIND_SINGLE, "MACINTOSH" },
	{ "gb2312", KIND_MULTI, "GB18030" },
	{ "gb-2312", KIND_MULTI, "GB18030" },
	{ "gb-2312-80", KIND_MULTI, "GB18030" },
	{ "gbk", KIND_MULTI, "GB18030" },
	{ "cp936", KIND_MULTI, "GB18030" },
	{ "gb18030", KIND_MULTI, "GB18030" },
	{ "euc-cn", KIND_MULTI, "GB18030" },
	{ "big5", KIND_MULTI, "BIG5-HKSCS" },
	{ "big5-hkscs", KIND_MULTI, "BIG5-HKSCS" },
	{ "cp950", KIND_MULTI, "BIG5-HKSCS" },
	{ "euc-tw", KIND_MULTI, "EUC-TW" },
	{ "euc-jp", KIND_MULTI, "EUC-JP-MS" },
	{ "shift-jis", KIND_MULTI, "CP932" },
	{ "shiftjis", KIND_MULTI, "CP932" },
	{ "sjis", KIND_MULTI, "CP932" },
	{ "x-sjis", KIND_MULTI, "CP932" },
	{ "ms-kanji", KIND_MULTI, "CP932" },
	{ "windows-31j", KIND_MULTI, "CP932" },
	{ "cp932", KIND_MULTI, "CP932" },
	{ "euc-kr", KIND_MULTI, "CP949" },
	{ "ks-c-5601-1987", KIND_MULTI, "CP949" },
	{ "ksc5601", KIND_MULTI, "CP949" },
	{ "cp949", KIND_MULTI, "CP949" },
	{ "windows-949", KIND_MULTI, "CP949" },
	{ "iso-2022-jp", KIND_STATE, "ISO-2022-JP-3" },
	{ "csiso2022jp", KIND_STATE, "ISO-2022-JP-3" },
	{ "iso-2022-jp-1", KIND_STATE, "ISO-2022-JP-2" },
	{ "iso-2022-jp-2", KIND_STATE, "ISO-2022-JP-2" },
	{ "iso-2022-kr", KIND_STATE, "ISO-2022-KR" },
	{ "iso-2022-cn", KIND_STATE, "ISO-2022-CN" },
	{ "utf-7", KIND_STATE, "UTF-7" },
	{ "unicode-1-1-utf-7", KIND_STATE, "UTF-7" },
	{ "x-unicode-2-0-utf-7", KIND_STATE, "UTF-7" },
	{ "utf-16", KIND_UTF16, "UTF-16BE" },
	{ "utf-16be", KIND_STATE, "UTF-16BE" },
	{ "utf-16le", KIND_STATE, "UTF-16LE" },
	{ "unicode", KIND_UTF16, "UTF-16LE" },
	{ "utf-32", KIND_STATE, "UTF-32" },
	{ "utf-32be", KIND_STATE, "UTF-32BE" },
	{ "utf-32le", KIND_STATE, "UTF-32LE" },
};

struct charsets {
	iconv_t converters[ARRAY_SIZE(names)]; /* NULL where there is none */
};

static iconv_t converter_open(const char *name)
{
	iconv_t converter = name ? iconv_open("UTF-8", name) : NULL;

	return (intptr_t)converter == -1 ? NULL : converter;
}

int charsets_open(struct charsets **ret_charsets, struct threads_error *err)
{
	struct charsets *charsets = calloc(1, sizeof(*charsets));

	if (!charsets)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		charsets->converters[i] = converter_open(names[i].converter);
	*ret_charsets = charsets;
	return 0;
}

struct charsets *charsets_close(struct charsets *charsets)
{
	for (size_t i = 0; charsets && i < ARRAY_SIZE(names); i++)
		if (charsets->converters[i])
			iconv_close(charsets->converters[i]);
	free(charsets);
	return NULL;
}

void charsets_closep(struct charsets **charsets)
{
	*charsets = charsets_close(*charsets);
}

/* Index into names, or the first entry (ASCII: "find out") for what we do not know. */
static size_t find_name(const char *name, size_t len)
{
	char key[32];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof(key); i++)
		if (!strchr(" \t\"'", name[i]))
			key[n++] = name[i] == '_' ? '-' : name[i];
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == n && strncasecmp(names[i].name, key, n) == 0)
			return i;
	return 0;
}

/* Length of the ASCII run without NUL at the beginning. */
static size_t ascii_run(const unsigned char *p, size_t len)
{
	const uint64_t high = 0x8080808080808080U, ones = 0x0101010101010101U;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t w;

		memcpy(&w, p + i, sizeof(w));
		if ((w & high) || ((w - ones) & ~w & high)) /* a high bit, or a zero byte */
			break;
	}
	while (i < len && p[i] < 0x80 && p[i] != 0)
		i++;
	return i;
}

/* Adds what fits, never half a character. */
static void add_bounded(struct strbuf *out, const char *text, size_t len)
{
	const size_t room = out->max - out->len;

	if (len <= room || out->failed) {
		strbuf_add(out, text, len);
		return;
	}
	strbuf_add(out, text, utf8_cut(text, room));
	out->failed = true;
}

static void decode_western(const unsigned char *p, size_t len, struct strbuf *out)
{
	static const uint16_t c1[32] = {
		0x20AC, 0xFFFD, 0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
		0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0xFFFD, 0x17D,  0xFFFD,
		0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
		0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0xFFFD, 0x17E,  0x178,
	};

	for (size_t i = 0; i < len && !out->failed;) {
		const size_t run = ascii_run(p + i, len - i);

		add_bounded(out, (const char *)p + i, run);
		i += run;
		if (i < len) {
			utf8_append(out, p[i] >= 0x80 && p[i] < 0xA0 ? c1[p[i] - 0x80] : p[i]);
			i++;
		}
	}
}

/* Counts characters beyond ASCII and bytes that are not UTF-8 (NUL is neither). */
static void count_utf8(const char *p, size_t len, size_t *ret_good, size_t *ret_bad)
{
	const char *end = p + len;
	size_t good = 0, bad = 0;
	uint32_t c;

	while (p < end) {
		size_t n = ascii_run((const unsigned char *)p, (size_t)(end - p));

		p += n;
		if (p == end)
			break;
		n = utf8_decode(p, end, &c);
		good += n > 1;
		bad += n == 0;
		p += n > 0 ? n : 1;
	}
	*ret_good = good;
	*ret_bad = bad;
}

/* As add_bounded(), of text that may be damaged or hold NUL. Repairing never makes it
 * shorter, so more than fits need not be looked at. */
static void add_repaired(struct strbuf *out, const char *text, size_t len)
{
	const size_t room = out->max - out->len, take = len < room + 4 ? len : room + 4;
	CLEANUP(strbuf_release) struct strbuf repaired = STRBUF_INIT(take * 3);

	utf8_append_repaired(&repaired, text, take);
	add_bounded(out, strbuf_str(&repaired), repaired.len);
	out->failed |= repaired.failed;
}

static void decode_utf8(const char *p, size_t len, size_t bad, struct strbuf *out)
{
	if (bad == 0 && !memchr(p, 0, len))
		add_bounded(out, p, len);
	else
		add_repaired(out, p, len);
}

static void decode_iconv(iconv_t converter, const char *data, size_t len, struct strbuf *out)
{
	/* iconv() takes char ** but does not write through it. */
	union {
		const char *data;
		char *in;
	} bytes = { .data = data };
	char *in = bytes.in;
	size_t in_left = len;
	char chunk[4096];

	iconv(converter, NULL, NULL, NULL, NULL);
	while (in_left > 0 && !out->failed) {
		char *to = chunk;
		size_t to_left = sizeof(chunk);
		const size_t before = in_left;
		const size_t rc = iconv(converter, &in, &in_left, &to, &to_left);
		const size_t made = sizeof(chunk) - to_left;

		if (memchr(chunk, 0, made)) /* glibc's result is UTF-8, but may hold NUL */
			add_repaired(out, chunk, made);
		else
			add_bounded(out, chunk, made);
		if (rc != (size_t)-1 || (errno == E2BIG && in_left < before))
			continue;
		utf8_append(out, 0xFFFD);
		in++;
		in_left--;
	}
}

/* UTF-16 without a byte order mark: text has more zero bytes in the high halves. */
static const char *utf16_order(const char *data, size_t *len, const char *preset, const char **from)
{
	size_t even = 0, odd = 0;

	*from = data;
	if (*len >= 2 && (memcmp(data, "\xFE\xFF", 2) == 0 || memcmp(data, "\xFF\xFE", 2) == 0)) {
		*from = data + 2;
		*len -= 2;
		return data[0] == '\xFE' ? "utf-16be" : "utf-16le";
	}
	for (size_t i = 0; i + 1 < *len && i < 4096; i += 2) {
		even += data[i] == 0;
		odd += data[i + 1] == 0;
	}
	return even > odd ? "utf-16be" : odd > even ? "utf-16le" : preset;
}

static void decode_as(struct charsets *charsets, size_t which, const char *data, size_t len,
		      struct strbuf *out)
{
	enum kind kind = names[which].kind;
	size_t good, bad;

	if (kind == KIND_UTF16) {
		const char *preset = names[which].converter[6] == 'B' ? "utf-16be" : "utf-16le";
		const char *order = utf16_order(data, &len, preset, &data);

		which = find_name(order, strlen(order));
		kind = KIND_STATE;
	}
	if (kind == KIND_STATE || kind == KIND_MULTI) {
		if (charsets->converters[which])
			decode_iconv(charsets->converters[which], data, len, out);
		else
			add_repaired(out, data, len);
		return;
	}
	count_utf8(data, len, &good, &bad);
	/* Text beyond ASCII that is UTF-8 throughout is hardly ever anything else. Bad bytes
	 * in text labelled UTF-8 are damage, unless nearly all are bad: a wrong label. */
	if ((good > 0 && bad == 0) || (kind == KIND_UTF8 && good > bad / 8))
		decode_utf8(data, len, bad, out);
	else if (kind == KIND_SINGLE && charsets->converters[which])
		decode_iconv(charsets->converters[which], data, len, out);
	else
		decode_western((const unsigned char *)data, len, out);
}

void charset_decode(struct charsets *charsets, const char *name, size_t name_len, const void *data,
		    size_t len, struct strbuf *out)
{
	const size_t which = find_name(name, name_len);
	const char *text = data;

	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 && names[which].kind != KIND_STATE) {
		text += 3; /* a byte order mark says UTF-8 and is no text */
		decode_as(charsets, find_name("utf-8", 5), text, len - 3, out);
		return;
	}
	if (names[which].kind < KIND_STATE && ascii_run(data, len) == len)
		add_bounded(out, text, len);
	else
		decode_as(charsets, which, text, len, out);
}
