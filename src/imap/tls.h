/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS to a mail server on a socket that is already connected. The chain, the
 * name and the dates are checked before this returns, so that no byte of a
 * password can go to the wrong server. There is no switch to accept anything.
 */
#ifndef THREADS_IMAP_TLS_H
#define THREADS_IMAP_TLS_H

#include <openssl/ssl.h>

#include "imap/failure.h"

struct tls_options {
	const char *host;   /* as typed by the owner: name or address literal */
	const char *ca;     /* PEM text that alone is trusted, or "" */
	int bundle_fd;      /* else: the system's certificates, an open PEM file; -1 = none */
	int64_t timeout_ms; /* for the whole handshake */
	int stop_fd;        /* readable: give up (FAILURE_STOPPED) */
};

/*
 * Shakes hands on fd (non-blocking; stays the caller's). ret_ssl is released by
 * SSL_free(). Returns 0, or -1 with why.
 */
int tls_connect(int fd, const struct tls_options *options, SSL **ret_ssl, struct failure *why);

/* Whether host is an address literal, to which no name (SNI) is sent. */
bool tls_is_address(const char *host);

/* Waits for events on fd. Returns 1; 0 at the deadline (monotonic); -1 when stop_fd is readable. */
int wait_for(int fd, short events, int64_t deadline_ms, int stop_fd);

#endif
