/* SPDX-License-Identifier: Apache-2.0 */
#include "store/visible.h"

#include "store/audience.h"
#include "store/store_internal.h"
#include "store/visible_set.h"

enum {
	CACHE_USERS = 64,
	NARROW_FROM_MESSAGES = 50000, /* below that a filter over everything is cheap */
};

const char visible_pointer_type[] = "threads-visible-set";

struct visible_cache {
	struct visible_set sets[CACHE_USERS];
	struct visible_set everything;
	int64_t clock;
};

static const char sql_user_active[] = "SELECT 1 FROM user WHERE id = :user_id AND state = 'active'";
static const char sql_audience_last[] = "SELECT ifnull(max(id), 0) FROM audience";
static const char sql_audience_of_user[] =
	"SELECT m.audience_id, m.from_ms, m.until_ms FROM audience_member m"
	" WHERE m.kind = 0 AND m.member_id = :user_id AND m.audience_id > :above"
	" AND NOT EXISTS (SELECT 1 FROM audience_deny d WHERE d.audience_id = m.audience_id"
	"  AND d.kind = m.kind AND d.member_id = m.member_id)"
	" UNION ALL "
	"SELECT m.audience_id, m.from_ms, m.until_ms"
	" FROM (SELECT group_id FROM group_member WHERE user_id = :user_id"
	"  UNION SELECT id FROM user_group WHERE builtin = 1) g"
	" CROSS JOIN audience_member m ON m.kind = 1 AND m.member_id = g.group_id"
	"  AND m.audience_id > :above"
	" WHERE NOT EXISTS (SELECT 1 FROM audience_deny d WHERE d.audience_id = m.audience_id"
	"  AND d.kind = m.kind AND d.member_id = m.member_id)";
static const char sql_deny_of_user[] =
	"SELECT message_id FROM deny WHERE user_id = :user_id ORDER BY message_id";
static const char sql_message_count_of_audience[] =
	"SELECT count(*) FROM (SELECT 1 FROM message WHERE audience_id = :audience_id LIMIT :most)";
static const char sql_message_count_capped[] =
	"SELECT count(*) FROM (SELECT 1 FROM message LIMIT :most)";
static const char sql_message_of_audience[] =
	"SELECT id FROM message WHERE audience_id = :audience_id AND id < :before_id"
	" ORDER BY id DESC LIMIT :most";

int visible_cache_new(struct visible_cache **ret_cache, struct threads_error *err)
{
	*ret_cache = calloc(1, sizeof(**ret_cache));
	return *ret_cache ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

struct visible_cache *visible_cache_free(struct visible_cache *cache)
{
	for (size_t i = 0; cache && i < CACHE_USERS; i++)
		visible_set_release(&cache->sets[i]);
	free(cache);
	return NULL;
}

void visible_cache_freep(struct visible_cache **cache)
{
	*cache = visible_cache_free(*cache);
}

bool visible_check(const struct visible_set *set, int64_t audience_id, int64_t message_id)
{
	if (set->everything)
		return true;
	return visible_set_has(set, audience_id) && !visible_set_denies(set, message_id);
}

/* Not flagged deterministic: the set behind the pointer changes. */
static void visible_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct visible_set *set = sqlite3_value_pointer(values[0], visible_pointer_type);

	(void)count;
	sqlite3_result_int(context, set && visible_check(set, sqlite3_value_int64(values[1]),
							 sqlite3_value_int64(values[2])));
}

int visible_register(sqlite3 *handle, struct threads_error *err)
{
	int rc = sqlite3_create_function_v2(handle, "visible", 3, SQLITE_UTF8 | SQLITE_DIRECTONLY,
					    NULL, visible_function, NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return threads_error_set(err, THREADS_EIO, "register visible: %s",
					 sqlite3_errstr(rc));
	return 0;
}

void visible_bind(struct query *q, const char *name, struct visible_set *set)
{
	query_bind_pointer(q, name, set, visible_pointer_type);
}

/* Reads one number; 0 if there is no row. */
static int number_get(struct query *q, int64_t *ret_value, struct threads_error *err)
{
	int rc = query_step(q, err);

	if (rc < 0)
		return rc;
	*ret_value = rc ? query_int(q, 0) : 0;
	return 0;
}

static int user_is_active(struct store *store, int64_t user_id, int64_t *ret_active,
			  struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_user_active);

	query_bind_int(&q, ":user_id", user_id);
	return number_get(&q, ret_active, err);
}

/* Adds the audiences above those that the set knows. */
static int audiences_add(struct store *store, struct visible_set *set, int64_t last_id,
			 int64_t now_ms, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_audience_of_user);
	int rc = visible_set_reserve(set, last_id, err);

	if (rc < 0)
		return rc;
	query_bind_int(&q, ":user_id", set->user_id);
	query_bind_int(&q, ":above", set->max_audience_id);
	while ((rc = query_step(&q, err)) == 1)
		if (set->bits && query_int(&q, 0) <= last_id)
			visible_set_member(set, query_int(&q, 0), query_int(&q, 1),
					   query_int(&q, 2), now_ms);
	if (rc == 0)
		set->max_audience_id = last_id;
	return rc;
}

