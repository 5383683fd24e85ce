/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOG_LINE_MAX = 1024 };

/* The only mutable state of the library, set once in main(). */
static const char *log_name = "threads";
static enum log_level log_max_level = LOG_LEVEL_INFO;

void log_setup(const char *name, enum log_level max_level)
{
	log_name = name;
	log_max_level = max_level;
}

void log_event(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;
	size_t head, len;
	int saved = errno;

	if (level > log_max_level)
		return;
	head = (size_t)snprintf(line, sizeof(line) - 1, "<%d>%s: ", (int)level, log_name);
	va_start(ap, fmt);
	errno = saved; /* for %m */
	vsnprintf(line + head, sizeof(line) - head - 1, fmt, ap);
	va_end(ap);
	len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
			line[i] = '?';
	line[len] = '\n';
	/* One write, so that lines of several processes do not mix. A full or
	 * closed stderr must not stop the work. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		errno = saved;
	errno = saved;
}
