/* SPDX-License-Identifier: Apache-2.0 */
#include "core/config.h"

#include <ini.h>
#include <stdio.h>

#include "core/number.h"

enum config_kind { KIND_TEXT, KIND_PATH, KIND_URL, KIND_INT, KIND_BOOL };

struct config_key {
	const char *name, *preset;
	enum config_kind kind;
	int64_t min, max;
	const char *purpose;
};

static const struct config_key keys[] = {
	{ "data_dir", "/var/lib/threads", KIND_PATH, 0, 0,
	  "folder of all databases, packs and sockets" },
	{ "key_file", "", KIND_PATH, 0, 0,
	  "master key, 32 bytes; empty: DATA/master.key, made at the first start" },
	{ "listen", "127.0.0.1:8420", KIND_TEXT, 0, 0,
	  "address and port for browsers, or the path of a unix socket" },
	{ "public_url", "", KIND_URL, 0, 0,
	  "how browsers reach the hub; empty: http://localhost, with the port that listens" },
	{ "role_uids", "0", KIND_INT, 0, 2000000000,
	  "first of 16 numeric uids for the roles; needs root, 0 = all roles share one uid" },
	{ "insecure_no_landlock", "no", KIND_BOOL, 0, 0,
	  "start although the kernel cannot keep roles apart" },
	{ "log_level", "6", KIND_INT, 3, 7,
	  "3 errors, 4 warnings, 5 notices, 6 information, 7 debugging (shows addresses)" },
	{ "sample_dir", "", KIND_PATH, 0, 0,
	  "folder of .eml files given to the first owner as a sample mailbox" },
	{ "trusted_proxy", "no", KIND_BOOL, 0, 0,
	  "take the client's address from X-Forwarded-For (a proxy of yours is in front)" },
	{ "http_connections", "1024", KIND_INT, 16, 65536, "open browser connections at once" },
	{ "http_body_max", "1048576", KIND_INT, 65536, 16777216, "bytes of one JSON request" },
	{ "upload_chunk_max", "8388608", KIND_INT, 65536, 67108864,
	  "bytes of one piece of an upload; browsers send 4194304" },
	{ "message_max", "52428800", KIND_INT, 65536, 1073741824,
	  "bytes of one message; larger ones go to the ledger" },
	{ "imap_processes", "16", KIND_INT, 1, 512,
	  "accounts that may be connected at once; the others take turns" },
	{ "imap_poll_s", "300", KIND_INT, 5, 86400,
	  "seconds between looks at folders without IDLE" },
	{ "imap_timeout_s", "60", KIND_INT, 5, 600, "seconds a mail server may stay silent" },
	{ "parse_processes", "2", KIND_INT, 1, 32, "parsers at once" },
	{ "parse_timeout_s", "120", KIND_INT, 1, 3600,
	  "seconds a parser may take for one batch of messages" },
	{ "api_processes", "2", KIND_INT, 1, 16, "processes that answer requests" },
	{ "session_idle_s", "43200", KIND_INT, 60, 2592000,
	  "a sign-in ends after this much silence" },
	{ "session_max_s", "604800", KIND_INT, 300, 31536000,
	  "a sign-in ends at the latest after this" },
	{ "metrics_socket", "", KIND_PATH, 0, 0,
	  "unix socket with figures for Prometheus; empty: DATA/run/metrics.sock" },
	{ "metrics_group", "0", KIND_INT, 0, 2000000000,
	  "numeric gid that may read them too; 0 = only root and the hub's own user" },
	{ "disk_stop_percent", "95", KIND_INT, 1, 100,
	  "collecting stops when the disk is this full" },
};

/* A reload is enough for these: they are asked for whenever they matter. */
static const char *const live[] = {
	"log_level",       "http_body_max",     "upload_chunk_max", "message_max",
	"imap_processes",  "imap_poll_s",       "imap_timeout_s",   "parse_processes",
	"parse_timeout_s", "disk_stop_percent", "session_idle_s",   "session_max_s",
};

struct config {
	char *values[ARRAY_SIZE(keys)];
	struct threads_error *err; /* where the line handler puts its words, during a read */
};

static ssize_t key_index(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return (ssize_t)i;
	return -1;
}

