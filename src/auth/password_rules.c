/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/password_rules.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"
#include "crypto/password.h"

/* What is guessed first. A password is refused if one of these, with digits and
 * signs around it, is all there is to it. Lower case, letters only. */
static const char *const common[] = {
	"password",
	"passwort",
	"passw",
	"motdepasse",
	"contrasena",
	"letmein",
	"letmeinnow",
	"iloveyou",
	"welcome",
	"willkommen",
	"bienvenue",
	"administrator",
	"admin",
	"adminadmin",
	"changeme",
	"changeit",
	"secret",
	"topsecret",
	"master",
	"dragon",
	"monkey",
	"football",
	"baseball",
	"superman",
	"batman",
	"trustno",
	"sunshine",
	"princess",
	"starwars",
	"whatever",
	"computer",
	"internet",
	"server",
	"qwerty",
	"qwertyuiop",
	"qwertz",
	"qwertzuiop",
	"azerty",
	"azertyuiop",
	"asdfghjkl",
	"asdfgh",
	"zxcvbnm",
	"yxcvbnm",
	"qazwsx",
	"qazwsxedc",
	"abcdef",
	"abcdefgh",
	"abcdefghij",
	"abcdefghijklmnopqrstuvwxyz",
	"threads",
	"threadsthreads",
	"default",
	"guest",
	"testtest",
	"test",
	"testing",
	"hello",
	"helloworld",
	"summer",
	"winter",
	"spring",
	"autumn",
	"sommer",
	"berlin",
	"london",
	"january",
	"february",
	"march",
	"april",
	"june",
	"july",
	"august",
	"september",
	"october",
	"november",
	"december",
	"passwordpassword",
	"correcthorsebatterystaple",
};

enum { LETTERS_MAX = 64 };

static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

/* The letters of text in lower case, with the usual look-alikes undone ("p4ssw0rd"). */
static void plain_letters(const char *text, char out[LETTERS_MAX])
{
	static const char from[] = "0134578@$!", to[] = "oieastbasi";
	size_t n = 0, start = 0, end = strlen(text);

	/* Digits and signs around are what people add: not look-alikes. */
	while (start < end && !isalpha((unsigned char)text[start]) && text[start] != '@')
		start++;
	while (end > start && !isalpha((unsigned char)text[end - 1]))
		end--;
	for (size_t i = start; i < end && n < LETTERS_MAX - 1; i++) {
		const char *swap = strchr(from, text[i]);

		if (isalpha((unsigned char)text[i]))
			out[n++] = (char)tolower((unsigned char)text[i]);
		else if (swap && *swap)
			out[n++] = to[swap - from];
	}
	out[n] = '\0';
}

/* "aaaaaaaaaa", "1234567890", "9876543210": each byte follows from the one before. */
static bool is_run(const char *text)
{
	for (int step = -1; step <= 1; step++) {
		size_t i = 1;

		while (text[i] && (text[i] - text[i - 1] == step ||
				   (step == 1 && text[i - 1] == '9' && text[i] == '0') ||
				   (step == -1 && text[i - 1] == '0' && text[i] == '9')))
			i++;
		if (!text[i])
			return true;
	}
	return false;
}

static bool has_foreign(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return true;
	return false;
}

static bool is_common(const char *password)
{
	char letters[LETTERS_MAX];

	if (is_run(password))
		return true;
	if (has_foreign(password))
		return false;
	plain_letters(password, letters);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (strcmp(letters, common[i]) == 0)
			return true;
	return false;
}

const char *password_rules_check(const char *password, const char *name)
{
	const size_t name_len = strlen(name);

	if (count_characters(password) < PASSWORD_LEAST_CHARACTERS)
		return "At least 10 characters.";
	if (strlen(password) > PASSWORD_MAX)
		return "At most 1,024 bytes.";
	if (is_common(password))
		return "This password is on every list of guesses. Take another one.";
	if (name_len >= 3 && strncasecmp(password, name, name_len) == 0 &&
	    count_characters(password + name_len) < 5)
		return "The password must not be the name.";
	return NULL;
}

const char *name_rules_check(const char *name, size_t max)
{
	const size_t len = strlen(name);
	const char *end = name + len;

	if (len == 0)
		return "A name is needed.";
	if (len > max)
		return "The name is too long.";
	if (name[0] == ' ' || end[-1] == ' ')
		return "No spaces before or after the name.";
	for (const char *p = name; p < end;) {
		uint32_t c = 0;
		const size_t n = utf8_decode(p, end, &c);

		/* Control characters, and those that turn or hide what stands beside them. */
		if (n == 0 || c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
		    (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF)
			return "The name has a character that cannot be shown.";
		p += n;
	}
	return NULL;
}
