/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/failure.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

enum {
	SECOND = 1000,
	SECONDS_15 = 15 * SECOND,
	SECONDS_30 = 30 * SECOND,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	BACKOFF_MAX_MS = 5 * MINUTE,
	NEVER = -1,
};

struct failure_text {
	const char *name;
	const char *words; /* "{server}" stands for the host */
	const char *next;  /* what the owner or the operator can do */
	int64_t least_ms;  /* not sooner than this; NEVER = not before somebody acts */
};

static const char next_wait[] = "Nothing to do: the hub tries again by itself.";

/* clang-format off */
static const struct failure_text texts[FAILURE_COUNT] = {
	[FAILURE_NONE] = { "", "", "", 0 },
	[FAILURE_STOPPED] = { "stopped", "", "", 0 },
	[FAILURE_HUB] = { "hub-busy", "Another part of the hub is not ready.", next_wait, 0 },

	[FAILURE_AUTH_REFUSED] = { "auth-refused", "{server} did not accept the user name or the password.",
		"Check the user name and enter the password again. Many providers want an app password made for this purpose.", NEVER },
	[FAILURE_APP_PASSWORD] = { "app-password-needed", "{server} wants an app password instead of the usual one.",
		"Make an app password in the security settings of your provider and enter it here.", NEVER },
	[FAILURE_WEB_LOGIN] = { "web-login-needed", "{server} wants you to sign in with a browser first.",
		"Sign in at your provider's web page, confirm that it was you, then enter the password here again.", NEVER },
	[FAILURE_PASSWORD_OFF] = { "password-not-accepted", "{server} does not let programs sign in with a password.",
		"Ask your provider or its administrator to allow IMAP with an app password.", NEVER },
	[FAILURE_SECRET_MISSING] = { "secret-missing", "No password is kept for this account.",
		"Enter the password.", NEVER },
	[FAILURE_SECRET_VOID] = { "secret-void", "The server settings changed, so the kept password is void.",
		"Check the settings and enter the password again.", NEVER },
	[FAILURE_BAD_SETTINGS] = { "settings", "The settings of this account cannot be used.",
		"Check user name, server and certificate.", NEVER },

	[FAILURE_HOST_UNKNOWN] = { "host-unknown", "There is no server called {server}.",
		"Check the spelling of the server's name.", 0 },
	[FAILURE_PRIVATE_NETWORK] = { "private-network", "{server} resolves to an address inside a private network.",
		"If that is right, tick “This server is in our own network” in the settings of the account; an administrator may do that. Otherwise check the server's name.", NEVER },
	[FAILURE_REFUSED] = { "refused", "{server} refuses connections at this port.",
		"Check the port. With TLS it is usually 993.", 0 },
	[FAILURE_UNREACHABLE] = { "unreachable", "{server} cannot be reached.",
		"Check the network of the machine that the hub runs on.", 0 },
	[FAILURE_TIMEOUT] = { "timeout", "{server} does not answer.",
		"The hub tries again by itself. If it stays so, check server name, port and kind of encryption.", 0 },
	[FAILURE_CONNECTION_LOST] = { "connection-lost", "The connection to {server} was lost.", next_wait, 0 },

	[FAILURE_TLS_UNAVAILABLE] = { "tls-unavailable", "{server} does not offer encryption at this port.",
		"Choose TLS from the start, usually port 993. The password was not sent.", NEVER },
	[FAILURE_TLS_FAILED] = { "tls-failed", "No encrypted connection to {server} could be made.",
		"Check the port and the kind of encryption: port 993 wants TLS from the start, port 143 STARTTLS.", 0 },
	[FAILURE_TLS_INJECTED] = { "tls-injected", "Somebody put data into the connection to {server} before it was encrypted.",
		"This can be an attack on the network. Choose TLS from the start. The password was not sent.", NEVER },
	[FAILURE_PREAUTH] = { "preauth", "{server} treats the connection as signed in before it was.",
		"This can be an attack on the network. Check server and port. The password was not sent.", NEVER },
	[FAILURE_CERT_EXPIRED] = { "certificate-expired", "The certificate of {server} is not valid today.",
		"Ask the operator of the server to renew it. The password was not sent.", HOUR },
	[FAILURE_CERT_NAME] = { "certificate-wrong-name", "The certificate of the server is not made for the name {server}.",
		"Use the server name that your provider states. The password was not sent.", HOUR },
	[FAILURE_CERT_SELF_SIGNED] = { "certificate-self-signed", "{server} shows a certificate that nobody vouches for.",
		"If this is your own server, add its certificate to the account. The password was not sent.", HOUR },
	[FAILURE_CERT_INCOMPLETE] = { "certificate-incomplete", "The chain of certificates of {server} is not complete, or its issuer is unknown here.",
		"Ask the operator of the server to send its intermediate certificates, or add the issuer's certificate to the account. The password was not sent.", HOUR },
	[FAILURE_CERT_OTHER] = { "certificate-invalid", "The certificate of {server} does not pass the check.",
		"Ask the operator of the server. The password was not sent.", HOUR },

	[FAILURE_UNAVAILABLE] = { "unavailable", "{server} has a temporary fault.", next_wait, SECONDS_30 },
	[FAILURE_THROTTLED] = { "throttled", "{server} asks the hub to slow down.", next_wait, MINUTE },
	[FAILURE_OVER_QUOTA] = { "over-quota", "The daily amount that {server} lets programs fetch is used up.",
		"Nothing to do: the hub goes on when the provider allows it again.", HOUR },
	[FAILURE_TOO_MANY] = { "too-many-connections", "{server} sees too many connections for this account.",
		"The hub tries again by itself. Other mail programs on this account can be the cause.", MINUTE },
	[FAILURE_NOT_CONNECTED] = { "not-connected", "{server} accepted the password but does not open the mailbox.",
		"The hub tries again by itself. If it stays so, ask whether IMAP is switched on for this mailbox.", MINUTE },
	[FAILURE_BYE] = { "closed-by-server", "{server} ended the connection.", next_wait, SECONDS_15 },
	[FAILURE_FOLDER_GONE] = { "folder-gone", "A chosen folder is not on {server} any more.",
		"Choose the folders again. Messages that are here stay here.", 0 },
	[FAILURE_SERVER_REFUSED] = { "server-refused", "{server} refused a request.",
		"The hub tries again by itself. If it stays so, show the details to the operator of the server.", SECONDS_30 },
	[FAILURE_GARBAGE] = { "server-garbage", "{server} sends answers that are not proper IMAP.",
		"Check that this is a mail server. The hub tries again by itself, more and more slowly.", SECONDS_30 },
};
/* clang-format on */

