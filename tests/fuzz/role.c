/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fuzz target of a role: its main.c, opened as role_main() would after a
 * legitimate start, but for confinement; then the frames of a script (script.h)
 * from each link that it has. Links:
 *
 *	supervisor	straight to on_control()
 *	http, api, ...	a socket pair for on_peer(); CTL_START is answered with one, too
 *	browser		raw bytes to the listening socket ("~" is CR LF), for http
 *	ctl		threadsctl on the control socket: api accepts it, auth gets it from api
 *
 * The data folder is a fresh copy for each input. main.c is linked with its
 * main() renamed to role_entry(), and the linker gives its role_main() to
 * __wrap_role_main(), which keeps the table of callbacks.
 */
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log.h"
#include "crypto/seal.h"
#include "ipc/role.h"
#include "ipc/role_name.h"
#include "ipc/ticket.h"
#include "script.h"
#include "seed.h"
#include "threads/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_role_main(const struct role_program *program);
int __wrap_setitimer(int which, const struct itimerval *value, struct itimerval *old);
int role_entry(void);

enum { LINKS_MAX = 12, TURNS = 6, PATH_SIZE = 256, STARTED_MAX = 4 };

struct link {
	enum role role;
	int64_t instance;
	int fd; /* our end */
};

struct world {
	struct role_context role;
	int supervisor_fd; /* our end */
	struct link links[LINKS_MAX];
	size_t link_count, started;
	int browser_fd, port;
	int ctl_fd; /* our end, -1 = not connected */
	struct sockaddr_un control;
	socklen_t control_len;
	unsigned char ticket[TICKET_LEN];
};

static const struct role_program *program;
static char base_dir[PATH_SIZE], work_dir[PATH_SIZE];

int __wrap_role_main(const struct role_program *p)
{
	program = p;
	return 0;
}

/* parse's limit of CPU for a message would end the fuzzer. */
int __wrap_setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
	(void)which;
	(void)value;
	(void)old;
	return 0;
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fixture: %s: %m\n", what);
	abort();
}

/* ---- folders ---- */

static void folder_empty(const char *path)
{
	DIR *dir = opendir(path);

	if (!dir)
		return;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char name[PATH_SIZE * 2];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (unlink(name) < 0) {
			folder_empty(name);
			rmdir(name);
		}
	}
	closedir(dir);
}

static void file_copy(const char *from, const char *to)
{
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat st;

	must(in >= 0 && out >= 0 && fstat(in, &st) == 0, to);
	while (st.st_size > 0) {
		const ssize_t n = sendfile(out, in, NULL, (size_t)st.st_size);

		must(n > 0, to);
		st.st_size -= n;
	}
	close(in);
	close(out);
}

static void folder_copy(const char *from, const char *to)
{
	DIR *dir = opendir(from);

	must(dir != NULL, from);
	(void)mkdir(to, 0700);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char a[PATH_SIZE * 2], b[PATH_SIZE * 2];
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(a, sizeof(a), "%s/%s", from, e->d_name);
		snprintf(b, sizeof(b), "%s/%s", to, e->d_name);
		must(stat(a, &st) == 0, a);
		if (S_ISDIR(st.st_mode))
			folder_copy(a, b);
		else
			file_copy(a, b);
	}
	closedir(dir);
}

static void folders_remove(void)
{
	folder_empty(base_dir);
	folder_empty(work_dir);
	rmdir(base_dir);
	rmdir(work_dir);
}

/* ---- the role ---- */

static int on_supervisor(struct peer *peer, struct frame *f, void *arg, struct threads_error *err)
{
	(void)peer;
	(void)f;
	(void)arg;
	(void)err;
	return 0;
}

static void add_link(struct world *w, enum role who, int64_t instance)
{
	struct threads_error err;
	int pair[2];

	if (w->link_count == LINKS_MAX)
		return;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0,
	     "socketpair");
	const struct role_peer peer = { who, instance, { "127.0.0.1", 1, true }, pair[0] };

	if (program->on_peer(&w->role, &peer, &err) < 0) {
		close(pair[1]);
		return;
	}
	w->links[w->link_count++] = (struct link){ who, instance, pair[1] };
}

static void listen_here(struct world *w)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 8) == 0 &&
		     getsockname(fd, (struct sockaddr *)&address, &len) == 0,
	     "listen");
	w->port = ntohs(address.sin_port);
	w->role.listen_fds[w->role.listen_count++] = fd;
}

