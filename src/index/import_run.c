/* SPDX-License-Identifier: Apache-2.0 */
#include "index/import_run.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "index/reply.h"

void import_source_free(struct import_source *source)
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
	import_source_free(run->mbox);
	run->mbox = NULL;
	while ((source = STAILQ_FIRST(&run->sources))) {
		STAILQ_REMOVE_HEAD(&run->sources, link);
		import_source_free(source);
	}
	while ((flight = STAILQ_FIRST(&run->flights))) {
		STAILQ_REMOVE_HEAD(&run->flights, link);
		batch_abandon(flight->batch);
		flight_free(flight);
	}
	run->flight_count = 0;
}

void import_run_end(struct import_run *run, const struct threads_error *why)
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

struct import_run *import_run_find(struct index_role *ix, int64_t import_id)
{
	struct import_run *run;

	LIST_FOREACH(run, &ix->imports, link)
		if (run->id == import_id)
			return run;
	return NULL;
}

int import_run_open(struct index_role *ix, const struct import *import, import_feed_fn *feed,
		    struct import_run **ret_run, struct threads_error *err)
{
	struct import_run *run = import_run_find(ix, import->id);
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
				    .feed = feed };
	/* threadsctl goes on behind what is finished; others list their files anew. */
	if (run->is_control)
		run->files_done = run->files_seen = import->files_done;
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
			import_source_free(source);
		else if (fd >= 0)
			close(fd);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	STAILQ_INSERT_TAIL(&run->sources, source, link);
	run->files_seen++;
	return 0;
}

void import_run_complete(struct import_run *run, int64_t finished)
{
	struct import_source *source;

	for (; finished > 0 && !run->is_mbox && (source = STAILQ_FIRST(&run->sources));
	     finished--) {
		STAILQ_REMOVE_HEAD(&run->sources, link);
		import_source_free(source);
		run->files_done++;
	}
	run->last = true;
}

void import_run_fail(struct import_run *run, const struct threads_error *why)
{
	struct threads_error err;

	run->failed = true;
	run->why = *why;
	log_error("import %s: %s", run->public_id, why->text);
	if (import_set_state(run->ix->store, run->id, "error", why->text, clock_now_ms(NULL),
			     &err) < 0)
		log_error("import: %s", err.text);
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

	if (!run->failed)
		run->feed(run);
	/* Nothing may be stored behind what could not be: the position would pass it. */
	if (run->failed) {
		role_bell(ix->role, BELL_IMPORTS, run->id);
		import_run_end(run, &run->why);
		return;
	}
	if (run_finished(run)) {
		if (import_set_state(ix->store, run->id, "done", "", clock_now_ms(NULL), &err) <
			    0 ||
		    ledger_bound(ix->store, run->account_id, clock_now_ms(NULL), &err) < 0)
			log_error("import: %s", err.text);
		if (run->at_end)
			run->at_end(ix, run->id);
		/* Answered after the state is committed: who reads it then finds it done. */
		answer_questions(run);
		role_bell(ix->role, BELL_IMPORTS, run->id);
		import_run_end(run, NULL);
		return;
	}
	answer_questions(run);
}
