/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/filter.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/log.h"

/* Seen in every role: its loop, its memory, what it has open, its end. */
static const int base_calls[] = {
	SCMP_SYS(pread64),                     /* how much memory it uses, for the status page */
	SCMP_SYS(read),       SCMP_SYS(write), /* the log, too */
	SCMP_SYS(close),      SCMP_SYS(sendmsg),    SCMP_SYS(recvmsg),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_ctl),  SCMP_SYS(fcntl),
	SCMP_SYS(newfstatat), /* fstat() of glibc */
	SCMP_SYS(brk),        SCMP_SYS(mmap),       SCMP_SYS(munmap),
	SCMP_SYS(futex),      SCMP_SYS(exit_group), -1,
};

static const int base_rare[] = {
	SCMP_SYS(mremap),        /* realloc() of large blocks */
	SCMP_SYS(mprotect),      /* malloc: a heap grows, or shrinks */
	SCMP_SYS(madvise),       /* malloc and ended threads give memory back */
	SCMP_SYS(sysinfo),       /* qsort() of much asks how much memory there is */
	SCMP_SYS(getrandom),     /* random ids, hash tables */
	SCMP_SYS(fstat),         /* fstat() of other libraries */
	SCMP_SYS(clock_gettime), /* where the kernel's page of functions has no clock */
	SCMP_SYS(getpid),        /* OpenSSL and SQLite look whether they were forked */
	SCMP_SYS(gettid),        /* abort(), and the next two */
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(tgkill),
	SCMP_SYS(rt_sigreturn),    /* the end of a signal's handler */
	SCMP_SYS(restart_syscall), /* the kernel, after SIGSTOP and SIGCONT */
	-1,
};

/* What an architecture without the first calls has instead (arm64). */
static const struct {
	int call, successor;
} successors[] = {
	{ SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait) }, { SCMP_SYS(poll), SCMP_SYS(ppoll) },
	{ SCMP_SYS(unlink), SCMP_SYS(unlinkat) },        { SCMP_SYS(access), SCMP_SYS(faccessat) },
	{ SCMP_SYS(readlink), SCMP_SYS(readlinkat) },    { SCMP_SYS(lstat), SCMP_SYS(newfstatat) },
};

/*
 * Conditions: a call that stands here is allowed with the arguments of one of
 * its rows only. All three of a row must hold; a mask of 0 always does.
 */
struct guard {
	int call;
	struct {
		unsigned argument;
		uint64_t mask, value;
	} must[3];
};

#define EXACT       (UINT64_MAX)
#define INT32       (UINT32_MAX) /* the kernel looks at the lower half of an int */
#define SOCKET_TYPE (0xFULL)

/* pthread_create() sets signals 32 and 33 up, which threads send each other. */
enum { SIGNAL_CANCEL = 32, SIGNAL_SETXID = 33 };

static const struct guard guards[] = {
	/* Memory is written or executed, never made executable. */
	{ SCMP_SYS(mmap), { { 2, PROT_EXEC, 0 } } },
	{ SCMP_SYS(mprotect), { { 2, PROT_EXEC, 0 } } },
	{ SCMP_SYS(madvise), { { 2, INT32, MADV_DONTNEED } } },
	{ SCMP_SYS(madvise), { { 2, INT32, MADV_FREE } } },
	{ SCMP_SYS(madvise), { { 2, INT32, MADV_DONTDUMP } } },
	/* Not F_SETOWN, F_SETSIG: with them the kernel signals any process of our uid. */
	{ SCMP_SYS(fcntl), { { 1, INT32, F_GETFD } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_SETFD } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_GETFL } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_SETFL } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_DUPFD_CLOEXEC } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_GETLK } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_SETLK } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_ADD_SEALS } } },
	{ SCMP_SYS(fcntl), { { 1, INT32, F_GET_SEALS } } },
	/* Threads only: clone3 hides its flags in memory, so glibc is sent back to clone. */
	{ SCMP_SYS(clone),
	  { { 0, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND,
	      CLONE_VM | CLONE_THREAD | CLONE_SIGHAND } } },
	{ SCMP_SYS(rt_sigaction), { { 0, INT32, SIGNAL_CANCEL } } },
	{ SCMP_SYS(rt_sigaction), { { 0, INT32, SIGNAL_SETXID } } },
	/* TCP and UDP, nothing below them. */
	{ SCMP_SYS(socket),
	  { { 0, INT32, AF_INET }, { 1, SOCKET_TYPE, SOCK_STREAM }, { 2, INT32, 0 } } },
	{ SCMP_SYS(socket),
	  { { 0, INT32, AF_INET6 }, { 1, SOCKET_TYPE, SOCK_STREAM }, { 2, INT32, 0 } } },
	{ SCMP_SYS(socket),
	  { { 0, INT32, AF_INET }, { 1, SOCKET_TYPE, SOCK_DGRAM }, { 2, INT32, 0 } } },
	{ SCMP_SYS(socket),
	  { { 0, INT32, AF_INET6 }, { 1, SOCKET_TYPE, SOCK_DGRAM }, { 2, INT32, 0 } } },
	{ SCMP_SYS(setsockopt), { { 1, INT32, IPPROTO_TCP } } },
	{ SCMP_SYS(setsockopt), { { 1, INT32, SOL_SOCKET }, { 2, INT32, SO_KEEPALIVE } } },
	{ SCMP_SYS(setsockopt), { { 1, INT32, IPPROTO_IP }, { 2, INT32, IP_RECVERR } } },
	{ SCMP_SYS(setsockopt), { { 1, INT32, IPPROTO_IPV6 }, { 2, INT32, IPV6_RECVERR } } },
	/* The resolver asks how long an answer is; others type into terminals, or set an owner. */
	{ SCMP_SYS(ioctl), { { 1, INT32, FIONREAD } } },
};

