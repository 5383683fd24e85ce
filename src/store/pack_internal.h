/* SPDX-License-Identifier: Apache-2.0 */
/* What reading (pack_reader.c) and writing (pack_writer.c) of packs share. */
#ifndef THREADS_STORE_PACK_INTERNAL_H
#define THREADS_STORE_PACK_INTERNAL_H

#include "store/pack.h"

struct pack_name {
	char text[32]; /* of the file, in the folder of packs */
};

struct pack_name pack_name_make(int64_t number);

/* Returns a descriptor. Errors: THREADS_ENOENT, THREADS_EIO. */
int pack_file_open(int dir_fd, int64_t number, int flags, struct threads_error *err) MUST_CHECK;

/* Pack number, offset and length, big endian: the associated data of a blob. */
struct pack_binding {
	unsigned char bytes[24];
};

struct pack_binding pack_binding_make(const struct pack_location *location);

#endif
