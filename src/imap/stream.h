/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IMAP library's byte stream over our own socket: verified TLS (or clear
 * text on loopback), the guard, time limits, and an end at once when the
 * process is to stop. The library's own network code is never used: it checks
 * no certificate and loops for ever at an end of file.
 */
#ifndef THREADS_IMAP_STREAM_H
#define THREADS_IMAP_STREAM_H

#include <libetpan/libetpan.h>

#include "imap/guard.h"
#include "imap/tls.h"

struct stream;

/* Why a read or write failed; the first cause stays. */
enum stream_cause {
	STREAM_FINE,
	STREAM_CLOSED,   /* end of file or reset */
	STREAM_SILENT,   /* nothing for timeout_ms */
	STREAM_TOO_LONG, /* the command's deadline */
	STREAM_GUARD,
	STREAM_STOPPED,
};

struct stream_options {
	uint64_t literal_max;
	int64_t timeout_ms; /* silence of the server */
	int stop_fd;
};

/*
 * Wraps fd (non-blocking) for the library. Takes over fd, also on failure.
 * ret_stream is freed by mailstream_close(); ret_own stays valid that long.
 */
int stream_new(int fd, const struct stream_options *options, mailstream **ret_stream,
	       struct stream **ret_own, struct failure *why);

/* Encrypts from here on. Anything the server sent ahead is an attack: FAILURE_TLS_INJECTED. */
int stream_start_tls(mailstream *ms, struct stream *own, const struct tls_options *options,
		     struct failure *why);

/* A command begins: how much it may bring, and how long it may take. 0 = no limit. */
void stream_command(struct stream *own, uint64_t total_max, uint64_t outside_max,
		    int64_t deadline_ms);

/* Time in which we did not read by our own fault does not count against the server. */
void stream_extend(struct stream *own, int64_t ms);

enum stream_cause stream_cause(const struct stream *own);

/* Fills why after a failed command of the library. Returns -1. */
int stream_failure(const struct stream *own, struct failure *why);

/* The socket to poll, and whether bytes wait inside (poll would not tell). */
int stream_fd(const struct stream *own);
bool stream_pending(const mailstream *ms, const struct stream *own);

#endif
