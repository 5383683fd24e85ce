/* SPDX-License-Identifier: Apache-2.0 */
/* Named character references of HTML. */
#ifndef THREADS_MIME_HTML_ENTITY_H
#define THREADS_MIME_HTML_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/compiler.h"

enum { HTML_ENTITY_MAX = 16 }; /* no name we know is longer */

/* The code point of "&name;" (name without & and ;), or 0. semicolon says
 * whether one follows: only the oldest names are known without. */
uint32_t html_entity(const char *name, size_t len, bool semicolon);

#endif
