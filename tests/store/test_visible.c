/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thousand random worlds: what audience_compute(), audience_intern() and
 * visible() let each user see equals a naive reading of the rule
 * (store/audience.h), which looks at the world itself and knows no audiences.
 * tests/store/CMakeLists.txt builds this against mutants of both files; each
 * must make it print "visibility differs".
 */
#include "test.h"

#include <stdio.h>

#include "store/audience.h"
#include "store/store_internal.h"
#include "store/visible.h"

enum {
	WORLDS = 1000,
	USERS_MAX = 6,
	GROUPS_MAX = 4, /* group 1 is everyone */
	CHANNELS_MAX = 8,
	ACCOUNTS_MAX = 4,
	MESSAGES_MAX = 10,
	GRANTS_MAX = 3,
	MOMENTS = 3,
	MOMENT_MS = 1000,
};

struct world_message {
	bool to[CHANNELS_MAX];      /* channel stands in From, To or Cc */
	bool bcc[CHANNELS_MAX];     /* channel stands in Bcc */
	bool sighted[ACCOUNTS_MAX]; /* in this account */
	bool denied[USERS_MAX];
	bool draft, marked_private, marked_shared, one_time_code;
	int64_t embargo_ms;
	size_t grant_count;
	struct audience_grant grants[GRANTS_MAX];
};

struct world {
	size_t users, groups, channels, accounts, messages;
	bool active[USERS_MAX];
	bool member[GROUPS_MAX][USERS_MAX];
	bool selector[GROUPS_MAX];
	enum channel_privacy privacy[CHANNELS_MAX];
	int64_t channel_user[CHANNELS_MAX];    /* user id or 0 */
	int64_t channel_from_ms[CHANNELS_MAX]; /* since when that counts */
	int64_t account_owner[ACCOUNTS_MAX];
	bool account_open[ACCOUNTS_MAX];
	struct world_message list[MESSAGES_MAX];
};

struct fixture {
	struct store *store;
	uint64_t seed;
};

/* ---- the naive reading ------------------------------------------------------------- */

static bool naive_in_group(const struct world *w, int64_t group, size_t user)
{
	return group == EVERYONE_GROUP_ID || w->member[group - 1][user];
}

static bool naive_holds(const struct world *w, const struct world_message *m, size_t user)
{
	for (size_t a = 0; a < w->accounts; a++)
		if (m->sighted[a] && w->account_owner[a] == (int64_t)user + 1)
			return true;
	return false;
}

static bool naive_participates(const struct world *w, const struct world_message *m, size_t user,
			       int64_t now_ms)
{
	for (size_t c = 0; c < w->channels; c++)
		if (m->to[c] && w->channel_user[c] == (int64_t)user + 1 &&
		    now_ms >= w->channel_from_ms[c])
			return true;
	return false;
}

static bool naive_granted(const struct world *w, const struct world_message *m, size_t user,
			  int64_t now_ms)
{
	for (size_t g = 0; g < m->grant_count; g++) {
		const struct audience_grant *grant = &m->grants[g];

		if (now_ms >= grant->until_ms)
			continue;
		if (grant->kind == AUDIENCE_USER && grant->ref == (int64_t)user + 1)
			return true;
		if (grant->kind == AUDIENCE_GROUP && naive_in_group(w, grant->ref, user))
			return true;
	}
	return false;
}

static bool naive_open(const struct world *w, const struct world_message *m, int64_t now_ms)
{
	bool account = false, channel = false;

	if (m->draft || m->marked_private || m->one_time_code || now_ms < m->embargo_ms)
		return false;
	for (size_t c = 0; c < w->channels; c++) {
		if ((m->to[c] || m->bcc[c]) && w->privacy[c] == CHANNEL_CONFIDENTIAL)
			return false;
		channel |= m->to[c] && w->privacy[c] == CHANNEL_SHARED;
	}
	for (size_t a = 0; a < w->accounts; a++)
		account |= m->sighted[a] && w->account_open[a];
	return m->marked_shared || (account && channel);
}

static bool naive_visible(const struct world *w, const struct world_message *m, size_t user,
			  int64_t now_ms)
{
	if (!w->active[user] || m->denied[user])
		return false;
	if (naive_holds(w, m, user))
		return true;
	if (m->draft)
		return false;
	if (naive_participates(w, m, user, now_ms) || naive_granted(w, m, user, now_ms))
		return true;
	for (size_t g = 0; g < w->groups; g++)
		if (w->selector[g] && naive_in_group(w, (int64_t)g + 1, user) &&
		    naive_open(w, m, now_ms))
			return true;
	return false;
}

/* ---- the world --------------------------------------------------------------------- */

