/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of mail it is: from a machine, to a list, with a one-time code.
 * Codes are recognised with two signs at least (wording, and a code or a link,
 * and an automatic sender or a telling subject): a colleague's mail that only
 * speaks of passwords must not vanish from shared view.
 */
#ifndef THREADS_MIME_NOTICE_H
#define THREADS_MIME_NOTICE_H

#include "mime/body.h"

/* Mails of this hub carry it; ingestion drops them. */
#define NOTICE_OWN_HEADER "X-Threads-Notice"

struct notice {
	bool own, auto_submitted, bulk, one_time_code;
};

/* sender: addr-spec of the first From. subject: decoded. Both NUL-terminated. */
struct notice notice_find(const struct mime_part *root, const char *sender, const char *subject,
			  const struct body *body);

/* The wording alone. automatic: the sender is a machine; link: the mail has a link. */
bool notice_has_code(const char *subject, const char *text, size_t len, bool automatic, bool link);

#endif
