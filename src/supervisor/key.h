/* SPDX-License-Identifier: Apache-2.0 */
/* The master key: made at the first start, read again whenever a role starts, never kept. */
#ifndef THREADS_SUPERVISOR_KEY_H
#define THREADS_SUPERVISOR_KEY_H

#include "supervisor/supervisor.h"

enum { KEY_BYTES = 32 };

/* Makes the key file if there is none and the hub is new. Errors: THREADS_EIO, THREADS_EDENIED
 * (others may read it), THREADS_ENOENT (it is missing although data is there: a restore forgot it). */
int key_prepare(const struct supervisor *s, struct threads_error *err) MUST_CHECK;

/* HKDF-SHA-256 of the master key with the role's name. */
int key_for_role(const struct supervisor *s, enum role role, unsigned char out[KEY_BYTES],
		 struct threads_error *err) MUST_CHECK;

#endif
