/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/outbox.h"

#include "auth/password_rules.h"
#include "core/log.h"
#include "store/auth_outbox.h"

enum { USERS_MAX = 10000 };

static void on_timer(void *arg)
{
	outbox_kick(arg);
}

int outbox_open(struct auth *auth, void (*done)(struct auth *auth, int64_t row),
		struct threads_error *err)
{
	auth->outbox_done = done;
	return loop_timer_add(auth->loop, on_timer, auth, &auth->outbox_timer, err);
}

static void put_row(struct frame *f, const struct auth_outbox_row *row)
{
	if (strcmp(row->kind, "user") == 0) {
		f->type = USER_CREATE;
		frame_put_text(f, row->user_id);
		frame_put_text(f, row->a);
		frame_put_text(f, row->b);
		frame_put_text(f, row->c);
		frame_put_text(f, row->d);
	} else if (strcmp(row->kind, "state") == 0) {
		f->type = USER_STATE;
		frame_put_text(f, row->user_id);
		frame_put_text(f, row->a);
	} else {
		frame_put_text(f, row->user_id);
		frame_put_text(f, row->a);
		frame_put_text(f, row->b);
		frame_put_text(f, row->c);
	}
}

/* 1 sent, 0 nothing to send. */
static int send_next(struct auth *auth, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct auth_outbox_row row;
	const uint32_t id = peer_next_id(auth->index);
	int rc = auth_outbox_first(auth->db, &row, err);

	if (rc < 0 || (rc == 0 && !auth->users_wanted))
		return rc;
	frame_begin(&f, rc == 1 ? AUDIT_ADD : USER_LIST, id);
	if (rc == 1)
		put_row(&f, &row);
	auth->asked_row = rc == 1 ? row.id : 0;
	rc = peer_send(auth->index, &f, err);
	if (rc < 0)
		return rc;
	auth->asked_id = id;
	return 1;
}

void outbox_kick(struct auth *auth)
{
	struct threads_error err;
	int rc = 0;

	if (auth->index && auth->asked_id == 0) {
		rc = send_next(auth, &err);
		if (rc < 0)
			log_warning("outbox: %s", err.text);
	}
	if (!loop_timer_is_set(auth->outbox_timer))
		loop_timer_set(auth->outbox_timer, rc < 0 ? OUTBOX_RETRY_MS : OUTBOX_SLOW_MS);
}

void outbox_index(struct auth *auth, struct peer *index)
{
	auth->index = index;
	auth->asked_id = 0;
	auth->users_wanted = auth->users_wanted || index;
	if (index)
		outbox_kick(auth);
}

/* Somebody in hub.db without a row here: auth.db was lost, or we died in between.
 * He cannot sign in before he gets a link. */
static int adopt(struct auth *auth, const struct auth_login *hub, struct threads_error *err)
{
	struct auth_login login = *hub;
	struct auth_login other;
	int rc = auth_login_by_name(auth->db, hub->name, &other, err);

	if (rc < 0)
		return rc;
	if (rc == 1 || name_rules_check(hub->name, AUTH_NAME_SIZE - 1)) {
		log_warning("user %s of the hub cannot be given a sign-in", hub->user_id);
		return 0;
	}
	if (strcmp(login.state, "disabled") != 0)
		memcpy(login.state, "invited", sizeof("invited"));
	return auth_login_add(auth->db, &login, auth_now(auth), &login.id, err);
}

/* Brings both rows of one person together: the state is ours, the profile the hub's. */
static int compare(struct auth *auth, const struct auth_login *hub, struct threads_error *err)
{
	struct auth_login own;
	int rc = auth_login_by_user(auth->db, hub->user_id, &own, err);

	if (rc == 0)
		rc = adopt(auth, hub, err);
	if (rc <= 0)
		return rc;
	if (strcmp(own.state, hub->state) != 0)
		rc = auth_outbox_state(auth->db, own.user_id, own.state, err);
	if (rc >= 0 &&
	    (strcmp(own.role, hub->role) != 0 || strcmp(own.display_name, hub->display_name) != 0))
		rc = auth_login_set_profile(auth->db, own.id, hub->display_name, hub->role, err);
	return rc < 0 ? rc : 0;
}

