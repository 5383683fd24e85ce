/* SPDX-License-Identifier: Apache-2.0 */
/* A QR code as an SVG image of one path, drawn by the server: no script needed. */
#ifndef THREADS_AUTH_QR_H
#define THREADS_AUTH_QR_H

#include "core/strbuf.h"

enum { QR_TEXT_MAX = 600, QR_SVG_MAX = 64 * 1024 };

/* Appends the image of text. It holds the secret: cleanse out. Errors: THREADS_ELIMIT, THREADS_ENOMEM. */
int qr_append_svg(struct strbuf *out, const char *text, struct threads_error *err) MUST_CHECK;

#endif
