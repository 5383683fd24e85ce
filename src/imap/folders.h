/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of an account: what the server lists, and which of them are collected. */
#ifndef THREADS_IMAP_FOLDERS_H
#define THREADS_IMAP_FOLDERS_H

#include "imap/hub.h"
#include "imap/session.h"

enum { FOLDERS_MAX = 10000, FOLDER_NAME_MAX = 1000 };

enum folder_use {
	FOLDER_PLAIN,
	FOLDER_INBOX,
	FOLDER_SENT,
	FOLDER_DRAFTS,
	FOLDER_TRASH,
	FOLDER_JUNK,
	FOLDER_ARCHIVE,
	FOLDER_ALL,     /* shows what lies in other folders */
	FOLDER_FLAGGED, /* the same */
};

/* What the last passes saw, to leave out folders where nothing happened. */
struct folder_past {
	bool seen; /* by a complete pass: the four numbers are its */
	uint32_t uidvalidity, uidnext, messages;
	uint64_t modseq; /* flags of its messages follow the server up to here, 0: not known */

	int64_t flags_next_ms;   /* monotonic: flags are not looked at before */
	unsigned flags_failures; /* in a row */
};

struct folder {
	char *name;    /* as the server writes it; what is sent back */
	char *display; /* for people */
	enum folder_use use;
	bool selectable, chosen;

	struct folder_past past;
};

struct folders {
	struct folder *list;
	size_t count;
};

void folders_release(struct folders *folders); /* for CLEANUP too */

/* Asks the server. What earlier is known about the same names stays known. */
int folders_list(struct folders *folders, struct session *session, struct failure *why);

/* Marks the chosen ones: those named by the account (raw or display name), or the
 * default: all but junk, trash and drafts, and views of other folders. Sorts INBOX
 * first. Returns the first name that the account chose and the server lacks, or NULL. */
const char *folders_choose(struct folders *folders, const struct account *account, bool is_gmail);

/* Tells index (IMAP_FOLDERS). */
int folders_tell(const struct folders *folders, struct hub *hub, struct failure *why);

/* "sent", "inbox", "" ... as index and the UI know them. */
const char *folder_use_name(enum folder_use use);

/* What a folder is, by the flag of RFC 6154 ("Sent"), or by its last name part where the server has no flags. */
enum folder_use folder_use_of_flag(const char *flag);
enum folder_use folder_use_of_name(const char *name);

#endif
