/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/flags.h"

#include "core/clock.h"
#include "core/log.h"

enum {
	RANGE_MESSAGES = 10000, /* of one command: its answer is bounded */
	REFUSED_AGAIN_MS = 10 * 60 * 1000,
};

enum look {
	LOOK_NEVER,
	LOOK_NOT,     /* now */
	LOOK_CHANGED, /* at what changed since the last time */
	LOOK_ALL,
};

/* One look, and what came of it. */
struct run {
	const struct flags *flags;
	struct batch batch; /* of flags alone */
	size_t left;        /* answers that are still believed in this command */
	bool refused;       /* by index: what comes is thrown away, the connection stays usable */
	struct failure why;
};

/* A server that loses count, or has none, is not asked for everything each time. */
static enum look choose(const struct flags *flags, int64_t age_ms)
{
	const uint64_t present = flags->known->modseq;

	/* Without UIDVALIDITY nobody knows whose flags these are. */
	if (!flags->box->uidvalidity)
		return LOOK_NEVER;
	if (flags->box->modseq && present == flags->box->modseq)
		return LOOK_NOT;
	if (present && present < flags->box->modseq)
		return LOOK_CHANGED;
	return age_ms >= 0 && age_ms < FLAGS_EVERY_MS ? LOOK_NOT : LOOK_ALL;
}

/* What is counted may be asked for at any time. */
static int64_t next_look(const struct flags *flags, enum look what, int64_t age_ms)
{
	const uint64_t modseq = flags->box->modseq;

	if (what == LOOK_NEVER)
		return FLAGS_EVERY_MS;
	if (what == LOOK_NOT)
		return modseq && modseq == flags->known->modseq ? 0 : FLAGS_EVERY_MS - age_ms;
	return modseq ? 0 : FLAGS_EVERY_MS;
}

static void say(struct run *run, bool last)
{
	const struct flags *flags = run->flags;
	const struct hub_flags said = { flags->known->folder_id, last, flags->box->modseq };
	const int64_t begin = clock_monotonic_ms();

	if (hub_flags(flags->hub, &said, &run->batch, &run->why) < 0)
		run->refused = true;
	stream_extend(flags->session->stream, clock_monotonic_ms() - begin);
}

static void on_answer(const struct answer *answer, void *arg)
{
	struct run *run = arg;

	if (run->refused || run->left == 0 || !uid_set_has(&run->flags->known->uids, answer->uid))
		return;
	run->left--;
	batch_keep(&run->batch, answer);
	if (batch_full(&run->batch))
		say(run, false);
}

/* The next messages from *at on of which index knows the first. */
static struct fetch_range next_range(const struct flags *flags, size_t *at)
{
	const struct uid_list *uids = flags->uids;
	struct fetch_range range = { 0 };

	while (*at < uids->count && !uid_set_has(&flags->known->uids, uids->uids[*at]))
		++*at;
	if (*at == uids->count)
		return range;
	range.first = uids->uids[*at];
	for (; *at < uids->count && range.messages < RANGE_MESSAGES; ++*at) {
		range.last = uids->uids[*at];
		range.messages++;
	}
	return range;
}

static int look(struct run *run, uint64_t changed_since, struct failure *why)
{
	const struct flags *flags = run->flags;
	size_t at = 0;

	for (;;) {
		struct fetch_range range = next_range(flags, &at);

		if (range.messages == 0 || run->refused)
			return 0;
		range.changed_since = changed_since;
		run->left = 2 * (size_t)range.messages;
		if (fetch_flags(flags->session, &range, on_answer, run, why) < 0)
			return -1;
	}
}

/* Index is there and does not want it: mail goes on. Else the pass is over. */
static int settle_refusal(const struct run *run, int64_t *ret_again_ms, struct failure *why)
{
	*why = run->why;
	hub_look(run->flags->hub);
	if (run->why.kind != FAILURE_HUB || !hub_ready(run->flags->hub))
		return -1;
	log_notice("flags of messages are not followed for now: %s", run->why.details);
	*ret_again_ms = REFUSED_AGAIN_MS;
	return 0;
}

int flags_follow(const struct flags *flags, int64_t *ret_again_ms, struct failure *why)
{
	const int64_t age_ms = clock_now_ms(NULL) - flags->known->compared_ms;
	const enum look what = choose(flags, age_ms);
	struct run run = { .flags = flags };
	int rc;

	*ret_again_ms = next_look(flags, what, age_ms);
	if (what < LOOK_CHANGED)
		return 0;
	batch_init(&run.batch);
	rc = look(&run, what == LOOK_CHANGED ? flags->known->modseq : 0, why);
	if (rc == 0 && !run.refused)
		say(&run, true);
	batch_release(&run.batch);
	return rc == 0 && run.refused ? settle_refusal(&run, ret_again_ms, why) : rc;
}
