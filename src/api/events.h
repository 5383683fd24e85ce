/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events: "look again", never what. A stream lives as long as http
 * brings fresh tickets of the same user, and that user is active.
 */
#ifndef THREADS_API_EVENTS_H
#define THREADS_API_EVENTS_H

#include "api/state.h"

enum {
	STREAMS_MAX = 4096,
	STREAMS_PER_USER = 16, /* in all his sessions; the oldest ends when one more opens */
	EVENTS_SLICE_MS = 400,
};

/* HTTP_STREAM_TICKET and HTTP_STREAM_END from http. */
int events_frame(struct api *api, const struct peer *peer, struct frame *f,
		 struct threads_error *err) MUST_CHECK;

/* A doorbell: the streams are told within EVENTS_SLICE_MS, once for many. */
void events_ring(struct api *api, enum bell bell);
void events_flush(void *api); /* the timer's */

void events_tick(struct api *api); /* ends streams whose ticket ran out */
void events_peer_gone(struct api *api, const struct peer *peer);
void events_free_all(struct api *api);

#endif
