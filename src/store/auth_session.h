/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of signed-in people, and in another table what is still on its way there. */
#ifndef THREADS_STORE_AUTH_SESSION_H
#define THREADS_STORE_AUTH_SESSION_H

#include "store/auth_login.h"

enum { AUTH_CLIENT_SIZE = 80 + 1, AUTH_ADDRESS_SIZE = 64 + 1 };

struct auth_session {
	int64_t id;
	char public_id[PUBLIC_ID_SIZE];
	int64_t login_id, epoch;
	int64_t created_ms, seen_ms, expires_ms, strong_ms;
	char client[AUTH_CLIENT_SIZE], address[AUTH_ADDRESS_SIZE];
	unsigned char new_totp_box[AUTH_BOX_LEN];
	bool has_new_totp;
	int64_t new_totp_ms;
};

/* Inserts a session of login_id's present epoch; id, epoch and new_totp of session are ignored. */
int auth_session_add(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		     const struct auth_session *session, struct threads_error *err) MUST_CHECK;

/*
 * 1 if hash is a session that holds at now_ms: its user is active, its epoch is
 * the user's, it did not end and was seen within idle_ms. Else 0.
 */
int auth_session_find(struct db *db, const unsigned char hash[AUTH_HASH_LEN], int64_t now_ms,
		      int64_t idle_ms, struct auth_session *ret_session,
		      struct threads_error *err) MUST_CHECK;
int auth_session_seen(struct db *db, int64_t id, int64_t now_ms,
		      struct threads_error *err) MUST_CHECK;
int auth_session_set_new_totp(struct db *db, int64_t id, const unsigned char box[AUTH_BOX_LEN],
			      int64_t now_ms, struct threads_error *err) MUST_CHECK;
int auth_session_drop(struct db *db, int64_t id, struct threads_error *err) MUST_CHECK;

/* Ends one session of this user, by its public id: 1, or 0 if there is none. */
int auth_session_drop_of(struct db *db, int64_t login_id, const char *public_id,
			 struct threads_error *err) MUST_CHECK;

/* The user's sessions that hold at now_ms, last seen first. fn must not write. */
typedef int auth_session_fn(const struct auth_session *session, void *arg,
			    struct threads_error *err);
int auth_session_each(struct db *db, int64_t login_id, int64_t now_ms, int64_t idle_ms,
		      auth_session_fn *fn, void *arg, struct threads_error *err) MUST_CHECK;

struct auth_pending {
	int64_t id;
	char kind[AUTH_WORD_SIZE]; /* totp setup invite reset */
	int64_t login_id;          /* 0: set-up */
	char user_id[PUBLIC_ID_SIZE];
	int64_t created_ms, expires_ms, tries;
	char name[AUTH_NAME_SIZE], display_name[AUTH_DISPLAY_SIZE];
	char phc[AUTH_PHC_SIZE]; /* "" before the password step */
	unsigned char totp_box[AUTH_BOX_LEN];
	bool has_totp;
};

/* Inserts kind, login_id (with its present epoch), user_id, times, name, display_name. */
int auth_pending_add(struct db *db, const unsigned char hash[AUTH_HASH_LEN],
		     const struct auth_pending *pending, struct threads_error *err) MUST_CHECK;

/* 1 if hash is pending at now_ms and its user, if any, is not disabled and of the same epoch; else 0. */
int auth_pending_find(struct db *db, const unsigned char hash[AUTH_HASH_LEN], int64_t now_ms,
		      struct auth_pending *ret_pending, struct threads_error *err) MUST_CHECK;

/* Counts a try: 1 if it is one of the first max, else 0 (the row is then gone). */
int auth_pending_try(struct db *db, int64_t id, int64_t max, struct threads_error *err) MUST_CHECK;

/* Keeps name, display_name, phc and totp_box of an enrolment in progress. */
int auth_pending_set(struct db *db, const struct auth_pending *pending,
		     struct threads_error *err) MUST_CHECK;

/* Ends it: 1, or 0 if another request ended it first. */
int auth_pending_take(struct db *db, int64_t id, struct threads_error *err) MUST_CHECK;

#endif
