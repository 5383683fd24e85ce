/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include <strings.h>

#include "core/encode.h"
#include "core/utf8.h"

/* "http://host/path" -> "/path"; NULL if it names another host. */
static const char *strip_origin(const char *raw, const char *host)
{
	const char *authority = NULL;
	size_t len;

	if (raw[0] == '/')
		return raw;
	if (strncasecmp(raw, "http://", 7) == 0)
		authority = raw + 7;
	else if (strncasecmp(raw, "https://", 8) == 0)
		authority = raw + 8;
	if (!authority)
		return NULL;
	len = strcspn(authority, "/?");
	if (len == 0 || len != strlen(host) || strncasecmp(authority, host, len) != 0)
		return NULL;
	return authority[len] == '\0' ? "/" : authority + len;
}

/* One byte of the path, "%XX" decoded; -1 if it is malformed or not allowed. */
static int next_byte(const char **p)
{
	int c;

	if (**p != '%') {
		c = (unsigned char)**p;
		(*p)++;
		return c == '\\' ? -1 : c;
	}
	c = hex_pair(*p + 1, *p + strnlen(*p, 3));
	if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
		return -1;
	*p += 3;
	return c;
}

/* Closes the part that began at start: drops empty ones, refuses dots. */
static bool end_part(struct strbuf *path, size_t start)
{
	const char *part = strbuf_str(path) + start;
	const size_t len = path->len - start;

	return !(len == 1 && part[0] == '.') && !(len == 2 && part[0] == '.' && part[1] == '.');
}

static bool decode_path(const char *p, struct strbuf *path)
{
	size_t start;

	strbuf_add_char(path, '/');
	start = path->len;
	while (*p && *p != '?') {
		int c;

		if (*p == '/') {
			if (!end_part(path, start))
				return false;
			if (path->len > start)
				strbuf_add_char(path, '/');
			start = path->len;
			p++;
			continue;
		}
		c = next_byte(&p);
		if (c < 0)
			return false;
		strbuf_add_char(path, (char)c);
	}
	return end_part(path, start);
}

int target_parse(const char *raw, const char *host, struct strbuf *path, const char **ret_query,
		 struct threads_error *err)
{
	const char *local, *query;
	int rc;

	for (const char *p = raw; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return threads_error_set(err, THREADS_EINVAL,
						 "the address holds a byte that is not allowed");
	local = strip_origin(raw, host);
	if (!local)
		return threads_error_set(err, THREADS_EINVAL, "the address is not one of this hub");
	if (!decode_path(local, path))
		return threads_error_set(err, THREADS_EINVAL, "the address is malformed");
	rc = strbuf_check(path, err);
	if (rc < 0)
		return rc;
	if (!utf8_valid(strbuf_str(path), path->len))
		return threads_error_set(err, THREADS_EINVAL, "the address is not UTF-8");
	query = strchr(local, '?');
	*ret_query = query ? query + 1 : "";
	return 0;
}
