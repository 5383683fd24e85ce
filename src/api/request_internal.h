/* SPDX-License-Identifier: Apache-2.0 */
/* Between request.c, respond.c and stream.c only. */
#ifndef THREADS_API_REQUEST_INTERNAL_H
#define THREADS_API_REQUEST_INTERNAL_H

#include "api/request.h"

void request_free(struct request *request);

/* The head of an HTTP_RESPONSE; body, kind, offset, length follow. headers may be NULL. */
void response_begin(struct frame *f, const struct request *request, int status,
		    const char *content_type, const struct response_header *headers);
/* Sends f and frees the request. */
void response_send(struct request *request, const struct frame *f);

#endif
