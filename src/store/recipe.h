/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to make what a person asked for (raw message, header, HTML, attachment)
 * out of blobs. `api` reads the database and writes the recipe, `index` holds
 * the key and cooks it in a thread that has no database.
 */
#ifndef THREADS_STORE_RECIPE_H
#define THREADS_STORE_RECIPE_H

#include "core/transfer.h"
#include "store/pack.h"

/* The same values as enum blob_kind of threads/protocol.h. */
enum recipe_kind {
	RECIPE_RAW = 1,
	RECIPE_HEADERS,
	RECIPE_HTML,
	RECIPE_ATTACHMENT,
};

enum {
	RECIPE_PARTS_MAX = 10000,
	RECIPE_BLOBS_MAX = RECIPE_PARTS_MAX + 2,
	RECIPE_PLAIN_MAX = 1280 << 20, /* message_max at its largest, and HTML */
	RECIPE_BYTES_MAX = (RECIPE_BLOBS_MAX + 2) * (32 + 40), /* of recipe_append() */
};

struct recipe_part {
	uint64_t raw_offset, raw_length;
	uint32_t line_length;
	bool crlf;
};

/*
 * Blobs, in order: the message (skeleton, then HTML), one per part, then the
 * sighting's own header if own_header. An attachment with a blob of its own
 * has only that blob and slice_length 0. An own_raw sighting has only its raw blob.
 */
struct recipe {
	enum recipe_kind kind;
	bool own_header; /* the last blob replaces the first header_length bytes */
	bool whole;      /* the only blob is what was asked for (HEADERS: it begins with it) */
	uint64_t skeleton_length, html_length, header_length;
	uint64_t slice_offset, slice_length; /* of the skeleton: an attachment that stayed there */
	enum transfer encoding;              /* of the slice */
	struct recipe_part *parts;           /* freed by recipe_release() */
	size_t part_count;
};

void recipe_release(struct recipe *recipe);

/* A recipe with its blobs, as it travels from api to index. */
void recipe_append(struct strbuf *out, const struct recipe *recipe,
		   const struct pack_location *blobs, size_t blob_count);

/* Checks every bound. *ret_blobs is to be freed. Errors: THREADS_EINVAL, THREADS_ENOMEM. */
int recipe_parse(const void *data, size_t len, struct recipe *ret_recipe,
		 struct pack_location **ret_blobs, size_t *ret_blob_count,
		 struct threads_error *err) MUST_CHECK;

/*
 * Replaces what is in out. count must be what the recipe needs. Errors: those
 * of pack_read(); THREADS_EINVAL if blobs and recipe do not fit together.
 */
int recipe_cook(const struct recipe *recipe, struct pack_reader *reader,
		const struct pack_location *blobs, size_t count, struct strbuf *out,
		struct threads_error *err) MUST_CHECK;

#endif
