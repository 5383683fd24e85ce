/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-Transfer-Encoding: bytes as they travelled -> decoded bytes, without
 * allocation and in any chunk size. Lenient: what is not of the encoding is
 * skipped, as other mail programs do. It stands in core because parse, which
 * hashes an attachment, and index, which serves it, must decode alike.
 */
#ifndef THREADS_CORE_TRANSFER_H
#define THREADS_CORE_TRANSFER_H

#include <stdint.h>

#include "core/strbuf.h"

/* The numbers stand in records and in hub.db. */
enum transfer {
	TRANSFER_IDENTITY,
	TRANSFER_BASE64,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_UUENCODE,
	TRANSFER_ENCODINGS, /* how many there are */
};

/* By the header's value; unknown or empty is identity. */
enum transfer transfer_find(const char *name, size_t len);

/* A reader over encoded bytes, which must stay where they are. */
struct transfer_reader {
	enum transfer encoding;
	const unsigned char *p, *end;
	uint32_t bits; /* base64: collected so far */
	unsigned int bit_count;
	unsigned char line[64]; /* uuencode: decoded rest of a line */
	size_t line_pos, line_len;
	bool begun;
};

void transfer_begin(struct transfer_reader *reader, enum transfer encoding, const void *data,
		    size_t len);

/* Decodes up to cap bytes into out (cap >= 4). Returns how many, 0 at the end. */
size_t transfer_read(struct transfer_reader *reader, void *out, size_t cap);

/* Appends the decoded form of all of data. */
void transfer_append(struct strbuf *out, enum transfer encoding, const void *data, size_t len);

/* How base64 was laid out, if it can be written again byte for byte. */
struct transfer_layout {
	size_t length;        /* of the encoded bytes that it covers: without the last line's end */
	uint32_t line_length; /* characters, multiple of 4 */
	bool crlf;
};

/* Looks at the first line only; transfer_exact_read() finds out whether the rest
 * keeps to it. Returns false if the text certainly cannot be written again. */
bool transfer_layout_find(const void *data, size_t len, struct transfer_layout *ret_layout);

/* A reader that accepts only what the layout would give. */
struct transfer_exact {
	struct transfer_layout layout;
	const unsigned char *p, *end;
	size_t column;
	bool broken;
};

void transfer_exact_begin(struct transfer_exact *exact, const struct transfer_layout *layout,
			  const void *data);

/* As transfer_read(), cap >= 768; look at exact->broken after it returned 0. */
size_t transfer_exact_read(struct transfer_exact *exact, void *out, size_t cap);

#endif
