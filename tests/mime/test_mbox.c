/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <sys/mman.h>

#include "core/strbuf.h"
#include "mime/mbox.h"

#define SEPARATOR "From a@example.org Mon Jan  1 00:00:00 2024\n"

static int file_of(const char *text, size_t len)
{
	const int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	return fd;
}

static const struct {
	const char *name, *mbox, *messages; /* joined with "|"; NULL: refused */
} cases[] = {
	{ "empty", "", "" },
	{ "one", SEPARATOR "S: 1\n\nbody\n\n", "S: 1\n\nbody\n" },
	{ "no last line end", SEPARATOR "S: 1\n\nbody", "S: 1\n\nbody" },
	{ "two", SEPARATOR "1\n\n" SEPARATOR "2\n\n", "1\n|2\n" },
	{ "CRLF",
	  "From - Mon Jan  1 00:00:00 2024\r\n1\r\n\r\nFrom - Tue Jan  2 00:00 2024\r\n2\r\n",
	  "1\r\n|2\r\n" },
	{ "quoted stays", SEPARATOR "a\n\n>From x Mon Jan  1 00:00:00 2024\n\n",
	  "a\n\n>From x Mon Jan  1 00:00:00 2024\n" },
	{ "From in the text", SEPARATOR "a\n\nFrom here on 2024 is better\n\n",
	  "a\n\nFrom here on 2024 is better\n" },
	{ "From without empty line", SEPARATOR "a\n" SEPARATOR "b\n\n", "a\n" SEPARATOR "b\n" },
	{ "zone in front of the year", "From 1@xxx Mon Jan 01 00:00:00 +0000 2024\na\n\n", "a\n" },
	{ "blank lines first", "\n\n" SEPARATOR "a\n\n", "a\n" },
	{ "empty message", SEPARATOR "\n" SEPARATOR "b\n\n", "|b\n" },
	{ "no mbox", "Subject: x\n\nbody\n", NULL },
};

static void test_table(void **state)
{
	const struct mbox_limits limits = { 10, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FD int fd = file_of(cases[i].mbox, strlen(cases[i].mbox));
		CLEANUP(strbuf_release) struct strbuf joined = STRBUF_INIT(4000);
		struct mbox_range ranges[10];
		struct mbox_result result = { 0 };
		const int rc = mbox_split(fd, 0, &limits, ranges, &result, NULL);

		for (size_t m = 0; m < result.count; m++) {
			strbuf_add(&joined, "|", m > 0);
			strbuf_add(&joined, cases[i].mbox + ranges[m].offset, ranges[m].length);
		}
		if (!cases[i].messages
			    ? rc != THREADS_EINVAL
			    : rc != 0 || !result.end ||
				      strcmp(strbuf_str(&joined), cases[i].messages) != 0)
			fail_msg("%s: %d \"%s\"", cases[i].name, rc, strbuf_str(&joined));
	}
}

/* 2,000 messages, some larger than the buffer: every way to ask gives the same ranges. */
static void test_resumes_anywhere(void **state)
{
	enum { MESSAGES = 2000 };
	static struct mbox_range all[MESSAGES + 1], some[MESSAGES + 1];
	static const struct mbox_limits limits[] = { { 7, UINT64_MAX },
						     { MESSAGES, 50000 },
						     { 1, 0 } };
	const struct mbox_limits everything = { MESSAGES + 1, UINT64_MAX };
	CLEANUP(strbuf_release) struct strbuf mbox = STRBUF_INIT(16 << 20);
	struct mbox_result whole, step;
	struct threads_error err;

	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		strbuf_addf(&mbox, SEPARATOR "Subject: %zu\n\n", i);
		for (size_t n = 0; n < (i % 500 == 7 ? 300000 : i % 97); n++)
			strbuf_add_char(&mbox, n % 80 == 79 && i % 1000 != 7 ? '\n' : 'x');
		strbuf_add_str(&mbox, "\n\n");
	}
	AUTO_FD int fd = file_of(mbox.data, mbox.len);

	assert_rc(mbox_split(fd, 0, &everything, all, &whole, &err), 0, &err);
	assert_int_equal(whole.count, MESSAGES);
	assert_true(whole.end);
	for (size_t l = 0; l < ARRAY_SIZE(limits); l++) {
		size_t done = 0;

		for (step = (struct mbox_result){ 0 }; !step.end; done += step.count) {
			assert_rc(mbox_split(fd, step.next, &limits[l], some, &step, &err), 0,
				  &err);
			assert_true(done + step.count <= MESSAGES);
			assert_memory_equal(some, all + done, step.count * sizeof(some[0]));
		}
		assert_int_equal(done, MESSAGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_resumes_anywhere),
	};

	return cmocka_run_group_tests_name("mime/mbox", tests, NULL, NULL);
}
