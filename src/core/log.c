/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/utf8.h"

enum { LOG_LINE_MAX = 1024 };

/* The only mutable state of the library, set in main(); the level also at a reload. */
static const char *log_name = "threads";
static _Atomic enum log_level log_max_level = LOG_LEVEL_INFO; /* imap has a second thread */
static bool log_timed;

/* journald says "device:inode" of the stream that it reads. */
static bool goes_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM"); /* NOLINT(concurrency-mt-unsafe) */
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

/* The first use of the calendar reads files, which confinement will forbid. */
static void prepare_calendar(void)
{
	char now[CLOCK_RFC3339_SIZE];

	clock_format_rfc3339(clock_now_ms(NULL), now, sizeof(now));
}

void log_setup(const char *name, enum log_level max_level)
{
	log_name = name;
	log_max_level = max_level;
	log_timed = !goes_to_journal();
	prepare_calendar();
}

void log_set_level(enum log_level max_level)
{
	log_max_level = max_level;
}

static size_t put_head(char *line, size_t size, enum log_level level, const char *name)
{
	char now[CLOCK_RFC3339_SIZE] = "";

	if (log_timed)
		clock_format_rfc3339(clock_now_ms(NULL), now, sizeof(now));
	return (size_t)snprintf(line, size, "<%d>%s%s%s: ", (int)level, now, log_timed ? " " : "",
				name);
}

void log_clean(char *text)
{
	const char *end = text + strlen(text);
	uint32_t code_point;

	while (text < end) {
		const size_t n = utf8_decode(text, end, &code_point);

		/* U+0080 to U+009F are control characters, too. */
		if (n == 0 || code_point < ' ' || (code_point >= 0x7F && code_point < 0xA0))
			memset(text, '?', n ? n : 1);
		text += n ? n : 1;
	}
}

/* One write, so that lines of several processes do not mix. A full or closed stderr must
 * not stop the work. line has room for the end of line. */
static void write_line(char *line)
{
	const size_t len = strlen(line);
	const int saved = errno;

	log_clean(line);
	line[len] = '\n';
	if (write(STDERR_FILENO, line, len + 1) < 0)
		errno = saved;
}

void log_line(enum log_level level, const char *name, const char *words)
{
	char line[LOG_LINE_MAX + 128];
	const size_t head = put_head(line, sizeof(line) - 1, level, name);

	snprintf(line + head, sizeof(line) - head - 1, "%s", words);
	write_line(line);
}

void log_event(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;
	size_t head;
	int saved = errno;

	if (level > log_max_level)
		return;
	head = put_head(line, sizeof(line) - 1, level, log_name);
	va_start(ap, fmt);
	errno = saved; /* for %m */
	vsnprintf(line + head, sizeof(line) - head - 1, fmt, ap);
	va_end(ap);
	write_line(line);
	errno = saved;
}
