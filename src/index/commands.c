/* SPDX-License-Identifier: Apache-2.0 */
#include "index/commands.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/random_id.h"
#include "index/account_commands.h"
#include "index/backup.h"
#include "index/blob_thread.h"
#include "index/import.h"
#include "index/pool.h"
#include "index/reply.h"
#include "index/sample.h"
#include "index/schedule.h"
#include "index/upload.h"
#include "store/people.h"

enum { FILES_INLINE_MAX = 1000 };

/* ---- people ---- */

static int on_user_create(struct index_role *ix, struct peer *peer, struct frame *f,
			  struct threads_error *err)
{
	struct user_new user;
	int rc;

	user.public_id = frame_get_text(f);
	user.name = frame_get_text(f);
	user.display_name = frame_get_text(f);
	user.role = frame_get_text(f);
	user.state = frame_get_text(f);
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	rc = user_create(ix->store, &user, clock_now_ms(NULL), err);
	role_bell(ix->role, BELL_USERS, 0);
	return reply(peer, f->id, rc, err);
}

static int on_user_state(struct index_role *ix, struct peer *peer, struct frame *f,
			 struct threads_error *err)
{
	const char *public_id = frame_get_text(f), *state = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = sample_on_state(ix, public_id, state, err);
	role_bell(ix->role, BELL_USERS, 0);
	role_bell(ix->role, BELL_ACCESS, 0);
	return reply(peer, f->id, rc, err);
}

struct user_list {
	struct frame frame;
	int64_t count;
};

static int put_user(const struct user_row *user, void *arg)
{
	struct user_list *list = arg;

	frame_put_text(&list->frame, user->public_id);
	frame_put_text(&list->frame, user->state);
	frame_put_text(&list->frame, user->role);
	frame_put_text(&list->frame, user->name);
	frame_put_text(&list->frame, user->display_name);
	list->count++;
	return 0;
}

static int count_user(const struct user_row *user, void *arg)
{
	int64_t *count = arg;

	(void)user;
	(*count)++;
	return 0;
}

static int on_user_list(struct index_role *ix, struct peer *peer, struct frame *f,
			struct threads_error *err)
{
	struct user_list list = { .frame = FRAME_INIT };
	int64_t count = 0;
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = user_each(ix->store, count_user, &count, err);
	frame_begin(&list.frame, USER_LIST_IS, f->id);
	frame_put_int(&list.frame, count);
	if (rc == 0)
		rc = user_each(ix->store, put_user, &list, err);
	if (rc == 0)
		rc = peer_send(peer, &list.frame, err);
	frame_release(&list.frame);
	return rc;
}

static int on_audit(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err)
{
	const char *user = frame_get_text(f), *action = frame_get_text(f);
	const char *object = frame_get_text(f), *detail = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = audit_add(ix->store, user, action, object, detail, clock_now_ms(NULL), err);
	return reply(peer, f->id, rc, err);
}

