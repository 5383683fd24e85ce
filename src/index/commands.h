/* SPDX-License-Identifier: Apache-2.0 */
/* What api and auth ask index to write. Each is answered after its commit. */
#ifndef THREADS_INDEX_COMMANDS_H
#define THREADS_INDEX_COMMANDS_H

#include "index/index.h"

/* Frame handlers for struct peer_handler; arg is the index_role. */
int commands_on_api(struct peer *peer, struct frame *f, void *arg, struct threads_error *err);
int commands_on_auth(struct peer *peer, struct frame *f, void *arg, struct threads_error *err);

#endif
