/* SPDX-License-Identifier: Apache-2.0 */
/* The web interface, packed into the program at build time (embed_assets.cmake). */
#ifndef THREADS_HTTP_ASSETS_H
#define THREADS_HTTP_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

#include "http/fields.h"

struct asset {
	const char *path;       /* "/assets/index-AbC123.js" */
	const char *media_type; /* with charset where it has one */
	const char *etag;       /* of the plain bytes, without quotes */
	const unsigned char *data[ENCODING_COUNT], *end[ENCODING_COUNT]; /* NULL: not there */
};

/* Borrowed; NULL if there is no such file. */
const struct asset *asset_find(const char *path);

/* Whether the name carries a hash of the content, so that it may be kept for ever. */
bool asset_is_immutable(const struct asset *asset);

size_t asset_length(const struct asset *asset, enum field_encoding encoding);

/* Generated: sorted by path, ended by a NULL path. */
extern const struct asset assets_table[];

#endif
