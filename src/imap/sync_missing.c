/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that a server refuses, leaves out, or that break the connection. */
#include "imap/sync_internal.h"

enum { HALVES_MAX = 64 };

void sync_suspect_clear(struct sync *sync)
{
	free(sync->suspect.folder);
	sync->suspect = (struct sync_suspect){ 0 };
}

int sync_give_up(struct sync_folder *sf, uint32_t uid, const char *reason, const char *words,
		 struct failure *why)
{
	sf->sync->pass.failed++;
	return hub_failed(sf->sync->hub, sf->fetch.folder_id, uid, reason, words, why);
}

/* ---- messages that the server does not give ---- */

int sync_flush_pending(struct sync_folder *sf, struct failure *why)
{
	while (sf->pending.count > 0)
		if (sync_give_up(sf, sf->pending.uids[--sf->pending.count], "refused",
				 "The server lists the message but does not hand it out.", why) < 0)
			return -1;
	return 0;
}

/* Remembers a failure. -1 with why when there are too many in a row to believe in them. */
static int add_pending(struct sync_folder *sf, struct fetch_item *item, const struct failure *last,
		       struct failure *why)
{
	if (sf->pending.count == SYNC_PENDING_MAX) {
		sf->pending.count = 0;
		if (last && last->kind != FAILURE_NONE)
			*why = *last;
		else
			failure_set(why, FAILURE_SERVER_REFUSED,
				    "the server lists messages but does not hand them out");
		return -1;
	}
	sf->pending.uids[sf->pending.count++] = item->uid;
	item->state = FETCH_DONE;
	return 0;
}

/* After a command: what came is noted, what is large or empty goes to the ledger. */
static int settle(struct sync_folder *sf, struct fetch_item *items, size_t count,
		  struct failure *why)
{
	struct sync *sync = sf->sync;

	if (sf->fetch.received > 0) {
		sync->received = true;
		sync->poisons = 0;
		if (sync_flush_pending(sf, why) < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i].state == FETCH_LARGE) {
			items[i].state = FETCH_DONE;
			if (sync_give_up(sf, items[i].uid, "too-large",
					 "The message is larger than the hub accepts.", why) < 0)
				return -1;
		}
	}
	return 0;
}

size_t sync_count_wanted(const struct fetch_item *items, size_t count)
{
	size_t wanted = 0;

	for (size_t i = 0; i < count; i++)
		wanted += items[i].state == FETCH_WANTED;
	return wanted;
}

/* An empty answer is asked again like a missing one. */
static void want_empty(struct fetch_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].state == FETCH_EMPTY)
			items[i].state = FETCH_WANTED;
}

/* The connection broke: the first message that had not come is the suspect. */
static void note_suspect(struct sync_folder *sf, const struct fetch_item *items, size_t count)
{
	struct sync_suspect *suspect = &sf->sync->suspect;

	for (size_t i = 0; i < count; i++) {
		if (items[i].state != FETCH_WANTED)
			continue;
		if (suspect->folder && suspect->uid == items[i].uid &&
		    suspect->uidvalidity == sf->box.uidvalidity &&
		    strcmp(suspect->folder, sf->name) == 0) {
			suspect->attempts++;
			return;
		}
		sync_suspect_clear(sf->sync);
		suspect->folder = strdup(sf->name);
		suspect->uidvalidity = sf->box.uidvalidity;
		suspect->uid = items[i].uid;
		suspect->attempts = 1;
		return;
	}
}

/* Refusals that concern the account, not a message: the pass ends. */
bool sync_ends_pass(enum failure_kind kind)
{
	return kind == FAILURE_THROTTLED || kind == FAILURE_OVER_QUOTA ||
	       kind == FAILURE_TOO_MANY || kind == FAILURE_NOT_CONNECTED ||
	       kind == FAILURE_AUTH_REFUSED || kind == FAILURE_UNAVAILABLE || kind == FAILURE_HUB ||
	       kind == FAILURE_STOPPED;
}

/* One command. Returns 1 if the server refused it (why), 0 if it ended well, -1 to end the pass. */
static int ask_once(struct sync_folder *sf, struct fetch_item *items, size_t count,
		    struct failure *why)
{
	struct failure settled;
	int rc;

