/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the role, on which all its modules stand. */
#ifndef THREADS_API_STATE_H
#define THREADS_API_STATE_H

#include <sys/queue.h>

#include "api/api.h"
#include "core/config.h"
#include "core/json.h"
#include "core/zone.h"
#include "ipc/peer.h"
#include "store/people.h"

enum { API_LINKS = 4, API_VAULT_KEY_LEN = 65 };

struct question;
struct exchange;
struct stream;
struct control;
struct figures;
struct scrape;

struct api_link {
	struct api *api;
	enum role role;
	struct peer *peer; /* NULL: not there now */
};

/* A link to http; there may be an old and a new one for a moment. */
struct api_front {
	struct api *api;
	struct peer *peer;
	LIST_ENTRY(api_front) link;
};

struct api {
	struct loop *loop;
	struct reader *reader;
	unsigned char ticket_key[TICKET_KEY_LEN];
	struct clock clock;
	int hub_dir_fd;
	uid_t owner_uid;

	struct api_link links[API_LINKS]; /* index, vault, auth, supervisor */
	LIST_HEAD(, api_front) fronts;
	struct loop_timer *tick;

	TAILQ_HEAD(, question) questions;
	LIST_HEAD(, exchange) exchanges;
	LIST_HEAD(, stream) streams;
	LIST_HEAD(, control) controls;
	size_t control_count;
	struct loop_watch *listen_watch;
	LIST_HEAD(, scrape) scrapes;
	size_t scrape_count;
	struct loop_watch *metrics_watch;

	unsigned char vault_key[API_VAULT_KEY_LEN];
	char vault_fingerprint[80];  /* "": not known yet */
	struct zone *zone;           /* of zone_name; NULL: UTC */
	char *zone_name;             /* as the setting was when zone was read */
	struct figures *figures;     /* what the supervisor said last; NULL: nothing yet */
	const struct config *config; /* see api.h */
	struct audit_chain chain;    /* of the audit log, as far as it was checked */
	unsigned bells;              /* bits of enum bell, rung since the streams were told */
	struct loop_timer *bell_timer;
};

static inline int64_t api_now(const struct api *api)
{
	return clock_now_ms(&api->clock);
}

/* As it is set now: a reload may change it. */
static inline int64_t api_disk_stop_percent(const struct api *api)
{
	return api->config ? config_int(api->config, "disk_stop_percent") : 0;
}

/* The link to a role that api asks questions; NULL for others. */
struct api_link *api_link_of(struct api *api, enum role role);

#endif
