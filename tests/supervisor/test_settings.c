/* SPDX-License-Identifier: Apache-2.0 */
/* A reload: live settings change, others wait, a mistake changes nothing. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "supervisor/options.h"
#include "supervisor/settings.h"

struct world {
	struct supervisor s;
	char path[64];
	char *argv[6];
};

static void write_file(const struct world *w, const char *text)
{
	FILE *f = fopen(w->path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	static char name[] = "threadsd", config[] = "--config", set[] = "--set",
		    pair[] = "imap_poll_s=77";
	struct world *w = calloc(1, sizeof(*w));
	struct threads_error err;
	int fd;

	assert_non_null(w);
	snprintf(w->path, sizeof(w->path), "/tmp/threads-settings-XXXXXX");
	fd = mkstemp(w->path);
	assert_true(fd >= 0);
	close(fd);
	memcpy(w->argv, (char *[]){ name, config, w->path, set, pair, NULL }, sizeof(w->argv));
	w->s.argc = 5;
	w->s.argv = w->argv;
	snprintf(w->s.origin, sizeof(w->s.origin), "http://localhost:1");
	write_file(w, "log_level = 5\nlisten = 127.0.0.1:1\n");
	assert_int_equal(options_read_again(&w->s, &w->s.config, &err), 0);
	assert_int_equal(settings_write(&w->s, &err), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	unlink(w->path);
	w->s.config = config_free(w->s.config);
	free(w->s.config_text);
	free(w);
	return 0;
}

static void test_roles_get_all_settings_and_the_origin(void **state)
{
	const struct world *w = *state;

	assert_non_null(strstr(w->s.config_text, "public_url = http://localhost:1\n"));
	assert_non_null(strstr(w->s.config_text, "log_level = 5\n"));
	assert_non_null(strstr(w->s.config_text, "imap_poll_s = 77\n"));
	assert_non_null(strstr(w->s.config_text, "parse_processes = 2\n"));
}

static void test_live_settings_change_and_others_wait(void **state)
{
	struct world *w = *state;

	write_file(w, "log_level = 4\nlisten = 127.0.0.1:2\nparse_processes = 3\n");
	settings_reload(&w->s);
	assert_int_equal(config_int(w->s.config, "log_level"), 4);
	assert_int_equal(config_int(w->s.config, "parse_processes"), 3);
	assert_string_equal(config_text(w->s.config, "listen"), "127.0.0.1:1");
	assert_int_equal(config_int(w->s.config, "imap_poll_s"), 77); /* the command line's */
	assert_non_null(strstr(w->s.config_text, "parse_processes = 3\n"));
	write_file(w, "");
	settings_reload(&w->s);
	assert_int_equal(config_int(w->s.config, "parse_processes"), 2); /* its default again */
}

static void test_a_mistake_changes_nothing(void **state)
{
	static const char *const wrong[] = { "log_level = 4\nlog_level = 9\n",
					     "log_level = 4\nloglevel = 4\n",
					     "log_level = 4\nx\n" };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		write_file(w, wrong[i]);
		settings_reload(&w->s);
		assert_int_equal(config_int(w->s.config, "log_level"), 5);
		assert_non_null(strstr(journal_at(&w->s.journal, 0)->text, "stay as they were"));
	}
	assert_null(journal_at(&w->s.journal, ARRAY_SIZE(wrong))); /* one each in the status */
	unlink(w->path);
	settings_reload(&w->s);
	assert_int_equal(config_int(w->s.config, "log_level"), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_roles_get_all_settings_and_the_origin, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_live_settings_change_and_others_wait, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_mistake_changes_nothing, setup, teardown),
	};

	return cmocka_run_group_tests_name("supervisor/settings", tests, NULL, NULL);
}
