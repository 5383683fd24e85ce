/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };

/* What every role needs for its loop, its memory and what it has open. */
static const int common_syscalls[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(
		newfstatat), /* what glibc 2.36 makes of fstat(); names are of no use without a folder */
	SCMP_SYS(ftruncate),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(dup),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(eventfd2),
	SCMP_SYS(signalfd4),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrusage),
	SCMP_SYS(getrlimit),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	-1,
};

/* Roles that name folders; Landlock decides which files. Not truncate(2): ABI 2 lets it pass. */
static const int file_syscalls[] = {
	SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(stat),      SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx),      SCMP_SYS(access),    SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(unlink),     SCMP_SYS(unlinkat),  SCMP_SYS(rename),
	SCMP_SYS(renameat),   SCMP_SYS(renameat2),  SCMP_SYS(mkdir),     SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir),      SCMP_SYS(getdents64), SCMP_SYS(getcwd),    SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(fchmod),     SCMP_SYS(statfs),    SCMP_SYS(fstatfs),
	SCMP_SYS(fallocate),  SCMP_SYS(fadvise64),  SCMP_SYS(utimensat), -1,
};

/* Not F_SETOWN, F_SETSIG: with them the kernel sends any signal to any process of our uid. */
static const int fcntl_commands[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,     F_GETFL,      F_SETFL,     F_GETLK,
	F_SETLK, F_SETLKW,        F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_ADD_SEALS, F_GET_SEALS,
};

static const int inet_syscalls[] = {
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(sendmmsg),
	-1,
};

/* These are never a mistake of ours: the process ends, the supervisor reports it. */
static const int fatal_syscalls[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(kill),
	SCMP_SYS(tkill),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(init_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(reboot),
	SCMP_SYS(truncate),
	-1,
};

#ifdef THREADS_SANITIZE
/* What ASan and UBSan do on their own behalf, when they start and when they report. */
static const int sanitizer_syscalls[] = {
	SCMP_SYS(prctl),    SCMP_SYS(prlimit64), SCMP_SYS(open),       SCMP_SYS(openat),
	SCMP_SYS(readlink), SCMP_SYS(stat),      SCMP_SYS(newfstatat), SCMP_SYS(getdents64),
	SCMP_SYS(mkdir),    SCMP_SYS(ioctl),     SCMP_SYS(unlink),     SCMP_SYS(tgkill),
	SCMP_SYS(getppid),  SCMP_SYS(lstat),     SCMP_SYS(access),     -1,
};
#endif

static long landlock_create(const struct landlock_ruleset_attr *attr, size_t size, uint32_t flags)
{
	return syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

int sandbox_landlock_abi(void)
{
	const long abi = landlock_create(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static uint64_t rights_known(int abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* all of ABI 1 */

	if (abi >= ABI_REFER)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return rights;
}

static uint64_t rights_for(enum sandbox_access access)
{
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

	if (access == SANDBOX_READ)
		return read;
	return read | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
	       LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	       LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_TRUNCATE;
}

int sandbox_add_folder(struct sandbox_rules *rules, const char *path, enum sandbox_access access,
		       struct threads_error *err)
{
	struct sandbox_folder *folder = &rules->folders[rules->folder_count];
	const size_t len = strlen(path);

	if (rules->folder_count == SANDBOX_FOLDERS_MAX || len >= sizeof(folder->path))
		return threads_error_set(err, THREADS_ELIMIT, "too many folders, or too long: %s",
					 path);
	memcpy(folder->path, path, len + 1);
	folder->access = access;
	rules->folder_count++;
	return 0;
}

static int allow_folder(int ruleset, const char *path, enum sandbox_access access, uint64_t known,
			struct threads_error *err)
{
	AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights_for(access) & known,
		.parent_fd = fd,
	};

	if (fd < 0)
		return threads_error_set(err, THREADS_EIO, "open folder %s: %m", path);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return threads_error_set(err, THREADS_EIO, "landlock rule for %s: %m", path);
	return 0;
}

/* Sanitizer reports go to a folder of the test run, if it names one. */
static int allow_report_folder(int ruleset, uint64_t known, struct threads_error *err)
{
#ifdef THREADS_SANITIZE
	const char *reports = getenv("THREADS_SANITIZER_DIR");

	if (reports && allow_folder(ruleset, reports, SANDBOX_WRITE, known, err) < 0)
		return THREADS_EIO;
	return allow_folder(ruleset, "/proc/self", SANDBOX_READ, known, err);
#else
	(void)ruleset;
	(void)known;
	(void)err;
	return 0;
#endif
}

static int landlock_enter(const struct sandbox_rules *rules, struct threads_error *err)
{
	const uint64_t known = rights_known(sandbox_landlock_abi());
	const struct landlock_ruleset_attr attr = { .handled_access_fs = known };
	AUTO_FD int ruleset = (int)landlock_create(&attr, sizeof(attr), 0);
	int rc;

	if (ruleset < 0)
		return threads_error_set(err, THREADS_EIO, "landlock: %m");
	for (size_t i = 0; i < rules->folder_count; i++) {
		rc = allow_folder(ruleset, rules->folders[i].path, rules->folders[i].access, known,
				  err);
		if (rc < 0)
			return rc;
	}
	rc = allow_report_folder(ruleset, known, err);
	if (rc < 0)
		return rc;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return threads_error_set(err, THREADS_EIO, "landlock: %m");
	return 0;
}

static int add_all(scmp_filter_ctx ctx, uint32_t action, const int *syscalls)
{
	int rc = 0;

	for (; syscalls && *syscalls != -1 && rc == 0; syscalls++) {
		rc = seccomp_rule_add(ctx, action, *syscalls, 0);
		/* Named in two tables: the first word counts. */
		if (rc == -EEXIST)
			rc = 0;
	}
	return rc;
}

/* A rule for one value (masked) of one argument. */
static int add_if(scmp_filter_ctx ctx, int call, unsigned int argument, uint64_t mask,
		  uint64_t value)
{
	const struct scmp_arg_cmp compare = {
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
	};

	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &compare);
}

/* Threads only: clone3 hides its flags in memory, so glibc is sent back to clone. */
static int add_threads(scmp_filter_ctx ctx)
{
	const uint64_t want = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (rc == 0)
		rc = add_if(ctx, SCMP_SYS(clone), 0, want, want);
	return rc;
}

static int add_inet(scmp_filter_ctx ctx)
{
	/* Netlink is how glibc's resolver learns which address families exist. */
	static const int families[] = { AF_INET, AF_INET6, AF_NETLINK };
	int rc = add_all(ctx, SCMP_ACT_ALLOW, inet_syscalls);

	/* The resolver asks how long an answer is; others type into terminals, or set an owner. */
	if (rc == 0)
		rc = add_if(ctx, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD);

	for (size_t i = 0; i < ARRAY_SIZE(families) && rc == 0; i++)
		rc = add_if(ctx, SCMP_SYS(socket), 0, UINT64_MAX, (uint64_t)families[i]);
	return rc;
}

static int add_fcntl(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fcntl_commands) && rc == 0; i++)
		rc = add_if(ctx, SCMP_SYS(fcntl), 1, UINT32_MAX, (uint64_t)fcntl_commands[i]);
	return rc;
}

