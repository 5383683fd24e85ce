-- 0001: the hub's database.
-- Applied once, inside one transaction, by db_open(). Never edit after release: add 0002.
-- Times are milliseconds since 1970-01-01 UTC; 0 means never. Ids outside the program are
-- public_id (26 characters, random), never rowids. Tables WITHOUT ROWID declare their key first.

-- ---- settings and people ---------------------------------------------------------------

CREATE TABLE setting (
	name		TEXT PRIMARY KEY,
	value		TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- acl: changes with everything that may change what somebody sees; readers compare it
-- inside the transaction of their query.
CREATE TABLE epoch (
	id		INTEGER PRIMARY KEY CHECK (id = 1),
	acl		INTEGER NOT NULL
) STRICT;
INSERT INTO epoch (id, acl) VALUES (1, 1);

CREATE TABLE user (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	name		TEXT NOT NULL UNIQUE COLLATE NOCASE,	-- as in sign-in; auth.db has it too
	display_name	TEXT NOT NULL,
	settings	TEXT NOT NULL DEFAULT '{}',		-- JSON of the web UI
	role		TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'user', 'auditor')),
	state		TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
	invited_by	INTEGER REFERENCES user (id),
	created_ms	INTEGER NOT NULL,
	active_ms	INTEGER NOT NULL DEFAULT 0,
	disabled_ms	INTEGER NOT NULL DEFAULT 0
) STRICT;

-- selector: which open messages the group is offered. "all" is what everyone has; more
-- kinds come with the governance work.
CREATE TABLE user_group (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	name		TEXT NOT NULL UNIQUE COLLATE NOCASE,
	builtin		INTEGER NOT NULL DEFAULT 0,		-- 1: everyone; all active users are in it
	selector	TEXT NOT NULL DEFAULT 'none' CHECK (selector IN ('none', 'all')),
	created_ms	INTEGER NOT NULL
) STRICT;

