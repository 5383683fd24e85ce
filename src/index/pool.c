/* SPDX-License-Identifier: Apache-2.0 */
#include "index/pool.h"

#include <signal.h>

#include "core/log.h"
#include "index/batch.h"
#include "ipc/metric.h"

enum {
	START_AGAIN_MS = 1000,
	END_WITHIN_MS = 5 * 1000,
	IDLE_MS = 10 * 1000, /* a parser without work ends */
};

/* One parse process: asked for, idle, or at work on a run or a split. */
struct parse_slot {
	struct index_role *ix;
	int64_t instance;
	struct peer *peer; /* NULL: not there yet, or gone */
	struct batch *batch;
	size_t run_end;
	int output_fd;
	struct split_request *split;
	struct loop_timer *deadline;
	int64_t began_us; /* its work */
	bool ended;       /* its work is done or lost; the slot waits for CTL_EXITED */
	bool exited;      /* CTL_EXITED came; its last frames are not read yet */
	bool fault;       /* it spoke out of turn: its end is its own doing */
	int by_signal;
	LIST_ENTRY(parse_slot) link;
};

static void work_done(struct parse_slot *slot);
static void pool_work(struct index_role *ix);

/* Too long at work, or not gone after it; or started ahead for work that never came. */
static void on_deadline(void *arg)
{
	struct parse_slot *slot = arg;
	struct threads_error err;

	if (!slot->ended && !slot->batch && !slot->split) {
		work_done(slot);
		return;
	}
	log_warning("parse %lld does not end, killed", (long long)slot->instance);
	slot->fault = true;
	if (role_kill(slot->ix->role, ROLE_PARSE, slot->instance, &err) < 0)
		log_error("%s", err.text);
}

static void slot_free(struct parse_slot *slot)
{
	slot->peer = peer_free(slot->peer);
	slot->deadline = loop_timer_remove(slot->deadline);
	if (slot->output_fd >= 0)
		close(slot->output_fd);
	LIST_REMOVE(slot, link);
	free(slot);
}

static struct parse_slot *slot_new(struct index_role *ix)
{
	struct parse_slot *slot = calloc(1, sizeof(*slot));
	struct threads_error err;

	if (!slot)
		return NULL;
	*slot = (struct parse_slot){ .ix = ix,
				     .instance = ++ix->next_parse_instance,
				     .output_fd = -1 };
	LIST_INSERT_HEAD(&ix->slots, slot, link);
	if (loop_timer_add(ix->role->loop, on_deadline, slot, &slot->deadline, &err) < 0 ||
	    role_start(ix->role, ROLE_PARSE, slot->instance, NULL, &err) < 0) {
		log_error("parse: %s", err.text);
		slot_free(slot);
		return NULL;
	}
	return slot;
}

/* What came back is taken, the batch goes on: to the next parser or to the store. */
static void run_over(struct parse_slot *slot, enum metric_parse_end end)
{
	struct index_role *ix = slot->ix;
	struct batch *batch = slot->batch;

	slot->batch = NULL;
	metric_time(METRIC_PARSE_SECONDS, clock_monotonic_us() - slot->began_us);
	metric_add(METRIC_PARSE_ENDS, end, 1);
	if (end != PARSE_END_GOOD)
		log_notice("parse %lld ended by signal %d; its batch is given out again",
			   (long long)slot->instance, slot->by_signal);
	batch_take_output(batch, slot->run_end, slot->output_fd, end);
	close(slot->output_fd);
	slot->output_fd = -1;
	if (batch_fully_parsed(batch))
		batch_store(batch);
	else /* first in line: its order among the others stays */
		STAILQ_INSERT_HEAD(&ix->unparsed, batch, link);
}

static void split_lost(struct parse_slot *slot)
{
	struct split_request *split = slot->split;

	slot->split = NULL;
	if (split->done)
		split->done(NULL, 0, split->from, false,
			    slot->fault ? THREADS_EINVAL : THREADS_EAGAIN, split->arg);
}

/* The answer came, or nothing is to be waited for: the process has no further use. */
static void work_done(struct parse_slot *slot)
{
	struct index_role *ix = slot->ix;

	slot->peer = peer_free(slot->peer);
	slot->ended = true;
	loop_timer_set(slot->deadline, END_WITHIN_MS);
	if (slot->batch)
		run_over(slot, PARSE_END_GOOD);
	if (slot->exited)
		slot_free(slot);
	pool_work(ix);
}

