/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ipc/role_name.h"
#include "supervisor/key.h"

enum { CONTROL_FD = 3, PROGRAM_FD, NO_EXEC_STATUS = 127 };

bool spawn_may_change_uid(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = { 0 };
	const uint32_t wanted = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_KILL;

	return syscall(SYS_capget, &head, has) == 0 && (has[0].effective & wanted) == wanted;
}

/*
 * As a service the supervisor has CAP_SETUID, CAP_SETGID and CAP_KILL as ambient
 * capabilities, which neither a change of uid nor exec takes from a child.
 */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_capset, &head, none);
}

/* Takes the role's own uid and gid. api may also read what index writes. */
static int drop_identity(const struct supervisor *s, enum role role)
{
	const uid_t id = supervisor_uid(s, role);
	const gid_t hub = supervisor_uid(s, ROLE_INDEX);

	if (s->role_uids == 0)
		return 0;
	if (setgroups(role == ROLE_API ? 1 : 0, &hub) < 0 || setresgid(id, id, id) < 0)
		return -1;
	return setresuid(id, id, id);
}

/* Sanitizers read their options from the environment; nothing else is handed down. */
static size_t collect_environment(char **out, size_t max)
{
	static const char *const names[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS",
					     "THREADS_SANITIZER_DIR" };
	size_t count = 0;

	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < ARRAY_SIZE(names) && count < max; i++)
			if (strncmp(*e, names[i], strlen(names[i])) == 0 &&
			    (*e)[strlen(names[i])] == '=')
				out[count++] = *e;
	return count;
}

static void set_environment(char *env[8])
{
	static char language[] = "LANG=C.UTF-8", zone[] = "TZ=UTC";
	size_t count = collect_environment(env, 4);

	env[count++] = language;
	env[count++] = zone;
	env[count] = NULL;
}

/* In the new process, after fork: only async-signal-safe calls. */
static void run_role(const struct child *child, char *name, const int fds[2], pid_t parent)
{
	char *argv[] = { name, NULL };
	char *env[8];
	sigset_t none;

	set_environment(env);
	sigemptyset(&none);
	if (dup2(fds[1], STDERR_FILENO) < 0 || dup2(fds[0], CONTROL_FD) < 0 ||
	    dup3(child->supervisor->programs[child->role], PROGRAM_FD, O_CLOEXEC) < 0 ||
	    close_range(PROGRAM_FD + 1, ~0U, 0) < 0)
		_exit(NO_EXEC_STATUS);
	umask(child->role == ROLE_INDEX ? 0027 : 0077);
	if (drop_identity(child->supervisor, child->role) < 0 || drop_capabilities() < 0)
		_exit(NO_EXEC_STATUS);
	/* After the change of uid, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(NO_EXEC_STATUS);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	fexecve(PROGRAM_FD, argv, env);
	_exit(NO_EXEC_STATUS);
}

static int put_key(struct frame *f, const struct child *child, struct threads_error *err)
{
	const struct supervisor *s = child->supervisor;
	unsigned char key[KEY_BYTES];
	int rc = 0;

	if (child->role == ROLE_INDEX || child->role == ROLE_AUTH || child->role == ROLE_VAULT) {
		rc = key_for_role(s, child->role, key, err);
		frame_put_bytes(f, key, sizeof(key));
		OPENSSL_cleanse(key, sizeof(key));
	} else {
		frame_put_bytes(f, NULL, 0);
	}
	if (child->role == ROLE_AUTH || child->role == ROLE_API)
		frame_put_bytes(f, s->ticket_key, sizeof(s->ticket_key));
	else
		frame_put_bytes(f, NULL, 0);
	return rc;
}

/* In the order that http/main.c and api/main.c know. */
static void put_sockets(struct frame *f, const struct child *child)
{
	const struct supervisor *s = child->supervisor;
	const bool http = child->role == ROLE_HTTP, api = child->role == ROLE_API;

	frame_put_int(f, http ? 1 : api ? 2 : 0);
	if (http)
		frame_put_fd(f, s->http_fd);
	if (!api)
		return;
	frame_put_fd(f, s->control_fd);
	frame_put_fd(f, s->metrics_fd);
}

static int send_config(struct child *child, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const struct supervisor *s = child->supervisor;
	int rc;

	frame_begin(&f, CTL_CONFIG, 0);
	frame_put_int(&f, child->role);
	frame_put_int(&f, child->instance);
	frame_put_text(&f, s->data_dir);
	frame_put_text(&f, s->config_text);
	frame_put_int(&f, s->insecure);
	rc = put_key(&f, child, err);
	if (rc < 0)
		return rc;
	put_sockets(&f, child);
	frame_put_fd(&f, s->pages[child->role].fd);
	return peer_send(child->control, &f, err);
}

int spawn_role(struct child *child, struct threads_error *err)
{
	const struct supervisor *s = child->supervisor;
	char name[64];
	const pid_t parent = getpid();
	AUTO_FD int said = -1;
	int pair[2], rc;

	snprintf(name, sizeof(name), "threads-%s", role_name(child->role));
	if (s->programs[child->role] < 0)
		return threads_error_set(err, THREADS_ENOENT,
					 "the program %s was not there when the hub started; "
					 "install the hub again",
					 name);
	rc = journal_open(&child->said, s->loop, &said, err);
	if (rc < 0)
		return rc;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return threads_error_set(err, THREADS_EIO, "socketpair: %m");
	child->pid = fork();
	if (child->pid == 0)
		run_role(child, name, (const int[2]){ pair[1], said }, parent);
	close(pair[1]);
	if (child->pid < 0) {
		child->pid = 0;
		close(pair[0]);
		return threads_error_set(err, THREADS_EAGAIN, "fork: %m");
	}
	rc = s->above->attach(child, pair[0], err);
	return rc < 0 ? rc : send_config(child, err);
}
