/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server inside this process: deadlines that trickling bytes do not move,
 * the life of event streams, both with short times; pages of our own.
 */
#include "test.h"

#include "hub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "http/assets.h"
#include "http/policy.h"
#include "http/server.h"
#include "http/site.h"

enum { CONNECTIONS = 32, HEAD_MS = 600, BODY_MS = 600, BEAT_MS = 300, TICKET_MS = 400 };

static const struct gateway_limits short_times = { 500, 700, BEAT_MS, TICKET_MS };

static const unsigned char page_index[] = "index", page_frame[] = "frame", page_script[] = "script",
			   packed_gz[] = "gz", packed_br[] = "br";

#define END(text) (text) + sizeof(text) - 1

const struct asset assets_table[] = {
	{ "/assets/app-1.js", "text/javascript", "hash", { page_script }, { END(page_script) } },
	{ "/index.html",
	  "text/html",
	  "hash",
	  { page_index, packed_gz, packed_br },
	  { END(page_index), END(packed_gz), END(packed_br) } },
	{ "/mailframe-images.html", "text/html", "hash", { page_frame }, { END(page_frame) } },
	{ "/mailframe.html", "text/html", "hash", { page_frame }, { END(page_frame) } },
	{ .path = NULL },
};

/* The server of this process and the other ends of its links. */
struct world {
	struct loop *loop;
	struct gateway *gateway;
	struct site *site;
	struct http_server *server;
	struct hub hub; /* port and sockets */
	int tickets, stream_tickets, stream_ends;
	uint32_t stream_id;
	bool signed_out;
};

static void listen_here(struct world *w)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	w->hub.port = ntohs(address.sin_port);
	w->hub.listen_fd = fd;
}

static int link_role(struct world *w, enum role role)
{
	struct threads_error err;
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	assert_rc(gateway_add_peer(w->gateway, role, 0, pair[0], &err), 0, &err);
	return pair[1];
}

static int setup(void **state)
{
	static struct world world;
	struct world *w = &world;
	const struct site_setup site = { "http://localhost", 1 << 20, 1 << 16 };
	const struct http_limits limits = { .connections = CONNECTIONS,
					    .body_max = 1 << 16,
					    .upload_max = 1 << 20,
					    .head_ms = HEAD_MS,
					    .body_ms = BODY_MS };
	struct http_handler handler;
	struct threads_error err;

	*w = (struct world){ 0 };
	listen_here(w);
	assert_rc(loop_new(&w->loop, &err), 0, &err);
	assert_rc(gateway_new(w->loop, "http://localhost", &short_times, &w->gateway, &err), 0,
		  &err);
	assert_rc(site_new(&site, w->gateway, &w->site, &err), 0, &err);
	handler = site_handler(w->site);
	assert_rc(http_server_new(w->loop, w->hub.listen_fd, &limits, &handler, &w->server, &err),
		  0, &err);
	w->hub.auth = link_role(w, ROLE_AUTH);
	w->hub.api[0] = link_role(w, ROLE_API);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	w->server = http_server_free(w->server);
	w->site = site_free(w->site);
	w->gateway = gateway_free(w->gateway);
	w->loop = loop_free(w->loop);
	close(w->hub.listen_fd);
	close(w->hub.auth);
	close(w->hub.api[0]);
	return 0;
}

static void play_auth(struct world *w)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct threads_error err;

	if (frame_recv(w->hub.auth, &f, &err) <= 0)
		return;
	w->tickets++;
	frame_begin(&answer, HTTP_TICKET_IS, f.id);
	frame_put_int(&answer, !w->signed_out);
	frame_put_bytes(&answer, "t", w->signed_out ? 0 : 1);
	frame_put_text(&answer, "");
	assert_rc(frame_send(w->hub.auth, &answer, &err), 0, &err);
}

static void play_api(struct world *w)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct threads_error err;

	if (frame_recv(w->hub.api[0], &f, &err) <= 0)
		return;
	if (f.type == HTTP_STREAM_TICKET)
		w->stream_tickets++;
	if (f.type == HTTP_STREAM_END)
		w->stream_ends++;
	if (f.type != HTTP_REQUEST)
		return;
	frame_get_text(&f);
	if (strcmp(frame_get_text(&f), "/api/v1/events") != 0)
		return; /* never answered */
	w->stream_id = f.id;
	frame_begin(&answer, HTTP_RESPONSE, f.id);
	frame_put_int(&answer, 200);
	frame_put_text(&answer, "text/event-stream");
	frame_put_int(&answer, 0);
	frame_put_bytes(&answer, "", 0);
	frame_put_int(&answer, HTTP_BODY_STREAM);
	frame_put_int(&answer, 0);
	frame_put_int(&answer, 0);
	assert_rc(frame_send(w->hub.api[0], &answer, &err), 0, &err);
}

