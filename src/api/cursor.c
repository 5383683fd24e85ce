/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cursor.h"

#include <inttypes.h>

#include "core/encode.h"
#include "core/number.h"

void cursor_append(struct strbuf *out, char kind, const int64_t *numbers, size_t count)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT(CURSOR_TEXT_MAX);

	strbuf_add_char(&plain, kind);
	for (size_t i = 0; i < count; i++)
		strbuf_addf(&plain, ":%" PRId64, numbers[i]);
	base64url_append(out, strbuf_str(&plain), plain.len);
}

/* The digits up to the next colon or the end. */
static bool number_read(const char **p, int64_t *ret_number)
{
	char digits[24] = "";
	const size_t len = strcspn(*p, ":");

	if (len >= sizeof(digits))
		return false;
	memcpy(digits, *p, len);
	*p += len;
	return parse_int(digits, 0, INT64_MAX, ret_number, NULL) == 0;
}

bool cursor_read(const char *text, char kind, int64_t *numbers, size_t count)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT(CURSOR_TEXT_MAX);
	const char *p;

	if (base64url_decode(&plain, text, strlen(text), NULL) < 0)
		return false;
	p = strbuf_str(&plain);
	if (*p++ != kind)
		return false;
	for (size_t i = 0; i < count; i++)
		if (*p++ != ':' || !number_read(&p, &numbers[i]))
			return false;
	return *p == '\0';
}
