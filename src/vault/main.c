/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-vault: keeps the sealed passwords of accounts, opens one for the
 * process that was started for that account.
 *
 * Holds the unsealing key and vault.db. Eats typed frames of our own processes
 * and sealed boxes, nothing else from outside. Cannot reach a network, nor any
 * file outside its folder.
 */
#include <sys/stat.h>

#include "crypto/hmac.h"
#include "vault/rules.h"
#include "vault/vault.h"

static int vault_open(struct role_context *role, struct threads_error *err)
{
	struct vault *vault = NULL;
	char path[ROLE_PATH_BYTES];
	int rc = role_path(role, "vault", path, err);

	if (rc < 0)
		return rc;
	if (!role->has_key)
		return threads_error_set(err, THREADS_EINVAL, "started without its key");
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "make folder %s: %m", path);
	rc = vault_new(role->loop, path, role->key, NULL, &vault, err);
	secret_cleanse(role->key, sizeof(role->key));
	role->has_key = false;
	role->state = vault;
	return rc;
}

static int vault_on_peer(struct role_context *role, const struct role_peer *peer,
			 struct threads_error *err)
{
	const struct vault_place place = { peer->target.host, peer->target.port };

	return vault_add_link(role->state, peer->fd, peer->role, peer->instance, &place, err);
}

static void vault_close(struct role_context *role)
{
	role->state = vault_free(role->state);
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_VAULT,
		.rules = vault_rules,
		.open = vault_open,
		.on_peer = vault_on_peer,
		.close = vault_close,
	};

	return role_main(&program);
}
