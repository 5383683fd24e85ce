/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "import": passes open files to the hub, at most WINDOW of them unfinished. The
 * hub counts finished files in the order they were sent; when the connection
 * breaks (api was restarted), the import is taken up again at that count.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "core/clock.h"
#include "ctl/files.h"
#include "ctl/link.h"
#include "ctl/print.h"
#include "ctl/verbs.h"

enum {
	WINDOW = 1000,       /* files that the hub has and did not finish */
	BATCH = 250,         /* files of one frame */
	BATCH_TEXT = 100000, /* bytes of their names */
	RECONNECT_MS = 60 * 1000,
	RECONNECT_WAIT_US = 250 * 1000,
};

struct import {
	const struct ctl_args *args;
	const char *kind;
	struct files files;
	char id[64]; /* "" until the hub has made it */
	struct link link;
	size_t taken, sent;
	bool begun, said_last, done;
	json_t *totals;
	int64_t broken_at_ms; /* 0: connected */
};

static void import_release(struct import *import)
{
	files_release(&import->files);
	link_release(&import->link);
	json_decref(import->totals);
}

/* ---- sending ---- */

/* Opens the next files; those that cannot be opened are left out with a warning. */
static size_t open_files(struct import *import, int fds[BATCH])
{
	const size_t window_end = import->taken + WINDOW;
	size_t count = 0, text = 0, i = import->sent;

	while (i < import->files.count && i < window_end && count < BATCH && text < BATCH_TEXT) {
		const struct files_entry *entry = &import->files.entries[i];
		const int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		if (fd < 0) {
			fprintf(stderr, "threadsctl: %s is left out: %m\n", entry->path);
			files_drop(&import->files, i);
			continue;
		}
		fds[count++] = fd;
		text += strlen(entry->name);
		i++;
	}
	return count;
}

static int send_files(struct import *import, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int fds[BATCH], rc;
	const size_t count = open_files(import, fds);
	const bool last = import->sent + count >= import->files.count;

	frame_begin(&f, CTL_FILES, 0);
	frame_put_int(&f, last);
	frame_put_int(&f, (int64_t)count);
	for (size_t i = 0; i < count; i++) {
		frame_put_text(&f, import->files.entries[import->sent + i].name);
		frame_put_int(&f, import->files.entries[import->sent + i].size);
	}
	for (size_t i = 0; i < count; i++)
		frame_put_fd(&f, fds[i]);
	rc = frame_check(&f, err);
	if (rc == 0)
		rc = link_send(&import->link, &f, err);
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	if (rc < 0)
		return rc;
	import->sent += count;
	import->said_last = last;
	return 0;
}

static bool may_send(const struct import *import)
{
	if (!import->begun || import->said_last)
		return false;
	return import->files.count == import->sent || import->sent - import->taken < WINDOW;
}

/* ---- receiving ---- */

static int on_begun(struct import *import, const json_t *line, struct threads_error *err)
{
	const char *id = print_field(line, "import");
	const int64_t taken = print_number(line, "taken");

	if (!id[0] || strlen(id) >= sizeof(import->id) || taken < 0 ||
	    (size_t)taken > import->files.count)
		return threads_error_set(err, THREADS_EIO, "the hub did not answer as expected");
	memcpy(import->id, id, strlen(id) + 1);
	import->taken = import->sent = (size_t)taken;
	import->begun = true;
	import->said_last = false;
	import->broken_at_ms = 0;
	return 0;
}

static int on_line(json_t *line, void *arg, struct threads_error *err)
{
	struct import *import = arg;

	if (!import->begun)
		return on_begun(import, line, err);
	json_decref(import->totals);
	import->totals = json_incref(line);
	return 0;
}

static int on_progress(json_t *progress, void *arg, struct threads_error *err)
{
	const int64_t left_s = print_number(progress, "seconds_left");
	char line[160];
	int n;

	(void)arg;
	(void)err;
	n = snprintf(line, sizeof(line),
		     "%" PRId64 " messages, %" PRId64 " MB, %" PRId64 " a second",
		     print_number(progress, "read"), print_number(progress, "bytes") / 1000000,
		     (int64_t)json_number_value(json_object_get(progress, "rate")));
	if (left_s > 0 && n > 0)
		snprintf(line + n, sizeof(line) - (size_t)n, ", %" PRId64 ":%02" PRId64 " left",
			 left_s / 60, left_s % 60);
	print_progress(line);
	return 0;
}

static int on_taken(struct import *import, struct frame *f, struct threads_error *err)
{
	const int64_t taken = frame_get_int_in(f, 0, (int64_t)import->sent);
	const int rc = frame_get_end(f, err);

	if (rc == 0 && (size_t)taken > import->taken)
		import->taken = (size_t)taken;
	return rc;
}

