/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <stdio.h>

#include "core/log.h"
#include "store/vault_secret.h"
#include "vault/vault_internal.h"

enum { LINKS_MAX = 1024 };

static void link_remove(struct vault_link *link)
{
	LIST_REMOVE(link, link);
	backup_source_peer_gone(link->vault->backup, link->peer);
	if (peer_role(link->peer) == ROLE_INDEX)
		vault_roll_clear(&link->vault->roll);
	link->vault->link_count--;
	free(link);
}

static void on_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	(void)peer;
	if (why)
		log_warning("link closed: %s", why->text);
	link_remove(arg);
}

int vault_add_link(struct vault *vault, int fd, enum role role, int64_t instance,
		   const struct vault_place *place, struct threads_error *err)
{
	struct vault_link *link = NULL;
	struct peer_handler handler = { vault_answer, on_closed, NULL };
	int rc;

	if ((role == ROLE_API || role == ROLE_INDEX || role == ROLE_IMAP) &&
	    vault->link_count < LINKS_MAX)
		link = calloc(1, sizeof(*link));
	if (!link) {
		close(fd);
		return threads_error_set(err, THREADS_EINVAL, "vault has no link to that role");
	}
	link->vault = vault;
	if (place && role == ROLE_IMAP) {
		snprintf(link->host, sizeof(link->host), "%s", place->host);
		snprintf(link->port, sizeof(link->port), "%d", place->port);
	}
	handler.arg = link;
	rc = peer_new(vault->loop, fd, role, instance, &handler, &link->peer, err);
	if (rc < 0) {
		free(link);
		return rc;
	}
	LIST_INSERT_HEAD(&vault->links, link, link);
	vault->link_count++;
	return 0;
}

int vault_new(struct loop *loop, const char *folder, const unsigned char seed[SEAL_SEED_LEN],
	      const struct clock *clock, struct vault **ret_vault, struct threads_error *err)
{
	struct vault *vault = calloc(1, sizeof(*vault));
	int rc;

	if (!vault)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	vault->loop = loop;
	vault->clock = clock;
	LIST_INIT(&vault->links);
	rc = seal_keypair_from_seed(seed, &vault->key, err);
	if (rc == 0)
		rc = vault_db_open(folder, &vault->db, err);
	if (rc == 0) {
		const struct backup_source_options options = { .loop = loop,
							       .db = vault->db,
							       .about = "vault.db",
							       .folder = folder,
							       .check = vault_check_boxes,
							       .arg = vault };

		rc = backup_source_new(&options, &vault->backup, err);
	}
	if (rc < 0) {
		vault_free(vault);
		return rc;
	}
	if (db_warning(vault->db))
		log_warning("%s", db_warning(vault->db));
	*ret_vault = vault;
	return 0;
}

struct vault *vault_free(struct vault *vault)
{
	struct vault_link *link;

	if (!vault)
		return NULL;
	while ((link = LIST_FIRST(&vault->links))) {
		LIST_REMOVE(link, link);
		peer_free(link->peer);
		free(link);
	}
	vault_roll_clear(&vault->roll);
	vault->backup = backup_source_free(vault->backup);
	vault->db = db_close(vault->db);
	vault->key = seal_key_free(vault->key);
	free(vault);
	return NULL;
}
