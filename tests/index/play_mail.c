/* SPDX-License-Identifier: Apache-2.0 */
/* People, accounts and mails of the play, and a look into the store. */
#include "play.h"

#include <sys/mman.h>

#include "ipc/memfd.h"
#include "store/query.h"
#include "store/store.h"

/* ---- the store ---- */

static struct store *open_store(struct play *p, enum store_mode mode)
{
	struct store *store = NULL;
	struct threads_error err;
	char path[128];

	snprintf(path, sizeof(path), "%s/hub/hub.db", p->dir);
	assert_rc(store_open(path, mode, &store, &err), 0, &err);
	return store;
}

void play_change(struct play *p, const char *sql)
{
	struct threads_error err;
	struct store *store;

	play_stop(p);
	store = open_store(p, STORE_WRITER);
	assert_rc(db_exec(store_db(store), sql, &err), 0, &err);
	store_close(store);
	play_start(p, "");
}

int64_t play_number(struct play *p, const char *sql)
{
	struct store *store = open_store(p, STORE_READER);
	struct threads_error err;
	struct query q = query_begin(store_db(store), sql);
	int64_t value;

	assert_rc(query_step(&q, &err), 1, &err);
	value = query_int(&q, 0);
	query_end(&q);
	store_close(store);
	return value;
}

void play_text(struct play *p, const char *sql, char *out, size_t size)
{
	struct store *store = open_store(p, STORE_READER);
	struct threads_error err;
	struct query q = query_begin(store_db(store), sql);

	assert_rc(query_step(&q, &err), 1, &err);
	snprintf(out, size, "%s", query_text(&q, 0));
	query_end(&q);
	store_close(store);
}

void play_blob_frame(struct play *p, enum blob_kind kind, const char *message,
		     const char *attachment, struct frame *f)
{
	static const struct viewer viewer = { .role = VIEWER_OPERATOR };
	CLEANUP(reader_closep) struct reader *reader = NULL;
	CLEANUP(reader_blob_release) struct reader_blob blob = { 0 };
	struct threads_error err;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/hub/hub.db", p->dir);
	assert_rc(reader_open(path, &reader, &err), 0, &err);
	assert_rc(reader_blob(reader, &viewer, (int)kind, message, attachment, &blob, &err), 1,
		  &err);
	frame_begin(f, INDEX_BLOB, 0);
	frame_put_int(f, blob.row_id);
	frame_put_int(f, kind);
	if (blob.recipe.len <= BLOB_RECIPE_INLINE_MAX) {
		frame_put_bytes(f, blob.recipe.data, blob.recipe.len);
		return;
	}
	assert_rc(memfd_from("recipe", blob.recipe.data, blob.recipe.len, &fd, &err), 0, &err);
	frame_put_bytes(f, "", 0);
	frame_put_fd(f, fd);
	f->owns_fds = true;
}

int play_blob(struct play *p, enum blob_kind kind, const char *message, const char *attachment,
	      struct strbuf *out)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	struct threads_error err;
	AUTO_FD int fd = -1;
	int64_t length;

	play_blob_frame(p, kind, message, attachment, &f);
	if (play_ask(p, p->api, &f, &answer) == 0)
		return 1;
	if (answer.type == IPC_ERROR)
		return (int)frame_get_int(&answer);
	assert_int_equal(answer.type, INDEX_BLOB_IS);
	length = frame_get_int(&answer);
	fd = frame_get_fd(&answer);
	assert_rc(memfd_map(fd, 64 << 20, &view, &err), 0, &err);
	assert_int_equal(view.len, length);
	strbuf_add(out, view.data, view.len);
	return 0;
}

void play_verify(struct play *p)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	const char *json;

	frame_begin(&f, INDEX_VERIFY, 0);
	frame_put_int(&f, 1);
	assert_int_equal(play_ask(p, p->api, &f, &answer), 1);
	assert_int_equal(answer.type, INDEX_VERIFY_IS);
	json = frame_get_text(&answer);
	if (!strstr(json, "\"faults\":[]"))
		fail_msg("%s", json);
}

/* ---- people and accounts ---- */

