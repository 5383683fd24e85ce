/* SPDX-License-Identifier: Apache-2.0 */
/* The roles' names, as in libexec/threads-<name>, status and logs. */
#ifndef THREADS_IPC_ROLE_NAME_H
#define THREADS_IPC_ROLE_NAME_H

#include "threads/protocol.h"

/* Never NULL; "unknown" for a number that is no role. */
const char *role_name(enum role role);

#endif
