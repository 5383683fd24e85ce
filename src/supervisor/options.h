/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of threadsd and the configuration file it names. */
#ifndef THREADS_SUPERVISOR_OPTIONS_H
#define THREADS_SUPERVISOR_OPTIONS_H

#include "supervisor/supervisor.h"

/*
 * Fills config, data_dir and programs. Returns 0 to go on, 1 when the
 * program is done (--help, --version, --print-config) or < 0 on an error that was
 * already said on stderr; then *ret_exit is the exit status.
 */
int options_read(struct supervisor *s, int argc, char **argv, int *ret_exit,
		 struct threads_error *err) MUST_CHECK;

/* What the same command line says now. Errors as config_read() has. */
int options_read_again(const struct supervisor *s, struct config **ret_config,
		       struct threads_error *err) MUST_CHECK;

/* What the service manager says in the environment, or NULL. */
const char *options_env(const char *name);

#endif
