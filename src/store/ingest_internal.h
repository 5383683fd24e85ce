/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules of the write path share: ingest*.c, channel.c, conversation.c. */
#ifndef THREADS_STORE_INGEST_INTERNAL_H
#define THREADS_STORE_INGEST_INTERNAL_H

#include <zstd.h>

#include "crypto/digest.h"
#include "store/audience.h"
#include "store/ingest.h"
#include "store/message_id.h"
#include "store/store_internal.h"

enum {
	INGEST_SLICE_MS = 50,
	INGEST_SLICE_MAX = 512, /* items of one transaction */
	INGEST_SLICE_BYTES = 32 << 20,
	INGEST_PREVIEW_MAX = 200,
	INGEST_TEXT_MAX = 4 << 20, /* sender, recipient, filename columns */
	CHANNEL_CACHE_SIZE = 4096, /* a power of two */
	INGEST_REFERENCES_MAX = 100,
	CONVERSATION_MERGE_MAX = 10000, /* messages moved at once; larger ones stay apart */
};

/* What is worked out about an item before its transaction begins. */
struct prepared {
	bool known, duplicate;   /* nothing else is filled but the raw digest (duplicate) */
	bool rebuilds;           /* skeleton and parts give the raw bytes */
	enum pack_coding coding; /* of draft->packed */
	bool parts_ok;           /* every cut attachment could be unpacked and hashed */
	unsigned char raw_sha256[DIGEST_LEN], rest_sha256[DIGEST_LEN];
	unsigned char digest[DIGEST_LEN]; /* duplicate key */
	size_t header_len;
	unsigned char (*part_sha256)[DIGEST_LEN]; /* of each cut attachment */
	struct strbuf text;                       /* zstd of the body text */
	struct strbuf blob;                       /* zstd of raw and HTML if it does not rebuild */
	uint64_t blob_skeleton, blob_html;        /* lengths of what blob or draft->packed holds */
	struct strbuf sender, recipient, filename, preview;
	int64_t uid, date_ms;
};

struct channel_info {
	int64_t id;
	enum channel_privacy privacy;
	int64_t user_id, user_from_ms;
};

struct channel_entry {
	char *key; /* NULL: free */
	struct channel_info info;
};

/* Defaults for new channels, from the settings. */
struct channel_defaults {
	bool loaded;
	bool outside_shared;
	char *own_domains; /* "\nexample.org\nexample.com\n" */
};

/* What the account in hand must not collect, "\nkey\nkey\n". */
struct exclusions {
	int64_t account_id; /* 0: not loaded */
	struct strbuf channels, domains;
	bool folders;
};

/* One participant of the message in hand; id 0: the address is no channel. */
struct person {
	int64_t channel_id;
};

struct ingest {
	struct store *store;
	struct db *db;
	const struct filing *filing;
	const struct clock *clock;
	struct pack_writer *packs;
	int64_t pack_number; /* whose row exists in this transaction */
	int64_t pack_before, end_before, pack_number_before; /* at the begin of the transaction */
	ZSTD_CCtx *cctx;
	ZSTD_DCtx *dctx;
	struct strbuf scratch, plain, part, prefix;
	struct channel_entry channels[CHANNEL_CACHE_SIZE];
	struct message_id_hints id_hints;
	struct channel_defaults defaults;
	struct exclusions exclusions;
	int64_t people_version; /* of the store when the caches were filled */
	int64_t item_us;        /* running mean cost of an item inside a transaction */
	size_t single;          /* so many items are to be taken one by one (one of them fails) */
	struct prepared prepared[INGEST_SLICE_MAX];
	/* facts of the slice in hand */
	const struct ingest_source *source;
	int64_t now_ms;
	int64_t owner_id;
	bool policy_open;
	int64_t labels_dropped; /* in this slice, beyond the limits of label.h */
	int64_t *open_groups;
	size_t open_group_count;
	struct audience audience;
	/* the people of the message in hand */
	struct person *people; /* as its participants */
	size_t people_cap;
	struct audience_channel *facts; /* each channel once */
	int64_t *fact_ids;
	size_t channel_count;
};

