/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to CTL_FIGURES, taken apart. */
#include "api/overview.h"
#include "ipc/role_name.h"

enum { PROCESSES_MAX = 4096, ENDS_MAX = 1000, ERRORS_MAX = 1000 };

static void put_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, *text ? json_string(text) : json_null());
}

static void put_int(json_t *object, const char *name, int64_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

static const char *get_role(struct frame *f)
{
	return role_name((enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1));
}

static void read_process(struct frame *f, struct figures *figures)
{
	const enum role which = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1);
	struct role_sum *sum = &figures->sums[which];
	json_t *role = json_object();
	const char *state;
	int64_t pid, bytes;

	json_array_append_new(figures->roles, role);
	json_object_set_new(role, "role", json_string(role_name(which)));
	put_int(role, "instance", frame_get_int(f));
	put_int(role, "pid", pid = frame_get_int(f));
	state = frame_get_text(f);
	put_text(role, "state", state);
	put_int(role, "restarts", frame_get_int(f));
	json_object_set_new(role, "confined", json_boolean(frame_get_int(f) > 0));
	json_set_time(role, "started", frame_get_int(f));
	json_set_time(role, "next_start", frame_get_int(f));
	sum->processes += pid > 0;
	sum->ready += strcmp(state, "ready") == 0;
	sum->resident += bytes = frame_get_int(f);
	put_int(role, "resident_bytes", bytes);
	sum->memory += bytes = frame_get_int(f);
	put_int(role, "memory_bytes", bytes);
	sum->cpu_ms += bytes = frame_get_int(f);
	put_int(role, "cpu_ms", bytes);
	json_set_time(role, "ended", frame_get_int(f));
	put_text(role, "error", frame_get_text(f));
}

static json_t *read_end(struct frame *f)
{
	json_t *end = json_object();

	json_object_set_new(end, "role", json_string(get_role(f)));
	put_text(end, "cause", frame_get_text(f));
	put_int(end, "ends", frame_get_int(f));
	return end;
}

static json_t *read_error(struct frame *f)
{
	json_t *error = json_object();

	json_set_time(error, "time", frame_get_int(f));
	json_object_set_new(error, "level",
			    json_string(frame_get_int(f) <= 3 ? "error" : "warning"));
	json_object_set_new(error, "role", json_string(get_role(f)));
	put_int(error, "instance", frame_get_int(f));
	put_text(error, "words", frame_get_text(f));
	return error;
}

static json_t *read_list(struct frame *f, int64_t max, json_t *(*read_one)(struct frame *f))
{
	json_t *list = json_array();

	for (int64_t n = frame_get_int_in(f, 0, max); n > 0 && !frame_at_end(f); n--)
		json_array_append_new(list, read_one(f));
	return list;
}

static void read_slots(struct frame *f, struct figures *figures, enum role role)
{
	figures->starts[role] = frame_get_int(f);
	figures->ended_cpu_ms[role] = frame_get_int(f);
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const unsigned first = metric_first_slot(m);

		for (unsigned i = 0; metric_counted_by(m, role) && i < metric_slots(m); i++)
			figures->slots[role][first + i] = frame_get_int(f);
	}
}

int figures_read(struct frame *f, struct figures **ret_figures, struct threads_error *err)
{
	CLEANUP(figures_freep) struct figures *figures = calloc(1, sizeof(*figures));
	int rc;

	if (!figures)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	figures->insecure = frame_get_int_in(f, 0, 1) == 1;
	figures->started_ms = frame_get_int(f);
	figures->roles = json_array();
	for (int64_t n = frame_get_int_in(f, 0, PROCESSES_MAX); n > 0 && !frame_at_end(f); n--)
		read_process(f, figures);
	figures->ends = read_list(f, ENDS_MAX, read_end);
	figures->errors = read_list(f, ERRORS_MAX, read_error);
	for (enum role role = ROLE_SUPERVISOR + 1; role < ROLE_CTL; role++)
		read_slots(f, figures, role);
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	*ret_figures = TAKE_PTR(figures);
	return 0;
}

struct figures *figures_free(struct figures *figures)
{
	if (!figures)
		return NULL;
	json_decref(figures->roles);
	json_decref(figures->errors);
	json_decref(figures->ends);
	free(figures);
	return NULL;
}

void figures_freep(struct figures **figures)
{
	*figures = figures_free(*figures);
}
