/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder that a role finds in its fuzz target. */
#ifndef THREADS_TESTS_FUZZ_SEED_H
#define THREADS_TESTS_FUZZ_SEED_H

#include "threads/protocol.h"

#define SEED_USER "aaaaaaaaaaaaaaaaaaaaaaaaaa" /* the owner */

/* Fills the empty folder: one owner, one user, an account of each. */
void seed_folder(enum role role, const char *path);

#endif
