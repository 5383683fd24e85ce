/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a host is connected to: so many attempts at once, so many in a
 * minute. Hosts are told apart by the name that was given.
 */
#ifndef THREADS_DIAL_LIMIT_H
#define THREADS_DIAL_LIMIT_H

#include <stddef.h>
#include <stdint.h>

enum {
	LIMIT_HOSTS = 512,    /* names remembered */
	LIMIT_AT_ONCE = 8,    /* attempts to one host under way */
	LIMIT_A_MINUTE = 120, /* attempts to one host begun */
	LIMIT_HOST_BYTES = 256,
};

struct limit_host {
	char name[LIMIT_HOST_BYTES]; /* "": free */
	unsigned under_way, begun;
	int64_t minute_ms; /* when the minute began in which `begun` are counted */
};

struct limits {
	struct limit_host hosts[LIMIT_HOSTS];
};

enum limit_word {
	LIMIT_GO,       /* counted: limit_done() must follow */
	LIMIT_WAIT,     /* when one of those under way is done */
	LIMIT_TOO_MANY, /* in this minute */
};

enum limit_word limit_begin(struct limits *limits, const char *host, int64_t now_ms);
void limit_done(struct limits *limits, const char *host);

#endif