int failure_set(struct failure *why, enum failure_kind kind, const char *fmt, ...)
{
	va_list ap;
	char text[FAILURE_DETAILS_SIZE];

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return failure_server(why, kind, text);
}

int failure_server(struct failure *why, enum failure_kind kind, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf clean = STRBUF_INIT(8192);
	size_t n = strnlen(text, 1000);

	utf8_append_repaired(&clean, text, n);
	for (size_t i = 0; i < clean.len; i++)
		if (iscntrl((unsigned char)clean.data[i]))
			clean.data[i] = ' ';
	n = clean.len;
	while (n > 0 && clean.data[n - 1] == ' ')
		n--;
	if (n >= sizeof(why->details))
		n = utf8_cut(clean.data, sizeof(why->details) - 1);
	memset(why, 0, sizeof(*why));
	why->kind = kind;
	if (n > 0)
		memcpy(why->details, clean.data, n);
	return -1;
}

const char *failure_name(enum failure_kind kind)
{
	return texts[kind].name;
}

enum failure_kind failure_by_name(const char *name, size_t len)
{
	for (size_t i = FAILURE_HUB; i < FAILURE_COUNT; i++)
		if (strlen(texts[i].name) == len && memcmp(texts[i].name, name, len) == 0)
			return (enum failure_kind)i;
	return FAILURE_UNREACHABLE;
}

