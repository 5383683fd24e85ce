/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers from outside. */
#ifndef THREADS_CORE_NUMBER_H
#define THREADS_CORE_NUMBER_H

#include <stdint.h>

#include "threads/error.h"

/* The whole text must be a decimal number within [min, max]. Errors: THREADS_EINVAL. */
int parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value,
	      struct threads_error *err) MUST_CHECK;

#endif
