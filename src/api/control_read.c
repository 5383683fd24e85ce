/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that read: what a person may see as that person, the rest as the operator. */
#include "api/blob.h"
#include "api/control.h"
#include "api/metrics.h"
#include "api/search_service.h"
#include "api/status_service.h"
#include "core/encode.h"
#include "ipc/memfd.h"
#include "store/search.h"

enum { SEARCH_MOST = 100000 };

/* ---- search -------------------------------------------------------------------------------- */

static void text_of(const json_t *pieces, struct strbuf *out)
{
	size_t i;
	json_t *piece;

	json_array_foreach(pieces, i, piece)
		strbuf_add_str(out, json_string_value(json_array_get(piece, 0)));
}

/* "Name <address>", or the address alone. */
static void person_of(const json_t *person, struct strbuf *out)
{
	const char *name = json_string_value(json_object_get(person, "name"));
	const char *address = json_string_value(json_object_get(person, "address"));

	if (name && *name && address && *address)
		strbuf_addf(out, "%s <%s>", name, address);
	else
		strbuf_add_str(out, name && *name ? name : address ? address : "");
}

static json_t *hit_line(const json_t *hit)
{
	CLEANUP(strbuf_release) struct strbuf from = STRBUF_INIT(4096), snippet = STRBUF_INIT(4096);
	json_t *account = json_object_get(json_object_get(hit, "account"), "name");

	text_of(json_object_get(hit, "snippet"), &snippet);
	person_of(json_object_get(hit, "from"), &from);
	return json_pack("{sO,sO,sO,ss,sO,ss,sO*}", "id", json_object_get(hit, "id"), "type",
			 json_object_get(hit, "type"), "date", json_object_get(hit, "date"), "from",
			 strbuf_str(&from), "subject", json_object_get(hit, "subject"), "snippet",
			 strbuf_str(&snippet), "account", account);
}

static void search_notes(struct control *control, const json_t *answer)
{
	size_t i;
	json_t *hint;

	control->took_ms += json_real_value(json_object_get(answer, "took_ms"));
	if (control->cursor)
		return;
	json_array_foreach(json_object_get(answer, "hints"), i, hint)
		control_progress(control, json_pack("{sO}", "hint", hint));
}

/* One page of hits as lines. */
static int search_page(struct control *control, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *answer = NULL;
	const struct search_question question = {
		.text = control_text(control, "query"),
		.cursor = control->cursor ? control->cursor : "",
		.sort = control_text(control, "sort"),
		.limit = control->left < SEARCH_LIMIT_MAX ? control->left : SEARCH_LIMIT_MAX,
	};
	const char *next;
	size_t i;
	json_t *hit;
	int rc = search_answer(control->api, &control->viewer, &question, &answer, err);

	if (rc < 0)
		return rc;
	search_notes(control, answer);
	json_array_foreach(json_object_get(answer, "hits"), i, hit)
		json_array_append_new(control->lines, hit_line(hit));
	control->left -= (int64_t)i;
	next = json_string_value(json_object_get(answer, "next"));
	free(TAKE_PTR(control->cursor));
	control->cursor = next ? strdup(next) : NULL;
	if (control->cursor && control->left > 0)
		return 1;
	if (control_flag(control, "time"))
		control_progress(control, json_pack("{sf}", "took_ms", control->took_ms));
	return 0;
}

static void search_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	(void)f;
	if (!control_answered(control, rc, err))
		return;
	control->refill = search_page;
	control_pump(control);
}

static int viewer_find(struct control *control, struct threads_error *err)
{
	const char *name = control_text(control, "user");
	int rc = reader_viewer_by_name(control->api->reader, name, &control->viewer, err);

	if (rc == 0)
		rc = reader_viewer(control->api->reader, name, &control->viewer, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "there is no active user “%.100s”; "
					 "\"threadsctl user list\" shows who there is",
					 name);
	return rc < 0 ? rc : 0;
}

int control_search(struct control *control, struct threads_error *err)
{
	const json_t *limit = json_object_get(control->arguments, "limit");
	int rc = viewer_find(control, err);

	if (rc < 0)
		return rc;
	control->left = json_is_integer(limit) ? json_integer_value(limit) : SEARCH_LIMIT_DEFAULT;
	control->took_ms = 0;
	if (control->left < 1 || control->left > SEARCH_MOST)
		return threads_error_set(err, THREADS_EINVAL, "limit must be from 1 to %d",
					 SEARCH_MOST);
	return control_audit(control, "search.as", control->viewer.public_id, "", search_audited,
			     err);
}

/* ---- show ------------------------------------------------------------------------------------ */

/* The message as threadsctl prints it: people without level, accounts by name. */
static json_t *message_line(json_t *message)
{
	size_t i;
	json_t *sighting;

	json_array_foreach(json_object_get(message, "sightings"), i, sighting) {
		json_t *account = json_object_get(sighting, "account");

		json_object_set(sighting, "account", json_object_get(account, "name"));
	}
	return message;
}

static void show_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;

	(void)f;
	if (!control_answered(control, rc, err))
		return;
	control_line(control, message_line(TAKE_PTR(control->document)));
	control_end(control);
}

