/* SPDX-License-Identifier: Apache-2.0 */
#include "api/roles.h"

#include <stdio.h>

#include "ipc/role_name.h"

static void take_one(struct role_state *state, struct frame *f)
{
	state->role = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1);
	state->instance = frame_get_int(f);
	state->pid = frame_get_int(f);
	snprintf(state->state, sizeof(state->state), "%s", frame_get_text(f));
	state->restarts = frame_get_int(f);
	state->confined = frame_get_int(f) != 0;
	snprintf(state->error, sizeof(state->error), "%s", frame_get_text(f));
}

int roles_take(struct api *api, struct frame *f, struct threads_error *err)
{
	const bool insecure = frame_get_int(f) != 0;
	const int64_t count = frame_get_int_in(f, 0, API_ROLES_MAX);
	struct role_state *roles = calloc((size_t)count + 1, sizeof(*roles));
	int rc;

	if (!roles)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (int64_t i = 0; i < count; i++)
		take_one(&roles[i], f);
	rc = frame_get_end(f, err);
	if (rc < 0) {
		free(roles);
		return rc;
	}
	free(api->roles);
	api->roles = roles;
	api->role_count = (size_t)count;
	api->insecure = insecure;
	return 0;
}

json_t *roles_json(const struct api *api)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < api->role_count; i++) {
		const struct role_state *s = &api->roles[i];

		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I, s:s, s:I, s:b, s:s?}", "role",
					role_name(s->role), "instance", (json_int_t)s->instance,
					"pid", (json_int_t)s->pid, "state", s->state, "restarts",
					(json_int_t)s->restarts, "confined", (int)s->confined,
					"error", *s->error ? s->error : NULL));
	}
	return list;
}
