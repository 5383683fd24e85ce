/* SPDX-License-Identifier: Apache-2.0 */
/* Values of operators that are not words: sizes, states, kinds of files. */
#ifndef THREADS_QUERY_QUERY_VALUE_H
#define THREADS_QUERY_QUERY_VALUE_H

#include "query/query_tree.h"

/* "5M", "1.5MB", "300k", "2000": bytes; k, M and G are thousands, as the lists show them. */
bool query_size_parse(const char *text, int64_t *ret_bytes);

/* "unread" ... 0 if there is no such state. */
enum query_state query_state_parse(const char *text);

/* Whether text is the name of a kind of files ("pdf", "image") or messages ("mail"). */
bool query_type_known(const char *text);

/* Whether an attachment is of the kind: by name of the kind, by content type ("image/png"),
 * or by the end of its name ("dwg"). All in lower case but for ASCII letters. */
bool query_type_matches(const char *type, const char *content_type, const char *filename);

/* Whether type:text asks for a kind of message; *ret_mail: for mail, the one kind there is. */
bool query_type_is_message(const char *text, bool *ret_mail);

/* The value that text was probably meant to be, or NULL: one letter wrong, missing, too many,
 * or two swapped. words ends with NULL. */
const char *query_value_near(const char *text, const char *const *words);

/* The words of has:, is:, type: and of dates, for query_value_near(). */
extern const char *const query_has_words[];
extern const char *const query_state_words[];
extern const char *const query_type_words[];
extern const char *const query_date_words[];

#endif
