/* SPDX-License-Identifier: Apache-2.0 */
/* What every JSON reader and writer of ours needs around jansson. */
#ifndef THREADS_CORE_JSON_H
#define THREADS_CORE_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "core/strbuf.h"

void json_freep(json_t **json); /* for CLEANUP(json_freep) */

/* Parses one object from untrusted text: depth <= 32, duplicate keys refused.
 * Errors: THREADS_EINVAL with what and where. */
int json_parse_object(const char *text, size_t len, json_t **ret_object,
		      struct threads_error *err) MUST_CHECK;

/* A required text field of at most max_bytes, borrowed from object. Errors: THREADS_EINVAL. */
int json_get_text(const json_t *object, const char *name, size_t max_bytes, const char **ret_text,
		  struct threads_error *err) MUST_CHECK;

/* The same, or preset if the field is absent or null. */
int json_get_text_or(const json_t *object, const char *name, size_t max_bytes, const char *preset,
		     const char **ret_text, struct threads_error *err) MUST_CHECK;
int json_get_int_or(const json_t *object, const char *name, int64_t min, int64_t max,
		    int64_t preset, int64_t *ret_value, struct threads_error *err) MUST_CHECK;
int json_get_bool_or(const json_t *object, const char *name, bool preset, bool *ret_value,
		     struct threads_error *err) MUST_CHECK;

/* Refuses fields that are not in names (NULL-terminated). Errors: THREADS_EINVAL naming the field. */
int json_check_fields(const json_t *object, const char *const *names,
		      struct threads_error *err) MUST_CHECK;

/* Sets name to the RFC 3339 form of ms, or to null if ms is 0. */
int json_set_time(json_t *object, const char *name, int64_t ms);

/* Appends json in its compact form. Errors: THREADS_ELIMIT from out, THREADS_ENOMEM. */
int json_append(struct strbuf *out, const json_t *json, struct threads_error *err) MUST_CHECK;

#endif
