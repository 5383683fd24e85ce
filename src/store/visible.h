/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one user may see, as a set of audience ids, and the SQL function
 *
 *	visible(:set, message.audience_id, message.id)
 *
 * that every query over messages must carry. A set is made from membership,
 * grants in force, denials and the user's state, cached until the ACL epoch
 * changes or the next grant or embargo ends, and must be fetched inside the
 * read transaction of the query that uses it.
 */
#ifndef THREADS_STORE_VISIBLE_H
#define THREADS_STORE_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct query;
struct visible_set;
struct visible_cache; /* one per connection */

/* Type name for query_bind_pointer(). */
extern const char visible_pointer_type[];

int visible_cache_new(struct visible_cache **ret_cache, struct threads_error *err) MUST_CHECK;
struct visible_cache *visible_cache_free(struct visible_cache *cache);
void visible_cache_freep(struct visible_cache **cache);

/*
 * The set of a user at now_ms. It belongs to cache and is valid until the next
 * call. A user who is not active gets an empty set.
 * Errors: those of query_step(); THREADS_ENOMEM.
 */
int visible_get(struct store *store, struct visible_cache *cache, int64_t user_id, int64_t now_ms,
		struct visible_set **ret_set, struct threads_error *err) MUST_CHECK;

/* The set of the operator at the control socket, who may read every file anyway;
 * what he reads leaves audit rows like everybody's. */
struct visible_set *visible_everything(struct visible_cache *cache);

/* Binds the set as parameter name of a query that calls visible(). */
void visible_bind(struct query *q, const char *name, struct visible_set *set);

/* The rule itself, for rows that come another way than by SQL. */
bool visible_check(const struct visible_set *set, int64_t audience_id, int64_t message_id);

/*
 * True if the user sees so few of so many messages that a walk over them is
 * cheaper than a filter over all; visible_walk() then gives their ids.
 */
bool visible_is_narrow(const struct visible_set *set);

enum { VISIBLE_NARROW_MAX = 2000 };

/* The ids below before_id that the user of a narrow set sees, newest first. ids
 * holds VISIBLE_NARROW_MAX. Returns 1, or 0 if there are too many by now: then only
 * the filter is right. Errors: those of query_step(). */
int visible_walk(struct store *store, const struct visible_set *set, int64_t before_id,
		 int64_t *ids, size_t *ret_count, struct threads_error *err) MUST_CHECK;

#endif
