/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the hub, asked for at index (queue) and at the supervisor
 * (processes, figures). Whoever is away is left out: what is shown here is
 * looked at above all when something is down.
 */
#ifndef THREADS_API_OVERVIEW_H
#define THREADS_API_OVERVIEW_H

#include "api/state.h"
#include "ipc/metric.h"

enum { OVERVIEW_WAIT_MS = 2000 };

/* Of all processes of a role. */
struct role_sum {
	int64_t processes, ready, resident, memory, cpu_ms;
};

/* What the supervisor said last. */
struct figures {
	int64_t started_ms;
	bool insecure;
	json_t *roles;  /* array of the status document's "roles" */
	json_t *errors; /* array of its "errors" */
	json_t *ends;   /* array of {role, cause, ends} */
	struct role_sum sums[ROLE_COUNT];
	int64_t starts[ROLE_COUNT], ended_cpu_ms[ROLE_COUNT];
	int64_t slots[ROLE_COUNT][METRIC_SLOTS_MAX];
};

struct overview {
	const struct figures *figures; /* NULL: never heard */
	bool index_there;
	int64_t queue;
	bool stopped; /* by the disk */
};

struct overview_question;

/* Called once; overview is borrowed for the call. */
typedef void overview_fn(void *arg, const struct overview *overview);

/* Errors: THREADS_ELIMIT, THREADS_ENOMEM; fn is not called then. */
int overview_ask(struct api *api, overview_fn *fn, void *arg,
		 struct overview_question **ret_question, struct threads_error *err) MUST_CHECK;

/* fn is not called any more. Accepts NULL, returns NULL. */
struct overview_question *overview_cancel(struct overview_question *question);

/* Reads the answer to CTL_FIGURES. Errors: THREADS_EINVAL, THREADS_ENOMEM. */
int figures_read(struct frame *f, struct figures **ret_figures,
		 struct threads_error *err) MUST_CHECK;
struct figures *figures_free(struct figures *figures);
void figures_freep(struct figures **figures);

#endif
