/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event a line on stderr: "<4>2026-11-21T09:41:34.123Z imap 17: kind=refused retry_ms=2154".
 * After ": " come pairs key=value, whose values have no blanks, and then words up to the end.
 * The time is left out when journald reads, which adds its own. Never message content, never a
 * secret; addresses at LOG_LEVEL_DEBUG only. Logged once, where an error ends: in the folder of a
 * role, or in what answers for a role (ipc/role.c, ipc/filter.c, backup/source.c). Other libraries
 * return what went wrong.
 */
#ifndef THREADS_CORE_LOG_H
#define THREADS_CORE_LOG_H

#include "threads/compiler.h"

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* name must live as long as the process ("imap"). Call it before confinement. Default: INFO, name "threads". */
void log_setup(const char *name, enum log_level max_level);

/* The same line for somebody else, whose words came by a pipe. No limit of level. */
void log_line(enum log_level level, const char *name, const char *words);

/* Control characters, and bytes that are no UTF-8, become '?', in place. */
void log_clean(char *text);

/* Another level from here on. */
void log_set_level(enum log_level max_level);

/* One line; line breaks and control characters in the result become '?'. At most 1,000 bytes. */
void log_event(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...)   log_event(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_event(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
