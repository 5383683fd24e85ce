/* SPDX-License-Identifier: Apache-2.0 */
#include "dial/attempts.h"

#include <pthread.h>
#include <sys/eventfd.h>

enum { STACK_BYTES = 512 * 1024 };

/* What threads and the loop share; lives until the last of them lets go. */
struct attempt_box {
	pthread_mutex_t lock;
	struct attempt *done; /* for the loop */
	int news_fd;          /* eventfd, -1 when the loop is gone */
	size_t users;
};

struct attempts {
	struct attempt_box *box;
	struct loop_watch *watch;
	attempt_done_fn *done;
	void *arg;
};

static void attempt_free(struct attempt *attempt)
{
	if (attempt->result.fd >= 0)
		close(attempt->result.fd);
	free(attempt);
}

static void box_join(struct attempt_box *box)
{
	pthread_mutex_lock(&box->lock);
	box->users++;
	pthread_mutex_unlock(&box->lock);
}

static void box_release(struct attempt_box *box)
{
	bool last;

	pthread_mutex_lock(&box->lock);
	last = --box->users == 0;
	pthread_mutex_unlock(&box->lock);
	if (!last)
		return;
	while (box->done) {
		struct attempt *attempt = box->done;

		box->done = attempt->next;
		attempt_free(attempt);
	}
	pthread_mutex_destroy(&box->lock);
	free(box);
}

/* Belongs to its thread until it is in box->done. */
static void *attempt_run(void *arg)
{
	struct attempt *attempt = arg;
	struct attempt_box *box = attempt->box;
	const uint64_t one = 1;

	target_connect(&attempt->target, &attempt->result);
	pthread_mutex_lock(&box->lock);
	attempt->next = box->done;
	box->done = attempt;
	if (box->news_fd >= 0)
		(void)!write(box->news_fd, &one, sizeof(one));
	pthread_mutex_unlock(&box->lock);
	box_release(box);
	return NULL;
}

static void on_news(int fd, uint32_t events, void *arg)
{
	struct attempts *attempts = arg;
	struct attempt *done;
	uint64_t count;

	(void)events;
	(void)!read(fd, &count, sizeof(count));
	pthread_mutex_lock(&attempts->box->lock);
	done = TAKE_PTR(attempts->box->done);
	pthread_mutex_unlock(&attempts->box->lock);
	while (done) {
		struct attempt *attempt = done;

		done = attempt->next;
		attempts->done(attempt, attempts->arg);
		attempt_free(attempt);
	}
}

static int thread_start(struct attempt *attempt)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&thread, &attr, attempt_run, attempt);
	pthread_attr_destroy(&attr);
	return rc;
}

int attempt_start(struct attempts *attempts, const struct target *target, int64_t serial,
		  const struct attempt **ret_attempt, struct threads_error *err)
{
	AUTO_FREE struct attempt *attempt = calloc(1, sizeof(*attempt));

	if (!attempt)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	attempt->serial = serial;
	attempt->target = *target;
	attempt->box = attempts->box;
	box_join(attempts->box);
	if (thread_start(attempt) != 0) {
		box_release(attempts->box);
		return threads_error_set(err, THREADS_ENOMEM, "no thread to connect in");
	}
	*ret_attempt = TAKE_PTR(attempt);
	return 0;
}

int attempts_new(struct loop *loop, attempt_done_fn *done, void *arg,
		 struct attempts **ret_attempts, struct threads_error *err)
{
	struct attempts *attempts = calloc(1, sizeof(*attempts));
	struct attempt_box *box = calloc(1, sizeof(*box));
	int rc;

	if (!attempts || !box) {
		free(attempts);
		free(box);
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	*attempts = (struct attempts){ .box = box, .done = done, .arg = arg };
	box->users = 1;
	pthread_mutex_init(&box->lock, NULL);
	box->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = box->news_fd < 0 ? threads_error_set(err, THREADS_EIO, "eventfd: %m")
			      : loop_watch_add(loop, box->news_fd, EPOLLIN, on_news, attempts,
					       &attempts->watch, err);
	if (rc < 0) {
		attempts_free(attempts);
		return rc;
	}
	*ret_attempts = attempts;
	return 0;
}

struct attempts *attempts_free(struct attempts *attempts)
{
	if (!attempts)
		return NULL;
	loop_watch_remove(attempts->watch);
	pthread_mutex_lock(&attempts->box->lock);
	if (attempts->box->news_fd >= 0)
		close(attempts->box->news_fd);
	attempts->box->news_fd = -1;
	pthread_mutex_unlock(&attempts->box->lock);
	box_release(attempts->box);
	free(attempts);
	return NULL;
}
