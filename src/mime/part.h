/* SPDX-License-Identifier: Apache-2.0 */
/* Headers and content of one part of a parsed message; texts are bounded by the caller's strbuf. */
#ifndef THREADS_MIME_PART_H
#define THREADS_MIME_PART_H

#include "mime/message.h"
#include "mime/mime.h"

/* The raw value of a header (the first of its name), borrowed; NULL if absent. For a
 * MIME_MESSAGE these are the headers of the message, for others those of the part. */
const char *mime_header(const struct mime_part *part, const char *name, size_t *ret_len);

/* Appends a decoded header; nothing if absent. Returns whether it is there. */
bool mime_header_text(const struct mime *mime, const struct mime_part *part, const char *name,
		      struct strbuf *out);

/* The same of the headers that describe the part itself (Content-Disposition ...). */
const char *mime_own_header(const struct mime_part *part, const char *name, size_t *ret_len);

/* Appends the part's file name from either header as sent (not cleaned), or nothing. */
void mime_part_filename(const struct mime *mime, const struct mime_part *part, struct strbuf *out);

/* Content of a part, transfer encoding removed: borrowed from the message if it has
 * none, else decoded into scratch (up to its limit). */
void mime_part_bytes(const struct mime_message *message, const struct mime_part *part,
		     struct strbuf *scratch, const char **ret_data, size_t *ret_len);

/* Appends bytes of a text part as UTF-8, by the part's charset. */
void mime_part_text(const struct mime *mime, const struct mime_part *part, const char *data,
		    size_t len, struct strbuf *out);

#endif