/* splitmix64: the same worlds on every machine. */
static uint64_t draw(struct fixture *f, uint64_t below)
{
	uint64_t z = f->seed += 0x9E3779B97F4A7C15;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return (z ^ (z >> 31)) % below;
}

static bool one_in(struct fixture *f, uint64_t n)
{
	return draw(f, n) == 0;
}

static void message_draw(struct fixture *f, const struct world *w, struct world_message *m)
{
	for (size_t c = 0; c < w->channels; c++) {
		m->to[c] = one_in(f, 4);
		m->bcc[c] = one_in(f, 8);
	}
	for (size_t a = 0; a < w->accounts; a++)
		m->sighted[a] = one_in(f, 3);
	for (size_t u = 0; u < w->users; u++)
		m->denied[u] = one_in(f, 20);
	m->draft = one_in(f, 10);
	m->marked_private = one_in(f, 10);
	m->marked_shared = one_in(f, 8);
	m->one_time_code = one_in(f, 12);
	m->embargo_ms = one_in(f, 5) ? (int64_t)draw(f, MOMENTS) * MOMENT_MS : 0;
	m->grant_count = one_in(f, 3) ? draw(f, GRANTS_MAX + 1) : 0;
	for (size_t g = 0; g < m->grant_count; g++) {
		const bool group = one_in(f, 3);

		m->grants[g].kind = group ? AUDIENCE_GROUP : AUDIENCE_USER;
		m->grants[g].ref = 1 + (int64_t)draw(f, group ? w->groups : w->users);
		m->grants[g].until_ms = one_in(f, 2) ? AUDIENCE_FOR_EVER
						     : (int64_t)draw(f, MOMENTS + 1) * MOMENT_MS;
	}
}

static void world_draw(struct fixture *f, struct world *w)
{
	*w = (struct world){
		.users = 2 + draw(f, USERS_MAX - 1),
		.groups = 1 + draw(f, GROUPS_MAX),
		.channels = 1 + draw(f, CHANNELS_MAX),
		.accounts = 1 + draw(f, ACCOUNTS_MAX),
		.messages = 1 + draw(f, MESSAGES_MAX),
	};
	for (size_t u = 0; u < w->users; u++)
		w->active[u] = !one_in(f, 6);
	for (size_t g = 0; g < w->groups; g++) {
		w->selector[g] = one_in(f, 2);
		for (size_t u = 0; u < w->users; u++)
			w->member[g][u] = g > 0 && one_in(f, 3);
	}
	for (size_t c = 0; c < w->channels; c++) {
		w->privacy[c] =
			one_in(f, 6) ? CHANNEL_CONFIDENTIAL : (enum channel_privacy)draw(f, 2);
		w->channel_user[c] = one_in(f, 2) ? 1 + (int64_t)draw(f, w->users) : 0;
		w->channel_from_ms[c] = one_in(f, 3) ? (int64_t)draw(f, MOMENTS) * MOMENT_MS : 0;
	}
	for (size_t a = 0; a < w->accounts; a++) {
		w->account_owner[a] = 1 + (int64_t)draw(f, w->users);
		w->account_open[a] = one_in(f, 2);
	}
	for (size_t m = 0; m < w->messages; m++)
		message_draw(f, w, &w->list[m]);
}

/* ---- the world in the store -------------------------------------------------------- */

static void users_write(struct strbuf *sql, const struct world *w)
{
	for (size_t u = 0; u < w->users; u++)
		strbuf_addf(sql,
			    "INSERT INTO user (id, public_id, name, display_name, role, state,"
			    " created_ms) VALUES (%zu, 'u%zu', 'u%zu', '', '%s', '%s', 0);",
			    u + 1, u, u, u == 0 ? "admin" : "user",
			    w->active[u] ? "active"
			    : u % 2      ? "disabled"
					 : "invited");
	for (size_t g = 1; g < w->groups; g++)
		strbuf_addf(sql,
			    "INSERT INTO user_group (id, public_id, name, created_ms)"
			    " VALUES (%zu, 'g%zu', 'g%zu', 0);",
			    g + 1, g, g);
	for (size_t g = 1; g < w->groups; g++)
		for (size_t u = 0; u < w->users; u++)
			if (w->member[g][u])
				strbuf_addf(sql,
					    "INSERT INTO group_member (group_id, user_id)"
					    " VALUES (%zu, %zu);",
					    g + 1, u + 1);
}

