/* SPDX-License-Identifier: Apache-2.0 */
/* threads.conf: whatever is read keeps every value within its limits. */
#include "core/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "threads/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(config_freep) struct config *config = NULL, *again = NULL;
	const char *key, *preset, *purpose;
	struct threads_error err;
	char *text = calloc(size + 1, 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (config_new(&config, &err) < 0 || config_new(&again, &err) < 0)
		abort();
	(void)!config_read_text(config, text, &err);
	free(text);
	/* Also after an error in the middle: each value is one that could be set. */
	for (size_t i = 0; config_describe(i, &key, &preset, &purpose); i++)
		if (config_set(again, key, config_text(config, key), &err) < 0)
			abort();
	return 0;
}
