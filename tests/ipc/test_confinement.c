/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a role could do if it were taken over: each attack is made with raw system
 * calls in a process of its own, after the shipped sandbox_enter() with the
 * role's real rules, and once before, without, where it must succeed (or the
 * test would prove nothing). Run as root it also shows what the role's own uid
 * alone, and Landlock alone, would stop.
 *
 *	test_ipc_confinement --list	each role's calls, for tests/ipc/trace_syscalls
 */
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "api/rules.h"
#include "auth/rules.h"
#include "dial/rules.h"
#include "http/rules.h"
#include "imap/rules.h"
#include "index/rules.h"
#include "parse/rules.h"
#include "vault/rules.h"

#include "ipc/calls.h"

enum { SIGNALLED = 1000, ROLE_UID = 61000 };

static const struct {
	const char *name;
	int (*rules)(const struct role_context *role, struct sandbox_rules *rules,
		     struct threads_error *err);
} roles[] = {
	{ "api", api_rules },     { "auth", auth_rules },   { "dial", dial_rules },
	{ "http", http_rules },   { "imap", imap_rules },   { "index", index_rules },
	{ "parse", parse_rules }, { "vault", vault_rules },
};

/* Folders as in a data folder, and what an attacker finds open. */
struct place {
	char data[64];
	char other_db[96];  /* of no role */
	char read_only[96]; /* in hub/: api may read it */
	int sealed_fd, folder_fd, read_fd;
	pid_t victim; /* a process of the same uid that waits */
	int *secret;  /* at the same address in the victim */
};

typedef int attack_fn(const struct place *place);

static int result(long rc)
{
	return rc < 0 ? errno : 0;
}

/* ---- files ---- */

static int open_other(const struct place *p)
{
	return result(syscall(SYS_openat, AT_FDCWD, p->other_db, O_RDONLY));
}

static int open_by_link(const struct place *p)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hub/link", p->data);
	return result(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
}

static int open_by_dotdot(const struct place *p)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hub/../other/secret.db", p->data);
	return result(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
}

static int make_link(const struct place *p)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hub/new-link", p->data);
	return result(syscall(SYS_symlinkat, "/etc/shadow", AT_FDCWD, path));
}

static int hard_link(const struct place *p)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hub/hard", p->data);
	return result(syscall(SYS_linkat, AT_FDCWD, p->other_db, AT_FDCWD, path, 0));
}

static int truncate_name(const struct place *p)
{
	return result(syscall(SYS_truncate, p->read_only, 0L));
}

/* Opened for reading, sent by another process: ftruncate() must not change it. */
static int truncate_read_only(const struct place *p)
{
	char again[40];
	int fd;

	snprintf(again, sizeof(again), "/proc/self/fd/%d", p->read_fd);
	fd = (int)syscall(SYS_openat, AT_FDCWD, again, O_RDWR);
	return fd < 0 ? errno : result(syscall(SYS_ftruncate, fd, 0L));
}

static int change_mode(const struct place *p)
{
	return result(syscall(SYS_fchmodat, AT_FDCWD, p->other_db, 0666));
}

static int change_owner(const struct place *p)
{
	return result(syscall(SYS_fchownat, AT_FDCWD, p->other_db, getuid(), getgid(), 0));
}

static int use_sent_folder(const struct place *p)
{
	return result(syscall(SYS_openat, p->folder_fd, "secret.db", O_RDONLY));
}

static int change_folder(const struct place *p)
{
	return result(syscall(SYS_fchdir, p->folder_fd));
}

/* ---- other processes ---- */

static int read_memory(const struct place *p)
{
	int here = 0;
	struct iovec local = { &here, sizeof(here) }, remote = { p->secret, sizeof(here) };

	return result(syscall(SYS_process_vm_readv, p->victim, &local, 1L, &remote, 1L, 0L));
}

static int write_memory(const struct place *p)
{
	int here = 1;
	struct iovec local = { &here, sizeof(here) }, remote = { p->secret, sizeof(here) };

	return result(syscall(SYS_process_vm_writev, p->victim, &local, 1L, &remote, 1L, 0L));
}

static int open_memory(const struct place *p)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)p->victim);
	return result(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
}

static int trace(const struct place *p)
{
	return result(syscall(SYS_ptrace, PTRACE_SEIZE, p->victim, 0, 0));
}

static int send_signal(const struct place *p)
{
	return result(syscall(SYS_kill, p->victim, 0));
}

