/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol between the processes: who may send which frame to whom, and
 * its fields in order. "i" is an int, "t" text, "b" bytes, "f" a descriptor.
 * Text that stands for "none" is "". Times are milliseconds since 1970 UTC,
 * 0 for "none". A frame with an id != 0 is a question; its answer carries the
 * same id. Each link is one SOCK_SEQPACKET socket pair that the supervisor
 * makes anew whenever one side starts (CTL_PEER).
 *
 *	link		secrets		purpose
 *	http-auth	cookie, codes	sign-in routes; a ticket for each request
 *	http-api	ticket		all other routes
 *	api-auth	passed socket	control verbs that concern sign-in, its backup
 *	api-vault	sealed boxes	store a secret nobody on the way can read; backup
 *	api-index	-		writes, blobs, upload descriptors; backup
 *	auth-index	-		user rows follow sign-in rows
 *	index-vault	-		which accounts still exist
 *	index-parse	mail		one batch, then parse ends
 *	index-imap	mail		account, folders, batches
 *	imap-vault	the password	of that account only
 *	imap-dial	-		"connect": host, port and network are the supervisor's word
 *
 * Any question may be answered by IPC_ERROR.
 */
#ifndef THREADS_PROTOCOL_H
#define THREADS_PROTOCOL_H

enum role {
	ROLE_SUPERVISOR = 0,
	ROLE_HTTP,
	ROLE_API,
	ROLE_AUTH,
	ROLE_VAULT,
	ROLE_DIAL,
	ROLE_OAUTH,
	ROLE_IMAP,
	ROLE_PARSE,
	ROLE_INDEX,
	ROLE_EXTRACT,
	ROLE_SPEECH,
	ROLE_CTL, /* threadsctl, on the control socket */
	ROLE_COUNT,
};

/* Doorbells: "look at your queue". A lost one costs seconds, never data. */
enum bell {
	BELL_MESSAGES = 1, /* index -> api: new or changed messages; id = account row id */
	BELL_ACCOUNTS, /* index -> api: account state or progress changed; id = account row id */
	BELL_IMPORTS,  /* index -> api: import progress; id = import row id */
	BELL_USERS,    /* index -> api, auth: users or groups changed */
	BELL_STATUS,   /* api rings it by itself when CTL_ROLES comes */
	BELL_ACCESS,   /* index -> api: visibility tightened or membership changed */
	BELL_COUNT,
};

enum frame_type {
	/* any link: the answer that something failed. i code (enum threads_code), t words for a person */
	IPC_ERROR = 1,
	/* any link: the answer "done" without fields */
	IPC_OK = 2,

	/* ---- supervisor <-> every role (fd 3) ---- */
	/* S->R: i role, i instance, t data dir, t config text, i insecure, b key (32 or 0 bytes),
	 *       b ticket key (32 or 0), i listen count, f listening sockets..., [f page of figures, see ipc/metric.h] */
	CTL_CONFIG = 10,
	CTL_READY, /* R->S: i Landlock ABI in force (0 = not confined by folder) */
	CTL_PEER,  /* S->R: i role, i instance, t host, i port, i private network, f socket */
	CTL_START, /* index->S: i role (imap, parse), i instance, t host, i port, i private network */
	CTL_KILL, /* index->S: i role, i instance */
	CTL_EXITED, /* S->index: i role, i instance, i by signal (number, 0 = exited), i exit status */
	CTL_BELL,  /* both ways: i bell, i id */
	CTL_ROLES, /* S->http, api, on every change: i insecure, i count, then for each:
		     *       i role, i instance, i pid, t state (ready|starting|waiting|down), i restarts,
		     *       i confined. No words: what a role said last is not for http */
	CTL_STOP,  /* S->R: end gracefully */
	CTL_ALIVE, /* S->R: watchdog question. R->S: its answer; or [i ms]: busy for so long, do not ask */
	CTL_MEMORY, /* S->R: how much memory do you use? R->S: i resident, i proportional bytes */
	/* api->S: question. Answer: i insecure, i started ms, i count, then for each process:
	 *   i role, i instance, i pid, t state, i restarts, i confined, i started ms, i next start ms, i resident,
	 *   i proportional bytes, i CPU ms, i ended ms, t why it ended last;
	 * i count, then for each role and cause: i role, t cause, i unwanted ends;
	 * i count, then for each warning, newest first: i ms, i level, i role, i instance, t words;
	 * then for each role but the supervisor: i starts, i CPU ms of ended processes, and i each figure that it counts (ipc/metric.h) */
	CTL_FIGURES,
	CTL_SETTINGS, /* S->R: t config text, whole; only live settings differ (config_is_live()) */
	CTL_LINK_LOST, /* R->S: i role, i instance: that link broke; if both ends live it is made anew (CTL_PEER) */

