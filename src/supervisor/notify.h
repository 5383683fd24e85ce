/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd is told (sd_notify(3)) by hand: a datagram of "KEY=VALUE" lines.
 * Without $NOTIFY_SOCKET nothing is sent. The watchdog's word comes from a timer of
 * the supervisor's own loop: a loop that stands still says nothing.
 */
#ifndef THREADS_SUPERVISOR_NOTIFY_H
#define THREADS_SUPERVISOR_NOTIFY_H

#include "supervisor/supervisor.h"

/* Connects to systemd and starts the timers. Errors: THREADS_EIO, THREADS_ENOMEM. */
int notify_open(struct supervisor *s, struct threads_error *err) MUST_CHECK;

/* STATUS=, and READY=1 once all roles are ready; after 30 s also without, so that
 * a hub with one broken role serves what it can. */
void notify_roles(struct supervisor *s);

void notify_reloading(const struct supervisor *s);
void notify_reloaded(struct supervisor *s);
void notify_stopping(const struct supervisor *s);
void notify_close(struct supervisor *s);

#endif
