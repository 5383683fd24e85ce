/* SPDX-License-Identifier: Apache-2.0 */
#include "core/number.h"

#include <inttypes.h>

int parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value,
	      struct threads_error *err)
{
	char *end = NULL;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	/* strtoll() skips white space and takes "+1": numbers of ours have neither. */
	if (errno || end == text || *end || !(*text == '-' || (*text >= '0' && *text <= '9')))
		return threads_error_set(err, THREADS_EINVAL, "not a whole number");
	if (value < min || value > max)
		return threads_error_set(err, THREADS_EINVAL,
					 "not between %" PRId64 " and %" PRId64, min, max);
	*ret_value = value;
	return 0;
}
