/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/session.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "crypto/hmac.h"

enum {
	CONNECT_MS = 45 * 1000,
	LINK_WAIT_MS = 15 * 1000,
	VAULT_WAIT_MS = 15 * 1000,
	COMMAND_MS = 60 * 1000,
	BYTES_PER_MS = 20, /* the slowest line we wait for: 20 kB/s */
	PASSWORD_MAX = 16 * 1024,
	SMALL_ANSWER = 256 * 1024,
	TOTAL_SLACK = 64 * 1024 * 1024,
	OUTSIDE_MAX = 16 * 1024 * 1024,
};

bool session_is_open(const struct session *session)
{
	return session->imap != NULL;
}

void session_expect(struct session *session, uint64_t bytes)
{
	stream_command(session->stream, 2 * bytes + TOTAL_SLACK, OUTSIDE_MAX,
		       COMMAND_MS + (int64_t)(bytes / BYTES_PER_MS));
}

void session_close(struct session *session)
{
	mailimap *imap = session->imap;

	if (!imap)
		return;
	if (imap->imap_stream) {
		if (stream_cause(session->stream) == STREAM_FINE) {
			static const char bye[] = "bye LOGOUT\r\n";

			/* Not mailimap_logout(): it waits for the answer. */
			(void)mailstream_write(imap->imap_stream, bye, sizeof(bye) - 1);
			(void)mailstream_flush(imap->imap_stream);
		}
		mailstream_close(imap->imap_stream);
		imap->imap_stream = NULL;
	}
	mailimap_free(imap);
	*session = (struct session){ 0 };
}

/* Whether the answer was complete, so that the next command can follow. */
static bool is_plain_refusal(int r)
{
	return r != MAILIMAP_ERROR_STREAM && r != MAILIMAP_ERROR_PARSE &&
	       r != MAILIMAP_ERROR_FATAL && r != MAILIMAP_ERROR_MEMORY &&
	       r != MAILIMAP_ERROR_BAD_STATE && r != MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION;
}

int session_failed(struct session *session, int r, bool login, struct failure *why)
{
	const struct mailimap_response_info *info = session->imap->imap_response_info;
	const char *text = session->imap->imap_response;
	const char *code = info && info->rsp_atom ? info->rsp_atom : "";

	if (!text)
		text = info && info->rsp_alert ? info->rsp_alert : "";
	if (stream_cause(session->stream) != STREAM_FINE) {
		stream_failure(session->stream, why);
	} else if (r == MAILIMAP_ERROR_FATAL || r == MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION) {
		const enum failure_kind kind = failure_classify("", text, false);

		failure_server(why, kind == FAILURE_SERVER_REFUSED ? FAILURE_BYE : kind, text);
	} else if (!is_plain_refusal(r)) {
		failure_set(why, FAILURE_GARBAGE, "an answer is not proper IMAP (%d)", r);
	} else {
		failure_server(why, failure_classify(code, text, login), text);
		why->retry_ms = failure_backoff_hint_ms(text);
		return -1;
	}
	session_close(session);
	return -1;
}

/* "host-unknown: There is no ...": how dial says what went wrong. */
static int dial_failed(struct frame *answer, struct failure *why)
{
	const char *text, *colon;

	(void)frame_get_int(answer);
	text = frame_get_text(answer);
	colon = strchr(text, ':');
	if (!colon)
		return failure_set(why, FAILURE_UNREACHABLE, "%s", text);
	return failure_set(why, failure_by_name(text, (size_t)(colon - text)), "%s", colon + 1);
}

static bool is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static int hub_away(const struct session_options *options, const struct threads_error *err,
		    struct failure *why)
{
	if (links_stopping(options->links))
		return failure_set(why, FAILURE_STOPPED, "stopped");
	return failure_set(why, FAILURE_HUB, "%s", err->text);
}

/* Sockets from the supervisor may still be on their way. */
static void await_link(struct links *links, enum role role)
{
	const int64_t deadline = clock_monotonic_ms() + LINK_WAIT_MS;

	links_refresh(links, false);
	while (!links_up(links, role) && links_up(links, ROLE_INDEX) && !links_stopping(links) &&
	       clock_monotonic_ms() < deadline) {
		links_wait(links, -1, 100);
		links_take(links, 0);
		links_refresh(links, false);
	}
}

