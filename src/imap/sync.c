/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/sync.h"

#include "core/clock.h"
#include "core/log.h"
#include "imap/flags.h"
#include "imap/sync_internal.h"

enum {
	SET_MESSAGES = 500,
	SET_BYTES = 32 * 1024 * 1024,
	ALONE_BYTES = 16 * 1024 * 1024, /* such a message travels in a batch of its own */
};

void sync_release(struct sync *sync)
{
	sync_suspect_clear(sync);
	folders_release(&sync->folders);
}

static void sync_folder_release(struct sync_folder *sf)
{
	batch_release(&sf->fetch.batch);
	uid_list_release(&sf->uids);
	hub_known_release(&sf->known);
	free(sf->items);
}

struct folder *sync_watched(const struct sync *sync)
{
	for (size_t i = 0; i < sync->folders.count; i++)
		if (sync->folders.list[i].chosen)
			return &sync->folders.list[i];
	return NULL;
}

/* ---- a folder ---- */

/* How many of the last items make the next set. */
static size_t set_size(const struct fetch_item *items, size_t count)
{
	uint64_t bytes = 0;
	size_t n = 0;

	while (n < count && n < SET_MESSAGES) {
		const uint32_t size = items[count - 1 - n].size;

		if (n > 0 && (bytes + size > SET_BYTES || size > ALONE_BYTES))
			break;
		bytes += size;
		n++;
		if (size > ALONE_BYTES)
			break;
	}
	return n;
}

static int send_rest(struct sync_folder *sf, struct failure *why)
{
	int64_t waited_ms;

	return hub_send_batch(sf->sync->hub, sf->fetch.folder_id, &sf->fetch.batch, &waited_ms,
			      why);
}

static int fetch_suspect(struct sync_folder *sf, struct failure *why)
{
	struct sync *sync = sf->sync;
	const struct sync_suspect suspect = sync->suspect;
	struct fetch_item *item = NULL;

	if (!suspect.folder || strcmp(suspect.folder, sf->name) != 0 ||
	    suspect.uidvalidity != sf->box.uidvalidity)
		return 0;
	for (size_t i = 0; i < sf->count && !item; i++)
		if (sf->items[i].uid == suspect.uid && sf->items[i].state == FETCH_WANTED)
			item = &sf->items[i];
	if (item && suspect.attempts >= SYNC_ATTEMPTS_MAX && sync->poisons < SYNC_PENDING_MAX) {
		sync->poisons++;
		item->state = FETCH_DONE;
		sync_suspect_clear(sync);
		return sync_give_up(sf, item->uid, "breaks-connection",
				    "The connection breaks whenever this message is fetched.", why);
	}
	if (item && sync_fetch_set(sf, item, 1, why) < 0)
		return -1;
	sync_suspect_clear(sync);
	return 0;
}

static int fetch_all(struct sync_folder *sf, struct failure *why)
{
	size_t left = sf->count;

	if (fetch_suspect(sf, why) < 0)
		return -1;
	while (left > 0) {
		const size_t n = set_size(sf->items, left);
		struct fetch_item *set = &sf->items[left - n];

		/* Large ones get a batch of their own: memory stays bounded. */
		if (n == 1 && set->size > ALONE_BYTES && send_rest(sf, why) < 0)
			return -1;
		if (sync_count_wanted(set, n) > 0 && sync_fetch_set(sf, set, n, why) < 0)
			return -1;
		left -= n;
	}
	return sync_flush_pending(sf, why);
}

/* Items for the UIDs that index does not know. */
static int choose_new(struct sync_folder *sf, struct hub_todo *todo, struct failure *why)
{
	const struct uid_list *uids = &sf->uids;
	uint64_t here = 0;

	sf->items = calloc(uids->count + 1, sizeof(*sf->items));
	if (!sf->items)
		return failure_set(why, FAILURE_HUB, "out of memory");
	for (size_t i = 0; i < uids->count; i++) {
		if (uid_set_has(&sf->known.uids, uids->uids[i]))
			here++;
		else
			sf->items[sf->count++].uid = uids->uids[i];
	}
	todo->messages = uids->count;
	todo->gone = uid_set_size(&sf->known.uids) - here;
	return 0;
}

