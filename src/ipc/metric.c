/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/metric.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>

static const struct metric_family families[METRIC_COUNT] = {
	[METRIC_HTTP_REQUESTS] = { "threads_http_requests_total",
				   "Requests answered, by kind of address and class of status.",
				   METRIC_COUNTER,
				   ROLE_HTTP,
				   { { "route", { "api", "auth", "health", "file" } },
				     { "status", { "1xx", "2xx", "3xx", "4xx", "5xx" } } } },
	[METRIC_SIGN_INS] = { "threads_sign_ins_total",
			      "Passwords and codes that were tried, by what came of it.",
			      METRIC_COUNTER,
			      ROLE_AUTH,
			      { { "result", { "good", "refused", "throttled" } } } },
	[METRIC_SEARCH_SECONDS] = { "threads_search_seconds",
				    "Time of a page of search results.",
				    METRIC_TIME,
				    ROLE_API,
				    { { 0 } } },
	[METRIC_COMMIT_SECONDS] = { "threads_index_transaction_seconds",
				    "Time of one transaction that stores messages.",
				    METRIC_TIME,
				    ROLE_INDEX,
				    { { 0 } } },
	[METRIC_MESSAGES] = { "threads_messages_taken_total",
			      "Messages that came in, by what became of them.",
			      METRIC_COUNTER,
			      ROLE_INDEX,
			      { { "result",
				  { "stored", "duplicate", "known", "excluded", "failed" } } } },
	[METRIC_PARSE_SECONDS] = { "threads_parse_seconds",
				   "Time of a parser at its batch of messages.",
				   METRIC_TIME,
				   ROLE_INDEX,
				   { { 0 } } },
	[METRIC_PARSE_ENDS] = { "threads_parse_runs_total",
				"Parsers that ended, by how.",
				METRIC_COUNTER,
				ROLE_INDEX,
				{ { "end", { "good", "crashed", "killed" } } } },
	[METRIC_QUEUE] = { "threads_queue_depth",
			   "Messages, or mbox files, that wait inside the hub.",
			   METRIC_GAUGE,
			   ROLE_INDEX,
			   { { "queue", { "unparsed", "parsed", "splits" } } } },
	[METRIC_FRAMES_DROPPED] = { "threads_frames_dropped_total",
				    "Frames that another process did not read in time.",
				    METRIC_COUNTER,
				    ROLE_SUPERVISOR,
				    { { 0 } } },
};

const int64_t metric_bounds_us[METRIC_BUCKETS - 1] = {
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000,
};

/* The page of this process: set once in role_main(), like the level of the log. */
static _Atomic int64_t nowhere[METRIC_SLOTS_MAX];
static _Atomic int64_t *page = nowhere;

const struct metric_family *metric_family(enum metric metric)
{
	return &families[metric];
}

unsigned metric_label_values(const struct metric_label *label)
{
	unsigned count = 0;

	while (label->name && count < METRIC_LABEL_VALUES_MAX && label->values[count])
		count++;
	return count ? count : 1;
}

unsigned metric_slots(enum metric metric)
{
	const struct metric_family *family = &families[metric];

	if (family->kind == METRIC_TIME)
		return METRIC_BUCKETS + 1;
	return metric_label_values(&family->labels[0]) * metric_label_values(&family->labels[1]);
}

unsigned metric_first_slot(enum metric metric)
{
	unsigned slot = 0;

	for (enum metric m = 0; m < metric; m++)
		slot += metric_slots(m);
	return slot;
}

bool metric_counted_by(enum metric metric, enum role role)
{
	return families[metric].role == role || families[metric].role == ROLE_SUPERVISOR;
}

int metric_attach(int fd, struct threads_error *err)
{
	void *memory = mmap(NULL, METRIC_SLOTS_MAX * sizeof(*page), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return threads_error_set(err, THREADS_EIO, "page of figures: %m");
	page = memory;
	return 0;
}

static _Atomic int64_t *slot_of(enum metric metric, unsigned which)
{
	return &page[metric_first_slot(metric) + (which < metric_slots(metric) ? which : 0)];
}

void metric_add(enum metric metric, unsigned which, int64_t n)
{
	atomic_fetch_add_explicit(slot_of(metric, which), n, memory_order_relaxed);
}

void metric_set(enum metric metric, unsigned which, int64_t value)
{
	atomic_store_explicit(slot_of(metric, which), value, memory_order_relaxed);
}

void metric_time(enum metric metric, int64_t us)
{
	unsigned bucket = 0;

	while (bucket < METRIC_BUCKETS - 1 && us > metric_bounds_us[bucket])
		bucket++;
	metric_add(metric, bucket, 1);
	metric_add(metric, METRIC_BUCKETS, us);
}

unsigned metric_http_which(enum metric_route route, unsigned status)
{
	const unsigned classes = metric_label_values(&families[METRIC_HTTP_REQUESTS].labels[1]);
	const unsigned class =
		status / 100 >= 1 && status / 100 <= classes ? status / 100 : classes;

	return (unsigned)route * classes + class - 1;
}

int metric_page_new(int *ret_fd, const int64_t **ret_slots, struct threads_error *err)
{
	const size_t bytes = METRIC_SLOTS_MAX * sizeof(int64_t);
	AUTO_FD int fd = memfd_create("threads-figures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *memory = MAP_FAILED;

	/* A page that its role could shorten would end who reads it. */
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return threads_error_set(err, THREADS_EIO, "page of figures: %m");
	*ret_slots = memory;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int64_t metric_page_read(const int64_t *slots, unsigned slot)
{
	return slot < METRIC_SLOTS_MAX ? atomic_load_explicit((const _Atomic int64_t *)&slots[slot],
							      memory_order_relaxed)
				       : 0;
}
