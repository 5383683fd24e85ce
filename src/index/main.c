/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads-index: the only writer of hub.db and of the packs.
 *
 * Threat: it holds the blob key and can read and change the whole archive, so
 * it never looks into a mail itself: what parse says is checked field by field,
 * rebuilt and compared with what came in. It has no network, its folders are
 * hub/ and packs/, and its peers can only say what protocol.h lists.
 */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/log.h"
#include "filing/company.h"
#include "index/backup.h"
#include "index/blob_thread.h"
#include "index/commands.h"
#include "index/disk.h"
#include "index/import.h"
#include "index/pool.h"
#include "index/rules.h"
#include "index/schedule.h"
#include "index/verify_thread.h"
#include "ipc/role_name.h"
#include "store/db_sums.h"
#include "store/people.h"

enum {
	JOBS_IDLE_MS = 30 * 1000,
	JOBS_NEXT_MS = 5,
	UPGRADE_MAX_MS = 24 * 60 * 60 * 1000,
	FDS_WANTED = IMPORT_FILES_MAX + 1024,
};

/* threadsctl's files wait here as descriptors, and each parser needs some. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FDS_WANTED)
		return;
	limit.rlim_cur = FDS_WANTED < limit.rlim_max ? FDS_WANTED : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("descriptor limit: %m");
}

/* What a role has to itself within its folder, it makes: nobody else may look in there. */
static int make_upload_dir(const struct index_role *ix, struct threads_error *err)
{
	char path[ROLE_PATH_BYTES];
	const int rc = role_path(ix->role, "hub/upload", path, err);

	if (rc == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		return threads_error_set(err, THREADS_EIO, "create folder %s: %m", path);
	return rc;
}

static int open_dirs(struct index_role *ix, struct threads_error *err)
{
	char path[ROLE_PATH_BYTES];
	const struct {
		const char *name;
		int *fd;
	} dirs[] = { { "packs", &ix->pack_dir_fd },
		     { "hub/upload", &ix->upload_dir_fd },
		     { "hub", &ix->data_dir_fd } };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		const int rc = role_path(ix->role, dirs[i].name, path, err);

		if (rc < 0)
			return rc;
		*dirs[i].fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*dirs[i].fd < 0)
			return threads_error_set(err, THREADS_EIO, "%s: %m", path);
	}
	return 0;
}

static int open_database(struct index_role *ix, const char *path, struct threads_error *err)
{
	const int64_t old_bytes = db_sums_lacking(path);
	int rc;

	if (old_bytes > 0)
		log_notice("hub.db is of an older version: %lld MB are written anew, if there is "
			   "room; nothing is answered until then",
			   (long long)(old_bytes / 1000000 + 1));
	/* Killed amid it, the next would begin again. */
	role_busy(ix->role, UPGRADE_MAX_MS);
	rc = store_open(path, STORE_WRITER, &ix->store, err);
	role_busy(ix->role, 0);
	if (rc < 0)
		return rc;
	if (db_warning(store_db(ix->store)))
		log_warning("%s", db_warning(store_db(ix->store)));
	else if (old_bytes > 0)
		log_notice("hub.db is written anew: its pages have sums");
	return 0;
}

