/* SPDX-License-Identifier: Apache-2.0 */
#include "api/overview.h"

#include "api/question.h"
#include "core/log.h"

struct overview_question {
	struct api *api;
	struct question *question;
	struct overview known;
	overview_fn *fn;
	void *arg;
};

struct overview_question *overview_cancel(struct overview_question *q)
{
	if (q)
		question_cancel(q->question);
	free(q);
	return NULL;
}

static void finish(struct overview_question *q)
{
	struct overview known = q->known;
	overview_fn *fn = q->fn;
	void *arg = q->arg;

	known.figures = q->api->figures;
	free(q);
	fn(arg, &known);
}

static void on_figures(void *arg, int rc, struct frame *f, const struct threads_error *why)
{
	struct overview_question *q = arg;
	struct figures *figures = NULL;
	struct threads_error err;

	q->question = NULL;
	if (rc == 0)
		rc = figures_read(f, &figures, &err);
	else
		err = *why;
	if (rc < 0) {
		log_warning("figures: %s", err.text);
	} else {
		figures_free(q->api->figures);
		q->api->figures = figures;
	}
	finish(q);
}

static int ask(struct overview_question *q, enum role to, uint16_t type, question_fn *fn,
	       struct threads_error *err)
{
	const struct question_order order = { to, QUESTION_REPEAT, OVERVIEW_WAIT_MS, fn, q };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, 0);
	return question_ask(q->api, &order, &f, &q->question, err);
}

/* After index, whose page of figures is fresh now. */
static void on_queue(void *arg, int rc, struct frame *f, const struct threads_error *why)
{
	struct overview_question *q = arg;
	struct threads_error err;

	(void)why;
	q->question = NULL;
	if (rc == 0) {
		q->known.queue = frame_get_int_in(f, 0, INT64_MAX);
		frame_get_int(f); /* percent: we look ourselves */
		q->known.stopped = frame_get_int_in(f, 0, 1) == 1;
		q->known.index_there = frame_get_end(f, &err) == 0;
	}
	/* Without a supervisor (in tests) nobody would answer. */
	if (!api_link_of(q->api, ROLE_SUPERVISOR)->peer ||
	    ask(q, ROLE_SUPERVISOR, CTL_FIGURES, on_figures, &err) < 0)
		finish(q);
}

int overview_ask(struct api *api, overview_fn *fn, void *arg,
		 struct overview_question **ret_question, struct threads_error *err)
{
	AUTO_FREE struct overview_question *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*q = (struct overview_question){ .api = api, .fn = fn, .arg = arg };
	rc = ask(q, ROLE_INDEX, INDEX_QUEUE, on_queue, err);
	if (rc < 0)
		return rc;
	*ret_question = TAKE_PTR(q);
	return 0;
}
