/* SPDX-License-Identifier: Apache-2.0 */
/* A browser made of plain sockets, which can also misbehave. */
#include "test.h"

#include "hub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/strbuf.h"

int browser_connect(const struct hub *hub)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)hub->port) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void browser_send(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		const ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the server closed: what it said is read later */
		p += n;
		len -= (size_t)n;
	}
}

/* One more piece; false at the end or when the time is over. */
static bool read_more(int fd, struct strbuf *in, int64_t until_ms, bool *closed)
{
	const int64_t left_ms = until_ms - clock_monotonic_ms();
	struct pollfd fds = { .fd = fd, .events = POLLIN };
	char buf[65536];
	ssize_t n;

	if (left_ms <= 0 || poll(&fds, 1, (int)left_ms) <= 0)
		return false;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n <= 0) {
		*closed = true;
		return false;
	}
	strbuf_add(in, buf, (size_t)n);
	return true;
}

static bool chunks_complete(const char *body, size_t len)
{
	return len >= 5 && memcmp(body + len - 5, "0\r\n\r\n", 5) == 0;
}

/* Whether in holds a whole answer. */
static bool complete(const struct strbuf *in, bool no_body)
{
	const char *text = strbuf_str(in);
	const char *end = strstr(text, "\r\n\r\n");
	const char *length;
	size_t body_len;

	if (!end)
		return false;
	if (no_body || strncmp(text, "HTTP/1.1 304", 12) == 0)
		return true;
	body_len = in->len - (size_t)(end + 4 - text);
	length = strcasestr(text, "\r\nContent-Length: ");
	if (length && length < end)
		return body_len >= strtoul(length + 18, NULL, 10);
	return strcasestr(text, "\r\nTransfer-Encoding: chunked") &&
	       chunks_complete(end + 4, body_len);
}

struct page browser_read(int fd, int wait_ms, bool no_body)
{
	CLEANUP(strbuf_release) struct strbuf in = STRBUF_INIT(64 << 20);
	const int64_t until_ms = clock_monotonic_ms() + wait_ms;
	struct page page = { 0 };
	const char *end;

	while (!complete(&in, no_body) && read_more(fd, &in, until_ms, &page.closed))
		;
	end = strstr(strbuf_str(&in), "\r\n\r\n");
	if (!end)
		return page;
	page.status = (int)strtol(strbuf_str(&in) + 9, NULL, 10);
	page.head = strndup(strbuf_str(&in), (size_t)(end + 2 - strbuf_str(&in)));
	page.body_len = in.len - (size_t)(end + 4 - strbuf_str(&in));
	page.body = calloc(1, page.body_len + 1);
	memcpy(page.body, end + 4, page.body_len);
	return page;
}

struct page browser_ask(const struct hub *hub, const char *request)
{
	const int fd = browser_connect(hub);
	struct page page;

	browser_send(fd, request, strlen(request));
	page = browser_read(fd, 15000, strncmp(request, "HEAD ", 5) == 0);
	close(fd);
	return page;
}

struct page browser_get(const struct hub *hub, const char *path, const char *more_headers)
{
	CLEANUP(strbuf_release) struct strbuf request = STRBUF_INIT(65536);

	strbuf_addf(&request,
		    "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; "
		    "__Host-threads=good\r\n%s\r\n",
		    path, more_headers);
	return browser_ask(hub, strbuf_str(&request));
}

bool page_has(const struct page *page, const char *header_line)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT(4096);

	strbuf_addf(&line, "\r\n%s\r\n", header_line);
	return page->head && strcasestr(page->head, strbuf_str(&line)) != NULL;
}

void page_release(struct page *page)
{
	free(page->head);
	free(page->body);
	page->head = page->body = NULL;
}
