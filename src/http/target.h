/* SPDX-License-Identifier: Apache-2.0 */
/* The request target: from raw bytes of the request line to one clean path and a raw query. */
#ifndef THREADS_HTTP_TARGET_H
#define THREADS_HTTP_TARGET_H

#include "core/strbuf.h"

/*
 * Splits and normalises raw ("/a//b%20c?q=1", or "http://HOST/..." where HOST
 * equals host). Appends the decoded path to path: it begins with "/", holds
 * valid UTF-8 without control bytes, backslash, "." or ".." parts, and no
 * empty parts. *ret_query points into raw behind the "?", or to "". Nothing is
 * decoded twice, and an encoded slash is refused.
 * Errors: THREADS_EINVAL (answer 400), THREADS_ELIMIT from path.
 */
int target_parse(const char *raw, const char *host, struct strbuf *path, const char **ret_query,
		 struct threads_error *err) MUST_CHECK;

#endif
