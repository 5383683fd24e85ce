/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/cause.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "core/log.h"

enum { VMSTAT_BYTES = 16 * 1024 };

static const struct {
	int number;
	enum cause cause;
	const char *words;
} signals[] = {
	{ SIGSEGV, CAUSE_CRASH, "a bad memory access" },
	{ SIGBUS, CAUSE_CRASH, "memory or a piece of a file that is not there" },
	{ SIGILL, CAUSE_CRASH, "a bad instruction" },
	{ SIGFPE, CAUSE_CRASH, "impossible arithmetic" },
	{ SIGABRT, CAUSE_CRASH, "it gave itself up" },
	{ SIGTRAP, CAUSE_CRASH, "a trap" },
	{ SIGSYS, CAUSE_SANDBOX, "a system call that its sandbox forbids" },
	{ SIGXCPU, CAUSE_LIMIT, "too much processor time" },
	{ SIGXFSZ, CAUSE_LIMIT, "a file larger than it may write" },
	{ SIGKILL, CAUSE_KILLED, "killed from outside" },
	{ SIGTERM, CAUSE_KILLED, "asked from outside to end" },
};

const char *cause_word(enum cause cause)
{
	static const char *const words[CAUSE_COUNT] = {
		[CAUSE_EXIT] = "exit",         [CAUSE_CRASH] = "crash",
		[CAUSE_SANDBOX] = "sandbox",   [CAUSE_MEMORY] = "memory",
		[CAUSE_LIMIT] = "limit",       [CAUSE_KILLED] = "killed",
		[CAUSE_WATCHDOG] = "watchdog", [CAUSE_PROTOCOL] = "protocol",
		[CAUSE_SPAWN] = "spawn",
	};

	return cause < CAUSE_COUNT ? words[cause] : "exit";
}

static enum cause describe_signal(const struct cause_end *end, char *out, size_t size)
{
	const int number = WTERMSIG(end->wait_status);
	const char *name = sigabbrev_np(number);
	size_t i = 0;

	if (number == SIGKILL && end->killed_for) {
		snprintf(out, size, "killed: %s", end->killed_for);
		return end->killed_as;
	}
	if (number == SIGKILL && end->memory_short) {
		snprintf(out, size, "out of memory: the kernel killed it");
		return CAUSE_MEMORY;
	}
	while (i < ARRAY_SIZE(signals) && signals[i].number != number)
		i++;
	if (i == ARRAY_SIZE(signals)) {
		snprintf(out, size, "signal %d (SIG%s)", number, name ? name : "?");
		return CAUSE_KILLED;
	}
	snprintf(out, size, "SIG%s: %s", name ? name : "?", signals[i].words);
	return signals[i].cause;
}

/* A role ends so when it gets SIGTERM, and not by itself: what it said last is not why. */
static enum cause describe_good_end(char *out, size_t size)
{
	snprintf(out, size, "exit 0: asked from outside to end");
	return CAUSE_KILLED;
}

enum cause cause_describe(const struct cause_end *end, char *out, size_t size)
{
	enum cause cause = CAUSE_EXIT;
	size_t len;

	if (WIFSIGNALED(end->wait_status))
		cause = describe_signal(end, out, size);
	else if (WEXITSTATUS(end->wait_status) == EXIT_SUCCESS)
		return describe_good_end(out, size);
	else
		snprintf(out, size, "exit %d", WEXITSTATUS(end->wait_status));
	len = strlen(out);
	if (*end->last_line)
		snprintf(out + len, size - len, "%s%s",
			 cause == CAUSE_EXIT ? " after: " : "; it said last: ", end->last_line);
	log_clean(out); /* it may have been cut within a character */
	return cause;
}

int64_t cause_memory_kills(void)
{
	AUTO_FD int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	char text[VMSTAT_BYTES];
	const ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	const char *found;

	if (n <= 0)
		return -1;
	text[n] = '\0';
	found = strstr(text, "\noom_kill ");
	return found ? strtoll(found + strlen("\noom_kill "), NULL, 10) : -1;
}
