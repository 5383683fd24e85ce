/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/batch.h"

#include <sys/time.h>

#include "parse/build.h"

int batch_limit_cpu(int seconds, struct threads_error *err)
{
	const struct itimerval timer = { .it_value = { .tv_sec = seconds } };

	if (setitimer(ITIMER_PROF, &timer, NULL) < 0)
		return threads_error_set(err, THREADS_EIO, "setitimer: %s", strerror(errno));
	return 0;
}

static int check_entries(const struct batch_entry *entries, size_t count, size_t input_len,
			 struct threads_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].offset > input_len ||
		    entries[i].length > input_len - entries[i].offset)
			return threads_error_set(err, THREADS_EINVAL,
						 "message %zu lies outside the batch", i);
	return 0;
}

int batch_parse(struct mime *mime, const unsigned char *input, size_t input_len,
		const struct batch_entry *entries, size_t count, int fd, bool limit_cpu,
		struct threads_error *err)
{
	CLEANUP(builder_close) struct builder builder = { 0 };
	int rc = check_entries(entries, count, input_len, err);

	if (rc == 0)
		rc = builder_open(&builder, mime, fd, err);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (limit_cpu)
			rc = batch_limit_cpu(BATCH_CPU_SECONDS, err);
		if (rc == 0)
			rc = build_message(&builder, (uint32_t)i,
					   entries[i].length > 0
						   ? (const char *)input + entries[i].offset
						   : "",
					   (size_t)entries[i].length, err);
	}
	if (limit_cpu && rc == 0)
		rc = batch_limit_cpu(0, err);
	return rc;
}
