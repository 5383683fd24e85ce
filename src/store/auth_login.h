/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign in, with which password hash, second factor and recovery codes. */
#ifndef THREADS_STORE_AUTH_LOGIN_H
#define THREADS_STORE_AUTH_LOGIN_H

#include "store/auth_db.h"

struct auth_login {
	int64_t id;
	char user_id[PUBLIC_ID_SIZE];
	char name[AUTH_NAME_SIZE], display_name[AUTH_DISPLAY_SIZE];
	char role[AUTH_WORD_SIZE];  /* owner admin user auditor */
	char state[AUTH_WORD_SIZE]; /* invited active disabled */
	char phc[AUTH_PHC_SIZE];    /* "" before enrolment */
	unsigned char totp_box[AUTH_BOX_LEN];
	bool has_totp;
	int64_t password_ms, totp_ms, epoch;
};

/* 1 found, 0 not. name in any case of ASCII letters. */
int auth_login_by_name(struct db *db, const char *name, struct auth_login *ret_login,
		       struct threads_error *err) MUST_CHECK;
int auth_login_by_user(struct db *db, const char *user_id, struct auth_login *ret_login,
		       struct threads_error *err) MUST_CHECK;
int auth_login_by_id(struct db *db, int64_t id, struct auth_login *ret_login,
		     struct threads_error *err) MUST_CHECK;

/* 1 if somebody has role owner and once finished the enrolment, else 0. */
int auth_login_owner_exists(struct db *db, struct threads_error *err) MUST_CHECK;

/* 1 if an active owner other than id exists, else 0. */
int auth_login_other_owner(struct db *db, int64_t id, struct threads_error *err) MUST_CHECK;

/* Inserts login's user_id, name, display_name, role, state. Returns the row id.
 * Errors: THREADS_EINVAL (name or user_id is taken). */
int auth_login_add(struct db *db, const struct auth_login *login, int64_t now_ms, int64_t *ret_id,
		   struct threads_error *err) MUST_CHECK;

/* Sets state and ends the epoch: sessions, pending sign-ins and links are gone. */
int auth_login_set_state(struct db *db, int64_t id, const char *state,
			 struct threads_error *err) MUST_CHECK;

/* The names that a person chose with an invitation. Errors: THREADS_EINVAL (the name is taken). */
int auth_login_set_names(struct db *db, int64_t id, const char *name, const char *display_name,
			 struct threads_error *err) MUST_CHECK;

/* Display name and role as hub.db has them. */
int auth_login_set_profile(struct db *db, int64_t id, const char *display_name, const char *role,
			   struct threads_error *err) MUST_CHECK;

/* A new password of a signed-in person; ends the epoch. */
int auth_login_set_password(struct db *db, int64_t id, const char *phc, int64_t now_ms,
			    struct threads_error *err) MUST_CHECK;

/* The same password with today's parameters, unless it was changed meanwhile. */
int auth_login_rehash(struct db *db, int64_t id, const char *old_phc, const char *phc,
		      struct threads_error *err) MUST_CHECK;

/* A new authenticator, whose code of step was just used; ends the epoch. box NULL takes
 * the factor away, and the recovery codes with it. */
int auth_login_set_totp(struct db *db, int64_t id, const unsigned char *box, int64_t step,
			int64_t now_ms, struct threads_error *err) MUST_CHECK;

/* Ends the epoch alone: "sign out everywhere". */
int auth_login_end_epoch(struct db *db, int64_t id, struct threads_error *err) MUST_CHECK;

/*
 * Uses up the code of step: 1 if this call was the first to use it or a later
 * one, else 0. One conditional UPDATE, so that of two at once only one wins.
 */
int auth_login_use_step(struct db *db, int64_t id, int64_t step,
			struct threads_error *err) MUST_CHECK;

/* Replaces all recovery codes by the count hashes given. */
int auth_recovery_replace(struct db *db, int64_t login_id,
			  const unsigned char (*hashes)[AUTH_HASH_LEN], size_t count,
			  struct threads_error *err) MUST_CHECK;

/* Uses up one code of this user: 1 if it was there and unused, else 0. */
int auth_recovery_use(struct db *db, int64_t login_id, const unsigned char hash[AUTH_HASH_LEN],
		      int64_t now_ms, struct threads_error *err) MUST_CHECK;
int auth_recovery_left(struct db *db, int64_t login_id, int64_t *ret_left,
		       struct threads_error *err) MUST_CHECK;

/* What others did to this sign-in. The newest AUTH_NOTICES_SHOWN are given. */
enum { AUTH_NOTICES_SHOWN = 10 };
int auth_notice_add(struct db *db, int64_t login_id, int64_t now_ms, const char *words,
		    struct threads_error *err) MUST_CHECK;
typedef int auth_notice_fn(int64_t time_ms, const char *words, void *arg,
			   struct threads_error *err);
int auth_notice_each(struct db *db, int64_t login_id, auth_notice_fn *fn, void *arg,
		     struct threads_error *err) MUST_CHECK;

/* All logins, by id. fn must not write. */
typedef int auth_login_fn(const struct auth_login *login, void *arg, struct threads_error *err);
int auth_login_each(struct db *db, auth_login_fn *fn, void *arg,
		    struct threads_error *err) MUST_CHECK;

#endif
