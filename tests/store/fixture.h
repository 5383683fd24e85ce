/* SPDX-License-Identifier: Apache-2.0 */
/* A hub.db with packs in a temporary folder, one owner, two accounts, and mails made up here. */
#ifndef THREADS_TESTS_STORE_FIXTURE_H
#define THREADS_TESTS_STORE_FIXTURE_H

#include "test.h"

#include "store/ingest.h"
#include "store/ingest_internal.h"

#define FIXTURE_NOW INT64_C(1790000000000)

struct fixture {
	char dir[64];
	int dir_fd;
	unsigned char key[32];
	struct store *store;
	struct filing *filing;
	struct ingest *ingest;
	int64_t owner, other; /* users ada and bob */
	int64_t closed, open; /* accounts of ada; "open" has policy open */
	int64_t bobs;         /* closed account of bob */
	int64_t folder[4];    /* of closed, open, bobs */
	struct clock clock;
};

/* For cmocka: *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The same in steps: an empty folder; database and packs opened in it (on failure some may be
 * open, fixture_close() closes them); users, accounts and folders put in. */
struct fixture *fixture_new(void);
int fixture_open(struct fixture *f, struct threads_error *err) MUST_CHECK;
void fixture_people(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_free(struct fixture *f);

/* Closes and opens database and packs again, as after a restart. */
void fixture_reopen(struct fixture *f);

/* One number out of the database. */
int64_t fixture_number(struct fixture *f, const char *sql);

/* What a mail says; NULL fields are left out. */
struct fake {
	const char *from, *to, *cc, *bcc, *subject, *id, *reply_to_id, *references[4];
	const char *body, *html;
	const char *received; /* a Received line: copies differ in it */
	int64_t sent_ms;
	uint32_t flags;
	/* one attachment, cut out of the skeleton if line_length is not 0 */
	const void *file;
	size_t file_len;
	const char *file_name;
	uint32_t line_length;
	bool crlf;
	bool forge_skeleton; /* parse lies: the skeleton is not the message's */
};

/* A mail as parse would hand it over, in memory of its own. */
struct fake_mail {
	struct strbuf raw, packed, file;
	struct draft_participant people[8];
	struct draft_attachment attachment;
	struct draft_text references[4];
	struct message_draft draft;
	struct ingest_item item;
};

void fake_make(struct fake_mail *mail, const struct fake *fake, int64_t folder_id, int64_t uid);
void fake_release(struct fake_mail *mail);

/* Stores one made-up mail in an account and gives the result. */
enum ingest_result fixture_store(struct fixture *f, const struct fake *fake, int64_t account_id,
				 int64_t folder_id, int64_t uid);

#endif
