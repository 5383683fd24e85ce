/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/fetch.h"

#include "imap/answer.h"
#include "imap/mailbox.h"

enum {
	SIZES_AT_ONCE = 2000,
	SIZE_LINE = 200,      /* bytes of an answer without a body, generously */
	FLAGS_LINE = 1000,    /* the same with labels */
	UNKNOWN_SIZE = 65536, /* what a message counts when the server said no size */
	MESSAGE_OVERHEAD = 2048,
	SMALL_ANSWER = 1024 * 1024,
};

/* The WANTED items as a set. Neighbours in the list need not be neighbours on the
 * server, so only consecutive numbers become a range. */
static struct mailimap_set *wanted_set(const struct fetch_item *items, size_t count)
{
	struct mailimap_set *set = mailimap_set_new_empty();
	size_t i = 0;

	while (set && i < count) {
		uint32_t first, last;

		if (items[i].state != FETCH_WANTED) {
			i++;
			continue;
		}
		first = last = items[i++].uid;
		while (i < count && items[i].state == FETCH_WANTED && items[i].uid == last + 1)
			last = items[i++].uid;
		if (mailimap_set_add_interval(set, first, last) != MAILIMAP_NO_ERROR) {
			mailimap_set_free(set);
			return NULL;
		}
	}
	return set;
}

int fetch_still_there(struct session *session, struct fetch_item *items, size_t count,
		      struct failure *why)
{
	CLEANUP(uid_list_release) struct uid_list uids = { 0 };

