/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of threadsd and the configuration file it names. */
#ifndef THREADS_SUPERVISOR_OPTIONS_H
#define THREADS_SUPERVISOR_OPTIONS_H

#include "supervisor/supervisor.h"

/*
 * Fills config, config_text, data_dir and libexec. Returns 0 to go on, 1 when the
 * program is done (--help, --version, --print-config) or < 0 on an error that was
 * already said on stderr; then *ret_exit is the exit status.
 */
int options_read(struct supervisor *s, int argc, char **argv, int *ret_exit,
		 struct threads_error *err) MUST_CHECK;

#endif
