/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message ids ascend with the message's date, so that "newest first" is the
 * order of the primary key (and of the search index): id = minutes since 1970
 * << 8 | sequence within the minute. When a minute is full the message gets
 * the next free id behind it, which keeps the order right but for the
 * neighbouring minutes. Gaps of a usual mailbox then fit into two or three
 * bytes of the index; finer ids made it larger.
 */
#ifndef THREADS_STORE_MESSAGE_ID_H
#define THREADS_STORE_MESSAGE_ID_H

#include "store/db.h"

enum { MESSAGE_ID_SEQUENCE_BITS = 8, MESSAGE_ID_HINTS = 16 };

/* Where the search for a free id behind a full minute begins. Only a matter of
 * speed: thousands of messages with one date would walk each other's ids. */
struct message_id_hints {
	struct {
		int64_t minute, id;
	} full[MESSAGE_ID_HINTS];
};

/* The first id of the minute of date_ms; dates before 1970 count as 1970. */
int64_t message_id_first(int64_t date_ms);

/* The next free id for a date. Errors: as query_step(). */
int message_id_next(struct db *db, struct message_id_hints *hints, int64_t date_ms, int64_t *ret_id,
		    struct threads_error *err) MUST_CHECK;

#endif
