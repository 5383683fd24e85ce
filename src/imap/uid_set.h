/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of message UIDs: sorted ranges read from "1:5,7,9:12", and plain lists. */
#ifndef THREADS_IMAP_UID_SET_H
#define THREADS_IMAP_UID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"

struct uid_range {
	uint32_t first, last;
};

/* Ascending, not overlapping. Zeros are the empty set. */
struct uid_set {
	struct uid_range *ranges;
	size_t count, cap;
};

/* Reads an IMAP sequence set without "*" (empty text: the empty set), in any order.
 * Errors: THREADS_EINVAL, THREADS_ENOMEM. */
int uid_set_parse(struct uid_set *set, const char *text, size_t len,
		  struct threads_error *err) MUST_CHECK;
void uid_set_release(struct uid_set *set); /* for CLEANUP too */
bool uid_set_has(const struct uid_set *set, uint32_t uid);
uint64_t uid_set_size(const struct uid_set *set);

/* A growing list of UIDs. */
struct uid_list {
	uint32_t *uids;
	size_t count, cap;
};

int uid_list_add(struct uid_list *list, uint32_t uid, struct threads_error *err) MUST_CHECK;
void uid_list_release(struct uid_list *list); /* for CLEANUP too */

/* Sorts ascending, drops doubles and 0. */
void uid_list_sort(struct uid_list *list);

/* Position of uid in count sorted UIDs, or -1. */
ssize_t uid_find(const uint32_t *uids, size_t count, uint32_t uid);

#endif