void failure_words(enum failure_kind kind, const char *server, struct strbuf *out)
{
	static const char mark[] = "{server}";
	const char *words = texts[kind].words;
	const char *at = strstr(words, mark);

	if (!at) {
		strbuf_add_str(out, words);
		return;
	}
	strbuf_add(out, words, (size_t)(at - words));
	strbuf_add_str(out, server);
	strbuf_add_str(out, at + sizeof(mark) - 1);
}

const char *failure_next_step(enum failure_kind kind)
{
	return texts[kind].next;
}

int64_t failure_retry_ms(const struct failure *why, unsigned attempts, uint32_t spread)
{
	const int64_t least = texts[why->kind].least_ms;
	int64_t wait = BACKOFF_MAX_MS;

	if (least < 0)
		return NEVER;
	if (why->retry_ms > 0)
		return why->retry_ms + (int64_t)(spread % SECOND);
	if (attempts < 9)
		wait = (int64_t)SECOND << attempts;
	if (wait > BACKOFF_MAX_MS)
		wait = BACKOFF_MAX_MS;
	if (wait < least)
		wait = least;
	/* Between 75 % and 125 %: many accounts at one server must not come back as one. */
	return wait * 3 / 4 + (int64_t)(spread % (uint64_t)(wait / 2 + 1));
}

static bool has(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static enum failure_kind classify_login(const char *code, const char *text)
{
	if (has(text, "application-specific") || has(text, "app password") ||
	    has(text, "app-specific"))
		return FAILURE_APP_PASSWORD;
	if (has(text, "web browser") || has(code, "WEBALERT"))
		return FAILURE_WEB_LOGIN;
	if (has(text, "login disabled") || has(text, "basic auth") || has(code, "PRIVACYREQUIRED"))
		return FAILURE_PASSWORD_OFF;
	return FAILURE_AUTH_REFUSED;
}

enum failure_kind failure_classify(const char *code, const char *text, bool login)
{
	if (has(code, "OVERQUOTA") || has(text, "bandwidth limit"))
		return FAILURE_OVER_QUOTA;
	if (has(code, "THROTTLED") || has(text, "throttled"))
		return FAILURE_THROTTLED;
	if (has(code, "LIMIT") || has(text, "too many") || has(text, "maximum number of conn"))
		return FAILURE_TOO_MANY;
	if (has(code, "UNAVAILABLE") || has(code, "INUSE") || has(text, "temporary"))
		return FAILURE_UNAVAILABLE;
	if (has(text, "authenticated but not connected"))
		return FAILURE_NOT_CONNECTED;
	if (login)
		return classify_login(code, text);
	if (has(code, "NONEXISTENT") || has(text, "unknown mailbox") ||
	    has(text, "doesn't exist") || has(text, "does not exist") ||
	    has(text, "no such mailbox"))
		return FAILURE_FOLDER_GONE;
	if (has(code, "AUTHENTICATIONFAILED") || has(code, "EXPIRED"))
		return FAILURE_AUTH_REFUSED;
	return FAILURE_SERVER_REFUSED;
}

int64_t failure_backoff_hint_ms(const char *text)
{
	static const char mark[] = "Backoff Time:";
	const char *at = strcasestr(text, mark);
	int64_t ms = 0;

	if (!at)
		return 0;
	for (at += sizeof(mark) - 1; *at == ' '; at++)
		;
	for (int i = 0; i < 9 && isdigit((unsigned char)at[i]); i++)
		ms = ms * 10 + (at[i] - '0');
	return ms > HOUR ? HOUR : ms;
}
