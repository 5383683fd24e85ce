/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes frames of ipc/record.h into the output file through a small buffer, so
 * that a large attachment passes through without being held. What is being
 * written can be taken back. A frame's header goes out last.
 */
#ifndef THREADS_PARSE_OUTPUT_H
#define THREADS_PARSE_OUTPUT_H

#include "ipc/record.h"

struct output;

/* fd stays the caller's. Errors: THREADS_ENOMEM. */
int output_new(int fd, struct output **ret_output, struct threads_error *err) MUST_CHECK;
struct output *output_free(struct output *output);
void output_freep(struct output **output);

/* Starts a frame behind the last one (or again in its place, if it was not ended). */
void output_begin(struct output *output);

/* Bytes written since output_begin(): where the next blob will lie in the blob area. */
uint64_t output_position(const struct output *output);

/* Errors of writing are kept until output_end(). */
void output_add(struct output *output, const void *data, size_t len);

/* Forgets everything behind position. */
void output_rewind(struct output *output, uint64_t position);

/* Adds meta, writes all, then the header. Errors: THREADS_EIO. */
int output_end(struct output *output, uint32_t number, const struct strbuf *meta,
	       struct threads_error *err) MUST_CHECK;

#endif