static int fill_filter(scmp_filter_ctx ctx, const struct sandbox_rules *rules)
{
	const uint64_t self = (uint64_t)getpid();
	int rc = add_all(ctx, SCMP_ACT_ALLOW, common_syscalls);

	if (rc == 0)
		rc = add_fcntl(ctx);
	if (rc == 0 && !rules->no_memory_files)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(memfd_create), 0);
	/* glibc's fstat(). A path beside the flag would only tell that a file exists. */
	if (rc == 0 && rules->folder_count == 0)
		rc = add_if(ctx, SCMP_SYS(newfstatat), 3, UINT64_MAX, AT_EMPTY_PATH);
	if (rc == 0 && rules->folder_count > 0)
		rc = add_all(ctx, SCMP_ACT_ALLOW, file_syscalls);
	if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_ALLOW, rules->syscalls);
	if (rc == 0 && rules->threads)
		rc = add_threads(ctx);
	if (rc == 0 && rules->sockets_inet)
		rc = add_inet(ctx);
	if (rc == 0 && rules->accepts)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(accept4), 0);
#ifdef THREADS_SANITIZE
	if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_ALLOW, sanitizer_syscalls);
#else
	/* abort() and raise() of our own */
	if (rc == 0)
		rc = add_if(ctx, SCMP_SYS(tgkill), 0, UINT64_MAX, self);
	/* Reading our own limits; setting them could only lower them. */
	if (rc == 0)
		rc = add_if(ctx, SCMP_SYS(prlimit64), 0, UINT64_MAX, 0);
#endif
	(void)self;
	if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_KILL_PROCESS, fatal_syscalls);
	return rc;
}

static int seccomp_enter(const struct sandbox_rules *rules, struct threads_error *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!ctx)
		return threads_error_set(err, THREADS_ENOMEM, "seccomp: out of memory");
	rc = fill_filter(ctx, rules);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc < 0) {
		errno = -rc;
		return threads_error_set(err, THREADS_EIO, "seccomp: %m");
	}
	return 0;
}

static int limits_enter(const struct sandbox_rules *rules, struct threads_error *err)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit file = { rules->file_max, rules->file_max };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return threads_error_set(err, THREADS_EIO, "setrlimit: %m");
	if (rules->file_max > 0 && setrlimit(RLIMIT_FSIZE, &file) < 0)
		return threads_error_set(err, THREADS_EIO, "setrlimit: %m");
#ifndef THREADS_SANITIZE
	const struct rlimit memory = { rules->memory_max, rules->memory_max };

	if (rules->memory_max > 0 && setrlimit(RLIMIT_AS, &memory) < 0)
		return threads_error_set(err, THREADS_EIO, "setrlimit: %m");
#endif
	return 0;
}

int sandbox_enter(const struct sandbox_rules *rules, bool insecure, struct threads_error *err)
{
	int rc = limits_enter(rules, err);

	if (rc < 0)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return threads_error_set(err, THREADS_EIO, "prctl: %m");
	if (sandbox_landlock_abi() > 0)
		rc = landlock_enter(rules, err);
	else if (!insecure)
		return threads_error_set(
			err, THREADS_EDENIED,
			"this kernel has no Landlock, so roles cannot be kept apart; "
			"start with --insecure-no-landlock to go on without");
	if (rc < 0)
		return rc;
	return seccomp_enter(rules, err);
}
