/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time zone from the system's tables (TZif, RFC 8536): what the clocks of a
 * place show. Without the process-wide TZ, because every viewer may have another.
 */
#ifndef THREADS_CORE_ZONE_H
#define THREADS_CORE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "threads/compiler.h"
#include "threads/error.h"

enum {
	ZONE_FILE_MAX = 256 * 1024,
	ZONE_CHANGES_MAX = 2000,
	ZONE_NAME_MAX = 64,
};

struct zone;

/*
 * Reads the bytes of a TZif file. Behind its last change its last offset holds: the
 * rule in the footer is not read, Debian's tables list every change to 2037.
 * Errors: THREADS_EINVAL (no TZif, damaged), THREADS_ENOMEM.
 */
int zone_parse(const void *data, size_t len, struct zone **ret_zone,
	       struct threads_error *err) MUST_CHECK;

/*
 * Reads the table of name ("Europe/Berlin") below the folder dir. 1, or 0 if there is
 * no such name; then ret_zone is untouched. Errors: as above, THREADS_EIO.
 */
int zone_load(const char *dir, const char *name, struct zone **ret_zone,
	      struct threads_error *err) MUST_CHECK;
struct zone *zone_free(struct zone *zone); /* accepts NULL, returns NULL */
void zone_freep(struct zone **zone);

/* How far clocks are ahead of UTC at a moment. NULL is UTC. */
int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms);

/* The moment when clocks show local_ms; of two the first, in a gap the one before it. */
int64_t zone_utc_ms(const struct zone *zone, int64_t local_ms);

#endif
