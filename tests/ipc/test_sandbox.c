/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each attempt is made twice, in a process of its own: without the sandbox,
 * where it must succeed (or the test would prove nothing), and inside.
 */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "ipc/sandbox.h"

struct place {
	char own[64], other[64]; /* folders, each with a file "f" */
};

typedef int attempt_fn(const struct place *place);

/* 0: it worked. Anything else: it was refused. */
static int open_path(const char *folder, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/f", folder);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
	return fd < 0 ? errno : 0;
}

static int read_other(const struct place *place)
{
	return open_path(place->other, O_RDONLY);
}

static int read_own(const struct place *place)
{
	return open_path(place->own, O_RDONLY);
}

static int write_own(const struct place *place)
{
	return open_path(place->own, O_WRONLY);
}

static int truncate_own(const struct place *place)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/f", place->own);
	return syscall(SYS_truncate, path, 0L) < 0 ? errno : 0;
}

static int make_socket(const struct place *place)
{
	(void)place;
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int make_unix_socket(const struct place *place)
{
	(void)place;
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int execute(const struct place *place)
{
	char name[] = "/bin/true";
	char *argv[] = { name, NULL };

	(void)place;
	syscall(SYS_execve, name, argv, environ);
	return errno;
}

static int trace_parent(const struct place *place)
{
	(void)place;
	return syscall(SYS_ptrace, PTRACE_SEIZE, getppid(), 0, 0) < 0 ? errno : 0;
}

static int read_parent(const struct place *place)
{
	static const int secret = 42;
	int here = 0;
	struct iovec local = { &here, sizeof(here) };
	struct iovec remote;
	void *address;
	const int *p = &secret;

	(void)place;
	memcpy(&address, &p, sizeof(address)); /* the same address in the parent: forked */
	remote = (struct iovec){ address, sizeof(secret) };
	return syscall(SYS_process_vm_readv, getppid(), &local, 1L, &remote, 1L, 0L) < 0 ? errno
											 : 0;
}

static int signal_parent(const struct place *place)
{
	(void)place;
	return syscall(SYS_kill, getppid(), 0) < 0 ? errno : 0;
}

/* With F_SETSIG the kernel would send it any signal, SIGKILL too. */
static int own_parent(const struct place *place)
{
	const int fd = eventfd(0, EFD_CLOEXEC);

	(void)place;
	return fcntl(fd, F_SETOWN, getppid()) < 0 ? errno : 0;
}

static int make_process(const struct place *place)
{
	const long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)place;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int regain_privileges(const struct place *place)
{
	(void)place;
	return syscall(SYS_unshare, 0x10000000L /* CLONE_NEWUSER */) < 0 ? errno : 0;
}

/* Runs the attempt in a child. 0: it succeeded; else errno, or 1000 + signal. */
static int outcome(attempt_fn *attempt, const struct place *place,
		   const struct sandbox_rules *rules)
{
	struct threads_error err;
	int status;
	const pid_t pid = fork();

	if (pid == 0) {
		if (rules && sandbox_enter(rules, false, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			_exit(255);
		}
		_exit(attempt(place));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const struct {
	const char *name;
	attempt_fn *attempt;
	bool allowed_inside;
} attempts[] = {
	{ "read the own folder", read_own, true },
	{ "read another folder", read_other, false },
	{ "write into a folder to read", write_own, false },
	{ "truncate a file to read", truncate_own, false },
	{ "make a network socket", make_socket, false },
	{ "make a unix socket", make_unix_socket, false },
	{ "execute a program", execute, false },
	{ "trace another process", trace_parent, false },
	{ "read another process' memory", read_parent, false },
	{ "signal another process", signal_parent, false },
	{ "have another process signalled", own_parent, false },
	{ "make a process", make_process, false },
	{ "make a user namespace", regain_privileges, false },
};

static void make_place(struct place *place)
{
	char *const folders[] = { place->own, place->other };
	char path[128];

	snprintf(place->own, sizeof(place->own), "/tmp/threads-own-XXXXXX");
	snprintf(place->other, sizeof(place->other), "/tmp/threads-other-XXXXXX");
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		int fd;

		assert_non_null(mkdtemp(folders[i]));
		snprintf(path, sizeof(path), "%s/f", folders[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
}

static void remove_place(const struct place *place)
{
	const char *const folders[] = { place->own, place->other };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s/f", folders[i]);
		unlink(path);
		rmdir(folders[i]);
	}
}

static void test_attempts(void **state)
{
	static const int calls[] = { SYS_openat, -1 };
	struct sandbox_rules rules = { 0 };
	struct threads_error err;
	struct place place;
	int wrong = 0;

	(void)state;
	make_place(&place);
	assert_rc(sandbox_add_folder(&rules, place.own, SANDBOX_READ, &err), 0, &err);
	rules.calls = calls;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		const int outside = outcome(attempts[i].attempt, &place, NULL);
		const int inside = outcome(attempts[i].attempt, &place, &rules);

		/* execve() replaces the child: /bin/true gives 0. */
		if (outside != 0)
			print_error("%s: the control failed (%d)\n", attempts[i].name, outside);
		if ((inside == 0) != attempts[i].allowed_inside)
			print_error("%s: inside gave %d\n", attempts[i].name, inside);
		wrong += outside != 0 || (inside == 0) != attempts[i].allowed_inside;
	}
	remove_place(&place);
	assert_int_equal(wrong, 0);
}

static void test_too_many_folders(void **state)
{
	struct sandbox_rules rules = { 0 };
	char path[SANDBOX_PATH_BYTES + 1];
	struct threads_error err;

	(void)state;
	memset(path, 'a', sizeof(path));
	path[SANDBOX_PATH_BYTES] = '\0';
	assert_int_equal(sandbox_add_folder(&rules, path, SANDBOX_READ, &err), THREADS_ELIMIT);
	path[SANDBOX_PATH_BYTES - 1] = '\0';
	for (int i = 0; i < SANDBOX_FOLDERS_MAX; i++)
		assert_rc(sandbox_add_folder(&rules, path, SANDBOX_READ, &err), 0, &err);
	assert_int_equal(sandbox_add_folder(&rules, "/", SANDBOX_READ, &err), THREADS_ELIMIT);
}

static int allocate_much(const struct place *place)
{
	void *p = malloc(512 << 20);
	const int rc = p ? 0 : ENOMEM;

	(void)place;
	free(p);
	return rc;
}

static void test_memory_limit(void **state)
{
	const struct sandbox_rules rules = { .memory_max = 256 << 20 };
	struct place place = { 0 };

	(void)state;
	assert_int_equal(outcome(allocate_much, &place, NULL), 0);
#ifndef THREADS_SANITIZE
	assert_int_equal(outcome(allocate_much, &place, &rules), ENOMEM);
#else
	(void)rules; /* sanitizers need the address space */
#endif
}

static int make_memory_file(const struct place *place)
{
	const int fd = memfd_create("much", MFD_CLOEXEC);

	(void)place;
	return fd < 0 ? errno : 0;
}

static void test_memory_files(void **state)
{
	static const int calls[] = { SYS_memfd_create, -1 };
	const struct sandbox_rules with = { .calls = calls }, without = { 0 };
	struct place place = { 0 };

	(void)state;
	assert_int_equal(outcome(make_memory_file, &place, &with), 0);
	assert_int_not_equal(outcome(make_memory_file, &place, &without), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_too_many_folders),
		cmocka_unit_test(test_memory_limit),
		cmocka_unit_test(test_memory_files),
	};

	return cmocka_run_group_tests_name("ipc/sandbox", tests, NULL, NULL);
}