	*why = (struct failure){ 0 };
	rc = fetch_bodies(&sf->fetch, items, count, why);
	if (rc < 0 && !session_is_open(sf->sync->session) && why->kind != FAILURE_STOPPED &&
	    why->kind != FAILURE_HUB)
		note_suspect(sf, items, count);
	if (why->kind != FAILURE_HUB && settle(sf, items, count, &settled) < 0) {
		*why = settled;
		return -1;
	}
	if (rc == 0)
		return 0;
	return sync_ends_pass(why->kind) || !session_is_open(sf->sync->session) ? -1 : 1;
}

/* The server refused a set down to this one. */
static int ask_single(struct sync_folder *sf, struct fetch_item *item, struct failure *why)
{
	struct failure last = { 0 };
	int rc = 1;

	for (unsigned i = 0; i < SYNC_ATTEMPTS_MAX && rc == 1; i++)
		rc = ask_once(sf, item, 1, &last);
	if (rc < 0)
		*why = last;
	return rc == 1 ? add_pending(sf, item, &last, why) : rc;
}

/* Refused sets are halved until the message is found that the server does not give. */
static int ask_halves(struct sync_folder *sf, struct fetch_item *items, size_t count,
		      struct failure *why)
{
	struct set {
		struct fetch_item *items;
		size_t count;
	} stack[HALVES_MAX] = { { items, count } };
	size_t depth = 1;

	while (depth > 0) {
		const struct set set = stack[--depth];
		const size_t half = set.count / 2;
		int rc = 0;

		if (sync_count_wanted(set.items, set.count) > 0)
			rc = set.count == 1 ? ask_single(sf, set.items, why)
					    : ask_once(sf, set.items, set.count, why);
		if (rc < 0)
			return rc;
		if (rc > 0 && depth + 2 <= HALVES_MAX) {
			stack[depth++] = (struct set){ set.items + half, set.count - half };
			stack[depth++] = (struct set){ set.items, half };
		}
	}
	return 0;
}

/* The server lists it: the last attempt, alone; then it is for the ledger. */
static int ask_last(struct sync_folder *sf, struct fetch_item *item, struct failure *why)
{
	bool empty;

	if (ask_halves(sf, item, 1, why) < 0)
		return -1;
	if (item->state != FETCH_WANTED && item->state != FETCH_EMPTY)
		return 0;
	empty = item->state == FETCH_EMPTY;
	item->state = FETCH_DONE;
	return sync_give_up(sf, item->uid, empty ? "empty" : "missing",
			    empty ? "The server says that the message has no content."
				  : "The server lists the message but does not send it.",
			    why);
}

/* Messages that a well-ended command left out: once more together, then one by one. */
static int ask_missing(struct sync_folder *sf, struct fetch_item *items, size_t count,
		       struct failure *why)
{
	want_empty(items, count);
	if (sync_count_wanted(items, count) == 0)
		return 0;
	if (ask_halves(sf, items, count, why) < 0)
		return -1;
	want_empty(items, count);
	if (sync_count_wanted(items, count) == 0)
		return 0;
	if (fetch_still_there(sf->sync->session, items, count, why) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (items[i].state == FETCH_WANTED && ask_last(sf, &items[i], why) < 0)
			return -1;
	return 0;
}

/* A server that sends bodies without saying whose is no use to anybody. */
static int check_sense(const struct sync_folder *sf, struct failure *why)
{
	if (sf->fetch.bodies > 0 && sf->fetch.received == 0)
		return failure_set(why, FAILURE_GARBAGE,
				   "the server sends messages that nobody asked for");
	return 0;
}

int sync_fetch_set(struct sync_folder *sf, struct fetch_item *items, size_t count,
		   struct failure *why)
{
	int rc = ask_once(sf, items, count, why);

	if (rc == 0 && check_sense(sf, why) < 0)
		return -1;
	if (rc > 0)
		rc = ask_halves(sf, items, count, why);
	return rc < 0 ? rc : ask_missing(sf, items, count, why);
}
