/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/links.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/log.h"
#include "ipc/role_name.h"
#include "supervisor/child.h"
#include "supervisor/tell.h"

enum { LINK_BUFFER_BYTES = 1024 * 1024 };

/* The links of protocol.h. */
static const struct {
	enum role a, b;
} links[] = {
	{ ROLE_HTTP, ROLE_AUTH },   { ROLE_HTTP, ROLE_API },    { ROLE_API, ROLE_AUTH },
	{ ROLE_API, ROLE_VAULT },   { ROLE_API, ROLE_INDEX },   { ROLE_AUTH, ROLE_INDEX },
	{ ROLE_INDEX, ROLE_VAULT }, { ROLE_INDEX, ROLE_PARSE }, { ROLE_INDEX, ROLE_IMAP },
	{ ROLE_IMAP, ROLE_VAULT },  { ROLE_IMAP, ROLE_DIAL },
};

bool links_has(enum role a, enum role b)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if ((links[i].a == a && links[i].b == b) || (links[i].a == b && links[i].b == a))
			return true;
	return false;
}

/* Tells `to` that fd leads to `about`. */
static void send_peer(struct child *to, const struct child *about, int fd)
{
	CLEANUP(frame_release) struct frame f = FRAME_INIT;

	frame_begin(&f, CTL_PEER, 0);
	frame_put_int(&f, about->role);
	frame_put_int(&f, about->instance);
	frame_put_text(&f, about->host);
	frame_put_int(&f, about->port);
	frame_put_int(&f, about->private_network);
	frame_put_fd(&f, fd);
	tell(to, &f);
}

static void link_children(struct child *a, struct child *b)
{
	const int size = LINK_BUFFER_BYTES;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error("socketpair: %m");
		return;
	}
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	send_peer(a, b, pair[0]);
	send_peer(b, a, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

void links_connect(struct child *child)
{
	struct child *other;

	LIST_FOREACH(other, &child->supervisor->children, link)
		if (other != child && other->state == CHILD_READY &&
		    links_has(child->role, other->role))
			link_children(child, other);
}

/* Whether it ended and we were only not told yet. */
static bool has_ended(const struct child *child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

/* The first of the two in the table of links asks, so that one loss makes one link. */
int links_lost(struct child *from, struct frame *f, struct threads_error *err)
{
	const enum role which = (enum role)frame_get_int_in(f, 0, ROLE_COUNT - 1);
	const int64_t instance = frame_get_int(f);
	struct child *other;
	size_t i = 0;
	int rc = frame_get_end(f, err);

	if (rc < 0)
		return rc;
	while (i < ARRAY_SIZE(links) && !(links[i].a == from->role && links[i].b == which))
		i++;
	if (i == ARRAY_SIZE(links))
		return threads_error_set(err, THREADS_EINVAL, "does not ask for a link to %s",
					 role_name(which));
	other = child_find(from->supervisor, which, instance);
	if (!other || other->state != CHILD_READY || other->stopping || other->leaving ||
	    !other->permanent || from->state != CHILD_READY || has_ended(other))
		return 0;
	log_notice("role=%s instance=%lld its link to %s is made anew", role_name(from->role),
		   (long long)from->instance, role_name(which));
	link_children(from, other);
	return 0;
}