struct users {
	struct auth *auth;
	struct auth_login *list;
	size_t count;
};

/* Ours without a row in hub.db: told again. */
static int tell_missing(const struct auth_login *login, void *arg, struct threads_error *err)
{
	const struct users *users = arg;

	for (size_t i = 0; i < users->count; i++)
		if (strcmp(users->list[i].user_id, login->user_id) == 0)
			return 0;
	return auth_outbox_user(users->auth->db, login, err);
}

static bool copy_field(struct frame *f, char *out, size_t out_size)
{
	const char *text = frame_get_text(f);
	const size_t len = strlen(text);

	if (len >= out_size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static int read_users(struct frame *f, struct auth_login *list, size_t count,
		      struct threads_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct auth_login *u = &list[i];

		if (!copy_field(f, u->user_id, sizeof(u->user_id)) ||
		    !copy_field(f, u->state, sizeof(u->state)) ||
		    !copy_field(f, u->role, sizeof(u->role)) ||
		    !copy_field(f, u->name, sizeof(u->name)) ||
		    !copy_field(f, u->display_name, sizeof(u->display_name)) ||
		    !public_id_valid(u->user_id))
			return threads_error_set(err, THREADS_EINVAL, "a malformed user");
	}
	return frame_get_end(f, err);
}

static int compare_all(struct users *users, struct threads_error *err)
{
	CLEANUP(db_scope_end) struct db *scope = NULL;
	int rc = db_scope_begin(users->auth->db, &scope, err);

	for (size_t i = 0; rc == 0 && i < users->count; i++)
		rc = compare(users->auth, &users->list[i], err);
	if (rc == 0)
		rc = auth_login_each(users->auth->db, tell_missing, users, err);
	return rc < 0 ? rc : db_scope_commit(&scope, err);
}

static int on_users(struct auth *auth, struct frame *f, struct threads_error *err)
{
	struct users users = { .auth = auth };
	int rc;

	users.count = (size_t)frame_get_int_in(f, 0, USERS_MAX);
	users.list = calloc(users.count + 1, sizeof(*users.list));
	if (!users.list)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = read_users(f, users.list, users.count, err);
	if (rc == 0)
		rc = compare_all(&users, err);
	free(users.list);
	return rc;
}

static bool worth_a_retry(int64_t code)
{
	return code == THREADS_EAGAIN || code == THREADS_EIO || code == THREADS_ENOMEM ||
	       code == THREADS_ELIMIT || code == THREADS_EFULL;
}

/* Returns true if the row stays for later. */
static bool refused(struct auth *auth, struct frame *f)
{
	const int64_t code = frame_get_int(f);
	const char *words = frame_get_text(f);

	if (worth_a_retry(code)) {
		log_warning("index cannot take a row now: %s", words);
		loop_timer_set(auth->outbox_timer, OUTBOX_RETRY_MS);
		return true;
	}
	/* It would never pass: do not block what comes behind it. */
	log_error("index refused a row of the outbox: %s", words);
	return false;
}

int outbox_answer(struct auth *auth, struct frame *f, struct threads_error *err)
{
	const int64_t row = auth->asked_row;
	int rc = 0;

	if (f->id == 0 || f->id != auth->asked_id)
		return 0;
	auth->asked_id = 0;
	if (f->type == IPC_ERROR && refused(auth, f)) {
		return 0;
	}
	if (row == 0) {
		auth->users_wanted = false;
		if (f->type == USER_LIST_IS)
			rc = on_users(auth, f, err);
	} else {
		rc = auth_outbox_remove(auth->db, row, err);
		if (rc == 0)
			auth->outbox_done(auth, row);
	}
	if (rc == 0)
		outbox_kick(auth);
	return rc;
}
