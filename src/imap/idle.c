/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/idle.h"

#include <ctype.h>

#include "core/clock.h"

#define IDLE_TAG "idle1"

enum { SMALL_ANSWER = 64 * 1024, FOR_EVER = 0 };

static void mmap_string_freep(MMAPString **string)
{
	if (*string)
		mmap_string_free(*string);
}

enum idle_line idle_read_line(const char *line)
{
	if (line[0] == '+')
		return IDLE_GO_ON;
	if (strncmp(line, IDLE_TAG " ", sizeof(IDLE_TAG)) == 0)
		return IDLE_TAGGED;
	if (strncmp(line, "* ", 2) != 0)
		return IDLE_OTHER;
	line += 2;
	if (strncasecmp(line, "BYE", 3) == 0)
		return IDLE_BYE;
	if (!isdigit((unsigned char)*line))
		return IDLE_OTHER;
	while (isdigit((unsigned char)*line))
		line++;
	return strncasecmp(line, " EXISTS", 7) == 0 ? IDLE_NEWS : IDLE_OTHER;
}

struct idle {
	struct session *session;
	MMAPString *line;
	bool news;
};

/* Reads one line. Returns its meaning, or -1 with why (session closed). */
static int read_line(struct idle *idle, struct failure *why)
{
	mailstream *ms = idle->session->imap->imap_stream;
	const char *line = mailstream_read_line_remove_eol(ms, idle->line);
	enum idle_line meaning;

	if (!line) {
		stream_failure(idle->session->stream, why);
		session_close(idle->session);
		return -1;
	}
	meaning = idle_read_line(line);
	idle->news = idle->news || meaning == IDLE_NEWS;
	if (meaning == IDLE_BYE) {
		failure_server(why, FAILURE_BYE, line + 5);
		session_close(idle->session);
		return -1;
	}
	return (int)meaning;
}

static int say(struct idle *idle, const char *text, struct failure *why)
{
	mailstream *ms = idle->session->imap->imap_stream;
	const size_t len = strlen(text);

	if (mailstream_write(ms, text, len) == (ssize_t)len && mailstream_flush(ms) == 0)
		return 0;
	stream_failure(idle->session->stream, why);
	session_close(idle->session);
	return -1;
}

/* Lines until one that means what is awaited. A server may refuse: tagged NO instead of "+". */
static int read_until(struct idle *idle, enum idle_line awaited, struct failure *why)
{
	for (;;) {
		const int meaning = read_line(idle, why);

		if (meaning < 0 || meaning == (int)awaited)
			return meaning < 0 ? -1 : 0;
		if (meaning == IDLE_TAGGED) {
			idle->session->can_idle = false; /* polling goes on without it */
			return 1;
		}
	}
}

static bool hub_wants(struct hub *hub)
{
	hub_look(hub);
	return links_stopping(hub->links) || hub->sync_asked || hub->has_offer || !hub_ready(hub);
}

static int wait_for_news(struct idle *idle, struct hub *hub, int64_t wait_ms, struct failure *why)
{
	const int64_t until = clock_monotonic_ms() + wait_ms;
	struct session *session = idle->session;

	/* No deadline: silence is what we wait in. */
	stream_command(session->stream, 0, 0, FOR_EVER);
	while (!idle->news && !hub_wants(hub)) {
		const int64_t left = until - clock_monotonic_ms();

		if (stream_pending(session->imap->imap_stream, session->stream) ||
		    (left > 0 && links_wait(hub->links, stream_fd(session->stream), left))) {
			if (read_line(idle, why) < 0)
				return -1;
		} else if (left <= 0) {
			break;
		}
	}
	return 0;
}

int idle_wait(struct session *session, struct hub *hub, int64_t wait_ms, struct failure *why)
{
	CLEANUP(mmap_string_freep) MMAPString *line = mmap_string_new("");
	struct idle idle = { session, line, false };
	int rc;

	if (!line)
		return failure_set(why, FAILURE_HUB, "out of memory");
	session_expect(session, SMALL_ANSWER);
	if (say(&idle, IDLE_TAG " IDLE\r\n", why) < 0)
		return -1;
	rc = read_until(&idle, IDLE_GO_ON, why);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (wait_for_news(&idle, hub, wait_ms, why) < 0)
		return -1;
	if (links_stopping(hub->links))
		return 0;
	session_expect(session, SMALL_ANSWER);
	if (say(&idle, "DONE\r\n", why) < 0 || read_until(&idle, IDLE_TAGGED, why) < 0)
		return -1;
	return idle.news ? 1 : 0;
}
