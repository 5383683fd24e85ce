/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fields.h"

#include <strings.h>

static size_t skip_space(const char *p)
{
	return strspn(p, " \t");
}

/* Length of p up to len without white space at its end. */
static size_t trim_end(const char *p, size_t len)
{
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	return len;
}

/* The next cookie called name at or after *p; NULL if there is none. Moves *p behind it. */
static const char *next_cookie(const char **p, const char *name, size_t *ret_len)
{
	const size_t name_len = strlen(name);

	while (**p) {
		const char *cookie = *p + skip_space(*p);
		const size_t len = strcspn(cookie, ";");

		*p = cookie + len + (cookie[len] == ';');
		if (len > name_len && cookie[name_len] == '=' &&
		    memcmp(cookie, name, name_len) == 0) {
			*ret_len = trim_end(cookie + name_len + 1, len - name_len - 1);
			return cookie + name_len + 1;
		}
	}
	return NULL;
}

void field_cookie(const char *cookies, const char *name, struct strbuf *out)
{
	size_t len = 0, other_len;
	const char *value = next_cookie(&cookies, name, &len);

	if (value && !next_cookie(&cookies, name, &other_len))
		strbuf_add(out, value, len);
}

bool field_media_is(const char *content_type, const char *media)
{
	const size_t len = strlen(media);
	const char *rest;

	if (strncasecmp(content_type, media, len) != 0)
		return false;
	rest = content_type + len;
	rest += skip_space(rest);
	return *rest == '\0' || *rest == ';';
}

void field_forwarded(const char *value, struct strbuf *out)
{
	const char *comma = strrchr(value, ',');
	const char *last = comma ? comma + 1 : value;

	last += skip_space(last);
	strbuf_add(out, last, trim_end(last, strlen(last)));
}

/* Whether the parameters of one Accept-Encoding entry say q=0. */
static bool weight_is_zero(const char *p, const char *end)
{
	const char *q = memchr(p, ';', (size_t)(end - p));

	if (!q)
		return false;
	q++;
	q += skip_space(q);
	if (q + 2 >= end || (q[0] != 'q' && q[0] != 'Q') || q[1] != '=' || q[2] != '0')
		return false;
	for (q += 3; q < end; q++)
		if (*q >= '1' && *q <= '9')
			return false;
	return true;
}

static bool encoding_allowed(const char *accept, const char *name)
{
	const size_t name_len = strlen(name);

	for (const char *p = accept; *p;) {
		const char *end;
		size_t len;

		p += skip_space(p);
		end = p + strcspn(p, ",");
		len = trim_end(p, strcspn(p, ",;"));
		if (len == name_len && strncasecmp(p, name, len) == 0)
			return !weight_is_zero(p, end);
		p = *end ? end + 1 : end;
	}
	return false;
}

enum field_encoding field_encoding(const char *accept, const bool has[ENCODING_COUNT])
{
	if (has[ENCODING_BR] && encoding_allowed(accept, "br"))
		return ENCODING_BR;
	if (has[ENCODING_GZIP] && encoding_allowed(accept, "gzip"))
		return ENCODING_GZIP;
	return ENCODING_IDENTITY;
}

bool field_etag_listed(const char *list, const char *etag)
{
	if (strcmp(etag, "") == 0)
		return false;
	if (strncmp(etag, "W/", 2) == 0)
		etag += 2;
	for (const char *p = list; *p;) {
		size_t len;

		p += skip_space(p);
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		len = trim_end(p, strcspn(p, ","));
		if ((len == 1 && *p == '*') || (len == strlen(etag) && memcmp(p, etag, len) == 0))
			return true;
		p += strcspn(p, ",");
		if (*p == ',')
			p++;
	}
	return false;
}

/* A decimal number of at most 18 digits; -1 if there is none. Moves *p behind it. */
static int64_t take_number(const char **p)
{
	const size_t len = strspn(*p, "0123456789");
	int64_t value = 0;

	if (len == 0 || len > 18)
		return -1;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + ((*p)[i] - '0');
	*p += len;
	return value;
}

enum field_range_result field_range(const char *range, uint64_t size, uint64_t *ret_first,
				    uint64_t *ret_length)
{
	const char *p = range;
	int64_t first, last;

	if (strncasecmp(range, "bytes=", 6) != 0)
		return RANGE_NONE;
	p += 6;
	first = take_number(&p);
	if (*p++ != '-')
		return RANGE_NONE;
	last = take_number(&p);
	if (*p != '\0' || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
		return RANGE_NONE;
	if (first < 0) { /* the last N bytes */
		if (last == 0 || size == 0)
			return RANGE_UNSATISFIABLE;
		*ret_length = (uint64_t)last < size ? (uint64_t)last : size;
		*ret_first = size - *ret_length;
		return RANGE_PART;
	}
	if ((uint64_t)first >= size)
		return RANGE_UNSATISFIABLE;
	*ret_first = (uint64_t)first;
	*ret_length = size - *ret_first;
	if (last >= 0 && (uint64_t)(last - first) + 1 < *ret_length)
		*ret_length = (uint64_t)(last - first) + 1;
	return RANGE_PART;
}
