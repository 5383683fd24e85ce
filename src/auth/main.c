/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-auth: passwords, second factors, sessions, links.
 *
 * Holds auth.db, the key that seals TOTP seeds and the key of tickets. Can let
 * anybody in; cannot read mail (no hub.db, no packs), cannot reach a network.
 * What comes from outside are short JSON texts that http has bounded.
 */
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>

#include "auth/auth.h"
#include "auth/rules.h"
#include "core/json.h"
#include "core/log.h"
#include "crypto/hmac.h"

/* Passwords and codes pass through jansson's memory: wipe what it gives back. */
static void json_wipe_free(void *memory)
{
	if (memory)
		secret_cleanse(memory, malloc_usable_size(memory));
	free(memory);
}

static int open_role(struct role_context *role, struct threads_error *err)
{
	char folder[ROLE_PATH_BYTES], path[ROLE_PATH_BYTES];
	struct auth_options options = {
		.loop = role->loop,
		.supervisor = role->supervisor,
		.db_path = path,
		.base_url = config_text(role->config, "public_url"),
		.key = role->key,
		.ticket_key = role->ticket_key,
		.session_idle_ms = config_int(role->config, "session_idle_s") * 1000,
		.session_max_ms = config_int(role->config, "session_max_s") * 1000,
	};
	struct auth *auth = NULL;
	int rc;

	json_set_alloc_funcs(malloc, json_wipe_free);
	if (!role->has_key)
		return threads_error_set(err, THREADS_EINVAL, "auth got no key");
	rc = role_path(role, "auth", folder, err);
	if (rc == 0)
		rc = role_path(role, "auth/auth.db", path, err);
	if (rc < 0)
		return rc;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "make folder '%s': %m", folder);
	rc = auth_open(&options, &auth, err);
	role->state = auth;
	return rc;
}

static int start(struct role_context *role, struct threads_error *err)
{
	return auth_start(role->state, err);
}

static int on_peer(struct role_context *role, const struct role_peer *peer,
		   struct threads_error *err)
{
	/* Control connections come through api only. */
	if (peer->role == ROLE_CTL) {
		close(peer->fd);
		return threads_error_set(err, THREADS_EINVAL, "not a role");
	}
	return auth_add_peer(role->state, peer->role, peer->fd, err);
}

static int on_control(struct role_context *role, struct frame *f, struct threads_error *err)
{
	int64_t bell;

	(void)err;
	if (f->type != CTL_BELL)
		return 0;
	bell = frame_get_int(f);
	if (bell == BELL_USERS)
		auth_users_changed(role->state);
	return 0;
}

static void on_settings(struct role_context *role)
{
	auth_set_session_times(role->state, config_int(role->config, "session_idle_s") * 1000,
			       config_int(role->config, "session_max_s") * 1000);
}

static void close_role(struct role_context *role)
{
	role->state = auth_close(role->state);
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_AUTH,
		.rules = auth_rules,
		.open = open_role,
		.start = start,
		.on_peer = on_peer,
		.on_control = on_control,
		.on_settings = on_settings,
		.close = close_role,
	};

	return role_main(&program);
}
