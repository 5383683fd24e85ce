/* SPDX-License-Identifier: Apache-2.0 */
#include "api/events.h"

#include "api/route.h"
#include "core/log.h"

struct stream {
	struct api *api;
	struct peer *peer;
	uint32_t id;
	char subject[PUBLIC_ID_SIZE];
	bool manages;
	int64_t expires_ms;
	LIST_ENTRY(stream) link;
};

static void stream_free(struct stream *stream)
{
	LIST_REMOVE(stream, link);
	free(stream);
}

static void stream_end(struct stream *stream)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, HTTP_STREAM_END, stream->id);
	if (peer_send(stream->peer, &f, &err) < 0)
		log_debug("end of stream: %s", err.text);
	stream_free(stream);
}

static void stream_write(struct stream *stream, const struct strbuf *text)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, HTTP_STREAM_DATA, stream->id);
	frame_put_bytes(&f, text->data, text->len);
	if (peer_send(stream->peer, &f, &err) < 0)
		log_debug("event lost: %s", err.text);
}

static size_t stream_count(const struct api *api)
{
	const struct stream *stream;
	size_t count = 0;

	LIST_FOREACH(stream, &api->streams, link)
		count++;
	return count;
}

/* One user cannot take the streams of all: his oldest gives way. */
static void limit_user(struct api *api, const char *subject)
{
	struct stream *stream, *oldest = NULL;
	size_t count = 0;

	LIST_FOREACH(stream, &api->streams, link) {
		if (strcmp(stream->subject, subject) != 0)
			continue;
		count++;
		oldest = stream; /* new ones stand in front */
	}
	if (count >= STREAMS_PER_USER)
		stream_end(oldest);
}

static void stream_begin(struct exchange *ex)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	frame_begin(&f, HTTP_RESPONSE, ex->id);
	frame_put_int(&f, 200);
	frame_put_text(&f, "text/event-stream");
	frame_put_int(&f, 0);
	frame_put_bytes(&f, NULL, 0);
	frame_put_int(&f, HTTP_BODY_STREAM);
	frame_put_int(&f, 0);
	frame_put_int(&f, 0);
	if (peer_send(ex->peer, &f, &err) < 0)
		log_debug("stream: %s", err.text);
}

int route_events(struct exchange *ex, struct threads_error *err)
{
	struct stream *stream;

	limit_user(ex->api, ex->ticket.subject);
	if (stream_count(ex->api) >= STREAMS_MAX)
		return threads_error_set(err, THREADS_EAGAIN, "too many pages are open");
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	stream->api = ex->api;
	stream->peer = ex->peer;
	stream->id = ex->id;
	stream->expires_ms = ex->ticket.expires_ms;
	stream->manages = viewer_manages(&ex->viewer);
	memcpy(stream->subject, ex->ticket.subject, sizeof(stream->subject));
	LIST_INSERT_HEAD(&ex->api->streams, stream, link);
	stream_begin(ex);
	exchange_free(ex);
	return 0;
}

static struct stream *stream_find(struct api *api, const struct peer *peer, uint32_t id)
{
	struct stream *stream;

	LIST_FOREACH(stream, &api->streams, link)
		if (stream->peer == peer && stream->id == id)
			return stream;
	return NULL;
}

/* A fresh ticket of the same user who is still active prolongs the stream. */
static bool ticket_renews(struct stream *stream, const void *data, size_t len)
{
	struct api *api = stream->api;
	struct ticket ticket;
	struct viewer viewer;

	if (ticket_check(api->ticket_key, data, len, api_now(api), &ticket, NULL) < 0 ||
	    strcmp(ticket.subject, stream->subject) != 0)
		return false;
	if (reader_viewer(api->reader, ticket.subject, &viewer, NULL) == 0)
		return false;
	stream->expires_ms = ticket.expires_ms;
	return true;
}

int events_frame(struct api *api, const struct peer *peer, struct frame *f,
		 struct threads_error *err)
{
	struct stream *stream = stream_find(api, peer, f->id);
	const void *ticket = NULL;
	size_t len = 0;
	int rc;

	if (f->type == HTTP_STREAM_TICKET)
		ticket = frame_get_bytes(f, &len);
	rc = frame_get_end(f, err);
	if (rc < 0 || !stream)
		return rc;
	if (f->type == HTTP_STREAM_END)
		stream_free(stream);
	else if (!ticket_renews(stream, ticket, len))
		stream_end(stream);
	return 0;
}

static const struct {
	const char *what;
	enum bell bell;
	bool managers;
} topics[] = {
	{ "messages", BELL_MESSAGES, false }, { "messages", BELL_ACCESS, false },
	{ "accounts", BELL_ACCOUNTS, false }, { "imports", BELL_IMPORTS, false },
	{ "users", BELL_USERS, false },       { "status", BELL_STATUS, true },
};

void events_ring(struct api *api, enum bell bell)
{
	api->bells |= 1u << bell;
	if (!loop_timer_is_set(api->bell_timer))
		loop_timer_set(api->bell_timer, EVENTS_SLICE_MS);
}

static void topics_append(struct strbuf *out, unsigned bells, bool manages)
{
	const char *last = "";

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (!(bells >> topics[i].bell & 1) || (topics[i].managers && !manages) ||
		    strcmp(last, topics[i].what) == 0)
			continue;
		last = topics[i].what;
		strbuf_addf(out, "event: changed\ndata: {\"what\":\"%s\"}\n\n", last);
	}
}

void events_flush(void *arg)
{
	CLEANUP(strbuf_release) struct strbuf all = STRBUF_INIT(4096), some = STRBUF_INIT(4096);
	struct api *api = arg;
	struct stream *stream;

	topics_append(&all, api->bells, true);
	topics_append(&some, api->bells, false);
	api->bells = 0;
	LIST_FOREACH(stream, &api->streams, link) {
		const struct strbuf *text = stream->manages ? &all : &some;

		if (text->len)
			stream_write(stream, text);
	}
}

void events_tick(struct api *api)
{
	struct stream *stream, *next;

	for (stream = LIST_FIRST(&api->streams); stream; stream = next) {
		next = LIST_NEXT(stream, link);
		if (api_now(api) > stream->expires_ms)
			stream_end(stream);
	}
}

void events_peer_gone(struct api *api, const struct peer *peer)
{
	struct stream *stream, *next;

	for (stream = LIST_FIRST(&api->streams); stream; stream = next) {
		next = LIST_NEXT(stream, link);
		if (stream->peer == peer)
			stream_free(stream);
	}
}

void events_free_all(struct api *api)
{
	struct stream *stream;

	while ((stream = LIST_FIRST(&api->streams)))
		stream_free(stream);
}
