/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one account: wait for index to say which, connect, pass, wait for
 * news, again; after a failure wait and try again. Runs in a thread of its own,
 * because the IMAP library blocks; the main thread only hands over sockets.
 */
#ifndef THREADS_IMAP_WORKER_H
#define THREADS_IMAP_WORKER_H

#include "imap/links.h"

/*
 * Runs until links_stop(), or until a test or single pass is done.
 * bundle_fd	the system's trusted certificates (PEM), -1 = none; borrowed.
 */
void worker_run(struct links *links, int bundle_fd);

#endif
