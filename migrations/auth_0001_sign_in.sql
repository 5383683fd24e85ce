-- SPDX-License-Identifier: Apache-2.0
-- auth.db: everything about signing in, and nothing else. Tokens, recovery
-- codes and links are kept as SHA-256 only; TOTP seeds are sealed with auth's key.

CREATE TABLE login (
	id INTEGER PRIMARY KEY,
	user_id TEXT NOT NULL UNIQUE,		-- public id, the same as in hub.db
	name TEXT NOT NULL,			-- as typed
	name_key TEXT NOT NULL UNIQUE,		-- lower case: what sign-in looks for
	display_name TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'user', 'auditor')),
	state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
	phc TEXT,				-- argon2id, NULL before enrolment
	password_ms INTEGER NOT NULL DEFAULT 0,
	totp_box BLOB,				-- sealed seed, NULL = no second factor: no sign-in
	totp_ms INTEGER NOT NULL DEFAULT 0,
	totp_last_step INTEGER NOT NULL DEFAULT 0,	-- a code of this or an earlier step is used up
	epoch INTEGER NOT NULL DEFAULT 1,	-- sessions of another epoch are over
	created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery (
	login_id INTEGER NOT NULL REFERENCES login (id) ON DELETE CASCADE,
	hash BLOB NOT NULL,			-- of a 120-bit code
	used_ms INTEGER,
	PRIMARY KEY (login_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	public_id TEXT NOT NULL UNIQUE,
	hash BLOB NOT NULL UNIQUE,		-- of the cookie's 256-bit token
	login_id INTEGER NOT NULL REFERENCES login (id) ON DELETE CASCADE,
	epoch INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	seen_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	strong_ms INTEGER NOT NULL,		-- when password and code were last given
	client TEXT NOT NULL,			-- "Firefox on Linux"
	address TEXT NOT NULL,
	new_totp_box BLOB,			-- the next authenticator, not yet confirmed
	new_totp_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_login ON session (login_id, seen_ms);
CREATE INDEX session_expires ON session (expires_ms);

-- Not a session: what stands between a password and its code, or between a
-- link and the end of an enrolment. Another table, so that it is never taken for one.
CREATE TABLE pending (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,
	kind TEXT NOT NULL CHECK (kind IN ('totp', 'setup', 'invite', 'reset')),
	login_id INTEGER REFERENCES login (id) ON DELETE CASCADE,	-- NULL: set-up
	epoch INTEGER NOT NULL DEFAULT 0,
	user_id TEXT NOT NULL,			-- public id; for set-up that of the owner to be
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	tries INTEGER NOT NULL DEFAULT 0,
	name TEXT NOT NULL DEFAULT '',
	display_name TEXT NOT NULL DEFAULT '',
	phc TEXT,
	totp_box BLOB
) STRICT;
CREATE INDEX pending_login ON pending (login_id);
CREATE INDEX pending_expires ON pending (expires_ms);

CREATE TABLE link (
	hash BLOB PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('setup', 'invite', 'reset')),
	login_id INTEGER REFERENCES login (id) ON DELETE CASCADE,	-- NULL: set-up
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	consumed_ms INTEGER			-- set by one conditional UPDATE
) STRICT, WITHOUT ROWID;
CREATE INDEX link_login ON link (kind, login_id);
CREATE INDEX link_expires ON link (expires_ms);

-- Failures by what was tried ("user", "code", "client", "name" and its key). Slows down, never locks.
CREATE TABLE throttle (
	key TEXT PRIMARY KEY,
	failures INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	next_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_last ON throttle (last_ms);

-- What others did to somebody's sign-in, shown on that person's security page.
CREATE TABLE notice (
	id INTEGER PRIMARY KEY,
	login_id INTEGER NOT NULL REFERENCES login (id) ON DELETE CASCADE,
	time_ms INTEGER NOT NULL,
	words TEXT NOT NULL
) STRICT;
CREATE INDEX notice_login ON notice (login_id, id);

-- What index still has to hear, in order. Written with the change itself, so
-- that user rows and audit rows follow whatever is killed in between.
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL CHECK (kind IN ('user', 'state', 'audit')),
	user_id TEXT NOT NULL,
	a TEXT NOT NULL DEFAULT '',
	b TEXT NOT NULL DEFAULT '',
	c TEXT NOT NULL DEFAULT '',
	d TEXT NOT NULL DEFAULT ''
) STRICT;
