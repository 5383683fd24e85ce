/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metrics_socket.h"

#include <sys/socket.h>

#include "core/log.h"

/* One connection. */
struct scrape {
	struct api *api;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *deadline;
	struct overview_question *question;
	char head[SCRAPE_HEAD_MAX];
	size_t len;
	struct strbuf answer;
	size_t sent;
	LIST_ENTRY(scrape) link;
};

static void scrape_free(struct scrape *s)
{
	s->question = overview_cancel(s->question);
	s->watch = loop_watch_remove(s->watch);
	s->deadline = loop_timer_remove(s->deadline);
	close(s->fd);
	strbuf_release(&s->answer);
	LIST_REMOVE(s, link);
	s->api->scrape_count--;
	free(s);
}

static void on_deadline(void *arg)
{
	scrape_free(arg);
}

/* As much as the socket takes. */
static void push(struct scrape *s)
{
	while (s->sent < s->answer.len) {
		const ssize_t n = send(s->fd, s->answer.data + s->sent, s->answer.len - s->sent,
				       MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			loop_watch_change(s->watch, EPOLLOUT);
			return;
		}
		if (n <= 0)
			break;
		s->sent += (size_t)n;
	}
	scrape_free(s);
}

static void answer(struct scrape *s, int status, const char *type, const struct strbuf *body)
{
	static const struct {
		int status;
		const char *words;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(reasons) - 1 && reasons[i].status != status)
		i++;
	strbuf_addf(&s->answer,
		    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		    "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
		    reasons[i].status, reasons[i].words, type, body->len,
		    status == 405 ? "Allow: GET\r\n" : "");
	strbuf_add(&s->answer, body->data ? body->data : "", body->len);
	push(s);
}

static void refuse(struct scrape *s, int status)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT(100);

	strbuf_add_str(&body, "Ask for GET /metrics.\n");
	answer(s, status, "text/plain; charset=utf-8", &body);
}

static void on_overview(void *arg, const struct overview *overview)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT(METRICS_TEXT_MAX);
	struct scrape *s = arg;
	struct threads_error err;

	s->question = NULL;
	if (metrics_write(s->api, overview, &body, &err) < 0) {
		log_warning("metrics: %s", err.text);
		refuse(s, 503);
		return;
	}
	answer(s, 200, METRICS_CONTENT_TYPE, &body);
}

static void on_ready(int fd, uint32_t events, void *arg)
{
	struct scrape *s = arg;
	struct threads_error err;
	ssize_t n;
	int status;

	(void)events;
	if (s->answer.len > 0) {
		push(s);
		return;
	}
	n = recv(fd, s->head + s->len, sizeof(s->head) - s->len, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	/* Gone, or more than its one request. */
	if (n <= 0 || s->question) {
		scrape_free(s);
		return;
	}
	s->len += (size_t)n;
	status = metrics_request(s->head, s->len);
	if (status == 200 && overview_ask(s->api, on_overview, s, &s->question, &err) < 0)
		status = 503;
	if (status != 0 && status != 200)
		refuse(s, status);
}

static int scrape_new(struct api *api, int fd, struct threads_error *err)
{
	struct scrape *s = calloc(1, sizeof(*s));
	int rc;

	if (!s) {
		close(fd);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	s->api = api;
	s->fd = fd;
	s->answer.max = METRICS_TEXT_MAX + 1000;
	LIST_INSERT_HEAD(&api->scrapes, s, link);
	api->scrape_count++;
	rc = loop_watch_add(api->loop, fd, EPOLLIN, on_ready, s, &s->watch, err);
	if (rc == 0)
		rc = loop_timer_add(api->loop, on_deadline, s, &s->deadline, err);
	if (rc < 0) {
		scrape_free(s);
		return rc;
	}
	loop_timer_set(s->deadline, SCRAPE_WITHIN_MS);
	return 0;
}

static void on_visitor(int fd, uint32_t events, void *arg)
{
	struct api *api = arg;
	const int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct threads_error err;

	(void)events;
	if (client >= 0 && api->scrape_count >= SCRAPES_MAX)
		close(client);
	else if (client >= 0 && scrape_new(api, client, &err) < 0)
		log_warning("metrics: %s", err.text);
}

int metrics_listen(struct api *api, int fd, struct threads_error *err)
{
	return loop_watch_add(api->loop, fd, EPOLLIN, on_visitor, api, &api->metrics_watch, err);
}

void metrics_close_all(struct api *api)
{
	struct scrape *s;

	while ((s = LIST_FIRST(&api->scrapes)))
		scrape_free(s);
	api->metrics_watch = loop_watch_remove(api->metrics_watch);
}
