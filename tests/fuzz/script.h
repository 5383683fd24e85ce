/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames from text, so that a fuzzer's input can be read and written by people.
 * One line is one frame, or an order to the target:
 *
 *	LINK TYPE ID FIELD|FIELD|...
 *	api INDEX_ACCOUNT_SYNC 1 aaaaaaaaaaaaaaaaaaaaaaaaaa
 *	close api
 *
 * TYPE is a name of protocol.h or a number. Fields become what the type wants
 * in their place: a number, text, bytes, or a sealed memory file with that
 * content (an unsealed one if it begins with "!"); "~" stands for a new line.
 * More fields than the type has are text, fewer give a frame that is cut.
 * Lines that mean nothing are skipped.
 */
#ifndef THREADS_TESTS_FUZZ_SCRIPT_H
#define THREADS_TESTS_FUZZ_SCRIPT_H

#include "ipc/frame.h"
#include "threads/protocol.h"

enum { SCRIPT_LINES_MAX = 64, SCRIPT_LINE_MAX = 4096, SCRIPT_WORD_MAX = 40 };

struct script_line {
	char link[SCRIPT_WORD_MAX], type[SCRIPT_WORD_MAX];
	uint32_t id;
	char rest[SCRIPT_LINE_MAX];
};

/* What "@name" as a whole field stands for: bytes that text cannot hold, such as a ticket. */
struct script_word {
	const char *name;
	const void *data;
	size_t len;
};

/* The next line from *at on; false at the end of data. */
bool script_next(const uint8_t *data, size_t size, size_t *at, struct script_line *line);

/* The frame that a line says; words end with a NULL name, or are NULL. False if it is none. */
bool script_frame(const struct script_line *line, const struct script_word *words, struct frame *f);

#endif
