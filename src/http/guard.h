/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header guard: what libmicrohttpd lets through and must not reach us.
 * Pure functions over one parsed request head; no allocation, no state.
 *
 * MHD 0.9.75 accepts repeated Content-Length (request smuggling), length and
 * chunked together, unknown transfer codings, several Host fields, control
 * bytes, empty names, any method and version.
 */
#ifndef THREADS_HTTP_GUARD_H
#define THREADS_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GUARD_FIELDS_MAX = 100,
	GUARD_HOST_MAX = 255,
	GUARD_TARGET_MAX = 8192,
};

struct guard_field {
	const char *name, *value;
	size_t name_len, value_len;
};

struct guard_head {
	const char *method, *version;
	const struct guard_field *fields;
	size_t field_count;
};

/* What the head says about the body that follows. */
struct guard_framing {
	uint64_t length; /* 0 if there is none */
	bool chunked;    /* length unknown */
};

/*
 * Returns 0 if the head may be served, else the HTTP status to answer before
 * the connection is closed: 400, 405, 417, 501 or 505. *ret_words then says
 * why, for the answer (static text). *ret_framing is written on 0.
 */
int guard_check(const struct guard_head *head, struct guard_framing *ret_framing,
		const char **ret_words);

/* Whether len bytes are a token of RFC 9110 (a legal field or cookie name). */
bool guard_is_token(const char *text, size_t len);

#endif
