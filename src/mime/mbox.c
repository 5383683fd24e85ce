/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 * 1024, SEPARATOR_MAX = 1000 };

struct splitter {
	int fd;
	const struct mbox_limits *limits;
	struct mbox_range *ranges;
	struct mbox_result result;
	char *buffer;
	size_t fill;     /* bytes in buffer */
	size_t pos;      /* first byte not looked at */
	uint64_t offset; /* of buffer[0] in the file */
	bool end_of_file;
	bool long_line;           /* in the middle of a line that did not fit */
	bool after_empty;         /* the line before was empty (or there was none) */
	unsigned int empty_bytes; /* its length: 1 or 2 */
	bool inside;              /* a separator was seen: a message is open */
	uint64_t separator;       /* offset of its "From " line */
	uint64_t start;           /* and of its first byte */
	uint64_t total;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool mbox_is_separator(const char *line, size_t len)
{
	bool has_time = false, has_year = false;

	if (len < 12 || len > SEPARATOR_MAX || memcmp(line, "From ", 5) != 0)
		return false;
	for (size_t i = 5; i + 4 < len; i++) {
		if (is_digit(line[i]) && line[i + 1] == ':' && is_digit(line[i + 2]) &&
		    is_digit(line[i + 3]))
			has_time = true;
	}
	for (size_t i = 5; i + 4 <= len; i++) {
		const char *p = line + i;

		if ((p[0] == '1' || p[0] == '2') && (p[1] == '9' || p[1] == '0') &&
		    is_digit(p[2]) && is_digit(p[3]) && !is_digit(p[-1]) &&
		    (i + 4 == len || !is_digit(p[4])))
			has_year = true;
	}
	return has_time && has_year;
}

/* Closes the open message at end. Returns false if the limits are reached; the
 * message that does not fit is left for the next call. */
static bool message_end(struct splitter *s, uint64_t end)
{
	const uint64_t length = end > s->start ? end - s->start : 0;

	if (s->result.count > 0 && length > s->limits->bytes - s->total)
		return false;
	s->ranges[s->result.count++] = (struct mbox_range){ s->start, length };
	s->total = length > s->limits->bytes - s->total ? s->limits->bytes : s->total + length;
	s->inside = false;
	return true;
}

/* One line of len bytes (line end included) at buffer + pos. Returns 1 to go on,
 * 0 if the result is full, < 0 for an error. */
static int line_step(struct splitter *s, size_t len, struct threads_error *err)
{
	const char *line = s->buffer + s->pos;
	const uint64_t at = s->offset + s->pos;
	size_t text = len;

	while (text > 0 && (line[text - 1] == '\n' || line[text - 1] == '\r'))
		text--;
	if (s->after_empty && text > 0 && line[0] == 'F' && mbox_is_separator(line, text)) {
		if (s->inside && !message_end(s, at - s->empty_bytes))
			return 0;
		s->inside = true;
		s->separator = at;
		s->start = at + len;
		if (s->result.count == s->limits->messages)
			return 0;
	} else if (!s->inside && text > 0) {
		return threads_error_set(err, THREADS_EINVAL,
					 "not an mbox: no \"From \" line at byte %llu",
					 (unsigned long long)at);
	}
	s->after_empty = text == 0;
	s->empty_bytes = text == 0 ? (unsigned int)(len < 2 ? len : 2) : 0;
	return 1;
}

/* Fetches more bytes behind what is left in the buffer. */
static int refill(struct splitter *s, struct threads_error *err)
{
	ssize_t n;

	memmove(s->buffer, s->buffer + s->pos, s->fill - s->pos);
	s->fill -= s->pos;
	s->offset += s->pos;
	s->pos = 0;
	do
		n = pread(s->fd, s->buffer + s->fill, BUFFER_BYTES - s->fill,
			  (off_t)(s->offset + s->fill));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return threads_error_set(err, THREADS_EIO, "read mbox: %m");
	s->end_of_file = n == 0;
	s->fill += (size_t)n;
	return 0;
}

/* Looks at all whole lines in the buffer. */
static int lines(struct splitter *s, struct threads_error *err)
{
	int rc = 1;

	while (rc == 1 && s->pos < s->fill) {
		const char *p = s->buffer + s->pos;
		const size_t left = s->fill - s->pos;
		const char *newline = memchr(p, '\n', left);
		const size_t len = newline ? (size_t)(newline + 1 - p) : left;

		if (!newline && !s->end_of_file && left < BUFFER_BYTES)
			break; /* the rest of this line is still to come */
		if (!s->long_line)
			rc = line_step(s, len, err);
		if (rc == 1) {
			s->long_line = !newline;
			s->pos += len;
		}
	}
	return rc;
}

/* At the end of the file: the last message has lost its separator line only. */
static void finish(struct splitter *s)
{
	const uint64_t end = s->offset + s->fill;

	if (s->inside && !message_end(s, end - (s->after_empty ? s->empty_bytes : 0))) {
		s->result.next = s->separator;
		return;
	}
	s->result.next = end;
	s->result.end = true;
}

int mbox_split(int fd, uint64_t from, const struct mbox_limits *limits, struct mbox_range *ranges,
	       struct mbox_result *ret_result, struct threads_error *err)
{
	AUTO_FREE char *buffer = malloc(BUFFER_BYTES);
	struct splitter s = {
		.fd = fd,
		.limits = limits,
		.ranges = ranges,
		.buffer = buffer,
		.offset = from,
		.after_empty = true,
	};
	int rc = 1;

	if (!buffer)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	while (rc == 1 && !(s.end_of_file && s.pos == s.fill)) {
		rc = refill(&s, err);
		if (rc == 0)
			rc = lines(&s, err);
	}
	if (rc < 0)
		return rc;
	if (rc == 0)
		s.result.next = s.separator;
	else
		finish(&s);
	*ret_result = s.result;
	return 0;
}