static int dial(const struct session_options *options, int *ret_fd, struct failure *why)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct threads_error err = { 0 };
	bool loopback;
	int fd;

	await_link(options->links, ROLE_DIAL);
	frame_begin(&question, DIAL_CONNECT, 0);
	frame_put_int(&question, CONNECT_MS);
	if (links_ask(options->links, ROLE_DIAL, &question, &answer, CONNECT_MS + 5000, &err) < 0)
		return hub_away(options, &err, why);
	if (answer.type == IPC_ERROR)
		return dial_failed(&answer, why);
	loopback = is_loopback(frame_get_text(&answer));
	fd = frame_get_fd(&answer);
	if (answer.type != DIAL_CONNECTED || frame_get_end(&answer, &err) < 0 || fd < 0) {
		if (fd >= 0)
			close(fd);
		return failure_set(why, FAILURE_HUB, "dial gave another answer");
	}
	if (options->account->tls == ACCOUNT_TLS_NONE && !loopback) {
		close(fd);
		return failure_set(why, FAILURE_TLS_UNAVAILABLE,
				   "without encryption the hub connects to its own machine only");
	}
	*ret_fd = fd;
	return 0;
}

/* Writes the password to out, which is wiped by secret_release(). */
static int ask_vault(const struct session_options *options, struct strbuf *out, struct failure *why)
{
	CLEANUP(frame_release) struct frame question = FRAME_INIT;
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	const struct account *account = options->account;
	struct threads_error err = { 0 };
	const char *password;
	char port[8];
	size_t len;

	await_link(options->links, ROLE_VAULT);
	snprintf(port, sizeof(port), "%d", account->port);
	frame_begin(&question, VAULT_OPEN, 0);
	frame_put_text(&question, account->id);
	frame_put_text(&question, account->provider);
	frame_put_text(&question, account->host);
	frame_put_text(&question, port);
	frame_put_text(&question, account->tls_mode);
	frame_put_text(&question, account->ca);
	frame_put_text(&question, account->user);
	if (links_ask(options->links, ROLE_VAULT, &question, &answer, VAULT_WAIT_MS, &err) < 0)
		return hub_away(options, &err, why);
	if (answer.type == IPC_ERROR) {
		const int64_t code = frame_get_int(&answer);

		if (code == THREADS_ENOENT)
			return failure_server(why, FAILURE_SECRET_MISSING, "");
		if (code == THREADS_EDENIED)
			return failure_server(why, FAILURE_SECRET_VOID, "");
		return failure_set(why, FAILURE_HUB, "%s", frame_get_text(&answer));
	}
	password = frame_get_bytes(&answer, &len);
	if (answer.type != VAULT_SECRET || frame_get_end(&answer, &err) < 0)
		return failure_set(why, FAILURE_HUB, "vault gave another answer");
	if (len == 0 || strbuf_room(out, len + 1, &err) < 0)
		return failure_server(why, FAILURE_SECRET_MISSING, "");
	strbuf_add(out, password, len);
	return 0;
}

/* The library does not filter line ends: they would become commands. */
static bool is_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)text[i]))
			return false;
	return len > 0;
}

/* Not mailimap_has_extension(): it dies on an empty list. */
static bool can(const struct session *session, const char *name)
{
	const struct mailimap_connection_info *info = session->imap->imap_connection_info;
	const struct mailimap_capability_data *data = info ? info->imap_capability : NULL;

	for (clistiter *i = data && data->cap_list ? clist_begin(data->cap_list) : NULL; i;
	     i = clist_next(i)) {
		const struct mailimap_capability *capability = clist_content(i);

		if (capability->cap_type == MAILIMAP_CAPABILITY_NAME &&
		    capability->cap_data.cap_name &&
		    strcasecmp(capability->cap_data.cap_name, name) == 0)
			return true;
	}
	return false;
}

static int log_in(struct session *session, const struct session_options *options,
		  struct failure *why)
{
	CLEANUP(secret_release) struct strbuf password = STRBUF_INIT(PASSWORD_MAX);
	mailstream *ms = session->imap->imap_stream;
	const char *user = options->account->user;
	int r;

	if (can(session, "LOGINDISABLED"))
		return failure_set(why, FAILURE_PASSWORD_OFF, "LOGINDISABLED");
	if (ask_vault(options, &password, why) < 0)
		return -1;
	if (!is_clean(user, strlen(user)) || !is_clean(password.data, password.len))
		return failure_set(why, FAILURE_BAD_SETTINGS,
				   "user name or password has characters that cannot be sent");
	session_expect(session, SMALL_ANSWER);
	r = mailimap_login(session->imap, user, strbuf_str(&password));
	/* The stream's buffer held the password on its way to the encryption. */
	secret_cleanse(ms->write_buffer, ms->buffer_max_size);
	return r == MAILIMAP_NO_ERROR ? 0 : session_failed(session, r, true, why);
}