-- The built-in group (id 1) has no rows here: every active user is a member.
CREATE TABLE group_member (
	group_id	INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
	user_id		INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
	added_ms	INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_by_user ON group_member (user_id, group_id);

-- ---- companies, contacts, channels -----------------------------------------------------

CREATE TABLE company (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	domain		TEXT UNIQUE,				-- registrable domain, A-labels
	name		TEXT NOT NULL,
	created_ms	INTEGER NOT NULL
) STRICT;

CREATE TABLE contact (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	name		TEXT NOT NULL,
	company_id	INTEGER REFERENCES company (id),
	created_ms	INTEGER NOT NULL
) STRICT;
CREATE INDEX contact_by_company ON contact (company_id);

CREATE TABLE channel (
	id		INTEGER PRIMARY KEY,
	kind		INTEGER NOT NULL,			-- 1 e-mail, 2 phone, 3 extension
	key		TEXT NOT NULL,				-- as src/filing makes it
	name		TEXT NOT NULL DEFAULT '',		-- last display name seen
	privacy		INTEGER NOT NULL,			-- 0 shared, 1 private, 2 confidential, 3 excluded
	privacy_set_ms	INTEGER NOT NULL DEFAULT 0,		-- 0: from the defaults, follows them
	company_id	INTEGER REFERENCES company (id),
	contact_id	INTEGER REFERENCES contact (id),
	user_id		INTEGER REFERENCES user (id),		-- the user whose own channel it is
	user_from_ms	INTEGER NOT NULL DEFAULT 0,		-- since when that counts: a claim has a notice period
	created_ms	INTEGER NOT NULL,
	UNIQUE (kind, key)
) STRICT;
CREATE INDEX channel_by_company ON channel (company_id) WHERE company_id IS NOT NULL;
CREATE INDEX channel_by_contact ON channel (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX channel_by_user ON channel (user_id) WHERE user_id IS NOT NULL;

-- What must not be collected: an address, a domain, or a folder of one account.
CREATE TABLE exclusion (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	kind		TEXT NOT NULL CHECK (kind IN ('channel', 'domain', 'folder')),
	key		TEXT NOT NULL,
	account_id	INTEGER REFERENCES account (id) ON DELETE CASCADE,	-- NULL: all accounts
	created_ms	INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX exclusion_by_key ON exclusion (kind, key, ifnull(account_id, 0));

-- ---- accounts --------------------------------------------------------------------------

CREATE TABLE account (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	name		TEXT NOT NULL UNIQUE COLLATE NOCASE,
	type		TEXT NOT NULL CHECK (type IN ('imap', 'import', 'sample')),
	owner_id	INTEGER NOT NULL REFERENCES user (id),
	policy		TEXT NOT NULL CHECK (policy IN ('open', 'closed')),
	state		TEXT NOT NULL CHECK (state IN ('draft', 'active', 'waiting', 'paused', 'error', 'deleting')),
	error_kind	TEXT NOT NULL DEFAULT '',		-- a word of our own: login, tls, host ...
	error_text	TEXT NOT NULL DEFAULT '',		-- one sentence for a person
	error_next	TEXT NOT NULL DEFAULT '',		-- what to do
	error_detail	TEXT NOT NULL DEFAULT '',		-- the server's own words
	error_ms	INTEGER NOT NULL DEFAULT 0,		-- since
	activity	TEXT NOT NULL DEFAULT 'idle',		-- connecting, listing, syncing, importing
	-- the seven fields a secret is bound to are the account itself and these six
	provider	TEXT NOT NULL DEFAULT '',
	host		TEXT NOT NULL DEFAULT '',
	port		INTEGER NOT NULL DEFAULT 0,
	tls		TEXT NOT NULL DEFAULT '' CHECK (tls IN ('', 'implicit', 'starttls', 'none')),
	ca		TEXT NOT NULL DEFAULT '',		-- PEM, or empty: the system's
	login		TEXT NOT NULL DEFAULT '',
	config_version	INTEGER NOT NULL DEFAULT 1,		-- grows with each change of the six
	secret_state	TEXT NOT NULL DEFAULT 'none' CHECK (secret_state IN ('none', 'set', 'void')),
	address		TEXT NOT NULL DEFAULT '',		-- e-mail key of the mailbox, once known
	verified_ms	INTEGER NOT NULL DEFAULT 0,		-- last successful log-in
	folders		TEXT NOT NULL DEFAULT '',		-- JSON list of chosen folders; empty: the default choice
	since_ms	INTEGER NOT NULL DEFAULT 0,		-- date window, 0: everything
	keep_messages	INTEGER NOT NULL DEFAULT 0,		-- while deleting: messages stay with the owner
	-- progress of the pass that runs, or of the last one
	pass_started_ms	INTEGER NOT NULL DEFAULT 0,
	pass_ended_ms	INTEGER NOT NULL DEFAULT 0,
	pass_server	INTEGER NOT NULL DEFAULT 0,		-- messages the server has in the chosen folders
	pass_wanted	INTEGER NOT NULL DEFAULT 0,		-- of these, not yet here when the pass began
	pass_read	INTEGER NOT NULL DEFAULT 0,
	pass_stored	INTEGER NOT NULL DEFAULT 0,
	pass_duplicate	INTEGER NOT NULL DEFAULT 0,
	pass_excluded	INTEGER NOT NULL DEFAULT 0,
	pass_failed	INTEGER NOT NULL DEFAULT 0,
	pass_bodies	INTEGER NOT NULL DEFAULT 0,		-- bodies fetched
	pass_bytes	INTEGER NOT NULL DEFAULT 0,
	message_count	INTEGER NOT NULL DEFAULT 0,		-- sightings
	last_ok_ms	INTEGER NOT NULL DEFAULT 0,
	next_try_ms	INTEGER NOT NULL DEFAULT 0,
	failures	INTEGER NOT NULL DEFAULT 0,		-- in a row; drives the back-off
	created_ms	INTEGER NOT NULL
) STRICT;
CREATE INDEX account_by_owner ON account (owner_id);

-- One row per folder and generation: a new UIDVALIDITY starts a new generation.
CREATE TABLE folder (
	id		INTEGER PRIMARY KEY,
	account_id	INTEGER NOT NULL REFERENCES account (id),
	name		TEXT NOT NULL,				-- as the server writes it
	display		TEXT NOT NULL DEFAULT '',		-- UTF-8 for people; empty: as name
	generation	INTEGER NOT NULL DEFAULT 1,
	uidvalidity	INTEGER NOT NULL DEFAULT 0,
	highest_uid	INTEGER NOT NULL DEFAULT 0,		-- everything up to here was seen
	special		TEXT NOT NULL DEFAULT '',		-- sent, drafts, junk, trash, archive, all
	chosen		INTEGER NOT NULL DEFAULT 1,
	state		TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'old', 'gone')),
	server_count	INTEGER NOT NULL DEFAULT 0,
	message_count	INTEGER NOT NULL DEFAULT 0,
	checked_ms	INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account_id, name, generation)
) STRICT;

