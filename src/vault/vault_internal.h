/* SPDX-License-Identifier: Apache-2.0 */
/* What the links to other processes (vault.c) and the answers to them (answers.c) share. */
#ifndef THREADS_VAULT_INTERNAL_H
#define THREADS_VAULT_INTERNAL_H

#include <sys/queue.h>

#include "backup/source.h"
#include "ipc/peer.h"
#include "vault/vault.h"

enum {
	VAULT_ACCOUNT_ID_SIZE = 64,
	VAULT_HOST_SIZE = 256,
	VAULT_PORT_SIZE = 8,
};

struct vault_link {
	struct vault *vault;
	struct peer *peer;
	LIST_ENTRY(vault_link) link;
	char account[VAULT_ACCOUNT_ID_SIZE]; /* imap: the only account this link may have opened */
	char host[VAULT_HOST_SIZE];          /* imap: the only server */
	char port[VAULT_PORT_SIZE];
};

/* index's list of accounts, which may come in several frames. */
struct vault_roll {
	char **accounts;
	size_t count;
};

struct vault {
	struct loop *loop;
	struct db *db;
	struct seal_key *key;
	const struct clock *clock;
	LIST_HEAD(, vault_link) links;
	size_t link_count;
	struct vault_roll roll;
	struct backup_source *backup;
};

/* peer_frame_fn of every link: answers what its role may ask. */
int vault_answer(struct peer *peer, struct frame *f, void *link, struct threads_error *err);

/* Forgets what came of a list: it is never acted on by half. */
void vault_roll_clear(struct vault_roll *roll);

/* Opens every box that is kept, and adds a fault for each that does not open. */
int vault_check_boxes(void *vault, json_t *faults, struct threads_error *err);

#endif
