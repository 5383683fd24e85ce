/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target holds to be so: says what is not, and ends. */
#ifndef THREADS_FUZZ_REQUIRE_H
#define THREADS_FUZZ_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "not so: %s\n", #what);                                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
