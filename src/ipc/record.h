/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `parse` says about one message, flat, so that `index` needs no MIME code.
 *
 * One message is one frame in the output file, frames follow each other:
 *
 *	header (RECORD_FRAME_SIZE bytes) | blob area | meta
 *
 * The header is written last: zero bytes there mean "not finished". The blob
 * area holds the compressed message and the decoded attachments; meta is what
 * record_encode() writes and record_decode() checks. The bytes come from a
 * process that any mail may have taken over, so every length, count, offset
 * and text is checked; who reads them seals the file first (F_SEAL_WRITE), or
 * the sender could change them after the check.
 *
 * The raw message is rebuilt as follows: take the skeleton, and put each
 * attachment with storage RECORD_CUT back at its raw_offset (ascending, never
 * overlapping): its data as base64 in lines of line_length characters, with
 * CR LF or LF between the lines and none after the last one. A cut never lies
 * inside the range of an attachment that stays in the message; attachments of
 * an attached message therefore stay, and their ranges lie inside its range.
 */
#ifndef THREADS_IPC_RECORD_H
#define THREADS_IPC_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/transfer.h"

enum {
	RECORD_PARTICIPANTS_MAX = 2000,
	RECORD_REFERENCES_MAX = 1000,
	RECORD_ATTACHMENTS_MAX = 10000,
	RECORD_BODY_MAX = 2 << 20,
	RECORD_HTML_MAX = 8 << 20,
	RECORD_TEXT_MAX = 16 << 10, /* each other text: subject, name, file name ... */
	RECORD_META_MAX = 32 << 20, /* all of meta */
	RECORD_LINE_MAX = 1000,     /* base64 characters in a line of a cut attachment */
	RECORD_DIGEST_SIZE = 32,    /* SHA-256 */
	RECORD_FRAME_SIZE = 32,
};

enum record_flag {
	RECORD_UNREADABLE = 1 << 0,     /* not understood: only the blob is worth anything */
	RECORD_TEXT_CUT = 1 << 1,       /* a limit cut texts, people, parts or references */
	RECORD_ENCRYPTED = 1 << 2,      /* PGP or S/MIME: the body cannot be searched */
	RECORD_AUTO_SUBMITTED = 1 << 3, /* answers and notices of machines */
	RECORD_BULK = 1 << 4,           /* mailing lists, newsletters */
	RECORD_ONE_TIME_CODE = 1 << 5,  /* log-in code or reset link: never opens to others */
	RECORD_OWN_NOTICE = 1 << 6,     /* sent by this hub: not to be stored */
	RECORD_DRAFT = 1 << 7,
	RECORD_HAS_DATE = 1 << 8, /* date_ms comes from the mail's Date */
	RECORD_FLAGS_ALL = (1 << 9) - 1,
};

/* What the program that kept the copy knew; the values of enum imap_flag. */
enum record_copy {
	RECORD_COPY_SEEN = 1 << 0,
	RECORD_COPY_ANSWERED = 1 << 1,
	RECORD_COPY_FLAGGED = 1 << 2,
	RECORD_COPY_DRAFT = 1 << 3,
	RECORD_COPY_UNKNOWN = 1 << 4, /* nothing tells whether it was read */
	RECORD_COPY_ALL = (1 << 5) - 1,
};

enum record_role {
	RECORD_FROM,
	RECORD_SENDER,
	RECORD_REPLY_TO,
	RECORD_TO,
	RECORD_CC,
	RECORD_BCC,
	RECORD_ROLES, /* how many there are */
};

enum record_disposition { RECORD_UNSAID, RECORD_INLINE, RECORD_ATTACHED, RECORD_DISPOSITIONS };

enum record_storage {
	RECORD_CUT,    /* not in the skeleton: the decoded bytes are a blob of their own */
	RECORD_IN_RAW, /* raw bytes [raw_offset, raw_offset + raw_length), decode them on read */
	RECORD_STORAGES,
};

/* UTF-8 without NUL inside. text is never NULL after decoding and always NUL-terminated. */
struct record_text {
	const char *text;
	size_t len;
};

/* Bytes of the frame's blob area. */
struct record_blob {
	uint64_t offset, length;
};

struct record_participant {
	enum record_role role;
	struct record_text name, address; /* address as written: local@domain, or odd, or empty */
};

struct record_attachment {
	struct record_text filename; /* cleaned, may be empty */
	struct record_text content_type, content_id;
	enum record_disposition disposition;
	enum record_storage storage;
	enum transfer encoding;
	uint64_t size; /* decoded */
	uint8_t sha256[RECORD_DIGEST_SIZE];
	uint64_t raw_offset, raw_length; /* the encoded bytes in the raw message */
	uint32_t line_length;            /* the rest: RECORD_CUT only, else 0 */
	bool crlf;
	bool compressed; /* data is one zstd frame, else the decoded bytes themselves */
	struct record_blob data;
};

struct record {
	uint32_t flags;                /* enum record_flag */
	uint32_t copy_state;           /* enum record_copy */
	int64_t date_ms;               /* 0 without RECORD_HAS_DATE */
	struct record_text message_id; /* without <> */
	struct record_text in_reply_to;
	struct record_text subject;
	struct record_text list_id;
	struct record_text labels; /* names its owner gave the copy, each ends with a line feed */
	struct record_text body_text;
	struct record_text *references;
	size_t reference_count;
	struct record_participant *participants;
	size_t participant_count;
	struct record_attachment *attachments;
	size_t attachment_count;
	uint8_t digest[RECORD_DIGEST_SIZE]; /* duplicate key */
	uint64_t raw_length;
	uint64_t skeleton_length;
	uint64_t html_length; /* 0: no HTML body */
	/* One zstd frame: skeleton, then html (UTF-8), folded (core/fold.h). */
	struct record_blob message;
};

/* Frees the arrays that record_decode() made; the texts are the caller's buffer. */
void record_release(struct record *record);

/*
 * Appends the meta of record to out. Encoding checks what decoding checks.
 * Errors: THREADS_EINVAL (a text is not UTF-8 ...), THREADS_ELIMIT.
 */
int record_encode(const struct record *record, struct strbuf *out,
		  struct threads_error *err) MUST_CHECK;

/*
 * Reads meta. The texts of ret_record are borrowed from it; release with
 * record_release(). blobs_length is the size of the frame's blob area, which
 * every blob must lie in. Errors: THREADS_EINVAL, THREADS_ENOMEM.
 */
int record_decode(const void *meta, size_t len, uint64_t blobs_length, struct record *ret_record,
		  struct threads_error *err) MUST_CHECK;

struct record_frame {
	uint32_t number; /* which message of the batch, from 0 */
	uint64_t blobs_length;
	uint64_t meta_length;
};

void record_frame_encode(const struct record_frame *frame, uint8_t out[RECORD_FRAME_SIZE]);

/*
 * Reads the frame that starts at *offset of an output file of len bytes.
 * Returns 1 and the pieces (borrowed from file; *offset moves behind the
 * frame), or 0 if there is no finished frame. Errors: as record_decode().
 */
int record_next(const uint8_t *file, size_t len, size_t *offset, struct record_frame *ret_frame,
		const uint8_t **ret_blobs, struct record *ret_record,
		struct threads_error *err) MUST_CHECK;

/* Characters that size bytes take as base64 in lines; line_length is a multiple of 4, not 0. */
uint64_t record_base64_length(uint64_t size, uint32_t line_length, bool crlf);

#endif
