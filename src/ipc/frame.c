/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/frame.h"

#include <openssl/crypto.h>
#include <sys/socket.h>

#include "core/utf8.h"
#include "threads/protocol.h"

/* The header as it lies on the socket. Both ends run on the same machine and
 * were built together: host byte order. */
struct frame_header {
	uint32_t magic;
	uint16_t type;
	uint16_t fd_count;
	uint32_t id;
	uint32_t len;
};

enum { FRAME_MAGIC = 0x54485231, FRAME_FIRST_CAP = 512 };

/* Field kinds: one byte before each value. */
enum { FIELD_INT = 'i', FIELD_TEXT = 't', FIELD_BYTES = 'b', FIELD_FD = 'f' };

static void drop_fds(struct frame *f)
{
	if (f->owns_fds)
		for (size_t i = f->fd_pos; i < f->fd_count; i++)
			close(f->fds[i]);
	f->fd_count = 0;
	f->fd_pos = 0;
	f->owns_fds = false;
}

void frame_begin(struct frame *f, uint16_t type, uint32_t id)
{
	drop_fds(f);
	/* Frames carry passwords now and then, and the memory of a peer's frame lives long. */
	if (f->len > 0)
		OPENSSL_cleanse(f->data, f->len);
	f->type = type;
	f->id = id;
	f->len = 0;
	f->pos = 0;
	f->failed = false;
}

static bool reserve(struct frame *f, size_t extra)
{
	size_t cap = f->cap ? f->cap : FRAME_FIRST_CAP;
	unsigned char *data;

	if (f->failed || extra > FRAME_BYTES_MAX - f->len) {
		f->failed = true;
		return false;
	}
	while (cap < f->len + extra)
		cap *= 2;
	if (cap == f->cap)
		return true;
	data = realloc(f->data, cap);
	if (!data) {
		f->failed = true;
		return false;
	}
	f->data = data;
	f->cap = cap;
	return true;
}

static void put_raw(struct frame *f, const void *data, size_t len)
{
	if (len == 0 || f->failed)
		return;
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void put_sized(struct frame *f, char kind, const void *data, size_t len)
{
	const uint32_t size = (uint32_t)len;

	if (len > FRAME_BYTES_MAX || !reserve(f, 1 + sizeof(size) + len + 1)) {
		f->failed = true;
		return;
	}
	put_raw(f, &kind, 1);
	put_raw(f, &size, sizeof(size));
	put_raw(f, data, len);
	/* The NUL lets the reader borrow text in place. */
	put_raw(f, "", 1);
}

void frame_put_int(struct frame *f, int64_t value)
{
	const char kind = FIELD_INT;

	if (!reserve(f, 1 + sizeof(value)))
		return;
	put_raw(f, &kind, 1);
	put_raw(f, &value, sizeof(value));
}

void frame_put_text(struct frame *f, const char *text)
{
	put_sized(f, FIELD_TEXT, text ? text : "", text ? strlen(text) : 0);
}

void frame_begin_error(struct frame *f, uint32_t id, int code, const char *words)
{
	frame_begin(f, IPC_ERROR, id);
	frame_put_int(f, code);
	frame_put_text(f, words);
}

void frame_put_bytes(struct frame *f, const void *data, size_t len)
{
	put_sized(f, FIELD_BYTES, data, len);
}

void frame_put_fd(struct frame *f, int fd)
{
	const char kind = FIELD_FD;

	if (fd < 0 || f->fd_count == FRAME_FDS_MAX) {
		f->failed = true;
		return;
	}
	if (!reserve(f, 1))
		return;
	put_raw(f, &kind, 1);
	f->fds[f->fd_count++] = fd;
}

int frame_check(const struct frame *f, struct threads_error *err)
{
	if (!f->failed)
		return 0;
	return threads_error_set(err, THREADS_ELIMIT, "frame %u does not fit", f->type);
}

int frame_send(int fd, const struct frame *f, struct threads_error *err)
{
	struct frame_header head = { FRAME_MAGIC, f->type, (uint16_t)f->fd_count, f->id,
				     (uint32_t)f->len };
	struct iovec iov[] = { { &head, sizeof(head) }, { f->data, f->len } };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
	} control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
	ssize_t n;

	if (f->failed)
		return frame_check(f, err);
	if (f->fd_count > 0) {
		const struct cmsghdr head_of_fds = { .cmsg_level = SOL_SOCKET,
						     .cmsg_type = SCM_RIGHTS,
						     .cmsg_len =
							     CMSG_LEN(sizeof(int) * f->fd_count) };

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * f->fd_count);
		memcpy(control.bytes, &head_of_fds, sizeof(head_of_fds));
		memcpy(CMSG_DATA(&control.align), f->fds, sizeof(int) * f->fd_count);
	}
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	/* ETOOMANYREFS: too many descriptors in flight; they are taken soon. */
	if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
		return threads_error_set(err, THREADS_EAGAIN, "the peer is busy");
	return threads_error_set(err, THREADS_EIO, "send: %m");
}

