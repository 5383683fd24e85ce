/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/hub.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "ipc/memfd.h"

enum {
	ANSWER_WAIT_MS = 10 * 60 * 1000,
	LOOK_AGAIN_MS = 10 * 1000,
	KNOWN_BYTES_MAX = 64 * 1024 * 1024,
};

static void take_ack(struct hub *hub, struct hub_batch *batch, struct frame *f)
{
	batch->id = 0;
	if (f->type == IMAP_BATCH_ACK) {
		for (int i = 0; i < 5; i++)
			hub->taken += (uint64_t)frame_get_int_in(f, 0, BATCH_MESSAGES_MAX);
		return;
	}
	(void)frame_get_int(f);
	hub->refused = true;
	snprintf(hub->refusal, sizeof(hub->refusal), "%s", frame_get_text(f));
}

static int on_index(struct frame *f, void *arg, struct threads_error *err)
{
	struct hub *hub = arg;

	if (f->type == IMAP_ACCOUNT) {
		const int rc = account_read(&hub->offered, f, err);

		hub->has_offer = rc == 0;
		return rc;
	}
	if (f->type == IMAP_SYNC) {
		hub->pass_number = frame_get_int(f);
		hub->sync_asked = true;
		return frame_get_end(f, err);
	}
	if (f->type == IMAP_BATCH_ACK || f->type == IPC_ERROR) {
		for (size_t i = 0; i < HUB_WINDOW_BATCHES; i++)
			if (f->id != 0 && hub->window[i].id == f->id)
				take_ack(hub, &hub->window[i], f);
		return frame_get_end(f, err);
	}
	/* An answer that came too late, for one: no harm. */
	return 0;
}

void hub_init(struct hub *hub, struct links *links)
{
	*hub = (struct hub){ .links = links };
	links_on_index(links, on_index, hub);
}

void hub_release(struct hub *hub)
{
	account_release(&hub->account);
	account_release(&hub->offered);
}

static void forget_link(struct hub *hub)
{
	size_t lost = 0;

	for (size_t i = 0; i < HUB_WINDOW_BATCHES; i++)
		lost += hub->window[i].id ? hub->window[i].messages : 0;
	if (lost > 0)
		log_notice("the link to index ended before %zu messages were confirmed; "
			   "what is not stored is fetched again",
			   lost);
	memset(hub->window, 0, sizeof(hub->window));
	hub->has_account = false;
	hub->has_offer = false;
	hub->refused = false;
	hub->sync_asked = false;
}

void hub_look(struct hub *hub)
{
	if (links_refresh(hub->links, true))
		forget_link(hub);
	links_take(hub->links, 0);
	if (!links_up(hub->links, ROLE_INDEX))
		hub->has_account = false;
}

bool hub_ready(const struct hub *hub)
{
	return hub->has_account && links_up(hub->links, ROLE_INDEX);
}

bool hub_adopt(struct hub *hub)
{
	if (!hub->has_offer)
		return false;
	account_release(&hub->account);
	hub->account = hub->offered;
	hub->offered = (struct account){ 0 };
	hub->has_offer = false;
	hub->has_account = true;
	return true;
}

static int away(struct hub *hub, const struct threads_error *err, struct failure *why)
{
	if (links_stopping(hub->links))
		return failure_set(why, FAILURE_STOPPED, "stopped");
	return failure_set(why, FAILURE_HUB, "%s", err->text);
}

int hub_send(struct hub *hub, const struct frame *f, struct failure *why)
{
	struct threads_error err = { 0 };

	if (links_tell(hub->links, ROLE_INDEX, f, &err) < 0)
		return away(hub, &err, why);
	return 0;
}

/* Asks index and expects an answer of one type. */
static int ask(struct hub *hub, struct frame *question, uint16_t type, struct frame *answer,
	       struct failure *why)
{
	struct threads_error err = { 0 };

