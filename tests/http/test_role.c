/* SPDX-License-Identifier: Apache-2.0 */
/* threads-http as a browser, and as an attacker, meets it. */
#include "test.h"

#include "hub.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/strbuf.h"

#define HOST "Host: localhost\r\n"

static void start(struct hub *hub)
{
	hub_start(hub, "http_connections = 600\nupload_chunk_max = 8388608\n");
	hub_connect(hub, ROLE_AUTH, 0);
	hub_connect(hub, ROLE_API, 0);
}

static int setup(void **state)
{
	static struct hub hub;

	start(&hub);
	*state = &hub;
	return 0;
}

static int teardown(void **state)
{
	hub_stop(*state);
	return 0;
}

/* ---- abuse ---- */

struct abuse {
	const char *name, *request;
	int status; /* of the first answer; 0: closed without one; -1: 4xx or 5xx or closed */
	bool closes;
};

#define SMUGGLED "GET /smuggled HTTP/1.1\r\n" HOST "\r\n"

static const struct abuse abuses[] = {
	{ "plain", "GET /healthz HTTP/1.1\r\n" HOST "\r\n", 200, false },
	{ "1.0", "GET /healthz HTTP/1.0\r\n\r\n", 200, true },
	{ "close asked", "GET /healthz HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200, true },
	{ "bare LF", "GET /healthz HTTP/1.1\nHost: localhost\n\n", 200, false },
	{ "leading empty line", "\r\nGET /healthz HTTP/1.1\r\n" HOST "\r\n", 200, false },
	{ "absolute target", "GET http://localhost/healthz HTTP/1.1\r\n" HOST "\r\n", 200, false },
	{ "other host", "GET http://x.test/healthz HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "no host", "GET /healthz HTTP/1.1\r\n\r\n", 400, true },
	{ "two hosts", "GET /healthz HTTP/1.1\r\n" HOST "Host: b\r\n\r\n", 400, true },
	{ "lower case", "get /healthz HTTP/1.1\r\n" HOST "\r\n", 405, true },
	{ "TRACE", "TRACE /healthz HTTP/1.1\r\n" HOST "\r\n", 405, true },
	{ "CONNECT", "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 405, true },
	{ "OPTIONS *", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 405, true },
	{ "unknown method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 405, true },
	{ "HTTP/1.2", "GET /healthz HTTP/1.2\r\n" HOST "\r\n", 505, true },
	{ "HTTP/2.0", "GET /healthz HTTP/2.0\r\n" HOST "\r\n", 505, true },
	{ "HTTP/0.9", "GET /healthz\r\n\r\n", -1, true },
	{ "HTTP/x", "GET /healthz HTTP/x\r\n" HOST "\r\n", -1, true },
	{ "HTTX", "GET /healthz HTTX/1.1\r\n" HOST "\r\n", -1, true },
	{ "space in target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", -1, true },
	{ "%00", "GET /healthz%00 HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "%0d%0a", "GET /a%0d%0aX HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "..", "GET /assets/../healthz HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "%2e%2e", "GET /%2e%2e/etc/passwd HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "%2f", "GET /a%2fb HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "bad escape", "GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "8-bit target", "GET /\377 HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "8-bit UTF-8 escape", "GET /%ff HTTP/1.1\r\n" HOST "\r\n", 400, true },
	{ "empty name", "GET /healthz HTTP/1.1\r\n" HOST ": x\r\n\r\n", 400, true },
	{ "empty name first", "GET /healthz HTTP/1.0\r\n: x\r\n\r\n", 400, true },
	{ "folded line", "GET /healthz HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400, true },
	{ "folded host", "GET /healthz HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n", 400, true },
	{ "no colon", "GET /healthz HTTP/1.1\r\n" HOST "nonsense\r\n\r\n", -1, true },
	{ "space before colon", "GET /healthz HTTP/1.1\r\n" HOST "A : x\r\n\r\n", 400, true },
	{ "CR in value", "GET /healthz HTTP/1.1\r\n" HOST "A: x\ry\r\n\r\n", -1, true },
	{ "control in value", "GET /healthz HTTP/1.1\r\n" HOST "A: x\001y\r\n\r\n", 400, true },
	{ "two lengths",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Content-Length: 0\r\nContent-Length: 43\r\n\r\n" SMUGGLED,
	  400, true },
	{ "two equal lengths",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" SMUGGLED,
	  400, true },
	{ "length list", "POST /api/v1/echo HTTP/1.1\r\n" HOST "Content-Length: 0, 0\r\n\r\n", -1,
	  true },
	{ "negative length", "POST /api/v1/echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", -1,
	  true },
	{ "plus length", "POST /api/v1/echo HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\nx", -1,
	  true },
	{ "hex length", "POST /api/v1/echo HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\nx", -1,
	  true },
	{ "huge length",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", -1,
	  true },
	{ "length and chunked",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
	  400, true },
	{ "chunked on 1.0",
	  "POST /api/v1/echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
	  true },
	{ "xchunked", "POST /api/v1/echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n",
	  501, true },
	{ "gzip, chunked",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	  501, true },
	{ "chunked twice",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	  400, true },
	{ "chunked, folded",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Transfer-Encoding:\r\n chunked, gzip\r\n\r\n0\r\n\r\n",
	  -1, true },
	{ "GET with body", "GET /healthz HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 400,
	  true },
	{ "PATCH refused with body",
	  "PATCH /api/v1/echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	  400, true },
	{ "bad chunk size",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"
	  "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
	  -1, true },
	{ "chunk size overflow",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"
	  "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
	  -1, true },
	{ "chunk without CRLF",
	  "POST /api/v1/echo HTTP/1.1\r\n" HOST
	  "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
	  -1, true },
	{ "expect nonsense", "POST /api/v1/echo HTTP/1.1\r\n" HOST "Expect: fish\r\n\r\n", 417,
	  true },
	{ "two cookies", "GET /healthz HTTP/1.1\r\n" HOST "Cookie: a=b\r\nCookie: c=d\r\n\r\n", 400,
	  true },
	{ "two origins", "GET /healthz HTTP/1.1\r\n" HOST "Origin: a\r\nOrigin: b\r\n\r\n", 400,
	  true },
	{ "host with blank", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400, true },
	{ "host with @", "GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, true },
	{ "page by POST", "POST /search HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405,
	  false },
	{ "only CRLF", "\r\n\r\n\r\n", 0, false },
	{ "TLS hello", "\026\003\001\002\r\n\r\n", -1, true },
	{ "binary", "\001\002\003\r\n\r\n", -1, true },
};

/* Whether the server has closed, or closes within a moment. */
static bool is_closed(int fd)
{
	struct pollfd fds = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&fds, 1, 400) == 1 && recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static const char *judge(const struct abuse *abuse, const struct page *page, int fd)
{
	if (abuse->status == -1 && page->status != 0 && page->status < 400)
		return "was served";
	if (abuse->status >= 0 && page->status != abuse->status)
		return "has another status";
	if (page->body && strstr(page->body, "HTTP/1.1 200"))
		return "smuggled a request";
	if (abuse->closes && !page->closed && !is_closed(fd))
		return "left the connection open";
	return NULL;
}

static void test_abuse(void **state)
{
	const struct hub *hub = *state;

	for (size_t i = 0; i < ARRAY_SIZE(abuses); i++) {
		const int fd = browser_connect(hub);
		const char *fault;
		struct page page;

		browser_send(fd, abuses[i].request, strlen(abuses[i].request));
		page = browser_read(fd, abuses[i].status == 0 ? 300 : 3000, false);
		fault = judge(&abuses[i], &page, fd);
		if (fault)
			fail_msg("%s %s: %d\n%s%s", abuses[i].name, fault, page.status,
				 page.head ? page.head : "", page.body ? page.body : "");
		page_release(&page);
		close(fd);
	}
}

static void test_abuse_nul_and_size(void **state)
{
	static const char nul[] = "GET /healthz HTTP/1.1\r\n" HOST "A: x\0Host: b\r\n\r\n";
	CLEANUP(strbuf_release) struct strbuf request = STRBUF_INIT(1 << 20);
	static const char nul_target[] = "GET /healthz\0x HTTP/1.1\r\n" HOST "\r\n";
	const struct hub *hub = *state;
	int fd = browser_connect(hub);
	struct page page;

	browser_send(fd, nul_target, sizeof(nul_target) - 1);
	page = browser_read(fd, 3000, false);
	assert_int_equal(page.status, 400);
	page_release(&page);
	close(fd);
	fd = browser_connect(hub);
	browser_send(fd, nul, sizeof(nul) - 1);
	page = browser_read(fd, 3000, false);
	assert_int_equal(page.status, 400);
	page_release(&page);
	close(fd);
	for (int what = 0; what < 3; what++) {
		strbuf_reset(&request);
		strbuf_add_str(&request, "GET /");
		for (int i = 0; what == 0 && i < 40000; i++)
			strbuf_add_char(&request, 'a');
		strbuf_add_str(&request, " HTTP/1.1\r\n" HOST);
		for (int i = 0; what == 1 && i < 2000; i++)
			strbuf_addf(&request, "A%d: b\r\n", i);
		if (what == 2)
			strbuf_addf(&request, "A: %040000d\r\n", 0);
		strbuf_add_str(&request, "\r\n");
		page = browser_ask(hub, strbuf_str(&request));
		assert_true(page.status == 0 || page.status >= 400);
		page_release(&page);
	}
}

static void test_pipelining_and_expect(void **state)
{
	static const char expect[] = "POST /api/v1/auth/x HTTP/1.1\r\n" HOST
				     "Sec-Fetch-Site: same-origin\r\nExpect: 100-continue\r\n"
				     "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n";
	const char *three =
		"GET /healthz HTTP/1.1\r\n" HOST "\r\nGET /api/v1/auth/x HTTP/1.1\r\n" HOST
		"\r\nGET /healthz HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
	const struct hub *hub = *state;
	int fd = browser_connect(hub), count = 0;
	char buf[16384] = "";
	size_t len = 0;
	ssize_t n;
	struct page page;

	browser_send(fd, three, strlen(three));
	while ((n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	for (const char *p = buf; (p = strstr(p, "HTTP/1.1 200")); p++)
		count++;
	assert_int_equal(count, 3);
	close(fd);
	fd = browser_connect(hub);
	browser_send(fd, expect, strlen(expect));
	assert_true(recv(fd, buf, sizeof(buf), 0) > 0);
	assert_memory_equal(buf, "HTTP/1.1 100", 12);
	browser_send(fd, "{}", 2);
	page = browser_read(fd, 5000, false);
	assert_int_equal(page.status, 200);
	page_release(&page);
	close(fd);
}

/* ---- ordinary use ---- */

static void test_security_headers(void **state)
{
	static const char *const everywhere[] = {
		"X-Content-Type-Options: nosniff",
		"Referrer-Policy: no-referrer",
		"Cross-Origin-Opener-Policy: same-origin",
		"Cross-Origin-Resource-Policy: same-origin",
	};
	static const char *const paths[] = {
		"/",      "/search", "/healthz",          "/api/v1/echo",
		"/x.png", "/api/v2", "/api/v1/auth/state"
	};
	const struct hub *hub = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct page page = browser_get(hub, paths[i], "");

		for (size_t k = 0; k < ARRAY_SIZE(everywhere); k++)
			assert_true(page_has(&page, everywhere[k]));
		assert_non_null(strstr(page.head, "X-Request-Id: "));
		assert_non_null(strstr(page.head, "Content-Security-Policy: default-src 'none'"));
		assert_int_equal(page_has(&page, "Cache-Control: no-store"), i >= 2);
		assert_null(strstr(page.head, "Strict-Transport"));
		page_release(&page);
	}
}

static void test_pages(void **state)
{
	const struct hub *hub = *state;
	struct page page = browser_get(hub, "/", "");
	struct page route = browser_get(hub, "/accounts/abc?x=y", "");
	struct page missing = browser_get(hub, "/assets/none-123.js", "");
	struct page again;
	char line[128], *etag;

	assert_int_equal(page.status, 200);
	assert_true(page_has(&page, "Content-Type: text/html; charset=utf-8"));
	assert_true(page_has(&page, "Cache-Control: no-cache"));
	assert_non_null(strstr(page.head, "require-trusted-types-for 'script'"));
	assert_string_equal(page.body, route.body);
	assert_int_equal(missing.status, 404);
	etag = strstr(page.head, "ETag: ");
	assert_non_null(etag);
	snprintf(line, sizeof(line), "If-None-Match: %.*s\r\n", (int)strcspn(etag + 6, "\r"),
		 etag + 6);
	again = browser_get(hub, "/", line);
	assert_int_equal(again.status, 304);
	page_release(&again);
	page_release(&page);
	page_release(&route);
	page_release(&missing);
	page = browser_ask(hub, "HEAD /healthz HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(page.status, 200);
	assert_true(page_has(&page, "Content-Length: 15"));
	assert_int_equal(page.body_len, 0);
	page_release(&page);
}

static void test_ready(void **state)
{
	static const char *const some[] = { "http", "api", "auth", "vault" };
	static const char *const all[] = { "http", "api", "auth", "vault", "index" };
	struct hub *hub = *state;
	struct page page = browser_get(hub, "/readyz", "");

	assert_int_equal(page.status, 503);
	page_release(&page);
	hub_say_roles(hub, some, ARRAY_SIZE(some));
	usleep(100000);
	page = browser_get(hub, "/readyz", "");
	assert_int_equal(page.status, 503);
	assert_string_equal(page.body,
			    "{\"status\":\"waiting\",\"roles\":[\"index\"],\"insecure\":true}");
	page_release(&page);
	hub_say_roles(hub, all, ARRAY_SIZE(all));
	usleep(100000);
	page = browser_get(hub, "/readyz", "");
	assert_int_equal(page.status, 200);
	assert_string_equal(page.body, "{\"status\":\"ok\",\"insecure\":true}");
	page_release(&page);
}

static void test_api_and_auth(void **state)
{
	struct hub *hub = *state;
	char want[64];
	struct page page = browser_get(hub, "/api/v1/echo?q=a%20b", "");

	assert_int_equal(page.status, 200);
	assert_non_null(strstr(page.body, "\"query\":\"q=a%20b\""));
	assert_non_null(strstr(page.body, "\"cookie\":\"\""));
	assert_non_null(strstr(page.body, "\"ticket\":12"));
	assert_non_null(strstr(page.body, "\"client\":\"127.0.0.1\""));
	snprintf(want, sizeof(want), "\"origin\":\"http://localhost:%d\"", hub->port);
	assert_non_null(strstr(page.body, want));
	assert_true(page_has(&page, "ETag: \"text\""));
	assert_null(strstr(page.head, "X-Evil"));
	assert_null(strstr(page.head, "Set-Cookie")); /* api may not */
	page_release(&page);
	page = browser_get(hub, "/api/v1/auth/state", "");
	assert_int_equal(page.status, 200);
	assert_non_null(strstr(page.body, "\"cookie\":\"good\""));
	assert_non_null(strstr(page.body, "\"ticket\":0"));
	assert_true(page_has(&page, "Set-Cookie: played=1"));
	page_release(&page);
	page = browser_ask(hub, "GET /api/v1/openapi.json HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(page.status, 200);
	page_release(&page);
	page = browser_ask(hub, "HEAD /api/v1/echo HTTP/1.1\r\n" HOST
				"Cookie: __Host-threads=good\r\n\r\n");
	assert_int_equal(page.status, 200);
	page_release(&page);
}

static void test_not_signed_in(void **state)
{
	struct hub *hub = *state;
	const int before = hub->requests;
	struct page page = browser_ask(hub, "GET /api/v1/echo HTTP/1.1\r\n" HOST "\r\n");

	assert_int_equal(page.status, 401);
	assert_true(page_has(&page, "Content-Type: application/problem+json"));
	assert_non_null(strstr(page.body, "/problems/sign-in-needed"));
	page_release(&page);
	page = browser_ask(hub, "GET /api/v1/echo HTTP/1.1\r\n" HOST
				"Cookie: __Host-threads=bad\r\n\r\n");
	assert_int_equal(page.status, 401);
	page_release(&page);
	assert_int_equal(hub->requests, before); /* api was not asked */
}

static const struct {
	const char *name, *headers;
	int status;
} changes[] = {
	{ "own page", "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n", 200 },
	{ "old browser", "Origin: http://localhost\r\nContent-Type: application/json\r\n", 200 },
	{ "foreign page", "Sec-Fetch-Site: cross-site\r\nContent-Type: application/json\r\n", 403 },
	{ "sister site",
	  "Sec-Fetch-Site: same-site\r\nOrigin: http://localhost\r\nContent-Type: application/json\r\n",
	  403 },
	{ "foreign origin", "Origin: http://evil.test\r\nContent-Type: application/json\r\n", 403 },
	{ "no origin", "Content-Type: application/json\r\n", 403 },
	{ "form", "Sec-Fetch-Site: same-origin\r\nContent-Type: text/plain\r\n", 415 },
	{ "no type", "Sec-Fetch-Site: same-origin\r\n", 415 },
};

static void test_changes_come_from_our_page(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		CLEANUP(strbuf_release) struct strbuf request = STRBUF_INIT(4096);
		struct page page;

		strbuf_addf(&request,
			    "POST /api/v1/echo HTTP/1.1\r\n" HOST
			    "Cookie: __Host-threads=good\r\n%sContent-Length: 2\r\n\r\n{}",
			    changes[i].headers);
		page = browser_ask(*state, strbuf_str(&request));
		if (page.status != changes[i].status)
			fail_msg("%s: %d", changes[i].name, page.status);
		page_release(&page);
	}
}

/* The answer to a body of size spaces, which the played api tells the length of. */
static struct page send_body(const struct hub *hub, size_t size)
{
	AUTO_FREE char *body = calloc(1, size + 1);
	const int fd = browser_connect(hub);
	char head[512];
	struct page page;

	memset(body, ' ', size);
	snprintf(head, sizeof(head),
		 "POST /api/v1/echo HTTP/1.1\r\n" HOST "Cookie: __Host-threads=good\r\n"
		 "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 size);
	browser_send(fd, head, strlen(head));
	browser_send(fd, body, size);
	page = browser_read(fd, 5000, false);
	close(fd);
	return page;
}

static void test_body_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1000, 96 * 1024 + 1, 1048576, 1048577, 3000000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char want[64];
		struct page page = send_body(*state, sizes[i]);

		assert_int_equal(page.status, sizes[i] > 1048576 ? 413 : 200);
		snprintf(want, sizeof(want), "\"body\":%zu}", sizes[i]);
		assert_int_equal(strstr(page.body, want) != NULL, sizes[i] <= 1048576);
		page_release(&page);
	}
}

/* A reload: the program takes the size over within a moment. */
static void reload(const struct hub *hub, const char *settings, size_t size, int status)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int got = 0;

	frame_begin(&f, CTL_SETTINGS, 0);
	frame_put_text(&f, settings);
	assert_rc(frame_send(hub->control, &f, &err), 0, &err);
	for (int i = 0; i < 500 && got != status; i++) {
		struct page page = send_body(hub, size);

		got = page.status;
		page_release(&page);
		usleep(10 * 1000);
	}
	assert_int_equal(got, status);
}

static void test_sizes_follow_a_reload(void **state)
{
	reload(*state, "http_body_max = 65536\n", 65537, 413);
	reload(*state, "http_body_max = 2097152\n", 2097152, 200);
	reload(*state, "http_body_max = 1048576\n", 1048577, 413);
}

static void test_ranges(void **state)
{
	const struct hub *hub = *state;
	struct page page = browser_get(hub, "/api/v1/file", "");

	assert_int_equal(page.status, 200);
	assert_int_equal(page.body_len, HUB_FILE_SIZE);
	assert_true(page_has(&page, "Accept-Ranges: bytes"));
	assert_memory_equal(page.body + 99990, "000009999\n", 10);
	page_release(&page);
	page = browser_get(hub, "/api/v1/file", "Range: bytes=50000-50009\r\n");
	assert_int_equal(page.status, 206);
	assert_true(page_has(&page, "Content-Range: bytes 50000-50009/100000"));
	assert_int_equal(page.body_len, 10);
	assert_memory_equal(page.body, "000005000\n", 10);
	page_release(&page);
	page = browser_get(hub, "/api/v1/file", "Range: bytes=100000-\r\n");
	assert_int_equal(page.status, 416);
	assert_true(page_has(&page, "Content-Range: bytes */100000"));
	page_release(&page);
	page = browser_get(hub, "/api/v1/file", "Range: bytes=0-9\r\nIf-Range: \"older\"\r\n");
	assert_int_equal(page.status, 200);
	page_release(&page);
	page = browser_get(hub, "/api/v1/file", "Range: bytes=0-9\r\nIf-Range: \"file\"\r\n");
	assert_int_equal(page.status, 206);
	page_release(&page);
}

static struct page upload(struct hub *hub, const char *path, size_t size)
{
	AUTO_FREE char *data = malloc(size + 1);
	const int fd = browser_connect(hub);
	char head[512];
	struct page page;

	for (size_t i = 0; i < size; i++)
		data[i] = (char)('a' + i % 23);
	snprintf(head, sizeof(head),
		 "PUT %s?offset=7 HTTP/1.1\r\n" HOST "Cookie: __Host-threads=good\r\n"
		 "Sec-Fetch-Site: same-origin\r\nContent-Type: application/octet-stream\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 path, size);
	browser_send(fd, head, strlen(head));
	browser_send(fd, data, size);
	page = browser_read(fd, 10000, false);
	close(fd);
	return page;
}

static void test_upload(void **state)
{
	struct hub *hub = *state;
	char piece[24] = "";
	struct page page = upload(hub, "/api/v1/imports/i/files/f", 5000000);

	assert_int_equal(page.status, 200);
	assert_string_equal(page.body, "{\"received\":5000000}");
	assert_int_equal(lseek(hub->upload_fd, 0, SEEK_END), 5000007);
	assert_int_equal(pread(hub->upload_fd, piece, 23, 7 + 23 * 100), 23);
	assert_string_equal(piece, "abcdefghijklmnopqrstuvw");
	page_release(&page);
	page = upload(hub, "/api/v1/imports/no/files/a", 3000000); /* refused, words arrive */
	assert_int_equal(page.status, 404);
	page_release(&page);
	page = upload(hub, "/api/v1/imports/i/files/f", 0);
	assert_int_equal(page.status, 200);
	page_release(&page);
	page = browser_ask(hub, "PUT /api/v1/imports/i/files/f HTTP/1.1\r\n" HOST
				"Sec-Fetch-Site: same-origin\r\nContent-Type: "
				"application/octet-stream\r\nContent-Length: 99999999\r\n\r\n");
	assert_int_equal(page.status, 413);
	page_release(&page);
}

static void test_upload_broken_off(void **state)
{
	static const char head[] =
		"PUT /api/v1/imports/i/files/f HTTP/1.1\r\n" HOST "Cookie: __Host-threads=good\r\n"
		"Sec-Fetch-Site: same-origin\r\nContent-Type: application/octet-stream\r\n"
		"Content-Length: 1000\r\n\r\nhalf";
	struct hub *hub = *state;
	const int fd = browser_connect(hub);

	hub->upload_bytes = 0;
	browser_send(fd, head, sizeof(head) - 1);
	usleep(200000);
	close(fd);
	for (int i = 0; i < 100 && hub->upload_bytes == 0; i++)
		usleep(20000);
	assert_int_equal(hub->upload_bytes, -1);
}

/* ---- events ---- */

static int open_stream(const struct hub *hub)
{
	static const char request[] =
		"GET /api/v1/events HTTP/1.1\r\n" HOST "Cookie: __Host-threads=good\r\n\r\n";
	const int fd = browser_connect(hub);
	char buf[4096];
	ssize_t n;

	browser_send(fd, request, sizeof(request) - 1);
	n = recv(fd, buf, sizeof(buf) - 1, 0);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_non_null(strstr(buf, "HTTP/1.1 200"));
	assert_non_null(strstr(buf, "Content-Type: text/event-stream"));
	return fd;
}

/* Reads until text came; false after a second. */
static bool stream_says(int fd, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf in = STRBUF_INIT(65536);
	struct pollfd fds = { .fd = fd, .events = POLLIN };
	char buf[4096];

	while (!strstr(strbuf_str(&in), text)) {
		ssize_t n;

		if (poll(&fds, 1, 1000) <= 0)
			return false;
		n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			return false;
		strbuf_add(&in, buf, (size_t)n);
	}
	return true;
}

static void test_events(void **state)
{
	struct hub *hub = *state;
	const int fd = open_stream(hub);
	int64_t before_ms;

	hub_event(hub, "event: changed\ndata: {\"what\":\"messages\"}\n\n");
	assert_true(stream_says(fd, "\"messages\""));
	usleep(300000); /* idle: suspended */
	before_ms = clock_monotonic_ms();
	hub_event(hub, "event: changed\ndata: {\"what\":\"accounts\"}\n\n");
	assert_true(stream_says(fd, "\"accounts\""));
	assert_true(clock_monotonic_ms() - before_ms < 500);
	close(fd);
}

static void test_fifth_stream_ends_the_first(void **state)
{
	struct hub *hub = *state;
	int fds[5];

	for (int i = 0; i < 5; i++)
		fds[i] = open_stream(hub);
	assert_true(stream_says(fds[0], "0\r\n\r\n"));
	hub_event(hub, "data: x\n\n");
	assert_true(stream_says(fds[4], "data: x"));
	for (int i = 0; i < 5; i++)
		close(fds[i]);
}

/* ---- roles that die ---- */

static void test_get_is_repeated_when_api_dies(void **state)
{
	struct hub *hub = *state;
	struct page page;

	hub_connect(hub, ROLE_API, 1);
	usleep(50000);
	page = browser_get(hub, "/api/v1/die", "");
	assert_int_equal(page.status, 200);
	assert_int_equal(hub->deaths, 1);
	page_release(&page);
	hub->deaths = 0;
	page = browser_ask(hub,
			   "POST /api/v1/die HTTP/1.1\r\n" HOST "Cookie: __Host-threads=good\r\n"
			   "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n"
			   "Content-Length: 2\r\n\r\n{}");
	assert_int_equal(page.status, 503); /* might have been done: not repeated */
	page_release(&page);
	hub_connect(hub, ROLE_API, 0);
}

static void *come_back(void *arg)
{
	usleep(700000);
	hub_connect(arg, ROLE_API, 0);
	hub_connect(arg, ROLE_AUTH, 0);
	return NULL;
}

static void test_waits_for_roles(void **state)
{
	struct hub *hub = *state;
	pthread_t thread;
	int64_t before_ms;
	struct page page;

	hub_disconnect(hub, ROLE_API, 0);
	hub_disconnect(hub, ROLE_API, 1);
	hub_disconnect(hub, ROLE_AUTH, 0);
	assert_int_equal(pthread_create(&thread, NULL, come_back, hub), 0);
	before_ms = clock_monotonic_ms();
	page = browser_get(hub, "/api/v1/echo", "");
	assert_int_equal(page.status, 200);
	assert_true(clock_monotonic_ms() - before_ms >= 500);
	page_release(&page);
	pthread_join(thread, NULL);
	hub_disconnect(hub, ROLE_API, 0);
	before_ms = clock_monotonic_ms();
	page = browser_get(hub, "/api/v1/echo", "");
	assert_int_equal(page.status, 503);
	assert_non_null(strstr(page.body, "/problems/unavailable"));
	assert_in_range(clock_monotonic_ms() - before_ms, 4000, 30000);
	page_release(&page);
	hub_connect(hub, ROLE_API, 0);
}

/* ---- many at once: libmicrohttpd's own loop stalls at 128 ---- */

static void many_at_once(const struct hub *hub, int count)
{
	static const char request[] =
		"GET /api/v1/echo HTTP/1.1\r\n" HOST "Cookie: __Host-threads=good\r\n\r\n";
	int fds[512];
	const int64_t before_ms = clock_monotonic_ms();

	for (int i = 0; i < count; i++)
		fds[i] = browser_connect(hub);
	usleep(100000);
	for (int i = 0; i < count; i++)
		browser_send(fds[i], request, sizeof(request) - 1);
	for (int i = 0; i < count; i++) {
		struct page page = browser_read(fds[i], 5000, false);

		if (page.status != 200)
			fail_msg("%d of %d: status %d", i, count, page.status);
		page_release(&page);
		close(fds[i]);
	}
	assert_true(clock_monotonic_ms() - before_ms < 5000);
}

static void test_many_at_once(void **state)
{
	static const int counts[] = { 1, 127, 128, 129, 256, 500 };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		many_at_once(*state, counts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abuse),
		cmocka_unit_test(test_abuse_nul_and_size),
		cmocka_unit_test(test_pipelining_and_expect),
		cmocka_unit_test(test_security_headers),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_api_and_auth),
		cmocka_unit_test(test_not_signed_in),
		cmocka_unit_test(test_changes_come_from_our_page),
		cmocka_unit_test(test_body_sizes),
		cmocka_unit_test(test_sizes_follow_a_reload),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_upload_broken_off),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_fifth_stream_ends_the_first),
		cmocka_unit_test(test_get_is_repeated_when_api_dies),
		cmocka_unit_test(test_waits_for_roles),
		cmocka_unit_test(test_many_at_once),
	};

	return cmocka_run_group_tests_name("http/role", tests, setup, teardown);
}