static int denied_read(struct store *store, struct visible_set *set, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_deny_of_user);
	int rc;

	query_bind_int(&q, ":user_id", set->user_id);
	while ((rc = query_step(&q, err)) == 1) {
		rc = visible_set_deny(set, query_int(&q, 0), err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int count_of_audience(struct store *store, int64_t audience_id, int64_t most,
			     int64_t *ret_count, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_message_count_of_audience);

	query_bind_int(&q, ":audience_id", audience_id);
	query_bind_int(&q, ":most", most);
	return number_get(&q, ret_count, err);
}

static int count_capped(struct store *store, int64_t most, int64_t *ret_count,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_message_count_capped);

	query_bind_int(&q, ":most", most);
	return number_get(&q, ret_count, err);
}

/* Decides once per state of the set; a few new messages do not change the better plan. */
static int narrow_decide(struct store *store, struct visible_set *set, struct threads_error *err)
{
	int64_t all = 0, left = VISIBLE_NARROW_MAX;
	int rc;

	set->narrow = false;
	rc = count_capped(store, NARROW_FROM_MESSAGES, &all, err);
	if (rc < 0 || all < NARROW_FROM_MESSAGES)
		return rc;
	rc = visible_set_list(set, VISIBLE_NARROW_MAX, err);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < set->audience_count && left > 0; i++) {
		int64_t count = 0;

		rc = count_of_audience(store, set->audiences[i], left, &count, err);
		if (rc < 0)
			return rc;
		left -= count;
	}
	set->narrow = left > 0;
	return 0;
}

/* Makes the set anew, from nothing. */
static int set_fill(struct store *store, struct visible_set *set, int64_t epoch, int64_t last_id,
		    int64_t now_ms, struct threads_error *err)
{
	const int64_t user_id = set->user_id, used = set->used;
	int64_t active;
	int rc;

	visible_set_release(set);
	rc = user_is_active(store, user_id, &active, err);
	if (rc < 0)
		return rc;
	set->user_id = user_id;
	set->used = used;
	set->valid_until_ms = INT64_MAX;
	if (!active) {
		/* New audiences do not matter to somebody who sees nothing. */
		set->max_audience_id = INT64_MAX;
		set->epoch = epoch;
		return 0;
	}
	rc = audiences_add(store, set, last_id, now_ms, err);
	if (rc == 0)
		rc = denied_read(store, set, err);
	if (rc == 0)
		rc = narrow_decide(store, set, err);
	/* A half-made set must not look right to the next caller. */
	set->epoch = rc == 0 ? epoch : 0;
	return rc;
}

/* The user's slot, else a free one, else the one unused for longest. */
static struct visible_set *cache_slot(struct visible_cache *cache, int64_t user_id)
{
	struct visible_set *best = &cache->sets[0];

	for (size_t i = 0; i < CACHE_USERS; i++) {
		if (cache->sets[i].user_id == user_id)
			return &cache->sets[i];
		if (cache->sets[i].used < best->used)
			best = &cache->sets[i];
	}
	visible_set_release(best);
	best->user_id = user_id;
	return best;
}

int visible_get(struct store *store, struct visible_cache *cache, int64_t user_id, int64_t now_ms,
		struct visible_set **ret_set, struct threads_error *err)
{
	struct visible_set *set = cache_slot(cache, user_id);
	int64_t epoch = 0, last_id = 0;
	int rc = store_epoch(store, &epoch, err);

	if (rc == 0)
		rc = query_number(store->db, sql_audience_last, &last_id, err);
	if (rc < 0)
		return rc;
	set->used = ++cache->clock;
	if (set->epoch != epoch || now_ms >= set->valid_until_ms) {
		rc = set_fill(store, set, epoch, last_id, now_ms, err);
	} else if (last_id > set->max_audience_id) {
		rc = audiences_add(store, set, last_id, now_ms, err);
		if (rc == 0)
			rc = narrow_decide(store, set, err);
	}
	if (rc < 0)
		return threads_error_wrap(err, rc, "visibility of user %lld", (long long)user_id);
	*ret_set = set;
	return 0;
}

struct visible_set *visible_everything(struct visible_cache *cache)
{
	cache->everything.everything = true;
	return &cache->everything;
}

bool visible_is_narrow(const struct visible_set *set)
{
	return set->narrow;
}

static int id_descending(const void *pa, const void *pb)
{
	const int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

	return (a < b) - (a > b);
}

int visible_walk(struct store *store, const struct visible_set *set, int64_t before_id,
		 int64_t *ids, size_t *ret_count, struct threads_error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < set->audience_count && count < VISIBLE_NARROW_MAX; i++) {
		CLEANUP(query_end) struct query q = query_begin(store->db, sql_message_of_audience);
		int rc;

		query_bind_int(&q, ":audience_id", set->audiences[i]);
		query_bind_int(&q, ":before_id", before_id);
		query_bind_int(&q, ":most", VISIBLE_NARROW_MAX - (int64_t)count);
		while ((rc = query_step(&q, err)) == 1)
			if (!visible_set_denies(set, query_int(&q, 0)))
				ids[count++] = query_int(&q, 0);
		if (rc < 0)
			return rc;
	}
	qsort(ids, count, sizeof(*ids), id_descending);
	*ret_count = count;
	return count < VISIBLE_NARROW_MAX;
}