static int parse_bool(const char *text)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcmp(text, yes[i]) == 0)
			return 1;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (strcmp(text, no[i]) == 0)
			return 0;
	return -1;
}

static int check_value(const struct config_key *key, const char *value, struct threads_error *err)
{
	int64_t number;

	if (key->kind == KIND_PATH && *value && *value != '/')
		return threads_error_set(err, THREADS_EINVAL, "%s must begin with /", key->name);
	if (key->kind == KIND_URL && *value && strncmp(value, "http://", 7) != 0 &&
	    strncmp(value, "https://", 8) != 0)
		return threads_error_set(err, THREADS_EINVAL,
					 "%s must begin with https:// or http://", key->name);
	if (key->kind == KIND_BOOL && parse_bool(value) < 0)
		return threads_error_set(err, THREADS_EINVAL, "%s must be yes or no", key->name);
	if (key->kind == KIND_INT) {
		const int rc = parse_int(value, key->min, key->max, &number, err);

		if (rc < 0)
			return threads_error_wrap(err, rc, "%s", key->name);
	}
	return 0;
}

int config_set(struct config *config, const char *name, const char *value,
	       struct threads_error *err)
{
	const ssize_t i = key_index(name);
	char *copy;
	int rc;

	if (i < 0)
		return threads_error_set(err, THREADS_EINVAL, "unknown setting '%s'", name);
	rc = check_value(&keys[i], value, err);
	if (rc < 0)
		return rc;
	if (config->values[i] && strcmp(config->values[i], value) == 0)
		return 0; /* who borrowed the text keeps it */
	copy = strdup(value);
	if (!copy)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	free(config->values[i]);
	config->values[i] = copy;
	return 0;
}

int config_new(struct config **ret_config, struct threads_error *err)
{
	CLEANUP(config_freep) struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const int rc = config_set(config, keys[i].name, keys[i].preset, err);

		if (rc < 0)
			return rc;
	}
	*ret_config = TAKE_PTR(config);
	return 0;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		free(config->values[i]);
	free(config);
	return NULL;
}

void config_freep(struct config **config)
{
	*config = config_free(*config);
}

/* inih's handler: 1 goes on, 0 is an error at this line. */
static int on_line(void *user, const char *section, const char *name, const char *value)
{
	struct config *config = user;

	(void)section; /* sections only group the file for its reader */
	return config_set(config, name, value, config->err) == 0;
}

static int read_result(int line, const char *source, struct threads_error *err)
{
	if (line == 0)
		return 0;
	if (line > 0)
		return threads_error_wrap(err, THREADS_EINVAL, "%s, line %d", source, line);
	if (line == -1)
		return threads_error_set(err, THREADS_ENOENT, "%s cannot be opened: %m", source);
	return threads_error_set(err, THREADS_ENOMEM, "out of memory");
}

int config_read(struct config *config, const char *path, struct threads_error *err)
{
	struct threads_error line_err = { .text = "not of the form key = value" };
	int line;

	config->err = &line_err;
	line = ini_parse(path, on_line, config);
	config->err = NULL;
	if (err)
		*err = line_err;
	return read_result(line, path, err);
}

int config_read_text(struct config *config, const char *text, struct threads_error *err)
{
	struct threads_error line_err = { .text = "not of the form key = value" };
	int line;

	config->err = &line_err;
	line = ini_parse_string(text, on_line, config);
	config->err = NULL;
	if (err)
		*err = line_err;
	return read_result(line, "settings", err);
}

const char *config_text(const struct config *config, const char *name)
{
	const ssize_t i = key_index(name);

	if (i < 0)
		abort();
	return config->values[i];
}

int64_t config_int(const struct config *config, const char *name)
{
	return strtoll(config_text(config, name), NULL, 10);
}

bool config_bool(const struct config *config, const char *name)
{
	return parse_bool(config_text(config, name)) == 1;
}

bool config_describe(size_t index, const char **name, const char **preset, const char **purpose)
{
	if (index >= ARRAY_SIZE(keys))
		return false;
	*name = keys[index].name;
	*preset = keys[index].preset;
	*purpose = keys[index].purpose;
	return true;
}

bool config_is_live(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(live); i++)
		if (strcmp(live[i], name) == 0)
			return true;
	return false;
}
