/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/status_service.h"
#include "ipc/role_name.h"

/* Where a family is being written. */
struct page {
	struct strbuf *out;
	const char *name;
};

static void family(struct page *page, const char *name, const char *type, const char *help)
{
	page->name = name;
	strbuf_addf(page->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* labels: 'a="b",c="d"', or "". */
static void sample(const struct page *page, const char *labels, int64_t value)
{
	strbuf_addf(page->out, *labels ? "%s{%s} %" PRId64 "\n" : "%s%s %" PRId64 "\n", page->name,
		    labels, value);
}

/* Thousandths as a decimal number. */
static void sample_milli(const struct page *page, const char *labels, int64_t milli)
{
	strbuf_addf(page->out, *labels ? "%s{%s} %" PRId64 ".%03d\n" : "%s%s %" PRId64 ".%03d\n",
		    page->name, labels, milli / 1000, (int)(milli % 1000));
}

static void single(struct strbuf *out, const char *name, const char *help, int64_t value)
{
	struct page page = { .out = out };

	family(&page, name, "gauge", help);
	sample(&page, "", value);
}

/* A label's value. What stands there is ours, but the format asks for it. */
static void put_escaped(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			strbuf_add_char(out, '\\');
		if (*text == '\n')
			strbuf_add_str(out, "\\n");
		else
			strbuf_add_char(out, *text);
	}
}

static const char *role_label(enum role role, struct strbuf *labels)
{
	strbuf_reset(labels);
	strbuf_addf(labels, "role=\"%s\"", role_name(role));
	return strbuf_str(labels);
}

/* ---- what the roles count ------------------------------------------------------------------- */

static void counter_labels(const struct metric_family *f, unsigned slot, enum role role,
			   struct strbuf *labels)
{
	const unsigned second = metric_label_values(&f->labels[1]);
	const unsigned at[2] = { slot / second, slot % second };

	strbuf_reset(labels);
	if (f->role == ROLE_SUPERVISOR)
		strbuf_addf(labels, "role=\"%s\"", role_name(role));
	for (int i = 0; i < 2; i++)
		if (f->labels[i].name)
			strbuf_addf(labels, "%s%s=\"%s\"", labels->len ? "," : "",
				    f->labels[i].name, f->labels[i].values[at[i]]);
}

static void put_histogram(const struct page *page, const int64_t *slots)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < METRIC_BUCKETS; i++) {
		sum += slots[i];
		if (i < METRIC_BUCKETS - 1)
			strbuf_addf(page->out, "%s_bucket{le=\"%g\"} %" PRId64 "\n", page->name,
				    (double)metric_bounds_us[i] / 1000000, sum);
	}
	strbuf_addf(page->out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", page->name, sum);
	strbuf_addf(page->out, "%s_sum %.6f\n", page->name,
		    (double)slots[METRIC_BUCKETS] / 1000000);
	strbuf_addf(page->out, "%s_count %" PRId64 "\n", page->name, sum);
}

static void put_counted(const struct figures *figures, enum metric metric, struct strbuf *out)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_TIME] = "histogram"
	};
	CLEANUP(strbuf_release) struct strbuf labels = STRBUF_INIT(200);
	const struct metric_family *f = metric_family(metric);
	const unsigned first = metric_first_slot(metric);
	struct page page = { .out = out };

	family(&page, f->name, types[f->kind], f->help);
	for (enum role role = ROLE_SUPERVISOR + 1; role < ROLE_CTL; role++) {
		const int64_t *slots = &figures->slots[role][first];

		if (!metric_counted_by(metric, role))
			continue;
		if (f->kind == METRIC_TIME) {
			put_histogram(&page, slots);
			continue;
		}
		for (unsigned i = 0; i < metric_slots(metric); i++) {
			counter_labels(f, i, role, &labels);
			sample(&page, strbuf_str(&labels), slots[i]);
		}
	}
}

/* ---- roles ------------------------------------------------------------------------------------ */

