/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the hub: "status" for people and programs, "metrics" for a monitoring system. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"

enum { ERRORS_SHOWN = 10, COPY_BYTES = 64 * 1024 };

/* Parsers come and go: their number says nothing. That of imap is its account's. */
static void print_name(const json_t *object)
{
	char name[40];

	if (print_number(object, "instance") && strcmp(print_field(object, "role"), "parse") != 0)
		snprintf(name, sizeof(name), "%.20s %" PRId64, print_field(object, "role"),
			 print_number(object, "instance"));
	else
		snprintf(name, sizeof(name), "%.20s", print_field(object, "role"));
	print_cell(name, 10);
}

static void print_role(const json_t *role)
{
	const int64_t memory = print_number(role, "memory_bytes");

	print_name(role);
	printf("%8" PRId64 "  ", print_number(role, "pid"));
	print_cell(print_field(role, "state"), 9);
	printf("%5" PRId64 " MB %8.1f s CPU  restarts %" PRId64, (memory + 500000) / 1000000,
	       (double)print_number(role, "cpu_ms") / 1000, print_number(role, "restarts"));
	if (json_is_false(json_object_get(role, "confined")) && print_number(role, "pid"))
		printf("  NOT CONFINED");
	if (print_field(role, "error")[0]) {
		printf("  %.19s ", print_field(role, "ended"));
		print_text(print_field(role, "error"));
	}
	putchar('\n');
}

static void print_disk(const json_t *disk)
{
	printf("disk %" PRId64 "%% full (collecting stops at %" PRId64 "%%), %" PRId64
	       " MB free, packs %" PRId64 " MB, databases %" PRId64 " MB%s\n",
	       print_number(disk, "percent"), print_number(disk, "stop_percent"),
	       print_number(disk, "free") / 1000000, print_number(disk, "packs_bytes") / 1000000,
	       print_number(disk, "hub_bytes") / 1000000,
	       json_is_true(json_object_get(disk, "stopped")) ? " - COLLECTING IS STOPPED" : "");
}

static void print_errors(const json_t *errors)
{
	const json_t *error;
	size_t i;

	if (json_array_size(errors) > 0)
		printf("last warnings and errors, newest first:\n");
	json_array_foreach(errors, i, error) {
		if (i == ERRORS_SHOWN)
			break;
		printf("%.19s  ", print_field(error, "time"));
		print_name(error);
		print_text(print_field(error, "words"));
		putchar('\n');
	}
}

static int print_status(json_t *line, void *arg, struct threads_error *err)
{
	const json_t *role;
	size_t i;

	(void)err;
	if (*(bool *)arg) {
		print_json(line);
		return 0;
	}
	printf("Threads %s, %" PRId64 " messages, %" PRId64 " waiting, up since %.19s\n",
	       print_field(line, "version"), print_number(line, "messages"),
	       print_number(line, "queue"), print_field(line, "started"));
	if (json_is_true(json_object_get(line, "insecure")))
		printf("THE ROLES ARE NOT KEPT APART: this kernel has no Landlock\n");
	print_disk(json_object_get(line, "disk"));
	json_array_foreach(json_object_get(line, "roles"), i, role)
		print_role(role);
	print_errors(json_object_get(line, "errors"));
	return 0;
}

int verb_status(const struct ctl_args *args)
{
	bool as_json = ctl_has(args, OPT_JSON);
	const struct link_handler handler = { .on_line = print_status, .arg = &as_json };

	return link_run(args, CTL_VERB_API, "status", json_object(), &handler, true);
}

static int copy_out(int fd, void *arg, struct threads_error *err)
{
	char bytes[COPY_BYTES];
	off_t offset = 0;
	ssize_t n;

	(void)arg;
	while ((n = pread(fd, bytes, sizeof(bytes), offset)) > 0) {
		if (fwrite(bytes, 1, (size_t)n, stdout) != (size_t)n)
			return threads_error_set(err, THREADS_EIO, "standard output: %m");
		offset += n;
	}
	return n < 0 ? threads_error_set(err, THREADS_EIO, "the figures cannot be read: %m") : 0;
}

int verb_metrics(const struct ctl_args *args)
{
	const struct link_handler handler = { .on_blob = copy_out };

	return link_run(args, CTL_VERB_API, "metrics", json_object(), &handler, true);
}
