/* SPDX-License-Identifier: Apache-2.0 */
/* The status page and "threadsctl status" from their parts. */
#ifndef THREADS_API_STATUS_SERVICE_H
#define THREADS_API_STATUS_SERVICE_H

#include "api/overview.h"

struct status_disk {
	int64_t total, free, percent; /* of the file system with the data folder */
	int64_t database, wal;        /* bytes of hub.db and its log */
};

void status_disk(const struct api *api, struct status_disk *ret_disk);

int status_answer(struct api *api, const struct overview *overview, json_t **ret_status,
		  struct threads_error *err) MUST_CHECK;

#endif
