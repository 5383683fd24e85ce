/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/notice.h"

#include <strings.h>

#include "mime/header.h"
#include "mime/part.h"

enum {
	LOOK_BYTES = 4096, /* codes stand at the top */
	NEAR_BYTES = 300,  /* in front of the words */
	AROUND_BYTES = 3 * NEAR_BYTES,
};

/* Lower case; ASCII letters of the text are made lower case before comparing. */
static const char *const code_words[] = {
	"verification code",
	"security code",
	"one-time",
	"one time pass",
	"login code",
	"log-in code",
	"sign-in code",
	"signin code",
	"authentication code",
	"confirmation code",
	"access code",
	"your code is",
	"your code:",
	"passcode",
	"2fa code",
	"bestätigungscode",
	"sicherheitscode",
	"anmeldecode",
	"einmalpasswort",
	"einmalkennwort",
	"einmalcode",
	"zugangscode",
	"code de vérification",
	"code de sécurité",
	"code de confirmation",
	"código de verificación",
	"código de seguridad",
	"codice di verifica",
	"codice di sicurezza",
	"verificatiecode",
	"beveiligingscode",
	"kod weryfikacyjny",
	"código de verificação",
	"код подтверждения",
	"验证码",
	"認証コード",
	"確認コード",
};

static const char *const reset_words[] = {
	"reset your password",
	"password reset",
	"reset password",
	"choose a new password",
	"passwort zurücksetzen",
	"kennwort zurücksetzen",
	"passwort ändern",
	"réinitialiser votre mot de passe",
	"réinitialisation de votre mot de passe",
	"restablecer tu contraseña",
	"restablecer su contraseña",
	"reimposta la password",
	"wachtwoord opnieuw instellen",
	"magic link",
	"sign-in link",
	"login link",
};

static const char *const automatic_senders[] = {
	"noreply",      "no-reply",      "no_reply", "donotreply", "do-not-reply", "do_not_reply",
	"notification", "account",       "security", "verify",     "auth",         "login",
	"signin",       "mailer-daemon", "support",  "service",
};

static bool header_is(const struct mime_part *part, const char *name)
{
	size_t len;

	return mime_header(part, name, &len) != NULL;
}

/* The first token of a header's value is one of list (NULL-terminated). */
static bool token_in(const struct mime_part *part, const char *name, const char *const *list)
{
	CLEANUP(strbuf_release) struct strbuf token = STRBUF_INIT(100);
	size_t len;
	const char *raw = mime_header(part, name, &len);

	if (raw)
		header_token(raw, len, &token);
	for (; raw && *list; list++)
		if (strcmp(*list, strbuf_str(&token)) == 0)
			return true;
	return false;
}

static bool is_auto_submitted(const struct mime_part *root)
{
	static const char *const automatic[] = { "auto-generated", "auto-replied", "auto-notified",
						 NULL };
	static const char *const replies[] = { "auto_reply", "auto-reply", NULL };

	return token_in(root, "Auto-Submitted", automatic) ||
	       token_in(root, "Precedence", replies) || header_is(root, "X-Autoreply") ||
	       header_is(root, "X-Autorespond");
}

static bool is_bulk(const struct mime_part *root)
{
	static const char *const bulk[] = { "bulk", "list", "junk", NULL };

	return header_is(root, "List-Id") || header_is(root, "List-Unsubscribe") ||
	       header_is(root, "List-Post") || token_in(root, "Precedence", bulk);
}

static size_t find_any(const char *text, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *hit = memmem(text, len, words[i], strlen(words[i]));

		if (hit)
			return (size_t)(hit - text);
	}
	return SIZE_MAX;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

/* A run of 4 to 8 digits that stands alone, or "123-456", "123 456". */
static bool has_code(const char *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t digits = 0, n = i;

		if (!is_digit(p[i]) ||
		    (i > 0 && (is_word(p[i - 1]) || strchr("-/.,#", p[i - 1])))) {
			i++;
			continue;
		}
		while (n < len && is_digit(p[n])) {
			n++;
			digits++;
		}
		if (digits == 3 && n + 3 < len && (p[n] == '-' || p[n] == ' ') &&
		    is_digit(p[n + 1]) && is_digit(p[n + 2]) && is_digit(p[n + 3])) {
			n += 4;
			digits = 6;
		}
		if (digits >= 4 && digits <= 8 &&
		    (n == len || (!is_word(p[n]) && !strchr("-/:%", p[n]))))
			return true;
		i = n;
	}
	return false;
}

/* Copy of the beginning with ASCII letters made small. */
static size_t lower_copy(char *out, const char *text, size_t len)
{
	len = len < LOOK_BYTES ? len : LOOK_BYTES;
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
	return len;
}

static bool is_reply(const char *subject)
{
	static const char *const marks[] = { "re:", "fw:", "fwd:", "aw:", "wg:", "sv:", "antw:" };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strncasecmp(subject, marks[i], strlen(marks[i])) == 0)
			return true;
	return false;
}

bool notice_has_code(const char *subject, const char *text, size_t len, bool automatic, bool link)
{
	char title[LOOK_BYTES], body[LOOK_BYTES];
	const size_t title_len = lower_copy(title, subject, strlen(subject));
	const bool titled =
		find_any(title, title_len, code_words, ARRAY_SIZE(code_words)) != SIZE_MAX;
	const bool reset =
		find_any(title, title_len, reset_words, ARRAY_SIZE(reset_words)) != SIZE_MAX;
	size_t at;

	if (is_reply(subject) || (!titled && !reset && !automatic))
		return false;
	len = lower_copy(body, text, len);
	if (titled && (has_code(title, title_len) || has_code(body, len)))
		return true;
	link = link || memmem(body, len, "http", 4);
	if (reset && link)
		return true;
	if (!automatic)
		return false;
	at = find_any(body, len, code_words, ARRAY_SIZE(code_words));
	if (at != SIZE_MAX) {
		const size_t from = at > NEAR_BYTES ? at - NEAR_BYTES : 0;

		if (has_code(body + from, len - from < AROUND_BYTES ? len - from : AROUND_BYTES))
			return true;
	}
	return link && find_any(body, len, reset_words, ARRAY_SIZE(reset_words)) != SIZE_MAX;
}

static bool sender_is_automatic(const char *sender)
{
	const char *at = strchr(sender, '@');
	const size_t len = at ? (size_t)(at - sender) : strlen(sender);
	char local[64];

	if (len >= sizeof(local))
		return false;
	(void)lower_copy(local, sender, len);
	return find_any(local, len, automatic_senders, ARRAY_SIZE(automatic_senders)) != SIZE_MAX;
}

static bool html_has_link(const struct body *body)
{
	enum { LOOK_HTML = 64 << 10 };
	const size_t len = body->html.len < LOOK_HTML ? body->html.len : LOOK_HTML;

	return len > 0 && memmem(body->html.data, len, "href", 4);
}

struct notice notice_find(const struct mime_part *root, const char *sender, const char *subject,
			  const struct body *body)
{
	struct notice notice = {
		.own = header_is(root, NOTICE_OWN_HEADER),
		.auto_submitted = is_auto_submitted(root),
		.bulk = is_bulk(root),
	};
	const bool automatic = notice.auto_submitted || sender_is_automatic(sender);

	if (!header_is(root, "In-Reply-To") && !header_is(root, "List-Post"))
		notice.one_time_code =
			notice_has_code(subject, strbuf_str(&body->text), body->text.len, automatic,
					html_has_link(body));
	return notice;
}
