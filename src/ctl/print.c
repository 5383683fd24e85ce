/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/print.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <termios.h>

#include "core/utf8.h"
#include "ctl/options.h"

void print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
}

/* C0 and C1 controls, and the marks that turn the direction of writing. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Prints at most width characters; returns how many. */
static size_t print_safe(FILE *out, const char *text, size_t width)
{
	const char *p = text, *end = text + strlen(text);
	size_t count = 0;

	while (p < end && count < width) {
		uint32_t c;
		const size_t len = utf8_decode(p, end, &c);

		if (len == 0 || is_unsafe(c))
			fputc(len > 0 && (c == '\n' || c == '\t') ? ' ' : '?', out);
		else
			fwrite(p, 1, len, out);
		p += len ? len : 1;
		count++;
	}
	return count;
}

int print_failure(const char *words)
{
	print_progress_end();
	fputs("threadsctl: ", stderr);
	print_safe(stderr, words, SIZE_MAX);
	fputc('\n', stderr);
	return CTL_FAILED;
}

void print_text(const char *text)
{
	print_safe(stdout, text, SIZE_MAX);
}

void print_cell(const char *text, size_t width)
{
	for (size_t n = print_safe(stdout, text, width); n < width + 2; n++)
		putchar(' ');
}

const char *print_field(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

int64_t print_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

void print_progress(const char *line)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s", line);
}

void print_progress_end(void)
{
	print_progress("");
}

void print_wipe(struct strbuf *text)
{
	if (text->data)
		OPENSSL_cleanse(text->data, text->cap);
	strbuf_release(text);
}

static int read_secret(struct strbuf *secret, struct threads_error *err)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		strbuf_add(secret, buf, (size_t)n);
		if (isatty(STDIN_FILENO) && buf[n - 1] == '\n')
			break;
	}
	OPENSSL_cleanse(buf, sizeof(buf));
	if (n < 0)
		return threads_error_set(err, THREADS_EIO, "standard input: %m");
	if (secret->len > 0 && secret->data[secret->len - 1] == '\n')
		secret->data[--secret->len] = '\0';
	if (secret->len > 0 && secret->data[secret->len - 1] == '\r')
		secret->data[--secret->len] = '\0';
	if (secret->len == 0)
		return threads_error_set(err, THREADS_EINVAL, "no password came on standard input");
	if (memchr(secret->data, '\0', secret->len) || !utf8_valid(secret->data, secret->len))
		return threads_error_set(err, THREADS_EINVAL, "the password is not UTF-8 text");
	return strbuf_check(secret, err);
}

int print_read_secret(const char *prompt, struct strbuf *ret_secret, struct threads_error *err)
{
	const bool terminal = isatty(STDIN_FILENO) == 1;
	struct termios shown, hidden;
	int rc;

	if (!terminal || tcgetattr(STDIN_FILENO, &shown) < 0)
		return read_secret(ret_secret, err);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", prompt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	rc = read_secret(ret_secret, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return rc;
}
