/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mail server may send, checked before the IMAP library sees a byte.
 * Its parser recurses on "(", buffers lines without limit, and dies on a
 * malformed PERMANENTFLAGS code; this filter bounds the first two and turns the
 * third, which nobody here needs, into a code that the parser does not know.
 *
 * The filter knows literals only where IMAP has them (data lines), so that a
 * status line that merely looks like one cannot hide what follows from it.
 */
#ifndef THREADS_IMAP_GUARD_H
#define THREADS_IMAP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GUARD_LINE_MAX = 1024 * 1024, /* bytes of a line, literals not counted */
	GUARD_DEPTH_MAX = 64,         /* open "(" in a line */
	GUARD_HEAD_MAX = 10,
	GUARD_BYE_SIZE = 128,
};

enum guard_literal {
	GUARD_LITERAL_NONE,
	GUARD_LITERAL_OPEN,   /* "{" */
	GUARD_LITERAL_DIGITS, /* "{1" */
	GUARD_LITERAL_CLOSED, /* "{1}", and "{1}\r" */
};

struct guard {
	uint64_t literal_max; /* bytes of one literal */
	uint64_t total_max;   /* bytes for one command, 0 = no limit */
	uint64_t outside_max; /* of them outside literals, 0 = no limit */
	const char *why;      /* the limit that was reached: a static text; NULL so far */

	uint64_t total, outside, line_len;
	uint64_t literal_left; /* bytes still to come */
	uint64_t literal_size; /* the number being read */
	enum guard_literal literal;
	char head[GUARD_HEAD_MAX]; /* how the line begins */
	size_t head_len;
	unsigned depth;
	unsigned word; /* characters of PERMANENTFLAGS seen in a row */
	bool data;     /* a line that may hold strings and literals */
	bool quoted, escaped;
	char bye[GUARD_BYE_SIZE]; /* what the server said when it took its leave; "" = nothing */
	size_t bye_len;
};

void guard_init(struct guard *g, uint64_t literal_max);

/* A new command begins: counts from zero. Does not forget a limit that was reached. */
void guard_command(struct guard *g, uint64_t total_max, uint64_t outside_max);

/* Checks the next len bytes of the stream and rewrites them in place. The result
 * does not depend on how the stream is cut. False: stop reading, see why. */
bool guard_feed(struct guard *g, char *data, size_t len);

#endif
