/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>

#include "core/log.h"
#include "ipc/role_name.h"

enum { USAGE_STATUS = 2, PROGRAMS_FROM = 10 };

static const char usage[] =
	"usage: threadsd [--config FILE] [--set KEY=VALUE]... [--insecure-no-landlock]\n"
	"       threadsd --print-config | --version | --help\n"
	"\n"
	"The hub's supervisor. --print-config explains every setting, docs/operations.md the rest.\n";

/*
 * Open from the start: an upgrade replaces the files, and what is started until the hub is
 * started anew must still be of the version that runs. Not below the numbers that a role gets.
 */
static void open_programs(struct supervisor *s, const char *folder)
{
	char path[1200];

	for (enum role role = 0; role < ROLE_COUNT; role++) {
		AUTO_FD int fd = -1;

		snprintf(path, sizeof(path), "%s/threads-%s", folder, role_name(role));
		fd = open(path, O_PATH | O_CLOEXEC);
		s->programs[role] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, PROGRAMS_FROM);
	}
}

/* Finds the roles' programs: beside a built threadsd, or where the package puts them. */
static int find_programs(struct supervisor *s, struct threads_error *err)
{
	static const char *const places[] = { "libexec", "../libexec/threads" };
	char self[1024], folder[sizeof(self) + 32];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return threads_error_set(err, THREADS_EIO, "/proc/self/exe: %m");
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(folder, sizeof(folder), "%s/%s", self, places[i]);
		open_programs(s, folder);
		if (s->programs[ROLE_INDEX] >= 0)
			return 0;
	}
	return threads_error_set(err, THREADS_ENOENT,
				 "the roles' programs (threads-index, ...) are not beside %s",
				 self);
}

/* A file for /etc: what has its default stands as a comment. */
static void print_config(const struct config *config)
{
	const char *key, *preset, *purpose;

	for (size_t i = 0; config_describe(i, &key, &preset, &purpose); i++)
		printf("# %s\n# default: %s; a change takes a %s\n%s%s = %s\n\n", purpose,
		       *preset ? preset : "empty", config_is_live(key) ? "reload" : "restart",
		       strcmp(config_text(config, key), preset) == 0 ? "#" : "", key,
		       config_text(config, key));
}

static int set_pair(struct config *config, const char *pair, struct threads_error *err)
{
	const char *equals = strchr(pair, '=');
	char key[64];

	if (!equals || (size_t)(equals - pair) >= sizeof(key))
		return threads_error_set(err, THREADS_EINVAL, "--set takes KEY=VALUE");
	snprintf(key, sizeof(key), "%.*s", (int)(equals - pair), pair);
	return config_set(config, key, equals + 1, err);
}

/* Returns 1 with *ret_exit when nothing is left to do. */
static int read_arguments(struct config *config, int argc, char **argv, int *ret_exit,
			  struct threads_error *err)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "set", required_argument, NULL, 's' },
		{ "insecure-no-landlock", no_argument, NULL, 'i' },
		{ "print-config", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, rc = 0;

	*ret_exit = EXIT_SUCCESS;
	optind = 0; /* from the first word, also when a reload reads them again */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): threadsd has one thread */
	while (rc == 0 && (c = getopt_long(argc, argv, "c:hv", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			rc = config_read(config, optarg, err);
			break;
		case 's':
			rc = set_pair(config, optarg, err);
			break;
		case 'i':
			rc = config_set(config, "insecure_no_landlock", "yes", err);
			break;
		case 'p':
			print_config(config);
			return 1;
		case 'v':
			puts("threadsd " THREADS_VERSION);
			return 1;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			*ret_exit = c == 'h' ? EXIT_SUCCESS : USAGE_STATUS;
			return 1;
		}
	}
	return rc;
}

int options_read(struct supervisor *s, int argc, char **argv, int *ret_exit,
		 struct threads_error *err)
{
	int rc = config_new(&s->config, err);

	if (rc == 0)
		rc = read_arguments(s->config, argc, argv, ret_exit, err);
	s->argc = argc;
	s->argv = argv;
	if (rc == 0)
		snprintf(s->data_dir, sizeof(s->data_dir), "%s",
			 config_text(s->config, "data_dir"));
	if (rc == 0 && s->data_dir[0] != '/')
		rc = threads_error_set(err, THREADS_EINVAL, "data_dir must begin with /");
	if (rc == 0)
		rc = find_programs(s, err);
	if (rc < 0) {
		log_error("%s", err->text); /* with its level: journalctl -p finds it */
		*ret_exit = EXIT_FAILURE;
	}
	return rc;
}

int options_read_again(const struct supervisor *s, struct config **ret_config,
		       struct threads_error *err)
{
	CLEANUP(config_freep) struct config *config = NULL;
	int exit_status;
	int rc = config_new(&config, err);

	if (rc == 0)
		rc = read_arguments(config, s->argc, s->argv, &exit_status, err);
	if (rc < 0)
		return rc;
	*ret_config = TAKE_PTR(config);
	return 0;
}

const char *options_env(const char *name)
{
	return getenv(name); /* NOLINT(concurrency-mt-unsafe): threadsd has one thread */
}
