/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The write path: messages as parse read them -> rows, blobs, search index,
 * everything of a slice in one transaction. Used by `index` alone.
 */
#ifndef THREADS_STORE_INGEST_H
#define THREADS_STORE_INGEST_H

#include <stdint.h>

#include "core/clock.h"
#include "filing/company.h"
#include "store/pack.h"
#include "store/store.h"

/* message.flags. The lower ones have the values of enum record_flag. */
enum message_flag {
	MESSAGE_UNREADABLE = 1 << 0,
	MESSAGE_TEXT_CUT = 1 << 1,
	MESSAGE_ENCRYPTED = 1 << 2,
	MESSAGE_AUTO_SUBMITTED = 1 << 3,
	MESSAGE_BULK = 1 << 4,
	MESSAGE_ONE_TIME_CODE = 1 << 5,
	MESSAGE_OWN_NOTICE = 1 << 6, /* says that this hub sent it; unproven */
	MESSAGE_DRAFT = 1 << 7,
	MESSAGE_HAS_DATE = 1 << 8,
	MESSAGE_FLAGS_KEPT = (1 << 9) - 1,
};

/* sighting.flags: the lower ones have the values of enum imap_flag. */
enum sighting_flag {
	SIGHTING_SEEN = 1,
	SIGHTING_ANSWERED = 2,
	SIGHTING_FLAGGED = 4,
	SIGHTING_DRAFT = 8,
	SIGHTING_STATE_UNKNOWN = 16, /* imports: nothing tells whether it was read */
};

/* participant.role; the values of enum record_role. */
enum draft_role {
	DRAFT_FROM,
	DRAFT_SENDER,
	DRAFT_REPLY_TO,
	DRAFT_TO,
	DRAFT_CC,
	DRAFT_BCC,
};

/* UTF-8 without NUL inside, NUL-terminated, borrowed; never NULL. */
struct draft_text {
	const char *text;
	size_t len;
};

struct draft_participant {
	enum draft_role role;
	struct draft_text name, address;
};

struct draft_attachment {
	struct draft_text filename, content_type, content_id;
	int disposition; /* enum record_disposition */
	int encoding;    /* enum transfer */
	bool cut;        /* not in the skeleton: data holds the decoded bytes */
	uint64_t size;   /* decoded */
	uint64_t raw_offset, raw_length;
	uint32_t line_length;
	bool crlf;
	bool compressed; /* data is one zstd frame */
	const uint8_t *data;
	size_t data_len;
};

/* What parse says about one message. Nothing of it is trusted beyond its bounds. */
struct message_draft {
	uint32_t flags; /* enum message_flag */
	int64_t sent_ms;
	struct draft_text header_id, in_reply_to, subject, list_id, body_text;
	/* What a mail file says of the copy in it: imports only, a sender could write it too. */
	uint32_t copy_flags;      /* enum sighting_flag */
	struct draft_text labels; /* each ends with a line feed */
	const struct draft_text *references;
	size_t reference_count;
	const struct draft_participant *participants;
	size_t participant_count;
	const struct draft_attachment *attachments;
	size_t attachment_count;
	uint8_t digest[32]; /* duplicate key */
	uint64_t skeleton_length, html_length;
	/* Skeleton, then HTML: PACK_ZSTD_FOLDED, or _CRLF as the lines of raw end. */
	const uint8_t *packed;
	size_t packed_len;
};

enum ingest_result {
	INGEST_PENDING = 0,
	INGEST_STORED,
	INGEST_DUPLICATE, /* the message was there; the sighting is new */
	INGEST_KNOWN,     /* the sighting (or its ledger row) was there: nothing changed */
	INGEST_EXCLUDED,
	INGEST_FAILED,
};

/* One message of a batch. Memory is borrowed until ingest_slice() is done with it. */
struct ingest_item {
	int64_t folder_id;
	int64_t uid;             /* 0: taken from the raw bytes (imports) */
	uint32_t sighting_flags; /* SIGHTING_STATE_UNKNOWN: those of the draft count */
	const char *labels;      /* of the server, each ends with a line feed; NULL: none */
	int64_t received_ms;     /* internal date, 0: none */
	const uint8_t *raw;
	size_t raw_len;
	const struct message_draft *draft; /* NULL: stored raw and marked unreadable */
	const char *failure;               /* not NULL: why it cannot be stored (too large ...) */
	enum ingest_result result;         /* out */
};

struct ingest_counts {
	int64_t stored, duplicate, known, excluded, failed, bytes;
	int64_t labels_dropped; /* see label.h */
};

/* Whose mail it is, and what else belongs into the same transaction. */
struct ingest_source {
	int64_t account_id;
	int64_t import_id; /* 0: none */
	/* Called before COMMIT with what this slice did; done = items finished of the
	 * batch so far. For folder state and import position. May be NULL. */
	int (*finish)(struct store *store, size_t done, const struct ingest_counts *slice,
		      void *arg, struct threads_error *err);
	void *arg;
};

struct ingest;

struct ingest_options {
	struct store *store;           /* a writer */
	int pack_dir_fd;               /* borrowed */
	const unsigned char *pack_key; /* AEAD_KEY_LEN bytes, copied */
	const struct filing *filing;   /* borrowed */
	const struct clock *clock;     /* borrowed; NULL: the system's */
};

/* Opens the pack in hand and cuts garbage of a crash. Errors: those of pack_writer_open(). */
int ingest_new(const struct ingest_options *options, struct ingest **ret_ingest,
	       struct threads_error *err) MUST_CHECK;
struct ingest *ingest_free(struct ingest *ingest);
void ingest_freep(struct ingest **ingest);

/* The pack writer, for erasure. */
struct pack_writer *ingest_packs(struct ingest *ingest);

/* To be called when channels, exclusions or settings were changed by other code. */
void ingest_forget_caches(struct ingest *ingest);

/*
 * Stores as many items from *done on as fit into about 50 ms, commits, and
 * moves *done. Call it until *done is count; between the calls other writes
 * have their turn. counts are added to. On failure nothing of the slice is
 * stored and *done stays. Errors: THREADS_EFULL (the disk), THREADS_EIO,
 * THREADS_ENOMEM, THREADS_ENOENT (the account is gone). An item that cannot be
 * stored is no error: it goes to the ledger.
 */
int ingest_slice(struct ingest *ingest, const struct ingest_source *source,
		 struct ingest_item *items, size_t count, size_t *done,
		 struct ingest_counts *counts, struct threads_error *err) MUST_CHECK;

/* The uid of an imported message: 63 bits of its SHA-256. */
int64_t ingest_uid_from_digest(const unsigned char sha256[32]);

#endif
