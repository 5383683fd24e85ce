/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/output.h"

enum { BUFFER_BYTES = 256 << 10 };

struct output {
	int fd;
	uint64_t frame;   /* offset of the frame's header in the file */
	uint64_t flushed; /* bytes behind the header that are in the file */
	uint64_t highest; /* largest offset ever written to */
	int failure;      /* errno of the first write that failed */
	size_t fill;
	unsigned char buffer[BUFFER_BYTES];
};

int output_new(int fd, struct output **ret_output, struct threads_error *err)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	output->fd = fd;
	*ret_output = output;
	return 0;
}

struct output *output_free(struct output *output)
{
	free(output);
	return NULL;
}

void output_freep(struct output **output)
{
	*output = output_free(*output);
}

static void write_at(struct output *o, const void *data, size_t len, uint64_t offset)
{
	const unsigned char *p = data;

	while (len > 0 && o->failure == 0) {
		const ssize_t n = pwrite(o->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			o->failure = n < 0 ? errno : ENOSPC;
			return;
		}
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	if (offset > o->highest)
		o->highest = offset;
}

static void flush(struct output *o)
{
	write_at(o, o->buffer, o->fill, o->frame + RECORD_FRAME_SIZE + o->flushed);
	o->flushed += o->fill;
	o->fill = 0;
}

void output_begin(struct output *output)
{
	output->flushed = 0;
	output->fill = 0;
}

uint64_t output_position(const struct output *output)
{
	return output->flushed + output->fill;
}

void output_add(struct output *o, const void *data, size_t len)
{
	if (len > BUFFER_BYTES - o->fill)
		flush(o);
	if (len > BUFFER_BYTES) {
		write_at(o, data, len, o->frame + RECORD_FRAME_SIZE + o->flushed);
		o->flushed += len;
		return;
	}
	memcpy(o->buffer + o->fill, data, len);
	o->fill += len;
}

void output_rewind(struct output *o, uint64_t position)
{
	if (position >= o->flushed) {
		o->fill = (size_t)(position - o->flushed);
	} else {
		o->flushed = position;
		o->fill = 0;
	}
}

int output_end(struct output *o, uint32_t number, const struct strbuf *meta,
	       struct threads_error *err)
{
	static const uint8_t nothing[RECORD_FRAME_SIZE];
	const struct record_frame frame = {
		.number = number,
		.blobs_length = output_position(o),
		.meta_length = meta->len,
	};
	uint8_t header[RECORD_FRAME_SIZE];
	uint64_t next;

	output_add(o, strbuf_str(meta), meta->len);
	flush(o);
	next = o->frame + RECORD_FRAME_SIZE + o->flushed;
	/* What was taken back must not look like the header of the next frame. */
	if (o->highest > next)
		write_at(o, nothing, sizeof(nothing), next);
	record_frame_encode(&frame, header);
	write_at(o, header, sizeof(header), o->frame);
	if (o->failure) {
		errno = o->failure;
		return threads_error_set(err, THREADS_EIO, "write records: %m");
	}
	o->frame = next;
	output_begin(o);
	return 0;
}
