/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures that a role counts about itself. They live in a page of memory that the
 * role shares with the supervisor: counting costs one addition, the sums outlive
 * the process, and no role can change the figures of another. The table says
 * what is counted, by whom, and under which labels; their number is fixed.
 */
#ifndef THREADS_IPC_METRIC_H
#define THREADS_IPC_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/error.h"
#include "threads/protocol.h"

enum metric {
	METRIC_HTTP_REQUESTS,  /* metric_http_which() */
	METRIC_SIGN_INS,       /* enum metric_sign_in */
	METRIC_SEARCH_SECONDS, /* time */
	METRIC_COMMIT_SECONDS, /* time */
	METRIC_MESSAGES,       /* enum metric_result */
	METRIC_PARSE_SECONDS,  /* time, of one process with its batch */
	METRIC_PARSE_ENDS,     /* enum metric_parse_end */
	METRIC_QUEUE,          /* enum metric_queue; a gauge */
	METRIC_FRAMES_DROPPED, /* by every role */
	METRIC_COUNT,
};

enum metric_sign_in { SIGN_IN_GOOD, SIGN_IN_REFUSED, SIGN_IN_THROTTLED };
enum metric_result {
	RESULT_STORED,
	RESULT_DUPLICATE,
	RESULT_KNOWN,
	RESULT_EXCLUDED,
	RESULT_FAILED
};
enum metric_parse_end { PARSE_END_GOOD, PARSE_END_CRASHED, PARSE_END_KILLED };
enum metric_queue { QUEUE_UNPARSED, QUEUE_PARSED, QUEUE_SPLITS };
enum metric_route { ROUTE_API, ROUTE_AUTH, ROUTE_HEALTH, ROUTE_FILE };

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_TIME };

enum { METRIC_BUCKETS = 13, METRIC_SLOTS_MAX = 256, METRIC_LABEL_VALUES_MAX = 8 };

/* Upper bounds of a METRIC_TIME in microseconds; the last bucket has none. */
extern const int64_t metric_bounds_us[METRIC_BUCKETS - 1];

struct metric_label {
	const char *name; /* NULL: none */
	const char *values[METRIC_LABEL_VALUES_MAX];
};

struct metric_family {
	const char *name, *help;
	enum metric_kind kind;
	enum role role; /* who counts it; ROLE_SUPERVISOR: every role, for itself */
	struct metric_label labels[2];
};

const struct metric_family *metric_family(enum metric metric);

/* Values that a label has; 1 without a label. */
unsigned metric_label_values(const struct metric_label *label);

/* Slots of the family: one for each pair of label values, the second one first; for a
 * METRIC_TIME its buckets and then the sum in microseconds. */
unsigned metric_slots(enum metric metric);
unsigned metric_first_slot(enum metric metric);

/* Whether the figures of that role come from its page. */
bool metric_counted_by(enum metric metric, enum role role);

/* ---- in a role ---- */

/* Counts into the page fd from now on; without it, figures are lost. Errors: THREADS_EIO. */
int metric_attach(int fd, struct threads_error *err) MUST_CHECK;

void metric_add(enum metric metric, unsigned which, int64_t n);
void metric_set(enum metric metric, unsigned which, int64_t value);
void metric_time(enum metric metric, int64_t us);

/* ROUTE_* and a status of 100 to 599. */
unsigned metric_http_which(enum metric_route route, unsigned status);

/* ---- in the supervisor ---- */

/* A page of zeros that cannot be made shorter. Errors: THREADS_EIO. */
int metric_page_new(int *ret_fd, const int64_t **ret_slots, struct threads_error *err) MUST_CHECK;
int64_t metric_page_read(const int64_t *slots, unsigned slot);

#endif
