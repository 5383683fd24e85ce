/* SPDX-License-Identifier: Apache-2.0 */
/* Output of threadsctl: JSON for programs, words for people. */
#ifndef THREADS_CTL_PRINT_H
#define THREADS_CTL_PRINT_H

#include "core/json.h"
#include "core/strbuf.h"

/* "threadsctl: WORDS" on stderr; returns CTL_FAILED. */
int print_failure(const char *words);

/* One line of compact JSON on stdout. */
void print_json(const json_t *json);

/* Text from outside for a terminal: control characters become '?'. */
void print_text(const char *text);
/* The same, padded with blanks to width or cut to it (by characters). */
void print_cell(const char *text, size_t width);

/* A field of object as text: borrowed, "" if absent or null. */
const char *print_field(const json_t *object, const char *name);
int64_t print_number(const json_t *object, const char *name);

/* A line that the next one replaces, on stderr, if that is a terminal. */
void print_progress(const char *line);
/* Wipes such a line. */
void print_progress_end(void);

/* Releases a string that held a secret; for CLEANUP. */
void print_wipe(struct strbuf *text);

/*
 * The secret on standard input: one line, or all of it up to the end; asked for
 * without echo on a terminal. Errors: THREADS_EINVAL (empty), THREADS_ELIMIT, THREADS_EIO.
 */
int print_read_secret(const char *prompt, struct strbuf *ret_secret,
		      struct threads_error *err) MUST_CHECK;

#endif
