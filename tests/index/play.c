/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "supervise.h"

extern char **environ;

/* ---- processes ---- */

static void make_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
}

static void put(int fd, const struct frame *f)
{
	struct threads_error err = { 0 };
	int rc = THREADS_EAGAIN;

	for (int i = 0; i < 400 && rc == THREADS_EAGAIN; i++) {
		rc = frame_send(fd, f, &err);
		if (rc == THREADS_EAGAIN)
			usleep(5000);
	}
	if (rc < 0 && rc != THREADS_EIO) /* EIO: the other side is gone, which tests see later */
		fail_msg("frame %u: %s", f->type, err.text);
}

/* path: below the build folder. link becomes fd 3, shared (if not -1) fd 4. */
static pid_t spawn(const char *path, int link, int shared)
{
	char program[512];
	char *const argv[] = { program, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/%s", THREADS_BINARY_DIR, path);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, link, 3);
	if (shared >= 0)
		posix_spawn_file_actions_adddup2(&actions, shared, 4);
	assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void send_config(const struct play *p, int fd, enum role role, int64_t instance)
{
	static const unsigned char key[32] = { 1, 2, 3 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	supervise_put_config(&f,
			     &(struct supervise_config){ .role = role,
							 .instance = instance,
							 .folder = p->dir,
							 .config = p->config,
							 .key = role == ROLE_INDEX ? key : NULL });
	put(fd, &f);
}

static void send_peer(int control, enum role role, int64_t instance, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	supervise_put_peer(&f, role, instance, fd);
	put(control, &f);
}

int play_link(struct play *p, enum role role, int64_t instance)
{
	int pair[2];

	make_pair(pair);
	send_peer(p->control, role, instance, pair[1]);
	close(pair[1]);
	return pair[0];
}

void play_exited(struct play *p, enum role role, int64_t instance, int by_signal, int status)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_EXITED, 0);
	frame_put_int(&f, role);
	frame_put_int(&f, instance);
	frame_put_int(&f, by_signal);
	frame_put_int(&f, status);
	if (p->control >= 0)
		put(p->control, &f);
}

void play_tell(struct play *p, uint16_t type)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, 0);
	put(p->control, &f);
}

/* ---- parsers ---- */

/* It needs no supervisor: its link is there at once. */
static void start_fake(struct play *p, struct play_child *child)
{
	int pair[2];

	make_pair(pair);
	child->control = -1;
	child->pid = spawn("tests/index/fake-parse", pair[1], p->shared_fd);
	send_peer(p->control, ROLE_PARSE, child->instance, pair[0]);
	close(pair[0]);
	close(pair[1]);
}

static void start_real(struct play *p, struct play_child *child)
{
	int pair[2];

	make_pair(pair);
	child->pid = spawn("libexec/threads-parse", pair[1], -1);
	child->control = pair[0];
	close(pair[1]);
	send_config(p, child->control, ROLE_PARSE, child->instance);
}

static void start_parse(struct play *p, int64_t instance)
{
	size_t i = 0;

	p->parse_starts++;
	p->parse_instance = instance;
	if (p->hold)
		return;
	while (i < PLAY_CHILDREN && p->children[i].pid != 0)
		i++;
	assert_true(i < PLAY_CHILDREN);
	p->children[i] = (struct play_child){ .instance = instance, .control = -1 };
	if (p->fake)
		start_fake(p, &p->children[i]);
	else
		start_real(p, &p->children[i]);
}

/* A real parser is ready: it and index get their link. */
static void hear_parse(struct play *p, struct play_child *child)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int fd;

	if (frame_recv(child->control, &f, &err) != 1 || f.type != CTL_READY)
		return;
	fd = play_link(p, ROLE_PARSE, child->instance);
	send_peer(child->control, ROLE_INDEX, 0, fd);
	close(fd);
	if (p->kill_next)
		kill(child->pid, SIGKILL);
	p->kill_next = false;
}