void play_owner(struct play *p)
{
	play_user(p, PLAY_OWNER, "olga", "owner");
}

void play_user(struct play *p, const char *id, const char *name, const char *role)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, USER_CREATE, 0);
	frame_put_text(&f, id);
	frame_put_text(&f, name);
	frame_put_text(&f, "Olga Example");
	frame_put_text(&f, role);
	frame_put_text(&f, "invited");
	assert_int_equal(play_do(p, p->auth, &f).code, 0);
	frame_begin(&f, USER_STATE, 0);
	frame_put_text(&f, id);
	frame_put_text(&f, "active");
	assert_int_equal(play_do(p, p->auth, &f).code, 0);
}

int64_t play_account(struct play *p, const char *name, char *ret_id)
{
	return play_account_of(p, PLAY_OWNER, name, ret_id);
}

int64_t play_account_of(struct play *p, const char *owner, const char *name, char *ret_id)
{
	return play_account_again(p, owner, "", name, ret_id);
}

int64_t play_account_again(struct play *p, const char *owner, const char *key, const char *name,
			   char *ret_id)
{
	static const char sql[] = "SELECT max(id) FROM account";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct play_answer answer;

	frame_begin(&f, INDEX_ACCOUNT_CREATE, 0);
	frame_put_text(&f, owner);
	frame_put_text(&f, key);
	frame_put_text(&f, name);
	frame_put_text(&f, "");
	frame_put_text(&f, "imap");
	frame_put_text(&f, "");
	frame_put_text(&f, "generic");
	frame_put_text(&f, "imap.example.org");
	frame_put_int(&f, 993);
	frame_put_text(&f, "implicit");
	frame_put_text(&f, "olga@example.org");
	frame_put_text(&f, "");
	frame_put_int(&f, 0);
	frame_put_int(&f, 1);
	frame_put_text(&f, "INBOX");
	answer = play_do(p, p->api, &f);
	assert_int_equal(answer.code, 0);
	memcpy(ret_id, answer.id, sizeof(answer.id));
	return play_number(p, sql);
}

int play_imap(struct play *p, int64_t instance, enum imap_mode mode)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const int fd = play_link(p, ROLE_IMAP, instance);

	assert_int_equal(play_next(p, fd, &f), 1);
	assert_int_equal(f.type, IMAP_ACCOUNT);
	assert_int_equal(strlen(frame_get_text(&f)), 26);
	assert_string_equal(frame_get_text(&f), "generic");
	assert_string_equal(frame_get_text(&f), "imap.example.org");
	assert_int_equal(frame_get_int(&f), 993);
	assert_string_equal(frame_get_text(&f), "implicit");
	assert_string_equal(frame_get_text(&f), "");
	assert_string_equal(frame_get_text(&f), "olga@example.org");
	assert_int_equal(frame_get_int(&f), mode);
	return fd;
}

void play_imap_state(struct play *p, int fd, const char *activity, const char *kind,
		     int64_t retry_ms)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_STATE, 0);
	frame_put_text(&f, activity);
	frame_put_text(&f, kind);
	frame_put_text(&f, *kind ? "The server refuses the password." : "");
	frame_put_text(&f, *kind ? "Set the password again." : "");
	frame_put_text(&f, *kind ? "NO [AUTHENTICATIONFAILED]" : "");
	frame_put_int(&f, retry_ms);
	play_send(p, fd, &f);
}

static void send_folders(struct play *p, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_FOLDERS, 0);
	frame_put_int(&f, 2);
	for (int i = 0; i < 2; i++) {
		frame_put_text(&f, i ? "Spam" : "INBOX");
		frame_put_text(&f, i ? "Spam" : "INBOX");
		frame_put_text(&f, i ? "junk" : "");
		frame_put_int(&f, 1);
		frame_put_int(&f, i == 0);
	}
	play_send(p, fd, &f);
}

