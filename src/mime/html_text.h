/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns an HTML mail body into the plain text that we index and preview.
 *
 * Mail HTML is hostile: it comes from strangers. This is a tokenizer without
 * a document tree, so time and memory are linear in the input and nesting
 * costs nothing. It does not try to render.
 */
#ifndef THREADS_MIME_HTML_TEXT_H
#define THREADS_MIME_HTML_TEXT_H

#include "core/strbuf.h"

/*
 * Appends the visible text of html to out.
 *
 * html	UTF-8, len bytes, not NUL-terminated; borrowed for the call. Any byte
 *	sequence is accepted: broken markup yields odd text, never an error.
 *	Valid UTF-8 gives valid UTF-8.
 * out	owned by the caller; its limit bounds the result. Text after the limit
 *	is cut, and strbuf_check(out) then reports it.
 *
 * Head matter, scripts, styles, comments and elements hidden by attribute or
 * inline style are dropped; block elements become one line break; runs of
 * white space become one space. Cannot fail otherwise.
 */
void html_text_append(struct strbuf *out, const char *html, size_t len);

/* The way back for plain text: appends text as "<pre>" with markup escaped. */
void html_escape_append(struct strbuf *out, const char *text, size_t len);

#endif
