/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a raw message, found by gmime: a flat list in order, depth
 * first. Nothing is copied or decoded; a part says where its bytes are. gmime
 * limits depth but not the number of parts, and GLib ends the process when
 * memory runs out: run this in a process that may die.
 */
#ifndef THREADS_MIME_MESSAGE_H
#define THREADS_MIME_MESSAGE_H

#include "core/transfer.h"

enum {
	MIME_PARTS_MAX = 10000, /* boundary lines that are looked at; the rest is not seen */
	MIME_TYPE_SIZE = 100,
};

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,
	MIME_MESSAGE, /* part 0 is the message itself, others are attached ones */
};

struct mime_part {
	enum mime_kind kind;
	enum transfer encoding;
	size_t parent;             /* index; part 0 is its own parent */
	size_t after;              /* index behind its last descendant */
	size_t offset, length;     /* content, still encoded, in the raw message */
	char type[MIME_TYPE_SIZE]; /* lower case; "message/rfc822" for part 0 */
	void *headers;             /* of the message for MIME_MESSAGE, else as own_headers */
	void *own_headers;         /* that describe the part itself: Content-... */
};

struct mime_root;

struct mime_message {
	const char *data; /* the caller's */
	size_t len;
	struct mime_part *parts;
	size_t count;            /* >= 1 */
	bool cut;                /* there are parts beyond the limit */
	struct mime_root *roots; /* gmime's objects */
};

/* After mime_open(). data must outlive ret_message and be < 2 GB. Whatever the bytes are, there is a
 * message. Errors: THREADS_ENOMEM, THREADS_ELIMIT (2 GB), THREADS_EINVAL (gmime finds nothing). */
int mime_message_parse(const char *data, size_t len, struct mime_message *ret_message,
		       struct threads_error *err) MUST_CHECK;
void mime_message_release(struct mime_message *message);

#endif
