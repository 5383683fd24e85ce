/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor: TOTP seeds sealed with auth's key, and recovery codes. */
#ifndef THREADS_AUTH_FACTORS_H
#define THREADS_AUTH_FACTORS_H

#include "auth/exchange.h"
#include "crypto/totp.h"

enum {
	RECOVERY_CODES = 10,
	RECOVERY_BYTES = 15,             /* 120 bit */
	RECOVERY_TEXT_SIZE = 24 + 5 + 1, /* "XXXX-XXXX-XXXX-XXXX-XXXX-XXXX" */
};

/* A fresh seed, sealed for user_id, and how to show it: TOTP of the API document.
 * With plain, only {"secret":...} (threadsctl). Errors: THREADS_ENOMEM. */
int totp_new(struct auth *auth, const char *user_id, const char *name, bool plain,
	     unsigned char box[AUTH_BOX_LEN], json_t **ret_json,
	     struct threads_error *err) MUST_CHECK;

/* 1 and the step if code is right at this time for the seed in box, 0 if not.
 * Says nothing about whether the step was used before. */
int totp_check(struct auth *auth, const char *user_id, const unsigned char box[AUTH_BOX_LEN],
	       const char *code, int64_t *ret_step, struct threads_error *err) MUST_CHECK;

/* Whether the box can be opened: each byte of it and the user's id must be right. */
bool totp_readable(struct auth *auth, const char *user_id, const unsigned char box[AUTH_BOX_LEN]);

/* Replaces the recovery codes of login_id; ret_json is the array of codes, shown once. */
int recovery_make(struct auth *auth, int64_t login_id, json_t **ret_json,
		  struct threads_error *err) MUST_CHECK;

enum factor_result { FACTOR_WRONG = 0, FACTOR_RIGHT = 1, FACTOR_USED = 2 };

/* A code of an authenticator (6 digits), used up if right. Result above, or < 0. */
int factor_use_totp(struct auth *auth, const struct auth_login *login, const char *code,
		    struct threads_error *err) MUST_CHECK;

/* A recovery code (spaces, hyphens and case ignored), used up if right. */
int factor_use_recovery(struct auth *auth, const struct auth_login *login, const char *code,
			struct threads_error *err) MUST_CHECK;

/* The 401 for a wrong or used code. */
int reply_factor(struct exchange *ex, int result, struct threads_error *err) MUST_CHECK;

#endif