/* The kernel finds a name for the control socket. */
static void listen_control(struct world *w)
{
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	w->control.sun_family = AF_UNIX;
	w->control_len = sizeof(w->control);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&w->control, sizeof(sa_family_t)) == 0 &&
		     listen(fd, 8) == 0 &&
		     getsockname(fd, (struct sockaddr *)&w->control, &w->control_len) == 0,
	     "control socket");
	w->role.listen_fds[w->role.listen_count++] = fd;
}

static void make_ticket(struct world *w)
{
	struct ticket ticket = { .kind = TICKET_USER,
				 .subject = SEED_USER,
				 .session = SEED_USER,
				 .strong_ms = clock_now_ms(NULL),
				 .expires_ms = clock_now_ms(NULL) + TICKET_LIFE_MS };

	must(ticket_make(w->role.ticket_key, &ticket, w->ticket, NULL) == 0, "ticket");
}

static void world_open(struct world *w)
{
	const struct peer_handler handler = { on_supervisor, NULL, NULL };
	struct threads_error err = { 0 };
	int pair[2];

	*w = (struct world){ .browser_fd = -1,
			     .ctl_fd = -1,
			     .role.role_id = program->role,
			     .role.data_dir = work_dir,
			     .role.has_key = true };
	memset(w->role.key, 'k', sizeof(w->role.key));
	memset(w->role.ticket_key, 't', sizeof(w->role.ticket_key));
	make_ticket(w);
	must(config_new(&w->role.config, &err) == 0 &&
		     config_read_text(w->role.config, "log_level = 3\nhttp_connections = 16\n",
				      &err) == 0,
	     err.text);
	must(loop_new(&w->role.loop, &err) == 0, err.text);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0,
	     "socketpair");
	w->supervisor_fd = pair[1];
	must(peer_new(w->role.loop, pair[0], ROLE_SUPERVISOR, 0, &handler, &w->role.supervisor,
		      &err) == 0,
	     err.text);
	if (program->role == ROLE_HTTP)
		listen_here(w);
	if (program->role == ROLE_API)
		listen_control(w);
	must(program->open(&w->role, &err) == 0, err.text);
	if (program->start)
		must(program->start(&w->role, &err) == 0, err.text);
	for (enum role who = ROLE_HTTP; who < ROLE_COUNT; who++)
		if (who != ROLE_CTL)
			add_link(w, who, 0);
}

static void world_close(struct world *w)
{
	if (program->close)
		program->close(&w->role);
	peer_free(w->role.supervisor);
	loop_free(w->role.loop);
	config_free(w->role.config);
	close(w->supervisor_fd);
	for (size_t i = 0; i < w->link_count; i++)
		if (w->links[i].fd >= 0)
			close(w->links[i].fd);
	if (w->browser_fd >= 0)
		close(w->browser_fd);
	if (w->ctl_fd >= 0)
		close(w->ctl_fd);
	for (size_t i = 0; i < w->role.listen_count; i++)
		close(w->role.listen_fds[i]);
}

/* ---- a script ---- */

/* What the role wants started is there at once. */
static void play_supervisor(struct world *w)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	enum role who;

	while (frame_recv(w->supervisor_fd, &f, NULL) == 1) {
		if (f.type != CTL_START || w->started++ >= STARTED_MAX)
			continue;
		who = (enum role)frame_get_int_in(&f, 0, ROLE_COUNT - 1);
		add_link(w, who, frame_get_int(&f));
	}
}

static void turn(struct world *w)
{
	struct threads_error err;

	for (int i = 0; i < TURNS; i++)
		must(loop_turn(w->role.loop, 0, &err) >= 0, "loop");
	play_supervisor(w);
	for (size_t i = 0; i < w->link_count; i++) {
		CLEANUP(frame_release) struct frame f = FRAME_INIT;

		while (w->links[i].fd >= 0 && frame_recv(w->links[i].fd, &f, NULL) == 1)
			continue;
	}
}

