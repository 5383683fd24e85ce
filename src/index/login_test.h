/* SPDX-License-Identifier: Apache-2.0 */
/* The live test of a new secret: well, and the account is active; or a draft without a secret. */
#ifndef THREADS_INDEX_LOGIN_TEST_H
#define THREADS_INDEX_LOGIN_TEST_H

#include "index/imap_link.h"

/* The test ended well or with trouble; the session is over. */
void login_tested(struct imap_session *session, bool well);

#endif