/* As /readyz: sign-in, search and collecting work. */
static bool all_ready(const struct role_sum sums[ROLE_COUNT])
{
	return sums[ROLE_HTTP].ready && sums[ROLE_API].ready && sums[ROLE_AUTH].ready &&
	       sums[ROLE_INDEX].ready && sums[ROLE_VAULT].ready;
}

static void put_role_family(const struct figures *figures, int which, struct strbuf *out)
{
	static const struct {
		const char *name, *type, *help;
	} families[] = {
		{ "threads_role_processes", "gauge", "Processes that run." },
		{ "threads_role_up", "gauge", "Processes that are ready." },
		{ "threads_role_resident_bytes", "gauge", "Resident memory of all processes." },
		{ "threads_role_proportional_bytes", "gauge",
		  "Resident memory, what is shared being divided." },
		{ "threads_role_starts_total", "counter", "Processes that were started." },
		{ "threads_role_cpu_seconds_total", "counter",
		  "CPU time, ended processes included." },
	};
	CLEANUP(strbuf_release) struct strbuf labels = STRBUF_INIT(200);
	struct page page = { .out = out };

	family(&page, families[which].name, families[which].type, families[which].help);
	for (enum role role = ROLE_SUPERVISOR + 1; role < ROLE_CTL; role++) {
		const struct role_sum *sum = &figures->sums[role];
		const int64_t values[] = {
			sum->processes,        sum->ready,
			sum->resident,         sum->memory,
			figures->starts[role], sum->cpu_ms + figures->ended_cpu_ms[role]
		};

		if (which == 5)
			sample_milli(&page, role_label(role, &labels), values[which]);
		else
			sample(&page, role_label(role, &labels), values[which]);
	}
}

static void put_ends(const struct figures *figures, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf labels = STRBUF_INIT(200);
	struct page page = { .out = out };
	size_t i;
	json_t *end;

	family(&page, "threads_role_ends_total", "counter",
	       "Ends of processes that nobody wanted, by cause.");
	json_array_foreach(figures->ends, i, end) {
		const char *role = json_string_value(json_object_get(end, "role"));
		const char *cause = json_string_value(json_object_get(end, "cause"));

		strbuf_reset(&labels);
		strbuf_add_str(&labels, "role=\"");
		put_escaped(&labels, role ? role : "");
		strbuf_add_str(&labels, "\",cause=\"");
		put_escaped(&labels, cause ? cause : "");
		strbuf_add_char(&labels, '"');
		sample(&page, strbuf_str(&labels),
		       json_integer_value(json_object_get(end, "ends")));
	}
}

static void put_figures(const struct figures *figures, struct strbuf *out)
{
	struct page page = { .out = out };

	single(out, "threads_ready", "1 when sign-in, search and collecting work.",
	       all_ready(figures->sums));
	single(out, "threads_confined", "1 when the kernel keeps the roles apart.",
	       !figures->insecure);
	family(&page, "threads_start_time_seconds", "gauge", "When the hub was started.");
	sample_milli(&page, "", figures->started_ms);
	for (int i = 0; i < 6; i++)
		put_role_family(figures, i, out);
	put_ends(figures, out);
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		put_counted(figures, m, out);
}

/* ---- the store ---------------------------------------------------------------------------------- */

static void put_disk(const struct api *api, const struct overview *overview, struct strbuf *out)
{
	struct status_disk disk;

	status_disk(api, &disk);
	single(out, "threads_disk_size_bytes", "Size of the disk with the data folder.",
	       disk.total);
	single(out, "threads_disk_free_bytes", "Room that is left for the hub.", disk.free);
	single(out, "threads_disk_used_percent", "How full the disk is.", disk.percent);
	single(out, "threads_disk_stop_percent", "Where collecting stops.",
	       api_disk_stop_percent(api));
	single(out, "threads_database_bytes", "Size of hub.db.", disk.database);
	single(out, "threads_database_wal_bytes", "Size of the write-ahead log of hub.db.",
	       disk.wal);
	if (overview->index_there)
		single(out, "threads_disk_stopped", "1 while collecting waits for room.",
		       overview->stopped);
}

