/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-vault: keeps the sealed passwords of accounts, opens one for the
 * process that was started for that account.
 *
 * Holds the unsealing key and vault.db. Eats typed frames of our own processes
 * and sealed boxes, nothing else from outside. Cannot reach a network, nor any
 * file outside its folder.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "crypto/hmac.h"
#include "ipc/role.h"
#include "vault/vault.h"

enum { PATH_SIZE = 4096 + 8, MEMORY_MAX = 256 * 1024 * 1024, FILE_BYTES_MAX = 1024 * 1024 * 1024 };

static int folder_path(const struct role_context *role, char out[PATH_SIZE],
		       struct threads_error *err)
{
	const int n = snprintf(out, PATH_SIZE, "%s/vault", role->data_dir);

	if (n < 0 || n >= PATH_SIZE)
		return threads_error_set(err, THREADS_ELIMIT, "the data folder's name is too long");
	return 0;
}

/* vault writes in its own folder and sees no other. */
static int vault_rules(const struct role_context *role, struct sandbox_rules *rules,
		       struct threads_error *err)
{
	/* Written once, before confinement; sandbox_enter() reads them later. */
	static char path[PATH_SIZE];
	static const struct sandbox_folder folders[] = {
		{ path, SANDBOX_WRITE },
		{ NULL, SANDBOX_READ },
	};

	rules->folders = folders;
	rules->memory_max = MEMORY_MAX;
	rules->file_max = FILE_BYTES_MAX;
	return folder_path(role, path, err);
}

static int vault_open(struct role_context *role, struct threads_error *err)
{
	struct vault *vault = NULL;
	char path[PATH_SIZE];
	int rc = folder_path(role, path, err);

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

static int vault_on_peer(struct role_context *role, enum role peer_role, int64_t instance,
			 const char *host, int port, int fd, struct threads_error *err)
{
	const struct vault_place place = { host, port };

	return vault_add_link(role->state, fd, peer_role, instance, &place, err);
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
