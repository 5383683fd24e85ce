/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/state.h"

#include <stdio.h>

#include "auth/control.h"
#include "auth/exchange.h"
#include "auth/factors.h"
#include "auth/http.h"
#include "auth/outbox.h"
#include "backup/source.h"
#include "core/log.h"
#include "crypto/hkdf.h"
#include "crypto/hmac.h"
#include "ipc/role.h"
#include "ipc/role_name.h"
#include "store/auth_outbox.h"
#include "store/db_check.h"

enum { TIDY_MS = 10 * 60 * 1000 };

static const char seed_purpose[] = "threads-auth-totp-v1";

static void auth_closep(struct auth **auth)
{
	*auth = auth_close(*auth);
}

static void on_tidy(void *arg)
{
	struct auth *auth = arg;
	struct threads_error err;

	if (auth_db_tidy(auth->db, auth_now(auth), &err) < 0)
		log_warning("tidying auth.db: %s", err.text);
	loop_timer_set(auth->tidy_timer, TIDY_MS);
}

/* ---- backup ---- */

struct box_check {
	struct auth *auth;
	json_t *faults;
};

static int check_box(const struct auth_login *login, void *arg, struct threads_error *err)
{
	const struct box_check *check = arg;
	char words[128];

	(void)err;
	if (!login->has_totp || totp_readable(check->auth, login->user_id, login->totp_box))
		return 0;
	snprintf(words, sizeof(words), "the second factor of user %s cannot be opened",
		 login->user_id);
	db_fault_add(check->faults, "auth.db", words);
	return 0;
}

static int check_boxes(void *arg, json_t *faults, struct threads_error *err)
{
	struct box_check check = { arg, faults };

	return auth_login_each(check.auth->db, check_box, &check, err);
}

/* db_path is a file in a folder of ours: the snapshot grows beside it. */
static int open_backup(struct auth *auth, const char *db_path, struct threads_error *err)
{
	const char *slash = strrchr(db_path, '/');
	AUTO_FREE char *folder = strndup(db_path, slash ? (size_t)(slash - db_path) : 0);
	const struct backup_source_options options = {
		.loop = auth->loop,
		.db = auth->db,
		.about = "auth.db",
		.folder = folder && *folder ? folder : ".",
		.check = check_boxes,
		.arg = auth,
	};

	return backup_source_new(&options, &auth->backup, err);
}

static int open_parts(struct auth *auth, const struct auth_options *options,
		      struct threads_error *err)
{
	int rc = hkdf_derive(options->key, AUTH_KEY_LEN, seed_purpose, auth->seed_key,
			     sizeof(auth->seed_key), err);

	if (rc == 0)
		rc = auth_db_open(options->db_path, &auth->db, err);
	if (rc == 0)
		rc = open_backup(auth, options->db_path, err);
	if (rc == 0)
		rc = hasher_new(auth->loop, &auth->hasher, err);
	if (rc == 0)
		rc = outbox_open(auth, exchange_release_parked, err);
	if (rc == 0)
		rc = loop_timer_add(auth->loop, on_tidy, auth, &auth->tidy_timer, err);
	if (rc < 0)
		return rc;
	loop_timer_set(auth->tidy_timer, 0);
	auth->base_url = strdup(options->base_url);
	return auth->base_url ? 0 : threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

int auth_open(const struct auth_options *options, struct auth **ret_auth, struct threads_error *err)
{
	CLEANUP(auth_closep) struct auth *auth = calloc(1, sizeof(*auth));
	int rc;

	if (!auth)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	LIST_INIT(&auth->peers);
	LIST_INIT(&auth->exchanges);
	auth->loop = options->loop;
	auth->supervisor = options->supervisor;
	auth->clock = options->clock;
	auth_set_session_times(auth, options->session_idle_ms, options->session_max_ms);
	memcpy(auth->ticket_key, options->ticket_key, sizeof(auth->ticket_key));
	rc = open_parts(auth, options, err);
	if (rc < 0)
		return rc;
	if (db_warning(auth->db))
		log_warning("%s", db_warning(auth->db));
	*ret_auth = TAKE_PTR(auth);
	return 0;
}

int auth_start(struct auth *auth, struct threads_error *err)
{
	return hasher_start(auth->hasher, err);
}

struct auth *auth_close(struct auth *auth)
{
	struct auth_link_peer *link;
	struct exchange *ex;

	if (!auth)
		return NULL;
	/* First the thread: its jobs point to exchanges. */
	hasher_free(auth->hasher);
	while ((ex = LIST_FIRST(&auth->exchanges)))
		exchange_free(ex);
	while ((link = LIST_FIRST(&auth->peers))) {
		LIST_REMOVE(link, link);
		peer_free(link->peer);
		free(link);
	}
	loop_timer_remove(auth->outbox_timer);
	loop_timer_remove(auth->tidy_timer);
	backup_source_free(auth->backup);
	db_close(auth->db);
	free(auth->base_url);
	secret_cleanse(auth, sizeof(*auth));
	free(auth);
	return NULL;
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct auth_link_peer *link = arg;
	struct auth *auth = link->auth;

