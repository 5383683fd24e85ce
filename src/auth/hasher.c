/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/hasher.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "crypto/hmac.h"

STAILQ_HEAD(hash_jobs, hash_job);

struct hasher {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool running, ending;
	struct hash_jobs waiting, done; /* under lock */
	size_t in_hand;                 /* loop's thread only */
	int event_fd;
	struct loop_watch *watch;
};

struct hash_job *hash_job_new(void)
{
	return calloc(1, sizeof(struct hash_job));
}

void hash_job_freep(struct hash_job **job)
{
	if (*job)
		secret_cleanse(*job, sizeof(**job));
	free(*job);
	*job = NULL;
}

static void job_work(struct hash_job *job)
{
	const char *next = NULL;

	job->rc = 1;
	if (job->verify && job->phc[0])
		job->rc =
			password_verify(job->phc, job->password, strlen(job->password), &job->err);
	else if (job->verify)
		job->rc = password_verify_nobody(job->password, strlen(job->password), &job->err);
	if (job->rc != 1)
		return;
	if (job->make)
		next = job->new_password;
	else if (job->verify && password_needs_rehash(job->phc))
		next = job->password;
	if (!next)
		return;

	const int rc = password_hash(next, strlen(next), job->new_phc, &job->err);

	job->made = rc == 0;
	if (rc < 0)
		job->rc = rc;
}

static void *worker(void *arg)
{
	struct hasher *h = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		struct hash_job *job = STAILQ_FIRST(&h->waiting);

		if (h->ending)
			break;
		if (!job) {
			pthread_cond_wait(&h->wake, &h->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&h->waiting, link);
		pthread_mutex_unlock(&h->lock);
		job_work(job);
		pthread_mutex_lock(&h->lock);
		STAILQ_INSERT_TAIL(&h->done, job, link);
		/* Cannot fill up: at most HASHER_QUEUE_MAX are counted. */
		(void)!write(h->event_fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static struct hash_job *take_done(struct hasher *h)
{
	struct hash_job *job;

	pthread_mutex_lock(&h->lock);
	job = STAILQ_FIRST(&h->done);
	if (job)
		STAILQ_REMOVE_HEAD(&h->done, link);
	pthread_mutex_unlock(&h->lock);
	return job;
}

static void on_done(int fd, uint32_t events, void *arg)
{
	struct hasher *h = arg;
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (;;) {
		CLEANUP(hash_job_freep) struct hash_job *job = take_done(h);

		if (!job)
			return;
		h->in_hand--;
		job->done(job, job->arg);
	}
}

int hasher_new(struct loop *loop, struct hasher **ret_hasher, struct threads_error *err)
{
	struct hasher *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	STAILQ_INIT(&h->waiting);
	STAILQ_INIT(&h->done);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->wake, NULL);
	h->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->event_fd < 0)
		rc = threads_error_set(err, THREADS_EIO, "eventfd: %m");
	else
		rc = loop_watch_add(loop, h->event_fd, EPOLLIN, on_done, h, &h->watch, err);
	if (rc < 0) {
		hasher_free(h);
		return rc;
	}
	*ret_hasher = h;
	return 0;
}

int hasher_start(struct hasher *h, struct threads_error *err)
{
	sigset_t all, before;
	int rc;

	/* Signals belong to the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&h->thread, NULL, worker, h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		errno = rc;
		return threads_error_set(err, THREADS_EIO, "no thread for password hashes: %m");
	}
	h->running = true;
	return 0;
}

static void drop_jobs(struct hash_jobs *jobs)
{
	struct hash_job *job;

	while ((job = STAILQ_FIRST(jobs))) {
		STAILQ_REMOVE_HEAD(jobs, link);
		hash_job_freep(&job);
	}
}

struct hasher *hasher_free(struct hasher *h)
{
	if (!h)
		return NULL;
	pthread_mutex_lock(&h->lock);
	h->ending = true;
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
	if (h->running)
		pthread_join(h->thread, NULL);
	drop_jobs(&h->waiting);
	drop_jobs(&h->done);
	loop_watch_remove(h->watch);
	if (h->event_fd >= 0)
		close(h->event_fd);
	pthread_cond_destroy(&h->wake);
	pthread_mutex_destroy(&h->lock);
	free(h);
	return NULL;
}

int hasher_submit(struct hasher *h, struct hash_job **job, struct threads_error *err)
{
	if (h->in_hand >= HASHER_QUEUE_MAX)
		return threads_error_set(err, THREADS_EAGAIN, "too many passwords at once");
	h->in_hand++;
	pthread_mutex_lock(&h->lock);
	STAILQ_INSERT_TAIL(&h->waiting, *job, link);
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
	*job = NULL;
	return 0;
}
