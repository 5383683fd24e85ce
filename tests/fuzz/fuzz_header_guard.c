/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard and the other readers of header text. Input: a request head. What
 * the guard lets through must keep its promises; a path that is accepted must
 * be clean, and stay the same when it is read again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "http/fields.h"
#include "http/guard.h"
#include "http/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next line of text, without its end; NULL after the last. */
static char *next_line(char **text)
{
	char *line = *text, *end;

	if (!line)
		return NULL;
	end = strchr(line, '\n');
	if (end) {
		*end = '\0';
		*text = end + 1;
	} else {
		*text = NULL;
	}
	return line;
}

static void check_target(const char *raw)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT(GUARD_TARGET_MAX);
	const char *query = NULL;

	if (target_parse(raw, "localhost", &path, &query, NULL) < 0)
		return;
	assert(strbuf_str(&path)[0] == '/' && query);
	assert(utf8_valid(strbuf_str(&path), path.len));
	assert(!strstr(strbuf_str(&path), "//") && !strchr(strbuf_str(&path), '\\'));
	assert(!strstr(strbuf_str(&path), "/../") && !strstr(strbuf_str(&path), "/./"));
	for (size_t i = 0; i < path.len; i++)
		assert((unsigned char)path.data[i] >= 0x20 && path.data[i] != 0x7f);
}

static void check_values(const char *value)
{
	static const bool all[ENCODING_COUNT] = { true, true, true };
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(1 << 20);
	uint64_t first = 0, length = 0;

	field_cookie(value, "__Host-threads", &out);
	assert(!strchr(strbuf_str(&out), ';'));
	field_forwarded(value, &out);
	field_encoding(value, all);
	field_etag_listed(value, "\"x\"");
	field_media_is(value, "application/json");
	if (field_range(value, 1000, &first, &length) == RANGE_PART)
		assert(length > 0 && first + length <= 1000);
}

static void check_head(char *text)
{
	struct guard_field fields[GUARD_FIELDS_MAX + 1];
	struct guard_head head = { "", "", fields, 0 };
	struct guard_framing framing = { 0 };
	const char *words = NULL;
	char *line = next_line(&text), *target, *version;

	target = line ? strchr(line, ' ') : NULL;
	version = target ? strrchr(target + 1, ' ') : NULL;
	if (!version)
		return;
	*target++ = '\0';
	*version++ = '\0';
	check_target(target);
	head.method = line;
	head.version = version;
	while (head.field_count < GUARD_FIELDS_MAX + 1 && (line = next_line(&text))) {
		char *colon = strchr(line, ':');
		const size_t name_len = colon ? (size_t)(colon - line) : strlen(line);
		const char *value = colon ? colon + 1 : "";

		check_values(value);
		fields[head.field_count++] =
			(struct guard_field){ line, value, name_len, strlen(value) };
	}
	if (guard_check(&head, &framing, &words) == 0)
		assert(!(framing.chunked && framing.length));
	else
		assert(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_head(text);
	free(text);
	return 0;
}