struct account_list {
	struct reader_account_figures *rows;
	size_t count;
};

static void keep_account(void *arg, const struct reader_account_figures *account)
{
	struct account_list *list = arg;

	if (list->count < METRICS_ACCOUNTS_MAX)
		list->rows[list->count++] = *account;
}

static void put_account_family(const struct account_list *list, int which, struct strbuf *out)
{
	static const struct {
		const char *name, *help;
	} families[] = {
		{ "threads_account_last_success_timestamp_seconds",
		  "When the account was complete last; 0: never. Its number is in account list." },
		{ "threads_account_messages", "Messages of the account." },
		{ "threads_account_missing_messages",
		  "What the pass that runs has still to read." },
		{ "threads_account_failing", "1 while its last try failed." },
		{ "threads_account_active", "1 unless it is paused, a draft, or being removed." },
	};
	struct page page = { .out = out };
	char labels[64];

	family(&page, families[which].name, "gauge", families[which].help);
	for (size_t i = 0; i < list->count; i++) {
		const struct reader_account_figures *a = &list->rows[i];
		const int64_t values[] = { a->last_ok_ms / 1000, a->messages, a->missing,
					   a->troubled, a->active };

		snprintf(labels, sizeof(labels), "account=\"%" PRId64 "\"", a->number);
		if (a->imap)
			sample(&page, labels, values[which]);
	}
}

static int put_accounts(struct api *api, struct strbuf *out, struct threads_error *err)
{
	AUTO_FREE struct reader_account_figures *rows = calloc(METRICS_ACCOUNTS_MAX, sizeof(*rows));
	struct account_list list = { rows, 0 };
	int rc;

	if (!rows)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = reader_account_figures(api->reader, METRICS_ACCOUNTS_MAX, keep_account, &list, err);
	if (rc < 0)
		return rc;
	single(out, "threads_accounts", "Accounts, imports included.", (int64_t)list.count);
	for (int i = 0; i < 5; i++)
		put_account_family(&list, i, out);
	return 0;
}

static int put_store(struct api *api, struct strbuf *out, struct threads_error *err)
{
	struct reader_import_figures imports = { 0 };
	int64_t messages = 0, pack_bytes = 0;
	int rc = reader_counts(api->reader, &messages, &pack_bytes, err);

	if (rc == 0)
		rc = reader_import_figures(api->reader, &imports, err);
	if (rc < 0)
		return rc;
	single(out, "threads_messages", "Messages in the store.", messages);
	single(out, "threads_pack_bytes", "Bytes of the packs.", pack_bytes);
	single(out, "threads_imports_running", "Imports that run or wait for their turn.",
	       imports.running);
	single(out, "threads_imports_read_messages", "What they have read.", imports.messages);
	single(out, "threads_imports_read_bytes", "What they have read.", imports.bytes);
	single(out, "threads_imports_size_bytes", "What they have to read.", imports.total_bytes);
	return put_accounts(api, out, err);
}

static int put_build(struct api *api, struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf labels = STRBUF_INIT(400);
	struct page page = { .out = out };
	int64_t schema;
	int rc = reader_schema(api->reader, &schema, err);

	if (rc < 0)
		return rc;
	strbuf_add_str(&labels, "version=\"");
	put_escaped(&labels, THREADS_VERSION);
	strbuf_addf(&labels, "\",schema=\"%" PRId64 "\",sqlite=\"", schema);
	put_escaped(&labels, reader_database_version());
	strbuf_add_char(&labels, '"');
	family(&page, "threads_build_info", "gauge", "What runs, in the labels.");
	sample(&page, strbuf_str(&labels), 1);
	return 0;
}

int metrics_write(struct api *api, const struct overview *overview, struct strbuf *out,
		  struct threads_error *err)
{
	int rc = put_build(api, out, err);

	if (rc == 0)
		rc = put_store(api, out, err);
	if (rc < 0)
		return rc;
	put_disk(api, overview, out);
	if (overview->figures)
		put_figures(overview->figures, out);
	return strbuf_check(out, err);
}