static void reap(struct play *p, struct play_child *child)
{
	int status;

	if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->pid = 0;
	if (child->control >= 0)
		close(child->control);
	p->parse_signals += WIFSIGNALED(status);
	play_exited(p, ROLE_PARSE, child->instance, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		    WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void kill_parse(struct play *p, int64_t instance)
{
	p->parse_kills++;
	for (size_t i = 0; i < PLAY_CHILDREN; i++)
		if (p->children[i].pid && p->children[i].instance == instance)
			kill(p->children[i].pid, SIGKILL);
}

/* Parsers end by themselves when index is gone. */
static void drop_children(struct play *p)
{
	for (size_t i = 0; i < PLAY_CHILDREN; i++) {
		struct play_child *child = &p->children[i];

		if (child->pid == 0)
			continue;
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
		if (child->control >= 0)
			close(child->control);
		child->pid = 0;
	}
}

/* ---- what index says to the supervisor ---- */

static void on_start(struct play *p, struct frame *f)
{
	const int64_t role = frame_get_int(f), instance = frame_get_int(f);

	if (role == ROLE_PARSE) {
		start_parse(p, instance);
		return;
	}
	assert_int_equal(role, ROLE_IMAP);
	p->imap_starts++;
	p->imap_instance = instance;
	snprintf(p->imap_host, sizeof(p->imap_host), "%s", frame_get_text(f));
	p->imap_port = (int)frame_get_int(f);
	p->imap_private = frame_get_int(f) == 1;
}

static void on_kill(struct play *p, struct frame *f)
{
	const int64_t role = frame_get_int(f), instance = frame_get_int(f);

	if (role == ROLE_PARSE) {
		kill_parse(p, instance);
		return;
	}
	p->imap_kills++;
	p->imap_instance = instance;
}

static void hear_index(struct play *p)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int rc;

	while ((rc = frame_recv(p->control, &f, &err)) == 1) {
		if (f.type == CTL_READY)
			p->ready = true;
		else if (f.type == CTL_START)
			on_start(p, &f);
		else if (f.type == CTL_KILL)
			on_kill(p, &f);
		else if (f.type == CTL_BELL)
			p->bells[frame_get_int_in(&f, 0, BELL_COUNT - 1)]++;
	}
	if (rc == 0)
		fail_msg("index ended by itself");
}

void play_turn(struct play *p, int wait_ms)
{
	struct pollfd fds[1 + PLAY_CHILDREN] = { { .fd = p->control, .events = POLLIN } };

	for (size_t i = 0; i < PLAY_CHILDREN; i++)
		fds[1 + i] =
			(struct pollfd){ .fd = p->children[i].pid ? p->children[i].control : -1,
					 .events = POLLIN };
	poll(fds, ARRAY_SIZE(fds), wait_ms);
	for (size_t i = 0; i < PLAY_CHILDREN; i++)
		if (fds[1 + i].revents & POLLIN)
			hear_parse(p, &p->children[i]);
	if (fds[0].revents)
		hear_index(p);
	for (size_t i = 0; i < PLAY_CHILDREN; i++)
		reap(p, &p->children[i]);
}

/* ---- life ---- */

void play_start(struct play *p, const char *config)
{
	int pair[2];

	snprintf(p->config, sizeof(p->config), "log_level = %d\n%s", p->quiet ? 3 : 4, config);
	make_pair(pair);
	p->pid = spawn("libexec/threads-index", pair[1], -1);
	close(pair[1]);
	p->control = pair[0];
	p->ready = false;
	send_config(p, p->control, ROLE_INDEX, 0);
	play_wait(p, p->ready);
	p->api = play_link(p, ROLE_API, 0);
	p->auth = play_link(p, ROLE_AUTH, 0);
	p->vault = play_link(p, ROLE_VAULT, 0);
}

static void close_links(struct play *p)
{
	int *const fds[] = { &p->control, &p->api, &p->auth, &p->vault };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	p->pid = 0;
}

void play_stop(struct play *p)
{
	int status = -1;
	pid_t ended = 0;

	play_tell(p, CTL_STOP);
	for (int i = 0; i < 2000 && ended == 0; i++) {
		ended = waitpid(p->pid, &status, WNOHANG);
		usleep(5000);
	}
	close_links(p);
	drop_children(p);
	/* Also a sanitizer's word about index. */
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("index ended with status %#x", (unsigned int)status);
}

void play_kill(struct play *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close_links(p);
	drop_children(p);
}

static void make_folders(struct play *p)
{
	static const char *const names[] = { "hub", "hub/upload", "packs", "sample" };
	char path[128];

	snprintf(p->dir, sizeof(p->dir), "/tmp/threads-index-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

int play_setup(void **state)
{
	CLEANUP(strbuf_release) struct strbuf options = STRBUF_INIT(4096);
	const char *given = getenv("ASAN_OPTIONS");
	struct play *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	/* LeakSanitizer stops the process with ptrace(), which the sandbox ends. */
	if (!given || !strstr(given, "detect_leaks=0")) {
		strbuf_addf(&options, "%s:detect_leaks=0", given ? given : "");
		setenv("ASAN_OPTIONS", strbuf_str(&options), 1);
	}
	p->control = p->api = p->auth = p->vault = -1;
	/* A high number: the programs get it as 4. */
	p->shared_fd = fcntl(memfd_create("shared", MFD_CLOEXEC), F_DUPFD_CLOEXEC, 20);
	assert_int_equal(ftruncate(p->shared_fd, sizeof(*p->shared)), 0);
	p->shared =
		mmap(NULL, sizeof(*p->shared), PROT_READ | PROT_WRITE, MAP_SHARED, p->shared_fd, 0);
	assert_true(p->shared != MAP_FAILED);
	make_folders(p);
	*state = p;
	play_start(p, "");
	return 0;
}

int play_teardown(void **state)
{
	struct play *p = *state;
	char rm[] = "rm", all[] = "-rf";
	char *const argv[] = { rm, all, p->dir, NULL };
	pid_t pid;

	/* After a failed test it may hang: no word of it is worth waiting for. */
	if (p->pid)
		play_stop(p);
	if (strncmp(p->dir, "/tmp/threads-index-", 19) == 0 &&
	    posix_spawnp(&pid, "rm", NULL, NULL, argv, environ) == 0)
		waitpid(pid, NULL, 0);
	munmap(p->shared, sizeof(*p->shared));
	close(p->shared_fd);
	free(p);
	return 0;
}

/* ---- questions ---- */

void play_send(struct play *p, int fd, const struct frame *f)
{
	(void)p;
	put(fd, f);
}

int play_next(struct play *p, int fd, struct frame *f)
{
	struct threads_error err = { 0 };

	for (int i = 0; i < PLAY_WAIT_MS / 2; i++) {
		struct pollfd one = { .fd = fd, .events = POLLIN };
		const int rc = frame_recv(fd, f, &err);

		if (rc >= 0)
			return rc;
		if (rc == THREADS_EIO) /* reset: closed with frames of ours unread */
			return 0;
		if (rc != THREADS_EAGAIN)
			fail_msg("frame of index: %s", err.text);
		play_turn(p, 0);
		poll(&one, 1, 2);
	}
	fail_msg("index does not answer");
	return 0;
}

int play_ask(struct play *p, int fd, struct frame *question, struct frame *answer)
{
	question->id = ++p->last_id;
	put(fd, question);
	for (;;) {
		if (play_next(p, fd, answer) == 0)
			return 0;
		if (answer->id == question->id)
			return 1;
	}
}

static struct play_answer answer_read(struct frame *f)
{
	struct play_answer answer = { 0 };

	if (f->type == IPC_ERROR) {
		answer.code = (int)frame_get_int(f);
		snprintf(answer.words, sizeof(answer.words), "%s", frame_get_text(f));
	} else if (f->type == INDEX_DONE) {
		snprintf(answer.id, sizeof(answer.id), "%s", frame_get_text(f));
		snprintf(answer.words, sizeof(answer.words), "%s", frame_get_text(f));
	} else if (f->type != IPC_OK) {
		fail_msg("unexpected answer %u", f->type);
	}
	assert_rc(frame_get_end(f, &(struct threads_error){ 0 }), 0,
		  &(struct threads_error){ .text = "an answer of another shape" });
	return answer;
}

struct play_answer play_do(struct play *p, int fd, struct frame *question)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	if (play_ask(p, fd, question, &answer) == 0)
		return (struct play_answer){ .code = 1 };
	return answer_read(&answer);
}

struct play_answer play_take(struct play *p, int fd)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	if (play_next(p, fd, &answer) == 0)
		return (struct play_answer){ .code = 1 };
	return answer_read(&answer);
}
