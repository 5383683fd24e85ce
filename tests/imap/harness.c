/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "harness.h"
#include "imap/worker.h"
#include "ipc/frame.h"
#include "ipc/memfd.h"
#include "supervise.h"

#define IMAP_PROGRAM THREADS_BINARY_DIR "/libexec/threads-imap"

enum { CONTROL_FD = 3, START_MS = 20000, STOP_MS = 15000 };

static struct threads_error err;

void harness_init(struct harness *h)
{
	memset(h, 0, sizeof(*h));
	h->host = "localhost";
	h->connect_to = "127.0.0.1";
	h->tls = "implicit";
	h->user = "alice@lab.test";
	h->password = "alice-pw";
	h->mode = IMAP_MODE_SYNC;
	h->message_max = 1024 * 1024;
	h->poll_s = 300;
	h->timeout_s = 20;
	h->control = h->index = h->vault = h->dial = -1;
}

static void send_frame(int fd, const struct frame *f)
{
	struct threads_error why = { 0 };

	/* The process may be gone: then there is nobody to tell. */
	if (frame_send(fd, f, &why) < 0 && why.code == THREADS_ELIMIT)
		fail_msg("frame too large: %s", why.text);
}

/* Ends only by itself: for tests of one pass. */
static void start_in_process(struct harness *h)
{
	static const enum role roles[] = { ROLE_VAULT, ROLE_DIAL, ROLE_INDEX };
	int *const ours[] = { &h->vault, &h->dial, &h->index };
	int theirs[ARRAY_SIZE(roles)], alive[2];
	struct links *links = NULL;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, alive), 0);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		int pair[2];

		assert_int_equal(
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			0);
		*ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		if (links_new(&links, &err) < 0)
			_exit(1);
		for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
			close(*ours[i]);
			if (links_offer(links, roles[i], theirs[i], &err) < 0)
				_exit(1);
		}
		worker_run(links, -1);
		links_free(links);
		exit(0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		close(theirs[i]);
	close(alive[1]);
	h->control = alive[0];
}

static int new_link(struct harness *h, enum role role)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	supervise_put_peer(&f, role, 0, pair[1]);
	send_frame(h->control, &f);
	close(pair[1]);
	return pair[0];
}

static void send_config(struct harness *h)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	supervise_put_config(&f, &(struct supervise_config){ .role = ROLE_IMAP,
							     .instance = 1,
							     .config = "log_level = 5\n",
							     .insecure = true });
	send_frame(h->control, &f);
}

static void send_account(struct harness *h)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_ACCOUNT, 0);
	frame_put_text(&f, "aaaaaaaaaaaaaaaaaaaaaaaaaa");
	frame_put_text(&f, "generic");
	frame_put_text(&f, h->host);
	frame_put_int(&f, h->port);
	frame_put_text(&f, h->tls);
	frame_put_text(&f, h->ca ? h->ca : "");
	frame_put_text(&f, h->user);
	frame_put_int(&f, h->mode);
	frame_put_int(&f, h->message_max);
	frame_put_int(&f, h->poll_s);
	frame_put_int(&f, h->timeout_s);
	frame_put_int(&f, 0);
	frame_put_int(&f, h->folder_choices);
	for (int i = 0; i < h->folder_choices; i++)
		frame_put_text(&f, h->folders[i]);
	send_frame(h->index, &f);
}

static void await_ready(struct harness *h)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct pollfd fd = { .fd = h->control, .events = POLLIN };

	if (poll(&fd, 1, START_MS) != 1 || frame_recv(h->control, &f, &err) != 1 ||
	    f.type != CTL_READY)
		fail_msg("threads-imap does not get ready");
}

