/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IDLE (RFC 2177), written here because the library's hangs when a server
 * speaks before its "+". The folder must be open.
 */
#ifndef THREADS_IMAP_IDLE_H
#define THREADS_IMAP_IDLE_H

#include "imap/hub.h"
#include "imap/session.h"

/*
 * Waits at most wait_ms until the folder changes, index or the supervisor want
 * something (see hub_look()), or the time is over. Returns 1 if there may be new
 * messages, 0 if not, -1 with why when the connection ended (closed then).
 */
int idle_wait(struct session *session, struct hub *hub, int64_t wait_ms, struct failure *why);

enum idle_line { IDLE_OTHER, IDLE_NEWS, IDLE_GO_ON, IDLE_BYE, IDLE_TAGGED };

/* What a line of the server means while we wait. For tests too. */
enum idle_line idle_read_line(const char *line);

#endif