/* It is gone, and how is known. A SIGKILL from outside is not the mail's fault. */
static void work_lost(struct parse_slot *slot)
{
	struct index_role *ix = slot->ix;
	const bool innocent = slot->by_signal == SIGKILL && !slot->fault;

	if (slot->batch)
		run_over(slot, innocent ? PARSE_END_KILLED : PARSE_END_CRASHED);
	if (slot->split) {
		slot->fault = !innocent;
		split_lost(slot);
	}
	slot_free(slot);
	pool_work(ix);
}

static int on_split_answer(struct parse_slot *slot, struct frame *f, struct threads_error *err)
{
	CLEANUP(split_answer_release) struct split_answer answer = { 0 };
	struct split_request *split = slot->split;
	int rc = split ? split_answer_read(split, f, &answer, err)
		       : threads_error_set(err, THREADS_EINVAL, "split answer out of place");

	if (rc < 0)
		return rc;
	/* What follows may look for a parser: this one has nothing to give any more. */
	slot->split = NULL;
	slot->ended = true;
	if (split->done)
		split->done(answer.ranges, answer.count, answer.next, answer.at_end, 0, split->arg);
	return 0;
}

static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct parse_slot *slot = arg;
	int rc = 0;

	(void)peer;
	if (f->type == PARSE_BATCH_IS && slot->batch) {
		(void)frame_get_int(f);
		rc = frame_get_end(f, err);
	} else if (f->type == PARSE_SPLIT_IS) {
		rc = on_split_answer(slot, f, err);
	} else if (f->type == IPC_ERROR) {
		(void)frame_get_int(f);
		rc = threads_error_set(err, THREADS_EIO, "%s", frame_get_text(f));
	} else {
		rc = threads_error_set(err, THREADS_EINVAL, "unexpected frame %u from parse",
				       f->type);
	}
	if (rc == 0)
		work_done(slot);
	else
		slot->fault = true;
	return rc;
}

/* Without an answer: CTL_EXITED says how it ended, and decides about its work. */
static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct parse_slot *slot = arg;
	struct threads_error err;

	(void)peer;
	if (why)
		log_warning("parse %lld: %s", (long long)slot->instance, why->text);
	slot->peer = NULL;
	slot->ended = true;
	if (slot->exited)
		work_lost(slot);
	else if (slot->fault && role_kill(slot->ix->role, ROLE_PARSE, slot->instance, &err) < 0)
		log_error("%s", err.text);
	else
		loop_timer_set(slot->deadline, END_WITHIN_MS);
}

static int give_batch(struct parse_slot *slot, struct threads_error *err)
{
	int rc = memfd_new("threads-record", &slot->output_fd, err);

	if (rc < 0)
		return rc;
	slot->run_end = batch_run_end(slot->batch);
	return batch_ask(slot->batch, slot->run_end, slot->output_fd, slot->peer, err);
}

/* For want of descriptors or memory here: that is no fault of the mails. */
static void take_back(struct parse_slot *slot)
{
	struct index_role *ix = slot->ix;

	STAILQ_INSERT_HEAD(&ix->unparsed, slot->batch, link);
	slot->batch = NULL;
	loop_timer_set(slot->deadline, IDLE_MS);
	loop_timer_set(ix->parse_retry, START_AGAIN_MS);
}

/* Gives an idle parser the next work. Splits first: they feed the others. */
static void give_work(struct parse_slot *slot)
{
	struct index_role *ix = slot->ix;
	/* CPU is limited per message by parse itself; this is for sleepers. */
	const int64_t within_ms = config_int(ix->role->config, "parse_timeout_s") * 1000;
	struct threads_error err;
	int rc;

	if (!STAILQ_EMPTY(&ix->splits)) {
		slot->split = STAILQ_FIRST(&ix->splits);
		STAILQ_REMOVE_HEAD(&ix->splits, link);
		rc = split_ask(slot->split, slot->peer, &err);
	} else {
		slot->batch = STAILQ_FIRST(&ix->unparsed);
		STAILQ_REMOVE_HEAD(&ix->unparsed, link);
		rc = give_batch(slot, &err);
	}
	slot->began_us = clock_monotonic_us();
	loop_timer_set(slot->deadline, within_ms);
	if (rc < 0)
		log_warning("parse %lld: %s", (long long)slot->instance, err.text);
	/* Else the process is gone already; on_closed() follows and gives the work back. */
	if (rc < 0 && slot->batch && slot->output_fd < 0)
		take_back(slot);
}

static size_t work_count(const struct index_role *ix)
{
	const struct split_request *split;
	const struct batch *batch;
	size_t count = 0;

	STAILQ_FOREACH(split, &ix->splits, link)
		count++;
	STAILQ_FOREACH(batch, &ix->unparsed, link)
		count++;
	return count;
}

