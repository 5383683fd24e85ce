/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audience_refresh.h"

#include "store/audience.h"
#include "store/store_internal.h"

enum { MESSAGE_ONE_TIME_CODE = 1 << 5, MESSAGE_DRAFT = 1 << 7, MARK_PRIVATE = 1, MARK_SHARED = 2 };

static const char sql_message[] =
	"SELECT flags, mark, embargo_ms, audience_id, conversation_id FROM message WHERE id = :id";
static const char sql_channels[] =
	"SELECT c.privacy, ifnull(c.user_id, 0), 0, c.user_from_ms FROM participant p"
	" JOIN channel c ON c.id = p.channel_id WHERE p.message_id = :id"
	" UNION ALL"
	" SELECT c.privacy, ifnull(c.user_id, 0), 1, c.user_from_ms FROM sighting_bcc b"
	" JOIN channel c ON c.id = b.channel_id WHERE b.message_id = :id"
	" AND NOT EXISTS (SELECT 1 FROM participant p WHERE p.message_id = :id"
	" AND p.channel_id = b.channel_id)";
static const char sql_holders[] = "SELECT DISTINCT a.owner_id, a.policy = 'open' FROM sighting s"
				  " JOIN account a ON a.id = s.account_id WHERE s.message_id = :id";
static const char sql_grants[] =
	"SELECT ifnull(user_id, 0), ifnull(group_id, 0), expires_ms FROM grant_"
	" WHERE message_id = :id AND revoked_ms = 0"
	" UNION ALL"
	" SELECT ifnull(user_id, 0), ifnull(group_id, 0), expires_ms FROM grant_"
	" WHERE conversation_id = :conversation_id AND revoked_ms = 0";
static const char sql_groups[] = "SELECT id FROM user_group WHERE selector = 'all' ORDER BY id";
static const char sql_set[] =
	"UPDATE message SET audience_id = :audience_id WHERE id = :id AND audience_id <> :audience_id";

/* Arrays of facts that grow. */
struct fact_store {
	struct audience_channel *channels;
	struct audience_holder *holders;
	struct audience_grant *grants;
	int64_t *groups;
	size_t channel_count, holder_count, grant_count, group_count;
};

static void fact_store_release(struct fact_store *facts)
{
	free(facts->channels);
	free(facts->holders);
	free(facts->grants);
	free(facts->groups);
}

/* Room for one more element behind count; grows at powers of two. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count > 0 && (count & (count - 1)) != 0)
		return array;
	return realloc(array, (count ? 2 * count : 1) * size);
}

#define APPEND(array, count)                                                                       \
	__extension__({                                                                            \
		void *grown_ = grow((array), (count), sizeof(*(array)));                           \
		if (grown_)                                                                        \
			(array) = grown_;                                                          \
		grown_ ? &(array)[(count)++] : NULL;                                               \
	})

static int out_of_memory(struct threads_error *err)
{
	return threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

static int channels_load(struct db *db, int64_t id, struct fact_store *facts,
			 struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_channels);
	int rc;

	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1) {
		struct audience_channel *c = APPEND(facts->channels, facts->channel_count);

		if (!c)
			return out_of_memory(err);
		c->privacy = (enum channel_privacy)query_int(&q, 0);
		c->user_id = query_int(&q, 1);
		c->bcc_only = query_int(&q, 2) != 0;
		c->user_from_ms = query_int(&q, 3);
	}
	return rc;
}

static int holders_load(struct db *db, int64_t id, struct fact_store *facts,
			struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_holders);
	int rc;

	query_bind_int(&q, ":id", id);
	while ((rc = query_step(&q, err)) == 1) {
		struct audience_holder *h = APPEND(facts->holders, facts->holder_count);

		if (!h)
			return out_of_memory(err);
		h->owner_user_id = query_int(&q, 0);
		h->policy_open = query_int(&q, 1) != 0;
	}
	return rc;
}

static int grants_load(struct db *db, int64_t id, int64_t conversation_id, struct fact_store *facts,
		       struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_grants);
	int rc;

	query_bind_int(&q, ":id", id);
	query_bind_int(&q, ":conversation_id", conversation_id);
	while ((rc = query_step(&q, err)) == 1) {
		struct audience_grant *g = APPEND(facts->grants, facts->grant_count);
		const int64_t user_id = query_int(&q, 0);

		if (!g)
			return out_of_memory(err);
		g->kind = user_id ? AUDIENCE_USER : AUDIENCE_GROUP;
		g->ref = user_id ? user_id : query_int(&q, 1);
		g->until_ms = query_int(&q, 2) ? query_int(&q, 2) : AUDIENCE_FOR_EVER;
	}
	return rc;
}

static int groups_load(struct db *db, struct fact_store *facts, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(db, sql_groups);
	int rc;

	while ((rc = query_step(&q, err)) == 1) {
		int64_t *g = APPEND(facts->groups, facts->group_count);

		if (!g)
			return out_of_memory(err);
		*g = query_int(&q, 0);
	}
	return rc;
}

static int audience_set(struct store *store, int64_t message_id, const struct audience_facts *facts,
			int64_t present, struct threads_error *err)
{
	CLEANUP(audience_release) struct audience audience = { 0 };
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_set);
	int64_t audience_id = 0;
	int rc = audience_compute(facts, &audience, err);

	if (rc == 0)
		rc = audience_intern(store, &audience, &audience_id, err);
	if (rc < 0 || audience_id == present)
		return rc;
	query_bind_int(&q, ":id", message_id);
	query_bind_int(&q, ":audience_id", audience_id);
	return query_run(&q, err);
}

static int facts_load(struct db *db, int64_t id, int64_t conversation_id, struct fact_store *all,
		      struct threads_error *err)
{
	int rc = channels_load(db, id, all, err);

	if (rc == 0)
		rc = holders_load(db, id, all, err);
	if (rc == 0)
		rc = grants_load(db, id, conversation_id, all, err);
	return rc == 0 ? groups_load(db, all, err) : rc;
}

/* q stands on the row of the message. */
static int refresh(struct store *store, int64_t message_id, const struct query *q,
		   struct fact_store *all, struct threads_error *err)
{
	const int64_t flags = query_int(q, 0), mark = query_int(q, 1);
	struct audience_facts facts = {
		.draft = flags & MESSAGE_DRAFT,
		.marked_private = mark == MARK_PRIVATE,
		.marked_shared = mark == MARK_SHARED,
		.one_time_code = flags & MESSAGE_ONE_TIME_CODE,
		.embargo_ms = query_int(q, 2),
	};
	int rc = facts_load(store->db, message_id, query_int(q, 4), all, err);

	if (rc < 0)
		return rc;
	facts.channels = all->channels;
	facts.channel_count = all->channel_count;
	facts.holders = all->holders;
	facts.holder_count = all->holder_count;
	facts.grants = all->grants;
	facts.grant_count = all->grant_count;
	facts.open_groups = all->groups;
	facts.open_group_count = all->group_count;
	return audience_set(store, message_id, &facts, query_int(q, 3), err);
}

int audience_refresh(struct store *store, int64_t message_id, struct threads_error *err)
{
	CLEANUP(query_end) struct query q = query_begin(store->db, sql_message);
	struct fact_store all = { 0 };
	int rc;

	query_bind_int(&q, ":id", message_id);
	rc = query_step(&q, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_ENOENT, "no such message");
	if (rc == 1)
		rc = refresh(store, message_id, &q, &all, err);
	fact_store_release(&all);
	return rc < 0 ? threads_error_wrap(err, rc, "audience") : 0;
}
