/* SPDX-License-Identifier: Apache-2.0 */
#include "api/stream.h"

#include "api/request_internal.h"
#include "core/clock.h"
#include "core/log.h"

enum { STREAMS_MAX = 2000, BUNDLE_MS = 150, LOOK_MS = 5000 };

struct stream {
	uint32_t id;
	char subject[PUBLIC_ID_SIZE];
	bool manages;
	int64_t until_ms; /* of its ticket */
	LIST_ENTRY(stream) link;
};

/* By bell: the word the browser gets, and whether everybody may know that it rang. */
static const struct {
	const char *what;
	bool managers_only;
} events[BELL_COUNT] = {
	[BELL_MESSAGES] = { "messages", false }, [BELL_ACCOUNTS] = { "accounts", false },
	[BELL_IMPORTS] = { "imports", false },   [BELL_USERS] = { "users", true },
	[BELL_STATUS] = { "status", true },      [BELL_ACCESS] = { "messages", false },
};

static void send_end(struct api *api, uint32_t id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, HTTP_STREAM_END, id);
	if (api->http && peer_send(api->http, &f, &err) < 0)
		log_warning("stream: %s", err.text);
}

static void stream_free(struct stream *stream)
{
	LIST_REMOVE(stream, link);
	free(stream);
}

void stream_drop_all(struct api *api)
{
	struct stream *stream;

	while ((stream = LIST_FIRST(&api->streams)))
		stream_free(stream);
}

static size_t count_streams(const struct api *api)
{
	const struct stream *stream;
	size_t count = 0;

	LIST_FOREACH(stream, &api->streams, link)
	count++;
	return count;
}

void respond_stream(struct request *r)
{
	static const struct response_header headers[] = { { NULL, NULL } };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct stream *stream =
		count_streams(r->api) < STREAMS_MAX ? calloc(1, sizeof(*stream)) : NULL;

	if (!stream) {
		respond_problem(r, 503, "unavailable", "Too many pages are open.", NULL);
		return;
	}
	stream->id = r->id;
	memcpy(stream->subject, r->ticket.subject, sizeof(stream->subject));
	stream->manages = viewer_manages(&r->viewer);
	stream->until_ms = r->ticket.expires_ms;
	LIST_INSERT_HEAD(&r->api->streams, stream, link);
	if (!loop_timer_is_set(r->api->stream_timer))
		loop_timer_set(r->api->stream_timer, LOOK_MS);
	response_begin(&f, r, 200, "text/event-stream", headers);
	frame_put_bytes(&f, NULL, 0);
	frame_put_int(&f, HTTP_BODY_STREAM);
	frame_put_int(&f, 0);
	frame_put_int(&f, 0);
	response_send(r, &f);
}

void stream_changed(struct api *api, enum bell bell)
{
	if (LIST_EMPTY(&api->streams))
		return;
	if (api->changed == 0)
		loop_timer_set(api->stream_timer, BUNDLE_MS);
	api->changed |= 1U << bell;
}

static void send_changes(struct api *api, const struct stream *stream, unsigned int changed)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(4096);
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	for (unsigned int bell = 1; bell < BELL_COUNT; bell++)
		if ((changed & (1U << bell)) && (stream->manages || !events[bell].managers_only))
			strbuf_addf(&text, "event: changed\ndata: {\"what\":\"%s\"}\n\n",
				    events[bell].what);
	if (text.len == 0)
		return;
	frame_begin(&f, HTTP_STREAM_DATA, stream->id);
	frame_put_bytes(&f, strbuf_str(&text), text.len);
	if (api->http && peer_send(api->http, &f, &err) < 0)
		log_warning("stream: %s", err.text);
}

void stream_tick(void *arg)
{
	struct api *api = arg;
	const int64_t now_ms = clock_now_ms(NULL);
	const unsigned int changed = api->changed;
	struct stream *stream, *next;

	api->changed = 0;
	for (stream = LIST_FIRST(&api->streams); stream; stream = next) {
		next = LIST_NEXT(stream, link);
		if (stream->until_ms < now_ms) {
			send_end(api, stream->id);
			stream_free(stream);
		} else if (changed) {
			send_changes(api, stream, changed);
		}
	}
	if (!LIST_EMPTY(&api->streams))
		loop_timer_set(api->stream_timer, LOOK_MS);
}

static struct stream *find_stream(struct api *api, uint32_t id)
{
	struct stream *stream;

	LIST_FOREACH(stream, &api->streams, link)
	if (stream->id == id)
		return stream;
	return NULL;
}

int stream_on_ticket(struct api *api, struct frame *f, struct threads_error *err)
{
	struct stream *stream = find_stream(api, f->id);
	struct ticket ticket;
	size_t len;
	const void *bytes = frame_get_bytes(f, &len);
	int rc = frame_get_end(f, err);

	if (rc < 0 || !stream)
		return rc;
	/* Signed out, disabled, or somebody else meanwhile: the stream is over. */
	if (ticket_check(api->role->ticket_key, bytes, len, clock_now_ms(NULL), &ticket, NULL) <
		    0 ||
	    ticket.kind != TICKET_USER || strcmp(ticket.subject, stream->subject) != 0) {
		send_end(api, stream->id);
		stream_free(stream);
		return 0;
	}
	stream->until_ms = ticket.expires_ms;
	return 0;
}

void stream_on_end(struct api *api, uint32_t id)
{
	struct stream *stream = find_stream(api, id);

	if (stream)
		stream_free(stream);
}
