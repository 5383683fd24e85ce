/* SPDX-License-Identifier: Apache-2.0 */
/* What http passes on: requests, and the ends of uploads. */
#ifndef THREADS_API_REQUEST_H
#define THREADS_API_REQUEST_H

#include "api/exchange.h"

/* One question of http. Errors: THREADS_EINVAL (malformed: the peer is to be closed). */
int request_open(struct api *api, struct peer *peer, struct frame *f,
		 struct threads_error *err) MUST_CHECK;

/* HTTP_UPLOAD_DONE. */
int request_upload_done(struct api *api, const struct peer *peer, struct frame *f,
			struct threads_error *err) MUST_CHECK;

#endif
