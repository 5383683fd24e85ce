/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/work.h"

#include "ipc/memfd.h"
#include "mime/mbox.h"
#include "parse/batch.h"

enum {
	INPUT_MAX = 1 << 30,
	SPLIT_MAX = 4000, /* ranges that fit into a frame, and that index takes */
};

struct work {
	struct loop *loop;
	struct mime *mime;
	struct peer *index;
};

int work_new(struct loop *loop, struct work **ret_work, struct threads_error *err)
{
	struct work *work = calloc(1, sizeof(*work));
	int rc;

	if (!work)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	work->loop = loop;
	rc = mime_open(&work->mime, err);
	if (rc < 0)
		work_free(work);
	else
		*ret_work = work;
	return rc;
}

struct work *work_free(struct work *work)
{
	if (!work)
		return NULL;
	peer_free(work->index);
	mime_close(work->mime);
	free(work);
	return NULL;
}

/* The rest of the question: entries, as many as the array has. */
static int read_batch(struct mime *mime, struct frame *f, struct batch_entry *entries, size_t count,
		      const int fds[2], struct threads_error *err)
{
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	struct batch_input batch = { .entries = entries, .count = count };
	int rc;

	for (size_t i = 0; i < count; i++) {
		entries[i].offset = (uint64_t)frame_get_int_in(f, 0, INPUT_MAX);
		entries[i].length = (uint64_t)frame_get_int_in(f, 0, INPUT_MAX);
		(void)frame_get_int(f); /* received: for index alone */
	}
	rc = frame_get_end(f, err);
	if (rc == 0)
		rc = memfd_map(fds[0], INPUT_MAX, &view, err);
	batch.data = view.data;
	batch.len = view.len;
	if (rc == 0)
		rc = batch_parse(mime, &batch, fds[1], true, err);
	return rc;
}

static int do_batch(struct mime *mime, struct frame *f, struct frame *answer,
		    struct threads_error *err)
{
	AUTO_FD int input = frame_get_fd(f);
	AUTO_FD int output = frame_get_fd(f);
	const size_t count = (size_t)frame_get_int_in(f, 0, BATCH_ENTRIES_MAX);
	struct batch_entry *entries = calloc(count + 1, sizeof(*entries));
	int rc;

	if (!entries)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = read_batch(mime, f, entries, count, (const int[]){ input, output }, err);
	free(entries);
	frame_begin(answer, PARSE_BATCH_IS, f->id);
	frame_put_int(answer, (int64_t)count);
	return rc;
}

static int do_split(struct frame *f, struct frame *answer, struct threads_error *err)
{
	AUTO_FD int mbox = frame_get_fd(f);
	const uint64_t from = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
	const size_t messages = (size_t)frame_get_int_in(f, 1, INT64_MAX);
	const struct mbox_limits limits = {
		.messages = messages < SPLIT_MAX ? messages : SPLIT_MAX,
		.bytes = (uint64_t)frame_get_int_in(f, 0, INT64_MAX),
	};
	struct mbox_result result = { 0 };
	struct mbox_range *ranges;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	ranges = calloc(limits.messages + 1, sizeof(*ranges));
	if (!ranges)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = mbox_split(mbox, from, &limits, ranges, &result, err);
	frame_begin(answer, PARSE_SPLIT_IS, f->id);
	frame_put_int(answer, (int64_t)result.next);
	frame_put_int(answer, result.end);
	frame_put_int(answer, (int64_t)result.count);
	for (size_t i = 0; i < result.count; i++) {
		frame_put_int(answer, (int64_t)ranges[i].offset);
		frame_put_int(answer, (int64_t)ranges[i].length);
	}
	free(ranges);
	return rc;
}

int work_do(struct mime *mime, struct frame *question, struct frame *answer,
	    struct threads_error *err)
{
	if (question->type == PARSE_BATCH)
		return do_batch(mime, question, answer, err);
	if (question->type == PARSE_SPLIT)
		return do_split(question, answer, err);
	return threads_error_set(err, THREADS_EINVAL, "unexpected frame %u", question->type);
}

/* One answer and no second question: a mail that took this process over must not
 * see the next one. */
static int on_frame(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	struct work *work = arg;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct threads_error why;
	int rc = work_do(work->mime, f, &answer, &why);

	if (rc < 0) {
		frame_begin_error(&answer, f->id, rc, why.text);
	}
	rc = peer_send(peer, &answer, err);
	/* An answer that waits for its reader goes out before index closes the link. */
	if (rc == 0 && peer_backlog(peer) == 0)
		loop_stop(work->loop);
	else
		peer_pause(peer, true);
	return rc;
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct work *work = arg;

	(void)peer;
	(void)why;
	work->index = NULL;
	loop_stop(work->loop);
}

int work_attach(struct work *work, int fd, struct threads_error *err)
{
	const struct peer_handler handler = { on_frame, on_closed, work };

	if (work->index) {
		close(fd);
		return threads_error_set(err, THREADS_EINVAL, "there is a link to index already");
	}
	return peer_new(work->loop, fd, ROLE_INDEX, 0, &handler, &work->index, err);
}
