/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor last said about the roles (CTL_ROLES). */
#ifndef THREADS_API_ROLES_H
#define THREADS_API_ROLES_H

#include "api/api.h"
#include "core/json.h"

int roles_take(struct api *api, struct frame *f, struct threads_error *err) MUST_CHECK;

/* Array of {"role","instance","pid","state","restarts","confined","error"}. NULL: out of memory. */
json_t *roles_json(const struct api *api);

#endif
