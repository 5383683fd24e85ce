/* SPDX-License-Identifier: Apache-2.0 */
#include "http/guard.h"

#include <string.h>
#include <strings.h>

#include "threads/compiler.h"

/* Fields that must not be repeated: a proxy and we might read different ones. */
static const char *const single_fields[] = {
	"Host",   "Content-Length", "Transfer-Encoding", "Content-Type",
	"Cookie", "Origin",         "Sec-Fetch-Site",    "Authorization",
	"Range",  "If-Range",       "If-None-Match",     "Idempotency-Key",
	"Expect", "User-Agent",
};

static int refuse(int status, const char *words, const char **ret_words)
{
	*ret_words = words;
	return status;
}

bool guard_is_token(const char *text, size_t len)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || !strchr(others, c))
			return false;
	}
	return true;
}

static bool name_is(const struct guard_field *field, const char *name)
{
	return field->name_len == strlen(name) &&
	       strncasecmp(field->name, name, field->name_len) == 0;
}

static bool value_is(const struct guard_field *field, const char *value)
{
	return field->value_len == strlen(value) &&
	       strncasecmp(field->value, value, field->value_len) == 0;
}

static bool value_clean(const struct guard_field *field)
{
	for (size_t i = 0; i < field->value_len; i++) {
		const unsigned char c = (unsigned char)field->value[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static const struct guard_field *field_find(const struct guard_head *head, const char *name,
					    size_t *ret_count)
{
	const struct guard_field *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < head->field_count; i++) {
		if (!name_is(&head->fields[i], name))
			continue;
		if (!found)
			found = &head->fields[i];
		count++;
	}
	if (ret_count)
		*ret_count = count;
	return found;
}

static int check_line(const struct guard_head *head, const char **ret_words)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
	bool known = false;

	if (strcmp(head->version, "HTTP/1.1") != 0 && strcmp(head->version, "HTTP/1.0") != 0)
		return refuse(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.", ret_words);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		known = known || strcmp(head->method, methods[i]) == 0;
	if (!known)
		return refuse(405, "This method is not supported.", ret_words);
	return 0;
}

static int check_fields(const struct guard_head *head, const char **ret_words)
{
	size_t count;

	if (head->field_count > GUARD_FIELDS_MAX)
		return refuse(400, "The request has too many header fields.", ret_words);
	for (size_t i = 0; i < head->field_count; i++) {
		const struct guard_field *field = &head->fields[i];

		if (!guard_is_token(field->name, field->name_len))
			return refuse(400, "A header field has a malformed name.", ret_words);
		if (!value_clean(field))
			return refuse(400, "A header field holds a control character.", ret_words);
	}
	for (size_t i = 0; i < ARRAY_SIZE(single_fields); i++) {
		field_find(head, single_fields[i], &count);
		if (count > 1)
			return refuse(400, "A header field is repeated that must not be.",
				      ret_words);
	}
	return 0;
}

static bool host_clean(const struct guard_field *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:[]";

	if (host->value_len == 0 || host->value_len > GUARD_HOST_MAX)
		return false;
	for (size_t i = 0; i < host->value_len; i++)
		if (!memchr(allowed, host->value[i], sizeof(allowed) - 1))
			return false;
	return true;
}

static int check_host(const struct guard_head *head, const char **ret_words)
{
	const struct guard_field *host = field_find(head, "Host", NULL);

	if (!host && strcmp(head->version, "HTTP/1.1") == 0)
		return refuse(400, "The Host field is missing.", ret_words);
	if (host && !host_clean(host))
		return refuse(400, "The Host field is malformed.", ret_words);
	return 0;
}

static bool length_parse(const struct guard_field *field, uint64_t *ret_length)
{
	uint64_t length = 0;

	/* 18 digits cannot overflow; nobody sends an exabyte. */
	if (field->value_len == 0 || field->value_len > 18)
		return false;
	for (size_t i = 0; i < field->value_len; i++) {
		if (field->value[i] < '0' || field->value[i] > '9')
			return false;
		length = length * 10 + (uint64_t)(field->value[i] - '0');
	}
	*ret_length = length;
	return true;
}

static int check_framing(const struct guard_head *head, struct guard_framing *framing,
			 const char **ret_words)
{
	const struct guard_field *length = field_find(head, "Content-Length", NULL);
	const struct guard_field *coding = field_find(head, "Transfer-Encoding", NULL);
	const bool bodyless = strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0;

	if (coding && length)
		return refuse(400, "Content-Length and Transfer-Encoding exclude each other.",
			      ret_words);
	if (coding && strcmp(head->version, "HTTP/1.0") == 0)
		return refuse(400, "HTTP/1.0 knows no Transfer-Encoding.", ret_words);
	if (coding && !value_is(coding, "chunked"))
		return refuse(501, "This Transfer-Encoding is not supported.", ret_words);
	framing->chunked = coding != NULL;
	if (length && !length_parse(length, &framing->length))
		return refuse(400, "Content-Length is malformed.", ret_words);
	if (bodyless && (framing->chunked || framing->length > 0))
		return refuse(400, "This method takes no body.", ret_words);
	return 0;
}

int guard_check(const struct guard_head *head, struct guard_framing *ret_framing,
		const char **ret_words)
{
	struct guard_framing framing = { 0 };
	const struct guard_field *expect;
	int status = check_line(head, ret_words);

	if (status == 0)
		status = check_fields(head, ret_words);
	if (status == 0)
		status = check_host(head, ret_words);
	if (status == 0)
		status = check_framing(head, &framing, ret_words);
	if (status)
		return status;
	expect = field_find(head, "Expect", NULL);
	if (expect && !value_is(expect, "100-continue"))
		return refuse(417, "Only \"Expect: 100-continue\" is supported.", ret_words);
	*ret_framing = framing;
	return 0;
}