	if (why && peer_role(peer) == ROLE_CTL)
		log_debug("control connection: %s", why->text);
	else if (why)
		log_warning("link to %s: %s", role_name(peer_role(peer)), why->text);
	exchange_orphan_all(auth, peer);
	backup_source_peer_gone(auth->backup, peer);
	if (peer == auth->index) {
		outbox_index(auth, NULL);
		role_link_lost(auth->supervisor, peer);
	}
	if (peer_role(peer) == ROLE_CTL)
		auth->control_count--;
	LIST_REMOVE(link, link);
	free(link);
}

/* AUTH_USER_GONE: somebody was disabled in hub.db. */
static int on_user_gone(struct auth *auth, struct frame *f, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	struct auth_login login = { .id = 0 };
	const char *user_id = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = auth_login_by_user(auth->db, user_id, &login, err);
	if (rc != 1 || strcmp(login.state, "disabled") == 0)
		return rc < 0 ? rc : 0;
	rc = db_scope_begin(auth->db, &scope, err);
	if (rc == 0)
		rc = auth_login_set_state(auth->db, login.id, "disabled", err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int api_frame(struct auth *auth, struct peer *peer, struct frame *f,
		     struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	int rc, fd;

	if (f->type == AUTH_CONTROL) {
		fd = frame_get_fd(f);
		rc = frame_get_end(f, err);
		if (rc < 0) {
			if (fd >= 0)
				close(fd);
			return rc;
		}
		/* A connection that cannot be taken is closed: its owner's, not api's fault. */
		if (auth_add_peer(auth, ROLE_CTL, fd, err) < 0)
			log_warning("control connection: %s", err->text);
		return 0;
	}
	/* Not BACKUP_SNAPSHOT: whoever takes api over does not get hashes and sessions. */
	if (f->type == DATABASE_CHECK)
		return backup_source_frame(auth->backup, peer, f, err);
	if (f->type != AUTH_USER_GONE)
		return threads_error_set(err, THREADS_EINVAL, "frame %u is not for auth", f->type);
	rc = on_user_gone(auth, f, err);
	if (rc < 0)
		return rc;
	frame_begin(&answer, IPC_OK, f->id);
	return peer_send(peer, &answer, err);
}

/* Which peer may send what: each function takes its own types and refuses others. */
static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct auth *auth = ((struct auth_link_peer *)arg)->auth;
	const enum role who = peer_role(peer);

	if (who == ROLE_HTTP)
		return http_frame(auth, peer, f, err);
	if (who == ROLE_CTL)
		return control_frame(auth, peer, f, err);
	if (who == ROLE_API)
		return api_frame(auth, peer, f, err);
	return outbox_answer(auth, f, err);
}

/* index has one link: a new one replaces the old. */
static void drop_index(struct auth *auth)
{
	struct auth_link_peer *link;

	LIST_FOREACH(link, &auth->peers, link)
		if (link->peer == auth->index)
			break;
	if (!auth->index || !link)
		return;
	peer_free(link->peer);
	LIST_REMOVE(link, link);
	free(link);
	outbox_index(auth, NULL);
}

static int check_peer(const struct auth *auth, enum role who, struct threads_error *err)
{
	if (who != ROLE_HTTP && who != ROLE_API && who != ROLE_INDEX && who != ROLE_CTL)
		return threads_error_set(err, THREADS_EINVAL, "%s has no business with auth",
					 role_name(who));
	if (who == ROLE_CTL && auth->control_count >= CONTROL_CONNECTIONS_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "too many control connections");
	return 0;
}

int auth_add_peer(struct auth *auth, enum role who, int fd, struct threads_error *err)
{
	struct peer_handler handler = { on_frame, on_closed, NULL };
	struct auth_link_peer *link = NULL;
	int rc = check_peer(auth, who, err);

	if (rc == 0)
		link = calloc(1, sizeof(*link));
	if (!link) {
		close(fd);
		return rc < 0 ? rc : threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	link->auth = auth;
	handler.arg = link;
	rc = peer_new(auth->loop, fd, who, 0, &handler, &link->peer, err);
	if (rc < 0) {
		free(link);
		return rc;
	}
	if (who == ROLE_INDEX) {
		drop_index(auth);
		outbox_index(auth, link->peer);
	}
	if (who == ROLE_CTL)
		auth->control_count++;
	LIST_INSERT_HEAD(&auth->peers, link, link);
	return 0;
}

void auth_users_changed(struct auth *auth)
{
	auth->users_wanted = true;
	outbox_kick(auth);
}

void auth_set_session_times(struct auth *auth, int64_t idle_ms, int64_t max_ms)
{
	auth->session_idle_ms = idle_ms;
	auth->session_max_ms = max_ms;
}
