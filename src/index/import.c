/* SPDX-License-Identifier: Apache-2.0 */
#include "index/import.h"

#include "core/clock.h"
#include "core/log.h"
#include "index/import_feed.h"
#include "index/reply.h"
#include "index/sample.h"
#include "index/upload.h"

/* INDEX_IMPORT_FILES as it came: names first, then as many descriptors. */
struct file_list {
	const char *names[FRAME_FDS_MAX];
	int64_t sizes[FRAME_FDS_MAX];
	int fds[FRAME_FDS_MAX]; /* -1: handed on */
	size_t count;
};

static void file_list_release(struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->fds[i] >= 0)
			close(list->fds[i]);
}

static int read_files(struct frame *f, struct file_list *list, struct threads_error *err)
{
	const size_t count = (size_t)frame_get_int_in(f, 0, FRAME_FDS_MAX);

	for (size_t i = 0; i < count; i++) {
		list->names[i] = frame_get_text(f);
		list->sizes[i] = frame_get_int_in(f, 0, INT64_MAX);
	}
	for (; list->count < count; list->count++)
		list->fds[list->count] = frame_get_fd(f);
	return frame_get_end(f, err);
}

static int add_files(struct import_run *run, struct file_list *list, struct threads_error *err)
{
	int rc = 0;

	if (run->files_seen - run->files_done > IMPORT_FILES_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "too many files wait");
	for (size_t i = 0; i < list->count && rc == 0; i++) {
		const int fd = list->fds[i];

		list->fds[i] = -1;
		rc = import_run_add(run, fd, NULL, list->names[i], list->sizes[i], err);
	}
	return rc;
}

static int ask(struct import_run *run, struct peer *peer, uint32_t id, struct threads_error *err)
{
	struct import_question *question = calloc(1, sizeof(*question));

	if (!question)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*question = (struct import_question){ .peer = peer, .id = id, .files = run->files_seen };
	STAILQ_INSERT_TAIL(&run->questions, question, link);
	return 0;
}

int import_on_files(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err)
{
	CLEANUP(file_list_release) struct file_list list = { .count = 0 };
	const char *public_id = frame_get_text(f);
	const bool last = frame_get_int_in(f, 0, 1) == 1;
	struct import import;
	struct import_run *run = NULL;
	int rc = read_files(f, &list, err);

	if (rc < 0)
		return rc;
	rc = import_find(ix->store, public_id, &import, err);
	if (rc == 0 || (rc > 0 && strcmp(import.source, "control") != 0))
		rc = threads_error_set(err, THREADS_ENOENT, "there is no such import");
	if (rc > 0)
		rc = import_run_open(ix, &import, import_feed_of(&import), &run, err);
	if (rc == 0)
		rc = add_files(run, &list, err);
	if (rc == 0)
		rc = ask(run, peer, f->id, err);
	if (rc < 0)
		return reply_error(peer, f->id, rc, err);
	run->last = run->last || last;
	import_run_go(run);
	return 0;
}

int import_restart(struct index_role *ix, const struct import *import, int64_t *ret_done,
		   struct threads_error *err)
{
	const struct threads_error moved = { THREADS_EAGAIN, "the import was begun again" };
	struct import_run *run = import_run_find(ix, import->id);
	struct import now;
	int rc;

	if (strcmp(import->source, "control") != 0)
		return threads_error_set(err, THREADS_EINVAL, "this import goes on by itself");
	if (run)
		import_run_end(run, &moved);
	rc = import_get(ix->store, import->id, &now, err);
	if (rc <= 0)
		return rc < 0 ? rc
			      : threads_error_set(err, THREADS_ENOENT, "there is no such import");
	rc = import_run_open(ix, &now, import_feed_of(&now), &run, err);
	*ret_done = now.files_done;
	return rc;
}

int import_cancel(struct index_role *ix, const char *public_id, struct threads_error *err)
{
	const struct threads_error cancelled = { THREADS_EINVAL, "The import was cancelled." };
	struct import import;
	struct import_run *run;
	int rc = import_find(ix->store, public_id, &import, err);

	if (rc <= 0)
		return rc < 0 ? rc
			      : threads_error_set(err, THREADS_ENOENT, "there is no such import");
	if (strcmp(import.state, "done") == 0)
		return threads_error_set(err, THREADS_EINVAL, "this import has ended");
	run = import_run_find(ix, import.id);
	if (run)
		import_run_end(run, &cancelled);
	upload_remove(ix, import.id);
	return import_set_state(ix->store, import.id, "cancelled", "", clock_now_ms(NULL), err);
}

/* Without its api threadsctl cannot send more; it connects again and begins where we stand. */
void import_peer_gone(struct index_role *ix, const struct peer *peer)
{
	struct import_run *run, *next;
	struct import_question *question;

	for (run = LIST_FIRST(&ix->imports); run; run = next) {
		bool theirs = false;

		next = LIST_NEXT(run, link);
		STAILQ_FOREACH(question, &run->questions, link)
			theirs = theirs || question->peer == peer;
		if (theirs)
			import_run_end(run, NULL);
	}
}

void import_account_gone(struct index_role *ix, int64_t account_id)
{
	const struct threads_error gone = { THREADS_ENOENT, "The account is gone." };
	struct import_run *run, *next;

	for (run = LIST_FIRST(&ix->imports); run; run = next) {
		next = LIST_NEXT(run, link);
		if (run->account_id == account_id)
			import_run_end(run, &gone);
	}
}

static int resume_one(int64_t id, void *arg)
{
	struct index_role *ix = arg;
	struct import import;
	struct threads_error err = { 0 };
	int rc = import_get(ix->store, id, &import, &err);

	if (rc > 0 && strcmp(import.source, "sample") == 0)
		rc = sample_start(ix, &import, &err);
	else if (rc > 0 && strcmp(import.source, "upload") == 0)
		rc = upload_start(ix, &import, &err);
	if (rc < 0)
		log_error("import: %s", err.text);
	return 0;
}

void import_resume_all(struct index_role *ix)
{
	struct threads_error err;

	if (import_unfinished(ix->store, resume_one, ix, &err) < 0)
		log_error("imports: %s", err.text);
}

void import_free_all(struct index_role *ix)
{
	struct import_run *run;

	while ((run = LIST_FIRST(&ix->imports)))
		import_run_end(run, NULL);
}
