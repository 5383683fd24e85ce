/* SPDX-License-Identifier: Apache-2.0 */
#include "api/question.h"

#include <fcntl.h>

struct question {
	struct api *api;
	enum role to;
	enum question_mode mode;
	struct frame frame;
	bool sent;
	uint32_t id;
	int64_t deadline_ms; /* monotonic */
	question_fn *fn;     /* NULL: cancelled, the answer is dropped */
	void *arg;
	TAILQ_ENTRY(question) link;
};

static void question_free(struct question *question)
{
	TAILQ_REMOVE(&question->api->questions, question, link);
	frame_release(&question->frame);
	free(question);
}

static void question_end(struct question *question, int rc, struct frame *f,
			 const struct threads_error *err)
{
	question_fn *fn = question->fn;
	void *arg = question->arg;

	question_free(question);
	if (fn)
		fn(arg, rc, f, err);
}

static void question_fail(struct question *question, const char *words)
{
	struct threads_error err = { 0 };
	const int rc = threads_error_set(&err, THREADS_EAGAIN, "%s", words);

	question_end(question, rc, NULL, &err);
}

static void question_send(struct question *question)
{
	struct peer *peer = api_link_of(question->api, question->to)->peer;
	struct threads_error err;

	if (!peer)
		return;
	question->id = peer_next_id(peer);
	question->frame.id = question->id;
	/* A peer that cannot take it is closed by peer.c: question_role_gone() follows. */
	question->sent = peer_send(peer, &question->frame, &err) == 0;
	/* Not to be sent again: its descriptors are the other side's alone. */
	if (question->sent && question->mode == QUESTION_ONCE)
		frame_release(&question->frame);
}

/* Takes over data and descriptors of f; descriptors that were only borrowed are copied. */
static int frame_take(struct frame *to, struct frame *f, struct threads_error *err)
{
	int rc = frame_check(f, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; !f->owns_fds && i < f->fd_count; i++) {
		f->fds[i] = fcntl(f->fds[i], F_DUPFD_CLOEXEC, 3);
		if (f->fds[i] >= 0)
			continue;
		while (i > 0)
			close(f->fds[--i]);
		f->fd_count = 0;
		return threads_error_set(err, THREADS_EIO, "dup: %m");
	}
	*to = *f;
	to->owns_fds = to->fd_count > 0;
	*f = (struct frame)FRAME_INIT;
	return 0;
}

static size_t question_count(const struct api *api)
{
	const struct question *question;
	size_t count = 0;

	TAILQ_FOREACH(question, &api->questions, link)
		count++;
	return count;
}

int question_ask(struct api *api, const struct question_order *order, struct frame *f,
		 struct question **ret_question, struct threads_error *err)
{
	AUTO_FREE struct question *question = NULL;
	int rc;

	if (question_count(api) >= QUESTIONS_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "too many requests wait");
	question = calloc(1, sizeof(*question));
	if (!question)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	question->api = api;
	question->to = order->to;
	question->mode = order->mode;
	question->deadline_ms = clock_monotonic_ms() + order->wait_ms;
	question->fn = order->fn;
	question->arg = order->arg;
	rc = frame_take(&question->frame, f, err);
	if (rc < 0)
		return rc;
	TAILQ_INSERT_TAIL(&api->questions, question, link);
	question_send(question);
	if (ret_question)
		*ret_question = question;
	question = NULL;
	return 0;
}

struct question *question_cancel(struct question *question)
{
	if (!question)
		return NULL;
	/* One that was sent waits for its answer, which would else look like a forged one. */
	if (question->sent)
		question->fn = NULL;
	else
		question_free(question);
	return NULL;
}

/* IPC_ERROR: i code, t words. */
static int answer_failed(struct question *question, struct frame *f, struct threads_error *err)
{
	struct threads_error why = { 0 };
	const int code = (int)frame_get_int_in(f, THREADS_EFULL, THREADS_ENOMEM);
	const char *words = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	rc = threads_error_set(&why, (enum threads_code)code, "%s", words);
	question_end(question, rc, NULL, &why);
	return 0;
}

int question_answered(struct api *api, enum role from, struct frame *f, struct threads_error *err)
{
	struct question *question;

	TAILQ_FOREACH(question, &api->questions, link)
		if (question->to == from && question->sent && question->id == f->id)
			break;
	if (!question || f->id == 0)
		return threads_error_set(err, THREADS_EINVAL, "an answer to no question");
	if (f->type == IPC_ERROR)
		return answer_failed(question, f, err);
	question_end(question, 0, f, NULL);
	return 0;
}

void question_role_up(struct api *api, enum role role)
{
	struct question *question;

	TAILQ_FOREACH(question, &api->questions, link)
		if (question->to == role && !question->sent)
			question_send(question);
}

/* The next one that was lost with its role; callbacks may ask new questions. */
static struct question *question_lost(struct api *api, enum role role)
{
	struct question *question;

	TAILQ_FOREACH(question, &api->questions, link)
		if (question->to == role && question->sent && question->mode == QUESTION_ONCE)
			return question;
	return NULL;
}

void question_role_gone(struct api *api, enum role role)
{
	struct question *question, *next;

	for (question = TAILQ_FIRST(&api->questions); question; question = next) {
		next = TAILQ_NEXT(question, link);
		if (question->to != role || !question->sent)
			continue;
		if (!question->fn)
			question_free(question);
		else if (question->mode == QUESTION_REPEAT)
			question->sent = false;
	}
	while ((question = question_lost(api, role)))
		question_fail(question, "a part of the hub restarted over this. "
					"Look whether it was done, then try again");
}

void question_tick(struct api *api)
{
	const int64_t now_ms = clock_monotonic_ms();
	struct question *question;

	do {
		TAILQ_FOREACH(question, &api->questions, link)
			if (question->fn && now_ms > question->deadline_ms)
				break;
		if (!question)
			return;
		if (!question->sent) {
			question_fail(question, "a part of the hub is restarting. Try again");
			continue;
		}
		/* The slot stays for the late answer. */
		question_fn *fn = question->fn;
		struct threads_error err = { 0 };

		question->fn = NULL;
		fn(question->arg,
		   threads_error_set(&err, THREADS_EAGAIN,
				     "a part of the hub is very busy. Try again"),
		   NULL, &err);
	} while (question);
}

void question_free_all(struct api *api)
{
	struct question *question;

	while ((question = TAILQ_FIRST(&api->questions)))
		question_free(question);
}
