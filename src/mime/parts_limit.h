/* SPDX-License-Identifier: Apache-2.0 */
/* A bound on the parts of a message before gmime, which has none, reads it. */
#ifndef THREADS_MIME_PARTS_LIMIT_H
#define THREADS_MIME_PARTS_LIMIT_H

#include <stddef.h>

/* Length of the beginning of a message that has at most max boundary lines. Where
 * boundaries cannot be told from other lines with "--", those count too. Linear. */
size_t parts_limit(const char *data, size_t len, size_t max);

#endif
