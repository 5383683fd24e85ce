/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts. Whoever manages the hub may add, pause and remove them; opening one
 * to others and giving its password is its owner's alone, or an administrator
 * could read by a detour.
 */
#include "api/account_service.h"
#include "api/cursor.h"
#include "api/route.h"
#include "core/encode.h"

enum { BOX_TEXT_MAX = 8192, TEST_RETRY_MS = 700, VAULT_DELETE_WAIT_MS = 5000 };

static json_t *vault_json(const struct api *api)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(200);

	if (!*api->vault_fingerprint)
		return json_null();
	base64url_append(&key, api->vault_key, sizeof(api->vault_key));
	return json_pack("{ss,ss}", "public_key", strbuf_str(&key), "fingerprint",
			 api->vault_fingerprint);
}

int route_accounts(struct exchange *ex, struct threads_error *err)
{
	json_t *list = NULL;
	int rc = reader_accounts(ex->api->reader, &ex->viewer, api_now(ex->api), &list, err);

	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200,
			    json_pack("{so,so}", "accounts", list, "vault", vault_json(ex->api)));
	return 0;
}

/* Answers with the account as it is now. */
static int account_answer(struct exchange *ex, int status, const char *id,
			  struct threads_error *err)
{
	json_t *account = NULL;
	int rc = reader_account(ex->api->reader, &ex->viewer, id, api_now(ex->api), &account, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		exchange_reply_not_found(ex);
	else
		exchange_reply_json(ex, status, account);
	return 0;
}

int route_account(struct exchange *ex, struct threads_error *err)
{
	return account_answer(ex, 200, ex->ids[0], err);
}

int route_account_folders(struct exchange *ex, struct threads_error *err)
{
	json_t *folders = NULL;
	int rc = reader_folders(ex->api->reader, &ex->viewer, ex->ids[0], &folders, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		exchange_reply_not_found(ex);
	else
		exchange_reply_json(ex, 200, folders);
	return 0;
}

int route_account_ledger(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf cursor = STRBUF_INIT(CURSOR_TEXT_MAX);
	int64_t before_id = 0;
	json_t *page = NULL;
	int rc;

	if (exchange_parameter(ex, "cursor", &cursor) && cursor.len &&
	    !cursor_read(strbuf_str(&cursor), 'l', &before_id, 1))
		return threads_error_set(err, THREADS_EINVAL, "no such page");
	rc = reader_ledger(ex->api->reader, &ex->viewer, ex->ids[0], before_id, &page, err);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		exchange_reply_not_found(ex);
		return 0;
	}
	route_next_cursor(page, 'l');
	exchange_reply_json(ex, 200, page);
	return 0;
}

/* ---- writes ----------------------------------------------------------------------------- */

/* INDEX_DONE, then the account as it is now, with a status of the route. */
static void account_done(struct exchange *ex, int rc, struct frame *f,
			 const struct threads_error *err, int status)
{
	struct threads_error why = { 0 };
	char id[PUBLIC_ID_SIZE] = "";

	if (!exchange_answered(ex, rc, err))
		return;
	if (f->type == INDEX_DONE)
		memcpy(id, frame_get_text(f), PUBLIC_ID_LEN);
	rc = account_answer(ex, status, *id ? id : ex->ids[0], &why);
	if (rc < 0)
		exchange_reply_error(ex, rc, &why);
}

static void account_created(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	account_done(arg, rc, f, err, 201);
}

static void account_changed(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	account_done(arg, rc, f, err, 200);
}

static void account_accepted(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	account_done(arg, rc, f, err, 202);
}

static int policy_check(const char *policy, struct threads_error *err)
{
	if (!*policy || strcmp(policy, "open") == 0 || strcmp(policy, "closed") == 0)
		return 0;
	return threads_error_set(err, THREADS_EINVAL, "policy must be open or closed");
}

int route_account_create(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct account_form form = { 0 };
	int rc = json_get_text(ex->body, "name", ACCOUNT_TEXT_MAX, &form.name, err);

	if (rc == 0)
		rc = json_get_text_or(ex->body, "policy", 10, "", &form.policy, err);
	if (rc == 0)
		rc = json_get_text_or(ex->body, "owner", PUBLIC_ID_LEN, "", &form.owner, err);
	if (rc == 0)
		rc = policy_check(form.policy, err);
	if (rc == 0)
		rc = account_form_imap(json_object_get(ex->body, "imap"), NULL, &form, err);
	if (rc == 0)
		rc = account_form_network(json_object_get(ex->body, "imap"), &ex->viewer, NULL,
					  &form, err);
	if (rc < 0)
		return rc;
	if (*form.owner && strcmp(form.owner, ex->viewer.public_id) != 0 &&
	    !viewer_manages(&ex->viewer))
		return threads_error_set(err, THREADS_EDENIED,
					 "only an administrator may add an account for others");
	account_create_question(&f, ex->viewer.public_id, strbuf_str(&ex->idempotency_key), &form);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, account_created, err);
}

