/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mime.h"

#include <gmime/gmime.h>
#ifdef THREADS_SANITIZE
#include <sanitizer/lsan_interface.h>
#endif

/*
 * gmime reads the addresses and words of each message's headers at once, in time
 * quadratic in their length, and does not say where an attached message lies. So
 * it never sees a message: attached ones are parts like others, and are parsed as
 * parts themselves, which leaves their headers alone.
 */
static void gmime_begin(void)
{
	static const char *const names[] = { "rfc822", "rfc2822", "global", "news" };

#ifdef THREADS_SANITIZE
	__lsan_disable(); /* gmime forgets to free the registrations that are replaced */
#endif
	g_mime_init();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		g_mime_object_register_type("message", names[i], GMIME_TYPE_PART);
#ifdef THREADS_SANITIZE
	__lsan_enable();
#endif
}

int mime_open(struct mime **ret_mime, struct threads_error *err)
{
	CLEANUP(mime_closep) struct mime *mime = calloc(1, sizeof(*mime));
	int rc;

	if (!mime)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	gmime_begin();
	mime->digest = calloc(1, sizeof(*mime->digest));
	if (!mime->digest)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = charsets_open(&mime->charsets, err);
	if (rc < 0)
		return rc;
	*ret_mime = TAKE_PTR(mime);
	return 0;
}

struct mime *mime_close(struct mime *mime)
{
	if (!mime)
		return NULL;
	charsets_close(mime->charsets);
	if (mime->digest)
		digest_release(mime->digest);
	free(mime->digest);
	free(mime);
	return NULL;
}

void mime_closep(struct mime **mime)
{
	*mime = mime_close(*mime);
}
