/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zone.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 44, TYPE_BYTES = 6, TYPES_MAX = 256, OFFSET_MAX_S = 26 * 3600 };

struct zone {
	size_t count;
	int64_t at_ms[ZONE_CHANGES_MAX];         /* ascending */
	int64_t offset_ms[ZONE_CHANGES_MAX + 1]; /* [i]: before at_ms[i]; the last: behind all */
};

/* The counts in a header, in their order in the file. */
struct counts {
	size_t utc, standard, leaps, times, types, characters;
};

static uint64_t big_endian(const uint8_t *p, size_t len)
{
	uint64_t value = 0;

	while (len-- > 0)
		value = value << 8 | *p++;
	return value;
}

static bool header_read(const uint8_t *p, size_t len, struct counts *counts)
{
	if (len < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
		return false;
	*counts = (struct counts){ big_endian(p + 20, 4), big_endian(p + 24, 4),
				   big_endian(p + 28, 4), big_endian(p + 32, 4),
				   big_endian(p + 36, 4), big_endian(p + 40, 4) };
	return counts->utc <= TYPES_MAX && counts->standard <= TYPES_MAX && counts->leaps <= 1000 &&
	       counts->times <= ZONE_CHANGES_MAX && counts->types > 0 &&
	       counts->types <= TYPES_MAX && counts->characters <= 4096;
}

static size_t block_bytes(const struct counts *c, size_t time_bytes)
{
	return c->times * (time_bytes + 1) + c->types * TYPE_BYTES + c->characters +
	       c->leaps * (time_bytes + 4) + c->standard + c->utc;
}

static bool offset_read(const uint8_t *types, size_t count, size_t type, int64_t *ret_ms)
{
	int64_t seconds;

	if (type >= count)
		return false;
	seconds = (int32_t)big_endian(types + type * TYPE_BYTES, 4);
	*ret_ms = seconds * 1000;
	return seconds >= -OFFSET_MAX_S && seconds <= OFFSET_MAX_S;
}

static bool block_read(const uint8_t *p, const struct counts *counts, struct zone *zone)
{
	const uint8_t *which = p + counts->times * 8;
	const uint8_t *types = which + counts->times;

	zone->count = counts->times;
	/* Before the first change: type 0. */
	if (!offset_read(types, counts->types, 0, &zone->offset_ms[0]))
		return false;
	for (size_t i = 0; i < counts->times; i++) {
		const int64_t seconds = (int64_t)big_endian(p + i * 8, 8);

		/* The "big bang" of old tables is far outside of what milliseconds hold. */
		zone->at_ms[i] = seconds < -(INT64_C(1) << 40)  ? -(INT64_C(1) << 50)
				 : seconds > (INT64_C(1) << 40) ? INT64_C(1) << 50
								: seconds * 1000;
		if ((i > 0 && zone->at_ms[i] < zone->at_ms[i - 1]) ||
		    !offset_read(types, counts->types, which[i], &zone->offset_ms[i + 1]))
			return false;
	}
	return true;
}

int zone_parse(const void *data, size_t len, struct zone **ret_zone, struct threads_error *err)
{
	CLEANUP(zone_freep) struct zone *zone = calloc(1, sizeof(*zone));
	const uint8_t *p = data;
	struct counts counts;
	size_t skip;

	if (!zone)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	/* The first block has times of 4 bytes; the second one repeats it with 8. */
	if (!header_read(p, len, &counts) || p[4] < '2')
		return threads_error_set(err, THREADS_EINVAL, "no table of a time zone");
	skip = HEADER_BYTES + block_bytes(&counts, 4);
	if (len < skip || !header_read(p + skip, len - skip, &counts))
		return threads_error_set(err, THREADS_EINVAL, "damaged table of a time zone");
	skip += HEADER_BYTES;
	if (len - skip < block_bytes(&counts, 8) || !block_read(p + skip, &counts, zone))
		return threads_error_set(err, THREADS_EINVAL, "damaged table of a time zone");
	*ret_zone = TAKE_PTR(zone);
	return 0;
}

/* Names come from people: nothing that leaves the folder. */
static bool name_is_safe(const char *name)
{
	return *name && *name != '/' && strlen(name) <= ZONE_NAME_MAX && !strchr(name, '.') &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
		       strlen(name);
}

int zone_load(const char *dir, const char *name, struct zone **ret_zone, struct threads_error *err)
{
	AUTO_FD int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int fd = -1;
	AUTO_FREE char *data = NULL;
	struct stat st;
	ssize_t got;
	int rc;

	if (!name_is_safe(name) || dir_fd < 0)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > ZONE_FILE_MAX)
		return 0;
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	got = pread(fd, data, (size_t)st.st_size, 0);
	if (got < 0)
		return threads_error_set(err, THREADS_EIO, "read time zone %s: %m", name);
	rc = zone_parse(data, (size_t)got, ret_zone, err);
	return rc < 0 ? threads_error_wrap(err, rc, "time zone %s", name) : 1;
}

struct zone *zone_free(struct zone *zone)
{
	free(zone);
	return NULL;
}

void zone_freep(struct zone **zone)
{
	*zone = zone_free(*zone);
}

int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms)
{
	size_t low = 0, high = zone ? zone->count : 0;

	if (!zone)
		return 0;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (zone->at_ms[middle] <= utc_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return zone->offset_ms[low];
}

int64_t zone_utc_ms(const struct zone *zone, int64_t local_ms)
{
	/* A change lies between the two: try the offset before it, then the one behind. */
	const int64_t day_ms = 86400000;
	const int64_t before = zone_offset_ms(zone, local_ms - day_ms);
	const int64_t behind = zone_offset_ms(zone, local_ms + day_ms);

	if (zone_offset_ms(zone, local_ms - before) == before)
		return local_ms - before;
	return local_ms - behind;
}
