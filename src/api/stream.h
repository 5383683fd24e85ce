/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events: "look again", never counts or text. A stream lives as
 * long as http brings a fresh ticket for it.
 */
#ifndef THREADS_API_STREAM_H
#define THREADS_API_STREAM_H

#include "api/request.h"

/* Something changed; the streams are told soon, several changes at once. */
void stream_changed(struct api *api, enum bell bell);
int stream_on_ticket(struct api *api, struct frame *f, struct threads_error *err) MUST_CHECK;
void stream_on_end(struct api *api, uint32_t id);
/* Timer callback. */
void stream_tick(void *api);
void stream_drop_all(struct api *api);

#endif
