/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/worker.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/random_id.h"
#include "imap/idle.h"
#include "imap/mailbox.h"
#include "imap/sync.h"

enum {
	IDLE_RENEW_MS = 9 * 60 * 1000,
	HUB_AGAIN_MS = 60 * 1000,
	QUIET_MAX_MS = 60 * 1000,
};

enum worker_step { STEP_AGAIN, STEP_FINISHED };

struct worker {
	struct links *links;
	struct hub hub;
	struct session session;
	struct sync sync;
	int bundle_fd;
	unsigned attempts;     /* failures in a row */
	int64_t next_pass_ms;  /* monotonic: when to look at all folders */
	int64_t quiet_ms;      /* a server that cries "news" without any is heard less often */
	enum sync_scope scope; /* of the next pass */
	const char *missing;   /* a chosen folder that the server lacks */
};

static bool interrupted(struct worker *w)
{
	hub_look(&w->hub);
	return links_stopping(w->links) || w->hub.sync_asked || w->hub.has_offer ||
	       !hub_ready(&w->hub);
}

/* Waits until something is to be done, at most wait_ms (< 0: no limit). */
static void rest(struct worker *w, int64_t wait_ms)
{
	const int64_t until = clock_monotonic_ms() + wait_ms;

	while (!interrupted(w)) {
		const int64_t left = wait_ms < 0 ? -1 : until - clock_monotonic_ms();

		if (wait_ms >= 0 && left <= 0)
			return;
		links_wait(w->links, -1, left);
	}
}

static bool once(const struct worker *w)
{
	return w->hub.account.mode != IMAP_MODE_SYNC;
}

/* Tells index, and waits until it is worth trying again. */
static enum worker_step fail(struct worker *w, const struct failure *why)
{
	uint32_t spread;
	int64_t retry_ms;

	if (why->kind == FAILURE_STOPPED)
		return STEP_AGAIN;
	hub_look(&w->hub);
	if (why->kind == FAILURE_HUB && !hub_ready(&w->hub))
		return STEP_AGAIN; /* a new link brings the account again */
	session_close(&w->session);
	if (w->sync.received)
		w->attempts = 0;
	w->sync.received = false;
	random_bytes(&spread, sizeof(spread));
	retry_ms = failure_retry_ms(why, w->attempts++, spread);
	if (retry_ms < 0)
		log_warning("kind=%s a person must help, see \"threadsctl account list\"",
			    failure_name(why->kind));
	else
		log_notice("kind=%s retry_ms=%lld", failure_name(why->kind), (long long)retry_ms);
	log_debug("host=%s port=%d user=%s %s", w->hub.account.host, w->hub.account.port,
		  w->hub.account.user, why->details);
	if (hub_state(&w->hub, "error", why, retry_ms) == 0 && once(w))
		return STEP_FINISHED;
	w->hub.sync_asked = false;
	w->scope = SYNC_ALL;
	rest(w, retry_ms);
	return STEP_AGAIN;
}

static int connect_account(struct worker *w, struct failure *why)
{
	const struct session_options options = { &w->hub.account, w->links, w->bundle_fd };

	if (session_is_open(&w->session))
		return 0;
	(void)hub_state(&w->hub, "connecting", NULL, 0);
	return session_open(&w->session, &options, why);
}

static int list_folders(struct worker *w, struct failure *why)
{
	(void)hub_state(&w->hub, "listing", NULL, 0);
	if (folders_list(&w->sync.folders, &w->session, why) < 0)
		return -1;
	w->missing = folders_choose(&w->sync.folders, &w->hub.account, w->session.is_gmail);
	return folders_tell(&w->sync.folders, &w->hub, why);
}

static void say_idle(struct worker *w)
{
	struct failure gone;

	if (!w->missing) {
		(void)hub_state(&w->hub, "idle", NULL, 0);
		return;
	}
	failure_set(&gone, FAILURE_FOLDER_GONE, "%s", w->missing);
	(void)hub_state(&w->hub, "idle", &gone, 0);
}

