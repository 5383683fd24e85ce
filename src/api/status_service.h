/* SPDX-License-Identifier: Apache-2.0 */
/* The status page and "threadsctl status" from their parts. */
#ifndef THREADS_API_STATUS_SERVICE_H
#define THREADS_API_STATUS_SERVICE_H

#include "api/api_internal.h"

/* CTL_ROLES: keeps the list of roles for the status page. */
int status_roles(struct api *api, struct frame *f, struct threads_error *err) MUST_CHECK;

/* The INDEX_QUEUE_IS answer is f, or NULL when index is away. */
int status_answer(struct api *api, struct frame *f, json_t **ret_status,
		  struct threads_error *err) MUST_CHECK;

#endif
