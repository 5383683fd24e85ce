/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/batch.h"

#include <sys/time.h>

#include "parse/build.h"

int batch_limit_cpu(int seconds, struct threads_error *err)
{
	const struct itimerval timer = { .it_value = { .tv_sec = seconds } };

	if (setitimer(ITIMER_PROF, &timer, NULL) < 0)
		return threads_error_set(err, THREADS_EIO, "setitimer: %m");
	return 0;
}

static int check_entries(const struct batch_input *input, struct threads_error *err)
{
	for (size_t i = 0; i < input->count; i++)
		if (input->entries[i].offset > input->len ||
		    input->entries[i].length > input->len - input->entries[i].offset)
			return threads_error_set(err, THREADS_EINVAL,
						 "message %zu lies outside the batch", i);
	return 0;
}

static int parse_entry(struct builder *builder, const struct batch_input *input, size_t i,
		       struct threads_error *err)
{
	const struct batch_entry *entry = &input->entries[i];
	const char *raw = entry->length > 0 ? (const char *)input->data + entry->offset : "";

	return build_message(builder, (uint32_t)i, raw, (size_t)entry->length, err);
}

int batch_parse(struct mime *mime, const struct batch_input *input, int fd, bool limit_cpu,
		struct threads_error *err)
{
	CLEANUP(builder_close) struct builder builder = { 0 };
	int rc = check_entries(input, err);

	if (rc == 0)
		rc = builder_open(&builder, mime, fd, err);
	for (size_t i = 0; i < input->count && rc == 0; i++) {
		if (limit_cpu)
			rc = batch_limit_cpu(BATCH_CPU_SECONDS, err);
		if (rc == 0)
			rc = parse_entry(&builder, input, i, err);
	}
	if (limit_cpu && rc == 0)
		rc = batch_limit_cpu(0, err);
	return rc;
}
