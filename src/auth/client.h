/* SPDX-License-Identifier: Apache-2.0 */
/* What we say about a browser: a label people recognise, and the prefix that is slowed down. */
#ifndef THREADS_AUTH_CLIENT_H
#define THREADS_AUTH_CLIENT_H

#include <stddef.h>

enum { CLIENT_PREFIX_SIZE = 64 };

/* "Firefox on Linux" from a User-Agent; static parts only, nothing of it is copied. */
void client_label(const char *user_agent, char *out, size_t out_size);

/* The address itself for IPv4, its /64 for IPv6, "local" for anything else. */
void client_prefix(const char *address, char out[CLIENT_PREFIX_SIZE]);

#endif
