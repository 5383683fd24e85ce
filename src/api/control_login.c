/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs that give an account its log-in and try it: add, set-password. The
 * password comes sealed and leaves api as it came.
 */
#include "api/account_service.h"
#include "api/control.h"
#include "core/encode.h"

enum {
	TEST_WAIT_MS = 90 * 1000,
	TEST_RETRIES = 20,
};

/* ---- add, set-password: what threadsctl must seal --------------------------------------------- */

static int bound_line(struct control *control, const char *account, struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(200);
	const struct api *api = control->api;
	int rc = reader_account_bound(api->reader, &control_operator, account, &bound, err);

	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "there is no such account");
	if (rc < 0)
		return rc;
	if (!*api->vault_fingerprint)
		return threads_error_set(err, THREADS_EAGAIN,
					 "the vault is restarting; try again in a moment");
	base64url_append(&key, api->vault_key, sizeof(api->vault_key));
	control_line(control,
		     json_pack("{ss,ss,ss,ss,ss,ss,ss,ss,ss}", "account_id", bound.public_id,
			       "account", bound.name, "public_key", strbuf_str(&key), "provider",
			       bound.provider, "host", bound.host, "port", bound.port, "tls",
			       bound.tls, "user", bound.user, "ca", bound.ca));
	control_end(control);
	return 0;
}

int control_account_password(struct control *control, struct threads_error *err)
{
	return bound_line(control, control_text(control, "account"), err);
}

static void account_created(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;
	struct threads_error why = { 0 };

	if (!control_answered(control, rc, err))
		return;
	rc = bound_line(control, frame_get_text(f), &why);
	if (rc < 0)
		control_fail_error(control, &why);
}

int control_account_add(struct control *control, struct threads_error *err)
{
	static const char *const names[] = { "provider", "host", "port",    "tls",
					     "user",     "ca",   "folders", "private_network" };
	CLEANUP(json_freep) json_t *imap = json_object();
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	char owner[PUBLIC_ID_SIZE] = "";
	struct account_form form = { 0 };
	int rc = json_get_text(control->arguments, "name", ACCOUNT_TEXT_MAX, &form.name, err);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (json_object_get(control->arguments, names[i]))
			json_object_set(imap, names[i],
					json_object_get(control->arguments, names[i]));
	if (rc == 0)
		rc = json_get_text_or(control->arguments, "policy", 10, "", &form.policy, err);
	if (rc == 0)
		rc = account_form_imap(imap, NULL, &form, err);
	if (rc == 0)
		rc = control_owner(control, owner, err);
	if (rc < 0)
		return rc;
	form.owner = owner;
	account_create_question(&f, "", "", &form);
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS,
			   account_created, err);
}

/* ---- secret: keep it, try it, wait for the result ----------------------------------------------- */

static void test_poll(struct control *control);

static void test_end(struct control *control, json_t *account, bool well)
{
	json_t *error = json_object_get(account, "error");
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(4096);

	strbuf_addf(&words, "%s %s", json_string_value(json_object_get(error, "words")),
		    json_string_value(json_object_get(error, "next_step")));
	control_line(control,
		     json_pack("{sO,sO,sO}", "account", json_object_get(account, "name"), "state",
			       json_object_get(account, "state"), "error", error));
	json_decref(account);
	if (well)
		control_end(control);
	else
		control_fail(control, strbuf_str(&words));
}

/* 1 the log-in worked, 0 it did not, -1 it is still tried. */
static int test_result(const json_t *account, int64_t since_ms)
{
	const json_t *imap = json_object_get(account, "imap");
	const char *verified = json_string_value(json_object_get(imap, "verified"));
	const char *secret = json_string_value(json_object_get(imap, "secret"));
	int64_t verified_ms;

	if (verified && clock_parse_rfc3339(verified, &verified_ms, NULL) == 0 &&
	    verified_ms >= since_ms)
		return 1;
	if (secret && strcmp(secret, "set") != 0 &&
	    json_is_object(json_object_get(account, "error")))
		return 0;
	return -1;
}

static void test_poll(struct control *control)
{
	struct threads_error err = { 0 };
	json_t *account = NULL;
	int rc = reader_account(control->api->reader, &control_operator, control->target,
				api_now(control->api), &account, &err);
	const int result = rc == 1 ? test_result(account, control->since_ms) : -1;

	if (result >= 0) {
		test_end(control, account, result == 1);
		return;
	}
	json_decref(account);
	if (rc == 0) {
		control_fail(control, "The account was removed meanwhile.");
		return;
	}
	if (api_now(control->api) > control->until_ms) {
		control_fail(control, "The mail server did not answer in time. "
				      "\"threadsctl account list\" shows how it went on.");
		return;
	}
	if (control_later(control, CONTROL_POLL_MS, test_poll, &err) < 0)
		control_fail_error(control, &err);
}

static int test_ask(struct control *control, struct threads_error *err);

static void test_again(struct control *control)
{
	control_run(control, test_ask);
}

static void test_begun(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;
	struct threads_error why = { 0 };

	(void)f;
	/* An earlier connection of the account may still be ending. */
	if (rc == THREADS_EAGAIN && control->retries++ < TEST_RETRIES) {
		control->question = NULL;
		if (control_later(control, CONTROL_POLL_MS, test_again, &why) == 0)
			return;
	}
	if (!control_answered(control, rc, err))
		return;
	test_poll(control);
}

static int test_ask(struct control *control, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_ACCOUNT_TEST, 0);
	frame_put_text(&f, control->target);
	return control_ask(control, ROLE_INDEX, &f, QUESTION_REPEAT, QUESTION_WAIT_MS, test_begun,
			   err);
}

static void secret_kept(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	(void)f;
	if (!control_answered(control, rc, err))
		return;
	control->since_ms = api_now(control->api);
	control->until_ms = control->since_ms + TEST_WAIT_MS;
	control_run(control, test_ask);
}

int control_account_secret(struct control *control, struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const char *box = control_text(control, "box");
	int rc = reader_account_bound(control->api->reader, &control_operator,
				      control_text(control, "account_id"), &bound, err);

	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "there is no such account");
	if (rc < 0)
		return rc;
	memcpy(control->target, bound.public_id, PUBLIC_ID_SIZE);
	account_put_question(&f, &bound, box, strlen(box));
	return control_ask(control, ROLE_VAULT, &f, QUESTION_REPEAT, QUESTION_WAIT_MS, secret_kept,
			   err);
}
