/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-api: everything under /api/v1 but sign-in, and the control socket.
 *
 * Holds hub.db for reading and the key of tickets: taken over, it could show
 * everybody's mail that index serves. It cannot write the database, has no key
 * of the packs and no network; what reaches it are frames that http has cleaned
 * and commands of root or the owner of the data folder.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "api/metrics_socket.h"
#include "api/rules.h"

/* The owner of the data folder may use the control socket, and root. */
static int owner_of(const char *path, uid_t *ret_uid, struct threads_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "look at '%s': %m", path);
	*ret_uid = st.st_uid;
	return 0;
}

static int open_role(struct role_context *role, struct threads_error *err)
{
	char folder[ROLE_PATH_BYTES], path[ROLE_PATH_BYTES];
	struct api_options options = {
		.loop = role->loop,
		.ticket_key = role->ticket_key,
		.hub_dir_fd = -1,
		.supervisor = role->supervisor,
		.config = role->config,
	};
	struct api *api = NULL;
	int rc = role_path(role, "hub", folder, err);

	if (rc == 0)
		rc = role_path(role, "hub/hub.db", path, err);
	if (rc == 0)
		rc = owner_of(role->data_dir, &options.owner_uid, err);
	if (rc == 0)
		rc = reader_open(path, &options.reader, err);
	if (rc < 0)
		return rc;
	options.hub_dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = api_open(&options, &api, err);
	if (rc < 0)
		return rc;
	role->state = api;
	if (role->listen_count > 0)
		rc = api_listen(api, role->listen_fds[0], err);
	return rc == 0 && role->listen_count > 1 ? metrics_listen(api, role->listen_fds[1], err)
						 : rc;
}

static int on_peer(struct role_context *role, const struct role_peer *peer,
		   struct threads_error *err)
{
	return api_add_peer(role->state, peer->role, peer->fd, err);
}

static int on_control(struct role_context *role, struct frame *f, struct threads_error *err)
{
	return api_on_control(role->state, f, err);
}

static void close_role(struct role_context *role)
{
	role->state = api_close(role->state);
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_API,
		.rules = api_rules,
		.open = open_role,
		.on_peer = on_peer,
		.on_control = on_control,
		.close = close_role,
	};

	return role_main(&program);
}
