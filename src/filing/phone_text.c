/* SPDX-License-Identifier: Apache-2.0 */
/* From what people and telephone systems write to digits. */
#include "filing/filing_internal.h"

#include <ctype.h>
#include <strings.h>

#include "core/utf8.h"

struct slice {
	const char *at;
	size_t len;
};

static bool slice_is(struct slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static bool slice_opens(struct slice s, const char *word)
{
	return s.len >= strlen(word) && strncasecmp(s.at, word, strlen(word)) == 0;
}

static struct slice slice_skip(struct slice s, size_t n)
{
	return (struct slice){ s.at + n, s.len - n };
}

/* The text up to the first character of stops. */
static struct slice slice_until(struct slice s, const char *stops)
{
	size_t n = 0;

	while (n < s.len && (s.at[n] == '\0' || !strchr(stops, s.at[n])))
		n++;
	return (struct slice){ s.at, n };
}

static struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && isspace((unsigned char)s.at[0]))
		s = slice_skip(s, 1);
	while (s.len > 0 && isspace((unsigned char)s.at[s.len - 1]))
		s.len--;
	return s;
}

/* What callers who hide their number are called in caller ids and headers. */
static bool is_withheld(struct slice s)
{
	static const char *const words[] = {
		"anonymous",   "anonym",     "anonyme",      "private",   "private number",
		"privat",      "restricted", "withheld",     "unknown",   "blocked",
		"unavailable", "no number",  "no caller id", "unbekannt", "unterdrückt",
		"inconnu",     "privado",    "oculto",       "masqué",    "nascosto",
		"asserted",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_is(s, words[i]))
			return true;
	return s.len == 0;
}

/* "Name <sip:...>" and "tel:..." become the bare address; is_sip cuts off "@host". */
static struct slice address_of(struct slice s, bool *ret_is_sip, struct slice *ret_parameters)
{
	static const char *const schemes[] = { "sip:", "sips:", "tel:", "callto:" };
	const char *open = s.len > 0 ? memrchr(s.at, '<', s.len) : NULL;
	const char *close = open ? memchr(open, '>', (size_t)(s.at + s.len - open)) : NULL;
	bool scheme = false;

	*ret_is_sip = false;
	*ret_parameters = (struct slice){ s.at + s.len, 0 };
	if (close)
		s = (struct slice){ open + 1, (size_t)(close - open - 1) };
	for (size_t i = 0; i < ARRAY_SIZE(schemes) && !scheme; i++) {
		if (!slice_opens(s, schemes[i]))
			continue;
		scheme = true;
		*ret_is_sip = i < 2;
		s = slice_skip(s, strlen(schemes[i]));
	}
	if (scheme || memchr(s.at, ';', s.len)) {
		const struct slice bare = slice_until(s, ";?");

		*ret_parameters = slice_skip(s, bare.len);
		s = bare;
	}
	if (*ret_is_sip || memchr(s.at, '@', s.len))
		s = slice_until(s, "@:");
	return slice_trim(s);
}

/* Appends the digit to text of at most max; false if it does not fit. */
static bool digit_add(char *text, size_t max, char digit)
{
	const size_t n = strlen(text);

	if (n >= max)
		return false;
	text[n] = digit;
	text[n + 1] = '\0';
	return true;
}

/* The value of a decimal digit of the scripts that keyboards for phones write, or -1. */
static int digit_value(uint32_t c)
{
	static const uint32_t zeros[] = { '0', 0x660, 0x6F0, 0x966, 0xFF10 };

	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return (int)(c - zeros[i]);
	return -1;
}

static bool is_plus(uint32_t c)
{
	return c == '+' || c == 0xFF0B;
}

/* What may stand between digits: punctuation, spaces, direction marks, East Asian forms. */
static bool is_separator(uint32_t c)
{
	return (c < 0x80 && strchr(" \t-./()[]~_\\", (int)c) && c != 0) || c == 0xA0 ||
	       (c >= 0x2000 && c <= 0x206F) || c == 0x2212 || c == 0x3000 || c == 0x30FC ||
	       c == 0xFF08 || c == 0xFF09 || c == 0xFF0D || c == 0xFF0E || c == 0xFF0F;
}

