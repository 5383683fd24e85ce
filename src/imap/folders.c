/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/folders.h"

#include <ctype.h>

#include "core/utf8.h"
#include "imap/mutf7.h"

enum { LIST_BYTES = 8 * 1024 * 1024, SHOWN_MAX = 4 * FOLDER_NAME_MAX };

static void folder_release(struct folder *folder)
{
	free(folder->name);
	free(folder->display);
}

void folders_release(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		folder_release(&folders->list[i]);
	free(folders->list);
	*folders = (struct folders){ 0 };
}

const char *folder_use_name(enum folder_use use)
{
	static const char *const names[] = {
		[FOLDER_PLAIN] = "",          [FOLDER_INBOX] = "inbox",
		[FOLDER_SENT] = "sent",       [FOLDER_DRAFTS] = "drafts",
		[FOLDER_TRASH] = "trash",     [FOLDER_JUNK] = "junk",
		[FOLDER_ARCHIVE] = "archive", [FOLDER_ALL] = "all",
		[FOLDER_FLAGGED] = "flagged",
	};

	return names[use];
}

enum folder_use folder_use_of_flag(const char *flag)
{
	static const struct {
		const char *flag;
		enum folder_use use;
	} flags[] = {
		{ "Sent", FOLDER_SENT },       { "Drafts", FOLDER_DRAFTS },
		{ "Trash", FOLDER_TRASH },     { "Junk", FOLDER_JUNK },
		{ "Spam", FOLDER_JUNK },       { "Archive", FOLDER_ARCHIVE },
		{ "All", FOLDER_ALL },         { "AllMail", FOLDER_ALL },
		{ "Flagged", FOLDER_FLAGGED }, { "Important", FOLDER_FLAGGED },
	};

	if (*flag == '\\')
		flag++;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcasecmp(flag, flags[i].flag) == 0)
			return flags[i].use;
	return FOLDER_PLAIN;
}

enum folder_use folder_use_of_name(const char *name)
{
	static const struct {
		const char *name;
		enum folder_use use;
	} names[] = {
		{ "Sent", FOLDER_SENT },           { "Sent Items", FOLDER_SENT },
		{ "Sent Messages", FOLDER_SENT },  { "Drafts", FOLDER_DRAFTS },
		{ "Draft", FOLDER_DRAFTS },        { "Entwürfe", FOLDER_DRAFTS },
		{ "Brouillons", FOLDER_DRAFTS },   { "Borradores", FOLDER_DRAFTS },
		{ "Bozze", FOLDER_DRAFTS },        { "Concepten", FOLDER_DRAFTS },
		{ "Trash", FOLDER_TRASH },         { "Deleted", FOLDER_TRASH },
		{ "Deleted Items", FOLDER_TRASH }, { "Deleted Messages", FOLDER_TRASH },
		{ "Papierkorb", FOLDER_TRASH },    { "Gelöschte Elemente", FOLDER_TRASH },
		{ "Corbeille", FOLDER_TRASH },     { "Papelera", FOLDER_TRASH },
		{ "Cestino", FOLDER_TRASH },       { "Prullenbak", FOLDER_TRASH },
		{ "Junk", FOLDER_JUNK },           { "Junk E-mail", FOLDER_JUNK },
		{ "Junk Email", FOLDER_JUNK },     { "Spam", FOLDER_JUNK },
		{ "Bulk Mail", FOLDER_JUNK },      { "Spamverdacht", FOLDER_JUNK },
		{ "Indésirables", FOLDER_JUNK },   { "Correo no deseado", FOLDER_JUNK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].use;
	return FOLDER_PLAIN;
}

/* Names that a frame carries and a command can hold. */
static bool usable(const char *name)
{
	const size_t len = strlen(name);

	if (len == 0 || len > FOLDER_NAME_MAX || !utf8_valid(name, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)name[i]))
			return false;
	return true;
}

static void read_flags(struct folder *folder, const struct mailimap_mbx_list_flags *flags)
{
	if (!flags)
		return;
	if (flags->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
	    flags->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT)
		folder->selectable = false;
	for (clistiter *i = flags->mbf_oflags ? clist_begin(flags->mbf_oflags) : NULL; i;
	     i = clist_next(i)) {
		const struct mailimap_mbx_list_oflag *flag = clist_content(i);
		enum folder_use use;

		if (flag->of_type != MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT || !flag->of_flag_ext)
			continue;
		use = folder_use_of_flag(flag->of_flag_ext);
		if (use != FOLDER_PLAIN)
			folder->use = use;
		if (strcasecmp(flag->of_flag_ext, "NonExistent") == 0)
			folder->selectable = false;
	}
}

static int read_folder(struct folder *folder, const struct mailimap_mailbox_list *item)
{
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT(SHOWN_MAX);
	CLEANUP(strbuf_release) struct strbuf clean = STRBUF_INIT(SHOWN_MAX);
	const size_t len = strnlen(item->mb_name, FOLDER_NAME_MAX);

	*folder = (struct folder){ .selectable = usable(item->mb_name) };
	utf8_append_repaired(&clean, item->mb_name, len);
	mutf7_show(&shown, strbuf_str(&clean));
	folder->name = strdup(strbuf_str(&clean));
	folder->display = strdup(strbuf_str(&shown));
	if (!folder->name || !folder->display) {
		folder_release(folder);
		return -1;
	}
	read_flags(folder, item->mb_flag);
	if (strcasecmp(folder->name, "INBOX") == 0)
		folder->use = FOLDER_INBOX;
	return 0;
}

static bool has_use(const struct folders *folders, enum folder_use use)
{
	for (size_t i = 0; i < folders->count; i++)
		if (folders->list[i].use == use)
			return true;
	return false;
}

