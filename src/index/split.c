/* SPDX-License-Identifier: Apache-2.0 */
#include "index/split.h"

enum { RANGES_MAX = 4000 };

static bool queue_has(const struct split_queue *queue, const struct split_request *split)
{
	const struct split_request *waiting;

	STAILQ_FOREACH(waiting, queue, link)
		if (waiting == split)
			return true;
	return false;
}

void split_queue_remove(struct split_queue *queue, struct split_request *split)
{
	if (queue_has(queue, split))
		STAILQ_REMOVE(queue, split, split_request, link);
}

int split_ask(const struct split_request *split, struct peer *peer, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, PARSE_SPLIT, 1);
	frame_put_fd(&f, split->fd);
	frame_put_int(&f, (int64_t)split->from);
	frame_put_int(&f, split->most_messages);
	frame_put_int(&f, split->most_bytes);
	return peer_send(peer, &f, err);
}

void split_answer_release(struct split_answer *answer)
{
	free(answer->ranges);
	*answer = (struct split_answer){ 0 };
}

/* One message after the other within what was looked at, and no more bytes than were asked
 * for: they are copied. */
static bool ranges_good(const struct split_request *split, const struct split_answer *answer)
{
	const uint64_t most = (uint64_t)split->most_bytes;
	uint64_t behind = split->from, used = 0;

	for (size_t i = 0; i < answer->count; i++) {
		const uint64_t offset = answer->ranges[i].offset, length = answer->ranges[i].length;

		if (offset < behind || offset > answer->next || length > answer->next - offset ||
		    (i > 0 && length > most - used))
			return false;
		behind = offset + length;
		used = length > most - used ? most : used + length;
	}
	return answer->count <= (size_t)split->most_messages;
}

static int answer_get(struct frame *f, struct split_answer *answer, struct threads_error *err)
{
	answer->next = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
	answer->at_end = frame_get_int_in(f, 0, 1) == 1;
	answer->count = (size_t)frame_get_int_in(f, 0, RANGES_MAX);
	answer->ranges = calloc(answer->count + 1, sizeof(*answer->ranges));
	if (!answer->ranges)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (size_t i = 0; i < answer->count; i++) {
		answer->ranges[i].offset = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
		answer->ranges[i].length = (uint64_t)frame_get_int_in(f, 0, INT64_MAX);
	}
	return frame_get_end(f, err);
}

int split_answer_read(const struct split_request *split, struct frame *f,
		      struct split_answer *ret_answer, struct threads_error *err)
{
	CLEANUP(split_answer_release) struct split_answer answer = { 0 };
	int rc = answer_get(f, &answer, err);

	if (rc < 0)
		return rc;
	/* A splitter that stands still, or goes back, would never end the import. */
	if (answer.next < split->from || (answer.next == split->from && !answer.at_end))
		return threads_error_set(err, THREADS_EINVAL, "the mbox split does not move on");
	if (!ranges_good(split, &answer))
		return threads_error_set(err, THREADS_EINVAL, "the mbox split was not asked for");
	*ret_answer = answer;
	answer.ranges = NULL;
	return 0;
}