/* Not mailimap_capability(): it dies when a server says OK and no capability. */
static int ask_capabilities(struct session *session, struct failure *why)
{
	int r;

	session_expect(session, SMALL_ANSWER);
	r = mailimap_custom_command(session->imap, "CAPABILITY");
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	session->can_idle = can(session, "IDLE");
	session->is_gmail = can(session, "X-GM-EXT-1");
	session->has_condstore = can(session, "CONDSTORE") || can(session, "QRESYNC");
	return 0;
}

static struct tls_options tls_options_of(const struct session_options *options)
{
	return (struct tls_options){
		.host = options->account->host,
		.ca = options->account->ca,
		.bundle_fd = options->bundle_fd,
		.timeout_ms = options->account->timeout_ms,
		.stop_fd = links_stop_fd(options->links),
	};
}

static int start_tls(struct session *session, const struct session_options *options,
		     struct failure *why)
{
	const struct tls_options tls = tls_options_of(options);
	mailstream *ms = session->imap->imap_stream;
	int r;

	session_expect(session, SMALL_ANSWER);
	r = mailimap_starttls(session->imap);
	if (ms->read_buffer_len > 0)
		return failure_set(why, FAILURE_TLS_INJECTED,
				   "%zu bytes came before the encryption", ms->read_buffer_len);
	if (r != MAILIMAP_NO_ERROR && is_plain_refusal(r))
		return failure_server(why, FAILURE_TLS_UNAVAILABLE,
				      session->imap->imap_response ? session->imap->imap_response
								   : "");
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	return stream_start_tls(ms, session->stream, &tls, why);
}

/* Waits for the greeting. The stream belongs to the session from here on. */
static int greet(struct session *session, mailstream *ms, struct failure *why)
{
	int r;

	session->imap = mailimap_new(0, NULL);
	if (!session->imap) {
		mailstream_close(ms);
		return failure_set(why, FAILURE_HUB, "out of memory");
	}
	session_expect(session, SMALL_ANSWER);
	r = mailimap_connect(session->imap, ms);
	if (r == MAILIMAP_NO_ERROR_AUTHENTICATED)
		return failure_set(why, FAILURE_PREAUTH, "PREAUTH");
	if (r != MAILIMAP_NO_ERROR_NON_AUTHENTICATED && r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	return 0;
}

static int connect_to(struct session *session, const struct session_options *options,
		      struct failure *why)
{
	const struct account *account = options->account;
	const struct tls_options tls = tls_options_of(options);
	const struct stream_options stream = {
		.literal_max = 2 * (uint64_t)account->message_max,
		.timeout_ms = account->timeout_ms,
		.stop_fd = links_stop_fd(options->links),
	};
	mailstream *ms = NULL;
	int fd = -1;

	if (dial(options, &fd, why) < 0 || stream_new(fd, &stream, &ms, &session->stream, why) < 0)
		return -1;
	if (account->tls == ACCOUNT_TLS_IMPLICIT &&
	    stream_start_tls(ms, session->stream, &tls, why) < 0) {
		mailstream_close(ms);
		return -1;
	}
	if (greet(session, ms, why) < 0)
		return -1;
	return account->tls == ACCOUNT_TLS_STARTTLS ? start_tls(session, options, why) : 0;
}

/* Google asks for it. No answer matters, except that the connection lives.
 * Not mailimap_id_basic(): it loses memory at every call. */
static int introduce(struct session *session, struct failure *why)
{
	static const char command[] =
		"ID (\"name\" \"Threads\" \"version\" \"" THREADS_VERSION "\")";
	int r;

	if (!can(session, "ID"))
		return 0;
	session_expect(session, SMALL_ANSWER);
	r = mailimap_custom_command(session->imap, command);
	if (r == MAILIMAP_NO_ERROR || is_plain_refusal(r))
		return 0;
	return session_failed(session, r, false, why);
}

int session_open(struct session *session, const struct session_options *options,
		 struct failure *why)
{
	*session = (struct session){ 0 };
	if (connect_to(session, options, why) < 0 || ask_capabilities(session, why) < 0 ||
	    log_in(session, options, why) < 0 || ask_capabilities(session, why) < 0 ||
	    introduce(session, why) < 0) {
		session_close(session);
		return -1;
	}
	return 0;
}
