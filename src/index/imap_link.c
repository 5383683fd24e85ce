/* SPDX-License-Identifier: Apache-2.0 */
#include "index/imap_link.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "index/imap_batch.h"
#include "index/imap_flags.h"
#include "index/imap_folders.h"
#include "index/login_test.h"
#include "index/reply.h"
#include "store/folder.h"
#include "store/ledger.h"

struct imap_session *imap_session_find(struct index_role *ix, int64_t account_id)
{
	struct imap_session *session;

	LIST_FOREACH(session, &ix->sessions, link)
		if (session->account_id == account_id)
			return session;
	return NULL;
}

int imap_session_new(struct index_role *ix, const struct account *account, enum imap_mode mode,
		     imap_ended_fn *on_ended, struct imap_session **ret_session,
		     struct threads_error *err)
{
	struct imap_session *session = calloc(1, sizeof(*session));

	if (!session)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	session->ix = ix;
	session->account_id = account->id;
	session->owner_id = account->owner_id;
	session->mode = mode;
	session->on_ended = on_ended;
	LIST_INIT(&session->batches);
	LIST_INSERT_HEAD(&ix->sessions, session, link);
	*ret_session = session;
	return 0;
}

void imap_session_free(struct imap_session *session)
{
	imap_batch_abandon(session);
	session->peer = peer_free(session->peer);
	LIST_REMOVE(session, link);
	free(session);
}

/* ---- what imap says ---- */

/* The log-in works: what a person had to mend is mended. */
static int recover(struct imap_session *session, int64_t now_ms, struct threads_error *err)
{
	CLEANUP(account_release) struct account account = { 0 };
	struct store *store = session->ix->store;
	int rc = account_verified(store, session->account_id, now_ms, err);

	if (rc < 0)
		return rc;
	rc = account_get(store, session->account_id, &account, err);
	if (rc > 0 && strcmp(account.state, "error") == 0)
		return account_set_state(store, session->account_id, "active", err);
	return rc < 0 ? rc : 0;
}

/* Who takes turns comes again after the time between two looks. */
static int64_t next_try(const struct imap_session *session, bool idle, int64_t retry_ms,
			int64_t now_ms)
{
	const struct config *config = session->ix->role->config;

	if (retry_ms < 0)
		return ACCOUNT_TRY_NEVER;
	if (retry_ms == 0 && idle && session->mode == IMAP_MODE_ONCE)
		retry_ms = config_int(config, "imap_poll_s") * 1000;
	return retry_ms > 0 ? now_ms + retry_ms : 0;
}

/* for_good: only a person can help. */
static int in_trouble(struct imap_session *session, bool for_good, struct threads_error *err)
{
	session->in_pass = false;
	if (session->mode == IMAP_MODE_TEST)
		login_tested(session, false);
	else if (for_good)
		return account_set_state(session->ix->store, session->account_id, "error", err);
	return 0;
}

static int on_state(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	struct store *store = session->ix->store;
	const char *activity = frame_get_text(f);
	const char *kind = frame_get_text(f), *text = frame_get_text(f);
	const char *next = frame_get_text(f), *detail = frame_get_text(f);
	const struct account_trouble trouble = { kind, text, next, detail };
	const int64_t retry_ms = frame_get_int_in(f, -1, INT32_MAX);
	const int64_t now_ms = clock_now_ms(NULL);
	const bool listing = strcmp(activity, "listing") == 0;
	const bool idle = strcmp(activity, "idle") == 0;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	if (listing && !session->in_pass && session->mode != IMAP_MODE_TEST) {
		session->in_pass = true;
		rc = account_pass_begin(store, session->account_id, now_ms, err);
	}
	/* A test proves itself at its end: a chosen folder may be missing. */
	if (rc == 0 && (listing || idle) && session->mode != IMAP_MODE_TEST)
		rc = recover(session, now_ms, err);
	if (rc == 0)
		rc = account_set_activity(store, session->account_id, activity, &trouble,
					  next_try(session, idle, retry_ms, now_ms), now_ms, err);
	/* A folder that is gone is trouble of a process that goes on. */
	session->reported = *trouble.kind && !idle;
	if (rc == 0 && idle && !*trouble.kind && session->mode == IMAP_MODE_TEST && !session->ended)
		login_tested(session, true);
	if (rc == 0 && *trouble.kind)
		rc = in_trouble(session, retry_ms < 0, err);
	role_bell(session->ix->role, BELL_ACCOUNTS, session->account_id);
	return rc;
}