static void turn(struct world *w)
{
	struct threads_error err;

	assert_rc(loop_turn(w->loop, 5, &err), 1, &err);
	play_auth(w);
	play_api(w);
}

static void turn_for(struct world *w, int64_t ms)
{
	const int64_t until_ms = clock_monotonic_ms() + ms;

	while (clock_monotonic_ms() < until_ms)
		turn(w);
}

static bool is_closed(int fd)
{
	char buf[4096];
	ssize_t n;

	do
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (n > 0);
	return n == 0 || errno != EAGAIN;
}

/* Sends head, then a byte of filler every 50 ms; gives the time until the server closed. */
static int64_t trickle(struct world *w, const char *head, const char *filler)
{
	const int fd = browser_connect(&w->hub);
	const int64_t before_ms = clock_monotonic_ms();
	int64_t took_ms;

	browser_send(fd, head, strlen(head));
	do {
		turn_for(w, 50);
		browser_send(fd, filler, 1);
		took_ms = clock_monotonic_ms() - before_ms;
	} while (!is_closed(fd) && took_ms < 10000);
	close(fd);
	turn_for(w, 50);
	return took_ms;
}

static void test_slow_head_is_cut_off(void **state)
{
	assert_in_range(trickle(*state, "GET /healthz HTTP/1.1\r\nA: ", "x"), HEAD_MS - 100, 3000);
	assert_in_range(trickle(*state, "", "G"), HEAD_MS - 100, 3000);
}

static void test_slow_body_is_cut_off(void **state)
{
	static const char head[] =
		"POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6000\r\n"
		"Sec-Fetch-Site: same-origin\r\n"
		"Content-Type: application/json\r\n\r\n";

	/* 6,000 bytes at the lowest rate allowed are 0.4 s more. */
	assert_in_range(trickle(*state, head, " "), BODY_MS - 100, 4000);
}

static void test_idle_connection_is_cut_off_after_its_answer(void **state)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
	struct world *w = *state;
	const int fd = browser_connect(&w->hub);
	char buf[4096];

	for (int i = 0; i < 4; i++) { /* each answer gives the next request its time */
		browser_send(fd, request, sizeof(request) - 1);
		turn_for(w, HEAD_MS * 2 / 3);
		assert_true(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0);
	}
	turn_for(w, HEAD_MS + 700);
	assert_true(is_closed(fd));
	close(fd);
}

static struct page ask(struct world *w, const char *path, const char *fields)
{
	const int fd = browser_connect(&w->hub);
	char request[512];
	struct page page;

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, fields);
	browser_send(fd, request, strlen(request));
	turn_for(w, 30);
	page = browser_read(fd, 200, false);
	close(fd);
	turn_for(w, 10);
	return page;
}

/* Twice as many connections as there are, all inside a head: a browser gets through at once. */
static void test_held_connections_give_way(void **state)
{
	static const char slow[] = "GET /healthz HTTP/1.1\r\nA: ";
	struct world *w = *state;
	int fds[2 * CONNECTIONS], closed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct page page;

		fds[i] = browser_connect(&w->hub);
		browser_send(fds[i], slow, sizeof(slow) - 1);
		turn(w);
		page = ask(w, "/healthz", "");
		assert_int_equal(page.status, 200);
		page_release(&page);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		closed += is_closed(fds[i]);
		close(fds[i]);
	}
	assert_in_range(closed, CONNECTIONS, 2 * CONNECTIONS);
	turn_for(w, 50);
}

static void test_silent_api_is_given_up(void **state)
{
	static const char request[] = "GET /api/v1/echo HTTP/1.1\r\nHost: a\r\n"
				      "Cookie: __Host-threads=good\r\n\r\n";
	struct world *w = *state;
	const int fd = browser_connect(&w->hub);
	struct page page;

	browser_send(fd, request, sizeof(request) - 1);
	turn_for(w, 1500);
	page = browser_read(fd, 100, false);
	assert_int_equal(page.status, 503);
	page_release(&page);
	close(fd);
	turn_for(w, 50);
}

static int open_stream(struct world *w)
{
	static const char request[] = "GET /api/v1/events HTTP/1.1\r\nHost: a\r\n"
				      "Cookie: __Host-threads=good\r\n\r\n";
	const int fd = browser_connect(&w->hub);

	browser_send(fd, request, sizeof(request) - 1);
	turn_for(w, 100);
	return fd;
}

