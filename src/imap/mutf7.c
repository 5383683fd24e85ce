/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/mutf7.h"

#include <ctype.h>

#include "core/utf8.h"

enum { NAME_MAX_BYTES = 64 * 1024 };

static int value_of(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* One UTF-16 unit; *high holds a first half that waits for its second. False: malformed. */
static bool add_unit(struct strbuf *out, uint32_t unit, uint32_t *high)
{
	const bool is_low = unit >= 0xDC00 && unit <= 0xDFFF;

	if (is_low != (*high != 0) || unit == 0)
		return false;
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		*high = unit;
		return true;
	}
	if (is_low)
		utf8_append(out, 0x10000 + ((*high - 0xD800) << 10) + (unit - 0xDC00));
	else
		utf8_append(out, unit);
	*high = 0;
	return true;
}

/* Decodes what stands between "&" and "-". */
static bool decode_shifted(struct strbuf *out, const char *text, size_t len)
{
	uint32_t bits = 0, high = 0;
	int count = 0;

	for (size_t i = 0; i < len; i++) {
		const int value = value_of(text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 16) {
			count -= 16;
			if (!add_unit(out, bits >> count & 0xFFFF, &high))
				return false;
			bits &= (1U << count) - 1;
		}
	}
	return bits == 0 && high == 0 && count < 6;
}

static bool decode(struct strbuf *out, const char *name)
{
	while (*name) {
		const char *end;

		if (*name != '&') {
			if ((unsigned char)*name >= 0x80)
				return false;
			strbuf_add_char(out, *name++);
			continue;
		}
		end = strchr(name, '-');
		if (!end)
			return false;
		if (end == name + 1)
			strbuf_add_char(out, '&');
		else if (!decode_shifted(out, name + 1, (size_t)(end - name - 1)))
			return false;
		name = end + 1;
	}
	return true;
}

void mutf7_show(struct strbuf *out, const char *name)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(NAME_MAX_BYTES);

	if (!decode(&text, name) || strbuf_check(&text, NULL) < 0) {
		strbuf_reset(&text);
		utf8_append_repaired(&text, name, strlen(name));
	}
	for (size_t i = 0; i < text.len; i++)
		if (iscntrl((unsigned char)text.data[i]))
			text.data[i] = '?';
	strbuf_add(out, strbuf_str(&text), text.len);
}
