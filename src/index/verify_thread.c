/* SPDX-License-Identifier: Apache-2.0 */
#include "index/verify_thread.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "core/json.h"
#include "core/log.h"
#include "index/reply.h"
#include "store/verify.h"

enum { REPORT_BYTES = 100 * 1024 };

struct verify_thread {
	struct index_role *ix;
	struct peer *peer; /* NULL: gone */
	uint32_t id;
	bool running;
	pthread_t thread;
	int event_fd;
	struct loop_watch *watch;
	struct db_snapshot *snapshot;
	struct verify_order order;
	atomic_bool stop;
	/* made by the thread */
	struct strbuf report;
	int rc;
	struct threads_error err;
};

static void answer(struct verify_thread *verify)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (!verify->peer)
		return;
	if (verify->rc < 0) {
		(void)reply_error(verify->peer, verify->id, verify->rc, &verify->err);
		return;
	}
	frame_begin(&f, INDEX_VERIFY_IS, verify->id);
	frame_put_text(&f, strbuf_str(&verify->report));
	if (peer_send(verify->peer, &f, &err) < 0)
		log_warning("verify: %s", err.text);
}

/* Takes the check away from the role: another may begin. */
static void conclude(struct verify_thread *verify)
{
	struct index_role *ix = verify->ix;

	answer(verify);
	ix->verify = verify_thread_free(verify);
	loop_timer_set(ix->jobs_timer, 0); /* what was not erased meanwhile */
}

static void on_done(int fd, uint32_t events, void *arg)
{
	struct verify_thread *verify = arg;
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		conclude(verify);
}

static void *thread_main(void *arg)
{
	CLEANUP(store_closep) struct store *store = NULL;
	struct verify_thread *verify = arg;
	const uint64_t one = 1;
	int faults = 0;

	verify->rc =
		store_open(db_snapshot_path(verify->snapshot), STORE_COPY, &store, &verify->err);
	if (verify->rc == 0)
		verify->rc =
			store_verify(store, &verify->order, &verify->report, &faults, &verify->err);
	store = store_close(store);
	if (write(verify->event_fd, &one, sizeof(one)) < 0)
		log_error("eventfd: %m");
	return NULL;
}

int verify_thread_new(struct index_role *ix, struct peer *peer, uint32_t id, bool deep,
		      struct threads_error *err)
{
	struct verify_thread *verify = calloc(1, sizeof(*verify));
	unsigned char key[ROLE_KEY_BYTES];
	int rc;

	if (!verify)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	*verify = (struct verify_thread){
		.ix = ix,
		.peer = peer,
		.id = id,
		.report = STRBUF_INIT(REPORT_BYTES),
		.order = { .pack_dir_fd = ix->pack_dir_fd, .deep = deep, .stop = &verify->stop },
	};
	verify->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	index_pack_key(ix, key);
	rc = pack_reader_new(ix->pack_dir_fd, key, &verify->order.packs, err);
	OPENSSL_cleanse(key, sizeof(key));
	if (rc == 0)
		rc = loop_watch_add(ix->role->loop, verify->event_fd, EPOLLIN, on_done, verify,
				    &verify->watch, err);
	if (rc < 0) {
		verify_thread_free(verify);
		return rc;
	}
	ix->verify = verify;
	return 0;
}

/* A page that is damaged ends the copy: that is what the check has found. */
static void report_bad_page(struct verify_thread *verify, const char *words)
{
	CLEANUP(json_freep) json_t *report = json_pack("{s:[s]}", "faults", words);

	verify->rc = report ? json_append(&verify->report, report, &verify->err)
			    : threads_error_set(&verify->err, THREADS_ENOMEM, "out of memory");
}

void verify_thread_run(struct verify_thread *verify, struct db_snapshot *snapshot,
		       const struct threads_error *err)
{
	verify->snapshot = snapshot;
	if (!snapshot && err->code == THREADS_EIO && db_damaged(store_db(verify->ix->store))) {
		report_bad_page(verify, err->text);
	} else if (!snapshot) {
		verify->err = *err;
		verify->rc = (int)err->code;
	} else if (pthread_create(&verify->thread, NULL, thread_main, verify) != 0) {
		verify->rc = threads_error_set(&verify->err, THREADS_EIO, "thread: %m");
	} else {
		verify->running = true;
		return;
	}
	conclude(verify);
}

struct verify_thread *verify_thread_free(struct verify_thread *verify)
{
	if (!verify)
		return NULL;
	atomic_store(&verify->stop, true);
	if (verify->running)
		pthread_join(verify->thread, NULL);
	verify->watch = loop_watch_remove(verify->watch);
	if (verify->event_fd >= 0)
		close(verify->event_fd);
	pack_reader_free(verify->order.packs);
	db_snapshot_free(verify->snapshot);
	strbuf_release(&verify->report);
	free(verify);
	return NULL;
}

void verify_thread_peer_gone(struct verify_thread *verify, const struct peer *peer)
{
	if (!verify || verify->peer != peer)
		return;
	verify->peer = NULL;
	atomic_store(&verify->stop, true);
}
