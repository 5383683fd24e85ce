/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to index, vault or auth. It waits while that role restarts, and is
 * asked again if the role died over it and asking twice does no harm.
 */
#ifndef THREADS_API_QUESTION_H
#define THREADS_API_QUESTION_H

#include "api/state.h"

enum question_mode {
	QUESTION_ONCE,   /* if the role dies over it nobody knows how far it came */
	QUESTION_REPEAT, /* asking again does no harm */
};

enum {
	QUESTION_WAIT_MS = 20 * 1000,
	QUESTION_LONG_MS = 60 * 60 * 1000, /* a deep verify, files of an import */
	QUESTIONS_MAX = 4096,
};

/*
 * Called once. rc 0: f is the answer, at its first field; < 0: err says why
 * (THREADS_EAGAIN: the role is away), or what the role refused. The question is gone then.
 */
typedef void question_fn(void *arg, int rc, struct frame *f, const struct threads_error *err);

struct question_order {
	enum role to;
	enum question_mode mode;
	int64_t wait_ms;
	question_fn *fn;
	void *arg;
};

/*
 * Sends f (its id is set here, its contents are taken over) or keeps it until
 * the role is there. ret_question may be NULL; it is valid until fn is called.
 * Errors: THREADS_ELIMIT, THREADS_ENOMEM; fn is not called then.
 */
int question_ask(struct api *api, const struct question_order *order, struct frame *f,
		 struct question **ret_question, struct threads_error *err) MUST_CHECK;

/* fn is not called any more. Accepts NULL, returns NULL. */
struct question *question_cancel(struct question *question);

/* A frame from role: the answer to a question. Errors: THREADS_EINVAL (nobody asked). */
int question_answered(struct api *api, enum role from, struct frame *f,
		      struct threads_error *err) MUST_CHECK;

void question_role_up(struct api *api, enum role role);
void question_role_gone(struct api *api, enum role role);
void question_tick(struct api *api); /* ends those that waited too long */
void question_free_all(struct api *api);

#endif