/* Servers without flags (Exchange): the usual names at the top, or below INBOX. */
static void guess_uses(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++) {
		struct folder *folder = &folders->list[i];
		const char *name = folder->display;
		enum folder_use use;

		if (folder->use != FOLDER_PLAIN)
			continue;
		if (strncasecmp(name, "INBOX.", 6) == 0 || strncasecmp(name, "INBOX/", 6) == 0)
			name += 6;
		use = folder_use_of_name(name);
		if (use != FOLDER_PLAIN && !has_use(folders, use))
			folder->use = use;
	}
}

static void keep_past(struct folders *fresh, const struct folders *before)
{
	for (size_t i = 0; i < fresh->count; i++) {
		struct folder *folder = &fresh->list[i];

		for (size_t j = 0; j < before->count; j++) {
			const struct folder *old = &before->list[j];

			if (strcmp(old->name, folder->name) == 0)
				folder->past = old->past;
		}
	}
}

static int read_list(struct folders *fresh, clist *items)
{
	const size_t count = (size_t)clist_count(items);

	fresh->list = calloc(count + 1, sizeof(*fresh->list));
	if (!fresh->list)
		return -1;
	for (clistiter *i = clist_begin(items); i && fresh->count < FOLDERS_MAX;
	     i = clist_next(i)) {
		const struct mailimap_mailbox_list *item = clist_content(i);

		if (!item->mb_name || !item->mb_name[0])
			continue;
		if (read_folder(&fresh->list[fresh->count], item) < 0)
			return -1;
		fresh->count++;
	}
	guess_uses(fresh);
	return 0;
}

int folders_list(struct folders *folders, struct session *session, struct failure *why)
{
	CLEANUP(folders_release) struct folders fresh = { 0 };
	clist *items = NULL;
	int r, rc;

	session_expect(session, LIST_BYTES);
	r = mailimap_list(session->imap, "", "*", &items);
	if (r != MAILIMAP_NO_ERROR)
		return session_failed(session, r, false, why);
	if (!items)
		return failure_set(why, FAILURE_GARBAGE, "the server lists no folder");
	rc = read_list(&fresh, items);
	mailimap_list_result_free(items);
	if (rc < 0 || fresh.count == 0) {
		folders_release(&fresh);
		return rc < 0 ? failure_set(why, FAILURE_HUB, "out of memory")
			      : failure_set(why, FAILURE_GARBAGE, "the server lists no folder");
	}
	keep_past(&fresh, folders);
	folders_release(folders);
	folders->list = TAKE_PTR(fresh.list);
	folders->count = fresh.count;
	fresh.count = 0;
	return 0;
}

static bool is_default(const struct folder *folder, bool all_only)
{
	if (all_only)
		return folder->use == FOLDER_ALL;
	return folder->use == FOLDER_PLAIN || folder->use == FOLDER_INBOX ||
	       folder->use == FOLDER_SENT || folder->use == FOLDER_ARCHIVE;
}

static bool is_named(const struct folder *folder, const char *name)
{
	if (folder->use == FOLDER_INBOX)
		return strcasecmp(name, "INBOX") == 0;
	return strcmp(folder->name, name) == 0 || strcmp(folder->display, name) == 0;
}

/* INBOX first, then what people sent, then the rest as the server lists it. */
static void sort(struct folders *folders)
{
	size_t at = 0;

	for (enum folder_use use = FOLDER_INBOX; use <= FOLDER_SENT; use++) {
		for (size_t i = at; i < folders->count; i++) {
			const struct folder found = folders->list[i];

			if (found.use != use)
				continue;
			memmove(&folders->list[at + 1], &folders->list[at],
				(i - at) * sizeof(found));
			folders->list[at++] = found;
		}
	}
}

const char *folders_choose(struct folders *folders, const struct account *account, bool is_gmail)
{
	/* There, every message outside junk and trash is in "All Mail"; labels are copies. */
	const bool all_only = is_gmail && has_use(folders, FOLDER_ALL);
	const char *missing = NULL;

	for (size_t i = 0; i < folders->count; i++) {
		struct folder *folder = &folders->list[i];

		folder->chosen = account->folder_count == 0 && folder->selectable &&
				 is_default(folder, all_only);
	}
	for (size_t j = 0; j < account->folder_count; j++) {
		bool found = false;

		for (size_t i = 0; i < folders->count; i++) {
			struct folder *folder = &folders->list[i];

			if (!folder->selectable || !is_named(folder, account->folders[j]))
				continue;
			folder->chosen = true;
			found = true;
		}
		if (!found && !missing)
			missing = account->folders[j];
	}
	sort(folders);
	return missing;
}

enum { FOLDERS_IN_FRAME = 2000, FRAME_ROOM = 100 * 1024 };

int folders_tell(const struct folders *folders, struct hub *hub, struct failure *why)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	size_t count = 0, bytes = 0;

	while (count < folders->count && count < FOLDERS_IN_FRAME) {
		const struct folder *folder = &folders->list[count];

		bytes += strlen(folder->name) + strlen(folder->display) + 64;
		if (bytes > FRAME_ROOM)
			break;
		count++;
	}
	frame_begin(&f, IMAP_FOLDERS, 0);
	frame_put_int(&f, (int64_t)count);
	for (size_t i = 0; i < count; i++) {
		const struct folder *folder = &folders->list[i];

		frame_put_text(&f, folder->name);
		frame_put_text(&f, folder->display);
		frame_put_text(&f, folder_use_name(folder->use));
		frame_put_int(&f, folder->selectable);
		frame_put_int(&f, folder->chosen);
	}
	return hub_send(hub, &f, why);
}
