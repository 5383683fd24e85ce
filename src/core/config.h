/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads.conf: "key = value" lines and sections, read with inih. The keys are
 * a fixed table with a default and a description each; docs and man page are
 * checked against it. An unknown key is an error: a typing mistake in a limit
 * must not pass silently.
 */
#ifndef THREADS_CORE_CONFIG_H
#define THREADS_CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "threads/error.h"

struct config;

/* A configuration with every key at its default. Errors: THREADS_ENOMEM. */
int config_new(struct config **ret_config, struct threads_error *err) MUST_CHECK;
struct config *config_free(struct config *config);
void config_freep(struct config **config);

/* Reads a file over what is there. The error names file and line. Errors:
 * THREADS_EINVAL (unknown key, bad value), THREADS_ENOENT, THREADS_EIO. */
int config_read(struct config *config, const char *path, struct threads_error *err) MUST_CHECK;

/* The same from text, as the supervisor hands it to the roles. */
int config_read_text(struct config *config, const char *text, struct threads_error *err) MUST_CHECK;

int config_set(struct config *config, const char *key, const char *value,
	       struct threads_error *err) MUST_CHECK;

/* key must be in the table (else the process aborts: our own bug). Text is borrowed. */
const char *config_text(const struct config *config, const char *key);
int64_t config_int(const struct config *config, const char *key);
bool config_bool(const struct config *config, const char *key);

/* Walks the table: name, default, what it is for. Returns false past the end. */
bool config_describe(size_t index, const char **key, const char **preset, const char **purpose);

/* Whether a hub that runs may be given another value (SIGHUP); else it takes a restart. */
bool config_is_live(const char *key);

#endif