	/* ---- http -> auth, http -> api: one HTTP request ---- */
	/* question: t method, t path (decoded, normalised, begins with "/"), t query (raw, without "?"),
	 *   t cookie session, t cookie pending (auth only; "" to api), t client address, t user agent
	 *   (<= 200 bytes), t content type, t if-none-match, t range, t idempotency key, t origin base
	 *   ("http://localhost:8420", for links), b ticket (api only), b body, i request length of an
	 *   upload body that http still holds back (PUT of a file piece; else -1) */
	HTTP_REQUEST = 100,
	/* answer: i status, t content type, i header count, (t name, t value)..., b body,
	 *   i body kind (enum http_body), i offset, i length [, f descriptor] */
	HTTP_RESPONSE,
	/* http->auth question: t cookie session, t client address, i unsafe method (1: not GET/HEAD)
	 * answer HTTP_TICKET_IS: i signed in, b ticket (empty if not signed in), t public user id */
	HTTP_TICKET,
	HTTP_TICKET_IS,
	/* http->api after HTTP_BODY_UPLOAD: i bytes written (or -1: the browser went away). Same id as the request;
	 * api answers with the final HTTP_RESPONSE */
	HTTP_UPLOAD_DONE,
	/* server-sent events, id of the request that opened the stream:
	 * api->http HTTP_STREAM_DATA b bytes; http->api HTTP_STREAM_TICKET b fresh ticket (every 45 s);
	 * either way HTTP_STREAM_END */
	HTTP_STREAM_DATA,
	HTTP_STREAM_TICKET,
	HTTP_STREAM_END,

	/* ---- threadsctl <-> api (control socket, SOCK_SEQPACKET; peer uid is checked by api) ---- */
	/* verb frames: t verb, t JSON arguments [, f descriptors]. The type says who answers, so that api need
	 * only peek at the header: CTL_VERB_AUTH connections are passed on to auth, unread. */
	CTL_VERB_API = 200,
	CTL_VERB_AUTH, /* "owner create", "setup-link", "user invite", "user reset-factors", "user disable|enable", "backup" */
	CTL_LINE,      /* answer: t one JSON object of output */
	CTL_PROGRESS,  /* answer: t one JSON object of progress, for stderr */
	CTL_BLOB,      /* answer: f sealed memfd (show --raw), or a copy of a database (backup) */
	CTL_END,       /* last answer: i exit status, t error words */
	CTL_FILES, /* import: ctl->api: i last (1 = no more), i count, then t name, i size each; f descriptors... (<= 250) */
	CTL_FILES_TAKEN, /* import: api->ctl: i how many files are finished so far (window: at most 1,000 unfinished) */

	/* ---- api -> auth ---- */
	AUTH_CONTROL = 250, /* f a control connection whose first frame is CTL_VERB_AUTH, unread */
	AUTH_USER_GONE, /* i.e. disabled in hub.db: t public user id; auth drops sessions. Answer IPC_OK */

	/* ---- auth -> index (questions; answer IPC_OK unless said) ---- */
	USER_CREATE = 300, /* t public id, t name, t display name, t role, t state (invited|active);
			    * known id: names and role become these, its state stays */
	USER_STATE,        /* t public id, t state (invited|active|disabled) */
	USER_LIST, /* -> USER_LIST_IS: i count, (t public id, t state, t role, t name, t display name)... */
	USER_LIST_IS,
	AUDIT_ADD, /* t public user id or "", t action, t object, t detail: from auth and api; answered after commit */