static int on_todo(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	int64_t on_server, wanted;
	int rc;

	(void)frame_get_int(f); /* folder */
	on_server = frame_get_int_in(f, 0, UINT32_MAX);
	wanted = frame_get_int_in(f, 0, UINT32_MAX);
	(void)frame_get_int(f); /* bytes: nobody shows them */
	(void)frame_get_int(f); /* gone UIDs: reconciliation's */
	rc = frame_get_end(f, err);
	if (rc == 0)
		rc = account_pass_wanted(session->ix->store, session->account_id, on_server, wanted,
					 err);
	role_bell(session->ix->role, BELL_ACCOUNTS, session->account_id);
	return rc;
}

static int on_failed(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	struct store *store = session->ix->store;
	const struct pass_figures add = { .read = 1, .failed = 1 };
	const int64_t folder_id = frame_get_int(f);
	const int64_t uid = frame_get_int_in(f, 0, UINT32_MAX);
	const char *reason = frame_get_text(f), *words = frame_get_text(f);
	/* The ledger knows one reason for all of these; the words say which. */
	const struct ledger_entry entry = {
		.folder_id = folder_id, .uid = uid, .reason = "failed", .detail = words
	};
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = folder_belongs(store, folder_id, session->account_id, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "a folder of another account");
	log_info("account %lld: a message is given up: %s", (long long)session->account_id, reason);
	if (rc > 0)
		rc = ledger_note(store, session->account_id, &entry, clock_now_ms(NULL), err);
	if (rc == 0)
		rc = account_pass_add(store, session->account_id, &add, err);
	return reply(session->peer, f->id, rc, err);
}

static int on_pass_done(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	struct pass_figures figures = { 0 };
	int rc;

	figures.server = frame_get_int_in(f, 0, INT64_MAX);
	figures.bodies = frame_get_int_in(f, 0, INT64_MAX);
	figures.bytes = frame_get_int_in(f, 0, INT64_MAX);
	(void)frame_get_int(f); /* failed ones came as IMAP_FAILED */
	(void)frame_get_int(f); /* pass number */
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	session->in_pass = false;
	rc = account_pass_end(session->ix->store, session->account_id, &figures, clock_now_ms(NULL),
			      err);
	role_bell(session->ix->role, BELL_ACCOUNTS, session->account_id);
	return rc;
}

/* More rows than an account may have: it rests until somebody decides. */
static int stop_for_rows(struct imap_session *session, const struct threads_error *why,
			 struct threads_error *err)
{
	const struct account_trouble trouble = {
		"too-many-records",
		"The mail server makes the hub keep more records than one account may have.",
		"Show the details to the operator of the server. To go on, delete the account, "
		"keeping its messages, and add it anew; nothing stored is lost.",
		why->text,
	};
	int rc = account_set_activity(session->ix->store, session->account_id, "error", &trouble,
				      ACCOUNT_TRY_NEVER, clock_now_ms(NULL), err);

	if (rc == 0)
		rc = in_trouble(session, true, err);
	if (rc < 0)
		return rc;
	session->reported = true;
	role_bell(session->ix->role, BELL_ACCOUNTS, session->account_id);
	return role_kill(session->ix->role, ROLE_IMAP, session->account_id, err);
}

