/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between the supervisor and the roles: links, doorbells, the role list. */
#ifndef THREADS_SUPERVISOR_BUS_H
#define THREADS_SUPERVISOR_BUS_H

#include "supervisor/child.h"

/* Takes the child's control connection over. */
int bus_attach(struct child *child, int fd, struct threads_error *err) MUST_CHECK;

/* Whether two roles get a socket pair. Symmetric. */
bool bus_linked(enum role a, enum role b);

/* Connects it with all that are ready; starts what waited for it. */
void bus_child_ready(struct child *child);

/* Tells index of the end of a process that it had asked for; ends what needs it. */
void bus_child_ended(struct child *child, int wait_status);

/* Starts the child now, or when what it needs is ready. */
void bus_start_allowed(struct child *child);

bool bus_ask_alive(struct child *child);
void bus_say_stop(struct child *child);

/* All roles get the settings as they are now. */
void bus_send_settings(struct supervisor *s);

/* The role list changed: http and api are told soon. */
void bus_roles_changed(struct supervisor *s);

/* "ready", "starting", "waiting", "down" */
const char *bus_state_word(const struct child *child);

/* Timer callback that tells them. */
void bus_send_roles(void *supervisor);

#endif
