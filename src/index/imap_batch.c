/* SPDX-License-Identifier: Apache-2.0 */
#include "index/imap_batch.h"

#include "core/log.h"
#include "index/imap_flags.h"
#include "index/reply.h"
#include "store/folder.h"

enum {
	BATCH_UIDS_MAX = 1000,
	BATCHES_MAX = 4, /* unacknowledged; imap sends two */
};

/* A batch on its way to the store, to be acknowledged. */
struct session_batch {
	struct imap_session *session;
	struct batch *batch;
	uint32_t id;
	LIST_ENTRY(session_batch) link;
};

/* Inside the transaction of a slice: the account's progress. */
static int on_slice(struct store *store, size_t done, const struct ingest_counts *slice, void *arg,
		    struct threads_error *err)
{
	const struct session_batch *sb = arg;
	const struct pass_figures add = {
		.read = slice->stored + slice->duplicate + slice->known + slice->excluded +
			slice->failed,
		.stored = slice->stored,
		.duplicate = slice->duplicate + slice->known,
		.excluded = slice->excluded,
		.failed = slice->failed,
	};

	(void)done;
	return account_pass_add(store, sb->batch->source.account_id, &add, err);
}

static void on_batch_done(struct batch *batch, const struct ingest_counts *counts, int rc,
			  const struct threads_error *why, void *arg)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct session_batch *sb = arg;
	struct imap_session *session = sb->session;
	struct threads_error err;

	(void)batch;
	LIST_REMOVE(sb, link);
	if (session->peer && rc < 0) {
		reply_error(session->peer, sb->id, rc, why);
	} else if (session->peer) {
		frame_begin(&f, IMAP_BATCH_ACK, sb->id);
		frame_put_int(&f, counts->stored);
		frame_put_int(&f, counts->duplicate);
		frame_put_int(&f, counts->known);
		frame_put_int(&f, counts->excluded);
		frame_put_int(&f, counts->failed);
		if (peer_send(session->peer, &f, &err) < 0)
			log_debug("imap: %s", err.text);
	}
	if (rc == 0 && counts->known > 0)
		log_notice("account %lld: %lld messages delivered again, stored once",
			   (long long)session->account_id, (long long)counts->known);
	if (rc == 0)
		imap_labels_dropped(session, counts->labels_dropped);
	if (rc == 0 && counts->stored > 0)
		role_bell(session->ix->role, BELL_MESSAGES, session->account_id);
	role_bell(session->ix->role, BELL_ACCOUNTS, session->account_id);
	free(sb);
}

/* Copies the labels from the frame to *at, which has room for all of the frame. */
static int read_labels(struct frame *f, struct batch_entry *entry, char **at,
		       struct threads_error *err)
{
	const char *text = frame_get_text(f);
	const size_t size = strlen(text) + 1;

	if (!imap_labels_fit(text))
		return threads_error_set(err, THREADS_EINVAL, "labels that are none");
	entry->labels = memcpy(*at, text, size);
	*at += size;
	return 0;
}

static int read_entries(struct imap_session *session, struct frame *f, int64_t folder_id,
			const struct batch_request *request, struct threads_error *err)
{
	int rc = folder_belongs(session->ix->store, folder_id, session->account_id, err);
	struct batch_entry *entries = request->entries;
	char *labels = request->labels;

	if (rc == 0)
		return threads_error_set(err, THREADS_EINVAL, "a folder of another account");
	for (size_t i = 0; rc >= 0 && i < request->count; i++) {
		entries[i].folder_id = folder_id;
		entries[i].uid = frame_get_int_in(f, 1, UINT32_MAX);
		entries[i].flags = (uint32_t)frame_get_int_in(f, 0, 15);
		entries[i].received_ms = frame_get_int(f);
		entries[i].offset = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
		entries[i].length = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
		rc = read_labels(f, &entries[i], &labels, err);
	}
	return rc < 0 ? rc : 0;
}

/* Batches wait here in memory: one that does not wait for its acknowledgements is ended. */
static bool is_crowded(const struct imap_session *session)
{
	const struct session_batch *sb;
	size_t count = 0;

	LIST_FOREACH(sb, &session->batches, link)
		count++;
	return count >= BATCHES_MAX;
}

int imap_batch_take(struct imap_session *session, struct frame *f, struct threads_error *err)
{
	AUTO_FREE struct session_batch *sb = calloc(1, sizeof(*sb));
	const int64_t folder_id = frame_get_int(f);
	struct batch_request request = {
		.fd = -1,
		.count = (size_t)frame_get_int_in(f, 0, BATCH_UIDS_MAX),
		.source = { session->account_id, 0, on_slice, sb },
		.done = on_batch_done,
		.arg = sb,
	};
	AUTO_FREE struct batch_entry *entries = calloc(request.count + 1, sizeof(*entries));
	AUTO_FREE char *labels = malloc(f->len + request.count);
	int rc;

	if (!sb || !entries || !labels)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	if (is_crowded(session))
		return threads_error_set(err, THREADS_ELIMIT, "more than %d batches at once",
					 BATCHES_MAX);
	request.entries = entries;
	request.labels = labels;
	rc = read_entries(session, f, folder_id, &request, err);
	if (rc < 0)
		return rc;
	AUTO_FD int fd = frame_get_fd(f);

	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	*sb = (struct session_batch){ .session = session, .id = f->id };
	request.fd = TAKE_FD(fd);
	request.entries = TAKE_PTR(entries);
	request.labels = TAKE_PTR(labels);
	rc = batch_submit(session->ix, &request, &sb->batch, err);
	if (rc < 0)
		return rc;
	LIST_INSERT_HEAD(&session->batches, sb, link);
	TAKE_PTR(sb);
	return 0;
}

void imap_batch_abandon(struct imap_session *session)
{
	struct session_batch *sb;
	size_t lost = 0;

	while ((sb = LIST_FIRST(&session->batches))) {
		lost += sb->batch->count - sb->batch->stored;
		LIST_REMOVE(sb, link);
		batch_abandon(sb->batch);
		free(sb);
	}
	if (lost > 0)
		log_notice("account %lld: imap ended before %zu messages were stored; "
			   "they are fetched again",
			   (long long)session->account_id, lost);
}