static int send_thread_signal(const struct place *p)
{
	return result(syscall(SYS_tgkill, p->victim, p->victim, 0));
}

static int signal_by_owner(const struct place *p)
{
	const int fd = p->sealed_fd;

	return result(syscall(SYS_fcntl, fd, F_SETOWN, p->victim));
}

static int signal_by_ioctl(const struct place *p)
{
	int pair[2] = { -1, -1 };
	const int owner = p->victim;

	/* Without socketpair() its descriptors are -1, and refused all the same. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return errno;
	return result(syscall(SYS_ioctl, pair[0], FIOSETOWN, &owner));
}

static int take_descriptor(const struct place *p)
{
	const long pidfd = syscall(SYS_pidfd_open, p->victim, 0);

	return pidfd < 0 ? errno : result(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

static int set_limits_of_other(const struct place *p)
{
	return result(syscall(SYS_prlimit64, p->victim, 7 /* RLIMIT_NOFILE */, NULL, NULL));
}

/* ---- programs and processes ---- */

static int execute(const struct place *p)
{
	char name[] = "/bin/true";
	char *argv[] = { name, NULL };

	(void)p;
	syscall(SYS_execve, name, argv, environ);
	return errno;
}

static int execute_memory(const struct place *p)
{
	char name[] = "x";
	char *argv[] = { name, NULL };
	char buf[65536];
	const int from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	const int fd = (int)syscall(SYS_memfd_create, "x", 0);
	ssize_t n;

	(void)p;
	while (from >= 0 && (n = read(from, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return EIO;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return errno;
}

static int fork_process(const struct place *p)
{
	const long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)p;
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int executable_memory(const struct place *p)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)p;
	return memory == MAP_FAILED ? errno : 0;
}

static int make_executable(const struct place *p)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)p;
	return result(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

/* ---- the machine ---- */

static int make_socket(int family, int type, int protocol)
{
	return result(syscall(SYS_socket, family, type, protocol));
}

static int socket_unix(const struct place *p)
{
	(void)p;
	return make_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int socket_tcp(const struct place *p)
{
	(void)p;
	return make_socket(AF_INET, SOCK_STREAM, 0);
}

static int socket_udp6(const struct place *p)
{
	(void)p;
	return make_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int socket_raw(const struct place *p)
{
	(void)p;
	return make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int socket_packet(const struct place *p)
{
	(void)p;
	return make_socket(AF_PACKET, SOCK_RAW, 0);
}

static int socket_netlink(const struct place *p)
{
	(void)p;
	return make_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int listen_on(const struct place *p)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	const int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	(void)p;
	if (fd < 0)
		return errno;
	return syscall(SYS_bind, fd, &any, sizeof(any)) < 0 ? errno
							    : result(syscall(SYS_listen, fd, 1));
}

static int user_namespace(const struct place *p)
{
	(void)p;
	return result(syscall(SYS_unshare, CLONE_NEWUSER));
}

static int clone_namespace(const struct place *p)
{
	const long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	(void)p;
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int mount_memory(const struct place *p)
{
	const long rc = syscall(SYS_mount, "none", p->data, "tmpfs", 0L, NULL);

	return rc < 0 ? errno : result(syscall(SYS_umount2, p->data, 0));
}

static int use_io_uring(const struct place *p)
{
	char params[120] = { 0 };

	(void)p;
	return result(syscall(SYS_io_uring_setup, 4, params));
}

static int use_bpf(const struct place *p)
{
	char attr[128] = { 0 };

	(void)p;
	attr[0] = 2; /* BPF_MAP_TYPE_ARRAY */
	attr[4] = 4, attr[8] = 4, attr[12] = 1;
	return result(syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, attr, 48));
}

static int use_keys(const struct place *p)
{
	(void)p;
	return result(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}

static int use_userfaultfd(const struct place *p)
{
	(void)p;
	return result(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */));
}

static int become_dumpable(const struct place *p)
{
	(void)p;
	return result(syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int become_root(const struct place *p)
{
	(void)p;
	return result(syscall(SYS_setresuid, 0, 0, 0));
}

static int type_into_terminal(const struct place *p)
{
	char c = 'x';
	const int fd = (int)syscall(SYS_ioctl, p->sealed_fd, TIOCSTI, &c);

	/* A memory file has no terminal: outside the kernel itself says so. */
	return fd < 0 && errno == ENOTTY ? 0 : result(fd);
}

static int catch_signals(const struct place *p)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} action = { .handler = SIG_IGN };

	(void)p;
	return result(syscall(SYS_rt_sigaction, SIGSYS, &action, NULL, 8));
}

/* ---- what holds anyway, inside and outside ---- */

static int write_sealed(const struct place *p)
{
	return result(pwrite(p->sealed_fd, "x", 1, 0));
}

static int map_sealed(const struct place *p)
{
	void *at = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, p->sealed_fd, 0);

	return at == MAP_FAILED ? errno : 0;
}

enum {
	HUB = 1,    /* index writes in hub/: there it is its work */
	NET = 2,    /* dial makes such sockets: it is its work */
	SEALED = 4, /* the kernel refuses it to everybody: outside must fail, too */
	ROOT = 8,   /* outside it works for root only */
#ifdef THREADS_SANITIZE
	LOOSE = 16, /* sanitizers need this call for themselves */
#else
	LOOSE = 0,
#endif
};

static const struct {
	const char *name;
	attack_fn *attack;
	int flags;
} attacks[] = {
	{ "open another role's database", open_other, 0 },
	{ "the same through a symbolic link", open_by_link, 0 },
	{ "the same through ..", open_by_dotdot, 0 },
	{ "make a symbolic link", make_link, 0 },
	{ "make a hard link", hard_link, 0 },
	{ "truncate a file to read", truncate_name, 0 },
	{ "open a descriptor to read anew, to write", truncate_read_only, HUB },
	{ "change a mode", change_mode, 0 },
	{ "change an owner", change_owner, 0 },
	{ "use a folder that was sent", use_sent_folder, 0 },
	{ "go into a folder that was sent", change_folder, 0 },
	{ "read another process' memory", read_memory, 0 },
	{ "write another process' memory", write_memory, 0 },
	{ "open another process' memory", open_memory, 0 },
	{ "trace another process", trace, 0 },
	{ "signal another process", send_signal, 0 },
	{ "signal a thread of another process", send_thread_signal, 0 },
	{ "have a process signalled (F_SETOWN)", signal_by_owner, 0 },
	{ "have a process signalled (FIOSETOWN)", signal_by_ioctl, 0 },
	{ "take another process' descriptor", take_descriptor, 0 },
	{ "read another process' limits", set_limits_of_other, LOOSE },
	{ "execute a program", execute, 0 },
	{ "execute a memory file", execute_memory, 0 },
	{ "make a process", fork_process, 0 },
	{ "map memory to execute", executable_memory, 0 },
	{ "make memory executable", make_executable, 0 },
	{ "make a unix socket", socket_unix, 0 },
	{ "make a TCP socket", socket_tcp, NET },
	{ "make a UDP socket", socket_udp6, NET },
	{ "make a raw socket", socket_raw, ROOT },
	{ "make a packet socket", socket_packet, ROOT },
	{ "make a netlink socket", socket_netlink, 0 },
	{ "listen", listen_on, 0 },
	{ "make a user namespace", user_namespace, 0 },
	{ "make a process in a namespace", clone_namespace, 0 },
	{ "mount", mount_memory, ROOT },
	{ "use io_uring", use_io_uring, 0 },
	{ "use bpf", use_bpf, ROOT },
	{ "use keys", use_keys, 0 },
	{ "use userfaultfd", use_userfaultfd, 0 },
	{ "become dumpable", become_dumpable, LOOSE },
	{ "become root", become_root, ROOT },
	{ "type into a terminal", type_into_terminal, LOOSE },
	{ "ignore a refusal", catch_signals, 0 },
	{ "write into a sealed memory file", write_sealed, SEALED },
	{ "map a sealed memory file to write", map_sealed, SEALED },
};

/* ---- the place ---- */

static void write_file(const char *folder, const char *name, char *ret_path, size_t size)
{
	int fd;

	snprintf(ret_path, size, "%s/%s", folder, name);
	fd = open(ret_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
}

static void make_victim(struct place *p)
{
	p->secret = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*p->secret = 42;
	p->victim = fork();
	if (p->victim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(p->victim > 0);
}

static void make_place(struct place *p)
{
	static const char *const names[] = { "hub", "packs", "auth", "vault", "other" };
	char path[96], link[128];

	snprintf(p->data, sizeof(p->data), "/var/tmp/threads-confine-XXXXXX");
	assert_non_null(mkdtemp(p->data));
	assert_int_equal(chmod(p->data, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->data, names[i]);
		assert_int_equal(mkdir(path, 0777), 0);
		assert_int_equal(chmod(path, 0777), 0);
	}
	write_file(path, "secret.db", p->other_db, sizeof(p->other_db));
	p->folder_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/hub", p->data);
	write_file(path, "read-only", p->read_only, sizeof(p->read_only));
	p->read_fd = open(p->read_only, O_RDONLY | O_CLOEXEC);
	snprintf(link, sizeof(link), "%s/link", path);
	assert_int_equal(symlink(p->other_db, link), 0);
	p->sealed_fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(p->sealed_fd, "sealed", 6), 6);
	assert_int_equal(fcntl(p->sealed_fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK), 0);
	make_victim(p);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void remove_place(const struct place *p)
{
	kill(p->victim, SIGKILL);
	waitpid(p->victim, NULL, 0);
	close(p->folder_fd);
	close(p->read_fd);
	close(p->sealed_fd);
	munmap(p->secret, 4096);
	assert_int_equal(nftw(p->data, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Each attempt leaves the place as it found it. */
static void tidy(const struct place *p)
{
	static const char *const made[] = { "hub/new-link", "hub/hard" };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->data, made[i]);
		(void)unlink(path);
	}
	assert_int_equal(truncate(p->read_only, 6), 0);
}

static void enter(size_t role, const struct place *p)
{
	CLEANUP(config_freep) struct config *config = NULL;
	struct role_context context = { .data_dir = p->data };
	struct sandbox_rules rules = { 0 };
	struct threads_error err;

	if (config_new(&config, &err) < 0)
		_exit(255);
	context.config = config;
	if (roles[role].rules(&context, &rules, &err) < 0 ||
	    sandbox_enter(&rules, false, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(255);
	}
}

/* Runs the attack in a child, in the sandbox of role (-1: without). 0: it succeeded. */
static int outcome(attack_fn *attack, const struct place *p, int role)
{
	int status;
	const pid_t pid = fork();

	if (pid == 0) {
		dup2(p->sealed_fd,
		     STDERR_FILENO); /* the log's line of each refusal: not wanted here */
		if (role >= 0)
			enter((size_t)role, p);
		/* By the call itself: what runs at exit is not the attack's business. */
		syscall(SYS_exit_group, attack(p));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	tidy(p);
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- tests ---- */

/* Outside: each succeeds, or the kernel of this machine refuses it to everybody. */
static void test_controls(void **state)
{
	struct place *p = *state;
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		const int got = outcome(attacks[i].attack, p, -1);
		const bool sealed = attacks[i].flags & SEALED;

		if (attacks[i].flags & ROOT && getuid() != 0)
			continue;
		if ((got == 0) == sealed) {
			print_error("%s: outside gave %d\n", attacks[i].name, got);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void test_attacks(void **state)
{
	const struct place *p = *state;
	int failed = 0;

	for (size_t r = 0; r < ARRAY_SIZE(roles); r++)
		for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
			const bool dial = strcmp(roles[r].name, "dial") == 0;
			const bool index = strcmp(roles[r].name, "index") == 0;
			const int got = outcome(attacks[i].attack, p, (int)r);

			if ((dial && attacks[i].flags & NET) || (index && attacks[i].flags & HUB) ||
			    attacks[i].flags & LOOSE)
				continue;
			if (got == 0 || got == 255) {
				print_error("%s: %s gave %d\n", roles[r].name, attacks[i].name,
					    got);
				failed++;
			}
		}
	assert_int_equal(failed, 0);
}

static int nothing(const struct place *p)
{
	(void)p;
	return 0;
}

/* The sandbox can be entered, and what a role lives by goes on working in it. */
static int live(const struct place *p)
{
	struct stat st;
	char byte;
	void *block = malloc(1 << 20);

	if (!block || fstat(p->read_fd, &st) < 0 || read(p->read_fd, &byte, 1) < 0)
		return errno ? errno : ENOMEM;
	free(block);
	return 0;
}

static void test_roles_can_live(void **state)
{
	const struct place *p = *state;

	for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
		assert_int_equal(outcome(nothing, p, (int)r), 0);
		assert_int_equal(outcome(live, p, (int)r), 0);
	}
}

static int abort_inside(const struct place *p)
{
	(void)p;
	abort();
}

/* A bug of ours must still be seen as what it is. */
static void test_abort_is_an_abort(void **state)
{
	const struct place *p = *state;

	for (size_t r = 0; r < ARRAY_SIZE(roles); r++)
		assert_int_equal(outcome(abort_inside, p, (int)r), SIGNALLED + SIGABRT);
}

/* A refusal is told: the call by name, and the signal for the supervisor. */
static void test_refusal_is_told(void **state)
{
	const struct place *p = *state;
	char line[256] = "";
	int pair[2], status;
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], STDERR_FILENO);
		enter(0, p);
		syscall(SYS_ptrace, 0, 0, 0, 0);
		syscall(SYS_exit_group, 0);
	}
	close(pair[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)!read(pair[0], line, sizeof(line) - 1);
	close(pair[0]);
#ifndef THREADS_SANITIZE
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	assert_non_null(strstr(line, "refused system call ptrace"));
#else
	assert_true(WIFEXITED(status)); /* there each refusal is an error only */
#endif
}

/* Each of the two walls alone keeps a role from another's database. */
static int uid_alone(const struct place *p)
{
	if (setgroups(0, NULL) < 0 || setresgid(ROLE_UID, ROLE_UID, ROLE_UID) < 0 ||
	    setresuid(ROLE_UID, ROLE_UID, ROLE_UID) < 0)
		return 0;
	return open_other(p);
}

static int landlock_alone(const struct place *p)
{
	const struct landlock_ruleset_attr attr = { .handled_access_fs =
							    LANDLOCK_ACCESS_FS_READ_FILE };
	const long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return 0;
	return open_other(p);
}

static void test_each_wall_alone(void **state)
{
	const struct place *p = *state;

	assert_int_equal(outcome(open_other, p, -1), 0);
	assert_int_equal(outcome(landlock_alone, p, -1), EACCES);
	if (getuid() != 0)
		return; /* all roles share the uid then: docs/security.md says so */
	assert_int_equal(chmod(p->other_db, 0600), 0);
	assert_int_equal(outcome(uid_alone, p, -1), EACCES);
	assert_int_equal(chmod(p->other_db, 0644), 0);
}

/* Mutants: with these added to a list the same attacks get through. */
static void test_the_attacks_bite(void **state)
{
	static const int calls[] = { SCMP_SYS(socketpair), SCMP_SYS(kill), SCMP_SYS(bind), -1 };
	static const struct {
		attack_fn *attack;
		bool folders;
	} holes[] = { { send_signal, false }, { open_other, true } };
	const struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(holes); i++) {
		struct sandbox_rules rules = { .calls = calls, .rare = NULL };
		struct threads_error err;
		int status;
		const pid_t pid = fork();

		if (pid == 0) {
			static const int opens[] = { SCMP_SYS(openat), -1 };

			rules.calls = holes[i].folders ? opens : calls;
			if (holes[i].folders &&
			    sandbox_add_folder(&rules, "/", SANDBOX_READ, &err) < 0)
				_exit(255);
			if (sandbox_enter(&rules, false, &err) < 0)
				_exit(255);
			syscall(SYS_exit_group, holes[i].attack(p));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

/* ---- lists ---- */

static void print_list(const char *role, const char *kind, const int *calls)
{
	for (; calls && *calls != -1; calls++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, *calls);

		printf("%s %s %s\n", role, kind, name ? name : "?");
		free(name);
	}
}

static int print_lists(void)
{
	CLEANUP(config_freep) struct config *config = NULL;
	struct role_context context = { .data_dir = "/nowhere" };
	struct threads_error err;

	if (config_new(&config, &err) < 0)
		return 1;
	context.config = config;
	print_list("*", "call", sandbox_base_calls());
	print_list("*", "rare", sandbox_base_rare());
	for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
		struct sandbox_rules rules = { 0 };

		if (roles[r].rules(&context, &rules, &err) < 0)
			return 1;
		print_list(roles[r].name, "call", rules.calls);
		print_list(roles[r].name, "rare", rules.rare);
	}
	return 0;
}

static int begin(void **state)
{
	static struct place place;

	make_place(&place);
	*state = &place;
	return 0;
}

static int end(void **state)
{
	remove_place(*state);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_controls),         cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_roles_can_live),   cmocka_unit_test(test_abort_is_an_abort),
		cmocka_unit_test(test_refusal_is_told),  cmocka_unit_test(test_each_wall_alone),
		cmocka_unit_test(test_the_attacks_bite),
	};

	if (argc > 1 && strcmp(argv[1], "--list") == 0)
		return print_lists();
	return cmocka_run_group_tests_name("ipc/confinement", tests, begin, end);
}