-- Imports (threadsctl, upload, sample).
CREATE TABLE import (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	account_id	INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	owner_id	INTEGER NOT NULL REFERENCES user (id),
	source		TEXT NOT NULL CHECK (source IN ('control', 'upload', 'sample')),
	format		TEXT NOT NULL CHECK (format IN ('mbox', 'maildir', 'eml')),
	label		TEXT NOT NULL,				-- file name as given
	state		TEXT NOT NULL CHECK (state IN ('uploading', 'waiting', 'running', 'done', 'cancelled', 'error')),
	error_text	TEXT NOT NULL DEFAULT '',
	total_bytes	INTEGER NOT NULL DEFAULT 0,		-- 0: not known
	files_done	INTEGER NOT NULL DEFAULT 0,
	read_count	INTEGER NOT NULL DEFAULT 0,
	stored_count	INTEGER NOT NULL DEFAULT 0,
	duplicate_count	INTEGER NOT NULL DEFAULT 0,
	excluded_count	INTEGER NOT NULL DEFAULT 0,
	failed_count	INTEGER NOT NULL DEFAULT 0,
	bytes		INTEGER NOT NULL DEFAULT 0,
	created_ms	INTEGER NOT NULL,
	started_ms	INTEGER NOT NULL DEFAULT 0,
	updated_ms	INTEGER NOT NULL DEFAULT 0,
	ended_ms	INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX import_by_account ON import (account_id, id);
CREATE INDEX import_by_owner ON import (owner_id, id);
CREATE INDEX import_by_state ON import (state) WHERE state IN ('uploading', 'waiting', 'running');

-- The files of an import that can be resumed. position: bytes of it that are committed.
CREATE TABLE import_file (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	import_id	INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
	name		TEXT NOT NULL,
	size_bytes	INTEGER NOT NULL,
	received	INTEGER NOT NULL DEFAULT 0,		-- length on disk after fdatasync
	position	INTEGER NOT NULL DEFAULT 0,
	done		INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX import_file_by_import ON import_file (import_id, id);

-- Answers to writes that a browser may repeat.
CREATE TABLE idempotency (
	key		TEXT PRIMARY KEY,
	public_id	TEXT NOT NULL,
	created_ms	INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Background work in slices: fold an audience change, remove an account ...
CREATE TABLE job (
	id		INTEGER PRIMARY KEY,
	kind		TEXT NOT NULL,
	object_id	INTEGER NOT NULL DEFAULT 0,
	position	INTEGER NOT NULL DEFAULT 0,
	detail		TEXT NOT NULL DEFAULT '',
	attempts	INTEGER NOT NULL DEFAULT 0,
	created_ms	INTEGER NOT NULL,
	UNIQUE (kind, object_id)
) STRICT;

-- ---- audiences -------------------------------------------------------------------------

-- Equal sets share one row. hash: SHA-256 over the canonical text of the set (store/audience.h).
CREATE TABLE audience (
	id		INTEGER PRIMARY KEY,
	hash		BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE audience_member (
	audience_id	INTEGER NOT NULL REFERENCES audience (id) ON DELETE CASCADE,
	kind		INTEGER NOT NULL,			-- 0 user, 1 group
	member_id	INTEGER NOT NULL,
	from_ms		INTEGER NOT NULL,			-- counts while from_ms <= now < until_ms
	until_ms	INTEGER NOT NULL,
	PRIMARY KEY (audience_id, kind, member_id, from_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX audience_member_by_member ON audience_member (kind, member_id, audience_id);

-- Tightening that is not folded into audiences yet: this member does not count
-- in this audience. One row takes a whole account away from a group at once.
CREATE TABLE audience_deny (
	audience_id	INTEGER NOT NULL REFERENCES audience (id) ON DELETE CASCADE,
	kind		INTEGER NOT NULL,
	member_id	INTEGER NOT NULL,
	job_id		INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	PRIMARY KEY (audience_id, kind, member_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audience_deny_by_job ON audience_deny (job_id);

-- The deny set of the visibility rule: this user does not see this message.
CREATE TABLE deny (
	user_id		INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
	message_id	INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
	created_ms	INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deny_by_message ON deny (message_id);

-- ---- packs -----------------------------------------------------------------------------

CREATE TABLE pack (
	id		INTEGER PRIMARY KEY,			-- the number in the file name
	committed_bytes	INTEGER NOT NULL,			-- what lies beyond is garbage of a crash
	sealed		INTEGER NOT NULL DEFAULT 0		-- full: nothing is appended any more
) STRICT;

-- Sealed bytes in a pack. kind: 1 skeleton and HTML of one message, 2 attachment
-- (once by sha256), 3 raw bytes of one sighting as they came, 4 its header part alone
-- (the body is the message's).
CREATE TABLE blob (
	id		INTEGER PRIMARY KEY,
	kind		INTEGER NOT NULL,
	pack_id		INTEGER NOT NULL REFERENCES pack (id),
	offset		INTEGER NOT NULL,
	length		INTEGER NOT NULL,			-- bytes in the pack, nonce and tag included
	coding		INTEGER NOT NULL,			-- 0 as it is, 1 zstd
	size_bytes	INTEGER NOT NULL,			-- plain
	sha256		BLOB					-- of the plain bytes; kind 2 only
) STRICT;
CREATE UNIQUE INDEX blob_by_sha256 ON blob (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX blob_by_pack ON blob (pack_id, offset);

-- Blobs whose rows are gone and whose bytes are still to be overwritten.
CREATE TABLE erasure (
	pack_id		INTEGER NOT NULL,
	offset		INTEGER NOT NULL,
	length		INTEGER NOT NULL,
	PRIMARY KEY (pack_id, offset)
) STRICT, WITHOUT ROWID;

-- ---- messages --------------------------------------------------------------------------

CREATE TABLE conversation (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	created_ms	INTEGER NOT NULL
) STRICT;

-- First 63 bits of SHA-256 of every Message-ID that a conversation knows, own and referred to.
CREATE TABLE conversation_key (
	hash		INTEGER PRIMARY KEY,
	conversation_id	INTEGER NOT NULL REFERENCES conversation (id)
) STRICT;
CREATE INDEX conversation_key_by_conversation ON conversation_key (conversation_id);

-- id ascends with the date: minutes since 1970 << 8 | sequence, the next free id
-- when a minute is full (see store/message_id.h). Newest first is ORDER BY id DESC.
-- id is also the rowid of message_fts. Narrow on purpose: lists read only this row.
CREATE TABLE message (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	audience_id	INTEGER NOT NULL REFERENCES audience (id),
	conversation_id	INTEGER NOT NULL REFERENCES conversation (id),
	kind		INTEGER NOT NULL,			-- 1 e-mail
	flags		INTEGER NOT NULL,			-- MESSAGE_* of store/ingest.h
	mark		INTEGER NOT NULL DEFAULT 0,		-- 1 marked private, 2 marked shared
	embargo_ms	INTEGER NOT NULL DEFAULT 0,
	date_ms		INTEGER NOT NULL,			-- min(sent, received)
	sent_ms		INTEGER NOT NULL,			-- Date header, 0: none
	received_ms	INTEGER NOT NULL,
	size_bytes	INTEGER NOT NULL,			-- raw
	attachment_count INTEGER NOT NULL,
	sender_name	TEXT NOT NULL,
	sender_address	TEXT NOT NULL,
	subject		TEXT NOT NULL,
	preview		TEXT NOT NULL,				-- first words of the text
	digest		BLOB NOT NULL UNIQUE			-- duplicate key
) STRICT;
CREATE INDEX message_by_audience ON message (audience_id, id);
CREATE INDEX message_by_conversation ON message (conversation_id, id);

-- What only the reader and the search index need.
CREATE TABLE message_body (
	message_id	INTEGER PRIMARY KEY REFERENCES message (id),
	header_id	TEXT NOT NULL,				-- Message-ID without <>
	in_reply_to	TEXT NOT NULL,
	list_id		TEXT NOT NULL,
	sender		TEXT NOT NULL,				-- as indexed: names and addresses
	recipient	TEXT NOT NULL,				-- To and Cc; never Bcc
	filename	TEXT NOT NULL,
	text		BLOB NOT NULL,				-- zstd
	text_bytes	INTEGER NOT NULL,
	blob_id		INTEGER NOT NULL REFERENCES blob (id),
	skeleton_bytes	INTEGER NOT NULL,			-- blob = skeleton, then HTML
	html_bytes	INTEGER NOT NULL,
	header_bytes	INTEGER NOT NULL,			-- of the raw message, with the empty line
	rest_sha256	BLOB NOT NULL,				-- of the raw message behind the header
	raw_sha256	BLOB NOT NULL
) STRICT;
CREATE INDEX message_body_by_blob ON message_body (blob_id);
CREATE INDEX message_body_by_header_id ON message_body (header_id);

CREATE TABLE participant (
	message_id	INTEGER NOT NULL REFERENCES message (id),
	position	INTEGER NOT NULL,
	role		INTEGER NOT NULL,			-- enum record_role; Bcc is in sighting_bcc
	channel_id	INTEGER REFERENCES channel (id),	-- NULL: the address is not one
	name		TEXT NOT NULL,
	address		TEXT NOT NULL,				-- as written
	PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX participant_by_channel ON participant (channel_id, message_id) WHERE channel_id IS NOT NULL;

-- An attachment either has a blob and the recipe to put its base64 back into the
-- skeleton (raw_*), or stays in the skeleton (blob_id NULL; raw_* is where).
CREATE TABLE message_attachment (
	message_id	INTEGER NOT NULL REFERENCES message (id),
	position	INTEGER NOT NULL,
	public_id	TEXT NOT NULL UNIQUE,
	filename	TEXT NOT NULL,
	content_type	TEXT NOT NULL,
	content_id	TEXT NOT NULL,
	disposition	INTEGER NOT NULL,			-- enum record_disposition
	encoding	INTEGER NOT NULL,			-- enum record_encoding
	size_bytes	INTEGER NOT NULL,			-- decoded
	blob_id		INTEGER REFERENCES blob (id),
	raw_offset	INTEGER NOT NULL,			-- of the encoded bytes in the raw message
	raw_length	INTEGER NOT NULL,
	line_length	INTEGER NOT NULL,			-- 0: not needed to rebuild the message
	line_crlf	INTEGER NOT NULL,
	PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_attachment_by_blob ON message_attachment (blob_id) WHERE blob_id IS NOT NULL;

-- Where a message was seen. IMAP: uid; imports: first 63 bits of SHA-256 of the raw bytes.
CREATE TABLE sighting (
	folder_id	INTEGER NOT NULL REFERENCES folder (id),
	uid		INTEGER NOT NULL,
	account_id	INTEGER NOT NULL REFERENCES account (id),
	message_id	INTEGER NOT NULL REFERENCES message (id),
	raw_blob_id	INTEGER REFERENCES blob (id),		-- kind 3 or 4, only if its bytes differ
	raw_sha256	BLOB NOT NULL,
	size_bytes	INTEGER NOT NULL,
	flags		INTEGER NOT NULL,			-- SIGHTING_* of store/ingest.h
	received_ms	INTEGER NOT NULL,			-- internal date, 0: none
	seen_ms		INTEGER NOT NULL,
	PRIMARY KEY (folder_id, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_by_message ON sighting (message_id, account_id);
CREATE INDEX sighting_by_account ON sighting (account_id, message_id);
CREATE INDEX sighting_by_raw_blob ON sighting (raw_blob_id) WHERE raw_blob_id IS NOT NULL;

-- Bcc recipients belong to the sighting that carries them, not to the message.
CREATE TABLE sighting_bcc (
	folder_id	INTEGER NOT NULL,
	uid		INTEGER NOT NULL,
	position	INTEGER NOT NULL,
	message_id	INTEGER NOT NULL REFERENCES message (id),
	channel_id	INTEGER REFERENCES channel (id),
	name		TEXT NOT NULL,
	address		TEXT NOT NULL,
	PRIMARY KEY (folder_id, uid, position),
	FOREIGN KEY (folder_id, uid) REFERENCES sighting (folder_id, uid) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_bcc_by_message ON sighting_bcc (message_id);
CREATE INDEX sighting_bcc_by_channel ON sighting_bcc (channel_id) WHERE channel_id IS NOT NULL;

CREATE TABLE grant_ (
	id		INTEGER PRIMARY KEY,
	public_id	TEXT NOT NULL UNIQUE,
	message_id	INTEGER REFERENCES message (id) ON DELETE CASCADE,
	conversation_id	INTEGER REFERENCES conversation (id),	-- "and what comes later"
	user_id		INTEGER REFERENCES user (id) ON DELETE CASCADE,
	group_id	INTEGER REFERENCES user_group (id) ON DELETE CASCADE,
	granted_by	INTEGER REFERENCES user (id),
	created_ms	INTEGER NOT NULL,
	expires_ms	INTEGER NOT NULL DEFAULT 0,
	revoked_ms	INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX grant_by_message ON grant_ (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX grant_by_conversation ON grant_ (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX grant_by_expiry ON grant_ (expires_ms) WHERE expires_ms > 0 AND revoked_ms = 0;

-- ---- search ----------------------------------------------------------------------------

-- The old values FTS5 needs to take a row out again, and the text of snippets.
-- body_text() decompresses (store/connect.c).
CREATE VIEW message_content AS
	SELECT m.id AS id, m.subject AS subject, b.sender AS sender, b.recipient AS recipient,
		body_text(b.text, b.text_bytes) AS body, b.filename AS filename
	FROM message m JOIN message_body b ON b.message_id = m.id;

CREATE VIRTUAL TABLE message_fts USING fts5 (
	subject, sender, recipient, body, filename,
	content = 'message_content', content_rowid = 'id',
	tokenize = 'hub'
);

-- ---- what happened ---------------------------------------------------------------------

-- Everything that was not stored as a new message, with its reason. uid 0: not known.
CREATE TABLE ledger (
	id		INTEGER PRIMARY KEY,
	at_ms		INTEGER NOT NULL,
	account_id	INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	folder_id	INTEGER REFERENCES folder (id) ON DELETE CASCADE,
	import_id	INTEGER REFERENCES import (id) ON DELETE CASCADE,
	uid		INTEGER NOT NULL,
	header_id	TEXT NOT NULL,
	reason		TEXT NOT NULL CHECK (reason IN ('excluded', 'duplicate', 'failed', 'unreadable')),
	detail		TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_by_account ON ledger (account_id, id);
CREATE INDEX ledger_by_import ON ledger (import_id) WHERE import_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_by_uid ON ledger (folder_id, uid, reason);

-- Hash chain: hash = SHA-256 over the previous row's hash and this row's fields (store/audit.c).
CREATE TABLE audit (
	id		INTEGER PRIMARY KEY,
	at_ms		INTEGER NOT NULL,
	actor		TEXT NOT NULL,				-- public id of a user, 'operator' or 'hub'
	action		TEXT NOT NULL,				-- message.read, signin.failed ...
	object		TEXT NOT NULL,				-- public id, or empty
	detail		TEXT NOT NULL,				-- JSON, never message text
	origin		TEXT NOT NULL,				-- web, control, index ... and a client label
	hash		BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_object ON audit (object, id) WHERE object <> '';
