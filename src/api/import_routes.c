/* SPDX-License-Identifier: Apache-2.0 */
/* Imports by upload: the browser's pieces go from http straight into a file that index opened. */
#include "api/route.h"
#include "core/number.h"

enum { IMPORT_FILES_MAX = 1000, IMPORT_NAME_MAX = 1000, PIECE_MAX = 64 * 1024 * 1024 };

int route_imports(struct exchange *ex, struct threads_error *err)
{
	json_t *list = NULL;
	int rc = reader_imports(ex->api->reader, &ex->viewer, api_now(ex->api), &list, err);

	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200, json_pack("{so}", "imports", list));
	return 0;
}

static int import_answer(struct exchange *ex, int status, const char *id, struct threads_error *err)
{
	json_t *import = NULL;
	int rc = reader_import(ex->api->reader, &ex->viewer, id, api_now(ex->api), &import, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		exchange_reply_not_found(ex);
	else
		exchange_reply_json(ex, status, import);
	return 0;
}

int route_import(struct exchange *ex, struct threads_error *err)
{
	return import_answer(ex, 200, ex->ids[0], err);
}

static void import_done(struct exchange *ex, int rc, struct frame *f,
			const struct threads_error *err, int status)
{
	struct threads_error why = { 0 };

	if (!exchange_answered(ex, rc, err))
		return;
	rc = import_answer(ex, status, frame_get_text(f), &why);
	if (rc < 0)
		exchange_reply_error(ex, rc, &why);
}

static void import_created(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	import_done(arg, rc, f, err, 201);
}

static void import_changed(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	import_done(arg, rc, f, err, 200);
}

/* ---- making one -------------------------------------------------------------------------- */

static int file_put(struct frame *f, const json_t *file, struct threads_error *err)
{
	static const char *const names[] = { "name", "size", NULL };
	const char *name = "";
	int64_t size = -1;
	int rc;

	if (!json_is_object(file))
		return threads_error_set(err, THREADS_EINVAL, "a file has a name and a size");
	rc = json_check_fields(file, names, err);
	if (rc == 0)
		rc = json_get_text(file, "name", IMPORT_NAME_MAX, &name, err);
	if (rc == 0)
		rc = json_get_int_or(file, "size", 0, INT64_MAX, -1, &size, err);
	if (rc < 0)
		return rc;
	if (!*name || size < 0)
		return threads_error_set(err, THREADS_EINVAL, "a file has a name and a size");
	frame_put_text(f, name);
	frame_put_int(f, size);
	return 0;
}

/* The account's id if it is there and the viewer's own, else its name as given. */
static int account_resolve(struct exchange *ex, const char *account, struct strbuf *out,
			   struct threads_error *err)
{
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	int rc = reader_account_bound(ex->api->reader, &ex->viewer, account, &bound, err);

	if (rc < 0)
		return rc;
	if (rc == 1 && !bound.mine)
		return threads_error_set(err, THREADS_EDENIED,
					 "mail can be imported into accounts of your own only");
	/* No account is named like an id: this is somebody else's, and what index says names it. */
	if (rc == 0 && public_id_valid(account))
		return threads_error_set(err, THREADS_ENOENT, "there is no such account");
	strbuf_add_str(out, rc == 1 ? bound.public_id : account);
	return strbuf_check(out, err);
}

static int create_question(struct exchange *ex, struct frame *f, const char *account,
			   const char *kind, const json_t *files, struct threads_error *err)
{
	size_t i;
	json_t *file;
	int rc = 0;

	frame_begin(f, INDEX_IMPORT_CREATE, 0);
	frame_put_text(f, ex->viewer.public_id);
	frame_put_text(f, account);
	frame_put_text(f, "");
	frame_put_text(f, kind);
	frame_put_int(f, 1);
	frame_put_int(f, (int64_t)json_array_size(files));
	json_array_foreach(files, i, file) {
		rc = file_put(f, file, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int route_import_create(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf account = STRBUF_INIT(IMPORT_NAME_MAX);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const json_t *files = json_object_get(ex->body, "files");
	const char *name = "", *kind = "";
	int rc = json_get_text(ex->body, "account", IMPORT_NAME_MAX, &name, err);

	if (rc == 0)
		rc = json_get_text(ex->body, "kind", 10, &kind, err);
	if (rc < 0)
		return rc;
	if (strcmp(kind, "mbox") != 0 && strcmp(kind, "eml") != 0)
		return threads_error_set(err, THREADS_EINVAL, "kind must be mbox or eml");
	if (!*name)
		return threads_error_set(err, THREADS_EINVAL, "the account needs a name");
	if (!json_is_array(files) || json_array_size(files) == 0 ||
	    json_array_size(files) > IMPORT_FILES_MAX)
		return threads_error_set(err, THREADS_EINVAL,
					 "an import takes from 1 to 1,000 files at a time");
	rc = account_resolve(ex, name, &account, err);
	if (rc == 0)
		rc = create_question(ex, &f, strbuf_str(&account), kind, files, err);
	if (rc < 0)
		return rc;
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, import_created, err);
}

/* ---- start, cancel ------------------------------------------------------------------------ */

/* 1 if the import is there for the viewer; else answers 404. */
static int import_check(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *import = NULL;
	int rc = reader_import(ex->api->reader, &ex->viewer, ex->ids[0], api_now(ex->api), &import,
			       err);

	if (rc == 0)
		exchange_reply_not_found(ex);
	return rc;
}

static int import_command(struct exchange *ex, enum frame_type type, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc = import_check(ex, err);

	if (rc <= 0)
		return rc;
	frame_begin(&f, (uint16_t)type, 0);
	frame_put_text(&f, ex->viewer.public_id);
	frame_put_text(&f, ex->ids[0]);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, import_changed, err);
}

int route_import_start(struct exchange *ex, struct threads_error *err)
{
	return import_command(ex, INDEX_IMPORT_START, err);
}

int route_import_cancel(struct exchange *ex, struct threads_error *err)
{
	return import_command(ex, INDEX_IMPORT_CANCEL, err);
}

/* 1 if the import goes into an account of the viewer's; else answers. Who manages the hub
 * may see and cancel imports of others, but not bring mail into their accounts. */
static int import_own(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *import = NULL;
	CLEANUP(reader_bound_release) struct reader_bound bound = { 0 };
	const json_t *account;
	int rc = reader_import(ex->api->reader, &ex->viewer, ex->ids[0], api_now(ex->api), &import,
			       err);

	account = json_object_get(json_object_get(import, "account"), "id");
	if (rc == 1)
		rc = reader_account_bound(ex->api->reader, &ex->viewer, json_string_value(account),
					  &bound, err);
	if (rc == 1 && !bound.mine)
		return threads_error_set(err, THREADS_EDENIED,
					 "mail can be imported into accounts of your own only");
	if (rc == 0)
		exchange_reply_not_found(ex);
	return rc;
}

/* ---- pieces ------------------------------------------------------------------------------- */

static void received_answer(struct exchange *ex, int64_t received)
{
	exchange_reply_json(ex, 200, json_pack("{sI}", "received", (json_int_t)received));
}

/* http may write; the exchange waits for HTTP_UPLOAD_DONE. */
static void piece_begin(struct exchange *ex, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	AUTO_FD int owned = fd;
	struct threads_error err = { 0 };

	frame_begin(&f, HTTP_RESPONSE, ex->id);
	frame_put_int(&f, 200);
	frame_put_text(&f, "");
	frame_put_int(&f, 0);
	frame_put_bytes(&f, NULL, 0);
	frame_put_int(&f, HTTP_BODY_UPLOAD);
	frame_put_int(&f, ex->offset);
	frame_put_int(&f, ex->upload_length);
	frame_put_fd(&f, owned);
	ex->uploading = true;
	if (peer_send(ex->peer, &f, &err) < 0)
		exchange_free(ex);
}

static void piece_opened(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;
	struct threads_error why = { 0 };
	int64_t received;
	int fd = -1;

	if (!exchange_answered(ex, rc, err))
		return;
	received = frame_get_int_in(f, 0, INT64_MAX);
	if (!frame_at_end(f))
		fd = frame_get_fd(f);
	rc = frame_get_end(f, &why);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		exchange_reply_error(ex, rc, &why);
	} else if (fd < 0) {
		/* Not where the browser thought: it goes on from here. */
		received_answer(ex, received);
	} else {
		piece_begin(ex, fd);
	}
}

int route_import_piece(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf offset = STRBUF_INIT(64);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc;

	if (!exchange_parameter(ex, "offset", &offset) ||
	    parse_int(strbuf_str(&offset), 0, INT64_MAX, &ex->offset, err) < 0)
		return threads_error_set(err, THREADS_EINVAL, "offset must be a number");
	if (ex->upload_length < 0 || ex->upload_length > PIECE_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "a piece of this size is too large");
	rc = import_own(ex, err);
	if (rc <= 0)
		return rc;
	frame_begin(&f, INDEX_UPLOAD_OPEN, 0);
	frame_put_text(&f, ex->ids[0]);
	frame_put_text(&f, ex->ids[1]);
	frame_put_int(&f, ex->offset);
	frame_put_int(&f, ex->upload_length);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, piece_opened, err);
}

static void piece_noted(void *arg, int rc, struct frame *f, const struct threads_error *err)
{
	struct exchange *ex = arg;

	(void)f;
	if (exchange_answered(ex, rc, err))
		received_answer(ex, ex->offset + ex->upload_length);
}

/* http has written upload_length bytes. */
int route_upload_done(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_UPLOAD_NOTED, 0);
	frame_put_text(&f, ex->ids[0]);
	frame_put_text(&f, ex->ids[1]);
	frame_put_int(&f, ex->offset + ex->upload_length);
	return exchange_ask(ex, ROLE_INDEX, &f, QUESTION_REPEAT, piece_noted, err);
}
