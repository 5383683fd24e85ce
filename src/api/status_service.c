/* SPDX-License-Identifier: Apache-2.0 */
#include "api/status_service.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "ipc/role_name.h"

enum { ROLES_MAX = 4096 };

static json_t *role_read(struct frame *f)
{
	json_t *role = json_object();
	const char *error;

	json_object_set_new(role, "role",
			    json_string(role_name((enum role)frame_get_int_in(f, 0, ROLE_COUNT))));
	json_object_set_new(role, "instance", json_integer(frame_get_int(f)));
	json_object_set_new(role, "pid", json_integer(frame_get_int(f)));
	json_object_set_new(role, "state", json_string(frame_get_text(f)));
	json_object_set_new(role, "restarts", json_integer(frame_get_int(f)));
	json_object_set_new(role, "confined", json_boolean(frame_get_int(f) > 0));
	error = frame_get_text(f);
	json_object_set_new(role, "error", *error ? json_string(error) : json_null());
	return role;
}

int status_roles(struct api *api, struct frame *f, struct threads_error *err)
{
	CLEANUP(json_freep) json_t *list = json_array();
	const bool insecure = frame_get_int_in(f, 0, 1) == 1;
	const int64_t count = frame_get_int_in(f, 0, ROLES_MAX);
	int rc;

	for (int64_t i = 0; i < count && !frame_at_end(f); i++)
		json_array_append_new(list, role_read(f));
	rc = frame_get_end(f, err);
	if (rc < 0)
		return rc;
	json_decref(api->roles);
	api->roles = TAKE_PTR(list);
	api->insecure = insecure;
	return 0;
}

static int64_t file_bytes(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : 0;
}

static json_t *disk_json(const struct api *api, int64_t packs_bytes, bool stopped)
{
	struct statvfs fs = { 0 };
	int64_t total, free_bytes, hub_bytes = 0;

	if (api->hub_dir_fd < 0 || fstatvfs(api->hub_dir_fd, &fs) < 0)
		fs = (struct statvfs){ 0 };
	total = (int64_t)(fs.f_blocks * fs.f_frsize);
	free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	if (api->hub_dir_fd >= 0)
		hub_bytes = file_bytes(api->hub_dir_fd, "hub.db") +
			    file_bytes(api->hub_dir_fd, "hub.db-wal");
	return json_pack("{sI,sI,sI,sI,sI,sb}", "total", (json_int_t)total, "free",
			 (json_int_t)free_bytes, "hub_bytes", (json_int_t)hub_bytes, "packs_bytes",
			 (json_int_t)packs_bytes, "percent",
			 (json_int_t)(total > 0 ? 100 - free_bytes * 100 / total : 0), "stopped",
			 stopped);
}

int status_answer(struct api *api, struct frame *f, json_t **ret_status, struct threads_error *err)
{
	int64_t messages, packs_bytes, queue = 0;
	bool stopped = false;
	json_t *roles;
	int rc = reader_counts(api->reader, &messages, &packs_bytes, err);

	if (rc < 0)
		return rc;
	if (f) {
		queue = frame_get_int_in(f, 0, INT64_MAX);
		frame_get_int(f); /* percent: we look ourselves */
		stopped = frame_get_int_in(f, 0, 1) == 1;
	}
	roles = api->roles ? json_incref(api->roles) : json_array();
	*ret_status =
		json_pack("{ss,so,sI,sI,so,sb}", "version", THREADS_VERSION, "roles", roles,
			  "messages", (json_int_t)messages, "queue", (json_int_t)queue, "disk",
			  disk_json(api, packs_bytes, stopped), "insecure", api->insecure);
	if (!*ret_status)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	return 0;
}
