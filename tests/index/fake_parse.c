/* SPDX-License-Identifier: Apache-2.0 */
/* The parser that tests play: see play.h. Link on fd 3, struct play_shared on fd 4. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "ipc/memfd.h"
#include "parse/build.h"
#include "parse/work.h"
#include "play_shared.h"

struct one {
	const char *raw;
	size_t len;
	uint32_t number;
	int output;
};

static bool says(const struct one *m, const char *what)
{
	char line[64];

	snprintf(line, sizeof(line), "X-Play: %s\r\n", what);
	return memmem(m->raw, m->len, line, strlen(line)) != NULL;
}

static void answer(int fd, const struct frame *question, uint16_t type, int64_t value)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, type, question->id);
	frame_put_int(&f, value);
	(void)!frame_send(fd, &f, NULL);
}

/* What ends the process, or does not. */
static void suffer(const struct one *m, struct play_shared *shared)
{
	if (says(m, "crash"))
		abort();
	if (says(m, "exit"))
		exit(1);
	if (says(m, "kill") || (says(m, "once") && shared->kills > 0)) {
		shared->kills--;
		raise(SIGKILL);
	}
	while (says(m, "hang"))
		pause();
}

/* True if the answer is to be sent at once. */
static bool lie(const struct one *m, struct builder *builder, int fd, const struct frame *question)
{
	CLEANUP(strbuf_release) struct strbuf noise = STRBUF_INIT(1 << 16);

	if (says(m, "garbage")) {
		for (int i = 0; i < 4096; i++)
			strbuf_add_char(&noise, (char)(i * 37 + 11));
		(void)!pwrite(m->output, strbuf_str(&noise), noise.len,
			      lseek(m->output, 0, SEEK_END));
		return true;
	}
	if (says(m, "length")) {
		strbuf_add(&noise, m->raw, m->len);
		strbuf_add_char(&noise, 'x');
		(void)!build_message(builder, m->number, strbuf_str(&noise), noise.len, NULL);
		return true;
	}
	if (says(m, "talk"))
		answer(fd, question, INDEX_DONE, 1);
	if (says(m, "seal"))
		(void)!memfd_seal(m->output, NULL);
	return says(m, "short") || says(m, "talk") || says(m, "seal");
}

static void batch(struct mime *mime, int fd, struct frame *f, struct play_shared *shared)
{
	const int input = frame_get_fd(f);
	struct one m = { .output = frame_get_fd(f) };
	const int64_t count = frame_get_int(f);
	struct memfd_view view = { 0 };
	CLEANUP(builder_close) struct builder builder = { 0 };

	shared->batches++;
	if (memfd_map(input, 1 << 30, &view, NULL) < 0 ||
	    builder_open(&builder, mime, m.output, NULL) < 0)
		exit(2);
	for (int64_t i = 0; i < count; i++, m.number++) {
		m.raw = view.data ? (const char *)view.data + frame_get_int(f) : "";
		if (!view.data)
			(void)frame_get_int(f);
		m.len = (size_t)frame_get_int(f);
		(void)frame_get_int(f);
		suffer(&m, shared);
		if (lie(&m, &builder, fd, f))
			break;
		if (build_message(&builder, m.number, m.raw, m.len, NULL) < 0)
			exit(3);
	}
	answer(fd, f, PARSE_BATCH_IS, count);
}

/* A file of bytes bytes as so many messages of that length. */
static void split_lie(int fd, const struct frame *question, int64_t bytes)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	enum { MESSAGES = 4000 };

	frame_begin(&f, PARSE_SPLIT_IS, question->id);
	frame_put_int(&f, bytes);
	frame_put_int(&f, 1);
	frame_put_int(&f, MESSAGES);
	for (int i = 0; i < MESSAGES; i++) {
		frame_put_int(&f, 0);
		frame_put_int(&f, bytes);
	}
	(void)!frame_send(fd, &f, NULL);
}

static void split(struct mime *mime, int fd, struct frame *f, struct play_shared *shared)
{
	CLEANUP(frame_release) struct frame out = FRAME_INIT;

	shared->splits++;
	if (shared->split_kills > 0) {
		shared->split_kills--;
		raise(SIGKILL);
	}
	while (shared->split_hangs > 0)
		pause();
	if (shared->split_lies > 0) {
		shared->split_lies--;
		split_lie(fd, f, lseek(frame_get_fd(f), 0, SEEK_END));
		return;
	}
	if (work_do(mime, f, &out, NULL) == 0)
		(void)!frame_send(fd, &out, NULL);
}

int main(void)
{
	enum { LINK_FD = 3, SHARED_FD = 4 };
	const struct rlimit no_core = { 0, 0 };
	CLEANUP(frame_release) struct frame f = FRAME_INIT;
	CLEANUP(mime_closep) struct mime *mime = NULL;
	struct play_shared *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	if (shared == MAP_FAILED || mime_open(&mime, NULL) < 0)
		return 2;
	if (frame_recv(LINK_FD, &f, NULL) != 1)
		return 0;
	if (f.type == PARSE_BATCH)
		batch(mime, LINK_FD, &f, shared);
	else if (f.type == PARSE_SPLIT)
		split(mime, LINK_FD, &f, shared);
	return 0;
}
