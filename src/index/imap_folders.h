/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that an imap process found on the server, and what is known of one that it opens. */
#ifndef THREADS_INDEX_IMAP_FOLDERS_H
#define THREADS_INDEX_IMAP_FOLDERS_H

#include "index/imap_link.h"

/*
 * Both end the session on an error: THREADS_EINVAL for a frame that breaks the contract,
 * those of store/folder.h. THREADS_ELIMIT: the account has more rows than it may.
 */

/* Keeps the server's list (IMAP_FOLDERS). */
int imap_folders_take(struct imap_session *session, struct frame *f,
		      struct threads_error *err) MUST_CHECK;

/* Answers IMAP_FOLDER_OPEN: the folder's row, the UIDs that need no second look, its mark. */
int imap_folder_open(struct imap_session *session, struct frame *f,
		     struct threads_error *err) MUST_CHECK;

#endif