static int on_json(struct import *import, struct frame *f, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *object = NULL;
	const char *text = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = json_parse_object(text, strlen(text), &object, err);
	if (rc < 0)
		return rc;
	return f->type == CTL_LINE ? on_line(object, import, err)
				   : on_progress(object, import, err);
}

static int on_frame(struct import *import, struct frame *f, struct threads_error *err)
{
	int64_t status;
	const char *words;

	if (f->type == CTL_FILES_TAKEN)
		return on_taken(import, f, err);
	if (f->type == CTL_LINE || f->type == CTL_PROGRESS)
		return on_json(import, f, err);
	if (f->type != CTL_END && f->type != IPC_ERROR)
		return threads_error_set(err, THREADS_EINVAL,
					 "the hub answered with frame %u; is it another version?",
					 (unsigned)f->type);
	status = frame_get_int(f);
	words = frame_get_text(f);
	import->done = true;
	if (status == 0 && f->type == CTL_END && import->totals)
		return 0;
	return threads_error_set(err, import->begun ? THREADS_EINVAL : THREADS_EAGAIN, "%s",
				 words[0] ? words : "the hub refused without saying why");
}

/* Reads all that is there. Errors: THREADS_EIO when the connection broke. */
static int receive(struct import *import, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int rc;

	while (!import->done && (rc = frame_recv(import->link.fd, &f, err)) != THREADS_EAGAIN) {
		if (rc == 0)
			return threads_error_set(err, THREADS_EIO, "the hub ended the connection");
		if (rc > 0)
			rc = on_frame(import, &f, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the connection ---- */

static int connect_hub(struct import *import, struct threads_error *err)
{
	CLEANUP(json_freep)
	json_t *arguments =
		json_pack("{s:s, s:s, s:s}", "account", ctl_value(import->args, OPT_ACCOUNT),
			  "owner", ctl_value(import->args, OPT_OWNER), "kind", import->kind);
	int rc;

	if (!arguments)
		return threads_error_set(err, THREADS_EINVAL, "the arguments are not UTF-8 text");
	if (import->id[0])
		json_object_set_new(arguments, "resume", json_string(import->id));
	link_release(&import->link);
	import->begun = import->done = false;
	rc = link_open(import->args, &import->link, err);
	return rc < 0 ? rc : link_ask(&import->link, CTL_VERB_API, "import", arguments, err);
}

/* One conversation, until the totals or until something breaks. */
static int converse(struct import *import, struct threads_error *err)
{
	int rc = connect_hub(import, err);

	while (rc == 0 && !import->done) {
		rc = receive(import, err);
		if (rc == 0 && !import->done && may_send(import))
			rc = send_files(import, err);
		else if (rc == 0 && !import->done)
			rc = link_wait(&import->link, err);
	}
	return rc;
}

/* Whether a conversation that failed with rc may be taken up again. */
static bool worth_again(struct import *import, int rc)
{
	const int64_t now_ms = clock_monotonic_ms();

	/* Refused at the first attempt: those are the hub's words for the user. */
	if (!import->id[0] && rc != THREADS_EIO)
		return false;
	if (rc != THREADS_EIO && rc != THREADS_EAGAIN && rc != THREADS_ENOENT)
		return false;
	if (import->broken_at_ms == 0)
		import->broken_at_ms = now_ms;
	return now_ms - import->broken_at_ms < RECONNECT_MS;
}

static int run(struct import *import)
{
	struct threads_error err = { 0 };
	int rc;

	while ((rc = converse(import, &err)) < 0) {
		if (!worth_again(import, rc))
			return print_failure(err.text);
		print_progress("The hub is restarting; waiting ...");
		usleep(RECONNECT_WAIT_US);
	}
	print_progress_end();
	if (ctl_has(import->args, OPT_JSON))
		print_json(import->totals);
	else
		printf("%" PRId64 " messages read: %" PRId64 " stored, %" PRId64
		       " duplicates, %" PRId64 " excluded, %" PRId64 " failed\n",
		       print_number(import->totals, "read"), print_number(import->totals, "stored"),
		       print_number(import->totals, "duplicate"),
		       print_number(import->totals, "excluded"),
		       print_number(import->totals, "failed"));
	return CTL_DONE;
}

int verb_import(const struct ctl_args *args)
{
	CLEANUP(import_release)
	struct import import = { .args = args, .link = LINK_INIT, .kind = args->rest[0] };
	struct threads_error err;
	enum files_kind kind;

	if (files_kind_parse(import.kind, &kind, &err) < 0) {
		print_failure(err.text);
		return CTL_USAGE;
	}
	for (int i = 1; i < args->rest_count; i++)
		if (files_add(&import.files, kind, args->rest[i], &err) < 0)
			return print_failure(err.text);
	if (import.files.passed_over > 0)
		fprintf(stderr, "threadsctl: %zu files that are not %s were passed over\n",
			import.files.passed_over, import.kind);
	if (import.files.count == 0)
		return print_failure("there is no mail in what was given; is it another kind?");
	return run(&import);
}
