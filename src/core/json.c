/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"

#include <inttypes.h>

#include "core/clock.h"
#include "core/utf8.h"

enum { JSON_DEPTH_MAX = 32, FIELD_SHOWN_MAX = 60 };

void json_freep(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

/* jansson's own limit (2048 levels) is no limit for our stack: count first. */
static bool depth_ok(const char *text, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return false;
	}
	return true;
}

int json_parse_object(const char *text, size_t len, json_t **ret_object, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *json = NULL;
	json_error_t why;

	if (!depth_ok(text, len))
		return threads_error_set(err, THREADS_EINVAL, "JSON is nested too deeply");
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		return threads_error_set(err, THREADS_EINVAL, "not valid JSON at byte %d",
					 why.position);
	if (!json_is_object(json))
		return threads_error_set(err, THREADS_EINVAL, "the JSON is not an object");
	*ret_object = TAKE_PTR(json);
	return 0;
}

int json_get_text_or(const json_t *object, const char *name, size_t max_bytes, const char *preset,
		     const char **ret_text, struct threads_error *err)
{
	const json_t *field = json_object_get(object, name);

	if (!field || json_is_null(field)) {
		*ret_text = preset;
		return 0;
	}
	if (!json_is_string(field))
		return threads_error_set(err, THREADS_EINVAL, "'%s' must be text", name);
	if (json_string_length(field) > max_bytes)
		return threads_error_set(err, THREADS_EINVAL, "'%s' is longer than %zu bytes", name,
					 max_bytes);
	*ret_text = json_string_value(field);
	return 0;
}

int json_get_text(const json_t *object, const char *name, size_t max_bytes, const char **ret_text,
		  struct threads_error *err)
{
	const char *text = NULL;
	const int rc = json_get_text_or(object, name, max_bytes, NULL, &text, err);

	if (rc == 0 && !text)
		return threads_error_set(err, THREADS_EINVAL, "'%s' is missing", name);
	if (rc == 0)
		*ret_text = text;
	return rc;
}

int json_get_int_or(const json_t *object, const char *name, int64_t min, int64_t max,
		    int64_t preset, int64_t *ret_value, struct threads_error *err)
{
	const json_t *field = json_object_get(object, name);
	int64_t value;

	if (!field || json_is_null(field)) {
		*ret_value = preset;
		return 0;
	}
	value = json_integer_value(field);
	if (!json_is_integer(field) || value < min || value > max)
		return threads_error_set(err, THREADS_EINVAL,
					 "'%s' must be a whole number from %" PRId64 " to %" PRId64,
					 name, min, max);
	*ret_value = value;
	return 0;
}

int json_get_bool_or(const json_t *object, const char *name, bool preset, bool *ret_value,
		     struct threads_error *err)
{
	const json_t *field = json_object_get(object, name);

	if (field && !json_is_null(field) && !json_is_boolean(field))
		return threads_error_set(err, THREADS_EINVAL, "'%s' must be true or false", name);
	*ret_value = json_is_boolean(field) ? json_is_true(field) : preset;
	return 0;
}

static bool name_listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

int json_check_fields(const json_t *object, const char *const *names, struct threads_error *err)
{
	const char *key;
	json_t *value;

	/* jansson's iteration wants a mutable object, but does not change it. */
	json_t *walk = NULL;

	memcpy(&walk, &object, sizeof(object)); /* NOLINT(bugprone-sizeof-expression): a pointer */
	json_object_foreach(walk, key, value) {
		if (!name_listed(names, key))
			return threads_error_set(err, THREADS_EINVAL, "unknown field '%.*s'",
						 (int)utf8_cut(key, strnlen(key, FIELD_SHOWN_MAX)),
						 key);
	}
	return 0;
}

int json_set_time(json_t *object, const char *name, int64_t ms)
{
	char text[CLOCK_RFC3339_SIZE];

	if (ms == 0)
		return json_object_set_new(object, name, json_null());
	clock_format_rfc3339(ms, text, sizeof(text));
	return json_object_set_new(object, name, json_string(text));
}

static int on_chunk(const char *data, size_t len, void *arg)
{
	struct strbuf *out = arg;

	strbuf_add(out, data, len);
	return out->failed ? -1 : 0;
}

int json_append(struct strbuf *out, const json_t *json, struct threads_error *err)
{
	if (json_dump_callback(json, on_chunk, out, JSON_COMPACT) == 0)
		return strbuf_check(out, err);
	if (out->failed)
		return strbuf_check(out, err);
	return threads_error_set(err, THREADS_ENOMEM, "JSON could not be written");
}
