/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that only read: search, show, lists, status. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "core/number.h"
#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"

enum { LIMIT_PRESET = 50, LIMIT_MAX = 10000, SHOW_MAX = 1 << 30 };

/* ---- lists ---- */

struct list {
	bool as_json;
	bool printed;
	json_t *array; /* with as_json */
	void (*print)(const json_t *line);
	const char *empty; /* what people read when there is nothing */
};

static int list_on_line(json_t *line, void *arg, struct threads_error *err)
{
	struct list *list = arg;

	(void)err;
	list->printed = true;
	if (list->as_json)
		json_array_append(list->array, line);
	else
		list->print(line);
	return 0;
}

/* One array for --json, one line each for people. */
static int run_list(const struct ctl_args *args, void (*print)(const json_t *), const char *empty)
{
	CLEANUP(json_freep) json_t *array = json_array();
	struct list list = { ctl_has(args, OPT_JSON), false, array, print, empty };
	const struct link_handler handler = { .on_line = list_on_line, .arg = &list };
	const int status =
		link_run(args, CTL_VERB_API, args->verb->words, json_object(), &handler, true);

	if (status != CTL_DONE)
		return status;
	if (list.as_json)
		print_json(array);
	else if (!list.printed)
		puts(empty);
	return CTL_DONE;
}

static void print_account(const json_t *line)
{
	printf("%4" PRId64 "  ", print_number(line, "number"));
	print_cell(print_field(line, "name"), 24);
	print_cell(print_field(line, "type"), 6);
	print_cell(print_field(line, "owner"), 12);
	print_cell(print_field(line, "state"), 8);
	printf("%9" PRId64 "  ", print_number(line, "messages"));
	print_text(print_field(line, "error")[0] ? print_field(line, "error")
						 : print_field(line, "last_ok"));
	putchar('\n');
}

int verb_account_list(const struct ctl_args *args)
{
	return run_list(args, print_account, "There are no accounts yet.");
}

static void print_user(const json_t *line)
{
	print_cell(print_field(line, "name"), 20);
	print_cell(print_field(line, "display_name"), 24);
	print_cell(print_field(line, "role"), 8);
	print_cell(print_field(line, "state"), 8);
	print_text(print_field(line, "last_seen"));
	putchar('\n');
}

int verb_user_list(const struct ctl_args *args)
{
	return run_list(args, print_user, "There are no users yet.");
}

/* ---- one line at a time ---- */

struct lines {
	bool as_json, timed;
	void (*print)(const json_t *line);
};

static int lines_on_line(json_t *line, void *arg, struct threads_error *err)
{
	const struct lines *lines = arg;

	(void)err;
	if (lines->as_json)
		print_json(line);
	else
		lines->print(line);
	return 0;
}

static int lines_on_progress(json_t *progress, void *arg, struct threads_error *err)
{
	const struct lines *lines = arg;
	const json_t *took = json_object_get(progress, "took_ms");

	(void)err;
	if (lines->timed && took)
		fprintf(stderr, "%.3f\n", json_number_value(took));
	else if (print_field(progress, "hint")[0])
		fprintf(stderr, "threadsctl: %s\n", print_field(progress, "hint"));
	return 0;
}

static int run_lines(const struct ctl_args *args, json_t *arguments, void (*print)(const json_t *))
{
	struct lines lines = { ctl_has(args, OPT_JSON), ctl_has(args, OPT_TIME), print };
	const struct link_handler handler = { .on_line = lines_on_line,
					      .on_progress = lines_on_progress,
					      .arg = &lines };

	return link_run(args, CTL_VERB_API, args->verb->words, arguments, &handler, true);
}

static void print_hit(const json_t *line)
{
	printf("%.16s  ", print_field(line, "date"));
	print_cell(print_field(line, "from"), 30);
	print_text(print_field(line, "subject"));
	printf("\n    ");
	print_text(print_field(line, "snippet"));
	printf("\n    %s  ", print_field(line, "id"));
	print_text(print_field(line, "account"));
	putchar('\n');
}

int verb_search(const struct ctl_args *args)
{
	const char *sort = ctl_has(args, OPT_SORT) ? ctl_value(args, OPT_SORT) : "newest";
	struct threads_error err;
	int64_t limit = LIMIT_PRESET;

	if (strcmp(sort, "newest") != 0 && strcmp(sort, "relevance") != 0) {
		print_failure("--sort is newest or relevance");
		return CTL_USAGE;
	}
	if (ctl_has(args, OPT_LIMIT) &&
	    parse_int(ctl_value(args, OPT_LIMIT), 1, LIMIT_MAX, &limit, &err) < 0) {
		print_failure("--limit is a number from 1 to 10000");
		return CTL_USAGE;
	}
	return run_lines(args,
			 json_pack("{s:s, s:s, s:I, s:s, s:b}", "user", ctl_value(args, OPT_USER),
				   "query", args->rest_count ? args->rest[0] : "", "limit",
				   (json_int_t)limit, "sort", sort, "time",
				   ctl_has(args, OPT_TIME)),
			 print_hit);
}

static void print_ledger_line(const json_t *line)
{
	printf("%.19s  ", print_field(line, "time"));
	print_cell(print_field(line, "account"), 16);
	print_cell(print_field(line, "folder"), 16);
	printf("%10" PRId64 "  ", print_number(line, "uid"));
	print_cell(print_field(line, "reason"), 16);
	print_text(print_field(line, "detail"));
	putchar('\n');
}

