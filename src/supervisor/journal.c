/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/journal.h"

#include <fcntl.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/utf8.h"
#include "ipc/role_name.h"

enum {
	READS_AT_ONCE = 16, /* then the other roles have their turn */
	DRAIN_BYTES_MAX = 256 * 1024,
	NAME_BYTES_MAX = 80, /* time and name before ": " */
};

void journal_keep(struct journal *journal, enum log_level level, enum role role, int64_t instance,
		  const char *text)
{
	struct journal_entry *entry = &journal->entries[journal->written++ % JOURNAL_KEPT];

	*entry = (struct journal_entry){
		.at_ms = clock_now_ms(NULL), .level = level, .role = role, .instance = instance
	};
	utf8_copy(entry->text, sizeof(entry->text), text);
}

const struct journal_entry *journal_at(const struct journal *journal, size_t newer)
{
	if (newer >= JOURNAL_KEPT || newer >= journal->written)
		return NULL;
	return &journal->entries[(journal->written - 1 - newer) % JOURNAL_KEPT];
}

/* A sanitizer's report and what libraries print have no level: it is never good news. */
static const char *split(const char *line, enum log_level *level)
{
	const char *words;

	*level = LOG_LEVEL_WARNING;
	if (line[0] != '<' || line[1] < '3' || line[1] > '7' || line[2] != '>')
		return line;
	*level = (enum log_level)(line[1] - '0');
	words = strstr(line, ": ");
	return words && words - line <= NAME_BYTES_MAX ? words + 2 : line + 3;
}

void journal_line(struct journal_pipe *pipe, const char *line)
{
	char name[40], words[JOURNAL_LINE_BYTES];
	enum log_level level;

	snprintf(words, sizeof(words), "%s", split(line, &level));
	log_clean(words);
	if (!*words)
		return;
	if (pipe->instance != 0 || pipe->role == ROLE_API)
		snprintf(name, sizeof(name), "%s %lld", role_name(pipe->role),
			 (long long)pipe->instance);
	else
		snprintf(name, sizeof(name), "%s", role_name(pipe->role));
	log_line(level, name, words);
	if (level > LOG_LEVEL_WARNING)
		return;
	/* An error is not pushed aside by what is said after it. */
	if (level <= pipe->last_level || !*pipe->last) {
		utf8_copy(pipe->last, sizeof(pipe->last), words);
		pipe->last_level = level;
	}
	journal_keep(pipe->journal, level, pipe->role, pipe->instance, words);
}

/* Whole lines out of the buffer; one that is too long is cut in two. */
static void take_lines(struct journal_pipe *pipe)
{
	char *end;

	while ((end = memchr(pipe->line, '\n', pipe->len)) || pipe->len == sizeof(pipe->line) - 1) {
		const size_t used = end ? (size_t)(end - pipe->line) : pipe->len;

		pipe->line[used] = '\0';
		journal_line(pipe, pipe->line);
		pipe->len -= used + (end ? 1 : 0);
		memmove(pipe->line, pipe->line + used + (end ? 1 : 0), pipe->len);
	}
}

/* Returns the bytes read, 0 at the end, -1 when nothing is there now. */
static ssize_t read_some(struct journal_pipe *pipe)
{
	const ssize_t n =
		read(pipe->fd, pipe->line + pipe->len, sizeof(pipe->line) - 1 - pipe->len);

	if (n > 0) {
		pipe->len += (size_t)n;
		take_lines(pipe);
	}
	return n;
}

static void on_readable(int fd, uint32_t events, void *arg)
{
	struct journal_pipe *pipe = arg;

	(void)fd;
	(void)events;
	for (int i = 0; i < READS_AT_ONCE; i++) {
		const ssize_t n = read_some(pipe);

		/* Closed before its end: it will not speak again. */
		if (n == 0)
			pipe->watch = loop_watch_remove(pipe->watch);
		if (n <= 0)
			return;
	}
}

int journal_open(struct journal_pipe *pipe, struct loop *loop, int *ret_write,
		 struct threads_error *err)
{
	int ends[2], rc;

	journal_close(pipe);
	/* Not blocking at either end: a slow reader costs lines, not work. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return threads_error_set(err, THREADS_EIO, "pipe: %m");
	pipe->fd = ends[0];
	pipe->len = 0;
	pipe->last[0] = '\0';
	pipe->last_level = LOG_LEVEL_DEBUG;
	rc = loop_watch_add(loop, pipe->fd, EPOLLIN, on_readable, pipe, &pipe->watch, err);
	if (rc < 0) {
		close(ends[1]);
		journal_close(pipe);
		return rc;
	}
	*ret_write = ends[1];
	return 0;
}

void journal_close(struct journal_pipe *pipe)
{
	ssize_t n = 1;

	if (pipe->fd < 0)
		return;
	for (size_t sum = 0; n > 0 && sum < DRAIN_BYTES_MAX; sum += (size_t)(n > 0 ? n : 0))
		n = read_some(pipe);
	if (pipe->len > 0) {
		pipe->line[pipe->len] = '\0';
		journal_line(pipe, pipe->line);
	}
	pipe->watch = loop_watch_remove(pipe->watch);
	close(pipe->fd);
	pipe->fd = -1;
	pipe->len = 0;
}