void harness_start(struct harness *h)
{
	int pair[2];

	h->exited = false;
	if (h->in_process) {
		start_in_process(h);
		send_account(h);
		return;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		/* Not the same number: dup2() would leave close-on-exec on. */
		const int fd = fcntl(pair[1], F_DUPFD_CLOEXEC, 10);

		dup2(fd, CONTROL_FD);
		if (h->log_fd > 0)
			dup2(h->log_fd, STDERR_FILENO);
		/* The search for leaks needs ptrace(), which the sandbox forbids. */
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		execl(IMAP_PROGRAM, IMAP_PROGRAM, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	h->control = pair[0];
	send_config(h);
	await_ready(h);
	h->vault = new_link(h, ROLE_VAULT);
	h->dial = new_link(h, ROLE_DIAL);
	h->index = new_link(h, ROLE_INDEX);
	send_account(h);
}

static void close_links(struct harness *h)
{
	int *const fds[] = { &h->control, &h->index, &h->vault, &h->dial };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	h->unacked_count = 0;
}

void harness_kill(struct harness *h)
{
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		waitpid(h->pid, &h->status, 0);
	}
	h->pid = 0;
	close_links(h);
}

void harness_stop(struct harness *h)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	const int64_t begin = clock_monotonic_ms();

	frame_begin(&f, CTL_STOP, 0);
	send_frame(h->control, &f);
	while (h->pid > 0 && clock_monotonic_ms() - begin < STOP_MS) {
		if (waitpid(h->pid, &h->status, WNOHANG) == h->pid)
			h->pid = 0;
		else
			usleep(5000);
	}
	if (h->pid > 0) {
		harness_kill(h);
		fail_msg("threads-imap does not stop");
	}
	close_links(h);
}

void harness_release(struct harness *h)
{
	harness_kill(h);
	for (size_t i = 0; i < h->folder_count; i++)
		free(h->store[i].list);
	free(h->ca);
}

void harness_new_index(struct harness *h)
{
	close(h->index);
	h->unacked_count = 0;
	h->index = new_link(h, ROLE_INDEX);
	send_account(h);
}

void harness_sync(struct harness *h, int64_t number)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, IMAP_SYNC, 0);
	frame_put_int(&f, number);
	send_frame(h->index, &f);
}

/* ---- index ---- */

static struct harness_folder *folder_open(struct harness *h, const char *name, uint32_t uidvalidity)
{
	for (size_t i = 0; i < h->folder_count; i++)
		if (strcmp(h->store[i].name, name) == 0 && h->store[i].uidvalidity == uidvalidity)
			return &h->store[i];
	assert_true(h->folder_count < HARNESS_FOLDERS);
	snprintf(h->store[h->folder_count].name, sizeof(h->store[0].name), "%s", name);
	h->store[h->folder_count].uidvalidity = uidvalidity;
	return &h->store[h->folder_count++];
}

static void answer_folder(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	CLEANUP(strbuf_release) struct strbuf known = STRBUF_INIT(1 << 20);
	AUTO_FD int fd = -1;
	struct harness_folder *folder;
	const char *name = frame_get_text(f);
	const uint32_t uidvalidity = (uint32_t)frame_get_int(f);

	folder = folder_open(h, name, uidvalidity);
	h->opens++;
	folder->messages = (uint32_t)frame_get_int(f);
	folder->uidnext = (uint32_t)frame_get_int(f);
	assert_rc(frame_get_end(f, &err), 0, &err);
	for (size_t i = 0; i < folder->count; i++)
		strbuf_addf(&known, "%s%u", i ? "," : "", folder->list[i].uid);
	frame_begin(&answer, IMAP_FOLDER_IS, f->id);
	frame_put_int(&answer, folder - h->store + 100);
	/* Both ways to say it are used: long ones travel as memory. */
	if (known.len > 1000) {
		assert_rc(memfd_from("known", known.data, known.len, &fd, &err), 0, &err);
		frame_put_text(&answer, "");
		frame_put_int(&answer, 1);
	} else {
		frame_put_text(&answer, strbuf_str(&known));
		frame_put_int(&answer, 0);
	}
	frame_put_int(&answer, folder->modseq);
	frame_put_int(&answer, folder->compared_ms);
	if (fd >= 0)
		frame_put_fd(&answer, fd);
	send_frame(h->index, &answer);
}

static struct harness_folder *folder_of(struct harness *h, struct frame *f)
{
	const int64_t id = frame_get_int(f) - 100;

	assert_true(id >= 0 && id < (int64_t)h->folder_count);
	return &h->store[id];
}

