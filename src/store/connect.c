/* SPDX-License-Identifier: Apache-2.0 */
/* What every connection to hub.db needs before its schema can be read. */
#include "store/store_internal.h"

int store_connect(sqlite3 *handle, void *arg, struct threads_error *err)
{
	int rc;

	(void)arg;
	rc = tokenizer_register(handle, err);
	if (rc == 0)
		rc = visible_register(handle, err);
	if (rc == 0)
		rc = body_text_register(handle, err);
	return rc;
}
