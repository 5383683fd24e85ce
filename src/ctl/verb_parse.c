/* SPDX-License-Identifier: Apache-2.0 */
/* "parse FILE": the parser of the hub, in its sandbox, on one file; no hub is needed. */
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "ctl/print.h"
#include "ctl/verbs.h"

extern char **environ;

enum { TEXT_MAX = 2 * PATH_MAX };

/* The parser stands beside this program, in a build folder or installed. */
static int find_parser(struct strbuf *out, struct threads_error *err)
{
	static const char *const places[] = { "libexec/threads-parse",
					      "../libexec/threads/threads-parse" };
	char self[PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0)
		return threads_error_set(err, THREADS_EIO, "/proc/self/exe: %m");
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		strbuf_reset(out);
		strbuf_addf(out, "%s/%s", self, places[i]);
		if (access(strbuf_str(out), X_OK) == 0)
			return strbuf_check(out, err);
	}
	return threads_error_set(err, THREADS_ENOENT,
				 "threads-parse is not beside %.150s; is the hub built completely?",
				 self);
}

static int spawn_parser(const char *program, int fd, pid_t *ret_pid)
{
	char name[] = "threads-parse", mode[] = "--flat-json";
	char *const argv[] = { name, mode, NULL };
	posix_spawn_file_actions_t actions;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return rc;
	rc = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn(ret_pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int verb_parse(const struct ctl_args *args)
{
	CLEANUP(strbuf_release) struct strbuf program = STRBUF_INIT(TEXT_MAX);
	CLEANUP(strbuf_release) struct strbuf words = STRBUF_INIT(TEXT_MAX);
	AUTO_FD int fd = open(args->rest[0], O_RDONLY | O_CLOEXEC);
	struct threads_error err;
	int status = 0, rc;
	pid_t pid;

	if (fd < 0) {
		strbuf_addf(&words, "%s cannot be opened: %m", args->rest[0]);
		return print_failure(strbuf_str(&words));
	}
	if (find_parser(&program, &err) < 0)
		return print_failure(err.text);
	rc = spawn_parser(strbuf_str(&program), fd, &pid);
	if (rc) {
		errno = rc;
		strbuf_addf(&words, "%s cannot be started: %m", strbuf_str(&program));
		return print_failure(strbuf_str(&words));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return print_failure("the parser cannot be waited for");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CTL_DONE;
	if (WIFSIGNALED(status))
		strbuf_addf(&words, "the parser was ended by signal %d (%s) on this file",
			    WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	else
		strbuf_add_str(&words, "the parser could not read this file");
	return print_failure(strbuf_str(&words));
}