/* There may be something to parse: starts processes, hands out work. */
static void pool_work(struct index_role *ix)
{
	const size_t most = (size_t)config_int(ix->role->config, "parse_processes");
	size_t alive = 0, coming = 0, work;
	struct parse_slot *slot, *next;

	for (slot = LIST_FIRST(&ix->slots); slot; slot = next) {
		next = LIST_NEXT(slot, link);
		if (slot->ended)
			continue;
		alive++;
		if (slot->peer && !slot->batch && !slot->split && work_count(ix) > 0 &&
		    !loop_timer_is_set(ix->parse_retry))
			give_work(slot);
		if (!slot->batch && !slot->split)
			coming++;
	}
	if (ix->stopping || loop_timer_is_set(ix->parse_retry))
		return;
	/* One more than may work at once starts ahead: its start costs no waiting. */
	work = work_count(ix);
	for (; work > coming && alive < most + 1; alive++, coming++)
		if (!slot_new(ix)) {
			loop_timer_set(ix->parse_retry, START_AGAIN_MS);
			return;
		}
}

void pool_look(void *arg)
{
	pool_work(arg);
}

static struct parse_slot *find_slot(struct index_role *ix, int64_t instance)
{
	struct parse_slot *slot;

	LIST_FOREACH(slot, &ix->slots, link)
		if (slot->instance == instance)
			return slot;
	return NULL;
}

int pool_attach(struct index_role *ix, int64_t instance, int fd, struct threads_error *err)
{
	struct parse_slot *slot = find_slot(ix, instance);
	int rc;

	if (!slot || slot->peer || slot->ended) {
		close(fd); /* a parser of an index that died: it ends at the end of file */
		return 0;
	}
	const struct peer_handler handler = { on_frame, on_closed, slot };

	rc = peer_new(ix->role->loop, fd, ROLE_PARSE, instance, &handler, &slot->peer, err);
	if (rc < 0)
		return rc;
	loop_timer_set(slot->deadline, IDLE_MS);
	pool_work(ix);
	return 0;
}

void pool_exited(struct index_role *ix, int64_t instance, int by_signal)
{
	struct parse_slot *slot = find_slot(ix, instance);

	if (!slot)
		return;
	slot->by_signal = by_signal;
	slot->exited = true;
	/* With a peer its last frames may still be unread: on_closed() does the rest. */
	if (slot->peer)
		return;
	if (!slot->ended) /* it never came: not again at once */
		loop_timer_set(ix->parse_retry, START_AGAIN_MS);
	work_lost(slot);
}

size_t pool_measure(struct index_role *ix)
{
	const struct split_request *split;
	const struct parse_slot *slot;
	const struct batch *batch;
	size_t unparsed = 0, parsed = 0, splits = 0;

	LIST_FOREACH(slot, &ix->slots, link)
		if (slot->batch)
			unparsed += slot->batch->count;
	STAILQ_FOREACH(batch, &ix->unparsed, link)
		unparsed += batch->count;
	STAILQ_FOREACH(batch, &ix->parsed, link)
		parsed += batch->count - batch->stored;
	STAILQ_FOREACH(split, &ix->splits, link)
		splits++;
	metric_set(METRIC_QUEUE, QUEUE_UNPARSED, (int64_t)unparsed);
	metric_set(METRIC_QUEUE, QUEUE_PARSED, (int64_t)parsed);
	metric_set(METRIC_QUEUE, QUEUE_SPLITS, (int64_t)splits);
	return unparsed + parsed;
}

void pool_split(struct index_role *ix, struct split_request *request)
{
	STAILQ_INSERT_TAIL(&ix->splits, request, link);
	pool_work(ix);
}

void pool_split_cancel(struct index_role *ix, struct split_request *request)
{
	struct parse_slot *slot;

	split_queue_remove(&ix->splits, request);
	LIST_FOREACH(slot, &ix->slots, link)
		if (slot->split == request) {
			/* Still at it, so it must not look idle: nobody waits for its answer. */
			slot->split = NULL;
			work_done(slot);
			return;
		}
}

void pool_free(struct index_role *ix)
{
	struct parse_slot *slot;

	while ((slot = LIST_FIRST(&ix->slots))) {
		if (slot->batch)
			STAILQ_INSERT_HEAD(&ix->unparsed, slot->batch, link);
		slot->batch = NULL;
		slot->split = NULL;
		slot_free(slot);
	}
}