/* ingest_prepare.c. Errors: THREADS_ENOMEM, THREADS_EIO. */
int prepare_item(struct ingest *ingest, const struct ingest_item *item, struct prepared *ret,
		 struct threads_error *err) MUST_CHECK;
void prepared_reset(struct prepared *prepared);
void prepared_release(struct prepared *prepared);

/* ingest_insert.c: one item, inside the transaction; sets item->result. */
int insert_item(struct ingest *ingest, struct ingest_item *item, struct prepared *prepared,
		struct threads_error *err) MUST_CHECK;

/* ingest_blob.c */
struct blob_new {
	int kind; /* blob.kind */
	const void *data;
	size_t len;
	enum pack_coding coding;
	int64_t size;                /* plain */
	const unsigned char *sha256; /* kind 2 only, else NULL */
};
int blob_add(struct ingest *ingest, const struct blob_new *blob, int64_t *ret_id,
	     struct threads_error *err) MUST_CHECK;
int attachments_add(struct ingest *ingest, int64_t message_id, const struct ingest_item *item,
		    const struct prepared *prepared, struct threads_error *err) MUST_CHECK;

/* ingest_sighting.c */
int sighting_known(struct ingest *ingest, int64_t folder_id, int64_t uid,
		   struct threads_error *err) MUST_CHECK;
int sighting_add(struct ingest *ingest, const struct ingest_item *item,
		 const struct prepared *prepared, int64_t message_id, bool first,
		 struct threads_error *err) MUST_CHECK;
int ledger_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid,
	       const char *reason, const char *detail, struct threads_error *err) MUST_CHECK;

/*
 * channel.c: the channel of an address; makes channel and company if they are new.
 * Returns 1, or 0 if the address is none. Errors: as query_step().
 */
int channel_resolve(struct ingest *ingest, const struct draft_text *address,
		    const struct draft_text *name, struct channel_info *ret_info,
		    struct threads_error *err) MUST_CHECK;
void channel_cache_clear(struct ingest *ingest);
int channel_defaults_load(struct ingest *ingest, struct threads_error *err) MUST_CHECK;
/* A JSON list of domains -> "\na\nb\n", easy to search; heap. */
int own_domains_parse(const char *json, char **ret_list, struct threads_error *err) MUST_CHECK;
/* Whether domain or one of its parents is in such a list. */
bool domain_is_own(const char *own_domains, const char *domain);

/* exclusion.c: why the message is not to be stored, or NULL. */
int exclusion_check(struct ingest *ingest, const struct ingest_item *item,
		    const struct message_draft *draft, const char **ret_why,
		    struct threads_error *err) MUST_CHECK;
void exclusions_forget(struct ingest *ingest);

/* conversation.c: finds, merges or makes the conversation. */
int conversation_resolve(struct ingest *ingest, const struct message_draft *draft, int64_t *ret_id,
			 struct threads_error *err) MUST_CHECK;

/* ingest_people.c: fills people and facts. Returns 1 if one of the channels is excluded. */
int people_resolve(struct ingest *ingest, const struct message_draft *draft,
		   struct threads_error *err) MUST_CHECK;
int participants_add(struct ingest *ingest, int64_t message_id, const struct message_draft *draft,
		     struct threads_error *err) MUST_CHECK;
/* ingest_label.c */
int labels_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid,
	       int64_t message_id, struct threads_error *err) MUST_CHECK;
/* sighting.flags of an item: the server's, or what the file of an import says. */
uint32_t sighting_flags_of(const struct ingest *ingest, const struct ingest_item *item);
int bcc_add(struct ingest *ingest, const struct ingest_item *item, int64_t uid, int64_t message_id,
	    struct threads_error *err) MUST_CHECK;

#endif
