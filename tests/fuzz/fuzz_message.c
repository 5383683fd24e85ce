/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "../parse/verify.h"
#include "parse/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Invariant: whatever the bytes are, there is one well-formed record, from which
 * exactly these bytes can be built again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mime *mime; /* opened once: a fuzzer's own state */
	const struct batch_entry entry = { 0, size };
	const struct batch_input input = { data, size, &entry, 1 };
	AUTO_FD int fd = memfd_create("fuzz", 0);
	struct threads_error err;

	if (fd < 0 || (!mime && mime_open(&mime, NULL) < 0))
		abort();
	if (batch_parse(mime, &input, fd, false, &err) < 0 ||
	    verify_output(fd, data, &entry, 1, NULL, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return 0;
}
