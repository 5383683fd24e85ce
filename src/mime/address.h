/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address lists of From, To ...: RFC 5322 with the obsolete forms, and what
 * else arrives: unquoted commas and dots in names, missing brackets, raw 8-bit
 * names, a million nested comments. Linear; groups are flattened.
 */
#ifndef THREADS_MIME_ADDRESS_H
#define THREADS_MIME_ADDRESS_H

#include "mime/charset.h"

/* name and address are UTF-8, borrowed for the call, either may be empty but
 * not both. Return false to stop. */
typedef bool address_fn(void *arg, const char *name, const char *address);

enum { ADDRESS_MAX = 1000, ADDRESS_NAME_MAX = 4000 }; /* bytes; longer ones are cut */

void address_parse(struct charsets *charsets, const char *raw, size_t len, address_fn *fn,
		   void *arg);

#endif
