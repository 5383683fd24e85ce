/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/number.h"
#include "ipc/memfd.h"
#include "threads/compiler.h"

enum { FILES_MAX = 16 };

/* i number, t text, b bytes, f descriptor; what follows "*" repeats. */
static const struct {
	const char *name;
	uint16_t type;
	const char *fields;
} types[] = {
#define TYPE(name, fields)                                                                         \
	{                                                                                          \
#name, name, fields                                                                \
	}
	TYPE(IPC_ERROR, "it"),
	TYPE(IPC_OK, ""),
	TYPE(CTL_READY, "i"),
	TYPE(CTL_START, "iitii"),
	TYPE(CTL_KILL, "ii"),
	TYPE(CTL_EXITED, "iiii"),
	TYPE(CTL_BELL, "ii"),
	TYPE(CTL_ROLES, "ii*iiitii"),
	TYPE(CTL_STOP, ""),
	TYPE(CTL_ALIVE, "i"),
	TYPE(HTTP_REQUEST, "ttttttttttttbbif"),
	TYPE(HTTP_RESPONSE, "itittbiiif"),
	TYPE(HTTP_TICKET, "tti"),
	TYPE(HTTP_TICKET_IS, "ibt"),
	TYPE(HTTP_UPLOAD_DONE, "i"),
	TYPE(HTTP_STREAM_DATA, "b"),
	TYPE(HTTP_STREAM_TICKET, "b"),
	TYPE(HTTP_STREAM_END, ""),
	TYPE(CTL_VERB_API, "tt*f"),
	TYPE(CTL_VERB_AUTH, "tt"),
	TYPE(CTL_FILES, "iititi*f"),
	TYPE(AUTH_CONTROL, "f"),
	TYPE(AUTH_USER_GONE, "t"),
	TYPE(USER_CREATE, "ttttt"),
	TYPE(USER_STATE, "tt"),
	TYPE(USER_LIST, ""),
	TYPE(USER_LIST_IS, "i*ttttt"),
	TYPE(AUDIT_ADD, "tttt"),
	TYPE(INDEX_DONE, "tt"),
	TYPE(INDEX_USER_UPDATE, "tttt"),
	TYPE(INDEX_SETTINGS, "tt"),
	TYPE(INDEX_ACCOUNT_CREATE, "ttttttttitttii*t"),
	TYPE(INDEX_ACCOUNT_UPDATE, "ttttittitttiii*t"),
	TYPE(INDEX_ACCOUNT_DELETE, "tti"),
	TYPE(INDEX_ACCOUNT_STATE, "ttt"),
	TYPE(INDEX_ACCOUNT_TEST, "t"),
	TYPE(INDEX_ACCOUNT_SYNC, "t"),
	TYPE(INDEX_IMPORT_CREATE, "ttttii*ti"),
	TYPE(INDEX_IMPORT_FILES, "tiititi*f"),
	TYPE(INDEX_IMPORT_START, "tt"),
	TYPE(INDEX_IMPORT_CANCEL, "tt"),
	TYPE(INDEX_UPLOAD_OPEN, "ttii"),
	TYPE(INDEX_UPLOAD_IS, "if"),
	TYPE(INDEX_UPLOAD_NOTED, "tti"),
	TYPE(INDEX_BLOB, "iibf"),
	TYPE(INDEX_BLOB_IS, "if"),
	TYPE(INDEX_VERIFY, "i"),
	TYPE(INDEX_VERIFY_IS, "t"),
	TYPE(INDEX_QUEUE, ""),
	TYPE(INDEX_QUEUE_IS, "iii"),
	TYPE(PARSE_BATCH, "ffi*iii"),
	TYPE(PARSE_SPLIT, "fiii"),
	TYPE(PARSE_BATCH_IS, "i"),
	TYPE(PARSE_SPLIT_IS, "iii*ii"),
	TYPE(IMAP_ACCOUNT, "tttitttiiiiii*t"),
	TYPE(IMAP_STATE, "ttttti"),
	TYPE(IMAP_FOLDERS, "i*tttii"),
	TYPE(IMAP_FOLDER_OPEN, "tiii"),
	TYPE(IMAP_FOLDER_IS, "itiiif"),
	TYPE(IMAP_TODO, "iiiii"),
	TYPE(IMAP_BATCH, "iiiiiiitf"),
	TYPE(IMAP_BATCH_ACK, "iiiii"),
	TYPE(IMAP_FLAGS, "iiii*iit"),
	TYPE(IMAP_FAILED, "iitt"),
	TYPE(IMAP_PASS_DONE, "iiiii"),
	TYPE(IMAP_SYNC, "i"),
	TYPE(VAULT_OPEN, "ttttttt"),
	TYPE(VAULT_SECRET, "b"),
	TYPE(VAULT_PUBLIC_KEY, ""),
	TYPE(VAULT_PUBLIC_KEY_IS, "bt"),
	TYPE(VAULT_PUT, "tbtttttt"),
	TYPE(VAULT_DELETE, "t"),
	TYPE(VAULT_ACCOUNTS, "ii*t"),
	TYPE(DIAL_CONNECT, "i"),
	TYPE(DIAL_CONNECTED, "tf"),
#undef TYPE
};