static uint64_t sum_of(const unsigned char *data, size_t len)
{
	uint64_t sum = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ data[i]) * 1099511628211ULL;
	return sum;
}

static void keep(struct harness *h, struct harness_folder *folder, const struct harness_message *m)
{
	for (size_t i = 0; i < folder->count; i++) {
		if (folder->list[i].uid == m->uid) {
			h->doubles++;
			return;
		}
	}
	if (!folder->list)
		folder->list = calloc(HARNESS_UIDS, sizeof(*folder->list));
	assert_non_null(folder->list);
	assert_true(folder->count < HARNESS_UIDS);
	folder->list[folder->count++] = *m;
	h->new_messages++;
}

static void ack(struct harness *h, uint32_t id)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	frame_begin(&answer, IMAP_BATCH_ACK, id);
	for (int i = 0; i < 5; i++)
		frame_put_int(&answer, i == 0);
	send_frame(h->index, &answer);
}

void harness_ack_all(struct harness *h)
{
	while (h->unacked_count > 0)
		ack(h, h->unacked[--h->unacked_count]);
}

static void take_labels(struct harness_message *m, const char *text)
{
	snprintf(m->labels, sizeof(m->labels), "%s", text);
	m->label_bytes = strlen(text);
	m->label_count = 0;
	for (const char *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n'))
		m->label_count++;
}

static void take_batch(struct harness *h, struct frame *f)
{
	static struct harness_message messages[250];
	static size_t offsets[250];
	CLEANUP(memfd_unmap) struct memfd_view view = { 0 };
	AUTO_FD int fd = -1;
	struct harness_folder *folder = folder_of(h, f);
	const int64_t count = frame_get_int_in(f, 1, 250);

	for (int64_t i = 0; i < count; i++) {
		messages[i].uid = (uint32_t)frame_get_int(f);
		messages[i].flags = (unsigned)frame_get_int(f);
		messages[i].date_ms = frame_get_int(f);
		offsets[i] = (size_t)frame_get_int(f);
		messages[i].len = (size_t)frame_get_int(f);
		take_labels(&messages[i], frame_get_text(f));
	}
	fd = frame_get_fd(f);
	assert_rc(frame_get_end(f, &err), 0, &err);
	assert_rc(memfd_map(fd, 256 << 20, &view, &err), 0, &err);
	h->batches++;
	for (int64_t i = 0; i < count; i++) {
		assert_true(offsets[i] + messages[i].len <= view.len);
		messages[i].sum = sum_of(view.data + offsets[i], messages[i].len);
		keep(h, folder, &messages[i]);
	}
	assert_true(h->unacked_count < 2); /* the window of the protocol */
	h->unacked[h->unacked_count++] = f->id;
	if (!h->hold_acks)
		harness_ack_all(h);
}

/* Only of messages that are here; what they say replaces what is known. */
static void take_flags(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct harness_folder *folder = folder_of(h, f);
	const bool last = frame_get_int_in(f, 0, 1) == 1;
	const int64_t modseq = frame_get_int_in(f, 0, INT64_MAX);
	const int64_t count = frame_get_int_in(f, 0, IMAP_FLAGS_MAX);

	for (int64_t i = 0; i < count; i++) {
		const uint32_t uid = (uint32_t)frame_get_int(f);
		struct harness_message *m = folder->list;

		while (m < folder->list + folder->count && m->uid != uid)
			m++;
		assert_true(m < folder->list + folder->count);
		m->flags = (unsigned)frame_get_int(f);
		take_labels(m, frame_get_text(f));
		h->flags_said++;
	}
	assert_rc(frame_get_end(f, &err), 0, &err);
	if (h->refuse_flags) {
		frame_begin_error(&answer, f->id, THREADS_EAGAIN, "not now");
	} else {
		frame_begin(&answer, IPC_OK, f->id);
		h->flags_done += last;
		folder->modseq = last ? modseq : folder->modseq;
		folder->compared_ms = last ? clock_now_ms(NULL) : folder->compared_ms;
	}
	send_frame(h->index, &answer);
}

static void show_state(const struct harness_state *state)
{
	print_message("state %s [%s] %s (%s) %lld\n", state->activity, state->kind, state->words,
		      state->details, (long long)state->retry_ms);
}

static void take_state(struct harness *h, struct frame *f)
{
	struct harness_state *state;

	assert_true(h->state_count < HARNESS_STATES);
	state = &h->states[h->state_count++];
	snprintf(state->activity, sizeof(state->activity), "%s", frame_get_text(f));
	snprintf(state->kind, sizeof(state->kind), "%s", frame_get_text(f));
	snprintf(state->words, sizeof(state->words), "%s", frame_get_text(f));
	snprintf(state->next, sizeof(state->next), "%s", frame_get_text(f));
	snprintf(state->details, sizeof(state->details), "%s", frame_get_text(f));
	state->retry_ms = frame_get_int(f);
	assert_rc(frame_get_end(f, &err), 0, &err);
	if (getenv("HARNESS_SHOW"))
		show_state(state);
}

static void take_folders(struct harness *h, struct frame *f)
{
	const int64_t count = frame_get_int_in(f, 0, 32);

	h->listed_count = 0;
	for (int64_t i = 0; i < count; i++) {
		(void)frame_get_text(f);
		snprintf(h->listed[i], sizeof(h->listed[i]), "%s", frame_get_text(f));
		snprintf(h->listed_use[i], sizeof(h->listed_use[i]), "%s", frame_get_text(f));
		(void)frame_get_int_in(f, 0, 1);
		h->listed_chosen[i] = frame_get_int_in(f, 0, 1) == 1;
		h->listed_count++;
	}
	assert_rc(frame_get_end(f, &err), 0, &err);
}

static void take_failed(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct harness_folder *folder = folder_of(h, f);

	assert_true(folder->failed_count < ARRAY_SIZE(folder->failed));
	folder->failed[folder->failed_count++] = (uint32_t)frame_get_int(f);
	snprintf(folder->reason, sizeof(folder->reason), "%s", frame_get_text(f));
	(void)frame_get_text(f);
	assert_rc(frame_get_end(f, &err), 0, &err);
	frame_begin(&answer, IPC_OK, f->id);
	send_frame(h->index, &answer);
}

static void take_todo(struct harness *h, struct frame *f)
{
	struct harness_folder *folder = folder_of(h, f);

	(void)frame_get_int(f);
	folder->todo_fetch = frame_get_int(f);
	(void)frame_get_int(f);
	folder->todo_gone = frame_get_int(f);
	assert_rc(frame_get_end(f, &err), 0, &err);
}

static void take_pass(struct harness *h, struct frame *f)
{
	h->pass_server = frame_get_int(f);
	h->pass_fetched = frame_get_int(f);
	(void)frame_get_int(f);
	h->pass_failed = frame_get_int(f);
	h->pass_number = frame_get_int(f);
	assert_rc(frame_get_end(f, &err), 0, &err);
	h->passes++;
}

static void on_index(struct harness *h, struct frame *f)
{
	switch (f->type) {
	case IMAP_STATE:
		take_state(h, f);
		break;
	case IMAP_FOLDERS:
		take_folders(h, f);
		break;
	case IMAP_FOLDER_OPEN:
		answer_folder(h, f);
		break;
	case IMAP_TODO:
		take_todo(h, f);
		break;
	case IMAP_BATCH:
		take_batch(h, f);
		break;
	case IMAP_FLAGS:
		take_flags(h, f);
		break;
	case IMAP_FAILED:
		take_failed(h, f);
		break;
	case IMAP_PASS_DONE:
		take_pass(h, f);
		break;
	default:
		fail_msg("frame %u is not for index", f->type);
	}
}

/* ---- vault, dial, supervisor ---- */

static void on_vault(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;

	assert_int_equal(f->type, VAULT_OPEN);
	h->vault_opens++;
	if (h->vault_error) {
		frame_begin_error(&answer, f->id, h->vault_error, "no");
	} else {
		frame_begin(&answer, VAULT_SECRET, f->id);
		frame_put_bytes(&answer, h->password, strlen(h->password));
	}
	send_frame(h->vault, &answer);
}

static void on_dial(struct harness *h, struct frame *f)
{
	CLEANUP(frame_release) struct frame answer = FRAME_INIT;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)h->port) };
	AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(f->type, DIAL_CONNECT);
	h->dials++;
	assert_int_equal(inet_pton(AF_INET, h->connect_to, &address.sin_addr), 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		frame_begin_error(&answer, f->id, THREADS_EAGAIN, "refused: Connection refused");
	} else {
		assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
		frame_begin(&answer, DIAL_CONNECTED, f->id);
		frame_put_text(&answer, h->connect_to);
		frame_put_fd(&answer, fd);
	}
	send_frame(h->dial, &answer);
}

