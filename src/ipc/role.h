/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start-up that all roles share. The supervisor starts
 * libexec/threads-<role> with one SOCK_SEQPACKET socket as fd 3 and sends
 * CTL_CONFIG; the role opens what it needs, confines itself, says CTL_READY and
 * then gets its peers as CTL_PEER whenever one (re)starts.
 *
 *	int main(void)
 *	{
 *		static const struct role_program program = {
 *			.role = ROLE_VAULT, .rules = ..., .open = vault_open, .on_peer = ...,
 *		};
 *		return role_main(&program);
 *	}
 */
#ifndef THREADS_IPC_ROLE_H
#define THREADS_IPC_ROLE_H

#include "core/clock.h"
#include "core/config.h"
#include "ipc/loop.h"
#include "ipc/peer.h"
#include "ipc/sandbox.h"
#include "threads/protocol.h"

enum { ROLE_KEY_BYTES = 32, ROLE_LISTEN_MAX = 4, ROLE_PATH_BYTES = SANDBOX_PATH_BYTES };

/* Where a process may connect to: index decides, the supervisor passes it on, dial obeys. */
struct role_target {
	const char *host; /* "" for processes without a server */
	int port;
	bool private_network; /* the server may stand in a network of our own */
};

/* A connection to another role. What it points at is valid during the call. */
struct role_peer {
	enum role role;
	int64_t instance;
	struct role_target target; /* of an imap process: for dial and vault */
	int fd;
};

/* What a role knows from its start. Owned by role_main(); valid until the program ends. */
struct role_context {
	enum role role_id;
	int64_t instance; /* account row id for imap, number for api and parse, else 0 */
	struct loop *loop;
	struct config *config;
	const char *data_dir;
	bool insecure; /* started without Landlock */
	bool has_key;
	unsigned char key[ROLE_KEY_BYTES];        /* this role's part of the master key */
	unsigned char ticket_key[ROLE_KEY_BYTES]; /* auth and api only, new at each boot */
	int listen_fds[ROLE_LISTEN_MAX];          /* http: [0]; api: [0] = control socket */
	size_t listen_count;
	struct peer *supervisor;
	void *state; /* what program->open() made */
};

struct role_program {
	enum role role;

	/* Fills rules, which are all zero. Called before open(). */
	int (*rules)(const struct role_context *role, struct sandbox_rules *rules,
		     struct threads_error *err);

	/* Opens files, allocates state (role->state). Called before confinement; no outside bytes yet. */
	int (*open)(struct role_context *role, struct threads_error *err);

	/* After confinement, before CTL_READY; threads are started here. May be NULL. */
	int (*start)(struct role_context *role, struct threads_error *err);

	/* Takes over peer->fd (close it on failure). */
	int (*on_peer)(struct role_context *role, const struct role_peer *peer,
		       struct threads_error *err);

	/* Other frames from the supervisor: bells, exits, role lists. May be NULL. */
	int (*on_control)(struct role_context *role, struct frame *f, struct threads_error *err);

	/* role->config has other values now, of live settings alone (config_is_live()). May be NULL. */
	void (*on_settings)(struct role_context *role);

	/* CTL_STOP or SIGTERM: finish what is in hand, then loop_stop(). NULL: loop_stop() at once. */
	void (*on_stop)(struct role_context *role);

	/* Frees state. May be NULL. */
	void (*close)(struct role_context *role);
};

/* The path of name ("hub", "auth/auth.db") in the data folder. Errors: THREADS_ELIMIT. */
int role_path(const struct role_context *role, const char *name, char ret_path[ROLE_PATH_BYTES],
	      struct threads_error *err) MUST_CHECK;

/* Lets the role into that folder of the data folder. For rules(). Errors: THREADS_ELIMIT. */
int role_add_folder(const struct role_context *role, struct sandbox_rules *rules, const char *name,
		    enum sandbox_access access, struct threads_error *err) MUST_CHECK;

/* Runs the whole life of the process; returns the exit status for main(). */
int role_main(const struct role_program *program);

/* Rings a doorbell at the roles that listen to it (enum bell in protocol.h). Best effort. */
void role_bell(struct role_context *role, enum bell bell, int64_t id);

/*
 * The link to another role broke. If that role ended, a new link comes with its
 * successor; if it lives (it closed us as broken, or we it), the supervisor
 * makes a new one now. Said by the role that stands first in the table of
 * links (supervisor/links.c). supervisor may be NULL.
 */
void role_link_lost(struct peer *supervisor, const struct peer *lost);

/* Work of up to ms follows that answers no watchdog; 0: it is over. */
void role_busy(struct role_context *role, int64_t ms);

/* Asks the supervisor to start or end a process (index: imap, parse). target: of imap, else NULL. */
int role_start(struct role_context *role, enum role which, int64_t instance,
	       const struct role_target *target, struct threads_error *err) MUST_CHECK;
int role_kill(struct role_context *role, enum role which, int64_t instance,
	      struct threads_error *err) MUST_CHECK;

#endif