	if (links_ask(hub->links, ROLE_INDEX, question, answer, ANSWER_WAIT_MS, &err) < 0)
		return away(hub, &err, why);
	if (answer->type == IPC_ERROR) {
		(void)frame_get_int(answer);
		return failure_set(why, FAILURE_HUB, "%s", frame_get_text(answer));
	}
	if (answer->type != type)
		return failure_set(why, FAILURE_HUB, "index gave another answer");
	return 0;
}

int hub_state(struct hub *hub, const char *activity, const struct failure *failure,
	      int64_t retry_ms)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(2048);
	static const struct failure fine = { 0 };
	const struct failure *show = failure ? failure : &fine;
	struct failure why;

	failure_words(show->kind, hub->account.host ? hub->account.host : "the server", &words);
	frame_begin(&f, IMAP_STATE, 0);
	frame_put_text(&f, activity);
	frame_put_text(&f, failure_name(show->kind));
	frame_put_text(&f, strbuf_str(&words));
	frame_put_text(&f, failure_next_step(show->kind));
	frame_put_text(&f, show->details);
	frame_put_int(&f, retry_ms);
	return hub_send(hub, &f, &why);
}

void hub_known_release(struct hub_known *known)
{
	uid_set_release(&known->uids);
}

static int read_known(struct frame *f, struct hub_known *known, struct threads_error *err)
{
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	AUTO_FD int fd = -1;
	const char *text;
	bool has_fd;
	int rc;

	known->folder_id = frame_get_int(f);
	text = frame_get_text(f);
	has_fd = frame_get_int_in(f, 0, 1) == 1;
	known->modseq = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
	known->compared_ms = frame_get_int(f);
	if (has_fd)
		fd = frame_get_fd(f);
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	if (fd < 0)
		return uid_set_parse(&known->uids, text, strlen(text), err);
	rc = memfd_map(fd, KNOWN_BYTES_MAX, &view, err);
	if (rc < 0)
		return rc;
	return uid_set_parse(&known->uids, (const char *)view.data, view.len, err);
}

int hub_folder_open(struct hub *hub, const struct hub_folder *folder, struct hub_known *known,
		    struct failure *why)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct threads_error err = { 0 };

	frame_begin(&question, IMAP_FOLDER_OPEN, 0);
	frame_put_text(&question, folder->name);
	frame_put_int(&question, folder->uidvalidity);
	frame_put_int(&question, folder->messages);
	frame_put_int(&question, folder->uidnext);
	if (ask(hub, &question, IMAP_FOLDER_IS, &answer, why) < 0)
		return -1;
	if (read_known(&answer, known, &err) < 0)
		return failure_set(why, FAILURE_HUB, "index: %s", err.text);
	return 0;
}

int hub_todo(struct hub *hub, int64_t folder_id, const struct hub_todo *todo, struct failure *why)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_TODO, 0);
	frame_put_int(&f, folder_id);
	frame_put_int(&f, (int64_t)todo->messages);
	frame_put_int(&f, (int64_t)todo->fetch);
	frame_put_int(&f, (int64_t)todo->bytes);
	frame_put_int(&f, (int64_t)todo->gone);
	return hub_send(hub, &f, why);
}

static size_t window_bytes(const struct hub *hub, size_t *ret_batches)
{
	size_t bytes = 0;

	*ret_batches = 0;
	for (size_t i = 0; i < HUB_WINDOW_BATCHES; i++) {
		if (hub->window[i].id == 0)
			continue;
		bytes += hub->window[i].bytes;
		++*ret_batches;
	}
	return bytes;
}