static int rows_bounded(struct imap_session *session, int rc, struct threads_error *err)
{
	const struct threads_error why = rc < 0 ? *err : (struct threads_error){ 0 };

	return rc == THREADS_ELIMIT ? stop_for_rows(session, &why, err) : rc;
}

static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct imap_session *session = arg;

	(void)peer;
	switch (f->type) {
	case IMAP_STATE:
		return on_state(session, f, err);
	case IMAP_FOLDERS:
		return rows_bounded(session, imap_folders_take(session, f, err), err);
	case IMAP_FOLDER_OPEN:
		return rows_bounded(session, imap_folder_open(session, f, err), err);
	case IMAP_TODO:
		return on_todo(session, f, err);
	case IMAP_BATCH:
		return imap_batch_take(session, f, err);
	case IMAP_FLAGS:
		return imap_flags_take(session, f, err);
	case IMAP_FAILED:
		return on_failed(session, f, err);
	case IMAP_PASS_DONE:
		return on_pass_done(session, f, err);
	default:
		return threads_error_set(err, THREADS_EINVAL, "unexpected frame %u from imap",
					 f->type);
	}
}

/* CTL_EXITED decides what comes next: it follows, or it has waited for this. */
static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct imap_session *session = arg;
	struct threads_error err;

	(void)peer;
	session->peer = NULL;
	if (session->exited) {
		session->on_ended(session);
		return;
	}
	if (!why)
		return;
	log_warning("imap of account %lld: %s", (long long)session->account_id, why->text);
	if (role_kill(session->ix->role, ROLE_IMAP, session->account_id, &err) < 0)
		log_error("%s", err.text);
}

/* ---- what we say ---- */

static void put_folders(struct frame *f, const char *json_text)
{
	CLEANUP(json_freep) json_t *list = *json_text ? json_loads(json_text, 0, NULL) : NULL;
	const size_t count = json_is_array(list) ? json_array_size(list) : 0;

	frame_put_int(f, (int64_t)count);
	for (size_t i = 0; i < count; i++)
		frame_put_text(f, json_string_value(json_array_get(list, i)));
}

static int send_account(struct imap_session *session, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(account_release) struct account account = { 0 };
	const struct config *config = session->ix->role->config;
	int rc = account_get(session->ix->store, session->account_id, &account, err);

	if (rc <= 0)
		return rc < 0 ? rc : threads_error_set(err, THREADS_ENOENT, "the account is gone");
	frame_begin(&f, IMAP_ACCOUNT, 0);
	frame_put_text(&f, account.public_id);
	frame_put_text(&f, account.provider);
	frame_put_text(&f, account.host);
	frame_put_int(&f, account.port);
	frame_put_text(&f, account.tls);
	frame_put_text(&f, account.ca);
	frame_put_text(&f, account.login);
	frame_put_int(&f, session->mode);
	frame_put_int(&f, config_int(config, "message_max"));
	frame_put_int(&f, config_int(config, "imap_poll_s"));
	frame_put_int(&f, config_int(config, "imap_timeout_s"));
	frame_put_int(&f, account.since_ms);
	put_folders(&f, account.folders);
	return peer_send(session->peer, &f, err);
}

int imap_session_attach(struct imap_session *session, int fd, struct threads_error *err)
{
	const struct peer_handler handler = { on_frame, on_closed, session };
	int rc;

	session->peer = peer_free(session->peer);
	rc = peer_new(session->ix->role->loop, fd, ROLE_IMAP, session->account_id, &handler,
		      &session->peer, err);
	if (rc == 0)
		rc = send_account(session, err);
	if (rc == 0 && session->sync_wanted)
		imap_session_sync(session);
	return rc;
}

void imap_session_sync(struct imap_session *session)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	session->sync_wanted = session->peer == NULL;
	if (!session->peer)
		return;
	frame_begin(&f, IMAP_SYNC, 0);
	frame_put_int(&f, 0);
	if (peer_send(session->peer, &f, &err) < 0)
		log_debug("imap: %s", err.text);
}