static int64_t message_audience(struct fixture *f, const struct world *w,
				const struct world_message *m)
{
	CLEANUP(audience_release) struct audience audience = { 0 };
	struct audience_channel channels[CHANNELS_MAX];
	struct audience_holder holders[ACCOUNTS_MAX];
	int64_t groups[GROUPS_MAX], id = 0;
	struct audience_facts facts = {
		.channels = channels,
		.holders = holders,
		.grants = m->grants,
		.grant_count = m->grant_count,
		.open_groups = groups,
		.draft = m->draft,
		.marked_private = m->marked_private,
		.marked_shared = m->marked_shared,
		.one_time_code = m->one_time_code,
		.embargo_ms = m->embargo_ms,
	};
	struct threads_error err;

	for (size_t c = 0; c < w->channels; c++)
		if (m->to[c] || m->bcc[c])
			channels[facts.channel_count++] =
				(struct audience_channel){ w->privacy[c], w->channel_user[c],
							   w->channel_from_ms[c], !m->to[c] };
	for (size_t a = 0; a < w->accounts; a++)
		if (m->sighted[a])
			holders[facts.holder_count++] =
				(struct audience_holder){ w->account_owner[a], w->account_open[a] };
	for (size_t g = 0; g < w->groups; g++)
		if (w->selector[g])
			groups[facts.open_group_count++] = (int64_t)g + 1;
	assert_rc(audience_compute(&facts, &audience, &err), 0, &err);
	assert_rc(audience_intern(f->store, &audience, &id, &err), 0, &err);
	return id;
}

static void messages_write(struct fixture *f, struct strbuf *sql, const struct world *w)
{
	strbuf_add_str(sql, "INSERT INTO conversation (id, public_id, created_ms)"
			    " VALUES (1, 'c', 0);");
	for (size_t m = 0; m < w->messages; m++) {
		strbuf_addf(
			sql,
			"INSERT INTO message (id, public_id, audience_id, conversation_id, kind,"
			" flags, date_ms, sent_ms, received_ms, size_bytes, attachment_count,"
			" sender_name, sender_address, subject, preview, digest)"
			" VALUES (%zu, 'm%zu', %lld, 1, 1, 0, 0, 0, 0, 0, 0, '', '', '', '',"
			" x'%02zx');",
			m + 1, m, (long long)message_audience(f, w, &w->list[m]), m);
		for (size_t u = 0; u < w->users; u++)
			if (w->list[m].denied[u])
				strbuf_addf(sql,
					    "INSERT INTO deny (user_id, message_id)"
					    " VALUES (%zu, %zu);",
					    u + 1, m + 1);
	}
}

static void world_write(struct fixture *f, const struct world *w)
{
	CLEANUP(strbuf_release) struct strbuf sql = STRBUF_INIT(1 << 20);
	struct threads_error err;

	users_write(&sql, w);
	messages_write(f, &sql, w);
	assert_rc(strbuf_check(&sql, &err), 0, &err);
	assert_rc(db_exec(store_db(f->store), strbuf_str(&sql), &err), 0, &err);
}

/* ---- the comparison ---------------------------------------------------------------- */

static const char sql_seen[] = "SELECT id FROM message WHERE visible(:set, audience_id, id)";

/* Counts what the user sees; fails at the first difference. */
static int user_compare(struct fixture *f, struct visible_cache *cache, const struct world *w,
			size_t user, int64_t now_ms)
{
	CLEANUP(query_end) struct query q = query_begin(store_db(f->store), sql_seen);
	bool seen[MESSAGES_MAX] = { false };
	struct visible_set *set = NULL;
	struct threads_error err;
	int rc, count = 0;

	assert_rc(visible_get(f->store, cache, (int64_t)user + 1, now_ms, &set, &err), 0, &err);
	visible_bind(&q, ":set", set);
	while ((rc = query_step(&q, &err)) == 1)
		seen[query_int(&q, 0) - 1] = true;
	assert_rc(rc, 0, &err);
	for (size_t m = 0; m < w->messages; m++) {
		const bool want = naive_visible(w, &w->list[m], user, now_ms);

		if (seen[m] != want)
			fail_msg("visibility differs: user %zu, message %zu, moment %lld: %s", user,
				 m, (long long)now_ms, want ? "hidden" : "shown");
		count += seen[m];
	}
	return count;
}

static void sql_equals_the_naive_rule(void **state)
{
	struct fixture *f = *state;
	struct threads_error err;
	int shown = 0, asked = 0;

	for (int i = 0; i < WORLDS; i++) {
		CLEANUP(visible_cache_freep) struct visible_cache *cache = NULL;
		struct world w;

		world_draw(f, &w);
		assert_rc(visible_cache_new(&cache, &err), 0, &err);
		assert_rc(db_begin(store_db(f->store), &err), 0, &err);
		world_write(f, &w);
		/* One cache over all moments: grants and embargoes must end in it by themselves. */
		for (int64_t t = 0; t < MOMENTS; t++)
			for (size_t u = 0; u < w.users; u++) {
				shown += user_compare(f, cache, &w, u, t * MOMENT_MS + t);
				asked += (int)w.messages;
			}
		db_rollback(store_db(f->store));
	}
	/* A test that hides everything, or nothing, would prove little. */
	assert_in_range(shown, asked / 10, asked - asked / 10);
	printf("%d worlds, %d of %d shown\n", WORLDS, shown, asked);
}

