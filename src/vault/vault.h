/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vault's answers. Who may ask what:
 *
 *	api	the public key; keep a sealed box; remove one
 *	index	which accounts still exist
 *	imap	the password of one account: the first that it asks for on its link, and
 *		only if it is for the server that the process was started for
 */
#ifndef THREADS_VAULT_H
#define THREADS_VAULT_H

#include "core/clock.h"
#include "crypto/seal.h"
#include "ipc/loop.h"
#include "threads/protocol.h"

enum { VAULT_ACCOUNTS_MAX = 100000 };

struct vault;

/* folder	where vault.db is or will be
 * seed		the role's key; wiped by the caller
 * clock	may be NULL */
int vault_new(struct loop *loop, const char *folder, const unsigned char seed[SEAL_SEED_LEN],
	      const struct clock *clock, struct vault **ret_vault,
	      struct threads_error *err) MUST_CHECK;
struct vault *vault_free(struct vault *vault);

/* Where an imap process may connect to, as the supervisor says: its word, not the process's. */
struct vault_place {
	const char *host;
	int port;
};

/*
 * A link to another process. place: for imap, which gets no password that is bound to
 * another server; else NULL. Takes over fd. Errors: THREADS_EINVAL (no such link).
 */
int vault_add_link(struct vault *vault, int fd, enum role role, int64_t instance,
		   const struct vault_place *place, struct threads_error *err) MUST_CHECK;

#endif
