/* SPDX-License-Identifier: Apache-2.0 */
/* A connected account: the imap process of one account and what it brings. */
#ifndef THREADS_INDEX_IMAP_LINK_H
#define THREADS_INDEX_IMAP_LINK_H

#include "index/batch.h"
#include "store/account.h"

struct session_batch;
LIST_HEAD(session_batch_list, session_batch);

/* The process has ended and nothing of it is unread: frees the session. */
typedef void imap_ended_fn(struct imap_session *session);

struct imap_session {
	struct index_role *ix;
	imap_ended_fn *on_ended;
	int64_t account_id; /* also the instance of its process */
	int64_t owner_id;   /* of the account */
	enum imap_mode mode;
	struct peer *peer; /* NULL: started, not there yet */
	bool in_pass;
	bool reported;    /* it said why it ends: its exit is no crash */
	bool ended;       /* asked to end, by us or by itself */
	bool sync_wanted; /* IMAP_SYNC as soon as it is there */
	bool test_next;   /* its log-in is tested when this process has ended */
	bool exited;      /* CTL_EXITED came; its last frames are not read yet */
	bool crashed;     /* and how */
	bool labels_said; /* that some are left out */
	struct session_batch_list batches;
	LIST_ENTRY(imap_session) link;
};

struct imap_session *imap_session_find(struct index_role *ix, int64_t account_id);

/* A session whose process has been asked for. Errors: THREADS_ENOMEM. */
int imap_session_new(struct index_role *ix, const struct account *account, enum imap_mode mode,
		     imap_ended_fn *on_ended, struct imap_session **ret_session,
		     struct threads_error *err) MUST_CHECK;

/* The process is there: takes fd over, tells it its account. */
int imap_session_attach(struct imap_session *session, int fd, struct threads_error *err) MUST_CHECK;

/* "Look now." */
void imap_session_sync(struct imap_session *session);

/* Drops what is on its way and frees; the process is the caller's affair. */
void imap_session_free(struct imap_session *session);

#endif
