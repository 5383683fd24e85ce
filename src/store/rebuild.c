/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rebuild.h"

#include <openssl/evp.h>

static int rebuild_bytes(struct rebuild *r, const char *data, size_t len, struct threads_error *err)
{
	if (r->out)
		strbuf_add(r->out, data, len);
	else if (len > r->raw_length - r->done || memcmp(r->raw + r->done, data, len) != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "the rebuilt message differs at byte %zu or later",
					 r->done);
	r->done += len;
	return 0;
}

static int rebuild_skeleton(struct rebuild *r, size_t len, struct threads_error *err)
{
	int rc;

	if (len > r->skeleton_length - r->skeleton_done)
		return threads_error_set(err, THREADS_EINVAL, "a part lies outside the message");
	rc = rebuild_bytes(r, r->skeleton + r->skeleton_done, len, err);
	if (rc == 0)
		r->skeleton_done += len;
	return rc;
}

/* Encodes in lines, a few kilobytes at a time. */
int rebuild_part(struct rebuild *r, const struct rebuild_part *part, struct threads_error *err)
{
	enum { LINES_SIZE = 16 * 1024 };
	unsigned char lines[LINES_SIZE + REBUILD_LINE_MAX + 8];
	const unsigned char *data = part->data;
	const size_t line_bytes = (size_t)part->line_length / 4 * 3;
	const size_t begin = r->done;
	size_t left = part->size;
	int rc;

	if (part->line_length == 0 || part->line_length % 4 != 0 ||
	    part->line_length > REBUILD_LINE_MAX || part->raw_offset < r->done)
		return threads_error_set(err, THREADS_EINVAL, "not a recipe of a part");
	rc = rebuild_skeleton(r, (size_t)part->raw_offset - begin, err);
	while (rc == 0 && left > 0) {
		size_t fill = 0;

		while (left > 0 && fill < LINES_SIZE) {
			const size_t piece = left < line_bytes ? left : line_bytes;

			fill += (size_t)EVP_EncodeBlock(lines + fill, data, (int)piece);
			data += piece;
			left -= piece;
			if (left > 0 && part->crlf)
				lines[fill++] = '\r';
			if (left > 0)
				lines[fill++] = '\n';
		}
		rc = rebuild_bytes(r, (const char *)lines, fill, err);
	}
	if (rc == 0 && r->done - (size_t)part->raw_offset != part->raw_length)
		rc = threads_error_set(err, THREADS_EINVAL, "a part has another length");
	return rc;
}

int rebuild_end(struct rebuild *r, struct threads_error *err)
{
	int rc = rebuild_skeleton(r, r->skeleton_length - r->skeleton_done, err);

	if (rc < 0)
		return rc;
	if (!r->out && r->done != r->raw_length)
		return threads_error_set(err, THREADS_EINVAL, "the rebuilt message is too short");
	return r->out ? strbuf_check(r->out, err) : 0;
}
