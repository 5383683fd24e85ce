/* SPDX-License-Identifier: Apache-2.0 */
/* The INDEX_ACCOUNT_* commands of api. */
#ifndef THREADS_INDEX_ACCOUNT_COMMANDS_H
#define THREADS_INDEX_ACCOUNT_COMMANDS_H

#include "index/index.h"

int account_command(struct index_role *ix, struct peer *peer, struct frame *f,
		    struct threads_error *err) MUST_CHECK;

#endif
