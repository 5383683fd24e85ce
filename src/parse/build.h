/* SPDX-License-Identifier: Apache-2.0 */
/* From the raw bytes of one message to its record and blobs in the output file. */
#ifndef THREADS_PARSE_BUILD_H
#define THREADS_PARSE_BUILD_H

#include "mime/mime.h"
#include "parse/output.h"
#include "parse/pack.h"

/* What building needs; one for a process. */
struct builder {
	struct mime *mime;
	struct packer *packer;
	struct output *output;
	struct strbuf meta; /* scratch */
};

/* fd: the output file, stays the caller's. Errors: THREADS_ENOMEM, THREADS_EIO. */
int builder_open(struct builder *builder, struct mime *mime, int fd,
		 struct threads_error *err) MUST_CHECK;
void builder_close(struct builder *builder);

/*
 * Writes the frame of message number. A message that cannot be understood gets
 * a record that says so, with all its bytes. Errors: THREADS_EIO, THREADS_ENOMEM.
 */
int build_message(struct builder *builder, uint32_t number, const char *raw, size_t len,
		  struct threads_error *err) MUST_CHECK;

#endif
