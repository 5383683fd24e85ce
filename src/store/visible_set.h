/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of audiences that one user is in, in memory: what visible.c reads
 * from the database is kept here, and asked for every row of a query.
 */
#ifndef THREADS_STORE_VISIBLE_SET_H
#define THREADS_STORE_VISIBLE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/compiler.h"
#include "threads/error.h"

struct visible_set {
	int64_t user_id; /* 0: slot is free */
	int64_t used;    /* for the choice of the slot to reuse */
	int64_t epoch;
	int64_t valid_until_ms;
	int64_t max_audience_id; /* ids above are not looked at yet */
	uint64_t *bits;
	size_t words;
	int64_t *denied; /* message ids, ascending */
	size_t denied_count;
	int64_t *audiences; /* of a narrow set only */
	size_t audience_count;
	bool narrow;
	bool everything; /* the operator's */
};

/* Frees what it holds; it is empty then. */
void visible_set_release(struct visible_set *set);

bool visible_set_has(const struct visible_set *set, int64_t audience_id);
bool visible_set_denies(const struct visible_set *set, int64_t message_id);

/* Makes room for audiences up to this one. */
int visible_set_reserve(struct visible_set *set, int64_t max_audience_id,
			struct threads_error *err) MUST_CHECK;

/* The user is in it for a time. If that begins or ends later, it limits how long the set is
 * right. visible_set_reserve() made room. */
void visible_set_member(struct visible_set *set, int64_t audience_id, int64_t from_ms,
			int64_t until_ms, int64_t now_ms);

/* A message is denied; they come in ascending order. */
int visible_set_deny(struct visible_set *set, int64_t message_id,
		     struct threads_error *err) MUST_CHECK;

/* Fills set->audiences. Returns 1, or 0 if there are more than most. */
int visible_set_list(struct visible_set *set, size_t most, struct threads_error *err) MUST_CHECK;

#endif
