/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/settings.h"

#include "core/log.h"
#include "core/strbuf.h"
#include "supervisor/options.h"
#include "supervisor/tell.h"

enum { CONFIG_TEXT_MAX = 64 * 1024 };

int settings_write(struct supervisor *s, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(CONFIG_TEXT_MAX);
	const char *key, *preset, *purpose;
	char *copy;
	int rc;

	for (size_t i = 0; config_describe(i, &key, &preset, &purpose); i++)
		strbuf_addf(&text, "%s = %s\n", key,
			    strcmp(key, "public_url") == 0 ? s->origin
							   : config_text(s->config, key));
	rc = strbuf_check(&text, err);
	if (rc < 0)
		return rc;
	copy = strdup(strbuf_str(&text));
	if (!copy)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	free(s->config_text);
	s->config_text = copy;
	return 0;
}

/* Into the status, too: "systemctl reload" itself succeeds whatever the file says. */
static void complain(struct supervisor *s, enum log_level level, const char *words)
{
	if (level <= LOG_LEVEL_ERROR)
		log_error("%s", words);
	else
		log_warning("%s", words);
	journal_keep(&s->journal, level, ROLE_SUPERVISOR, 0, words);
}

/* Returns how many live settings changed. */
static int take_over(struct supervisor *s, const struct config *fresh, struct threads_error *err)
{
	const char *key, *preset, *purpose;
	char words[JOURNAL_TEXT_BYTES];
	int changed = 0;

	for (size_t i = 0; config_describe(i, &key, &preset, &purpose); i++) {
		const char *value = config_text(fresh, key);

		if (strcmp(value, config_text(s->config, key)) == 0)
			continue;
		if (!config_is_live(key)) {
			snprintf(words, sizeof(words), "reload: %s takes effect after a restart",
				 key);
			complain(s, LOG_LEVEL_WARNING, words);
			continue;
		}
		if (config_set(s->config, key, value, err) < 0)
			return err->code;
		log_notice("reload: %s = %s", key, value);
		changed++;
	}
	return changed;
}

void settings_reload(struct supervisor *s)
{
	CLEANUP(config_freep) struct config *fresh = NULL;
	char words[JOURNAL_TEXT_BYTES];
	struct threads_error err;
	int rc = options_read_again(s, &fresh, &err);

	if (rc == 0)
		rc = take_over(s, fresh, &err);
	if (rc == 0)
		log_notice("reload: nothing changes now");
	if (rc > 0)
		rc = settings_write(s, &err);
	if (rc < 0) {
		snprintf(words, sizeof(words), "reload: %.200s; the settings stay as they were",
			 err.text);
		complain(s, LOG_LEVEL_ERROR, words);
		return;
	}
	log_set_level((enum log_level)config_int(s->config, "log_level"));
	tell_settings(s);
}
