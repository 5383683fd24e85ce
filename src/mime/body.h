/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person would read of a message: its text, its HTML, and which parts
 * are attachments. Plain text is preferred for searching; HTML stands in where
 * there is none.
 */
#ifndef THREADS_MIME_BODY_H
#define THREADS_MIME_BODY_H

#include "mime/message.h"
#include "mime/mime.h"

enum {
	BODY_TEXT_MAX = 2 << 20,
	BODY_HTML_MAX = 8 << 20,
	BODY_NESTED_MAX = 8, /* attached messages inside each other that are looked into */
};

enum body_use {
	BODY_IN_TEXT = 1,
	BODY_IN_HTML = 2,
	BODY_ATTACHMENT = 4,
	BODY_NESTED = 8, /* belongs to an attached message */
};

struct body {
	struct strbuf text; /* lines end with LF */
	struct strbuf html; /* empty if no part is HTML */
	uint8_t *use;       /* per part: enum body_use, bits */
	bool cut;           /* text, HTML or nesting beyond the limits was left out */
	bool encrypted;     /* PGP or S/MIME */
};

/*
 * digests, one per part, gets the digest of each part that went into text or
 * HTML (digest_add_text() of its decoded bytes); the others are left alone.
 * Errors: THREADS_ENOMEM.
 */
int body_read(const struct mime *mime, const struct mime_message *message,
	      uint8_t (*digests)[DIGEST_LEN], struct body *ret_body,
	      struct threads_error *err) MUST_CHECK;
void body_release(struct body *body);

#endif
