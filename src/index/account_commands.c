/* SPDX-License-Identifier: Apache-2.0 */
#include "index/account_commands.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/json.h"
#include "index/import.h"
#include "index/reply.h"
#include "index/schedule.h"
#include "store/people.h"

enum { FOLDERS_MAX = 2000, FOLDERS_TEXT_MAX = 100 * 1024, KEY_MAX = 16 * 1024 };

static void read_bound(struct frame *f, struct account_bound *bound)
{
	bound->provider = frame_get_text(f);
	bound->host = frame_get_text(f);
	bound->port = (int)frame_get_int_in(f, 0, 65535);
	bound->tls = frame_get_text(f);
	bound->login = frame_get_text(f);
	bound->ca = frame_get_text(f);
	bound->private_network = frame_get_int_in(f, 0, 1) == 1;
}

/* i count, t folder... as a JSON list; nothing for none. */
static int read_folders(struct frame *f, struct strbuf *out, struct threads_error *err)
{
	const int64_t count = frame_get_int_in(f, 0, FOLDERS_MAX);
	CLEANUP(json_freep) json_t *list = json_array();

	for (int64_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(frame_get_text(f)));
	return count > 0 ? json_append(out, list, err) : 0;
}

/* Into which network the hub reaches is nobody's private matter. */
static int audit_network(struct index_role *ix, const char *by, const char *public_id,
			 const struct account_bound *bound, struct threads_error *err)
{
	char detail[320];

	snprintf(detail, sizeof(detail), "%s: %.250s:%d", bound->private_network ? "yes" : "no",
		 bound->host, bound->port);
	return audit_add(ix->store, by, "account.private_network", public_id, detail,
			 clock_now_ms(NULL), err);
}

