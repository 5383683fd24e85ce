/* SPDX-License-Identifier: Apache-2.0 */
#include "index/reply.h"

#include "core/log.h"

static void send_reply(struct peer *peer, const struct frame *f)
{
	struct threads_error err;

	if (f->id != 0 && peer_send(peer, f, &err) < 0)
		log_debug("answer lost: %s", err.text);
}

void reply_done(struct peer *peer, uint32_t id, const char *public_id, const char *words)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, INDEX_DONE, id);
	frame_put_text(&f, public_id);
	frame_put_text(&f, words);
	send_reply(peer, &f);
}

void reply_ok(struct peer *peer, uint32_t id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IPC_OK, id);
	send_reply(peer, &f);
}

int reply_error(struct peer *peer, uint32_t id, int code, const struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin_error(&f, id, code, err->text);
	send_reply(peer, &f);
	return 0;
}

int reply(struct peer *peer, uint32_t id, int rc, const struct threads_error *err)
{
	if (rc < 0)
		return reply_error(peer, id, rc, err);
	reply_ok(peer, id);
	return 0;
}
