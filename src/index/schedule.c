/* SPDX-License-Identifier: Apache-2.0 */
#include "index/schedule.h"

#include "core/clock.h"
#include "core/log.h"
#include "index/login_test.h"

enum {
	LOOK_MS = 5 * 1000,
	LOOK_SOON_MS = 10,
	CRASH_RETRY_MS = 1000,
	CRASH_RETRY_MAX_MS = 5 * 60 * 1000,
	CRASHES_TOLD = 3, /* from here on the account's page says so */
	ACCOUNTS_A_FRAME = 2000,
	TESTS_OF_OWNER_MAX = 4,
};

static size_t session_count(const struct index_role *ix)
{
	const struct imap_session *session;
	size_t count = 0;

	LIST_FOREACH(session, &ix->sessions, link)
		count++;
	return count;
}

static void on_ended(struct imap_session *session);

/* Asks for the account's process. */
static int connect_account(struct index_role *ix, const struct account *account,
			   enum imap_mode mode, struct threads_error *err)
{
	const struct role_target target = { account->host, account->port,
					    account->private_network };
	struct imap_session *session;
	int rc = imap_session_new(ix, account, mode, on_ended, &session, err);

	if (rc < 0)
		return rc;
	rc = role_start(ix->role, ROLE_IMAP, account->id, &target, err);
	if (rc < 0)
		imap_session_free(session);
	return rc;
}

struct look {
	struct index_role *ix;
	int64_t due[1024];
	size_t count;
};

static int on_due(int64_t id, void *arg)
{
	struct look *look = arg;

	if (!imap_session_find(look->ix, id))
		look->due[look->count++] = id;
	return look->count == ARRAY_SIZE(look->due);
}

static size_t sessions_of(const struct index_role *ix, int64_t owner_id)
{
	const struct imap_session *session;
	size_t count = 0;

	LIST_FOREACH(session, &ix->sessions, link)
		count += session->owner_id == owner_id;
	return count;
}

/* new_owners: only if none of the owner's accounts is connected. */
static bool connect_due(struct index_role *ix, int64_t id, bool crowded, bool new_owners)
{
	CLEANUP(account_release) struct account account = { 0 };
	struct threads_error err = { 0 };
	int rc = account_get(ix->store, id, &account, &err);

	if (rc > 0 && new_owners && sessions_of(ix, account.owner_id) > 0)
		return false;
	if (rc > 0)
		rc = connect_account(ix, &account, crowded ? IMAP_MODE_ONCE : IMAP_MODE_SYNC, &err);
	if (rc < 0)
		log_warning("account %lld: %s", (long long)id, err.text);
	return true;
}

static bool new_owner_waits(struct index_role *ix, const struct look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		CLEANUP(account_release) struct account account = { 0 };
		struct threads_error err;

		if (look->due[i] && account_get(ix->store, look->due[i], &account, &err) > 0 &&
		    sessions_of(ix, account.owner_id) == 0)
			return true;
	}
	return false;
}

/*
 * Ends the connection that has been idle the longest, so that a waiting account gets its
 * turn. If none is idle, nobody may hold more than half of the places while another owner
 * has none: slow servers would stop everybody's mail. What was begun goes on later.
 */
static void make_room(struct index_role *ix, const struct look *look, size_t most)
{
	struct imap_session *session, *idle = NULL, *greedy = NULL;

	LIST_FOREACH(session, &ix->sessions, link) {
		if (session->ended)
			return; /* a place becomes free already */
		if (!session->peer || session->mode == IMAP_MODE_TEST)
			continue;
		if (session->mode == IMAP_MODE_SYNC && !session->in_pass &&
		    LIST_EMPTY(&session->batches))
			idle = session;
		if (sessions_of(ix, session->owner_id) > (most + 1) / 2)
			greedy = session;
	}
	if (!idle && greedy && !new_owner_waits(ix, look))
		return;
	if (idle || greedy)
		schedule_disconnect(ix, (idle ? idle : greedy)->account_id);
}