int64_t play_active_account(struct play *p, const char *name, char *ret_id)
{
	static const char sql[] = "SELECT count(*) FROM account WHERE state = 'draft'";
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const int64_t row = play_account(p, name, ret_id);
	const int starts = p->imap_starts;
	int fd;

	frame_begin(&f, INDEX_ACCOUNT_TEST, 0);
	frame_put_text(&f, ret_id);
	assert_int_equal(play_do(p, p->api, &f).code, 0);
	play_wait(p, p->imap_starts == starts + 1);
	assert_int_equal(p->imap_instance, row);
	fd = play_imap(p, row, IMAP_MODE_TEST);
	play_imap_state(p, fd, "connecting", "", 0);
	play_imap_state(p, fd, "listing", "", 0);
	send_folders(p, fd);
	play_wait(p, play_number(p, sql) == 0);
	close(fd);
	play_exited(p, ROLE_IMAP, row, 0, 0);
	play_wait(p, p->imap_starts == starts + 2);
	return row;
}

int64_t play_folder(struct play *p, int fd, const char *name, struct frame *answer)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_FOLDER_OPEN, 0);
	frame_put_text(&f, name);
	frame_put_int(&f, 7);
	frame_put_int(&f, 100);
	frame_put_int(&f, 101);
	assert_int_equal(play_ask(p, fd, &f, answer), 1);
	assert_int_equal(answer->type, IMAP_FOLDER_IS);
	return frame_get_int(answer);
}

/* ---- mails ---- */

void play_mail(struct strbuf *out, int n, const char *more)
{
	strbuf_addf(out,
		    "From: Ann Example <ann@example.org>\r\nTo: Ben <ben@example.com>\r\n"
		    "Subject: Mail number %d\r\nMessage-ID: <m%d@example.org>\r\n"
		    "Date: Mon, 02 Nov 2026 10:%02d:%02d +0000\r\n%s\r\n"
		    "This is the body of number %d, about apples.\r\n",
		    n, n, n / 60 % 60, n % 60, more, n);
}

void play_batch_add(struct play_batch *batch, int n, const char *more)
{
	play_mail(&batch->bytes, n, more);
	batch->ends[batch->count++] = batch->bytes.len;
}

void play_batch_release(struct play_batch *batch)
{
	strbuf_release(&batch->bytes);
}

void play_batch_frame(const struct play_batch *batch, int64_t folder, int64_t first_uid,
		      struct frame *f)
{
	struct threads_error err;
	int fd = -1;
	size_t begin = 0;

	frame_begin(f, IMAP_BATCH, 0);
	frame_put_int(f, folder);
	frame_put_int(f, (int64_t)batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		frame_put_int(f, first_uid + (int64_t)i);
		frame_put_int(f, IMAP_FLAG_SEEN);
		frame_put_int(f, INT64_C(1793600000000));
		frame_put_int(f, (int64_t)begin);
		frame_put_int(f, (int64_t)(batch->ends[i] - begin));
		frame_put_text(f, batch->labels);
		begin = batch->ends[i];
	}
	assert_rc(memfd_from("batch", strbuf_str(&batch->bytes), batch->bytes.len, &fd, &err), 0,
		  &err);
	frame_put_fd(f, fd);
	f->owns_fds = true;
}

void play_flags_frame(const struct play_flags *flags, struct frame *f)
{
	frame_begin(f, IMAP_FLAGS, 0);
	frame_put_int(f, flags->folder);
	frame_put_int(f, flags->last);
	frame_put_int(f, flags->modseq);
	frame_put_int(f, 1);
	frame_put_int(f, flags->uid);
	frame_put_int(f, flags->flags);
	frame_put_text(f, flags->labels);
}

struct play_counts play_batch_store(struct play *p, int fd, const struct play_batch *batch,
				    int64_t folder, int64_t first_uid)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT, answer = FRAME_INIT;
	struct play_counts c;

	play_batch_frame(batch, folder, first_uid, &f);
	assert_int_equal(play_ask(p, fd, &f, &answer), 1);
	assert_int_equal(answer.type, IMAP_BATCH_ACK);
	c.stored = frame_get_int(&answer);
	c.duplicate = frame_get_int(&answer);
	c.known = frame_get_int(&answer);
	c.excluded = frame_get_int(&answer);
	c.failed = frame_get_int(&answer);
	assert_int_equal(c.stored + c.duplicate + c.known + c.excluded + c.failed, batch->count);
	return c;
}
