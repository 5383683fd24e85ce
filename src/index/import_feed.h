/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of an import become batches: one file a message, or an mbox piece by piece. */
#ifndef THREADS_INDEX_IMPORT_FEED_H
#define THREADS_INDEX_IMPORT_FEED_H

#include "index/import_run.h"

/* The way of the import's format. */
import_feed_fn *import_feed_of(const struct import *import);

#endif