static int open_store(struct index_role *ix, struct threads_error *err)
{
	unsigned char key[ROLE_KEY_BYTES];
	char path[ROLE_PATH_BYTES];
	int rc = role_path(ix->role, "hub/hub.db", path, err);

	if (rc == 0)
		rc = open_database(ix, path, err);
	if (rc < 0)
		return rc;
	index_pack_key(ix, key);
	const struct ingest_options options = { .store = ix->store,
						.pack_dir_fd = ix->pack_dir_fd,
						.pack_key = key,
						.filing = ix->filing };

	rc = ingest_new(&options, &ix->ingest, err);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

/* Background slices: audiences, deletions, erasure; a checkpoint when nothing is left. */
static void on_jobs(void *arg)
{
	struct index_role *ix = arg;
	struct threads_error err;
	struct pack_writer *packs = backup_holds(ix) ? NULL : ingest_packs(ix->ingest);
	const int rc = background_step(ix->store, packs, clock_now_ms(NULL), &err);

	if (rc < 0)
		log_error("background work: %s", err.text);
	if (rc > 0) {
		role_bell(ix->role, BELL_ACCESS, 0);
		role_bell(ix->role, BELL_ACCOUNTS, 0);
	}
	loop_timer_set(ix->jobs_timer, rc > 0 ? JOBS_NEXT_MS : JOBS_IDLE_MS);
}

static int add_timers(struct index_role *ix, struct threads_error *err)
{
	const struct {
		struct loop_timer **timer;
		loop_timer_fn *fn;
	} timers[] = { { &ix->tick, batch_tick },
		       { &ix->parse_timer, pool_look },
		       { &ix->parse_retry, pool_look },
		       { &ix->disk_timer, disk_check },
		       { &ix->schedule_timer, schedule_look },
		       { &ix->jobs_timer, on_jobs } };

	for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
		const int rc =
			loop_timer_add(ix->role->loop, timers[i].fn, ix, timers[i].timer, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int index_open(struct role_context *role, struct threads_error *err)
{
	struct index_role *ix = calloc(1, sizeof(*ix));
	int rc;

	if (!ix)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*ix = (struct index_role){
		.role = role, .pack_dir_fd = -1, .upload_dir_fd = -1, .data_dir_fd = -1
	};
	STAILQ_INIT(&ix->unparsed);
	STAILQ_INIT(&ix->parsed);
	STAILQ_INIT(&ix->splits);
	role->state = ix;
	/* Instances of an index that died may still be around: ours never meet them. */
	ix->next_parse_instance = clock_now_ms(NULL);
	raise_fd_limit();
	rc = add_timers(ix, err);
	if (rc == 0)
		rc = make_upload_dir(ix, err);
	if (rc == 0)
		rc = open_dirs(ix, err);
	if (rc == 0)
		rc = filing_open(&ix->filing, err);
	if (rc == 0)
		rc = open_store(ix, err);
	return rc < 0 ? rc : backup_open(ix, err);
}

static int index_start(struct role_context *role, struct threads_error *err)
{
	struct index_role *ix = role->state;
	unsigned char key[ROLE_KEY_BYTES];
	int rc;

	index_pack_key(ix, key);
	rc = blob_thread_new(role->loop, ix->pack_dir_fd, key, &ix->blobs, err);
	OPENSSL_cleanse(key, sizeof(key));
	if (rc < 0)
		return rc;
	disk_check(ix);
	import_resume_all(ix);
	loop_timer_set(ix->schedule_timer, 0);
	loop_timer_set(ix->jobs_timer, 0);
	return 0;
}

static void on_peer_closed(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct index_role *ix = arg;

	if (why)
		log_warning("%s: %s", role_name(peer_role(peer)), why->text);
	if (peer == ix->vault)
		ix->vault = NULL;
	if (peer == ix->auth)
		ix->auth = NULL;
	for (size_t i = 0; i < INDEX_PEERS_MAX; i++)
		if (ix->apis[i] == peer)
			ix->apis[i] = NULL;
	blob_thread_peer_gone(ix->blobs, peer);
	backup_peer_gone(ix, peer);
	import_peer_gone(ix, peer);
}

static void on_peer_lost(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct index_role *ix = arg;

	if (peer_role(peer) == ROLE_VAULT)
		role_link_lost(ix->role->supervisor, peer);
	on_peer_closed(peer, why, ix);
}

/* vault only answers VAULT_DELETE, and with id 0 not even that. */
static int on_vault(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	(void)peer;
	(void)f;
	(void)arg;
	(void)err;
	return 0;
}

static int attach(struct index_role *ix, peer_frame_fn *fn, enum role who, int64_t instance, int fd,
		  struct peer **slot, struct threads_error *err)
{
	const struct peer_handler handler = { fn, on_peer_lost, ix };

	struct peer *old = *slot;

	if (old)
		on_peer_closed(old, NULL, ix);
	*slot = peer_free(old);
	return peer_new(ix->role->loop, fd, who, instance, &handler, slot, err);
}

static int index_on_peer(struct role_context *role, const struct role_peer *peer,
			 struct threads_error *err)
{
	struct index_role *ix = role->state;
	const enum role who = peer->role;
	const int64_t instance = peer->instance;
	const int fd = peer->fd;
	int rc;

	switch ((int)who) {
	case ROLE_API:
		if (instance >= 0 && instance < INDEX_PEERS_MAX)
			return attach(ix, commands_on_api, who, instance, fd, &ix->apis[instance],
				      err);
		break;
	case ROLE_AUTH:
		return attach(ix, commands_on_auth, who, instance, fd, &ix->auth, err);
	case ROLE_VAULT:
		rc = attach(ix, on_vault, who, instance, fd, &ix->vault, err);
		if (rc == 0)
			schedule_tell_vault(ix);
		return rc;
	case ROLE_PARSE:
		return pool_attach(ix, instance, fd, err);
	case ROLE_IMAP:
		return schedule_attach(ix, instance, fd, err);
	default:
		break;
	}
	close(fd);
	return threads_error_set(err, THREADS_EINVAL, "no link with %s", role_name(who));
}

static int index_on_control(struct role_context *role, struct frame *f, struct threads_error *err)
{
	struct index_role *ix = role->state;
	int64_t who, instance, by_signal, status;
	int rc;

	if (f->type != CTL_EXITED)
		return 0;
	who = frame_get_int(f);
	instance = frame_get_int(f);
	by_signal = frame_get_int(f);
	status = frame_get_int(f);
	rc = frame_get_end(f, err);
	if (rc == 0 && who == ROLE_PARSE)
		pool_exited(ix, instance, (int)by_signal);
	if (rc == 0 && who == ROLE_IMAP)
		schedule_exited(ix, instance, by_signal != 0 || status != 0);
	return rc;
}

static void index_on_stop(struct role_context *role)
{
	struct index_role *ix = role->state;

	ix->stopping = true;
	loop_stop(role->loop);
}

/* The file is whole whether this works or not. */
static void end_background(struct index_role *ix)
{
	struct threads_error err;

	if (ix->store && background_end(ix->store, &err) < 0)
		log_warning("hub.db keeps its size: %s", err.text);
}

static void index_close(struct role_context *role)
{
	struct index_role *ix = role->state;
	struct imap_session *session;

	if (!ix)
		return;
	import_free_all(ix);
	while ((session = LIST_FIRST(&ix->sessions)))
		imap_session_free(session);
	pool_free(ix);
	batch_free_all(ix);
	for (size_t i = 0; i < INDEX_PEERS_MAX; i++)
		ix->apis[i] = peer_free(ix->apis[i]);
	ix->auth = peer_free(ix->auth);
	ix->vault = peer_free(ix->vault);
	ix->blobs = blob_thread_free(ix->blobs);
	ix->verify = verify_thread_free(ix->verify);
	ix->backup = backup_source_free(ix->backup);
	ix->ingest = ingest_free(ix->ingest);
	end_background(ix);
	ix->store = store_close(ix->store);
	ix->filing = filing_close(ix->filing);
	if (ix->pack_dir_fd >= 0)
		close(ix->pack_dir_fd);
	if (ix->upload_dir_fd >= 0)
		close(ix->upload_dir_fd);
	if (ix->data_dir_fd >= 0)
		close(ix->data_dir_fd);
	free(ix);
}

int main(void)
{
	static const struct role_program program = {
		.role = ROLE_INDEX,
		.rules = index_rules,
		.open = index_open,
		.start = index_start,
		.on_peer = index_on_peer,
		.on_control = index_on_control,
		.on_stop = index_on_stop,
		.close = index_close,
	};

	return role_main(&program);
}