static int on_create(struct index_role *ix, struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf folders = STRBUF_INIT(FOLDERS_TEXT_MAX);
	CLEANUP(strbuf_release) struct strbuf public_id = STRBUF_INIT(64);
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(KEY_MAX);
	const char *by = frame_get_text(f), *said = frame_get_text(f);
	struct account_new new = { 0 };
	int rc;

	/* Of this person alone: who guesses the key of another gets no answer that was his. */
	if (*said)
		strbuf_addf(&key, "%s %s", by, said);
	new.idempotency_key = strbuf_str(&key);

	new.name = frame_get_text(f);
	new.owner = frame_get_text(f);
	new.type = frame_get_text(f);
	new.policy = frame_get_text(f);
	read_bound(f, &new.bound);
	rc = read_folders(f, &folders, err);
	if (rc == 0)
		rc = strbuf_check(&key, err);
	if (rc == 0)
		rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	new.folders = strbuf_str(&folders);
	if (!*new.owner)
		new.owner = by;
	rc = account_create(ix->store, &new, clock_now_ms(NULL), &public_id, err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "account.create", strbuf_str(&public_id), new.name,
			       clock_now_ms(NULL), err);
	if (rc == 0 && new.bound.private_network)
		rc = audit_network(ix, by, strbuf_str(&public_id), &new.bound, err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	role_bell(ix->role, BELL_ACCOUNTS, 0);
	reply_done(peer, f->id, strbuf_str(&public_id), "");
	return 0;
}

/* Finds the account or answers that there is none. Returns 1 when found. */
static int find(struct index_role *ix, const char *id, struct account *account,
		struct threads_error *err)
{
	const int rc = account_find(ix->store, id, account, err);

	return rc != 0 ? rc : threads_error_set(err, THREADS_ENOENT, "there is no such account");
}

static int apply_change(struct index_role *ix, const struct account *account,
			struct account_change *change, struct threads_error *err)
{
	const bool moved =
		change->bound && change->bound->private_network != account->private_network;
	bool voided = false;
	int rc = account_change(ix->store, account->id, change, clock_now_ms(NULL), &voided, err);

	if (rc < 0)
		return rc;
	ingest_forget_caches(ix->ingest);
	/* What is connected goes by the old settings: it starts anew with the new ones. */
	if (voided || moved || change->folders)
		schedule_disconnect(ix, account->id);
	loop_timer_set(ix->jobs_timer, 0);
	role_bell(ix->role, BELL_ACCESS, 0);
	return 0;
}

/* Another server inside is as much worth a row as the first. */
static bool network_changes(const struct account *account, const struct account_bound *bound)
{
	return bound->private_network != account->private_network ||
	       (bound->private_network &&
		(strcmp(bound->host, account->host) != 0 || bound->port != account->port));
}

static int on_update(struct index_role *ix, struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf folders = STRBUF_INIT(FOLDERS_TEXT_MAX);
	CLEANUP(account_release) struct account account = { 0 };
	const char *by = frame_get_text(f), *id = frame_get_text(f);
	const char *name = frame_get_text(f), *policy = frame_get_text(f);
	struct account_change change = { .name = *name ? name : NULL,
					 .policy = *policy ? policy : NULL };
	struct account_bound bound;
	int rc = 0;

	if (frame_get_int_in(f, 0, 1) == 1) {
		read_bound(f, &bound);
		change.bound = &bound;
	}
	if (frame_get_int_in(f, 0, 1) == 1) {
		rc = read_folders(f, &folders, err);
		change.folders = strbuf_str(&folders);
	}
	if (rc == 0)
		rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	rc = find(ix, id, &account, err);
	if (rc > 0)
		rc = apply_change(ix, &account, &change, err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "account.update", account.public_id, policy,
			       clock_now_ms(NULL), err);
	if (rc == 0 && change.bound && network_changes(&account, &bound))
		rc = audit_network(ix, by, account.public_id, &bound, err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	role_bell(ix->role, BELL_ACCOUNTS, account.id);
	reply_done(peer, f->id, account.public_id, "");
	return 0;
}

static int delete_account(struct index_role *ix, const char *by, const struct account *account,
			  bool keep, struct threads_error *err)
{
	int rc;

	schedule_disconnect(ix, account->id);
	import_account_gone(ix, account->id);
	rc = account_delete(ix->store, account->id, keep, clock_now_ms(NULL), err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "account.delete", account->public_id,
			       keep ? "messages kept" : "", clock_now_ms(NULL), err);
	schedule_tell_vault(ix);
	loop_timer_set(ix->jobs_timer, 0);
	role_bell(ix->role, BELL_ACCESS, 0);
	return rc;
}

/* "paused" ends the connection; "active" asks for one. */
static int set_state(struct index_role *ix, const char *by, const struct account *account,
		     const char *state, struct threads_error *err)
{
	const bool pause = strcmp(state, "paused") == 0;
	int rc;

	if (!pause && strcmp(state, "active") != 0)
		return threads_error_set(err, THREADS_EINVAL, "the state is paused or active");
	if (strcmp(account->state, "draft") == 0 || strcmp(account->state, "deleting") == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "the account is not complete: give its password first");
	if (!pause && strcmp(account->type, "imap") == 0 && !account->secret_set)
		return threads_error_set(err, THREADS_EINVAL,
					 "the account has no password; set it first");
	rc = account_set_state(ix->store, account->id, state, err);
	if (rc == 0)
		rc = audit_add(ix->store, by, pause ? "account.pause" : "account.resume",
			       account->public_id, "", clock_now_ms(NULL), err);
	if (rc == 0 && pause)
		schedule_disconnect(ix, account->id);
	schedule_soon(ix);
	return rc;
}

static int test(struct index_role *ix, const struct account *account, struct threads_error *err)
{
	int rc;

	if (strcmp(account->type, "imap") != 0)
		return threads_error_set(err, THREADS_EINVAL, "only mail accounts have a log-in");
	rc = schedule_test(ix, account, err);
	return rc < 0 ? rc : account_set_secret(ix->store, account->id, "set", err);
}

/* ret_words: since when to look at the account's pass. */
static int sync_now(struct index_role *ix, const struct account *account, char words[24],
		    struct threads_error *err)
{
	struct imap_session *session = imap_session_find(ix, account->id);

	snprintf(words, 24, "%lld", (long long)clock_now_ms(NULL));
	if (strcmp(account->type, "imap") != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "only mail accounts are synchronised");
	if (strcmp(account->state, "draft") == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "the log-in of this account never worked; give its "
					 "password first");
	if (strcmp(account->state, "paused") == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "the account is paused; resume it first");
	if (strcmp(account->state, "active") != 0 && strcmp(account->state, "error") != 0)
		return threads_error_set(err, THREADS_EINVAL, "the account is %s", account->state);
	if (session && session->mode == IMAP_MODE_SYNC) {
		imap_session_sync(session);
		return 0;
	}
	schedule_soon(ix);
	return account_set_state(ix->store, account->id, "active", err);
}

static int on_simple(struct index_role *ix, struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	CLEANUP(account_release) struct account account = { 0 };
	const uint16_t type = f->type;
	const bool has_by = type == INDEX_ACCOUNT_DELETE || type == INDEX_ACCOUNT_STATE;
	const char *by = has_by ? frame_get_text(f) : "";
	const char *id = frame_get_text(f);
	const bool keep = type == INDEX_ACCOUNT_DELETE && frame_get_int_in(f, 0, 1) == 1;
	const char *state = type == INDEX_ACCOUNT_STATE ? frame_get_text(f) : "";
	char words[24] = "";
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = find(ix, id, &account, err);
	if (rc > 0 && type == INDEX_ACCOUNT_DELETE)
		rc = delete_account(ix, by, &account, keep, err);
	else if (rc > 0 && type == INDEX_ACCOUNT_STATE)
		rc = set_state(ix, by, &account, state, err);
	else if (rc > 0 && type == INDEX_ACCOUNT_TEST)
		rc = test(ix, &account, err);
	else if (rc > 0)
		rc = sync_now(ix, &account, words, err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	role_bell(ix->role, BELL_ACCOUNTS, account.id);
	reply_done(peer, f->id, account.public_id, words);
	return 0;
}

int account_command(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err)
{
	switch (f->type) {
	case INDEX_ACCOUNT_CREATE:
		return on_create(ix, peer, f, err);
	case INDEX_ACCOUNT_UPDATE:
		return on_update(ix, peer, f, err);
	default:
		return on_simple(ix, peer, f, err);
	}
}
