/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder, its owners and its lock. */
#ifndef THREADS_SUPERVISOR_LAYOUT_H
#define THREADS_SUPERVISOR_LAYOUT_H

#include "supervisor/supervisor.h"

/* Makes what is missing below data_dir with the owner and mode of its role; takes the
 * lock that keeps a second supervisor out. Errors: THREADS_EIO, THREADS_EAGAIN (already running). */
int layout_prepare(struct supervisor *s, struct threads_error *err) MUST_CHECK;

#endif
