/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader of "GET /metrics HTTP/1.1" and its headers (RFC 9112). */
#include <ctype.h>

#include "api/metrics_socket.h"

static const char token_chars[] = "!#$%&'*+-.^_`|~";

static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(token_chars, text[i]))
			return false;
	return len > 0;
}

/* Visible characters, blanks and tabs; what is beyond ASCII is let pass. */
static bool is_value(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7F)
			return false;
	return true;
}

static bool equals(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* "GET /metrics HTTP/1.1" */
static int read_line(const char *line, size_t len, bool *ret_1_1)
{
	const char *target = memchr(line, ' ', len), *version;
	size_t rest, target_len;

	if (!target || !is_token(line, (size_t)(target - line)))
		return 400;
	rest = len - (size_t)(++target - line);
	version = memchr(target, ' ', rest);
	if (!version || version == target)
		return 400;
	target_len = (size_t)(version++ - target);
	rest = len - (size_t)(version - line);
	*ret_1_1 = rest == 8 && memcmp(version, "HTTP/1.1", 8) == 0;
	if (rest != 8 || memcmp(version, "HTTP/", 5) != 0)
		return 400;
	if (!*ret_1_1 && memcmp(version, "HTTP/1.0", 8) != 0)
		return 505;
	if (target_len != 8 || memcmp(target, "/metrics", 8) != 0)
		return 404;
	return line[3] == ' ' && memcmp(line, "GET", 3) == 0 ? 200 : 405;
}

/* False for a header that is none, or that announces a body. */
static bool field_good(const char *line, size_t len, int *hosts)
{
	const char *colon = memchr(line, ':', len);
	const size_t name = colon ? (size_t)(colon - line) : 0;

	if (!colon || !is_token(line, name) || !is_value(colon + 1, len - name - 1))
		return false;
	*hosts += equals(line, name, "host");
	return !equals(line, name, "content-length") && !equals(line, name, "transfer-encoding");
}

int metrics_request(const char *head, size_t len)
{
	const char *line = head, *end;
	bool is_1_1 = false;
	int status = 0, hosts = 0;

	while ((end = memchr(line, '\n', len - (size_t)(line - head)))) {
		const size_t length = (size_t)(end - line);

		if (length == 0 || line[length - 1] != '\r')
			return 400;
		if (status == 0)
			status = read_line(line, length - 1, &is_1_1);
		else if (length == 1) /* the empty line: nothing may follow */
			return end + 1 != head + len || (is_1_1 && hosts != 1) || hosts > 1
				       ? 400
				       : status;
		else if (!field_good(line, length - 1, &hosts))
			return 400;
		if (status == 400)
			return 400;
		line = end + 1;
	}
	return len >= SCRAPE_HEAD_MAX ? 431 : 0;
}
