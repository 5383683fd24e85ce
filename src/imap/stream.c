/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/stream.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/clock.h"

enum { BUFFER_BYTES = 64 * 1024, ONCE_MAX = 1 << 30 };

struct stream {
	int fd;
	int stop_fd;
	SSL *ssl;
	int64_t timeout_ms;
	int64_t deadline_ms; /* monotonic; 0 = none */
	enum stream_cause cause;
	struct guard guard;
};

static ssize_t fail(struct stream *s, enum stream_cause cause)
{
	if (s->cause == STREAM_FINE)
		s->cause = cause;
	return -1;
}

/* Returns true when fd is ready; else the cause is set. */
static bool wait_ready(struct stream *s, short events)
{
	int64_t until = clock_monotonic_ms() + s->timeout_ms;
	enum stream_cause cause = STREAM_SILENT;
	int ready;

	if (s->deadline_ms && s->deadline_ms < until) {
		until = s->deadline_ms;
		cause = STREAM_TOO_LONG;
	}
	ready = wait_for(s->fd, events, until, s->stop_fd);
	if (ready < 0)
		fail(s, STREAM_STOPPED);
	if (ready == 0)
		fail(s, cause);
	return ready > 0;
}

/* What to do after SSL_read/SSL_write gave rc: true = try again. */
static bool ssl_again(struct stream *s, int rc)
{
	const int error = SSL_get_error(s->ssl, rc);

	if (error == SSL_ERROR_WANT_READ)
		return wait_ready(s, POLLIN);
	if (error == SSL_ERROR_WANT_WRITE)
		return wait_ready(s, POLLOUT);
	fail(s, STREAM_CLOSED); /* close_notify and truncation alike */
	return false;
}

static bool socket_again(struct stream *s, short events)
{
	if (errno == EINTR)
		return true;
	if (errno == EAGAIN)
		return wait_ready(s, events);
	fail(s, STREAM_CLOSED);
	return false;
}

static ssize_t read_some(struct stream *s, void *data, size_t len)
{
	for (;;) {
		if (s->ssl) {
			int n;

			ERR_clear_error();
			n = SSL_read(s->ssl, data, len > ONCE_MAX ? ONCE_MAX : (int)len);
			if (n > 0)
				return n;
			if (!ssl_again(s, n))
				return -1;
		} else {
			const ssize_t n = recv(s->fd, data, len, 0);

			if (n > 0)
				return n;
			if (n == 0)
				return fail(s, STREAM_CLOSED); /* never 0: the library would spin */
			if (!socket_again(s, POLLIN))
				return -1;
		}
	}
}

static ssize_t low_read(mailstream_low *low, void *data, size_t len)
{
	struct stream *s = low->data;
	ssize_t n;

	if (s->cause != STREAM_FINE)
		return -1;
	if (s->deadline_ms && clock_monotonic_ms() > s->deadline_ms)
		return fail(s, STREAM_TOO_LONG);
	n = read_some(s, data, len);
	if (n > 0 && !guard_feed(&s->guard, data, (size_t)n))
		return fail(s, STREAM_GUARD);
	return n;
}

static ssize_t low_write(mailstream_low *low, const void *data, size_t len)
{
	struct stream *s = low->data;

	if (s->cause != STREAM_FINE)
		return -1;
	for (;;) {
		if (s->ssl) {
			int n;

			ERR_clear_error();
			n = SSL_write(s->ssl, data, len > ONCE_MAX ? ONCE_MAX : (int)len);
			if (n > 0)
				return n;
			if (!ssl_again(s, n))
				return -1;
		} else {
			const ssize_t n = send(s->fd, data, len, MSG_NOSIGNAL);

			if (n > 0)
				return n;
			if (!socket_again(s, POLLOUT))
				return -1;
		}
	}
}

