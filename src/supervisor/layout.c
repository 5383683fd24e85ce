/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/layout.h"

#include "ipc/data_folder.h"

uid_t supervisor_uid(const struct supervisor *s, enum role role)
{
	const struct data_owners owners = { geteuid(), s->role_uids };

	return data_folder_uid(&owners, role);
}

int layout_prepare(struct supervisor *s, struct threads_error *err)
{
	const struct data_owners owners = { geteuid(), s->role_uids };

	return data_folders_prepare(s->data_dir, &owners, &s->lock_fd, err);
}