static void test_stream_beats_and_renews(void **state)
{
	struct world *w = *state;
	const int fd = open_stream(w);
	char buf[8192] = "";
	int beats = 0;

	turn_for(w, 2000);
	assert_true(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT) > 0);
	for (const char *p = buf; (p = strstr(p, ":\n\n")); p++)
		beats++;
	assert_in_range(beats, 4, 9);
	assert_in_range(w->stream_tickets, 2, 6);
	/* Longer than head and body may take: streams have no deadline. */
	assert_false(is_closed(fd));
	w->signed_out = true;
	turn_for(w, 1000);
	assert_int_equal(w->stream_ends, 1);
	assert_true(strstr(buf, "HTTP/1.1 200") != NULL);
	w->signed_out = false;
	turn_for(w, HEAD_MS + 700);
	assert_true(is_closed(fd));
	close(fd);
}

static void test_browser_gone_ends_stream(void **state)
{
	struct world *w = *state;
	const int fd = open_stream(w);
	const int before = w->stream_ends;

	close(fd);
	turn_for(w, 1500); /* noticed by the sign of life */
	assert_int_equal(w->stream_ends, before + 1);
	assert_int_equal(http_server_busy(w->server), 0);
}

/* ---- pages ---- */

static const struct {
	const char *path, *fields, *body, *header, *header2;
	int status;
} pages[] = {
	{ "/", "", "index", "Cache-Control: no-cache", "Vary: Accept-Encoding", 200 },
	{ "/accounts/x/edit", "", "index", "ETag: \"hash\"", "Content-Type: text/html", 200 },
	{ "/search?q=a.b", "", "index", "ETag: \"hash\"", "Content-Length: 5", 200 },
	{ "/", "Accept-Encoding: gzip, br\r\n", "br", "ETag: \"hash-br\"", "Content-Encoding: br",
	  200 },
	{ "/", "Accept-Encoding: gzip\r\n", "gz", "ETag: \"hash-gz\"", "Content-Encoding: gzip",
	  200 },
	{ "/", "If-None-Match: \"hash\"\r\n", "", "ETag: \"hash\"", "Cache-Control: no-cache",
	  304 },
	{ "/assets/app-1.js", "", "script", "Cache-Control: public, max-age=31536000, immutable",
	  "Content-Type: text/javascript", 200 },
	{ "/assets/app-2.js", "", NULL, "Cache-Control: no-store",
	  "Content-Type: application/problem+json", 404 },
	{ "/assets/app", "", NULL, "Cache-Control: no-store",
	  "Content-Type: application/problem+json", 404 },
	{ "/favicon.ico", "", NULL, "Cache-Control: no-store",
	  "Content-Type: application/problem+json", 404 },
};

static void test_pages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		struct page page = ask(*state, pages[i].path, pages[i].fields);

		assert_int_equal(page.status, pages[i].status);
		if (pages[i].body)
			assert_string_equal(page.body, pages[i].body);
		if (!page_has(&page, pages[i].header) || !page_has(&page, pages[i].header2))
			fail_msg("%s: %s", pages[i].path, page.head);
		page_release(&page);
	}
}

static void test_policies_of_pages(void **state)
{
	static const struct {
		const char *path, *policy;
	} cases[] = {
		{ "/", policy_csp_app },
		{ "/mailframe.html", policy_csp_mail },
		{ "/mailframe-images.html", policy_csp_mail_images },
		{ "/healthz", policy_csp_data },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page page = ask(*state, cases[i].path, "");
		char line[1024];

		snprintf(line, sizeof(line), "Content-Security-Policy: %s", cases[i].policy);
		assert_true(page_has(&page, line));
		page_release(&page);
	}
	assert_null(strstr(policy_csp_mail, "script"));
	assert_null(strstr(policy_csp_mail, "http"));
	assert_null(strstr(policy_csp_app, "unsafe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_head_is_cut_off),
		cmocka_unit_test(test_slow_body_is_cut_off),
		cmocka_unit_test(test_idle_connection_is_cut_off_after_its_answer),
		cmocka_unit_test(test_held_connections_give_way),
		cmocka_unit_test(test_silent_api_is_given_up),
		cmocka_unit_test(test_stream_beats_and_renews),
		cmocka_unit_test(test_browser_gone_ends_stream),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_policies_of_pages),
	};

	return cmocka_run_group_tests_name("http/server", tests, setup, teardown);
}