int verb_ledger(const struct ctl_args *args)
{
	return run_lines(args, json_pack("{s:s}", "account", ctl_value(args, OPT_ACCOUNT)),
			 print_ledger_line);
}

static void print_verify(const json_t *line)
{
	const size_t faults = json_array_size(json_object_get(line, "faults"));
	const json_t *fault;
	size_t i;

	if (json_object_get(line, "messages"))
		printf("%" PRId64 " messages, %" PRId64 " sightings, %" PRId64 " blobs, %" PRId64
		       " index rows, %" PRId64 " ledger entries, ",
		       print_number(line, "messages"), print_number(line, "sightings"),
		       print_number(line, "blobs"), print_number(line, "index_rows"),
		       print_number(line, "ledger"));
	else /* a damaged page */
		printf("the check of hub.db could not go on, ");
	printf("%zu fault%s\n", faults, faults == 1 ? "" : "s");
	json_array_foreach(json_object_get(line, "faults"), i, fault) {
		if (json_is_string(fault))
			print_text(json_string_value(fault));
		else
			json_dumpf(fault, stdout, JSON_COMPACT);
		putchar('\n');
	}
}

int verb_verify(const struct ctl_args *args)
{
	if (ctl_has(args, OPT_BACKUP))
		return verb_verify_backup(args);
	return run_lines(args, json_pack("{s:b}", "deep", ctl_has(args, OPT_DEEP)), print_verify);
}

static void print_fingerprint(const json_t *line)
{
	puts(print_field(line, "fingerprint"));
}

int verb_fingerprint(const struct ctl_args *args)
{
	return run_lines(args, json_object(), print_fingerprint);
}

/* ---- one message ---- */

static void print_people(const char *label, const json_t *people)
{
	const json_t *person;
	size_t i;

	json_array_foreach(people, i, person) {
		printf("%-9s", i == 0 ? label : "");
		print_text(print_field(person, "name"));
		printf(" <");
		print_text(print_field(person, "address"));
		printf(">\n");
	}
}

static void print_places(const json_t *message)
{
	const json_t *each;
	size_t i;

	json_array_foreach(json_object_get(message, "attachments"), i, each) {
		printf("Attached ");
		print_text(print_field(each, "name"));
		printf(" (%s, %" PRId64 " bytes)\n", print_field(each, "type"),
		       print_number(each, "size"));
	}
	json_array_foreach(json_object_get(message, "sightings"), i, each) {
		printf("Seen in  ");
		print_text(print_field(each, "account"));
		printf(" / ");
		print_text(print_field(each, "folder"));
		putchar('\n');
	}
}

/* Line by line: the text's own line breaks are kept, its control characters are not. */
static void print_body(const char *text)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT(SHOW_MAX);

	for (const char *p = text; *p;) {
		const size_t len = strcspn(p, "\n");

		strbuf_reset(&line);
		strbuf_add(&line, p, len);
		print_text(strbuf_str(&line));
		putchar('\n');
		p += len + (p[len] == '\n');
	}
}

static void print_message(const json_t *message)
{
	const json_t *from = json_object_get(message, "from");

	printf("Subject  ");
	print_text(print_field(message, "subject"));
	printf("\nDate     %s\nFrom     ", print_field(message, "date"));
	print_text(print_field(from, "name"));
	printf(" <");
	print_text(print_field(from, "address"));
	printf(">\n");
	print_people("To", json_object_get(message, "to"));
	print_people("Cc", json_object_get(message, "cc"));
	print_people("Bcc", json_object_get(message, "bcc"));
	print_places(message);
	putchar('\n');
	print_body(print_field(message, "text"));
}

static int show_on_line(json_t *line, void *arg, struct threads_error *err)
{
	const struct ctl_args *args = arg;

	(void)err;
	if (ctl_has(args, OPT_JSON))
		print_json(line);
	else
		print_message(line);
	return 0;
}

/* A blob is the raw message, or JSON that did not fit into a frame. */
static int show_on_blob(int fd, void *arg, struct threads_error *err)
{
	const struct ctl_args *args = arg;
	CLEANUP(json_freep) json_t *message = NULL;
	const off_t len = lseek(fd, 0, SEEK_END);
	void *map;
	int rc = 0;

	if (len < 0 || len > SHOW_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "the message is too large to show");
	if (len == 0)
		return 0;
	map = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return threads_error_set(err, THREADS_EIO, "the message cannot be read: %m");
	if (ctl_has(args, OPT_RAW)) {
		if (fwrite(map, 1, (size_t)len, stdout) != (size_t)len)
			rc = threads_error_set(err, THREADS_EIO, "standard output: %m");
	} else {
		rc = json_parse_object(map, (size_t)len, &message, err);
		if (rc == 0)
			rc = show_on_line(message, arg, err);
	}
	munmap(map, (size_t)len);
	return rc;
}

int verb_show(const struct ctl_args *args)
{
	struct ctl_args copy = *args;
	const struct link_handler handler = { .on_line = show_on_line,
					      .on_blob = show_on_blob,
					      .arg = &copy };

	return link_run(args, CTL_VERB_API, "show",
			json_pack("{s:s, s:s, s:b}", "id", args->rest[0], "user",
				  ctl_value(args, OPT_USER), "raw", ctl_has(args, OPT_RAW)),
			&handler, true);
}