const int *sandbox_base_calls(void)
{
	return base_calls;
}

const int *sandbox_base_rare(void)
{
	return base_rare;
}

/* Negative numbers stand for calls that this architecture does not have. */
static int native_call(int call)
{
	for (size_t i = 0; i < ARRAY_SIZE(successors) && call < 0; i++)
		if (successors[i].call == call)
			return successors[i].successor;
	return call;
}

static int add_guarded(scmp_filter_ctx ctx, const struct guard *guard)
{
	struct scmp_arg_cmp compare[ARRAY_SIZE(guard->must)];
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(guard->must); i++)
		if (guard->must[i].mask)
			compare[count++] = (struct scmp_arg_cmp){ .arg = guard->must[i].argument,
								  .op = SCMP_CMP_MASKED_EQ,
								  .datum_a = guard->must[i].mask,
								  .datum_b = guard->must[i].value };
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, guard->call, count, compare);
}

/* Conditions that are known only now. Returns whether there is one. */
static bool guard_now(const struct sandbox_rules *rules, int call, struct guard *ret_guard)
{
	const bool by_name = call == SCMP_SYS(newfstatat) && rules->folder_count == 0;

	*ret_guard = (struct guard){ .call = call };
	if (call == SCMP_SYS(tgkill)) /* of our own threads: abort() */
		ret_guard->must[0].value = (uint64_t)getpid();
	else if (by_name) /* what is open; a path beside the flag would only tell that it exists */
		ret_guard->must[0].value = AT_EMPTY_PATH;
	ret_guard->must[0].argument = by_name ? 3 : 0;
	ret_guard->must[0].mask = EXACT;
	return call == SCMP_SYS(tgkill) || by_name;
}

static int add_call(scmp_filter_ctx ctx, const struct sandbox_rules *rules, int call)
{
	struct guard guard;
	bool guarded = guard_now(rules, call, &guard);
	int rc = guarded ? add_guarded(ctx, &guard) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(guards) && rc == 0; i++)
		if (guards[i].call == call) {
			guarded = true;
			rc = add_guarded(ctx, &guards[i]);
		}
	if (!guarded)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0);
	return rc == -EEXIST ? 0 : rc;
}

static int add_list(scmp_filter_ctx ctx, const struct sandbox_rules *rules, const int *calls)
{
	int rc = 0;

	for (; calls && *calls != -1 && rc == 0; calls++)
		rc = add_call(ctx, rules, native_call(*calls));
	return rc;
}

#ifdef THREADS_SANITIZE
/* What ASan and UBSan do on their own behalf, when they start and when they report. */
static const int sanitizer_calls[] = {
	SCMP_SYS(prctl),
	SCMP_SYS(prlimit64),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(readlink),
	SCMP_SYS(stat),
	SCMP_SYS(getdents64),
	SCMP_SYS(mkdir),
	SCMP_SYS(unlink),
	SCMP_SYS(getppid),
	SCMP_SYS(lstat),
	SCMP_SYS(access),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrusage),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(uname),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(newfstatat),
	SCMP_SYS(ioctl),
	-1,
};

static int add_own(scmp_filter_ctx ctx, const struct sandbox_rules *rules)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); /* see clone */

	(void)rules;
	for (const int *call = sanitizer_calls; *call != -1 && rc == 0; call++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, *call, 0);
		rc = rc == -EEXIST ? 0 : rc;
	}
	return rc;
}
#else
/*
 * What libraries try by themselves and can do without: an error is answer
 * enough. A role that lists the call has it, of course.
 */