static int on_user_update(struct index_role *ix, struct peer *peer, struct frame *f,
			  struct threads_error *err)
{
	const char *by = frame_get_text(f), *public_id = frame_get_text(f);
	const char *display_name = frame_get_text(f), *settings = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = user_update(ix->store, public_id, display_name, settings, err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "user.update", public_id, "", clock_now_ms(NULL),
			       err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	role_bell(ix->role, BELL_USERS, 0);
	reply_done(peer, f->id, public_id, "");
	return 0;
}

static int on_settings(struct index_role *ix, struct peer *peer, struct frame *f,
		       struct threads_error *err)
{
	const char *by = frame_get_text(f), *json = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = setting_change(ix->store, json, clock_now_ms(NULL), err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "settings.change", "", json, clock_now_ms(NULL), err);
	ingest_forget_caches(ix->ingest);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	loop_timer_set(ix->jobs_timer, 0);
	role_bell(ix->role, BELL_ACCESS, 0);
	reply_done(peer, f->id, "", "");
	return 0;
}

/* ---- imports ---- */

static int import_account(struct index_role *ix, const char *account, const char *owner,
			  int64_t *ret_id, struct threads_error *err)
{
	CLEANUP(account_release) struct account found = { 0 };
	int rc = account_find(ix->store, account, &found, err);

	if (rc > 0 && strcmp(found.state, "deleting") == 0)
		return threads_error_set(err, THREADS_EINVAL, "the account is being deleted");
	if (rc < 0)
		return rc;
	return account_for_import(ix->store, rc > 0 ? found.name : account, owner, "import",
				  clock_now_ms(NULL), ret_id, err);
}

struct upload_list {
	const char *names[FILES_INLINE_MAX];
	int64_t sizes[FILES_INLINE_MAX];
	size_t count;
};

static void read_upload_list(struct frame *f, struct upload_list *list)
{
	list->count = (size_t)frame_get_int_in(f, 0, FILES_INLINE_MAX);
	for (size_t i = 0; i < list->count; i++) {
		list->names[i] = frame_get_text(f);
		list->sizes[i] = frame_get_int_in(f, 0, INT64_MAX);
	}
}

/* The import and its files. One that cannot be made whole is left as cancelled. */
static int make_import(struct index_role *ix, const struct import_new *new,
		       const struct upload_list *list, struct strbuf *public_id,
		       struct threads_error *err)
{
	const int64_t now_ms = clock_now_ms(NULL);
	struct import_file file;
	int64_t id;
	int rc = import_create(ix->store, new, now_ms, &id, public_id, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < list->count && rc == 0; i++)
		rc = import_file_open(ix->store, id, list->names[i], list->sizes[i], &file, err);
	if (rc < 0 && import_set_state(ix->store, id, "cancelled", "", now_ms, NULL) < 0)
		log_warning("an import that cannot be made stays as it is");
	role_bell(ix->role, BELL_IMPORTS, id);
	return rc;
}

/* Returns 0 and the owner: the one named, else who asks, else the hub's first owner. */
static int import_owner(struct index_role *ix, const char **owner, const char *by,
			char first[PUBLIC_ID_SIZE], struct threads_error *err)
{
	int rc;

	if (!**owner)
		*owner = by;
	if (**owner)
		return 0;
	rc = user_first_owner(ix->store, first, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "there is no owner yet; set the hub up first");
	*owner = first;
	return rc < 0 ? rc : 0;
}

static int on_import_create(struct index_role *ix, struct peer *peer, struct frame *f,
			    struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf public_id = STRBUF_INIT(64);
	const char *by = frame_get_text(f), *account = frame_get_text(f);
	struct import_new new = { .owner = frame_get_text(f), .label = account };
	struct upload_list list = { .count = 0 };
	char first_owner[PUBLIC_ID_SIZE] = "";
	int rc;

	new.format = frame_get_text(f);
	new.source = frame_get_int_in(f, 0, 1) == 1 ? "upload" : "control";
	read_upload_list(f, &list);
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	if (strcmp(new.source, "upload") != 0)
		list.count = 0;
	rc = import_owner(ix, &new.owner, by, first_owner, err);
	if (rc == 0)
		rc = import_account(ix, account, new.owner, &new.account_id, err);
	if (rc == 0)
		rc = make_import(ix, &new, &list, &public_id, err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "import.create", strbuf_str(&public_id), new.format,
			       clock_now_ms(NULL), err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	reply_done(peer, f->id, strbuf_str(&public_id), "");
	return 0;
}

static int on_import_start(struct index_role *ix, struct peer *peer, struct frame *f,
			   struct threads_error *err)
{
	const char *by = frame_get_text(f), *public_id = frame_get_text(f);
	struct import import;
	int64_t done = 0;
	char words[24];
	int rc = frame_get_end(f, err);

	(void)by;
	if (rc < 0)
		return rc;
	rc = import_find(ix->store, public_id, &import, err);
	if (rc == 0)
		rc = threads_error_set(err, THREADS_ENOENT, "there is no such import");
	if (rc > 0 && strcmp(import.source, "upload") == 0)
		rc = upload_start(ix, &import, err);
	else if (rc > 0)
		rc = import_restart(ix, &import, &done, err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	snprintf(words, sizeof(words), "%lld", (long long)done);
	reply_done(peer, f->id, public_id, words);
	return 0;
}

static int on_import_cancel(struct index_role *ix, struct peer *peer, struct frame *f,
			    struct threads_error *err)
{
	const char *by = frame_get_text(f), *public_id = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = import_cancel(ix, public_id, err);
	if (rc == 0)
		rc = audit_add(ix->store, by, "import.cancel", public_id, "", clock_now_ms(NULL),
			       err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	reply_done(peer, f->id, public_id, "");
	return 0;
}

/* ---- the rest ---- */

static int on_queue(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	frame_begin(&out, INDEX_QUEUE_IS, f->id);
	frame_put_int(&out, (int64_t)pool_measure(ix));
	frame_put_int(&out, ix->disk_percent);
	frame_put_int(&out, ix->disk_full);
	return peer_send(peer, &out, err);
}

int commands_on_api(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct index_role *ix = arg;

	switch (f->type) {
	case AUDIT_ADD:
		return on_audit(ix, peer, f, err);
	case USER_STATE:
		return on_user_state(ix, peer, f, err);
	case INDEX_USER_UPDATE:
		return on_user_update(ix, peer, f, err);
	case INDEX_SETTINGS:
		return on_settings(ix, peer, f, err);
	case INDEX_ACCOUNT_CREATE:
	case INDEX_ACCOUNT_UPDATE:
	case INDEX_ACCOUNT_DELETE:
	case INDEX_ACCOUNT_STATE:
	case INDEX_ACCOUNT_TEST:
	case INDEX_ACCOUNT_SYNC:
		return account_command(ix, peer, f, err);
	case INDEX_IMPORT_CREATE:
		return on_import_create(ix, peer, f, err);
	case INDEX_IMPORT_FILES:
		return import_on_files(ix, peer, f, err);
	case INDEX_IMPORT_START:
		return on_import_start(ix, peer, f, err);
	case INDEX_IMPORT_CANCEL:
		return on_import_cancel(ix, peer, f, err);
	case INDEX_UPLOAD_OPEN:
		return upload_open(ix, peer, f, err);
	case INDEX_UPLOAD_NOTED:
		return upload_noted(ix, peer, f, err);
	case INDEX_BLOB:
		return blob_thread_request(ix->blobs, ix->store, peer, f, err);
	case INDEX_VERIFY:
	case BACKUP_SNAPSHOT:
	case BACKUP_HOLD:
		return backup_command(ix, peer, f, err);
	case INDEX_QUEUE:
		return on_queue(ix, peer, f, err);
	default:
		return threads_error_set(err, THREADS_EINVAL, "unexpected frame %u from api",
					 f->type);
	}
}

int commands_on_auth(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct index_role *ix = arg;

	switch (f->type) {
	case USER_CREATE:
		return on_user_create(ix, peer, f, err);
	case USER_STATE:
		return on_user_state(ix, peer, f, err);
	case USER_LIST:
		return on_user_list(ix, peer, f, err);
	case AUDIT_ADD:
		return on_audit(ix, peer, f, err);
	default:
		return threads_error_set(err, THREADS_EINVAL, "unexpected frame %u from auth",
					 f->type);
	}
}
