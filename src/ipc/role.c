/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/role.h"

#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "core/log.h"
#include "ipc/crash.h"
#include "ipc/memory.h"
#include "ipc/metric.h"
#include "ipc/role_name.h"

enum { CONTROL_FD = 3, CONFIG_WAIT_MS = 30 * 1000 };

/* What the callbacks of the control connection need. */
struct role_run {
	struct role_context role;
	const struct role_program *program;
	char data_dir[ROLE_PATH_BYTES];
	int memory_fd;
};

static int copy_key(struct frame *f, unsigned char key[ROLE_KEY_BYTES], bool *ret_given)
{
	size_t len;
	const void *bytes = frame_get_bytes(f, &len);

	if (len != 0 && len != ROLE_KEY_BYTES)
		return -1;
	if (len)
		memcpy(key, bytes, len);
	*ret_given = len > 0;
	return 0;
}

/* The page of figures, if the supervisor gave one: it stands last. */
static int take_page(struct frame *f, struct threads_error *err)
{
	AUTO_FD int fd = frame_at_end(f) ? -1 : frame_get_fd(f);

	return fd >= 0 ? metric_attach(fd, err) : 0;
}

static void take_sockets(struct role_context *role, struct frame *f)
{
	role->listen_count = (size_t)frame_get_int_in(f, 0, ROLE_LISTEN_MAX);
	for (size_t i = 0; i < role->listen_count; i++)
		role->listen_fds[i] = frame_get_fd(f);
}

/* Fills run->role from CTL_CONFIG. */
static int apply_config(struct role_run *run, struct frame *f, struct threads_error *err)
{
	struct role_context *role = &run->role;
	bool has_ticket_key;
	const char *text;
	int rc;

	if (f->type != CTL_CONFIG ||
	    frame_get_int_in(f, 0, ROLE_COUNT - 1) != (int64_t)run->program->role)
		return threads_error_set(err, THREADS_EINVAL, "started as another role");
	role->role_id = run->program->role;
	role->instance = frame_get_int(f);
	text = frame_get_text(f);
	if (strlen(text) >= sizeof(run->data_dir))
		return threads_error_set(err, THREADS_ELIMIT, "the data folder's name is too long");
	memcpy(run->data_dir, text, strlen(text) + 1);
	role->data_dir = run->data_dir;
	rc = config_new(&role->config, err);
	if (rc < 0)
		return rc;
	text = frame_get_text(f);
	rc = config_read_text(role->config, text, err);
	if (rc < 0)
		return rc;
	role->insecure = frame_get_int(f) != 0;
	if (copy_key(f, role->key, &role->has_key) < 0 ||
	    copy_key(f, role->ticket_key, &has_ticket_key) < 0)
		return threads_error_set(err, THREADS_EINVAL, "key of a wrong length");
	take_sockets(role, f);
	rc = take_page(f, err);
	return rc < 0 ? rc : frame_get_end(f, err);
}

static int wait_for_config(struct role_run *run, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct pollfd fds = { .fd = CONTROL_FD, .events = POLLIN };
	int rc;

	if (poll(&fds, 1, CONFIG_WAIT_MS) <= 0)
		return threads_error_set(
			err, THREADS_EIO,
			"no word from the supervisor: roles are started by threadsd");
	rc = frame_recv(CONTROL_FD, &f, err);
	if (rc == 0)
		return threads_error_set(err, THREADS_EIO, "the supervisor is gone");
	return rc < 0 ? rc : apply_config(run, &f, err);
}

static int take_peer(struct role_run *run, struct frame *f, struct threads_error *err)
{
	struct role_peer peer = { .role = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1) };
	int rc;

	peer.instance = frame_get_int(f);
	peer.target.host = frame_get_text(f);
	peer.target.port = (int)frame_get_int_in(f, 0, 65535);
	peer.target.private_network = frame_get_int_in(f, 0, 1) == 1;
	peer.fd = frame_get_fd(f);
	rc = frame_get_end(f, err);
	if (rc < 0 || !run->program->on_peer) {
		if (peer.fd >= 0)
			close(peer.fd);
		return rc;
	}
	return run->program->on_peer(&run->role, &peer, err);
}

