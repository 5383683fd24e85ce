/* SPDX-License-Identifier: Apache-2.0 */
#include "dial/dial.h"

#include <stdio.h>
#include <sys/queue.h>

#include "core/clock.h"
#include "core/log.h"
#include "dial/attempts.h"
#include "dial/limit.h"
#include "ipc/peer.h"

struct dial_link {
	struct dial *dial;
	struct peer *peer;
	LIST_ENTRY(dial_link) link;
	char host[256];
	int port;
	bool private_network;
	unsigned questions;
};

/* A question: who waits, and how long. */
struct dial_question {
	TAILQ_ENTRY(dial_question) entry;
	struct dial *dial;
	struct dial_link *link; /* NULL: it went away, or was told that time is over */
	uint32_t id;
	int64_t serial;
	int64_t deadline_ms;
	const struct attempt *attempt; /* NULL: it waits for its turn */
	struct loop_timer *timer;
};

struct dial {
	struct loop *loop;
	struct attempts *attempts;
	LIST_HEAD(, dial_link) links;
	TAILQ_HEAD(, dial_question) questions; /* the oldest first */
	struct limits limits;
	size_t link_count, attempt_count;
	int64_t last_serial;
};

/* ---- answers ---- */

static void answer(struct dial_question *question, struct frame *f)
{
	struct threads_error err = { 0 };

	if (question->link && peer_send(question->link->peer, f, &err) < 0)
		log_debug("answer lost: %s", err.text);
}

static void answer_error(struct dial_question *question, const char *kind, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	char text[400];

	snprintf(text, sizeof(text), "%s: %s", kind, words);
	frame_begin_error(&f, question->id, THREADS_EAGAIN, text);
	answer(question, &f);
}

static void answer_connected(struct dial_question *question, const struct target_result *result)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, DIAL_CONNECTED, question->id);
	frame_put_text(&f, result->address);
	frame_put_fd(&f, result->fd);
	answer(question, &f);
}

static void question_end(struct dial_question *question)
{
	TAILQ_REMOVE(&question->dial->questions, question, entry);
	if (question->link)
		question->link->questions--;
	loop_timer_remove(question->timer);
	free(question);
}

static void start_waiting(struct dial *dial);

static void on_attempt(const struct attempt *attempt, void *arg)
{
	struct dial *dial = arg;
	struct dial_question *question;

	dial->attempt_count--;
	limit_done(&dial->limits, attempt->target.host);
	TAILQ_FOREACH(question, &dial->questions, entry)
		if (question->serial == attempt->serial)
			break;
	if (question) {
		if (attempt->result.fd >= 0)
			answer_connected(question, &attempt->result);
		else
			answer_error(question, attempt->result.kind, attempt->result.words);
		question_end(question);
	}
	start_waiting(dial);
}

/*
 * The time for the name service is over, or all of it. The thread goes on by
 * itself; its result will find nobody.
 */
static void on_timeout(void *arg)
{
	struct dial_question *question = arg;
	const int64_t left = question->deadline_ms - clock_monotonic_ms();

	if (left > 0 && question->attempt && atomic_load(&question->attempt->result.looked_up)) {
		loop_timer_set(question->timer, left);
		return;
	}
	answer_error(question, "timeout",
		     left > 0 && question->attempt ? "the name service does not answer in time"
						   : "no connection in time");
	question_end(question);
}

/* ---- questions ---- */

static int question_start(struct dial *dial, struct dial_question *question)
{
	const struct dial_link *link = question->link;
	struct target target = {
		.port = link->port,
		.private_network = link->private_network,
		.deadline_ms = question->deadline_ms,
	};
	struct threads_error err;
	int rc;

	snprintf(target.host, sizeof(target.host), "%s", link->host);
	rc = attempt_start(dial->attempts, &target, question->serial, &question->attempt, &err);
	if (rc < 0)
		log_warning("%s", err.text);
	else
		dial->attempt_count++;
	return rc;
}

/* Starts it if its host and the others leave room; else it waits, or is told that it asks too much. */
static void question_try(struct dial *dial, struct dial_question *question)
{
	const int64_t now_ms = clock_monotonic_ms();
	const int64_t left = question->deadline_ms - now_ms;
	const char *host = question->link->host;
	enum limit_word word;

	if (dial->attempt_count >= DIAL_ATTEMPTS_MAX)
		return;
	word = limit_begin(&dial->limits, host, now_ms);
	if (word == LIMIT_WAIT)
		return;
	if (word == LIMIT_GO && question_start(dial, question) == 0) {
		loop_timer_set(question->timer, left < DIAL_LOOKUP_MS ? left : DIAL_LOOKUP_MS);
		return;
	}
	if (word == LIMIT_GO)
		limit_done(&dial->limits, host);
	answer_error(question, "hub-busy", "too many connections are being made");
	question_end(question);
}