/* Connects what is due while there are places. Returns how many still wait. */
static size_t connect_all(struct index_role *ix, struct look *look, size_t alive, size_t most)
{
	/* More accounts than processes: each does one pass and makes room. */
	const bool crowded = alive + look->count > most;
	size_t left = look->count;

	for (int round = crowded ? 0 : 1; round < 2; round++)
		for (size_t i = 0; i < look->count && alive < most; i++) {
			if (!look->due[i] || !connect_due(ix, look->due[i], crowded, round == 0))
				continue;
			look->due[i] = 0;
			alive++;
			left--;
		}
	return left;
}

void schedule_look(void *arg)
{
	struct index_role *ix = arg;
	struct look look = { .ix = ix };
	const size_t most = (size_t)config_int(ix->role->config, "imap_processes");
	struct threads_error err;

	loop_timer_set(ix->schedule_timer, LOOK_MS);
	if (ix->stopping || ix->disk_full)
		return;
	if (account_due(ix->store, clock_now_ms(NULL), on_due, &look, &err) < 0) {
		log_error("accounts: %s", err.text);
		return;
	}
	if (connect_all(ix, &look, session_count(ix), most) > 0)
		make_room(ix, &look, most);
}

void schedule_soon(struct index_role *ix)
{
	loop_timer_set(ix->schedule_timer, LOOK_SOON_MS);
}

int schedule_attach(struct index_role *ix, int64_t account_id, int fd, struct threads_error *err)
{
	CLEANUP(account_release) struct account account = { 0 };
	struct imap_session *session = imap_session_find(ix, account_id);
	int rc;

	if (!session) {
		/* It outlived an index that died. An active account goes on, a test is done again. */
		rc = account_get(ix->store, account_id, &account, err);
		if (rc > 0 && strcmp(account.state, "active") == 0)
			rc = imap_session_new(ix, &account, IMAP_MODE_SYNC, on_ended, &session,
					      err);
		else if (rc > 0 && strcmp(account.state, "draft") == 0 && account.secret_set)
			rc = imap_session_new(ix, &account, IMAP_MODE_TEST, on_ended, &session,
					      err);
		if (rc < 0 || !session) {
			close(fd);
			return rc < 0 ? rc : role_kill(ix->role, ROLE_IMAP, account_id, err);
		}
	}
	return imap_session_attach(session, fd, err);
}

static int64_t crash_delay(int64_t failures)
{
	int64_t ms = CRASH_RETRY_MS;

	while (failures-- > 0 && ms < CRASH_RETRY_MAX_MS)
		ms *= 2;
	return ms < CRASH_RETRY_MAX_MS ? ms : CRASH_RETRY_MAX_MS;
}

/* The process died without a word: tried again, at growing distance. Returns it. */
static int64_t note_crash(struct index_role *ix, int64_t account_id, bool tell)
{
	static const struct account_trouble trouble = {
		"crash", "The mail server sends data that cannot be read.",
		"It is tried again. If this stays, tell the server's administrator.", ""
	};
	CLEANUP(account_release) struct account account = { 0 };
	const int64_t now_ms = clock_now_ms(NULL);
	struct threads_error err = { 0 };
	int rc = account_get(ix->store, account_id, &account, &err);
	const int64_t wait_ms = crash_delay(account.failures);

	if (rc > 0 && (tell || account.failures + 1 >= CRASHES_TOLD))
		rc = account_set_activity(ix->store, account_id, "idle", &trouble, now_ms + wait_ms,
					  now_ms, &err);
	else if (rc > 0)
		rc = account_crashed(ix->store, account_id, now_ms + wait_ms, &err);
	if (rc < 0)
		log_error("account %lld: %s", (long long)account_id, err.text);
	return wait_ms;
}