static const struct {
	int call, error;
	int argument; /* only if this one is (not) the value; -1: always */
	enum scmp_compare op;
	uint64_t value;
} harmless[] = {
	{ SCMP_SYS(clone3), ENOSYS, -1, 0, 0 }, /* see clone */
	/* OpenSSL looks for its configuration, SQLite for random numbers, when first used. */
	{ SCMP_SYS(openat), EACCES, -1, 0, 0 },
	{ SCMP_SYS(open), EACCES, -1, 0, 0 },
	{ SCMP_SYS(stat), EACCES, -1, 0, 0 },
	{ SCMP_SYS(access), EACCES, -1, 0, 0 },
	{ SCMP_SYS(faccessat), EACCES, -1, 0, 0 },
	{ SCMP_SYS(readlink), EACCES, -1, 0, 0 },
	{ SCMP_SYS(readlinkat), EACCES, -1, 0, 0 },
	{ SCMP_SYS(newfstatat), EACCES, 3, SCMP_CMP_NE, AT_EMPTY_PATH },
	/* Run by root, SQLite gives new files the owner of the database: they have it already. */
	{ SCMP_SYS(fchown), EPERM, -1, 0, 0 },
	/* malloc() asks how many processors there are. */
	{ SCMP_SYS(sched_getaffinity), EPERM, -1, 0, 0 },
	/* The resolver looks for a cache, and how the machine's addresses are. */
	{ SCMP_SYS(socket), EACCES, 0, SCMP_CMP_MASKED_EQ, AF_UNIX },
	{ SCMP_SYS(socket), EACCES, 0, SCMP_CMP_MASKED_EQ, AF_NETLINK },
	/* stdio asks whether it writes to a terminal. */
	{ SCMP_SYS(ioctl), ENOTTY, 1, SCMP_CMP_MASKED_EQ, TCGETS },
};

static bool listed(const int *calls, int call)
{
	for (; calls && *calls != -1; calls++)
		if (*calls == call)
			return true;
	return false;
}

static int add_own(scmp_filter_ctx ctx, const struct sandbox_rules *rules)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(harmless) && rc == 0; i++) {
		const int call = harmless[i].call;
		const bool by_name = call == SCMP_SYS(newfstatat);
		const bool masked = harmless[i].op == SCMP_CMP_MASKED_EQ;
		const struct scmp_arg_cmp when = { .arg = (unsigned)harmless[i].argument,
						   .op = harmless[i].op,
						   .datum_a = masked ? INT32 : harmless[i].value,
						   .datum_b = harmless[i].value };

		if (by_name && rules->folder_count > 0)
			continue;
		if (harmless[i].argument < 0 &&
		    (listed(rules->calls, call) || listed(rules->rare, call)))
			continue;
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO((uint32_t)harmless[i].error), call,
					    harmless[i].argument >= 0, &when);
	}
	return rc;
}
#endif

static int fill_filter(scmp_filter_ctx ctx, const struct sandbox_rules *rules)
{
	const int *const lists[] = { base_calls, base_rare, rules->calls, rules->rare };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists) && rc == 0; i++)
		rc = add_list(ctx, rules, lists[i]);
	return rc < 0 ? rc : add_own(ctx, rules);
}

#ifndef THREADS_SANITIZE
/*
 * A refused call: one line that names it, then the end. The signal comes at a
 * system call, so what is interrupted is neither malloc() nor the log, which
 * make only calls that are allowed. It comes once: the next one ends the process.
 */
static void on_refused(int number, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);

	(void)context;
	log_error("refused system call %s (%d): the process ends", name ? name : "?",
		  info->si_syscall);
	raise(number);
}

static int watch_refused(struct threads_error *err)
{
	const struct sigaction action = { .sa_sigaction = on_refused,
					  .sa_flags = SA_SIGINFO | (int)SA_RESETHAND | SA_NODEFER };

	if (sigaction(SIGSYS, &action, NULL) < 0)
		return threads_error_set(err, THREADS_EIO, "sigaction: %m");
	return 0;
}

enum { REFUSED = SCMP_ACT_TRAP };
#else
static int watch_refused(struct threads_error *err)
{
	(void)err;
	return 0;
}

enum { REFUSED = SCMP_ACT_ERRNO(EPERM) };
#endif

int filter_load(const struct sandbox_rules *rules, struct threads_error *err)
{
	scmp_filter_ctx ctx = seccomp_init(REFUSED);
	int rc;

	if (!ctx)
		return threads_error_set(err, THREADS_ENOMEM, "seccomp: out of memory");
	rc = watch_refused(err);
	if (rc == 0)
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