static void raw_is(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct control *control = arg;
	struct threads_error why = { 0 };
	int fd;

	if (!control_answered(control, rc, err))
		return;
	frame_get_int(f);
	fd = frame_get_fd(f);
	rc = frame_get_end(f, &why);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		control_fail_error(control, &why);
		return;
	}
	control_blob(control, fd);
	control_end(control);
}

static void raw_audited(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	struct control *control = arg;
	struct threads_error why = { 0 };

	(void)f;
	if (!control_answered(control, rc, err))
		return;
	rc = blob_question(&question, &control->blob, BLOB_RAW, &why);
	if (rc == 0)
		rc = control_ask(control, ROLE_INDEX, &question, QUESTION_REPEAT, QUESTION_WAIT_MS,
				 raw_is, &why);
	if (rc < 0)
		control_fail_error(control, &why);
}

int control_show(struct control *control, struct threads_error *err)
{
	const char *id = control_text(control, "id");
	const bool raw = control_flag(control, "raw");
	int rc = 0;

	control->viewer = control_operator;
	if (*control_text(control, "user"))
		rc = viewer_find(control, err);
	if (rc < 0)
		return rc;
	if (raw)
		rc = reader_blob(control->api->reader, &control->viewer, BLOB_RAW, id, "",
				 &control->blob, err);
	else
		rc = reader_message(control->api->reader, &control->viewer, id, &control->document,
				    err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "there is no such message");
	if (rc < 0)
		return rc;
	return control_audit(control, raw ? "message.raw.as" : "message.read.as", id,
			     control->viewer.public_id, raw ? raw_audited : show_audited, err);
}

/* ---- lists ------------------------------------------------------------------------------------ */

static int ledger_page(struct control *control, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *page = NULL;
	const json_t *next;
	int rc = reader_ledger(control->api->reader, &control_operator,
			       control_text(control, "account"), control->before_id, &page, err);

	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "there is no such account; "
					 "\"threadsctl account list\" shows them");
	if (rc < 0)
		return rc;
	json_array_extend(control->lines, json_object_get(page, "entries"));
	next = json_object_get(page, "next");
	control->before_id = json_integer_value(next);
	return json_is_integer(next);
}

int control_ledger(struct control *control, struct threads_error *err)
{
	(void)err;
	control->before_id = 0;
	control->refill = ledger_page;
	control_pump(control);
	return 0;
}

int control_users(struct control *control, struct threads_error *err)
{
	int rc = reader_users(control->api->reader, &control_operator, &control->lines, err);

	if (rc == 0)
		control_pump(control);
	return rc;
}

static json_t *account_line(const json_t *account)
{
	json_t *owner = json_object_get(account, "owner");
	json_t *words = json_object_get(json_object_get(account, "error"), "words");

	return json_pack(
		"{sO,sO,sO,sO,sO,so,sO,sO}", "number", json_object_get(account, "number"), "name",
		json_object_get(account, "name"), "type", json_object_get(account, "type"), "owner",
		json_object_get(owner, "sign_in"), "state", json_object_get(account, "state"),
		"error", words ? json_incref(words) : json_null(), "messages",
		json_object_get(account, "messages"), "last_ok",
		json_object_get(account, "last_ok"));
}

int control_accounts(struct control *control, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = NULL;
	size_t i;
	json_t *account;
	int rc = reader_accounts(control->api->reader, &control_operator, api_now(control->api),
				 &list, err);

	if (rc < 0)
		return rc;
	control->lines = json_array();
	json_array_foreach(list, i, account)
		json_array_append_new(control->lines, account_line(account));
	control_pump(control);
	return 0;
}

/* ---- the hub ------------------------------------------------------------------------------------ */

static void status_known(void *arg, const struct overview *overview)
{
	struct control *control = arg;
	struct threads_error why = { 0 };
	json_t *status = NULL;

	control->overview = NULL;
	if (status_answer(control->api, overview, &status, &why) < 0) {
		control_fail_error(control, &why);
		return;
	}
	control_line(control, status);
	control_end(control);
}

int control_status(struct control *control, struct threads_error *err)
{
	return overview_ask(control->api, status_known, control, &control->overview, err);
}

/* The same text as on the socket, as a memory file. */
static void metrics_known(void *arg, const struct overview *overview)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(METRICS_TEXT_MAX);
	struct control *control = arg;
	struct threads_error why = { 0 };
	int fd;

	control->overview = NULL;
	if (metrics_write(control->api, overview, &text, &why) < 0 ||
	    memfd_from("metrics", text.data, text.len, &fd, &why) < 0) {
		control_fail_error(control, &why);
		return;
	}
	control_blob(control, fd);
	control_end(control);
}

int control_metrics(struct control *control, struct threads_error *err)
{
	return overview_ask(control->api, metrics_known, control, &control->overview, err);
}

int control_fingerprint(struct control *control, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf key = STRBUF_INIT(200);
	const struct api *api = control->api;

	if (!*api->vault_fingerprint)
		return threads_error_set(err, THREADS_EAGAIN,
					 "the vault is restarting; try again in a moment");
	base64url_append(&key, api->vault_key, sizeof(api->vault_key));
	control_line(control, json_pack("{ss,ss}", "public_key", strbuf_str(&key), "fingerprint",
					api->vault_fingerprint));
	control_end(control);
	return 0;
}