/* Waits until at most left batches are unacknowledged, and bytes more would fit. */
static int wait_window(struct hub *hub, size_t left, size_t bytes, struct failure *why)
{
	const int64_t deadline = clock_monotonic_ms() + ANSWER_WAIT_MS;
	size_t batches;

	links_take(hub->links, 0);
	for (;;) {
		const size_t used = window_bytes(hub, &batches);

		if (links_stopping(hub->links))
			return failure_set(why, FAILURE_STOPPED, "stopped");
		if (hub->refused)
			return failure_set(why, FAILURE_HUB, "%s", hub->refusal);
		if (!links_up(hub->links, ROLE_INDEX))
			return failure_set(why, FAILURE_HUB, "index is away");
		if (batches == 0 || (batches <= left && used + bytes <= HUB_WINDOW_BYTES))
			return 0;
		if (clock_monotonic_ms() > deadline) {
			links_drop(hub->links, ROLE_INDEX);
			return failure_set(why, FAILURE_HUB, "index does not answer");
		}
		links_take(hub->links, LOOK_AGAIN_MS);
	}
}

static void fill_batch_frame(struct frame *f, int64_t folder_id, const struct batch *batch)
{
	frame_put_int(f, folder_id);
	frame_put_int(f, (int64_t)batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		const struct batch_entry *entry = &batch->entries[i];

		frame_put_int(f, entry->uid);
		frame_put_int(f, entry->flags);
		frame_put_int(f, entry->date_ms);
		frame_put_int(f, (int64_t)entry->offset);
		frame_put_int(f, (int64_t)entry->len);
		frame_put_text(f, batch_labels(batch, entry));
	}
	frame_put_fd(f, batch->fd);
}

int hub_send_batch(struct hub *hub, int64_t folder_id, struct batch *batch, int64_t *ret_waited_ms,
		   struct failure *why)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const int64_t begin = clock_monotonic_ms();
	struct threads_error err = { 0 };
	const uint32_t id = links_next_id(hub->links);

	*ret_waited_ms = 0;
	if (batch->count == 0)
		return 0;
	if (wait_window(hub, HUB_WINDOW_BATCHES - 1, batch->kept, why) < 0)
		return -1;
	*ret_waited_ms = clock_monotonic_ms() - begin;
	if (memfd_seal(batch->fd, &err) < 0)
		return failure_set(why, FAILURE_HUB, "%s", err.text);
	frame_begin(&f, IMAP_BATCH, id);
	fill_batch_frame(&f, folder_id, batch);
	if (hub_send(hub, &f, why) < 0)
		return -1;
	for (size_t i = 0; i < HUB_WINDOW_BATCHES; i++) {
		if (hub->window[i].id == 0) {
			hub->window[i] = (struct hub_batch){ id, batch->kept, batch->count };
			break;
		}
	}
	batch_release(batch);
	return 0;
}

int hub_drain(struct hub *hub, struct failure *why)
{
	return wait_window(hub, 0, 0, why);
}

int hub_flags(struct hub *hub, const struct hub_flags *flags, struct batch *batch,
	      struct failure *why)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&question, IMAP_FLAGS, 0);
	frame_put_int(&question, flags->folder_id);
	frame_put_int(&question, flags->last);
	frame_put_int(&question, (int64_t)flags->modseq);
	frame_put_int(&question, (int64_t)batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		frame_put_int(&question, batch->entries[i].uid);
		frame_put_int(&question, batch->entries[i].flags);
		frame_put_text(&question, batch_labels(batch, &batch->entries[i]));
	}
	batch_release(batch);
	return ask(hub, &question, IPC_OK, &answer, why);
}

int hub_failed(struct hub *hub, int64_t folder_id, uint32_t uid, const char *reason,
	       const char *words, struct failure *why)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&question, IMAP_FAILED, 0);
	frame_put_int(&question, folder_id);
	frame_put_int(&question, uid);
	frame_put_text(&question, reason);
	frame_put_text(&question, words);
	return ask(hub, &question, IPC_OK, &answer, why);
}

int hub_pass_done(struct hub *hub, const struct hub_pass *pass, struct failure *why)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_PASS_DONE, 0);
	frame_put_int(&f, (int64_t)pass->messages);
	frame_put_int(&f, (int64_t)pass->fetched);
	frame_put_int(&f, (int64_t)pass->bytes);
	frame_put_int(&f, (int64_t)pass->failed);
	frame_put_int(&f, pass->number);
	return hub_send(hub, &f, why);
}
