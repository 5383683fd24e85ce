/* SPDX-License-Identifier: Apache-2.0 */
/* What `threadsctl parse` prints: one JSON object with headers and leaves of a message. */
#ifndef THREADS_PARSE_FLAT_JSON_H
#define THREADS_PARSE_FLAT_JSON_H

#include <stdio.h>

#include "mime/message.h"
#include "mime/mime.h"

/* Writes the object and a line break. Errors: THREADS_EIO when out fails. */
int flat_json_write(const struct mime *mime, const struct mime_message *message, FILE *out,
		    struct threads_error *err) MUST_CHECK;

#endif