static void stop(struct role_run *run)
{
	if (run->program->on_stop)
		run->program->on_stop(&run->role);
	else
		loop_stop(run->role.loop);
}

static int answer_alive(struct peer *peer, uint32_t id, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&answer, CTL_ALIVE, id);
	return peer_send(peer, &answer, err);
}

static void say_memory(struct role_run *run)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;
	int64_t rss, pss;

	if (!memory_read(run->memory_fd, &rss, &pss))
		return;
	frame_begin(&f, CTL_MEMORY, 0);
	frame_put_int(&f, rss);
	frame_put_int(&f, pss);
	if (peer_send(run->role.supervisor, &f, &err) < 0)
		log_debug("memory: %s", err.text);
}

/* The table keeps what callers borrowed: only numbers change while a role runs. */
static int take_settings(struct role_run *run, struct frame *f, struct threads_error *err)
{
	struct role_context *role = &run->role;
	const char *text = frame_get_text(f);
	int rc = frame_get_end(f, err);

	if (rc == 0)
		rc = config_read_text(role->config, text, err);
	if (rc < 0)
		return rc;
	log_set_level((enum log_level)config_int(role->config, "log_level"));
	if (run->program->on_settings)
		run->program->on_settings(role);
	return 0;
}

static int on_control_frame(struct peer *peer, struct frame *f, void *arg,
			    struct threads_error *err)
{
	struct role_run *run = arg;
	struct threads_error why;

	if (f->type == CTL_STOP) {
		stop(run);
		return 0;
	}
	if (f->type == CTL_ALIVE)
		return answer_alive(peer, f->id, err);
	if (f->type == CTL_MEMORY) {
		say_memory(run);
		return 0;
	}
	if (f->type == CTL_SETTINGS)
		return take_settings(run, f, err);
	if (f->type == CTL_PEER) {
		/* One link that cannot be set up is made anew when either side starts again. */
		if (take_peer(run, f, &why) < 0)
			log_warning("link refused: %s", why.text);
		return 0;
	}
	if (run->program->on_control)
		return run->program->on_control(&run->role, f, err);
	return 0;
}

static void on_supervisor_gone(struct peer *peer, const struct threads_error *why, void *arg)
{
	struct role_run *run = arg;

	(void)peer;
	if (why)
		log_error("supervisor: %s", why->text);
	run->role.supervisor = NULL;
	loop_stop(run->role.loop);
}

static int say_ready(struct role_context *role, int landlock_abi, struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_READY, 0);
	frame_put_int(&f, landlock_abi);
	return peer_send(role->supervisor, &f, err);
}

static int prepare(struct role_run *run, struct threads_error *err)
{
	const struct peer_handler handler = { on_control_frame, on_supervisor_gone, run };
	struct role_context *role = &run->role;
	struct sandbox_rules rules = { 0 };
	/* Asked before confinement, which forbids the question. */
	const int landlock_abi = sandbox_landlock_abi();
	int rc = wait_for_config(run, err);

	if (rc < 0)
		return rc;
	log_setup(role_name(role->role_id), (enum log_level)config_int(role->config, "log_level"));
	rc = loop_new(&role->loop, err);
	if (rc == 0)
		rc = peer_new(role->loop, CONTROL_FD, ROLE_SUPERVISOR, 0, &handler,
			      &role->supervisor, err);
	if (rc == 0)
		rc = run->program->rules(role, &rules, err);
	if (rc == 0)
		rc = run->program->open(role, err);
	run->memory_fd = memory_open();
	if (rc == 0)
		rc = sandbox_enter(&rules, role->insecure, err);
	if (rc == 0 && run->program->start)
		rc = run->program->start(role, err);
	return rc < 0 ? rc : say_ready(role, landlock_abi, err);
}