/* The connection that was in the way has ended. */
static void test_now(struct index_role *ix, int64_t account_id)
{
	CLEANUP(account_release) struct account account = { 0 };
	struct threads_error err = { 0 };
	int rc = account_get(ix->store, account_id, &account, &err);

	if (rc > 0 && account.secret_set && strcmp(account.state, "deleting") != 0)
		rc = connect_account(ix, &account, IMAP_MODE_TEST, &err);
	if (rc < 0)
		log_error("account %lld: %s", (long long)account_id, err.text);
}

/* The process has ended and nothing of it is unread: the session is gone after this. */
static void on_ended(struct imap_session *session)
{
	struct index_role *ix = session->ix;
	const int64_t account_id = session->account_id;
	const bool is_test = session->mode == IMAP_MODE_TEST;
	const bool test_next = session->test_next;
	int64_t wait_ms = LOOK_SOON_MS;

	/* Who waits for a test must hear how it ended, whatever happened. */
	if ((session->crashed || is_test) && !session->reported && !session->ended) {
		if (is_test)
			login_tested(session, false);
		wait_ms = note_crash(ix, account_id, is_test);
	}
	imap_session_free(session);
	if (test_next)
		test_now(ix, account_id);
	role_bell(ix->role, BELL_ACCOUNTS, account_id);
	loop_timer_set(ix->schedule_timer, wait_ms < LOOK_MS ? wait_ms : LOOK_MS);
}

void schedule_exited(struct index_role *ix, int64_t account_id, bool crashed)
{
	struct imap_session *session = imap_session_find(ix, account_id);

	if (!session)
		return;
	session->exited = true;
	session->crashed = crashed;
	/* What it said last may still be unread, a good log-in too: on_closed() does the rest. */
	if (!session->peer)
		on_ended(session);
}

/* Tests do not take turns as others do: nobody may fill the machine with them. */
static bool tests_too_much(const struct index_role *ix, int64_t owner_id)
{
	const struct imap_session *session;
	size_t count = 0;

	LIST_FOREACH(session, &ix->sessions, link)
		count += session->owner_id == owner_id && session->mode == IMAP_MODE_TEST;
	return count >= TESTS_OF_OWNER_MAX;
}

int schedule_test(struct index_role *ix, const struct account *account, struct threads_error *err)
{
	struct imap_session *session = imap_session_find(ix, account->id);

	if (session) {
		session->test_next = true;
		schedule_disconnect(ix, account->id);
		return 0;
	}
	if (tests_too_much(ix, account->owner_id))
		return threads_error_set(err, THREADS_EAGAIN,
					 "other accounts of the same owner are being tried; wait "
					 "for them");
	return connect_account(ix, account, IMAP_MODE_TEST, err);
}

void schedule_disconnect(struct index_role *ix, int64_t account_id)
{
	struct imap_session *session = imap_session_find(ix, account_id);
	struct threads_error err;

	if (!session)
		return;
	session->ended = true;
	if (role_kill(ix->role, ROLE_IMAP, account_id, &err) < 0)
		log_error("%s", err.text);
}

struct listing {
	char **ids;
	size_t count, cap;
};

static int on_account(const char *public_id, void *arg)
{
	struct listing *list = arg;

	if (list->count == list->cap)
		return 1;
	list->ids[list->count] = strdup(public_id);
	if (!list->ids[list->count])
		return 1;
	list->count++;
	return 0;
}

void schedule_tell_vault(struct index_role *ix)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	char *ids[ACCOUNTS_A_FRAME];
	struct listing list = { .ids = ids, .cap = ARRAY_SIZE(ids) };
	struct threads_error err;
	int rc;

	if (!ix->vault)
		return;
	rc = account_each(ix->store, on_account, &list, &err);
	frame_begin(&f, VAULT_ACCOUNTS, 0);
	frame_put_int(&f, 1);
	frame_put_int(&f, (int64_t)list.count);
	for (size_t i = 0; i < list.count; i++) {
		frame_put_text(&f, ids[i]);
		free(ids[i]);
	}
	/* A list that may be cut must not make vault forget the rest. */
	if (rc < 0 || list.count == list.cap || peer_send(ix->vault, &f, &err) < 0)
		log_warning("vault was not told which accounts exist");
}