/* Length of a word that introduces an extension, or 0. */
static size_t extension_word(struct slice s)
{
	static const char *const words[] = {
		"extension", "ext.", "ext",   "ex.",  "x.",    "x",    "#",    "durchwahl",
		"dw.",       "dw",   "poste", "int.", "anexo", "wew.", "内線", "доб.",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_opens(s, words[i]))
			return strlen(words[i]);
	return 0;
}

static int extension_read(struct slice s, struct phone_text *number, struct threads_error *err)
{
	const char *p = s.at, *end = s.at + s.len;

	while (p < end) {
		uint32_t c = 0;
		const size_t n = utf8_decode(p, end, &c);
		const int digit = n ? digit_value(c) : -1;

		if (n == 0 || (digit < 0 && !is_separator(c) && c != ':' && c != '='))
			return threads_error_set(err, THREADS_EINVAL, "not a telephone extension");
		if (digit >= 0 &&
		    !digit_add(number->extension, PHONE_EXTENSION_MAX, (char)('0' + digit)))
			return threads_error_set(err, THREADS_ELIMIT, "the extension is too long");
		p += n;
	}
	return 0;
}

static int digits_read(struct slice s, struct phone_text *number, struct threads_error *err)
{
	const char *p = s.at, *end = s.at + s.len;

	while (p < end) {
		uint32_t c = 0;
		const size_t n = utf8_decode(p, end, &c);
		const int digit = n ? digit_value(c) : -1;
		const size_t word = extension_word((struct slice){ p, (size_t)(end - p) });

		if (word && number->digits[0])
			return extension_read((struct slice){ p + word, (size_t)(end - p) - word },
					      number, err);
		if (n == 0 || (digit < 0 && !is_separator(c) && !is_plus(c)))
			return threads_error_set(err, THREADS_EINVAL, "not a telephone number");
		if (is_plus(c) && (number->plus || number->digits[0]))
			return threads_error_set(err, THREADS_EINVAL, "a + belongs to the front");
		/* "+44 (0)20": the zero is only for callers from inside the country. */
		if (number->plus && end - p >= 3 && memcmp(p, "(0)", 3) == 0) {
			p += 3;
			continue;
		}
		number->plus = number->plus || is_plus(c);
		if (digit >= 0 && !digit_add(number->digits, PHONE_DIGITS_MAX, (char)('0' + digit)))
			return threads_error_set(err, THREADS_ELIMIT,
						 "the number has too many digits");
		p += n;
	}
	return 0;
}

/* ";ext=12;phone-context=+49": others are of no interest here. */
static int parameters_read(struct slice s, struct phone_text *number, struct threads_error *err)
{
	static const char ext[] = ";ext=", context[] = ";phone-context=+";

	while (s.len > 0) {
		const struct slice rest = slice_skip(s, 1);
		const struct slice value = slice_until(rest, ";?>");

		if (slice_opens(s, ext)) {
			const int rc = extension_read(
				(struct slice){ s.at + sizeof(ext) - 1,
						(size_t)(value.at + value.len - s.at) -
							(sizeof(ext) - 1) },
				number, err);

			if (rc < 0)
				return rc;
		}
		if (slice_opens(s, context))
			for (const char *p = s.at + sizeof(context) - 1;
			     p < value.at + value.len && isdigit((unsigned char)*p); p++)
				(void)digit_add(number->context, PHONE_DIGITS_MAX, *p);
		s = slice_skip(rest, value.len);
	}
	return 0;
}

int phone_text_read(const char *text, size_t len, struct phone_text *ret_number,
		    struct threads_error *err)
{
	struct phone_text number = { .plus = false };
	struct slice parameters, address;
	bool is_sip;
	int rc;

	if (len > PHONE_TEXT_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the number is too long");
	address = address_of(slice_trim((struct slice){ text, len }), &is_sip, &parameters);
	if (is_withheld(address))
		return 0;
	rc = digits_read(address, &number, err);
	if (rc == 0)
		rc = parameters_read(parameters, &number, err);
	if (rc < 0)
		return rc;
	if (!number.digits[0])
		return threads_error_set(err, THREADS_EINVAL, "not a telephone number");
	*ret_number = number;
	return 1;
}