static void sql_run(struct fixture *f, const char *sql)
{
	struct threads_error err;

	assert_rc(db_exec(store_db(f->store), sql, &err), 0, &err);
}

static bool sees_first(struct fixture *f, struct visible_cache *cache, int64_t user_id)
{
	struct visible_set *set = NULL;
	struct threads_error err;

	assert_rc(visible_get(f->store, cache, user_id, 0, &set, &err), 0, &err);
	return visible_check(set, 1, 1);
}

/* User 1 holds, user 2 may by group 2, and audience 1 is that of message 1. */
static void small_world(struct fixture *f)
{
	sql_run(f,
		"BEGIN;"
		"INSERT INTO user (id, public_id, name, display_name, role, state, created_ms)"
		" VALUES (1, 'u1', 'u1', '', 'user', 'active', 0),"
		" (2, 'u2', 'u2', '', 'user', 'active', 0);"
		"INSERT INTO user_group (id, public_id, name, created_ms) VALUES (2, 'g', 'g', 0);"
		"INSERT INTO group_member (group_id, user_id) VALUES (2, 2);"
		"INSERT INTO audience (id, hash) VALUES (1, x'01');"
		"INSERT INTO audience_member VALUES (1, 0, 1, 0, 9223372036854775807),"
		" (1, 1, 2, 0, 9223372036854775807);"
		"INSERT INTO job (id, kind, created_ms) VALUES (1, 'fold', 0);");
}

static void changes_count_at_the_next_request(void **state)
{
	CLEANUP(visible_cache_freep) struct visible_cache *cache = NULL;
	struct fixture *f = *state;
	struct threads_error err;

	assert_rc(visible_cache_new(&cache, &err), 0, &err);
	small_world(f);
	assert_true(sees_first(f, cache, 1));
	assert_true(sees_first(f, cache, 2));
	sql_run(f, "INSERT INTO audience_deny VALUES (1, 1, 2, 1);"
		   "UPDATE epoch SET acl = acl + 1;");
	assert_true(sees_first(f, cache, 1));
	assert_false(sees_first(f, cache, 2));
	sql_run(f, "DELETE FROM audience_deny; UPDATE epoch SET acl = acl + 1;");
	assert_true(sees_first(f, cache, 2));
	sql_run(f, "DELETE FROM group_member; UPDATE epoch SET acl = acl + 1;");
	assert_false(sees_first(f, cache, 2));
	sql_run(f,
		"UPDATE user SET state = 'disabled' WHERE id = 1; UPDATE epoch SET acl = acl + 1;");
	assert_false(sees_first(f, cache, 1));
	db_rollback(store_db(f->store));
}

/* New audiences need no new epoch, or every arriving mail would void every cache. */
static void new_audiences_are_added_on_top(void **state)
{
	CLEANUP(visible_cache_freep) struct visible_cache *cache = NULL;
	struct fixture *f = *state;
	struct visible_set *set = NULL;
	struct threads_error err;

	assert_rc(visible_cache_new(&cache, &err), 0, &err);
	small_world(f);
	assert_true(sees_first(f, cache, 1));
	sql_run(f, "INSERT INTO audience (id, hash) VALUES (5000, x'02'), (5001, x'03');"
		   "INSERT INTO audience_member VALUES (5000, 0, 1, 0, 9223372036854775807);");
	assert_rc(visible_get(f->store, cache, 1, 0, &set, &err), 0, &err);
	assert_true(visible_check(set, 1, 1));
	assert_true(visible_check(set, 5000, 7));
	assert_false(visible_check(set, 5001, 7));
	assert_false(visible_check(set, 5002, 7));
	assert_false(visible_check(set, 0, 7));
	assert_false(visible_check(set, -1, 7));
	assert_false(visible_check(set, INT64_MAX, 7));
	db_rollback(store_db(f->store));
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct threads_error err;

	fixture.seed = 20261121;
	assert_rc(store_open(":memory:", STORE_WRITER, &fixture.store, &err), 0, &err);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fixture->store = store_close(fixture->store);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sql_equals_the_naive_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_count_at_the_next_request, setup, teardown),
		cmocka_unit_test_setup_teardown(new_audiences_are_added_on_top, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