static int low_close(mailstream_low *low)
{
	struct stream *s = low->data;

	if (s->ssl) {
		if (s->cause == STREAM_FINE)
			SSL_shutdown(s->ssl);
		SSL_free(s->ssl);
		s->ssl = NULL;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	return 0;
}

static int low_fd(mailstream_low *low)
{
	const struct stream *s = low->data;

	return s->fd;
}

/* The driver frees the library's struct too. */
static void low_free(mailstream_low *low)
{
	free(low->data);
	free(low);
}

static void low_cancel(mailstream_low *low)
{
	(void)low;
}

static struct mailstream_cancel *low_get_cancel(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static mailstream_low_driver driver = {
	.mailstream_read = low_read,
	.mailstream_write = low_write,
	.mailstream_close = low_close,
	.mailstream_get_fd = low_fd,
	.mailstream_free = low_free,
	.mailstream_cancel = low_cancel,
	.mailstream_get_cancel = low_get_cancel,
};

int stream_new(int fd, const struct stream_options *options, mailstream **ret_stream,
	       struct stream **ret_own, struct failure *why)
{
	struct stream *s = calloc(1, sizeof(*s));
	mailstream_low *low = s ? mailstream_low_new(s, &driver) : NULL;
	mailstream *ms = low ? mailstream_new(low, BUFFER_BYTES) : NULL;

	if (!ms) {
		close(fd);
		free(low);
		free(s);
		return failure_set(why, FAILURE_HUB, "out of memory");
	}
	s->fd = fd;
	s->stop_fd = options->stop_fd;
	s->timeout_ms = options->timeout_ms;
	guard_init(&s->guard, options->literal_max);
	*ret_stream = ms;
	*ret_own = s;
	return 0;
}

int stream_start_tls(mailstream *ms, struct stream *own, const struct tls_options *options,
		     struct failure *why)
{
	if (ms->read_buffer_len > 0)
		return failure_set(why, FAILURE_TLS_INJECTED,
				   "%zu bytes came before the encryption", ms->read_buffer_len);
	/* What lies in the kernel now and is no TLS makes the handshake fail. */
	return tls_connect(own->fd, options, &own->ssl, why);
}

void stream_command(struct stream *own, uint64_t total_max, uint64_t outside_max,
		    int64_t deadline_ms)
{
	guard_command(&own->guard, total_max, outside_max);
	own->deadline_ms = deadline_ms ? clock_monotonic_ms() + deadline_ms : 0;
}

void stream_extend(struct stream *own, int64_t ms)
{
	if (own->deadline_ms)
		own->deadline_ms += ms;
}

enum stream_cause stream_cause(const struct stream *own)
{
	return own->cause;
}

static int said_bye(const char *text, struct failure *why)
{
	const enum failure_kind kind = failure_classify("", text, false);

	return failure_server(why, kind == FAILURE_SERVER_REFUSED ? FAILURE_BYE : kind, text);
}

int stream_failure(const struct stream *own, struct failure *why)
{
	switch (own->cause) {
	case STREAM_STOPPED:
		return failure_set(why, FAILURE_STOPPED, "stopped");
	case STREAM_SILENT:
		return failure_set(why, FAILURE_TIMEOUT, "the server was silent for %lld seconds",
				   (long long)(own->timeout_ms / 1000));
	case STREAM_TOO_LONG:
		return failure_set(why, FAILURE_TIMEOUT, "an answer took too long");
	case STREAM_GUARD:
		return failure_set(why, FAILURE_GARBAGE, "%s", own->guard.why);
	case STREAM_CLOSED:
		if (own->guard.bye_len > 0)
			return said_bye(own->guard.bye, why);
		return failure_set(why, FAILURE_CONNECTION_LOST,
				   "the server closed the connection");
	case STREAM_FINE:
		break;
	}
	return failure_set(why, FAILURE_GARBAGE, "the server's answer is not proper IMAP");
}

int stream_fd(const struct stream *own)
{
	return own->fd;
}

bool stream_pending(const mailstream *ms, const struct stream *own)
{
	return ms->read_buffer_len > 0 || (own->ssl && SSL_pending(own->ssl) > 0);
}
