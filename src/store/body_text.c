/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL function body_text(zstd, bytes): what message_body keeps, readable. */
#include <zstd.h>

#include "store/store_internal.h"

enum { BODY_TEXT_MAX = 16 * 1024 * 1024 };

static void body_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	const void *packed = sqlite3_value_blob(values[0]);
	const size_t packed_len = (size_t)sqlite3_value_bytes(values[0]);
	const int64_t bytes = sqlite3_value_int64(values[1]);
	char *text;
	size_t len;

	(void)count;
	if (bytes <= 0) {
		sqlite3_result_text(context, "", 0, SQLITE_STATIC);
		return;
	}
	text = bytes <= BODY_TEXT_MAX ? sqlite3_malloc64((sqlite3_uint64)bytes) : NULL;
	if (!text) {
		sqlite3_result_error_nomem(context);
		return;
	}
	len = ZSTD_decompressDCtx(sqlite3_user_data(context), text, (size_t)bytes, packed,
				  packed_len);
	if (ZSTD_isError(len) || len != (size_t)bytes) {
		sqlite3_free(text);
		sqlite3_result_error(context, "a message's text is damaged", -1);
		return;
	}
	sqlite3_result_text64(context, text, len, sqlite3_free, SQLITE_UTF8);
}

static void context_free(void *dctx)
{
	ZSTD_freeDCtx(dctx);
}

int body_text_register(sqlite3 *handle, struct threads_error *err)
{
	ZSTD_DCtx *dctx = ZSTD_createDCtx();
	int rc;

	if (!dctx)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = sqlite3_create_function_v2(handle, "body_text", 2,
					SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, dctx,
					body_text, NULL, NULL, context_free);
	if (rc != SQLITE_OK)
		return threads_error_set(err, THREADS_EIO, "register body_text: %s",
					 sqlite3_errstr(rc));
	return 0;
}