/* Learns sizes, leaves out what is too large, and tells index what is to come. */
static int prepare(struct sync_folder *sf, struct hub_todo *todo, struct failure *why)
{
	/* Sizes are advice: a server that will not say them may still give the messages. */
	if (sf->count > 0 && fetch_sizes(sf->sync->session, sf->items, sf->count, why) < 0 &&
	    (!session_is_open(sf->sync->session) || sync_ends_pass(why->kind)))
		return -1;
	for (size_t i = 0; i < sf->count; i++) {
		struct fetch_item *item = &sf->items[i];

		if (item->size > sf->fetch.message_max) {
			item->state = FETCH_DONE;
			if (sync_give_up(sf, item->uid, "too-large",
					 "The message is larger than the hub accepts.", why) < 0)
				return -1;
			continue;
		}
		todo->fetch++;
		todo->bytes += item->size;
	}
	return hub_todo(sf->sync->hub, sf->fetch.folder_id, todo, why);
}

/* Asks index and the server which messages are there, and which of them to fetch. */
static int choose_messages(struct sync_folder *sf, struct failure *why)
{
	const struct mailbox *box = &sf->box;
	const int64_t since_ms = sf->sync->hub->account.since_ms;
	const struct hub_folder open = { sf->name, box->uidvalidity, box->messages, box->uidnext };
	struct hub_todo todo = { 0 };

	if (hub_folder_open(sf->sync->hub, &open, &sf->known, why) < 0 ||
	    mailbox_search(sf->sync->session, box->messages, since_ms, &sf->uids, why) < 0 ||
	    choose_new(sf, &todo, why) < 0)
		return -1;
	sf->fetch.folder_id = sf->known.folder_id;
	if (since_ms > 0)
		todo.gone = 0; /* older ones were not asked for */
	sf->sync->pass.messages += sf->uids.count;
	return prepare(sf, &todo, why);
}

/* Mail comes first: what goes wrong here may not keep it away, now or at the next pass. */
static int follow_flags(struct sync_folder *sf, struct folder *folder, struct failure *why)
{
	const struct flags flags = { sf->sync->session, sf->sync->hub, &sf->known, &sf->uids,
				     &sf->box };
	struct folder_past *past = &folder->past;
	const int64_t now_ms = clock_monotonic_ms();
	int64_t again_ms = 0;
	int rc;

	if (now_ms < past->flags_next_ms)
		return 0;
	rc = flags_follow(&flags, &again_ms, why);
	if (rc < 0 && (why->kind == FAILURE_STOPPED || why->kind == FAILURE_HUB))
		return -1;
	if (rc < 0 && (!session_is_open(sf->sync->session) || sync_ends_pass(why->kind)) &&
	    ++past->flags_failures < SYNC_ATTEMPTS_MAX)
		return -1;
	past->flags_failures = 0;
	if (rc < 0) {
		again_ms = FLAGS_EVERY_MS;
		log_notice("kind=%s flags of messages are not followed for some hours",
			   failure_name(why->kind));
		log_debug("flags of messages: %s", why->details);
	}
	past->flags_next_ms = again_ms > 0 ? now_ms + again_ms : 0;
	return session_is_open(sf->sync->session) ? 0 : -1;
}

/* What there is to do in a folder that is open: mail, then flags. */
static int work_folder(struct sync_folder *sf, struct folder *folder, struct failure *why)
{
	struct failure sent;
	int rc = choose_messages(sf, why);

	if (rc == 0)
		rc = fetch_all(sf, why);
	/* What came before a failure is complete: it is kept. */
	if (send_rest(sf, &sent) < 0 || hub_drain(sf->sync->hub, &sent) < 0) {
		*why = rc < 0 ? *why : sent;
		rc = -1;
	}
	return rc < 0 ? rc : follow_flags(sf, folder, why);
}

