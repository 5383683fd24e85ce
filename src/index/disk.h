/* SPDX-License-Identifier: Apache-2.0 */
/* How full the disk of the data folder is; collecting stops at the limit and goes on by itself. */
#ifndef THREADS_INDEX_DISK_H
#define THREADS_INDEX_DISK_H

#include "index/index.h"

/* Measures now, sets ix->disk_full and disk_percent, plans the next look. Timer callback too. */
void disk_check(void *index_role);

#endif