static void on_control(struct harness *h, struct frame *f)
{
	(void)h;
	(void)f;
}

static void step(struct harness *h, int wait_ms)
{
	static const struct {
		size_t offset;
		void (*fn)(struct harness *h, struct frame *f);
	} links[] = {
		{ offsetof(struct harness, control), on_control },
		{ offsetof(struct harness, index), on_index },
		{ offsetof(struct harness, vault), on_vault },
		{ offsetof(struct harness, dial), on_dial },
	};
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	struct pollfd fds[ARRAY_SIZE(links)];
	int *slots[ARRAY_SIZE(links)];

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		slots[i] = (int *)(void *)((char *)h + links[i].offset);
		fds[i] = (struct pollfd){ .fd = *slots[i], .events = POLLIN };
	}
	if (poll(fds, ARRAY_SIZE(links), wait_ms) <= 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		int rc;

		if (!fds[i].revents)
			continue;
		rc = frame_recv(*slots[i], &f, &err);
		if (rc == 1) {
			links[i].fn(h, &f);
			continue;
		}
		close(*slots[i]);
		*slots[i] = -1;
		if (i == 0)
			h->exited = true;
	}
	/* What it said last may lie behind the end that is seen first. */
	while (h->exited && h->index >= 0 && frame_recv(h->index, &f, &err) == 1)
		on_index(h, &f);
	if (h->exited && h->pid > 0) {
		waitpid(h->pid, &h->status, 0);
		h->pid = 0;
	}
}