static int sync_folder(struct sync *sync, struct folder *folder, struct failure *why)
{
	CLEANUP(sync_folder_release)
	struct sync_folder sf = {
		.sync = sync,
		.name = folder->name,
		.fetch = { .session = sync->session,
			   .hub = sync->hub,
			   .message_max = (size_t)sync->hub->account.message_max },
	};
	int rc;

	batch_init(&sf.fetch.batch);
	folder->past.seen = false;
	if (mailbox_examine(sync->session, folder->name, &sf.box, why) < 0)
		return -1;
	rc = work_folder(&sf, folder, why);
	if (sf.fetch.labels_dropped > 0)
		log_notice("%zu keywords or labels of messages were too many or too long",
			   sf.fetch.labels_dropped);
	sync->pass.fetched += sf.fetch.messages;
	sync->pass.bytes += sf.fetch.bytes;
	if (rc < 0)
		return rc;
	folder->past.seen = true;
	folder->past.uidvalidity = sf.box.uidvalidity;
	folder->past.uidnext = sf.box.uidnext;
	folder->past.messages = sf.box.messages;
	folder->past.modseq = folder->past.flags_next_ms ? 0 : sf.box.modseq;
	return 0;
}

/* ---- a pass ---- */

/* As far as the server tells; one that does not is asked when its time has come. */
static bool flags_are_unchanged(const struct folder *folder, const struct mailbox *box)
{
	return clock_monotonic_ms() < folder->past.flags_next_ms ||
	       (box->modseq && box->modseq == folder->past.modseq);
}

/* 1 = nothing happened there since the last pass, 0 = look, -1 = the connection is gone. */
static int is_unchanged(struct sync *sync, const struct folder *folder, struct failure *why)
{
	struct mailbox box;

	if (!folder->past.seen)
		return 0;
	if (mailbox_status(sync->session, folder->name, &box, why) < 0)
		return session_is_open(sync->session) ? 0 : -1;
	sync->pass.messages += box.messages;
	if (box.uidvalidity == folder->past.uidvalidity && box.uidnext == folder->past.uidnext &&
	    box.messages == folder->past.messages && flags_are_unchanged(folder, &box))
		return 1;
	sync->pass.messages -= box.messages;
	return 0;
}

static int visit(struct sync *sync, struct folder *folder, enum sync_scope scope,
		 struct failure *why)
{
	if (scope == SYNC_CHANGED) {
		const int rc = is_unchanged(sync, folder, why);

		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	if (sync_folder(sync, folder, why) == 0)
		return 0;
	/* A folder that vanished or is locked must not stop the others. */
	if (session_is_open(sync->session) && why->kind == FAILURE_FOLDER_GONE) {
		folder->chosen = false;
		return 0;
	}
	return -1;
}

int sync_pass(struct sync *sync, enum sync_scope scope, struct failure *why)
{
	const struct folder *watched = sync_watched(sync);

	sync->pass = (struct hub_pass){ .number = sync->hub->pass_number };
	sync->received = false;
	if (scope == SYNC_ALL) /* less is not what was asked for */
		sync->hub->sync_asked = false;
	sync->hub->refused = false;
	for (size_t i = 0; i < sync->folders.count; i++) {
		struct folder *folder = &sync->folders.list[i];

		if (!folder->chosen || (scope == SYNC_IDLE && folder != watched))
			continue;
		if (visit(sync, folder, scope, why) < 0)
			return -1;
	}
	log_debug("pass: %llu messages, %llu fetched", (unsigned long long)sync->pass.messages,
		  (unsigned long long)sync->pass.fetched);
	if (scope != SYNC_IDLE && hub_pass_done(sync->hub, &sync->pass, why) < 0)
		return -1;
	return 0;
}