/* Takes the descriptors out of msg into f. */
static void collect_fds(struct frame *f, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(f->fds, CMSG_DATA(c), count * sizeof(int));
		f->fd_count = count;
		f->owns_fds = true;
	}
}

static int malformed(struct frame *f, const char *why, struct threads_error *err)
{
	drop_fds(f);
	return threads_error_set(err, THREADS_EINVAL, "malformed frame: %s", why);
}

int frame_recv(int fd, struct frame *f, struct threads_error *err)
{
	struct frame_header head;
	struct iovec iov[2] = { { &head, sizeof(head) } };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
	} control;
	struct msghdr msg = { .msg_iov = iov,
			      .msg_iovlen = ARRAY_SIZE(iov),
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	frame_begin(f, 0, 0);
	if (!reserve(f, FRAME_BYTES_MAX))
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	iov[1] = (struct iovec){ f->data, FRAME_BYTES_MAX };
	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return threads_error_set(err, THREADS_EAGAIN, "nothing to read");
	if (n < 0)
		return threads_error_set(err, THREADS_EIO, "receive: %m");
	if (n == 0)
		return 0;
	collect_fds(f, &msg);
	if (msg.msg_flags & MSG_CTRUNC)
		return threads_error_set(err, THREADS_EIO,
					 "no room for the descriptors of a frame");
	if (msg.msg_flags & MSG_TRUNC)
		return malformed(f, "too large", err);
	if ((size_t)n < sizeof(head) || head.magic != FRAME_MAGIC ||
	    head.len != (size_t)n - sizeof(head) || head.fd_count != f->fd_count)
		return malformed(f, "header", err);
	f->type = head.type;
	f->id = head.id;
	f->len = head.len;
	return 1;
}

int frame_peek(int fd, uint16_t *ret_type, struct threads_error *err)
{
	struct frame_header head;
	ssize_t n;

	do {
		n = recv(fd, &head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return threads_error_set(err, THREADS_EAGAIN, "nothing to read");
	if (n < 0)
		return threads_error_set(err, THREADS_EIO, "receive: %m");
	if (n == 0)
		return 0;
	if ((size_t)n < sizeof(head) || head.magic != FRAME_MAGIC)
		return threads_error_set(err, THREADS_EINVAL, "malformed frame: header");
	*ret_type = head.type;
	return 1;
}

/* Steps over the kind byte; false (and failed) if the next field is another kind. */
static bool next_is(struct frame *f, char kind)
{
	if (f->failed || f->pos >= f->len || f->data[f->pos] != (unsigned char)kind) {
		f->failed = true;
		return false;
	}
	f->pos++;
	return true;
}

int64_t frame_get_int(struct frame *f)
{
	int64_t value;

	if (!next_is(f, FIELD_INT) || f->len - f->pos < sizeof(value)) {
		f->failed = true;
		return 0;
	}
	memcpy(&value, f->data + f->pos, sizeof(value));
	f->pos += sizeof(value);
	return value;
}

int64_t frame_get_int_in(struct frame *f, int64_t min, int64_t max)
{
	const int64_t value = frame_get_int(f);

	if (value >= min && value <= max)
		return value;
	f->failed = true;
	return min;
}

static const char *get_sized(struct frame *f, char kind, size_t *ret_len)
{
	uint32_t size;
	const char *data;

	*ret_len = 0;
	if (!next_is(f, kind) || f->len - f->pos < sizeof(size)) {
		f->failed = true;
		return NULL;
	}
	memcpy(&size, f->data + f->pos, sizeof(size));
	f->pos += sizeof(size);
	if (f->len - f->pos < (size_t)size + 1 || f->data[f->pos + size] != '\0') {
		f->failed = true;
		return NULL;
	}
	data = (const char *)f->data + f->pos;
	f->pos += (size_t)size + 1;
	*ret_len = size;
	return data;
}

const char *frame_get_text(struct frame *f)
{
	size_t len;
	const char *text = get_sized(f, FIELD_TEXT, &len);

	if (text && utf8_valid(text, len))
		return text;
	f->failed = true;
	return "";
}

const void *frame_get_bytes(struct frame *f, size_t *ret_len)
{
	return get_sized(f, FIELD_BYTES, ret_len);
}

int frame_get_fd(struct frame *f)
{
	if (!next_is(f, FIELD_FD) || f->fd_pos >= f->fd_count) {
		f->failed = true;
		return -1;
	}
	return f->fds[f->fd_pos++];
}

bool frame_at_end(const struct frame *f)
{
	return f->pos >= f->len;
}

int frame_get_end(const struct frame *f, struct threads_error *err)
{
	if (!f->failed && f->pos == f->len && f->fd_pos == f->fd_count)
		return 0;
	return threads_error_set(err, THREADS_EINVAL, "frame %u has not the fields it must have",
				 f->type);
}

void frame_release(struct frame *f)
{
	drop_fds(f);
	if (f->data) {
		/* Frames carry passwords now and then; only what was used can hold one. */
		OPENSSL_cleanse(f->data, f->len);
		free(f->data);
	}
	*f = (struct frame)FRAME_INIT;
}