static size_t copy_word(const char *from, char word[SCRIPT_WORD_MAX])
{
	const size_t len = strcspn(from, " ");
	const size_t n = len < SCRIPT_WORD_MAX ? len : SCRIPT_WORD_MAX - 1;

	memcpy(word, from, n);
	word[n] = '\0';
	return len + (from[len] == ' ');
}

bool script_next(const uint8_t *data, size_t size, size_t *at, struct script_line *line)
{
	char text[SCRIPT_LINE_MAX], id[SCRIPT_WORD_MAX];
	size_t len = 0, pos;
	int64_t number = 0;

	if (*at >= size)
		return false;
	for (; *at < size && data[*at] != '\n'; (*at)++)
		if (len < sizeof(text) - 1 && data[*at] != '\0')
			text[len++] = (char)data[*at];
	(*at)++;
	text[len] = '\0';
	pos = copy_word(text, line->link);
	pos += copy_word(text + pos, line->type);
	pos += copy_word(text + pos, id);
	(void)!parse_int(id, 0, UINT32_MAX, &number, NULL);
	line->id = (uint32_t)number;
	memcpy(line->rest, text + pos, strlen(text + pos) + 1);
	return true;
}

static void line_feeds(char *text)
{
	for (char *p = text; *p; p++)
		*p = (char)(*p == '~' ? '\n' : *p);
}

static void put_file(struct frame *f, const char *content)
{
	const bool sealed = content[0] != '!';
	struct threads_error err;
	int fd = -1;

	if (f->fd_count == FILES_MAX)
		return;
	if (memfd_new("fuzz", &fd, &err) < 0)
		abort();
	if (write_all(fd, content, strlen(content), &err) < 0 ||
	    (sealed && memfd_seal(fd, &err) < 0))
		abort();
	frame_put_fd(f, fd);
}

static void put_field(struct frame *f, char kind, char *text, const struct script_word *words)
{
	const void *data = text;
	size_t len = strlen(text);
	int64_t number = 0;

	line_feeds(text);
	for (; words && words->name && text[0] == '@'; words++) {
		if (strcmp(words->name, text + 1) != 0)
			continue;
		data = words->data;
		len = words->len;
		break;
	}
	if (kind == 'i') {
		(void)!parse_int(text, INT64_MIN, INT64_MAX, &number, NULL);
		frame_put_int(f, number);
	} else if (kind == 'b') {
		frame_put_bytes(f, data, len);
	} else if (kind == 'f') {
		put_file(f, text);
	} else {
		frame_put_text(f, text);
	}
}

static const char *find_type(const char *word, uint16_t *ret_type)
{
	int64_t number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, word) == 0) {
			*ret_type = types[i].type;
			return types[i].fields;
		}
	if (parse_int(word, 0, UINT16_MAX, &number, NULL) < 0)
		return NULL;
	*ret_type = (uint16_t)number;
	return "";
}

bool script_frame(const struct script_line *line, const struct script_word *words, struct frame *f)
{
	char rest[SCRIPT_LINE_MAX];
	char *next = rest, *field;
	uint16_t type = 0;
	const char *kinds = find_type(line->type, &type), *again = NULL;

	if (!kinds)
		return false;
	frame_begin(f, type, line->id);
	f->owns_fds = true;
	memcpy(rest, line->rest, sizeof(rest));
	while (rest[0] && (field = strsep(&next, "|"))) {
		if (*kinds == '*')
			again = ++kinds;
		if (!*kinds && again)
			kinds = again;
		put_field(f, *kinds, field, words);
		kinds += *kinds != '\0';
	}
	return true;
}
