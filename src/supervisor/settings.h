/* SPDX-License-Identifier: Apache-2.0 */
/* The settings as roles get them, and what SIGHUP changes of them. */
#ifndef THREADS_SUPERVISOR_SETTINGS_H
#define THREADS_SUPERVISOR_SETTINGS_H

#include "supervisor/supervisor.h"

/* Writes s->config_text: all settings, public_url being s->origin. Errors: THREADS_ENOMEM. */
int settings_write(struct supervisor *s, struct threads_error *err) MUST_CHECK;

/*
 * Reads the configuration again, takes over what is live (config_is_live()) and tells
 * the roles. The log names what waits for a restart. A configuration with a mistake
 * changes nothing.
 */
void settings_reload(struct supervisor *s);

#endif