/* The account of the route, if the viewer may manage it; else answers 404 and returns 0. */
static int bound_get(struct exchange *ex, struct reader_bound *bound, struct threads_error *err)
{
	int rc = reader_account_bound(ex->api->reader, &ex->viewer, ex->ids[0], bound, err);

	/* It looks for names, too: one of the viewer's own must not stand for another's id. */
	if (rc == 1 && strcmp(bound->public_id, ex->ids[0]) != 0)
		rc = 0;
	if (rc == 0)
		exchange_reply_not_found(ex);
	return rc;
}

static void update_question(struct frame *f, const struct exchange *ex,
			    const struct account_form *form, bool imap)
{
	size_t i;
	json_t *folder;

	frame_begin(f, INDEX_ACCOUNT_UPDATE, 0);
	frame_put_text(f, ex->viewer.public_id);
	frame_put_text(f, ex->ids[0]);
	frame_put_text(f, form->name);
	frame_put_text(f, form->policy);
	frame_put_int(f, imap);
	if (imap) {
		frame_put_text(f, form->provider);
		frame_put_text(f, form->host);
		frame_put_int(f, form->port);
		frame_put_text(f, form->tls);
		frame_put_text(f, form->user);
		frame_put_text(f, form->ca);
		frame_put_int(f, form->private_network);
	}
	frame_put_int(f, form->folders != NULL);
	if (!form->folders)
		return;
	frame_put_int(f, (int64_t)json_array_size(form->folders));
	json_array_foreach(form->folders, i, folder)
		frame_put_text(f, json_string_value(folder));
}

static int update_read(struct exchange *ex, const struct reader_bound *bound,
		       struct account_form *form, struct threads_error *err)
{
	const json_t *imap = json_object_get(ex->body, "imap");
	int rc = json_get_text_or(ex->body, "name", ACCOUNT_TEXT_MAX, "", &form->name, err);

	if (rc == 0)
		rc = json_get_text_or(ex->body, "policy", 10, "", &form->policy, err);
	if (rc == 0)
		rc = policy_check(form->policy, err);
	if (rc == 0 && imap)
		rc = account_form_imap(imap, bound, form, err);
	if (rc == 0 && imap)
		rc = account_form_network(imap, &ex->viewer, bound, form, err);
	if (rc == 0 && !form->folders)
		rc = account_form_folders(json_object_get(ex->body, "folders"), form, err);
	if (rc == 0 && strcmp(form->policy, "open") == 0 && !bound->mine)
		return threads_error_set(err, THREADS_EDENIED,
					 "only the account's owner can open it to others");
	return rc;
}