	if (mailbox_search_set(session, wanted_set(items, count), &uids, why) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (items[i].state == FETCH_WANTED &&
		    uid_find(uids.uids, uids.count, items[i].uid) < 0)
			items[i].state = FETCH_DONE;
	return 0;
}

static struct fetch_item *wanted_item(struct fetch_item *items, size_t count, uint32_t uid)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (items[mid].uid == uid)
			return items[mid].state == FETCH_WANTED ? &items[mid] : NULL;
		if (items[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* ---- commands ---- */

/* Without a progress callback the library ignores the message handler. */
static void on_progress(size_t current, size_t maximum, void *context)
{
	(void)current;
	(void)maximum;
	(void)context;
}

/* What becomes of the answers, and what is asked beside the items. */
struct fetch_command {
	mailimap_msg_att_handler *att;
	mailimap_msg_body_handler *body;
	void *context;
	uint64_t changed_since; /* mod-sequence, 0: whatever changed when */
};

static int run_fetch(struct session *session, struct mailimap_set *set,
		     struct mailimap_fetch_type *what, const struct fetch_command *command)
{
	clist *unused = NULL;
	int r = MAILIMAP_ERROR_MEMORY;

	mailimap_set_progress_callback(session->imap, on_progress, on_progress, NULL);
	mailimap_set_msg_att_handler(session->imap, command->att, command->context);
	mailimap_set_msg_body_handler(session->imap, command->body, command->context);
	if (set && what && command->changed_since)
		r = mailimap_uid_fetch_changedsince(session->imap, set, what,
						    command->changed_since, &unused);
	else if (set && what)
		r = mailimap_uid_fetch(session->imap, set, what, &unused);
	mailimap_set_msg_att_handler(session->imap, NULL, NULL);
	mailimap_set_msg_body_handler(session->imap, NULL, NULL);
	/* After an error the pointer may dangle. */
	if (r == MAILIMAP_NO_ERROR && unused)
		mailimap_fetch_list_free(unused);
	if (set)
		mailimap_set_free(set);
	if (what)
		mailimap_fetch_type_free(what);
	return r;
}

static void on_size(struct mailimap_msg_att *att, void *context)
{
	CLEANUP(answer_release) struct answer answer = ANSWER_INIT;
	struct fetch *fetch = context;
	struct fetch_item *item;

	answer_read(&answer, att);
	item = wanted_item(fetch->items, fetch->count, answer.uid);
	if (item && answer.size > 0)
		item->size = answer.size;
}

static struct mailimap_fetch_type *type_of(struct mailimap_fetch_att *const *atts, size_t count)
{
	struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();

	for (size_t i = 0; i < count; i++)
		if (type && atts[i])
			mailimap_fetch_type_new_fetch_att_list_add(type, atts[i]);
	return type;
}

int fetch_sizes(struct session *session, struct fetch_item *items, size_t count,
		struct failure *why)
{
	while (count > 0) {
		const size_t n = count < SIZES_AT_ONCE ? count : SIZES_AT_ONCE;
		struct mailimap_fetch_att *atts[] = { mailimap_fetch_att_new_uid(),
						      mailimap_fetch_att_new_rfc822_size() };
		struct fetch some = { .items = items, .count = n };
		const struct fetch_command command = { on_size, NULL, &some, 0 };
		int r;

		/* The server may have to read every message to know. */
		session_expect(session, SMALL_ANSWER + n * SIZE_LINE * 10);
		r = run_fetch(session, wanted_set(items, n), type_of(atts, ARRAY_SIZE(atts)),
			      &command);
		if (r != MAILIMAP_NO_ERROR)
			return session_failed(session, r, false, why);
		items += n;
		count -= n;
	}
	return 0;
}

struct flags_call {
	fetch_flags_fn *fn;
	void *arg;
	bool with_labels; /* an answer without them was not asked for */
};

static void on_flags(struct mailimap_msg_att *att, void *context)
{
	CLEANUP(answer_release) struct answer answer = ANSWER_INIT;
	const struct flags_call *call = context;

	answer_read(&answer, att);
	if (answer.uid && answer.has_flags && (answer.has_labels || !call->with_labels))
		call->fn(&answer, call->arg);
}

int fetch_flags(struct session *session, const struct fetch_range *range, fetch_flags_fn *fn,
		void *arg, struct failure *why)
{
	struct mailimap_fetch_att *atts[] = {
		mailimap_fetch_att_new_uid(),
		mailimap_fetch_att_new_flags(),
		session->is_gmail ? mailimap_fetch_att_new_xgmlabels() : NULL,
	};
	struct flags_call call = { fn, arg, session->is_gmail };
	const struct fetch_command command = { on_flags, NULL, &call, range->changed_since };
	int r;

	session_expect(session, SMALL_ANSWER + (uint64_t)range->messages * FLAGS_LINE);
	r = run_fetch(session, mailimap_set_new_interval(range->first, range->last),
		      type_of(atts, ARRAY_SIZE(atts)), &command);
	return r == MAILIMAP_NO_ERROR ? 0 : session_failed(session, r, false, why);
}

static bool on_bytes(int type, struct mailimap_msg_att_body_section *section, const char *bytes,
		     size_t len, void *context)
{
	struct fetch *fetch = context;
	struct threads_error err = { 0 };

	(void)type;
	(void)section;
	if (fetch->hub_gone || fetch->large)
		return true;
	if (fetch->batch.spool + len > fetch->message_max) {
		fetch->large = true;
		batch_drop(&fetch->batch);
	} else if (batch_write(&fetch->batch, bytes, len, &err) < 0) {
		fetch->hub_gone = true;
		failure_set(&fetch->hub_why, FAILURE_HUB, "%s", err.text);
	}
	return true;
}

static void send_batch(struct fetch *fetch)
{
	int64_t waited_ms = 0;

	if (hub_send_batch(fetch->hub, fetch->folder_id, &fetch->batch, &waited_ms,
			   &fetch->hub_why) < 0)
		fetch->hub_gone = true;
	stream_extend(fetch->session->stream, waited_ms);
}

/* The end of one message. Its UID may have come before or after its bytes. */
static void on_message(struct mailimap_msg_att *att, void *context)
{
	CLEANUP(answer_release) struct answer answer = ANSWER_INIT;
	struct fetch *fetch = context;
	const size_t bytes = fetch->batch.spool;
	struct fetch_item *item;

	answer_read(&answer, att);
	if (!answer.has_body)
		return; /* flags that changed, or the like */
	fetch->bodies++;
	item = wanted_item(fetch->items, fetch->count, answer.uid);
	if (!item || fetch->hub_gone) {
		batch_drop(&fetch->batch);
	} else if (fetch->large) {
		item->state = FETCH_LARGE;
	} else if (bytes == 0) {
		item->state = FETCH_EMPTY;
	} else {
		item->state = FETCH_HAD;
		fetch->messages++;
		fetch->bytes += bytes;
		fetch->labels_dropped += answer.labels_dropped;
		batch_keep(&fetch->batch, &answer);
	}
	fetch->large = false;
	if (item && item->state != FETCH_WANTED)
		fetch->received++;
	if (batch_full(&fetch->batch))
		send_batch(fetch);
}

static uint64_t expected_bytes(const struct fetch_item *items, size_t count)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].state == FETCH_WANTED)
			bytes += (items[i].size ? items[i].size : UNKNOWN_SIZE) + MESSAGE_OVERHEAD;
	return bytes;
}

int fetch_bodies(struct fetch *fetch, struct fetch_item *items, size_t count, struct failure *why)
{
	struct mailimap_fetch_att *atts[] = {
		mailimap_fetch_att_new_uid(),
		mailimap_fetch_att_new_flags(),
		fetch->session->is_gmail ? mailimap_fetch_att_new_xgmlabels() : NULL,
		mailimap_fetch_att_new_internaldate(),
		mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL)),
	};
	const struct fetch_command command = { on_message, on_bytes, fetch, 0 };
	int r;

	fetch->items = items;
	fetch->count = count;
	fetch->received = 0;
	fetch->bodies = 0;
	fetch->large = false;
	session_expect(fetch->session, expected_bytes(items, count));
	r = run_fetch(fetch->session, wanted_set(items, count), type_of(atts, ARRAY_SIZE(atts)),
		      &command);
	batch_drop(&fetch->batch); /* a message that broke off */
	if (fetch->hub_gone) {
		if (r != MAILIMAP_NO_ERROR)
			session_failed(fetch->session, r, false, why);
		*why = fetch->hub_why;
		return -1;
	}
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(fetch->session, r, false, why);
	return 0;
}
