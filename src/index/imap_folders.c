/* SPDX-License-Identifier: Apache-2.0 */
#include "index/imap_folders.h"

#include "core/clock.h"
#include "core/json.h"
#include "index/login_test.h"
#include "ipc/memfd.h"
#include "store/folder.h"
#include "store/folder_flags.h"

enum {
	FOLDERS_MAX = 2000,
	KNOWN_INLINE_MAX = 60 * 1024,
	KNOWN_MAX = 64 << 20,
};

/* Whether the person chose more folders than the server has of them. */
static bool lacks_chosen(struct imap_session *session, const struct folder_listed *folders,
			 int64_t count)
{
	CLEANUP(account_release) struct account account = { 0 };
	CLEANUP(json_freep) json_t *wanted = NULL;
	size_t found = 0;

	if (account_get(session->ix->store, session->account_id, &account, NULL) <= 0)
		return false;
	wanted = json_loads(account.folders ? account.folders : "", 0, NULL);
	for (int64_t i = 0; i < count; i++)
		found += folders[i].chosen;
	return json_array_size(wanted) > found;
}

int imap_folders_take(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	const int64_t count = frame_get_int_in(f, 0, FOLDERS_MAX);
	AUTO_FREE struct folder_listed *folders = calloc((size_t)count + 1, sizeof(*folders));
	int rc;

	if (!folders)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (int64_t i = 0; i < count; i++) {
		folders[i].name = frame_get_text(f);
		folders[i].display = frame_get_text(f);
		folders[i].special = frame_get_text(f);
		folders[i].selectable = frame_get_int_in(f, 0, 1) == 1;
		folders[i].chosen = frame_get_int_in(f, 0, 1) == 1;
	}
	rc = frame_get_end(f, err);
	if (rc == 0)
		rc = folder_list(session->ix->store, session->account_id, folders, (size_t)count,
				 clock_now_ms(NULL), err);
	/* A misspelt folder is refused: "idle" says so next. */
	if (rc == 0 && session->mode == IMAP_MODE_TEST && !lacks_chosen(session, folders, count))
		login_tested(session, true);
	return rc;
}

static int send_folder(struct imap_session *session, uint32_t id, int64_t folder_id,
		       const struct strbuf *known, const struct folder_mark *mark,
		       struct threads_error *err)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT;
	const bool large = known->len > KNOWN_INLINE_MAX;
	AUTO_FD int fd = -1;
	int rc = 0;

	if (large)
		rc = memfd_from("threads-uids", strbuf_str(known), known->len, &fd, err);
	if (rc < 0)
		return rc;
	frame_begin(&out, IMAP_FOLDER_IS, id);
	frame_put_int(&out, folder_id);
	frame_put_text(&out, large ? "" : strbuf_str(known));
	frame_put_int(&out, large);
	frame_put_int(&out, mark->modseq);
	frame_put_int(&out, mark->compared_ms);
	if (large)
		frame_put_fd(&out, fd);
	return peer_send(session->peer, &out, err);
}

int imap_folder_open(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf known = STRBUF_INIT(KNOWN_MAX);
	const char *name = frame_get_text(f);
	const int64_t uidvalidity = frame_get_int_in(f, 0, UINT32_MAX);
	const int64_t messages = frame_get_int_in(f, 0, UINT32_MAX);
	struct folder_mark mark = { 0 };
	int64_t folder_id = 0;
	int rc;

	(void)frame_get_int_in(f, 0, (int64_t)UINT32_MAX + 1); /* uidnext */
	rc = frame_get_end(f, err);
	if (rc == 0)
		rc = folder_open(session->ix->store, session->account_id,
				 &(const struct folder_seen){ .name = name,
							      .uidvalidity = uidvalidity,
							      .server_count = messages },
				 clock_now_ms(NULL), &folder_id, err);
	if (rc == 0)
		rc = folder_known_uids(session->ix->store, folder_id, &known, err);
	if (rc == 0)
		rc = folder_mark_get(session->ix->store, folder_id, &mark, err);
	if (rc < 0)
		return rc;
	return send_folder(session, f->id, folder_id, &known, &mark, err);
}
