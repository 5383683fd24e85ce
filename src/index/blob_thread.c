/* SPDX-License-Identifier: Apache-2.0 */
#include "index/blob_thread.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include "core/log.h"
#include "index/reply.h"
#include "ipc/memfd.h"
#include "store/blob_plan.h"

/* Of the texts that wait. One may wait, however long it is. */
enum { PREFIX_BYTES_MAX = 128 << 20 };

struct request {
	struct peer *peer; /* NULL: gone, nobody waits. Loop thread only */
	uint32_t id;
	int64_t message_id;
	struct recipe recipe;
	struct strbuf prefix; /* core/phrases.h; empty if no blob refers to it */
	struct pack_location *locations;
	size_t count;
	/* filled by the thread */
	int rc, fd;
	size_t length;
	struct threads_error err;
	STAILQ_ENTRY(request) link;
};

STAILQ_HEAD(request_queue, request);

struct blob_thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct request_queue todo, done; /* under lock */
	struct request *working;         /* under lock */
	bool stop;                       /* under lock */
	size_t queued;                   /* loop thread only */
	size_t prefix_bytes;             /* of those; loop thread only */
	int event_fd;
	struct loop_watch *watch;
	struct pack_reader *reader; /* the thread's */
};

static void request_free(struct request *r)
{
	recipe_release(&r->recipe);
	strbuf_release(&r->prefix);
	free(r->locations);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

/* What was asked for comes from hub.db: if it does not fit what lies in the packs, nobody asked wrongly. */
static bool is_damage(int rc)
{
	return rc == THREADS_EINVAL || rc == THREADS_ENOENT;
}

static void cook(struct blob_thread *t, struct request *r)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT(RECIPE_PLAIN_MAX);

	pack_reader_prefix(t->reader, &r->prefix);
	r->rc = recipe_cook(&r->recipe, t->reader, r->locations, r->count, &out, &r->err);
	if (is_damage(r->rc))
		r->rc = threads_error_wrap(&r->err, THREADS_EIO,
					   "damaged, see 'threadsctl verify --deep'");
	if (r->rc == 0)
		r->rc = memfd_from("threads-blob", strbuf_str(&out), out.len, &r->fd, &r->err);
	r->length = out.len;
}

static void *thread_main(void *arg)
{
	struct blob_thread *t = arg;
	const uint64_t one = 1;
	struct request *r;

	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		r = STAILQ_FIRST(&t->todo);
		if (!r) {
			pthread_cond_wait(&t->wake, &t->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&t->todo, link);
		t->working = r;
		pthread_mutex_unlock(&t->lock);
		cook(t, r);
		pthread_mutex_lock(&t->lock);
		t->working = NULL;
		STAILQ_INSERT_TAIL(&t->done, r, link);
		if (write(t->event_fd, &one, sizeof(one)) < 0)
			log_error("eventfd: %m");
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void answer(struct request *r)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (!r->peer)
		return;
	if (r->rc < 0) {
		frame_begin_error(&f, r->id, r->rc, r->err.text);
		log_error("blob: %s", r->err.text);
	} else {
		frame_begin(&f, INDEX_BLOB_IS, r->id);
		frame_put_int(&f, (int64_t)r->length);
		frame_put_fd(&f, r->fd);
	}
	if (peer_send(r->peer, &f, &err) < 0)
		log_warning("blob: %s", err.text);
}

static void on_done(int fd, uint32_t events, void *arg)
{
	struct blob_thread *t = arg;
	struct request_queue ready = STAILQ_HEAD_INITIALIZER(ready);
	struct request *r;
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&t->lock);
	STAILQ_CONCAT(&ready, &t->done);
	pthread_mutex_unlock(&t->lock);
	while ((r = STAILQ_FIRST(&ready))) {
		STAILQ_REMOVE_HEAD(&ready, link);
		t->queued--;
		t->prefix_bytes -= r->prefix.cap;
		answer(r);
		request_free(r);
	}
}

