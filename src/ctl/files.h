/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an import: what lies below the given paths, in a fixed order. */
#ifndef THREADS_CTL_FILES_H
#define THREADS_CTL_FILES_H

#include <stdint.h>

#include "core/strbuf.h"

enum files_kind { FILES_MBOX, FILES_MAILDIR, FILES_EML };

enum { FILES_NAME_MAX = 1000, FILES_MAX = 10 * 1000 * 1000 };

struct files_entry {
	char *path; /* to open */
	char *name; /* for the hub: last part of the given path, then below it; UTF-8 */
	int64_t size;
};

struct files {
	struct files_entry *entries;
	size_t count, capacity;
	size_t passed_over; /* files that are not of the kind */
};

#define FILES_INIT                                                                                 \
	{                                                                                          \
		.entries = NULL                                                                    \
	}

/* "mbox", "maildir", "eml". Errors: THREADS_EINVAL. */
int files_kind_parse(const char *text, enum files_kind *ret_kind,
		     struct threads_error *err) MUST_CHECK;

/*
 * Adds path. A file is taken as it is. A folder is walked without following
 * symbolic links: maildir takes what lies in a "cur" or "new", mbox what begins
 * with "From ", eml what is called *.eml or begins like a mail. Hidden files
 * are passed over. Errors: THREADS_ENOENT, THREADS_EIO, THREADS_ELIMIT, THREADS_ENOMEM.
 */
int files_add(struct files *files, enum files_kind kind, const char *path,
	      struct threads_error *err) MUST_CHECK;

/* Removes the entry at i, in order. */
void files_drop(struct files *files, size_t i);

void files_release(struct files *files); /* for CLEANUP too */

#endif
