/* SPDX-License-Identifier: Apache-2.0 */
/* A request on the socket of figures, whole and piece by piece: always one of its few answers. */
#include "api/metrics_socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int status)
{
	static const int known[] = { 0, 200, 400, 404, 405, 431, 505 };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (status == known[i])
			return;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size > SCRAPE_HEAD_MAX)
		size = SCRAPE_HEAD_MAX;
	for (size_t len = 1; len < size; len++) {
		const int early = metrics_request(text, len);

		check(early);
		/* What is refused as malformed stays so, whatever follows. */
		if (early == 400 && metrics_request(text, size) != 400)
			abort();
	}
	check(metrics_request(text, size));
	return 0;
}