int blob_thread_new(struct loop *loop, int pack_dir_fd, const unsigned char *key,
		    struct blob_thread **ret_thread, struct threads_error *err)
{
	struct blob_thread *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	STAILQ_INIT(&t->todo);
	STAILQ_INIT(&t->done);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = pack_reader_new(pack_dir_fd, key, &t->reader, err);
	if (rc == 0)
		rc = loop_watch_add(loop, t->event_fd, EPOLLIN, on_done, t, &t->watch, err);
	if (rc == 0 && pthread_create(&t->thread, NULL, thread_main, t) != 0)
		rc = threads_error_set(err, THREADS_EIO, "thread: %m");
	if (rc < 0) {
		loop_watch_remove(t->watch);
		pack_reader_free(t->reader);
		free(t);
		return rc;
	}
	*ret_thread = t;
	return 0;
}

struct blob_thread *blob_thread_free(struct blob_thread *t)
{
	struct request_queue *const queues[] = { &t->todo, &t->done };
	struct request *r;

	if (!t)
		return NULL;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
		while ((r = STAILQ_FIRST(queues[i]))) {
			STAILQ_REMOVE_HEAD(queues[i], link);
			request_free(r);
		}
	t->watch = loop_watch_remove(t->watch);
	close(t->event_fd);
	pack_reader_free(t->reader);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return NULL;
}

static int read_request(struct request *r, struct frame *f, struct threads_error *err)
{
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	AUTO_FD int fd = -1;
	const void *recipe;
	size_t len;
	int rc;

	r->message_id = frame_get_int(f);
	(void)frame_get_int_in(f, BLOB_RAW, BLOB_ATTACHMENT); /* the recipe says it again */
	recipe = frame_get_bytes(f, &len);
	if (len == 0)
		fd = frame_get_fd(f);
	rc = frame_get_end(f, err);
	if (rc == 0 && len == 0) {
		rc = memfd_map(fd, RECIPE_BYTES_MAX, &view, err);
		recipe = view.data;
		len = view.len;
	}
	return rc < 0 ? rc : recipe_parse(recipe, len, &r->recipe, &r->locations, &r->count, err);
}

/* The text comes from the database here, because the thread has none. A message that
 * is gone leaves its blobs unreadable, and that is told. */
static int read_prefix(struct request *r, struct store *store, struct threads_error *err)
{
	r->prefix = (struct strbuf)STRBUF_INIT(AEAD_PLAIN_MAX);
	return blob_plan_prefix(store, r->message_id, r->locations, r->count, &r->prefix, err);
}

static int too_many(struct threads_error *err)
{
	return threads_error_set(err, THREADS_EAGAIN, "too many blobs asked for at once");
}

int blob_thread_request(struct blob_thread *t, struct store *store, struct peer *peer,
			struct frame *f, struct threads_error *err)
{
	struct request *r;
	int rc;

	if (t->queued >= BLOB_QUEUE_MAX)
		return reply_error(peer, f->id, too_many(err), err);
	r = calloc(1, sizeof(*r));
	if (!r)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	r->fd = -1;
	r->peer = peer;
	r->id = f->id;
	rc = read_request(r, f, err);
	if (rc < 0) {
		request_free(r);
		return rc;
	}
	rc = read_prefix(r, store, err);
	if (rc >= 0 && t->queued > 0 && t->prefix_bytes + r->prefix.cap > PREFIX_BYTES_MAX)
		rc = too_many(err);
	if (rc < 0) {
		request_free(r);
		return reply_error(peer, f->id, rc, err);
	}
	t->queued++;
	t->prefix_bytes += r->prefix.cap;
	pthread_mutex_lock(&t->lock);
	STAILQ_INSERT_TAIL(&t->todo, r, link);
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

static void forget(struct request *r, const struct peer *peer)
{
	if (r && r->peer == peer)
		r->peer = NULL;
}

void blob_thread_peer_gone(struct blob_thread *t, const struct peer *peer)
{
	struct request *r;

	/* peer is only ever read by this thread; the lock keeps the queues still. */
	pthread_mutex_lock(&t->lock);
	STAILQ_FOREACH(r, &t->todo, link)
		forget(r, peer);
	STAILQ_FOREACH(r, &t->done, link)
		forget(r, peer);
	forget(t->working, peer);
	pthread_mutex_unlock(&t->lock);
}
