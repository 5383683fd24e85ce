/* SPDX-License-Identifier: Apache-2.0 */
/* What a role is told on its control connection, by whoever has to tell it something. */
#ifndef THREADS_SUPERVISOR_TELL_H
#define THREADS_SUPERVISOR_TELL_H

#include "supervisor/supervisor.h"

/* Sends f; nothing happens without a connection, and a failure is only logged. */
void tell(struct child *child, const struct frame *f);

/* Whether it could be asked. */
bool tell_ask_alive(struct child *child);
void tell_stop(struct child *child);

/* All roles get the settings as they are now. */
void tell_settings(struct supervisor *s);

/* "ready", "starting", "waiting", "down" */
const char *tell_state_word(const struct child *child);

#endif