bool harness_until(struct harness *h, harness_condition *condition, int64_t wait_ms)
{
	const int64_t until = clock_monotonic_ms() + wait_ms;

	while (!condition(h)) {
		const int64_t left = until - clock_monotonic_ms();

		if (left <= 0)
			return false;
		step(h, left > 100 ? 100 : (int)left);
	}
	return true;
}

static bool never(const struct harness *h)
{
	(void)h;
	return false;
}

void harness_serve(struct harness *h, int64_t for_ms)
{
	(void)harness_until(h, never, for_ms);
}

void harness_show(const struct harness *h)
{
	for (size_t i = 0; i < h->state_count; i++)
		show_state(&h->states[i]);
}

const struct harness_state *harness_saw(const struct harness *h, const char *kind)
{
	for (size_t i = h->state_count; i > 0; i--)
		if (strcmp(h->states[i - 1].kind, kind) == 0)
			return &h->states[i - 1];
	return NULL;
}

const struct harness_folder *harness_folder(const struct harness *h, const char *name)
{
	const struct harness_folder *found = NULL;

	for (size_t i = 0; i < h->folder_count; i++)
		if (strcmp(h->store[i].name, name) == 0)
			found = &h->store[i];
	return found;
}

size_t harness_stored(const struct harness *h)
{
	size_t count = 0;

	for (size_t i = 0; i < h->folder_count; i++)
		count += h->store[i].count;
	return count;
}

bool harness_passed(const struct harness *h)
{
	return h->passes > 0;
}

bool harness_troubled(const struct harness *h)
{
	return h->state_count > 0 && h->states[h->state_count - 1].kind[0];
}

bool harness_exited(const struct harness *h)
{
	return h->exited;
}

bool harness_idle(const struct harness *h)
{
	return h->state_count > 0 && strcmp(h->states[h->state_count - 1].activity, "idle") == 0;
}
