-- 0002: what is:, label:, folder: and larger: ask for.

-- Names that the owner of an account gave its messages: labels of Gmail, keywords of IMAP,
-- X-Keywords and X-Label of mbox files.
CREATE TABLE label (
	id		INTEGER PRIMARY KEY,
	account_id	INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	name		TEXT NOT NULL,
	UNIQUE (account_id, name)
) STRICT;

CREATE TABLE sighting_label (
	folder_id	INTEGER NOT NULL,
	uid		INTEGER NOT NULL,
	label_id	INTEGER NOT NULL REFERENCES label (id),
	message_id	INTEGER NOT NULL REFERENCES message (id),
	PRIMARY KEY (folder_id, uid, label_id),
	FOREIGN KEY (folder_id, uid) REFERENCES sighting (folder_id, uid) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_label_by_label ON sighting_label (label_id, message_id);
CREATE INDEX sighting_label_by_message ON sighting_label (message_id);

-- Nobody asked an import so far whether its mail was read: SIGHTING_STATE_UNKNOWN.
UPDATE sighting SET flags = flags | 16
	WHERE account_id IN (SELECT id FROM account WHERE type <> 'imap');

-- Lists newest first of what is rare, or of one folder.
CREATE INDEX sighting_by_folder ON sighting (folder_id, message_id);
CREATE INDEX sighting_unread ON sighting (account_id, message_id) WHERE flags & 17 = 0;
CREATE INDEX sighting_flagged ON sighting (account_id, message_id) WHERE flags & 4;
CREATE INDEX message_with_file ON message (id) WHERE attachment_count > 0;
CREATE INDEX message_large ON message (id) WHERE size_bytes >= 1000000;