int role_path(const struct role_context *role, const char *name, char ret_path[ROLE_PATH_BYTES],
	      struct threads_error *err)
{
	const int n = snprintf(ret_path, ROLE_PATH_BYTES, "%s/%s", role->data_dir, name);

	if (n < 0 || n >= ROLE_PATH_BYTES)
		return threads_error_set(err, THREADS_ELIMIT, "the data folder's name is too long");
	return 0;
}

int role_add_folder(const struct role_context *role, struct sandbox_rules *rules, const char *name,
		    enum sandbox_access access, struct threads_error *err)
{
	char path[ROLE_PATH_BYTES];
	int rc = role_path(role, name, path, err);

	return rc < 0 ? rc : sandbox_add_folder(rules, path, access, err);
}

int role_main(const struct role_program *program)
{
	struct role_run run = { .program = program, .memory_fd = -1 };
	struct threads_error err = { 0 };
	char name[32];
	int rc;

	/* In ps and in the kernel's words; a program run by its descriptor has none before Linux 6.14. */
	snprintf(name, sizeof(name), "threads-%s", role_name(program->role));
	prctl(PR_SET_NAME, name);
	log_setup(role_name(program->role), LOG_LEVEL_INFO);
	crash_words();
	rc = prepare(&run, &err);
	if (rc == 0)
		rc = loop_run(run.role.loop, &err);
	if (rc < 0)
		log_error("%s", err.text);
	if (program->close)
		program->close(&run.role);
	run.role.supervisor = peer_free(run.role.supervisor);
	run.role.loop = loop_free(run.role.loop);
	run.role.config = config_free(run.role.config);
	if (run.memory_fd >= 0)
		close(run.memory_fd);
	OPENSSL_cleanse(&run.role, sizeof(run.role));
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

void role_bell(struct role_context *role, enum bell bell, int64_t id)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (!role->supervisor)
		return;
	frame_begin(&f, CTL_BELL, 0);
	frame_put_int(&f, bell);
	frame_put_int(&f, id);
	if (peer_send(role->supervisor, &f, &err) < 0)
		log_debug("bell lost: %s", err.text);
}

int role_start(struct role_context *role, enum role which, int64_t instance,
	       const struct role_target *target, struct threads_error *err)
{
	static const struct role_target nowhere = { .host = "" };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	if (!target)
		target = &nowhere;

	if (!role->supervisor)
		return threads_error_set(err, THREADS_EIO, "the supervisor is gone");
	frame_begin(&f, CTL_START, 0);
	frame_put_int(&f, which);
	frame_put_int(&f, instance);
	frame_put_text(&f, target->host);
	frame_put_int(&f, target->port);
	frame_put_int(&f, target->private_network);
	return peer_send(role->supervisor, &f, err);
}

int role_kill(struct role_context *role, enum role which, int64_t instance,
	      struct threads_error *err)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	if (!role->supervisor)
		return threads_error_set(err, THREADS_EIO, "the supervisor is gone");
	frame_begin(&f, CTL_KILL, 0);
	frame_put_int(&f, which);
	frame_put_int(&f, instance);
	return peer_send(role->supervisor, &f, err);
}

void role_link_lost(struct peer *supervisor, const struct peer *lost)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (!supervisor)
		return;
	frame_begin(&f, CTL_LINK_LOST, 0);
	frame_put_int(&f, peer_role(lost));
	frame_put_int(&f, peer_instance(lost));
	if (peer_send(supervisor, &f, &err) < 0)
		log_debug("link: %s", err.text);
}

void role_busy(struct role_context *role, int64_t ms)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct threads_error err;

	if (!role->supervisor)
		return;
	frame_begin(&f, CTL_ALIVE, 0);
	frame_put_int(&f, ms);
	if (peer_send(role->supervisor, &f, &err) < 0)
		log_debug("busy: %s", err.text);
}