static int pass(struct worker *w, struct failure *why)
{
	if (w->scope != SYNC_IDLE && list_folders(w, why) < 0)
		return -1;
	if (w->hub.account.mode == IMAP_MODE_TEST)
		return 0;
	(void)hub_state(&w->hub, "syncing", NULL, 0);
	if (sync_pass(&w->sync, w->scope, why) < 0)
		return -1;
	if (w->scope != SYNC_IDLE)
		w->next_pass_ms = clock_monotonic_ms() + w->hub.account.poll_ms;
	w->attempts = 0;
	return 0;
}

/* IDLE in the watched folder, or just time. Returns 0, or -1 with why. */
static int wait_for_work(struct worker *w, struct failure *why)
{
	const int64_t now = clock_monotonic_ms();
	int64_t wait = w->next_pass_ms - now;
	struct folder *watched = sync_watched(&w->sync);
	struct mailbox box;
	int rc;

	w->scope = SYNC_CHANGED;
	if (wait <= 0)
		return 0;
	if (!w->session.can_idle || !watched) {
		rest(w, wait);
		return 0;
	}
	if (mailbox_examine(&w->session, watched->name, &box, why) < 0)
		return -1;
	if (watched->past.seen &&
	    (box.messages != watched->past.messages || box.uidnext != watched->past.uidnext)) {
		w->scope = SYNC_IDLE;
		return 0;
	}
	rc = idle_wait(&w->session, &w->hub, wait < IDLE_RENEW_MS ? wait : IDLE_RENEW_MS, why);
	if (rc == 1)
		w->scope = SYNC_IDLE;
	return rc < 0 ? -1 : 0;
}

/* News that bring nothing: pauses that grow, so that no server keeps us busy. */
static void calm(struct worker *w)
{
	if (w->scope != SYNC_IDLE || w->sync.received) {
		w->quiet_ms = 0;
		return;
	}
	rest(w, w->quiet_ms);
	w->quiet_ms = w->quiet_ms ? w->quiet_ms * 2 : 250;
	if (w->quiet_ms > QUIET_MAX_MS)
		w->quiet_ms = QUIET_MAX_MS;
}

static enum worker_step serve(struct worker *w)
{
	struct failure why = { 0 };

	if (w->hub.sync_asked)
		w->scope = SYNC_ALL;
	if (connect_account(w, &why) < 0 || pass(w, &why) < 0)
		return fail(w, &why);
	say_idle(w);
	if (once(w))
		return STEP_FINISHED;
	calm(w);
	do {
		if (interrupted(w)) {
			w->scope = SYNC_ALL;
			return STEP_AGAIN;
		}
		if (wait_for_work(w, &why) < 0)
			return fail(w, &why);
	} while (w->scope == SYNC_CHANGED && clock_monotonic_ms() < w->next_pass_ms);
	return STEP_AGAIN;
}

static void adopt(struct worker *w)
{
	struct account before = w->hub.account;

	/* Compared before the old one is released. */
	if (session_is_open(&w->session) && !account_same_server(&before, &w->hub.offered))
		session_close(&w->session);
	if (!hub_adopt(&w->hub))
		return;
	w->attempts = 0;
	w->scope = SYNC_ALL;
}

void worker_run(struct links *links, int bundle_fd)
{
	struct worker w = { .links = links, .bundle_fd = bundle_fd };
	enum worker_step step = STEP_AGAIN;

	hub_init(&w.hub, links);
	w.sync.session = &w.session;
	w.sync.hub = &w.hub;
	while (step == STEP_AGAIN && !links_stopping(links)) {
		hub_look(&w.hub);
		if (w.hub.has_offer)
			adopt(&w);
		if (hub_ready(&w.hub))
			step = serve(&w);
		else
			links_wait(links, -1, HUB_AGAIN_MS);
	}
	session_close(&w.session);
	sync_release(&w.sync);
	hub_release(&w.hub);
}