	/* ---- api -> index: writes (answer INDEX_DONE unless said; all are answered after commit) ---- */
	INDEX_DONE = 400, /* t public id of what was made or changed, t extra words */
	INDEX_USER_UPDATE, /* t by user, t public id, t display name ("" = keep), t settings JSON ("" = keep) */
	INDEX_SETTINGS,       /* t by user, t JSON object of the settings that change */
	INDEX_ACCOUNT_CREATE, /* t by user, t idempotency key, t name, t owner public id ("" = by user), t type imap|import|sample,
			       * t policy, t provider, t host, i port, t tls, t user, t ca, i private network, i folder count, t folder... */
	INDEX_ACCOUNT_UPDATE, /* t by user, t account, t name ("" = keep), t policy ("" = keep), i imap given,
			       * [t provider, t host, i port, t tls, t user, t ca, i private network], i folders given, [i count, t folder...] */
	INDEX_ACCOUNT_DELETE, /* t by user, t account, i keep messages */
	INDEX_ACCOUNT_STATE,  /* t by user, t account, t paused|active */
	INDEX_ACCOUNT_TEST, /* t account: a secret was sealed, try the log-in; result in account state */
	INDEX_ACCOUNT_SYNC, /* t account: look now. extra words = pass number to wait for */
	INDEX_IMPORT_CREATE, /* t by user, t account id or name, t owner ("" = by user), t kind mbox|maildir|eml,
			       * i from upload, i file count, (t name, i size)...  (upload only; ctl sends files as it goes) */
	INDEX_IMPORT_FILES, /* t import, i last, i count, (t name, i size)..., f descriptor...: extra words = files finished so far */
	INDEX_IMPORT_START, /* t by user, t import */
	INDEX_IMPORT_CANCEL, /* t by user, t import */
	INDEX_UPLOAD_OPEN, /* t import, t file, i offset, i length -> INDEX_UPLOAD_IS: i bytes received so far, f descriptor */
	INDEX_UPLOAD_IS,
	INDEX_UPLOAD_NOTED, /* t import, t file, i length of the file now: answered after fdatasync */
	INDEX_BLOB, /* i row id of the message, i kind (enum blob_kind), b recipe with the places of its
			     * blobs (see src/store/recipe.h), or, if that is longer than BLOB_RECIPE_INLINE_MAX, ""
			     * and f sealed memfd with it -> INDEX_BLOB_IS: i length, f sealed memfd */
	INDEX_BLOB_IS,
	INDEX_VERIFY, /* i deep -> INDEX_VERIFY_IS: t JSON object (store/verify.h) */
	INDEX_VERIFY_IS,
	INDEX_QUEUE, /* -> INDEX_QUEUE_IS: i queued messages, i disk percent, i stopped by disk */
	INDEX_QUEUE_IS,

	/* ---- api -> index, vault (DATABASE_CHECK: auth, too): backup and verify. auth.db goes to threadsctl alone,
	 * by the verb "backup" on a passed socket ---- */
	/* -> BACKUP_SNAPSHOT_IS: i bytes, i schema, t details (JSON), f a copy of the role's database to read
	 * from, which shows one moment and has no name. IPC_ERROR EAGAIN: one is being made already.
	 * index, details: {"hold","messages","settings","packs":[[number,committed bytes]..]}; from that moment
	 * nothing is erased in packs for BACKUP_HOLD_MS, or while BACKUP_HOLD comes */
	BACKUP_SNAPSHOT = 450,
	BACKUP_SNAPSHOT_IS,
	BACKUP_HOLD, /* to index: i hold, i end (1: erase again) -> IPC_OK; IPC_ERROR: the hold was lost */
	DATABASE_CHECK, /* to auth, vault -> DATABASE_CHECK_IS t JSON array of faults */
	DATABASE_CHECK_IS,

	/* ---- index -> parse (one question, one answer, then parse ends) ---- */
	PARSE_BATCH =
		500, /* f sealed memfd of raw messages, f output memfd, i count, (i offset, i length, i received ms)... */
	PARSE_SPLIT, /* f mbox, i from offset, i most messages, i most bytes */
	PARSE_BATCH_IS, /* i records written */
	PARSE_SPLIT_IS, /* i next offset, i end of file reached, i count, (i offset, i length)... */

