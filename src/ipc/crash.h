/* SPDX-License-Identifier: Apache-2.0 */
/* The last words of a role that crashes: one line on stderr with the signal and the place. */
#ifndef THREADS_IPC_CRASH_H
#define THREADS_IPC_CRASH_H

/* Catches SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT of the calling thread's process; the
 * process ends by the same signal. Does nothing under sanitizers, which say more. */
void crash_words(void);

#endif
