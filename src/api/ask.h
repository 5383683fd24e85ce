/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to index, auth and vault, answered by callback. */
#ifndef THREADS_API_ASK_H
#define THREADS_API_ASK_H

#include "api/api.h"

/*
 * answer: the frame (borrowed for the call), or NULL when the question failed;
 * then why says it: THREADS_EAGAIN if the role is not there or died (the effect
 * of a write is then unknown), else what the role said by IPC_ERROR.
 */
typedef void ask_fn(struct frame *answer, const struct threads_error *why, void *arg);

/*
 * Sends f (its id is set here) to who (ROLE_INDEX, ROLE_AUTH, ROLE_VAULT). fn is
 * called exactly once, later, also when the role is not there, unless the ask is
 * cancelled. Frames that do not fit are answered with THREADS_ELIMIT.
 */
void ask(struct api *api, enum role who, struct frame *f, ask_fn *fn, void *arg);

/* Whoever waits with arg is gone: its callbacks are dropped. */
void ask_cancel(struct api *api, const void *arg);

/* For main.c: a frame that answers, a peer that is gone. */
int ask_on_answer(struct api *api, struct peer *peer, struct frame *f, struct threads_error *err);
void ask_peer_gone(struct api *api, const struct peer *peer);
void ask_free_all(struct api *api);

/* The usual check of an answer without fields of interest: type and end. */
int ask_expect(struct frame *answer, uint16_t type, struct threads_error *err) MUST_CHECK;

#endif