	/* ---- index <-> imap ---- */
	IMAP_ACCOUNT =
		600, /* index->imap, first: t account public id, t provider, t host, i port, t tls, t ca, t user,
			     * i mode (enum imap_mode), i message max, i poll seconds, i timeout seconds,
			     * i since ms, i folder count, t raw folder name... (0 folders = all but junk, trash, drafts) */
	IMAP_STATE, /* imap->index: t activity (connecting|listing|syncing|idle|error), t error kind ("" none), t words,
		     * t next step, t details (server's text), i retry in ms (-1 = not before somebody acts) */
	IMAP_FOLDERS, /* imap->index: i count, (t raw name, t display name, t special use, i selectable, i chosen)... */
	IMAP_FOLDER_OPEN, /* imap->index question: t raw name, i uidvalidity, i messages, i uidnext
			   * -> IMAP_FOLDER_IS: i folder id, t known UIDs as an IMAP sequence set or, if long, ""
			   * and f sealed memfd with that text, i has descriptor, i mod-sequence up to which flags
			   * and labels of these are known (0: none), i ms when all of them were compared last */
	IMAP_FOLDER_IS,
	IMAP_TODO, /* imap->index: i folder id, i messages on server, i messages to fetch, i bytes to fetch, i gone UIDs count */
	/* imap->index question: i folder id, i count, (i uid, i flags, i internal date ms, i offset, i length,
	 * t keywords and labels: UTF-8 without control characters, each ends with a line feed)..., f sealed memfd */
	IMAP_BATCH,
	IMAP_BATCH_ACK, /* index->imap answer after commit: i stored, i duplicate, i known, i excluded, i failed */
	/* imap->index question: flags and labels that known messages have now. i folder id, i last (with these all
	 * is said up to the mod-sequence, which is committed with them), i mod-sequence (0: the server has none),
	 * i count (<= IMAP_FLAGS_MAX), (i uid, i flags, t labels as in IMAP_BATCH)... -> IPC_OK after commit.
	 * A message that is not here is passed over */
	IMAP_FLAGS,
	IMAP_FAILED, /* imap->index question: i folder id, i uid, t reason, t words: goes to the ledger -> IPC_OK */
	IMAP_PASS_DONE, /* imap->index: i server messages, i bodies fetched, i bytes fetched, i failed, i pass number asked for */
	IMAP_SYNC,      /* index->imap: i pass number: look at all chosen folders now */

	/* ---- imap -> vault ---- */
	VAULT_OPEN = 700, /* t account, t provider, t host, t port, t tls, t ca, t user
			   * -> VAULT_SECRET b password; IPC_ERROR ENOENT (none), EDENIED (void: bound fields differ) */
	VAULT_SECRET,
	/* ---- api -> vault ---- */
	VAULT_PUBLIC_KEY, /* -> VAULT_PUBLIC_KEY_IS: b 65 bytes, t fingerprint */
	VAULT_PUBLIC_KEY_IS,
	VAULT_PUT, /* t account, b sealed box, t provider, t host, t port, t tls, t ca, t user -> IPC_OK or IPC_ERROR EINVAL.
		       * The vault opens the box once with these fields to see that they are the bound ones. */
	VAULT_DELETE, /* t account -> IPC_OK, also when there was none. From index too: the test of a log-in failed */
	/* ---- index -> vault ---- */
	VAULT_ACCOUNTS, /* i last (1), i count, t account...: secrets of all others are removed */

	/* ---- imap -> dial ---- */
	/* i timeout ms -> DIAL_CONNECTED t address, f socket; IPC_ERROR EAGAIN with words (unknown host, refused, ...) */
	DIAL_CONNECT = 800,
	DIAL_CONNECTED,
};

enum { BLOB_RECIPE_INLINE_MAX = 96 * 1024 }; /* in INDEX_BLOB; a longer one is a memfd */

enum { BACKUP_HOLD_MS = 5 * 60 * 1000 };

enum http_body {
	HTTP_BODY_INLINE = 0, /* body as sent */
	HTTP_BODY_FD,         /* length bytes at offset of a sealed memfd or file */
	HTTP_BODY_STREAM,     /* server-sent events follow */
	HTTP_BODY_UPLOAD, /* not an answer yet: http writes the request's body into the descriptor at offset,
			       * at most length bytes, then sends HTTP_UPLOAD_DONE */
};

enum blob_kind {
	BLOB_RAW = 1,    /* the whole message as it came */
	BLOB_HEADERS,    /* its header part */
	BLOB_HTML,       /* decoded HTML body */
	BLOB_ATTACHMENT, /* decoded attachment */
};

enum imap_mode {
	IMAP_MODE_TEST = 1, /* log in, list folders, report, end */
	IMAP_MODE_SYNC,     /* all chosen folders, then IDLE / poll until told otherwise */
	IMAP_MODE_ONCE,     /* one pass, then end (accounts that take turns) */
};

enum imap_flag {
	IMAP_FLAG_SEEN = 1,
	IMAP_FLAG_ANSWERED = 2,
	IMAP_FLAG_FLAGGED = 4,
	IMAP_FLAG_DRAFT = 8,
};

/* Keywords and labels of one message in a frame; the rest is left out by imap. */
enum {
	IMAP_LABELS_MAX = 100,
	IMAP_LABEL_BYTES_MAX = 250,
	IMAP_LABELS_BYTES_MAX = 4096, /* all of them, with their line feeds */
	IMAP_FLAGS_MAX = 1000,        /* messages of one IMAP_FLAGS */
};

#endif
