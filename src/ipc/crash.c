/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/crash.h"

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "threads/compiler.h"

#ifdef THREADS_SANITIZE
void crash_words(void)
{
}
#else

enum { STACK_BYTES = 32 * 1024, LINE_BYTES = 160 };

/* Where the program begins in memory: addresses in the line are offsets for addr2line.
 * The linker chose the names. NOLINTBEGIN(bugprone-reserved-identifier,cert-*) */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */

/* For a crash by a full stack. */
static char own_stack[STACK_BYTES];

struct line {
	char text[LINE_BYTES];
	size_t len;
};

static void put_text(struct line *line, const char *text)
{
	while (*text && line->len < sizeof(line->text) - 1)
		line->text[line->len++] = *text++;
}

static void put_hex(struct line *line, uintptr_t value)
{
	char digits[2 * sizeof(value) + 1];
	size_t at = sizeof(digits);

	digits[--at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	put_text(line, "0x");
	put_text(line, &digits[at]);
}

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (uintptr_t)context->uc_mcontext.pc;
#else
	(void)context;
	return 0;
#endif
}

static void put_place(struct line *line, uintptr_t at)
{
	if (at < (uintptr_t)__ehdr_start || at >= (uintptr_t)_end) {
		put_text(line, " at=library");
		return;
	}
	put_text(line, " at=program+");
	put_hex(line, at - (uintptr_t)__ehdr_start);
}

/* Only what may be called here: it stands still wherever it was. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	struct line line = { .len = 0 };
	const char *name = number == SIGSEGV  ? "SIGSEGV"
			   : number == SIGBUS ? "SIGBUS"
			   : number == SIGILL ? "SIGILL"
			   : number == SIGFPE ? "SIGFPE"
					      : "SIGABRT";

	put_text(&line, "<3>crash: signal=");
	put_text(&line, name);
	/* One that was sent by somebody has no address. */
	if (info->si_code > 0 && number != SIGABRT) {
		put_text(&line, " address=");
		put_hex(&line, (uintptr_t)info->si_addr);
	}
	put_place(&line, program_counter(context));
	put_text(&line, "\n");
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		line.len = 0;
	/* The handler is gone already (SA_RESETHAND). */
	syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
}

void crash_words(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	const stack_t stack = { .ss_sp = own_stack, .ss_size = sizeof(own_stack) };
	struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER,
	};

	(void)sigaltstack(&stack, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL);
}
#endif
