/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of the data folder, whose they are and who may look in. */
#ifndef THREADS_IPC_DATA_FOLDER_H
#define THREADS_IPC_DATA_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "threads/error.h"
#include "threads/protocol.h"

struct data_folder {
	const char *name; /* "packs" */
	enum role owner;
	mode_t mode, file_mode; /* of the folder; of what its owner makes in it */
};

enum { DATA_FOLDER_MODE = 0711 };

/* The first is "run", with the lock; then in the order of making. NULL behind the last one. */
const struct data_folder *data_folder(size_t index);

struct data_owners {
	uid_t supervisor;
	int64_t role_uids; /* 0: all roles are the supervisor's uid */
};

/* The uid (and gid) of a role. */
uid_t data_folder_uid(const struct data_owners *owners, enum role role);

/*
 * Makes the data folder and what is missing in it, gives each its owner and mode,
 * and takes run/threadsd.pid for this process while ret_lock_fd stays open: no
 * other hub starts meanwhile. Errors: THREADS_EAGAIN (a hub runs), THREADS_EIO.
 */
int data_folders_prepare(const char *data_dir, const struct data_owners *owners, int *ret_lock_fd,
			 struct threads_error *err) MUST_CHECK;

#endif
