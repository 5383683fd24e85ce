/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process uses. The kernel's file is opened before confinement. */
#ifndef THREADS_IPC_MEMORY_H
#define THREADS_IPC_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor for memory_read(), -1 if the kernel has none. */
int memory_open(void);

/* Resident bytes, and the proportional share (pages of several processes are divided). */
bool memory_read(int fd, int64_t *ret_rss, int64_t *ret_pss);

#endif
