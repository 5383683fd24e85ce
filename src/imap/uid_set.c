/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/uid_set.h"

#include <stdlib.h>

enum { FIRST_CAP = 64 };

/* Makes room for one more element of size bytes. */
static int grow(void **data, size_t count, size_t *cap, size_t size, struct threads_error *err)
{
	size_t want = *cap ? *cap * 2 : FIRST_CAP;
	void *fresh;

	if (count < *cap)
		return 0;
	fresh = reallocarray(*data, want, size);
	if (!fresh)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*data = fresh;
	*cap = want;
	return 0;
}

static int add_range(struct uid_set *set, uint32_t first, uint32_t last, struct threads_error *err)
{
	void *data = set->ranges;
	const int rc = grow(&data, set->count, &set->cap, sizeof(*set->ranges), err);

	if (rc < 0)
		return rc;
	set->ranges = data;
	set->ranges[set->count++] = first <= last ? (struct uid_range){ first, last }
						  : (struct uid_range){ last, first };
	return 0;
}

/* Reads digits at *at; 0 if there is no number from 1 to 2^32 - 1. */
static uint32_t read_uid(const char *text, size_t len, size_t *at)
{
	uint64_t value = 0;

	while (*at < len && text[*at] >= '0' && text[*at] <= '9') {
		value = value * 10 + (uint64_t)(text[*at] - '0');
		if (value > UINT32_MAX)
			return 0;
		(*at)++;
	}
	return (uint32_t)value;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorts and joins what touches. */
static void normalise(struct uid_set *set)
{
	size_t kept = 0;

	if (set->count == 0)
		return;
	qsort(set->ranges, set->count, sizeof(*set->ranges), compare_ranges);
	for (size_t i = 1; i < set->count; i++) {
		struct uid_range *last = &set->ranges[kept];

		if (set->ranges[i].first <= (uint64_t)last->last + 1) {
			if (set->ranges[i].last > last->last)
				last->last = set->ranges[i].last;
		} else {
			set->ranges[++kept] = set->ranges[i];
		}
	}
	set->count = kept + 1;
}

int uid_set_parse(struct uid_set *set, const char *text, size_t len, struct threads_error *err)
{
	size_t at = 0;

	uid_set_release(set);
	while (at < len) {
		const uint32_t first = read_uid(text, len, &at);
		uint32_t last = first;
		int rc;

		if (at < len && text[at] == ':') {
			at++;
			last = read_uid(text, len, &at);
		}
		/* After a range comes the end, or a comma and another range. */
		if (first == 0 || last == 0 || (at < len && (text[at] != ',' || at + 1 == len)))
			return threads_error_set(err, THREADS_EINVAL, "not a UID set");
		rc = add_range(set, first, last, err);
		if (rc < 0)
			return rc;
		at++;
	}
	normalise(set);
	return 0;
}

void uid_set_release(struct uid_set *set)
{
	free(set->ranges);
	*set = (struct uid_set){ 0 };
}

bool uid_set_has(const struct uid_set *set, uint32_t uid)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (uid < set->ranges[mid].first)
			high = mid;
		else if (uid > set->ranges[mid].last)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

uint64_t uid_set_size(const struct uid_set *set)
{
	uint64_t size = 0;

	for (size_t i = 0; i < set->count; i++)
		size += (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
	return size;
}

int uid_list_add(struct uid_list *list, uint32_t uid, struct threads_error *err)
{
	void *data = list->uids;
	const int rc = grow(&data, list->count, &list->cap, sizeof(*list->uids), err);

	if (rc < 0)
		return rc;
	list->uids = data;
	list->uids[list->count++] = uid;
	return 0;
}

void uid_list_release(struct uid_list *list)
{
	free(list->uids);
	*list = (struct uid_list){ 0 };
}

static int compare_uids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void uid_list_sort(struct uid_list *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->uids, list->count, sizeof(*list->uids), compare_uids);
	for (size_t i = 0; i < list->count; i++)
		if (list->uids[i] != 0 && (kept == 0 || list->uids[i] != list->uids[kept - 1]))
			list->uids[kept++] = list->uids[i];
	list->count = kept;
}

ssize_t uid_find(const uint32_t *uids, size_t count, uint32_t uid)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (uids[mid] == uid)
			return (ssize_t)mid;
		if (uids[mid] < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}
