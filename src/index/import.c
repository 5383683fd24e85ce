/* SPDX-License-Identifier: Apache-2.0 */
#include "index/import.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "index/reply.h"

static void source_free(struct import_source *source)
{
	if (!source)
		return;
	if (source->fd >= 0)
		close(source->fd);
	free(source->path);
	free(source->name);
	free(source);
}

static void flight_free(struct import_flight *flight)
{
	free(flight->offsets);
	free(flight);
}

/* Nothing that is queued or on its way is stored any more. */
static void run_drop(struct import_run *run)
{
	struct import_source *source;
	struct import_flight *flight;

	if (run->splitting)
		pool_split_cancel(run->ix, &run->split);
	run->splitting = false;
	source_free(run->mbox);
	run->mbox = NULL;
	while ((source = STAILQ_FIRST(&run->sources))) {
		STAILQ_REMOVE_HEAD(&run->sources, link);
		source_free(source);
	}
	while ((flight = STAILQ_FIRST(&run->flights))) {
		STAILQ_REMOVE_HEAD(&run->flights, link);
		batch_abandon(flight->batch);
		flight_free(flight);
	}
	run->flight_count = 0;
}

/* Ends the run where it stands. Who waits for files gets why; NULL: nobody is to be told. */
static void run_end(struct import_run *run, const struct threads_error *why)
{
	struct import_question *question;

	run_drop(run);
	while ((question = STAILQ_FIRST(&run->questions))) {
		STAILQ_REMOVE_HEAD(&run->questions, link);
		if (why)
			(void)reply_error(question->peer, question->id, why->code, why);
		free(question);
	}
	if (run->dir_fd >= 0)
		close(run->dir_fd);
	free(run->folder_name);
	LIST_REMOVE(run, link);
	free(run);
}

static struct import_run *run_find(struct index_role *ix, int64_t import_id)
{
	struct import_run *run;

	LIST_FOREACH(run, &ix->imports, link)
		if (run->id == import_id)
			return run;
	return NULL;
}

int import_run_open(struct index_role *ix, const struct import *import, struct import_run **ret_run,
		    struct threads_error *err)
{
	struct import_run *run = run_find(ix, import->id);
	int rc;

	if (run) {
		*ret_run = run;
		return 0;
	}
	if (strcmp(import->state, "done") == 0 || strcmp(import->state, "cancelled") == 0)
		return threads_error_set(err, THREADS_EINVAL, "this import has ended");
	rc = import_set_state(ix->store, import->id, "running", "", clock_now_ms(NULL), err);
	if (rc < 0)
		return rc;
	run = calloc(1, sizeof(*run));
	if (!run)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*run = (struct import_run){ .ix = ix,
				    .id = import->id,
				    .account_id = import->account_id,
				    .is_mbox = strcmp(import->format, "mbox") == 0,
				    .is_control = strcmp(import->source, "control") == 0,
				    .dir_fd = -1,
				    .files_done = import->files_done,
				    .files_seen = import->files_done };
	snprintf(run->public_id, sizeof(run->public_id), "%s", import->public_id);
	STAILQ_INIT(&run->sources);
	STAILQ_INIT(&run->flights);
	STAILQ_INIT(&run->questions);
	LIST_INSERT_HEAD(&ix->imports, run, link);
	*ret_run = run;
	return 0;
}

int import_run_add(struct import_run *run, int fd, const char *path, const char *name, int64_t size,
		   struct threads_error *err)
{
	struct import_source *source = calloc(1, sizeof(*source));

	if (source) {
		source->fd = fd;
		source->size = size;
		source->name = strdup(name);
		source->path = path ? strdup(path) : NULL;
	}
	if (!source || !source->name || (path && !source->path)) {
		if (source)
			source_free(source);
		else if (fd >= 0)
			close(fd);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	STAILQ_INSERT_TAIL(&run->sources, source, link);
	run->files_seen++;
	return 0;
}

/* Answers whoever waits for files that are finished now. */
static void answer_questions(struct import_run *run)
{
	struct import_question *question;
	char done[24];

	snprintf(done, sizeof(done), "%lld", (long long)run->files_done);
	while ((question = STAILQ_FIRST(&run->questions)) && question->files <= run->files_done) {
		STAILQ_REMOVE_HEAD(&run->questions, link);
		reply_done(question->peer, question->id, run->public_id, done);
		free(question);
	}
}

static bool run_finished(const struct import_run *run)
{
	return run->last && STAILQ_EMPTY(&run->sources) && STAILQ_EMPTY(&run->flights) &&
	       !run->mbox && !run->splitting;
}

void import_run_go(struct import_run *run)
{
	struct index_role *ix = run->ix;
	struct threads_error err;

	if (run->is_mbox && !run->failed)
		import_feed_mbox(run);
	else
		while (!run->failed && run->flight_count < IMPORT_FLIGHT_MAX &&
		       import_feed_files(run))
			;
	/* Nothing may be stored behind what could not be: the position would pass it. */
	if (run->failed) {
		role_bell(ix->role, BELL_IMPORTS, run->id);
		run_end(run, &run->why);
		return;
	}
	if (run_finished(run)) {
		if (import_set_state(ix->store, run->id, "done", "", clock_now_ms(NULL), &err) < 0)
			log_error("import: %s", err.text);
		upload_remove(ix, run->id);
		/* Answered after the state is committed: who reads it then finds it done. */
		answer_questions(run);
		role_bell(ix->role, BELL_IMPORTS, run->id);
		run_end(run, NULL);
		return;
	}
	answer_questions(run);
}

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
		rc = import_run_open(ix, &import, &run, err);
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
	struct import_run *run = run_find(ix, import->id);
	struct import now;
	int rc;

	if (strcmp(import->source, "control") != 0)
		return threads_error_set(err, THREADS_EINVAL, "this import goes on by itself");
	if (run)
		run_end(run, &moved);
	rc = import_get(ix->store, import->id, &now, err);
	if (rc <= 0)
		return rc < 0 ? rc
			      : threads_error_set(err, THREADS_ENOENT, "there is no such import");
	rc = import_run_open(ix, &now, &run, err);
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
	run = run_find(ix, import.id);
	if (run)
		run_end(run, &cancelled);
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
			run_end(run, NULL);
	}
}

void import_account_gone(struct index_role *ix, int64_t account_id)
{
	const struct threads_error gone = { THREADS_ENOENT, "The account is gone." };
	struct import_run *run, *next;

	for (run = LIST_FIRST(&ix->imports); run; run = next) {
		next = LIST_NEXT(run, link);
		if (run->account_id == account_id)
			run_end(run, &gone);
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
		run_end(run, NULL);
}
