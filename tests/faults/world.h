/* SPDX-License-Identifier: Apache-2.0 */
/* A small hub's mail as one import, to be stored piece by piece and then looked at as a whole. */
#ifndef THREADS_TESTS_FAULTS_WORLD_H
#define THREADS_TESTS_FAULTS_WORLD_H

#include "../store/fixture.h"

enum {
	WORLD_MAILS = 36,
	WORLD_SLICE = 3,           /* so many at once, all of one account */
	WORLD_LARGE_FILE = 300000, /* passes the pack's buffer by */
};

/* Made once, the same for everybody. */
struct mails {
	char id[WORLD_MAILS][32], subject[WORLD_MAILS][48], body[WORLD_MAILS][256];
	char received[WORLD_MAILS][32];
	char file[WORLD_LARGE_FILE];
	struct fake_mail made[WORLD_MAILS];
};
struct mails *mails_new(void);
void mails_free(struct mails *mails);

/* People, accounts and the import that brings the mails, in an opened fixture. */
void world_people(struct fixture *f);

/* How many mails the import has brought. */
int world_position(struct fixture *f, size_t *ret_position, struct threads_error *err) MUST_CHECK;

/* The next slice, from *position on; the import's position and counters move with it.
 * 1: there is more, 0: all are stored. */
int world_import(struct fixture *f, struct mails *mails, size_t *position,
		 struct threads_error *err) MUST_CHECK;

/* The same mail by a way that keeps no position: nothing may happen twice. */
int world_deliver_again(struct fixture *f, struct mails *mails,
			struct threads_error *err) MUST_CHECK;

/* Bob's account goes: rows at once, blobs in the background. May be called again. */
int world_delete(struct fixture *f, struct threads_error *err) MUST_CHECK;

/* Everything that must be equal after trouble: messages by digest, sightings, counters, what
 * searches find. with_import: the import's own figures too. */
void world_state(struct fixture *f, bool with_import, struct strbuf *out);

/* store_verify(), deep. "" or the faults. */
int world_verify(struct fixture *f, struct strbuf *out, struct threads_error *err) MUST_CHECK;

/* Files of one folder into another that is there. */
void world_copy(const char *from, const char *to);

#endif
