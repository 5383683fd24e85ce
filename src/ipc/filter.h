/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls half of confinement; part of sandbox_enter(). */
#ifndef THREADS_IPC_FILTER_H
#define THREADS_IPC_FILTER_H

#include "ipc/sandbox.h"

/* Loads the filter and what speaks up when it refuses. Needs no_new_privs. Errors: THREADS_EIO. */
int filter_load(const struct sandbox_rules *rules, struct threads_error *err) MUST_CHECK;

#endif