static void start_waiting(struct dial *dial)
{
	struct dial_question *q, *next;

	for (q = TAILQ_FIRST(&dial->questions); q; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (!q->attempt && q->link)
			question_try(dial, q);
		else if (!q->attempt)
			question_end(q); /* nobody waits for it any more */
	}
}

static int ask(struct dial_link *link, uint32_t id, int64_t timeout_ms, struct threads_error *err)
{
	struct dial *dial = link->dial;
	struct dial_question *question = calloc(1, sizeof(*question));
	int rc;

	if (!question)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	question->dial = dial;
	question->link = link;
	question->id = id;
	question->serial = ++dial->last_serial;
	question->deadline_ms = clock_monotonic_ms() + timeout_ms;
	link->questions++;
	TAILQ_INSERT_TAIL(&dial->questions, question, entry);
	rc = loop_timer_add(dial->loop, on_timeout, question, &question->timer, err);
	if (rc < 0) {
		question_end(question);
		return rc;
	}
	if (link->questions > DIAL_LINK_QUESTIONS_MAX) {
		answer_error(question, "hub-busy", "too many questions at once");
		question_end(question);
		return 0;
	}
	loop_timer_set(question->timer, timeout_ms);
	question_try(dial, question);
	return 0;
}

static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct dial_link *link = arg;
	int64_t timeout_ms;
	int rc;

	(void)peer;
	if (f->type != DIAL_CONNECT || f->id == 0)
		return threads_error_set(err, THREADS_EINVAL, "dial takes one question only");
	timeout_ms = frame_get_int_in(f, 1, DIAL_TIMEOUT_MAX_MS);
	rc = frame_get_end(f, err);
	return rc < 0 ? rc : ask(link, f->id, timeout_ms, err);
}

static void link_remove(struct dial_link *link)
{
	struct dial *dial = link->dial;
	struct dial_question *question;

	TAILQ_FOREACH(question, &dial->questions, entry)
		if (question->link == link)
			question->link = NULL;
	LIST_REMOVE(link, link);
	dial->link_count--;
	free(link);
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	(void)peer;
	if (why)
		log_warning("link closed: %s", why->text);
	link_remove(arg);
}

int dial_add_link(struct dial *dial, const struct role_peer *peer, struct threads_error *err)
{
	const struct role_target *target = &peer->target;
	struct dial_link *link = NULL;
	struct peer_handler handler = { on_frame, on_closed, NULL };
	int rc;

	if (*target->host && strlen(target->host) < sizeof(link->host) && target->port > 0 &&
	    dial->link_count < DIAL_LINKS_MAX)
		link = calloc(1, sizeof(*link));
	if (!link) {
		close(peer->fd);
		return threads_error_set(err, THREADS_EINVAL, "a link without a target");
	}
	link->dial = dial;
	link->port = target->port;
	link->private_network = target->private_network;
	snprintf(link->host, sizeof(link->host), "%s", target->host);
	handler.arg = link;
	rc = peer_new(dial->loop, peer->fd, peer->role, peer->instance, &handler, &link->peer, err);
	if (rc < 0) {
		free(link);
		return rc;
	}
	LIST_INSERT_HEAD(&dial->links, link, link);
	dial->link_count++;
	return 0;
}

/* ---- life ---- */

int dial_new(struct loop *loop, struct dial **ret_dial, struct threads_error *err)
{
	struct dial *dial = calloc(1, sizeof(*dial));
	int rc;

	if (!dial)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	dial->loop = loop;
	LIST_INIT(&dial->links);
	TAILQ_INIT(&dial->questions);
	rc = attempts_new(loop, on_attempt, dial, &dial->attempts, err);
	if (rc < 0) {
		free(dial);
		return rc;
	}
	*ret_dial = dial;
	return 0;
}

struct dial *dial_free(struct dial *dial)
{
	struct dial_question *question;
	struct dial_link *link;

	if (!dial)
		return NULL;
	while ((question = TAILQ_FIRST(&dial->questions)))
		question_end(question);
	while ((link = LIST_FIRST(&dial->links))) {
		peer_free(link->peer);
		link_remove(link);
	}
	attempts_free(dial->attempts);
	free(dial);
	return NULL;
}