static void browse(struct world *w, const struct script_line *line)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)w->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text[SCRIPT_LINE_MAX * 2];
	size_t len = 0;

	if (program->role != ROLE_HTTP)
		return;
	if (strcmp(line->type, "new") == 0 && w->browser_fd >= 0) {
		close(w->browser_fd);
		w->browser_fd = -1;
	}
	if (w->browser_fd < 0) {
		w->browser_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		must(w->browser_fd >= 0 && connect(w->browser_fd, (struct sockaddr *)&address,
						   sizeof(address)) == 0,
		     "connect");
		must(fcntl(w->browser_fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
	}
	for (const char *p = line->rest; *p; p++) {
		if (*p == '~')
			text[len++] = '\r';
		text[len++] = (char)(*p == '~' ? '\n' : *p);
	}
	(void)!send(w->browser_fd, text, len, MSG_NOSIGNAL);
	(void)!recv(w->browser_fd, text, sizeof(text), 0);
}

static struct link *find_link(struct world *w, const char *name)
{
	/* The last of a name: parsers and connections come and go. */
	for (size_t i = w->link_count; i-- > 0;)
		if (strcmp(role_name(w->links[i].role), name) == 0)
			return &w->links[i];
	return NULL;
}

/* api accepts on its socket; auth gets the connection passed on. */
static void connect_ctl(struct world *w)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const struct link *api = find_link(w, "api");
	struct threads_error err;
	int pair[2];

	if (program->role == ROLE_API) {
		w->ctl_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		must(w->ctl_fd >= 0 && connect(w->ctl_fd, (struct sockaddr *)&w->control,
					       w->control_len) == 0,
		     "connect");
	} else if (program->role == ROLE_AUTH && api && api->fd >= 0) {
		must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) ==
			     0,
		     "socketpair");
		w->ctl_fd = pair[0];
		frame_begin(&f, AUTH_CONTROL, 0);
		frame_put_fd(&f, pair[1]);
		(void)!frame_send(api->fd, &f, &err);
		close(pair[1]);
	}
}

static void say_ctl(struct world *w, const struct frame *said)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (w->ctl_fd < 0)
		connect_ctl(w);
	if (w->ctl_fd < 0 || frame_send(w->ctl_fd, said, &err) < 0)
		return;
	turn(w);
	while (frame_recv(w->ctl_fd, &f, &err) == 1)
		continue;
}

static void play(struct world *w, const struct script_line *line)
{
	const struct script_word words[] = { { "ticket", w->ticket, sizeof(w->ticket) },
					     { NULL, NULL, 0 } };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	struct link *link;

	if (strcmp(line->link, "browser") == 0) {
		browse(w, line);
	} else if (strcmp(line->link, "close") == 0) {
		link = find_link(w, line->type);
		if (link && link->fd >= 0) {
			close(link->fd);
			link->fd = -1;
			turn(w);
			add_link(w, link->role, link->instance);
		}
	} else if (script_frame(line, words, &f)) {
		link = find_link(w, line->link);
		if (strcmp(line->link, "ctl") == 0)
			say_ctl(w, &f);
		else if (strcmp(line->link, "supervisor") == 0 && program->on_control)
			(void)!program->on_control(&w->role, &f, &err);
		else if (link && link->fd >= 0)
			(void)!frame_send(link->fd, &f, &err);
	}
}

/* Frames to on_control() are read as if they had come over the socket: from their beginning. */
static void prepare(void)
{
	const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	const struct rlimit files = { 4096, 4096 };

	(void)setrlimit(RLIMIT_NOFILE, &files);
	role_entry();
	log_setup("fuzz", LOG_LEVEL_ERROR);
	snprintf(base_dir, sizeof(base_dir), "%s/threads-fuzz-XXXXXX", shm);
	snprintf(work_dir, sizeof(work_dir), "%s/threads-fuzz-XXXXXX", shm);
	must(mkdtemp(base_dir) && mkdtemp(work_dir), "folder");
	atexit(folders_remove);
	seed_folder(program->role, base_dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script_line line;
	struct world w;
	size_t at = 0;

	if (!program)
		prepare();
	folder_empty(work_dir);
	folder_copy(base_dir, work_dir);
	world_open(&w);
	turn(&w);
	for (int i = 0; i < SCRIPT_LINES_MAX && script_next(data, size, &at, &line); i++) {
		play(&w, &line);
		turn(&w);
	}
	if (program->role == ROLE_IMAP || program->role == ROLE_DIAL || program->role == ROLE_INDEX)
		usleep(500); /* threads of theirs */
	turn(&w);
	world_close(&w);
	return 0;
}