int route_account_update(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct account_form form = { 0 };
	int rc = bound_get(ex, &bound, err);

	if (rc <= 0)
		return rc;
	rc = update_read(ex, &bound, &form, err);
	if (rc < 0)
		return rc;
	update_question(&f, ex, &form, json_object_get(ex->body, "imap") != NULL);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, account_changed, err);
}

/* by: whether the frame begins with who asks; word: a last text, NULL for none. */
static int simple_command(struct exchange *ex, enum frame_type type, bool by, const char *word,
			  question_fn *fn, struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = bound_get(ex, &bound, err);

	if (rc <= 0)
		return rc;
	frame_begin(&f, (uint16_t)type, 0);
	if (by)
		frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, ex->ids[0]);
	if (word)
		frame_put_text(&f, word);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, fn, err);
}

int route_account_sync(struct exchange *ex, struct threads_error *err)
{
	return simple_command(ex, INDEX_ACCOUNT_SYNC, false, NULL, account_accepted, err);
}

int route_account_pause(struct exchange *ex, struct threads_error *err)
{
	return simple_command(ex, INDEX_ACCOUNT_STATE, true, "paused", account_changed, err);
}

int route_account_resume(struct exchange *ex, struct threads_error *err)
{
	return simple_command(ex, INDEX_ACCOUNT_STATE, true, "active", account_changed, err);
}

/* ---- removal ---------------------------------------------------------------------------- */

static void vault_deleted(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	(void)rc;
	(void)f;
	(void)err;
	/* A vault that is away hears it from index's list of accounts. */
	ex->question = NULL;
	exchange_reply_empty(ex, 202);
}

static void account_deleted(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	struct exchange *ex = arg;
	const struct question_order order = {
		ROLE_VAULT, QUESTION_REPEAT, VAULT_DELETE_WAIT_MS, vault_deleted, ex,
	};

	(void)f;
	if (!exchange_answered(ex, rc, err))
		return;
	frame_begin(&question, VAULT_DELETE, 0);
	frame_put_text(&question, ex->ids[0]);
	if (question_ask(ex->api, &order, &question, &ex->question, NULL) < 0)
		exchange_reply_empty(ex, 202);
}

int route_account_delete(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf keep = STRBUF_INIT(16);
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = bound_get(ex, &bound, err);

	if (rc <= 0)
		return rc;
	exchange_parameter(ex, "keep_messages", &keep);
	frame_begin(&f, INDEX_ACCOUNT_DELETE, 0);
	frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, ex->ids[0]);
	frame_put_int(&f, strcmp(strbuf_str(&keep), "1") == 0);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, account_deleted, err);
}

/* ---- the password ------------------------------------------------------------------------ */

/* An earlier connection of the account may still be ending. */
static void secret_tested(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	if (rc == THREADS_EAGAIN) {
		ex->question = NULL;
		if (exchange_retry(ex, TEST_RETRY_MS))
			return;
	}
	account_accepted(ex, rc, f, err);
}

static void secret_put(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	struct exchange *ex = arg;
	struct threads_error why = { 0 };

	(void)f;
	if (!exchange_answered(ex, rc, err))
		return;
	frame_begin(&question, INDEX_ACCOUNT_TEST, 0);
	frame_put_text(&question, ex->ids[0]);
	rc = exchange_ask(ex, ROLE_INDEX, &question, QUESTION_REPEAT, secret_tested, &why);
	if (rc < 0)
		exchange_reply_error(ex, rc, &why);
}

int route_account_secret(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const char *box;
	int rc = json_get_text(ex->body, "box", BOX_TEXT_MAX, &box, err);

	if (rc < 0)
		return rc;
	rc = bound_get(ex, &bound, err);
	if (rc <= 0)
		return rc;
	if (!bound.mine)
		return threads_error_set(err, THREADS_EDENIED,
					 "only the account's owner can give its password");
	account_put_question(&f, &bound, box, strlen(box));
	return exchange_ask(ex, ROLE_VAULT, &f, QUESTION_REPEAT, secret_put, err);
}
